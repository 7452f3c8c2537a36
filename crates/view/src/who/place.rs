//! A place of an address: the wire on which it is, or could be, somebody's.
//!
//! In: the wire, the Subnet of it that contains the address, the records there. Out: [`Place`]: its state, its neighbours,
//! what stops it from being used. Guarantees: one walk over the records of the Subnet.

use crate::holder::Holding;
use crate::lens::Lens;
use crate::number::Number;
use crate::run::run_text;
use crate::state::State;
use crate::subnet::FindingLine;
use api::slim::{Field, Kind};
use engine::record::Record;
use engine::report::FamilyLine;
use engine::world::subnets::{SubnetId, WireId};
use ledger::{Addr, AddrSet};
use serde::Serialize;

/// A wire on which an address is, or could be, somebody's.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Wire.
    pub wire: String,
    /// The Subnet of the wire that contains the address.
    pub subnet: Option<String>,
    /// Its block.
    pub cidr: Option<String>,
    /// What the address is there.
    pub state: State,
    /// Who has it.
    pub holders: Vec<Holding>,
    /// What stops it from being given to somebody; empty where nothing does.
    pub stops: Vec<String>,
    /// What else there is to know: the pools that it is in.
    pub notes: Vec<String>,
    /// Other Subnets of the wire that contain it: they overlap.
    pub also_in: Vec<String>,
    /// The run of addresses like it, where nobody has it.
    pub run: Option<Neighbour>,
    /// The next address on record below it.
    pub before: Option<Neighbour>,
    /// The next address on record above it.
    pub after: Option<Neighbour>,
    /// What the audit found about it.
    pub findings: Vec<FindingLine>,
}

/// An address, or a run of them, beside the one that was asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Neighbour {
    /// The address, or the run as people say it.
    pub address: String,
    /// How many there are.
    pub count: Number,
    /// What they are.
    pub state: State,
    /// Who has it.
    pub holders: Vec<String>,
}

/// Looks at one wire.
pub(super) fn place<'w>(lens: &Lens<'_, 'w>, addr: Addr, wire: WireId, subnet: Option<SubnetId>) -> Place {
    let context = lens.context;
    let records = context.records.at(wire, addr);
    let name = subnet.map(|id| context.subnets.get(id).name());
    let line = name.and_then(|name| lens.line(name, addr.family()));
    let usable = subnet.is_some_and(|id| context.subnets.get(id).is_usable(addr));
    let lost = subnet.zip(line).map(|(id, line)| lens.lost(id, line));
    let is_lost = lost.as_ref().is_some_and(|lost| lost.contains(addr));
    let state = if is_lost { State::Lost } else { state(lens, addr, records, line, usable) };
    let (before, after) = subnet.map_or((None, None), |id| neighbours(lens, id, addr));
    Place {
        wire: context.subnets.wire_name(wire).to_string(),
        subnet: name.map(str::to_owned),
        cidr: line.map(|line| line.cidr.to_string()),
        state,
        holders: lens.holdings(records),
        stops: stops(lens, addr, state, subnet, records, line),
        notes: pools(lens, addr, name),
        also_in: also_in(lens, addr, wire, subnet),
        run: line.zip(lost).and_then(|(line, lost)| run(line, &lost, addr, state)),
        before,
        after,
        findings: super::findings_in(lens.findings_at(wire, addr).iter().copied()),
    }
}

