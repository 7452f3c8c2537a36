//! On which wire an address is on record, where its object does not name a Subnet that is there.
//!
//! In: the Subnets, and an IP object or a pod's NIC. Out: [`Place`]. Guarantees: a Subnet that is named and there decides;
//! else the provider in the name of an IP object is the wire; what shows neither is compared with nothing.

use super::{provider_value, subnet_provider};
use crate::world::World;
use crate::world::subnets::{SubnetId, Subnets, WireId};
use api::names::{self, Provider};
use api::schema::wire_in_name;
use api::slim::{Ip, Pod};
use ledger::Addr;
use std::borrow::Cow;

/// Where a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// On the Subnet that it names.
    Said(SubnetId),
    /// On a wire of Subnets that are there; it names none of them.
    On(WireId),
    /// On a wire of that name, on which there may be no Subnet.
    Named(Cow<'a, str>),
}

impl Place<'_> {
    /// The wire, where there is one of that name.
    pub(crate) fn wire(&self, subnets: &Subnets<'_>) -> Option<WireId> {
        match self {
            Self::Said(id) => Some(subnets.get(*id).wire),
            Self::On(wire) => Some(*wire),
            Self::Named(name) => subnets.wire_named(name),
        }
    }
}

/// The provider of the NIC that an IP object is for, as a Subnet would name it.
pub(crate) fn provider_of_ip(ip: &Ip) -> Option<&str> {
    names::provider_of_port(&ip.meta.name, &ip.spec.pod_name, &ip.spec.namespace).map(subnet_provider)
}

/// Where an address of an IP object is.
pub(crate) fn place_of_ip<'a>(world: &World, subnets: &Subnets<'_>, ip: &'a Ip, addr: Addr) -> Place<'a> {
    let name = ip.spec.subnet.as_str();
    if let Some(id) = subnets.named(name) {
        return Place::Said(id);
    }
    let Some(provider) = provider_of_ip(ip) else {
        // Nothing says where it is: a wire of its own, so that it is compared with nobody.
        let own = if name.is_empty() { format!("ip:{}", ip.meta.name) } else { format!("subnet:{name}") };
        return Place::Named(own.into());
    };
    if !Provider::parse(provider).is_ovn() {
        return one_wire(subnets, provider, addr).map_or_else(|| Place::Named(wire_in_name(provider)), Place::On);
    }
    // VPCs may overlap: a lost Subnet is a wire of its own, and one that was never named is that of the pod's switch, else
    // the only one of the provider that contains the address.
    if !name.is_empty() {
        return Place::Named(format!("subnet:{name}").into());
    }
    let pod = world.pods.get(&ip.spec.namespace, &ip.spec.pod_name);
    let switch = pod.and_then(|pod| switch_of(pod, provider)).and_then(|switch| subnets.named(switch));
    let wire = switch.map(|id| subnets.get(id).wire).or_else(|| containing_wire(subnets, provider, addr));
    wire.map_or_else(|| Place::Named(wire_in_name(provider)), Place::On)
}

/// The Subnet that a pod's annotation names for a NIC.
pub(crate) fn switch_of<'w>(pod: &'w Pod, provider: &str) -> Option<&'w str> {
    provider_value(&pod.meta.annotations, provider, "logical_switch").filter(|subnet| !subnet.is_empty())
}

/// The one wire of a provider's Subnets, or of those that contain an address.
pub(crate) fn one_wire(subnets: &Subnets<'_>, provider: &str, addr: Addr) -> Option<WireId> {
    let all = subnets.of_provider(provider).iter().map(|&id| subnets.get(id).wire);
    only(all).or_else(|| containing_wire(subnets, provider, addr))
}

/// The one wire of those of a provider's Subnets that contain an address.
fn containing_wire(subnets: &Subnets<'_>, provider: &str, addr: Addr) -> Option<WireId> {
    let containing = subnets.of_provider(provider).iter().map(|&id| subnets.get(id));
    only(containing.filter(|subnet| subnet.contains(addr)).map(|subnet| subnet.wire))
}

/// The wire that all of them are; none where there are none or several.
fn only(mut wires: impl Iterator<Item = WireId>) -> Option<WireId> {
    let first = wires.next()?;
    wires.all(|wire| wire == first).then_some(first)
}
