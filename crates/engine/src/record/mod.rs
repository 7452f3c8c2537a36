//! Every address on record, whoever recorded it, in order of wire and address.
//!
//! In: the world. Out: [`Records`]. Guarantees: one pass over the objects and one sort; each record names its source, its
//! holder, the Subnet that it names and the one it counts for; NICs without an address stand apart. What counts as a record
//! is the table of docs/audit.md; finished pods and pods on the host network use nothing.

mod collect;
mod place;

pub(crate) use place::place_of_ip;

use crate::finding::ObjRef;
use crate::holder::{Holder, vm_of_pod};
use crate::world::World;
use crate::world::subnets::{SubnetId, Subnets, WireId};
use api::names::{self, Provider};
use api::slim::{AddressClaim, Ip, IptablesEip, Kind, Malformed, Node, OvnEip, Pairs, Pod, Subnet, Vip};
use ledger::{Addr, Family, Mac};

/// The object that records an address.
#[derive(Debug, Clone, Copy)]
pub enum Source<'w> {
    /// An IP object.
    Ip(&'w Ip),
    /// A pod's annotations, with the provider.
    Pod(&'w Pod, &'w str),
    /// An IptablesEIP.
    Eip(&'w IptablesEip),
    /// An OvnEip.
    OvnEip(&'w OvnEip),
    /// A Vip.
    Vip(&'w Vip),
    /// A node's annotations.
    Node(&'w Node),
    /// A Subnet's status: u2o interconnection or multicast querier.
    Subnet(&'w Subnet),
    /// An AddressClaim.
    Claim(&'w AddressClaim),
}

impl Source<'_> {
    /// Names the object.
    #[must_use]
    pub fn object(&self) -> ObjRef {
        match self {
            Self::Ip(object) => ObjRef::of(Kind::Ip, *object),
            Self::Pod(object, _) => ObjRef::of(Kind::Pod, *object),
            Self::Eip(object) => ObjRef::of(Kind::IptablesEip, *object),
            Self::OvnEip(object) => ObjRef::of(Kind::OvnEip, *object),
            Self::Vip(object) => ObjRef::of(Kind::Vip, *object),
            Self::Node(object) => ObjRef::of(Kind::Node, *object),
            Self::Subnet(object) => ObjRef::of(Kind::Subnet, *object),
            Self::Claim(object) => ObjRef::of(Kind::AddressClaim, *object),
        }
    }

    /// When the object was created.
    #[must_use]
    pub fn created(&self) -> Option<api::slim::Time> {
        self.meta().created.get().copied()
    }

    /// Metadata of the object.
    #[must_use]
    pub fn meta(&self) -> &api::slim::Meta {
        match self {
            Self::Ip(object) => &object.meta,
            Self::Pod(object, _) => &object.meta,
            Self::Eip(object) => &object.meta,
            Self::OvnEip(object) => &object.meta,
            Self::Vip(object) => &object.meta,
            Self::Node(object) => &object.meta,
            Self::Subnet(object) => &object.meta,
            Self::Claim(object) => &object.meta,
        }
    }

    /// The Subnet that the object names; empty where it names none.
    #[must_use]
    pub fn subnet(&self) -> &str {
        match self {
            Self::Ip(ip) => &ip.spec.subnet,
            Self::Pod(pod, provider) => {
                provider_value(&pod.meta.annotations, provider, "logical_switch").unwrap_or_default()
            }
            Self::Eip(eip) => or_default(&eip.spec.external_subnet, names::DEFAULT_EXTERNAL_SUBNET),
            Self::OvnEip(eip) => or_default(&eip.spec.external_subnet, names::DEFAULT_OVN_EXTERNAL_SUBNET),
            Self::Vip(vip) => &vip.spec.subnet,
            Self::Node(node) => provider_value(&node.meta.annotations, names::PRIMARY_PROVIDER, "logical_switch")
                .filter(|name| !name.is_empty())
                .unwrap_or(names::JOIN_SUBNET),
            Self::Subnet(subnet) => &subnet.meta.name,
            Self::Claim(claim) => &claim.spec.subnet,
        }
    }

    /// The MAC that goes with the address, where one is on an interface: an IptablesEIP's never is.
    #[must_use]
    pub fn mac(&self) -> Option<Mac> {
        match self {
            Self::Ip(ip) => ip.spec.mac.get().copied(),
            Self::Pod(pod, provider) => {
                provider_value(&pod.meta.annotations, provider, "mac_address").and_then(|mac| mac.parse().ok())
            }
            Self::Vip(vip) => vip.status.mac.get().copied(),
            Self::OvnEip(eip) => eip.status.mac.get().or(eip.spec.mac.get()).copied(),
            Self::Node(node) => provider_value(&node.meta.annotations, names::PRIMARY_PROVIDER, "mac_address")
                .and_then(|mac| mac.parse().ok()),
            Self::Claim(claim) => claim.spec.mac.get().copied(),
            Self::Eip(_) | Self::Subnet(_) => None,
        }
    }
}

/// One address on record.
#[derive(Debug, Clone, Copy)]
pub struct Record<'w> {
    /// The wire on which it must be unique.
    pub wire: WireId,
    /// The address.
    pub addr: Addr,
    /// Who holds it.
    pub holder: Holder<'w>,
    /// The object that says so.
    pub source: Source<'w>,
    /// The Subnet that the object names, where that exists.
    pub said: Option<SubnetId>,
    /// The Subnet of the wire that contains the address.
    pub subnet: Option<SubnetId>,
    /// For IP objects: the pod of that name, finished or not.
    pub pod: Option<&'w Pod>,
}

/// A NIC that has a MAC and no address: Subnets without a CIDR give out MACs only.
#[derive(Debug, Clone, Copy)]
pub struct Nic<'w> {
    /// The MAC.
    pub mac: Mac,
    /// Who has it, where, and who says so. The address in it is none, and is never shown.
    pub who: Record<'w>,
}

/// All records, in order of wire and address.
#[derive(Debug, Clone, Default)]
pub struct Records<'w> {
    list: Vec<Record<'w>>,
    nics: Vec<Nic<'w>>,
    /// Annotations that should hold an address and do not.
    pub malformed: Vec<(ObjRef, Malformed)>,
}

impl<'w> Records<'w> {
    /// Collects every record of a world.
    #[must_use]
    pub fn new(world: &'w World, subnets: &mut Subnets<'w>) -> Self {
        let mut records = collect::collect(world, subnets);
        records.list.sort_by_key(|record| (record.wire, record.addr));
        records.nics.sort_by_key(|nic| (nic.who.wire, nic.mac));
        records
    }

    /// All records.
    pub fn iter(&self) -> std::slice::Iter<'_, Record<'w>> {
        self.list.iter()
    }

    /// NICs that have a MAC and no address, in order of wire and MAC.
    #[must_use]
    pub fn nics(&self) -> &[Nic<'w>] {
        &self.nics
    }

    /// The records of each address, one slice per wire and address.
    pub fn groups(&self) -> impl Iterator<Item = &[Record<'w>]> {
        self.list.chunk_by(|a, b| a.wire == b.wire && a.addr == b.addr)
    }

    /// The records of one wire, in order of their addresses.
    #[must_use]
    pub fn on_wire(&self, wire: WireId) -> &[Record<'w>] {
        let from = self.list.partition_point(|record| record.wire < wire);
        let len = self.list[from..].partition_point(|record| record.wire == wire);
        &self.list[from..from + len]
    }

    /// The records of one address.
    #[must_use]
    pub fn at(&self, wire: WireId, addr: Addr) -> &[Record<'w>] {
        let from = self.list.partition_point(|record| (record.wire, record.addr) < (wire, addr));
        let len = self.list[from..].partition_point(|record| (record.wire, record.addr) == (wire, addr));
        &self.list[from..from + len]
    }
}

/// Whether a pod has come to its end; it uses nothing then.
#[must_use]
pub fn is_finished(pod: &Pod) -> bool {
    pod.status.phase.is_final()
}

/// The value of `<provider>.kubernetes.io/<name>`.
#[must_use]
pub fn provider_value<'a>(annotations: &'a Pairs, provider: &str, name: &str) -> Option<&'a str> {
    let matches = |key: &str| {
        key.strip_prefix(provider).and_then(|key| key.strip_prefix(".kubernetes.io/")).is_some_and(|key| key == name)
    };
    annotations.iter().find(|(key, _)| matches(key)).map(|(_, value)| value)
}

