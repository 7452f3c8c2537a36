//! What goes wrong.
//!
//! In: nothing. Out: [`Fault`]. Guarantees: one fault per run, at one write, so that a sweep over all writes of a story
//! tries each point once.

/// What goes wrong at one write of the controller, counted from 1 over the whole story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The write is applied, and the controller dies before it hears of it; another starts.
    CrashAfter(u64),
    /// The controller dies before the write is sent.
    CrashBefore(u64),
    /// The write is applied, and its answer is lost.
    DropReply(u64),
    /// The write is lost; the controller hears nothing.
    Lose(u64),
    /// The controller hears nothing, and the write is applied once everything else is at rest.
    Late(u64),
    /// The controller loses the lead before the write is sent; the one that stood by has it from then on.
    HandOverBefore(u64),
    /// The same after the write was applied, and before the controller hears of it.
    HandOverAfter(u64),
}

impl Fault {
    /// Every kind of fault at one write.
    #[must_use]
    pub const fn all_at(write: u64) -> [Self; 5] {
        [
            Self::CrashAfter(write),
            Self::CrashBefore(write),
            Self::DropReply(write),
            Self::Lose(write),
            Self::Late(write),
        ]
    }

    /// The kinds of faults at one write that need another controller which stands by.
    #[must_use]
    pub const fn hand_overs_at(write: u64) -> [Self; 2] {
        [Self::HandOverBefore(write), Self::HandOverAfter(write)]
    }
}
