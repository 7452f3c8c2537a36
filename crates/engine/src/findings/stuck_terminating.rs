//! `stuck-terminating`: deleted, and held by a finalizer.
//!
//! In: every object that was deleted longer than five minutes ago and still has finalizers. Out: one finding per object
//! that says what it waits for, and whether that can ever happen. Guarantees: proven only where what it waits for can be
//! shown never to come; otherwise likely, since its controller may only be slow or down.

use super::out::{Out, count_of, few};
use crate::finding::{Certainty, Code, Finding, FindingId, ObjRef};
use crate::gateways::external_subnet;
use crate::holder::Holder;
use crate::judge::Context;
use crate::record::or_default;
use crate::world::STUCK_AFTER;
use api::names::{self, labels};
use api::slim::{IptablesEip, Kind, Meta, Namespace, OvnEip, Subnet, Vip, VpcNatGateway};
use std::collections::{BTreeMap, BTreeSet};

/// What an object waits for.
struct Wait {
    /// In words.
    reason: String,
    /// Whether it can be shown never to come.
    never: bool,
    /// What a person does about it.
    fix: String,
    /// Objects that it waits for.
    objects: Vec<ObjRef>,
}

/// Rules by the label with the IPv4 address of their EIP.
type Users = BTreeMap<String, Vec<ObjRef>>;

/// What is looked up for many stuck objects, made once there is one.
#[derive(Default)]
struct Lookup {
    /// Rules that keep an IptablesEIP.
    iptables: Users,
    /// Rules that keep an OvnEip: Kube-OVN looks for each kind of EIP among its own kinds of rules.
    ovn: Users,
}

/// Finds objects that do not go.
pub(super) fn check(context: &Context<'_>, out: &mut Out) {
    let world = context.world;
    let mut lookup = None;
    for (kind, meta) in world.metas().filter(|(kind, meta)| is_ours(*kind) && is_stuck(context, meta)) {
        let lookup = lookup.get_or_insert_with(|| Lookup::new(context));
        let wait = wait_of(context, kind, meta, lookup);
        out.push(finding(context, kind, meta, wait));
    }
    let terminating = world.namespaces.iter().filter(|namespace| world.deleted_for(&namespace.meta, STUCK_AFTER));
    for namespace in terminating {
        if let Some(wait) = wait_of_namespace(context, namespace, out) {
            out.push(finding(context, Kind::Namespace, &namespace.meta, wait));
        }
    }
}

/// The id of such a finding.
#[must_use]
pub(super) fn id_of(object: &ObjRef) -> FindingId {
    FindingId::new(Code::StuckTerminating, &format!("{}/{}", object.kind.plural(), object.path()))
}

fn is_ours(kind: Kind) -> bool {
    kind.group() == names::KUBEOVN_GROUP || kind == Kind::AddressClaim || kind == Kind::NetworkAttachmentDefinition
}

fn is_stuck(context: &Context<'_>, meta: &Meta) -> bool {
    !meta.finalizers.is_empty() && context.world.deleted_for(meta, STUCK_AFTER)
}

impl Lookup {
    fn new(context: &Context<'_>) -> Self {
        let world = context.world;
        let rules = world.fips.iter().map(|rule| (Kind::IptablesFipRule, &rule.meta));
        let rules = rules.chain(world.dnats.iter().map(|rule| (Kind::IptablesDnatRule, &rule.meta)));
        let iptables = users(rules.chain(world.snats.iter().map(|rule| (Kind::IptablesSnatRule, &rule.meta))));
        let rules = world.ovn_fips.iter().map(|rule| (Kind::OvnFip, &rule.meta));
        let rules = rules.chain(world.ovn_snats.iter().map(|rule| (Kind::OvnSnatRule, &rule.meta)));
        let ovn = users(rules.chain(world.ovn_dnats.iter().map(|rule| (Kind::OvnDnatRule, &rule.meta))));
        Self { iptables, ovn }
    }
}

