//! The map of a Subnet: ordered rows of 16 cells.
//!
//! In: the sets of one family, and the state of each address on record. Out: [`Map`]. Guarantees: a cell is an address in
//! a block of up to 256; else, in IPv4, one of 256 blocks; else one of the occupied blocks, with the gaps between as rows.
//! Never more than 256 cells, whatever the CIDR; one walk over the ranges.

use super::list::Held;
use crate::number::Number;
use crate::run::run_text;
use crate::state::State;
use engine::report::FamilyLine;
use ledger::{Addr, AddrRange, AddrSet, Count, Family};
use serde::{Serialize, Serializer};

/// Cells in a row, as people draw it.
const ROW: u8 = 16;
/// Bits of a row.
const ROW_BITS: u8 = 4;
/// The most rows of a map: 16 rows of 16 show a /24 by address and a /16 by its /24s.
const ROWS: usize = 16;

/// The picture of one family of a Subnet.
#[derive(Debug, Clone, Serialize)]
pub struct Map {
    /// Prefix length of a cell: 32 or 128 where a cell is an address.
    pub cell: u8,
    /// Rows in order.
    pub rows: Vec<MapRow>,
}

/// A row.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum MapRow {
    /// Up to 16 cells.
    Cells {
        /// The first address of the first cell.
        #[serde(serialize_with = "as_text")]
        first: Addr,
        /// The cells.
        cells: Vec<MapCell>,
    },
    /// Addresses of which none is on record.
    Gap {
        /// The first one.
        first: String,
        /// The last one.
        last: String,
        /// How many of them are available.
        available: Number,
        /// The run as people say it.
        #[serde(skip)]
        run: String,
    },
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum MapCell {
    /// An address.
    Address {
        /// What it is.
        state: State,
    },
    /// A block.
    Block {
        /// What tells it from its neighbours: its octet, or its hex digit.
        label: String,
        /// Usable addresses in it.
        usable: Number,
        /// Of those, on record.
        using: Number,
        /// Of those, free.
        available: Number,
        /// Addresses in it that are leaked or in conflict.
        flagged: usize,
    },
}

fn as_text<S: Serializer>(addr: &Addr, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(addr)
}

/// Draws the map.
pub(super) fn map(line: &FamilyLine, lost: &AddrSet, held: &[Held<'_, '_>]) -> Map {
    let family = line.cidr.family();
    let prefix = line.cidr.prefix_len();
    let width = family.width();
    let whole = line.cidr.range();
    if width - prefix <= 2 * ROW_BITS {
        let rows = split(whole, width - ROW_BITS).into_iter().map(|row| address_row(line, lost, held, row)).collect();
        return Map { cell: width, rows };
    }
    // What an IPv6 map shows: what is on record, and the gateway.
    let mut marked = line.using.clone();
    if let Some(gateway) = line.gateway.filter(|&gateway| whole.contains(gateway)) {
        marked.insert(gateway);
    }
    let cell = match family {
        Family::V4 => prefix + 2 * ROW_BITS,
        Family::V6 => finest(&marked, prefix, width),
    };
    let rows = match family {
        Family::V4 => split(whole, cell - ROW_BITS),
        Family::V6 => occupied(&marked, cell - ROW_BITS),
    };
    let mut drawn = Vec::with_capacity(rows.len() * 2 + 1);
    let mut next = Some(whole.first());
    for row in rows {
        gap(&mut drawn, line, next, row.first().prev());
        drawn.push(if cell == width { address_row(line, lost, held, row) } else { block_row(line, held, row, cell) });
        next = row.last().next();
    }
    if next.is_some_and(|next| next <= whole.last()) {
        gap(&mut drawn, line, next, Some(whole.last()));
    }
    Map { cell, rows: drawn }
}

/// The finest cells of which the occupied rows still fit on a map: prefixes go by hex digits.
fn finest(using: &AddrSet, prefix: u8, width: u8) -> u8 {
    // Rows begin at the first multiple of four bits that lies inside the block.
    let first = prefix.next_multiple_of(ROW_BITS);
    let rows = (first..=width - ROW_BITS).step_by(usize::from(ROW_BITS));
    let fit = rows.take_while(|&row| occupied_within(using, row, ROWS).is_some());
    fit.last().unwrap_or(first) + ROW_BITS
}

/// The blocks of a prefix length that hold an address of the set, in order.
fn occupied(using: &AddrSet, prefix: u8) -> Vec<AddrRange> {
    occupied_within(using, prefix, usize::MAX).unwrap_or_default()
}

