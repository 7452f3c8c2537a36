//! One family of a subnet's book: the claims, and the rules that they stand on.
//!
//! Guarantee: the rules are told of every claim that comes and goes; claims outlive a change of the rules, and the
//! family itself.

use super::{
    HolderKey, NicName,
    ground::{Ground, Order, PoolId},
    nics::Nics,
    outcome::{Barred, NotFree, Refusal},
    plot::Plot,
};
use crate::{
    Accounting, Addr, AddrRange, AddrSet, AddrSets, Cidr, Count, Counts, SubnetSpec,
    runs::{Run, Runs},
    word::Word,
};

#[derive(Clone, Debug)]
pub(super) struct Side<W: Word> {
    plot: Plot<W>,
    ground: Option<Ground<W>>,
    /// How many claims are no usable addresses.
    apart: u64,
}

/// A named pool: its number, and its addresses as configured.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    pub(super) id: PoolId,
    pub(super) addrs: AddrSets,
}

/// What a free choice takes into account.
#[derive(Clone, Copy)]
pub(super) struct Choice<'a> {
    pub(super) order: Order,
    pub(super) pool: Option<(&'a str, Option<PoolId>)>,
    pub(super) skip: Option<&'a AddrSets>,
}

impl<W: Word> Side<W> {
    pub(super) const fn new() -> Self {
        Self { plot: Plot::new(), ground: None, apart: 0 }
    }

    pub(super) fn slot_of(&self, at: W) -> Option<u32> {
        self.plot.slot_of(at)
    }

