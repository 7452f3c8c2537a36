//! The Subnets by name, by wire and address, and by provider.
//!
//! In: Subnets, Vlans. Out: [`Subnets`]: which wire a Subnet is on, which Subnet of a wire contains an address.
//! Guarantees: the wire follows docs/audit.md; a lookup by address costs a binary search; where Subnets of one wire
//! overlap, the one that the record names is preferred.

use super::World;
use api::names::{self, Provider, annotations};
use api::schema::wire_in_name;
use api::slim::{Exclude, Field, Str, Subnet, Vlan};
use ledger::{Addr, AddrRange, Cidr, Family};
use std::collections::BTreeMap;

/// Index of a Subnet in [`Subnets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubnetId(pub u32);

/// Index of a wire in [`Subnets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WireId(pub u32);

/// A Subnet with its wire.
#[derive(Debug, Clone)]
pub struct SubnetOnWire<'w> {
    /// The object.
    pub object: &'w Subnet,
    /// Its wire.
    pub wire: WireId,
    /// Its provider.
    pub provider: Provider<'w>,
}

impl<'w> SubnetOnWire<'w> {
    /// Name of the Subnet.
    #[must_use]
    pub fn name(&self) -> &'w str {
        &self.object.meta.name
    }

    /// Its block of a family.
    #[must_use]
    pub fn cidr(&self, family: Family) -> Option<Cidr> {
        self.object.spec.cidr.get().and_then(|pair| pair.get(family))
    }

    /// Its gateway of a family.
    #[must_use]
    pub fn gateway(&self, family: Family) -> Option<Addr> {
        self.object.spec.gateway.get().and_then(|pair| pair.get(family))
    }

    /// The readable excludes of a family, as they are written.
    pub fn exclude_entries(&self, family: Family) -> impl Iterator<Item = Exclude> + use<'w> {
        let entries = self.object.spec.exclude_ips.iter().filter_map(Field::get).copied();
        entries.filter(move |exclude| exclude.range.family() == family)
    }

    /// The readable excludes of a family.
    pub fn excludes(&self, family: Family) -> impl Iterator<Item = AddrRange> + use<'w> {
        self.exclude_entries(family).map(|exclude| exclude.range)
    }

    /// Whether its wire is a VPC, of which each Subnet is a layer 2 of its own: OVN without a Vlan or a wire of its own.
    #[must_use]
    pub fn is_on_vpc(&self) -> bool {
        self.provider.is_ovn() && self.object.spec.vlan.is_empty() && !self.is_named()
    }

    /// Whether somebody said by annotation which wire it is on.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.object.spec.vlan.is_empty()
            && self.object.meta.annotation(annotations::WIRE).is_some_and(|wire| !wire.is_empty())
    }

    /// Whether an address lies in its block.
    #[must_use]
    pub fn contains(&self, addr: Addr) -> bool {
        self.cidr(addr.family()).is_some_and(|cidr| cidr.contains(addr))
    }

    /// Whether an address may be used in it: not outside, not network or broadcast.
    #[must_use]
    pub fn is_usable(&self, addr: Addr) -> bool {
        self.cidr(addr.family()).is_some_and(|cidr| cidr.usable().contains(addr))
    }
}

/// A block on a wire, for lookups by address.
#[derive(Debug, Clone, Copy)]
struct Block {
    first: Addr,
    last: Addr,
    /// The highest last address of this and all earlier blocks of the wire: ends the walk back from a lookup.
    reach: Addr,
    subnet: SubnetId,
}

/// All Subnets.
#[derive(Debug, Clone, Default)]
pub struct Subnets<'w> {
    list: Vec<SubnetOnWire<'w>>,
    by_name: BTreeMap<&'w str, SubnetId>,
    by_provider: BTreeMap<&'w str, Vec<SubnetId>>,
    wires: Vec<Str>,
    wire_ids: BTreeMap<Str, WireId>,
    blocks: Vec<Vec<Block>>,
}

impl<'w> Subnets<'w> {
    /// Indexes the Subnets of a world.
    #[must_use]
    pub fn new(world: &'w World) -> Self {
        let mut subnets = Self::default();
        for object in world.subnets.iter() {
            let wire = subnets.wire_id(&wire_of(world, object));
            let id = SubnetId(index(subnets.list.len()));
            subnets.list.push(SubnetOnWire { object, wire, provider: Provider::parse(&object.spec.provider) });
            subnets.by_name.insert(&object.meta.name, id);
            subnets.by_provider.entry(provider_key(&object.spec.provider)).or_default().push(id);
        }
        subnets.index_blocks();
        subnets
    }

    fn index_blocks(&mut self) {
        self.blocks = vec![Vec::new(); self.wires.len()];
        for (i, subnet) in self.list.iter().enumerate() {
            let Some(pair) = subnet.object.spec.cidr.get() else { continue };
            for cidr in pair.iter() {
                let (first, last) = (cidr.network(), cidr.last());
                self.blocks[subnet.wire.0 as usize].push(Block {
                    first,
                    last,
                    reach: last,
                    subnet: SubnetId(index(i)),
                });
            }
        }
        for blocks in &mut self.blocks {
            blocks.sort_by_key(|block| (block.first, block.last, block.subnet));
            let mut reach = None;
            for block in blocks {
                block.reach = reach.map_or(block.last, |reach: Addr| reach.max(block.last));
                reach = Some(block.reach);
            }
        }
    }

