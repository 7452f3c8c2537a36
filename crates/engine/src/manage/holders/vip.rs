//! A Vip: an address without a pod, that a pod may borrow.
//!
//! In: the Vip, the pod that borrows it. Out: its want; whether a NIC borrows it; the fate of its claims once it is gone.
//! Guarantees: one claim per family, with or without a borrower; one borrower at a time, and the next one only when the one
//! before has let go; what was given does not change with the spec.

use super::{Entitled, lost, named, primary::ask_mac};
use crate::manage::claims::Claim;
use crate::manage::fate::Fate;
use crate::manage::id::{HolderId, NicId, Title, VIP};
use crate::manage::state::State;
use crate::manage::want::{Ask, AskMac, Class, Want, asked_mac};
use api::slim::{Field, Kind, Str, Time, Vip};
use ledger::{Addr, AddrPair, Mac};

/// The holder of a name.
pub(in crate::manage) fn holder(name: &str) -> HolderId {
    HolderId::named(VIP, "", name)
}

/// The NIC of a Vip that a NIC of a pod on these Subnets borrows. A Vip that is not there is waited for: nobody knows yet
/// for which NIC it is.
pub(super) fn lender(state: &State, name: &str, subnets: &[Str]) -> Option<NicId> {
    let holder = holder(name);
    // A claim that is in no Subnet any more says nothing: who borrows goes on with what it is told once that is gone, too.
    let claimed = state.claims.of_holder(&holder).find_map(|(key, _)| state.books.containing(key));
    let is_on = match (claimed, state.world.vips.named(name)) {
        (Some(subnet), _) => subnets.contains(subnet),
        (None, Some(vip)) => subnets.contains(&vip.spec.subnet),
        (None, None) => !subnets.is_empty(),
    };
    is_on.then(|| NicId::new(holder, Str::default()))
}

/// Whether a lender that is a Vip is gone, and its claims too: what rests nobody has any more.
pub(in crate::manage) fn is_gone(state: &State, lender: &HolderId) -> bool {
    let is_gone = |name: &Str| state.world.vips.named(name).is_none() && !state.claims.has_any(lender);
    lender.name().is_some_and(|of| of.kind == VIP && is_gone(&of.name))
}

/// Whether a lender is a Vip, or was one, that has, or asks for, none of these addresses.
pub(super) fn is_elsewhere(state: &State, lender: &HolderId, pair: AddrPair) -> bool {
    let Some(of) = lender.name().filter(|of| of.kind == VIP) else { return false };
    let is_one = |addr: Addr| pair.get(addr.family()) == Some(addr);
    let vip = state.world.vips.named(&of.name).map(|vip| (&vip.spec, &vip.status));
    let said = vip.into_iter().flat_map(|(spec, status)| [&status.v4, &status.v6, &spec.v4, &spec.v6]);
    let mut said = said.filter_map(|field| field.get());
    !said.any(|addr| is_one(*addr)) && !state.claims.of_holder(lender).any(|(key, _)| is_one(key.addr))
}

/// What a Vip should hold; none where it is gone.
pub(super) fn entitled(state: &State, name: &Str) -> Option<Entitled> {
    let vip = state.world.vips.named(name)?;
    let holder = holder(name);
    let occupant = state.borrower(&holder).map(|(_, occupant)| occupant).unwrap_or_default();
    let wants: Vec<Want> = want(state, vip, &holder).into_iter().collect();
    let wants = if vip.meta.is_deleted() { lost::only(state, &occupant, wants) } else { wants };
    Some(Entitled {
        title: Title { kind: VIP.into(), namespace: Str::default(), name: name.clone() },
        occupant,
        unread: None,
        programmed: None,
        wants,
        arrival: vip.meta.created.get().copied(),
        may_grow: !vip.meta.is_deleted(),
        holder,
    })
}

/// The want of a Vip on a Subnet that is given out from here.
fn want(state: &State, vip: &Vip, holder: &HolderId) -> Option<Want> {
    let (spec, status) = (&vip.spec, &vip.status);
    let subnet = &spec.subnet;
    if subnet.is_empty() || !state.may_serve(subnet) {
        return None;
    }
    let given = AddrPair { v4: status.v4.get().copied(), v6: status.v6.get().copied() };
    let (ask, class) = asked(given, [&spec.v4, &spec.v6], &spec.mac);
    let provider = state.books.provider(subnet).cloned().unwrap_or_default();
    Some(Want {
        nic: NicId::new(holder.clone(), Str::default()),
        lent: None,
        subnets: vec![subnet.clone()],
        ask,
        class,
        family: None,
        told: given,
        mac: ask_mac(&provider, AskMac::of(&status.mac).or(AskMac::of(&spec.mac)), &vip.meta.uid),
        port: vip.meta.name.clone(),
        annotations: (provider, Str::default()),
    })
}

/// What an object asks for that says in its status what it was given, and in its spec what is asked for.
pub(super) fn asked(given: AddrPair, spec: [&Field<Addr>; 2], mac: &Field<Mac>) -> (Ask, Class) {
    if !given.is_none() {
        return (Ask::This(given), Class::Record);
    }
    if let Err(why) = asked_mac(mac) {
        return (Ask::Unreadable(why.into()), Class::Named);
    }
    if let Some(text) = spec.iter().find_map(|field| field.bad()) {
        return (Ask::Unreadable(format!("`{text}` is no address").into()), Class::Named);
    }
    match (AddrPair { v4: spec[0].get().copied(), v6: spec[1].get().copied() }) {
        pair if pair.is_none() => (Ask::Any, Class::Free),
        pair => (Ask::This(pair), Class::Named),
    }
}

/// What becomes of the claims of a Vip that is gone.
pub(super) fn fate(state: &State, claim: &Claim, now: Time, grace: i64) -> Fate {
    named::fate(state, claim, now, grace, (Kind::Vip, &Str::default(), &claim.title.name))
}
