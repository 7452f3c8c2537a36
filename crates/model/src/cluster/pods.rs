//! What the workload controllers share: pods out of templates, pods that are theirs.

use serde_json::{Map, Value, json};

use super::{is_deleting, name, namespace, uid};
use crate::meta;
use crate::pod::{is_finished, node_name, phase};
use crate::request::Request;
use crate::server::Server;
use crate::time::Timestamp;

/// Pods that one step makes for one workload at most: `burstReplicas` of ReplicaSets, `MaxPodCreateDeletePerSync` of Jobs. A step
/// ends, whatever number a client wrote.
pub(super) const BURST: usize = 500;

/// The path of a pod, or of the collection for an empty name.
pub(super) fn pod_path(namespace: &str, name: &str) -> String {
    let path = format!("/api/v1/namespaces/{namespace}/pods");
    if name.is_empty() { path } else { format!("{path}/{name}") }
}

/// Neither finished nor on its way out.
pub(super) fn is_active(pod: &Value) -> bool {
    !is_finished(pod) && !is_deleting(pod)
}

/// Condition Ready is True.
pub(super) fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    phase(pod) == "Running" && conditions.into_iter().any(|c| c["type"] == "Ready" && c["status"] == "True")
}

/// The reference of a controller to itself.
pub(super) fn owner(api_version: &str, kind: &str, object: &Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "name": name(object), "uid": uid(object), "controller": true,
        "blockOwnerDeletion": true})
}

/// The UID of the controlling owner.
pub(super) fn controller_uid(object: &Value) -> &str {
    let owners = meta::meta(object).and_then(|m| m.get("ownerReferences")).and_then(Value::as_array);
    let owner = owners.into_iter().flatten().find(|o| o.get("controller") == Some(&json!(true)));
    owner.and_then(|o| o.get("uid")).and_then(Value::as_str).unwrap_or("")
}

/// A pod as `template` says; `metadata` gives its name and extra labels.
pub(super) fn from_template(template: &Value, owner: Value, mut metadata: Map<String, Value>) -> Value {
    let part = |key: &str| template.get("metadata").and_then(|m| m.get(key)).and_then(Value::as_object).cloned();
    let mut labels = part("labels").unwrap_or_default();
    if let Some(extra) = metadata.remove("labels").as_ref().and_then(Value::as_object) {
        labels.extend(extra.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
    metadata.insert("labels".to_owned(), Value::Object(labels));
    if let Some(annotations) = part("annotations") {
        metadata.insert("annotations".to_owned(), Value::Object(annotations));
    }
    metadata.insert("ownerReferences".to_owned(), Value::Array(vec![owner]));
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
}

/// Deletes a pod, by UID.
pub(super) fn delete(server: &mut Server, pod: &Value, now: Timestamp) {
    let options = json!({"preconditions": {"uid": uid(pod)}});
    server.handle(Request::delete(pod_path(namespace(pod), name(pod))).with_body(options), now);
}

/// Which pod of too many goes first: unbound, pending, not ready, young.
pub(super) fn deletion_rank(pod: &Value) -> (bool, bool, bool, std::cmp::Reverse<String>) {
    let created = super::text(pod, "creationTimestamp").to_owned();
    (!node_name(pod).is_empty(), phase(pod) == "Running", is_ready(pod), std::cmp::Reverse(created))
}

/// A short stable hash of a template, in the letters of generated names; after so many collisions.
pub(super) fn template_hash(template: &Value, collisions: u64) -> String {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    for byte in template.to_string().bytes().chain(collisions.to_le_bytes()) {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    crate::ids::Ids::new(state).name("")
}

/// Writes status if it differs.
pub(super) fn set_status(server: &mut Server, path: &str, object: &Value, status: &Value, now: Timestamp) {
    let old = object.get("status").and_then(Value::as_object);
    let differs = status.as_object().is_some_and(|s| s.iter().any(|(k, v)| old.and_then(|o| o.get(k)) != Some(v)));
    if differs {
        server.handle(Request::merge_patch(format!("{path}/status"), json!({"status": status})), now);
    }
}

/// `spec.{key}` as a count.
pub(super) fn count(object: &Value, key: &str, default: usize) -> usize {
    object["spec"].get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(default)
}
