//! Holders that another manager made: OvnEips, nodes, Subnets with addresses of their own (u2o, multicast querier).
//!
//! In: the object. Out: what an OvnEip, a node or a Subnet itself was given; the fate of a claim for such a holder. Guarantees: nothing is ever chosen for
//! them from here; what is held for them is held while the object is there.

use super::{Entitled, named, reservation::is_reservation};
use crate::holder::{IpRole, ip_role};
use crate::manage::claims::Claim;
use crate::manage::command::Occupant;
use crate::manage::fate::{Fate, Proof};
use crate::manage::id::{HolderId, NicId, Title};
use crate::manage::state::State;
use crate::manage::want::{Ask, AskMac, Class, Want};
use crate::record::or_default;
use api::names::DEFAULT_OVN_EXTERNAL_SUBNET;
use api::slim::{Ip, Kind, OvnEip, Str, Subnet, Time};
use ledger::{AddrPair, Family};

/// The kind of object, where it is one of these.
pub(super) fn kind_of(kind: &str) -> Option<Kind> {
    [Kind::OvnEip, Kind::Node, Kind::Subnet].into_iter().find(|known| known.name() == kind)
}

/// The holder that an object of one of these kinds is.
pub(in crate::manage) fn holder(kind: Kind, name: &str) -> Option<HolderId> {
    kind_of(kind.name()).map(|kind| HolderId::named(kind.name(), "", name))
}

/// A holder that is there; it wants what it was given, and nothing else.
pub(super) fn entitled(state: &State, kind: Kind, name: &Str) -> Option<Entitled> {
    state.world.uid(kind, "", name)?;
    let holder = holder(kind, name)?;
    let wants = match kind {
        Kind::OvnEip => of_ovn_eip(state, name, &holder).into_iter().collect(),
        Kind::Subnet => of_subnet(state, name, &holder),
        _ => of_node(state, name, &holder).into_iter().collect(),
    };
    Some(Entitled {
        holder,
        title: Title { kind: kind.name().into(), namespace: Str::default(), name: name.clone() },
        occupant: Occupant::default(),
        unread: None,
        programmed: None,
        may_grow: !wants.is_empty(),
        wants,
        arrival: None,
    })
}

/// What an OvnEip was given, on a Subnet that is given out from here.
fn of_ovn_eip(state: &State, name: &Str, holder: &HolderId) -> Option<Want> {
    let eip = state.world.ovn_eips.named(name)?;
    let pair = AddrPair { v4: eip.status.v4.get().copied(), v6: eip.status.v6.get().copied() };
    given(state, subnet_of(eip), NicId::new(holder.clone(), Str::default()), pair, name)
}

fn subnet_of(eip: &OvnEip) -> &str {
    or_default(&eip.spec.external_subnet, DEFAULT_OVN_EXTERNAL_SUBNET)
}

/// The node whose own address an IP object says.
pub(in crate::manage) fn node_of(ip: &Ip) -> Option<HolderId> {
    match ip_role(ip) {
        IpRole::Node(name) if !is_reservation(ip) => holder(Kind::Node, name),
        _ => None,
    }
}

/// What a node was given, by the IP object that Kube-OVN makes for each (`pkg/controller/node.go`).
fn of_node(state: &State, name: &Str, holder: &HolderId) -> Option<Want> {
    let ip = state.world.ips.named(&record_of_node(name)).filter(|ip| node_of(ip).as_ref() == Some(holder))?;
    let pair = AddrPair { v4: ip.spec.v4.get().copied(), v6: ip.spec.v6.get().copied() };
    given(state, &ip.spec.subnet, NicId::new(holder.clone(), Str::default()), pair, &ip.meta.name)
}

/// The name of the IP object of a node.
fn record_of_node(name: &str) -> String {
    format!("node-{name}")
}

/// Whether anything may be held for a node.
pub(in crate::manage) fn has_node_any(state: &State, holder: &HolderId) -> bool {
    let has_record = holder.name().is_some_and(|of| state.world.ips.named(&record_of_node(&of.name)).is_some());
    has_record || state.claims.of_holder(holder).next().is_some()
}

/// What a Subnet has of its own addresses, by its status: one between underlay and overlay, one of a multicast querier. One that is being
/// deleted needs neither any more.
fn of_subnet(state: &State, name: &Str, holder: &HolderId) -> Vec<Want> {
    let Some(subnet) = state.world.subnets.named(name).filter(|subnet| !subnet.meta.is_deleted()) else {
        return Vec::new();
    };
    let own = [("u2o", &subnet.status.u2o_ip), ("mcast", &subnet.status.mcast_ip)];
    let wants = own.into_iter().filter_map(|(nic, field)| {
        given(state, name, NicId::new(holder.clone(), nic.into()), field.get().copied()?, name)
    });
    wants.collect()
}

/// The want of what was given to somebody on a Subnet that is given out from here, or may be once it is there.
fn given(state: &State, subnet: &str, nic: NicId, pair: AddrPair, port: &Str) -> Option<Want> {
    if !state.may_serve(subnet) {
        return None;
    }
    let family = match (pair.v4, pair.v6) {
        (None, None) => return None,
        (Some(_), None) => Some(Family::V4),
        (None, Some(_)) => Some(Family::V6),
        (Some(_), Some(_)) => None,
    };
    Some(Want {
        nic,
        lent: None,
        annotations: (state.books.provider(subnet).cloned().unwrap_or_default(), Str::default()),
        subnets: vec![subnet.into()],
        ask: Ask::This(pair),
        class: Class::Record,
        family,
        told: pair,
        mac: AskMac::None,
        port: port.clone(),
    })
}

/// Whether a Subnet has addresses of its own.
pub(in crate::manage) fn has_own(subnet: &Subnet) -> bool {
    !subnet.status.u2o_ip.is_absent() || !subnet.status.mcast_ip.is_absent()
}

/// What becomes of a claim for it. A Subnet that is being deleted stays until its last claim is gone: not for its own ones.
pub(super) fn fate(state: &State, claim: &Claim, kind: Kind, now: Time, grace: i64) -> Fate {
    let name = &claim.title.name;
    let is_going = |subnet: &Subnet| subnet.meta.is_deleted() && claim.is_unused();
    if kind == Kind::Subnet && state.world.subnets.named(name).is_some_and(is_going) {
        return Fate::Release(Proof::Disowned);
    }
    if state.world.uid(kind, "", name).is_some() {
        return Fate::Keep;
    }
    named::fate(state, claim, now, grace, (kind, &Str::default(), name))
}
