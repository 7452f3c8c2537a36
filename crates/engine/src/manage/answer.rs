//! Taking in what became of commands.
//!
//! In: a command that was sent, its [`Outcome`]. Out: the state follows. Guarantees: an answer about an object that was seen to go
//! meanwhile is settled by a read; an address that was asked for stays held until an answer or a read says whose it is; what only
//! an answer has shown is remembered as that.

use super::bug::Bug;
use super::claims::{Claim, Slot};
use super::command::{Action, NewClaim, ObjectId};
use super::engine::Engine;
use super::fate::Proof;
use super::flight::Sent;
use super::holders;
use super::holders::occupant::is_out_of_service;
use super::id::{ClaimKey, HolderId};
use super::input::Outcome;
use super::observe::{id_of, newer};
use crate::record::is_finished;
use api::slim::{Kind, Object, Pod, Str, Time, Uid};
use std::sync::Arc;

impl Engine {
    /// What became of a command.
    pub(super) fn done(&mut self, sent: &Sent, outcome: Outcome) {
        self.dirty.insert(sent.holder.clone());
        self.written.settle(&sent.action, &outcome);
        if let Action::ReadEvent(event) = &sent.action
            && !sent.gone
        {
            self.event_read(event, &outcome, &sent.holder);
        }
        if sent.action.is_event() {
            return;
        }
        if let Outcome::Done(Some(object)) = &outcome
            && !sent.seen
            && !sent.gone
        {
            self.past_returned |= self.is_of_the_past(object);
        }
        let refusal = match &outcome {
            Outcome::Refused(why) => Some(why.clone()),
            _ => None,
        };
        match (&sent.action, outcome) {
            (Action::CreateClaim(claim), outcome) => self.created(claim, sent.gone, outcome, &sent.holder),
            (Action::ReadClaim(key), outcome) => self.read(key, sent.gone, outcome, &sent.holder),
            (Action::DeleteClaim { key, .. }, Outcome::Done(None) | Outcome::Missing) => self.claim_gone(key),
            (
                Action::DeleteClaim { key, .. } | Action::Occupy { key, .. } | Action::Migrate { key, .. },
                Outcome::Changed | Outcome::Unknown | Outcome::Exists | Outcome::Missing,
            ) => {
                self.send(Action::ReadClaim(key.clone()), &sent.holder);
            }
            (Action::Write(write), Outcome::Changed | Outcome::Missing) if write.kind == Kind::AddressClaim => {
                if let Some(key) = self.state.claims.named(&write.name) {
                    self.send(Action::ReadClaim(key), &sent.holder);
                }
            }
            (Action::ReadPod { namespace, name, uid }, outcome @ (Outcome::Done(Some(_)) | Outcome::Missing)) => {
                self.state.read_pods.insert((namespace.clone(), name.clone()));
                self.pod_read(uid, &sent.holder, outcome);
            }
            (Action::ReadNode { name, pod }, outcome @ (Outcome::Done(Some(_)) | Outcome::Missing)) => {
                self.node_read(name, pod, &sent.holder, outcome);
            }
            (Action::ReadAgent { node, .. }, Outcome::Lease(renewed)) => {
                self.state.agents.read(node, Some(&renewed), self.now);
            }
            (Action::ReadAgent { node, .. }, Outcome::Missing) => self.state.agents.read(node, None, self.now),
            (Action::ReadOwner { .. }, outcome @ (Outcome::Done(Some(_)) | Outcome::Missing)) => {
                if let Outcome::Done(Some(owner)) = outcome {
                    self.hear(owner);
                }
                // Whether it is still entitled is looked at now; if not, this was the fresh read.
                self.state.disowned.insert(sent.holder.clone());
            }
            (Action::DeleteIp { uid, .. }, Outcome::Done(None) | Outcome::Missing) => {
                self.gone(&sent.action.object(), uid);
            }
            (action, Outcome::Exists | Outcome::Missing | Outcome::Changed | Outcome::Done(None))
                if !sent.gone && !sent.seen =>
            {
                // The object is other than what was known, and no watch has shown it meanwhile: one will.
                self.flight.wait_for_watch(action.object());
            }
            (_, Outcome::Done(Some(object))) if !sent.gone => self.hear(object),
            _ => {}
        }
        // At last: what was given back meanwhile has its holder looked at, and that would ask for it again at once.
        if let Some(why) = refusal {
            self.refused(sent, &why);
        }
    }

