//! Every address on record, whoever recorded it, in order of wire and address.
//!
//! In: the world. Out: [`Records`]. Guarantees: one pass over the objects and one sort; each record names its source, its
//! holder, the Subnet that it names and the one it counts for. What counts as a record is the table of docs/audit.md;
//! finished pods and pods on the host network use nothing.

use crate::finding::ObjRef;
use crate::holder::{Holder, holder_of_ip, holder_of_pod};
use crate::world::World;
use crate::world::subnets::{SubnetId, Subnets, WireId};
use api::names::{self, Provider};
use api::slim::{AddressClaim, Field, Ip, IptablesEip, Kind, Malformed, Node, OvnEip, Pairs, Pod, Subnet, Vip};
use ledger::{Addr, AddrPair, Mac};
use std::collections::BTreeMap;

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

/// All records, in order of wire and address.
#[derive(Debug, Clone, Default)]
pub struct Records<'w> {
    list: Vec<Record<'w>>,
    /// Annotations that should hold an address and do not.
    pub malformed: Vec<(ObjRef, Malformed)>,
}

impl<'w> Records<'w> {
    /// Collects every record of a world.
    #[must_use]
    pub fn new(world: &'w World, subnets: &mut Subnets<'w>) -> Self {
        let lost = lost_subnets(world, subnets);
        let mut collector = Collector { world, subnets, lost, records: Self::default() };
        collector.ips();
        collector.pods();
        collector.eips();
        collector.others();
        let mut records = collector.records;
        records.list.sort_by_key(|record| (record.wire, record.addr));
        records
    }

