//! A tree out of runs that are in order already.

use super::{Inner, Leaf, NIL, Run, Runs, WIDTH};
use crate::word::Word;

/// How full nodes are made: a later insertion finds room in most of them.
const FILL: usize = WIDTH * 7 / 8;

impl<W: Word> Runs<W> {
    /// From runs in ascending order of their first numbers, which may touch and overlap.
    pub(crate) fn from_sorted(runs: impl IntoIterator<Item = Run<W>>) -> Self {
        let mut tree = Self::new(W::default());
        let mut runs = runs.into_iter();
        let Some(mut open) = runs.next() else { return tree };
        for (first, last) in runs {
            if open.1.next().is_none_or(|behind| first <= behind) {
                open.1 = open.1.max(last);
            } else {
                tree.append(open);
                open = (first, last);
            }
        }
        tree.append(open);
        tree.raise();
        tree
    }

    /// Puts a run behind all others, in leaves only.
    fn append(&mut self, run: Run<W>) {
        self.len += 1;
        match self.leaves.last_mut() {
            Some(leaf) if leaf.len < FILL => leaf.insert(leaf.len, run),
            _ => {
                let mut leaf = Leaf::empty();
                leaf.insert(0, run);
                let before = u32::try_from(self.leaves.len()).unwrap_or(NIL).wrapping_sub(1);
                leaf.prev = before;
                let id = self.new_leaf(leaf);
                if before != NIL {
                    self.leaf_mut(before).next = id;
                }
            }
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
                    inner.push(child, sum);
                }
                let sum = inner.sum();
                above.push((self.new_inner(inner), sum));
            }
            self.height += 1;
            level = above;
        }
        if let Some(&(root, sum)) = level.first() {
            (self.root, self.sum) = (root, sum);
        }
    }
}
