//! Subnets: what their spec lacks, their finalizer, their status.
//!
//! In: the book of a Subnet, the object. Out: at most two writes: first the spec, then the status, so that `Ready` is said
//! last. Guarantees: the status says what the sets of the book are; at most one status per Subnet and second, and the last
//! state is always written; something is written after every change of the spec, since conditions carry its generation; a
//! Subnet that cannot be read is not rewritten, and the condition says why; one that was deleted stays until its last
//! claim is gone.

use super::conditions::{Health, Say, error, kube_ovn, with};
use super::defaults::lacking;
use super::namespace::Namespaces;
use super::pool::POOL;
use super::tally::{Form, Tally};
use crate::manage::bug::Bug;
use crate::manage::command::{Action, ObjectId};
use crate::manage::engine::Engine;
use crate::manage::id::HolderId;
use crate::manage::input::Outcome;
use crate::manage::subnet_rules::broken;
use crate::manage::write::Write;
use api::slim::{Condition, Kind, Meta, Str, Subnet, Time};
use ledger::SubnetBook;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Names a Subnet where a holder is expected: who is looked at again.
pub(in crate::manage) const SUBNET: &str = "Subnet";

/// What was written, and when: all that is remembered between two steps, and only to write less.
#[derive(Debug, Default)]
pub(in crate::manage) struct Written {
    status: BTreeMap<ObjectId, Time>,
    spec: BTreeMap<Str, (Time, Map<String, Value>)>,
    pub(in crate::manage) namespaces: Namespaces,
}

impl Written {
    /// What was not applied is not held against whoever asks again; what was refused would be again.
    pub(in crate::manage) fn settle(&mut self, action: &Action, outcome: &Outcome) {
        let failed = matches!(outcome, Outcome::Exists | Outcome::Missing | Outcome::Changed | Outcome::Unknown);
        if let Action::Write(write) = action
            && failed
            && write.kind == Kind::Subnet
        {
            self.spec.remove(&write.name);
        }
        self.namespaces.settle(action, outcome);
    }

    /// Forgets an object that is gone.
    pub(in crate::manage) fn forget(&mut self, id: &ObjectId) {
        self.status.remove(id);
        if id.kind == Kind::Subnet {
            self.spec.remove(&id.name);
        }
        if id.kind == Kind::Namespace {
            self.namespaces.forget(&id.name);
        }
    }
}

/// A Subnet as a holder.
pub(super) fn subject(kind: &str, name: &Str) -> HolderId {
    HolderId::named(kind, "", name.clone())
}

impl Engine {
    /// Writes what follows for the Subnets for which something changed.
    pub(super) fn project_subnets(&mut self) {
        for name in self.state.books.take_touched() {
            let known = self.state.world.subnets.named(&name).filter(|subnet| self.manages(subnet));
            let Some(is_deleted) = known.map(|subnet| subnet.meta.is_deleted()) else { continue };
            // A Subnet may be large: while nothing may be written of it, it is not looked at either.
            let may_go = is_deleted && self.state.books.is_idle(&name);
            if may_go || !self.is_too_soon(&ObjectId::named(Kind::Subnet, &name), SUBNET) {
                let subnet = self.state.world.subnets.named(&name).cloned();
                subnet.into_iter().for_each(|subnet| self.project_subnet(&subnet));
            }
        }
    }

    fn project_subnet(&mut self, subnet: &Subnet) {
        let meta = &subnet.meta;
        if meta.is_deleted() && self.state.books.is_idle(&meta.name) {
            return self.let_finish(Kind::Subnet, meta, true, &subject(SUBNET, &meta.name));
        }
        // What cannot be read is not rewritten; what is on its way out is not completed.
        let fault = broken(subnet).or_else(|| self.state.books.fault(&meta.name).map(Into::into));
        let complete = meta.is_deleted()
            || broken(subnet).is_some()
            || self.write_spec(meta, lacking(subnet, self.adopted(&meta.name)));
        if complete {
            let health = match fault {
                _ if meta.is_deleted() => Health::Going(self.waits_for(&meta.name)),
                Some(fault) => Health::Faulty(fault),
                None => Health::Well,
            };
            self.write_subnet_status(subnet, &health);
        }
    }

    /// When the adoption of a Subnet was done; none while an address on record there has no answer yet.
    fn adopted(&self, name: &Str) -> Option<Time> {
        let is_pending = self.state.books.wire(name).is_none_or(|wire| self.records.contains_key(wire));
        // Another try says the same as the one before.
        (!is_pending).then(|| self.written.spec.get(name).map_or(self.now, |(at, _)| *at))
    }

