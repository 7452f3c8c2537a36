//! One family of a subnet: which of its addresses are free, excluded or in which pool, and in which order they go out.
//!
//! In: the CIDR, gateway, excludes and pools, and which addresses are taken and given back. Out: the next address to
//! give out, counts and ranges. Guarantee: every usable address is in exactly one place: claimed, free in one pool
//! (never used, or waiting since it was freed), or excluded and idle. It does not know who claims; whoever calls keeps
//! the claims and says of each exactly once that it is taken or given back.

use std::collections::BTreeMap;

use super::outcome::{Barred, NotFree, Unusable};
use crate::{
    Accounting, AddrSet, Cidr, Counts,
    runs::{Run, Runs},
    word::Word,
};

/// Which pool an address is in: a number that the subnet's book gives to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PoolId(pub(super) u32);

impl PoolId {
    /// What no named pool has.
    pub(super) const DEFAULT: Self = Self(0);
}

/// In which order free addresses go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Never used ones from the lowest up, then the one that was freed longest ago.
    LateReuse,
    /// From the lowest up.
    Lowest,
}

#[derive(Clone, Debug)]
pub(super) struct Ground<W: Word> {
    cidr: Cidr,
    usable: Run<W>,
    gateway: Option<W>,
    /// As configured, within usable, the gateway added.
    excluded: Runs<W>,
    /// Of these, what nobody claims.
    idle: Runs<W>,
    /// Usable, neither claimed nor excluded: the free addresses of all pools.
    available: Runs<W>,
    /// When each unclaimed address that was ever used was given back, excluded ones too.
    freed: BTreeMap<W, u64>,
    /// The next such time. Only the order counts.
    clock: u64,
    /// The addresses of named pools: first to last and pool. What is between them is in the default pool.
    segments: BTreeMap<W, (W, PoolId)>,
    pools: BTreeMap<PoolId, Side<W>>,
}

/// The free addresses of one pool.
#[derive(Clone, Debug)]
struct Side<W: Word> {
    fresh: Runs<W>,
    /// Used before, by the time since when they are free.
    waiting: BTreeMap<u64, W>,
}

impl<W: Word> Side<W> {
    fn new() -> Self {
        Self { fresh: Runs::new(W::default()), waiting: BTreeMap::new() }
    }
}

impl<W: Word> Ground<W> {
    /// A subnet's family in which nothing is claimed yet: [`refill`](Self::refill) follows.
    pub(super) fn new(cidr: Cidr, gateway: Option<W>, excludes: &AddrSet) -> Self {
        let usable = W::ends(cidr.usable()).expect("a CIDR of this family");
        let empty = || Runs::new(W::default());
        let pools = BTreeMap::from([(PoolId::DEFAULT, Side::new())]);
        let mut ground = Self {
            cidr,
            usable,
            gateway,
            excluded: empty(),
            idle: empty(),
            available: empty(),
            freed: BTreeMap::new(),
            clock: 0,
            segments: BTreeMap::new(),
            pools,
        };
        ground.excluded = ground.excluded_by(gateway, excludes);
        ground
    }

    pub(super) const fn cidr(&self) -> Cidr {
        self.cidr
    }

    fn excluded_by(&self, gateway: Option<W>, excludes: &AddrSet) -> Runs<W> {
        let mut excluded = self.usable_of(excludes);
        if let Some(gateway) = gateway.filter(|&gateway| self.is_usable(gateway)) {
            excluded.insert(gateway, gateway);
        }
        excluded
    }

    pub(super) fn is_usable(&self, at: W) -> bool {
        self.usable.0 <= at && at <= self.usable.1
    }

    /// Why `at` may not be asked for by name, whoever holds it.
    pub(super) fn bars(&self, at: W) -> Option<Barred> {
        let addr = at.addr();
        match (self.gateway == Some(at), self.is_usable(at)) {
            (true, _) => Some(Barred::Gateway),
            (false, true) => None,
            _ if addr == self.cidr.network() => Some(Barred::Unusable(Unusable::Network)),
            _ if addr == self.cidr.last() => Some(Barred::Unusable(Unusable::Broadcast)),
            _ => Some(Barred::Outside),
        }
    }

    fn pool_of(&self, at: W) -> PoolId {
        let below = self.segments.range(..=at).next_back();
        below.filter(|(_, (last, _))| at <= *last).map_or(PoolId::DEFAULT, |(_, &(_, pool))| pool)
    }

    fn side(&mut self, pool: PoolId) -> &mut Side<W> {
        self.pools.entry(pool).or_insert_with(Side::new)
    }

