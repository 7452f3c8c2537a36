//! A run that comes, changes or goes, and what that means on the way up.

use super::{
    Ends as _, Entry, Inner, Keys as _, Kind, Leaf, MERGED, NIL, Place, Rest, SPARSE, Sum, Tree, WIDTH, between,
    joined, sum_of, within,
};
use crate::word::Word;

/// What happened to a node, for its parent.
enum Change<W, C> {
    /// It sums to this now; whether it became smaller.
    Same(Sum<W, C>, bool),
    /// It split: what it sums to, and its new upper neighbour.
    Split(Sum<W, C>, u32, Sum<W, C>),
    /// Nothing is left of it.
    Gone,
}

impl<W: Word, K: Kind<W>> Tree<W, K> {
    /// Puts a run at a place, between its neighbours there.
    pub(crate) fn insert(&mut self, place: &Place, entry: Entry<W, K::Value>) {
        self.len += 1;
        let Some(before) = self.sum_at(place, self.height) else {
            let mut leaf = Leaf::empty();
            leaf.insert(0, entry);
            self.root = self.new_leaf(leaf);
            self.sum = Some(sum_of::<W, K>(entry));
            return;
        };
        let leaf = self.leaf_mut(place.leaf);
        let change = if leaf.len < WIDTH {
            leaf.insert(place.slot, entry);
            Change::Same(leaf.sum_with(place.slot, before), false)
        } else {
            self.split_leaf(place, entry)
        };
        self.settle(place, change);
    }

    /// Gives the run before a place other ends or another value; it stays between its neighbours.
    pub(crate) fn replace(&mut self, place: &Place, entry: Entry<W, K::Value>) {
        let (Some(before), Some(slot)) = (self.sum_at(place, self.height), place.slot.checked_sub(1)) else { return };
        let leaf = self.leaf_mut(place.leaf);
        let (old, lost) = (leaf.entry(slot), leaf.stretch_around(slot));
        leaf.put(slot, entry);
        let gained = leaf.stretch_around(slot);
        let sum = Sum {
            first: leaf.first.get(0),
            last: leaf.end(leaf.len - 1),
            count: K::minus(K::plus(before.count, K::count(entry)), K::count(old)),
            longest: longest(before.longest, lost, gained).unwrap_or_else(|| leaf.sum().longest),
        };
        self.settle(place, Change::Same(sum, false));
    }

    /// Takes out the run before a place.
    pub(crate) fn remove(&mut self, place: &Place) {
        let (Some(before), Some(slot)) = (self.sum_at(place, self.height), place.slot.checked_sub(1)) else { return };
        self.len -= 1;
        let leaf = self.leaf_mut(place.leaf);
        let (old, lost) = (leaf.entry(slot), leaf.stretch_around(slot));
        leaf.remove(slot);
        if leaf.len == 0 {
            self.settle(place, Change::Gone);
            return;
        }
        let inside = slot > 0 && slot < leaf.len;
        let gained = if inside { between::<W, K>(leaf.end(slot - 1), leaf.first.get(slot)) } else { W::default() };
        let sum = Sum {
            first: leaf.first.get(0),
            last: leaf.end(leaf.len - 1),
            count: K::minus(before.count, K::count(old)),
            longest: longest(before.longest, lost, gained).unwrap_or_else(|| leaf.sum().longest),
        };
        self.settle(place, Change::Same(sum, true));
    }

    /// What the node at `depth` of a way down sums to, as its parent knows it.
    fn sum_at(&self, place: &Place, depth: usize) -> Option<Sum<W, K::Count>> {
        let Some(above) = depth.checked_sub(1) else { return self.sum };
        let (node, slot) = place.path[above];
        Some(self.inner(node).sum_of(usize::from(slot)))
    }

    fn split_leaf(&mut self, place: &Place, entry: Entry<W, K::Value>) -> Change<W, K::Count> {
        let leaf = self.leaf_mut(place.leaf);
        // Runs that come in order leave full leaves behind; others split in the middle.
        let keep = if place.slot == WIDTH && leaf.next == NIL { WIDTH } else { WIDTH / 2 };
        let mut upper = Leaf::empty();
        upper.take_from(leaf, keep);
        if place.slot <= keep && keep < WIDTH {
            leaf.insert(place.slot, entry);
        } else {
            upper.insert(place.slot - keep, entry);
        }
        let (sum, upper_sum, next) = (leaf.sum(), upper.sum(), leaf.next);
        (upper.prev, upper.next) = (place.leaf, next);
        let upper = self.new_leaf(upper);
        self.leaf_mut(place.leaf).next = upper;
        if next != NIL {
            self.leaf_mut(next).prev = upper;
        }
        Change::Split(sum, upper, upper_sum)
    }

