//! NAT rules: what they wait for, or what is wrong with them.
//!
//! In: a rule, its EIP, the other rules of that. Out: a patch of its labels and annotation, and one of its status. Guarantees:
//! `ready` is the gateway's to say, and what the status repeats of the spec is not touched while it does: that is what the gateway
//! has. A rule that is being deleted is held by nobody: what a gateway has of it is known by its EIP, whose claim waits for that.

use super::ready::{Ready, ready};
use crate::gateways::external_subnet;
use crate::manage::command::{Action, ObjectId};
use crate::manage::engine::Engine;
use crate::manage::holders;
use crate::manage::holders::eip::{self, subnet_of};
use crate::manage::rule::{Rule, RuleId, text};
use crate::manage::rules::{self, Front};
use crate::manage::write::Write;
use api::names::{annotations, labels};
use api::slim::{Meta, Str};
use ledger::{Addr, Family};
use serde_json::{Map, Value, json};

/// What a rule is told.
enum Told {
    /// Why it does not hold: a word and a text.
    No(&'static str, String),
    /// It is the gateway's turn.
    Gateway(Outside),
}

/// What a rule that holds says of its EIP.
struct Outside {
    v4: Addr,
    v6: Option<Addr>,
    gateway: Str,
}

impl Engine {
    /// Makes a rule say what it waits for.
    pub(super) fn project_rule(&mut self, id: &RuleId) {
        let Some(rule) = Rule::find(&self.state.world, id) else { return };
        let front = self.front(rule.eip());
        if !self.is_our_rule(&rule, &front) {
            return;
        }
        let holder = rules::holder(id);
        if rule.meta.is_deleted() {
            let meta = rule.meta.clone();
            return self.let_finish(id.0, &meta, true, &holder);
        }
        let told = self.told_rule(&rule, id, front);
        // One after the other: each names the version that it was decided on.
        if let Some(patch) = rule_lacks(&rule, &told) {
            let write = Write::new(id.0, rule.meta, patch);
            return self.send(Action::Write(Box::new(write)), &holder);
        }
        let status = self.rule_status(&rule, &told);
        if status.is_empty() {
            return;
        }
        let write = Write::of_status(id.0, rule.meta, json!({"status": status}));
        self.send_status(ObjectId::named(id.0, &id.1), write);
    }

    /// Whether a rule is not another manager's: its EIP says so, else its gateway; where neither is there, Kube-OVN has it while
    /// that works and has its gateways on.
    fn is_our_rule(&self, rule: &Rule<'_>, front: &Front) -> bool {
        match (front, self.state.world.gateways.named(&rule.status.nat_gw)) {
            (Front::Foreign, _) => false,
            (Front::Absent, Some(gateway)) => self.state.may_serve(external_subnet(gateway)),
            (Front::Absent, None) => self.settings.beside_kube_ovn || !self.state.rival.has_gateways(),
            (Front::Bare { .. } | Front::Open { .. }, _) => true,
        }
    }

    fn told_rule(&self, rule: &Rule<'_>, id: &RuleId, front: Front) -> Told {
        let name = rule.eip();
        if let Err(why) = rule.takes() {
            return Told::No("RuleInvalid", why);
        }
        if front == Front::Absent {
            return Told::No("WaitingForEip", format!("EIP {name} is not there"));
        }
        if let Some((what, (kind, other))) = self.state.rules.in_the_way(id) {
            return Told::No("RuleConflict", format!("{what} is held by {kind} {other}"));
        }
        match front {
            Front::Open { v4, v6, gateway } => Told::Gateway(Outside { v4, v6, gateway }),
            Front::Bare { is_deleted: true } => Told::No("WaitingForEip", format!("EIP {name} is being deleted")),
            _ => Told::No("WaitingForEip", format!("EIP {name} has no IPv4 address yet")),
        }
    }

    /// An EIP as its rules see it: what it has by its claims.
    fn front(&self, name: &str) -> Front {
        let Some(eip) = self.state.world.eips.named(name) else { return Front::Absent };
        if !self.state.may_serve(&subnet_of(eip)) {
            return Front::Foreign;
        }
        let entitled = holders::entitled(&self.state, &eip::holder(name));
        let served = entitled.and_then(|entitled| self.served(entitled.wants.first()?));
        match served.and_then(|(_, addrs)| Some((addrs.get(Family::V4)?, addrs.get(Family::V6)))) {
            Some((v4, v6)) => Front::Open { v4, v6, gateway: eip.spec.nat_gw.clone() },
            None => Front::Bare { is_deleted: eip.meta.is_deleted() },
        }
    }

