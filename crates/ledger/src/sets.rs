//! A set of addresses of both families.

use std::fmt;

use crate::{Addr, AddrRange, AddrSet, Family, ParseError};

/// An [`AddrSet`] of each family: for lists in which both may stand, as excludes, pools and skip lists.
#[derive(Clone, PartialEq, Eq)]
pub struct AddrSets {
    v4: AddrSet,
    v6: AddrSet,
}

impl AddrSets {
    /// No address.
    #[must_use]
    pub const fn new() -> Self {
        Self { v4: AddrSet::new(Family::V4), v6: AddrSet::new(Family::V6) }
    }

    /// The addresses of `family`.
    #[must_use]
    pub const fn get(&self, family: Family) -> &AddrSet {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    const fn get_mut(&mut self, family: Family) -> &mut AddrSet {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    /// Whether it has no address.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether `addr` is in it.
    #[must_use]
    pub fn contains(&self, addr: Addr) -> bool {
        self.get(addr.family()).contains(addr)
    }

    /// Adds `addr`; whether the set changed.
    pub fn insert(&mut self, addr: Addr) -> bool {
        self.get_mut(addr.family()).insert(addr)
    }

    /// Takes `addr` out; whether the set changed.
    pub fn remove(&mut self, addr: Addr) -> bool {
        self.get_mut(addr.family()).remove(addr)
    }

    /// Adds all of `range`; whether the set changed.
    pub fn insert_range(&mut self, range: AddrRange) -> bool {
        self.get_mut(range.family()).insert_range(range)
    }

    /// The first addresses that both have.
    pub(crate) fn first_shared(&self, other: &Self) -> Option<AddrRange> {
        Family::BOTH.into_iter().find_map(|family| {
            let (few, many) = (self.get(family), other.get(family));
            let (few, many) = if few.len_ranges() <= many.len_ranges() { (few, many) } else { (many, few) };
            few.ranges().find_map(|range| many.ranges_in(range).next())
        })
    }

    /// Reads `IPPool.spec.ips`: each entry an address, a CIDR or `a..b`.
    ///
    /// # Errors
    /// When an entry cannot be read.
    pub fn parse_pool<S: AsRef<str>>(entries: &[S]) -> Result<Self, ParseError> {
        entries.iter().map(|entry| AddrRange::parse_pool_entry(entry.as_ref())).collect()
    }

    /// Reads `Subnet.spec.excludeIps`: each entry an address or `a..b`.
    ///
    /// # Errors
    /// When an entry cannot be read.
    pub fn parse_excludes<S: AsRef<str>>(entries: &[S]) -> Result<Self, ParseError> {
        entries.iter().map(|entry| AddrRange::parse_exclude(entry.as_ref())).collect()
    }

    /// Its ranges, IPv4 first.
    pub fn ranges(&self) -> impl Iterator<Item = AddrRange> + '_ {
        self.v4.ranges().chain(self.v6.ranges())
    }
}

impl Default for AddrSets {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Into<AddrRange>> FromIterator<T> for AddrSets {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let (v4, v6): (Vec<AddrRange>, Vec<_>) =
            items.into_iter().map(Into::into).partition(|range: &AddrRange| range.family() == Family::V4);
        Self { v4: AddrSet::from_ranges(Family::V4, v4), v6: AddrSet::from_ranges(Family::V6, v6) }
    }
}

impl<T: Into<AddrRange>> Extend<T> for AddrSets {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items {
            self.insert_range(item.into());
        }
    }
}

impl fmt::Debug for AddrSets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.ranges()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_goes_into_its_own_set() {
        let texts = ["fd00::2..fd00::9", "10.0.0.9", "10.0.0.1..10.0.0.8"];
        let sets: AddrSets = texts.iter().map(|text| AddrRange::parse_exclude(text).unwrap()).collect();
        assert_eq!(sets.get(Family::V4).range_text(), "10.0.0.1-10.0.0.9");
        assert_eq!(sets.get(Family::V6).range_text(), "fd00::2-fd00::9");
        assert!(sets.contains("fd00::3".parse().unwrap()) && !sets.contains("fd00::a".parse().unwrap()));
        assert_eq!(format!("{sets:?}"), "{10.0.0.1-10.0.0.9, fd00::2-fd00::9}");
    }
}
