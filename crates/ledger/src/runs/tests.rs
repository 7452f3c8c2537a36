//! The tree against a plain list of runs, and its own rules after every step.

use proptest::prelude::*;

use super::*;

/// Every rule of the tree: order, links, sums and lengths.
fn check<W: Word>(tree: &Runs<W>) {
    let runs: Vec<_> = tree.walk().collect();
    assert_eq!(runs.len(), tree.len());
    assert!(runs.iter().all(|(first, last)| first <= last));
    assert!(runs.windows(2).all(|pair| pair[0].1.next().is_some_and(|behind| behind < pair[1].0)), "{runs:?}");
    assert!(tree.walk().rev().eq(runs.iter().rev().copied()));
    if tree.root == NIL {
        assert_eq!((tree.len, tree.height), (0, 0));
        return;
    }
    let mut leaves = Vec::new();
    assert_eq!(check_node(tree, tree.root, tree.height, &mut leaves), tree.sum);
    for pair in leaves.windows(2) {
        assert_eq!((tree.leaf(pair[0]).next, tree.leaf(pair[1]).prev), (pair[1], pair[0]));
    }
    assert_eq!((tree.leaf(leaves[0]).prev, tree.leaf(leaves[leaves.len() - 1]).next), (NIL, NIL));
    assert_eq!(leaves.len() + tree.free_leaves.len(), tree.leaves.len(), "no leaf is lost");
}

fn check_node<W: Word>(tree: &Runs<W>, node: u32, level: usize, leaves: &mut Vec<u32>) -> Sum<W> {
    if level == 0 {
        leaves.push(node);
        assert!(tree.leaf(node).len > 0);
        return tree.leaf(node).sum();
    }
    let inner = tree.inner(node);
    assert!(inner.len > 0);
    for slot in 0..inner.len {
        assert_eq!(check_node(tree, inner.child[slot], level - 1, leaves), inner.sum[slot]);
    }
    inner.sum()
}

fn model_runs(members: &[bool]) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for (at, _) in members.iter().enumerate().filter(|(_, member)| **member) {
        let at = u32::try_from(at).unwrap();
        match runs.last_mut() {
            Some(run) if run.1 + 1 == at => run.1 = at,
            _ => runs.push((at, at)),
        }
    }
    runs
}

fn clipped(runs: &[(u32, u32)], first: u32, last: u32) -> Vec<(u32, u32)> {
    let parts = runs.iter().map(|run| (run.0.max(first), run.1.min(last)));
    parts.filter(|part| part.0 <= part.1).collect()
}

const SPACE: u32 = 4096;

fn steps(max: usize) -> impl Strategy<Value = Vec<(bool, u32, u32)>> {
    let step = (any::<bool>(), 0..SPACE, prop_oneof![9 => 0..2_u32, 1 => 0..300_u32]);
    proptest::collection::vec(step, 1..max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_tree_is_the_set_that_the_steps_describe(
        fill in any::<bool>(),
        steps in steps(3000),
        bounds in proptest::collection::vec((0..SPACE, 0..SPACE), 20),
    ) {
        let mut members = vec![fill; SPACE as usize];
        let mut tree = Runs::<u32>::from_sorted(fill.then_some((0, SPACE - 1)));
        for (add, first, length) in steps {
            let last = (first + length).min(SPACE - 1);
            let part = &mut members[first as usize..=last as usize];
            let changes = part.iter().any(|member| *member != add);
            part.fill(add);
            let changed = if add { tree.insert(first, last) } else { tree.remove(first, last) };
            prop_assert_eq!(changed, changes);
        }
        check(&tree);
        let runs = model_runs(&members);
        prop_assert_eq!(tree.walk().collect::<Vec<_>>(), runs.clone());
        prop_assert_eq!(tree.count(), Count::from(members.iter().filter(|member| **member).count() as u64));
        for (a, b) in bounds {
            let (first, last) = (a.min(b), a.max(b));
            let mut parts = clipped(&runs, first, last);
            let count: u32 = parts.iter().map(|part| part.1 - part.0 + 1).sum();
            prop_assert_eq!(tree.count_between(first, last), Count::from(u64::from(count)));
            let met = runs.iter().filter(|run| run.1 >= first && run.0 <= last).copied().collect::<Vec<_>>();
            prop_assert_eq!(tree.walk_between(first, last).collect::<Vec<_>>(), met.clone());
            prop_assert!(tree.walk_between(first, last).rev().eq(met.into_iter().rev()));
            parts.sort_by_key(|part| (Reverse(part.1 - part.0), part.0));
            prop_assert_eq!(tree.longest_between(first, last).collect::<Vec<_>>(), parts);
            let next = (first..SPACE).find(|&at| members[at as usize]);
            prop_assert_eq!(tree.first_from(first), next);
            prop_assert_eq!(tree.around_member(first).is_some(), members[first as usize]);
        }
        let built = Runs::from_sorted(runs.iter().copied());
        check(&built);
        prop_assert!(built.walk().eq(tree.walk()));
    }
}

use std::cmp::Reverse;

#[test]
fn a_tree_that_empties_gives_its_places_back() {
    let mut tree = Runs::<u32>::new(0);
    for at in 0..20_000 {
        tree.insert(at * 2, at * 2);
    }
    check(&tree);
    assert!(tree.height >= 2);
    let places = tree.leaves.len();
    // Every 64th stays: the sparse leaves must merge.
    for at in (0..20_000).filter(|at| at % 64 != 0) {
        tree.remove(at * 2, at * 2);
    }
    check(&tree);
    assert!(tree.leaves.len() - tree.free_leaves.len() <= 20_000 / 64 / (SPARSE / 2), "sparse leaves merge");
    for at in (0..20_000).rev() {
        tree.remove(at * 2, at * 2);
    }
    check(&tree);
    assert_eq!(tree.count(), Count::ZERO);
    for at in 0..20_000 {
        tree.insert(at * 2, at * 2);
    }
    check(&tree);
    assert_eq!(tree.leaves.len(), places, "freed places are used again");
}

#[test]
fn ascending_runs_fill_their_leaves() {
    let mut tree = Runs::<u128>::new(0);
    for at in 0..32_000_u128 {
        tree.insert(at << 70, at << 70);
    }
    check(&tree);
    assert_eq!(tree.leaves.len(), 1000);
}

#[test]
fn the_whole_word_is_one_run() {
    let mut tree = Runs::<u128>::new(0);
    assert!(tree.insert(0, u128::MAX));
    assert_eq!(tree.count(), Count::MAX);
    assert_eq!(tree.count_between(0, u128::MAX), Count::MAX);
    assert!(tree.remove(u128::MAX, u128::MAX) && tree.remove(0, 0) && !tree.remove(0, 0));
    check(&tree);
    assert_eq!(tree.longest_between(0, u128::MAX).next(), Some((1, u128::MAX - 1)));
    assert!(tree.insert(0, 0) && tree.insert(u128::MAX, u128::MAX));
    check(&tree);
    assert_eq!((tree.len(), tree.count()), (1, Count::MAX));
    assert_eq!(tree.first_from(u128::MAX), Some(u128::MAX));
    assert!(tree.remove(0, u128::MAX));
    check(&tree);
    assert_eq!((tree.len(), tree.count(), tree.first_from(0)), (0, Count::ZERO, None));
}

#[test]
fn all_of_ipv4_is_counted() {
    let mut tree = Runs::<u32>::new(0);
    tree.insert(0, u32::MAX);
    assert_eq!(tree.count(), Count::from(1_u64 << 32));
    tree.remove(5, 5);
    assert_eq!(tree.count(), Count::from((1_u64 << 32) - 1));
}
