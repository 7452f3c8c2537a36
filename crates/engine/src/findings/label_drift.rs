//! `label-drift`: labels that other tools select by disagree with the spec.
//!
//! In: objects with Kube-OVN's labels. Out: one finding per object. Guarantees: a label that is absent is missed only where
//! Kube-OVN counts by it: `subnet` on an EIP, OvnEip or Vip that has an address.

use super::out::Out;
use crate::finding::{Certainty, Code, Finding, ObjRef};
use crate::judge::Context;
use crate::record::or_default;
use api::names::{self, labels};
use api::slim::{Field, HasMeta, Kind, Meta, Str};

/// A label, and what it should say.
struct Expected<'a> {
    label: &'a str,
    value: String,
    /// Whether its absence counts.
    required: bool,
}

fn expect<'a>(label: &'a str, value: &impl ToString) -> Expected<'a> {
    Expected { label, value: value.to_string(), required: false }
}

/// Compares labels with specs.
pub(super) fn check(context: &Context<'_>, out: &mut Out) {
    of_ips(context, out);
    of_addresses(context, out);
    of_gateways(context, out);
    of_rules(context, out);
    let without = super::rule_conflict::rules_without_eip(context);
    if without > 0 {
        out.not_judged(Code::LabelDrift, [Kind::IptablesEip], without);
    }
}

fn of_ips(context: &Context<'_>, out: &mut Out) {
    for ip in context.world.ips.iter() {
        let (subnet, node) = (ip.spec.subnet.as_str(), ip.spec.node_name.as_str());
        // Compared in place: there may be a million of them, nearly all of them right.
        let right = |label: &str, value: &str| ip.meta.label(label).is_none_or(|is| is == value);
        let bare = stale_subnet_label(context, &ip.meta, subnet);
        if right(labels::SUBNET, subnet) && right(labels::NODE_NAME, node) && bare.is_none() {
            continue;
        }
        let mut expected = vec![expect(labels::SUBNET, &subnet), expect(labels::NODE_NAME, &node)];
        if let Some(stale) = bare {
            expected.push(Expected {
                label: stale,
                value: format!("(none: it is on Subnet {subnet})"),
                required: false,
            });
        }
        compare(context, Kind::Ip, ip, subnet, &expected, out);
    }
}

/// An IP object carries its Subnet's name as a label of its own; that of another Subnet is a leftover.
fn stale_subnet_label<'a>(context: &Context<'_>, meta: &'a Meta, subnet: &str) -> Option<&'a str> {
    let bare = meta.labels.iter().filter(|(key, value)| value.is_empty() && !key.contains('/'));
    bare.map(|(key, _)| key).find(|key| *key != subnet && context.subnets.named(key).is_some())
}

fn of_addresses(context: &Context<'_>, out: &mut Out) {
    let world = context.world;
    for eip in world.eips.iter() {
        let subnet = or_default(&eip.spec.external_subnet, names::DEFAULT_EXTERNAL_SUBNET);
        let mut expected = vec![
            Expected { label: labels::SUBNET, value: subnet.to_owned(), required: !eip.status.ip.is_absent() },
            expect(labels::VPC_NAT_GW_NAME, &eip.spec.nat_gw),
        ];
        expected.extend(eip.spec.v4.get().map(|v4| expect(labels::EIP_V4_IP, v4)));
        if !eip.spec.qos_policy.is_empty() || !eip.status.qos_policy.is_empty() {
            expected.push(expect(labels::QOS, &eip.spec.qos_policy));
        }
        compare(context, Kind::IptablesEip, eip, subnet, &expected, out);
    }
    for eip in world.ovn_eips.iter() {
        let subnet = or_default(&eip.spec.external_subnet, names::DEFAULT_OVN_EXTERNAL_SUBNET);
        let has_address = !eip.status.v4.is_absent() || !eip.status.v6.is_absent();
        // The default Subnet is a flag of the controller, which is not seen here.
        let known = !eip.spec.external_subnet.is_empty();
        let present = eip.meta.label(labels::SUBNET).is_some();
        let mut expected = Vec::new();
        if known || !present {
            expected.push(Expected { label: labels::SUBNET, value: subnet.to_owned(), required: has_address });
        }
        expected.extend(eip.status.v4.get().map(|v4| expect(labels::EIP_V4_IP, v4)));
        expected.extend(eip.status.v6.get().map(|v6| expect(labels::EIP_V6_IP, &label_of_v6(&eip.meta, *v6))));
        expected.extend(has_address.then(|| expect(labels::OVN_EIP_TYPE, &or_default(&eip.spec.type_, "nat"))));
        compare(context, Kind::OvnEip, eip, subnet, &expected, out);
    }
    for vip in world.vips.iter() {
        let has_address = !vip.status.v4.is_absent() || !vip.status.v6.is_absent();
        let label = Expected { label: labels::SUBNET, value: vip.spec.subnet.to_string(), required: has_address };
        compare(context, Kind::Vip, vip, &vip.spec.subnet, &[label], out);
    }
}

