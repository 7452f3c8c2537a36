//! Where every usable address of a subnet, or of a pool, stands.
//!
//! In: what is usable, what is excluded, which addresses are on record. Out: the sets *using*, *available* and
//! *excluded*, their counts and ranges, of the whole and of any block; and the addresses on record that are not
//! usable, apart. Guarantee: the three sets are disjoint and together are what is usable, so that
//! `using + available + excluded = usable` holds for the whole and for every block, never clamped.

use crate::{Addr, AddrRange, AddrSet, Cidr, Count};

/// How many addresses are in each state. `using + available + excluded = usable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// Can be given out at all, the gateway among them.
    pub usable: Count,
    /// Usable and on record.
    pub using: Count,
    /// Usable, not on record, not excluded.
    pub available: Count,
    /// Usable and excluded (the gateway among them), and not on record.
    pub excluded: Count,
}

impl Counts {
    /// With `available` as what is left of `usable`.
    pub(crate) fn from_taken(usable: Count, using: Count, excluded: Count) -> Self {
        let available = usable.checked_sub(using).and_then(|rest| rest.checked_sub(excluded));
        Self { usable, using, available: available.expect("using and excluded are disjoint and usable"), excluded }
    }

    /// Whether the equation holds. It always does for counts of this crate; counts that others write may differ.
    #[must_use]
    pub fn balances(&self) -> bool {
        let sum = self.using.checked_add(self.available).and_then(|sum| sum.checked_add(self.excluded));
        sum == Some(self.usable)
    }
}

/// The states of the addresses of one family of a subnet, or of a pool, as sets. A value: it does not follow later
/// changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accounting {
    usable: AddrSet,
    using: AddrSet,
    available: AddrSet,
    excluded: AddrSet,
    apart: AddrSet,
}

impl Accounting {
    /// Of a subnet: usable is what `cidr` says, `excludes` are its `excludeIps`, `record` all addresses on record in
    /// it. The gateway is always excluded, whether or not `excludes` has it.
    #[must_use]
    pub fn new(cidr: &Cidr, gateway: Option<Addr>, excludes: &AddrSet, record: &AddrSet) -> Self {
        let mut excludes = AddrSet::from_ranges(cidr.family(), excludes.ranges_in(cidr.usable()));
        if let Some(gateway) = gateway {
            excludes.insert(gateway);
        }
        Self::within(AddrSet::from_ranges(cidr.family(), [cidr.usable()]), &excludes, record)
    }

    /// Of any set of usable addresses, such as those of a pool: what of `excludes` and `record` is not among them is
    /// without effect, or apart.
    #[must_use]
    pub fn within(usable: AddrSet, excludes: &AddrSet, record: &AddrSet) -> Self {
        let using = usable.intersection(record);
        let apart = record.difference(&usable);
        let idle = usable.difference(record);
        let excluded = idle.intersection(excludes);
        let available = idle.difference(excludes);
        Self { usable, using, available, excluded, apart }
    }

    /// From sets that a book keeps: `available` and `excluded` are disjoint parts of `usable`.
    pub(crate) fn from_rest(usable: AddrSet, available: AddrSet, excluded: AddrSet, apart: AddrSet) -> Self {
        let using = usable.difference(&available).difference(&excluded);
        Self { usable, using, available, excluded, apart }
    }

    /// What can be given out at all.
    #[must_use]
    pub const fn usable(&self) -> &AddrSet {
        &self.usable
    }

    /// Usable and on record.
    #[must_use]
    pub const fn using(&self) -> &AddrSet {
        &self.using
    }

    /// Usable, not on record, not excluded.
    #[must_use]
    pub const fn available(&self) -> &AddrSet {
        &self.available
    }

    /// Usable, excluded and not on record.
    #[must_use]
    pub const fn excluded(&self) -> &AddrSet {
        &self.excluded
    }

    /// On record, but not usable: the network and broadcast addresses, and what lies outside.
    #[must_use]
    pub const fn apart(&self) -> &AddrSet {
        &self.apart
    }

