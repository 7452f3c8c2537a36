//! Holders that were refused, and what would change that.
//!
//! In: refusals. Out: whom to look at again when an address is freed or a Subnet changes. Guarantees: nobody polls; whoever
//! waits for any address stands in a queue with those that lack the same, in order of arrival, so that a freed address
//! costs a look at the first of them and not at all; one that lacks something else stands in another queue and is in
//! nobody's way; a holder that is looked at again waits no more until it is refused again.

use super::id::{ClaimKey, HolderId, NicId};
use api::slim::{Str, Time};
use ledger::Family;
use std::collections::{BTreeMap, BTreeSet};

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
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    by_addr: BTreeMap<ClaimKey, BTreeSet<HolderId>>,
    by_lack: BTreeMap<Lack, BTreeSet<(Option<Time>, HolderId)>>,
    by_subnet: BTreeMap<Str, BTreeSet<HolderId>>,
    by_wire: BTreeMap<Str, BTreeSet<HolderId>>,
    by_notice: BTreeMap<Notice, BTreeSet<HolderId>>,
    places: BTreeMap<HolderId, Vec<Place>>,
    told: BTreeMap<HolderId, BTreeMap<NicId, Box<str>>>,
}

/// Takes an element out of a set in a map, and the set too once it is empty.
fn take<K: Ord, V: Ord>(map: &mut BTreeMap<K, BTreeSet<V>>, key: &K, value: &V) {
    if let Some(set) = map.get_mut(key) {
        set.remove(value);
        if set.is_empty() {
            map.remove(key);
        }
    }
}

impl Waiting {
    /// Waits for one address.
    pub(super) fn for_address(&mut self, key: ClaimKey, holder: &HolderId) {
        self.by_addr.entry(key.clone()).or_default().insert(holder.clone());
        self.places.entry(holder.clone()).or_default().push(Place::Address(key));
    }

    /// Waits for a free address.
    pub(super) fn for_free(&mut self, lack: Lack, arrival: Option<Time>, holder: &HolderId) {
        self.by_lack.entry(lack.clone()).or_default().insert((arrival, holder.clone()));
        self.places.entry(holder.clone()).or_default().push(Place::Free(lack, arrival));
    }

    /// Waits for a change of the Subnet itself, or of its pools.
    pub(super) fn for_subnet(&mut self, subnet: &Str, holder: &HolderId) {
        self.by_subnet.entry(subnet.clone()).or_default().insert(holder.clone());
        self.places.entry(holder.clone()).or_default().push(Place::Subnet(subnet.clone()));
    }

    /// Waits until no record of a wire is pending.
    pub(super) fn for_wire(&mut self, wire: &Str, holder: &HolderId) {
        self.by_wire.entry(wire.clone()).or_default().insert(holder.clone());
        self.places.entry(holder.clone()).or_default().push(Place::Wire(wire.clone()));
    }

    /// Waits for a notice.
    pub(super) fn for_notice(&mut self, notice: Notice, holder: &HolderId) {
        self.by_notice.entry(notice.clone()).or_default().insert(holder.clone());
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
        let told = self.told.get(holder)?;
        Some(told.iter().map(|(nic, why)| format!("{}: {why}", nic.name)).collect::<Vec<_>>().join("; "))
    }

    /// Every NIC that was refused, and why.
    pub(super) fn all_told(&self) -> impl Iterator<Item = (&NicId, &str)> {
        self.told.values().flatten().map(|(nic, why)| (nic, why.as_ref()))
    }

    /// Forgets that a holder waits: it is looked at now.
    pub(super) fn forget(&mut self, holder: &HolderId) {
        self.told.remove(holder);
        for place in self.places.remove(holder).unwrap_or_default() {
            match place {
                Place::Address(key) => take(&mut self.by_addr, &key, holder),
                Place::Free(lack, arrival) => take(&mut self.by_lack, &lack, &(arrival, holder.clone())),
                Place::Subnet(subnet) => take(&mut self.by_subnet, &subnet, holder),
                Place::Wire(wire) => take(&mut self.by_wire, &wire, holder),
                Place::Notice(notice) => take(&mut self.by_notice, &notice, holder),
            }
        }
    }

    /// Who waits for an address.
    pub(super) fn at_address(&self, key: &ClaimKey) -> impl Iterator<Item = &HolderId> {
        self.by_addr.get(key).into_iter().flatten()
    }

    /// Who waits for a change of a Subnet.
    pub(super) fn at_subnet(&self, subnet: &Str) -> impl Iterator<Item = &HolderId> {
        self.by_subnet.get(subnet).into_iter().flatten()
    }

    /// What is lacking in a Subnet.
    pub(super) fn lacks_of<'a>(&'a self, subnet: &'a Str) -> impl Iterator<Item = &'a Lack> {
        let lacks = self.by_lack.range((subnet.clone(), Family::V4, None)..).map(|(lack, _)| lack);
        lacks.take_while(move |(of, ..)| of == subnet)
    }

    /// Who lacks something, and came first.
    pub(super) fn first(&self, lack: &Lack) -> Option<&HolderId> {
        self.by_lack.get(lack)?.first().map(|(_, holder)| holder)
    }

    /// Who waits until no record of a wire is pending.
    pub(super) fn at_wire(&self, wire: &Str) -> impl Iterator<Item = &HolderId> {
        self.by_wire.get(wire).into_iter().flatten()
    }

    /// Who waits for a notice.
    pub(super) fn at_notice(&self, notice: &Notice) -> impl Iterator<Item = &HolderId> {
        self.by_notice.get(notice).into_iter().flatten()
    }
}
