//! `duplicate-address` and `double-record`: one address, several records.
//!
//! In: the records of each address. Out: a duplicate where two of its records are of different holders; a double record
//! where all are of one and Kube-OVN counts more than one of them. Guarantees: "one holder" is decided pair by pair; what
//! an unread kind could make one is only possible.

use super::out::{Out, few};
use crate::finding::{Certainty, Code, Finding, ObjRef};
use crate::gateways::Gateways;
use crate::holder::{Holder, gateway_of, one_holder};
use crate::judge::Context;
use crate::life::Life;
use crate::record::{Record, Source};
use api::names::labels;
use api::slim::{Ip, Kind, Phase, PodType, Vip};
use std::collections::BTreeMap;

/// How many holders a message names; the others are in the objects.
const NAMED: usize = 6;

/// Finds duplicates and double records.
pub(super) fn check(context: &Context<'_>, out: &mut Out) {
    for group in context.records.groups().filter(|group| group.len() > 1) {
        match distinct(context, group) {
            Distinct::One => double_record(context, group, out),
            Distinct::Several(certainty) => out.push(duplicate(context, group, certainty)),
        }
    }
}

/// The subject of findings about one address of one wire.
#[must_use]
pub(super) fn subject(context: &Context<'_>, record: &Record<'_>) -> String {
    format!("{}/{}", context.subnets.wire_name(record.wire), record.addr)
}

/// How many holders an address has.
enum Distinct {
    One,
    Several(Certainty),
}

fn distinct(context: &Context<'_>, group: &[Record<'_>]) -> Distinct {
    // Nearly every address has a pod and its IP object, and no more.
    let claimed = group.iter().any(|record| matches!(record.source, Source::Claim(_)));
    if !claimed && group.iter().all(|record| record.holder == group[0].holder) {
        return Distinct::One;
    }
    let mut surest = None;
    // One record per holder and source stands for the others like it, so that thousands of records of one address
    // do not make millions of pairs.
    let kinds = representatives(group);
    for (i, a) in kinds.iter().enumerate() {
        for b in &kinds[i + 1..] {
            if surest == Some(Certainty::Proven) {
                break;
            }
            if !one_holder(&context.gateways, a, b) {
                let certainty = pair_certainty(context, a, b);
                surest = Some(surest.map_or(certainty, |known: Certainty| known.min(certainty)));
            }
        }
    }
    surest.map_or(Distinct::One, Distinct::Several)
}

/// The first record of each holder and kind of source, in the order of the group.
fn representatives<'a, 'w>(group: &'a [Record<'w>]) -> Vec<&'a Record<'w>> {
    let mut seen = std::collections::BTreeSet::new();
    group.iter().filter(|record| seen.insert((record.holder, source_kind(&record.source)))).collect()
}

/// A number for each kind of source.
fn source_kind(source: &Source<'_>) -> u8 {
    match source {
        Source::Ip(_) => 0,
        Source::Pod(..) => 1,
        Source::Eip(_) => 2,
        Source::OvnEip(_) => 3,
        Source::Vip(_) => 4,
        Source::Node(_) => 5,
        Source::Subnet(_) => 6,
        Source::Claim(_) => 7,
    }
}

fn pair_certainty(context: &Context<'_>, a: &Record<'_>, b: &Record<'_>) -> Certainty {
    // Two records that name one Subnet are on one wire, whichever that is.
    let wire_unknown = a.said.is_none()
        && b.said.is_none()
        && a.source.subnet() != b.source.subnet()
        && !context.world.coverage.is_complete(Kind::Subnet);
    let other_lists = source_kind(&a.source) != source_kind(&b.source);
    let new = other_lists && [a, b].iter().any(|record| context.world.is_recent(record.source.created()));
    let going = [a, b].iter().any(|record| {
        // A terminating pod uses its address until it is gone; a record that is being deleted was released already.
        let released = !matches!(record.source, Source::Pod(..)) || other_lists;
        released && context.world.is_going(record.source.meta())
    });
    // Kube-OVN is about to take back what the only pod of a record had.
    let ended = [a, b].iter().any(|record| {
        let Source::Ip(ip) = record.source else { return false };
        matches!(context.life_of_ip(ip), Life::Finished { pod, .. } if context.finished_lately(pod))
    });
    Certainty::Proven.possible_if(undecided(context, a, b) || wire_unknown || new || going || ended)
}

/// Whether a kind that was not read completely could show that two records are of one holder.
#[must_use]
pub(super) fn undecided(context: &Context<'_>, a: &Record<'_>, b: &Record<'_>) -> bool {
    could_be_one(context, a, b) || could_be_one(context, b, a)
}

