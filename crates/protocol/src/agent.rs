//! The agent of a node: what it promises, and what it says of it.
//!
//! In: a state. Out: its word on a claim. Guarantees: the parts of rule 1, each asked for once. What it keeps is durable
//! (records, tombstones, promises), so that its death is only a pause. Its word is one step: it is written with the claim's
//! UID and version, and what it rests on stays so (a pod that is gone, a promise). Each pod has its own sandboxes and
//! promises, so that pods on one node and pods on several are one case.

use crate::rules::{Rule, Rules};
use crate::shape::Shape;
use crate::state::{Addr, Claim, Sandbox, Stage, State};
use crate::step::Step;

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Deed {
    /// It says that the occupant of a claim, which is gone, has let go.
    LetGo(Addr),
    /// It says that the occupant of a claim, which lives, uses another address.
    Forswear(Addr),
}

pub(crate) fn steps(state: &State, shape: &Shape, rules: Rules, steps: &mut Vec<Step>) {
    for addr in shape.addrs() {
        let Some(claim) = state.claim(addr) else { continue };
        if claim.let_go == Some(claim.occupant) {
            continue;
        }
        let is_known = rules.keep(Rule::NeverSeen) || state.pod(claim.occupant).sandboxes < shape.sandboxes;
        if is_known && is_off(state, rules, addr, claim) && is_gone(state, rules, claim) {
            steps.push(Step::Agent(Deed::LetGo(addr)));
        } else if is_elsewhere(state, shape, addr, claim) {
            steps.push(Step::Agent(Deed::Forswear(addr)));
        }
    }
}

/// Whether the address is off the occupant's interface.
fn is_off(state: &State, rules: Rules, addr: Addr, claim: Claim) -> bool {
    match state.pod(claim.occupant).sandbox {
        Sandbox::None | Sandbox::Adding(_) => true,
        Sandbox::Up(addrs) => !addrs.has(addr),
        Sandbox::Released(addrs) => !addrs.has(addr) || !rules.keep(Rule::OffInterface),
    }
}

/// Whether a fresh read says that the occupant is gone. Without one, a pod that the watch has not shown yet is taken for
/// gone: a watch may be that late.
fn is_gone(state: &State, rules: Rules, claim: Claim) -> bool {
    let pod = state.pod(claim.occupant);
    pod.stage == Stage::Gone || (pod.stage == Stage::Live && !rules.keep(Rule::FreshRead))
}

/// Whether the occupant lives, was told another address, and has its interface without this one.
fn is_elsewhere(state: &State, shape: &Shape, addr: Addr, claim: Claim) -> bool {
    let pod = state.pod(claim.occupant);
    let Sandbox::Up(addrs) = pod.sandbox else { return false };
    let family = addr.0 / shape.addresses;
    let told_another = shape.of_family(family).any(|other| other != addr && pod.told.has(other));
    pod.stage == Stage::Live && told_another && !addrs.has(addr)
}

pub(crate) fn take(state: &mut State, rules: Rules, deed: Deed) {
    let (Deed::LetGo(addr) | Deed::Forswear(addr)) = deed;
    let Some(claim) = state.claim(addr) else { return };
    let pod = state.pod_mut(claim.occupant);
    match deed {
        Deed::LetGo(_) => pod.tombstone |= rules.keep(Rule::Tombstone),
        Deed::Forswear(_) if !rules.keep(Rule::SurplusPromise) => {}
        Deed::Forswear(_) => pod.forsworn = pod.forsworn.with(addr),
    }
    state.let_go(rules, addr);
}
