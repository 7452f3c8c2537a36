//! Live migration of a virtual machine: the one case in which two pods use an address at once.
//!
//! In: claims whose occupant is a launcher pod, the instance of its machine, migrations, pods that say that they are a target. Out: the
//! target uses the claim too; the one that is left is alone with it. Guarantees: a pod joins only while KubeVirt itself says, in the
//! status of an object that is not the pod's, that a migration of the machine runs, and that object's UID is the pod's; a third never
//! does, nor does a pod join its own successor; who has joined goes only by the proof by which any occupant goes, whatever became of
//! the migration: so neither end of it frees what the other has.

use super::bug::Bug;
use super::claims::Claim;
use super::command::{Action, Occupant, Turn};
use super::engine::Engine;
use super::fate::{Fate, Wait};
use super::holders::{Entitled, occupant, pod};
use super::id::{HolderId, NicId};
use super::state::State;
use super::want::Want;
use crate::record::is_finished;
use api::names::{annotations, labels};
use api::slim::{Meta, Pod, Str, Uid, VirtualMachineInstance};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Pods that say that a machine moves to them, by the namespace and name of its instance.
#[derive(Debug, Default)]
pub(super) struct Migrations(BTreeMap<(Str, Str), BTreeSet<HolderId>>);

impl Migrations {
    /// A pod is there, or says something else.
    pub(super) fn seen(&mut self, holder: &HolderId, meta: &Meta) {
        if let Some(key) = instance_named(meta).filter(|_| meta.annotation(annotations::MIGRATION_JOB).is_some()) {
            self.0.entry(key).or_default().insert(holder.clone());
        }
    }

    /// A pod is gone.
    pub(super) fn gone(&mut self, holder: &HolderId, meta: &Meta) {
        let Some(key) = instance_named(meta) else { return };
        if let Some(holders) = self.0.get_mut(&key) {
            holders.remove(holder);
            if holders.is_empty() {
                self.0.remove(&key);
            }
        }
    }

    fn of(&self, namespace: &Str, instance: &Str) -> impl Iterator<Item = &HolderId> {
        self.0.get(&(namespace.clone(), instance.clone())).into_iter().flatten()
    }
}

/// The instance that owns a launcher pod: its namespace and name.
fn instance_named(meta: &Meta) -> Option<(Str, Str)> {
    let owner = meta.owner("kubevirt.io", "VirtualMachineInstance")?;
    Some((meta.namespace.clone(), owner.name.clone()))
}

impl State {
    /// The pod to which the machine of a claim's occupant moves, where it wants what is claimed.
    fn target_of(&self, claim: &Claim) -> Option<Occupant> {
        let source = claim.occupant_name().and_then(|(namespace, name)| self.world.pods.get(namespace, name))?;
        let is_user = source.meta.uid == claim.occupant.pod_uid && !claim.is_let_go();
        if !is_user || is_going(source) {
            return None;
        }
        let instance = self.instance_of(&source.meta)?;
        let marked = self.migrations.of(&instance.meta.namespace, &instance.meta.name);
        let pods = marked.filter_map(|holder| self.pod(holder)).filter(|pod| {
            let is_other = pod.meta.uid != source.meta.uid && job_of(&pod.meta) != job_of(&source.meta);
            is_other && !pod.spec.node_name.is_empty() && !is_going(pod) && self.moves_to(instance, pod)
        });
        let pods = pods.filter(|pod| self.wants(pod, &claim.nic));
        pods.min_by_key(|pod| (pod.meta.created.get(), &pod.meta.name)).map(Occupant::of)
    }

    /// The instance that a launcher pod is of: the one by its UID, which no other of that name has.
    fn instance_of(&self, meta: &Meta) -> Option<&VirtualMachineInstance> {
        let owner = meta.owner("kubevirt.io", "VirtualMachineInstance")?;
        let instance = self.world.vmis.get(&meta.namespace, &owner.name)?;
        (owner.uid != Uid::None && instance.meta.uid == owner.uid).then_some(instance)
    }

    /// Whether KubeVirt says that an instance moves to a pod: by a migration of this instance that runs and whose UID the pod has. From
    /// when the instance itself says to which pod it moves, to that one only.
    fn moves_to(&self, instance: &VirtualMachineInstance, pod: &Pod) -> bool {
        if self.instance_of(&pod.meta).is_none_or(|of| of.meta.uid != instance.meta.uid) {
            return false;
        }
        let name = pod.meta.annotation(annotations::MIGRATION_JOB);
        let Some(job) = name.and_then(|name| self.world.migrations.get(&pod.meta.namespace, name)) else {
            return false;
        };
        let is_its = job.spec.vmi_name == instance.meta.name && job_of(&pod.meta).as_ref() == Some(&job.meta.uid);
        let runs = !matches!(job.status.phase.as_str(), "" | "Succeeded" | "Failed");
        let told = &instance.status.migration;
        let is_another =
            told.migration_uid == job.meta.uid && !told.target_pod.is_empty() && told.target_pod != pod.meta.name;
        is_its && runs && !is_another
    }

