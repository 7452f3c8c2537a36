//! The books of the Subnets that addresses are given out from, and the MACs of each wire.
//!
//! In: Subnets as observed, claims. Out: grants, refusals, which Subnet an address belongs to. Guarantees: no two Subnets
//! of one wire share an address; a claim counts for the Subnet of its wire that contains it, whatever Subnet it names; a
//! Subnet whose wire changed under its claims keeps its old one, and says so.

use super::claims::{Claims, Slot};
use super::id::{ClaimKey, HolderId, NicId};
use super::made_mac;
use super::pools::Pools;
use super::project::gateways;
use super::subnet_rules::broken;
use super::want::{Ask, AskMac, Class, Want};
use crate::world::World;
use crate::world::subnets::wire_of;
use api::names;
use api::slim::{Field, IpPool, Str, Subnet, Time, Uid};
use ledger::{
    Addr, AddrPair, AddrSets, Cidr, CidrPair, Family, Grant, MacBook, MacPick, Pick, Refusal, Request, SpecError,
    SubnetBook, SubnetSpec,
};
use std::collections::{BTreeMap, BTreeSet};

/// Why nothing is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Denied {
    /// The Subnet is not there, is being deleted, or cannot be used: why.
    Closed(Box<str>),
    /// The Subnet's book refuses.
    Refused(Refusal<HolderId, Str>),
}

/// One Subnet.
#[derive(Debug)]
struct Page {
    wire: Str,
    provider: Str,
    book: SubnetBook<HolderId, Str>,
    /// Not being deleted.
    open: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Books {
    pages: BTreeMap<Str, Page>,
    /// Where each block of a wire begins: the Subnet, and where it ends.
    blocks: BTreeMap<ClaimKey, (Addr, Str)>,
    by_provider: BTreeMap<Str, BTreeSet<Str>>,
    macs: BTreeMap<Str, MacBook<HolderId, Str>>,
    /// Subnets that cannot be used as they are written, and why.
    faults: BTreeMap<Str, Box<str>>,
    /// Subnets that another manager gives out from.
    foreign: BTreeSet<Str>,
    pub(super) pools: Pools,
    /// Subnets whose accounts or objects changed since they were last taken.
    touched: BTreeSet<Str>,
}

/// What a Subnet comes to, read from the object.
struct Read {
    wire: Str,
    provider: Str,
    spec: SubnetSpec,
    open: bool,
}

fn read(world: &World, subnet: &Subnet) -> Result<Read, Box<str>> {
    if let Some(fault) = broken(subnet) {
        return Err(fault);
    }
    let spec = &subnet.spec;
    let cidrs = spec.cidr.get().map_or(CidrPair::NONE, |cidr| **cidr);
    let gateways = gateways(subnet);
    let excludes = spec.exclude_ips.iter().filter_map(Field::get).map(|exclude| exclude.range);
    Ok(Read {
        wire: wire_of(world, subnet).into(),
        provider: if spec.provider.is_empty() { names::PRIMARY_PROVIDER.into() } else { spec.provider.clone() },
        spec: SubnetSpec::new(cidrs, gateways, excludes.collect::<AddrSets>()).map_err(|error| error.to_string())?,
        open: !subnet.meta.is_deleted(),
    })
}

/// Which of two Subnets that overlap comes first: one that was found to be valid as it is written, then the older one.
fn rank(subnet: &Subnet) -> (bool, Option<Time>, Str) {
    let valid = subnet.status.conditions.iter().any(|condition| {
        condition.type_ == "Validated"
            && condition.status == "True"
            && condition.generation == i64::from(subnet.meta.generation)
    });
    (!valid, subnet.meta.created.get().copied(), subnet.meta.name.clone())
}

fn moved(old: &str, new: &str) -> Box<str> {
    format!("it has claims on wire {old}, and would be on {new}: annotate it `ipledger.dev/wire: {old}`").into()
}

fn overlap(cidr: &Cidr, other: &str, wire: &str) -> Box<str> {
    format!("{cidr} overlaps Subnet {other} on wire {wire}").into()
}

impl Books {
    /// Takes over a Subnet, one of ours or another manager's; whether anything that matters here changed.
    pub(super) fn put(&mut self, world: &World, subnet: &Subnet, claims: &Claims, ours: bool) -> bool {
        let name = &subnet.meta.name;
        self.touched.insert(name.clone());
        let moved = if ours { self.foreign.remove(name) } else { self.foreign.insert(name.clone()) };
        self.put_spec(world, subnet, claims) || moved
    }

