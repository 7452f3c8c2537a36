//! The set against a plain list of members, and how its tree grows and shrinks.

use std::cmp::Reverse;

use proptest::prelude::*;

use super::*;

const SPACE: u32 = 4096;

fn model_runs(members: &[bool]) -> Vec<Run<u32>> {
    let mut runs: Vec<Run<u32>> = Vec::new();
    for (at, _) in members.iter().enumerate().filter(|(_, member)| **member) {
        let at = u32::try_from(at).unwrap();
        match runs.last_mut() {
            Some(run) if run.1 + 1 == at => run.1 = at,
            _ => runs.push((at, at)),
        }
    }
    runs
}

fn steps(max: usize) -> impl Strategy<Value = Vec<(bool, u32, u32)>> {
    let step = (any::<bool>(), 0..SPACE, prop_oneof![9 => 0..2_u32, 1 => 0..300_u32]);
    proptest::collection::vec(step, 1..max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_runs_are_the_set_that_the_steps_describe(
        fill in any::<bool>(),
        steps in steps(3000),
        bounds in proptest::collection::vec((0..SPACE, 0..SPACE), 20),
    ) {
        let mut members = vec![fill; SPACE as usize];
        let mut set = Runs::<u32>::from_sorted(fill.then_some((0, SPACE - 1)));
        for (add, first, length) in steps {
            let last = (first + length).min(SPACE - 1);
            let part = &mut members[first as usize..=last as usize];
            let changes = part.iter().any(|member| *member != add);
            part.fill(add);
            let changed = if add { set.insert(first, last) } else { set.remove(first, last) };
            prop_assert_eq!(changed, changes);
        }
        set.tree.check();
        let runs = model_runs(&members);
        prop_assert_eq!(set.walk().collect::<Vec<_>>(), runs.clone());
        prop_assert_eq!(set.count(), Count::from(members.iter().filter(|member| **member).count() as u64));
        for (a, b) in bounds {
            let (first, last) = (a.min(b), a.max(b));
            let met = runs.iter().filter(|run| run.1 >= first && run.0 <= last).copied();
            let mut parts: Vec<_> = met.map(|run| (run.0.max(first), run.1.min(last))).collect();
            let count: u32 = parts.iter().map(|part| part.1 - part.0 + 1).sum();
            prop_assert_eq!(set.count_between(first, last), Count::from(u64::from(count)));
            parts.sort_by_key(|part| (Reverse(part.1 - part.0), part.0));
            prop_assert_eq!(set.longest_between(first, last).collect::<Vec<_>>(), parts);
            let next = (first..SPACE).find(|&at| members[at as usize]);
            prop_assert_eq!(set.first_from(first), next);
            prop_assert_eq!(set.find(first).is_some(), members[first as usize]);
        }
        let built = Runs::from_sorted(runs.iter().copied());
        built.tree.check();
        prop_assert!(built.walk().eq(set.walk()));
    }
}

#[test]
fn a_set_that_empties_gives_its_memory_back() {
    let mut set = Runs::<u32>::new();
    for at in 0..20_000 {
        set.insert(at * 2, at * 2);
    }
    set.tree.check();
    let (made, _) = set.tree.places();
    // Every 64th stays: the sparse leaves must merge.
    for at in (0..20_000).filter(|at| at % 64 != 0) {
        set.remove(at * 2, at * 2);
    }
    set.tree.check();
    assert!(set.tree.places().1 <= 20_000 / 64 / 4, "sparse leaves merge");
    for at in (0..20_000).rev() {
        set.remove(at * 2, at * 2);
    }
    set.tree.check();
    assert_eq!((set.count(), set.tree.places()), (Count::ZERO, (made, 0)));
    for at in 0..20_000 {
        set.insert(at * 2, at * 2);
    }
    set.tree.check();
    assert_eq!(set.tree.places().0, made, "freed places are used again");
}

#[test]
fn ascending_runs_fill_their_leaves() {
    let mut set = Runs::<u128>::new();
    for at in 0..32_000_u128 {
        set.insert(at << 70, at << 70);
    }
    set.tree.check();
    assert_eq!(set.tree.places(), (32_000 / WIDTH, 32_000 / WIDTH));
}

#[test]
fn the_whole_word_is_one_run() {
    let mut set = Runs::<u128>::new();
    assert!(set.insert(0, u128::MAX));
    assert_eq!(set.count(), Count::MAX);
    assert_eq!(set.count_between(0, u128::MAX), Count::MAX);
    assert!(set.remove(u128::MAX, u128::MAX) && set.remove(0, 0) && !set.remove(0, 0));
    set.tree.check();
    assert_eq!(set.longest_between(0, u128::MAX).next(), Some((1, u128::MAX - 1)));
    assert!(set.insert(0, 0) && set.insert(u128::MAX, u128::MAX));
    set.tree.check();
    assert_eq!((set.len(), set.count()), (1, Count::MAX));
    assert_eq!(set.first_from(u128::MAX), Some(u128::MAX));
    assert!(set.remove(0, u128::MAX));
    set.tree.check();
    assert_eq!((set.len(), set.count(), set.first_from(0)), (0, Count::ZERO, None));
}

#[test]
fn all_of_ipv4_is_counted() {
    let mut set = Runs::<u32>::new();
    set.insert(0, u32::MAX);
    assert_eq!(set.count(), Count::from(1_u64 << 32));
    set.remove(5, 5);
    assert_eq!(set.count(), Count::from((1_u64 << 32) - 1));
}
