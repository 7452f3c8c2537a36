//! Holders that another manager made: OvnEips, nodes, Subnets with addresses of their own (u2o).
//!
//! In: the object. Out: the fate of a claim that somebody made for it. Guarantees: nothing is ever claimed for them from here; what
//! is held for them is held while the object is there.

use super::{Entitled, named};
use crate::manage::claims::Claim;
use crate::manage::command::Occupant;
use crate::manage::fate::Fate;
use crate::manage::id::{HolderId, Title};
use crate::manage::state::State;
use api::slim::{Kind, Str, Time};

/// The kind of object, where it is one of these.
pub(super) fn kind_of(kind: &str) -> Option<Kind> {
    [Kind::OvnEip, Kind::Node, Kind::Subnet].into_iter().find(|known| known.name() == kind)
}

/// The holder that an object of one of these kinds is.
pub(super) fn holder(kind: Kind, name: &str) -> Option<HolderId> {
    kind_of(kind.name()).map(|kind| HolderId::Named(kind.name().into(), Str::default(), name.into()))
}

/// A holder that is there; it wants nothing.
pub(super) fn entitled(state: &State, kind: Kind, name: &Str) -> Option<Entitled> {
    state.world.uid(kind, "", name)?;
    Some(Entitled {
        holder: holder(kind, name)?,
        title: Title { kind: kind.name().into(), namespace: Str::default(), name: name.clone() },
        occupant: Occupant::default(),
        programmed: None,
        wants: Vec::new(),
        arrival: None,
        may_grow: false,
    })
}

/// What becomes of a claim for it.
pub(super) fn fate(state: &State, claim: &Claim, kind: Kind, now: Time, grace: i64) -> Fate {
    if state.world.uid(kind, "", &claim.title.name).is_some() {
        return Fate::Keep;
    }
    named::fate(state, claim, now, grace, (kind, &Str::default(), &claim.title.name))
}