    fn put_spec(&mut self, world: &World, subnet: &Subnet, claims: &Claims) -> bool {
        let name = &subnet.meta.name;
        let outcome = read(world, subnet).and_then(|read| {
            let read = self.stay(world, subnet, read, claims)?;
            self.check(name, &read)?;
            self.make_room(world, subnet, &read)?;
            Ok(self.take(name, read, claims))
        });
        match outcome {
            Ok(changed) => self.faults.remove(name).is_some() || changed,
            Err(fault) => self.faults.insert(name.clone(), fault.clone()) != Some(fault),
        }
    }

    /// A Subnet whose claims are on another wire than it would be on stays on theirs, also where nobody remembers it there:
    /// its claims do. Whoever was on the old wire is still there, whatever it is called now.
    fn stay(&mut self, world: &World, subnet: &Subnet, read: Read, claims: &Claims) -> Result<Read, Box<str>> {
        let name = &subnet.meta.name;
        let mut others = claims.wires_of(name).filter(|wire| **wire != read.wire);
        let is_empty = |page: &Page| page.wire == read.wire && page.book.claims().next().is_none();
        let Some(old) = others.next().filter(|_| self.pages.get(name).is_none_or(is_empty)) else { return Ok(read) };
        let fault = moved(old, &read.wire);
        let old = Read { wire: old.clone(), ..read };
        self.make_room(world, subnet, &old)?;
        self.take(name, old, claims);
        Err(fault)
    }

    /// Whether a Subnet may be as it is written, beside the others and beside its own claims.
    fn check(&self, name: &Str, read: &Read) -> Result<(), Box<str>> {
        if let Some(vlan) = read.wire.strip_prefix("vlan:") {
            return Err(format!("its Vlan {vlan} is not there, so that its wire is not known").into());
        }
        if let Some(page) = self.pages.get(name)
            && page.wire != read.wire
            && page.book.claims().next().is_some()
        {
            return Err(moved(&page.wire, &read.wire));
        }
        let held = self.pages.get(name).filter(|page| page.book.claims().next().is_some());
        if let Some(page) = held.filter(|_| read.spec.cidrs().is_none()) {
            return Err(SpecError::CidrTaken(page.book.spec().cidrs()).to_string().into());
        }
        Ok(())
    }

    /// Sees to it that no other Subnet of the wire has an address of this one. Which of two that overlap may be used does
    /// not depend on the order in which they are seen: the one that was used as it is written before, else the older one.
    fn make_room(&mut self, world: &World, subnet: &Subnet, read: &Read) -> Result<(), Box<str>> {
        let others = self.overlapped(&subnet.meta.name, read);
        let rank_of = |name: &Str| world.subnets.named(name).map(rank);
        if let Some((cidr, other)) = others.iter().find(|(_, other)| rank_of(other) <= Some(rank(subnet))) {
            return Err(overlap(cidr, other, &read.wire));
        }
        for (cidr, other) in others {
            let fault = overlap(&cidr, &subnet.meta.name, &read.wire);
            self.close(&other);
            self.arrange(&other);
            self.touched.insert(other.clone());
            self.faults.insert(other, fault);
        }
        Ok(())
    }

    /// The other Subnets of a wire that have addresses of this one, each with the block of it.
    fn overlapped(&self, name: &Str, read: &Read) -> Vec<(Cidr, Str)> {
        let mut others = Vec::new();
        for cidr in read.spec.cidrs().iter() {
            let until = ClaimKey { wire: read.wire.clone(), addr: cidr.last() };
            let below = self.blocks.range(..=until).rev().take_while(|(key, _)| key.wire == read.wire);
            // Blocks of one wire never overlap: they end in the order in which they begin.
            let shared = below.take_while(|(_, (end, _))| *end >= cidr.network());
            others.extend(shared.filter(|(_, (_, owner))| owner != name).map(|(_, (_, owner))| (cidr, owner.clone())));
        }
        others
    }

