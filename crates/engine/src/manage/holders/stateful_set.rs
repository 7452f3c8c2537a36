//! An ordinal of a StatefulSet: entitled while the set exists, by its name, and has a place for the ordinal; without one to what its pod lives
//! with, where the claim of that is lost.
//!
//! In: the set, the pod that uses the ordinal's addresses now, if there is one. Out: its wants; the fate of a claim once the
//! title is lost. Guarantees: the addresses stay across pods, nodes and a set that is deleted and made again within the
//! grace; losing the title is not letting go: a fresh read of the set must say so too, and the last pod must have let go.

use super::{Entitled, lost, named, owner, pod};
use crate::life::{ordinals, split_ordinal};
use crate::manage::claims::Claim;
use crate::manage::command::Occupant;
use crate::manage::fate::{Fate, Place, Unread};
use crate::manage::id::{HolderId, STATEFUL_SET, Title};
use crate::manage::state::State;
use crate::manage::want::Class;
use crate::record::is_finished;
use api::slim::{Kind, Pod, StatefulSet, Str, Time};

/// The set that an ordinal is of, where there is one by that name that has a place for it, and the ordinal.
fn set_of<'a>(state: &'a State, namespace: &str, name: &str) -> Option<(&'a StatefulSet, i64)> {
    let (set, ordinal) = split_ordinal(name)?;
    let set = state.world.stateful_sets.get(namespace, set)?;
    let (first, after) = ordinals(set);
    (first..after).contains(&ordinal).then_some((set, ordinal))
}

/// The pod that says what an ordinal should hold.
fn user_of<'a>(state: &'a State, holder: &HolderId) -> Option<&'a Pod> {
    state.pod(holder).filter(|pod| !pod.spec.node_name.is_empty() && !is_finished(pod))
}

/// What an ordinal should hold; none where its set is not there or has no place for it.
pub(super) fn entitled(state: &State, namespace: &Str, name: &Str) -> Option<Entitled> {
    let set = set_of(state, namespace, name);
    let holder = HolderId::named(STATEFUL_SET, namespace.clone(), name.clone());
    let user = user_of(state, &holder);
    let meta = user.map(|pod| &pod.meta).or(set.map(|(set, _)| &set.spec.template.meta))?;
    let occupant = user.map(Occupant::of).unwrap_or_default();
    let subject = pod::Subject {
        holder: holder.clone(),
        namespace,
        name,
        meta,
        ordinal: split_ordinal(name).map(|(_, ordinal)| ordinal),
        user: occupant.pod_uid.clone(),
        borrows: true,
    };
    let pod::Wants { nics: mut wants, mut unread } = pod::wants(state, &subject);
    if set.is_none() {
        (wants, unread) = (lost::only(state, &occupant, wants), None);
        if wants.is_empty() {
            return None;
        }
    }
    // Without a pod it is given only what is kept for it already.
    let is_kept = !wants.is_empty() && wants.iter().all(|want| want.class == Class::Record);
    Some(Entitled {
        holder,
        title: Title { kind: STATEFUL_SET.into(), namespace: namespace.clone(), name: name.clone() },
        programmed: None,
        wants,
        unread,
        arrival: user.and_then(|pod| pod.meta.created.get().copied()),
        may_grow: set.is_some() && user.map_or(is_kept, |pod| !pod.meta.is_deleted()),
        occupant,
    })
}

/// What cannot be read of an ordinal: of its pod, else of the template of its next one.
pub(super) fn unread(state: &State, namespace: &Str, name: &Str) -> Option<Unread> {
    let (set, _) = set_of(state, namespace, name)?;
    match user_of(state, &HolderId::named(STATEFUL_SET, namespace.clone(), name.clone())) {
        Some(pod) => pod::unread(pod),
        None => {
            let of = (Kind::StatefulSet, namespace, &set.meta.name);
            pod::unread_in(&set.spec.template.meta, of, Place::Template)
        }
    }
}

/// What becomes of a claim that its ordinal is not, or no longer, entitled to.
pub(super) fn fate(state: &State, claim: &Claim, now: Time, grace: i64) -> Fate {
    match owner(&claim.nic.holder) {
        Some((kind, namespace, set)) => named::fate(state, claim, now, grace, (kind, &namespace, &set)),
        // No StatefulSet names a pod like this: whoever made the claim by hand knows what it is for.
        None => Fate::Keep,
    }
}