    /// Carries what happened to a leaf up to the root.
    fn settle(&mut self, place: &Place, mut change: Change<W, K::Count>) {
        if matches!(change, Change::Gone) {
            self.free_node(place.leaf, 0);
        }
        for depth in (0..self.height).rev() {
            let Some(before) = self.sum_at(place, depth) else { return };
            let (node, slot) = place.path[depth];
            let (slot, level) = (usize::from(slot), self.height - depth);
            change = match change {
                Change::Same(sum, smaller) => self.update_child(node, level, slot, sum, smaller, before),
                Change::Split(sum, upper, upper_sum) => self.add_child(node, slot, sum, upper, upper_sum),
                Change::Gone => self.drop_child(node, level, slot),
            };
        }
        match change {
            Change::Same(sum, _) => self.sum = Some(sum),
            Change::Gone => (self.sum, self.root, self.height) = (None, NIL, 0),
            Change::Split(sum, upper, upper_sum) => {
                let mut root = Inner::empty();
                root.insert(0, self.root, sum);
                root.insert(1, upper, upper_sum);
                self.sum = Some(joined::<W, K>(sum, upper_sum));
                self.root = self.new_inner(root);
                self.height += 1;
            }
        }
        while self.height > 0 && self.inner(self.root).len == 1 {
            let root = self.root;
            self.root = self.inner(root).child[0];
            self.free_inners.push(root);
            self.height -= 1;
        }
    }

    fn update_child(
        &mut self,
        node: u32,
        level: usize,
        slot: usize,
        sum: Sum<W, K::Count>,
        smaller: bool,
        before: Sum<W, K::Count>,
    ) -> Change<W, K::Count> {
        let inner = self.inner_mut(node);
        let old = inner.sum_of(slot);
        let count = K::minus(K::plus(before.count, sum.count), old.count);
        let sum = if (Sum { count: old.count, ..sum }) == old {
            // Mostly: then what is beside the child is not looked at.
            inner.rest[slot].count = sum.count;
            Sum { count, ..before }
        } else {
            let lost = inner.stretch_around::<K>(slot);
            inner.set_sum(slot, sum);
            let gained = inner.stretch_around::<K>(slot);
            Sum {
                first: inner.first.get(0),
                last: if slot + 1 == inner.len { sum.last } else { before.last },
                count,
                longest: longest(before.longest, lost, gained).unwrap_or_else(|| inner.sum::<K>().longest),
            }
        };
        Change::Same(sum, smaller && self.merge_sparse(node, level, slot))
    }

    fn add_child(
        &mut self,
        node: u32,
        slot: usize,
        sum: Sum<W, K::Count>,
        upper: u32,
        upper_sum: Sum<W, K::Count>,
    ) -> Change<W, K::Count> {
        let inner = self.inner_mut(node);
        inner.set_sum(slot, sum);
        let slot = slot + 1;
        if inner.len < WIDTH {
            inner.insert(slot, upper, upper_sum);
            return Change::Same(inner.sum::<K>(), false);
        }
        let keep = if slot == WIDTH { WIDTH - 1 } else { WIDTH / 2 };
        let mut above = Inner::empty();
        above.take_from(inner, keep);
        if slot <= keep {
            inner.insert(slot, upper, upper_sum);
        } else {
            above.insert(slot - keep, upper, upper_sum);
        }
        let (sum, above_sum) = (inner.sum::<K>(), above.sum::<K>());
        Change::Split(sum, self.new_inner(above), above_sum)
    }

    fn drop_child(&mut self, node: u32, level: usize, slot: usize) -> Change<W, K::Count> {
        let inner = self.inner_mut(node);
        inner.remove(slot);
        if inner.len == 0 {
            self.free_node(node, level);
            return Change::Gone;
        }
        Change::Same(inner.sum::<K>(), true)
    }

    /// Joins the child at `slot` with a neighbour, if it is sparse and a neighbour has room. Whether it did.
    fn merge_sparse(&mut self, node: u32, level: usize, slot: usize) -> bool {
        let inner = self.inner(node);
        let size = self.node_len(inner.child[slot], level - 1);
        if size >= SPARSE {
            return false;
        }
        let has_room = |other: usize| self.node_len(inner.child[other], level - 1) + size <= MERGED;
        let lower = if slot + 1 < inner.len && has_room(slot + 1) {
            slot
        } else if slot > 0 && has_room(slot - 1) {
            slot - 1
        } else {
            return false;
        };
        let (left, right) = (inner.child[lower], inner.child[lower + 1]);
        let sum = joined::<W, K>(inner.sum_of(lower), inner.sum_of(lower + 1));
        if level == 1 {
            let mut upper = self.leaf(right).clone();
            self.leaf_mut(left).take_from(&mut upper, 0);
        } else {
            let mut upper = self.inner(right).clone();
            self.inner_mut(left).take_from(&mut upper, 0);
        }
        let inner = self.inner_mut(node);
        inner.remove(lower + 1);
        inner.set_sum(lower, sum);
        self.free_node(right, level - 1);
        true
    }

