//! `overlapping-subnets` and `suspected-same-wire`: blocks that share addresses.
//!
//! In: Subnets with their wires, NetworkAttachmentDefinitions, Vlans and ProviderNetworks. Out: one finding per pair of
//! Subnets. Guarantees: on one wire blocks may not overlap; on two wires they may, unless both hang on one interface,
//! bridge or VLAN of the nodes, which makes them probably one until somebody named both wires.

use super::out::Out;
use crate::finding::{Certainty, Code, Finding, ObjRef};
use crate::judge::Context;
use crate::world::subnets::{SubnetId, SubnetOnWire};
use api::slim::{Kind, Str};
use ledger::{AddrRange, Family};
use std::collections::{BTreeMap, BTreeSet};

/// Finds Subnets whose blocks overlap.
pub(super) fn check(context: &Context<'_>, out: &mut Out) {
    let mut pairs: BTreeMap<(SubnetId, SubnetId), Vec<AddrRange>> = BTreeMap::new();
    for (a, b, range) in context.subnets.overlaps() {
        pairs.entry((a, b)).or_default().push(range);
    }
    for ((a, b), ranges) in pairs {
        out.push(overlapping(context, a, b, &ranges));
    }
    suspected(context, out);
}

fn ranges_text(ranges: &[AddrRange]) -> Vec<String> {
    ranges.iter().map(|range| format!("{}-{}", range.first(), range.last())).collect()
}

fn overlapping(context: &Context<'_>, a: SubnetId, b: SubnetId, ranges: &[AddrRange]) -> Finding {
    let (first, second) = (context.subnets.get(a), context.subnets.get(b));
    let wire = context.subnets.wire_name(first.wire);
    let objects = vec![ObjRef::of(Kind::Subnet, first.object), ObjRef::of(Kind::Subnet, second.object)];
    // The wire of a Subnet whose Vlan was not read is a guess that cannot join two Subnets wrongly: both name that Vlan.
    let mut finding = Finding::new(Code::OverlappingSubnets, &format!("{}/{}", first.name(), second.name()), Certainty::Proven, objects)
        .on(Some(first.name()), Some(wire))
        .says(
            format!("Subnets {} and {} on wire {wire} share {}", first.name(), second.name(), ranges_text(ranges).join(", ")),
            "each gives its addresses out without asking the other: the shared ones will have two holders. Kube-OVN checks this \
             for OVN Subnets only",
            "shrink one of them, or exclude the shared addresses in one (`excludeIps`); if they are different networks, give each \
             its own provider, or the annotation ipledger.dev/wire",
        );
    finding.addresses = ranges_text(ranges);
    finding
}

/// What links can hang on: an interface or bridge, and the VLAN on it.
type Parent = (Str, i64);

/// What the links of a Subnet hang on.
enum Links {
    /// The same on every node.
    Everywhere(Parent),
    /// A ProviderNetwork's: its default interface, and other ones on the nodes of that name.
    PerNode { default: Parent, others: BTreeMap<Str, Parent> },
}

impl Links {
    fn parents(&self) -> BTreeSet<&Parent> {
        match self {
            Self::Everywhere(parent) => [parent].into(),
            Self::PerNode { default, others } => others.values().chain([default]).collect(),
        }
    }

    fn on(&self, node: &str) -> &Parent {
        match self {
            Self::Everywhere(parent) => parent,
            Self::PerNode { default, others } => others.get(node).unwrap_or(default),
        }
    }

    /// The nodes that differ from others.
    fn nodes(&self) -> impl Iterator<Item = &Str> {
        let others = match self {
            Self::Everywhere(_) => None,
            Self::PerNode { others, .. } => Some(others.keys()),
        };
        others.into_iter().flatten()
    }

    /// Whether both hang on that parent on one node: one that either names, or any other.
    fn share(&self, other: &Self, parent: &Parent) -> bool {
        let both = |node: &str| self.on(node) == parent && other.on(node) == parent;
        self.nodes().chain(other.nodes()).any(|node| both(node)) || both("")
    }
}

/// What a Subnet's links hang on, where that is known.
fn links(context: &Context<'_>, id: SubnetId) -> Option<Links> {
    let subnet = context.subnets.get(id);
    let vlan = subnet.object.spec.vlan.as_str();
    if !vlan.is_empty() {
        let vlan = context.world.vlans.named(vlan)?;
        let network = &context.world.provider_networks.named(&vlan.spec.provider)?.spec;
        let mut others = BTreeMap::new();
        for custom in network.custom_interfaces.iter().filter(|custom| !custom.interface.is_empty()) {
            others.extend(custom.nodes.iter().map(|node| (node.clone(), (custom.interface.clone(), vlan.spec.id))));
        }
        let default = (network.default_interface.clone(), vlan.spec.id);
        let known = !network.default_interface.is_empty() || !others.is_empty();
        return known.then_some(Links::PerNode { default, others });
    }
    let (name, namespace) = subnet.provider.nad()?;
    if subnet.provider.is_ovn() {
        return None;
    }
    let config = context.world.nads.get(namespace, name)?.spec.config.get()?;
    let (interface, vlan) = config.attaches_to()?;
    // `eth1.100` is VLAN 100 on eth1.
    let tagged = interface.rsplit_once('.').and_then(|(parent, id)| Some((parent, id.parse::<i64>().ok()?)));
    Some(Links::Everywhere(match tagged.filter(|_| vlan == 0) {
        Some((parent, id)) => (parent.into(), id),
        None => (interface.into(), vlan),
    }))
}

