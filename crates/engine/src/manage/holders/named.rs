//! Holders that are known by a name: what becomes of their claims once the object of that name is gone.
//!
//! In: a claim, the object that would entitle its holder. Out: its fate. Guarantees: losing the title is not letting go: the
//! last pod must have let go, the object must be absent for the grace, and a fresh read must say so too.

use super::occupant;
use crate::manage::claims::Claim;
use crate::manage::fate::{Fate, Proof, Wait};
use crate::manage::state::State;
use api::slim::{Kind, Str, Time};

/// What becomes of a claim whose holder is entitled by an object: its kind, namespace and name.
pub(super) fn fate(state: &State, claim: &Claim, now: Time, grace: i64, owner: (Kind, &Str, &Str)) -> Fate {
    if !claim.is_unused() {
        match occupant::fate(state, claim) {
            Fate::Release(_) => {}
            other => return other,
        }
    }
    without_title(state, claim, now, grace, owner)
}

/// The same for a claim that no pod uses.
pub(super) fn without_title(state: &State, claim: &Claim, now: Time, grace: i64, owner: (Kind, &Str, &Str)) -> Fate {
    let holder = &claim.nic.holder;
    if state.disowned.contains(holder) {
        return Fate::Release(Proof::Disowned);
    }
    if let Some(since) = state.absent.get(holder).filter(|since| now.since(**since) < grace) {
        return Fate::Wait(Wait::Grace(Time(since.0.saturating_add(grace))));
    }
    let (kind, namespace, name) = owner;
    Fate::Wait(Wait::Owner { kind, namespace: namespace.clone(), name: name.clone() })
}
