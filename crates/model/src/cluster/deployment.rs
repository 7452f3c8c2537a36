//! Deployments: one ReplicaSet per template, rolled from the old to the new.
//!
//! In: Deployments and their ReplicaSets, orphans that they adopt among them. Out: creates and scales of ReplicaSets, status. Guarantees: at most
//! `replicas + maxSurge` pods are asked for, at least `replicas - maxUnavailable` are kept ready; with strategy Recreate
//! the old pods are gone before the new ones are made. Source: `kubernetes/pkg/controller/deployment` (history, pausing
//! and proportional scaling are left out).

use std::sync::Arc;

use serde_json::{Value, json};

use super::claim::Claims;
use super::pods::{controller_uid, count, owner, set_status, template_hash};
use super::{is_deleting, name, namespace, uid};
use crate::meta;
use crate::request::Request;
use crate::server::Server;
use crate::time::Timestamp;

const HASH: &str = "pod-template-hash";

/// One step over all Deployments.
pub fn sync_deployments(server: &mut Server, now: Timestamp) -> bool {
    let before = server.revision();
    for deployment in server.objects("apps", "deployments") {
        if !is_deleting(&deployment) {
            sync(server, &deployment, now);
        }
    }
    server.revision() != before
}

fn path(deployment: &Value, set: &str) -> String {
    let base = format!("/apis/apps/v1/namespaces/{}/replicasets", namespace(deployment));
    if set.is_empty() { base } else { format!("{base}/{set}") }
}

fn status(set: &Value, key: &str) -> usize {
    set["status"].get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
}

/// Numbers are what a client wrote: they may be as large as they get.
fn sum(numbers: impl Iterator<Item = usize>) -> usize {
    numbers.fold(0, usize::saturating_add)
}

/// How many pods these sets are to have.
fn asked_of(sets: &[Arc<Value>]) -> usize {
    sum(sets.iter().map(|s| count(s, "replicas", 0)))
}

fn sync(server: &mut Server, deployment: &Value, now: Timestamp) {
    let reference = owner("apps/v1", "Deployment", deployment);
    let mut sets = Claims::ReplicaSets.of(server, deployment, &reference, &|_| true, now);
    sets.retain(|set| !is_deleting(set));
    let (new, old): (Vec<_>, Vec<_>) = sets.iter().cloned().partition(|set| is_of_template(set, deployment));
    let wanted = count(deployment, "replicas", 1);
    let recreate = deployment["spec"]["strategy"]["type"] == "Recreate";
    let old_asked = asked_of(&old);
    let old_there = old.iter().any(|s| status(s, "replicas") > 0 || pods_of(server, s) > 0);
    match new.first() {
        None if recreate && (old_asked > 0 || old_there) => scale_all(server, deployment, &old, now),
        None => create_set(server, deployment, if old_asked == 0 { wanted } else { 0 }, now),
        Some(set) => roll(server, deployment, set, &old, wanted, now),
    }
    let total = |key: &str| sum(sets.iter().map(|s| status(s, key)));
    let ready = total("readyReplicas");
    let status = json!({"replicas": total("replicas"), "readyReplicas": ready, "availableReplicas": ready,
        "updatedReplicas": new.first().map_or(0, |s| status(s, "replicas")),
        "observedGeneration": meta::number(deployment, "generation").unwrap_or(0)});
    set_status(server, &deployment_path(deployment), deployment, &status, now);
}

fn deployment_path(deployment: &Value) -> String {
    format!("/apis/apps/v1/namespaces/{}/deployments/{}", namespace(deployment), name(deployment))
}

/// Pods of a set that are still there, terminating ones too.
fn pods_of(server: &Server, set: &Value) -> usize {
    server.objects("", "pods").iter().filter(|p| controller_uid(p) == uid(set)).count()
}

/// Whether a set is of the template that a Deployment has now (`EqualIgnoreHash`).
fn is_of_template(set: &Value, deployment: &Value) -> bool {
    let mut template = set["spec"]["template"].clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(HASH);
    }
    template == deployment["spec"]["template"]
}

/// Makes the set of the template. Where somebody else's has its name, the next try takes another hash.
fn create_set(server: &mut Server, deployment: &Value, replicas: usize, now: Timestamp) {
    let collisions = deployment["status"]["collisionCount"].as_u64().unwrap_or_default();
    let hash = template_hash(&deployment["spec"]["template"], collisions);
    let mut template = deployment["spec"]["template"].clone();
    let mut selector = deployment["spec"]["selector"].clone();
    meta::object_mut(&mut selector, "matchLabels").insert(HASH.to_owned(), json!(hash));
    let labels = meta::meta_mut(&mut template).entry("labels").or_insert_with(|| json!({}));
    if let Some(labels) = labels.as_object_mut() {
        labels.insert(HASH.to_owned(), json!(hash));
    }
    let labels = template["metadata"]["labels"].clone();
    let set = json!({"metadata": {"name": format!("{}-{hash}", name(deployment)), "labels": labels,
            "ownerReferences": [owner("apps/v1", "Deployment", deployment)]},
        "spec": {"replicas": replicas, "selector": selector, "template": template}});
    if server.handle(Request::post(path(deployment, ""), set), now).code == 409 {
        let status = json!({"status": {"collisionCount": collisions.saturating_add(1)}});
        server.handle(Request::merge_patch(format!("{}/status", deployment_path(deployment)), status), now);
    }
}

fn scale(server: &mut Server, deployment: &Value, set: &Value, replicas: usize, now: Timestamp) {
    if count(set, "replicas", 1) != replicas {
        let patch = json!({"spec": {"replicas": replicas}});
        server.handle(Request::merge_patch(path(deployment, name(set)), patch), now);
    }
}

fn scale_all(server: &mut Server, deployment: &Value, sets: &[Arc<Value>], now: Timestamp) {
    for set in sets {
        scale(server, deployment, set, 0, now);
    }
}

/// `maxSurge` or `maxUnavailable` as a number of pods.
fn share(deployment: &Value, key: &str, wanted: usize, round_up: bool) -> usize {
    match &deployment["spec"]["strategy"]["rollingUpdate"][key] {
        Value::String(text) => {
            let percent: usize = text.trim_end_matches('%').parse().unwrap_or(25);
            let scaled = wanted.saturating_mul(percent);
            if round_up { scaled.div_ceil(100) } else { scaled / 100 }
        }
        other => other.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
    }
}

fn roll(server: &mut Server, deployment: &Value, new: &Value, old: &[Arc<Value>], wanted: usize, now: Timestamp) {
    let old_asked = asked_of(old);
    let asked = count(new, "replicas", 0);
    if old_asked == 0 {
        return scale(server, deployment, new, wanted, now);
    }
    let (surge, mut unavailable) =
        (share(deployment, "maxSurge", wanted, true), share(deployment, "maxUnavailable", wanted, false));
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    let all_asked = old_asked.saturating_add(asked);
    let room = wanted.saturating_add(surge).saturating_sub(all_asked);
    if room > 0 && asked < wanted {
        return scale(server, deployment, new, asked.saturating_add(room).min(wanted), now);
    }
    // What may go: more than the least that must be ready, counting pods of the new set that are not ready as lost.
    let not_ready = asked.saturating_sub(status(new, "readyReplicas"));
    let least = wanted.saturating_sub(unavailable).saturating_add(not_ready);
    let mut spare = all_asked.saturating_sub(least);
    for set in old {
        let current = count(set, "replicas", 0);
        let down = current.min(spare);
        spare -= down;
        scale(server, deployment, set, current - down, now);
    }
}
