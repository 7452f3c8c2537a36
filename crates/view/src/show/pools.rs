//! `show pools`: every IPPool with its true counts beside those of its status.
//!
//! In: IPPools, and the sets of their Subnets. Out: one row per pool and family. Guarantees: a pool's numbers are those of
//! its addresses within its Subnet's; only addresses of the family of an entry count.

use super::short;
use crate::lens::Lens;
use crate::look::{Look, Role};
use crate::number::{Number, SignedNumber};
use crate::table::{Cell, Table};
use api::slim::{Counter, IpPool};
use ledger::{AddrSet, Family};
use serde::Serialize;

/// All pools.
#[derive(Debug, Clone, Serialize)]
pub struct PoolsView {
    /// One row per pool and family.
    pub pools: Vec<PoolRow>,
}

/// One family of a pool.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolRow {
    /// Name.
    pub name: String,
    /// Its Subnet.
    pub subnet: String,
    /// IPv4 or IPv6.
    pub family: String,
    /// Its addresses, as the status writes ranges.
    pub addresses: String,
    /// How many of them are usable in the Subnet; null where the Subnet is not there.
    pub usable: Option<Number>,
    /// Of those, on record.
    pub using: Option<Number>,
    /// Of those, free.
    pub available: Option<Number>,
    /// What the status says.
    pub reported_using: Option<SignedNumber>,
    /// What the status says.
    pub reported_available: Option<SignedNumber>,
    /// Namespaces bound to it.
    pub namespaces: Vec<String>,
}

/// Every pool.
#[must_use]
pub fn pools(lens: &Lens<'_, '_>) -> PoolsView {
    let pools = lens.context.world.pools.iter();
    PoolsView {
        pools: pools.flat_map(|pool| Family::BOTH.into_iter().filter_map(|family| row(lens, pool, family))).collect(),
    }
}

fn row(lens: &Lens<'_, '_>, pool: &IpPool, family: Family) -> Option<PoolRow> {
    let mut set = AddrSet::new(family);
    let entries = pool.spec.ips.iter().filter_map(|entry| entry.get()).map(|entry| entry.0);
    entries.filter(|range| range.family() == family).for_each(|range| {
        set.insert_range(range);
    });
    if set.is_empty() {
        return None;
    }
    let line = lens.line(&pool.spec.subnet, family);
    let counts = line.map(|line| {
        let mut usable = AddrSet::new(family);
        usable.insert_range(line.cidr.usable());
        [&usable, &line.using, &line.available].map(|of| Number(set.intersection(of).count()))
    });
    let status = &pool.status;
    let (using, available): (Option<Counter>, Option<Counter>) = match family {
        Family::V4 => (status.v4_using, status.v4_available),
        Family::V6 => (status.v6_using, status.v6_available),
    };
    Some(PoolRow {
        name: pool.meta.name.to_string(),
        subnet: pool.spec.subnet.to_string(),
        family: family.to_string(),
        addresses: set.range_text(),
        usable: counts.map(|[usable, ..]| usable),
        using: counts.map(|[_, using, _]| using),
        available: counts.map(|[.., available]| available),
        reported_using: using.map(SignedNumber),
        reported_available: available.map(SignedNumber),
        namespaces: pool.spec.namespaces.iter().map(ToString::to_string).collect(),
    })
}

impl PoolsView {
    /// As a table; numbers of the status that differ are marked with `!`.
    #[must_use]
    pub fn render(&self, look: &Look) -> String {
        if self.pools.is_empty() {
            return "there are no IPPools\n".to_owned();
        }
        let mut table = Table::new(&[
            "POOL",
            "SUBNET",
            "USABLE",
            "USING",
            "AVAILABLE",
            "STATUS USING",
            "STATUS AVAILABLE",
            "ADDRESSES",
            "NAMESPACES",
        ]);
        let number = |count: Option<Number>| Cell::maybe(count.map(|Number(count)| short(count)));
        for row in &self.pools {
            table.push(vec![
                Cell::new(&row.name),
                Cell::new(&row.subnet),
                number(row.usable),
                number(row.using),
                number(row.available),
                reported(row.reported_using, row.using),
                reported(row.reported_available, row.available),
                Cell::new(&row.addresses),
                Cell::new(row.namespaces.join(",")),
            ]);
        }
        let mut out = String::new();
        table.render(&mut out, look, 0);
        out
    }
}

fn reported(counter: Option<SignedNumber>, truth: Option<Number>) -> Cell {
    let Some(SignedNumber(counter)) = counter else { return Cell::maybe(None::<u8>) };
    let text = counter.value().map_or_else(|| counter.to_string(), |value| short(value.into()));
    let says = truth.and_then(|Number(count)| count.as_u128()).is_none_or(|count| counter.says(count));
    if says { Cell::number(text) } else { Cell::number(format!("! {text}")).role(Role::Error) }
}
