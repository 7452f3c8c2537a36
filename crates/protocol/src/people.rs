//! People: pods and the StatefulSet come and go.
//!
//! In: a state. Out: what they can do, and the state after. Guarantees: a pod of the ordinal comes after the one before it
//! is gone, under the same name and with another UID; a deletion is the harshest one: the object goes at once, and its
//! sandbox may live on. A gentler one is a sandbox that ends first, which the kubelet may do at any time.

use crate::shape::Shape;
use crate::state::{Pod, PodChange, Stage, State};
use crate::step::Step;

/// What they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Deed {
    Create(Pod),
    Delete(Pod),
    DeleteOwner,
    CreateOwner,
}

pub(crate) fn steps(state: &State, shape: &Shape, steps: &mut Vec<Step>) {
    for pod in shape.pods() {
        match state.pod(pod).stage {
            Stage::Unborn if may_come(state, shape, pod) => steps.push(Step::People(Deed::Create(pod))),
            Stage::Live => steps.push(Step::People(Deed::Delete(pod))),
            Stage::Unborn | Stage::Gone => {}
        }
    }
    if state.owner_changes > 0 {
        steps.push(Step::People(if state.owner { Deed::DeleteOwner } else { Deed::CreateOwner }));
    }
}

/// Plain pods are alike: they come in order. A pod of the ordinal needs its set, and its name.
fn may_come(state: &State, shape: &Shape, pod: Pod) -> bool {
    let is_first = pod.0 == 0 || pod.0 == shape.ordinal;
    let before = (!is_first).then(|| state.pod(Pod(pod.0 - 1)).stage);
    if shape.is_ordinal(pod) {
        state.owner && before.is_none_or(|stage| stage == Stage::Gone)
    } else {
        before.is_none_or(|stage| stage != Stage::Unborn)
    }
}

pub(crate) fn take(state: &mut State, deed: Deed) {
    match deed {
        Deed::Create(pod) => {
            state.pod_mut(pod).stage = Stage::Live;
            state.tell(PodChange::Created(pod));
        }
        Deed::Delete(pod) => {
            state.pod_mut(pod).stage = Stage::Gone;
            state.tell(PodChange::Gone(pod));
        }
        Deed::DeleteOwner | Deed::CreateOwner => {
            state.owner = deed == Deed::CreateOwner;
            state.owner_changes -= 1;
            state.controllers.iter_mut().for_each(|controller| controller.owner += 1);
        }
    }
}
