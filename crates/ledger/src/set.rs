//! A set of addresses of one family, as disjoint ranges.
//!
//! In: addresses and ranges. Out: membership, exact counts, ranges in order, and the text of Kube-OVN's status.
//! Guarantee: the ranges are disjoint, not adjacent and in order, so that one set has one form; counts are exact up
//! to the whole of IPv6. An address of the other family is not in the universe of a set: it is never contained, and
//! to insert or remove it changes nothing.

use std::{collections::BTreeMap, fmt};

use crate::{Addr, AddrRange, Count, Family, ParseError, ParseErrorKind};

/// A set of addresses of one family.
#[derive(Clone, PartialEq, Eq)]
pub struct AddrSet {
    family: Family,
    // First to last, as bits.
    runs: BTreeMap<u128, u128>,
    count: Count,
}

impl AddrSet {
    /// The empty set of `family`.
    #[must_use]
    pub const fn new(family: Family) -> Self {
        Self { family, runs: BTreeMap::new(), count: Count::ZERO }
    }

    /// The family of its members.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// How many addresses it has, in constant time.
    #[must_use]
    pub const fn count(&self) -> Count {
        self.count
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// How many ranges [`ranges`](Self::ranges) yields.
    #[must_use]
    pub fn len_ranges(&self) -> usize {
        self.runs.len()
    }

    /// Its ranges in order: disjoint and not adjacent.
    pub fn ranges(&self) -> impl DoubleEndedIterator<Item = AddrRange> + '_ {
        let family = self.family;
        self.runs.iter().map(move |(&first, &last)| AddrRange::from_bits(family, first, last))
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

    /// Whether `addr` is in it.
    #[must_use]
    pub fn contains(&self, addr: Addr) -> bool {
        self.range_of(addr).is_some()
    }

    /// The range of the set that `addr` is in.
    #[must_use]
    pub fn range_of(&self, addr: Addr) -> Option<AddrRange> {
        let range = self.runs.range(..=addr.bits()).next_back();
        let range = range.map(|(&first, &last)| AddrRange::from_bits(self.family, first, last));
        range.filter(|range| range.contains(addr))
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
        if range.family() != self.family {
            return false;
        }
        let before = self.count;
        let (mut first, mut last) = (range.first().bits(), range.last().bits());
        let reach = last.saturating_add(1);
        while let Some((&start, &end)) = self.runs.range(..=reach).next_back() {
            if end < first.saturating_sub(1) || (end < first && first - end > 1) {
                break;
            }
            if start <= first && end >= last {
                return false;
            }
            first = first.min(start);
            last = last.max(end);
            self.take_run(start, end);
        }
        self.put_run(first, last);
        self.count != before
    }

    /// Takes all of `range` out; whether the set changed.
    pub fn remove_range(&mut self, range: AddrRange) -> bool {
        if range.family() != self.family {
            return false;
        }
        let before = self.count;
        let (first, last) = (range.first().bits(), range.last().bits());
        while let Some((&start, &end)) = self.runs.range(..=last).next_back() {
            if end < first {
                break;
            }
            self.take_run(start, end);
            if end > last {
                self.put_run(last + 1, end);
            }
            if start < first {
                self.put_run(start, first - 1);
                break;
            }
        }
        self.count != before
    }

    fn put_run(&mut self, first: u128, last: u128) {
        self.runs.insert(first, last);
        self.count = self.count.checked_add(Count::inclusive(first, last)).expect("runs are disjoint");
    }

    fn take_run(&mut self, first: u128, last: u128) {
        self.runs.remove(&first);
        self.count = self.count.checked_sub(Count::inclusive(first, last)).expect("the run was counted");
    }

    /// The addresses of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut set = self.clone();
        set.extend(other.ranges());
        set
    }

    /// The addresses of this that are not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut set = self.clone();
        for range in other.ranges() {
            set.remove_range(range);
        }
        set
    }

    /// The addresses of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.difference(&self.difference(other))
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
        let mut set = Self::new(family);
        let mut at = 0;
        for item in text.split(',').take_while(|_| !text.is_empty()) {
            let range = AddrRange::parse_status(item).map_err(|error| error.within(text, at))?;
            if range.family() != family {
                return Err(ParseError::new(ParseErrorKind::MixedFamilies, text, at));
            }
            set.insert_range(range);
            at += item.len() + 1;
        }
        Ok(set)
    }

    /// A set out of ranges in ascending order, faster than one by one; what is out of order is sorted in, and what
    /// is of another family left out.
    pub fn from_sorted(family: Family, ranges: impl IntoIterator<Item = AddrRange>) -> Self {
        let mut set = Self::new(family);
        set.extend(ranges);
        set
    }
}

impl Extend<AddrRange> for AddrSet {
    fn extend<T: IntoIterator<Item = AddrRange>>(&mut self, ranges: T) {
        for range in ranges {
            self.insert_range(range);
        }
    }
}

impl Extend<Addr> for AddrSet {
    fn extend<T: IntoIterator<Item = Addr>>(&mut self, addrs: T) {
        for addr in addrs {
            self.insert(addr);
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
