//! The book of one subnet: what is usable, excluded, in which pool, and who holds what.
//!
//! In: the subnet's spec, its pools, what claims say, and requests of NICs. Out: grants and typed refusals, holders,
//! counts and ranges. Guarantees: an address has at most one holder; what is refused leaves nothing behind, both
//! families and the MAC together; the gateway, the network and the broadcast address are never given out; an address
//! goes out again as late as possible; what is on record stays on record until it is released, also when the spec
//! changes under it. The engine writes claims from what a book grants; nothing else writes a book.

mod freed;
mod ground;
mod macs;
mod nic;
mod nics;
mod outcome;
mod plan;
mod plot;
mod pools;
mod query;
mod request;
mod side;
mod spec;
mod table;

use std::collections::{BTreeMap, BTreeSet};

pub use macs::{MacBook, MacPick};
pub use nic::{HolderKey, Nic, NicName};
use nics::Nics;
pub use outcome::{Grant, Refusal, Unusable};
pub use pools::PoolError;
pub use request::{Pick, Request};
use side::{Pool, Side};
pub use spec::{SpecError, SubnetSpec};

use crate::{Addr, AddrPair, Family, Mac, word::Word};

/// The same expression for the side of either family.
macro_rules! with_side {
    ($book:expr, $family:expr, $side:ident => $body:expr) => {
        match $family {
            $crate::Family::V4 => {
                let $side = &$book.v4;
                $body
            }
            $crate::Family::V6 => {
                let $side = &$book.v6;
                $body
            }
        }
    };
    (mut $book:expr, $family:expr, $side:ident => $body:expr) => {
        match $family {
            $crate::Family::V4 => {
                let $side = &mut $book.v4;
                $body
            }
            $crate::Family::V6 => {
                let $side = &mut $book.v6;
                $body
            }
        }
    };
}
use with_side;

/// The book of one subnet. `H` names holders, `N` the interfaces of one.
///
/// Requests and releases take logarithmic time in what is held, counts constant time, and the memory is that of the
/// NICs, the addresses held and the addresses that wait to be used again.
#[derive(Clone, Debug)]
pub struct SubnetBook<H, N> {
    spec: SubnetSpec,
    v4: Side<u32>,
    v6: Side<u128>,
    nics: Nics<H, N>,
    /// Addresses that a NIC has on record beyond its one in that family, by its slot.
    surplus: BTreeSet<(u32, Addr)>,
    pools: BTreeMap<Box<str>, Pool>,
    /// The number of the next new pool; 0 is the default pool.
    next_pool: u32,
}

/// Claims by address.
pub type ClaimList<H, N> = Vec<(Addr, Nic<H, N>)>;

impl<H: HolderKey, N: NicName> SubnetBook<H, N> {
    /// The book of a subnet in which nobody holds anything.
    #[must_use]
    pub fn new(spec: SubnetSpec) -> Self {
        let mut book = Self {
            spec: SubnetSpec::default(),
            v4: Side::new(),
            v6: Side::new(),
            nics: Nics::new(),
            surplus: BTreeSet::new(),
            pools: BTreeMap::new(),
            next_pool: 1,
        };
        book.configure(spec);
        book
    }

    fn configure(&mut self, spec: SubnetSpec) {
        self.v4.configure(&spec, self.pools.values());
        self.v6.configure(&spec, self.pools.values());
        self.spec = spec;
    }

    /// Takes over a changed spec. Claims stay, also those that are no usable addresses any more: these are the answer,
    /// in order, for whoever must move or report their holders. Pools keep what they were configured with.
    ///
    /// # Errors
    /// When the subnet would lose its last CIDR. Nothing changes then.
    pub fn update(&mut self, spec: SubnetSpec) -> Result<ClaimList<H, N>, SpecError> {
        if spec == self.spec {
            return Ok(Vec::new());
        }
        if spec.cidrs().is_none() && !self.spec.cidrs().is_none() {
            return Err(SpecError::CidrTaken(self.spec.cidrs()));
        }
        let before = self.spec.cidrs();
        self.configure(spec);
        let was_usable = |addr: Addr| before.get(addr.family()).is_some_and(|cidr| cidr.usable().contains(addr));
        Ok(self.apart().filter(|(addr, _)| was_usable(*addr)).map(|(addr, nic)| (addr, nic.clone())).collect())
    }

    /// Grants all that `request` asks for, or nothing. A NIC that asks again for what it has, gets just that.
    ///
    /// # Errors
    /// Why not, and who stands in the way. Nothing has changed then.
    pub fn allocate(&mut self, macs: &mut MacBook<H, N>, request: Request<'_, H, N>) -> Result<Grant, Refusal<H, N>> {
        let (hash, slot) = self.nics.look_up(&request.nic);
        let plan = self.plan(slot, &request)?;
        let keeps_mac = !matches!(request.mac, MacPick::None);
        let mac = macs.plan(&request.nic, request.mac)?;
        let slot = slot.unwrap_or_else(|| self.nics.open(hash, request.nic));
        let given_back = self.apply(slot, &plan);
        if let Some(record) = self.nics.get_mut(slot) {
            for addr in plan.addrs.iter() {
                record.addrs.set(addr.family(), Some(addr));
            }
            if let Some(mac) = mac.filter(|_| keeps_mac) {
                macs.give(&record.nic, mac, !record.has_mac);
                record.has_mac = true;
            }
        }
        Ok(Grant { addrs: plan.addrs, mac, given_back })
    }

