//! A set of addresses of one family, as disjoint ranges.
//!
//! In: addresses and ranges. Out: membership, exact counts, ranges in order, the longest ranges and the count of any
//! block, and the text of Kube-OVN's status. Guarantee: the ranges are disjoint, not adjacent and in order, so that
//! one set has one form; counts are exact up to the whole of IPv6. An address of the other family is not in the
//! universe of a set: it is never contained, and to insert or remove it changes nothing.

use std::fmt;

use crate::{
    Addr, AddrRange, Count, Family, ParseError, ParseErrorKind, Ranges,
    runs::{Run, Runs},
    word::Word,
};

/// A set of addresses of one family.
///
/// Membership, insertion and removal of an address or a range, and the questions about a block, take logarithmic
/// time in the number of ranges; the count takes constant time. The memory is that of the ranges: about 12 bytes for
/// each in IPv4, 48 in IPv6.
#[derive(Clone)]
pub struct AddrSet {
    pub(crate) runs: FamilyRuns,
}

/// The tree in the width of the family.
#[derive(Clone)]
pub(crate) enum FamilyRuns {
    V4(Runs<u32>),
    V6(Runs<u128>),
}

/// The same expression for the tree of either family.
macro_rules! with_runs {
    ($set:expr, $runs:ident => $body:expr) => {
        match $set {
            FamilyRuns::V4($runs) => $body,
            FamilyRuns::V6($runs) => $body,
        }
    };
}

impl AddrSet {
    /// The empty set of `family`; it allocates nothing.
    #[must_use]
    pub const fn new(family: Family) -> Self {
        let runs = match family {
            Family::V4 => FamilyRuns::V4(Runs::new()),
            Family::V6 => FamilyRuns::V6(Runs::new()),
        };
        Self { runs }
    }

    /// The set of all `items`, addresses or ranges. Those that come in ascending order are taken in linear time,
    /// others are sorted first; what is of another family is left out.
    pub fn from_ranges(family: Family, items: impl IntoIterator<Item: Into<AddrRange>>) -> Self {
        let runs = match family {
            Family::V4 => FamilyRuns::V4(gather(items)),
            Family::V6 => FamilyRuns::V6(gather(items)),
        };
        Self { runs }
    }

    /// [`from_ranges`](Self::from_ranges), for items that are known to be in ascending order.
    pub fn from_sorted(family: Family, items: impl IntoIterator<Item: Into<AddrRange>>) -> Self {
        Self::from_ranges(family, items)
    }