fn could_be_one(context: &Context<'_>, a: &Record<'_>, b: &Record<'_>) -> bool {
    let coverage = &context.world.coverage;
    match (&a.source, &b.source) {
        (Source::Eip(eip), _) => may_be_nic_of(context, b, &eip.spec.nat_gw),
        (Source::Ip(vm), Source::Ip(launcher)) => {
            vm.spec.pod_type == PodType::VirtualMachine
                && launcher.spec.namespace == vm.spec.namespace
                && launcher.spec.pod_name.starts_with("virt-launcher-")
                && !coverage.is_complete_in(Kind::Pod, &vm.spec.namespace)
        }
        (Source::Vip(vip), _) => may_be_lent_to(context, vip, b),
        _ => false,
    }
}

/// Whether the NIC of an IP object may be a gateway's: the gateway's name is in its own, and what would say so for certain, its
/// pod or the gateway, may be among what was not read. What a pod says goes before what its name and its template say.
pub(super) fn may_be_nic_of(context: &Context<'_>, nic: &Record<'_>, gateway: &str) -> bool {
    let Source::Ip(ip) = nic.source else { return false };
    let coverage = &context.world.coverage;
    let has_pods = coverage.is_complete_in(Kind::Pod, &ip.spec.namespace);
    let known = has_pods && coverage.is_complete(Kind::VpcNatGateway);
    let named = !gateway.is_empty() && ip.spec.pod_name.contains(gateway);
    let unsaid = (nic.pod.is_none() && !has_pods) || gateway_of(&context.gateways, nic).is_none();
    !known && named && unsaid
}

/// Whether a Vip may be lent to the holder of a record: its labels say so and cannot be read, or a pod that was not read does.
pub(super) fn may_be_lent_to(context: &Context<'_>, vip: &Vip, record: &Record<'_>) -> bool {
    let unreadable = || context.world.is_unreadable(Kind::Vip, &vip.meta, &["metadata.labels"]);
    match record.source {
        Source::Ip(ip) => !context.world.coverage.is_complete_in(Kind::Pod, &ip.spec.namespace) || unreadable(),
        Source::Pod(..) => unreadable(),
        _ => false,
    }
}

/// How the winner of an address is told (ARCHITECTURE.md, two records of one address): a running pod, a node or a Subnet's
/// own address before a ready EIP before a retained owner (a pod that does not run yet is none the better) before a
/// reservation; the pod's own object before its IP object; the older before the younger.
fn rank(context: &Context<'_>, record: &Record<'_>) -> u8 {
    match record.source {
        Source::Pod(pod, _) => {
            if runs(pod) {
                0
            } else {
                4
            }
        }
        Source::Node(_) | Source::Subnet(_) => 1,
        Source::Eip(eip) if eip.status.ready => 3,
        Source::OvnEip(eip) if eip.status.ready => 3,
        Source::Eip(_) | Source::OvnEip(_) | Source::Vip(_) => 5,
        Source::Claim(claim) => life_rank(&context.life_of_claim(claim)),
        Source::Ip(ip) => match record.pod.filter(|pod| !crate::record::is_finished(pod)) {
            Some(pod) => {
                if runs(pod) {
                    2
                } else {
                    5
                }
            }
            None => life_rank(&context.life_of_ip(ip)),
        },
    }
}

fn runs(pod: &api::slim::Pod) -> bool {
    pod.status.phase == Phase::Running
}

fn life_rank(life: &Life<'_>) -> u8 {
    match life {
        Life::Alive(Some(pod)) if runs(pod) => 2,
        Life::Alive(None) => 2,
        Life::Alive(Some(_)) => 5,
        Life::Retained(_) | Life::Unknown(_) => 6,
        Life::Reserved => 7,
        Life::Finished { .. } | Life::Gone(_) => 8,
    }
}

/// The records, the one that wins first.
fn ranked<'a, 'w>(context: &Context<'w>, group: &'a [Record<'w>]) -> Vec<&'a Record<'w>> {
    let mut keyed: Vec<_> = group
        .iter()
        .map(|record| ((rank(context, record), record.source.created(), record.source.object()), record))
        .collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    keyed.into_iter().map(|(_, record)| record).collect()
}

fn duplicate(context: &Context<'_>, group: &[Record<'_>], certainty: Certainty) -> Finding {
    let ranked = ranked(context, group);
    let holders = holders(&context.gateways, &ranked);
    let first = ranked[0];
    let alive = holders.iter().filter(|(_, records)| is_alive(context, records)).count();
    let names = few(holders.iter().map(|(holder, records)| describe(context, *holder, records)), NAMED);
    let message = format!("{} is on record for {} holders, {alive} of them alive: {names}", first.addr, holders.len());
    let why = match alive {
        0 => "nobody uses it now, but whoever comes back first takes an address that others are told is theirs",
        1 => {
            "one of them uses it; the records of the others make it look taken after it is free, or free while it is taken"
        }
        _ => "they answer to one address on one network: their traffic goes to whichever was heard last",
    };
    let subnet = first.subnet.or(first.said).map(|id| context.subnets.get(id).name());
    Finding::new(Code::DuplicateAddress, &subject(context, first), certainty, objects(&ranked))
        .on(subnet, Some(context.subnets.wire_name(first.wire)))
        .at([first.addr])
        .says(message, why, fix(first, &holders))
}

