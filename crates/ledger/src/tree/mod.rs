//! Disjoint runs of numbers in order, with sums and longest stretches on the way down.
//!
//! In: runs, each with a value. Out: the run around a number, all runs in order from either end, what lies between two
//! bounds in sum, and the longest stretches there. Guarantee: an operation on one run is one way down and one way up,
//! and moves a few hundred bytes; the memory is that of the runs. Whoever edits it keeps the runs disjoint.
//!
//! It is a B+ tree in two arenas. An inner entry carries its child's ends, the sum of its counts and the length of its
//! longest stretch: of its runs, or of the gaps between them ([`Kind`]). Leaves are linked, so that a walk needs no way
//! back up. Nodes are not kept half full: a node that is under a quarter merges with a neighbour that has room, and that
//! bounds height and waste as well.

mod build;
mod edit;
mod ends;
mod keys;
mod query;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use ends::{Ends, Rare};
pub(crate) use keys::{Halves, Keys};
pub(crate) use walk::Walk;

use crate::word::Word;

/// Runs in a leaf and children in an inner node. 64 keeps the numbers of an IPv4 leaf in four cache lines, and a
/// million runs three levels high.
pub(crate) const WIDTH: usize = 64;
/// A node below this many entries looks for a neighbour to merge with.
const SPARSE: usize = WIDTH / 4;
/// The most entries that a merge may make, so that the next insertion does not split again.
const MERGED: usize = WIDTH * 3 / 4;
/// No node.
const NIL: u32 = u32::MAX;
/// The most inner levels. Two neighbours have 17 entries together or more, so that this many levels would take more
/// than 8^12 leaves, and their numbers have 32 bits.
const LEVELS: usize = 12;

/// First and last number.
pub(crate) type Run<W> = (W, W);

/// A run with its value.
pub(crate) type Entry<W, V> = (W, W, V);

/// What a tree is about.
pub(crate) trait Kind<W: Word>: Copy + Default + 'static {
    /// What a run carries.
    type Value: Copy + Default + PartialEq + std::fmt::Debug;
    /// What is summed up. Sums are modulo the word: see [`Word::count`].
    type Count: Copy + Default + PartialEq + std::fmt::Debug;
    /// How leaves keep where runs end.
    type Ends: Ends<W>;
    /// Whether the longest gaps between runs are sought, or else the longest runs.
    const GAPS: bool;

    fn count(entry: Entry<W, Self::Value>) -> Self::Count;
    fn plus(a: Self::Count, b: Self::Count) -> Self::Count;
    fn minus(a: Self::Count, b: Self::Count) -> Self::Count;
}

/// What is known of neighbouring runs together, of which there is at least one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sum<W, C> {
    pub(crate) first: W,
    pub(crate) last: W,
    pub(crate) count: C,
    /// The longest gap, or the longest run less one.
    pub(crate) longest: W,
}

// Numbers begin with a cache line: see `rank`.
#[derive(Clone)]
#[repr(align(64))]
struct Leaf<W: Word, K: Kind<W>> {
    len: usize,
    prev: u32,
    next: u32,
    first: W::Keys,
    last: K::Ends,
    value: [K::Value; WIDTH],
}

#[derive(Clone)]
#[repr(align(64))]
struct Inner<W: Word, C> {
    len: usize,
    first: W::Keys,
    child: [u32; WIDTH],
    rest: [Rest<W, C>; WIDTH],
}

/// A [`Sum`] but for its first number, which stands beside it. In IPv6 it is one cache line.
#[derive(Clone, Copy, Default)]
struct Rest<W, C> {
    last: W,
    count: C,
    longest: W,
}

/// The tree.
#[derive(Clone)]
pub(crate) struct Tree<W: Word, K: Kind<W>> {
    leaves: Vec<Leaf<W, K>>,
    inners: Vec<Inner<W, K::Count>>,
    free_leaves: Vec<u32>,
    free_inners: Vec<u32>,
    root: u32,
    /// Inner levels above the leaves.
    height: usize,
    /// Of the whole tree; meaningless while it is empty.
    sum: Option<Sum<W, K::Count>>,
    len: usize,
}

