//! The pod that uses an address, or the two that do while a machine migrates: whether they have let go.
//!
//! In: a claim. Out: the fate that its occupant alone would give it. Guarantees: an address goes on the word of the agent of
//! its pod's node, or because the pod is gone and after that the node is given up, each by a fresh read: what a watch has not
//! shown yet, a new pod or a node that is back, is not absent.

use crate::manage::bug::Bug;
use crate::manage::claims::Claim;
use crate::manage::command::Occupant;
use crate::manage::fate::{Fate, Proof, Wait};
use crate::manage::state::State;
use crate::record::is_finished;
use api::names::OUT_OF_SERVICE;
use api::slim::{Node, Str, Uid};

/// Whether the pods that use a claim do so no more: both of them while a machine migrates.
pub(in crate::manage) fn fate(state: &State, claim: &Claim) -> Fate {
    match (first(state, claim), target(state, claim)) {
        (Fate::Release(_), Some(Fate::Wait(wait))) => Fate::Wait(wait),
        (fate, _) => fate,
    }
}

/// Whether the occupant uses a claim no more, whatever the target of its migration does.
pub(in crate::manage) fn first(state: &State, claim: &Claim) -> Fate {
    let is_absent = state.has(Bug::TrustAbsence) && state.pod(&claim.nic.holder).is_none();
    let any_word = state.has(Bug::AnyWord) && *claim.let_go() != Uid::None;
    let is_off = claim.is_let_go() || is_absent || any_word;
    of_user(state, &claim.occupant, claim.occupant_name(), is_off)
}

/// Whether the target of a migration uses a claim no more; none where there is no target.
pub(in crate::manage) fn target(state: &State, claim: &Claim) -> Option<Fate> {
    let target = claim.target()?;
    let pod = &target.occupant;
    Some(of_user(state, pod, Some((&pod.namespace, &pod.name)), target.is_let_go()))
}

fn of_user(state: &State, pod: &Occupant, place: Option<(&Str, &Str)>, is_off: bool) -> Fate {
    let node = &pod.node;
    let known = state.world.nodes.named(node);
    if is_off {
        Fate::Release(Proof::LetGo)
    } else if known.map_or(!node.is_empty(), is_out_of_service) {
        without_node(state, pod, place)
    } else if state.agents.has(node) {
        Fate::Wait(Wait::Agent(node.clone()))
    } else {
        Fate::Wait(Wait::NoAgent(node.clone()))
    }
}

/// The same where the node may be given up. The pod is read first: a node that is given up after that never runs it again, since
/// whatever it starts once it is back, it starts by what the API server has. A node whose agent renews its Lease is not given up,
/// whatever is said of it: the storage may have been put back.
fn without_node(state: &State, pod: &Occupant, place: Option<(&Str, &Str)>) -> Fate {
    let (uid, node) = (&pod.pod_uid, &pod.node);
    let known = place.and_then(|(namespace, name)| state.world.pods.get(namespace, name));
    if known.is_some_and(|pod| pod.meta.uid == *uid && !is_finished(pod)) {
        // It runs again once its node is back, for all that is known.
        return Fate::Wait(Wait::Agent(node.clone()));
    }
    if !state.gone_pods.contains(uid) {
        return Fate::Wait(match place {
            Some((namespace, name)) => {
                Wait::Pod { namespace: namespace.clone(), name: name.clone(), uid: uid.clone(), node: node.clone() }
            }
            None => Wait::NoName(node.clone()),
        });
    }
    match state.lost_pods.get(uid) {
        Some(proof) => Fate::Release(*proof),
        None if !state.agents.is_silent(node) => Fate::Wait(Wait::Silence(node.clone())),
        None => Fate::Wait(Wait::Node { node: node.clone(), pod: uid.clone() }),
    }
}

/// Whether an administrator says that nothing runs on a node. Kubernetes deletes its pods by force then.
pub(in crate::manage) fn is_out_of_service(node: &Node) -> bool {
    node.spec.taints.iter().any(|taint| taint.key == OUT_OF_SERVICE)
}
