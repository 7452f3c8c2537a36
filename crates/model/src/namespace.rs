//! Namespaces: two kinds of finalizers, and a deletion in two steps.
//!
//! In: writes and deletes of Namespaces. Out: their stored form. Guarantees: a Namespace is deleted only when neither
//! `metadata.finalizers` nor `spec.finalizers` holds anything. Who empties it: `cluster::namespaces`. Source:
//! `kubernetes/pkg/registry/core/namespace/{strategy.go,storage/storage.go}`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::{ApiError, Outcome};
use crate::field::FieldError;
use crate::meta::{self, FOREGROUND, ORPHAN};
use crate::options::{DeleteOptions, Propagation};
use crate::request::{Method, Request, Response};
use crate::server::{Part, Scope, Server};
use crate::store::key;
use crate::time::Timestamp;

/// `spec.finalizers`.
pub(crate) fn spec_finalizers(namespace: &Value) -> Vec<&str> {
    let list = namespace.get("spec").and_then(|s| s.get("finalizers")).and_then(Value::as_array);
    list.map(|l| l.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// `status.phase` is Terminating.
pub(crate) fn is_terminating(namespace: &Value) -> bool {
    namespace.get("status").and_then(|s| s.get("phase")).and_then(Value::as_str) == Some("Terminating")
}

/// `PrepareForCreate`.
pub(crate) fn prepare_create(namespace: &mut Value) {
    let mut finalizers: Vec<String> = spec_finalizers(namespace).into_iter().map(str::to_owned).collect();
    if !finalizers.iter().any(|f| f == "kubernetes") {
        finalizers.push("kubernetes".to_owned());
    }
    meta::object_mut(namespace, "spec").insert("finalizers".to_owned(), finalizers.into());
    namespace["status"] = json!({"phase": "Active"});
    canonicalize(namespace);
}

/// `ValidateNamespaceStatusUpdate`: the phase follows the deletion.
pub(crate) fn validate_status(namespace: &Value) -> Vec<FieldError> {
    let phase = namespace.get("status").and_then(|s| s.get("phase")).and_then(Value::as_str).unwrap_or("");
    let (fits, detail) = if meta::is_deleting(namespace) {
        (phase == "Terminating", "may only be 'Terminating' if `deletionTimestamp` is not empty")
    } else {
        (phase == "Active", "may only be 'Active' if `deletionTimestamp` is empty")
    };
    if fits { Vec::new() } else { vec![FieldError::invalid("status.Phase", phase, detail)] }
}

/// `Canonicalize`: the label that every namespace has.
pub(crate) fn canonicalize(namespace: &mut Value) {
    if let Some(spec) = namespace.get_mut("spec").and_then(Value::as_object_mut)
        && spec.get("finalizers").and_then(Value::as_array).is_some_and(Vec::is_empty)
    {
        spec.remove("finalizers");
    }
    let name = meta::name(namespace).to_owned();
    let map = meta::meta_mut(namespace);
    let labels = map.entry("labels").or_insert_with(|| json!({}));
    if let Some(labels) = labels.as_object_mut() {
        labels.insert("kubernetes.io/metadata.name".to_owned(), json!(name));
    }
}

impl Server {
    /// The first delete marks; a later one deletes, once `spec.finalizers` is empty. `None`: go on with the deletion.
    pub(crate) fn delete_namespace(
        &mut self,
        scope: Scope<'_>,
        object: &Arc<Value>,
        options: &DeleteOptions,
        now: Timestamp,
    ) -> Outcome<Option<Response>> {
        let gr = self.res(scope.id)?.gr();
        let version = meta::text(object, "resourceVersion");
        if let Some(asked) = options.uid.as_deref().filter(|u| *u != meta::uid(object)) {
            let found = meta::uid(object);
            let why = format!("Precondition failed: UID in precondition: {asked}, UID in object meta: {found}");
            return Err(ApiError::conflict(gr, scope.name, &why));
        }
        if let Some(asked) = options.resource_version.as_deref().filter(|v| *v != version) {
            let why = format!(
                "Precondition failed: ResourceVersion in precondition: {asked}, ResourceVersion in object meta: {version}"
            );
            return Err(ApiError::conflict(gr, scope.name, &why));
        }
        if meta::is_deleting(object) {
            let waits = !spec_finalizers(object).is_empty();
            return Ok(waits.then(|| Response::object(200, Arc::clone(object))));
        }
        let mut updated = Value::clone(object);
        meta::meta_mut(&mut updated).insert("deletionTimestamp".to_owned(), json!(now.to_string()));
        meta::object_mut(&mut updated, "status").insert("phase".to_owned(), json!("Terminating"));
        if let Some(finalizers) = finalizers(object, options) {
            meta::set_finalizers(&mut updated, finalizers);
        }
        let key = key("", scope.name);
        let shown = self.write_deleting(scope, &key, updated, object, options.dry_run, now)?;
        Ok(Some(Response::object(200, shown)))
    }

    /// PUT of the finalize subresource: `spec.finalizers` may change.
    pub(crate) fn finalize(&mut self, request: &mut Request, scope: Scope<'_>, now: Timestamp) -> Outcome<Response> {
        match request.method {
            Method::Put => self.update(request, scope, Part::Finalize, now),
            _ => Err(ApiError::method_not_allowed()),
        }
    }
}

/// The finalizers for the garbage collector, if they change.
fn finalizers(object: &Value, options: &DeleteOptions) -> Option<Vec<String>> {
    let before = meta::finalizers(object);
    let wants = |finalizer: &str, policy: Propagation, when_orphan: bool| match options.orphan_dependents {
        Some(orphan) => orphan == when_orphan,
        None => options.propagation.map_or(before.contains(&finalizer), |p| p == policy),
    };
    let orphan = wants(ORPHAN, Propagation::Orphan, true);
    let foreground = wants(FOREGROUND, Propagation::Foreground, false);
    if orphan == before.contains(&ORPHAN) && foreground == before.contains(&FOREGROUND) {
        return None;
    }
    let mut after: Vec<String> =
        before.iter().filter(|f| **f != ORPHAN && **f != FOREGROUND).map(|f| (*f).to_owned()).collect();
    after.extend(foreground.then(|| FOREGROUND.to_owned()));
    after.extend(orphan.then(|| ORPHAN.to_owned()));
    Some(after)
}
