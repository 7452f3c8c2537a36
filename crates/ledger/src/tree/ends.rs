//! Where the runs of a leaf end.
//!
//! In: ends by slot, beside the numbers that the runs begin with. Out: the same. Two ways to keep them: each, where most
//! runs are long; or those of leaves that have a long run, where most runs are one number, which halves a leaf.

use super::{Keys as _, WIDTH};
use crate::word::Word;

/// The last numbers of a leaf's runs. `first` are their first ones, up to date.
pub(crate) trait Ends<W: Word>: Clone {
    fn none() -> Self;
    fn get(&self, slot: usize, first: &W::Keys) -> W;
    fn set(&mut self, slot: usize, last: W, first: &W::Keys);
    /// Moves those from `slot` to `len` one up.
    fn open(&mut self, slot: usize, len: usize);
    /// Moves those behind `slot`, to `len`, one down.
    fn close(&mut self, slot: usize, len: usize);
}

impl<W: Word> Ends<W> for [W; WIDTH] {
    fn none() -> Self {
        [W::default(); WIDTH]
    }

    fn get(&self, slot: usize, _: &W::Keys) -> W {
        self[slot]
    }

    fn set(&mut self, slot: usize, last: W, _: &W::Keys) {
        self[slot] = last;
    }

    fn open(&mut self, slot: usize, len: usize) {
        self.copy_within(slot..len, slot + 1);
    }

    fn close(&mut self, slot: usize, len: usize) {
        self.copy_within(slot + 1..len, slot);
    }
}

/// No array as long as each run of the leaf is one number.
#[derive(Clone)]
pub(crate) struct Rare<W>(Option<Box<[W; WIDTH]>>);

impl<W: Word> Ends<W> for Rare<W> {
    fn none() -> Self {
        Self(None)
    }

    fn get(&self, slot: usize, first: &W::Keys) -> W {
        self.0.as_ref().map_or(first.get(slot), |last| last[slot])
    }

    fn set(&mut self, slot: usize, last: W, first: &W::Keys) {
        if self.0.is_some() || last != first.get(slot) {
            self.0.get_or_insert_with(|| Box::new(std::array::from_fn(|slot| first.get(slot))))[slot] = last;
        }
    }

    fn open(&mut self, slot: usize, len: usize) {
        if let Some(last) = &mut self.0 {
            last.open(slot, len);
        }
    }

    fn close(&mut self, slot: usize, len: usize) {
        if let Some(last) = &mut self.0 {
            last.close(slot, len);
        }
    }
}
