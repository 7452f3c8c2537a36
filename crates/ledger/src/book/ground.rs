//! The rules of one family of a subnet: usable, gateway, excluded, pools, and in which order free addresses go out.
//!
//! In: the spec of the family, and which addresses are taken and given back. Out: what may be asked for by name, and
//! the next free address of a pool. Guarantee: an address goes out again as late as possible: never-used ones first,
//! the lowest first, then the one that was given back longest ago. It does not know who claims: the plot does.

use std::collections::BTreeMap;

use super::{
    freed::{Freed, Line, Since},
    outcome::{Barred, NotFree, Unusable},
    plot::Plot,
};
use crate::{
    AddrSet, Cidr,
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
    /// Never used ones from the lowest up, then the one that was given back longest ago.
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
    /// When each unclaimed address that was ever used was given back, excluded ones too.
    freed: Freed<W>,
    /// The next such time. Only the order counts.
    clock: u64,
    /// The addresses of named pools: first to last and pool. What is between them is in the default pool.
    segments: BTreeMap<W, (W, PoolId)>,
    queues: Queues<W>,
}

#[derive(Clone, Debug)]
struct Queues<W>(BTreeMap<PoolId, Queue<W>>);

/// The free addresses of one pool, in the order in which they go out.
#[derive(Clone, Debug)]
struct Queue<W> {
    /// No address below was never used. None: no address at all was.
    fresh_from: Option<W>,
    /// Used before.
    waiting: Line,
}

impl<W: Word> Queue<W> {
    const fn new() -> Self {
        Self { fresh_from: None, waiting: Line::EMPTY }
    }

    /// Addresses from `at` on may be fresh.
    fn look_from(&mut self, at: W) {
        self.fresh_from = Some(self.fresh_from.map_or(at, |from| from.min(at)));
    }
}

impl<W: Word> Queues<W> {
    fn get(&self, pool: PoolId) -> Option<&Queue<W>> {
        self.0.get(&pool)
    }

    fn of(&mut self, pool: PoolId) -> &mut Queue<W> {
        self.0.entry(pool).or_insert_with(Queue::new)
    }
}

impl<W: Word> Ground<W> {
    /// The ground under `plot` as the spec says; `before`: what it was, for when addresses were given back.
    pub(super) fn new(
        cidr: Cidr,
        gateway: Option<W>,
        excludes: &AddrSet,
        before: Option<&Self>,
        plot: &mut Plot<W>,
    ) -> Self {
        let usable = W::ends(cidr.usable()).expect("a CIDR of this family");
        let mut ground = Self {
            cidr,
            usable,
            gateway,
            excluded: Runs::new(),
            freed: Freed::new(),
            clock: before.map_or(0, |before| before.clock),
            segments: BTreeMap::new(),
            queues: Queues(BTreeMap::new()),
        };
        ground.excluded = ground.excluded_by(gateway, excludes);
        plot.include((W::default(), W::MAX));
        for range in ground.excluded.walk() {
            plot.exclude(range);
        }
        let usable = Runs::from_sorted([usable]);
        let mut freed = before.map(|before| before.freed.within(&usable)).unwrap_or_default();
        for since in &mut freed {
            since.note = ground.freed.insert(since.at, since.time);
        }
        ground.attach(&usable, freed);
        ground
    }

    pub(super) const fn cidr(&self) -> Cidr {
        self.cidr
    }

    pub(super) const fn usable(&self) -> Run<W> {
        self.usable
    }

    pub(super) fn is_usable(&self, at: W) -> bool {
        self.usable.0 <= at && at <= self.usable.1
    }

    fn excluded_by(&self, gateway: Option<W>, excludes: &AddrSet) -> Runs<W> {
        let mut excluded = self.usable_of(excludes);
        if let Some(gateway) = gateway.filter(|&gateway| self.is_usable(gateway)) {
            excluded.insert(gateway, gateway);
        }
        excluded
    }

    /// What is usable of `addrs`.
    pub(super) fn usable_of(&self, addrs: &AddrSet) -> Runs<W> {
        Runs::from_sorted(addrs.ranges_in(W::range(self.usable)).filter_map(W::ends))
    }

