//! The agents of nodes, by their Leases: who has one, and whose is silent.
//!
//! In: Leases as watches and fresh reads show them, the time. Out: whether a node has an agent; whether that has been silent for long
//! enough for what the API server says of its node to be believed. Guarantees: silence takes a fresh read that shows the same Lease as was
//! known for as long as is configured, or none both times; an agent that renews is never silent, whatever its watch has shown.
//!
//! A storage that is put back may say that a node was deleted, or is out of service, whose machine has come back since and runs on. Its
//! agent makes or renews its Lease all the same.

use api::names::leases::RENEWAL;
use api::slim::{Str, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Seconds without a renewal after which nobody renews, where nothing else is configured. Kubernetes gives a kubelet as long
/// (`nodeLeaseDurationSeconds`).
pub(super) const SILENCE: i64 = 4 * RENEWAL;

/// See the module.
#[derive(Debug)]
pub(super) struct Agents {
    /// Seconds without a renewal after which nobody renews.
    silence: i64,
    /// By node.
    leases: BTreeMap<Str, Lease>,
    /// Nodes whose agent a fresh read has shown to be silent.
    silent: BTreeSet<Str>,
}

#[derive(Debug)]
struct Lease {
    /// When it was renewed last; none where there is no Lease.
    renewed: Option<Str>,
    /// When this was first known.
    since: Time,
}

impl Default for Agents {
    fn default() -> Self {
        Self::new(SILENCE)
    }
}

impl Agents {
    /// None are known; an agent is silent after so many seconds.
    pub(super) fn new(silence: i64) -> Self {
        Self { silence, leases: BTreeMap::new(), silent: BTreeSet::new() }
    }

    /// A watch or a list shows the Lease of a node's agent, or none; whether that is news of who has an agent.
    pub(super) fn seen(&mut self, node: &Str, renewed: Option<&Str>, now: Time) -> bool {
        let had = self.has(node);
        if self.leases.get(node).is_none_or(|lease| lease.renewed.as_ref() != renewed) {
            self.leases.insert(node.clone(), Lease { renewed: renewed.cloned(), since: now });
            self.silent.remove(node);
        }
        had != renewed.is_some()
    }

    /// A fresh read shows it.
    pub(super) fn read(&mut self, node: &Str, renewed: Option<&Str>, now: Time) {
        self.seen(node, renewed, now);
        if self.until(node).is_some_and(|until| until <= now) {
            self.silent.insert(node.clone());
        }
    }

    /// Whether a node has an agent.
    pub(super) fn has(&self, node: &str) -> bool {
        self.leases.get(node).is_some_and(|lease| lease.renewed.is_some())
    }

    /// Whether a fresh read has shown that the agent of a node is silent.
    pub(super) fn is_silent(&self, node: &str) -> bool {
        self.silent.contains(node)
    }

    /// From when on the agent of a node counts as silent, should a fresh read then show what is known; none where nothing is.
    pub(super) fn until(&self, node: &str) -> Option<Time> {
        self.leases.get(node).map(|lease| Time(lease.since.0.saturating_add(self.silence)))
    }

    /// What fresh reads have shown was long ago.
    pub(super) fn forget_all_silence(&mut self) {
        self.silent.clear();
    }

    /// The node is there: whatever is said of its agent later is new.
    pub(super) fn forget_silence(&mut self, node: &str) {
        self.silent.remove(node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renewed(text: &str) -> Option<Str> {
        Some(text.into())
    }

    #[test]
    fn silence_takes_a_fresh_read_that_shows_what_was_known_long_enough() {
        let (mut agents, node) = (Agents::default(), Str::from("n1"));
        agents.seen(&node, renewed("7").as_ref(), Time(100));
        agents.read(&node, renewed("7").as_ref(), Time(139));
        assert!(!agents.is_silent(&node));
        agents.read(&node, renewed("7").as_ref(), Time(140));
        assert!(agents.is_silent(&node));
        agents.seen(&node, renewed("8").as_ref(), Time(141));
        assert!(!agents.is_silent(&node), "it renewed");
    }

    #[test]
    fn silence_is_as_long_as_is_configured() {
        let (mut agents, node) = (Agents::new(90), Str::from("n1"));
        agents.seen(&node, renewed("7").as_ref(), Time(100));
        assert_eq!(agents.until(&node), Some(Time(190)));
        agents.read(&node, renewed("7").as_ref(), Time(189));
        assert!(!agents.is_silent(&node));
        agents.read(&node, renewed("7").as_ref(), Time(190));
        assert!(agents.is_silent(&node));
    }

    #[test]
    fn a_watch_that_is_behind_is_no_silence() {
        let (mut agents, node) = (Agents::default(), Str::from("n1"));
        agents.seen(&node, renewed("7").as_ref(), Time(100));
        agents.read(&node, renewed("31").as_ref(), Time(900));
        assert!(!agents.is_silent(&node));
        assert_eq!(agents.until(&node), Some(Time(940)));
    }

    #[test]
    fn an_agent_without_a_lease_has_as_long_to_make_one() {
        let (mut agents, node) = (Agents::default(), Str::from("n1"));
        agents.read(&node, None, Time(100));
        assert!(!agents.is_silent(&node));
        agents.read(&node, None, Time(140));
        assert!(agents.is_silent(&node) && !agents.has(&node));
    }
}