    fn take(&mut self, name: &Str, read: Read, claims: &Claims) -> bool {
        let before = self.pages.get(name).map(|page| (page.wire.clone(), page.provider.clone(), page.open));
        let same_spec = self.pages.get(name).is_some_and(|page| *page.book.spec() == read.spec);
        if same_spec && before.as_ref() == Some(&(read.wire.clone(), read.provider.clone(), read.open)) {
            return false;
        }
        let moved = before.as_ref().is_some_and(|(wire, ..)| *wire != read.wire);
        self.unlist(name);
        let book = self.pages.remove(name).and_then(|mut page| {
            if !moved && page.book.update(read.spec.clone()).is_ok() {
                return Some(self.without_strangers(page));
            }
            self.take_macs(page.wire, page.book);
            None
        });
        let book = book.unwrap_or_else(|| SubnetBook::new(read.spec.clone()));
        for cidr in read.spec.cidrs().iter() {
            let key = ClaimKey { wire: read.wire.clone(), addr: cidr.network() };
            self.blocks.insert(key, (cidr.last(), name.clone()));
        }
        self.by_provider.entry(read.provider.clone()).or_default().insert(name.clone());
        let (wire, cidrs) = (read.wire.clone(), read.spec.cidrs());
        let page = Page { wire: read.wire, provider: read.provider, book, open: read.open };
        self.pages.insert(name.clone(), page);
        for cidr in cidrs.iter() {
            let range = ledger::AddrRange::new(cidr.network(), cidr.last());
            for (key, slot) in range.into_iter().flat_map(|range| claims.within(&wire, range)) {
                self.record(key, slot);
            }
        }
        self.arrange(name);
        true
    }

    /// The book of a Subnet without what its block does not contain any more: that is no business of it, as after a restart.
    fn without_strangers(&mut self, mut page: Page) -> SubnetBook<HolderId, Str> {
        let cidrs = page.book.spec().cidrs();
        let is_in = |addr: &Addr| cidrs.get(addr.family()).is_some_and(|cidr| cidr.contains(*addr));
        let strangers: Vec<Addr> = page.book.claims().map(|(addr, _)| addr).filter(|addr| !is_in(addr)).collect();
        let macs = self.macs.entry(page.wire).or_default();
        for addr in strangers {
            page.book.release(macs, addr);
        }
        page.book
    }

    /// Forgets a Subnet. Its claims stay: they are no business of a Subnet's life.
    pub(super) fn forget(&mut self, name: &Str) -> bool {
        self.foreign.remove(name);
        self.faults.remove(name);
        let was = self.close(name);
        self.arrange(name);
        was
    }

    /// Takes over an IPPool; the Subnets whose pools are other ones now.
    pub(super) fn put_pool(&mut self, pool: &IpPool) -> BTreeSet<Str> {
        let changed = self.pools.put(pool);
        changed.iter().for_each(|subnet| self.arrange(subnet));
        changed
    }

    /// Forgets an IPPool; the Subnet whose pools are other ones now.
    pub(super) fn forget_pool(&mut self, name: &str) -> BTreeSet<Str> {
        let changed = self.pools.forget(name);
        changed.iter().for_each(|subnet| self.arrange(subnet));
        changed
    }

    /// Gives a Subnet's book its pools.
    fn arrange(&mut self, subnet: &Str) {
        match self.pages.get_mut(subnet) {
            Some(page) => self.pools.arrange(subnet, &mut page.book),
            None => self.pools.orphan(subnet),
        }
    }

    /// A Subnet gives nothing out any more, and its book has no MAC; whether it gave anything out.
    fn close(&mut self, name: &Str) -> bool {
        self.unlist(name);
        self.pages.remove(name).is_some_and(|page| {
            self.take_macs(page.wire, page.book);
            true
        })
    }

    /// A book that is given up leaves no MAC behind on its wire.
    fn take_macs(&mut self, wire: Str, mut book: SubnetBook<HolderId, Str>) {
        let macs = self.macs.entry(wire).or_default();
        let nics: Vec<NicId> = book.nics().map(|(nic, _)| nic.clone()).collect();
        for nic in &nics {
            book.release_nic(macs, nic);
        }
    }

    fn unlist(&mut self, name: &Str) {
        let Some(page) = self.pages.get(name) else { return };
        for cidr in page.book.spec().cidrs().iter() {
            self.blocks.remove(&ClaimKey { wire: page.wire.clone(), addr: cidr.network() });
        }
        if let Some(names) = self.by_provider.get_mut(&page.provider) {
            names.remove(name);
        }
    }

    /// The Subnets for which something changed.
    pub(super) fn take_touched(&mut self) -> BTreeSet<Str> {
        std::mem::take(&mut self.touched)
    }

    /// Something changed for a Subnet.
    pub(super) fn touch(&mut self, name: &Str) {
        self.touched.insert(name.clone());
    }