/// A way down: a place between two runs.
pub(crate) struct Place {
    /// From the root on: inner nodes, and which of their children is next.
    path: [(u32, u8); LEVELS],
    leaf: u32,
    /// How many runs of the leaf begin at or below the number that was sought. Zero only below all runs.
    slot: usize,
}

/// The length of a gap between a run that ends at `lower` and one that begins at `upper`, where gaps count.
fn between<W: Word, K: Kind<W>>(lower: W, upper: W) -> W {
    if K::GAPS { upper.sub(lower).sub(W::from_bits(1)) } else { W::default() }
}

/// The length of a run, less one, where runs count.
fn within<W: Word, K: Kind<W>>(first: W, last: W) -> W {
    if K::GAPS { W::default() } else { last.sub(first) }
}

fn sum_of<W: Word, K: Kind<W>>(entry: Entry<W, K::Value>) -> Sum<W, K::Count> {
    let (first, last, _) = entry;
    Sum { first, last, count: K::count(entry), longest: within::<W, K>(first, last) }
}

/// Of two neighbours.
fn joined<W: Word, K: Kind<W>>(lower: Sum<W, K::Count>, upper: Sum<W, K::Count>) -> Sum<W, K::Count> {
    let gap = between::<W, K>(lower.last, upper.first);
    Sum {
        first: lower.first,
        last: upper.last,
        count: K::plus(lower.count, upper.count),
        longest: lower.longest.max(upper.longest).max(gap),
    }
}

impl<W: Word, K: Kind<W>> Leaf<W, K> {
    fn empty() -> Self {
        Self {
            len: 0,
            prev: NIL,
            next: NIL,
            first: W::Keys::none(),
            last: K::Ends::none(),
            value: [K::Value::default(); WIDTH],
        }
    }

    fn entry(&self, slot: usize) -> Entry<W, K::Value> {
        (self.first.get(slot), self.end(slot), self.value[slot])
    }

    /// The last number of the run at `slot`.
    fn end(&self, slot: usize) -> W {
        self.last.get(slot, &self.first)
    }

    /// How many runs begin at or below `at`.
    fn rank(&self, at: W) -> usize {
        self.first.rank(at).min(self.len)
    }

    fn sum(&self) -> Sum<W, K::Count> {
        let first = sum_of::<W, K>(self.entry(0));
        (1..self.len).fold(first, |sum, slot| joined::<W, K>(sum, sum_of::<W, K>(self.entry(slot))))
    }
}

impl<W: Word, C: Copy + Default> Inner<W, C> {
    fn empty() -> Self {
        Self { len: 0, first: W::Keys::none(), child: [NIL; WIDTH], rest: [Rest::default(); WIDTH] }
    }

    /// What the child at `slot` sums to.
    fn sum_of(&self, slot: usize) -> Sum<W, C> {
        let Rest { last, count, longest } = self.rest[slot];
        Sum { first: self.first.get(slot), last, count, longest }
    }

    fn set_sum(&mut self, slot: usize, Sum { first, last, count, longest }: Sum<W, C>) {
        self.first.set(slot, self.len, first);
        self.rest[slot] = Rest { last, count, longest };
    }

    /// The child whose numbers begin at or below `at`; the first if all begin above.
    fn slot_for(&self, at: W) -> usize {
        self.first.rank(at).min(self.len).saturating_sub(1)
    }

    fn sum<K: Kind<W, Count = C>>(&self) -> Sum<W, C> {
        (1..self.len).fold(self.sum_of(0), |sum, upper| joined::<W, K>(sum, self.sum_of(upper)))
    }
}

