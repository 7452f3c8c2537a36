//! NAT rules: people write them, and which of them hold is judged by the objects alone.
//!
//! In: a rule by its number; a cluster at rest. Out: the requests; the first [`Violation`]. Guarantees: the judge is written anew, by
//! the words of the rules' contract: of rules that cannot both hold the older one does, and whoever can hold does.

use super::people::{KUBE_OVN, create as body};
use super::step::Nat;
use crate::cluster::Cluster;
use crate::oracle::{Violation, claims};
use crate::setup::define_rules;
use api::slim::AddressClaim;
use model::Request;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const KINDS: [Nat; 3] = [Nat::Dnat, Nat::Fip, Nat::Snat];

impl Nat {
    const fn plural(self) -> &'static str {
        match self {
            Self::Fip => "iptables-fip-rules",
            Self::Dnat => "iptables-dnat-rules",
            Self::Snat => "iptables-snat-rules",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Fip => "IptablesFIPRule",
            Self::Dnat => "IptablesDnatRule",
            Self::Snat => "IptablesSnatRule",
        }
    }

    /// What it asks for: 2 is 0, for one that suffers others; 3 cannot be read.
    fn spec(self, eip: u8, asks: u8) -> Value {
        let eip = format!("e{eip}");
        let inside = if asks == 3 { "nonsense".to_owned() } else { format!("10.0.1.{asks}") };
        let sharing = if asks == 2 { "share" } else { "" };
        match self {
            Self::Fip => json!({"eip": eip, "internalIp": inside}),
            Self::Dnat => json!({"eip": eip, "internalIp": inside, "internalPort": "80", "protocol": "tcp",
                "externalPort": (80 + asks % 2).to_string(), "type": sharing}),
            Self::Snat => json!({"eip": eip, "internalCIDR": if asks == 2 { "10.0.1.0/32" } else { &inside }}),
        }
    }
}

/// Somebody writes a rule.
pub(super) fn create(cluster: &mut Cluster, nat: Nat, name: u8, eip: u8, asks: u8) {
    define_rules(&mut cluster.server, nat.kind(), cluster.now);
    let request = body(nat.plural(), nat.kind(), &format!("r{name}"), &nat.spec(eip, asks));
    cluster.server.handle(request, cluster.now);
}

/// Somebody deletes a rule.
pub(super) fn delete(cluster: &mut Cluster, nat: Nat, name: u8) {
    let request = Request::delete(format!("{KUBE_OVN}/{}/r{name}", nat.plural()));
    cluster.server.handle(request, cluster.now);
}

/// At rest: a rule says an EIP's address if it holds, and no rule waits in vain.
pub(super) fn judge(cluster: &Cluster) -> Result<(), Violation> {
    let mut by_eip: BTreeMap<String, Vec<(Nat, Arc<Value>)>> = BTreeMap::new();
    for nat in KINDS {
        for rule in cluster.server.objects("kubeovn.io", nat.plural()) {
            by_eip.entry(text(&rule, "/spec/eip").to_owned()).or_default().push((nat, rule));
        }
    }
    by_eip.into_iter().try_for_each(|(eip, rules)| of_eip(cluster, &eip, rules))
}

fn of_eip(cluster: &Cluster, eip: &str, mut rules: Vec<(Nat, Arc<Value>)>) -> Result<(), Violation> {
    let address = address(cluster, eip).unwrap_or_default();
    let address = address.as_str();
    rules.sort_by_key(|(nat, rule)| {
        (text(rule, "/metadata/creationTimestamp").to_owned(), text(rule, "/metadata/name").to_owned(), *nat as u8)
    });
    let mut held: Vec<(Nat, Arc<Value>)> = Vec::new();
    for (nat, rule) in rules {
        let is_in_the_way = |(other, held): &(Nat, Arc<Value>)| meet((nat, &rule), (*other, held));
        let may = !address.is_empty() && is_readable(&rule) && !held.iter().any(is_in_the_way);
        let said = text(&rule, "/status/v4ip");
        if said != if may { address } else { "" } {
            let (kind, name) = (nat.kind(), text(&rule, "/metadata/name"));
            return Err(Violation(format!(
                "RULES: {kind} {name} says {said:?}, may hold: {may}, {eip} has {address:?}"
            )));
        }
        if may {
            held.push((nat, rule));
        }
    }
    Ok(())
}

/// What an EIP says that it has, where that is claimed for it: no hand has deleted the claim for good.
fn address(cluster: &Cluster, eip: &str) -> Option<String> {
    let object = cluster.server.object("kubeovn.io", "iptables-eips", "", eip)?;
    let address = text(&object, "/status/ip");
    let is_its = |claim: &AddressClaim| {
        let holder = &claim.spec.holder;
        let at = claim.spec.address.get().map(ToString::to_string);
        holder.kind == "IptablesEIP" && holder.name == eip && at.as_deref() == Some(address)
    };
    claims(cluster).iter().any(is_its).then(|| address.to_owned())
}

/// Whether two rules of one EIP cannot both hold.
fn meet((nat, rule): (Nat, &Value), (other, held): (Nat, &Value)) -> bool {
    let field = |of| (text(rule, of).to_owned(), text(held, of).to_owned());
    let is_same = |of| field(of).0 == field(of).1;
    match (nat, other) {
        (Nat::Fip, Nat::Fip | Nat::Dnat) | (Nat::Dnat, Nat::Fip) => true,
        (Nat::Dnat, Nat::Dnat) => {
            is_same("/spec/externalPort") && field("/spec/type") != ("share".to_owned(), "share".to_owned())
        }
        (Nat::Snat, Nat::Snat) => network(rule) == network(held),
        (Nat::Snat, Nat::Fip | Nat::Dnat) | (Nat::Fip | Nat::Dnat, Nat::Snat) => false,
    }
}

/// An address is a network of one.
fn network(rule: &Value) -> &str {
    text(rule, "/spec/internalCIDR").trim_end_matches("/32")
}

fn is_readable(rule: &Value) -> bool {
    let spec = &rule["spec"];
    spec["internalIp"] != "nonsense" && spec["internalCIDR"] != "nonsense"
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
