//! Numbers that look random and are not.
//!
//! In: a seed. Out: numbers. Guarantees: the same seed gives the same numbers for ever: a failing seed stays a bug report.

use model::Ids;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Dice(Ids);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(Ids::new(seed))
    }

    /// A number below `sides`; 0 where there are none.
    pub(crate) fn below(&mut self, sides: u8) -> u8 {
        u8::try_from(self.0.next() % u64::from(sides.max(1))).unwrap_or_default()
    }

    /// An index of a list of that length; 0 where it is empty.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.0.next() % u64::try_from(len.max(1)).unwrap_or(1)).unwrap_or_default()
    }

    /// One of these.
    pub(crate) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.index(of.len())]
    }

    /// Whether something happens that happens so often out of a hundred.
    pub(crate) fn percent(&mut self, of: u8) -> bool {
        self.below(100) < of
    }

    /// A seed for other dice.
    pub(crate) fn salt(&mut self) -> u16 {
        u16::try_from(self.0.next() >> 48).unwrap_or_default()
    }
}
