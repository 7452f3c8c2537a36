//! Taking in a claim: one that is there, and one that is gone.
//!
//! In: a claim as a list, a watch or an answer has it. Out: the books follow, and whoever it concerns is looked at. Guarantees: an older version than
//! the known one changes nothing; whoever was refused its address is looked at once it is gone.

use super::claims::{Claim, Slot};
use super::command::ObjectId;
use super::engine::Engine;
use super::holders::reservation;
use super::id::{ClaimKey, HolderId};
use super::observe::newer;
use super::waiting::Notice;
use api::slim::{Str, Uid};
use std::sync::Arc;

impl Engine {
    pub(super) fn claim_seen(&mut self, claim: Claim) {
        if let Some(Slot::Standing(known)) = self.state.claims.get(&claim.key)
            && !newer(&claim.version, &known.version)
        {
            return;
        }
        let (key, holder) = (claim.key.clone(), claim.nic.holder.clone());
        // A pod goes on with what its owner had that is gone, or with what it had before it had one: it learns of that by the claim.
        let named = claim.occupant_name().and_then(|(namespace, name)| self.state.world.pods.get(namespace, name));
        let named = named.filter(|pod| pod.meta.uid == claim.occupant.pod_uid).map(HolderId::of_pod);
        let user = named.unwrap_or_else(|| HolderId::Pod(claim.occupant.pod_uid.clone()));
        let target = claim.target().map(|target| HolderId::Pod(target.occupant.pod_uid.clone()));
        self.dirty.extend([Some(user), target].into_iter().flatten().filter(|user| self.state.pods.contains_key(user)));
        let slot = Slot::Standing(Arc::new(claim));
        let before = self.state.claims.put(key.clone(), slot.clone());
        if let Some(before) = before.as_ref().and_then(Slot::standing)
            && let Slot::Standing(now) = &slot
        {
            let others = before.users().filter(|before| !now.users().any(|user| user.is(before)));
            others.for_each(|user| self.state.forget_pod_facts(&user.pod_uid));
            // Whoever was about to use it when it was freed uses it now.
            let has_new = now.users().any(|user| !before.users().any(|before| before.is(user)));
            if has_new || before.cooling_since().is_some() && now.cooling_since().is_none() {
                self.resting.forget(&key);
            }
        }
        if before.as_ref().is_none_or(|before| before.nic() != slot.nic()) {
            // Whoever was refused the address is told who has it now.
            self.dirty.extend(self.waiting.at_address(&key).cloned());
        }
        if let Some(before) = before.filter(|before| before.nic() != slot.nic()) {
            self.state.books.release(&key);
            // Whoever uses its addresses waits for what is asked for.
            self.about(before.nic().holder.clone());
        }
        if self.state.books.wire(slot.subnet()).is_some_and(|wire| *wire != key.wire) {
            self.try_again(slot.subnet());
        }
        self.state.books.record(&key, &slot);
        self.settled(&key);
        if let Some(port) = reservation::port(&holder) {
            self.dirty.extend(self.waiting.at_notice(&Notice::Port(port.clone())).cloned());
        }
        self.about(holder);
    }

    /// An address has no claim.
    pub(super) fn claim_gone(&mut self, key: &ClaimKey) {
        let Some(slot) = self.state.claims.remove(key) else { return };
        self.waits.forget(key);
        self.resting.forget(key);
        self.hearsay.shown(&ObjectId::claim(key));
        if let Some(claim) = slot.standing() {
            claim.users().for_each(|user| self.state.forget_pod_facts(&user.pod_uid));
        }
        self.state.books.release(key);
        self.settled(key);
        self.about(slot.nic().holder.clone());
        self.about_records_of(key);
        self.dirty.extend(self.waiting.at_address(key).cloned());
        if self.state.books.fault(slot.subnet()).is_some() && self.state.claims.wires_of(slot.subnet()).next().is_none()
        {
            // What kept it from being as it is written is gone.
            self.try_again(slot.subnet());
        }
        if slot.mac().is_some() {
            // Whoever waits for the MAC waits for a Subnet of the wire.
            for subnet in self.state.books.on_wire(&key.wire) {
                self.dirty.extend(self.waiting.at_subnet(&subnet).cloned());
            }
        }
        if let Some(subnet) = self.state.books.containing(key).cloned() {
            let pool = self.state.books.pools.at(&subnet, key.addr).cloned();
            self.freed.insert((subnet.clone(), key.addr.family(), pool));
            if self.state.books.fault(&subnet).is_some() && self.state.books.is_idle(&subnet) {
                self.try_faulty(&Str::default());
            }
        }
    }

    /// What was asked for has an answer: if it was the last record of its wire, free choices may go on.
    fn settled(&mut self, key: &ClaimKey) {
        let Some(pending) = self.records.get_mut(&key.wire) else { return };
        pending.remove(&key.addr);
        if pending.is_empty() {
            // Each of them may say now that all that was on record is claimed.
            let subnets = self.state.books.on_wire(&key.wire);
            subnets.iter().for_each(|subnet| self.state.books.touch(subnet));
            self.records.remove(&key.wire);
            self.dirty.extend(self.waiting.at_wire(&key.wire).cloned());
        }
    }

    /// A Subnet is looked at again: its claims say more of it than was known.
    fn try_again(&mut self, name: &Str) {
        if let Some(subnet) = self.state.world.subnets.shared("", name).cloned() {
            self.subnet_seen(subnet.into());
        }
    }

    pub(super) fn claim_object_gone(&mut self, id: &ObjectId, uid: &Uid) {
        let Some(key) = self.state.claims.named(&id.name) else { return };
        if let Some(Slot::Standing(claim)) = self.state.claims.get(&key)
            && claim.uid == *uid
        {
            self.claim_gone(&key);
        }
    }
}
