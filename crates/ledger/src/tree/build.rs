//! A tree out of runs that are in order already.

use super::{Entry, Inner, Kind, Leaf, NIL, Tree, WIDTH};
use crate::word::Word;

/// How full nodes are made: a later insertion finds room in most of them.
const FILL: usize = WIDTH * 7 / 8;

impl<W: Word, K: Kind<W>> Tree<W, K> {
    /// From disjoint runs in ascending order.
    pub(crate) fn from_sorted(entries: impl IntoIterator<Item = Entry<W, K::Value>>) -> Self {
        let mut tree = Self::new();
        for entry in entries {
            tree.append(entry);
        }
        tree.raise();
        tree
    }

    /// Puts a run behind all others, in leaves only.
    fn append(&mut self, entry: Entry<W, K::Value>) {
        self.len += 1;
        if let Some(leaf) = self.leaves.last_mut().filter(|leaf| leaf.len < FILL) {
            leaf.insert(leaf.len, entry);
            return;
        }
        let mut leaf = Leaf::empty();
        leaf.insert(0, entry);
        let id = self.new_leaf(leaf);
        if let Some(before) = id.checked_sub(1) {
            self.leaf_mut(id).prev = before;
            self.leaf_mut(before).next = id;
        }
    }

    /// Builds the inner levels above the leaves.
    fn raise(&mut self) {
        let leaves = u32::try_from(self.leaves.len()).unwrap_or(NIL);
        let mut level: Vec<_> = (0..leaves).map(|id| (id, self.leaf(id).sum())).collect();
        while level.len() > 1 {
            let mut above = Vec::with_capacity(level.len().div_ceil(FILL));
            for children in level.chunks(FILL) {
                let mut inner = Inner::empty();
                for &(child, sum) in children {
                    inner.insert(inner.len, child, sum);
                }
                let sum = inner.sum::<K>();
                above.push((self.new_inner(inner), sum));
            }
            self.height += 1;
            level = above;
        }
        if let Some(&(root, sum)) = level.first() {
            (self.root, self.sum) = (root, Some(sum));
        }
    }
}
