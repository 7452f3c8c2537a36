//! `show holders`: everyone who has an address on record.
//!
//! In: the records. Out: one row per holder. Guarantees: one pass and one sort; a holder's addresses are in order of wire
//! and address.

use crate::holder::{HolderName, LifeWord, Occupant};
use crate::lens::Lens;
use crate::look::{Look, Role};
use crate::table::{Cell, Table};
use engine::findings::out::few;
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

/// Every holder.
#[must_use]
pub fn holders(lens: &Lens<'_, '_>) -> HoldersView {
    let mut found: BTreeMap<HolderName, HolderRow> = BTreeMap::new();
    for group in lens.context.records.groups() {
        for holding in lens.holdings(group) {
            let subnet = group[0].subnet.or(group[0].said).map(|id| lens.context.subnets.get(id).name().to_owned());
            let address = HeldAddress {
                address: group[0].addr.to_string(),
                wire: lens.context.subnets.wire_name(group[0].wire).to_string(),
                subnet,
            };
            let row = found.entry(holding.holder.clone()).or_insert_with(|| HolderRow {
                holder: holding.holder,
                life: holding.life,
                life_text: holding.life_text.clone(),
                occupant: None,
                addresses: Vec::new(),
            });
            if holding.life < row.life {
                (row.life, row.life_text) = (holding.life, holding.life_text);
            }
            row.occupant = row.occupant.take().or(holding.occupant);
            row.addresses.push(address);
        }
    }
    HoldersView { holders: found.into_values().collect() }
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
            let occupant = match &row.occupant {
                Some(occupant) => occupant.text(&row.holder),
                None => row.life_text.clone(),
            };
            let mut subnets: Vec<&str> = row.addresses.iter().filter_map(|held| held.subnet.as_deref()).collect();
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
