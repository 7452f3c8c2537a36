//! The kinds of holders: each a file with what its holders want and what becomes of their claims.
//!
//! In: the state, a holder or a claim. Out: wants, fates. Guarantees: a kind knows nothing of the others; a new
//! one is added to the tables below and to that of `project`. What of its holder cannot be read gives no claim up. A claim on a wire that another manager serves, and one of a kind that this
//! version does not know, are kept.

mod asked;
pub(super) mod eip;
pub(in crate::manage) mod foreign;
pub(super) mod gateway;
mod lost;
mod named;
pub(super) mod occupant;
pub(super) mod pod;
pub(super) mod primary;
mod quarantine;
pub(super) mod reservation;
mod stateful_set;
pub(super) mod unnamed;
pub(super) mod vip;
pub(super) mod vm;

use super::claims::Claim;
use super::command::Occupant;
use super::fate::{Fate, Unread, Wait};
use super::id::{EIP, GATEWAY, HolderId, HolderName, NicId, QUARANTINE, RESERVATION, STATEFUL_SET, Title, VIP, VM};
use super::state::State;
use super::want::Want;
use crate::life::split_ordinal;
use api::slim::{Kind, Str, Time};
use ledger::Addr;

/// A holder that is there, and what it should hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entitled {
    pub(super) holder: HolderId,
    pub(super) title: Title,
    pub(super) occupant: Occupant,
    /// The gateway that has its addresses on its interface already.
    pub(super) programmed: Option<Str>,
    pub(super) wants: Vec<Want>,
    /// Why that is no more than what it has: an annotation that cannot be read, and the reason.
    pub(super) unread: Option<(&'static str, String)>,
    /// When it came: the order in which an exhausted Subnet is served.
    pub(super) arrival: Option<Time>,
    /// Whether it may be given more than it has: not while it is on its way out, see [`Entitled::may_get`].
    pub(super) may_grow: bool,
}

impl Entitled {
    /// Whether its pod may use an address: one that cannot be read uses what is its own, and of an ordinal's or a machine's what it was told.
    pub(super) fn may_use(&self, want: &Want, addr: Addr) -> bool {
        self.unread.is_none() || !self.holder.has_pods() || want.told.get(addr.family()) == Some(addr)
    }

    /// Whether it may be given what it wants for a NIC: on its way out that is what its pod lives with.
    pub(super) fn may_get(&self, state: &State, want: &Want) -> bool {
        self.may_grow || lost::is_lost(state, &self.occupant, want)
    }

    /// What it wants for a NIC of its own, and not of a lender.
    pub(super) fn want(&self, nic: &NicId) -> Option<&Want> {
        self.wants.iter().find(|want| want.lent.is_none() && want.nic == *nic)
    }
}

/// What a holder should hold; none where it is entitled to nothing any more.
pub(super) fn entitled(state: &State, holder: &HolderId) -> Option<Entitled> {
    let Some(HolderName { kind, namespace, name }) = holder.name() else {
        return pod::entitled(state, state.pod(holder)?);
    };
    match kind.as_str() {
        STATEFUL_SET => stateful_set::entitled(state, namespace, name),
        RESERVATION => reservation::entitled(state, name),
        VIP => vip::entitled(state, name),
        EIP => eip::entitled(state, name),
        GATEWAY => gateway::entitled(state, name),
        VM => vm::entitled(state, namespace, name),
        kind => foreign::entitled(state, foreign::kind_of(kind)?, name),
    }
}

/// The holder that an object of this kind and name is, where it is one by its name alone.
pub(super) fn of_object(kind: Kind, namespace: &str, name: &str) -> Option<HolderId> {
    match kind {
        Kind::Vip => Some(vip::holder(name)),
        Kind::IptablesEip => Some(eip::holder(name)),
        Kind::VirtualMachine | Kind::VirtualMachineInstance => Some(vm::holder(namespace, name)),
        _ => foreign::holder(kind, name),
    }
}

/// The object without which an ordinal or a machine is entitled to nothing: its kind, namespace and name.
pub(in crate::manage) fn owner(holder: &HolderId) -> Option<(Kind, Str, Str)> {
    let HolderName { kind, namespace, name } = holder.name()?;
    match kind.as_str() {
        STATEFUL_SET => {
            let (set, _) = split_ordinal(name)?;
            Some((Kind::StatefulSet, namespace.clone(), set.into()))
        }
        VM => Some((Kind::VirtualMachine, namespace.clone(), name.clone())),
        _ => None,
    }
}

/// What cannot be read of a holder that is there, so that nobody knows what it should hold.
pub(super) fn unread(state: &State, holder: &HolderId) -> Option<Unread> {
    let Some(HolderName { kind, namespace, name }) = holder.name() else { return pod::unread(state.pod(holder)?) };
    match kind.as_str() {
        STATEFUL_SET => stateful_set::unread(state, namespace, name),
        VM => vm::unread(state, namespace, name),
        _ => None,
    }
}

/// Whether objects of a kind are another manager's, and say themselves what they have.
pub(super) fn is_foreign(kind: &str) -> bool {
    foreign::kind_of(kind).is_some()
}

/// What becomes of a claim that its holder is not, or no longer, entitled to.
pub(super) fn fate(state: &State, claim: &Claim, now: Time, grace: i64) -> Fate {
    if state.is_served_by_another(claim) {
        return Fate::Keep;
    }
    if let Some(unread) = unread(state, &claim.nic.holder) {
        return Fate::Wait(Wait::Unreadable(unread.into()));
    }
    let Some(of) = claim.nic.holder.name() else { return occupant::fate(state, claim) };
    match of.kind.as_str() {
        STATEFUL_SET => stateful_set::fate(state, claim, now, grace),
        RESERVATION => reservation::fate(state, claim, now, grace),
        VIP => vip::fate(state, claim, now, grace),
        EIP => eip::fate(state, claim, now, grace),
        GATEWAY => gateway::fate(state, claim, now, grace),
        VM => vm::fate(state, claim, now, grace),
        QUARANTINE => quarantine::fate(claim, now),
        kind => match foreign::kind_of(kind) {
            Some(kind) => foreign::fate(state, claim, kind, now, grace),
            // A kind that this version does not know keeps what it has.
            None => Fate::Keep,
        },
    }
}