fn users<'a>(rules: impl Iterator<Item = (Kind, &'a Meta)>) -> Users {
    let mut users = Users::new();
    for (kind, meta) in rules {
        if let Some(address) = meta.label(labels::EIP_V4_IP).filter(|address| !address.is_empty()) {
            let object =
                ObjRef { kind, namespace: meta.namespace.clone(), name: meta.name.clone(), uid: meta.uid.to_string() };
            users.entry(address.to_owned()).or_default().push(object);
        }
    }
    users
}

fn wait_of(context: &Context<'_>, kind: Kind, meta: &Meta, lookup: &Lookup) -> Wait {
    let foreign: Vec<&str> = meta
        .finalizers
        .iter()
        .map(api::slim::Str::as_str)
        .filter(|finalizer| !names::is_kubeovn_finalizer(finalizer))
        .collect();
    if !meta.has_kubeovn_finalizer() {
        return foreign_wait(&foreign);
    }
    let world = context.world;
    let name = meta.name.as_str();
    let special = match kind {
        Kind::Subnet => world.subnets.named(name).and_then(|subnet| of_subnet(context, subnet)),
        Kind::IptablesEip => world.eips.named(name).and_then(|eip| of_eip(context, eip, lookup)),
        Kind::OvnEip => world.ovn_eips.named(name).and_then(|eip| of_ovn_eip(eip, &lookup.ovn)),
        Kind::Vip => world.vips.named(name).and_then(|vip| of_vip(context, vip)),
        Kind::VpcNatGateway => world.gateways.named(name).and_then(|gateway| of_gateway(context, gateway)),
        Kind::Vpc => world.vpcs.named(name).and_then(|vpc| of_vpc(context, &vpc.status.subnets)),
        Kind::QosPolicy => of_qos(context, name),
        Kind::IptablesFipRule => world.fips.named(name).and_then(|rule| of_rule(context, &rule.status.nat_gw)),
        Kind::IptablesDnatRule => world.dnats.named(name).and_then(|rule| of_rule(context, &rule.status.nat_gw)),
        Kind::IptablesSnatRule => world.snats.named(name).and_then(|rule| of_rule(context, &rule.status.nat_gw)),
        _ => None,
    };
    special.unwrap_or_else(controller_wait)
}

fn controller_wait() -> Wait {
    Wait {
        reason: "Kube-OVN's controller to release it; nothing in these objects keeps it".to_owned(),
        never: false,
        fix: "see that kube-ovn-controller runs, and what its log says of this object (`kubectl logs -n kube-system \
              deploy/kube-ovn-controller`)"
            .to_owned(),
        objects: Vec::new(),
    }
}

fn foreign_wait(finalizers: &[&str]) -> Wait {
    Wait {
        reason: format!("whoever set the finalizer {} to remove it", few(finalizers, 3)),
        never: false,
        fix: "finish what that finalizer stands for, and remove it; it is not Kube-OVN's".to_owned(),
        objects: Vec::new(),
    }
}

/// A Subnet goes when its own counters say nought, or no more than its u2o addresses.
fn of_subnet(context: &Context<'_>, subnet: &Subnet) -> Option<Wait> {
    let id = context.subnets.named(&subnet.meta.name)?;
    let counter = |counter: Option<api::slim::Counter>| counter.and_then(api::slim::Counter::value).unwrap_or(0);
    let counted = counter(subnet.status.v4_using).saturating_add(counter(subnet.status.v6_using));
    let u2o = subnet.status.u2o_ip.get().map_or(0, |pair| pair.iter().count() as u128);
    if counted == 0 || (u2o > 0 && counted == u2o) {
        return None;
    }
    let on_it = context.records.iter().filter(|record| record.said == Some(id) || record.subnet == Some(id));
    let own = |holder: &Holder<'_>| matches!(holder, Holder::U2o(_) | Holder::Mcast(_));
    let (addrs, mut users): (BTreeSet<ledger::Addr>, Vec<ObjRef>) =
        on_it.filter(|record| !own(&record.holder)).map(|record| (record.addr, record.source.object())).unzip();
    users.sort();
    users.dedup();
    if !users.is_empty() {
        return Some(Wait {
            reason: format!(
                "{} on record: {}",
                count_of(&addrs.len(), "address that is", "addresses that are"),
                few(&users, 3)
            ),
            never: false,
            fix: "delete or move what holds them; the Subnet goes when the last one is released".to_owned(),
            objects: users.into_iter().take(100).collect(),
        });
    }
    let complete = context.missing(&super::counts::COUNTED, "").is_empty();
    // Kube-OVN keeps the querier's address as long as snooping is on, and the Subnet as long as it counts that address.
    if !subnet.status.mcast_ip.is_absent() {
        return Some(Wait {
            reason: "its own multicast querier to give its address back".to_owned(),
            never: complete,
            fix: format!("switch `enableMulticastSnoop` of Subnet {} off", subnet.meta.name),
            objects: Vec::new(),
        });
    }
    Some(Wait {
        reason: format!("its counters to be nought; they say {counted}, but no object records an address of it"),
        never: complete,
        fix: format!(
            "the counters are wrong and will not fall by themselves. Make Kube-OVN count again by changing a field of the Subnet \
             (an entry of excludeIps); if it still stays: `kubectl patch subnets {} --type=merge -p \
             '{{\"metadata\":{{\"finalizers\":null}}}}'`, once no pod uses it",
            subnet.meta.name
        ),
        objects: Vec::new(),
    })
}