    /// `at` is claimed from now on.
    pub(super) fn take(&mut self, at: W) {
        if !self.is_usable(at) {
            return;
        }
        let was_free = self.available.remove(at, at);
        if !was_free {
            self.idle.remove(at, at);
        }
        let since = self.freed.remove(&at);
        if was_free {
            let pool = self.pool_of(at);
            let side = self.side(pool);
            match since {
                Some(since) => drop(side.waiting.remove(&since)),
                None => drop(side.fresh.remove(at, at)),
            }
        }
    }

    /// `at` is not claimed any more.
    pub(super) fn give_back(&mut self, at: W) {
        if !self.is_usable(at) {
            return;
        }
        let since = self.clock;
        self.clock += 1;
        self.freed.insert(at, since);
        if self.excluded.around_member(at).is_some() {
            self.idle.insert(at, at);
        } else {
            self.available.insert(at, at);
            let pool = self.pool_of(at);
            self.side(pool).waiting.insert(since, at);
        }
    }

    /// The next address of `pool` that is not in `skip`, or whether there was one at all.
    pub(super) fn pick(&self, pool: PoolId, order: Order, skip: Option<&Runs<W>>) -> Result<W, NotFree> {
        let Some(side) = self.pools.get(&pool) else { return Err(NotFree::Exhausted) };
        let skipped = |at: W| skip.and_then(|skip| skip.around_member(at));
        let picked = match order {
            Order::LateReuse => {
                let fresh = lowest(W::default(), |at| side.fresh.first_from(at), skipped);
                fresh.or_else(|| side.waiting.values().copied().find(|&at| skipped(at).is_none()))
            }
            Order::Lowest => lowest(W::default(), |at| self.free_from(pool, at), skipped),
        };
        let none_at_all = side.fresh.len() == 0 && side.waiting.is_empty();
        picked.ok_or(if none_at_all { NotFree::Exhausted } else { NotFree::AllSkipped })
    }

    /// The lowest free address of `pool` at or above `at`.
    fn free_from(&self, pool: PoolId, at: W) -> Option<W> {
        let mut at = at;
        loop {
            let free = self.available.first_from(at)?;
            let segment = self.segments.range(..=free).next_back().filter(|(_, (last, _))| free <= *last);
            match segment {
                None if pool == PoolId::DEFAULT => return Some(free),
                Some((_, &(_, owner))) if owner == pool => return Some(free),
                // Over the segment of another pool at once; towards the next segment of a named one.
                Some((_, &(last, _))) => at = last.next()?,
                None => at = *self.segments.range(free..).next()?.0,
            }
        }
    }

    /// Takes `range` out of every place; its claims stay with whoever keeps them. What decides where addresses belong
    /// may change now; [`refill`](Self::refill) of the same range follows.
    pub(super) fn clear(&mut self, range: Run<W>) {
        self.available.remove(range.0, range.1);
        self.idle.remove(range.0, range.1);
        for (pool, part) in self.parts_of(range) {
            self.side(pool).fresh.remove(part.0, part.1);
            let times: Vec<_> = self.freed.range(part.0..=part.1).map(|(_, &since)| since).collect();
            let side = self.side(pool);
            for since in times {
                side.waiting.remove(&since);
            }
        }
    }

    /// Puts what is usable of `range` where it belongs. `claimed`: which addresses of it are claimed, in order.
    pub(super) fn refill(&mut self, range: Run<W>, claimed: impl IntoIterator<Item = W>) {
        let range = (range.0.max(self.usable.0), range.1.min(self.usable.1));
        if range.0 > range.1 {
            return;
        }
        let taken = Runs::from_sorted(claimed.into_iter().map(|at| (at, at)));
        let unclaimed = Runs::from_sorted([range]).difference(&taken);
        for idle in unclaimed.intersection(&self.excluded).walk() {
            self.idle.insert(idle.0, idle.1);
        }
        let free = unclaimed.difference(&self.excluded);
        for run in free.walk() {
            self.available.insert(run.0, run.1);
        }
        for (pool, part) in self.parts_of(range) {
            let waiting: Vec<_> =
                self.freed.range(part.0..=part.1).filter(|(at, _)| free.around_member(**at).is_some()).collect();
            let waiting: BTreeMap<_, _> = waiting.into_iter().map(|(&at, &since)| (since, at)).collect();
            let side = self.side(pool);
            for run in free.walk_between(part.0, part.1) {
                side.fresh.insert(run.0.max(part.0), run.1.min(part.1));
            }
            for &at in waiting.values() {
                side.fresh.remove(at, at);
            }
            side.waiting.extend(waiting);
        }
    }

