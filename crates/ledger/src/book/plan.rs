//! What a request comes to, worked out before anything changes, and then done.

use super::{
    HolderKey, NicName, Pick, Request, SubnetBook,
    ground::Order,
    nics::Nics,
    outcome::Refusal,
    side::{Choice, Side},
    with_side, word,
};
use crate::{Addr, AddrPair, Family, word::Word};

/// What a NIC will have in each family that was asked for; possible as long as the book does not change.
pub(super) struct Plan {
    pub(super) addrs: AddrPair,
    had: AddrPair,
}

impl<H: HolderKey, N: NicName> SubnetBook<H, N> {
    /// For the NIC of `slot`, or one that has none yet. Changes nothing that could be seen.
    pub(super) fn plan(&mut self, slot: Option<u32>, request: &Request<'_, H, N>) -> Result<Plan, Refusal<H, N>> {
        let had = slot.and_then(|slot| self.nics.get(slot)).map_or(AddrPair::NONE, |record| record.addrs);
        let had = Had { slot, addrs: had };
        let addrs = match request.pick {
            Pick::Any => self.plan_pair(had, request, Order::LateReuse, AddrPair::NONE),
            Pick::Lowest => self.plan_pair(had, request, Order::Lowest, AddrPair::NONE),
            Pick::This(pair) => self.plan_pair(had, request, Order::LateReuse, pair),
            Pick::OneOf(list) => self.plan_one_of(had, request, list),
        }?;
        Ok(Plan { addrs, had: had.addrs })
    }

    fn plan_one_of(
        &mut self,
        had: Had,
        request: &Request<'_, H, N>,
        list: &[AddrPair],
    ) -> Result<AddrPair, Refusal<H, N>> {
        let has = |pair: &&AddrPair| pair.iter().all(|addr| had.addrs.get(addr.family()) == Some(addr));
        let own = list.iter().filter(|pair| !pair.is_none()).find(has);
        let mut refusals = Vec::new();
        for &pair in own.into_iter().chain(list) {
            match self.plan_pair(had, request, Order::LateReuse, pair) {
                Ok(addrs) => return Ok(addrs),
                Err(refusal) => refusals.push(refusal),
            }
        }
        Err(Refusal::NoneOf(refusals))
    }

    /// Plans every family that is asked for: by name where `named` has it, else by free choice.
    fn plan_pair(
        &mut self,
        had: Had,
        request: &Request<'_, H, N>,
        order: Order,
        named: AddrPair,
    ) -> Result<AddrPair, Refusal<H, N>> {
        if let Some(asked) = request.family {
            if let Some(addr) = named.get(asked.other()) {
                return Err(Refusal::WrongFamily { asked, addr: Some(addr) });
            }
            if self.spec.cidr(asked).is_none() {
                return Err(Refusal::WrongFamily { asked, addr: None });
            }
        }
        let pool = request.pool.map(|name| (name, self.pools.get(name).map(|pool| pool.id)));
        let choice = Choice { order, pool, skip: request.skip };
        let mut addrs = AddrPair::NONE;
        for family in Family::BOTH {
            let wanted = request.family.is_none_or(|asked| asked == family) && self.spec.cidr(family).is_some();
            let (has, named, choice) = (had.addrs.get(family), named.get(family), wanted.then_some(choice));
            let addr = with_side!(mut self, family, side => planned(side, &self.nics, had.slot, has, named, choice));
            addrs.set(family, addr?);
        }
        Ok(addrs)
    }

    /// Does what was planned; what the NIC has no more.
    pub(super) fn apply(&mut self, slot: u32, plan: &Plan) -> AddrPair {
        let mut given_back = AddrPair::NONE;
        for addr in plan.addrs.iter().filter(|&addr| plan.had.get(addr.family()) != Some(addr)) {
            let before = plan.had.get(addr.family());
            with_side!(mut self, addr.family(), side => {
                if let Some(before) = before {
                    side.release(word(before));
                }
                // An address that the NIC has as a surplus is claimed by it already.
                let claimed = side.claim(word(addr), slot);
                debug_assert!(claimed.is_ok() || claimed == Err(slot), "planned as free or its own");
            });
            given_back.set(addr.family(), before);
            if !self.surplus.is_empty() {
                self.surplus.remove(&(slot, addr));
            }
        }
        given_back
    }
}

/// What the NIC that asks has already.
#[derive(Clone, Copy)]
struct Had {
    slot: Option<u32>,
    addrs: AddrPair,
}

/// What one family comes to: by name, else by free choice if there is one, else nothing.
fn planned<W: Word, H: HolderKey, N: NicName>(
    side: &mut Side<W>,
    nics: &Nics<H, N>,
    slot: Option<u32>,
    has: Option<Addr>,
    named: Option<Addr>,
    choice: Option<Choice<'_>>,
) -> Result<Option<Addr>, Refusal<H, N>> {
    let planned = match (named, choice) {
        (Some(named), _) => side.plan_this(slot, word(named), nics),
        (None, Some(choice)) => side.plan_any(has.map(word), choice),
        (None, None) => return Ok(None),
    };
    planned.map(|at| Some(at.addr()))
}
