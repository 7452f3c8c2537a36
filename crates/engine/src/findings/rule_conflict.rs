//! `rule-conflict`: NAT rules that cannot both hold.
//!
//! In: FIP, DNAT and SNAT rules with their EIPs. Out: one finding per EIP (or gateway) and what clashes, about the later
//! rule. Guarantees: rules that are being deleted are no conflict; two DNATs of type `share` may have one identity.

use super::out::{Out, few};
use crate::finding::{Certainty, Code, Finding, ObjRef};
use crate::judge::Context;
use crate::record::or_default;
use api::names;
use api::slim::{IptablesEip, Kind, Meta, NatStatus, Time};
use std::collections::BTreeMap;

/// A rule, cut down to what conflicts are about.
struct Rule<'w> {
    object: ObjRef,
    created: Option<Time>,
    eip: &'w str,
    shares: bool,
}

/// Finds rules that clash.
pub(super) fn check(context: &Context<'_>, out: &mut Out) {
    let world = context.world;
    let live = |meta: &Meta| !meta.is_deleted();
    let mut fips: BTreeMap<&str, Vec<Rule<'_>>> = BTreeMap::new();
    for rule in world.fips.iter().filter(|rule| live(&rule.meta) && !rule.spec.eip.is_empty()) {
        fips.entry(&rule.spec.eip).or_default().push(of(
            Kind::IptablesFipRule,
            rule,
            &rule.meta,
            &rule.spec.eip,
            false,
        ));
        recorded(context, Kind::IptablesFipRule, rule, &rule.meta, (&rule.spec.eip, &rule.status), out);
    }
    let mut dnats: BTreeMap<&str, Vec<Rule<'_>>> = BTreeMap::new();
    let mut ports: BTreeMap<(&str, u16, String), Vec<Rule<'_>>> = BTreeMap::new();
    for rule in world.dnats.iter().filter(|rule| live(&rule.meta) && !rule.spec.eip.is_empty()) {
        let shares = rule.spec.type_ == "share";
        let make = || of(Kind::IptablesDnatRule, rule, &rule.meta, &rule.spec.eip, shares);
        dnats.entry(&rule.spec.eip).or_default().push(make());
        if let Some(&port) = rule.spec.external_port.get() {
            ports.entry((&rule.spec.eip, port, rule.spec.protocol.as_str().to_lowercase())).or_default().push(make());
        }
        recorded(context, Kind::IptablesDnatRule, rule, &rule.meta, (&rule.spec.eip, &rule.status), out);
    }
    let mut snats: BTreeMap<(String, String), Vec<Rule<'_>>> = BTreeMap::new();
    for rule in world.snats.iter().filter(|rule| live(&rule.meta) && !rule.spec.eip.is_empty()) {
        if let Some(cidr) = rule.spec.internal_cidr.get() {
            let gateway = gateway_of(context, &rule.spec.eip);
            snats.entry((gateway, cidr.to_string())).or_default().push(of(
                Kind::IptablesSnatRule,
                rule,
                &rule.meta,
                &rule.spec.eip,
                false,
            ));
        }
        recorded(context, Kind::IptablesSnatRule, rule, &rule.meta, (&rule.spec.eip, &rule.status), out);
    }
    of_eips(context, fips, &dnats, out);
    let without = rules_without_eip(context);
    if without > 0 {
        out.not_judged(Code::RuleConflict, [Kind::IptablesEip], without);
    }
    for ((eip, port, protocol), rules) in ports {
        let exclusive = rules.iter().any(|rule| !rule.shares);
        if rules.len() > 1 && exclusive {
            let what = format!("DNATs of {protocol}/{port} on EIP {eip}");
            out.push(clash(context, &format!("{eip}/dnat/{port}/{protocol}"), rules, &what));
        }
    }
    for ((gateway, cidr), rules) in snats {
        if rules.len() > 1 {
            let what = format!("SNATs of {cidr} on gateway {gateway}");
            out.push(clash(context, &format!("{gateway}/snat/{cidr}"), rules, &what));
        }
    }
}

/// How many rules are of an EIP that was not read, where there may be others: its address, gateway and labels are not known.
pub(super) fn rules_without_eip(context: &Context<'_>) -> usize {
    let world = context.world;
    if world.coverage.is_complete(Kind::IptablesEip) {
        return 0;
    }
    let fips = world.fips.iter().map(|rule| (&rule.meta, &rule.spec.eip));
    let dnats = world.dnats.iter().map(|rule| (&rule.meta, &rule.spec.eip));
    let snats = world.snats.iter().map(|rule| (&rule.meta, &rule.spec.eip));
    let live = fips.chain(dnats).chain(snats).filter(|(meta, eip)| !meta.is_deleted() && !eip.is_empty());
    live.filter(|(_, eip)| world.eips.named(eip).is_none()).count()
}