    /// Other excluded addresses: answers with the ranges that [`clear`](Self::clear) emptied and that want
    /// [`refill`](Self::refill).
    pub(super) fn set_excludes(&mut self, gateway: Option<W>, excludes: &AddrSet) -> Vec<Run<W>> {
        let excluded = self.excluded_by(gateway, excludes);
        let changed = excluded.difference(&self.excluded).union(&self.excluded.difference(&excluded));
        let changed: Vec<_> = changed.walk().collect();
        for &range in &changed {
            self.clear(range);
        }
        (self.gateway, self.excluded) = (gateway, excluded);
        changed
    }

    /// Other addresses for `pool`, which had those of `before`; they overlap no other pool. Answers as
    /// [`set_excludes`](Self::set_excludes).
    pub(super) fn set_pool(&mut self, pool: PoolId, before: &AddrSet, addrs: &AddrSet) -> Vec<Run<W>> {
        let (had, wanted) = (self.usable_of(before), self.usable_of(addrs));
        let changed = wanted.difference(&had).union(&had.difference(&wanted));
        let changed: Vec<_> = changed.walk().collect();
        for &range in &changed {
            self.clear(range);
        }
        for run in had.walk() {
            self.segments.remove(&run.0);
        }
        for run in wanted.walk() {
            self.segments.insert(run.0, (run.1, pool));
        }
        if wanted.len() == 0 {
            self.pools.remove(&pool);
        }
        changed
    }

    /// Keeps in mind when addresses were given back, as `before` does.
    pub(super) fn remember(&mut self, before: &Self) {
        self.freed =
            before.freed.iter().filter(|(at, _)| self.is_usable(**at)).map(|(&at, &since)| (at, since)).collect();
        self.clock = before.clock;
    }

    pub(super) const fn usable(&self) -> Run<W> {
        self.usable
    }

    /// The parts of `range` by the pool that they are in.
    fn parts_of(&self, range: Run<W>) -> Vec<(PoolId, Run<W>)> {
        let mut parts = Vec::new();
        let mut at = Some(range.0);
        let below = self.segments.range(..range.0).next_back();
        for (&first, &(last, pool)) in below.into_iter().chain(self.segments.range(range.0..=range.1)) {
            let Some(open) = at.filter(|&open| open <= last) else { continue };
            if let Some(before) = first.prev().filter(|&before| open <= before) {
                parts.push((PoolId::DEFAULT, (open, before)));
            }
            parts.push((pool, (first.max(open), last.min(range.1))));
            at = last.next();
        }
        parts.extend(at.filter(|&open| open <= range.1).map(|open| (PoolId::DEFAULT, (open, range.1))));
        parts
    }

    /// What is usable of `addrs`.
    fn usable_of(&self, addrs: &AddrSet) -> Runs<W> {
        Runs::from_sorted(addrs.ranges_in(W::range(self.usable)).filter_map(W::ends))
    }

    pub(super) fn counts(&self) -> Counts {
        Counts::from_rest(self.cidr.usable().count(), self.available.count(), self.idle.count())
    }

    pub(super) fn counts_in(&self, block: Run<W>) -> Counts {
        let usable = W::range(block).intersection(&W::range(self.usable));
        let usable = usable.map_or_else(Default::default, |part| part.count());
        let (first, last) = block;
        Counts::from_rest(usable, self.available.count_between(first, last), self.idle.count_between(first, last))
    }

    pub(super) fn longest_free_in(&self, block: Run<W>) -> impl Iterator<Item = Run<W>> + '_ {
        self.available.longest_between(block.0, block.1)
    }

    pub(super) fn accounting(&self, apart: Runs<W>) -> Accounting {
        let usable = Runs::from_sorted([self.usable]);
        let sets = [usable, self.available.clone(), self.idle.clone(), apart].map(W::into_set);
        let [usable, available, idle, apart] = sets;
        Accounting::from_rest(usable, available, idle, apart)
    }

    /// Of a pool with these addresses; none: of the default pool.
    pub(super) fn pool_accounting(&self, addrs: Option<&AddrSet>) -> Accounting {
        let members = addrs.map_or_else(
            || {
                let named = Runs::from_sorted(self.segments.iter().map(|(&first, &(last, _))| (first, last)));
                Runs::from_sorted([self.usable]).difference(&named)
            },
            |addrs| self.usable_of(addrs),
        );
        let (available, idle) = (self.available.intersection(&members), self.idle.intersection(&members));
        let apart = Runs::new(W::default());
        let [usable, available, idle, apart] = [members, available, idle, apart].map(W::into_set);
        Accounting::from_rest(usable, available, idle, apart)
    }
}

/// The lowest number from `at` on that `next` yields and `skipped` does not cover.
fn lowest<W: Word>(at: W, next: impl Fn(W) -> Option<W>, skipped: impl Fn(W) -> Option<Run<W>>) -> Option<W> {
    let mut found = next(at)?;
    while let Some((_, last)) = skipped(found) {
        found = next(last.next()?)?;
    }
    Some(found)
}
