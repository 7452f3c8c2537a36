//! Findings about IPPools: `pool-overlap`, `pool-outside-subnet`, and their counts and ranges.
//!
//! In: IPPools, Subnets and their using addresses. Out: findings per pair, per pool, per pool and family. Guarantees: a pool
//! is its entries within the usable addresses of its Subnet; its status is judged like a Subnet's, with excluded addresses
//! in use counted as using.

use super::counts::{COUNTED, absence_of_records, half_read, prefix};
use super::out::{Out, count_of, name_addresses};
use crate::accounts::Accounts;
use crate::finding::{Certainty, Code, Finding, FindingId, ObjRef};
use crate::judge::Context;
use crate::report::FamilyLine;
use crate::world::subnets::SubnetId;
use api::slim::{Counter, Field, IpPool, Kind, Malformed};
use ledger::{AddrRange, AddrSet, Family};
use std::collections::BTreeMap;

/// Judges every pool.
pub(super) fn check(
    context: &Context<'_>,
    accounts: &Accounts<'_>,
    lines: &[(SubnetId, Family, FamilyLine)],
    out: &mut Out,
) {
    let mut by_subnet: BTreeMap<SubnetId, Vec<&IpPool>> = BTreeMap::new();
    for pool in context.world.pools.iter() {
        if let Some(id) = context.subnets.named(&pool.spec.subnet) {
            by_subnet.entry(id).or_default().push(pool);
        }
    }
    let judged = context.missing(&COUNTED, "").is_empty();
    for (id, pools) in by_subnet {
        let shared = overlaps(context, id, &pools, out);
        for pool in pools {
            outside(context, id, pool, out);
            let causes = shared.get(pool.meta.name.as_str()).map_or(&[][..], Vec::as_slice);
            let account = accounts.get(id);
            let half_read = pool.spec.ips.iter().any(|entry| entry.bad().is_some())
                || half_read(context, context.subnets.get(id))
                || context.world.is_unreadable(Kind::IpPool, &pool.meta, &["spec.ips"]);
            let own = lines.partition_point(|(line, ..)| *line < id);
            for (_, family, line) in lines[own..].iter().take_while(|(line, ..)| *line == id) {
                let moving = account.in_flight + account.unreadable_in(*family);
                let share =
                    Share { in_flight: moving, causes, half_read, ..Share::new(context, id, pool, *family, line) };
                share.counts(judged, out);
                if judged {
                    share.ranges(account.waiting > 0, out);
                }
            }
        }
    }
}

/// The readable entries of a pool in a family.
fn entries(pool: &IpPool, family: Family) -> impl Iterator<Item = AddrRange> {
    pool.spec.ips.iter().filter_map(Field::get).map(|entry| entry.0).filter(move |range| range.family() == family)
}

fn set_of(pool: &IpPool, family: Family) -> AddrSet {
    let mut set = AddrSet::new(family);
    for range in entries(pool, family) {
        set.insert_range(range);
    }
    set
}

/// Finds pools that share addresses; those findings by pool.
fn overlaps<'w>(
    context: &Context<'_>,
    id: SubnetId,
    pools: &[&'w IpPool],
    out: &mut Out,
) -> BTreeMap<&'w str, Vec<FindingId>> {
    // One sweep over all entries in order: pools of one Subnet may be many.
    let mut blocks: Vec<(AddrRange, usize)> = Vec::new();
    for (i, pool) in pools.iter().enumerate() {
        blocks.extend([Family::V4, Family::V6].into_iter().flat_map(|f| entries(pool, f)).map(|range| (range, i)));
    }
    blocks.sort_by_key(|(range, i)| (range.first(), *i));
    let mut shared: BTreeMap<(usize, usize), Vec<AddrRange>> = BTreeMap::new();
    for (n, (range, i)) in blocks.iter().enumerate() {
        for (other, j) in blocks[n + 1..].iter().take_while(|(other, _)| other.first() <= range.last()) {
            if i != j
                && let Some(both) = range.intersection(other)
            {
                shared.entry((*i.min(j), *i.max(j))).or_default().push(both);
            }
        }
    }
    let mut found: BTreeMap<&str, Vec<FindingId>> = BTreeMap::new();
    for ((i, j), ranges) in shared {
        let finding = overlap(context, id, pools[i], pools[j], &ranges);
        for pool in [pools[i], pools[j]] {
            found.entry(&pool.meta.name).or_default().push(finding.id.clone());
        }
        out.push(finding);
    }
    found
}