    /// Looks at the rules of an EIP, where they see it otherwise than when they were looked at.
    pub(super) fn about_rules_of(&mut self, eip: &Str) {
        if !self.state.rules.name(eip) {
            self.state.rules.fronts.remove(eip);
            return;
        }
        let front = self.front(eip);
        if self.state.rules.fronts.get(eip) != Some(&front) {
            self.state.rules.fronts.insert(eip.clone(), front);
            self.dirty.extend(self.state.rules.of_eip(eip).map(rules::holder));
        }
    }

    /// What the status of a rule lacks.
    fn rule_status(&self, rule: &Rule<'_>, told: &Told) -> Map<String, Value> {
        let (status, is_ready) = (rule.status, rule.status.ready);
        let said = match told {
            Told::No(reason, why) if is_ready => Ready::yes(reason, why),
            Told::No(reason, why) => Ready::no(reason, why),
            Told::Gateway(_) if is_ready => Ready::yes("Programmed", ""),
            Told::Gateway(_) => Ready::no("WaitingForGateway", "waiting for the gateway"),
        };
        let mut fields = ready(&status.conditions, &said, rule.meta.generation, self.now);
        if !is_ready {
            fields.extend(mirrored(rule, told));
        }
        if !fields.is_empty() {
            fields.insert("ready".to_owned(), is_ready.into());
        }
        fields
    }
}

/// What the status should say of EIP and spec, and does not; nothing of them where the rule does not hold.
fn mirrored(rule: &Rule<'_>, told: &Told) -> Map<String, Value> {
    let status = rule.status;
    let outside = match told {
        Told::Gateway(outside) => Some(outside),
        Told::No(..) => None,
    };
    let addr = |addr: Option<Addr>| addr.map(|addr| addr.to_string()).unwrap_or_default();
    let gateway = outside.map(|outside| outside.gateway.to_string()).unwrap_or_default();
    let mut fields = vec![
        ("v4ip", text(&status.v4), addr(outside.map(|outside| outside.v4))),
        ("v6ip", text(&status.v6), addr(outside.and_then(|outside| outside.v6))),
        ("natGwDp", status.nat_gw.to_string(), gateway),
    ];
    fields.extend(rule.repeated());
    let belongs = |text: String| if outside.is_some() { text } else { String::new() };
    let fields = fields.into_iter().map(|(name, is, should)| (name, is, belongs(should)));
    fields.filter(|(_, is, should)| is != should).map(|(name, _, should)| (name.to_owned(), should.into())).collect()
}

/// What the labels and the annotation of a rule that holds lack. Those of one that does not are left as they are, and those of one that
/// the gateway has say what it has.
fn rule_lacks(rule: &Rule<'_>, told: &Told) -> Option<Value> {
    let outside = match told {
        Told::Gateway(outside) if !rule.status.ready => outside,
        _ => return None,
    };
    let mut wanted =
        vec![(labels::VPC_NAT_GW_NAME, outside.gateway.to_string()), (labels::EIP_V4_IP, outside.v4.to_string())];
    wanted.extend(rule.external_port().map(|port| (labels::VPC_DNAT_EPORT, port.to_string())));
    let label = |meta: &Meta, key: &str, value: &str| value.len() <= super::LABEL && meta.label(key) != Some(value);
    wanted.retain(|(key, value)| label(rule.meta, key, value));
    let labels: Map<String, Value> = wanted.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    let is_annotated = rule.meta.annotation(annotations::VPC_EIP) == Some(rule.eip());
    let mut patch = Map::new();
    if !labels.is_empty() {
        patch.insert("labels".to_owned(), labels.into());
    }
    if !is_annotated {
        patch.insert("annotations".to_owned(), json!({annotations::VPC_EIP: rule.eip().as_str()}));
    }
    (!patch.is_empty()).then(|| json!({"metadata": patch}))
}