    /// The family of its members.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self.runs {
            FamilyRuns::V4(_) => Family::V4,
            FamilyRuns::V6(_) => Family::V6,
        }
    }

    /// How many addresses it has, in constant time.
    #[must_use]
    pub fn count(&self) -> Count {
        with_runs!(&self.runs, runs => runs.count())
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len_ranges() == 0
    }

    /// How many ranges [`ranges`](Self::ranges) yields, in constant time.
    #[must_use]
    pub const fn len_ranges(&self) -> usize {
        with_runs!(&self.runs, runs => runs.len())
    }

    /// Its ranges in order: disjoint and not adjacent.
    #[must_use]
    pub fn ranges(&self) -> Ranges<'_> {
        self.ranges_in(AddrRange::all(self.family()))
    }

    /// Its ranges in order, as far as they lie within `bounds`.
    #[must_use]
    pub fn ranges_in(&self, bounds: AddrRange) -> Ranges<'_> {
        Ranges::new(&self.runs, bounds)
    }

    /// Its lowest address.
    #[must_use]
    pub fn first(&self) -> Option<Addr> {
        self.ranges().next().map(|range| range.first())
    }

    /// Its highest address.
    #[must_use]
    pub fn last(&self) -> Option<Addr> {
        self.ranges().next_back().map(|range| range.last())
    }

    /// Its lowest address at or above `addr`.
    #[must_use]
    pub fn first_from(&self, addr: Addr) -> Option<Addr> {
        with_runs!(&self.runs, runs => runs.first_from(Word::of(addr)?).map(Word::addr))
    }

    /// Whether `addr` is in it.
    #[must_use]
    pub fn contains(&self, addr: Addr) -> bool {
        self.range_of(addr).is_some()
    }

    /// The range of the set that `addr` is in.
    #[must_use]
    pub fn range_of(&self, addr: Addr) -> Option<AddrRange> {
        with_runs!(&self.runs, runs => runs.find(Word::of(addr)?).map(Word::range))
    }

    /// How many of its addresses lie within `bounds`.
    #[must_use]
    pub fn count_in(&self, bounds: AddrRange) -> Count {
        with_runs!(&self.runs, runs => Word::ends(bounds).map_or(Count::ZERO, |(first, last)| runs.count_between(first, last)))
    }

    /// Its ranges as far as they lie within `bounds`, the longest first, among equals the lower first. Each takes
    /// logarithmic time, so that the first few of a block with many are cheap.
    pub fn longest_ranges_in(&self, bounds: AddrRange) -> impl Iterator<Item = AddrRange> + '_ {
        let (v4, v6) = match &self.runs {
            FamilyRuns::V4(runs) => (Some(longest_in(runs, bounds)), None),
            FamilyRuns::V6(runs) => (None, Some(longest_in(runs, bounds))),
        };
        v4.into_iter().flatten().chain(v6.into_iter().flatten())
    }

    /// The longest of its ranges within `bounds`, the lowest among equals.
    #[must_use]
    pub fn longest_range_in(&self, bounds: AddrRange) -> Option<AddrRange> {
        self.longest_ranges_in(bounds).next()
    }

    /// Adds `addr`; whether the set changed.
    pub fn insert(&mut self, addr: Addr) -> bool {
        self.insert_range(addr.into())
    }

    /// Takes `addr` out; whether the set changed.
    pub fn remove(&mut self, addr: Addr) -> bool {
        self.remove_range(addr.into())
    }

    /// Adds all of `range`; whether the set changed.
    pub fn insert_range(&mut self, range: AddrRange) -> bool {
        with_runs!(&mut self.runs, runs => Word::ends(range).is_some_and(|(first, last)| runs.insert(first, last)))
    }

    /// Takes all of `range` out; whether the set changed.
    pub fn remove_range(&mut self, range: AddrRange) -> bool {
        with_runs!(&mut self.runs, runs => Word::ends(range).is_some_and(|(first, last)| runs.remove(first, last)))
    }

    /// The addresses of either. As all three operations on two sets, it is linear in the number of ranges; of two
    /// families, the addresses of `other` are left out.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.combined(other, Runs::union, Runs::union)
    }

    /// The addresses of this that are not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.combined(other, Runs::difference, Runs::difference)
    }

    /// The addresses of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        if self.family() != other.family() {
            return Self::new(self.family());
        }
        self.combined(other, Runs::intersection, Runs::intersection)
    }

    /// Whether the two share an address: one step for each range of the one that has fewer.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let (few, many) = if self.len_ranges() <= other.len_ranges() { (self, other) } else { (other, self) };
        few.ranges().any(|range| many.ranges_in(range).next().is_some())
    }

    fn combined(
        &self,
        other: &Self,
        v4: impl Fn(&Runs<u32>, &Runs<u32>) -> Runs<u32>,
        v6: impl Fn(&Runs<u128>, &Runs<u128>) -> Runs<u128>,
    ) -> Self {
        let runs = match (&self.runs, &other.runs) {
            (FamilyRuns::V4(runs), FamilyRuns::V4(other)) => FamilyRuns::V4(v4(runs, other)),
            (FamilyRuns::V6(runs), FamilyRuns::V6(other)) => FamilyRuns::V6(v6(runs, other)),
            (runs, _) => runs.clone(),
        };
        Self { runs }
    }

    /// The text of Kube-OVN's status: ranges in order, `a` or `a-b`, joined by `,`; empty for the empty set.
    #[must_use]
    pub fn range_text(&self) -> String {
        self.to_string()
    }

    /// Reads a text as [`range_text`](Self::range_text) writes it. Items may come in any order, touch and overlap.
    ///
    /// # Errors
    /// When an item is not `a` or `a-b`, reversed, or of another family than `family`.
    pub fn parse_range_text(family: Family, text: &str) -> Result<Self, ParseError> {
        let mut ranges = Vec::new();
        let mut at = 0;
        for item in text.split(',').take_while(|_| !text.is_empty()) {
            let range = AddrRange::parse_status(item).map_err(|error| error.within(text, at))?;
            if range.family() != family {
                return Err(ParseError::new(ParseErrorKind::MixedFamilies, text, at));
            }
            ranges.push(range);
            at += item.len() + 1;
        }
        Ok(Self::from_ranges(family, ranges))
    }
}

