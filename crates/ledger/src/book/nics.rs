//! The NICs of a subnet, each with a slot: a small number that claims refer to.

use std::hash::{DefaultHasher, Hasher as _};

use super::{HolderKey, Nic, NicName, index::Index};
use crate::{Addr, AddrPair};

/// What a NIC has.
#[derive(Clone, Debug)]
pub(super) struct Record<H, N> {
    pub(super) nic: Nic<H, N>,
    pub(super) addrs: AddrPair,
    /// Whether this subnet has a share in the NIC's MAC.
    pub(super) has_mac: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Nics<H, N> {
    /// By holder.
    index: Index,
    records: Vec<Option<Record<H, N>>>,
    free: Vec<u32>,
}

/// The same in every run: no seed.
fn hash_of<H: HolderKey>(holder: &H) -> u32 {
    let mut hasher = DefaultHasher::new();
    holder.hash(&mut hasher);
    let hash = hasher.finish();
    #[expect(clippy::cast_possible_truncation, reason = "both halves count")]
    let folded = (hash ^ (hash >> 32)) as u32;
    folded
}

impl<H: HolderKey, N: NicName> Nics<H, N> {
    pub(super) const fn new() -> Self {
        Self { index: Index::new(), records: Vec::new(), free: Vec::new() }
    }

    pub(super) fn slot_of(&self, nic: &Nic<H, N>) -> Option<u32> {
        let mut slots = self.index.slots(hash_of(&nic.holder));
        slots.find(|&slot| self.get(slot).is_some_and(|record| record.nic == *nic))
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Record<H, N>> {
        self.records.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Record<H, N>> {
        self.records.get_mut(slot as usize)?.as_mut()
    }

    /// A slot for a NIC that has none.
    pub(super) fn open(&mut self, nic: Nic<H, N>) -> u32 {
        let hash = hash_of(&nic.holder);
        let record = Some(Record { nic, addrs: AddrPair::NONE, has_mac: false });
        let slot = if let Some(slot) = self.free.pop() {
            self.records[slot as usize] = record;
            slot
        } else {
            // Each takes tens of bytes: memory ends before the numbers do. The last one stands for none.
            let slot = u32::try_from(self.records.len()).ok().filter(|&slot| slot != u32::MAX);
            self.records.push(record);
            slot.expect("fewer than 2^32 - 1 NICs")
        };
        self.index.insert(hash, slot);
        slot
    }

    /// Forgets a NIC; its record as it was.
    pub(super) fn close(&mut self, slot: u32) -> Option<Record<H, N>> {
        let record = self.records.get_mut(slot as usize)?.take()?;
        self.index.remove(hash_of(&record.nic.holder), slot);
        self.free.push(slot);
        Some(record)
    }

    /// All, in the order of the NICs.
    pub(super) fn sorted(&self) -> Vec<&Record<H, N>> {
        let mut records: Vec<_> = self.records.iter().flatten().collect();
        records.sort_unstable_by(|a, b| a.nic.cmp(&b.nic));
        records
    }

    /// Those of one holder with their slots, in order.
    pub(super) fn of(&self, holder: &H) -> Vec<(u32, &Record<H, N>)> {
        let slots = self.index.slots(hash_of(holder));
        let records = slots.filter_map(|slot| self.get(slot).map(|record| (slot, record)));
        let mut own: Vec<_> = records.filter(|(_, record)| record.nic.holder == *holder).collect();
        own.sort_unstable_by(|a, b| a.1.nic.cmp(&b.1.nic));
        own
    }

    /// Who has a claim.
    pub(super) fn claimant(&self, (addr, slot): (Addr, u32)) -> Option<(Addr, &Nic<H, N>)> {
        self.get(slot).map(|record| (addr, &record.nic))
    }
}
