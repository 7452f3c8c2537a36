//! Sums and longest runs between two bounds.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{Run, Runs, Sum};
use crate::{Count, word::Word};

/// What lies between two bounds: whole subtrees, and runs of which a part lies between them. There are at most two
/// partial nodes per level, so this is short.
enum Piece<W> {
    Subtree { node: u32, level: usize, sum: Sum<W> },
    Run(Run<W>),
}

impl<W: Word> Runs<W> {
    /// How many numbers there are from `first` to `last`.
    pub(crate) fn count_between(&self, first: W, last: W) -> Count {
        let mut sum = None;
        self.pieces(first, last, &mut |piece| {
            let next = match piece {
                Piece::Subtree { sum, .. } => sum,
                Piece::Run(run) => Sum::of_run(run),
            };
            sum = Some(sum.map_or(next.count, |sum: W| sum.add(next.count)));
        });
        W::count(sum.unwrap_or_default(), sum.is_none())
    }

    /// The parts of runs from `first` to `last`, the longest first, the lower first among equals.
    pub(crate) fn longest_between(&self, first: W, last: W) -> impl Iterator<Item = Run<W>> + '_ {
        let mut heap = BinaryHeap::new();
        self.pieces(first, last, &mut |piece| heap.push(Ranked::new(piece)));
        std::iter::from_fn(move || {
            loop {
                match heap.pop()?.piece {
                    Piece::Run(run) => return Some(run),
                    Piece::Subtree { node, level: 0, .. } => {
                        let leaf = self.leaf(node);
                        heap.extend((0..leaf.len).map(|slot| Ranked::new(Piece::Run(leaf.run(slot)))));
                    }
                    Piece::Subtree { node, level, .. } => {
                        let inner = self.inner(node);
                        let children = inner.child.iter().zip(inner.sums());
                        heap.extend(
                            children.map(|(&node, &sum)| Ranked::new(Piece::Subtree { node, level: level - 1, sum })),
                        );
                    }
                }
            }
        })
    }

    fn pieces(&self, first: W, last: W, each: &mut impl FnMut(Piece<W>)) {
        if self.len > 0 && first <= last {
            self.pieces_of(self.root, self.height, None, (first, last), each);
        }
    }

    /// Of one node, all of whose numbers lie below `end`.
    fn pieces_of(&self, node: u32, level: usize, end: Option<W>, bounds: Run<W>, each: &mut impl FnMut(Piece<W>)) {
        let (first, last) = bounds;
        if level == 0 {
            let leaf = self.leaf(node);
            let start = leaf.last[..leaf.len].partition_point(|&end| end < first);
            for slot in start..leaf.len {
                let run = leaf.run(slot);
                if run.0 > last {
                    break;
                }
                each(Piece::Run((run.0.max(first), run.1.min(last))));
            }
            return;
        }
        let inner = self.inner(node);
        for slot in inner.slot_for(first)..inner.len {
            let sum = inner.sum[slot];
            if sum.first > last {
                break;
            }
            let end = inner.sums().get(slot + 1).map(|next| next.first).or(end);
            // Without an end, the node may reach beyond `last` unless nothing is beyond it.
            let inside = first <= sum.first && end.map_or(last == W::MAX, |end| end <= last);
            if inside {
                each(Piece::Subtree { node: inner.child[slot], level: level - 1, sum });
            } else {
                self.pieces_of(inner.child[slot], level - 1, end, bounds, each);
            }
        }
    }
}

/// A piece in the order of its longest run, then of its lowest number.
struct Ranked<W> {
    key: (W, Reverse<W>),
    piece: Piece<W>,
}

impl<W: Word> Ranked<W> {
    fn new(piece: Piece<W>) -> Self {
        let key = match &piece {
            Piece::Subtree { sum, .. } => (sum.longest, Reverse(sum.first)),
            Piece::Run((first, last)) => (last.sub(*first), Reverse(*first)),
        };
        Self { key, piece }
    }
}

impl<W: Word> PartialEq for Ranked<W> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<W: Word> Eq for Ranked<W> {}

impl<W: Word> PartialOrd for Ranked<W> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<W: Word> Ord for Ranked<W> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}
