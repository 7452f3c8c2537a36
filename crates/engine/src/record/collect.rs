//! Collecting the records of a world, kind by kind.
//!
//! In: the world, its Subnets. Out: [`Records`]. Guarantees: one pass over each kind; a Subnet that is named by records and
//! is not there gets a wire, so that its records are still compared.

use super::place::{Place, place_of_ip, provider_of_ip, switch_of};
use super::{
    Nic, Record, Records, Source, allocated_providers, is_finished, or_default, provider_value, subnet_provider,
};
use super::{addresses_of_ip, names_of_ports};
use crate::holder::{Holder, holder_of_ip, holder_of_pod};
use crate::world::World;
use crate::world::subnets::{SubnetId, Subnets, WireId};
use api::names::{self, Provider};
use api::schema::wire_in_name;
use api::slim::{AddressClaim, Field, Malformed, Node, Pod};
use ledger::{Addr, AddrPair};
use std::collections::BTreeMap;

/// Collects every record of a world, in no order.
pub(super) fn collect<'w>(world: &'w World, subnets: &mut Subnets<'w>) -> Records<'w> {
    let lost = lost_subnets(world, subnets);
    let mut collector = Collector { world, subnets, lost, strays: BTreeMap::new(), records: Records::default() };
    collector.ips();
    collector.pods();
    collector.eips();
    collector.others();
    collector.records
}

/// The wires of Subnets that IP objects name and that are not there, by the provider in the name of the first of them. On
/// OVN none is known by that: VPCs may overlap.
fn lost_subnets<'w>(world: &'w World, subnets: &mut Subnets<'w>) -> BTreeMap<&'w str, WireId> {
    let mut lost = BTreeMap::new();
    for ip in world.ips.iter().filter(|ip| !ip.spec.subnet.is_empty()) {
        let name = ip.spec.subnet.as_str();
        if subnets.named(name).is_some() || lost.contains_key(name) {
            continue;
        }
        let provider = provider_of_ip(ip).filter(|provider| !Provider::parse(provider).is_ovn());
        if let Some((provider, addr)) = provider.zip(addresses_of_ip(ip).next()) {
            let wire = super::place::one_wire(subnets, provider, addr);
            lost.insert(name, wire.unwrap_or_else(|| subnets.wire_id(&wire_in_name(provider))));
        }
    }
    lost
}

/// The Subnet that an object names, where that is there, and the wire.
type Spot = (Option<SubnetId>, WireId);

struct Collector<'w, 'i> {
    world: &'w World,
    subnets: &'i mut Subnets<'w>,
    lost: BTreeMap<&'w str, WireId>,
    /// IP objects on a Subnet of another provider than their NIC's, by name.
    strays: BTreeMap<&'w str, SubnetId>,
    records: Records<'w>,
}

