//! Requests for a certain address that are not granted yet.
//!
//! In: the indexed world. Out: [`pending`] requests, the oldest first. Guarantees: what was granted is a record and no
//! request; pods that have ended or are about to ask for nothing; the Subnets that could serve a request are those that Kube-OVN would try.

use crate::finding::ObjRef;
use crate::holder::{Holder, holder_of_pod};
use crate::judge::Context;
use crate::networks::{Attachment, networks_of_meta};
use crate::record::{is_finished, or_default, provider_value};
use crate::world::subnets::SubnetId;
use api::names::{self, annotations};
use api::slim::{Field, Kind, Pod, Time};
use ledger::{Addr, AddrPair};

/// A request for a certain address.
#[derive(Debug, Clone)]
pub struct Request<'w> {
    /// Who asks.
    pub object: ObjRef,
    /// As which holder.
    pub holder: Holder<'w>,
    /// For which address.
    pub addr: Addr,
    /// Where it says so.
    pub field: String,
    /// The Subnets that could serve it; empty where they are not known.
    pub subnets: Vec<SubnetId>,
    /// When the requester was created.
    pub created: Option<Time>,
    /// The gateway of an EIP, or that a pod is of.
    pub gateway: Option<&'w str>,
    /// The Vip that a pod borrows.
    pub vip: Option<&'w str>,
}

/// All requests, the oldest first.
#[must_use]
pub fn pending<'w>(context: &Context<'w>) -> Vec<Request<'w>> {
    let mut requests = Vec::new();
    for pod in context.world.pods.iter() {
        // Most pods ask for nothing; a pod with neither kind of request costs a look at its few annotations.
        if !pod.spec.host_network && !is_finished(pod) && !pod.meta.is_deleted() && may_ask(pod) {
            of_pod(context, pod, &mut requests);
        }
    }
    of_eips(context, &mut requests);
    of_gateways(context, &mut requests);
    requests.sort_by(|a, b| (a.created, &a.object).cmp(&(b.created, &b.object)));
    requests
}

fn may_ask(pod: &Pod) -> bool {
    pod.meta.annotations.iter().any(|(key, value)| {
        key.contains("/ip_address")
            || key.ends_with("/ip_pool")
            || ((key == annotations::NETWORKS || key == annotations::DEFAULT_NETWORK) && value.contains("\"ips\""))
    })
}

/// The addresses in a text: one, a pair, with or without prefix length. Unreadable text is no request.
fn addresses(text: &str) -> Vec<Addr> {
    let entries = text.split(',').map(|entry| entry.split_once('/').map_or(entry, |(addr, _)| addr).trim());
    entries.filter_map(|entry| entry.parse().ok()).collect()
}

fn of_pod<'w>(context: &Context<'w>, pod: &'w Pod, requests: &mut Vec<Request<'w>>) {
    let networks = networks_of_meta(&pod.meta, &pod.meta.namespace);
    if networks.primary {
        of_nic(context, pod, names::PRIMARY_PROVIDER, None, requests);
    }
    for attachment in &networks.attachments {
        let plain = format!("{}.{}", attachment.name, attachment.namespace);
        let ovn = format!("{plain}.ovn");
        let provider = if context.subnets.of_provider(&ovn).is_empty() { &plain } else { &ovn };
        of_nic(context, pod, provider, Some((attachment, &plain)), requests);
    }
}

/// The requests for one NIC, in Kube-OVN's order: per interface, then per provider, then Multus, then a pool of one.
fn of_nic<'w>(
    context: &Context<'w>,
    pod: &'w Pod,
    provider: &str,
    attachment: Option<(&Attachment<'_>, &str)>,
    requests: &mut Vec<Request<'w>>,
) {
    let values = &pod.meta.annotations;
    if provider_value(values, provider, "allocated") == Some("true") {
        return;
    }
    let interface = attachment.filter(|(attachment, _)| !attachment.interface.is_empty());
    let per_interface = interface.and_then(|(attachment, plain)| {
        let name = format!("ip_address.{}", attachment.interface);
        Some((provider_value(values, plain, &name)?.to_owned(), format!("{plain}.kubernetes.io/{name}")))
    });
    let per_provider = || {
        Some((
            provider_value(values, provider, "ip_address")?.to_owned(),
            format!("{provider}.kubernetes.io/ip_address"),
        ))
    };
    let multus = || {
        let (attachment, _) = attachment.filter(|(attachment, _)| !attachment.ips.is_empty())?;
        Some((attachment.ips.join(","), format!("{} ips", annotations::NETWORKS)))
    };
    let pool_of_one = || {
        let pool = provider_value(values, provider, "ip_pool")?;
        let single = !pool.contains(';') && Field::<AddrPair>::parse(pool).get().is_some();
        single.then(|| (pool.to_owned(), format!("{provider}.kubernetes.io/ip_pool")))
    };
    let Some((text, field)) = per_interface.or_else(per_provider).or_else(multus).or_else(pool_of_one) else { return };
    let subnets = subnets_of_nic(context, pod, provider);
    requests.extend(addresses(&text).into_iter().map(|addr| Request {
        object: ObjRef::of(Kind::Pod, pod),
        holder: holder_of_pod(pod),
        addr,
        field: field.clone(),
        subnets: subnets.clone(),
        created: pod.meta.created.get().copied(),
        gateway: context.gateways.of_pod(pod),
        vip: pod.meta.annotation(annotations::VIP),
    }));
}

