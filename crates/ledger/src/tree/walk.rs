//! Runs in order, from either end.

use super::{Entry, Keys as _, Kind, NIL, Tree};
use crate::word::Word;

/// The runs between two places of a tree.
#[derive(Clone)]
pub(crate) struct Walk<'a, W: Word, K: Kind<W>> {
    tree: &'a Tree<W, K>,
    /// Where the next run from below is.
    front: (u32, usize),
    /// Where the next run from above is.
    back: (u32, usize),
    /// False once the two have met.
    open: bool,
}

impl<W: Word, K: Kind<W>> Tree<W, K> {
    /// All runs.
    pub(crate) fn walk(&self) -> Walk<'_, W, K> {
        self.walk_between(W::default(), W::MAX)
    }

    /// The runs that have a number from `first` to `last`, whole.
    pub(crate) fn walk_between(&self, first: W, last: W) -> Walk<'_, W, K> {
        let closed = Walk { tree: self, front: (NIL, 0), back: (NIL, 0), open: false };
        if self.len == 0 || first > last {
            return closed;
        }
        let low = self.seek(first);
        // The run that begins at or below `first`, if it reaches it; else the next one.
        let reaches = self.below(&low).is_some_and(|(_, end, _)| end >= first);
        let Some(front) = self.settled(low.leaf, low.slot - usize::from(reaches)) else { return closed };
        let high = self.seek(last);
        let Some(slot) = high.slot.checked_sub(1) else { return closed };
        let open = self.leaf(front.0).first.get(front.1) <= self.leaf(high.leaf).first.get(slot);
        Walk { tree: self, front, back: (high.leaf, slot), open }
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

impl<W: Word, K: Kind<W>> Iterator for Walk<'_, W, K> {
    type Item = Entry<W, K::Value>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.open {
            return None;
        }
        let (leaf, slot) = self.front;
        if self.front == self.back {
            self.open = false;
        } else if let Some(front) = self.tree.settled(leaf, slot + 1) {
            self.front = front;
        }
        Some(self.tree.leaf(leaf).entry(slot))
    }
}

impl<W: Word, K: Kind<W>> DoubleEndedIterator for Walk<'_, W, K> {
    fn next_back(&mut self) -> Option<Self::Item> {
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
        Some(self.tree.leaf(leaf).entry(slot))
    }
}
