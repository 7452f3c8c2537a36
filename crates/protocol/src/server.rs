//! The API server: claims by their names, preconditions, and what watches are told.
//!
//! In: requests. Out: the claims follow, and every cache has one more thing to hear of. Guarantees: a second claim of one
//! address is refused; a request whose preconditions do not hold changes nothing.

use crate::rules::{Rule, Rules};
use crate::shape::Shape;
use crate::state::{Addr, Base, Change, Claim, Holder, Late, Pod, PodChange, Request, State};

impl State {
    /// Applies a request; whether it changed anything.
    pub(crate) fn apply(&mut self, shape: &Shape, rules: Rules, addr: Addr, request: Request, base: Base) -> bool {
        let there = self.claim(addr);
        match (request, there) {
            (Request::Create(pod), None) if self.births[usize::from(addr.0)] > 0 => {
                self.births[usize::from(addr.0)] -= 1;
                let claim = Claim { holder: holder(shape, pod), occupant: pod, let_go: None };
                self.put(rules, addr, Some(claim));
                true
            }
            (Request::Delete, Some(_)) if may_delete(rules, base) => {
                self.put(rules, addr, None);
                true
            }
            (Request::Occupy(pod), Some(claim)) if may_occupy(rules, base) => {
                self.put(rules, addr, Some(Claim { occupant: pod, ..claim }));
                true
            }
            _ => false,
        }
    }

    /// The agent's word, on the claim as it is: its patch carries UID and version.
    pub(crate) fn let_go(&mut self, rules: Rules, addr: Addr) {
        if let Some(claim) = self.claim(addr) {
            self.put(rules, addr, Some(Claim { let_go: Some(claim.occupant), ..claim }));
        }
    }

    fn put(&mut self, rules: Rules, addr: Addr, claim: Option<Claim>) {
        let before = std::mem::replace(&mut self.claims[usize::from(addr.0)], claim);
        let died = before.is_some() && claim.is_none();
        for controller in &mut self.controllers {
            controller.claims.push(Change { addr, before, died });
        }
        for late in self.late.iter_mut().filter(|late| late.addr == addr) {
            late.base.same_version = false;
            late.base.same_uid &= !died;
        }
        self.late.retain(|late| may_land(rules, late));
    }

    /// Tells every cache of a change of a pod.
    pub(crate) fn tell(&mut self, change: PodChange) {
        for controller in &mut self.controllers {
            controller.pods.push(change);
        }
    }
}

/// Who holds what is claimed for a pod.
pub(crate) fn holder(shape: &Shape, pod: Pod) -> Holder {
    if shape.is_ordinal(pod) { Holder::Ordinal } else { Holder::Pod(pod) }
}

fn may_delete(rules: Rules, base: Base) -> bool {
    (base.same_uid || !rules.keep(Rule::DeleteUid)) && (base.same_version || !rules.keep(Rule::DeleteVersion))
}

fn may_occupy(rules: Rules, base: Base) -> bool {
    base.same_version || !rules.keep(Rule::OccupyVersion)
}

/// Whether a request on its way can still change anything: one whose preconditions fail now fails for ever.
pub(crate) fn may_land(rules: Rules, late: &Late) -> bool {
    match late.request {
        Request::Create(_) => true,
        Request::Delete => may_delete(rules, late.base),
        Request::Occupy(_) => may_occupy(rules, late.base),
    }
}