    fn wants(&self, pod: &Pod, nic: &NicId) -> bool {
        let entitled = pod::entitled(self, pod);
        entitled.is_some_and(|it| it.wants.iter().any(|want| want.lent.as_ref().is_some_and(|lent| lent.nic == *nic)))
    }

    /// Whether a pod is there, and has not finished.
    fn lives(&self, user: &Occupant) -> bool {
        let pod = self.world.pods.get(&user.namespace, &user.name);
        pod.is_some_and(|pod| pod.meta.uid == user.pod_uid && !is_finished(pod))
    }
}

/// The migration whose target a pod says to be, by its UID.
fn job_of(meta: &Meta) -> Option<Uid> {
    meta.label(labels::MIGRATION_JOB_UID).filter(|uid| !uid.is_empty()).map(Uid::parse)
}

fn is_going(pod: &Pod) -> bool {
    pod.meta.is_deleted() || is_finished(pod)
}

impl Engine {
    /// The migrations of an instance, or the instance, changed: whoever may be its target is looked at.
    pub(super) fn about_migrations(&mut self, namespace: &Str, instance: &Str) {
        self.dirty.extend(self.state.migrations.of(namespace, instance).cloned());
    }

    /// Lets the target of a migration use what the source has, and leaves one of them alone with it once the other has let go.
    pub(super) fn migrate(&mut self, entitled: &Entitled) {
        let holder = &entitled.holder;
        let claims = self.state.claims.of_holder(holder).filter_map(|(_, slot)| slot.shared());
        let kept: Vec<Arc<Claim>> = claims.filter(|claim| self.is_kept(entitled, claim)).cloned().collect();
        for claim in kept {
            let turn = match claim.target() {
                None if entitled.may_grow => self.state.target_of(&claim).map(Turn::Join),
                None => None,
                Some(_) => self.parted(&claim),
            };
            if let Some(turn) = turn {
                let (key, uid, version) = (claim.key.clone(), claim.uid.clone(), claim.version.clone());
                self.send(Action::Migrate { key, uid, version, turn }, holder);
            }
        }
    }

    /// What follows for a claim with two users, where one of them has let go. Of one that is gone the proof is waited for.
    fn parted(&mut self, claim: &Claim) -> Option<Turn> {
        let target = claim.target()?;
        let (first, second) = (occupant::first(&self.state, claim), occupant::target(&self.state, claim)?);
        match (first, second) {
            (_, Fate::Release(_)) => Some(Turn::Stay),
            (first, _) if matches!(first, Fate::Release(_)) || self.state.has(Bug::MoveMachine) => {
                Some(Turn::Move(target.occupant.clone(), target.sandbox.clone()))
            }
            (first, second) => {
                self.wait_for_gone(claim, [(&claim.occupant, first), (&target.occupant, second)]);
                None
            }
        }
    }

    /// Waits for the proof of those that are gone; while one lives it is to have the address. The claim tells of the first only.
    fn wait_for_gone(&mut self, claim: &Claim, users: [(&Occupant, Fate); 2]) {
        let gone = users.into_iter().filter(|(user, _)| !self.state.lives(user));
        let waits: Vec<Wait> =
            gone.filter_map(|(_, fate)| if let Fate::Wait(wait) = fate { Some(wait) } else { None }).collect();
        if let Some(first) = waits.first() {
            self.claim_waits(claim, first);
        }
        waits.into_iter().for_each(|wait| self.wait(&claim.nic.holder, wait));
    }

    /// Whether a claim waits for the word on the target of a migration that came to nothing.
    pub(super) fn waits_for_target(&self, claim: &Claim) -> bool {
        claim.target().is_some_and(|target| !self.state.lives(&target.occupant))
    }

    /// Whether a want is that of the pod which is about to join the user of a claim.
    pub(super) fn may_join(&self, want: &Want, claim: &Claim) -> bool {
        let user = want.lent.as_ref().map(|lent| &lent.to);
        claim.target().is_none() && self.state.target_of(claim).is_some_and(|target| Some(&target.pod_uid) == user)
    }
}
