//! A run that goes.

use super::{Inner, Leaf, MERGED, NIL, Runs, SPARSE, Sum};
use crate::word::Word;

impl<W: Word> Runs<W> {
    /// Takes out the run that begins at `first`.
    pub(super) fn delete_run(&mut self, first: W) {
        self.len -= 1;
        let shrunk = self.shrink(self.root, self.height, self.sum, first);
        match shrunk.1 {
            Some(sum) => self.sum = sum,
            None => {
                self.free_node(self.root, self.height);
                (self.root, self.height) = (NIL, 0);
            }
        }
        while self.height > 0 && self.inner(self.root).len == 1 {
            let root = self.root;
            self.root = self.inner(root).child[0];
            self.free_inners.push(root);
            self.height -= 1;
        }
    }

    /// Answers with the length of the run, less one, and with what the node sums to; none when nothing is left.
    fn shrink(&mut self, node: u32, level: usize, before: Sum<W>, first: W) -> (W, Option<Sum<W>>) {
        if level == 0 {
            let leaf = self.leaf_mut(node);
            let slot = leaf.firsts().partition_point(|&start| start < first);
            let gone = leaf.last[slot].sub(leaf.first[slot]);
            leaf.remove(slot);
            if leaf.len == 0 {
                return (gone, None);
            }
            let rest = before.without(leaf.first[0], gone);
            return (gone, Some(rest.unwrap_or_else(|| self.leaf(node).sum())));
        }
        let inner = self.inner(node);
        let slot = inner.slot_for(first);
        let (child, child_before) = (inner.child[slot], inner.sum[slot]);
        let (gone, child_sum) = self.shrink(child, level - 1, child_before, first);
        match child_sum {
            Some(sum) => {
                self.inner_mut(node).sum[slot] = sum;
                self.merge_sparse(node, level, slot);
            }
            None => {
                self.inner_mut(node).remove(slot);
                self.free_node(child, level - 1);
            }
        }
        let inner = self.inner(node);
        if inner.len == 0 {
            return (gone, None);
        }
        let rest = before.without(inner.sum[0].first, gone);
        (gone, Some(rest.unwrap_or_else(|| self.inner(node).sum())))
    }

    /// Joins the child at `slot` with a neighbour, if it is sparse and a neighbour has room.
    fn merge_sparse(&mut self, node: u32, level: usize, slot: usize) {
        let inner = self.inner(node);
        let size = self.node_len(inner.child[slot], level - 1);
        if size >= SPARSE {
            return;
        }
        let has_room = |other: usize| self.node_len(inner.child[other], level - 1) + size <= MERGED;
        let lower = if slot + 1 < inner.len && has_room(slot + 1) {
            slot
        } else if slot > 0 && has_room(slot - 1) {
            slot - 1
        } else {
            return;
        };
        let (left, right) = (inner.child[lower], inner.child[lower + 1]);
        let joined = inner.sum[lower].and(inner.sum[lower + 1]);
        if level == 1 {
            let mut upper = std::mem::replace(self.leaf_mut(right), Leaf::empty());
            self.leaf_mut(left).take_from(&mut upper, 0);
            // Unlinked below with its real neighbours.
            (self.leaf_mut(right).prev, self.leaf_mut(right).next) = (upper.prev, upper.next);
        } else {
            let mut upper = std::mem::replace(self.inner_mut(right), Inner::empty());
            self.inner_mut(left).take_from(&mut upper, 0);
        }
        let inner = self.inner_mut(node);
        inner.remove(lower + 1);
        inner.sum[lower] = joined;
        self.free_node(right, level - 1);
    }

    fn node_len(&self, node: u32, level: usize) -> usize {
        if level == 0 { self.leaf(node).len } else { self.inner(node).len }
    }

    /// Gives the place of a node without entries back.
    fn free_node(&mut self, node: u32, level: usize) {
        if level > 0 {
            self.free_inners.push(node);
            return;
        }
        let (prev, next) = (self.leaf(node).prev, self.leaf(node).next);
        if prev != NIL {
            self.leaf_mut(prev).next = next;
        }
        if next != NIL {
            self.leaf_mut(next).prev = prev;
        }
        self.free_leaves.push(node);
    }
}

impl<W: Word> Sum<W> {
    /// Without a run of `gone` steps. None when only a look at all of them tells which is the longest now.
    fn without(self, first: W, gone: W) -> Option<Self> {
        let count = self.count.sub(gone).sub(W::from_bits(1));
        (gone < self.longest).then_some(Self { first, count, longest: self.longest })
    }
}

impl<W: Word> Leaf<W> {
    fn remove(&mut self, slot: usize) {
        self.first.copy_within(slot + 1..self.len, slot);
        self.last.copy_within(slot + 1..self.len, slot);
        self.len -= 1;
    }
}

impl<W: Word> Inner<W> {
    fn remove(&mut self, slot: usize) {
        self.child.copy_within(slot + 1..self.len, slot);
        self.sum.copy_within(slot + 1..self.len, slot);
        self.len -= 1;
    }
}