fn overlap(context: &Context<'_>, id: SubnetId, a: &IpPool, b: &IpPool, ranges: &[AddrRange]) -> Finding {
    let subnet = context.subnets.get(id);
    let (first, second) = (&a.meta.name, &b.meta.name);
    let union = |family: Family| {
        let mut set = AddrSet::new(family);
        ranges.iter().filter(|range| range.family() == family).for_each(|&range| {
            set.insert_range(range);
        });
        set.ranges().map(|range| text(&range)).collect::<Vec<_>>()
    };
    let texts: Vec<String> = [Family::V4, Family::V6].into_iter().flat_map(union).collect();
    let objects =
        vec![ObjRef::of(Kind::IpPool, a), ObjRef::of(Kind::IpPool, b), ObjRef::of(Kind::Subnet, subnet.object)];
    let mut finding = Finding::new(Code::PoolOverlap, &format!("{first}/{second}"), Certainty::Proven, objects)
        .on(Some(subnet.name()), Some(context.subnets.wire_name(subnet.wire)))
        .says(
            format!("IPPools {first} and {second} of Subnet {} share {}", subnet.name(), texts.join(", ")),
            "Kube-OVN refuses the second pool and goes on with the last state that it took: pods that name it wait, or get \
             addresses that the pool no longer lists",
            format!("take the shared addresses out of `spec.ips` of {first} or of {second}"),
        );
    finding.addresses = texts;
    finding
}

fn text(range: &AddrRange) -> String {
    if range.first() == range.last() {
        range.first().to_string()
    } else {
        format!("{}-{}", range.first(), range.last())
    }
}

fn outside(context: &Context<'_>, id: SubnetId, pool: &IpPool, out: &mut Out) {
    let subnet = context.subnets.get(id);
    if subnet.object.spec.cidr.get().is_none() {
        return;
    }
    let mut beyond = Vec::new();
    for family in [Family::V4, Family::V6] {
        let mut set = set_of(pool, family);
        if let Some(cidr) = subnet.cidr(family) {
            set.remove_range(cidr.range());
        }
        beyond.extend(set.ranges().map(|range| text(&range)));
    }
    if beyond.is_empty() {
        return;
    }
    let name = &pool.meta.name;
    let objects = vec![ObjRef::of(Kind::IpPool, pool), ObjRef::of(Kind::Subnet, subnet.object)];
    let mut finding = Finding::new(Code::PoolOutsideSubnet, name, Certainty::Proven, objects)
        .on(Some(subnet.name()), Some(context.subnets.wire_name(subnet.wire)))
        .says(
            format!("IPPool {name} lists {} outside Subnet {}", super::out::few(&beyond, 4), subnet.name()),
            "these addresses are never given: the pool is smaller than it looks, and pods that need it wait",
            format!("correct `spec.ips` of IPPool {name}, or the Subnet that it names"),
        );
    finding.addresses = beyond;
    out.push(finding);
}

/// One family of one pool.
struct Share<'a, 'w> {
    context: &'a Context<'w>,
    id: SubnetId,
    pool: &'a IpPool,
    family: Family,
    size: AddrSet,
    using: AddrSet,
    available: AddrSet,
    excluded: AddrSet,
    /// Objects of the Subnet that are coming or going, or whose address cannot be read.
    in_flight: u64,
    /// Whether its entries, or what they are of, cannot all be read.
    half_read: bool,
    /// What its status follows from: Kube-OVN goes on with the last state of a pool that it refuses.
    causes: &'a [FindingId],
}

impl<'a, 'w> Share<'a, 'w> {
    fn new(context: &'a Context<'w>, id: SubnetId, pool: &'a IpPool, family: Family, line: &FamilyLine) -> Self {
        let mut usable = AddrSet::new(family);
        usable.insert_range(line.cidr.usable());
        let size = set_of(pool, family).intersection(&usable);
        let using = line.using.intersection(&size);
        let available = line.available.intersection(&size);
        let excluded = line.excluded.intersection(&size);
        Self {
            context,
            id,
            pool,
            family,
            size,
            using,
            available,
            excluded,
            in_flight: 0,
            half_read: false,
            causes: &[],
        }
    }

    /// `v4` fields of an IPPool's status: using, available, and their ranges.
    fn reported(&self) -> (Option<Counter>, Option<Counter>, Option<&str>, Option<&str>) {
        let status = &self.pool.status;
        match self.family {
            Family::V4 => (
                status.v4_using,
                status.v4_available,
                status.v4_using_range.as_deref(),
                status.v4_available_range.as_deref(),
            ),
            Family::V6 => (
                status.v6_using,
                status.v6_available,
                status.v6_using_range.as_deref(),
                status.v6_available_range.as_deref(),
            ),
        }
    }

    fn finding(&self, code: Code, certainty: Certainty) -> Finding {
        let subnet = self.context.subnets.get(self.id);
        let subject = format!("ippools/{}/{}", self.pool.meta.name, prefix(self.family));
        let objects = vec![ObjRef::of(Kind::IpPool, self.pool), ObjRef::of(Kind::Subnet, subnet.object)];
        let mut finding = Finding::new(code, &subject, certainty, objects)
            .on(Some(subnet.name()), Some(self.context.subnets.wire_name(subnet.wire)));
        finding.follows = self.causes.to_vec();
        finding
    }

