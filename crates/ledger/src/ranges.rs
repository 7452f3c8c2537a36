//! The ranges of a set, or of a part of it, from either end.

use crate::{
    AddrRange,
    runs::{Runs, Steps},
    set::FamilyRuns,
    word::Word,
};

/// Ranges of an [`AddrSet`](crate::AddrSet), from either end.
#[derive(Clone)]
pub struct Ranges<'a> {
    walk: FamilyWalk<'a>,
    bounds: AddrRange,
}

#[derive(Clone)]
enum FamilyWalk<'a> {
    V4(Steps<'a, u32>),
    V6(Steps<'a, u128>),
}

impl<'a> Ranges<'a> {
    pub(crate) fn new(runs: &'a FamilyRuns, bounds: AddrRange) -> Self {
        let walk = match runs {
            FamilyRuns::V4(runs) => FamilyWalk::V4(walk_in(runs, bounds)),
            FamilyRuns::V6(runs) => FamilyWalk::V6(walk_in(runs, bounds)),
        };
        Self { walk, bounds }
    }

    fn clip(&self, range: AddrRange) -> AddrRange {
        AddrRange::spanning(range.first().max(self.bounds.first()), range.last().min(self.bounds.last()))
    }
}

impl Iterator for Ranges<'_> {
    type Item = AddrRange;

    fn next(&mut self) -> Option<AddrRange> {
        let range = match &mut self.walk {
            FamilyWalk::V4(walk) => walk.next().map(Word::range),
            FamilyWalk::V6(walk) => walk.next().map(Word::range),
        };
        range.map(|range| self.clip(range))
    }
}

impl DoubleEndedIterator for Ranges<'_> {
    fn next_back(&mut self) -> Option<AddrRange> {
        let range = match &mut self.walk {
            FamilyWalk::V4(walk) => walk.next_back().map(Word::range),
            FamilyWalk::V6(walk) => walk.next_back().map(Word::range),
        };
        range.map(|range| self.clip(range))
    }
}

fn walk_in<W: Word>(runs: &Runs<W>, bounds: AddrRange) -> Steps<'_, W> {
    // The other family's bounds hold nothing: reversed ends are the empty walk.
    let (first, last) = W::ends(bounds).unwrap_or((W::MAX, W::default()));
    runs.walk_between(first, last)
}
