//! Since when addresses are free that were claimed before.
//!
//! In: addresses that are given back, each with a time, and those that are claimed again. Out: the time of one, and
//! which of some ranges are here. Guarantee: an address has one time. One address is found at once; for ranges, which
//! only a change of the rules asks for, it looks at all.

use super::table::{Cell, Table};
use crate::{runs::Runs, word::Word};

/// An address and its time.
pub(super) type Since<W> = (W, u64);

#[derive(Clone, Debug)]
pub(super) struct Freed<W> {
    table: Table<Since<W>>,
}

impl<W: Word> Cell for Since<W> {
    // Times count what was given back, one by one: they do not get there.
    const EMPTY: Self = (W::MAX, u64::MAX);

    fn is_empty(&self) -> bool {
        self.1 == u64::MAX
    }

    fn hash(&self) -> u32 {
        spread(self.0)
    }
}

/// Neighbours go far apart: addresses come in runs.
fn spread<W: Word>(at: W) -> u32 {
    // The golden ratio of 2^64: multiples of it fill the upper bits most evenly.
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let bits = at.bits();
    #[expect(clippy::cast_possible_truncation, reason = "both halves count, then the upper bits")]
    let hash = ((((bits >> 64) as u64).wrapping_mul(STEP) ^ bits as u64).wrapping_mul(STEP) >> 32) as u32;
    hash
}

impl<W: Word> Freed<W> {
    pub(super) const fn new() -> Self {
        Self { table: Table::new() }
    }

    pub(super) fn contains(&self, at: W) -> bool {
        self.table.under(spread(at)).any(|cell| cell.0 == at)
    }

    /// `at`, which is not here, is free since then.
    pub(super) fn insert(&mut self, at: W, since: u64) {
        self.table.insert((at, since));
    }

    /// `at` is claimed; since when it was free.
    pub(super) fn remove(&mut self, at: W) -> Option<u64> {
        if self.table.is_empty() {
            return None;
        }
        self.table.remove(spread(at), |cell| cell.0 == at).map(|(_, since)| since)
    }

    /// Those of `ranges`, in no order that counts: times have one.
    pub(super) fn within(&self, ranges: &Runs<W>) -> Vec<Since<W>> {
        let mut within: Vec<_> = self.table.all().filter(|(at, _)| ranges.find(*at).is_some()).collect();
        within.sort_unstable_by_key(|(_, since)| *since);
        within
    }
}
