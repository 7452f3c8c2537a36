//! Binding: a pod gets its node, once.
//!
//! In: POSTs of the binding subresource. Out: the pod with its node and the condition PodScheduled. Guarantees: not while
//! the pod is deleted, bound or gated. Source: `kubernetes/pkg/registry/core/pod/storage/storage.go`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::error::{ApiError, GroupResource, Outcome};
use crate::meta;
use crate::pod::{node_name, set_condition};
use crate::request::{Method, Request, Response};
use crate::server::{Scope, Server};
use crate::store::key;
use crate::time::Timestamp;
use crate::update::storage_conflict;

impl Server {
    /// POST of the binding subresource.
    pub(crate) fn bind(&mut self, request: &mut Request, scope: Scope<'_>, now: Timestamp) -> Outcome<Response> {
        if request.method != Method::Post {
            return Err(ApiError::method_not_allowed());
        }
        let options = Self::write_options(request)?;
        let binding = request.body.take().unwrap_or(Value::Null);
        if meta::name(&binding) != scope.name {
            return Err(ApiError::bad_request("name in URL does not match name in Binding object"));
        }
        let resource = self.res(scope.id)?;
        self.admit(resource, scope.namespace, scope.name)?;
        let target = |k: &str| binding.get("target").and_then(|t| t.get(k)).and_then(Value::as_str).unwrap_or("");
        if target("name").is_empty() {
            return Err(ApiError::unrecognized("target.name: Required value"));
        }
        let key = key(scope.namespace, scope.name);
        let old = resource.store.get(&key).map(|s| Arc::clone(&s.object));
        let old = old.ok_or_else(|| ApiError::not_found(resource.gr(), scope.name))?;
        if let Some(why) = broken_precondition(&binding, &old) {
            return Err(storage_conflict(resource, scope.namespace, scope.name, &why));
        }
        if let Some(why) = refusal(&old, scope.name) {
            return Err(ApiError::conflict(GroupResource { group: "", resource: "pods/binding" }, scope.name, &why));
        }
        let pod = bound(&old, &binding, target("name"), now);
        self.write_deleting(scope, &key, pod, &old, options.dry_run, now)?;
        Ok(Response::success(201))
    }
}

/// UID and version that the binding names must be the pod's.
fn broken_precondition(binding: &Value, pod: &Value) -> Option<String> {
    let words = [("uid", "UID"), ("resourceVersion", "ResourceVersion")];
    words.into_iter().find_map(|(field, word)| {
        let (asked, found) = (meta::text(binding, field), meta::text(pod, field));
        let why = || format!("Precondition failed: {word} in precondition: {asked}, {word} in object meta: {found}");
        (!asked.is_empty() && asked != found).then(why)
    })
}

/// Why the pod may not be bound.
fn refusal(pod: &Value, name: &str) -> Option<String> {
    if meta::is_deleting(pod) {
        return Some(format!("pod {name} is being deleted, cannot be assigned to a host"));
    }
    if !node_name(pod).is_empty() {
        let node = crate::field::quote(node_name(pod));
        return Some(format!("pod {name} is already assigned to node {node}"));
    }
    let gates = pod["spec"].get("schedulingGates").and_then(Value::as_array);
    gates.is_some_and(|gates| !gates.is_empty()).then(|| format!("pod {name} has non-empty .spec.schedulingGates"))
}

/// The pod with its node: `setPodNodeAndMetadata`.
fn bound(old: &Value, binding: &Value, node: &str, now: Timestamp) -> Value {
    let mut pod = old.clone();
    meta::object_mut(&mut pod, "spec").insert("nodeName".to_owned(), json!(node));
    for key in ["annotations", "labels"] {
        if let Some(extra) = meta::meta(binding).and_then(|m| m.get(key)).and_then(Value::as_object) {
            let slot = meta::meta_mut(&mut pod).entry(key).or_insert_with(|| json!({}));
            if let Some(map) = slot.as_object_mut() {
                map.extend(extra.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
        }
    }
    let condition = Map::from_iter([("type".to_owned(), json!("PodScheduled")), ("status".to_owned(), json!("True"))]);
    set_condition(&mut pod, condition, now);
    pod
}
