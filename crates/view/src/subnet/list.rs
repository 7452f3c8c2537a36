//! The list of a Subnet: every address on record, and every run of addresses between.
//!
//! In: the records and sets of one family. Out: rows in order of address. Guarantees: holder and occupant are columns of
//! their own; a gap is a row; one row per run, however long.

use crate::holder::Holding;
use crate::lens::Lens;
use crate::number::Number;
use crate::run::run_text;
use crate::state::State;
use engine::record::Record;
use engine::report::FamilyLine;
use engine::world::subnets::SubnetId;
use ledger::{Addr, AddrRange, AddrSet, Family};
use serde::Serialize;

/// A row: one address, or a run of addresses of one state that nobody holds.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The first address.
    pub first: String,
    /// The last one.
    pub last: String,
    /// How many there are.
    pub count: Number,
    /// What they are.
    pub state: RowState,
    /// Who has it, one entry per holder; empty for runs.
    pub holders: Vec<Holding>,
    /// The run as people say it.
    #[serde(skip)]
    pub run: String,
}

/// What the addresses of a row are.
pub type RowState = State;

/// An address on record.
#[derive(Debug)]
pub(super) struct Held<'a, 'w> {
    pub(super) addr: Addr,
    pub(super) state: State,
    records: &'a [Record<'w>],
}

/// The addresses on record of one family, in order.
pub(super) fn held<'a, 'w>(lens: &Lens<'a, 'w>, id: SubnetId, family: Family) -> Vec<Held<'a, 'w>> {
    let of_family = lens.groups_of(id).filter(|group| group[0].addr.family() == family);
    let subnet = lens.context.subnets.get(id);
    of_family
        .map(|records| {
            let addr = records[0].addr;
            let state = if subnet.is_usable(addr) { lens.state(records) } else { State::Unusable };
            Held { addr, state, records }
        })
        .collect()
}

/// All rows in order of address; addresses that are not usable stand where they belong, or at the ends.
pub(super) fn list(lens: &Lens<'_, '_>, line: &FamilyLine, lost: &AddrSet, held: &[Held<'_, '_>]) -> Vec<Row> {
    let mut rows: Vec<(Addr, Row)> = held.iter().map(|held| (held.addr, held_row(lens, held))).collect();
    let gateway = line.gateway.filter(|&addr| line.excluded.contains(addr));
    let free = line.available.difference(lost);
    rows.extend(free.ranges().map(|range| (range.first(), run_row(range, State::Available))));
    rows.extend(lost.ranges().map(|range| (range.first(), run_row(range, State::Lost))));
    rows.extend(
        without(&line.excluded, gateway).ranges().map(|range| (range.first(), run_row(range, State::Excluded))),
    );
    rows.extend(gateway.map(|addr| (addr, run_row(addr.into(), State::Gateway))));
    rows.sort_by_key(|(first, _)| *first);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn without(set: &AddrSet, addr: Option<Addr>) -> AddrSet {
    let mut rest = set.clone();
    if let Some(addr) = addr {
        rest.remove(addr);
    }
    rest
}

fn run_row(range: AddrRange, state: State) -> Row {
    Row {
        first: range.first().to_string(),
        last: range.last().to_string(),
        count: Number(range.count()),
        state,
        holders: Vec::new(),
        run: run_text(range),
    }
}

fn held_row(lens: &Lens<'_, '_>, held: &Held<'_, '_>) -> Row {
    Row { holders: lens.holdings(held.records), ..run_row(held.addr.into(), held.state) }
}
