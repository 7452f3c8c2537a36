//! Two trees make a third, in one pass over both.

use super::{Run, Runs};
use crate::word::Word;

impl<W: Word> Runs<W> {
    /// The numbers of either.
    pub(crate) fn union(&self, other: &Self) -> Self {
        let (mut ours, mut theirs) = (self.walk().peekable(), other.walk().peekable());
        Self::from_sorted(std::iter::from_fn(|| match (ours.peek(), theirs.peek()) {
            (Some(our), Some(their)) if their.0 < our.0 => theirs.next(),
            (Some(_), _) => ours.next(),
            (None, _) => theirs.next(),
        }))
    }

    /// The numbers of both.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let (mut ours, mut theirs) = (self.walk().peekable(), other.walk().peekable());
        Self::from_sorted(std::iter::from_fn(|| {
            loop {
                let (our, their) = (*ours.peek()?, *theirs.peek()?);
                // The one that ends first meets nothing further.
                if our.1 < their.1 {
                    ours.next()
                } else {
                    theirs.next()
                };
                let both = (our.0.max(their.0), our.1.min(their.1));
                if both.0 <= both.1 {
                    return Some(both);
                }
            }
        }))
    }

    /// The numbers of this that are not in `other`.
    pub(crate) fn difference(&self, other: &Self) -> Self {
        let mut ours = self.walk();
        let mut theirs = other.walk().peekable();
        let mut open: Option<Run<W>> = None;
        Self::from_sorted(std::iter::from_fn(|| {
            loop {
                let (first, last) = open.take().or_else(|| ours.next())?;
                while theirs.next_if(|their| their.1 < first).is_some() {}
                let Some(&their) = theirs.peek().filter(|their| their.0 <= last) else {
                    return Some((first, last));
                };
                open = their.1.next().filter(|&behind| behind <= last).map(|behind| (behind, last));
                if let Some(before) = their.0.prev().filter(|&before| first <= before) {
                    return Some((first, before));
                }
            }
        }))
    }
}