/// The Subnets that Kube-OVN would try for a NIC: the one that the pod names, else those of the provider; for the primary
/// network those of the namespace, else the default.
fn subnets_of_nic(context: &Context<'_>, pod: &Pod, provider: &str) -> Vec<SubnetId> {
    let named = provider_value(&pod.meta.annotations, provider, "logical_switch").filter(|name| !name.is_empty());
    if let Some(name) = named {
        return context.subnets.named(name).into_iter().collect();
    }
    if provider != names::PRIMARY_PROVIDER {
        return context.subnets.of_provider(provider).to_vec();
    }
    let namespace = context.world.namespaces.named(&pod.meta.namespace);
    let bound =
        namespace.and_then(|ns| provider_value(&ns.meta.annotations, names::PRIMARY_PROVIDER, "logical_switch"));
    match bound {
        Some(list) => list.split(',').filter_map(|name| context.subnets.named(name.trim())).collect(),
        None => {
            let all = context.subnets.of_provider(names::PRIMARY_PROVIDER).iter().copied();
            all.filter(|&id| context.subnets.get(id).object.spec.default).collect()
        }
    }
}

/// IptablesEIPs, OvnEips and Vips that have no address yet.
fn of_eips<'w>(context: &Context<'w>, requests: &mut Vec<Request<'w>>) {
    for eip in context.world.eips.iter().filter(|eip| eip.status.ip.is_absent() && !eip.meta.is_deleted()) {
        let asker = Asker {
            object: ObjRef::of(Kind::IptablesEip, eip),
            holder: Holder::Eip(&eip.meta.name),
            subnet: or_default(&eip.spec.external_subnet, names::DEFAULT_EXTERNAL_SUBNET),
            created: eip.meta.created.get().copied(),
            gateway: Some(eip.spec.nat_gw.as_str()),
        };
        // `spec.v6ip` asks for nothing: Kube-OVN allocates an EIP by its IPv4 address and writes the other one there.
        asker.ask(context, [("spec.v4ip", &eip.spec.v4)], requests);
    }
    let waits = |v4: &Field<Addr>, v6: &Field<Addr>| v4.is_absent() && v6.is_absent();
    for eip in context.world.ovn_eips.iter().filter(|e| waits(&e.status.v4, &e.status.v6) && !e.meta.is_deleted()) {
        let asker = Asker {
            object: ObjRef::of(Kind::OvnEip, eip),
            holder: Holder::OvnEip(&eip.meta.name),
            subnet: or_default(&eip.spec.external_subnet, names::DEFAULT_OVN_EXTERNAL_SUBNET),
            created: eip.meta.created.get().copied(),
            gateway: None,
        };
        // Only with an IPv4 address is an IPv6 address asked for; alone it is passed over.
        let v6 = if eip.spec.v4.is_absent() { &Field::Absent } else { &eip.spec.v6 };
        asker.ask(context, [("spec.v4Ip", &eip.spec.v4), ("spec.v6Ip", v6)], requests);
    }
    // A Vip whose status has a MAC was given what its spec says.
    let vips = context.world.vips.iter().filter(|v| waits(&v.status.v4, &v.status.v6) && v.status.mac.is_absent());
    for vip in vips.filter(|vip| !vip.meta.is_deleted()) {
        let asker = Asker {
            object: ObjRef::of(Kind::Vip, vip),
            holder: Holder::Vip(&vip.meta.name),
            subnet: &vip.spec.subnet,
            created: vip.meta.created.get().copied(),
            gateway: None,
        };
        asker.ask(context, [("spec.v4ip", &vip.spec.v4), ("spec.v6ip", &vip.spec.v6)], requests);
    }
}

/// Somebody who asks for one address of each family on one Subnet.
struct Asker<'w> {
    object: ObjRef,
    holder: Holder<'w>,
    subnet: &'w str,
    created: Option<Time>,
    gateway: Option<&'w str>,
}

impl<'w> Asker<'w> {
    fn ask<const N: usize>(
        self,
        context: &Context<'w>,
        fields: [(&str, &Field<Addr>); N],
        requests: &mut Vec<Request<'w>>,
    ) {
        for (field, addr) in fields {
            let Some(&addr) = addr.get() else { continue };
            requests.push(Request {
                object: self.object.clone(),
                holder: self.holder,
                addr,
                field: field.to_owned(),
                subnets: context.subnets.named(self.subnet).into_iter().collect(),
                created: self.created,
                gateway: self.gateway,
                vip: None,
            });
        }
    }
}

/// A gateway's LAN address, until its pod has it.
fn of_gateways<'w>(context: &Context<'w>, requests: &mut Vec<Request<'w>>) {
    for gateway in context.world.gateways.iter().filter(|gateway| !gateway.meta.is_deleted()) {
        let Some(pair) = gateway.spec.lan_ip.get() else { continue };
        let name = gateway.meta.name.as_str();
        let Some(id) = context.subnets.named(&gateway.spec.subnet) else { continue };
        let wire = context.subnets.get(id).wire;
        let granted = |addr: Addr| {
            let mut records = context.records.at(wire, addr).iter();
            records.any(|record| crate::holder::gateway_of(&context.gateways, record) == Some(name))
        };
        requests.extend(pair.iter().filter(|&addr| !granted(addr)).map(|addr| Request {
            object: ObjRef::of(Kind::VpcNatGateway, gateway),
            holder: Holder::Gateway(name),
            addr,
            field: "spec.lanIp".to_owned(),
            subnets: vec![id],
            created: gateway.meta.created.get().copied(),
            gateway: Some(name),
            vip: None,
        }));
    }
}