impl<'w> Collector<'w, '_> {
    /// The Subnet that an object names, and its wire; a wire of its own where it is not there.
    fn place(&mut self, subnet: &'w str) -> Spot {
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

    /// A place as Subnet and wire; a new wire where there is none of that name.
    fn spot(&mut self, place: &Place<'_>) -> Spot {
        match place {
            Place::Said(id) => (Some(*id), self.subnets.get(*id).wire),
            Place::On(wire) => (None, *wire),
            Place::Named(name) => (None, self.subnets.wire_id(name)),
        }
    }

    fn add(&mut self, addr: Addr, spot: Spot, holder: Holder<'w>, source: Source<'w>) {
        let (said, wire) = spot;
        let subnet = self.subnets.containing(wire, addr, said);
        self.records.list.push(Record { wire, addr, holder, source, said, subnet, pod: None });
    }

    /// Takes a NIC without an address.
    fn add_bare(&mut self, spot: Spot, holder: Holder<'w>, source: Source<'w>, pod: Option<&'w Pod>) {
        let Some(mac) = source.mac() else { return };
        let (said, wire) = spot;
        let addr = Addr::v4(0);
        self.records.nics.push(Nic { mac, who: Record { wire, addr, holder, source, said, subnet: None, pod } });
    }

    fn ips(&mut self) {
        self.records.list.reserve(self.world.ips.len() + self.world.pods.len());
        for ip in self.world.ips.iter() {
            let (holder, pod) = holder_of_ip(self.world, ip);
            let mut known = None;
            for addr in addresses_of_ip(ip) {
                let spot = known.unwrap_or_else(|| self.spot(&place_of_ip(self.world, self.subnets, ip, addr)));
                // Where a Subnet is named, both families are on it.
                known = spot.0.map(|_| spot);
                self.add(addr, spot, holder, Source::Ip(ip));
                if let Some(record) = self.records.list.last_mut() {
                    record.pod = pod;
                }
            }
            let spec = &ip.spec;
            if spec.v4.is_absent() && spec.v6.is_absent() && spec.ip_address.is_absent() && !spec.mac.is_absent() {
                let spot = match (spec.subnet.as_str(), provider_of_ip(ip)) {
                    ("", Some(provider)) => self.only_of(provider),
                    ("", None) => (None, self.subnets.wire_id(&format!("ip:{}", ip.meta.name))),
                    (subnet, _) => self.place(subnet),
                };
                self.add_bare(spot, holder, Source::Ip(ip), pod);
            }
            let said = known.and_then(|(said, _)| said);
            if let Some((id, provider)) = said.zip(provider_of_ip(ip))
                && Provider::parse(provider) != self.subnets.get(id).provider
            {
                self.strays.insert(&ip.meta.name, id);
            }
        }
    }

    fn pods(&mut self) {
        for pod in self.world.pods.iter().filter(|pod| !pod.spec.host_network && !is_finished(pod)) {
            for provider in allocated_providers(&pod.meta.annotations) {
                let text = provider_value(&pod.meta.annotations, provider, "ip_address").unwrap_or_default();
                let source = Source::Pod(pod, provider);
                match Field::<AddrPair>::parse(text) {
                    Field::Is(pair) => pair.iter().for_each(|addr| {
                        let spot = self.pod_place(pod, provider, addr);
                        self.add(addr, spot, holder_of_pod(pod), source);
                    }),
                    Field::Absent if source.mac().is_none() => {}
                    Field::Absent => {
                        let spot = self.bare_place(pod, provider);
                        self.add_bare(spot, holder_of_pod(pod), source, None);
                    }
                    bad @ Field::Bad(_) => self.malformed(&source, provider, "ip_address", &bad),
                }
            }
        }
    }

    /// Where a pod's NIC without an address is: the Subnet that its annotation names, else that of its IP object, else the only
    /// one of its provider.
    fn bare_place(&mut self, pod: &'w Pod, provider: &'w str) -> Spot {
        let ips = &self.world.ips;
        let ip = || names_of_ports(pod, provider).find_map(|port| ips.named(&port));
        let named = switch_of(pod, provider).or_else(|| Some(ip()?.spec.subnet.as_str()));
        match named.filter(|subnet| !subnet.is_empty()) {
            Some(subnet) => self.place(subnet),
            None => self.only_of(subnet_provider(provider)),
        }
    }

    /// The only Subnet of a provider, or the wire that is named after it.
    fn only_of(&mut self, provider: &str) -> Spot {
        match *self.subnets.of_provider(provider) {
            [id] => (Some(id), self.subnets.get(id).wire),
            _ => (None, self.subnets.wire_id(&wire_in_name(provider))),
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
    fn pod_place(&mut self, pod: &'w Pod, provider: &'w str, addr: Addr) -> Spot {
        if let Some(subnet) = switch_of(pod, provider) {
            return self.place(subnet);
        }
        if let Some(id) = self.stray_of(pod, provider) {
            return (Some(id), self.subnets.get(id).wire);
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
        let ip = names_of_ports(pod, provider).find_map(|port| self.world.ips.named(&port));
        if let Some(ip) = ip.filter(|ip| !ip.spec.subnet.is_empty()) {
            return self.place(&ip.spec.subnet);
        }
        let containing = self.subnets.of_provider(own).iter().copied().find(|&id| self.subnets.get(id).contains(addr));
        match containing {
            Some(id) => (Some(id), self.subnets.get(id).wire),
            None => (None, self.subnets.wire_id(&wire_in_name(own))),
        }
    }

    /// The Subnet of another provider on which the IP object of a NIC is: a static address of an attachment that its own
    /// Subnet refuses is tried in the Subnets of the namespace.
    fn stray_of(&self, pod: &Pod, provider: &str) -> Option<SubnetId> {
        if self.strays.is_empty() {
            return None;
        }
        names_of_ports(pod, provider).find_map(|port| self.strays.get(port.as_str()).copied())
    }

    fn eips(&mut self) {
        for eip in self.world.eips.iter() {
            let subnet = or_default(&eip.spec.external_subnet, names::DEFAULT_EXTERNAL_SUBNET);
            let spot = self.place(subnet);
            let (holder, source) = (Holder::Eip(&eip.meta.name), Source::Eip(eip));
            let Some(&v4) = eip.status.ip.get() else { continue };
            self.add(v4, spot, holder, source);
            let dual = spot.0.is_some_and(|id| self.subnets.get(id).cidr(ledger::Family::V6).is_some());
            if let Some(&v6) = eip.spec.v6.get().filter(|_| dual && eip.spec.v4.get() == Some(&v4)) {
                self.add(v6, spot, holder, source);
            }
        }
        for eip in self.world.ovn_eips.iter() {
            let spot = self.place(or_default(&eip.spec.external_subnet, names::DEFAULT_OVN_EXTERNAL_SUBNET));
            for &addr in [&eip.status.v4, &eip.status.v6].into_iter().filter_map(Field::get) {
                self.add(addr, spot, Holder::OvnEip(&eip.meta.name), Source::OvnEip(eip));
            }
        }
    }

    fn others(&mut self) {
        for vip in self.world.vips.iter() {
            let spot = self.place(&vip.spec.subnet);
            let granted = !vip.status.mac.is_absent();
            let pairs = [(&vip.status.v4, &vip.spec.v4), (&vip.status.v6, &vip.spec.v6)];
            let addrs = pairs.into_iter().filter_map(|(status, spec)| status.get().or(spec.get().filter(|_| granted)));
            addrs.for_each(|&addr| self.add(addr, spot, Holder::Vip(&vip.meta.name), Source::Vip(vip)));
        }
        for node in self.world.nodes.iter() {
            self.node(node);
        }
        for subnet in self.world.subnets.iter() {
            let spot = self.place(&subnet.meta.name);
            let name = subnet.meta.name.as_str();
            let specials = [(&subnet.status.u2o_ip, Holder::U2o(name)), (&subnet.status.mcast_ip, Holder::Mcast(name))];
            for (pair, holder) in specials.into_iter().filter_map(|(field, holder)| Some((field.get()?, holder))) {
                pair.iter().for_each(|addr| self.add(addr, spot, holder, Source::Subnet(subnet)));
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
                let spot = self.place(or_default(value("logical_switch"), names::JOIN_SUBNET));
                pair.iter().for_each(|addr| self.add(addr, spot, Holder::Node(&node.meta.name), source));
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
