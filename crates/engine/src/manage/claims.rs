//! Every claim that stands or is asked for, by address and by holder.
//!
//! In: claims as observed, claims that were asked for. Out: who has which address. Guarantees: one entry per wire and
//! address; an address that was asked for is held until a read settles it.

use super::call::HOLDER_UID;
use super::census::Standing;
use super::command::{NewClaim, Occupant};
use super::id::{ClaimKey, EIP, HolderId, NicId, POD, STATEFUL_SET, Title};
use super::multi::Multi;
use super::taken::says_life;
use crate::rest::cooling_since;
use api::slim::{AddressClaim, ClaimTarget, Condition, Field, Str, Time, Uid};
use ledger::{AddrPair, AddrRange, Mac};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A claim as the API server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Wire and address.
    pub key: ClaimKey,
    /// The life of the object.
    pub uid: Uid,
    /// Its version.
    pub version: Str,
    /// When it was made.
    pub created: Option<Time>,
    /// Who is entitled, and by which NIC.
    pub nic: NicId,
    /// The holder in the words that people use.
    pub title: Title,
    /// The Subnet that it was made for.
    pub subnet: Str,
    /// The MAC that goes with it.
    pub mac: Option<Mac>,
    /// Who uses it.
    pub occupant: Occupant,
    /// It is on the interface of its occupant, by the word of the node's agent, which made the claim again and has not said since that it was
    /// let go.
    pub in_use: bool,
    /// What few claims say; there are many claims.
    rare: Option<Box<Rare>>,
}

/// What a claim of a pod that runs and stays does not say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Rare {
    quarantined_until: Option<Time>,
    programmed: Option<Str>,
    deleted: bool,
    let_go: Uid,
    target: Option<Target>,
    life: Uid,
    conditions: Box<[Condition]>,
}

impl Rare {
    fn of(object: &AddressClaim) -> Option<Box<Self>> {
        let status = &object.status;
        let rare = Self {
            quarantined_until: status.quarantine.until.get().copied(),
            programmed: Some(status.programmed.gateway.clone()).filter(|gateway| !gateway.is_empty()),
            deleted: object.meta.is_deleted(),
            let_go: status.let_go.pod_uid.clone(),
            target: Target::of(&status.target),
            life: life(object),
            conditions: status.conditions.clone(),
        };
        (rare != Self::default()).then(|| Box::new(rare))
    }
}

/// The life of its holder's object that a claim says.
fn life(object: &AddressClaim) -> Uid {
    let said = object.meta.label(HOLDER_UID).filter(|_| says_life(&object.spec.holder.kind));
    said.map(Uid::parse).unwrap_or_default()
}

/// The target of a live migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The pod.
    pub occupant: Occupant,
    /// Its sandbox, where the agent of its node says that the address is on its interface.
    pub sandbox: Str,
    /// Which pod has let it go, by the word of that agent.
    pub let_go: Uid,
}

impl Target {
    fn of(target: &ClaimTarget) -> Option<Self> {
        let (occupant, let_go) = (&target.occupant, &target.let_go);
        (occupant.pod_uid != Uid::None).then(|| {
            let (sandbox, let_go) = (occupant.sandbox.clone(), let_go.pod_uid.clone());
            Self { occupant: Occupant::of_claim(occupant), sandbox, let_go }
        })
    }

    /// Whether it has let go, by the word of the agent.
    #[must_use]
    pub fn is_let_go(&self) -> bool {
        self.let_go == self.occupant.pod_uid
    }
}

