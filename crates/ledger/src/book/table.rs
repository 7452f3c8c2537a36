//! Cells by hash: where a book looks up a holder's slots, and since when an address is free.
//!
//! In: cells, each with a hash of 32 bits. Out: the cells of a hash. Guarantee: two tables of the same cells answer
//! alike; whoever asks for all cells has to bring them into an order. It is an open table with linear probing: a look-up
//! touches one cache line, where an ordered tree of a million names touches a dozen. Deletion moves followers up, so
//! there are no tombstones.

use std::hash::{DefaultHasher, Hash, Hasher as _};

/// What a table is made of.
pub(super) trait Cell: Copy {
    /// A place without a cell.
    const EMPTY: Self;

    fn is_empty(&self) -> bool;
    /// Where the cell is looked for. The same as long as the cell is in the table.
    fn hash(&self) -> u32;
}

/// The size of the first table.
const FIRST: usize = 8;

#[derive(Clone, Debug)]
pub(super) struct Table<C> {
    /// A power of two of them, of which a quarter or more is empty; none before the first cell.
    cells: Vec<C>,
    len: usize,
}

/// The same in every run: no seed.
pub(super) fn hash_of<T: Hash>(key: &T) -> u32 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let hash = hasher.finish();
    #[expect(clippy::cast_possible_truncation, reason = "both halves count")]
    let folded = (hash ^ (hash >> 32)) as u32;
    folded
}

impl<C: Cell> Table<C> {
    pub(super) const fn new() -> Self {
        Self { cells: Vec::new(), len: 0 }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All cells, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = C> + '_ {
        self.cells.iter().copied().filter(|cell| !cell.is_empty())
    }

    /// The cells of `hash`, in no order.
    pub(super) fn under(&self, hash: u32) -> impl Iterator<Item = C> + '_ {
        let probes = self.probe(hash).map(|at| self.cells[at]).take_while(|cell| !cell.is_empty());
        probes.filter(move |cell| cell.hash() == hash)
    }

    /// The places of the table from that of `hash` on, each once.
    fn probe(&self, hash: u32) -> impl Iterator<Item = usize> + use<C> {
        let size = self.cells.len();
        let mask = size.wrapping_sub(1);
        (0..size).map(move |step| (hash as usize).wrapping_add(step) & mask)
    }

    pub(super) fn insert(&mut self, cell: C) {
        if (self.len + 1) * 4 > self.cells.len() * 3 {
            self.grow();
        }
        self.put(cell);
        self.len += 1;
    }

    fn put(&mut self, cell: C) {
        let free = self.probe(cell.hash()).find(|&at| self.cells[at].is_empty());
        self.cells[free.expect("a quarter is empty")] = cell;
    }

    fn grow(&mut self) {
        let size = (self.cells.len() * 2).max(FIRST);
        let cells = std::mem::replace(&mut self.cells, vec![C::EMPTY; size]);
        for cell in cells.into_iter().filter(|cell| !cell.is_empty()) {
            self.put(cell);
        }
    }

    /// Takes the cell out that stands under `hash` and is the one.
    pub(super) fn remove(&mut self, hash: u32, is_it: impl Fn(&C) -> bool) -> Option<C> {
        let found = self.probe(hash).find(|&at| self.cells[at].is_empty() || is_it(&self.cells[at]));
        let mut gap = found.filter(|&at| !self.cells[at].is_empty())?;
        let removed = self.cells[gap];
        self.len -= 1;
        let mask = self.cells.len() - 1;
        let mut at = gap;
        loop {
            at = (at + 1) & mask;
            let cell = self.cells[at];
            if cell.is_empty() {
                break;
            }
            // A cell may move up to the gap unless its own place lies behind it.
            let home = cell.hash() as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(gap) & mask) {
                self.cells[gap] = cell;
                gap = at;
            }
        }
        self.cells[gap] = C::EMPTY;
        Some(removed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// A hash and a number that is not the greatest.
    type Pair = (u32, u32);

    impl Cell for Pair {
        const EMPTY: Self = (0, u32::MAX);

        fn is_empty(&self) -> bool {
            self.1 == u32::MAX
        }

        fn hash(&self) -> u32 {
            self.0
        }
    }

    proptest! {
        #[test]
        fn a_cell_is_found_under_its_hash_until_it_goes(
            // Few hashes, close together: clusters that meet and wrap around the end.
            steps in proptest::collection::vec((any::<bool>(), prop_oneof![0_u32..6, u32::MAX - 3..=u32::MAX], 0_u32..40), 0..400),
        ) {
            let mut table = Table::<Pair>::new();
            let mut naive = BTreeSet::new();
            for (add, hash, number) in steps {
                let cell = (hash, number);
                if add && naive.insert(cell) {
                    table.insert(cell);
                } else if !add {
                    let removed = table.remove(hash, |other| *other == cell);
                    prop_assert_eq!(removed, naive.take(&cell));
                }
                prop_assert_eq!(table.len, naive.len());
            }
            for hash in (0..6).chain(u32::MAX - 3..=u32::MAX) {
                let expected: BTreeSet<_> = naive.iter().filter(|cell| cell.0 == hash).copied().collect();
                prop_assert_eq!(table.under(hash).collect::<BTreeSet<_>>(), expected);
            }
            prop_assert_eq!(table.all().collect::<BTreeSet<_>>(), naive);
        }
    }
}
