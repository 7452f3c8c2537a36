//! IPPools: parts of a Subnet that are set apart, some of them for certain Namespaces only.
//!
//! In: IPPools as observed, the book of a Subnet. Out: the pools of the book; which pool an address is of; which pools a
//! Namespace takes from. Guarantees: pools of one Subnet share no address: the older one has it, and the other is refused as
//! a whole, with the reason, until it is changed or the older one is; so the outcome does not depend on the order in which
//! they are seen. A pool that is being deleted is gone.

use super::id::HolderId;
use api::slim::{Bad as _, Field, IpPool, Path, Str, Time};
use ledger::{Addr, AddrRange, AddrSets, SubnetBook};
use std::collections::{BTreeMap, BTreeSet};

/// The place of a pool among the pools of its Subnet: when it was made, then its name.
type Place = (Option<Time>, Str);

/// One pool.
#[derive(Debug, PartialEq, Eq)]
struct Pool {
    place: Place,
    subnet: Str,
    namespaces: BTreeSet<Str>,
    addrs: AddrSets,
    /// What of it cannot be read.
    unreadable: Option<Box<str>>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Pools {
    by_name: BTreeMap<Str, Pool>,
    by_subnet: BTreeMap<Str, BTreeSet<Place>>,
    by_namespace: BTreeMap<Str, BTreeSet<Place>>,
    /// By Subnet, where each range of a pool begins: where it ends, and the pool.
    ranges: BTreeMap<Str, BTreeMap<Addr, (Addr, Str)>>,
    faults: BTreeMap<Str, Box<str>>,
    touched: BTreeSet<Str>,
}

impl Pool {
    fn of(object: &IpPool) -> Self {
        let spec = &object.spec;
        let mut bad = Vec::new();
        spec.collect_bad(Path::Field(&Path::Root, "spec"), &mut bad);
        let ranges = spec.ips.iter().filter_map(Field::get).map(|entry| entry.0);
        Self {
            place: (object.meta.created.get().copied(), object.meta.name.clone()),
            subnet: spec.subnet.clone(),
            namespaces: spec.namespaces.iter().cloned().collect(),
            addrs: ranges.collect(),
            unreadable: bad.first().map(|field| format!("{}: {}", field.path, field.reason).into()),
        }
    }
}

impl Pools {
    /// Takes over a pool; the Subnets whose pools are other ones now.
    pub(super) fn put(&mut self, object: &IpPool) -> BTreeSet<Str> {
        let name = &object.meta.name;
        self.touched.insert(name.clone());
        if object.meta.is_deleted() {
            return self.forget(name);
        }
        let pool = Pool::of(object);
        if self.by_name.get(name) == Some(&pool) {
            return BTreeSet::new();
        }
        let mut changed = self.forget(name);
        changed.insert(pool.subnet.clone());
        self.by_subnet.entry(pool.subnet.clone()).or_default().insert(pool.place.clone());
        for namespace in &pool.namespaces {
            self.by_namespace.entry(namespace.clone()).or_default().insert(pool.place.clone());
        }
        self.by_name.insert(name.clone(), pool);
        changed
    }

    /// Forgets a pool; the Subnet that it was of.
    pub(super) fn forget(&mut self, name: &str) -> BTreeSet<Str> {
        self.faults.remove(name);
        let Some(pool) = self.by_name.remove(name) else { return BTreeSet::new() };
        take(&mut self.by_subnet, &pool.subnet, &pool.place);
        pool.namespaces.iter().for_each(|namespace| take(&mut self.by_namespace, namespace, &pool.place));
        BTreeSet::from([pool.subnet])
    }

    /// Makes the pools of a book those of its Subnet.
    pub(super) fn arrange(&mut self, subnet: &Str, book: &mut SubnetBook<HolderId, Str>) {
        let mut ranges = BTreeMap::new();
        let mut accepted = BTreeMap::new();
        for (_, name) in self.by_subnet.get(subnet).into_iter().flatten() {
            self.touched.insert(name.clone());
            let Some(pool) = self.by_name.get(name) else { continue };
            let fault =
                pool.unreadable.clone().or_else(|| pool.addrs.ranges().find_map(|range| shared(&ranges, range)));
            if let Some(fault) = fault {
                self.faults.insert(name.clone(), fault);
                continue;
            }
            self.faults.remove(name);
            ranges.extend(pool.addrs.ranges().map(|range| (range.first(), (range.last(), name.clone()))));
            accepted.insert(name.as_str(), &pool.addrs);
        }
        let stale = book.pools().filter(|(name, addrs)| accepted.get(name) != Some(addrs));
        for name in stale.map(|(name, _)| name.to_owned()).collect::<Vec<_>>() {
            book.remove_pool(&name);
        }
        let there: BTreeSet<String> = book.pools().map(|(name, _)| name.to_owned()).collect();
        for (name, addrs) in accepted.into_iter().filter(|(name, _)| !there.contains(*name)) {
            let set = book.set_pool(name, addrs.clone());
            debug_assert!(set.is_ok(), "those that share an address were refused above");
        }
        self.ranges.insert(subnet.clone(), ranges);
    }

