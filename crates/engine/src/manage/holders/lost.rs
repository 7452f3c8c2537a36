//! What a pod lives with although its claim is lost: somebody deleted it by hand, or the storage was put back.
//!
//! In: a holder that may get nothing new: it lost its title, or is on its way out. Out: what it is to have all the same. Guarantees: a living
//! pod's address is claimed again whatever became of its holder, before anybody else is given one; no longer than until it is claimed,
//! since the claim waits for the word that the pod has let it go.

use crate::manage::command::Occupant;
use crate::manage::state::State;
use crate::manage::want::Want;
use api::slim::Uid;

/// Whether a pod lives with what is on record for a NIC, and not all of that is claimed.
pub(super) fn is_lost(state: &State, user: &Occupant, want: &Want) -> bool {
    let record = want.record().filter(|record| *record == want.told && user.pod_uid != Uid::None);
    let claims = || state.claims.of_nic(&want.nic).filter_map(|(_, slot)| slot.standing());
    record.is_some_and(|pair| pair.iter().any(|addr| claims().all(|claim| claim.key.addr != addr)))
}

/// What is left of wants where only what is lost is to be had.
pub(super) fn only(state: &State, user: &Occupant, mut wants: Vec<Want>) -> Vec<Want> {
    wants.retain(|want| is_lost(state, user, want));
    wants
}
