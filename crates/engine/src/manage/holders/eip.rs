//! An IptablesEIP: an address that a NAT gateway has on its outer interface.
//!
//! In: the EIP, the gateway's pod. Out: its want; the fate of its claims once it is gone. Guarantees: a claim that is marked as
//! programmed stays until the gateway says that it is so no more, or its pod has let go; one that never was goes once a
//! fresh read says that the EIP is gone: whoever marks it meanwhile changes the version that the deletion names.

use super::{Entitled, lost, named, occupant, vip};
use crate::manage::claims::Claim;
use crate::manage::command::Occupant;
use crate::manage::fate::{Fate, Wait};
use crate::manage::id::{EIP, HolderId, NicId, Title};
use crate::manage::state::State;
use crate::manage::want::{Ask, AskMac, Class, Want};
use crate::record::or_default;
use api::names;
use api::slim::{IptablesEip, Kind, Str, Time};
use ledger::AddrPair;

/// The holder of a name.
pub(in crate::manage) fn holder(name: &str) -> HolderId {
    HolderId::named(EIP, "", name)
}

/// The external Subnet of an EIP.
pub(in crate::manage) fn subnet_of(eip: &IptablesEip) -> Str {
    or_default(&eip.spec.external_subnet, names::DEFAULT_EXTERNAL_SUBNET).into()
}

/// What an EIP should hold; none where it is gone.
pub(super) fn entitled(state: &State, name: &Str) -> Option<Entitled> {
    let eip = state.world.eips.named(name)?;
    let holder = holder(name);
    let occupant = occupant_of(state, eip);
    let is_wanted = !eip.meta.is_deleted() || is_used(state, name);
    let wants: Vec<Want> = want(state, eip, &holder).into_iter().collect();
    let wants = if is_wanted { wants } else { lost::only(state, &occupant, wants) };
    Some(Entitled {
        title: Title { kind: EIP.into(), namespace: Str::default(), name: name.clone() },
        occupant,
        unread: None,
        // One that Kube-OVN's gateway has is on the wire already.
        programmed: eip.status.ready.then(|| eip.spec.nat_gw.clone()),
        wants,
        arrival: eip.meta.created.get().copied(),
        may_grow: !eip.meta.is_deleted(),
        holder,
    })
}

/// Whether an EIP has an address that a rule is for: then it stays while that is there.
pub(in crate::manage) fn is_used(state: &State, name: &Str) -> bool {
    let holder = holder(name);
    let mut claims = state.claims.of_holder(&holder).filter_map(|(_, slot)| slot.standing());
    state.rules.name(name) && claims.next().is_some()
}

/// The pod that has, or is to have, the address: the gateway's.
fn occupant_of(state: &State, eip: &IptablesEip) -> Occupant {
    state.gateway_pods(&eip.spec.nat_gw).next().map(Occupant::of).unwrap_or_default()
}

fn want(state: &State, eip: &IptablesEip, holder: &HolderId) -> Option<Want> {
    let spec = &eip.spec;
    let subnet = subnet_of(eip);
    if !state.may_serve(&subnet) {
        return None;
    }
    let v4 = eip.status.ip.get().copied();
    // The status has no place for the IPv6 address: what was given stands in the spec.
    let given = AddrPair { v4, v6: spec.v6.get().copied().filter(|_| v4.is_some()) };
    let (ask, class) = match vip::asked(given, [&spec.v4, &spec.v6], &spec.mac) {
        // Kube-OVN's webhook refuses one of no gateway (`pkg/webhook`); what it has it keeps.
        (_, Class::Named | Class::Free) if spec.nat_gw.is_empty() => {
            (Ask::Unreadable("`natGwDp` names no VpcNatGateway".into()), Class::Named)
        }
        asked => asked,
    };
    Some(Want {
        nic: NicId::new(holder.clone(), Str::default()),
        lent: None,
        annotations: (state.books.provider(&subnet).cloned().unwrap_or_default(), Str::default()),
        subnets: vec![subnet],
        ask,
        class,
        family: None,
        told: given,
        mac: AskMac::of(&spec.mac).into(),
        port: eip.meta.name.clone(),
    })
}

/// What becomes of the claims of an EIP that is gone.
pub(super) fn fate(state: &State, claim: &Claim, now: Time, grace: i64) -> Fate {
    if let Some(gateway) = claim.programmed() {
        match occupant::fate(state, claim) {
            // With its pod the gateway's rules are gone.
            Fate::Release(_) if !claim.is_unused() => {}
            Fate::Wait(wait) if !claim.is_unused() => return Fate::Wait(wait),
            _ => return Fate::Wait(Wait::Gateway(gateway.clone())),
        }
    }
    named::without_title(state, claim, now, grace, (Kind::IptablesEip, &Str::default(), &claim.title.name))
}