    /// An answer shows an object: one that no list and no watch has shown is remembered as that.
    fn hear(&mut self, object: Object) {
        let id = id_of(&object);
        let uid = &object.meta().uid;
        if self.known_uid(&id) != Some(uid) {
            self.hearsay.heard(id.clone(), uid.clone(), self.doubt());
        }
        self.seen(&id, object);
    }

    /// The life of an object that is known under this name.
    fn known_uid(&self, id: &ObjectId) -> Option<&Uid> {
        match id.kind {
            Kind::AddressClaim => Some(&self.claim_named(&id.name)?.uid),
            kind => self.state.world.uid(kind, &id.namespace, &id.name),
        }
    }

    fn claim_named(&self, name: &Str) -> Option<&Claim> {
        let key = self.state.claims.named(name)?;
        self.state.claims.get(&key)?.standing()
    }

    /// When what only an answer has shown is doubted.
    fn doubt(&self) -> Time {
        Time(self.now.0.saturating_add(self.settings.retry))
    }

    /// Doubts what no watch has shown for a while: of a claim a read says whether it is there, and a watch shows the others again.
    pub(super) fn doubt_hearsay(&mut self) {
        while let Some((id, uid)) = self.hearsay.doubted(self.now) {
            let claim = self.state.claims.named(&id.name).filter(|_| id.kind == Kind::AddressClaim);
            match claim.and_then(|key| Some((self.state.claims.get(&key)?.nic().holder.clone(), key))) {
                Some((holder, key)) => {
                    self.hearsay.heard(id, uid, self.doubt());
                    self.send(Action::ReadClaim(key), &holder);
                }
                None => self.gone(&id, &uid),
            }
        }
    }

    fn created(&mut self, claim: &NewClaim, gone: bool, outcome: Outcome, holder: &HolderId) {
        match outcome {
            Outcome::Done(Some(object)) if !gone => self.hear(object),
            Outcome::Refused(_) => self.claim_gone(&claim.key),
            Outcome::Unknown if self.state.has(Bug::ForgetUnknown) => self.claim_gone(&claim.key),
            _ => self.send(Action::ReadClaim(claim.key.clone()), holder),
        }
    }

    /// Whether an answer shows an object, or an earlier one of its name, as it was before it was known to change: no storage does that
    /// that goes on. A write that changes nothing is answered with the object as it is.
    fn is_of_the_past(&self, object: &Object) -> bool {
        let id = id_of(object);
        let known = match id.kind {
            Kind::AddressClaim => self.claim_named(&id.name).map(|claim| &claim.version),
            kind => self.state.world.version(kind, &id.namespace, &id.name),
        };
        known.is_some_and(|version| newer(version, &object.meta().resource_version))
    }

    /// What a read of a claim says settles whose the address is.
    fn read(&mut self, key: &ClaimKey, gone: bool, outcome: Outcome, holder: &HolderId) {
        match outcome {
            Outcome::Done(Some(object)) if !gone => {
                self.hear(object);
            }
            Outcome::Missing => self.missing(key),
            // A forbidden read settles nothing: the address stays held.
            Outcome::Refused(_) => {}
            _ => return self.send(Action::ReadClaim(key.clone()), holder),
        }
        if let Some((_, read)) = self.state.told_reads.get_mut(holder) {
            read.insert(key.clone());
        }
    }