fn fix(winner: &Record<'_>, holders: &[(Holder<'_>, Vec<&Record<'_>>)]) -> String {
    let keeper = winner.source.object();
    let reservations: Vec<&Ip> = holders
        .iter()
        .flat_map(|(_, records)| records)
        .filter(|record| record.holder != winner.holder)
        .filter_map(|record| if let Source::Ip(ip) = record.source { Some(ip) } else { None })
        .filter(|ip| ip.meta.label(labels::IP_RESERVED) == Some("true"))
        .collect();
    let addr = winner.addr;
    let them = match reservations.len() {
        0 => {
            return format!(
                "keep it for {keeper}; give each of the others another address, the ones that are not alive first"
            );
        }
        1 => "the reservation of it that nobody uses".to_owned(),
        n => format!("the {n} reservations of it that nobody uses"),
    };
    // One for a pod of a kind has the owner whom the allocator knows the address by, as a leaked record has
    // (`Context::shared_release`); any other gives up its own share only.
    if reservations.iter().all(|ip| ip.spec.pod_type == PodType::Absent) {
        let each = if reservations.len() == 1 { "it" } else { "each" };
        return format!(
            "keep it for {keeper}; delete {them} (`kubectl delete ip NAME`: {each} only gives up its own share), then give \
             each other holder another address"
        );
    }
    let names = few(reservations.iter().map(|ip| &ip.meta.name), NAMED);
    format!(
        "keep it for {keeper}. Kube-OVN's allocator may know only the owner of a reservation, and would take the address for \
         free when that goes: exclude {addr} first (`excludeIps` of the Subnet: an excluded address is never picked), then \
         delete {them} (`kubectl delete ips`: {names}), and give each other holder another address"
    )
}

/// The records by holder, in the order of the ranking. Records that are one holder pairwise, but by another identity (a
/// Vip and its borrower), stand under the first of them.
fn holders<'a, 'w>(gateways: &Gateways<'w>, ranked: &[&'a Record<'w>]) -> Vec<(Holder<'w>, Vec<&'a Record<'w>>)> {
    let mut index: BTreeMap<Holder<'w>, usize> = BTreeMap::new();
    let mut holders: Vec<(Holder<'w>, Vec<&'a Record<'w>>)> = Vec::new();
    for record in ranked {
        if let Some(&known) = index.get(&record.holder) {
            // A claim is of a pod by its UID: of another pod of that name it is another holder's.
            let is_claim = |record: &Record<'_>| matches!(record.source, Source::Claim(_));
            let other = (is_claim(record) || holders[known].1.iter().any(|known| is_claim(known)))
                && !holders[known].1.iter().all(|known| one_holder(gateways, known, record));
            match other {
                true => holders.push((record.holder, vec![record])),
                false => holders[known].1.push(record),
            }
            continue;
        }
        // Vips and EIPs join at most one other holder; pods never do, and there may be thousands.
        let joins = matches!(record.source, Source::Vip(_) | Source::Eip(_) | Source::Claim(_));
        let other = joins.then(|| {
            holders.iter().position(|(_, records)| {
                let eips = records.iter().any(|known| matches!(known.source, Source::Eip(_)));
                !eips && records.iter().all(|known| one_holder(gateways, known, record))
            })
        });
        match other.flatten() {
            Some(known) => {
                index.insert(record.holder, known);
                holders[known].1.push(record);
            }
            None => {
                index.insert(record.holder, holders.len());
                holders.push((record.holder, vec![record]));
            }
        }
    }
    holders
}

fn is_alive(context: &Context<'_>, records: &[&Record<'_>]) -> bool {
    records.iter().any(|record| match record.source {
        Source::Ip(ip) => matches!(context.life_of_ip(ip), Life::Alive(_)),
        Source::Claim(claim) => matches!(context.life_of_claim(claim), Life::Alive(_)),
        Source::Pod(..) | Source::Eip(_) | Source::OvnEip(_) | Source::Vip(_) | Source::Node(_) | Source::Subnet(_) => {
            true
        }
    })
}