fn suspected(context: &Context<'_>, out: &mut Out) {
    let mut by_parent: BTreeMap<Parent, Vec<SubnetId>> = BTreeMap::new();
    let mut all: BTreeMap<SubnetId, Links> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    for (id, subnet) in context.subnets.iter() {
        let Some(links) = links(context, id) else {
            unknown.extend(not_seen(context, subnet));
            continue;
        };
        for parent in links.parents() {
            by_parent.entry(parent.clone()).or_default().push(id);
        }
        all.insert(id, links);
    }
    for (parent, ids) in by_parent {
        let mut pairs: BTreeMap<(SubnetId, SubnetId), Vec<AddrRange>> = BTreeMap::new();
        for (a, b, range) in overlaps_between_wires(context, &ids) {
            let shares = all.get(&a).zip(all.get(&b)).is_some_and(|(a, b)| a.share(b, &parent));
            if shares {
                pairs.entry((a, b)).or_default().push(range);
            }
        }
        for (pair, ranges) in pairs {
            out.push(same_wire(context, pair, &ranges, &parent.0, parent.1));
        }
    }
    if !unknown.is_empty() {
        out.not_judged(Code::SuspectedSameWire, unknown, 0);
    }
}

/// The kind that would tell what a Subnet hangs on, where it was not read.
fn not_seen(context: &Context<'_>, subnet: &SubnetOnWire<'_>) -> Option<Kind> {
    let unread = |kind: Kind, name: &str| {
        (context.world.find(kind, "", name).is_none() && !context.world.coverage.is_complete(kind)).then_some(kind)
    };
    let vlan = subnet.object.spec.vlan.as_str();
    if !vlan.is_empty() {
        let network = context.world.vlans.named(vlan).map(|vlan| vlan.spec.provider.as_str());
        return match network {
            Some(network) => unread(Kind::ProviderNetwork, network),
            None => unread(Kind::Vlan, vlan),
        };
    }
    let (name, namespace) = subnet.provider.nad().filter(|_| !subnet.provider.is_ovn())?;
    let read = context.world.nads.get(namespace, name).is_some();
    let complete = context.world.coverage.is_complete_in(Kind::NetworkAttachmentDefinition, namespace);
    (!read && !complete).then_some(Kind::NetworkAttachmentDefinition)
}

/// Overlapping blocks of Subnets on different wires, by one sweep over the blocks in order.
fn overlaps_between_wires(context: &Context<'_>, ids: &[SubnetId]) -> Vec<(SubnetId, SubnetId, AddrRange)> {
    let mut blocks: Vec<(AddrRange, SubnetId)> = ids
        .iter()
        .flat_map(|&id| {
            [Family::V4, Family::V6]
                .into_iter()
                .filter_map(move |f| Some((context.subnets.get(id).cidr(f)?.range(), id)))
        })
        .collect();
    blocks.sort_by_key(|(range, id)| (range.first(), *id));
    let mut found = Vec::new();
    for (i, (range, id)) in blocks.iter().enumerate() {
        for (other, other_id) in blocks[i + 1..].iter().take_while(|(other, _)| other.first() <= range.last()) {
            let (a, b) = (context.subnets.get(*id), context.subnets.get(*other_id));
            // Whoever gave both a wire by name has answered the question.
            if a.wire != b.wire
                && !(a.is_named() && b.is_named())
                && let Some(shared) = range.intersection(other)
            {
                found.push((*id.min(other_id), *id.max(other_id), shared));
            }
        }
    }
    found
}

fn same_wire(
    context: &Context<'_>,
    (a, b): (SubnetId, SubnetId),
    ranges: &[AddrRange],
    interface: &str,
    vlan: i64,
) -> Finding {
    let (first, second) = (context.subnets.get(a), context.subnets.get(b));
    let wires = [first, second].map(|subnet| context.subnets.wire_name(subnet.wire));
    let mut objects = vec![ObjRef::of(Kind::Subnet, first.object), ObjRef::of(Kind::Subnet, second.object)];
    objects.extend([first, second].iter().filter_map(|subnet| {
        let (name, namespace) = subnet.provider.nad()?;
        context.world.find(Kind::NetworkAttachmentDefinition, namespace, name)
    }));
    let parent = match (interface, vlan) {
        ("", vlan) => format!("VLAN {vlan}"),
        (interface, 0) => interface.to_owned(),
        (interface, vlan) => format!("{interface}, VLAN {vlan}"),
    };
    let mut finding =
        Finding::new(Code::SuspectedSameWire, &format!("{}/{}", first.name(), second.name()), Certainty::Likely, objects)
            .on(Some(first.name()), Some(wires[0]))
            .says(
                format!(
                    "wires {} and {} both hang on {parent}, and their Subnets {} and {} overlap: probably one network",
                    wires[0],
                    wires[1],
                    first.name(),
                    second.name()
                ),
                "if they are one layer-2 network, each Subnet gives out addresses that the other one has given already",
                "say it: give both Subnets the annotation ipledger.dev/wire with one value if they are one network, or with two if \
                 they are not (the interface may be another cable on other nodes)",
            );
    finding.addresses = ranges_text(ranges);
    finding
}