    /// What a fresh read says of a pod: whether it is gone for good, or finished.
    fn pod_read(&mut self, uid: &Uid, holder: &HolderId, outcome: Outcome) {
        // A static pod is its own holder by another name than its UID.
        let is_it = |pod: &Pod| pod.meta.uid == *uid || HolderId::of_pod(pod) == HolderId::Pod(uid.clone());
        let lives = matches!(&outcome, Outcome::Done(Some(Object::Pod(pod))) if is_it(pod) && !is_finished(pod));
        if !lives && *uid != Uid::None && (self.state.is_occupant(uid, holder) || self.state.ips_of.has(holder)) {
            self.state.gone_pods.insert(uid.clone());
        }
        if let Outcome::Done(Some(pod)) = outcome {
            self.hear(pod);
        }
    }

    /// What a fresh read says of the node of a pod that is gone: whether it is given up, unless its agent has spoken meanwhile.
    fn node_read(&mut self, node: &str, pod: &Uid, holder: &HolderId, outcome: Outcome) {
        let proof = match &outcome {
            Outcome::Missing => Some(Proof::NodeGone),
            Outcome::Done(Some(Object::Node(node))) => is_out_of_service(node).then_some(Proof::OutOfService),
            _ => None,
        };
        if let Some(proof) = proof.filter(|_| self.state.agents.is_silent(node) && self.state.is_occupant(pod, holder))
        {
            self.state.lost_pods.insert(pod.clone(), proof);
        }
        if let Outcome::Done(Some(node)) = outcome {
            self.hear(node);
        }
    }

    /// There is no claim: what was asked for is asked for again while it is wanted, since the lost request may still be
    /// applied and would then be the same claim.
    fn missing(&mut self, key: &ClaimKey) {
        let again = match self.state.claims.get(key) {
            Some(Slot::Asked(claim)) if self.is_still_given(claim) => Some(Arc::clone(claim)),
            _ => None,
        };
        match again {
            Some(claim) => {
                let holder = claim.nic.holder.clone();
                self.send(Action::CreateClaim(claim), &holder);
            }
            None => self.claim_gone(key),
        }
    }

    /// Whether an address that was asked for would be asked for now: its holder is there, and not on its way out, and its Subnet still gives
    /// any, unless it is on record; and nobody waits for it who has it on record.
    fn is_still_given(&self, claim: &NewClaim) -> bool {
        let ClaimKey { wire, addr } = &claim.key;
        let Some(entitled) = holders::entitled(&self.state, &claim.nic.holder) else { return false };
        let want = entitled.want(&claim.nic);
        let was_record = self.records.get(wire).is_some_and(|pending| pending.contains(addr));
        // What was on record when it was asked for may be a mere request by now.
        let is_record = was_record && want.is_some_and(|want| want.has_on_record(*addr));
        (is_record || self.state.books.is_open(&claim.subnet) && !self.is_on_record_of_another(&claim.key))
            && (entitled.may_grow || want.is_some_and(|want| entitled.may_get(&self.state, want)))
    }

    /// Whether somebody waits for an address who has it on record: what was not known when it was given to another.
    fn is_on_record_of_another(&self, key: &ClaimKey) -> bool {
        let waits = self.waiting.at_address(key).filter_map(|holder| holders::entitled(&self.state, holder));
        waits.flat_map(|entitled| entitled.wants).any(|want| want.lent.is_none() && want.has_on_record(key.addr))
    }

    /// The server refuses, and would again: its words are told, and it is asked again later.
    fn refused(&mut self, sent: &Sent, why: &str) {
        if let Action::CreateClaim(claim) = &sent.action {
            self.waiting.tell(&claim.nic, why);
        }
        let due = Time(self.now.0.saturating_add(self.settings.retry));
        self.dirty.remove(&sent.holder);
        self.due.insert((due, sent.holder.clone()));
    }
}
