//! What can happen next.
//!
//! In: a state. Out: [`Step`]s, and the state after one. Guarantees: every step that is listed can be taken; each is one
//! thing that one party does.

use crate::rules::Rules;
use crate::shape::Shape;
use crate::state::{Addr, Addrs, Pod, State};
use crate::{agent, controller, kubelet, people};

/// Which watch tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Pods,
    Claims,
    Owner,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fortune {
    /// It is answered.
    Answered,
    /// It gets no answer, and is applied later or never.
    Late,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// People.
    People(people::Deed),
    /// A controller, by its place.
    Controller(usize, controller::Deed),
    /// The network: a request without an answer is applied after all.
    Land(usize),
    /// A node's agent.
    Agent(agent::Deed),
    /// A kubelet and its runtime.
    Kubelet(kubelet::Deed, Pod),
}

/// A request's addresses, planned together.
pub(crate) type Plan = Addrs;

impl State {
    /// All that can happen.
    pub(crate) fn steps(&self, shape: &Shape, rules: Rules, steps: &mut Vec<Step>) {
        people::steps(self, shape, steps);
        for place in 0..self.controllers.len() {
            controller::steps(self, shape, rules, place, steps);
        }
        steps.extend((0..self.late.len()).map(Step::Land));
        agent::steps(self, shape, rules, steps);
        kubelet::steps(self, shape, rules, steps);
    }

    /// Takes a step.
    pub(crate) fn take(&mut self, shape: &Shape, rules: Rules, step: Step) {
        match step {
            Step::People(deed) => people::take(self, deed),
            Step::Controller(place, deed) => controller::take(self, shape, rules, place, deed),
            Step::Land(place) => self.land(shape, rules, place),
            Step::Agent(deed) => agent::take(self, rules, deed),
            Step::Kubelet(deed, pod) => kubelet::take(self, deed, pod),
        }
    }

    fn land(&mut self, shape: &Shape, rules: Rules, place: usize) {
        let late = self.late.remove(place);
        let landed = self.apply(shape, rules, late.addr, late.request, late.base);
        self.landed |= landed && shape.traced;
        self.orphan_landed |= landed && late.orphan;
    }

    /// The addresses nobody has had yet are alike: whoever takes one takes the first.
    pub(crate) fn is_next_untouched(&self, shape: &Shape, addr: Addr) -> bool {
        let touched = |addr: Addr| {
            self.births[usize::from(addr.0)] < shape.births
                || self.late.iter().any(|late| late.addr == addr)
                || self.controllers.iter().any(|controller| controller.asked[usize::from(addr.0)].is_some())
        };
        let family = addr.0 / shape.addresses;
        touched(addr) || shape.of_family(family).filter(|other| *other < addr).all(touched)
    }
}
