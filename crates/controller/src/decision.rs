//! One line of log for each decision that matters: the address, its holder, and why.
//!
//! In: a command and what became of it, or would. Out: a line. Guarantees: a claim that is made or released is always told; what
//! only follows from it is told at debug level; a refusal says which right is missing, where that is the reason; a dry run
//! tells the same of what it does not do.

use crate::metrics::kind_of;
use engine::manage::{Action, Call, ClaimKey, Left, Outcome, Turn, Verb};
use serde_json::Value;

/// Logs what became of a command.
pub(crate) fn log(action: &Action, call: &Call, outcome: &Outcome) {
    match (action, outcome) {
        (Action::CreateClaim(claim), Outcome::Done(_)) => tracing::info!(
            address = %claim.key.addr, wire = %claim.key.wire, subnet = %claim.subnet, holder = %claim.title,
            nic = %claim.nic.name, node = %claim.occupant.node, "claimed"
        ),
        (Action::CreateClaim(claim), Outcome::Exists) => tracing::info!(
            address = %claim.key.addr, wire = %claim.key.wire, holder = %claim.title,
            "somebody else has this address: another one is looked for"
        ),
        (Action::DeleteClaim { key, title, proof, .. }, Outcome::Done(_)) => {
            tracing::info!(address = %key.addr, wire = %key.wire, holder = %title, why = %proof, "released");
        }
        (Action::CreateEvent(event) | Action::CountEvent { event, .. }, Outcome::Done(_)) => {
            tracing::info!(holder = event.title(), why = &*event.message, "refused");
        }
        (Action::Write(write), Outcome::Done(_)) if refusal(&write.patch).is_some() => {
            let holder = format!("{} {}", write.kind.name(), write.name);
            tracing::info!(holder, why = refusal(&write.patch), "refused");
        }
        (Action::Occupy { key, occupant, .. }, Outcome::Done(_)) => tracing::info!(
            address = %key.addr, wire = %key.wire, pod = %occupant.pod_uid, node = %occupant.node, "handed over"
        ),
        (Action::Migrate { key, turn, .. }, Outcome::Done(_)) => migrated(key, turn),
        (_, Outcome::Refused(why)) => refused(call, why),
        (_, Outcome::Unknown) => {
            tracing::warn!(verb = verb(call.verb), path = call.path, "no answer: it is read what became of it");
        }
        (_, outcome) => tracing::debug!(verb = verb(call.verb), path = call.path, ?outcome, "called"),
    }
}

/// Logs what a dry run does not do.
pub(crate) fn would(action: &Action, call: &Call) {
    match action {
        Action::CreateClaim(claim) => tracing::info!(
            address = %claim.key.addr, wire = %claim.key.wire, subnet = %claim.subnet, holder = %claim.title,
            nic = %claim.nic.name, node = %claim.occupant.node, "dry run: would claim"
        ),
        Action::DeleteClaim { key, title, proof, .. } => {
            tracing::info!(address = %key.addr, wire = %key.wire, holder = %title, why = %proof, "dry run: would release");
        }
        Action::CreateEvent(event) | Action::CountEvent { event, .. } => {
            tracing::info!(holder = %event.title(), why = &*event.message, "dry run: would refuse");
        }
        Action::Write(write) if refusal(&write.patch).is_some() => {
            let holder = format!("{} {}", write.kind.name(), write.name);
            tracing::info!(holder, why = refusal(&write.patch), "dry run: would refuse");
        }
        Action::Occupy { key, occupant, .. } => tracing::info!(
            address = %key.addr, wire = %key.wire, pod = %occupant.pod_uid, node = %occupant.node, "dry run: would hand over"
        ),
        _ => tracing::info!(verb = verb(call.verb), path = call.path, "dry run: would call"),
    }
}

fn migrated(key: &ClaimKey, turn: &Turn) {
    let (address, wire) = (&key.addr, &key.wire);
    match turn {
        Turn::Join(pod) => tracing::info!(
            %address, %wire, pod = %pod.pod_uid, node = %pod.node, "its machine migrates: the target uses it too"
        ),
        Turn::Stay => tracing::info!(%address, %wire, "the target of the migration has let it go"),
        Turn::Move(pod, _) => tracing::info!(
            %address, %wire, pod = %pod.pod_uid, node = %pod.node, "its machine has migrated: handed over to the target"
        ),
    }
}

/// The Subnets that are left to Kube-OVN's controller, as they were told last.
#[derive(Debug, Default)]
pub(crate) struct ToldLeft(Vec<Left>);

impl ToldLeft {
    /// Logs each that is left from now on, and each that is managed again.
    pub(crate) fn tell(&mut self, left: Vec<Left>) {
        for new in left.iter().filter(|left| !self.0.contains(left)) {
            tracing::error!(subnet = %new.subnet, wire = %new.wire, why = &*new.message,
                "left alone: nothing is written for it (--beside-kube-ovn: all the same)");
        }
        for old in self.0.iter().filter(|old| !left.iter().any(|left| left.subnet == old.subnet)) {
            tracing::info!(subnet = %old.subnet, wire = %old.wire, "not left to Kube-OVN any more");
        }
        self.0 = left;
    }
}

/// What a status says of an address that was refused.
fn refusal(patch: &Value) -> Option<&str> {
    let mut conditions = patch["status"]["conditions"].as_array()?.iter();
    conditions.find(|said| said["reason"] == "AcquireAddressFailed")?["message"].as_str()
}

fn refused(call: &Call, why: &str) {
    let (verb, path) = (verb(call.verb), call.path.as_str());
    if why.contains("is forbidden") {
        let resource = kind_of(path);
        tracing::error!(
            verb,
            path,
            why,
            "forbidden: a ClusterRole must allow {verb} of {resource}: see config/rbac.yaml"
        );
    } else {
        tracing::error!(verb, path, why, "the server refuses, and is asked again later");
    }
}

/// The verb as RBAC and the audit log call it.
pub(crate) fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "get",
        Verb::Create => "create",
        Verb::Replace => "update",
        Verb::MergePatch => "patch",
        Verb::Delete => "delete",
    }
}