/// A tree of all `items` of its family.
fn gather<W: Word>(items: impl IntoIterator<Item: Into<AddrRange>>) -> Runs<W> {
    let mut runs: Vec<Run<W>> = items.into_iter().filter_map(|item| W::ends(item.into())).collect();
    if !runs.is_sorted() {
        runs.sort_unstable();
    }
    Runs::from_sorted(runs)
}

fn longest_in<W: Word>(runs: &Runs<W>, bounds: AddrRange) -> impl Iterator<Item = AddrRange> + '_ {
    // The other family's bounds hold nothing: reversed ends are the empty walk.
    let (first, last) = W::ends(bounds).unwrap_or((W::MAX, W::default()));
    runs.longest_between(first, last).map(W::range)
}

impl PartialEq for AddrSet {
    fn eq(&self, other: &Self) -> bool {
        self.family() == other.family() && self.len_ranges() == other.len_ranges() && self.ranges().eq(other.ranges())
    }
}

impl Eq for AddrSet {}

impl<T: Into<AddrRange>> Extend<T> for AddrSet {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items {
            self.insert_range(item.into());
        }
    }
}

impl fmt::Display for AddrSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.ranges().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            fmt::Display::fmt(&range, f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for AddrSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(family: Family, text: &str) -> AddrSet {
        AddrSet::parse_range_text(family, text).unwrap()
    }

    fn range(text: &str) -> AddrRange {
        AddrRange::parse_exclude(text).unwrap()
    }

    #[test]
    fn ranges_merge_and_split() {
        let mut free = set(Family::V4, "10.0.0.1-10.0.0.6");
        assert!(free.remove("10.0.0.3".parse().unwrap()));
        assert!(!free.remove("10.0.0.3".parse().unwrap()));
        assert_eq!(free.range_text(), "10.0.0.1-10.0.0.2,10.0.0.4-10.0.0.6");
        assert!(free.insert("10.0.0.3".parse().unwrap()));
        assert_eq!(free.range_text(), "10.0.0.1-10.0.0.6");
        assert!(!free.insert_range(range("10.0.0.2..10.0.0.5")));
        assert!(free.insert_range(range("10.0.0.9..10.0.0.12")));
        assert!(free.insert_range(range("10.0.0.5..10.0.0.9")));
        assert_eq!((free.range_text(), free.count()), ("10.0.0.1-10.0.0.12".to_owned(), Count::from(12_u64)));
    }

    #[test]
    fn the_whole_of_ipv6_is_a_set() {
        let mut all = AddrSet::new(Family::V6);
        all.insert_range(AddrRange::all(Family::V6));
        assert_eq!(all.count(), Count::MAX);
        all.remove("::".parse().unwrap());
        all.remove("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap());
        assert_eq!(all.range_text(), "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
        all.insert_range(range("::..::5"));
        all.insert("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap());
        assert_eq!((all.count(), all.len_ranges()), (Count::MAX, 1));
    }

    #[test]
    fn the_other_family_is_not_in_the_universe_of_a_set() {
        let mut v4 = AddrSet::new(Family::V4);
        assert!(!v4.insert("::1".parse().unwrap()));
        assert!(!v4.insert_range(AddrRange::all(Family::V6)));
        assert!(v4.is_empty());
        v4.insert_range(AddrRange::all(Family::V4));
        assert!(!v4.contains("::1".parse().unwrap()) && !v4.remove("::1".parse().unwrap()));
    }

    #[test]
    fn a_bad_range_text_is_pointed_at() {
        for (text, kind, position) in [
            ("10.0.0.1,", ParseErrorKind::Address, 9),
            ("10.0.0.1,10.0.0.9-10.0.0.3", ParseErrorKind::ReversedRange, 18),
            ("10.0.0.1,fd00::1", ParseErrorKind::MixedFamilies, 9),
            ("10.0.0.1..10.0.0.4", ParseErrorKind::Address, 8),
        ] {
            let error = AddrSet::parse_range_text(Family::V4, text).unwrap_err();
            assert_eq!((error.kind(), error.position()), (kind, position), "{text:?}");
        }
        assert!(set(Family::V6, "").is_empty());
        assert_eq!(set(Family::V4, "10.0.0.5,10.0.0.1-10.0.0.4").range_text(), "10.0.0.1-10.0.0.5");
    }
}