    /// Writes what a spec lacks; whether the status may follow. The same patch is not sent again and again where somebody
    /// undoes it each time.
    fn write_spec(&mut self, meta: &Meta, patch: Map<String, Value>) -> bool {
        if patch.is_empty() {
            return true;
        }
        let holder = subject(SUBNET, &meta.name);
        let id = ObjectId::named(Kind::Subnet, &meta.name);
        if self.flight.is_busy(&id) {
            self.flight.await_turn(id, holder);
            return false;
        }
        if let Some((at, last)) = self.written.spec.get(&meta.name)
            && *last == patch
            && self.now.since(*at) < self.settings.retry
        {
            let due = Time(at.0.saturating_add(self.settings.retry));
            self.due.insert((due, holder));
            return true;
        }
        self.written.spec.insert(meta.name.clone(), (self.now, patch.clone()));
        self.send(Action::Write(Box::new(Write::new(Kind::Subnet, meta, patch.into()))), &holder);
        false
    }

    /// What a Subnet that was deleted waits for.
    fn waits_for(&self, name: &Str) -> String {
        let mut claims = self.state.books.book(name).into_iter().flat_map(SubnetBook::claims);
        let Some((addr, nic)) = claims.next() else { return "it is being deleted".to_owned() };
        let holder = self.title(name, addr).unwrap_or_else(|| nic.holder.to_string());
        let others = match claims.count() {
            0 => String::new(),
            1 => " and 1 other address".to_owned(),
            others => format!(" and {others} other addresses"),
        };
        format!("it is being deleted and waits for {addr} of {holder}{others}")
    }

    fn write_subnet_status(&mut self, subnet: &Subnet, health: &Health) {
        let (meta, status) = (&subnet.meta, &subnet.status);
        let id = ObjectId::named(Kind::Subnet, &meta.name);
        if !self.may_write(&id, SUBNET) || self.waits_for_namespaces(&meta.name) {
            return;
        }
        let tally = self.state.books.book(&meta.name).map(|book| Tally::of(|family| book.accounting(family)));
        let conditions = with(&status.conditions, &say(health, &status.conditions), meta.generation, self.now);
        let counted = tally.as_ref().is_none_or(|tally| tally.is_in_subnet(status));
        if counted && *conditions == *status.conditions {
            return;
        }
        let mut fields = tally.map(|tally| tally.fields(Form::Subnet)).unwrap_or_default();
        if self.state.has(Bug::CountObjects) {
            fields.insert("v4usingIPs".to_owned(), json!(self.state.world.ips.len()));
        }
        self.write_status(id, meta, fields, &conditions);
    }

    /// Writes a status: these fields, and all conditions.
    pub(super) fn write_status(
        &mut self,
        id: ObjectId,
        meta: &Meta,
        mut fields: Map<String, Value>,
        conditions: &[Condition],
    ) {
        fields.insert("conditions".to_owned(), kube_ovn(conditions));
        let kind = if id.kind == Kind::IpPool { POOL } else { SUBNET };
        let write = Write::of_status(id.kind, meta, json!({"status": fields}));
        self.written.status.insert(id, self.now);
        self.send(Action::Write(Box::new(write)), &subject(kind, &meta.name));
    }

    /// Writes a status, if it may be written now.
    pub(super) fn send_status(&mut self, id: ObjectId, write: Write) {
        if self.may_write(&id, id.kind.name()) {
            let holder = subject(id.kind.name(), &id.name);
            self.written.status.insert(id, self.now);
            self.send(Action::Write(Box::new(write)), &holder);
        }
    }

    /// Whether a status may be written now: not while its object is busy, and once a second.
    pub(super) fn may_write(&mut self, id: &ObjectId, kind: &str) -> bool {
        let holder = subject(kind, &id.name);
        if self.flight.is_busy(id) {
            self.flight.await_turn(id.clone(), holder);
            return false;
        }
        !self.is_too_soon(id, kind)
    }

    /// Whether a status was written within this second: then it is looked at again in the next one.
    fn is_too_soon(&mut self, id: &ObjectId, kind: &str) -> bool {
        let is_too_soon = self.written.status.get(id).is_some_and(|at| *at == self.now);
        if is_too_soon {
            self.due.insert((Time(self.now.0.saturating_add(1)), subject(kind, &id.name)));
        }
        is_too_soon
    }
}

/// What the conditions of a Subnet should say, with the reasons that Kube-OVN's users know.
fn say<'a>(health: &'a Health, known: &[Condition]) -> Vec<Say<'a>> {
    let said = |type_, status, reason, message| Say { type_, status, reason, message };
    let (well, valid) = ("SetNonOvnSubnetSuccess", "ValidateLogicalSwitchSuccess");
    let mut all = match health {
        Health::Well => vec![said("Validated", true, valid, ""), said("Ready", true, well, "")],
        Health::Faulty(why) => {
            let failed = "ValidateLogicalSwitchFailed";
            vec![said("Validated", false, failed, why), said("Ready", false, failed, why)]
        }
        Health::Going(why) => vec![said("Ready", false, "Terminating", why)],
    };
    all.extend(match health {
        Health::Well => error(known, None, well),
        Health::Faulty(why) => error(known, Some(why), "ValidateLogicalSwitchFailed"),
        Health::Going(_) => None,
    });
    all
}
