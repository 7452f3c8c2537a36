//! A controller: decides by what it has heard, and sends requests.
//!
//! In: a state, of which it knows only what its watches told. Out: what it can do, and the state after. Guarantees: the
//! rules of release that are the controller's, each asked for once; a request that gets its answer is decided and applied in
//! one step: what it was decided on may be old, since the watches tell later or not yet. What follows `engine::manage`:
//! all addresses of a NIC are planned together, and asked for one after the other; what was asked for stays held until an answer or a read settles it; a
//! refusal is followed by a read.

use crate::rules::{Rule, Rules};
use crate::shape::Shape;
use crate::state::{Addr, Addrs, Claim, Controller, Holder, Late, Pod, PodChange, Request, Stage, State};
use crate::step::{Fortune, Kind, Plan, Step};
use crate::view::View;

/// What a controller does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Deed {
    /// It hears the next thing of a watch.
    Hear(Kind),
    /// It plans the addresses of a pod's NIC, and asks for the first of them.
    Plan(Pod, Plan, Fortune),
    /// It asks for an address that is planned and not settled, once those of the families before stand.
    Ask(Addr, Fortune),
    /// It reads a claim that it asked for or planned, and does not want any more.
    Settle(Addr),
    /// It tells a pod its addresses.
    Tell(Pod, Addrs),
    /// It deletes a claim.
    Free(Addr, Fortune),
    /// It makes a pod the occupant of a claim.
    Occupy(Addr, Pod, Fortune),
    /// It dies, forgets everything, and starts with a fresh list.
    Crash,
}

pub(crate) fn steps(state: &State, shape: &Shape, rules: Rules, place: usize, steps: &mut Vec<Step>) {
    let view = View::new(state, shape, place);
    let mut add = |deed| steps.push(Step::Controller(place, deed));
    hear(&view, &mut add);
    for pod in shape.pods().filter(|pod| view.is_entitled(*pod)) {
        for plan in view.plans(rules, pod) {
            view.fortunes(rules, plan.iter().next(), Request::Create(pod), |fortune| {
                add(Deed::Plan(pod, plan, fortune));
            });
        }
    }
    for addr in shape.addrs() {
        let mut ask = |request, deed: &dyn Fn(Fortune) -> Deed| {
            view.fortunes(rules, Some(addr), request, |fortune| add(deed(fortune)));
        };
        let asks = |pod: &Pod| view.is_entitled(*pod) && view.may_ask(rules, *pod, addr);
        if let Some(pod) = view.own.asked[usize::from(addr.0)].filter(asks) {
            ask(Request::Create(pod), &|fortune| Deed::Ask(addr, fortune));
        }
        if is_released(&view, rules, addr) {
            ask(Request::Delete, &|fortune| Deed::Free(addr, fortune));
        }
        if let Some(pod) = successor(&view, rules, addr) {
            ask(Request::Occupy(pod), &|fortune| Deed::Occupy(addr, pod, fortune));
        }
    }
    settle_and_tell(&view, rules, &mut add);
    if state.crashes > 0 {
        add(Deed::Crash);
    }
}

fn hear(view: &View<'_>, add: &mut impl FnMut(Deed)) {
    if !view.own.pods.is_empty() {
        add(Deed::Hear(Kind::Pods));
    }
    if !view.own.claims.is_empty() {
        add(Deed::Hear(Kind::Claims));
    }
    if view.own.owner > 0 {
        add(Deed::Hear(Kind::Owner));
    }
}

fn settle_and_tell(view: &View<'_>, rules: Rules, add: &mut impl FnMut(Deed)) {
    for addr in view.shape.addrs() {
        let is_over = |pod| !view.is_entitled(pod) || view.is_in_vain(rules, pod, addr);
        if view.own.asked[usize::from(addr.0)].is_some_and(is_over) {
            add(Deed::Settle(addr));
        }
    }
    for pod in view.shape.pods() {
        // A pod that was told meanwhile, or is gone, refuses it: the write carries the version of the pod.
        let now = view.state.pod(pod);
        let is_untold = now.told.is_none() && now.stage == Stage::Live;
        if is_untold && view.is_entitled(pod) && view.told(pod).is_none() {
            view.tellings(rules, pod).into_iter().for_each(|told| add(Deed::Tell(pod, told)));
        }
    }
}

/// Whether the occupant of a claim has let go, by the word of its agent.
fn is_let_go(rules: Rules, claim: Claim) -> bool {
    if rules.keep(Rule::OneUid) { claim.let_go == Some(claim.occupant) } else { claim.let_go.is_some() }
}