    pub(super) fn claims_in(&self, bounds: AddrRange) -> impl DoubleEndedIterator<Item = (Addr, u32)> + '_ {
        let claims = W::ends(bounds).map(|ends| self.plot.claims_between(ends));
        claims.into_iter().flatten().map(|(at, slot)| (at.addr(), slot))
    }

    fn is_usable(&self, at: W) -> bool {
        self.ground.as_ref().is_some_and(|ground| ground.is_usable(at))
    }

    /// Puts a claim on record; the slot that has it already is the error.
    pub(super) fn claim(&mut self, at: W, slot: u32) -> Result<(), u32> {
        self.plot.claim(at, slot)?;
        self.apart += u64::from(!self.is_usable(at));
        if let Some(ground) = &mut self.ground {
            ground.take(at);
        }
        Ok(())
    }

    /// Ends a claim; whose it was.
    pub(super) fn release(&mut self, at: W) -> Option<u32> {
        let idle = self.ground.as_ref().is_some_and(|ground| ground.is_excluded(at));
        let slot = self.plot.release(at, idle)?;
        self.apart -= u64::from(!self.is_usable(at));
        if let Some(ground) = &mut self.ground {
            ground.give_back(at, idle);
        }
        Some(slot)
    }

    /// Whether the NIC of `slot` can have exactly `at`.
    pub(super) fn plan_this<H: HolderKey, N: NicName>(
        &self,
        slot: Option<u32>,
        at: W,
        nics: &Nics<H, N>,
    ) -> Result<W, Refusal<H, N>> {
        let Some(ground) = &self.ground else {
            return Err(Refusal::Outside { addr: at.addr(), cidr: None });
        };
        if let Some(why) = ground.bars(at) {
            return Err(barred(why, at.addr(), ground.cidr()));
        }
        let other = self.plot.slot_of(at).filter(|&by| Some(by) != slot).and_then(|by| nics.get(by));
        match other {
            Some(record) => Err(Refusal::Held { addr: at.addr(), by: record.nic.clone() }),
            None => Ok(at),
        }
    }

    /// What a NIC that has `had` can have by free choice: what it has, unless that is no address of the subnet any
    /// more or is to be skipped.
    pub(super) fn plan_any<H, N>(&mut self, had: Option<W>, choice: Choice<'_>) -> Result<W, Refusal<H, N>> {
        let Some(ground) = &mut self.ground else {
            return Err(Refusal::WrongFamily { asked: W::FAMILY, addr: None });
        };
        let skip = choice.skip.and_then(|skip| W::runs_of(skip.get(W::FAMILY)));
        let skipped = |at: W| skip.is_some_and(|skip| skip.find(at).is_some());
        if let Some(had) = had.filter(|&had| ground.is_usable(had) && !skipped(had)) {
            return Ok(had);
        }
        let pool = match choice.pool {
            None => PoolId::DEFAULT,
            Some((_, Some(id))) => id,
            Some((name, None)) => return Err(Refusal::NoSuchPool { pool: name.into() }),
        };
        let named = || choice.pool.map(|(name, _)| name.into());
        ground.pick(&self.plot, pool, choice.order, skip).map_err(|why| match why {
            NotFree::AllSkipped => Refusal::AllSkipped { family: W::FAMILY, pool: named() },
            NotFree::Exhausted => Refusal::Exhausted { family: W::FAMILY, pool: named() },
        })
    }

    /// Takes over what `spec` says of this family. The pools are those of the book.
    pub(super) fn configure<'a>(&mut self, spec: &SubnetSpec, pools: impl Iterator<Item = &'a Pool>) {
        let gateway = spec.gateways().get(W::FAMILY).and_then(W::of);
        let excludes = spec.excludes().get(W::FAMILY);
        match spec.cidr(W::FAMILY) {
            None => {
                self.plot.include((W::default(), W::MAX));
                self.ground = None;
            }
            Some(cidr) => match self.ground.as_mut().filter(|ground| ground.cidr() == cidr) {
                Some(ground) => ground.set_excludes(gateway, excludes, &mut self.plot),
                None => {
                    let mut ground = Ground::new(cidr, gateway, excludes, self.ground.as_ref(), &mut self.plot);
                    let none = AddrSet::new(W::FAMILY);
                    for pool in pools {
                        ground.set_pool(pool.id, &none, pool.addrs.get(W::FAMILY));
                    }
                    self.ground = Some(ground);
                }
            },
        }
        self.apart = self.apart().fold(0, |count, _| count + 1);
    }

    /// Gives `pool` the addresses `addrs` in place of those of `before`.
    pub(super) fn set_pool(&mut self, pool: PoolId, before: &AddrSets, addrs: &AddrSets) {
        if let Some(ground) = &mut self.ground {
            ground.set_pool(pool, before.get(W::FAMILY), addrs.get(W::FAMILY));
        }
    }

    /// The claims that are no usable addresses.
    pub(super) fn apart(&self) -> impl Iterator<Item = (Addr, u32)> + '_ {
        let (below, above) = match self.ground.as_ref().map(Ground::usable) {
            None => (Some((W::default(), W::MAX)), None),
            Some((first, last)) => {
                (first.prev().map(|end| (W::default(), end)), last.next().map(|start| (start, W::MAX)))
            }
        };
        let claims = [below, above].into_iter().flatten().flat_map(|range| self.plot.claims_between(range));
        claims.map(|(at, slot)| (at.addr(), slot))
    }

    pub(super) fn counts(&self) -> Option<Counts> {
        let ground = self.ground.as_ref()?;
        let tally = self.plot.tally();
        let using = Count::from(tally.claimed.bits()).checked_sub(Count::from(self.apart));
        let using = using.expect("apart are some of the claims");
        Some(Counts::from_taken(ground.cidr().usable().count(), using, Count::from(tally.idle.bits())))
    }

    /// The part of `block` that is usable: outer none when the subnet lacks the family.
    fn usable_in(&self, block: AddrRange) -> Option<Option<Run<W>>> {
        let usable = self.ground.as_ref()?.usable();
        Some(block.intersection(&W::range(usable)).and_then(W::ends))
    }

    pub(super) fn counts_in(&self, block: AddrRange) -> Option<Counts> {
        let Some(part) = self.usable_in(block)? else { return Some(Counts::default()) };
        let tally = self.plot.tally_between(part);
        let (using, idle) = (Count::from(tally.claimed.bits()), Count::from(tally.idle.bits()));
        Some(Counts::from_taken(W::range(part).count(), using, idle))
    }

    pub(super) fn longest_free_in(&self, block: AddrRange) -> impl Iterator<Item = AddrRange> + '_ {
        let part = self.usable_in(block).flatten();
        part.into_iter().flat_map(|part| self.plot.longest_free_between(part)).map(W::range)
    }

    pub(super) fn accounting(&self) -> Option<Accounting> {
        let usable = self.ground.as_ref()?.usable();
        let apart = Runs::from_sorted(self.apart().filter_map(|(addr, _)| W::of(addr)).map(|at| (at, at)));
        let sets = [Runs::from_sorted([usable]), self.plot.free_in(usable), self.plot.idle(), apart];
        let [usable, available, idle, apart] = sets.map(W::into_set);
        Some(Accounting::from_rest(usable, available, idle, apart))
    }

    /// Of a pool with these addresses; none: of the default pool.
    pub(super) fn pool_accounting(&self, addrs: Option<&AddrSets>) -> Option<Accounting> {
        let ground = self.ground.as_ref()?;
        let members = addrs.map_or_else(|| ground.unpooled(), |addrs| ground.usable_of(addrs.get(W::FAMILY)));
        let available = self.plot.free_in(ground.usable()).intersection(&members);
        let idle = self.plot.idle().intersection(&members);
        let [usable, available, idle, apart] = [members, available, idle, Runs::new()].map(W::into_set);
        Some(Accounting::from_rest(usable, available, idle, apart))
    }
}

/// A refusal of an address that was asked for by name.
const fn barred<H, N>(why: Barred, addr: Addr, cidr: Cidr) -> Refusal<H, N> {
    match why {
        Barred::Gateway => Refusal::Gateway { addr },
        Barred::Unusable(what) => Refusal::NotUsable { addr, what, cidr },
        Barred::Outside => Refusal::Outside { addr, cidr: Some(cidr) },
    }
}
