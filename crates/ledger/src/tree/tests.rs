//! The rules of the tree, and gaps against a plain list.

use std::cmp::Reverse;

use proptest::prelude::*;

use super::*;

/// Below the last of a node's numbers are its others, and no slot that is not in use.
fn assert_free_slots_are_above<W: Word>(keys: &W::Keys, len: usize) {
    if let Some(below) = keys.get(len - 1).prev() {
        assert_eq!(keys.rank(below), len - 1);
    }
}

impl<W: Word, K: Kind<W>> Tree<W, K> {
    /// Asserts every rule of the tree: order, links, sums and lengths.
    pub(crate) fn check(&self) {
        let runs: Vec<_> = self.walk().collect();
        assert_eq!(runs.len(), self.len);
        assert!(runs.iter().all(|run| run.0 <= run.1));
        assert!(runs.windows(2).all(|pair| pair[0].1 < pair[1].0), "{runs:?}");
        assert!(self.walk().rev().eq(runs.iter().rev().copied()));
        let mut leaves = Vec::new();
        let sum = (self.root != NIL).then(|| self.check_node(self.root, self.height, &mut leaves));
        assert_eq!(sum, self.sum);
        assert_eq!(self.len == 0, self.root == NIL && self.height == 0);
        for pair in leaves.windows(2) {
            assert_eq!((self.leaf(pair[0]).next, self.leaf(pair[1]).prev), (pair[1], pair[0]));
        }
        if let (Some(&first), Some(&last)) = (leaves.first(), leaves.last()) {
            assert_eq!((self.leaf(first).prev, self.leaf(last).next), (NIL, NIL));
        }
        assert_eq!(leaves.len() + self.free_leaves.len(), self.leaves.len(), "no leaf is lost");
    }

    fn check_node(&self, node: u32, level: usize, leaves: &mut Vec<u32>) -> Sum<W, K::Count> {
        if level == 0 {
            leaves.push(node);
            assert!(self.leaf(node).len > 0);
            assert_free_slots_are_above::<W>(&self.leaf(node).first, self.leaf(node).len);
            return self.leaf(node).sum();
        }
        let inner = self.inner(node);
        assert!(inner.len > 0);
        assert_free_slots_are_above::<W>(&inner.first, inner.len);
        for slot in 0..inner.len {
            assert_eq!(self.check_node(inner.child[slot], level - 1, leaves), inner.sum_of(slot));
        }
        inner.sum::<K>()
    }

    /// Leaves that were ever made, and those of them that are in use.
    pub(crate) fn places(&self) -> (usize, usize) {
        (self.leaves.len(), self.leaves.len() - self.free_leaves.len())
    }
}

/// Runs with a mark, of which the gaps are sought.
#[derive(Clone, Copy, Default)]
struct Marks;

impl Kind<u32> for Marks {
    type Value = u8;
    type Count = [u32; 2];
    type Ends = Rare<u32>;
    const GAPS: bool = true;

    fn count((first, last, mark): Entry<u32, u8>) -> [u32; 2] {
        let length = last - first + 1;
        if mark == 0 { [length, 0] } else { [0, length] }
    }

    fn plus(a: [u32; 2], b: [u32; 2]) -> [u32; 2] {
        [a[0] + b[0], a[1] + b[1]]
    }

    fn minus(a: [u32; 2], b: [u32; 2]) -> [u32; 2] {
        [a[0] - b[0], a[1] - b[1]]
    }
}

/// Half of it are enough runs for two inner levels.
const SPACE: u32 = 1 << 14;

/// The gaps between entries, within bounds.
fn gaps(entries: &[Entry<u32, u8>], first: u32, last: u32) -> Vec<Run<u32>> {
    let mut edge = first;
    let mut gaps = Vec::new();
    for &(start, end, _) in entries.iter().filter(|entry| entry.1 >= first && entry.0 <= last) {
        if edge < start {
            gaps.push((edge, start - 1));
        }
        edge = end + 1;
    }
    if edge <= last {
        gaps.push((edge, last));
    }
    gaps
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn gaps_and_sums_are_those_of_a_plain_list(
        dense in any::<bool>(),
        // Leaves with and without an array of ends.
        longest in 1..4_u32,
        steps in proptest::collection::vec((any::<bool>(), 0..SPACE, 0..4_u32, 0..2_u8), 1..2500),
        bounds in proptest::collection::vec((0..SPACE, 0..SPACE), 20),
    ) {
        let mut list: Vec<Entry<u32, u8>> = Vec::new();
        if dense {
            list.extend((0..SPACE / 2).map(|at| (at * 2, at * 2 + at % longest.min(2), 1)));
        }
        let mut tree = Tree::<u32, Marks>::from_sorted(list.iter().copied());
        for (add, first, length, mark) in steps {
            let length = length % longest;
            let place = tree.seek(first);
            let slot = list.partition_point(|entry| entry.0 <= first);
            prop_assert_eq!(tree.below(&place), slot.checked_sub(1).map(|slot| list[slot]));
            prop_assert_eq!(tree.second_below(&place), slot.checked_sub(2).map(|slot| list[slot]));
            prop_assert_eq!(tree.above(&place), list.get(slot).copied());
            let room = list.get(slot).map_or(SPACE, |above| above.0);
            let free = slot.checked_sub(1).is_none_or(|slot| list[slot].1 < first);
            if add && free {
                let entry = (first, (first + length).min(room - 1), mark);
                list.insert(slot, entry);
                tree.insert(&place, entry);
            } else if let Some(slot) = slot.checked_sub(1) {
                let (start, _, old) = list[slot];
                if add {
                    list[slot] = (start, (start + length).min(room - 1), 1 - old);
                    tree.replace(&place, list[slot]);
                } else {
                    list.remove(slot);
                    tree.remove(&place);
                }
            }
        }
        tree.check();
        prop_assert!(tree.walk().eq(list.iter().copied()));
        for (a, b) in bounds {
            let (first, last) = (a.min(b), a.max(b));
            let met: Vec<_> = list.iter().filter(|entry| entry.1 >= first && entry.0 <= last).copied().collect();
            prop_assert!(tree.walk_between(first, last).eq(met.iter().copied()));
            let cut = met.iter().map(|entry| Marks::count((entry.0.max(first), entry.1.min(last), entry.2)));
            prop_assert_eq!(tree.count_between(first, last), cut.reduce(Marks::plus));
            let mut expected = gaps(&list, first, last);
            let mut found = Vec::new();
            tree.gaps_between(first, last, &mut |gap| found.push(gap));
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(tree.first_gap_from(first).filter(|&at| at <= last), expected.first().map(|gap| gap.0));
            expected.sort_by_key(|gap| (Reverse(gap.1 - gap.0), gap.0));
            prop_assert_eq!(tree.longest_between(first, last).collect::<Vec<_>>(), expected);
        }
        let mut marked = Vec::new();
        tree.walk_where(|count| count[1] > 0, &mut |entry| marked.push(entry));
        prop_assert!(marked.iter().eq(list.iter().filter(|entry| entry.2 == 1)));
    }
}