/// An EIP goes when no rule carries its address; its external Subnet must exist.
fn of_eip(context: &Context<'_>, eip: &IptablesEip, lookup: &Lookup) -> Option<Wait> {
    let subnet = or_default(&eip.spec.external_subnet, names::DEFAULT_EXTERNAL_SUBNET);
    let lost = context.subnets.named(subnet).is_none().then(|| gone_subnet(context, subnet));
    // Without its Subnet it never goes, whatever becomes of its rules.
    if lost.as_ref().is_some_and(|wait| wait.never) {
        return lost;
    }
    let v4 = eip.spec.v4.get().or(eip.status.ip.get()).map(ToString::to_string).unwrap_or_default();
    if let Some(rules) = lookup.iptables.get(&v4) {
        return Some(rules_wait(rules));
    }
    if lost.is_some() {
        return lost;
    }
    of_rule(context, &eip.spec.nat_gw)
}

fn rules_wait(rules: &[ObjRef]) -> Wait {
    Wait {
        reason: format!("the rules that use it: {}", few(rules, 3)),
        never: false,
        fix: "delete those rules; nothing looks at the EIP again by itself, so touch it afterwards (an annotation will do)".to_owned(),
        objects: rules.iter().take(100).cloned().collect(),
    }
}

fn gone_subnet(context: &Context<'_>, subnet: &str) -> Wait {
    Wait {
        reason: format!("Subnet {subnet}, which its deletion looks up and which does not exist"),
        never: context.missing(&[Kind::Subnet], "").is_empty(),
        fix: format!(
            "create Subnet {subnet} again (the same CIDR and provider); the deletion then goes through, and the Subnet can go after it"
        ),
        objects: vec![ObjRef::missing(Kind::Subnet, "", subnet)],
    }
}

/// Rules and EIPs are taken off a gateway's pod; while the gateway is there and its pod is not, they wait.
fn of_rule(context: &Context<'_>, gateway: &str) -> Option<Wait> {
    let object = context.world.find(Kind::VpcNatGateway, "", gateway)?;
    // A pod that was not read may run.
    let running = context.running_gateways.contains(gateway) || !context.world.coverage.is_complete(Kind::Pod);
    (!running).then(|| Wait {
        reason: format!("a running pod of VpcNatGateway {gateway}, to take it off there"),
        never: false,
        fix: format!("bring the gateway's pod up, or delete VpcNatGateway {gateway} if it is not to come back"),
        objects: vec![object],
    })
}

fn of_ovn_eip(eip: &OvnEip, users: &Users) -> Option<Wait> {
    let v4 = eip.status.v4.get().or(eip.spec.v4.get()).map(ToString::to_string).unwrap_or_default();
    users.get(&v4).map(|rules| rules_wait(rules))
}