    /// There is no such Subnet, or none that can be used.
    pub(super) fn orphan(&mut self, subnet: &str) {
        self.ranges.remove(subnet);
        for (_, name) in self.by_subnet.get(subnet).into_iter().flatten() {
            self.touched.insert(name.clone());
            self.faults.insert(name.clone(), format!("Subnet {subnet} is not there").into());
        }
    }

    /// Something changed at an address.
    pub(super) fn touch(&mut self, subnet: &str, addr: Addr) {
        if let Some(name) = self.at(subnet, addr).cloned() {
            self.touched.insert(name);
        }
    }

    /// Something changed for a pool.
    pub(super) fn touch_named(&mut self, name: &Str) {
        self.touched.insert(name.clone());
    }

    /// The pools for which something changed.
    pub(super) fn take_touched(&mut self) -> BTreeSet<Str> {
        std::mem::take(&mut self.touched)
    }

    /// The pool of a Subnet that an address is of.
    pub(super) fn at(&self, subnet: &str, addr: Addr) -> Option<&Str> {
        let (_, (last, name)) = self.ranges.get(subnet)?.range(..=addr).next_back()?;
        (*last >= addr && last.family() == addr.family()).then_some(name)
    }

    /// Why a pool cannot be used as it is written.
    pub(super) fn fault(&self, name: &str) -> Option<&str> {
        self.faults.get(name).map(AsRef::as_ref)
    }

    /// The Subnet of a pool.
    pub(super) fn subnet(&self, name: &str) -> Option<&Str> {
        self.by_name.get(name).map(|pool| &pool.subnet)
    }

    /// The pools that a Namespace takes from on a Subnet, the oldest first.
    pub(super) fn of_namespace<'a>(&'a self, namespace: &str, subnet: &'a str) -> impl Iterator<Item = &'a Str> {
        let places = self.by_namespace.get(namespace).into_iter().flatten();
        places.map(|(_, name)| name).filter(move |name| self.subnet(name).is_some_and(|of| of == subnet))
    }

    /// The Namespaces that a pool is bound to.
    pub(super) fn namespaces(&self, name: &str) -> impl Iterator<Item = &Str> {
        self.by_name.get(name).into_iter().flat_map(|pool| &pool.namespaces)
    }

    /// The pools that are bound to a Namespace, the oldest first.
    pub(super) fn bound_to(&self, namespace: &str) -> impl Iterator<Item = &Str> {
        self.by_namespace.get(namespace).into_iter().flatten().map(|(_, name)| name)
    }

    /// Why a Namespace may not take from a pool.
    pub(super) fn bars(&self, name: &str, namespace: &str) -> Option<String> {
        let bound = &self.by_name.get(name)?.namespaces;
        if bound.is_empty() || bound.contains(namespace) {
            return None;
        }
        let bound: Vec<&str> = bound.iter().map(Str::as_str).collect();
        Some(format!("pool {name} is for pods of Namespace {}", bound.join(", ")))
    }

    /// Why a Namespace may not have an address of a Subnet.
    pub(super) fn bars_addr(&self, subnet: &str, addr: Addr, namespace: &str) -> Option<String> {
        let why = self.bars(self.at(subnet, addr)?, namespace)?;
        Some(format!("{addr}: {why}"))
    }
}

/// The first address of a range that another pool has, in words.
fn shared(ranges: &BTreeMap<Addr, (Addr, Str)>, range: AddrRange) -> Option<Box<str>> {
    let (first, (last, other)) = ranges.range(..=range.last()).next_back()?;
    let part = AddrRange::new(*first, *last).ok()?.intersection(&range)?;
    Some(format!("it would share {part} with pool {other}").into())
}

/// Takes an element out of a set in a map, and the set too once it is empty.
fn take(map: &mut BTreeMap<Str, BTreeSet<Place>>, key: &Str, place: &Place) {
    if let Some(set) = map.get_mut(key) {
        set.remove(place);
        if set.is_empty() {
            map.remove(key);
        }
    }
}
