//! What lies between two bounds: sums, longest stretches, and the first gap.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{Entry, Kind, Run, Sum, Tree};
use crate::word::Word;

/// A part of what lies between two bounds: a whole subtree, or a run that lies between them, cut to them.
pub(super) enum Piece<W: Word, K: Kind<W>> {
    Subtree { node: u32, level: usize, sum: Sum<W, K::Count> },
    Entry(Entry<W, K::Value>),
}

impl<W: Word, K: Kind<W>> Piece<W, K> {
    /// Its first and last number.
    const fn ends(&self) -> Run<W> {
        match self {
            Self::Subtree { sum, .. } => (sum.first, sum.last),
            Self::Entry((first, last, _)) => (*first, *last),
        }
    }

    fn count(&self) -> K::Count {
        match self {
            Self::Subtree { sum, .. } => sum.count,
            Self::Entry(entry) => K::count(*entry),
        }
    }
}

impl<W: Word, K: Kind<W>> Tree<W, K> {
    /// The sum of what lies from `first` to `last`; none when nothing does.
    pub(crate) fn count_between(&self, first: W, last: W) -> Option<K::Count> {
        let mut sum = None;
        self.pieces(first, last, &mut |piece| {
            sum = Some(sum.map_or(piece.count(), |sum| K::plus(sum, piece.count())));
        });
        sum
    }

    /// The pieces from `first` to `last` in order. At most two nodes per level are cut, so there are few.
    fn pieces(&self, first: W, last: W, each: &mut impl FnMut(Piece<W, K>)) {
        if let Some(sum) = self.sum.filter(|sum| sum.first <= last && first <= sum.last) {
            let root = Piece::Subtree { node: self.root, level: self.height, sum };
            self.cut(root, (first, last), each);
        }
    }

    /// A piece that meets the bounds, as far as it lies within them.
    fn cut(&self, piece: Piece<W, K>, bounds: Run<W>, each: &mut impl FnMut(Piece<W, K>)) {
        let (first, last) = bounds;
        let ends = piece.ends();
        if first <= ends.0 && ends.1 <= last {
            each(piece);
            return;
        }
        match piece {
            Piece::Entry((start, end, value)) => each(Piece::Entry((start.max(first), end.min(last), value))),
            Piece::Subtree { node, level, .. } => self.children(node, level, first, &mut |child| {
                let (start, end) = child.ends();
                if first <= end && start <= last {
                    self.cut(child, bounds, each);
                }
                start <= last
            }),
        }
    }

    /// The parts of a subtree in order, from the one that a run at `from` would be in, while `each` says so.
    fn children(&self, node: u32, level: usize, from: W, each: &mut impl FnMut(Piece<W, K>) -> bool) {
        if level == 0 {
            let leaf = self.leaf(node);
            let _ = (leaf.rank(from).saturating_sub(1)..leaf.len).all(|slot| each(Piece::Entry(leaf.entry(slot))));
        } else {
            let inner = self.inner(node);
            let _ = (inner.slot_for(from)..inner.len).all(|slot| {
                each(Piece::Subtree { node: inner.child[slot], level: level - 1, sum: inner.sum_of(slot) })
            });
        }
    }