impl Claim {
    /// Reads a claim; none where wire or address cannot be read, which the CRD's rules exclude.
    #[must_use]
    pub fn of(object: &AddressClaim) -> Option<Self> {
        let (spec, status) = (&object.spec, &object.status);
        let key = ClaimKey { wire: spec.wire.clone(), addr: *spec.address.get()? };
        let holder = &spec.holder;
        let occupant = &status.occupant;
        // A claim made by hand for a pod may say no occupant: then the pod itself is it.
        let pod_uid = if occupant.pod_uid == Uid::None { holder.uid.clone() } else { occupant.pod_uid.clone() };
        let is_off = pod_uid != Uid::None && pod_uid == status.let_go.pod_uid;
        Some(Self {
            key,
            uid: object.meta.uid.clone(),
            version: object.meta.resource_version.clone(),
            created: object.meta.created.get().copied(),
            nic: NicId::new(HolderId::of_claim(holder), holder.nic.clone()),
            title: Title { kind: holder.kind.clone(), namespace: holder.namespace.clone(), name: holder.name.clone() },
            subnet: spec.subnet.clone(),
            mac: Field::get(&spec.mac).copied(),
            occupant: Occupant { pod_uid, ..Occupant::of_claim(occupant) },
            in_use: !occupant.sandbox.is_empty() && !is_off,
            rare: Rare::of(object),
        })
    }

    /// Until when it is kept because it answered without a claim.
    #[must_use]
    pub fn quarantined_until(&self) -> Option<Time> {
        self.rare.as_ref()?.quarantined_until
    }

    /// The gateway that has it on its interface, or may have: nothing else of an EIP says so once that is gone.
    #[must_use]
    pub fn programmed(&self) -> Option<&Str> {
        self.rare.as_ref()?.programmed.as_ref()
    }

    /// Whether it was deleted and is still there: somebody's finalizer holds it.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.deleted)
    }

    /// Which pod has let it go, by the word of its node's agent.
    #[must_use]
    pub fn let_go(&self) -> &Uid {
        self.rare.as_ref().map_or(&Uid::None, |rare| &rare.let_go)
    }

    /// The life of the object that its holder is, where claims of that kind say it.
    #[must_use]
    pub fn life(&self) -> &Uid {
        self.rare.as_ref().map_or(&Uid::None, |rare| &rare.life)
    }

    /// While a virtual machine migrates: the pod that it moves to, which uses it beside the occupant.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        self.rare.as_ref()?.target.as_ref()
    }

    /// What it says of itself.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        self.rare.as_ref().map_or(&[], |rare| &rare.conditions)
    }

    /// Where its occupant can be read: what it says itself, else by the title of a holder that is named as its pod.
    #[must_use]
    pub fn occupant_name(&self) -> Option<(&Str, &Str)> {
        let (occupant, title) = (&self.occupant, &self.title);
        match title.kind.as_str() {
            _ if !occupant.name.is_empty() => Some((&occupant.namespace, &occupant.name)),
            POD | STATEFUL_SET => Some((&title.namespace, &title.name)),
            _ => None,
        }
    }

    /// Since when it rests, freed, by what it says of itself.
    #[must_use]
    pub fn cooling_since(&self) -> Option<Time> {
        cooling_since(self.conditions())
    }

    /// What it says of itself, where that is so.
    #[must_use]
    pub fn says(&self, type_: &str) -> Option<&Condition> {
        self.conditions().iter().find(|condition| condition.type_ == type_ && condition.status == "True")
    }

    /// Whether no pod was ever given it.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        self.occupant.pod_uid == Uid::None
    }

    /// Whether its occupant has let go, by the word of the agent.
    #[must_use]
    pub fn is_let_go(&self) -> bool {
        *self.let_go() != Uid::None && *self.let_go() == self.occupant.pod_uid
    }

    /// Whether its word is enough that no interface has it: no pod was ever given it, or its pod has let go; or it is of an EIP, which
    /// a gateway puts on an interface only after the mark.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.is_unused()
            || self.is_let_go() && self.target().is_none()
            || self.title.kind == EIP && self.programmed().is_none()
    }

    /// Whether a pod uses it: the occupant, or the target of its migration, unless that has let go.
    #[must_use]
    pub fn has_user(&self, pod: &Uid) -> bool {
        self.occupant.pod_uid == *pod || self.target().is_some_and(|it| it.occupant.pod_uid == *pod && !it.is_let_go())
    }

    /// Whether a pod uses it, and its agent has not said that it let go or never had it.
    #[must_use]
    pub fn may_use(&self, pod: &Uid) -> bool {
        self.has_user(pod) && !(self.is_let_go() && self.occupant.pod_uid == *pod)
    }

    /// The claim of what is on record in its family, where that is another address, and no agent has seen this one in use: then this one came
    /// beside the record.
    #[must_use]
    pub fn beside(&self, record: AddrPair) -> Option<ClaimKey> {
        let addr = record.get(self.key.addr.family()).filter(|addr| *addr != self.key.addr && !self.in_use)?;
        Some(ClaimKey { wire: self.key.wire.clone(), addr })
    }

    /// The pods that it is for, whether they have let go or not.
    pub fn users(&self) -> impl Iterator<Item = &Occupant> {
        std::iter::once(&self.occupant).chain(self.target().map(|target| &target.occupant))
    }
}