/// A holder with its state: `pod default/c2r (Running)`.
fn describe(context: &Context<'_>, holder: Holder<'_>, records: &[&Record<'_>]) -> String {
    if let [record] = records
        && let Source::Ip(ip) = record.source
        && context.life_of_ip(ip) == Life::Reserved
    {
        return format!("reservation {}", ip.meta.name);
    }
    let states: Vec<String> = records.iter().filter_map(|record| state(context, record)).collect();
    match states.first() {
        Some(state) => format!("{holder} ({state})"),
        None => holder.to_string(),
    }
}

fn state(context: &Context<'_>, record: &Record<'_>) -> Option<String> {
    match record.source {
        Source::Pod(pod, _) if pod.meta.is_deleted() => Some("terminating".to_owned()),
        Source::Pod(pod, _) => Some(pod.status.phase.to_string()).filter(|phase| !phase.is_empty()),
        Source::Eip(eip) => Some(if eip.status.ready { "ready" } else { "not ready" }.to_owned()),
        Source::OvnEip(eip) => Some(if eip.status.ready { "ready" } else { "not ready" }.to_owned()),
        Source::Ip(ip) => life_text(&context.life_of_ip(ip)),
        Source::Claim(claim) => life_text(&context.life_of_claim(claim)),
        Source::Vip(_) | Source::Node(_) | Source::Subnet(_) => None,
    }
}

fn life_text(life: &Life<'_>) -> Option<String> {
    match life {
        Life::Alive(_) => Some("alive".to_owned()),
        Life::Retained(retainer) => Some(format!("kept for {retainer}")),
        Life::Reserved => Some("reserved".to_owned()),
        Life::Finished { pod, .. } => Some(pod.status.phase.to_string()),
        Life::Gone(_) => Some("gone".to_owned()),
        Life::Unknown(_) => None,
    }
}

fn objects(ranked: &[&Record<'_>]) -> Vec<ObjRef> {
    let mut seen = std::collections::BTreeSet::new();
    ranked.iter().map(|record| record.source.object()).filter(|object| seen.insert(object.clone())).collect()
}

/// Whether Kube-OVN adds the object of a record to its Subnet's count.
fn is_counted(context: &Context<'_>, record: &Record<'_>) -> bool {
    match (record.subnet.or(record.said), &record.source) {
        (Some(id), _) => crate::accounts::is_counted(context, record, id),
        // Where the Subnet is gone, or was not read, whatever would be counted.
        (None, Source::Vip(vip)) => vip.meta.label(labels::IP_RESERVED) == Some(""),
        (None, Source::Ip(_) | Source::Eip(_) | Source::OvnEip(_)) => true,
        (None, Source::Pod(..) | Source::Node(_) | Source::Subnet(_) | Source::Claim(_)) => false,
    }
}

fn double_record(context: &Context<'_>, group: &[Record<'_>], out: &mut Out) {
    let counted = group.iter().filter(|record| is_counted(context, record));
    if counted.clone().count() < 2 {
        return;
    }
    let mut ordered: Vec<&Record<'_>> = counted.collect();
    ordered.sort_by_key(|record| {
        (!matches!(record.source, Source::Ip(_)), record.source.created(), record.source.object())
    });
    let first = ordered[0];
    let names = few(ordered.iter().map(|record| record.source.object()), NAMED);
    let because = match gateway_of(&context.gateways, first) {
        Some(gateway) => format!("the NIC of VpcNatGateway {gateway} and an EIP of that gateway have one address"),
        None => format!("they are of one holder, {}", first.holder),
    };
    let message = format!("{} is recorded {} times for one holder ({names}): {because}", first.addr, ordered.len());
    let subnet = first.subnet.or(first.said).map(|id| context.subnets.get(id).name());
    let others = group.iter().filter(|record| !is_counted(context, record));
    let all: Vec<&Record<'_>> = ordered.iter().copied().chain(others).collect();
    out.push(
        Finding::new(Code::DoubleRecord, &subject(context, first), Certainty::Proven, objects(&all))
            .on(subnet, Some(context.subnets.wire_name(first.wire)))
            .at([first.addr])
            .says(
                message,
                "traffic is not harmed, but Kube-OVN counts objects and not addresses: the Subnet's status shows one more in \
                 use than there are",
                "leave it while the gateway runs; to separate them give the EIP another address, or set \
                 `noDefaultEIP: true` on the gateway when it is made anew",
            ),
    );
}