    /// Whether nobody has an address of a Subnet.
    pub(super) fn is_idle(&self, name: &str) -> bool {
        self.pages.get(name).is_none_or(|page| page.book.claims().next().is_none())
    }

    /// Why a Subnet cannot be used as it is written.
    pub(super) fn fault(&self, name: &str) -> Option<&str> {
        self.faults.get(name).map(AsRef::as_ref)
    }

    /// The Subnets that cannot be used as they are written.
    pub(super) fn faulty(&self) -> impl Iterator<Item = &Str> {
        self.faults.keys()
    }

    /// Whether another manager gives out from a Subnet.
    pub(super) fn is_foreign(&self, name: &str) -> bool {
        self.foreign.contains(name)
    }

    /// The Subnets of a provider that are given out from here, in order of their names.
    pub(super) fn of_provider(&self, provider: &str) -> impl Iterator<Item = &Str> {
        self.by_provider.get(provider).into_iter().flatten().filter(|name| !self.is_foreign(name))
    }

    /// Whether any Subnet is of a provider, whoever gives out from it, and whether it can be used or not.
    pub(super) fn has_provider(&self, world: &World, provider: &str) -> bool {
        let is_of = |name: &Str| world.subnets.named(name).is_some_and(|subnet| subnet.spec.provider == provider);
        self.by_provider.get(provider).is_some_and(|names| !names.is_empty()) || self.faults.keys().any(is_of)
    }

    /// The provider of a Subnet.
    pub(super) fn provider(&self, subnet: &str) -> Option<&Str> {
        self.pages.get(subnet).map(|page| &page.provider)
    }

    /// The network that an address of a wire is on, by the provider of the Subnet that contains it. Names of wires say nothing: a wire may be
    /// called as a user likes.
    pub(super) fn network(&self, key: &ClaimKey) -> Option<&Str> {
        self.provider(self.containing(key)?)
    }

    /// Names of all Subnets that can be used.
    pub(super) fn names(&self) -> impl Iterator<Item = &Str> {
        self.pages.keys()
    }

    /// The wire of a Subnet.
    pub(super) fn wire(&self, subnet: &str) -> Option<&Str> {
        self.pages.get(subnet).map(|page| &page.wire)
    }

    /// What a Subnet is made of.
    pub(super) fn spec(&self, subnet: &str) -> Option<&SubnetSpec> {
        self.pages.get(subnet).map(|page| page.book.spec())
    }

    /// Whether a Subnet is there, and not being deleted.
    pub(super) fn is_open(&self, subnet: &str) -> bool {
        self.pages.get(subnet).is_some_and(|page| page.open)
    }

    /// The book of a Subnet.
    pub(super) fn book(&self, subnet: &str) -> Option<&SubnetBook<HolderId, Str>> {
        self.pages.get(subnet).map(|page| &page.book)
    }

    /// The Subnet of a wire that contains an address.
    pub(super) fn containing(&self, key: &ClaimKey) -> Option<&Str> {
        let (start, (end, name)) = self.blocks.range(..=key.clone()).next_back()?;
        (start.wire == key.wire && *end >= key.addr && start.addr.family() == key.addr.family()).then_some(name)
    }

    /// The Subnets of a wire.
    pub(super) fn on_wire(&self, wire: &Str) -> BTreeSet<Str> {
        let first = Addr::from_bits(Family::V4, 0);
        let blocks = self.blocks.range(ClaimKey { wire: wire.clone(), addr: first }..);
        blocks.take_while(|(key, _)| key.wire == *wire).map(|(_, (_, name))| name.clone()).collect()
    }

    /// Whether an address is one that a want asks for: of one of its Subnets, where any of them is there, and the one that it
    /// names, if it names one. What is on record decides nothing where there is a claim.
    pub(super) fn is_asked(&self, want: &Want, key: &ClaimKey) -> bool {
        let is_in = self.containing(key).is_some_and(|subnet| want.subnets.contains(subnet));
        let named = match &want.ask {
            Ask::This(pair) if want.class == Class::Named => pair.get(key.addr.family()),
            _ => None,
        };
        // One that is named and not there is waited for by whoever has an address of another.
        let is_lost = want.subnets.is_empty() || self.containing(key).is_none();
        (is_in || is_lost && !want.subnets.iter().any(|subnet| self.wire(subnet).is_some()))
            && named.is_none_or(|addr| addr == key.addr)
    }

