//! One family of a subnet's book: who claims which address, and the ground that the claims stand on.
//!
//! Guarantee: the ground is told of every claim that comes and goes, and of nothing else; claims outlive a change of
//! the ground, and the family itself.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{
    HolderKey, Nic, NicName,
    ground::{Ground, Order, PoolId},
    outcome::{Barred, NotFree, Refusal},
};
use crate::{Addr, AddrRange, AddrSet, AddrSets, Cidr, SubnetSpec, runs::Runs, word::Word};

#[derive(Clone, Debug)]
pub(super) struct Side<W: Word, H, N> {
    claims: BTreeMap<W, Nic<H, N>>,
    pub(super) ground: Option<Ground<W>>,
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

impl<W: Word, H: HolderKey, N: NicName> Side<W, H, N> {
    pub(super) const fn new() -> Self {
        Self { claims: BTreeMap::new(), ground: None }
    }

    pub(super) fn holder_of(&self, at: W) -> Option<&Nic<H, N>> {
        self.claims.get(&at)
    }

    pub(super) fn claims_in(&self, bounds: AddrRange) -> impl DoubleEndedIterator<Item = (Addr, &Nic<H, N>)> {
        let ends = W::ends(bounds);
        let claims = ends.map(|(first, last)| self.claims.range(first..=last));
        claims.into_iter().flatten().map(|(at, nic)| (at.addr(), nic))
    }

    /// Puts a claim on record; who is in the way, if somebody is. Whether it is new.
    pub(super) fn claim(&mut self, at: W, nic: &Nic<H, N>) -> Result<bool, Nic<H, N>> {
        match self.claims.entry(at) {
            Entry::Occupied(by) if by.get() == nic => return Ok(false),
            Entry::Occupied(by) => return Err(by.get().clone()),
            Entry::Vacant(free) => drop(free.insert(nic.clone())),
        }
        if let Some(ground) = &mut self.ground {
            ground.take(at);
        }
        Ok(true)
    }

    pub(super) fn release(&mut self, at: W) -> Option<Nic<H, N>> {
        let nic = self.claims.remove(&at)?;
        if let Some(ground) = &mut self.ground {
            ground.give_back(at);
        }
        Some(nic)
    }

    /// Whether `nic` can have exactly `at`.
    pub(super) fn plan_this(&self, nic: &Nic<H, N>, at: W) -> Result<W, Refusal<H, N>> {
        let Some(ground) = &self.ground else {
            return Err(Refusal::Outside { addr: at.addr(), cidr: None });
        };
        if let Some(why) = ground.bars(at) {
            return Err(barred(why, at.addr(), ground.cidr()));
        }
        match self.claims.get(&at) {
            Some(by) if by != nic => Err(Refusal::Held { addr: at.addr(), by: by.clone() }),
            _ => Ok(at),
        }
    }

    /// What a NIC that has `had` can have by free choice: what it has, unless that is no address of the subnet any
    /// more or is to be skipped.
    pub(super) fn plan_any(&self, had: Option<W>, choice: Choice<'_>) -> Result<W, Refusal<H, N>> {
        let Some(ground) = &self.ground else {
            return Err(Refusal::WrongFamily { asked: W::FAMILY, addr: None });
        };
        let skip = choice.skip.and_then(|skip| W::runs_of(skip.get(W::FAMILY)));
        let skipped = |at: W| skip.is_some_and(|skip| skip.around_member(at).is_some());
        if let Some(had) = had.filter(|&had| ground.is_usable(had) && !skipped(had)) {
            return Ok(had);
        }
        let pool = match choice.pool {
            None => PoolId::DEFAULT,
            Some((_, Some(id))) => id,
            Some((name, None)) => return Err(Refusal::NoSuchPool { pool: name.into() }),
        };
        let named = choice.pool.map(|(name, _)| name.into());
        ground.pick(pool, choice.order, skip).map_err(|why| match why {
            NotFree::AllSkipped => Refusal::AllSkipped { family: W::FAMILY, pool: named },
            NotFree::Exhausted => Refusal::Exhausted { family: W::FAMILY, pool: named },
        })
    }

    /// Takes over what `spec` says of this family. The pools are those of the book.
    pub(super) fn configure<'a>(&mut self, spec: &SubnetSpec, pools: impl Iterator<Item = &'a Pool>) {
        let Some(cidr) = spec.cidr(W::FAMILY) else {
            self.ground = None;
            return;
        };
        let gateway = spec.gateways().get(W::FAMILY).and_then(W::of);
        let excludes = spec.excludes().get(W::FAMILY);
        if let Some(ground) = self.ground.as_mut().filter(|ground| ground.cidr() == cidr) {
            let changed = ground.set_excludes(gateway, excludes);
            self.refill(changed);
            return;
        }
        let mut ground = Ground::new(cidr, gateway, excludes);
        if let Some(before) = &self.ground {
            ground.remember(before);
        }
        let none = AddrSet::new(W::FAMILY);
        for pool in pools {
            ground.set_pool(pool.id, &none, pool.addrs.get(W::FAMILY));
        }
        let usable = ground.usable();
        self.ground = Some(ground);
        self.refill([usable]);
    }

    /// Gives `pool` the addresses `addrs` in place of those of `before`.
    pub(super) fn set_pool(&mut self, pool: PoolId, before: &AddrSets, addrs: &AddrSets) {
        let (before, addrs) = (before.get(W::FAMILY), addrs.get(W::FAMILY));
        let changed = self.ground.as_mut().map(|ground| ground.set_pool(pool, before, addrs));
        self.refill(changed.unwrap_or_default());
    }

    fn refill(&mut self, ranges: impl IntoIterator<Item = (W, W)>) {
        let Some(ground) = &mut self.ground else { return };
        for range in ranges {
            ground.refill(range, self.claims.range(range.0..=range.1).map(|(&at, _)| at));
        }
    }

    /// The claims that no usable address stands for.
    pub(super) fn apart(&self) -> impl Iterator<Item = (W, &Nic<H, N>)> {
        // Without a ground, everything lies below the last number.
        let usable = self.ground.as_ref().map(Ground::usable);
        let (below, above) = match usable {
            None => (Some(self.claims.range(..)), None),
            Some((first, last)) => {
                (Some(self.claims.range(..first)), last.next().map(|behind| self.claims.range(behind..)))
            }
        };
        let both = below.into_iter().flatten().chain(above.into_iter().flatten());
        both.map(|(&at, nic)| (at, nic))
    }

    pub(super) fn apart_runs(&self) -> Runs<W> {
        Runs::from_sorted(self.apart().map(|(at, _)| (at, at)))
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
