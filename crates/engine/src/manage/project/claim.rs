//! Conditions of claims: what a release waits for.
//!
//! In: fates. Out: the conditions `Waiting` and `CoolingDown` of a claim. Guarantees: `Waiting` is written once when a release has waited
//! for longer than an agent needs, and once when that is over; it says since when, for what, and on which node. `CoolingDown` says since
//! when a freed address rests, and is the only record of that.

use super::conditions::{Say, standard, with};
use crate::manage::claims::Claim;
use crate::manage::command::{Action, Occupant};
use crate::manage::engine::Engine;
use crate::manage::fate::Wait;
use crate::manage::id::ClaimKey;
use crate::manage::write::Write;
use api::names::conditions::{COOLING_DOWN, WAITING};
use api::slim::{Condition, Field, Time};
use serde_json::json;
use std::collections::BTreeMap;

/// Since when releases wait.
#[derive(Debug, Default)]
pub(in crate::manage) struct Waits(BTreeMap<ClaimKey, Time>);

impl Waits {
    /// How many.
    pub(in crate::manage) fn len(&self) -> usize {
        self.0.len()
    }

    /// A claim is gone.
    pub(in crate::manage) fn forget(&mut self, key: &ClaimKey) {
        self.0.remove(key);
    }
}

impl Engine {
    /// A release waits: after a while the claim says so.
    pub(in crate::manage) fn claim_waits(&mut self, claim: &Claim, wait: &Wait) {
        let Some((reason, message)) = in_words(claim, wait) else { return };
        let since = *self.waits.0.entry(claim.key.clone()).or_insert(self.now);
        // Another controller may know better or worse: the two do not answer each other without end.
        let denied =
            claim.conditions().iter().find(|condition| condition.type_ == WAITING && condition.status != "True");
        let denied = denied.and_then(|condition| condition.changed.get()).map(|at| (*at).min(self.now));
        let due = Time(since.max(denied.unwrap_or(since)).0.saturating_add(self.settings.patience));
        if self.now < due && claim.says(WAITING).is_none() {
            self.due.insert((due, claim.nic.holder.clone()));
            return;
        }
        let mut conditions =
            with(claim.conditions(), &[Say { type_: WAITING, status: true, reason, message: &message }], 0, self.now);
        // Since when it waits, not since when it says so.
        let new = conditions.iter_mut().find(|condition| condition.type_ == WAITING);
        if let Some(condition) = new.filter(|condition| condition.changed == Field::Is(self.now)) {
            condition.changed = Field::Is(since);
        }
        self.write_claim(claim, &conditions);
    }

    /// A claim is freed since then, and rests for so many seconds: what it waited for is over.
    pub(in crate::manage) fn claim_cools(&mut self, claim: &Claim, since: Time, seconds: i64) {
        self.waits.forget(&claim.key);
        let until = Time(since.0.saturating_add(seconds));
        let message = format!(
            "freed, and given out again after {until}: freed addresses of Subnet {} rest for {} s; whoever asks for it by name gets it at once",
            claim.subnet, seconds
        );
        let cools = Say { type_: COOLING_DOWN, status: true, reason: "Cooldown", message: &message };
        let over = over(claim, WAITING, "Freed");
        let conditions = with(claim.conditions(), &over.into_iter().chain([cools]).collect::<Vec<_>>(), 0, since);
        self.write_claim(claim, &conditions);
    }

    /// A claim is kept: whatever it waited for is over.
    pub(in crate::manage) fn claim_kept(&mut self, claim: &Claim) {
        self.waits.forget(&claim.key);
        self.resting.forget(&claim.key);
        self.write_claim(claim, &self.said_when_kept(claim));
    }

    /// What a claim says of itself once it is kept.
    pub(in crate::manage) fn said_when_kept(&self, claim: &Claim) -> Box<[Condition]> {
        let over = [WAITING, COOLING_DOWN].into_iter().filter_map(|type_| over(claim, type_, "Kept"));
        with(claim.conditions(), &over.collect::<Vec<_>>(), 0, self.now).into()
    }

    fn write_claim(&mut self, claim: &Claim, conditions: &[Condition]) {
        if *conditions == *claim.conditions() {
            return;
        }
        let write = Write::of_claim(claim, json!({"status": {"conditions": standard(conditions)}}));
        self.send(Action::Write(Box::new(write)), &claim.nic.holder);
    }
}

/// That something is over which a claim says is so.
fn over<'a>(claim: &Claim, type_: &'a str, reason: &'a str) -> Option<Say<'a>> {
    claim.says(type_).map(|_| Say { type_, status: false, reason, message: "" })
}

/// The pod that a release waits for: of a machine that migrates it may be the target.
fn waited_for<'a>(claim: &'a Claim, wait: &Wait) -> &'a Occupant {
    let (Wait::Agent(node) | Wait::NoAgent(node) | Wait::NoName(node) | Wait::Silence(node)) = wait else {
        return &claim.occupant;
    };
    let mut users = claim.users().skip(usize::from(claim.is_let_go()));
    users.find(|user| user.node == *node).unwrap_or(&claim.occupant)
}

/// A pod as people call it, where the claim says that, and the UID that tells it from its namesakes.
fn named(claim: &Claim, pod: &Occupant) -> String {
    let by_claim = || claim.occupant_name().filter(|_| pod.pod_uid == claim.occupant.pod_uid);
    let own = Some((&pod.namespace, &pod.name)).filter(|(_, name)| !name.is_empty());
    match own.or_else(by_claim) {
        Some((namespace, name)) => format!("{namespace}/{name} ({})", pod.pod_uid),
        None => pod.pod_uid.to_string(),
    }
}

/// What is waited for, where a person would want to know: what is settled by a read, or by time, is not told.
fn in_words(claim: &Claim, wait: &Wait) -> Option<(&'static str, String)> {
    let pod = named(claim, waited_for(claim, wait));
    match wait {
        Wait::Agent(node) => {
            Some(("Agent", format!("the agent of node {node} has not said that pod {pod} let the address go")))
        }
        Wait::NoAgent(node) if node.is_empty() => {
            Some(("NoNode", format!("nobody knows on which node pod {pod} used the address")))
        }
        Wait::NoName(node) => Some((
            "NoName",
            format!(
                "node {node} is given up, and the claim does not say how pod {pod} is called, so that nobody can read whether it is gone"
            ),
        )),
        Wait::NoAgent(node) => {
            Some(("NoAgent", format!("node {node} has no agent that could say whether pod {pod} uses the address")))
        }
        Wait::Silence(node) => Some((
            "AgentAlive",
            format!(
                "node {node} is deleted or out of service, but its agent has renewed its Lease lately: if the machine runs, restart its kubelet or take the taint off; if it does not, this ends by itself"
            ),
        )),
        Wait::Gateway(gateway) => Some((
            "Gateway",
            format!("gateway {gateway} has not said that the address is off its interface, and its rules are gone"),
        )),
        Wait::Unreadable(unread) => {
            Some(("Unreadable", format!("{unread}, so that nobody knows which networks it still has")))
        }
        Wait::Pod { .. } | Wait::Node { .. } | Wait::Grace(_) | Wait::Owner { .. } => None,
    }
}
