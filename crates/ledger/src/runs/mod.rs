//! Disjoint runs of numbers in order, with sums and longest runs on the way down: the tree under [`AddrSet`].
//!
//! In: runs. Out: the run around a number, all runs in order from either end, how many numbers and which longest runs
//! lie between two bounds. Guarantee: runs never overlap or touch, so one set has one list of runs; every operation
//! on one run takes logarithmic time and moves a few hundred bytes; the memory is that of the runs.
//!
//! It is a B+ tree in two arenas. An inner entry carries its child's first number, the sum of its run lengths and the
//! length of its longest run. Leaves are linked, so that a walk needs no way back up. Nodes are not kept half full:
//! a node that is under a quarter merges with a neighbour that has room, and that bounds height and waste as well.
//!
//! [`AddrSet`]: crate::AddrSet

mod algebra;
mod build;
mod delete;
mod insert;
mod query;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use walk::Walk;

use crate::{Count, word::Word};

/// Runs in a leaf and children in an inner node. 32 keeps a leaf of IPv4 runs in four cache lines, a leaf of IPv6
/// runs in a kilobyte, and a million runs four levels high.
const WIDTH: usize = 32;
/// A node below this many entries looks for a neighbour to merge with.
const SPARSE: usize = WIDTH / 4;
/// The most entries that a merge may make, so that the next insertion does not split again.
const MERGED: usize = WIDTH * 3 / 4;
/// No node.
const NIL: u32 = u32::MAX;

/// A run: its first and its last number.
pub(crate) type Run<W> = (W, W);

#[derive(Clone)]
struct Leaf<W> {
    len: usize,
    prev: u32,
    next: u32,
    first: [W; WIDTH],
    last: [W; WIDTH],
}

#[derive(Clone)]
struct Inner<W> {
    len: usize,
    child: [u32; WIDTH],
    sum: [Sum<W>; WIDTH],
}

/// What a parent knows of a subtree, which is never empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum<W> {
    /// Its lowest number.
    first: W,
    /// How many numbers it has, modulo the word (see [`Word::count`]).
    count: W,
    /// Length of its longest run, less one.
    longest: W,
}

/// The tree.
#[derive(Clone)]
pub(crate) struct Runs<W> {
    leaves: Vec<Leaf<W>>,
    inners: Vec<Inner<W>>,
    free_leaves: Vec<u32>,
    free_inners: Vec<u32>,
    root: u32,
    /// Inner levels above the leaves.
    height: usize,
    /// Of the whole tree; meaningless while there is no run.
    sum: Sum<W>,
    len: usize,
}

impl<W: Word> Sum<W> {
    fn of_run((first, last): Run<W>) -> Self {
        let steps = last.sub(first);
        Self { first, count: steps.add(W::from_bits(1)), longest: steps }
    }

    /// Of two neighbours, this the lower one.
    fn and(self, upper: Self) -> Self {
        Self { first: self.first, count: self.count.add(upper.count), longest: self.longest.max(upper.longest) }
    }
}

impl<W: Word> Leaf<W> {
    fn empty() -> Self {
        Self { len: 0, prev: NIL, next: NIL, first: [W::default(); WIDTH], last: [W::default(); WIDTH] }
    }

    fn run(&self, slot: usize) -> Run<W> {
        (self.first[slot], self.last[slot])
    }

    fn firsts(&self) -> &[W] {
        &self.first[..self.len]
    }

    fn sum(&self) -> Sum<W> {
        let mut sum = Sum::of_run(self.run(0));
        for slot in 1..self.len {
            sum = sum.and(Sum::of_run(self.run(slot)));
        }
        sum
    }
}

impl<W: Word> Inner<W> {
    fn empty() -> Self {
        Self { len: 0, child: [NIL; WIDTH], sum: [Sum::default(); WIDTH] }
    }

    fn sums(&self) -> &[Sum<W>] {
        &self.sum[..self.len]
    }

    fn sum(&self) -> Sum<W> {
        let mut sum = self.sum[0];
        for upper in &self.sums()[1..] {
            sum = sum.and(*upper);
        }
        sum
    }

    /// The child whose numbers begin at or below `at`; the first if all begin above.
    fn slot_for(&self, at: W) -> usize {
        self.sums().partition_point(|sum| sum.first <= at).saturating_sub(1)
    }
}

impl<W: Word> Runs<W> {
    pub(crate) const fn new(zero: W) -> Self {
        Self {
            leaves: Vec::new(),
            inners: Vec::new(),
            free_leaves: Vec::new(),
            free_inners: Vec::new(),
            root: NIL,
            height: 0,
            sum: Sum { first: zero, count: zero, longest: zero },
            len: 0,
        }
    }

