//! The path to a value, built without allocating while nothing is wrong.

use std::fmt;

/// A chain of steps from the root.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'a> {
    Root,
    /// The root of a part that is checked on its own: findings name it, their words do not.
    Below(&'a str),
    Key(&'a Self, &'a str),
    /// An entry of a map, as rules name it; validation names it like a field.
    Entry(&'a Self, &'a str),
    Index(&'a Self, usize),
}

impl Path<'_> {
    /// As in a finding: `<nil>` for the root.
    pub(crate) fn field(&self) -> String {
        match self {
            Path::Root => "<nil>".to_owned(),
            Path::Below(part) => (*part).to_owned(),
            _ => match (self.base(), self.to_string()) {
                (None, path) => path,
                (Some(part), path) => format!("{part}.{path}"),
            },
        }
    }
}

impl<'a> Path<'a> {
    /// The part that the path begins below.
    fn base(&self) -> Option<&'a str> {
        match self {
            Self::Root => None,
            Self::Below(part) => Some(part),
            Self::Key(parent, _) | Self::Entry(parent, _) | Self::Index(parent, _) => parent.base(),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root | Self::Below(_) => Ok(()),
            Self::Key(Self::Root | Self::Below(_), key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Entry(parent, key) => write!(f, "{parent}[{key}]"),
            Self::Index(parent, i) => write!(f, "{parent}[{i}]"),
        }
    }
}
