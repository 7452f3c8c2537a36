//! Slots by hash: where a book finds a NIC by its holder, and an address that was given back.
//!
//! In: slots, small numbers, each under a hash of 32 bits. Out: the slots of a hash. Guarantee: two tables of the same
//! slots answer alike; whoever asks for all slots has to bring them into an order. It is an open table with linear
//! probing: a look-up touches one cache line, where an ordered tree of a million names touches a dozen. Deletion moves
//! followers up, so there are no tombstones.

use std::hash::{DefaultHasher, Hash, Hasher as _};

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Cell {
    hash: u32,
    slot: u32,
}

impl Cell {
    const EMPTY: Self = Self { hash: 0, slot: NONE };

    const fn is_empty(self) -> bool {
        self.slot == NONE
    }
}

/// The size of the first table.
const FIRST: usize = 8;

#[derive(Clone, Debug)]
pub(super) struct Table {
    /// A power of two of them, of which a quarter or more is empty; none before the first slot.
    cells: Vec<Cell>,
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

impl Table {
    pub(super) const fn new() -> Self {
        Self { cells: Vec::new(), len: 0 }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All slots, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = u32> + '_ {
        self.cells.iter().filter(|cell| !cell.is_empty()).map(|cell| cell.slot)
    }

    /// The slots of `hash`, in no order.
    pub(super) fn under(&self, hash: u32) -> impl Iterator<Item = u32> + '_ {
        let probes = self.probe(hash).map(|at| self.cells[at]).take_while(|cell| !cell.is_empty());
        probes.filter(move |cell| cell.hash == hash).map(|cell| cell.slot)
    }

    /// The places of the table from that of `hash` on, each once.
    fn probe(&self, hash: u32) -> impl Iterator<Item = usize> + use<> {
        let size = self.cells.len();
        let mask = size.wrapping_sub(1);
        (0..size).map(move |step| (hash as usize).wrapping_add(step) & mask)
    }

    /// Puts in a slot, which is not here.
    pub(super) fn insert(&mut self, hash: u32, slot: u32) {
        if (self.len + 1) * 4 > self.cells.len() * 3 {
            self.grow();
        }
        self.put(Cell { hash, slot });
        self.len += 1;
    }

    fn put(&mut self, cell: Cell) {
        let free = self.probe(cell.hash).find(|&at| self.cells[at].is_empty());
        self.cells[free.expect("a quarter is empty")] = cell;
    }

    fn grow(&mut self) {
        let size = (self.cells.len() * 2).max(FIRST);
        let cells = std::mem::replace(&mut self.cells, vec![Cell::EMPTY; size]);
        for cell in cells.into_iter().filter(|cell| !cell.is_empty()) {
            self.put(cell);
        }
    }

    /// Takes out a slot; whether it was there.
    pub(super) fn remove(&mut self, hash: u32, slot: u32) -> bool {
        let found = self.probe(hash).find(|&at| self.cells[at].is_empty() || self.cells[at].slot == slot);
        let Some(mut gap) = found.filter(|&at| !self.cells[at].is_empty()) else { return false };
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
            let home = cell.hash as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(gap) & mask) {
                self.cells[gap] = cell;
                gap = at;
            }
        }
        self.cells[gap] = Cell::EMPTY;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_slot_is_found_under_its_hash_until_it_goes(
            // Few hashes, close together: clusters that meet and wrap around the end.
            steps in proptest::collection::vec((any::<bool>(), prop_oneof![0_u32..6, u32::MAX - 3..=u32::MAX], 0_u32..40), 0..400),
        ) {
            let mut table = Table::new();
            let mut naive = BTreeMap::new();
            for (add, hash, slot) in steps {
                if add && !naive.contains_key(&slot) {
                    naive.insert(slot, hash);
                    table.insert(hash, slot);
                } else if !add {
                    let hash = naive.get(&slot).copied().unwrap_or(hash);
                    prop_assert_eq!(table.remove(hash, slot), naive.remove(&slot).is_some());
                }
                prop_assert_eq!(table.len, naive.len());
            }
            for hash in (0..6).chain(u32::MAX - 3..=u32::MAX) {
                let expected: Vec<_> = naive.iter().filter(|(_, under)| **under == hash).map(|(slot, _)| *slot).collect();
                let mut found: Vec<_> = table.under(hash).collect();
                found.sort_unstable();
                prop_assert_eq!(found, expected);
            }
            let mut all: Vec<_> = table.all().collect();
            all.sort_unstable();
            prop_assert_eq!(all, naive.into_keys().collect::<Vec<_>>());
        }
    }
}
