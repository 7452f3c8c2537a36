//! `show holders`: everyone who has an address on record, or a NIC without one.
//!
//! In: the records. Out: one row per holder. Guarantees: one pass and one sort; a holder's addresses are in order of wire
//! and address.

use crate::holder::{HolderName, Holding, LifeWord, Occupant};
use crate::lens::Lens;
use crate::look::{Look, Role};
use crate::table::{Cell, Table};
use engine::findings::out::few;
use engine::record::Record;
use serde::Serialize;
use std::collections::BTreeMap;

/// All holders.
#[derive(Debug, Clone, Serialize)]
pub struct HoldersView {
    /// In order of kind, namespace and name.
    pub holders: Vec<HolderRow>,
}

/// A holder.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HolderRow {
    /// Who.
    pub holder: HolderName,
    /// Whether it lives.
    pub life: LifeWord,
    /// That in words.
    pub life_text: String,
    /// The pod that uses its addresses now.
    pub occupant: Option<Occupant>,
    /// Its addresses.
    pub addresses: Vec<HeldAddress>,
    /// The MACs of its NICs that have no address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub macs: Vec<HeldMac>,
}

/// An address of a holder.
#[derive(Debug, Clone, Serialize)]
pub struct HeldAddress {
    /// The address.
    pub address: String,
    /// Its wire.
    pub wire: String,
    /// Its Subnet, where there is one.
    pub subnet: Option<String>,
}

/// The MAC of a NIC that has no address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldMac {
    /// The MAC.
    pub mac: String,
    /// Its wire.
    pub wire: String,
    /// Its Subnet, where there is one.
    pub subnet: Option<String>,
}

/// Every holder.
#[must_use]
pub fn holders(lens: &Lens<'_, '_>) -> HoldersView {
    let mut found: BTreeMap<HolderName, HolderRow> = BTreeMap::new();
    let wire_of = |record: &Record<'_>| lens.context.subnets.wire_name(record.wire).to_string();
    let subnet_of =
        |record: &Record<'_>| record.subnet.or(record.said).map(|id| lens.context.subnets.get(id).name().to_owned());
    for group in lens.context.records.groups() {
        for holding in lens.holdings(group) {
            let first = &group[0];
            let address =
                HeldAddress { address: first.addr.to_string(), wire: wire_of(first), subnet: subnet_of(first) };
            row_of(&mut found, holding).addresses.push(address);
        }
    }
    for nic in lens.context.records.nics() {
        let mac = HeldMac { mac: nic.mac.to_string(), wire: wire_of(&nic.who), subnet: subnet_of(&nic.who) };
        for holding in lens.holdings(std::slice::from_ref(&nic.who)) {
            let row = row_of(&mut found, holding);
            // A pod and its IP object say the same.
            if row.macs.last() != Some(&mac) {
                row.macs.push(mac.clone());
            }
        }
    }
    HoldersView { holders: found.into_values().collect() }
}

/// The row of a holder, with what an address, or a NIC, adds to it.
fn row_of(found: &mut BTreeMap<HolderName, HolderRow>, holding: Holding) -> &mut HolderRow {
    let row = found.entry(holding.holder.clone()).or_insert_with(|| HolderRow {
        holder: holding.holder,
        life: holding.life,
        life_text: holding.life_text.clone(),
        occupant: None,
        addresses: Vec::new(),
        macs: Vec::new(),
    });
    if holding.life < row.life {
        (row.life, row.life_text) = (holding.life, holding.life_text);
    }
    row.occupant = row.occupant.take().or(holding.occupant);
    row
}

/// How many addresses of a holder are named.
const NAMED: usize = 4;

impl HoldersView {
    /// As a table; `wide` names the Subnets.
    #[must_use]
    pub fn render(&self, look: &Look, wide: bool) -> String {
        if self.holders.is_empty() {
            return "nobody has an address on record\n".to_owned();
        }
        let header: &[&'static str] = &["HOLDER", "LIFE", "ADDRESSES", "OCCUPANT", "SUBNETS"];
        let mut table = Table::new(&header[..if wide { 5 } else { 4 }]);
        for row in &self.holders {
            let addresses = row.addresses.iter().map(|held| &held.address);
            let addresses = addresses.chain(row.macs.iter().map(|held| &held.mac));
            let occupant = match &row.occupant {
                Some(occupant) => occupant.text(&row.holder),
                None => row.life_text.clone(),
            };
            let subnets = row.addresses.iter().map(|held| &held.subnet).chain(row.macs.iter().map(|held| &held.subnet));
            let mut subnets: Vec<&str> = subnets.filter_map(|subnet| subnet.as_deref()).collect();
            subnets.dedup();
            table.push(vec![
                Cell::new(row.holder.text()),
                Cell::new(row.life.word()).role(role(row.life)),
                Cell::new(if wide { few(addresses, usize::MAX) } else { few(addresses, NAMED) }),
                Cell::new(occupant),
                Cell::new(subnets.join(",")),
            ]);
        }
        let mut out = String::new();
        table.render(&mut out, look, 0);
        out
    }
}

fn role(life: LifeWord) -> Role {
    match life {
        LifeWord::Lives => Role::Free,
        LifeWord::Kept | LifeWord::Reserved => Role::Info,
        LifeWord::Unknown => Role::Plain,
        LifeWord::Finished | LifeWord::Gone => Role::Warning,
    }
}