/// An IPv6 address as a label's value, which has no ':' and begins and ends with a letter or digit; the one that stands
/// there, where that is another spelling of it.
fn label_of_v6(meta: &Meta, v6: ledger::Addr) -> String {
    let known = meta.label(labels::EIP_V6_IP).filter(|label| label.replace('-', ":").parse() == Ok(v6));
    let dashes = v6.to_string().replace(':', "-");
    let (first, last) = (if dashes.starts_with('-') { "0" } else { "" }, if dashes.ends_with('-') { "0" } else { "" });
    known.map_or_else(|| format!("{first}{dashes}{last}"), str::to_owned)
}

fn of_gateways(context: &Context<'_>, out: &mut Out) {
    for gateway in context.world.gateways.iter() {
        let expected = [
            expect(labels::SUBNET, &gateway.spec.subnet),
            expect(labels::VPC, &gateway.spec.vpc),
            expect(labels::QOS, &gateway.spec.qos_policy),
        ];
        compare(context, Kind::VpcNatGateway, gateway, &gateway.spec.subnet, &expected, out);
    }
}

fn of_rules(context: &Context<'_>, out: &mut Out) {
    let world = context.world;
    for rule in world.fips.iter() {
        let expected = of_eip(context, &rule.spec.eip);
        compare(context, Kind::IptablesFipRule, rule, "", &expected, out);
    }
    for rule in world.dnats.iter() {
        let mut expected = of_eip(context, &rule.spec.eip);
        if let Field::Is(port) = rule.spec.external_port {
            // Kube-OVN copies the text of the spec, which may say 0080.
            let label = rule.meta.label(labels::VPC_DNAT_EPORT).filter(|label| label.parse() == Ok(port));
            expected.push(expect(labels::VPC_DNAT_EPORT, &label.map_or_else(|| port.to_string(), str::to_owned)));
        }
        compare(context, Kind::IptablesDnatRule, rule, "", &expected, out);
    }
    for rule in world.snats.iter() {
        let expected = of_eip(context, &rule.spec.eip);
        compare(context, Kind::IptablesSnatRule, rule, "", &expected, out);
    }
}

/// The labels that a rule takes over from its EIP.
fn of_eip(context: &Context<'_>, eip: &Str) -> Vec<Expected<'static>> {
    let Some(eip) = context.world.eips.named(eip) else { return Vec::new() };
    let mut expected = vec![expect(labels::VPC_NAT_GW_NAME, &eip.spec.nat_gw)];
    expected.extend(eip.status.ip.get().map(|ip| expect(labels::EIP_V4_IP, ip)));
    expected
}

fn compare<T: HasMeta>(
    context: &Context<'_>,
    kind: Kind,
    object: &T,
    subnet: &str,
    expected: &[Expected<'_>],
    out: &mut Out,
) {
    let meta = object.meta();
    let wrong: Vec<String> = expected
        .iter()
        .filter_map(|expected| match meta.label(expected.label) {
            Some(value) if value != expected.value => {
                Some(format!("{} is \"{value}\", should be \"{}\"", expected.label, expected.value))
            }
            None if expected.required => {
                Some(format!("{} is missing, should be \"{}\"", expected.label, expected.value))
            }
            _ => None,
        })
        .collect();
    if wrong.is_empty() {
        return;
    }
    let object = ObjRef::of(kind, object);
    let id = context.subnets.named(subnet);
    let wire = id.map(|id| context.subnets.wire_name(context.subnets.get(id).wire).as_str());
    let subject = format!("{}/{}", kind.plural(), object.path());
    let certainty = Certainty::Proven.possible_if(context.world.is_recent(meta.created.get().copied()));
    let message = format!("{object}: {}", wrong.join("; "));
    out.push(Finding::new(Code::LabelDrift, &subject, certainty, vec![object]).on(id.map(|_| subnet), wire).says(
        message,
        "Kube-OVN counts EIPs and Vips, and finds the rules of an EIP, by these labels; other tools select by them",
        "set the label to what the spec says (`kubectl label --overwrite`)",
    ));
}
