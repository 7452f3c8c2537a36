//! `missing-reference`: an object names another that does not exist.
//!
//! In: every reference of every object. Out: one finding per missing object, its referrers in one list. Guarantees: a kind
//! that is not known completely is never missed; finished pods refer to nothing; a referrer that is new is only possible.

use super::out::{Out, absence, few};
use crate::finding::{Code, Finding, ObjRef};
use crate::gateways::external_subnet;
use crate::judge::Context;
use crate::networks::{Networks, networks_of_meta, networks_of_vm};
use crate::record::{is_finished, or_default, provider_value};
use api::names::{self, annotations};
use api::slim::{HasMeta, Kind, Meta};
use std::collections::{BTreeMap, BTreeSet};

/// How many referrers are listed as objects: a lost NetworkAttachmentDefinition can have a hundred thousand.
const LISTED: usize = 1000;

/// A name that may be missing.
type Target = (Kind, String, String);

/// Collects who refers to what is missing.
struct References<'a, 'w> {
    context: &'a Context<'w>,
    missing: BTreeMap<Target, Referrers>,
    unknown: BTreeSet<Kind>,
    unjudged: usize,
}

/// Who refers to a missing object.
#[derive(Default)]
struct Referrers {
    listed: Vec<ObjRef>,
    total: usize,
    /// Whether any of them is older than the grace.
    settled: bool,
}

/// Finds names of objects that do not exist.
pub(super) fn check(context: &Context<'_>, out: &mut Out) {
    let mut references = References { context, missing: BTreeMap::new(), unknown: BTreeSet::new(), unjudged: 0 };
    references.of_addresses();
    references.of_networks();
    references.of_rules();
    references.of_pods();
    for ((kind, namespace, name), referrers) in std::mem::take(&mut references.missing) {
        out.push(finding(context, kind, &namespace, &name, referrers));
    }
    if !references.unknown.is_empty() {
        out.not_judged(Code::MissingReference, references.unknown, references.unjudged);
    }
}

impl References<'_, '_> {
    fn refer<T: HasMeta>(&mut self, from: Kind, object: &T, to: Kind, namespace: &str, name: &str) {
        let world = self.context.world;
        // The default VPC is Kube-OVN's own: it makes it at every start.
        let is_default = to == Kind::Vpc && name == names::DEFAULT_VPC;
        if name.is_empty() || is_default || world.find(to, namespace, name).is_some() {
            return;
        }
        if !self.context.missing(&[to], namespace).is_empty() {
            self.unknown.insert(to);
            self.unjudged += 1;
            return;
        }
        let referrers = self.missing.entry((to, namespace.to_owned(), name.to_owned())).or_default();
        referrers.total += 1;
        // What is on its way out may outlive what it names by a moment; what hangs by a finalizer is told as such.
        let going = world.is_going(object.meta());
        referrers.settled |= !world.is_new(object) && !going;
        if referrers.listed.len() < LISTED {
            referrers.listed.push(ObjRef::of(from, object));
        }
    }

    /// Objects that name Subnets.
    fn of_addresses(&mut self) {
        let world = self.context.world;
        for ip in world.ips.iter() {
            // A hundred thousand IP objects name a handful of Subnets: the index answers without a search by name.
            if self.context.subnets.named(&ip.spec.subnet).is_none() {
                self.refer(Kind::Ip, ip, Kind::Subnet, "", &ip.spec.subnet);
            }
            for subnet in &ip.spec.attach_subnets {
                self.refer(Kind::Ip, ip, Kind::Subnet, "", subnet);
            }
        }
        for vip in world.vips.iter() {
            self.refer(Kind::Vip, vip, Kind::Subnet, "", &vip.spec.subnet);
        }
        for eip in world.eips.iter() {
            let subnet = or_default(&eip.spec.external_subnet, names::DEFAULT_EXTERNAL_SUBNET);
            self.refer(Kind::IptablesEip, eip, Kind::Subnet, "", subnet);
            self.refer(Kind::IptablesEip, eip, Kind::VpcNatGateway, "", &eip.spec.nat_gw);
        }
        for eip in world.ovn_eips.iter() {
            self.refer(Kind::OvnEip, eip, Kind::Subnet, "", &eip.spec.external_subnet);
        }
        for pool in world.pools.iter() {
            self.refer(Kind::IpPool, pool, Kind::Subnet, "", &pool.spec.subnet);
        }
        for gateway in world.gateways.iter() {
            self.refer(Kind::VpcNatGateway, gateway, Kind::Vpc, "", &gateway.spec.vpc);
            self.refer(Kind::VpcNatGateway, gateway, Kind::Subnet, "", &gateway.spec.subnet);
            self.refer(Kind::VpcNatGateway, gateway, Kind::Subnet, "", external_subnet(gateway));
        }
    }

    /// Subnets, Vpcs and Vlans.
    fn of_networks(&mut self) {
        let world = self.context.world;
        for (_, subnet) in self.context.subnets.iter() {
            let object = subnet.object;
            self.refer(Kind::Subnet, object, Kind::Vpc, "", &object.spec.vpc);
            self.refer(Kind::Subnet, object, Kind::Vlan, "", &object.spec.vlan);
            if let Some((name, namespace)) = subnet.provider.nad() {
                self.refer(Kind::Subnet, object, Kind::NetworkAttachmentDefinition, namespace, name);
            }
        }
        for vpc in world.vpcs.iter() {
            self.refer(Kind::Vpc, vpc, Kind::Subnet, "", &vpc.spec.default_subnet);
        }
        for vlan in world.vlans.iter() {
            self.refer(Kind::Vlan, vlan, Kind::ProviderNetwork, "", &vlan.spec.provider);
        }
    }

