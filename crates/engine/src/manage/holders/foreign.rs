//! Holders that another manager made: OvnEips, nodes, Subnets with addresses of their own (u2o).
//!
//! In: the object. Out: what an OvnEip was given; the fate of a claim for such a holder. Guarantees: nothing is ever chosen for
//! them from here; what is held for them is held while the object is there.

use super::{Entitled, named};
use crate::manage::claims::Claim;
use crate::manage::command::Occupant;
use crate::manage::fate::Fate;
use crate::manage::id::{HolderId, NicId, Title};
use crate::manage::state::State;
use crate::manage::want::{Ask, AskMac, Class, Want};
use crate::record::or_default;
use api::names::DEFAULT_EXTERNAL_SUBNET;
use api::slim::{Kind, Str, Time};
use ledger::{AddrPair, Family};

/// The kind of object, where it is one of these.
pub(super) fn kind_of(kind: &str) -> Option<Kind> {
    [Kind::OvnEip, Kind::Node, Kind::Subnet].into_iter().find(|known| known.name() == kind)
}

/// The holder that an object of one of these kinds is.
pub(super) fn holder(kind: Kind, name: &str) -> Option<HolderId> {
    kind_of(kind.name()).map(|kind| HolderId::Named(kind.name().into(), Str::default(), name.into()))
}

/// A holder that is there; it wants what it was given, and nothing else.
pub(super) fn entitled(state: &State, kind: Kind, name: &Str) -> Option<Entitled> {
    state.world.uid(kind, "", name)?;
    let holder = holder(kind, name)?;
    let wants: Vec<Want> = given(state, kind, name, &holder).into_iter().collect();
    Some(Entitled {
        holder,
        title: Title { kind: kind.name().into(), namespace: Str::default(), name: name.clone() },
        occupant: Occupant::default(),
        programmed: None,
        may_grow: !wants.is_empty(),
        wants,
        arrival: None,
    })
}

/// What an OvnEip was given, on a Subnet that is given out from here.
fn given(state: &State, kind: Kind, name: &Str, holder: &HolderId) -> Option<Want> {
    let eip = state.world.ovn_eips.named(name).filter(|_| kind == Kind::OvnEip)?;
    let pair = AddrPair { v4: eip.status.v4.get().copied(), v6: eip.status.v6.get().copied() };
    let subnet = or_default(&eip.spec.external_subnet, DEFAULT_EXTERNAL_SUBNET);
    let family = match (pair.v4, pair.v6) {
        (None, None) => return None,
        (Some(_), None) => Some(Family::V4),
        (None, Some(_)) => Some(Family::V6),
        (Some(_), Some(_)) => None,
    };
    Some(Want {
        nic: NicId::new(holder.clone(), Str::default()),
        lent: None,
        annotations: (state.books.provider(subnet).filter(|_| state.serves(subnet))?.clone(), Str::default()),
        subnets: vec![subnet.into()],
        ask: Ask::This(pair),
        class: Class::Record,
        family,
        told: pair,
        mac: AskMac::None,
        port: name.clone(),
    })
}

/// What becomes of a claim for it.
pub(super) fn fate(state: &State, claim: &Claim, kind: Kind, now: Time, grace: i64) -> Fate {
    if state.world.uid(kind, "", &claim.title.name).is_some() {
        return Fate::Keep;
    }
    named::fate(state, claim, now, grace, (kind, &Str::default(), &claim.title.name))
}
