//! How long a freed address of a Subnet rests before it is given out again: peers may still have routes or translations of the one that
//! had it.
//!
//! In: a claim whose release is proven, the annotation of its Subnet. Out: whether the claim stands for a while longer. Guarantees: the
//! time begins once the release is proven, and stands in the claim (condition `CoolingDown`), so that a restart makes it longer if
//! anything; whoever asks for the address by name does not wait for it; a quarantine, which is a rest already, and a Subnet that is
//! deleted have none; whether the release is proven is looked at again when the time is over.

use super::claims::Claim;
use super::engine::Engine;
use super::fate::Proof;
use super::id::{ClaimKey, HolderId};
use crate::rest::cooldown;
use api::slim::{Str, Subnet, Time};
use std::collections::BTreeMap;

/// Claims that rest, and since when: what they say of it may be on its way.
#[derive(Debug, Default)]
pub(super) struct Resting(BTreeMap<ClaimKey, (Time, HolderId)>);

impl Resting {
    /// A claim is gone, or needed again.
    pub(super) fn forget(&mut self, key: &ClaimKey) {
        self.0.remove(key);
    }

    /// Whose claim rests.
    pub(super) fn holder(&self, key: &ClaimKey) -> Option<&HolderId> {
        self.0.get(key).map(|(_, holder)| holder)
    }
}

impl Engine {
    /// Whether a claim that was freed rests still; with the proof of its release it begins to.
    pub(super) fn rests(&mut self, claim: &Claim, freed: Option<Proof>) -> bool {
        let begun = claim.cooling_since().or_else(|| self.resting.0.get(&claim.key).map(|(since, _)| *since));
        let since = match (begun, freed) {
            (Some(since), _) => since,
            (None, Some(proof)) if proof != Proof::TimeOver => self.now,
            (None, _) => return false,
        };
        let seconds = self.rest_of(claim);
        let until = Time(since.0.saturating_add(seconds));
        if until <= self.now || self.waiting.at_address(&claim.key).next().is_some() {
            return false;
        }
        let holder = &claim.nic.holder;
        self.resting.0.insert(claim.key.clone(), (since, holder.clone()));
        self.due.insert((until, holder.clone()));
        self.claim_cools(claim, since, seconds);
        true
    }

    /// For how long a freed address of the Subnet of a claim rests, in seconds.
    fn rest_of(&self, claim: &Claim) -> i64 {
        let name = self.state.books.containing(&claim.key).unwrap_or(&claim.subnet);
        let subnet = self.state.world.subnets.named(name).filter(|subnet| !subnet.meta.is_deleted());
        // What cannot be read is a fault of the Subnet, which is told there; nothing is given out from it meanwhile.
        subnet.and_then(|subnet| cooldown(subnet).ok()).unwrap_or_default()
    }

    /// Somebody asks for an address by name: one that rests is looked at, since it need not any more.
    pub(super) fn asked_by_name(&mut self, key: &ClaimKey) {
        self.dirty.extend(self.resting.holder(key).cloned());
    }

    /// A Subnet is about to be known: where its time is another one, those that rest are looked at.
    pub(super) fn rest_changed(&mut self, subnet: &Subnet) {
        let before = self.state.world.subnets.named(&subnet.meta.name);
        if before.is_some_and(|before| {
            cooldown(before) != cooldown(subnet) || before.meta.is_deleted() != subnet.meta.is_deleted()
        }) {
            self.look_at_resting(&subnet.meta.name);
        }
    }

    /// Looks at those that rest in a Subnet.
    pub(super) fn look_at_resting(&mut self, subnet: &Str) {
        let is_in = |key: &ClaimKey| self.state.books.containing(key).is_none_or(|containing| containing == subnet);
        let holders = self.resting.0.iter().filter(|(key, _)| is_in(key)).map(|(_, (_, holder))| holder.clone());
        let holders: Vec<HolderId> = holders.collect();
        self.dirty.extend(holders);
    }
}
