//! Holders that were refused, and what would change that.
//!
//! In: refusals. Out: whom to look at again when an address is freed or a Subnet changes. Guarantees: nobody polls; whoever
//! waits for any address stands in a queue with those that lack the same, in order of arrival, so that a freed address
//! costs a look at the first of them and not at all; one that lacks something else stands in another queue and is in
//! nobody's way; a holder that is looked at again waits no more until it is refused again.

use super::id::{ClaimKey, HolderId, NicId};
use super::multi::Multi;
use api::slim::{Str, Time};
use ledger::Family;
use std::collections::BTreeMap;

/// What is lacking: a free address of a family, in a pool of a Subnet or in what is in no pool.
pub(super) type Lack = (Str, Family, Option<Str>);

/// A place in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Address(ClaimKey),
    Free(Lack, Option<Time>),
    Subnet(Str),
    Wire(Str),
    Notice(Notice),
}

/// What is waited for that has no address: a change of what it names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Notice {
    /// The Subnets of a Namespace.
    Namespace(Str),
    /// An IPPool.
    Pool(Str),
    /// The Subnets of a provider.
    Provider(Str),
    /// What is claimed for a port: an address may have been reserved for it, and its claim come late.
    Port(Str),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    by_addr: Multi<ClaimKey, HolderId>,
    by_lack: Multi<Lack, (Option<Time>, HolderId)>,
    by_subnet: Multi<Str, HolderId>,
    by_wire: Multi<Str, HolderId>,
    by_notice: Multi<Notice, HolderId>,
    places: BTreeMap<HolderId, Vec<Place>>,
    told: BTreeMap<HolderId, BTreeMap<NicId, Box<str>>>,
    /// What those that are looked at now were told before.
    before: BTreeMap<HolderId, BTreeMap<NicId, Box<str>>>,
}

impl Waiting {
    /// Waits for one address.
    pub(super) fn for_address(&mut self, key: ClaimKey, holder: &HolderId) {
        self.by_addr.insert(key.clone(), holder.clone());
        self.places.entry(holder.clone()).or_default().push(Place::Address(key));
    }

    /// Waits for a free address.
    pub(super) fn for_free(&mut self, lack: Lack, arrival: Option<Time>, holder: &HolderId) {
        self.by_lack.insert(lack.clone(), (arrival, holder.clone()));
        self.places.entry(holder.clone()).or_default().push(Place::Free(lack, arrival));
    }

    /// Waits for a change of the Subnet itself, or of its pools.
    pub(super) fn for_subnet(&mut self, subnet: &Str, holder: &HolderId) {
        self.by_subnet.insert(subnet.clone(), holder.clone());
        self.places.entry(holder.clone()).or_default().push(Place::Subnet(subnet.clone()));
    }

    /// Waits until no record of a wire is pending.
    pub(super) fn for_wire(&mut self, wire: &Str, holder: &HolderId) {
        self.by_wire.insert(wire.clone(), holder.clone());
        self.places.entry(holder.clone()).or_default().push(Place::Wire(wire.clone()));
    }

    /// Waits for a notice.
    pub(super) fn for_notice(&mut self, notice: Notice, holder: &HolderId) {
        self.by_notice.insert(notice.clone(), holder.clone());
        self.places.entry(holder.clone()).or_default().push(Place::Notice(notice));
    }

    /// Why a NIC has nothing.
    pub(super) fn tell(&mut self, nic: &NicId, why: impl Into<Box<str>>) {
        self.told.entry(nic.holder.clone()).or_default().insert(nic.clone(), why.into());
    }

    /// Why a NIC has nothing, if it was refused.
    pub(super) fn told(&self, nic: &NicId) -> Option<&str> {
        self.told.get(&nic.holder)?.get(nic).map(AsRef::as_ref)
    }

    /// Why the NICs of a holder have nothing, in one text.
    pub(super) fn told_of(&self, holder: &HolderId) -> Option<String> {
        let told = self.told.get(holder)?.iter().map(|(nic, why)| match nic.name.as_str() {
            "" => why.to_string(),
            name => format!("{name}: {why}"),
        });
        Some(told.collect::<Vec<_>>().join("; "))
    }

    /// Whether a holder that was looked at was told something else than before.
    pub(super) fn is_news(&mut self, holder: &HolderId) -> bool {
        self.before.remove(holder).as_ref() != self.told.get(holder)
    }

    /// Every NIC that was refused, and why.
    pub(super) fn all_told(&self) -> impl Iterator<Item = (&NicId, &str)> {
        self.told.values().flatten().map(|(nic, why)| (nic, why.as_ref()))
    }

    /// Forgets that a holder waits: it is looked at now.
    pub(super) fn forget(&mut self, holder: &HolderId) {
        if let Some(told) = self.told.remove(holder) {
            self.before.insert(holder.clone(), told);
        }
        for place in self.places.remove(holder).unwrap_or_default() {
            match place {
                Place::Address(key) => self.by_addr.remove(&key, holder),
                Place::Free(lack, arrival) => self.by_lack.remove(&lack, &(arrival, holder.clone())),
                Place::Subnet(subnet) => self.by_subnet.remove(&subnet, holder),
                Place::Wire(wire) => self.by_wire.remove(&wire, holder),
                Place::Notice(notice) => self.by_notice.remove(&notice, holder),
            }
        }
    }

    /// Who waits for an address.
    pub(super) fn at_address(&self, key: &ClaimKey) -> impl Iterator<Item = &HolderId> {
        self.by_addr.of(key)
    }

    /// Who waits for a change of a Subnet.
    pub(super) fn at_subnet(&self, subnet: &Str) -> impl Iterator<Item = &HolderId> {
        self.by_subnet.of(subnet)
    }

    /// What is lacking in a Subnet.
    pub(super) fn lacks_of<'a>(&'a self, subnet: &'a Str) -> impl Iterator<Item = &'a Lack> {
        let lacks = self.by_lack.keys_from((subnet.clone(), Family::V4, None)..);
        lacks.take_while(move |(of, ..)| of == subnet)
    }

    /// Who lacks something, and came first.
    pub(super) fn first(&self, lack: &Lack) -> Option<&HolderId> {
        self.by_lack.of(lack).next().map(|(_, holder)| holder)
    }

    /// Who waits until no record of a wire is pending.
    pub(super) fn at_wire(&self, wire: &Str) -> impl Iterator<Item = &HolderId> {
        self.by_wire.of(wire)
    }

    /// Who waits for a notice.
    pub(super) fn at_notice(&self, notice: &Notice) -> impl Iterator<Item = &HolderId> {
        self.by_notice.of(notice)
    }
}