    /// The counts, in constant time.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            usable: self.usable.count(),
            using: self.using.count(),
            available: self.available.count(),
            excluded: self.excluded.count(),
        }
    }

    /// The counts of the part within `block`, in logarithmic time.
    #[must_use]
    pub fn counts_in(&self, block: AddrRange) -> Counts {
        Counts {
            usable: self.usable.count_in(block),
            using: self.using.count_in(block),
            available: self.available.count_in(block),
            excluded: self.excluded.count_in(block),
        }
    }

    /// The longest runs of available addresses within `block`, longest first; each in logarithmic time.
    pub fn longest_free_in(&self, block: AddrRange) -> impl Iterator<Item = AddrRange> + '_ {
        self.available.longest_ranges_in(block)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Family;

    fn set(text: &str) -> AddrSet {
        AddrSet::parse_range_text(Family::V4, text).unwrap()
    }

    #[test]
    fn each_usable_address_is_in_one_state_and_others_are_apart() {
        let cidr: Cidr = "10.0.0.0/28".parse().unwrap();
        let excludes = set("10.0.0.4-10.0.0.6,10.9.9.9");
        let record = set("10.0.0.0,10.0.0.2,10.0.0.5,10.0.0.15,10.0.0.77");
        let accounting = Accounting::new(&cidr, "10.0.0.1".parse().ok(), &excludes, &record);
        assert_eq!(accounting.using().range_text(), "10.0.0.2,10.0.0.5");
        assert_eq!(accounting.excluded().range_text(), "10.0.0.1,10.0.0.4,10.0.0.6");
        assert_eq!(accounting.available().range_text(), "10.0.0.3,10.0.0.7-10.0.0.14");
        assert_eq!(accounting.apart().range_text(), "10.0.0.0,10.0.0.15,10.0.0.77");
        let counts = accounting.counts();
        assert_eq!((counts.usable, counts.using), (Count::from(14_u64), Count::from(2_u64)));
        assert!(counts.balances());
    }

    #[test]
    fn a_gateway_that_is_on_record_is_using_and_one_outside_is_without_effect() {
        let cidr: Cidr = "10.0.0.0/30".parse().unwrap();
        let none = AddrSet::new(Family::V4);
        let held = Accounting::new(&cidr, "10.0.0.1".parse().ok(), &none, &set("10.0.0.1"));
        assert_eq!((held.using().range_text(), held.excluded().is_empty()), ("10.0.0.1".to_owned(), true));
        let outside = Accounting::new(&cidr, "10.0.0.9".parse().ok(), &none, &none);
        assert_eq!(outside.available().range_text(), "10.0.0.1-10.0.0.2");
    }

    #[test]
    fn the_whole_of_ipv6_balances() {
        let cidr: Cidr = "::/0".parse().unwrap();
        let record = AddrSet::from_ranges(Family::V6, [cidr.range()]);
        let accounting = Accounting::new(&cidr, None, &AddrSet::new(Family::V6), &record);
        assert_eq!(accounting.apart().count(), Count::from(2_u64));
        assert!(accounting.counts().balances() && accounting.available().is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_equation_holds_for_every_block(
            length in 20_u8..=32,
            gateway in proptest::option::of(0_u32..5000),
            excludes in proptest::collection::vec((0_u32..5000, 0_u32..200), 0..8),
            record in proptest::collection::vec(0_u32..5000, 0..200),
            blocks in proptest::collection::vec((0_u32..5000, 20_u8..=32), 8),
        ) {
            let cidr = Cidr::new(Addr::v4(0), length).unwrap();
            let span = |(first, more): (u32, u32)| AddrRange::new(Addr::v4(first), Addr::v4(first + more)).unwrap();
            let excludes = AddrSet::from_ranges(Family::V4, excludes.into_iter().map(span));
            let record = AddrSet::from_ranges(Family::V4, record.into_iter().map(Addr::v4));
            let accounting = Accounting::new(&cidr, gateway.map(Addr::v4), &excludes, &record);
            for block in blocks.into_iter().map(|(at, length)| Cidr::new(Addr::v4(at), length).unwrap().range()) {
                let counts = accounting.counts_in(block);
                prop_assert!(counts.balances());
                let state = |of: &dyn Fn(Addr) -> bool| {
                    let all = (block.first().bits()..=block.last().bits()).map(|at| Addr::from_bits(Family::V4, at));
                    Count::from(all.filter(|&addr| of(addr)).count() as u64)
                };
                let usable = |addr| cidr.usable().contains(addr);
                let out = |addr| excludes.contains(addr) || gateway.map(Addr::v4) == Some(addr);
                prop_assert_eq!(counts.using, state(&|addr| usable(addr) && record.contains(addr)));
                prop_assert_eq!(counts.excluded, state(&|addr| usable(addr) && out(addr) && !record.contains(addr)));
                prop_assert_eq!(counts.available, state(&|addr| usable(addr) && !out(addr) && !record.contains(addr)));
                let longest = accounting.longest_free_in(block).next().map(|range| range.count());
                let parts = accounting.available().ranges_in(block).map(|range| range.count()).max();
                prop_assert_eq!(longest, parts);
            }
            prop_assert_eq!(accounting.using().union(accounting.apart()), record);
        }
    }
}
