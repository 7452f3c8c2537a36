//! The checks, one file each: pure functions from the indexed world to findings.
//!
//! In: [`Context`]. Out: [`Report`]. Guarantees: checks that others follow from run before those that follow; every check
//! walks an index once.

mod counts;
mod duplicate_address;
mod duplicate_mac;
mod in_place;
mod label_drift;
mod leaked_ip;
mod leaked_nic;
mod malformed_object;
mod missing_record;
mod missing_reference;
pub mod out;
mod overlaps;
mod places;
mod pools;
mod ranges;
mod rule_conflict;
mod static_conflict;
mod stuck_terminating;

use crate::accounts::Accounts;
use crate::finding::{Code, Finding, FindingId};
use crate::judge::Context;
use crate::report::{CoverageLine, FamilyLine, Report, SubnetLine};
use crate::world::Extent;
use crate::world::subnets::{SubnetId, SubnetOnWire};
use api::slim::{Kind, Str};
use ledger::{AddrRange, AddrSet, Family};
use out::Out;
use std::collections::{BTreeMap, BTreeSet};

/// What checks look at.
#[derive(Debug)]
pub struct Evidence<'a, 'w> {
    /// The indexed world.
    pub context: &'a Context<'w>,
    accounts: Accounts<'w>,
    lines: Vec<(SubnetId, Family, FamilyLine)>,
}

impl<'a, 'w> Evidence<'a, 'w> {
    /// Adds up every Subnet.
    #[must_use]
    pub fn new(context: &'a Context<'w>) -> Self {
        let accounts = Accounts::new(context);
        let lines = lines(context, &accounts);
        Self { context, accounts, lines }
    }
}