/// The same, or nothing where there are more than `limit`: the walk ends there.
fn occupied_within(using: &AddrSet, prefix: u8, limit: usize) -> Option<Vec<AddrRange>> {
    let mut blocks: Vec<AddrRange> = Vec::new();
    for range in using.ranges() {
        let mut from = range.first();
        if blocks.last().is_some_and(|block| block.contains(from)) {
            match blocks.last().and_then(|block| block.last().next()) {
                Some(after) if after <= range.last() => from = after,
                _ => continue,
            }
        }
        loop {
            if blocks.len() == limit {
                return None;
            }
            let block = block_of(from, prefix);
            blocks.push(block);
            match block.last().next() {
                Some(after) if after <= range.last() => from = after,
                _ => break,
            }
        }
    }
    Some(blocks)
}

/// The block of that prefix length that an address is in.
fn block_of(addr: Addr, prefix: u8) -> AddrRange {
    let host = host_mask(addr.family(), prefix);
    range(addr.family(), addr.bits() & !host, addr.bits() | host)
}

/// The bits behind a prefix.
fn host_mask(family: Family, prefix: u8) -> u128 {
    match family.width() - prefix {
        128 => u128::MAX,
        bits => (1 << bits) - 1,
    }
}

/// A range from bits that are known to be in order and to fit the family.
fn range(family: Family, first: u128, last: u128) -> AddrRange {
    let addr = |bits: u128| match family {
        Family::V4 => Addr::v4(u32::try_from(bits).unwrap_or(u32::MAX)),
        Family::V6 => Addr::v6(bits),
    };
    AddrRange::new(addr(first), addr(last)).expect("the ends are of one family and in order")
}

/// The blocks of a prefix length that make up a block; the block itself where it is not larger.
fn split(whole: AddrRange, prefix: u8) -> Vec<AddrRange> {
    let size = host_mask(whole.family(), prefix);
    let (mut first, last) = (whole.first().bits(), whole.last().bits());
    let mut blocks = Vec::new();
    loop {
        let end = last.min(first | size);
        blocks.push(range(whole.family(), first, end));
        if end == last {
            return blocks;
        }
        first = end + 1;
    }
}

fn gap(rows: &mut Vec<MapRow>, line: &FamilyLine, first: Option<Addr>, last: Option<Addr>) {
    let (Some(first), Some(last)) = (first, last) else { return };
    let Ok(range) = AddrRange::new(first, last) else { return };
    rows.push(MapRow::Gap {
        first: first.to_string(),
        last: last.to_string(),
        available: Number(line.available.count_in(range)),
        run: run_text(range),
    });
}

fn address_row(line: &FamilyLine, lost: &AddrSet, held: &[Held<'_, '_>], row: AddrRange) -> MapRow {
    let mut cells = Vec::with_capacity(usize::from(ROW));
    let mut next = Some(row.first());
    while let Some(addr) = next.filter(|&addr| addr <= row.last()) {
        cells.push(MapCell::Address { state: state(line, lost, held, addr) });
        next = addr.next();
    }
    MapRow::Cells { first: row.first(), cells }
}

fn state(line: &FamilyLine, lost: &AddrSet, held: &[Held<'_, '_>], addr: Addr) -> State {
    if let Ok(at) = held.binary_search_by_key(&addr, |held| held.addr) {
        return held[at].state;
    }
    if line.excluded.contains(addr) {
        return if line.gateway == Some(addr) { State::Gateway } else { State::Excluded };
    }
    match (lost.contains(addr), line.available.contains(addr)) {
        (true, _) => State::Lost,
        (false, true) => State::Available,
        (false, false) => State::Unusable,
    }
}

fn block_row(line: &FamilyLine, held: &[Held<'_, '_>], row: AddrRange, cell: u8) -> MapRow {
    let cells = split(row, cell).into_iter().map(|block| {
        let count = |set: &AddrSet| set.count_in(block);
        let (using, available) = (count(&line.using), count(&line.available));
        let usable = [using, available, count(&line.excluded)].into_iter().try_fold(Count::ZERO, Count::checked_add);
        MapCell::Block {
            label: label(block.first(), cell),
            usable: Number(usable.unwrap_or(Count::MAX)),
            using: Number(using),
            available: Number(available),
            flagged: flagged(held, block),
        }
    });
    MapRow::Cells { first: row.first(), cells: cells.collect() }
}

/// How many addresses of a block need a look.
fn flagged(held: &[Held<'_, '_>], block: AddrRange) -> usize {
    let from = held.partition_point(|held| held.addr < block.first());
    let within = held[from..].iter().take_while(|held| held.addr <= block.last());
    within.filter(|held| matches!(held.state, State::Leaked | State::Conflict)).count()
}

/// The octet, or the hex digit, in which a block of that prefix length ends.
fn label(addr: Addr, prefix: u8) -> String {
    match addr.family() {
        Family::V4 => {
            let behind = 32 - u32::from(prefix.div_ceil(8) * 8);
            ((addr.bits() >> behind) & 0xff).to_string()
        }
        Family::V6 => {
            let behind = 128 - u32::from(prefix.div_ceil(ROW_BITS) * ROW_BITS);
            format!("{:x}", (addr.bits() >> behind) & 0xf)
        }
    }
}
