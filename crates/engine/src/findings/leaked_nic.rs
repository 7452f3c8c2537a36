//! `leaked-nic`: the holder lives, but has that NIC no longer.
//!
//! In: IP objects of living holders, and what says which NICs they have: the pod that exists, else the template, else the
//! gateway's or VM's spec. Out: one finding per IP object. Guarantees: a running pod keeps every NIC that it was made with,
//! whatever its annotations say now, since nothing detaches a NIC from a running pod.

use super::out::{Out, absence};
use crate::finding::{Certainty, Code, Finding, ObjRef};
use crate::gateways::external_subnet;
use crate::holder::{IpRole, ip_role};
use crate::judge::Context;
use crate::life::{Life, Retainer};
use crate::networks::{Networks, networks_of_meta, networks_of_vm};
use crate::record::{addresses_of_ip, allocated_providers, provider_value, subnet_provider};
use crate::repair::releases_nothing;
use api::names::{self, Provider};
use api::slim::{Ip, Kind, Meta, Pod};

/// Finds NICs that their holders no longer have.
pub(super) fn check(context: &Context<'_>, out: &mut Out) {
    for ip in context.world.ips.iter().filter(|ip| !ip.meta.is_deleted()) {
        let (IpRole::PodNic(Some(provider)) | IpRole::VmNic(Some(provider))) = ip_role(ip) else { continue };
        let life = context.life_of_ip(ip);
        if context.says_nothing(ip, &life) {
            continue;
        }
        let (holder, reason, certainty) = match life {
            Life::Alive(Some(pod)) => match lost_by_pod(pod, provider) {
                Some(reason) => (ObjRef::of(Kind::Pod, pod), reason, Certainty::Proven),
                None => continue,
            },
            Life::Retained(retainer) => match lost_by_retainer(context, ip, retainer, provider) {
                Some((holder, reason)) => (holder, reason, absence(context.world.settings.reading)),
                None => continue,
            },
            Life::Alive(None) | Life::Reserved | Life::Finished { .. } | Life::Gone(_) | Life::Unknown(_) => continue,
        };
        if of_unreadable(context, &holder) {
            continue;
        }
        if needs_pods(context, ip) {
            out.not_judged(Code::LeakedNic, [Kind::Pod], 1);
            continue;
        }
        out.push(finding(context, ip, holder, &reason, certainty.possible_if(context.world.is_new(ip))));
    }
    if context.world.ips.is_empty() && !context.world.coverage.is_complete(Kind::Ip) {
        out.not_judged(Code::LeakedNic, [Kind::Ip], 0);
    }
}

/// Whether what says which NICs a holder has cannot be read.
fn of_unreadable(context: &Context<'_>, holder: &ObjRef) -> bool {
    const NICS: [&str; 4] = ["metadata.annotations", "spec.template", "spec.subnet", "spec.externalSubnets"];
    let meta = Meta { namespace: holder.namespace.clone(), name: holder.name.clone(), ..Meta::default() };
    context.world.is_unreadable(holder.kind, &meta, &NICS)
}

/// Whether a pod that was not read could still have the NIC.
fn needs_pods(context: &Context<'_>, ip: &Ip) -> bool {
    let spec = &ip.spec;
    let known = context.world.pods.get(&spec.namespace, &spec.pod_name).is_some()
        || context.vm_pod(&spec.namespace, &spec.pod_name).is_some();
    !known && !context.world.coverage.is_complete_in(Kind::Pod, &spec.namespace)
}

/// Why a pod that exists was made without the NIC.
fn lost_by_pod(pod: &Pod, provider: &str) -> Option<String> {
    let meta = &pod.meta;
    // What was given to it stays with it until it is gone.
    if allocated_providers(&meta.annotations).any(|allocated| allocated == provider) {
        return None;
    }
    // A pod without any mark of allocation has not been served yet, and says nothing.
    allocated_providers(&meta.annotations).next()?;
    if networks_of_meta(meta, &meta.namespace).has(provider) {
        return None;
    }
    Some(format!("pod {}/{} was made without a NIC of {provider}", meta.namespace, meta.name))
}