    /// How many runs.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// How many numbers.
    pub(crate) fn count(&self) -> Count {
        W::count(self.sum.count, self.len == 0)
    }

    fn leaf(&self, id: u32) -> &Leaf<W> {
        &self.leaves[id as usize]
    }

    fn leaf_mut(&mut self, id: u32) -> &mut Leaf<W> {
        &mut self.leaves[id as usize]
    }

    fn inner(&self, id: u32) -> &Inner<W> {
        &self.inners[id as usize]
    }

    fn inner_mut(&mut self, id: u32) -> &mut Inner<W> {
        &mut self.inners[id as usize]
    }

    fn new_leaf(&mut self, leaf: Leaf<W>) -> u32 {
        put(&mut self.leaves, &mut self.free_leaves, leaf)
    }

    fn new_inner(&mut self, inner: Inner<W>) -> u32 {
        put(&mut self.inners, &mut self.free_inners, inner)
    }

    /// The leaf in which a run that begins at `at` is, or would be put.
    fn leaf_for(&self, at: W) -> u32 {
        let mut node = self.root;
        for _ in 0..self.height {
            let inner = self.inner(node);
            node = inner.child[inner.slot_for(at)];
        }
        node
    }

    /// The last run that begins at or below `at`, and the first that begins above.
    pub(crate) fn around(&self, at: W) -> (Option<Run<W>>, Option<Run<W>>) {
        if self.len == 0 {
            return (None, None);
        }
        let leaf = self.leaf(self.leaf_for(at));
        let slot = leaf.firsts().partition_point(|&first| first <= at);
        let below = slot.checked_sub(1).map(|slot| leaf.run(slot));
        let above = if slot < leaf.len {
            Some(leaf.run(slot))
        } else {
            self.leaves.get(leaf.next as usize).map(|next| next.run(0))
        };
        (below, above)
    }

    /// The run that has `at`.
    pub(crate) fn around_member(&self, at: W) -> Option<Run<W>> {
        self.around(at).0.filter(|&(_, last)| at <= last)
    }

    /// The lowest number that is at or above `at`.
    pub(crate) fn first_from(&self, at: W) -> Option<W> {
        match self.around(at) {
            (Some((_, last)), _) if at <= last => Some(at),
            (_, above) => above.map(|(first, _)| first),
        }
    }

    /// Adds `first` to `last`; whether that added a number.
    pub(crate) fn insert(&mut self, first: W, last: W) -> bool {
        let reach = last.next().unwrap_or(last);
        let (below, _) = self.around(reach);
        let touching = |run: Run<W>| run.1.next().is_none_or(|behind| behind >= first);
        let Some(upper) = below.filter(|&run| touching(run)) else {
            self.insert_run((first, last));
            return true;
        };
        if upper.0 <= first && last <= upper.1 {
            return false;
        }
        // The uppermost run that is touched grows; those below it that are touched go.
        let (mut edge, mut lowest) = (upper.0, upper.0.min(first));
        while let Some(below) = edge.prev().and_then(|at| self.around(at).0).filter(|&run| touching(run)) {
            self.delete_run(below.0);
            (edge, lowest) = (below.0, lowest.min(below.0));
        }
        self.replace_run(upper.0, (lowest, last.max(upper.1)));
        true
    }

    /// Takes out `first` to `last`; whether that took a number.
    pub(crate) fn remove(&mut self, first: W, last: W) -> bool {
        let mut changed = false;
        while let Some(run) = self.around(last).0.filter(|run| run.1 >= first) {
            changed = true;
            let below = (run.0 < first).then(|| (run.0, first.prev().expect("a run begins below it")));
            let above = (run.1 > last).then(|| (last.next().expect("a run ends above it"), run.1));
            match (below, above) {
                (None, None) => self.delete_run(run.0),
                (Some(rest), None) | (None, Some(rest)) => self.replace_run(run.0, rest),
                (Some(below), Some(above)) => {
                    self.replace_run(run.0, below);
                    self.insert_run(above);
                }
            }
            if below.is_some() {
                break;
            }
        }
        changed
    }
}

impl<W: Word> std::fmt::Debug for Runs<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.walk().map(W::range)).finish()
    }
}

/// Stores `node` in a free place.
fn put<T>(nodes: &mut Vec<T>, free: &mut Vec<u32>, node: T) -> u32 {
    if let Some(id) = free.pop() {
        nodes[id as usize] = node;
        return id;
    }
    // Four billion nodes are more than a hundred billion runs: memory ends first.
    let id = u32::try_from(nodes.len()).ok().filter(|&id| id != NIL).expect("fewer than 2^32 - 1 nodes");
    nodes.push(node);
    id
}
