//! StatefulSets: pods with ordinals, made and removed in order.
//!
//! In: StatefulSets and their pods. Out: creates and deletes of pods, status. Guarantees: a pod of an ordinal is made only
//! when its predecessor of the same name is gone; OrderedReady waits for each ordinal before the next; scale-down goes
//! from the highest, one at a time; a finished pod is replaced; orphans with the right name are adopted. Source:
//! `kubernetes/pkg/controller/statefulset/stateful_set_control.go` (volumes and ControllerRevisions are left out).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::claim::Claims;
use super::pods::{BURST, count, delete, from_template, is_ready, owner, pod_path, set_status, template_hash};
use super::{is_deleting, name, namespace};
use crate::meta;
use crate::pod::is_finished;
use crate::request::Request;
use crate::server::Server;
use crate::time::Timestamp;

const REVISION: &str = "controller-revision-hash";

/// One step over all StatefulSets.
pub fn sync_stateful_sets(server: &mut Server, now: Timestamp) -> bool {
    let before = server.revision();
    for set in server.objects("apps", "statefulsets") {
        if !is_deleting(&set) {
            sync(server, &set, now);
        }
    }
    server.revision() != before
}

/// The ordinal in a pod's name, if it is a name of this set.
fn ordinal(set: &Value, pod: &Value) -> Option<usize> {
    let rest = name(pod).strip_prefix(name(set))?.strip_prefix('-')?;
    rest.parse().ok().filter(|n: &usize| n.to_string() == rest)
}

fn sync(server: &mut Server, set: &Value, now: Timestamp) {
    let reference = owner("apps/v1", "StatefulSet", set);
    let mut pods: Vec<(usize, Arc<Value>)> = Claims::Pods
        .of(server, set, &reference, &|p| ordinal(set, p).is_some(), now)
        .into_iter()
        .filter_map(|p| Some((ordinal(set, &p)?, p)))
        .collect();
    pods.sort_by_key(|(n, _)| *n);
    let revision = format!("{}-{}", name(set), template_hash(&set["spec"]["template"], 0));
    control(server, set, &reference, &pods, &revision, now);
    let ready = pods.iter().filter(|(_, p)| is_ready(p)).count();
    let updated = pods.iter().filter(|(_, p)| has_revision(p, &revision)).count();
    let status = json!({"replicas": pods.len(), "readyReplicas": ready, "availableReplicas": ready,
        "updatedReplicas": updated, "updateRevision": revision,
        "observedGeneration": meta::number(set, "generation").unwrap_or(0)});
    let path = format!("/apis/apps/v1/namespaces/{}/statefulsets/{}", namespace(set), name(set));
    set_status(server, &path, set, &status, now);
}

fn has_revision(pod: &Value, revision: &str) -> bool {
    pod["metadata"]["labels"].get(REVISION) == Some(&json!(revision))
}

/// `updateStatefulSet`: one thing at a time where the policy is OrderedReady.
fn control(
    server: &mut Server,
    set: &Value,
    reference: &Value,
    pods: &[(usize, Arc<Value>)],
    revision: &str,
    now: Timestamp,
) {
    let first = set["spec"]["ordinals"]["start"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let last = first.saturating_add(count(set, "replicas", 1));
    let ordered = set["spec"]["podManagementPolicy"] != "Parallel";
    // A set that makes its pods at once looks at so many ordinals beyond those that it has, step by step.
    for n in (first..last).take(pods.len().saturating_add(BURST)) {
        match pods.iter().find(|(m, _)| *m == n).map(|(_, p)| p) {
            None => {
                create(server, set, reference, n, revision, now);
                if ordered {
                    return;
                }
            }
            Some(pod) if is_finished(pod) && !is_deleting(pod) => {
                delete(server, pod, now);
                if ordered {
                    return;
                }
            }
            Some(pod) if ordered && (is_deleting(pod) || !is_ready(pod)) => return,
            Some(_) => {}
        }
    }
    for (_, pod) in pods.iter().rev().filter(|(n, _)| *n < first || *n >= last) {
        if !is_deleting(pod) {
            delete(server, pod, now);
        }
        if ordered {
            return;
        }
    }
    update(server, set, pods, (first, last), revision, now);
}

/// Rolling update: the highest ordinal with an old template first, each ready before the next.
fn update(
    server: &mut Server,
    set: &Value,
    pods: &[(usize, Arc<Value>)],
    (first, last): (usize, usize),
    revision: &str,
    now: Timestamp,
) {
    let strategy = &set["spec"]["updateStrategy"];
    if strategy["type"] == "OnDelete" {
        return;
    }
    let partition = strategy["rollingUpdate"]["partition"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    for n in (first.max(partition)..last).rev() {
        // One that was made just now, and one on its way out, are waited for, whatever the policy.
        let Some((_, pod)) = pods.iter().find(|(m, _)| *m == n).filter(|(_, pod)| !is_deleting(pod)) else { return };
        if !has_revision(pod, revision) {
            return delete(server, pod, now);
        }
        if !is_ready(pod) {
            return;
        }
    }
}

fn create(server: &mut Server, set: &Value, reference: &Value, n: usize, revision: &str, now: Timestamp) {
    let pod_name = format!("{}-{n}", name(set));
    let metadata = Map::from_iter([
        ("name".to_owned(), json!(pod_name)),
        (
            "labels".to_owned(),
            json!({"statefulset.kubernetes.io/pod-name": pod_name, "apps.kubernetes.io/pod-index": n.to_string(),
                REVISION: revision}),
        ),
    ]);
    let mut pod = from_template(&set["spec"]["template"], reference.clone(), metadata);
    let spec = meta::object_mut(&mut pod, "spec");
    spec.insert("hostname".to_owned(), json!(pod_name));
    if let Some(service) = set["spec"].get("serviceName") {
        spec.insert("subdomain".to_owned(), service.clone());
    }
    server.handle(Request::post(pod_path(namespace(set), ""), pod), now);
}