/// Whether a claim, as the controller knows it, is to be deleted.
fn is_released(view: &View<'_>, rules: Rules, addr: Addr) -> bool {
    let Some(claim) = view.claim(addr) else { return false };
    let let_go = is_let_go(rules, claim);
    match claim.holder {
        Holder::Pod(pod) => {
            let is_surplus = view.is_surplus(pod, addr);
            if view.stage(pod) == Stage::Live {
                is_surplus && (let_go || !rules.keep(Rule::SurplusProof))
            } else {
                let_go || !rules.keep(Rule::AbsenceIsNoProof)
            }
        }
        Holder::Ordinal => {
            let is_disowned = !view.owner() && (!view.state.owner || !rules.keep(Rule::OwnerRead));
            is_disowned && (let_go || !rules.keep(Rule::TitleProof))
        }
    }
}

/// The pod of the ordinal that is to become the occupant of a claim.
fn successor(view: &View<'_>, rules: Rules, addr: Addr) -> Option<Pod> {
    let claim = view.claim(addr).filter(|claim| claim.holder == Holder::Ordinal)?;
    let mut pods = view.shape.pods().filter(|pod| view.shape.is_ordinal(*pod) && view.is_entitled(*pod));
    let pod = pods.next().filter(|pod| *pod != claim.occupant)?;
    (is_let_go(rules, claim) || !rules.keep(Rule::OccupantProof)).then_some(pod)
}

pub(crate) fn take(state: &mut State, shape: &Shape, rules: Rules, place: usize, deed: Deed) {
    match deed {
        Deed::Hear(kind) => state.controllers[place].hear(kind),
        Deed::Plan(pod, plan, fortune) => {
            plan.iter().for_each(|addr| state.controllers[place].asked[usize::from(addr.0)] = Some(pod));
            if let Some(first) = plan.iter().next() {
                request(state, shape, rules, place, (first, Request::Create(pod), fortune));
            }
        }
        Deed::Ask(addr, fortune) => {
            if let Some(pod) = state.controllers[place].asked[usize::from(addr.0)] {
                request(state, shape, rules, place, (addr, Request::Create(pod), fortune));
            }
        }
        Deed::Settle(addr) => {
            state.controllers[place].asked[usize::from(addr.0)] = None;
            state.controllers[place].read(addr);
        }
        Deed::Tell(pod, told) => {
            state.pod_mut(pod).told = told;
            // Where a NIC has one address of a family at most, nobody decides by what it was told.
            if shape.addresses > 1 {
                state.tell(PodChange::Told(pod));
            }
        }
        Deed::Free(addr, fortune) => {
            // Judged by the claim that it means to delete; whatever else is there by now is safe behind the preconditions.
            let meant = View::new(state, shape, place).claim(addr);
            state.robbed |= state.owner && meant.is_some_and(|claim| claim.holder == Holder::Ordinal);
            request(state, shape, rules, place, (addr, Request::Delete, fortune));
        }
        Deed::Occupy(addr, pod, fortune) => {
            request(state, shape, rules, place, (addr, Request::Occupy(pod), fortune));
        }
        Deed::Crash => {
            state.controllers[place] = Controller::default();
            state.crashes -= 1;
            state.late.iter_mut().for_each(|late| late.orphan = shape.traced);
        }
    }
}

/// Makes a request: it is answered, and whatever the answer, the controller knows the claim as it is then; or it is late.
fn request(
    state: &mut State,
    shape: &Shape,
    rules: Rules,
    place: usize,
    (addr, request, fortune): (Addr, Request, Fortune),
) {
    let base = View::new(state, shape, place).base(addr);
    match fortune {
        Fortune::Answered => {
            let changed = state.apply(shape, rules, addr, request, base);
            state.controllers[place].acted |= changed && shape.traced;
            state.controllers[place].read(addr);
            state.controllers[place].asked[usize::from(addr.0)] = None;
        }
        Fortune::Late => {
            state.late_left -= 1;
            state.late.push(Late { addr, request, base, orphan: false });
        }
    }
}

impl Controller {
    fn hear(&mut self, kind: Kind) {
        match kind {
            Kind::Pods => drop(self.pods.remove(0)),
            Kind::Claims => {
                let change = self.claims.remove(0);
                // Whatever was asked for there has an answer now: it is this claim, or it will be refused.
                if !change.died {
                    self.asked[usize::from(change.addr.0)] = None;
                }
            }
            Kind::Owner => self.owner -= 1,
        }
    }

    /// A fresh read of a claim, or an answer that says as much.
    fn read(&mut self, addr: Addr) {
        self.claims.retain(|change| change.addr != addr);
    }
}
