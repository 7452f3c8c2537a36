//! `AddrSet` against a naive set of addresses, and against range-set-blaze over the whole of both families.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use ledger::{Addr, AddrRange, AddrSet, Count, Family};
use proptest::prelude::*;
use range_set_blaze::RangeSetBlaze;

fn range(family: Family, first: u128, last: u128) -> AddrRange {
    AddrRange::new(Addr::from_bits(family, first), Addr::from_bits(family, last)).unwrap()
}

/// Numbers that crowd at the ends of the family and around a few centres, so that ranges meet, touch and overlap.
fn bits(family: Family) -> impl Strategy<Value = u128> {
    let max = AddrRange::all(family).last().bits();
    prop_oneof![
        4 => 0..40_u128,
        4 => (0..40_u128).prop_map(move |back| max - back),
        4 => (0..40_u128).prop_map(move |off| max / 2 - 20 + off),
        1 => 0..=max,
    ]
}

fn spans(family: Family) -> impl Strategy<Value = Vec<(bool, AddrRange)>> {
    let span = (any::<bool>(), bits(family), prop_oneof![3 => Just(0_u128), 3 => 0..9_u128, 1 => bits(family)]);
    let max = AddrRange::all(family).last().bits();
    let span =
        span.prop_map(move |(add, first, more)| (add, range(family, first, first.saturating_add(more).min(max))));
    proptest::collection::vec(span, 0..60)
}

fn blaze_of(set: &AddrSet) -> RangeSetBlaze<u128> {
    set.ranges().map(|range| range.first().bits()..=range.last().bits()).collect()
}

fn text(set: &RangeSetBlaze<u128>, family: Family) -> String {
    let item = |found: std::ops::RangeInclusive<u128>| range(family, *found.start(), *found.end()).to_string();
    set.ranges().map(item).collect::<Vec<_>>().join(",")
}

fn built(steps: &[(bool, AddrRange)], family: Family) -> (AddrSet, RangeSetBlaze<u128>) {
    let mut set = AddrSet::new(family);
    let mut blaze = RangeSetBlaze::<u128>::new();
    for (add, range) in steps {
        let part = RangeSetBlaze::from_iter([range.first().bits()..=range.last().bits()]);
        let next = if *add { &blaze | &part } else { &blaze - &part };
        let changed = if *add { set.insert_range(*range) } else { set.remove_range(*range) };
        assert_eq!(changed, next != blaze, "{add} {range}");
        blaze = next;
    }
    (set, blaze)
}

fn agrees_with_blaze(family: Family, a: &[(bool, AddrRange)], b: &[(bool, AddrRange)], probes: &[u128]) {
    let (set, blaze) = built(a, family);
    let (other, other_blaze) = built(b, family);
    assert_eq!(set.range_text(), text(&blaze, family));
    assert_eq!(set.len_ranges(), blaze.ranges_len());
    for (ours, theirs) in [
        (set.union(&other), &blaze | &other_blaze),
        (set.intersection(&other), &blaze & &other_blaze),
        (set.difference(&other), &blaze - &other_blaze),
    ] {
        assert_eq!(ours.range_text(), text(&theirs, family));
        let sum = ours.ranges().try_fold(Count::ZERO, |sum, range| sum.checked_add(range.count()));
        assert_eq!(Some(ours.count()), sum);
        assert_eq!(blaze_of(&ours), theirs);
        assert_eq!(AddrSet::parse_range_text(family, &ours.range_text()), Ok(ours.clone()));
        let mut shuffled: Vec<_> = ours.ranges().collect();
        shuffled.reverse();
        assert_eq!(AddrSet::from_ranges(family, shuffled), ours);
    }
    assert_eq!(set.overlaps(&other), !set.intersection(&other).is_empty());
    for pair in probes.windows(2) {
        let addr = Addr::from_bits(family, pair[0]);
        assert_eq!(set.contains(addr), blaze.contains(pair[0]));
        assert_eq!(set.range_of(addr).is_some(), set.contains(addr));
        let bounds = range(family, pair[0].min(pair[1]), pair[0].max(pair[1]));
        let within = set.intersection(&AddrSet::from_ranges(family, [bounds]));
        assert_eq!(set.count_in(bounds), within.count());
        assert!(set.ranges_in(bounds).eq(within.ranges()));
        assert!(set.ranges_in(bounds).rev().eq(within.ranges().rev()));
        assert_eq!(set.first_from(bounds.first()).filter(|found| bounds.contains(*found)), within.first());
        let longest = within.ranges().max_by_key(|range| (range.count(), std::cmp::Reverse(range.first())));
        assert_eq!(set.longest_range_in(bounds), longest);
        assert_eq!(set.longest_ranges_in(bounds).count(), within.len_ranges());
    }
}

proptest! {
    #[test]
    fn a_v4_set_agrees_with_range_set_blaze(
        a in spans(Family::V4), b in spans(Family::V4), probes in proptest::collection::vec(bits(Family::V4), 12),
    ) {
        agrees_with_blaze(Family::V4, &a, &b, &probes);
    }

    #[test]
    fn a_v6_set_agrees_with_range_set_blaze(
        a in spans(Family::V6), b in spans(Family::V6), probes in proptest::collection::vec(bits(Family::V6), 12),
    ) {
        agrees_with_blaze(Family::V6, &a, &b, &probes);
    }

    /// U18.
    #[test]
    fn u18_a_copy_of_a_set_and_its_source_change_apart(
        before in spans(Family::V4), of_copy in spans(Family::V4), of_source in spans(Family::V4),
    ) {
        let (mut source, _) = built(&before, Family::V4);
        let mut copy = source.clone();
        for (set, steps) in [(&mut copy, &of_copy), (&mut source, &of_source)] {
            for (add, range) in steps {
                if *add { set.insert_range(*range) } else { set.remove_range(*range) };
            }
        }
        for (set, steps) in [(&copy, &of_copy), (&source, &of_source)] {
            let alone = built(&before.iter().chain(steps).copied().collect::<Vec<_>>(), Family::V4).0;
            prop_assert_eq!(set, &alone);
        }
    }

    #[test]
    fn a_set_agrees_with_a_naive_set(steps in proptest::collection::vec((any::<bool>(), 0_u32..300), 0..600)) {
        let mut set = AddrSet::new(Family::V4);
        let mut naive = BTreeSet::new();
        for (add, bits) in steps {
            let addr = Addr::v4(bits);
            if add {
                prop_assert_eq!(set.insert(addr), naive.insert(addr));
            } else {
                prop_assert_eq!(set.remove(addr), naive.remove(&addr));
            }
            prop_assert_eq!(set.count(), Count::from(naive.len() as u64));
        }
        prop_assert_eq!(set.first(), naive.first().copied());
        prop_assert_eq!(set.last(), naive.last().copied());
        prop_assert_eq!(AddrSet::from_ranges(Family::V4, naive), set);
    }
}

#[test]
fn a_set_with_a_million_scattered_addresses_stays_small_and_exact() {
    let scattered = (0..1_000_000_u128).map(|index| {
        // Odd multiplier: a permutation of the low 64 bits, without neighbours.
        Addr::v6(
            (0xfd00_u128 << 112) | u128::from((u64::try_from(index).unwrap() * 2).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        )
    });
    let set = AddrSet::from_ranges(Family::V6, scattered);
    assert_eq!(set.count(), Count::from(1_000_000_u64));
    let block = "fd00::/80".parse::<ledger::Cidr>().unwrap();
    let within = set.ranges().filter(|range| block.contains(range.first())).count();
    assert_eq!(set.count_in(block.range()), Count::from(within as u64));
}