    fn counts(&self, judged: bool, out: &mut Out) {
        let (using, available, ..) = self.reported();
        let number = |set: &AddrSet| set.count().as_u128().unwrap_or(u128::MAX);
        let name = &self.pool.meta.name;
        if let Some(reported) =
            using.filter(|r| r.value().is_some_and(|v| v > number(&self.size)) && !r.says(number(&self.size)))
        {
            out.push(self.finding(Code::OverCapacity, Certainty::Proven.possible_if(self.half_read)).says(
                format!("{}UsingIPs {reported} of {} usable in IPPool {name}", prefix(self.family), number(&self.size)),
                "the pool is read as full, and pods that name it are refused",
                "correct what the records of the pool's addresses say; the number is recomputed at the next change in the Subnet",
            ));
        }
        let pairs = [("UsingIPs", using, number(&self.using)), ("AvailableIPs", available, number(&self.available))];
        let wrong: Vec<String> = pairs
            .iter()
            .filter_map(|(field, counter, value)| {
                let counter = (*counter).filter(|counter| !counter.says(*value))?;
                Some(format!("{}{field} {counter}, really {value}", prefix(self.family)))
            })
            .collect();
        if wrong.is_empty() || !judged {
            return;
        }
        let near = pairs.iter().all(|(_, counter, value)| {
            counter.is_none_or(|c| c.value().is_some_and(|v| v.abs_diff(*value) <= u128::from(self.in_flight)))
        });
        // More in use than any object explains is concluded from absence; all else the objects contradict.
        let more = using.and_then(Counter::value).is_some_and(|value| value > number(&self.using));
        let certainty =
            if more { absence_of_records(self.context, self.context.subnets.get(self.id)) } else { Certainty::Proven };
        out.push(self.finding(Code::CountMismatch, certainty.possible_if(near || self.half_read)).says(
            format!("IPPool {name}: {}", wrong.join("; ")),
            "namespaces are sent to their next pool by this number",
            "mend what the addresses of the pool follow from; the number is recomputed at the next change in the Subnet",
        ));
    }

    /// A range text of the status; what cannot be read is said.
    fn read(&self, field: &str, text: Option<&str>, out: &mut Out) -> Option<AddrSet> {
        match AddrSet::parse_range_text(self.family, text?) {
            Ok(set) => Some(set),
            Err(error) => {
                let path = format!("status.{}{field}", prefix(self.family));
                let malformed = Malformed { path, reason: error.to_string() };
                super::malformed_object::push(&ObjRef::of(Kind::IpPool, self.pool), &malformed, out);
                None
            }
        }
    }

    fn ranges(&self, waiting: bool, out: &mut Out) {
        let (.., using, available) = self.reported();
        let (using, available) = (self.read("UsingIPRange", using, out), self.read("AvailableIPRange", available, out));
        let outside_excluded = |set: AddrSet| set.difference(&self.excluded);
        let mut parts = Vec::new();
        let mut addresses = AddrSet::new(self.family);
        let mut note = |set: AddrSet, what: &str| {
            if !set.is_empty() {
                parts.push(format!("{} {what}", count_of(&set.count(), "address", "addresses")));
                addresses = addresses.union(&set);
            }
        };
        let mut present = false;
        let mut lost = AddrSet::new(self.family);
        if let Some(listed) = using.map(outside_excluded) {
            lost = listed.difference(&self.using);
            note(lost.clone(), "lost: listed as in use, explained by no object");
            let unlisted = self.using.difference(&listed);
            present |= !unlisted.is_empty();
            note(unlisted, "in use and not listed as such");
        }
        if let Some(listed) = available.map(outside_excluded) {
            let exposed = listed.intersection(&self.using);
            present |= !exposed.is_empty();
            note(exposed, "in use and listed as free");
            note(self.available.difference(&listed).difference(&lost), "free and not listed as free");
        }
        if parts.is_empty() {
            return;
        }
        let near = addresses.count().as_u128().is_some_and(|count| count <= u128::from(self.in_flight));
        let certainty = if present {
            Certainty::Proven
        } else {
            absence_of_records(self.context, self.context.subnets.get(self.id))
        };
        let mut finding =
            self.finding(Code::RangeMismatch, certainty.possible_if(waiting || near || self.half_read)).says(
                format!("{} ranges of IPPool {}: {}", prefix(self.family), self.pool.meta.name, parts.join("; ")),
                "the ranges come from the allocator's memory, which decides who gets an address of the pool",
                "see the range-mismatch of the Subnet; change something in the pool so that its status is written anew",
            );
        finding.addresses = name_addresses(&addresses);
        out.push(finding);
    }
}