    /// Puts on record that `nic` holds `addr`, as a claim says, wherever that is: outside the subnet, on the gateway, or
    /// beside another address of the NIC. Whether that is news.
    ///
    /// # Errors
    /// The NIC that holds the address, if it is another one. Nothing changes then.
    pub fn record(&mut self, nic: &Nic<H, N>, addr: Addr) -> Result<bool, Nic<H, N>> {
        if let Some(by) = self.holder_of(addr) {
            return if by == nic { Ok(false) } else { Err(by.clone()) };
        }
        let (hash, slot) = self.nics.look_up(nic);
        let slot = slot.unwrap_or_else(|| self.nics.open(hash, nic.clone()));
        let claimed = with_side!(mut self, addr.family(), side => side.claim(word(addr), slot));
        if let (Ok(()), Some(record)) = (claimed, self.nics.get_mut(slot)) {
            match record.addrs.get(addr.family()) {
                None => record.addrs.set(addr.family(), Some(addr)),
                Some(_) => drop(self.surplus.insert((slot, addr))),
            }
        }
        Ok(true)
    }

    /// Puts on record that `nic` has `mac`, as a claim says.
    ///
    /// # Errors
    /// The NIC that has the MAC, if it is another one. Nothing changes then.
    pub fn record_mac(&mut self, macs: &mut MacBook<H, N>, nic: &Nic<H, N>, mac: Mac) -> Result<(), Nic<H, N>> {
        let (hash, slot) = self.nics.look_up(nic);
        let has = slot.and_then(|slot| self.nics.get(slot)).is_some_and(|record| record.has_mac);
        macs.record(nic, mac, !has)?;
        let slot = slot.unwrap_or_else(|| self.nics.open(hash, nic.clone()));
        if let Some(record) = self.nics.get_mut(slot) {
            record.has_mac = true;
        }
        Ok(())
    }

    /// Releases one address; who had it. A NIC that has no address any more leaves the book, and its MAC with it.
    pub fn release(&mut self, macs: &mut MacBook<H, N>, addr: Addr) -> Option<Nic<H, N>> {
        let family = addr.family();
        let slot = with_side!(mut self, family, side => side.release(word(addr)))?;
        let is_surplus = !self.surplus.is_empty() && self.surplus.remove(&(slot, addr));
        let next = if is_surplus { None } else { self.surplus_of(slot).find(|next| next.family() == family) };
        if let Some(next) = next {
            self.surplus.remove(&(slot, next));
        }
        let record = self.nics.get_mut(slot)?;
        if !is_surplus {
            record.addrs.set(family, next);
        }
        if record.addrs.is_none() { self.forget(macs, slot) } else { Some(record.nic.clone()) }
    }

    /// Releases all that `nic` has, its MAC too; whether it had anything.
    pub fn release_nic(&mut self, macs: &mut MacBook<H, N>, nic: &Nic<H, N>) -> bool {
        let Some(slot) = self.nics.slot_of(nic) else { return false };
        self.release_slot(macs, slot);
        true
    }

    /// Releases all NICs of `holder`; how many it had.
    pub fn release_holder(&mut self, macs: &mut MacBook<H, N>, holder: &H) -> usize {
        let slots: Vec<_> = self.nics.of(holder).into_iter().map(|(slot, _)| slot).collect();
        for &slot in &slots {
            self.release_slot(macs, slot);
        }
        slots.len()
    }

    fn release_slot(&mut self, macs: &mut MacBook<H, N>, slot: u32) {
        let addrs = self.nics.get(slot).map_or(AddrPair::NONE, |record| record.addrs);
        let surplus: Vec<_> = self.surplus_of(slot).collect();
        for addr in addrs.iter().chain(surplus) {
            with_side!(mut self, addr.family(), side => side.release(word(addr)));
            self.surplus.remove(&(slot, addr));
        }
        self.forget(macs, slot);
    }

    fn forget(&mut self, macs: &mut MacBook<H, N>, slot: u32) -> Option<Nic<H, N>> {
        let record = self.nics.close(slot)?;
        if record.has_mac {
            macs.release(&record.nic);
        }
        Some(record.nic)
    }

    fn surplus_of(&self, slot: u32) -> impl Iterator<Item = Addr> + '_ {
        let from = (slot, Addr::from_bits(Family::V4, 0));
        self.surplus.range(from..).take_while(move |(of, _)| *of == slot).map(|(_, addr)| *addr)
    }
}

/// The number of an address whose family was just matched.
fn word<W: Word>(addr: Addr) -> W {
    W::from_bits(addr.bits())
}
