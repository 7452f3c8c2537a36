//! What a controller knows, and what it would do by that.
//!
//! In: a state, of which it knows only what its watches told. Out: claims, pods and the owner as it believes them; its plans.
//! Guarantees: all addresses of a NIC are planned together; an address that was asked for is held.

use crate::rules::{Rule, Rules};
use crate::server::{holder, may_land};
use crate::shape::Shape;
use crate::state::{Addr, Addrs, Base, Claim, Controller, Late, Pod, PodChange, Request, Stage, State};
use crate::step::{Fortune, Plan};

/// What a controller knows.
pub(crate) struct View<'a> {
    pub(crate) state: &'a State,
    pub(crate) shape: &'a Shape,
    pub(crate) own: &'a Controller,
}

impl<'a> View<'a> {
    pub(crate) fn new(state: &'a State, shape: &'a Shape, place: usize) -> Self {
        Self { state, shape, own: &state.controllers[place] }
    }

    pub(crate) fn claim(&self, addr: Addr) -> Option<Claim> {
        let unheard = self.own.claims.iter().find(|change| change.addr == addr);
        unheard.map_or_else(|| self.state.claim(addr), |change| change.before)
    }

    /// What a request that is decided now names as the claim's UID and version.
    pub(crate) fn base(&self, addr: Addr) -> Base {
        let mut unheard = self.own.claims.iter().filter(|change| change.addr == addr).peekable();
        let same_version = unheard.peek().is_none();
        Base { same_version, same_uid: !unheard.any(|change| change.died) }
    }

    pub(crate) fn stage(&self, pod: Pod) -> Stage {
        match self.own.pods.iter().find(|change| of(**change) == pod) {
            Some(PodChange::Created(_)) => Stage::Unborn,
            Some(PodChange::Told(_) | PodChange::Gone(_)) => Stage::Live,
            None => self.state.pod(pod).stage,
        }
    }

    pub(crate) fn told(&self, pod: Pod) -> Addrs {
        let is_news = self.own.pods.contains(&PodChange::Told(pod));
        if is_news { Addrs::NONE } else { self.state.pod(pod).told }
    }

    pub(crate) fn owner(&self) -> bool {
        self.state.owner ^ (self.own.owner % 2 == 1)
    }

    /// Whether a pod is there, and its holder entitled.
    pub(crate) fn is_entitled(&self, pod: Pod) -> bool {
        self.stage(pod) == Stage::Live && (!self.shape.is_ordinal(pod) || self.owner())
    }

    /// The addresses of a family that a pod's NIC has, by their claims.
    fn has(&self, pod: Pod, family: u8) -> impl Iterator<Item = Addr> {
        let holder = holder(self.shape, pod);
        let is_its = move |addr: &Addr| self.claim(*addr).is_some_and(|claim| claim.holder == holder);
        self.shape.of_family(family).filter(is_its)
    }

    /// Whether it was asked for, for a pod's NIC.
    fn is_asked(&self, pod: Pod, family: u8) -> bool {
        let holder_of = |pod| holder(self.shape, pod);
        let asked = |addr: Addr| self.own.asked[usize::from(addr.0)].map(holder_of);
        self.shape.of_family(family).any(|addr| asked(addr) == Some(holder_of(pod)))
    }

    fn free(&self, family: u8) -> Vec<Addr> {
        let is_free = |addr: &Addr| {
            let at = usize::from(addr.0);
            self.claim(*addr).is_none()
                && self.own.asked[at].is_none()
                && self.state.births[at] > 0
                && self.state.is_next_untouched(self.shape, *addr)
        };
        self.shape.of_family(family).filter(is_free).collect()
    }

    /// The ways to give a NIC what it lacks: all of it, or none.
    pub(crate) fn plans(&self, rules: Rules, pod: Pod) -> Vec<Plan> {
        let mut plans = vec![Addrs::NONE];
        for family in self.shape.families() {
            if self.has(pod, family).next().is_some() || self.is_asked(pod, family) {
                continue;
            }
            let free = self.free(family);
            if free.is_empty() && !rules.keep(Rule::Together) {
                continue;
            }
            plans = plans.iter().flat_map(|plan| free.iter().map(|addr| plan.with(*addr))).collect();
        }
        plans.retain(|plan| plan.iter().next().is_some_and(|first| self.may_ask(rules, pod, first)));
        plans
    }

    /// Whether a pod's NIC may ask for an address now: it has one of each family before that.
    pub(crate) fn may_ask(&self, rules: Rules, pod: Pod, addr: Addr) -> bool {
        let mut before = 0..self.shape.family(addr);
        before.all(|family| self.has(pod, family).next().is_some()) || !rules.keep(Rule::FamilyOrder)
    }

    /// Whether an address is planned in vain: the one before it was had by somebody else.
    pub(crate) fn is_in_vain(&self, rules: Rules, pod: Pod, addr: Addr) -> bool {
        let mut before = 0..self.shape.family(addr);
        !self.may_ask(rules, pod, addr) && !before.any(|family| self.is_asked(pod, family))
    }

    /// What a pod can be told: one address of each family, of those that its NIC has.
    pub(crate) fn tellings(&self, rules: Rules, pod: Pod) -> Vec<Addrs> {
        let mut all = vec![Addrs::NONE];
        for family in self.shape.families() {
            let has: Vec<Addr> = self.has(pod, family).collect();
            if has.is_empty() && !rules.keep(Rule::Together) {
                continue;
            }
            all = all.iter().flat_map(|told| has.iter().map(|addr| told.with(*addr))).collect();
        }
        all.retain(|told| !told.is_none());
        all
    }

    /// What may become of a request: one that would be refused for ever is as good as none.
    pub(crate) fn fortunes(&self, rules: Rules, addr: Option<Addr>, request: Request, mut add: impl FnMut(Fortune)) {
        let Some(addr) = addr else { return };
        add(Fortune::Answered);
        if self.state.late_left > 0 && may_land(rules, &Late { addr, request, base: self.base(addr), orphan: false }) {
            add(Fortune::Late);
        }
    }

    /// Whether a claim is one of several that a NIC has in a family, and not the one that its pod was told.
    pub(crate) fn is_surplus(&self, pod: Pod, addr: Addr) -> bool {
        let family = self.shape.family(addr);
        self.has(pod, family).count() > 1 && !self.told(pod).has(addr)
    }
}

/// The pod that a change is of.
const fn of(change: PodChange) -> Pod {
    match change {
        PodChange::Created(pod) | PodChange::Told(pod) | PodChange::Gone(pod) => pod,
    }
}
