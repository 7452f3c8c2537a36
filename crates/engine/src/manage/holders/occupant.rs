//! The pod that uses an address: whether it has let go.
//!
//! In: a claim. Out: the fate that its occupant alone would give it. Guarantees: an address goes on the word of the agent of
//! its pod's node or because the node is gone, never on the pod's absence.

use crate::manage::claims::Claim;
use crate::manage::fate::{Fate, Proof, Wait};
use crate::manage::state::State;

/// Whether the pod that uses a claim does so no more.
pub(in crate::manage) fn fate(state: &State, claim: &Claim) -> Fate {
    let node = &claim.occupant.node;
    if claim.is_let_go() {
        Fate::Release(Proof::LetGo)
    } else if state.gone_nodes.contains(node) {
        Fate::Release(Proof::NodeGone)
    } else if state.world.nodes.named(node).is_none() && !node.is_empty() {
        Fate::Wait(Wait::Node(node.clone()))
    } else if state.agents.contains(node) {
        Fate::Wait(Wait::Agent(node.clone()))
    } else {
        Fate::Wait(Wait::NoAgent(node.clone()))
    }
}
