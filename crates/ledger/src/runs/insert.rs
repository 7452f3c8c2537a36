//! A new run, and a run that changes its ends.

use super::{Inner, Leaf, NIL, Run, Runs, Sum, WIDTH};
use crate::word::Word;

/// A node after an insertion: what it sums to, and the new upper neighbour if it had to split.
type Grown<W> = (Sum<W>, Option<(u32, Sum<W>)>);

impl<W: Word> Runs<W> {
    /// Adds a run that neither overlaps nor touches another.
    pub(super) fn insert_run(&mut self, run: Run<W>) {
        self.len += 1;
        if self.root == NIL {
            self.root = self.new_leaf(Leaf::empty());
        }
        let (sum, split) = self.grow(self.root, self.height, self.sum, run);
        self.sum = sum;
        if let Some((upper, upper_sum)) = split {
            let mut root = Inner::empty();
            root.push(self.root, sum);
            root.push(upper, upper_sum);
            self.sum = root.sum();
            self.root = self.new_inner(root);
            self.height += 1;
        }
    }

    fn grow(&mut self, node: u32, level: usize, before: Sum<W>, run: Run<W>) -> Grown<W> {
        if level == 0 {
            return self.grow_leaf(node, before, run);
        }
        let inner = self.inner(node);
        let slot = inner.slot_for(run.0);
        let (child, child_before) = (inner.child[slot], inner.sum[slot]);
        let (child_sum, split) = self.grow(child, level - 1, child_before, run);
        let inner = self.inner_mut(node);
        inner.sum[slot] = child_sum;
        match split {
            // The lengths below only became one run more.
            None => (before.and_run(run), None),
            Some((upper, upper_sum)) => self.grow_inner(node, slot + 1, upper, upper_sum),
        }
    }

    fn grow_leaf(&mut self, node: u32, before: Sum<W>, run: Run<W>) -> Grown<W> {
        let leaf = self.leaf_mut(node);
        let slot = leaf.firsts().partition_point(|&first| first < run.0);
        if leaf.len < WIDTH {
            leaf.insert(slot, run);
            let sum = if leaf.len == 1 { Sum::of_run(run) } else { before.and_run(run) };
            return (sum, None);
        }
        // Runs that come in order leave full leaves behind; others split in the middle.
        let keep = if slot == WIDTH && leaf.next == NIL { WIDTH } else { WIDTH / 2 };
        let mut upper = Leaf::empty();
        upper.take_from(leaf, keep);
        if slot < keep || keep < WIDTH && slot == keep {
            leaf.insert(slot, run);
        } else {
            upper.insert(slot - keep, run);
        }
        let (sum, upper_sum, next) = (leaf.sum(), upper.sum(), leaf.next);
        upper.prev = node;
        upper.next = next;
        let upper = self.new_leaf(upper);
        self.leaf_mut(node).next = upper;
        if next != NIL {
            self.leaf_mut(next).prev = upper;
        }
        (sum, Some((upper, upper_sum)))
    }

    fn grow_inner(&mut self, node: u32, slot: usize, child: u32, child_sum: Sum<W>) -> Grown<W> {
        let inner = self.inner_mut(node);
        if inner.len < WIDTH {
            inner.insert(slot, child, child_sum);
            return (inner.sum(), None);
        }
        let keep = if slot == WIDTH { WIDTH - 1 } else { WIDTH / 2 };
        let mut upper = Inner::empty();
        upper.take_from(inner, keep);
        if slot <= keep {
            inner.insert(slot, child, child_sum);
        } else {
            upper.insert(slot - keep, child, child_sum);
        }
        let (sum, upper_sum) = (inner.sum(), upper.sum());
        (sum, Some((self.new_inner(upper), upper_sum)))
    }

    /// Gives the run that begins at `first` other ends, between those of its neighbours.
    pub(super) fn replace_run(&mut self, first: W, run: Run<W>) {
        self.sum = self.replace_in(self.root, self.height, self.sum, first, run).2;
    }

    /// Answers with the old and the new run lengths, less one, and what the node sums to.
    fn replace_in(&mut self, node: u32, level: usize, before: Sum<W>, first: W, run: Run<W>) -> (W, W, Sum<W>) {
        if level == 0 {
            let leaf = self.leaf_mut(node);
            let slot = leaf.firsts().partition_point(|&start| start < first);
            let old = leaf.last[slot].sub(leaf.first[slot]);
            let new = run.1.sub(run.0);
            (leaf.first[slot], leaf.last[slot]) = run;
            let rest = before.with_length(leaf.first[0], old, new);
            return (old, new, rest.unwrap_or_else(|| self.leaf(node).sum()));
        }
        let inner = self.inner(node);
        let slot = inner.slot_for(first);
        let (child, child_before) = (inner.child[slot], inner.sum[slot]);
        let (old, new, child_sum) = self.replace_in(child, level - 1, child_before, first, run);
        let inner = self.inner_mut(node);
        inner.sum[slot] = child_sum;
        let rest = before.with_length(inner.sum[0].first, old, new);
        (old, new, rest.unwrap_or_else(|| self.inner(node).sum()))
    }
}

impl<W: Word> Sum<W> {
    /// With one run more.
    fn and_run(self, run: Run<W>) -> Self {
        let one = Self::of_run(run);
        Self {
            first: self.first.min(one.first),
            count: self.count.add(one.count),
            longest: self.longest.max(one.longest),
        }
    }

    /// With one run that had `old` steps and now has `new`. None when only a look at all of them tells which is the
    /// longest now.
    fn with_length(self, first: W, old: W, new: W) -> Option<Self> {
        let longest = if new >= self.longest {
            new
        } else if old < self.longest {
            self.longest
        } else {
            return None;
        };
        Some(Self { first, count: self.count.add(new).sub(old), longest })
    }
}

impl<W: Word> Leaf<W> {
    /// Puts `run` at `slot`; there is room.
    pub(super) fn insert(&mut self, slot: usize, (first, last): Run<W>) {
        self.first.copy_within(slot..self.len, slot + 1);
        self.last.copy_within(slot..self.len, slot + 1);
        (self.first[slot], self.last[slot]) = (first, last);
        self.len += 1;
    }

    /// Appends to this the runs of `other` from slot `from` on; there is room.
    pub(super) fn take_from(&mut self, other: &mut Self, from: usize) {
        let moved = other.len - from;
        self.first[self.len..self.len + moved].copy_from_slice(&other.first[from..other.len]);
        self.last[self.len..self.len + moved].copy_from_slice(&other.last[from..other.len]);
        self.len += moved;
        other.len = from;
    }
}

impl<W: Word> Inner<W> {
    pub(super) fn push(&mut self, child: u32, sum: Sum<W>) {
        self.insert(self.len, child, sum);
    }

    /// Puts a child at `slot`; there is room.
    pub(super) fn insert(&mut self, slot: usize, child: u32, sum: Sum<W>) {
        self.child.copy_within(slot..self.len, slot + 1);
        self.sum.copy_within(slot..self.len, slot + 1);
        (self.child[slot], self.sum[slot]) = (child, sum);
        self.len += 1;
    }

    /// Appends to this the children of `other` from slot `from` on; there is room.
    pub(super) fn take_from(&mut self, other: &mut Self, from: usize) {
        let moved = other.len - from;
        self.child[self.len..self.len + moved].copy_from_slice(&other.child[from..other.len]);
        self.sum[self.len..self.len + moved].copy_from_slice(&other.sum[from..other.len]);
        self.len += moved;
        other.len = from;
    }
}
