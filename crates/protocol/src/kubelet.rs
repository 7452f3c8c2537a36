//! A kubelet, its runtime and the IPAM plugin: sandboxes come and go.
//!
//! In: a state. Out: what a sandbox does next. Guarantees: ADD has two moments, the look and the note, and anything may
//! happen between; IPAM DEL comes before the link goes. A kubelet never hears that a pod is gone, which is the worst it can
//! do: it starts an ADD whenever one could succeed, and ends a sandbox whenever it likes.

use crate::rules::{Rule, Rules};
use crate::shape::Shape;
use crate::state::{Addr, Pod, Sandbox, Stage, State};
use crate::step::Step;

/// What happens to a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Deed {
    /// CNI ADD looks at what the pod was told, and at its claims.
    Add,
    /// The agent writes down what it gives, and the interface has it; or it refuses.
    Note,
    /// IPAM DEL: the link is still there.
    Del,
    /// The link is gone.
    Unlink,
}

pub(crate) fn steps(state: &State, shape: &Shape, rules: Rules, steps: &mut Vec<Step>) {
    for pod in shape.pods() {
        let now = state.pod(pod);
        match now.sandbox {
            Sandbox::None if may_add(state, rules, pod) => steps.push(Step::Kubelet(Deed::Add, pod)),
            Sandbox::None => {}
            Sandbox::Adding(_) => steps.push(Step::Kubelet(Deed::Note, pod)),
            // The sandbox of a living pod ends only where there can be another.
            Sandbox::Up(_) if now.stage == Stage::Gone || now.sandboxes > 0 => {
                steps.push(Step::Kubelet(Deed::Del, pod));
            }
            Sandbox::Up(_) => {}
            Sandbox::Released(_) => steps.push(Step::Kubelet(Deed::Unlink, pod)),
        }
    }
}

/// Whether an ADD of a pod would find what it needs. One that would not changes nothing, and is not tried.
fn may_add(state: &State, rules: Rules, pod: Pod) -> bool {
    let now = state.pod(pod);
    let is_its = |addr: Addr| {
        let claim = state.claim(addr);
        claim.is_some_and(|claim| claim.occupant == pod && claim.let_go != Some(pod))
    };
    let proven = !rules.keep(Rule::AddReads) || now.told.iter().all(is_its);
    now.sandboxes > 0 && !now.told.is_none() && proven
}

pub(crate) fn take(state: &mut State, deed: Deed, pod: Pod) {
    let now = state.pod_mut(pod);
    now.sandbox = match (deed, now.sandbox) {
        (Deed::Add, _) => {
            now.sandboxes -= 1;
            Sandbox::Adding(now.told)
        }
        (Deed::Note, Sandbox::Adding(addrs)) if !now.tombstone && !now.forsworn.meets(addrs) => Sandbox::Up(addrs),
        (Deed::Del, Sandbox::Up(addrs)) => Sandbox::Released(addrs),
        (Deed::Note | Deed::Del | Deed::Unlink, _) => Sandbox::None,
    };
}
