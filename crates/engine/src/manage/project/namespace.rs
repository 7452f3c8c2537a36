//! Annotations of Namespaces: which Subnets and IPPools their pods take from.
//!
//! In: the Subnets and pools that are bound to a Namespace, the Namespace. Out: one patch of its annotations, or none. Guarantees:
//! only where the primary network is served; written after the spec of each of its Subnets was completed, and before any of them
//! says `Ready`; the order is that in which Subnets are tried, the oldest first; nobody decides by these annotations (Kube-OVN
//! `pkg/controller/namespace.go`).

use super::defaults::{lacking, text};
use super::subnet::{SUBNET, subject};
use crate::manage::command::{Action, ObjectId};
use crate::manage::engine::Engine;
use crate::manage::input::Outcome;
use crate::manage::subnet_rules::broken;
use crate::manage::write::Write;
use api::names::annotations;
use api::slim::{Field, Kind, Meta, Str, Subnet, Time};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Names a Namespace where a holder is expected: who is looked at again.
pub(super) const NAMESPACE: &str = "Namespace";

/// What is remembered of Namespaces between two steps: which ones to compare, and what was written.
#[derive(Debug, Default)]
pub(in crate::manage) struct Namespaces {
    touched: BTreeSet<Str>,
    /// Those that a write is under way for.
    pending: BTreeSet<Str>,
    said: BTreeMap<Str, (Time, Map<String, Value>)>,
}

impl Namespaces {
    /// Something changed for a Namespace.
    pub(in crate::manage) fn touch(&mut self, name: Str) {
        self.touched.insert(name);
    }

    /// What was refused is waited for no longer; what was not applied may be said again at once.
    pub(super) fn settle(&mut self, action: &Action, outcome: &Outcome) {
        let Action::Write(write) = action else { return };
        if write.kind != Kind::Namespace {
            return;
        }
        match outcome {
            Outcome::Refused(_) => drop(self.pending.remove(&write.name)),
            Outcome::Done(_) => {}
            _ => drop(self.said.remove(&write.name)),
        }
    }

    /// A Namespace is gone.
    pub(super) fn forget(&mut self, name: &str) {
        self.touched.remove(name);
        self.pending.remove(name);
        self.said.remove(name);
    }
}

impl Engine {
    /// Writes what follows for the Namespaces for which something changed.
    pub(super) fn project_namespaces(&mut self) {
        let touched = std::mem::take(&mut self.written.namespaces.touched);
        if !self.state.namespaces.is_served() {
            return;
        }
        for name in touched {
            let known = self.state.world.namespaces.named(&name).map(|namespace| namespace.meta.clone());
            match known.filter(|meta| !meta.is_deleted()) {
                Some(meta) => self.project_namespace(&meta),
                None => self.written.namespaces.forget(&name),
            }
        }
    }

    fn project_namespace(&mut self, meta: &Meta) {
        let name = &meta.name;
        let subnets = self.state.namespaces.subnets(name);
        let subnets: Vec<&Subnet> = subnets.iter().filter_map(|name| self.state.world.subnets.named(name)).collect();
        if subnets.iter().any(|subnet| self.is_incomplete(subnet)) {
            // It is looked at again with the next step, of which the completed Subnet is one.
            return self.written.namespaces.touch(name.clone());
        }
        let pools: Vec<&str> = self.state.books.pools.bound_to(name).map(Str::as_str).collect();
        let patch = lacks(meta, &said(&subnets, &pools));
        if patch.is_empty() || self.was_said(name, &patch) {
            self.written.namespaces.pending.remove(name);
            return;
        }
        self.written.namespaces.said.insert(name.clone(), (self.now, patch.clone()));
        self.written.namespaces.pending.insert(name.clone());
        let write = Write::new(Kind::Namespace, meta, json!({"metadata": {"annotations": patch}}));
        self.send(Action::Write(Box::new(write)), &subject(NAMESPACE, name));
    }

    /// Whether the spec of a Subnet of ours is about to be completed.
    fn is_incomplete(&self, subnet: &Subnet) -> bool {
        self.manages(subnet) && broken(subnet).is_none() && lacking(subnet, None).contains_key("spec")
    }

    /// Whether the same was said a moment ago: somebody undoes it each time.
    fn was_said(&mut self, name: &Str, patch: &Map<String, Value>) -> bool {
        let said = &self.written.namespaces.said;
        let at = said.get(name).filter(|(_, last)| last == patch).map(|(at, _)| *at);
        let Some(at) = at.filter(|at| self.now.since(*at) < self.settings.retry) else { return false };
        if !self.flight.is_busy(&ObjectId::named(Kind::Namespace, name)) {
            self.due.insert((Time(at.0.saturating_add(self.settings.retry)), subject(NAMESPACE, name)));
            return true;
        }
        false
    }

    /// Whether a Namespace of a Subnet is about to be told of it: the Subnet is looked at again once it is.
    pub(super) fn waits_for_namespaces(&mut self, subnet: &Str) -> bool {
        let mut pending = self.written.namespaces.pending.iter();
        let Some(name) = pending.find(|name| self.state.namespaces.has(name, subnet)) else { return false };
        self.flight.await_turn(ObjectId::named(Kind::Namespace, name), subject(SUBNET, subnet));
        true
    }
}

/// What a Namespace is told; nothing: the annotation is not there.
fn said(subnets: &[&Subnet], pools: &[&str]) -> [(&'static str, String); 4] {
    let joined = |each: &dyn Fn(&Subnet) -> String, by| {
        subnets.iter().map(|subnet| each(subnet)).collect::<Vec<String>>().join(by)
    };
    let cidr = |subnet: &Subnet| subnet.spec.cidr.get().map(|cidr| (**cidr).to_string()).unwrap_or_default();
    let excludes = |subnet: &Subnet| {
        subnet.spec.exclude_ips.iter().filter_map(Field::get).map(text).collect::<Vec<String>>().join(",")
    };
    [
        (annotations::LOGICAL_SWITCH, joined(&|subnet| subnet.meta.name.to_string(), ",")),
        (annotations::CIDR, joined(&cidr, ";")),
        (annotations::EXCLUDE_IPS, joined(&excludes, ";")),
        (annotations::IP_POOL, pools.join(",")),
    ]
}

/// The annotations that are other than they should be.
fn lacks(meta: &Meta, said: &[(&'static str, String)]) -> Map<String, Value> {
    let differ = said.iter().filter(|(key, value)| meta.annotation(key).unwrap_or_default() != value);
    differ.map(|(key, value)| ((*key).to_owned(), if value.is_empty() { Value::Null } else { json!(value) })).collect()
}
