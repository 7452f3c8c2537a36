//! The pod that uses an address: whether it has let go.
//!
//! In: a claim. Out: the fate that its occupant alone would give it. Guarantees: an address goes on the word of the agent of
//! its pod's node or because the node is gone or out of service, never on the pod's absence.

use crate::manage::bug::Bug;
use crate::manage::claims::Claim;
use crate::manage::fate::{Fate, Proof, Wait};
use crate::manage::state::State;
use api::names::OUT_OF_SERVICE;
use api::slim::{Node, Uid};

/// Whether the pod that uses a claim does so no more.
pub(in crate::manage) fn fate(state: &State, claim: &Claim) -> Fate {
    let node = &claim.occupant.node;
    let known = state.world.nodes.named(node);
    let is_absent = state.has(Bug::TrustAbsence) && state.pod(&claim.nic.holder).is_none();
    let any_word = state.has(Bug::AnyWord) && claim.let_go != Uid::None;
    if claim.is_let_go() || is_absent || any_word {
        Fate::Release(Proof::LetGo)
    } else if state.gone_nodes.contains(node) {
        Fate::Release(Proof::NodeGone)
    } else if known.is_some_and(is_out_of_service) {
        Fate::Release(Proof::OutOfService)
    } else if known.is_none() && !node.is_empty() {
        Fate::Wait(Wait::Node(node.clone()))
    } else if state.agents.contains(node) {
        Fate::Wait(Wait::Agent(node.clone()))
    } else {
        Fate::Wait(Wait::NoAgent(node.clone()))
    }
}

/// Whether an administrator says that nothing runs on a node. Kubernetes deletes its pods by force then.
fn is_out_of_service(node: &Node) -> bool {
    node.spec.taints.iter().any(|taint| taint.key == OUT_OF_SERVICE)
}