fn state(lens: &Lens<'_, '_>, addr: Addr, records: &[Record<'_>], line: Option<&FamilyLine>, usable: bool) -> State {
    if !usable {
        return State::Unusable;
    }
    if !records.is_empty() {
        return lens.state(records);
    }
    match line {
        Some(line) if line.gateway == Some(addr) => State::Gateway,
        Some(line) if line.excluded.contains(addr) => State::Excluded,
        _ => State::Available,
    }
}

/// What stops an address from being given to somebody.
fn stops(
    lens: &Lens<'_, '_>,
    addr: Addr,
    state: State,
    subnet: Option<SubnetId>,
    records: &[Record<'_>],
    line: Option<&FamilyLine>,
) -> Vec<String> {
    let mut stops = Vec::new();
    let held: Vec<String> = lens.holdings(records).iter().map(|holding| holding.holder.text()).collect();
    if !held.is_empty() {
        stops.push(format!(
            "{} {} it on record",
            engine::findings::out::few(&held, 4),
            if held.len() == 1 { "has" } else { "have" }
        ));
    }
    let (Some(id), Some(line)) = (subnet, line) else {
        stops.push("no Subnet of this wire contains it".to_owned());
        return stops;
    };
    let subnet = lens.context.subnets.get(id);
    if !subnet.is_usable(addr) {
        let what = match addr.family() {
            _ if addr == line.cidr.network() => "network",
            ledger::Family::V4 => "broadcast",
            ledger::Family::V6 => "last",
        };
        stops.push(format!("it is the {what} address of {}", line.cidr));
    }
    if line.gateway == Some(addr) {
        stops.push(format!("it is the gateway of Subnet {}", subnet.name()));
    }
    let excludes = subnet.object.spec.exclude_ips.iter().filter_map(Field::get);
    for exclude in excludes.filter(|exclude| exclude.range.contains(addr) && line.gateway != Some(addr)) {
        stops.push(format!(
            "excludeIps has {}: it is never picked, and may be asked for by name",
            run_text(exclude.range)
        ));
    }
    if subnet.object.meta.is_deleted() {
        stops.push(format!("Subnet {} is being deleted", subnet.name()));
    }
    if state == State::Lost {
        stops.push(
            "free, but the status lists it as in use and no object explains it: Kube-OVN's allocator gives it to nobody"
                .to_owned(),
        );
    }
    let unread: Vec<&str> = lens.unread_recorders().into_iter().map(Kind::plural).collect();
    if state == State::Available && !unread.is_empty() {
        stops.push(format!(
            "it is on no record that was read, but {} are not known to be all: somebody may have it",
            unread.join(", ")
        ));
    }
    stops
}

/// The other Subnets of the wire that contain it.
fn also_in(lens: &Lens<'_, '_>, addr: Addr, wire: WireId, subnet: Option<SubnetId>) -> Vec<String> {
    let subnets = lens.context.subnets.iter();
    let others = subnets.filter(|(id, other)| Some(*id) != subnet && other.wire == wire && other.contains(addr));
    others.map(|(_, other)| other.name().to_owned()).collect()
}

/// The pools of the Subnet that have it.
fn pools(lens: &Lens<'_, '_>, addr: Addr, subnet: Option<&str>) -> Vec<String> {
    let pools = lens.context.world.pools.iter().filter(|pool| Some(pool.spec.subnet.as_str()) == subnet);
    let having = pools.filter(|pool| pool.spec.ips.iter().filter_map(Field::get).any(|entry| entry.0.contains(addr)));
    having
        .map(|pool| match pool.spec.namespaces.join(", ") {
            bound if bound.is_empty() => {
                format!("it is in IPPool {}: only who asks for that pool gets it", pool.meta.name)
            }
            bound => {
                let namespaces = if pool.spec.namespaces.len() == 1 { "namespace" } else { "namespaces" };
                format!("it is in IPPool {}, which is for the {namespaces} {bound}", pool.meta.name)
            }
        })
        .collect()
}

/// The run of addresses like this one.
fn run(line: &FamilyLine, lost: &AddrSet, addr: Addr, state: State) -> Option<Neighbour> {
    let range = match state {
        State::Available => line.available.difference(lost).range_of(addr),
        State::Lost => lost.range_of(addr),
        State::Excluded => line.excluded.range_of(addr),
        _ => None,
    }?;
    Some(Neighbour { address: run_text(range), count: Number(range.count()), state, holders: Vec::new() })
}

/// The nearest addresses on record, below and above.
fn neighbours(lens: &Lens<'_, '_>, id: SubnetId, addr: Addr) -> (Option<Neighbour>, Option<Neighbour>) {
    let (mut before, mut after) = (None, None);
    for group in lens.groups_of(id).filter(|group| group[0].addr.family() == addr.family()) {
        if group[0].addr < addr {
            before = Some(group);
        } else if group[0].addr > addr {
            after = Some(group);
            break;
        }
    }
    let neighbour = |group: &[Record<'_>]| Neighbour {
        address: group[0].addr.to_string(),
        count: Number(ledger::Count::ONE),
        state: lens.state(group),
        holders: lens.holdings(group).iter().map(|holding| holding.holder.text()).collect(),
    };
    (before.map(neighbour), after.map(neighbour))
}