/// A check: its name, and what it does.
pub type Check = (&'static str, fn(&Evidence<'_, '_>, &mut Out));

/// Every check, in the order in which they run: those that others follow from first.
pub const CHECKS: [Check; 16] = [
    ("malformed-object", |e, out| malformed_object::check(e.context, out)),
    ("missing-reference", |e, out| missing_reference::check(e.context, out)),
    ("label-drift", |e, out| label_drift::check(e.context, out)),
    ("duplicate-mac", |e, out| duplicate_mac::check(e.context, out)),
    ("overlapping-subnets, suspected-same-wire", |e, out| overlaps::check(e.context, out)),
    ("rule-conflict", |e, out| rule_conflict::check(e.context, out)),
    ("duplicate-address, double-record", |e, out| duplicate_address::check(e.context, out)),
    ("missing-record", |e, out| missing_record::check(e.context, out)),
    ("leaked-ip", |e, out| leaked_ip::check(e.context, out)),
    ("leaked-nic", |e, out| leaked_nic::check(e.context, out)),
    ("outside-subnet, gateway-in-use, excluded-in-use", |e, out| in_place::check(e.context, &e.lines, out)),
    ("static-conflict", |e, out| static_conflict::check(e.context, out)),
    ("stuck-terminating", |e, out| stuck_terminating::check(e.context, out)),
    ("over-capacity, count-mismatch", |e, out| counts::check(e.context, &e.accounts, &e.lines, out)),
    ("range-mismatch", |e, out| ranges::check(e.context, &e.accounts, &e.lines, out)),
    ("pool-overlap, pool-outside-subnet", |e, out| pools::check(e.context, &e.accounts, &e.lines, out)),
];

/// So many of the first checks follow from no finding, and of the [`CHAIN`] after them none follows from theirs.
const APART: usize = 6;
/// So many checks after those follow from each other, and from nothing else; whatever is left follows from any.
const CHAIN: usize = 6;

/// Runs two things, one after the other or at once: they do not meet.
pub type Join<'a> = &'a dyn Fn(&mut (dyn FnMut() + Send), &mut (dyn FnMut() + Send));

/// Runs every check, and makes the report.
#[must_use]
pub fn all(context: &Context<'_>) -> Report {
    all_with(context, &|one, other| {
        one();
        other();
    })
}

/// As [`all`]; `join` may use two cores. The report is the same.
#[must_use]
pub fn all_with(context: &Context<'_>, join: Join<'_>) -> Report {
    let evidence = Evidence::new(context);
    let run = |checks: &[Check], out: &mut Out| checks.iter().for_each(|(_, check)| check(&evidence, out));
    let (mut apart, mut out) = (Out::default(), Out::default());
    join(&mut || run(&CHECKS[..APART], &mut apart), &mut || run(&CHECKS[APART..APART + CHAIN], &mut out));
    out.absorb(apart);
    run(&CHECKS[APART + CHAIN..], &mut out);
    stuck_terminating::link(&mut out);
    ranges_follow_addresses(&mut out);
    unread(context, &mut out);
    let (findings, not_judged) = out.finish();
    Report { findings, subnets: subnet_lines(context, evidence.lines), not_judged, coverage: coverage(context) }
}

/// A range that differs at an address follows from what else was found about that address.
fn ranges_follow_addresses(out: &mut Out) {
    let ranges: Vec<_> = out.of(Code::RangeMismatch).cloned().collect();
    if ranges.is_empty() {
        return;
    }
    let mut causes: BTreeMap<(Str, String), Vec<FindingId>> = BTreeMap::new();
    let codes =
        [Code::DuplicateAddress, Code::DoubleRecord, Code::LeakedIp, Code::MissingRecord, Code::StuckTerminating];
    for code in codes {
        for finding in out.of(code) {
            let Some(subnet) = &finding.subnet else { continue };
            for addr in &finding.addresses {
                causes.entry((subnet.clone(), addr.clone())).or_default().push(finding.id.clone());
            }
        }
    }
    for mut finding in ranges {
        let Some(subnet) = finding.subnet.clone() else { continue };
        let found = finding.addresses.iter().filter_map(|addr| causes.get(&(subnet.clone(), addr.clone()))).flatten();
        let follows: BTreeSet<FindingId> = finding.follows.iter().chain(found).cloned().collect();
        finding.follows = follows.into_iter().collect();
        if let Some(mut count) = count_of_pool(&finding, out) {
            count.follows.clone_from(&finding.follows);
            out.replace(count);
        }
        out.replace(finding);
    }
}

/// The count beside the ranges of a pool: both come from the allocator's memory, and differ for the same reasons.
fn count_of_pool(ranges: &Finding, out: &Out) -> Option<Finding> {
    let (_, subject) = ranges.id.as_str().split_once(':').filter(|(_, subject)| subject.starts_with("ippools/"))?;
    out.get(&FindingId::new(Code::CountMismatch, subject)).cloned()
}

/// Who records addresses, apart from nodes, Subnets and claims.
const RECORDERS: &[Kind] = &[Kind::Ip, Kind::Pod, Kind::IptablesEip, Kind::Vip, Kind::OvnEip];
/// The kinds of which records may be missing: those that Kube-OVN keeps addresses in, where they are not known to be all, and
/// Pods where none were read.
#[must_use]
pub fn unread_recorders(context: &Context<'_>) -> Vec<Kind> {
    let mut kinds = context.missing(&counts::COUNTED, "");
    if *context.world.coverage.extent(Kind::Pod) == Extent::Partial {
        kinds.push(Kind::Pod);
    }
    kinds
}

/// Who asks for certain addresses.
const REQUESTERS: &[Kind] = &[Kind::Pod, Kind::IptablesEip, Kind::OvnEip, Kind::Vip, Kind::VpcNatGateway];
/// Rules of NAT gateways.
const RULES: &[Kind] = &[Kind::IptablesFipRule, Kind::IptablesDnatRule, Kind::IptablesSnatRule];

/// Classes that are judged by what is there, and without any object of these kinds not at all.
const ABOUT: &[(Code, &[Kind])] = &[
    (Code::DuplicateAddress, RECORDERS),
    (Code::DoubleRecord, RECORDERS),
    (Code::DuplicateMac, RECORDERS),
    (Code::OutsideSubnet, RECORDERS),
    (Code::GatewayInUse, RECORDERS),
    (Code::ExcludedInUse, RECORDERS),
    (Code::MissingRecord, &[Kind::Pod]),
    (Code::LeakedNic, &[Kind::Pod]),
    (Code::StaticConflict, REQUESTERS),
    (Code::RuleConflict, RULES),
    (Code::OutsideSubnet, &[Kind::Subnet]),
    (Code::GatewayInUse, &[Kind::Subnet]),
    (Code::ExcludedInUse, &[Kind::Subnet]),
    (Code::StaticConflict, &[Kind::Subnet]),
    (Code::OverCapacity, &[Kind::Subnet]),
    (Code::CountMismatch, &[Kind::Subnet]),
    (Code::RangeMismatch, &[Kind::Subnet]),
    (Code::OverlappingSubnets, &[Kind::Subnet]),
    (Code::SuspectedSameWire, &[Kind::Subnet]),
    (Code::PoolOverlap, &[Kind::IpPool]),
    (Code::PoolOutsideSubnet, &[Kind::IpPool]),
];

/// Says which classes could not be judged because nothing that they are about was read.
fn unread(context: &Context<'_>, out: &mut Out) {
    let unread = |kind: &Kind| context.world.count(*kind) == 0 && !context.world.coverage.is_complete(*kind);
    for (code, kinds) in ABOUT.iter().filter(|(_, kinds)| kinds.iter().all(unread)) {
        out.not_judged(*code, kinds.iter().copied(), 0);
    }
}

/// Each family of each Subnet, in order of the Subnets.
fn lines(context: &Context<'_>, accounts: &Accounts<'_>) -> Vec<(SubnetId, Family, FamilyLine)> {
    let mut lines = Vec::new();
    for (id, subnet) in context.subnets.iter() {
        for family in [Family::V4, Family::V6] {
            if let Some(line) = line(subnet, family, accounts, id) {
                lines.push((id, family, line));
            }
        }
    }
    lines
}

fn line(subnet: &SubnetOnWire<'_>, family: Family, accounts: &Accounts<'_>, id: SubnetId) -> Option<FamilyLine> {
    let cidr = subnet.cidr(family)?;
    let account = accounts.get(id).family(family);
    let gateway = subnet.gateway(family);
    let mut usable = AddrSet::new(family);
    usable.insert_range(cidr.usable());
    let mut excluded = AddrSet::new(family);
    for range in subnet.excludes(family).chain(gateway.and_then(|gateway| AddrRange::new(gateway, gateway).ok())) {
        excluded.insert_range(range);
    }
    let using = account.using_set(family);
    let excluded = excluded.intersection(&usable).difference(&using);
    let available = usable.difference(&using).difference(&excluded);
    let status = &subnet.object.status;
    let (reported_using, reported_available) = match family {
        Family::V4 => (status.v4_using, status.v4_available),
        Family::V6 => (status.v6_using, status.v6_available),
    };
    let apart = account.apart.clone();
    Some(FamilyLine {
        cidr,
        gateway,
        usable: usable.count(),
        using,
        available,
        excluded,
        reported_using,
        reported_available,
        apart,
    })
}

fn subnet_lines(context: &Context<'_>, lines: Vec<(SubnetId, Family, FamilyLine)>) -> Vec<SubnetLine> {
    let mut subnets: Vec<SubnetLine> = context
        .subnets
        .iter()
        .map(|(_, subnet)| SubnetLine {
            name: subnet.name().into(),
            wire: context.subnets.wire_name(subnet.wire).clone(),
            v4: None,
            v6: None,
        })
        .collect();
    for (id, family, line) in lines {
        let subnet = &mut subnets[id.0 as usize];
        match family {
            Family::V4 => subnet.v4 = Some(line),
            Family::V6 => subnet.v6 = Some(line),
        }
    }
    subnets
}

fn coverage(context: &Context<'_>) -> CoverageLine {
    let world = context.world;
    let counts = Kind::ALL.into_iter().map(|kind| (kind, world.count(kind)));
    CoverageLine {
        kinds: counts.filter(|(_, count)| *count > 0).collect(),
        not_supplied: world.coverage.not_complete().collect(),
        unreadable: Vec::new(),
    }
}