    /// The longest stretches from `first` to `last`, cut to these bounds: the longest first, the lower first among
    /// equals. Where gaps count, the bounds end gaps as runs do.
    pub(crate) fn longest_between(&self, first: W, last: W) -> impl Iterator<Item = Run<W>> + '_ {
        let mut heap = BinaryHeap::new();
        let mut gaps = Gaps::from(first);
        self.pieces(first, last, &mut |piece| gaps.rank(&piece, &mut heap));
        gaps.finish::<K>(last, &mut heap);
        std::iter::from_fn(move || {
            loop {
                match heap.pop()?.what {
                    Stretch::Run(run) => return Some(run),
                    Stretch::Within { node, level, sum } => {
                        let mut gaps = Gaps::from(sum.first);
                        self.children(node, level, sum.first, &mut |child| {
                            gaps.rank(&child, &mut heap);
                            true
                        });
                    }
                }
            }
        })
    }

    /// The lowest number from `at` on that is in no run.
    pub(crate) fn first_gap_from(&self, at: W) -> Option<W> {
        let mut at = Some(at);
        if let Some(sum) = self.sum {
            let root = Piece::Subtree { node: self.root, level: self.height, sum };
            self.pass(&root, &mut at);
        }
        at
    }

    /// Moves `at` behind what is taken of a piece without a gap; whether it stopped at a gap, or at the end.
    fn pass(&self, piece: &Piece<W, K>, at: &mut Option<W>) -> bool {
        let Some(start) = *at else { return true };
        let (first, last) = piece.ends();
        if start < first {
            return true;
        }
        if start > last {
            return false;
        }
        match piece {
            Piece::Subtree { node, level, sum } if sum.longest > W::default() => {
                let mut stopped = false;
                self.children(*node, *level, start, &mut |child| {
                    stopped = self.pass(&child, at);
                    !stopped
                });
                stopped
            }
            _ => {
                *at = last.next();
                at.is_none()
            }
        }
    }

    /// The gaps from `first` to `last` in order. Subtrees without a gap are passed at once.
    pub(crate) fn gaps_between(&self, first: W, last: W, each: &mut impl FnMut(Run<W>)) {
        let mut edge = Some(first);
        self.pieces(first, last, &mut |piece| self.gaps_of(&piece, &mut edge, each));
        if let Some(edge) = edge.filter(|&edge| edge <= last) {
            each((edge, last));
        }
    }

    fn gaps_of(&self, piece: &Piece<W, K>, edge: &mut Option<W>, each: &mut impl FnMut(Run<W>)) {
        let (first, last) = piece.ends();
        if let Some(gap) = edge.and_then(|edge| gap_to(edge, first)) {
            each(gap);
        }
        match piece {
            Piece::Subtree { node, level, sum } if sum.longest > W::default() => {
                *edge = Some(first);
                self.children(*node, *level, first, &mut |child| {
                    self.gaps_of(&child, edge, each);
                    true
                });
            }
            _ => *edge = last.next(),
        }
    }

    /// The runs of subtrees whose sum `wanted` accepts, in order; others are passed at once.
    pub(crate) fn walk_where(&self, wanted: impl Fn(K::Count) -> bool, each: &mut impl FnMut(Entry<W, K::Value>)) {
        if let Some(sum) = self.sum {
            self.visit(&Piece::Subtree { node: self.root, level: self.height, sum }, &wanted, each);
        }
    }

    fn visit(
        &self,
        piece: &Piece<W, K>,
        wanted: &impl Fn(K::Count) -> bool,
        each: &mut impl FnMut(Entry<W, K::Value>),
    ) {
        if !wanted(piece.count()) {
            return;
        }
        match piece {
            Piece::Entry(entry) => each(*entry),
            Piece::Subtree { node, level, sum } => self.children(*node, *level, sum.first, &mut |child| {
                self.visit(&child, wanted, each);
                true
            }),
        }
    }
}

/// From `edge` to before `first`, unless that is nothing.
fn gap_to<W: Word>(edge: W, first: W) -> Option<Run<W>> {
    first.prev().filter(|&end| edge <= end).map(|end| (edge, end))
}

/// A stretch, or a subtree in which its longest one is sought.
enum Stretch<W, C> {
    Run(Run<W>),
    Within { node: u32, level: usize, sum: Sum<W, C> },
}

/// A stretch in the order of its length, then of its lowest number.
struct Ranked<W, C> {
    key: (W, Reverse<W>),
    what: Stretch<W, C>,
}

/// The gaps between pieces that come in order.
struct Gaps<W> {
    /// Where the next gap would begin; none behind the last number.
    edge: Option<W>,
}

impl<W: Word> Gaps<W> {
    const fn from(edge: W) -> Self {
        Self { edge: Some(edge) }
    }

    /// Puts the stretches of the next piece into the heap, and the one before it.
    fn rank<K: Kind<W>>(&mut self, piece: &Piece<W, K>, heap: &mut BinaryHeap<Ranked<W, K::Count>>) {
        let (first, last) = piece.ends();
        if K::GAPS {
            heap.extend(self.edge.and_then(|edge| gap_to(edge, first)).map(|gap| ranked_gap(gap)));
            self.edge = last.next();
        }
        match *piece {
            Piece::Entry((first, last, _)) if !K::GAPS => {
                heap.push(Ranked { key: (last.sub(first), Reverse(first)), what: Stretch::Run((first, last)) });
            }
            Piece::Entry(_) => {}
            Piece::Subtree { sum, .. } if K::GAPS && sum.longest == W::default() => {}
            Piece::Subtree { node, level, sum } => {
                let key = (sum.longest, Reverse(sum.first));
                heap.push(Ranked { key, what: Stretch::Within { node, level, sum } });
            }
        }
    }

    fn finish<K: Kind<W>>(self, last: W, heap: &mut BinaryHeap<Ranked<W, K::Count>>) {
        if K::GAPS {
            heap.extend(self.edge.filter(|&edge| edge <= last).map(|edge| ranked_gap((edge, last))));
        }
    }
}

/// A gap, by its length as sums have it. All numbers of the word together are one more than it can say: they are the
/// longest gap there can be, and then the only one.
fn ranked_gap<W: Word, C>(gap: Run<W>) -> Ranked<W, C> {
    let steps = gap.1.sub(gap.0);
    Ranked { key: (steps.next().unwrap_or(steps), Reverse(gap.0)), what: Stretch::Run(gap) }
}

impl<W: Word, C> PartialEq for Ranked<W, C> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<W: Word, C> Eq for Ranked<W, C> {}

impl<W: Word, C> PartialOrd for Ranked<W, C> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<W: Word, C> Ord for Ranked<W, C> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}
