//! Who has an address.
//!
//! In: an address. Out: [`AddressAnswer`]: the Subnets and wires on which it is or could be somebody's, and every object that
//! names it. Guarantees: one pass over the objects; every Subnet that contains the address is told, also where two overlap; an
//! address outside all Subnets has an answer, too.

use super::mention::{Mention, Mentions};
use super::others::others;
use super::place::{Place, place};
use crate::lens::Lens;
use engine::world::subnets::{SubnetId, WireId};
use ledger::Addr;
use serde::Serialize;
use std::collections::BTreeSet;

/// What is known of an address.
#[derive(Debug, Clone, Serialize)]
pub struct AddressAnswer {
    /// The address.
    pub address: String,
    /// The Subnets and wires on which it is, or could be, somebody's; empty where it is outside all Subnets and on no record.
    pub places: Vec<Place>,
    /// Every object that names it.
    pub mentions: Vec<Mention>,
}

/// Answers for an address.
#[must_use]
pub fn address(lens: &Lens<'_, '_>, addr: Addr) -> AddressAnswer {
    let context = lens.context;
    let mut mentions = Mentions::default();
    let containing = context.subnets.iter().filter(|(_, subnet)| subnet.contains(addr));
    let mut places: BTreeSet<(WireId, Option<SubnetId>)> =
        containing.map(|(id, subnet)| (subnet.wire, Some(id))).collect();
    for record in context.records.iter().filter(|record| record.addr == addr) {
        mentions.record(lens, record);
        let is_told = places.iter().any(|(wire, _)| *wire == record.wire);
        if !is_told {
            places.insert((record.wire, record.subnet));
        }
    }
    others(context, addr, &mut mentions);
    AddressAnswer {
        address: addr.to_string(),
        places: places.into_iter().map(|(wire, subnet)| place(lens, addr, wire, subnet)).collect(),
        mentions: mentions.finish(),
    }
}
