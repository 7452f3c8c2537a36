//! The NICs of a subnet, each with a slot: a small number that claims refer to.

use super::{
    HolderKey, Nic, NicName,
    table::{NONE, Table, hash_of},
};
use crate::{Addr, AddrPair};

/// What a NIC has.
#[derive(Clone, Debug)]
pub(super) struct Record<H, N> {
    pub(super) nic: Nic<H, N>,
    pub(super) addrs: AddrPair,
    /// Whether this subnet has a share in the NIC's MAC.
    pub(super) has_mac: bool,
    /// Of the holder.
    hash: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Nics<H, N> {
    /// By holder.
    slots: Table,
    records: Vec<Option<Record<H, N>>>,
    free: Vec<u32>,
}

impl<H: HolderKey, N: NicName> Nics<H, N> {
    pub(super) const fn new() -> Self {
        Self { slots: Table::new(), records: Vec::new(), free: Vec::new() }
    }

    pub(super) fn slot_of(&self, nic: &Nic<H, N>) -> Option<u32> {
        self.look_up(nic).1
    }

    /// The slot of a NIC, if it has one, and the hash under which it is.
    pub(super) fn look_up(&self, nic: &Nic<H, N>) -> (u32, Option<u32>) {
        let hash = hash_of(&nic.holder);
        let mut slots = self.slots.under(hash);
        (hash, slots.find(|&slot| self.get(slot).is_some_and(|record| record.nic == *nic)))
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Record<H, N>> {
        self.records.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Record<H, N>> {
        self.records.get_mut(slot as usize)?.as_mut()
    }

    /// A slot for a NIC that has none, under the hash that [`look_up`](Self::look_up) said.
    pub(super) fn open(&mut self, hash: u32, nic: Nic<H, N>) -> u32 {
        let record = Some(Record { nic, addrs: AddrPair::NONE, has_mac: false, hash });
        let slot = if let Some(slot) = self.free.pop() {
            self.records[slot as usize] = record;
            slot
        } else {
            // Each takes tens of bytes: memory ends before the numbers do. The last one stands for none.
            let slot = u32::try_from(self.records.len()).ok().filter(|&slot| slot != NONE);
            self.records.push(record);
            slot.expect("fewer than 2^32 - 1 NICs")
        };
        self.slots.insert(hash, slot);
        slot
    }

    /// Forgets a NIC; its record as it was.
    pub(super) fn close(&mut self, slot: u32) -> Option<Record<H, N>> {
        let record = self.records.get_mut(slot as usize)?.take()?;
        self.slots.remove(record.hash, slot);
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
        let slots = self.slots.under(hash_of(holder));
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