impl<W: Word, K: Kind<W>> Tree<W, K> {
    pub(crate) const fn new() -> Self {
        Self {
            leaves: Vec::new(),
            inners: Vec::new(),
            free_leaves: Vec::new(),
            free_inners: Vec::new(),
            root: NIL,
            height: 0,
            sum: None,
            len: 0,
        }
    }

    /// How many runs.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Of all runs.
    pub(crate) const fn sum(&self) -> Option<Sum<W, K::Count>> {
        self.sum
    }

    fn leaf(&self, id: u32) -> &Leaf<W, K> {
        &self.leaves[id as usize]
    }

    fn leaf_mut(&mut self, id: u32) -> &mut Leaf<W, K> {
        &mut self.leaves[id as usize]
    }

    fn inner(&self, id: u32) -> &Inner<W, K::Count> {
        &self.inners[id as usize]
    }

    fn inner_mut(&mut self, id: u32) -> &mut Inner<W, K::Count> {
        &mut self.inners[id as usize]
    }

    fn new_leaf(&mut self, leaf: Leaf<W, K>) -> u32 {
        put(&mut self.leaves, &mut self.free_leaves, leaf)
    }

    fn new_inner(&mut self, inner: Inner<W, K::Count>) -> u32 {
        put(&mut self.inners, &mut self.free_inners, inner)
    }

    /// The place behind the last run that begins at or below `at`.
    pub(crate) fn seek(&self, at: W) -> Place {
        let mut place = Place { path: [(NIL, 0); LEVELS], leaf: self.root, slot: 0 };
        if self.len == 0 {
            return place;
        }
        for step in &mut place.path[..self.height] {
            let inner = self.inner(place.leaf);
            let slot = inner.slot_for(at);
            #[expect(clippy::cast_possible_truncation, reason = "below WIDTH")]
            let short = slot as u8;
            *step = (place.leaf, short);
            place.leaf = inner.child[slot];
        }
        place.slot = self.leaf(place.leaf).rank(at);
        place
    }

    /// The run before a place.
    pub(crate) fn below(&self, place: &Place) -> Option<Entry<W, K::Value>> {
        place.slot.checked_sub(1).map(|slot| self.leaf(place.leaf).entry(slot))
    }

    /// The run before the run before a place.
    pub(crate) fn second_below(&self, place: &Place) -> Option<Entry<W, K::Value>> {
        if let Some(slot) = place.slot.checked_sub(2) {
            return Some(self.leaf(place.leaf).entry(slot));
        }
        let prev = self.leaves.get(self.leaves.get(place.leaf as usize)?.prev as usize)?;
        Some(prev.entry(prev.len - 1))
    }

    /// The run behind a place.
    pub(crate) fn above(&self, place: &Place) -> Option<Entry<W, K::Value>> {
        let leaf = self.leaves.get(place.leaf as usize)?;
        if place.slot < leaf.len {
            return Some(leaf.entry(place.slot));
        }
        self.leaves.get(leaf.next as usize).map(|next| next.entry(0))
    }

    /// The run that has `at`.
    pub(crate) fn find(&self, at: W) -> Option<Entry<W, K::Value>> {
        let mut node = self.root;
        if self.len == 0 {
            return None;
        }
        for _ in 0..self.height {
            let inner = self.inner(node);
            node = inner.child[inner.slot_for(at)];
        }
        let leaf = self.leaf(node);
        let slot = leaf.rank(at).checked_sub(1)?;
        (at <= leaf.end(slot)).then(|| leaf.entry(slot))
    }
}

/// Stores `node` in a free place.
fn put<T>(nodes: &mut Vec<T>, free: &mut Vec<u32>, node: T) -> u32 {
    if let Some(id) = free.pop() {
        nodes[id as usize] = node;
        return id;
    }
    // Four billion nodes are more than ten billion runs: memory ends first.
    let id = u32::try_from(nodes.len()).ok().filter(|&id| id != NIL).expect("fewer than 2^32 - 1 nodes");
    nodes.push(node);
    id
}