/// An address that somebody has, or may have.
#[derive(Debug, Clone)]
pub(super) enum Slot {
    /// Kept for a NIC, whose claim in the family before does not stand yet: nobody was asked for it.
    Planned(Arc<NewClaim>),
    /// Asked for, and not known to be granted.
    Asked(Arc<NewClaim>),
    /// The claim is there.
    Standing(Arc<Claim>),
}

impl Slot {
    pub(super) fn nic(&self) -> &NicId {
        match self {
            Self::Planned(claim) | Self::Asked(claim) => &claim.nic,
            Self::Standing(claim) => &claim.nic,
        }
    }

    pub(super) fn mac(&self) -> Option<Mac> {
        match self {
            Self::Planned(claim) | Self::Asked(claim) => claim.mac,
            Self::Standing(claim) => claim.mac,
        }
    }

    /// The Subnet that it was made for.
    pub(super) fn subnet(&self) -> &Str {
        match self {
            Self::Planned(claim) | Self::Asked(claim) => &claim.subnet,
            Self::Standing(claim) => &claim.subnet,
        }
    }

    /// Who holds it, in the words that people use.
    pub(super) fn title(&self) -> &Title {
        match self {
            Self::Planned(claim) | Self::Asked(claim) => &claim.title,
            Self::Standing(claim) => &claim.title,
        }
    }

    /// The claim, where it is there.
    pub(super) fn standing(&self) -> Option<&Claim> {
        self.shared().map(|claim| &**claim)
    }

    /// The same, to be kept for a while.
    pub(super) fn shared(&self) -> Option<&Arc<Claim>> {
        match self {
            Self::Planned(_) | Self::Asked(_) => None,
            Self::Standing(claim) => Some(claim),
        }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Claims {
    slots: BTreeMap<ClaimKey, Slot>,
    by_holder: Multi<HolderId, ClaimKey>,
    /// Those with a MAC, by wire and MAC.
    by_mac: Multi<(Str, Mac), ClaimKey>,
    tally: BTreeMap<(Str, Standing), u64>,
    /// How many were made for a Subnet, by Subnet and wire.
    of_subnet: BTreeMap<(Str, Str), u64>,
}

impl Claims {
    /// How many there are of each kind.
    pub(super) fn tally(&self) -> &BTreeMap<(Str, Standing), u64> {
        &self.tally
    }

    pub(super) fn get(&self, key: &ClaimKey) -> Option<&Slot> {
        self.slots.get(key)
    }

    /// Whether an address is a NIC's, or nobody's.
    pub(super) fn may_be_of(&self, key: &ClaimKey, nic: &NicId) -> bool {
        self.get(key).is_none_or(|slot| slot.nic() == nic)
    }

    /// Puts a slot in its place; what was there.
    pub(super) fn put(&mut self, key: ClaimKey, slot: Slot) -> Option<Slot> {
        let holder = slot.nic().holder.clone();
        let before = self.remove(&key);
        *self.tally.entry(Standing::of(&slot)).or_default() += 1;
        *self.of_subnet.entry((slot.subnet().clone(), key.wire.clone())).or_default() += 1;
        self.by_holder.insert(holder, key.clone());
        if let Some(mac) = slot.mac() {
            self.by_mac.insert((key.wire.clone(), mac), key.clone());
        }
        self.slots.insert(key, slot);
        before
    }

    pub(super) fn remove(&mut self, key: &ClaimKey) -> Option<Slot> {
        let slot = self.slots.remove(key)?;
        if let Some(count) = self.tally.get_mut(&Standing::of(&slot)) {
            *count = count.saturating_sub(1);
        }
        let place = (slot.subnet().clone(), key.wire.clone());
        if let Some(count) = self.of_subnet.get_mut(&place) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.of_subnet.remove(&place);
            }
        }
        self.by_holder.remove(&slot.nic().holder, key);
        if let Some(mac) = slot.mac() {
            self.by_mac.remove(&(key.wire.clone(), mac), key);
        }
        Some(slot)
    }

