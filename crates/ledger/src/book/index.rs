//! Slots by hash: where a book looks a holder up.
//!
//! In: hashes of 32 bits and the slots that they stand for. Out: the slots of a hash. Guarantee: the order of slots
//! never shows, nobody can iterate. It is an open table with linear probing: a look-up touches one cache line, where an
//! ordered tree of a million names touches a dozen. Deletion moves followers up, so there are no tombstones.

/// No slot.
const EMPTY: u32 = u32::MAX;
/// The size of the first table.
const FIRST: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Cell {
    hash: u32,
    slot: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Index {
    /// A power of two of them, of which a quarter or more is empty; none before the first slot.
    cells: Vec<Cell>,
    len: usize,
}

impl Index {
    pub(super) const fn new() -> Self {
        Self { cells: Vec::new(), len: 0 }
    }

    /// The slots that stand under `hash`, in no order.
    pub(super) fn slots(&self, hash: u32) -> impl Iterator<Item = u32> + '_ {
        let probes = self.probe(hash).map(|at| self.cells[at]).take_while(|cell| cell.slot != EMPTY);
        probes.filter(move |cell| cell.hash == hash).map(|cell| cell.slot)
    }

    /// The places of the table from that of `hash` on, each once.
    fn probe(&self, hash: u32) -> impl Iterator<Item = usize> + use<> {
        let size = self.cells.len();
        let mask = size.wrapping_sub(1);
        (0..size).map(move |step| (hash as usize).wrapping_add(step) & mask)
    }

    pub(super) fn insert(&mut self, hash: u32, slot: u32) {
        if (self.len + 1) * 4 > self.cells.len() * 3 {
            self.grow();
        }
        self.put(Cell { hash, slot });
        self.len += 1;
    }

    fn put(&mut self, cell: Cell) {
        let free = self.probe(cell.hash).find(|&at| self.cells[at].slot == EMPTY);
        self.cells[free.expect("a quarter is empty")] = cell;
    }

    fn grow(&mut self) {
        let size = (self.cells.len() * 2).max(FIRST);
        let cells = std::mem::replace(&mut self.cells, vec![Cell { hash: 0, slot: EMPTY }; size]);
        for cell in cells.into_iter().filter(|cell| cell.slot != EMPTY) {
            self.put(cell);
        }
    }

    /// Takes `slot` out, which stands under `hash`.
    pub(super) fn remove(&mut self, hash: u32, slot: u32) {
        let is_it = |cell: &Cell| cell.slot == slot && cell.hash == hash;
        let found = self.probe(hash).find(|&at| is_it(&self.cells[at]) || self.cells[at].slot == EMPTY);
        let Some(mut gap) = found.filter(|&at| is_it(&self.cells[at])) else { return };
        self.len -= 1;
        let mask = self.cells.len() - 1;
        let mut at = gap;
        loop {
            at = (at + 1) & mask;
            let cell = self.cells[at];
            if cell.slot == EMPTY {
                break;
            }
            // A cell may move up to the gap unless its own place lies behind it.
            let home = cell.hash as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(gap) & mask) {
                self.cells[gap] = cell;
                gap = at;
            }
        }
        self.cells[gap].slot = EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_slot_is_found_under_its_hash_until_it_goes(
            // Few hashes, close together: clusters that meet and wrap around the end.
            steps in proptest::collection::vec((any::<bool>(), prop_oneof![0_u32..6, u32::MAX - 3..=u32::MAX], 0_u32..40), 0..400),
        ) {
            let mut index = Index::new();
            let mut naive = BTreeSet::new();
            for (add, hash, slot) in steps {
                if add && naive.insert((hash, slot)) {
                    index.insert(hash, slot);
                } else if !add {
                    naive.remove(&(hash, slot));
                    index.remove(hash, slot);
                }
                prop_assert_eq!(index.len, naive.len());
            }
            for hash in (0..6).chain(u32::MAX - 3..=u32::MAX) {
                let expected: BTreeSet<_> = naive.iter().filter(|entry| entry.0 == hash).map(|entry| entry.1).collect();
                prop_assert_eq!(index.slots(hash).collect::<BTreeSet<_>>(), expected);
            }
        }
    }
}