    /// Puts a claim on record in the Subnet that contains it.
    pub(super) fn record(&mut self, key: &ClaimKey, slot: &Slot) {
        let Some(name) = self.containing(key).cloned() else { return };
        let Some(page) = self.pages.get_mut(&name) else { return };
        self.pools.touch(&name, key.addr);
        self.touched.insert(name);
        // One slot per address: a book that knows another holder is told of its release first.
        let recorded = page.book.record(slot.nic(), key.addr);
        debug_assert!(recorded.is_ok(), "one slot per address");
        if let Some(mac) = slot.mac() {
            // Where two NICs claim one MAC the first one has it here: who asks for one by name is held to all claims of the wire, those of no
            // Subnet among them.
            let _ = page.book.record_mac(self.macs.entry(key.wire.clone()).or_default(), slot.nic(), mac);
        }
    }

    /// Takes an address off the record.
    pub(super) fn release(&mut self, key: &ClaimKey) {
        let Some(name) = self.containing(key).cloned() else { return };
        self.pools.touch(&name, key.addr);
        self.touched.insert(name.clone());
        if let Some(page) = self.pages.get_mut(&name) {
            page.book.release(self.macs.entry(key.wire.clone()).or_default(), key.addr);
        }
    }

    /// Grants all that a want lacks on a Subnet, or nothing: from a pool, if one is given. `has` is what its NIC has already,
    /// `namespace` is the holder's.
    pub(super) fn allocate(
        &mut self,
        (subnet, pool): (&str, Option<&str>),
        want: &Want,
        namespace: &str,
        has: AddrPair,
    ) -> Result<Grant, Denied> {
        if self.is_foreign(subnet) {
            return Err(Denied::Closed("another manager gives its addresses out".into()));
        }
        if let Some(fault) = self.faults.get(subnet) {
            return Err(Denied::Closed(fault.clone()));
        }
        if let Some(why) = pool.and_then(|pool| self.shuts(pool, namespace)) {
            return Err(Denied::Closed(why.into()));
        }
        let barred = |pair: &AddrPair| {
            let asked = pair.iter().filter(|addr| want.class == Class::Named && has.get(addr.family()) != Some(*addr));
            asked.filter_map(|addr| self.pools.bars_addr(subnet, addr, namespace)).next()
        };
        let (ask, refused) = want.ask.without(barred);
        if let Some(why) = refused {
            return Err(Denied::Closed(why.into()));
        }
        // What a running pod has is claimed again wherever that is: the Subnet waits for it, and not the other way.
        let page = self.pages.get_mut(subnet).filter(|page| page.open || want.class == Class::Record);
        let Some(page) = page else { return Err(Denied::Closed("it is gone or being deleted".into())) };
        let (mut attempts, nobody) = (0_u64.., Uid::None);
        let seed = if let AskMac::Made(seed) = &want.mac { seed } else { &nobody };
        let mut make = || made_mac::entropy(seed, &want.nic, attempts.next().unwrap_or_default());
        let mac = match &want.mac {
            AskMac::None | AskMac::Kept(_) => MacPick::None,
            AskMac::Made(_) => MacPick::Any(&mut make),
            AskMac::This(mac) => MacPick::This(*mac),
        };
        let kept = |pair: AddrPair| {
            let mut pair = pair;
            has.iter().for_each(|addr| pair.set(addr.family(), Some(addr)));
            pair
        };
        let mut list = Vec::new();
        let pick = match &ask {
            Ask::Any | Ask::Pool(_) => Pick::Any,
            Ask::This(pair) => Pick::This(kept(*pair)),
            Ask::OneOf(pairs) => {
                list.extend(pairs.iter().map(|pair| kept(*pair)));
                Pick::OneOf(&list)
            }
            Ask::Unreadable(reason) => return Err(Denied::Closed(reason.clone())),
        };
        let mut request = Request::new(want.nic.clone(), pick).with_mac(mac);
        (request.pool, request.family) = (pool, want.family);
        page.book.allocate(self.macs.entry(page.wire.clone()).or_default(), request).map_err(Denied::Refused)
    }

    /// Why nothing is given from a pool to a Namespace.
    fn shuts(&self, pool: &str, namespace: &str) -> Option<String> {
        let fault = self.pools.fault(pool).map(|fault| format!("pool {pool}: {fault}"));
        fault.or_else(|| self.pools.bars(pool, namespace))
    }
}
