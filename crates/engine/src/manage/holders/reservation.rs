//! A reservation: an IP object that a person made, for a pod that may not be there yet.
//!
//! In: the IP object, the pod that it is for. Out: its want; whether a NIC uses it; the fate of its claim once it is gone.
//! Guarantees: the address is claimed by the reservation, so that it stays whatever becomes of the pod; an address that
//! another holder has is refused with its name, where Kube-OVN makes both its owners.

use super::{Entitled, lost, named, primary::ask_mac};
use crate::manage::claims::Claim;
use crate::manage::fate::Fate;
use crate::manage::id::{HolderId, NicId, RESERVATION, Title};
use crate::manage::state::State;
use crate::manage::want::{Ask, AskMac, Class, Want, asked_mac};
use api::names::{self, labels};
use api::slim::{Field, Ip, Kind, Str, Time};
use ledger::{Addr, AddrPair, Family};

/// Whether a person made an IP object. One that Kube-OVN or this program made has one of these labels, and Kube-OVN's
/// own its finalizer; a reservation has the first with `true` once it was taken note of (Kube-OVN
/// `pkg/controller/ip.go`, handleAddReservedIP).
pub(in crate::manage) fn is_reservation(ip: &Ip) -> bool {
    match ip.meta.label(labels::IP_RESERVED) {
        Some(reserved) => reserved == "true",
        None => {
            let made = [labels::SUBNET, labels::NODE_NAME].iter().any(|label| ip.meta.label(label).is_some());
            !made && !ip.meta.has_kubeovn_finalizer()
        }
    }
}

/// Whether a reservation was taken note of: what it says then is on record, and no request.
fn is_noted(ip: &Ip) -> bool {
    ip.meta.label(labels::IP_RESERVED) == Some("true")
}

/// The holder of a name.
pub(in crate::manage) fn holder(name: &str) -> HolderId {
    HolderId::named(RESERVATION, "", name)
}

/// The port that a holder is a reservation for.
pub(in crate::manage) fn port(holder: &HolderId) -> Option<&Str> {
    holder.name().filter(|of| of.kind == RESERVATION).map(|of| &of.name)
}

/// The NIC of a reservation that a NIC of a pod uses, by the port of the pod's NIC: while the reservation is there, and
/// after that while its claim is, and does not rest: what rests nobody has any more.
pub(super) fn lender(state: &State, port: &str, pod: (&str, &str), subnets: &[Str]) -> Option<NicId> {
    let holder = holder(port);
    let valid = |ip: &&Ip| {
        let spec = &ip.spec;
        is_reservation(ip)
            && !ip.meta.is_deleted()
            && (spec.namespace.as_str(), spec.pod_name.as_str()) == pod
            && subnets.contains(&spec.subnet)
    };
    let stands = state.world.ips.named(port).filter(valid).is_some();
    (stands || state.claims.has_any(&holder)).then(|| NicId::new(holder, Str::default()))
}

/// Whether a holder is a reservation that names none of these addresses; where it names none at all, or is none any more, whether its claims
/// have none of them.
pub(super) fn is_elsewhere(state: &State, holder: &HolderId, pair: AddrPair) -> bool {
    let Some(port) = port(holder) else { return false };
    let ip = state.world.ips.named(port).filter(|ip| is_reservation(ip));
    let reserved = ip.map(|ip| asked(ip).1).filter(|reserved| !reserved.is_none());
    let has = |addr: Addr| match reserved {
        Some(reserved) => reserved.get(addr.family()) == Some(addr),
        None => state.claims.of_holder(holder).any(|(key, _)| key.addr == addr),
    };
    !pair.iter().any(has)
}

/// What a reservation should hold; none where it is gone, or is none.
pub(super) fn entitled(state: &State, name: &Str) -> Option<Entitled> {
    let ip = state.world.ips.named(name).filter(|ip| is_reservation(ip))?;
    let holder = holder(name);
    let occupant = state.borrower(&holder).map(|(_, occupant)| occupant).unwrap_or_default();
    let wants: Vec<Want> = want(state, ip, &holder).into_iter().collect();
    let wants = if ip.meta.is_deleted() { lost::only(state, &occupant, wants) } else { wants };
    Some(Entitled {
        title: Title { kind: RESERVATION.into(), namespace: Str::default(), name: name.clone() },
        occupant,
        unread: None,
        programmed: None,
        wants,
        arrival: ip.meta.created.get().copied(),
        may_grow: !ip.meta.is_deleted(),
        holder,
    })
}

/// The want of a reservation that names its Subnet and is named as the port of its pod; another one is somebody's note.
fn want(state: &State, ip: &Ip, holder: &HolderId) -> Option<Want> {
    let spec = &ip.spec;
    // A Subnet that is not there may come back, and what it gave out stays until then.
    let provider = state.books.provider(&spec.subnet).cloned().unwrap_or_default();
    let is_port = ip.meta.name == names::port_name(&spec.pod_name, &spec.namespace, &provider);
    let may_be_ours = !state.books.is_foreign(&spec.subnet) && (provider.is_empty() || is_port);
    if spec.subnet.is_empty() || !may_be_ours {
        return None;
    }
    let (mut ask, told) = asked(ip);
    if let Some(why) = asked_mac(&spec.mac).err().filter(|_| !is_noted(ip)) {
        ask = Ask::Unreadable(why.into());
    }
    let class = match ask {
        Ask::Any => Class::Free,
        _ if is_noted(ip) => Class::Record,
        _ => Class::Named,
    };
    Some(Want {
        nic: NicId::new(holder.clone(), Str::default()),
        lent: None,
        subnets: vec![spec.subnet.clone()],
        ask,
        class,
        family: None,
        told,
        mac: ask_mac(&provider, AskMac::of(&spec.mac), &ip.meta.uid),
        port: ip.meta.name.clone(),
        annotations: (provider, Str::default()),
    })
}

/// The addresses that it names, in either of the two places for them.
fn asked(ip: &Ip) -> (Ask, AddrPair) {
    let spec = &ip.spec;
    let bad = [spec.v4.bad(), spec.v6.bad(), spec.ip_address.bad()].into_iter().flatten().next();
    if let Some(text) = bad {
        return (Ask::Unreadable(format!("`{text}` is no address").into()), AddrPair::NONE);
    }
    let both = spec.ip_address.get().copied().unwrap_or(AddrPair::NONE);
    let of = |field: &Field<Addr>, family| field.get().copied().or(both.get(family));
    let pair = AddrPair { v4: of(&spec.v4, Family::V4), v6: of(&spec.v6, Family::V6) };
    if pair.is_none() { (Ask::Any, pair) } else { (Ask::This(pair), pair) }
}

/// What becomes of the claim of a reservation that is gone.
pub(super) fn fate(state: &State, claim: &Claim, now: Time, grace: i64) -> Fate {
    named::fate(state, claim, now, grace, (Kind::Ip, &Str::default(), &claim.title.name))
}