/// The providers whose addresses were given to an object, by its annotation `allocated`.
pub fn allocated_providers(annotations: &Pairs) -> impl Iterator<Item = &str> {
    annotations
        .iter()
        .filter(|(_, value)| *value == "true")
        .filter_map(|(key, _)| key.strip_suffix(".kubernetes.io/allocated"))
}

/// The provider of a Subnet for the provider of a pod's NIC: `<nad>.<ns>.ovn.<interface>` is pod-side only.
#[must_use]
pub fn subnet_provider(provider: &str) -> &str {
    match provider.match_indices('.').nth(2) {
        Some((cut, _)) if matches!(Provider::parse(&provider[..cut]), Provider::OvnAttachment { .. }) => {
            &provider[..cut]
        }
        _ => provider,
    }
}

/// The names that the IP object of a pod's NIC may have: the VM's, then the pod's own.
pub(crate) fn names_of_ports(pod: &Pod, provider: &str) -> impl Iterator<Item = String> {
    let holders = vm_of_pod(pod).into_iter().chain([pod.meta.name.as_str()]);
    holders.map(move |name| names::port_name(name, &pod.meta.namespace, provider))
}

/// The addresses of an IP object: those of each family, or the pair where neither is said.
pub fn addresses_of_ip(ip: &Ip) -> impl Iterator<Item = Addr> + use<> {
    let spec = &ip.spec;
    let each = [spec.v4.get().copied(), spec.v6.get().copied()];
    let pair = spec.ip_address.get().filter(|_| spec.v4.is_absent() && spec.v6.is_absent()).copied();
    each.into_iter().flatten().chain(pair.into_iter().flat_map(|pair| pair.iter()))
}

/// Whether the address of a family, of an IP object, is there and cannot be read.
#[must_use]
pub fn is_unreadable(world: &World, ip: &Ip, family: Family) -> bool {
    let spec = &ip.spec;
    let own = match family {
        Family::V4 => "spec.v4IpAddress",
        Family::V6 => "spec.v6IpAddress",
    };
    let pair = spec.v4.is_absent() && spec.v6.is_absent();
    world.is_unreadable(Kind::Ip, &ip.meta, &[own])
        || (pair && world.is_unreadable(Kind::Ip, &ip.meta, &["spec.ipAddress"]))
}

/// A name, or what an empty one stands for.
#[must_use]
pub fn or_default<'a>(name: &'a str, default: &'a str) -> &'a str {
    if name.is_empty() { default } else { name }
}
