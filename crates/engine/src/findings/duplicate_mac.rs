//! `duplicate-mac`: one MAC on one layer-2 network for two holders.
//!
//! In: the records with a MAC, and NICs that have no address. Out: one finding per layer 2 and MAC. Guarantees: on OVN wires
//! the layer 2 is the Subnet, elsewhere the wire; an IptablesEIP's MAC is on no interface and is not compared; a holder that
//! has the MAC twice for its two families is one.

use super::out::{Out, few};
use crate::finding::{Certainty, Code, Finding, ObjRef};
use crate::holder::one_holder;
use crate::judge::Context;
use crate::record::Record;
use crate::world::subnets::{SubnetId, WireId};
use ledger::{Addr, Mac};

/// A layer-2 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer2 {
    Wire(WireId),
    Subnet(SubnetId),
}

/// Finds MACs with two holders.
pub(super) fn check(context: &Context<'_>, out: &mut Out) {
    let with_addr = context.records.iter().filter_map(|record| Some((record.source.mac()?, record, Some(record.addr))));
    let bare = context.records.nics().iter().map(|nic| (nic.mac, &nic.who, None));
    let mut list: Vec<(Layer2, Mac, &Record<'_>, Option<Addr>)> =
        with_addr.chain(bare).map(|(mac, record, addr)| (layer2(context, record), mac, record, addr)).collect();
    list.sort_by_key(|(layer2, mac, ..)| (*layer2, *mac));
    for group in list.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        if group.iter().all(|(_, _, record, _)| record.holder == group[0].2.holder) {
            continue;
        }
        let records: Vec<&Record<'_>> = group.iter().map(|(_, _, record, _)| *record).collect();
        if let Some(finding) = conflict(context, group[0].1, &records) {
            let mut addrs: Vec<Addr> = group.iter().filter_map(|(.., addr)| *addr).collect();
            addrs.sort_unstable();
            addrs.dedup();
            out.push(finding.at(addrs));
        }
    }
}

fn layer2(context: &Context<'_>, record: &Record<'_>) -> Layer2 {
    match record.subnet.or(record.said) {
        Some(id) if context.subnets.get(id).is_on_vpc() => Layer2::Subnet(id),
        _ => Layer2::Wire(record.wire),
    }
}

fn conflict(context: &Context<'_>, mac: Mac, records: &[&Record<'_>]) -> Option<Finding> {
    let pairs = records.iter().enumerate().flat_map(|(i, a)| {
        // Compared with the first record and the next one: enough to see that not all are of one holder.
        let others = records.first().into_iter().chain(records.get(i + 1));
        others.filter(|b| b.holder != a.holder && !one_holder(&context.gateways, a, b)).map(move |b| (*a, *b))
    });
    let (mut two, mut decided) = (false, false);
    for (a, b) in pairs {
        two = true;
        decided |= !super::duplicate_address::undecided(context, a, b);
    }
    if !two {
        return None;
    }
    let mut records = records.to_vec();
    // The younger record is the one to change.
    records.sort_by_key(|record| (std::cmp::Reverse(record.source.created()), record.source.object()));
    let first = records[0];
    let mut objects: Vec<ObjRef> = records.iter().map(|record| record.source.object()).collect();
    let mut seen = std::collections::BTreeSet::new();
    objects.retain(|object| seen.insert(object.clone()));
    let mut holders: Vec<String> = records.iter().map(|record| record.holder.to_string()).collect();
    let mut named = std::collections::BTreeSet::new();
    holders.retain(|holder| named.insert(holder.clone()));
    let moving = records
        .iter()
        .any(|record| record.source.meta().is_deleted() || context.world.is_recent(record.source.created()));
    let subnet = first.subnet.or(first.said).map(|id| context.subnets.get(id).name());
    let wire = context.subnets.wire_name(first.wire);
    let place = match layer2(context, first) {
        Layer2::Subnet(id) => context.subnets.get(id).name().to_owned(),
        Layer2::Wire(_) => wire.to_string(),
    };
    Some(
        Finding::new(
            Code::DuplicateMac,
            &format!("{place}/{mac}"),
            Certainty::Proven.possible_if(moving || !decided),
            objects,
        )
        .on(subnet, Some(wire))
        .says(
            format!("MAC {mac} is on record for {} holders on {place}: {}", holders.len(), few(&holders, 4)),
            "switches learn a MAC on one port: the holders take each other's traffic away",
            "remove the requested MAC from the younger holder, or ask for another one, and recreate it",
        ),
    )
}