fn of_vip(context: &Context<'_>, vip: &Vip) -> Option<Wait> {
    let typed = !vip.spec.type_.is_empty() || !vip.status.type_.is_empty();
    (typed && context.subnets.named(&vip.spec.subnet).is_none()).then(|| gone_subnet(context, &vip.spec.subnet))
}

fn of_gateway(context: &Context<'_>, gateway: &VpcNatGateway) -> Option<Wait> {
    let external = external_subnet(gateway);
    let lost = [gateway.spec.subnet.as_str(), external]
        .into_iter()
        .find(|name| !name.is_empty() && context.subnets.named(name).is_none());
    lost.map(|subnet| Wait { never: false, ..gone_subnet(context, subnet) })
}

fn of_vpc(context: &Context<'_>, subnets: &[api::slim::Str]) -> Option<Wait> {
    if subnets.is_empty() {
        return None;
    }
    let (there, gone): (Vec<_>, Vec<_>) = subnets.iter().partition(|name| context.subnets.named(name).is_some());
    if there.is_empty() {
        let complete = context.missing(&[Kind::Subnet], "").is_empty();
        return Some(Wait {
            reason: format!("its Subnets {}, which do not exist any more", few(&gone, 3)),
            never: complete,
            fix: "its status is stale: set status.subnets to [] on the status subresource, or remove the finalizer"
                .to_owned(),
            objects: Vec::new(),
        });
    }
    Some(Wait {
        reason: format!("its Subnets to be deleted: {}", few(&there, 3)),
        never: false,
        fix: "delete those Subnets, or move them to another VPC".to_owned(),
        objects: there.iter().map(|name| ObjRef::missing(Kind::Subnet, "", name)).collect(),
    })
}

fn of_qos(context: &Context<'_>, name: &str) -> Option<Wait> {
    let world = context.world;
    let eips = world
        .eips
        .iter()
        .filter(|eip| eip.meta.label(labels::QOS) == Some(name))
        .map(|eip| ObjRef::of(Kind::IptablesEip, eip));
    let gateways = world.gateways.iter().filter(|gw| gw.meta.label(labels::QOS) == Some(name));
    let users: Vec<ObjRef> = eips.chain(gateways.map(|gateway| ObjRef::of(Kind::VpcNatGateway, gateway))).collect();
    (!users.is_empty()).then(|| Wait {
        reason: format!("what is bound to it: {}", few(&users, 3)),
        never: false,
        fix: "unbind it there (`qosPolicy: \"\"`)".to_owned(),
        objects: users,
    })
}

/// A Namespace that waits for one of our objects in it.
fn wait_of_namespace(context: &Context<'_>, namespace: &Namespace, out: &Out) -> Option<Wait> {
    let name = namespace.meta.name.as_str();
    let nads = context.world.nads.iter().filter(|nad| nad.meta.namespace == name && nad.meta.is_deleted());
    let stuck: Vec<ObjRef> =
        nads.map(|nad| ObjRef::of(Kind::NetworkAttachmentDefinition, nad)).filter(|nad| out.has(&id_of(nad))).collect();
    let said = namespace.status.conditions.iter().find(|condition| {
        condition.status == "True"
            && ["kubeovn.io", "k8s.cni.cncf.io", "ipledger.dev"].iter().any(|group| condition.message.contains(group))
    });
    let reason = match (stuck.is_empty(), said) {
        (false, _) => few(&stuck, 3),
        (true, Some(condition)) => condition.message.to_string(),
        (true, None) => return None,
    };
    Some(Wait {
        reason: format!("what is left in it: {reason}"),
        never: false,
        fix: "release what is left in it; the Namespace goes by itself then".to_owned(),
        objects: stuck,
    })
}

