//! ReplicaSets: so many pods of one template.
//!
//! In: ReplicaSets and their pods. Out: creates and deletes of pods, status. Guarantees: finished and terminating pods do
//! not count, so a terminating pod has its successor before it is gone. Source:
//! `kubernetes/pkg/controller/replicaset/replica_set.go` (expectations and slow start are left out).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::claim::Claims;
use super::pods::{
    BURST, count, delete, deletion_rank, from_template, is_active, is_ready, owner, pod_path, set_status,
};
use super::{is_deleting, name, namespace};
use crate::meta;
use crate::request::Request;
use crate::server::Server;
use crate::time::Timestamp;

/// One step over all ReplicaSets.
pub fn sync_replica_sets(server: &mut Server, now: Timestamp) -> bool {
    let before = server.revision();
    for set in server.objects("apps", "replicasets") {
        sync(server, &set, now);
    }
    server.revision() != before
}

fn sync(server: &mut Server, set: &Value, now: Timestamp) {
    let reference = owner("apps/v1", "ReplicaSet", set);
    let pods = Claims::Pods.of(server, set, &reference, &|_| true, now);
    let mut active: Vec<Arc<Value>> = pods.into_iter().filter(|p| is_active(p)).collect();
    let wanted = count(set, "replicas", 1);
    if !is_deleting(set) {
        for _ in (active.len()..wanted).take(BURST) {
            let metadata = Map::from_iter([("generateName".to_owned(), json!(format!("{}-", name(set))))]);
            let pod = from_template(&set["spec"]["template"], reference.clone(), metadata);
            server.handle(Request::post(pod_path(namespace(set), ""), pod), now);
        }
        active.sort_by_key(|p| deletion_rank(p));
        for pod in active.iter().take(active.len().saturating_sub(wanted)) {
            delete(server, pod, now);
        }
    }
    let ready = active.iter().filter(|p| is_ready(p)).count();
    let status = json!({"replicas": active.len(), "fullyLabeledReplicas": active.len(), "readyReplicas": ready,
        "availableReplicas": ready, "observedGeneration": meta::number(set, "generation").unwrap_or(0)});
    let path = format!("/apis/apps/v1/namespaces/{}/replicasets/{}", namespace(set), name(set));
    set_status(server, &path, set, &status, now);
}
