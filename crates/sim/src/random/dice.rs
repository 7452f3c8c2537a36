//! Numbers that look random and are not: SplitMix64.
//!
//! In: a seed. Out: numbers. Guarantees: the same seed gives the same numbers for ever: a failing seed stays a bug report.
//! Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `sides`; 0 where there are none.
    pub(crate) fn below(&mut self, sides: u8) -> u8 {
        u8::try_from(self.next() % u64::from(sides.max(1))).unwrap_or_default()
    }

    /// An index of a list of that length; 0 where it is empty.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(len.max(1)).unwrap_or(1)).unwrap_or_default()
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
        u16::try_from(self.next() >> 48).unwrap_or_default()
    }
}