    /// The number of a wire; a new one for a name that was not seen yet.
    pub fn wire_id(&mut self, name: &str) -> WireId {
        if let Some(&id) = self.wire_ids.get(name) {
            return id;
        }
        let id = WireId(index(self.wires.len()));
        self.wires.push(name.into());
        self.wire_ids.insert(name.into(), id);
        id
    }

    /// A wire's name.
    #[must_use]
    pub fn wire_name(&self, id: WireId) -> &Str {
        &self.wires[id.0 as usize]
    }

    /// The wire of that name, where there is a Subnet or a record on it.
    #[must_use]
    pub fn wire_named(&self, name: &str) -> Option<WireId> {
        self.wire_ids.get(name).copied()
    }

    /// A Subnet by its number.
    #[must_use]
    pub fn get(&self, id: SubnetId) -> &SubnetOnWire<'w> {
        &self.list[id.0 as usize]
    }

    /// A Subnet by its name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<SubnetId> {
        self.by_name.get(name).copied()
    }

    /// The Subnets of a provider, in order of their names. `ovn` and the empty provider are one.
    #[must_use]
    pub fn of_provider(&self, provider: &str) -> &[SubnetId] {
        self.by_provider.get(provider_key(provider)).map_or(&[], Vec::as_slice)
    }

    /// All Subnets, in order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (SubnetId, &SubnetOnWire<'w>)> {
        self.list.iter().enumerate().map(|(i, subnet)| (SubnetId(index(i)), subnet))
    }

    /// The Subnet of a wire that contains an address: `preferred` if it does, else the first in address order.
    #[must_use]
    pub fn containing(&self, wire: WireId, addr: Addr, preferred: Option<SubnetId>) -> Option<SubnetId> {
        if let Some(id) = preferred
            && self.get(id).wire == wire
            && self.get(id).contains(addr)
        {
            return preferred;
        }
        // A wire that only records name was numbered after the blocks were sorted, and has none.
        let blocks = self.blocks.get(wire.0 as usize)?;
        let after = blocks.partition_point(|block| block.first <= addr);
        let reaching = blocks[..after].iter().rev().take_while(|block| block.reach >= addr);
        reaching.filter(|block| block.last >= addr).last().map(|block| block.subnet)
    }

    /// Every pair of Subnets on one wire whose blocks overlap, with the overlapping blocks.
    #[must_use]
    pub fn overlaps(&self) -> Vec<(SubnetId, SubnetId, AddrRange)> {
        let mut found = Vec::new();
        for blocks in &self.blocks {
            for (i, block) in blocks.iter().enumerate() {
                let later = blocks[i + 1..].iter().take_while(|later| later.first <= block.last);
                for later in later.filter(|later| later.subnet != block.subnet) {
                    let pair = (block.subnet.min(later.subnet), block.subnet.max(later.subnet));
                    if let Ok(range) = AddrRange::new(later.first, block.last.min(later.last)) {
                        found.push((pair.0, pair.1, range));
                    }
                }
            }
        }
        found
    }
}

/// The primary provider under one key.
fn provider_key(provider: &str) -> &str {
    if provider.is_empty() { names::PRIMARY_PROVIDER } else { provider }
}

/// A list's length as an index: objects are counted in memory, so 32 bits hold it.
fn index(len: usize) -> u32 {
    u32::try_from(len).expect("fewer than 2^32 Subnets and wires fit in memory")
}

/// The wire of a Subnet (docs/audit.md), as claims name it: long and odd names in their short form. Only the wire
/// of a Vlan that was not read has a ':' in it, which no wire of a claim can have.
pub(crate) fn wire_of(world: &World, subnet: &Subnet) -> String {
    wire(subnet, world.vlans.named(&subnet.spec.vlan))
}

/// The same, where the Vlan that the Subnet names is at hand.
#[must_use]
pub fn wire(subnet: &Subnet, vlan: Option<&Vlan>) -> String {
    match vlan.filter(|_| !subnet.spec.vlan.is_empty()) {
        None if !subnet.spec.vlan.is_empty() => format!("vlan:{}", subnet.spec.vlan),
        vlan => wire_in_name(&full_wire(subnet, vlan)).into_owned(),
    }
}

fn full_wire(subnet: &Subnet, vlan: Option<&Vlan>) -> String {
    let spec = &subnet.spec;
    if let Some(vlan) = vlan {
        return format!("{}-{}", vlan.spec.provider, vlan.spec.id);
    }
    if let Some(wire) = subnet.meta.annotation(annotations::WIRE).filter(|wire| !wire.is_empty()) {
        return wire.to_owned();
    }
    let provider = Provider::parse(&spec.provider);
    if provider.is_ovn() {
        let vpc = if spec.vpc.is_empty() { names::DEFAULT_VPC } else { spec.vpc.as_str() };
        return format!("{vpc}.ovn");
    }
    spec.provider.to_string()
}
