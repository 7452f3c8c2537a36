//! Taking back what a holder is no longer entitled to.
//!
//! In: a holder that was looked at, its claims. Out: reads that a release waits for, then the deletion. Guarantees: nothing goes without a proof; what
//! was derived from a claim goes before it; whoever waits is looked at again once there is news.

use super::bug::Bug;
use super::claims::{Claim, Slot};
use super::command::{Action, ObjectId, Occupant};
use super::engine::Engine;
use super::fate::{Fate, Proof, Wait};
use super::holders::{self, Entitled};
use super::id::{HolderId, NicId};
use super::want::Want;
use api::slim::Str;
use std::sync::Arc;

impl Engine {
    /// Releases what a holder is no longer entitled to, where that is proven to be safe.
    pub(super) fn release(&mut self, holder: &HolderId, entitled: Option<&Entitled>) {
        self.settle_asked(holder);
        let own = entitled.into_iter().flat_map(|of| of.wants.iter().map(move |want| (of, want)));
        let own = own.filter(|(of, want)| want.lent.is_none() && of.may_get(&self.state, want));
        let may_have: Vec<&NicId> = own.map(|(_, want)| &want.nic).collect();
        self.drop_plans(holder, |_, nic| !may_have.contains(&nic));
        let standing = self.state.claims.of_holder(holder).filter_map(|(_, slot)| slot.shared());
        let (kept, surplus): (Vec<Arc<Claim>>, Vec<Arc<Claim>>) =
            standing.cloned().partition(|claim| entitled.is_some_and(|e| self.is_kept(e, claim)));
        let is_settled = |claim: &&Arc<Claim>| entitled.is_some_and(|e| self.is_settled(e, claim));
        if let Some(entitled) = entitled.filter(|entitled| entitled.unread.is_some()) {
            // One that its next pod waits for says that: of two reasons that it gave in turns there would be no end.
            for claim in kept.iter().filter(|claim| !self.is_to_move(entitled, claim)).collect::<Vec<_>>() {
                self.claim_waits_unread(claim);
            }
        } else {
            for claim in kept.iter().filter(is_settled).collect::<Vec<_>>() {
                self.claim_kept(claim);
            }
        }
        for claim in surplus {
            self.release_one(&claim, entitled.is_some());
        }
        if self.state.claims.of_holder(holder).next().is_none() {
            self.state.absent.remove(holder);
        }
    }

    /// Releases a claim that its holder, who is there or not, is no longer entitled to.
    fn release_one(&mut self, claim: &Claim, is_there: bool) {
        if self.rests(claim, None) {
            // What was asked for before it was freed may have been done since.
            self.remove_records(claim);
            return;
        }
        if !is_there
            && claim.is_unused()
            && let Some(occupant) = self.heir(claim)
        {
            let (key, uid, version) = (claim.key.clone(), claim.uid.clone(), claim.version.clone());
            let occupy = Action::Occupy { key, uid, version, occupant, replaces: false, conditions: None };
            return self.send(occupy, &claim.nic.holder);
        }
        let free = is_there && self.state.has(Bug::FreeSurplus);
        match holders::fate(&self.state, claim, self.now, self.settings.grace) {
            _ if free => self.let_go(claim, Proof::LetGo),
            Fate::Keep => {}
            Fate::Release(proof) => self.let_go(claim, proof),
            // It goes once whoever holds it lets it: no answer changes that, and asking again after each would never end.
            Fate::Wait(wait) if claim.is_deleted() => self.claim_waits(claim, &wait),
            Fate::Wait(wait) => {
                self.claim_waits(claim, &wait);
                self.wait(&claim.nic.holder, wait);
            }
        }
    }

    /// The pod that lives with what a claim says, by what it was told of its lender. The claim names none: it was made again, after it was
    /// lost, by a controller that did not know of the pod yet, and the lender is gone by now.
    fn heir(&self, claim: &Claim) -> Option<Occupant> {
        let lender = &claim.nic.holder;
        let (user, occupant) = self.state.borrower(lender)?;
        let was_told = |want: &Want| {
            want.lent.as_ref().is_some_and(|lent| lent.nic.holder == *lender)
                && want.told.get(claim.key.addr.family()) == Some(claim.key.addr)
        };
        holders::entitled(&self.state, user)?.wants.iter().any(was_told).then_some(occupant)
    }

    /// A claim that is kept while nobody can read what its holder asks for says that it waits for that; it rests no more.
    fn claim_waits_unread(&mut self, claim: &Claim) {
        if self.resting.holder(&claim.key).is_some() || claim.cooling_since().is_some() {
            return self.claim_kept(claim);
        }
        if let Some(unread) = holders::unread(&self.state, &claim.nic.holder) {
            self.claim_waits(claim, &Wait::Unreadable(unread.into()));
        }
    }

    /// Whether a claim that is kept waits and rests no more: its next user has it, or nobody is to use it now and it was freed before it was
    /// wanted again.
    fn is_settled(&self, entitled: &Entitled, claim: &Claim) -> bool {
        let is_back = claim.cooling_since().is_some() && !self.is_to_move(entitled, claim);
        (entitled.occupant.is(&claim.occupant) || is_back) && !self.waits_for_target(claim)
    }

    /// Asks what became of what is asked for and not on its way: the object was busy then, or could not be read.
    fn settle_asked(&mut self, holder: &HolderId) {
        let asked = self.state.claims.of_holder(holder).filter(|(_, slot)| matches!(slot, Slot::Asked(_)));
        let idle = asked.filter(|(key, _)| !self.flight.is_busy(&ObjectId::claim(key)));
        for key in idle.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.send(Action::ReadClaim(key), holder);
        }
    }

    pub(super) fn wait(&mut self, holder: &HolderId, wait: Wait) {
        let node = match wait {
            Wait::Grace(until) => {
                self.due.insert((until, holder.clone()));
                return;
            }
            Wait::Silence(node) => {
                self.wait_for_silence(node.clone(), holder);
                node
            }
            // Its word changes the claim, which is seen; and whoever mends an object changes it.
            Wait::Gateway(_) | Wait::Unreadable(_) => return,
            Wait::Owner { kind, namespace, name } => {
                return self.send(Action::ReadOwner { kind, namespace, name }, holder);
            }
            Wait::Agent(node) | Wait::NoAgent(node) | Wait::NoName(node) => node,
            Wait::Pod { namespace, name, uid, node } => {
                self.send(Action::ReadPod { namespace, name, uid }, holder);
                node
            }
            Wait::Node { node, pod } => {
                self.send(Action::ReadNode { name: node.clone(), pod }, holder);
                node
            }
        };
        self.state.at_node.entry(node).or_default().insert(holder.clone());
    }

    /// Asks once it is time whether the agent of a node is silent.
    fn wait_for_silence(&mut self, node: Str, holder: &HolderId) {
        match self.state.agents.until(&node).filter(|until| *until > self.now) {
            Some(until) => drop(self.due.insert((until, holder.clone()))),
            None => self.send(Action::ReadAgent { namespace: self.settings.agents.clone(), node }, holder),
        }
    }

    /// Takes an address back: first what was derived from the claim, then the claim.
    fn let_go(&mut self, claim: &Claim, proof: Proof) {
        if self.remove_records(claim) || claim.is_deleted() || self.rests(claim, Some(proof)) {
            return;
        }
        let (uid, version) = (claim.uid.clone(), claim.version.clone());
        let (key, title) = (claim.key.clone(), claim.title.clone());
        self.send(Action::DeleteClaim { key, title, uid, version, proof }, &claim.nic.holder);
    }
}
