//! `outside-subnet`, `gateway-in-use` and `excluded-in-use`: addresses that are on record in the wrong place.
//!
//! In: the records of each address. Out: findings per object and address, per address, per Subnet. Guarantees: an address
//! that a sibling Subnet of the wire contains is in its place; a gateway's address is one on its wire, whichever Subnet gave
//! it out; an excluded address may be asked for by name and is only worth knowing.

use super::out::{Out, few, name_addresses};
use crate::finding::{Certainty, Code, Finding, FindingId, ObjRef};
use crate::judge::Context;
use crate::record::{Record, Source};
use crate::report::FamilyLine;
use crate::world::subnets::{SubnetId, WireId};
use api::slim::Kind;
use ledger::{Addr, AddrSet, Family};
use std::collections::BTreeMap;

/// Looks at the place of every address on record.
pub(super) fn check(context: &Context<'_>, lines: &[(SubnetId, Family, FamilyLine)], out: &mut Out) {
    let crossed = crossed_gateways(context);
    for group in context.records.groups() {
        for record in group {
            outside(context, record, group, out);
        }
        gateway_in_use(context, &crossed, group, out);
    }
    excluded_in_use(context, lines, out);
}

fn outside(context: &Context<'_>, record: &Record<'_>, group: &[Record<'_>], out: &mut Out) {
    let Some(said) = record.said else { return };
    if record.subnet.is_some_and(|id| context.subnets.get(id).is_usable(record.addr)) {
        return;
    }
    // A pod's annotation repeats what its IP object says: one finding, about the record.
    let repeated = matches!(record.source, Source::Pod(..) | Source::Node(_) | Source::Subnet(_))
        && group.iter().any(|other| matches!(other.source, Source::Ip(_)) && other.holder == record.holder);
    let subnet = context.subnets.get(said);
    // A Subnet whose block is absent or cannot be read may contain anything.
    if repeated || subnet.object.spec.cidr.get().is_none() {
        return;
    }
    let family = record.addr.family();
    let place = match (subnet.cidr(family), subnet.contains(record.addr)) {
        (Some(cidr), true) if record.addr == cidr.network() => format!("is the network address of {cidr}"),
        (Some(cidr), true) => format!("is the last address of {cidr}, which no host may have"),
        (Some(cidr), false) => format!("is not in {cidr}"),
        (None, _) => format!("is of a family that Subnet {} does not have", subnet.name()),
    };
    let object = record.source.object();
    let subject = format!("{}/{}/{}", object.kind.plural(), object.path(), record.addr);
    let message = format!("{object} records {} on Subnet {}, but it {place}", record.addr, subnet.name());
    out.push(
        Finding::new(Code::OutsideSubnet, &subject, Certainty::Proven, vec![object, ObjRef::of(Kind::Subnet, subnet.object)])
            .on(Some(subnet.name()), Some(context.subnets.wire_name(record.wire)))
            .at([record.addr])
            .says(
                message,
                "the holder cannot reach its gateway, and the allocator does not know the address: nothing keeps a second holder \
                 from it",
                "if the CIDR was changed, set it back or move the holder: delete and recreate it so that it gets an address inside",
            ),
    );
}

/// Gateways that another Subnet of their wire contains as well, by wire and address: who has such an address from there
/// answers to it all the same.
fn crossed_gateways(context: &Context<'_>) -> BTreeMap<(WireId, Addr), SubnetId> {
    let mut crossed = BTreeMap::new();
    for (one, other, range) in context.subnets.overlaps() {
        for id in [one, other] {
            let subnet = context.subnets.get(id);
            if let Some(gateway) = subnet.gateway(range.family()).filter(|&gateway| range.contains(gateway)) {
                crossed.insert((subnet.wire, gateway), id);
            }
        }
    }
    crossed
}

fn gateway_in_use(
    context: &Context<'_>,
    crossed: &BTreeMap<(WireId, Addr), SubnetId>,
    group: &[Record<'_>],
    out: &mut Out,
) {
    let Some(record) = group.first() else { return };
    let own = group.iter().filter_map(|record| record.subnet);
    let own = own.filter(|&id| context.subnets.get(id).gateway(record.addr.family()) == Some(record.addr)).min();
    let Some(id) = own.or_else(|| crossed.get(&(record.wire, record.addr)).copied()) else { return };
    let subnet = context.subnets.get(id);
    let mut users: Vec<&Record<'_>> = group.iter().collect();
    users.sort_by_key(|user| matches!(user.source, Source::Ip(_)));
    let mut objects: Vec<ObjRef> = users.iter().map(|user| user.source.object()).collect();
    objects.push(ObjRef::of(Kind::Subnet, subnet.object));
    let names = few(users.iter().map(|user| user.source.object()), 3);
    let subject = super::duplicate_address::subject(context, record);
    out.push(
        Finding::new(Code::GatewayInUse, &subject, Certainty::Proven, objects)
            .on(Some(subnet.name()), Some(context.subnets.wire_name(record.wire)))
            .at([record.addr])
            .says(
                format!("{} is the gateway of Subnet {} and on record for {names}", record.addr, subnet.name()),
                "whoever answers to the gateway's address takes the traffic of the whole Subnet",
                "give the holder another address at once; if the router really has another one, correct `gateway` of the Subnet",
            ),
    );
}

fn excluded_in_use(context: &Context<'_>, lines: &[(SubnetId, Family, FamilyLine)], out: &mut Out) {
    for (id, family, line) in lines {
        let subnet = context.subnets.get(*id);
        let mut excluded = AddrSet::new(*family);
        for range in subnet.excludes(*family) {
            excluded.insert_range(range);
        }
        let mut used = line.using.intersection(&excluded);
        if let Some(gateway) = line.gateway {
            used.remove(gateway);
        }
        if used.is_empty() {
            continue;
        }
        add_excluded(context, *id, &used, out);
    }
}

/// One finding per Subnet: a second family joins the first.
fn add_excluded(context: &Context<'_>, id: SubnetId, used: &AddrSet, out: &mut Out) {
    let subnet = context.subnets.get(id);
    let known = out.get(&FindingId::new(Code::ExcludedInUse, subnet.name()));
    let mut addresses = known.map_or_else(Vec::new, |finding| finding.addresses.clone());
    addresses.extend(name_addresses(used));
    let message = format!(
        "{} excluded and in use: {}",
        super::out::count_of(&addresses.len(), "address is", "addresses are"),
        few(&addresses, 6)
    );
    let mut finding = Finding::new(
        Code::ExcludedInUse,
        subnet.name(),
        Certainty::Proven,
        vec![ObjRef::of(Kind::Subnet, subnet.object)],
    )
    .on(Some(subnet.name()), Some(context.subnets.wire_name(subnet.wire)))
    .says(
        message,
        "legal: an excluded address is never picked, and may be asked for by name. Kube-OVN leaves IP objects on such \
             addresses out of its count",
        "nothing, unless the addresses were excluded to keep them free",
    );
    finding.addresses = addresses;
    out.replace(finding);
}
