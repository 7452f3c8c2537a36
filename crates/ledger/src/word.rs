//! The number that an address is: 32 bits in IPv4, 128 in IPv6. Sets and books keep each family in its own width.

use crate::{
    Addr, AddrRange, AddrSet, Count, Family,
    runs::Runs,
    set::FamilyRuns,
    tree::{Halves, Keys, WIDTH},
};

/// An address of one family as a number.
pub(crate) trait Word: Copy + Ord + Default + std::fmt::Debug + 'static {
    const FAMILY: Family;
    const MAX: Self;
    /// How nodes of a tree keep numbers.
    type Keys: Keys<Self>;

    fn from_bits(bits: u128) -> Self;
    fn bits(self) -> u128;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn into_set(runs: Runs<Self>) -> AddrSet;
    /// The tree of `set`, if it is of this family.
    fn runs_of(set: &AddrSet) -> Option<&Runs<Self>>;

    /// The number above, none behind the last.
    fn next(self) -> Option<Self> {
        if self == Self::MAX { None } else { Some(self.add(Self::from_bits(1))) }
    }

    /// The number below, none before the first.
    fn prev(self) -> Option<Self> {
        if self == Self::default() { None } else { Some(self.sub(Self::from_bits(1))) }
    }

    /// The number of `addr`, if it is of this family.
    fn of(addr: Addr) -> Option<Self> {
        (addr.family() == Self::FAMILY).then(|| Self::from_bits(addr.bits()))
    }

    /// The ends of `range`, if it is of this family.
    fn ends(range: AddrRange) -> Option<(Self, Self)> {
        Some((Self::of(range.first())?, Self::of(range.last())?))
    }

    fn addr(self) -> Addr {
        Addr::from_bits(Self::FAMILY, self.bits())
    }

    fn range((first, last): (Self, Self)) -> AddrRange {
        AddrRange::spanning(first.addr(), last.addr())
    }

    /// The count that a sum of run lengths stands for; none: of no run. Sums are kept in the word itself, so that the
    /// whole family wraps to zero: runs that sum to zero are the whole family.
    fn count(sum: Option<Self>) -> Count {
        match sum {
            None => Count::ZERO,
            Some(sum) if sum == Self::default() => AddrRange::all(Self::FAMILY).count(),
            Some(sum) => Count::from(sum.bits()),
        }
    }
}

macro_rules! word {
    ($type:ty, $keys:ty, $family:expr, $variant:path) => {
        impl Word for $type {
            const FAMILY: Family = $family;
            const MAX: Self = Self::MAX;
            type Keys = $keys;

            #[inline]
            #[allow(clippy::cast_possible_truncation, reason = "an IPv4 address is in the low 32 bits")]
            #[allow(clippy::unnecessary_cast, trivial_numeric_casts, reason = "one text for both widths")]
            fn from_bits(bits: u128) -> Self {
                bits as Self
            }

            #[inline]
            fn bits(self) -> u128 {
                self.into()
            }

            #[inline]
            fn add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline]
            fn sub(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }

            fn into_set(runs: Runs<Self>) -> AddrSet {
                AddrSet { runs: $variant(runs) }
            }

            fn runs_of(set: &AddrSet) -> Option<&Runs<Self>> {
                if let $variant(runs) = &set.runs { Some(runs) } else { None }
            }
        }
    };
}

word!(u32, [u32; WIDTH], Family::V4, FamilyRuns::V4);
word!(u128, Halves, Family::V6, FamilyRuns::V6);
