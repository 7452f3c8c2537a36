//! What is wrong with a JSON text, and where.

use std::borrow::Cow;

/// A text that is not JSON, or not the JSON that it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Byte offset in the text.
    pub(crate) at: usize,
    /// What is wrong there.
    pub(crate) reason: Cow<'static, str>,
    /// Whether nothing is wrong but that the text ends too early.
    pub(crate) cut_off: bool,
}

impl Fault {
    pub(crate) fn new(at: usize, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { at, reason: reason.into(), cut_off: false }
    }

    /// The text ends, and should not.
    pub(crate) fn end(at: usize) -> Self {
        Self { at, reason: "it ends in the middle of an object".into(), cut_off: true }
    }
}
