//! A set of numbers as disjoint runs that do not touch: the tree under [`AddrSet`].
//!
//! In: numbers and runs. Out: the run around a number, all runs in order, counts and longest runs between two bounds.
//! Guarantee: one set has one list of runs.
//!
//! [`AddrSet`]: crate::AddrSet

mod algebra;
#[cfg(test)]
mod tests;

use crate::{
    Count,
    tree::{Entry, Kind, Tree, WIDTH, Walk},
    word::Word,
};

pub(crate) use crate::tree::Run;

/// Runs of members: they carry nothing, their lengths are summed up, and the longest is sought.
#[derive(Clone, Copy, Default)]
pub(crate) struct Members;

impl<W: Word> Kind<W> for Members {
    type Value = ();
    type Count = W;
    type Ends = [W; WIDTH];
    const GAPS: bool = false;

    fn count((first, last, ()): Entry<W, ()>) -> W {
        last.sub(first).add(W::from_bits(1))
    }

    fn plus(a: W, b: W) -> W {
        a.add(b)
    }

    fn minus(a: W, b: W) -> W {
        a.sub(b)
    }
}

/// The set.
#[derive(Clone)]
pub(crate) struct Runs<W: Word> {
    tree: Tree<W, Members>,
}

impl<W: Word> Runs<W> {
    pub(crate) const fn new() -> Self {
        Self { tree: Tree::new() }
    }

    /// From runs in ascending order of their first numbers, which may touch and overlap.
    pub(crate) fn from_sorted(runs: impl IntoIterator<Item = Run<W>>) -> Self {
        let mut runs = runs.into_iter();
        let mut open = runs.next();
        let coalesced = std::iter::from_fn(move || {
            let mut run = open?;
            loop {
                open = runs.next();
                match open {
                    Some((first, last)) if run.1.next().is_none_or(|behind| first <= behind) => run.1 = run.1.max(last),
                    _ => return Some((run.0, run.1, ())),
                }
            }
        });
        Self { tree: Tree::from_sorted(coalesced) }
    }

    /// How many runs.
    pub(crate) const fn len(&self) -> usize {
        self.tree.len()
    }

    /// How many numbers.
    pub(crate) fn count(&self) -> Count {
        W::count(self.tree.sum().map(|sum| sum.count))
    }

    /// The run that has `at`.
    pub(crate) fn find(&self, at: W) -> Option<Run<W>> {
        self.tree.find(at).map(plain)
    }

    /// The lowest number that is at or above `at`.
    pub(crate) fn first_from(&self, at: W) -> Option<W> {
        let place = self.tree.seek(at);
        match self.tree.below(&place) {
            Some((_, last, ())) if at <= last => Some(at),
            _ => self.tree.above(&place).map(|(first, ..)| first),
        }
    }

    /// All runs.
    pub(crate) fn walk(&self) -> Steps<'_, W> {
        Steps(self.tree.walk())
    }

    /// The runs that have a number from `first` to `last`, whole.
    pub(crate) fn walk_between(&self, first: W, last: W) -> Steps<'_, W> {
        Steps(self.tree.walk_between(first, last))
    }

    /// How many numbers there are from `first` to `last`.
    pub(crate) fn count_between(&self, first: W, last: W) -> Count {
        W::count(self.tree.count_between(first, last))
    }

    /// The parts of runs from `first` to `last`, the longest first, the lower first among equals.
    pub(crate) fn longest_between(&self, first: W, last: W) -> impl Iterator<Item = Run<W>> + '_ {
        self.tree.longest_between(first, last)
    }

    /// Adds `first` to `last`; whether that added a number.
    pub(crate) fn insert(&mut self, first: W, last: W) -> bool {
        let touches = |run: &Entry<W, ()>| run.1.next().is_none_or(|behind| behind >= first);
        let mut joined = false;
        loop {
            let place = self.tree.seek(last.next().unwrap_or(last));
            let Some(upper) = self.tree.below(&place).filter(touches) else {
                self.tree.insert(&place, (first, last, ()));
                return true;
            };
            if upper.0 <= first && last <= upper.1 {
                return joined;
            }
            // The lowest run that is touched grows; those above it go first.
            let Some(lower) = self.tree.second_below(&place).filter(touches) else {
                self.tree.replace(&place, (upper.0.min(first), upper.1.max(last), ()));
                return true;
            };
            self.tree.remove(&place);
            let place = self.tree.seek(lower.0);
            self.tree.replace(&place, (lower.0, upper.1.max(lower.1), ()));
            joined = true;
        }
    }

    /// Takes out `first` to `last`; whether that took a number.
    pub(crate) fn remove(&mut self, first: W, last: W) -> bool {
        let mut changed = false;
        loop {
            let place = self.tree.seek(last);
            let Some((start, end, ())) = self.tree.below(&place).filter(|run| run.1 >= first) else { return changed };
            changed = true;
            let below = first.prev().filter(|&before| start <= before).map(|before| (start, before, ()));
            let above = last.next().filter(|&behind| behind <= end).map(|behind| (behind, end, ()));
            match (below, above) {
                (None, None) => self.tree.remove(&place),
                (Some(rest), None) | (None, Some(rest)) => self.tree.replace(&place, rest),
                (Some(below), Some(above)) => {
                    self.tree.replace(&place, below);
                    self.tree.insert(&place, above);
                }
            }
            if below.is_some() {
                return true;
            }
        }
    }
}

const fn plain<W: Copy>((first, last, ()): Entry<W, ()>) -> Run<W> {
    (first, last)
}

impl<W: Word> std::fmt::Debug for Runs<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.walk().map(W::range)).finish()
    }
}

/// Runs in order, from either end.
#[derive(Clone)]
pub(crate) struct Steps<'a, W: Word>(Walk<'a, W, Members>);

impl<W: Word> Iterator for Steps<'_, W> {
    type Item = Run<W>;

    fn next(&mut self) -> Option<Run<W>> {
        self.0.next().map(plain)
    }
}

impl<W: Word> DoubleEndedIterator for Steps<'_, W> {
    fn next_back(&mut self) -> Option<Run<W>> {
        self.0.next_back().map(plain)
    }
}
