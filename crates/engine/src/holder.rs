//! Who holds an address, and when two records are of one holder.
//!
//! In: records. Out: [`Holder`] and the pairwise relation [`one_holder`]. Guarantees: identity is by name, since IP objects
//! know no UID of pods; "one holder" is decided pair by pair and is no equivalence: a gateway's NIC and one EIP of that
//! gateway are one, two EIPs of it are two.

use crate::gateways::Gateways;
use crate::judge::Context;
use crate::record::{Record, Source, names_of_ports};
use crate::world::World;
use crate::world::subnets::WireId;
use api::names::{self, annotations, labels};
use api::slim::{AddressClaim, Ip, Kind, Pod, PodType, Uid, Vip};
use ledger::Addr;
use std::fmt;

/// Who holds an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder<'w> {
    /// A pod, a StatefulSet's ordinal or a gateway's pod: namespace and name of the pod.
    Pod(&'w str, &'w str),
    /// A VM: namespace and name.
    Vm(&'w str, &'w str),
    /// A node.
    Node(&'w str),
    /// The underlay-to-overlay address of a Subnet.
    U2o(&'w str),
    /// The multicast querier of a Subnet.
    Mcast(&'w str),
    /// An IptablesEIP.
    Eip(&'w str),
    /// An OvnEip.
    OvnEip(&'w str),
    /// A Vip.
    Vip(&'w str),
    /// A NIC of a NAT gateway, as a claim names it.
    Gateway(&'w str),
    /// Any other holder of a claim: kind and name.
    Claimed(&'w str, &'w str),
}

impl fmt::Display for Holder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod(namespace, name) => write!(f, "pod {namespace}/{name}"),
            Self::Vm(namespace, name) => write!(f, "VM {namespace}/{name}"),
            Self::Node(name) => write!(f, "node {name}"),
            Self::U2o(subnet) => write!(f, "u2o interconnection of Subnet {subnet}"),
            Self::Mcast(subnet) => write!(f, "multicast querier of Subnet {subnet}"),
            Self::Eip(name) => write!(f, "IptablesEIP {name}"),
            Self::OvnEip(name) => write!(f, "OvnEip {name}"),
            Self::Vip(name) => write!(f, "Vip {name}"),
            Self::Gateway(name) => write!(f, "VpcNatGateway {name}"),
            Self::Claimed(kind, name) => write!(f, "{kind} {name}"),
        }
    }
}

/// What an IP object stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpRole<'w> {
    /// A NIC of a pod (plain, ordinal or gateway): its provider, where the object's name shows it.
    PodNic(Option<&'w str>),
    /// A NIC of a VM: its provider.
    VmNic(Option<&'w str>),
    /// A node: its name.
    Node(&'w str),
    /// Underlay-to-overlay.
    U2o,
    /// Multicast querier.
    Mcast,
}

/// What an IP object stands for, by podType, podName, namespace and its own name (Kube-OVN's naming of IP objects).
#[must_use]
pub fn ip_role(ip: &Ip) -> IpRole<'_> {
    let (name, spec) = (ip.meta.name.as_str(), &ip.spec);
    let its_own = spec.pod_name == name || spec.pod_name.is_empty();
    if its_own && name.starts_with("u2o-interconnection.") {
        return IpRole::U2o;
    }
    if its_own && name.starts_with("mcast-querier.") {
        return IpRole::Mcast;
    }
    let is_its = |node: &&str| spec.pod_name.is_empty() || *node == spec.pod_name;
    if let Some(node) = name.strip_prefix("node-").filter(is_its).filter(|_| spec.namespace.is_empty()) {
        return IpRole::Node(node);
    }
    let provider = names::provider_of_port(name, &spec.pod_name, &spec.namespace);
    if spec.pod_type == PodType::VirtualMachine { IpRole::VmNic(provider) } else { IpRole::PodNic(provider) }
}

/// The VM of a virt-launcher pod: the name of its VirtualMachineInstance, else what Kube-OVN notes on it.
#[must_use]
pub fn vm_of_pod(pod: &Pod) -> Option<&str> {
    let owner = pod.meta.owner("kubevirt.io", "VirtualMachineInstance").map(|owner| owner.name.as_str());
    let named = |name: &&str| !name.is_empty();
    owner.filter(named).or_else(|| pod.meta.annotation(annotations::VIRTUALMACHINE).filter(named))
}

/// The holder of a pod's addresses.
#[must_use]
pub fn holder_of_pod(pod: &Pod) -> Holder<'_> {
    match vm_of_pod(pod) {
        Some(vm) => Holder::Vm(&pod.meta.namespace, vm),
        None => Holder::Pod(&pod.meta.namespace, &pod.meta.name),
    }
}

/// The holder of an IP object, and the pod that it names, finished or not.
#[must_use]
pub fn holder_of_ip<'w>(world: &'w World, ip: &'w Ip) -> (Holder<'w>, Option<&'w Pod>) {
    let spec = &ip.spec;
    let (namespace, name) = (spec.namespace.as_str(), spec.pod_name.as_str());
    let pod = || world.pods.get(namespace, name);
    match ip_role(ip) {
        IpRole::U2o => (Holder::U2o(&spec.subnet), None),
        IpRole::Mcast => (Holder::Mcast(&spec.subnet), None),
        IpRole::Node(node) => (Holder::Node(node), None),
        // Without `--keep-vm-ip` the object names the launcher pod and not the VM, whatever its podType says.
        IpRole::PodNic(_) => match pod() {
            Some(pod) => (holder_of_pod(pod), Some(pod)),
            None => (Holder::Pod(namespace, name), None),
        },
        IpRole::VmNic(_) => (Holder::Vm(namespace, pod().and_then(vm_of_pod).unwrap_or(name)), None),
    }
}

impl Context<'_> {
    /// The wire of an address of an IP object, where anything is on that wire.
    #[must_use]
    pub fn wire_of_ip(&self, ip: &Ip, addr: Addr) -> Option<WireId> {
        crate::record::place_of_ip(self.world, &self.subnets, ip, addr).wire(&self.subnets)
    }
}

/// What a claim may call a pod: its UID, and the config hash of a static pod, whose mirror has another UID each time.
pub fn uids_of(pod: &Pod) -> impl Iterator<Item = Uid> + use<> {
    let hash = pod.meta.annotation(annotations::CONFIG_HASH).map(Uid::parse);
    [Some(pod.meta.uid.clone()), hash].into_iter().flatten().filter(|uid| *uid != Uid::None)
}

/// Whether two records of one address are of one holder.
#[must_use]
pub fn one_holder(gateways: &Gateways<'_>, a: &Record<'_>, b: &Record<'_>) -> bool {
    match (&a.source, &b.source) {
        (Source::Claim(_), Source::Claim(_)) => a.holder == b.holder,
        (Source::Claim(claim), _) => is_claimed_for(gateways, claim, a.holder, b),
        (_, Source::Claim(claim)) => is_claimed_for(gateways, claim, b.holder, a),
        _ => a.holder == b.holder || one_by_role(gateways, a, b) || one_by_role(gateways, b, a),
    }
}

/// Whether a claim, of `holder`, is the claim of a record's holder: a pod by its UID, everything else by name; a pod that
/// uses a claim is one with it.
fn is_claimed_for(gateways: &Gateways<'_>, claim: &AddressClaim, holder: Holder<'_>, record: &Record<'_>) -> bool {
    let pod = match record.source {
        Source::Pod(pod, _) => Some(pod),
        _ => record.pod,
    };
    let is_pod = |uid: &Uid| pod.is_some_and(|pod| uids_of(pod).any(|known| known == *uid));
    if is_pod(&claim.status.occupant.pod_uid) {
        return true;
    }
    let uid = &claim.spec.holder.uid;
    if claim.spec.holder.kind == "Pod" && *uid != Uid::None && pod.is_some() {
        return is_pod(uid);
    }
    if holder == record.holder {
        return true;
    }
    match (holder, &record.source) {
        (Holder::Gateway(gateway), Source::Pod(..) | Source::Ip(_)) => gateway_of(gateways, record) == Some(gateway),
        (Holder::Gateway(gateway), Source::Eip(eip)) => eip.spec.nat_gw == gateway,
        (Holder::Vip(name), Source::Pod(pod, _)) => pod.meta.annotation(annotations::VIP) == Some(name),
        (Holder::Claimed("Reservation" | "IP", name), Source::Ip(ip)) => ip.meta.name == name,
        (Holder::Claimed("Reservation" | "IP", name), Source::Pod(pod, provider)) => {
            is_port(name, record.holder, &pod.meta.name, provider)
        }
        _ => false,
    }
}

fn one_by_role(gateways: &Gateways<'_>, a: &Record<'_>, b: &Record<'_>) -> bool {
    match (&a.source, b.holder) {
        (Source::Vip(vip), _) => is_lent_to(vip, b),
        // The record of a NIC is known by its name, also where it does not say whose it is.
        (Source::Pod(pod, provider), _) => {
            matches!(b.source, Source::Ip(ip) if names_of_ports(pod, provider).any(|port| port == ip.meta.name))
        }
        (Source::Eip(eip), Holder::Pod(..)) => {
            gateway_of(gateways, b).is_some_and(|gateway| eip.spec.nat_gw == gateway)
        }
        _ => false,
    }
}

/// The gateway whose NIC a record is of.
#[must_use]
pub fn gateway_of<'w>(gateways: &Gateways<'w>, record: &Record<'w>) -> Option<&'w str> {
    match record.source {
        Source::Pod(pod, _) => gateways.of_pod(pod),
        Source::Ip(ip) => match record.pod {
            Some(pod) => gateways.of_pod(pod),
            None => gateways.of_name(&ip.spec.pod_name),
        },
        _ => None,
    }
}

/// Whether a Vip is lent to the pod of a record: its label names the port, or the pod's annotation the Vip.
fn is_lent_to(vip: &Vip, record: &Record<'_>) -> bool {
    let port = vip.meta.label(labels::IP_RESERVED).unwrap_or_default();
    match &record.source {
        Source::Ip(ip) => !port.is_empty() && ip.meta.name == port,
        Source::Pod(pod, provider) => {
            pod.meta.annotation(annotations::VIP) == Some(vip.meta.name.as_str())
                || (!port.is_empty() && is_port(port, record.holder, &pod.meta.name, provider))
        }
        _ => false,
    }
}

/// Whether `port` is the port of that pod, or of its VM, on that provider.
fn is_port(port: &str, holder: Holder<'_>, pod_name: &str, provider: &str) -> bool {
    let (namespace, name) = match holder {
        Holder::Pod(namespace, name) | Holder::Vm(namespace, name) => (namespace, name),
        _ => return false,
    };
    [name, pod_name].iter().any(|name| names::provider_of_port(port, name, namespace) == Some(provider))
}

/// The kind of object that a holder is, for messages about kinds that are missing.
#[must_use]
pub fn kind_of(holder: Holder<'_>) -> Kind {
    match holder {
        Holder::Pod(..) => Kind::Pod,
        Holder::Vm(..) => Kind::VirtualMachine,
        Holder::Node(_) => Kind::Node,
        Holder::U2o(_) | Holder::Mcast(_) => Kind::Subnet,
        Holder::Eip(_) => Kind::IptablesEip,
        Holder::OvnEip(_) => Kind::OvnEip,
        Holder::Vip(_) => Kind::Vip,
        Holder::Gateway(_) => Kind::VpcNatGateway,
        Holder::Claimed(..) => Kind::AddressClaim,
    }
}