    fn node_len(&self, node: u32, level: usize) -> usize {
        if level == 0 { self.leaf(node).len } else { self.inner(node).len }
    }

    /// Gives the place of a node back whose entries are gone, or are elsewhere.
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

/// The longest stretch where stretches of at most `lost` went and the longest that came is `gained`. None when only a
/// look at all of them tells.
fn longest<W: Word>(before: W, lost: W, gained: W) -> Option<W> {
    if gained >= before { Some(gained) } else { (lost < before).then_some(before) }
}

impl<W: Word, K: Kind<W>> Leaf<W, K> {
    /// The longest stretch of which the run at `slot` is a part, or an end.
    fn stretch_around(&self, slot: usize) -> W {
        let own = within::<W, K>(self.first.get(slot), self.end(slot));
        let below = if slot > 0 { between::<W, K>(self.end(slot - 1), self.first.get(slot)) } else { own };
        let above = if slot + 1 < self.len { between::<W, K>(self.end(slot), self.first.get(slot + 1)) } else { own };
        own.max(below).max(above)
    }

    /// What it sums to with the run at `slot`, and summed to without it.
    fn sum_with(&self, slot: usize, before: Sum<W, K::Count>) -> Sum<W, K::Count> {
        let inside = slot > 0 && slot + 1 < self.len;
        let lost = if inside { between::<W, K>(self.end(slot - 1), self.first.get(slot + 1)) } else { W::default() };
        let gained = self.stretch_around(slot);
        Sum {
            first: self.first.get(0),
            last: self.end(self.len - 1),
            count: K::plus(before.count, K::count(self.entry(slot))),
            longest: longest(before.longest, lost, gained).unwrap_or_else(|| self.sum().longest),
        }
    }

    /// Puts a run at `slot`; there is room.
    pub(super) fn insert(&mut self, slot: usize, entry: Entry<W, K::Value>) {
        let (first, last, value) = entry;
        self.first.open(slot, self.len, first);
        self.last.open(slot, self.len);
        self.value.copy_within(slot..self.len, slot + 1);
        self.value[slot] = value;
        self.last.set(slot, last, &self.first);
        self.len += 1;
    }

    fn remove(&mut self, slot: usize) {
        self.first.close(slot, self.len);
        self.last.close(slot, self.len);
        self.value.copy_within(slot + 1..self.len, slot);
        self.len -= 1;
    }

    fn put(&mut self, slot: usize, (first, last, value): Entry<W, K::Value>) {
        self.first.set(slot, self.len, first);
        self.value[slot] = value;
        self.last.set(slot, last, &self.first);
    }

    /// Appends to this the runs of `other` from slot `from` on; there is room.
    fn take_from(&mut self, other: &mut Self, from: usize) {
        for slot in from..other.len {
            self.insert(self.len, other.entry(slot));
        }
        other.first.cut(from);
        other.len = from;
    }
}

impl<W: Word, C: Copy + Default> Inner<W, C> {
    /// The longest stretch in the child at `slot`, or at its ends.
    fn stretch_around<K: Kind<W, Count = C>>(&self, slot: usize) -> W {
        let own = self.rest[slot].longest;
        let below = if slot > 0 { between::<W, K>(self.rest[slot - 1].last, self.first.get(slot)) } else { own };
        let above =
            if slot + 1 < self.len { between::<W, K>(self.rest[slot].last, self.first.get(slot + 1)) } else { own };
        own.max(below).max(above)
    }

    /// Puts a child at `slot`; there is room.
    pub(super) fn insert(&mut self, slot: usize, child: u32, sum: Sum<W, C>) {
        let Sum { first, last, count, longest } = sum;
        self.first.open(slot, self.len, first);
        self.child.copy_within(slot..self.len, slot + 1);
        self.rest.copy_within(slot..self.len, slot + 1);
        (self.child[slot], self.rest[slot]) = (child, Rest { last, count, longest });
        self.len += 1;
    }

    fn remove(&mut self, slot: usize) {
        self.first.close(slot, self.len);
        self.child.copy_within(slot + 1..self.len, slot);
        self.rest.copy_within(slot + 1..self.len, slot);
        self.len -= 1;
    }

    /// Appends to this the children of `other` from slot `from` on; there is room.
    fn take_from(&mut self, other: &mut Self, from: usize) {
        for slot in from..other.len {
            self.insert(self.len, other.child[slot], other.sum_of(slot));
        }
        other.first.cut(from);
        other.len = from;
    }
}
