//! Runs in order, from either end.

use super::{NIL, Run, Runs};
use crate::word::Word;

/// The runs between two places of a tree.
#[derive(Clone)]
pub(crate) struct Walk<'a, W> {
    tree: &'a Runs<W>,
    /// Where the next run from below is.
    front: (u32, usize),
    /// Where the next run from above is.
    back: (u32, usize),
    /// None once the two have met.
    open: bool,
}

impl<W: Word> Runs<W> {
    /// All runs.
    pub(crate) fn walk(&self) -> Walk<'_, W> {
        self.walk_between(W::default(), W::MAX)
    }

    /// The runs that have a number from `first` to `last`, whole.
    pub(crate) fn walk_between(&self, first: W, last: W) -> Walk<'_, W> {
        let closed = Walk { tree: self, front: (NIL, 0), back: (NIL, 0), open: false };
        if self.len == 0 || first > last {
            return closed;
        }
        let low = self.leaf_for(first);
        // The run that begins at or below `first`, if it reaches it; else the next one.
        let slot = self.leaf(low).firsts().partition_point(|&start| start <= first);
        let slot = slot.checked_sub(1).filter(|&slot| self.leaf(low).last[slot] >= first).unwrap_or(slot);
        let Some(front) = self.settled(low, slot) else { return closed };
        let high = self.leaf_for(last);
        let Some(slot) = self.leaf(high).firsts().partition_point(|&start| start <= last).checked_sub(1) else {
            return closed;
        };
        let open = self.leaf(front.0).first[front.1] <= self.leaf(high).first[slot];
        Walk { tree: self, front, back: (high, slot), open }
    }

    /// A place, moved to the next leaf when its slot is behind the last.
    fn settled(&self, leaf: u32, slot: usize) -> Option<(u32, usize)> {
        let node = self.leaf(leaf);
        if slot < node.len {
            Some((leaf, slot))
        } else if node.next == NIL {
            None
        } else {
            Some((node.next, 0))
        }
    }
}

impl<W: Word> Iterator for Walk<'_, W> {
    type Item = Run<W>;

    fn next(&mut self) -> Option<Run<W>> {
        if !self.open {
            return None;
        }
        let (leaf, slot) = self.front;
        if self.front == self.back {
            self.open = false;
        } else if let Some(front) = self.tree.settled(leaf, slot + 1) {
            self.front = front;
        }
        Some(self.tree.leaf(leaf).run(slot))
    }
}

impl<W: Word> DoubleEndedIterator for Walk<'_, W> {
    fn next_back(&mut self) -> Option<Run<W>> {
        if !self.open {
            return None;
        }
        let (leaf, slot) = self.back;
        if self.front == self.back {
            self.open = false;
        } else if slot > 0 {
            self.back = (leaf, slot - 1);
        } else {
            let prev = self.tree.leaf(leaf).prev;
            self.back = (prev, self.tree.leaf(prev).len - 1);
        }
        Some(self.tree.leaf(leaf).run(slot))
    }
}