fn finding(context: &Context<'_>, kind: Kind, meta: &Meta, wait: Wait) -> Finding {
    let object = ObjRef { kind, namespace: meta.namespace.clone(), name: meta.name.clone(), uid: meta.uid.to_string() };
    let since = meta.deleted.get().map_or_else(String::new, |time| format!(" since {time}"));
    let long = match (context.world.settings.now, meta.deleted.get()) {
        (Some(now), Some(deleted)) => format!(" ({})", duration(now.since(*deleted))),
        _ => String::new(),
    };
    let ever = if wait.never { "; that will never happen" } else { "" };
    let message = format!("{object} has been terminating{since}{long}: it waits for {}{ever}", wait.reason);
    let certainty = if wait.never { Certainty::Proven } else { Certainty::Likely };
    let subject = format!("{}/{}", kind.plural(), object.path());
    let (subnet, wire) = place(context, kind, meta);
    let addresses = addresses(context, kind, meta);
    let mut objects = vec![object];
    objects.extend(wait.objects);
    Finding::new(Code::StuckTerminating, &subject, certainty, objects)
        .on(subnet.as_deref(), wire.as_deref())
        .at(addresses)
        .says(message, why(kind), wait.fix)
}

/// What hangs on it: an address, or only what waits.
fn why(kind: Kind) -> &'static str {
    match kind {
        Kind::Ip | Kind::Vip | Kind::IptablesEip | Kind::OvnEip | Kind::AddressClaim => {
            "its address stays taken, and whatever waits for it to go waits as well"
        }
        _ => "whatever waits for it to go waits as well",
    }
}

/// How long something has lasted, as people say it: `7 min`, `25 h`, `3 days`.
fn duration(seconds: i64) -> String {
    let (hour, day) = (3600, 24 * 3600);
    match seconds {
        ..7200 => format!("{} min", seconds / 60),
        _ if seconds < 2 * day => format!("{} h", seconds / hour),
        _ => format!("{} days", seconds / day),
    }
}

/// The Subnet that a stuck object is about, where that exists.
fn place(context: &Context<'_>, kind: Kind, meta: &Meta) -> (Option<String>, Option<String>) {
    let world = context.world;
    let name = meta.name.as_str();
    let subnet = match kind {
        Kind::Subnet => Some(name),
        Kind::Ip => world.ips.named(name).map(|ip| ip.spec.subnet.as_str()),
        Kind::Vip => world.vips.named(name).map(|vip| vip.spec.subnet.as_str()),
        Kind::IpPool => world.pools.named(name).map(|pool| pool.spec.subnet.as_str()),
        Kind::IptablesEip => {
            world.eips.named(name).map(|eip| or_default(&eip.spec.external_subnet, names::DEFAULT_EXTERNAL_SUBNET))
        }
        _ => None,
    };
    let id = subnet.and_then(|subnet| context.subnets.named(subnet));
    (
        id.map(|id| context.subnets.get(id).name().to_owned()),
        id.map(|id| context.subnets.wire_name(context.subnets.get(id).wire).to_string()),
    )
}

fn addresses(context: &Context<'_>, kind: Kind, meta: &Meta) -> Vec<ledger::Addr> {
    let world = context.world;
    let name = meta.name.as_str();
    let pair = match kind {
        Kind::Ip => world.ips.named(name).map(|ip| (ip.spec.v4.get(), ip.spec.v6.get())),
        Kind::Vip => world.vips.named(name).map(|vip| (vip.status.v4.get(), vip.status.v6.get())),
        Kind::IptablesEip => world.eips.named(name).map(|eip| (eip.status.ip.get(), None)),
        Kind::OvnEip => world.ovn_eips.named(name).map(|eip| (eip.status.v4.get(), eip.status.v6.get())),
        _ => None,
    };
    let (v4, v6) = pair.unwrap_or((None, None));
    v4.into_iter().chain(v6).copied().collect()
}

/// Lets a finding about a missing object follow from its referrers being stuck, where all of them are.
pub(super) fn link(out: &mut Out) {
    let missing: Vec<Finding> = out.of(Code::MissingReference).cloned().collect();
    for mut finding in missing {
        let causes: Vec<FindingId> = finding.objects.iter().map(id_of).filter(|id| out.has(id)).collect();
        if causes.len() == finding.objects.len() && !causes.is_empty() {
            finding.follows = causes;
            out.replace(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_time_is_told_in_hours_or_days() {
        let told = [300, 7199, 7200, 90_000, 172_799, 172_800].map(duration);
        assert_eq!(told, ["5 min", "119 min", "2 h", "25 h", "47 h", "2 days"]);
    }
}