    /// The usable addresses that are in no named pool.
    pub(super) fn unpooled(&self) -> Runs<W> {
        let named = Runs::from_sorted(self.segments.iter().map(|(&first, &(last, _))| (first, last)));
        Runs::from_sorted([self.usable]).difference(&named)
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

    /// The segment of a named pool that `at` is in: its end and its pool.
    fn segment_of(&self, at: W) -> Option<(W, PoolId)> {
        let below = self.segments.range(..=at).next_back();
        below.map(|(_, segment)| *segment).filter(|(last, _)| at <= *last)
    }

    fn pool_of(&self, at: W) -> PoolId {
        self.segment_of(at).map_or(PoolId::DEFAULT, |(_, pool)| pool)
    }

    /// `at` is claimed from now on.
    pub(super) fn take(&mut self, at: W) {
        if let Some(note) = self.freed.find(at) {
            let queue = self.queues.of(self.pool_of(at));
            self.freed.remove(note, &mut queue.waiting);
        }
    }

    /// Whether `at` is usable, but goes out by name only, or as the gateway not at all.
    pub(super) fn is_excluded(&self, at: W) -> bool {
        self.excluded.find(at).is_some()
    }

    /// `at` is not claimed any more: free, or `idle`, as [`is_excluded`](Self::is_excluded) says.
    pub(super) fn give_back(&mut self, at: W, idle: bool) {
        if !self.is_usable(at) {
            return;
        }
        let since = self.clock;
        self.clock += 1;
        let note = self.freed.insert(at, since);
        if !idle {
            let queue = self.queues.of(self.pool_of(at));
            self.freed.queue(note, &mut queue.waiting);
        }
    }

    /// The next address of `pool` that is not in `skip`, or whether there was one at all. What it learns on the way, it
    /// keeps for the next time; nothing else changes.
    pub(super) fn pick(
        &mut self,
        plot: &Plot<W>,
        pool: PoolId,
        order: Order,
        skip: Option<&Runs<W>>,
    ) -> Result<W, NotFree> {
        let skipped = |at: W| skip.and_then(|skip| skip.find(at));
        let picked = match order {
            Order::LateReuse => self.fresh(plot, pool, skipped).or_else(|| {
                let mut waiting = self.freed.waiting(self.queues.get(pool)?.waiting);
                waiting.find(|&at| skipped(at).is_none())
            }),
            Order::Lowest => self.lowest(plot, pool, skipped),
        };
        picked.ok_or_else(|| match self.free_from(plot, pool, self.usable.0) {
            None => NotFree::Exhausted,
            Some(_) => NotFree::AllSkipped,
        })
    }

    /// The lowest never-used address. Addresses that were used before are passed once and not looked at again.
    fn fresh(&mut self, plot: &Plot<W>, pool: PoolId, skipped: impl Fn(W) -> Option<Run<W>>) -> Option<W> {
        let mut at = self.queues.get(pool)?.fresh_from;
        // Up to the first address that is only skipped, what was passed can be forgotten.
        let mut settled = true;
        let found = loop {
            let Some(free) = at.and_then(|at| self.free_from(plot, pool, at)) else { break None };
            if self.freed.find(free).is_some() {
                at = free.next();
            } else if let Some((_, last)) = skipped(free) {
                if settled {
                    self.queues.of(pool).fresh_from = Some(free);
                }
                settled = false;
                at = last.next();
            } else {
                break Some(free);
            }
        };
        if settled {
            self.queues.of(pool).fresh_from = found;
        }
        found
    }

    fn lowest(&self, plot: &Plot<W>, pool: PoolId, skipped: impl Fn(W) -> Option<Run<W>>) -> Option<W> {
        let mut found = self.free_from(plot, pool, self.usable.0)?;
        while let Some((_, last)) = skipped(found) {
            found = self.free_from(plot, pool, last.next()?)?;
        }
        Some(found)
    }

    /// The lowest free address of `pool` at or above `at`.
    fn free_from(&self, plot: &Plot<W>, pool: PoolId, at: W) -> Option<W> {
        let mut at = at.max(self.usable.0);
        loop {
            let free = plot.first_free_from(at).filter(|&free| free <= self.usable.1)?;
            match self.segment_of(free) {
                None if pool == PoolId::DEFAULT => return Some(free),
                Some((_, owner)) if owner == pool => return Some(free),
                // Over the segment of another pool at once; towards the next segment of a named one.
                Some((last, _)) => at = last.next()?,
                None => at = *self.segments.range(free..).next()?.0,
            }
        }
    }

    /// Takes what waits in `ranges` out of the queues, and says what that is: what decides about their order may change
    /// now, and [`attach`](Self::attach) of the same ranges follows.
    fn detach(&mut self, ranges: &Runs<W>) -> Vec<Since<W>> {
        let freed = self.freed.within(ranges);
        for since in &freed {
            let queue = self.queues.of(self.pool_of(since.at));
            self.freed.leave(since.note, &mut queue.waiting);
        }
        freed
    }

    fn attach(&mut self, ranges: &Runs<W>, freed: Vec<Since<W>>) {
        for (pool, part) in ranges.walk().flat_map(|range| self.parts_of(range)).collect::<Vec<_>>() {
            self.queues.of(pool).look_from(part.0);
        }
        let mut waiting = BTreeMap::<_, Vec<_>>::new();
        for since in freed.into_iter().filter(|since| !self.is_excluded(since.at)) {
            waiting.entry(self.pool_of(since.at)).or_default().push(since.note);
        }
        for (pool, notes) in waiting {
            self.freed.merge(notes, &mut self.queues.of(pool).waiting);
        }
    }

    /// Other excluded addresses.
    pub(super) fn set_excludes(&mut self, gateway: Option<W>, excludes: &AddrSet, plot: &mut Plot<W>) {
        let excluded = self.excluded_by(gateway, excludes);
        let (more, less) = (excluded.difference(&self.excluded), self.excluded.difference(&excluded));
        let changed = more.union(&less);
        let freed = self.detach(&changed);
        (self.gateway, self.excluded) = (gateway, excluded);
        more.walk().for_each(|range| plot.exclude(range));
        less.walk().for_each(|range| plot.include(range));
        self.attach(&changed, freed);
    }

    /// Other addresses for `pool`, which had those of `before`; they overlap no other pool.
    pub(super) fn set_pool(&mut self, pool: PoolId, before: &AddrSet, addrs: &AddrSet) {
        let (had, wanted) = (self.usable_of(before), self.usable_of(addrs));
        let changed = wanted.difference(&had).union(&had.difference(&wanted));
        let freed = self.detach(&changed);
        for run in had.walk() {
            self.segments.remove(&run.0);
        }
        for run in wanted.walk() {
            self.segments.insert(run.0, (run.1, pool));
        }
        if wanted.len() == 0 {
            self.queues.0.remove(&pool);
        }
        self.attach(&changed, freed);
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
}