    fn of_rules(&mut self) {
        let world = self.context.world;
        for rule in world.fips.iter() {
            self.refer(Kind::IptablesFipRule, rule, Kind::IptablesEip, "", &rule.spec.eip);
        }
        for rule in world.dnats.iter() {
            self.refer(Kind::IptablesDnatRule, rule, Kind::IptablesEip, "", &rule.spec.eip);
        }
        for rule in world.snats.iter() {
            self.refer(Kind::IptablesSnatRule, rule, Kind::IptablesEip, "", &rule.spec.eip);
        }
        let ovn = [
            (Kind::OvnFip, &world.ovn_fips),
            (Kind::OvnSnatRule, &world.ovn_snats),
            (Kind::OvnDnatRule, &world.ovn_dnats),
        ];
        for (kind, rules) in ovn {
            for rule in rules.iter() {
                self.refer(kind, rule, Kind::Subnet, "", &rule.spec.vpc_subnet);
                self.refer(kind, rule, Kind::Vpc, "", &rule.spec.vpc);
                if rule.spec.ip_type == "vip" {
                    self.refer(kind, rule, Kind::Vip, "", &rule.spec.ip_name);
                }
            }
        }
    }

    /// Pods, templates and VMs: networks, pools, Vips, Subnets.
    fn of_pods(&mut self) {
        let world = self.context.world;
        for pod in world.pods.iter().filter(|pod| !pod.spec.host_network && !is_finished(pod)) {
            self.pod(Kind::Pod, pod, &pod.meta);
        }
        for set in world.stateful_sets.iter() {
            self.pod(Kind::StatefulSet, set, &set.spec.template.meta);
        }
        let workloads = [(Kind::Deployment, &world.deployments), (Kind::DaemonSet, &world.daemon_sets)];
        for (kind, workloads) in workloads {
            for workload in workloads.iter() {
                self.pod(kind, workload, &workload.spec.template.meta);
            }
        }
        for vm in world.vms.iter() {
            self.networks(Kind::VirtualMachine, vm, &networks_of_vm(vm.networks(), &vm.meta.namespace));
        }
        for namespace in world.namespaces.iter() {
            for (name, kind) in [("ip_pool", Kind::IpPool), ("logical_switch", Kind::Subnet)] {
                let list = provider_value(&namespace.meta.annotations, names::PRIMARY_PROVIDER, name);
                for name in list.unwrap_or_default().split(',').map(str::trim) {
                    self.refer(Kind::Namespace, namespace, kind, "", name);
                }
            }
        }
    }

    /// What a pod names, or a template for its pods.
    fn pod<T: HasMeta>(&mut self, kind: Kind, object: &T, pod: &Meta) {
        self.networks(kind, object, &networks_of_meta(pod, &object.meta().namespace));
        for (key, value) in pod.annotations.iter() {
            if key.ends_with(".kubernetes.io/logical_switch") {
                self.refer(kind, object, Kind::Subnet, "", value);
            } else if key.ends_with(".kubernetes.io/ip_pool") && is_pool_name(value) {
                self.refer(kind, object, Kind::IpPool, "", value.trim());
            } else if key == annotations::VIP {
                self.refer(kind, object, Kind::Vip, "", value);
            }
        }
    }

    fn networks<T: HasMeta>(&mut self, kind: Kind, object: &T, networks: &Networks<'_>) {
        for attachment in &networks.attachments {
            self.refer(kind, object, Kind::NetworkAttachmentDefinition, &attachment.namespace, &attachment.name);
        }
    }
}

/// A pool annotation with a single word that is no address names an IPPool.
fn is_pool_name(value: &str) -> bool {
    let value = value.trim();
    !value.is_empty() && !value.contains([',', ';']) && value.parse::<ledger::Addr>().is_err()
}

fn finding(context: &Context<'_>, kind: Kind, namespace: &str, name: &str, referrers: Referrers) -> Finding {
    let target = ObjRef::missing(kind, namespace, name);
    let certainty = absence(context.world.settings.reading).possible_if(!referrers.settled);
    let shown = few(&referrers.listed, 3);
    let more = referrers.total - referrers.listed.len().min(referrers.total);
    let beyond = if more > 0 { format!(" ({} in all)", referrers.total) } else { String::new() };
    let subject = format!("{}/{}", kind.plural(), target.path());
    let why = match kind {
        Kind::NetworkAttachmentDefinition => {
            "pods that name it do not start; Kube-OVN's controller cannot work out the networks of pods that have ended, and \
             never releases their addresses"
        }
        Kind::Subnet => "deletions that look the Subnet up stop there, and addresses on it are known to nobody",
        Kind::VpcNatGateway | Kind::IptablesEip => {
            "the object can never become ready, and its deletion may wait for what is gone"
        }
        _ => "whatever needs it is not served, and deletions that look it up stop there",
    };
    Finding::new(Code::MissingReference, &subject, certainty, referrers.listed).says(
        format!("{target} does not exist, and is named by {shown}{beyond}"),
        why,
        format!("create {target} again, or delete or correct what names it"),
    )
}