fn of<'w, T: api::slim::HasMeta>(kind: Kind, rule: &T, meta: &Meta, eip: &'w str, shares: bool) -> Rule<'w> {
    Rule { object: ObjRef::of(kind, rule), created: meta.created.get().copied(), eip, shares }
}

/// The gateway of a rule: that of its EIP; two VPCs may use one inner CIDR behind different gateways.
fn gateway_of(context: &Context<'_>, eip: &str) -> String {
    match context.world.eips.named(eip) {
        Some(eip) if !eip.spec.nat_gw.is_empty() => eip.spec.nat_gw.to_string(),
        _ => format!("of EIP {eip}"),
    }
}

fn of_eips(
    context: &Context<'_>,
    fips: BTreeMap<&str, Vec<Rule<'_>>>,
    dnats: &BTreeMap<&str, Vec<Rule<'_>>>,
    out: &mut Out,
) {
    for (eip, mut rules) in fips {
        if rules.len() > 1 {
            let all = std::mem::take(&mut rules);
            out.push(clash(context, &format!("{eip}/fip"), copy(&all), &format!("FIPs on EIP {eip}")));
            rules = all;
        }
        if let Some(dnats) = dnats.get(eip) {
            rules.extend(copy(dnats));
            out.push(clash(context, &format!("{eip}/fip+dnat"), rules, &format!("FIP and DNAT rules on EIP {eip}")));
        }
    }
}

fn copy<'w>(rules: &[Rule<'w>]) -> Vec<Rule<'w>> {
    rules
        .iter()
        .map(|rule| Rule { object: rule.object.clone(), created: rule.created, eip: rule.eip, shares: rule.shares })
        .collect()
}

fn clash(context: &Context<'_>, subject: &str, mut rules: Vec<Rule<'_>>, what: &str) -> Finding {
    // The later rule is the one that does not hold; of two of one second, the later in the alphabet.
    rules.sort_by(|a, b| (b.created, &b.object).cmp(&(a.created, &a.object)));
    let eip = rules.first().and_then(|rule| context.world.eips.named(rule.eip));
    let names = few(rules.iter().rev().map(|rule| rule.object.to_string()), 4);
    let mut objects: Vec<ObjRef> = rules.iter().map(|rule| rule.object.clone()).collect();
    objects.extend(eip.map(|eip| ObjRef::of(Kind::IptablesEip, eip)));
    let count = rules.len();
    placed(context, Finding::new(Code::RuleConflict, subject, Certainty::Proven, objects), eip).says(
        format!("{count} {what}: {names}"),
        "the gateway holds one of them, by the order in which they were programmed last: after its next restart it may be another",
        format!("delete {} or give it an EIP, port or CIDR of its own", rules.first().map_or_else(String::new, |rule| rule.object.to_string())),
    )
}

fn placed(context: &Context<'_>, finding: Finding, eip: Option<&IptablesEip>) -> Finding {
    let Some(eip) = eip else { return finding };
    let subnet = or_default(&eip.spec.external_subnet, names::DEFAULT_EXTERNAL_SUBNET);
    let id = context.subnets.named(subnet);
    let wire = id.map(|id| context.subnets.wire_name(context.subnets.get(id).wire).as_str());
    finding.on(id.map(|_| subnet), wire).at(eip.status.ip.get().copied())
}

/// A rule that was programmed with an address that its EIP has no longer.
fn recorded<T: api::slim::HasMeta>(
    context: &Context<'_>,
    kind: Kind,
    rule: &T,
    meta: &Meta,
    (eip, status): (&str, &NatStatus),
    out: &mut Out,
) {
    let Some(eip) = context.world.eips.named(eip) else { return };
    let (Some(&recorded), Some(&now)) = (status.v4.get(), eip.status.ip.get()) else { return };
    if recorded == now {
        return;
    }
    let object = ObjRef::of(kind, rule);
    let subject = format!("{}/address/{}/{}", eip.meta.name, kind.plural(), meta.name);
    let moving = eip.meta.is_deleted() || context.world.is_recent(status.changed());
    let objects = vec![object.clone(), ObjRef::of(Kind::IptablesEip, eip)];
    let finding = Finding::new(Code::RuleConflict, &subject, Certainty::Proven.possible_if(moving), objects);
    out.push(placed(context, finding, Some(eip)).at([recorded, now]).says(
        format!("{object} is programmed with {recorded}, but its EIP {} has {now}", eip.meta.name),
        "the gateway answers to an address that is not the EIP's, and may be somebody else's by now",
        "delete and recreate the rule",
    ));
}