    /// The addresses of a holder, in order of wire and address.
    pub(super) fn of_holder(&self, holder: &HolderId) -> impl Iterator<Item = (&ClaimKey, &Slot)> {
        self.by_holder.of(holder).filter_map(|key| self.slots.get_key_value(key))
    }

    /// Whether a holder has an address: what rests nobody has any more.
    pub(super) fn has_any(&self, holder: &HolderId) -> bool {
        let mut slots = self.of_holder(holder).map(|(_, slot)| slot);
        slots.any(|slot| slot.standing().is_none_or(|claim| claim.cooling_since().is_none()))
    }

    /// The addresses of a NIC.
    pub(super) fn of_nic<'a>(&'a self, nic: &'a NicId) -> impl Iterator<Item = (&'a ClaimKey, &'a Slot)> {
        self.of_holder(&nic.holder).filter(move |(_, slot)| slot.nic().name == nic.name)
    }

    /// What goes with a MAC on a wire: of one NIC, but where two controllers granted it at once, or a person wrote a claim.
    pub(super) fn with_mac(&self, wire: &Str, mac: Mac) -> impl Iterator<Item = &Slot> {
        let place = (wire.clone(), mac);
        self.by_mac.within(place.clone()..=place).filter_map(|key| self.slots.get(key))
    }

    /// What is held on a wire within a range.
    pub(super) fn within(&self, wire: &Str, range: AddrRange) -> impl Iterator<Item = (&ClaimKey, &Slot)> {
        let key = |addr| ClaimKey { wire: wire.clone(), addr };
        self.slots.range(key(range.first())..=key(range.last()))
    }

    /// The wires on which there are claims that were made for a Subnet.
    pub(super) fn wires_of(&self, subnet: &Str) -> impl Iterator<Item = &Str> {
        let places = self.of_subnet.range((subnet.clone(), Str::default())..).map(|(place, _)| place);
        places.take_while(move |(of, _)| of == subnet).map(|(_, wire)| wire)
    }

    /// The address of a claim's name.
    pub(super) fn named(&self, name: &Str) -> Option<ClaimKey> {
        ClaimKey::of_object_name(name).filter(|key| self.slots.contains_key(key))
    }

    /// The ordinals of a StatefulSet that have an address.
    pub(super) fn of_set(&self, namespace: &Str, set: &str) -> impl Iterator<Item = &HolderId> {
        let holders = self.by_holder.keys_from(HolderId::first_of_set(namespace, set)..);
        holders.take_while(move |holder| holder.is_of_set(namespace, set))
    }

    /// The ordinals of a NAT gateway that have an address.
    pub(super) fn of_gateway(&self, gateway: &str) -> impl Iterator<Item = &HolderId> {
        let holders = self.by_holder.keys_from(HolderId::first_of_gateway(gateway)..);
        holders.take_while(move |holder| holder.is_of_gateway(gateway))
    }

    /// Those that are there.
    pub(super) fn standing(&self) -> impl Iterator<Item = &Claim> {
        self.slots.values().filter_map(Slot::standing)
    }

    /// Everybody who has an address.
    pub(super) fn holders(&self) -> impl Iterator<Item = &HolderId> {
        self.by_holder.keys()
    }
}