fn lost_by_retainer(
    context: &Context<'_>,
    ip: &Ip,
    retainer: Retainer<'_>,
    provider: &str,
) -> Option<(ObjRef, String)> {
    match retainer {
        Retainer::StatefulSet(set) => {
            let reason = lost_by_template(&set.spec.template.meta, &set.meta.namespace, ip, provider)?;
            Some((
                ObjRef::of(Kind::StatefulSet, set),
                format!("the template of StatefulSet {}/{} {reason}", set.meta.namespace, set.meta.name),
            ))
        }
        Retainer::Gateway(name) => lost_by_gateway(context, ip, name, provider),
        Retainer::Vm(namespace, name) => {
            let vm = context.world.vms.get(namespace, name)?;
            let networks = networks_of_vm(vm.networks(), namespace);
            (!networks.has(provider)).then(|| {
                (ObjRef::of(Kind::VirtualMachine, vm), format!("VM {namespace}/{name} has no network {provider}"))
            })
        }
    }
}

/// Why pods of a template have the NIC no longer: it is not there, or on another Subnet.
fn lost_by_template(template: &Meta, namespace: &str, ip: &Ip, provider: &str) -> Option<String> {
    if !networks_of_meta(template, namespace).has(provider) {
        return Some(format!("has no NIC of {provider}"));
    }
    let subnet =
        provider_value(&template.annotations, provider, "logical_switch").filter(|subnet| !subnet.is_empty())?;
    (subnet != ip.spec.subnet.as_str()).then(|| format!("has its NIC of {provider} on Subnet {subnet}"))
}

/// Why a gateway has the NIC no longer: by the template of its workload, else by its spec.
fn lost_by_gateway(context: &Context<'_>, ip: &Ip, name: &str, provider: &str) -> Option<(ObjRef, String)> {
    let gateway = context.world.gateways.named(name)?;
    let object = ObjRef::of(Kind::VpcNatGateway, gateway);
    let workload = ip.spec.pod_name.strip_suffix("-0").unwrap_or_default();
    if let Some(set) = context.world.stateful_sets.get(&ip.spec.namespace, workload) {
        let reason = lost_by_template(&set.spec.template.meta, &ip.spec.namespace, ip, provider)?;
        return Some((object, format!("the workload of VpcNatGateway {name} {reason}")));
    }
    if gateway.spec.bgp_speaker.enabled {
        return None;
    }
    let external = external_subnet(gateway);
    let subnets = [gateway.spec.subnet.as_str(), external];
    // A Subnet that cannot be seen could have any provider.
    let known: Option<Vec<_>> = subnets.iter().map(|name| context.subnets.named(name)).collect();
    let on_subnet = known?.into_iter().any(|id| {
        let own = context.subnets.get(id).object.spec.provider.as_str();
        let own = if own.is_empty() { names::PRIMARY_PROVIDER } else { own };
        own == subnet_provider(provider)
    });
    let moved = !subnets.contains(&ip.spec.subnet.as_str());
    let primary = Provider::parse(provider) == Provider::Primary;
    (!on_subnet || (moved && !primary))
        .then(|| (object, format!("VpcNatGateway {name} is on Subnets {} and {external} now", gateway.spec.subnet)))
}

fn finding(context: &Context<'_>, ip: &Ip, holder: ObjRef, reason: &str, certainty: Certainty) -> Finding {
    let addrs: Vec<_> = addresses_of_ip(ip).collect();
    let id = context.subnets.named(&ip.spec.subnet);
    let wire = id.map(|id| context.subnets.wire_name(context.subnets.get(id).wire).clone());
    let name = &ip.meta.name;
    let simple = || {
        format!("`kubectl delete ips {name}`: Kube-OVN's controller then releases this one address and nothing else")
    };
    let caution = releases_nothing(&ip.meta).map(str::to_owned).or_else(|| context.shared_release(ip));
    Finding::new(Code::LeakedNic, &format!("ips/{name}"), certainty, vec![ObjRef::of(Kind::Ip, ip), holder])
        .on(id.map(|_| ip.spec.subnet.as_str()), wire.as_deref())
        .at(addrs.iter().copied())
        .says(
            format!("IP {name} keeps {} for a NIC that its holder no longer has: {reason}", super::out::few(&addrs, 2)),
            "the address is counted as used and given to nobody; Kube-OVN looks at such a NIC again only when the whole holder goes",
            caution.unwrap_or_else(simple),
        )
}

impl Networks<'_> {
    /// Whether a pod with these networks has a NIC of that provider.
    #[must_use]
    pub fn has(&self, provider: &str) -> bool {
        // An annotation that cannot be read could name anything.
        if !self.malformed.is_empty() {
            return true;
        }
        match Provider::parse(subnet_provider(provider)) {
            Provider::Primary => self.primary,
            Provider::OvnAttachment { nad, namespace } | Provider::IpamOnly { nad, namespace } => {
                self.attachments.iter().any(|attachment| attachment.name == nad && attachment.namespace == namespace)
            }
            Provider::Other(_) => true,
        }
    }
}