    /// All records.
    pub fn iter(&self) -> std::slice::Iter<'_, Record<'w>> {
        self.list.iter()
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
    pod.status.phase == "Succeeded" || pod.status.phase == "Failed"
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

/// The wires of Subnets that records name and that are not there: the provider in the name of an IP object, else a wire
/// of its own per Subnet, since VPCs may overlap.
fn lost_subnets<'w>(world: &'w World, subnets: &mut Subnets<'w>) -> BTreeMap<&'w str, WireId> {
    let mut lost = BTreeMap::new();
    for ip in world.ips.iter().filter(|ip| !ip.spec.subnet.is_empty()) {
        let name = ip.spec.subnet.as_str();
        if subnets.named(name).is_some() || lost.contains_key(name) {
            continue;
        }
        if let Some(provider @ (Provider::IpamOnly { .. } | Provider::Other(_))) =
            names::provider_of_port(&ip.meta.name, &ip.spec.pod_name, &ip.spec.namespace)
                .map(|provider| Provider::parse(subnet_provider(provider)))
        {
            lost.insert(name, subnets.wire_id(&provider.to_string()));
        }
    }
    lost
}

struct Collector<'w, 'i> {
    world: &'w World,
    subnets: &'i mut Subnets<'w>,
    lost: BTreeMap<&'w str, WireId>,
    records: Records<'w>,
}

impl<'w> Collector<'w, '_> {
    /// The Subnet that an object names, and its wire; a wire of its own where it is not there.
    fn place(&mut self, subnet: &'w str) -> (Option<SubnetId>, WireId) {
        if let Some(id) = self.subnets.named(subnet) {
            return (Some(id), self.subnets.get(id).wire);
        }
        if let Some(&wire) = self.lost.get(subnet) {
            return (None, wire);
        }
        let wire = self.subnets.wire_id(&format!("subnet:{subnet}"));
        self.lost.insert(subnet, wire);
        (None, wire)
    }

    fn add(&mut self, addr: Addr, place: (Option<SubnetId>, WireId), holder: Holder<'w>, source: Source<'w>) {
        let (said, wire) = place;
        let subnet = self.subnets.containing(wire, addr, said);
        self.records.list.push(Record { wire, addr, holder, source, said, subnet, pod: None });
    }

    fn ips(&mut self) {
        self.records.list.reserve(self.world.ips.len() + self.world.pods.len());
        for ip in self.world.ips.iter() {
            let spec = &ip.spec;
            let holder = holder_of_ip(self.world, ip);
            let pod = match holder {
                Holder::Pod(namespace, name) => self.world.pods.get(namespace, name),
                _ => None,
            };
            let place = self.place(&spec.subnet);
            for addr in addresses_of_ip(ip) {
                self.add(addr, place, holder, Source::Ip(ip));
                if let Some(record) = self.records.list.last_mut() {
                    record.pod = pod;
                }
            }
        }
    }

    fn pods(&mut self) {
        for pod in self.world.pods.iter().filter(|pod| !pod.spec.host_network && !is_finished(pod)) {
            for provider in allocated_providers(&pod.meta.annotations) {
                let Some(text) = provider_value(&pod.meta.annotations, provider, "ip_address") else { continue };
                let source = Source::Pod(pod, provider);
                match Field::<AddrPair>::parse(text) {
                    Field::Is(pair) => pair.iter().for_each(|addr| {
                        let place = self.pod_place(pod, provider, addr);
                        self.add(addr, place, holder_of_pod(pod), source);
                    }),
                    Field::Absent => {}
                    bad @ Field::Bad(_) => self.malformed(&source, provider, "ip_address", &bad),
                }
            }
        }
    }

    fn malformed(&mut self, source: &Source<'w>, provider: &str, name: &str, field: &Field<AddrPair>) {
        let mut found = Vec::new();
        api::slim::Bad::collect_bad(field, api::slim::Path::Root, &mut found);
        self.records.malformed.extend(found.into_iter().map(|malformed| {
            let path = format!("metadata.annotations[{provider}.kubernetes.io/{name}]");
            (source.object(), Malformed { path, ..malformed })
        }));
    }

    /// Where a pod's NIC is: the Subnet that its annotation names, else that of its IP object, else the Subnet of its
    /// provider that contains the address.
    fn pod_place(&mut self, pod: &'w Pod, provider: &'w str, addr: Addr) -> (Option<SubnetId>, WireId) {
        if let Some(subnet) =
            provider_value(&pod.meta.annotations, provider, "logical_switch").filter(|s| !s.is_empty())
        {
            return self.place(subnet);
        }
        let own = subnet_provider(provider);
        let candidates = self.subnets.of_provider(own);
        // One Subnet, or several that do not overlap on one wire: nothing that the IP object could tell.
        if let Some(&first) = candidates.first() {
            let wire = self.subnets.get(first).wire;
            if candidates.iter().all(|&id| self.subnets.get(id).wire == wire) {
                let containing = candidates.iter().copied().find(|&id| self.subnets.get(id).contains(addr));
                return (containing.or(Some(first)), wire);
            }
        }
        let name = super::holder::vm_of_pod(pod).unwrap_or(&pod.meta.name);
        let ports = [name, pod.meta.name.as_str()].map(|name| names::port_name(name, &pod.meta.namespace, provider));
        let ip = ports.iter().find_map(|port| self.world.ips.named(port));
        if let Some(ip) = ip.filter(|ip| !ip.spec.subnet.is_empty()) {
            return self.place(&ip.spec.subnet);
        }
        let containing = self.subnets.of_provider(own).iter().copied().find(|&id| self.subnets.get(id).contains(addr));
        match containing {
            Some(id) => (Some(id), self.subnets.get(id).wire),
            None => (None, self.subnets.wire_id(own)),
        }
    }

    fn eips(&mut self) {
        for eip in self.world.eips.iter() {
            let subnet = or_default(&eip.spec.external_subnet, names::DEFAULT_EXTERNAL_SUBNET);
            let place = self.place(subnet);
            let (holder, source) = (Holder::Eip(&eip.meta.name), Source::Eip(eip));
            let Some(&v4) = eip.status.ip.get() else { continue };
            self.add(v4, place, holder, source);
            let dual = place.0.is_some_and(|id| self.subnets.get(id).cidr(ledger::Family::V6).is_some());
            if let Some(&v6) = eip.spec.v6.get().filter(|_| dual && eip.spec.v4.get() == Some(&v4)) {
                self.add(v6, place, holder, source);
            }
        }
        for eip in self.world.ovn_eips.iter() {
            let place = self.place(or_default(&eip.spec.external_subnet, names::DEFAULT_OVN_EXTERNAL_SUBNET));
            for &addr in [&eip.status.v4, &eip.status.v6].into_iter().filter_map(Field::get) {
                self.add(addr, place, Holder::OvnEip(&eip.meta.name), Source::OvnEip(eip));
            }
        }
    }

    fn others(&mut self) {
        for vip in self.world.vips.iter() {
            let place = self.place(&vip.spec.subnet);
            let granted = !vip.status.mac.is_absent();
            let pairs = [(&vip.status.v4, &vip.spec.v4), (&vip.status.v6, &vip.spec.v6)];
            let addrs = pairs.into_iter().filter_map(|(status, spec)| status.get().or(spec.get().filter(|_| granted)));
            addrs.for_each(|&addr| self.add(addr, place, Holder::Vip(&vip.meta.name), Source::Vip(vip)));
        }
        for node in self.world.nodes.iter() {
            self.node(node);
        }
        for subnet in self.world.subnets.iter() {
            let place = self.place(&subnet.meta.name);
            let name = subnet.meta.name.as_str();
            let specials = [(&subnet.status.u2o_ip, Holder::U2o(name)), (&subnet.status.mcast_ip, Holder::Mcast(name))];
            for (pair, holder) in specials.into_iter().filter_map(|(field, holder)| Some((field.get()?, holder))) {
                pair.iter().for_each(|addr| self.add(addr, place, holder, Source::Subnet(subnet)));
            }
        }
        for claim in self.world.claims.iter() {
            self.claim(claim);
        }
    }

    fn node(&mut self, node: &'w Node) {
        let annotations = &node.meta.annotations;
        if provider_value(annotations, names::PRIMARY_PROVIDER, "allocated") != Some("true") {
            return;
        }
        let value = |name| provider_value(annotations, names::PRIMARY_PROVIDER, name).unwrap_or_default();
        let source = Source::Node(node);
        match Field::<AddrPair>::parse(value("ip_address")) {
            Field::Is(pair) => {
                let place = self.place(or_default(value("logical_switch"), names::JOIN_SUBNET));
                pair.iter().for_each(|addr| self.add(addr, place, Holder::Node(&node.meta.name), source));
            }
            Field::Absent => {}
            bad @ Field::Bad(_) => self.malformed(&source, names::PRIMARY_PROVIDER, "ip_address", &bad),
        }
    }

    fn claim(&mut self, claim: &'w AddressClaim) {
        let spec = &claim.spec;
        let Some(&addr) = spec.address.get() else { return };
        let said = self.subnets.named(&spec.subnet);
        let wire = self.subnets.wire_id(&spec.wire);
        let holder = &spec.holder;
        let (namespace, name) = (holder.namespace.as_str(), holder.name.as_str());
        let identity = match holder.kind.as_str() {
            "Pod" | "StatefulSet" => Holder::Pod(namespace, name),
            "VirtualMachine" => Holder::Vm(namespace, name),
            "Node" => Holder::Node(name),
            "VpcNatGateway" => Holder::Gateway(name),
            "IptablesEIP" => Holder::Eip(name),
            "OvnEip" => Holder::OvnEip(name),
            "Vip" => Holder::Vip(name),
            kind => Holder::Claimed(kind, name),
        };
        self.add(addr, (said, wire), identity, Source::Claim(claim));
    }
}

/// The addresses of an IP object: those of each family, or the pair where neither is said.
pub fn addresses_of_ip(ip: &Ip) -> impl Iterator<Item = Addr> + use<> {
    let spec = &ip.spec;
    let each = [spec.v4.get().copied(), spec.v6.get().copied()];
    let pair = spec.ip_address.get().filter(|_| spec.v4.is_absent() && spec.v6.is_absent()).copied();
    each.into_iter().flatten().chain(pair.into_iter().flat_map(|pair| pair.iter()))
}

/// A name, or what an empty one stands for.
#[must_use]
pub fn or_default<'a>(name: &'a str, default: &'a str) -> &'a str {
    if name.is_empty() { default } else { name }
}
