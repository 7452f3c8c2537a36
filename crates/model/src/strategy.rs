//! What each kind does to an object before it is stored: preparation and validation.
//!
//! In: new and old objects. Out: the object that will be stored, or findings. Guarantees: status and spec do not leak into
//! each other where status is a subresource; generation follows the kind's rule. Sources: `PrepareForCreate`,
//! `PrepareForUpdate`, `Validate`, `ValidateUpdate` of each strategy.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::{ApiError, Outcome};
use crate::field::{FieldError, quote};
use crate::kinds::{Generation, Special};
use crate::registry::{Resource, ResourceId};
use crate::server::{Part, Server};
use crate::time::Timestamp;
use crate::{crd, defaults, meta, namespace, pod, scale, workload};

/// `PrepareForCreate` of the version that the request names.
pub(crate) fn prepare_create(resource: &Resource, version: usize, object: &mut Value) {
    if resource.custom {
        if resource.version(version).status
            && let Some(map) = object.as_object_mut()
        {
            map.remove("status");
        }
    } else if resource.version(version).status
        && let Some(status) = defaults::fresh_status(&resource.group, &resource.plural)
    {
        object["status"] = status;
    }
    if resource.rules.generation != Generation::None {
        meta::meta_mut(object).insert("generation".to_owned(), json!(1));
    }
    match resource.rules.special {
        Special::Pod => pod::prepare_create(object),
        Special::Namespace => namespace::prepare_create(object),
        Special::Crd => crd::prepare_create(object),
        Special::Workload if resource.plural == "jobs" => workload::job_selector(object),
        _ => {}
    }
}

/// `Validate` and the common rules of metadata.
pub(crate) fn validate_create(resource: &Resource, version: usize, object: &Value) -> Outcome<()> {
    let mut errors = Vec::new();
    if resource.custom {
        errors.extend(check_kind(resource, version, object));
        if errors.is_empty() {
            errors.extend(meta::validate(object, resource.namespaced, resource.rules.names));
            if let Some(schema) = &resource.version(version).schema {
                schema.validate_create(object, &mut errors);
            }
            if let Some(paths) = &resource.version(version).scale {
                errors.extend(scale::validate(paths, Part::Main, object));
            }
        }
    } else {
        errors.extend(meta::validate(object, resource.namespaced, resource.rules.names));
        validate_finalizer_names(resource, object, &mut errors);
        match resource.rules.special {
            Special::Pod => errors.extend(pod::validate(object)),
            Special::Crd => errors.extend(crd::validate(object)),
            Special::Workload => errors.extend(workload::validate(object)),
            Special::Lease => errors.extend(validate_lease(object)),
            _ => {}
        }
    }
    refuse(resource, object, &errors)
}

/// `PrepareForUpdate`.
pub(crate) fn prepare_update(resource: &Resource, version: usize, part: Part, new: &mut Value, old: &Value) {
    meta::keep(meta::meta_mut(new), meta::meta(old), "generation");
    match part {
        Part::Main => prepare_main(resource, version, new, old),
        Part::Status if resource.custom => keep_all_but_status(new, old),
        Part::Status => prepare_status(resource, new, old),
        Part::Finalize => {
            if let Some(map) = new.as_object_mut() {
                meta::keep(map, old.as_object(), "status");
            }
        }
    }
}

/// A write of a custom resource's status changes nothing else.
fn keep_all_but_status(new: &mut Value, old: &Value) {
    let (Some(new), Some(old)) = (new.as_object_mut(), old.as_object()) else { return };
    new.retain(|key, _| key == "status" || old.contains_key(key));
    for key in old.keys().filter(|key| *key != "status") {
        meta::keep(new, Some(old), key);
    }
}

/// The main resource: status stays where it has a path of its own.
fn prepare_main(resource: &Resource, version: usize, new: &mut Value, old: &Value) {
    if resource.version(version).status
        && let Some(map) = new.as_object_mut()
    {
        meta::keep(map, old.as_object(), "status");
    }
    if resource.rules.special == Special::Namespace {
        let finalizers = old.get("spec").and_then(Value::as_object);
        meta::keep(meta::object_mut(new, "spec"), finalizers, "finalizers");
    }
    bump_generation(resource, new, old);
    if resource.rules.special == Special::Crd {
        crd::prepare_update(new);
    }
}

/// `ValidateUpdate` and the common rules of metadata. Custom resources check metadata twice and report twice.
pub(crate) fn validate_update(
    resource: &Resource,
    version: usize,
    part: Part,
    new: &Value,
    old: &Value,
) -> Outcome<()> {
    let path_rule = crate::names::NameRule::PathSegment;
    let metadata = meta::validate(new, resource.namespaced, path_rule);
    let update = meta::validate_update(new, old);
    // The strategy checks metadata again: messages hide that, causes do not. Its findings are those of the first time.
    let mut errors = [metadata.clone(), update.clone()].concat();
    if resource.custom {
        validate_custom_update(resource, version, part, (new, old), update, &mut errors);
    } else {
        errors.extend(update);
        validate_special_update(resource, part, (new, old), metadata, &mut errors);
    }
    refuse(resource, new, &errors)
}

/// Finalizers of built-in kinds are qualified or well known; a custom resource's and a definition's may be any.
fn validate_finalizer_names(resource: &Resource, object: &Value, errors: &mut Vec<FieldError>) {
    const STANDARD: [&str; 3] = ["kubernetes", meta::ORPHAN, meta::FOREGROUND];
    if matches!(resource.rules.special, Special::Crd | Special::Lease) {
        return;
    }
    for (i, name) in meta::finalizers(object).into_iter().enumerate() {
        if !name.contains('/') && !STANDARD.contains(&name) {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            errors.push(FieldError::invalid(format!("metadata.finalizers[{i}]"), name, detail));
        }
    }
}

/// `generateWarningsFromObj`: new finalizers of a custom resource should be qualified.
pub(crate) fn warnings(resource: &Resource, new: &Value, old: Option<&Value>) -> Vec<String> {
    if !resource.custom {
        return Vec::new();
    }
    let before = old.map(meta::finalizers).unwrap_or_default();
    let mut added: Vec<&str> = meta::finalizers(new);
    added.retain(|name| {
        !before.contains(name) && !name.contains('/') && ![meta::ORPHAN, meta::FOREGROUND].contains(name)
    });
    added.sort_unstable();
    added.dedup();
    let warning = |name: &str| {
        let path = if name.contains('.') { "including a path (/) " } else { "" };
        let name = quote(name);
        format!(
            "metadata.finalizers: {name}: prefer a domain-qualified finalizer name {path}to avoid accidental conflicts with other finalizer writers"
        )
    };
    added.into_iter().map(warning).collect()
}

fn validate_custom_update(
    resource: &Resource,
    version: usize,
    part: Part,
    (new, old): (&Value, &Value),
    again: Vec<FieldError>,
    errors: &mut Vec<FieldError>,
) {
    let kind = check_kind(resource, version, new);
    if !kind.is_empty() {
        errors.extend(kind);
        return;
    }
    errors.extend(again);
    if let Some(schema) = &resource.version(version).schema {
        schema.validate_update(new, old, part == Part::Status, errors);
    }
    if let Some(paths) = &resource.version(version).scale {
        errors.extend(scale::validate(paths, part, new));
    }
}

fn validate_special_update(
    resource: &Resource,
    part: Part,
    (new, old): (&Value, &Value),
    again: Vec<FieldError>,
    errors: &mut Vec<FieldError>,
) {
    validate_finalizer_names(resource, new, errors);
    match (resource.rules.special, part) {
        (Special::Pod, Part::Main) => {
            errors.extend(pod::validate_update(new, old));
            errors.extend(again);
        }
        (Special::Pod, Part::Status) => {
            let class = |o: &Value| o["status"]["qosClass"].clone();
            if class(new) != class(old) {
                errors.push(FieldError::invalid("status.qosClass", class(new), "field is immutable"));
            }
        }
        (Special::Immutable, Part::Main) => {
            errors.extend(validate_immutable(new, old));
            errors.extend(again);
        }
        (Special::Namespace, Part::Status) => errors.extend(namespace::validate_status(new)),
        (Special::Crd, Part::Main) => errors.extend(crd::validate_update(new, old)),
        (Special::Workload, Part::Main) => errors.extend(workload::validate_update(resource, new, old)),
        (Special::Lease, Part::Main) => errors.extend(validate_lease(new)),
        _ => {}
    }
}

impl Server {
    /// What follows from a stored object: a CRD makes or changes a resource.
    pub(crate) fn after_write(&mut self, id: ResourceId, object: &Arc<Value>, now: Timestamp) -> Outcome<()> {
        if id == self.crds { self.crd_changed(object, now) } else { Ok(()) }
    }

    /// What follows from a deleted object: with a CRD goes its resource.
    pub(crate) fn after_delete(&mut self, id: ResourceId, object: &Arc<Value>) {
        if id == self.crds {
            self.crd_deleted(object);
        }
    }
}

fn refuse(resource: &Resource, object: &Value, errors: &[FieldError]) -> Outcome<()> {
    if errors.is_empty() {
        return Ok(());
    }
    // A custom resource is named by the kind that it says it has.
    let said = object.get("kind").and_then(Value::as_str).filter(|kind| resource.custom && !kind.is_empty());
    Err(ApiError::invalid(&resource.group, said.unwrap_or(&resource.kind), meta::name(object), errors))
}

/// `ValidateTypeMeta`.
fn check_kind(resource: &Resource, version: usize, object: &Value) -> Vec<FieldError> {
    let get = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or("");
    let mut errors = Vec::new();
    if get("kind") != resource.kind {
        errors.push(FieldError::invalid("kind", get("kind"), format!("must be {}", resource.kind)));
    }
    let expected = resource.api_version(version);
    if get("apiVersion") != expected {
        errors.push(FieldError::invalid("apiVersion", get("apiVersion"), format!("must be {expected}")));
    }
    errors
}

fn bump_generation(resource: &Resource, new: &mut Value, old: &Value) {
    let changed = match resource.rules.generation {
        Generation::None => return,
        Generation::On(fields) => fields.iter().any(|f| new.get(f) != old.get(f)),
        Generation::SpecOrAnnotations => {
            let annotations = |o: &Value| meta::meta(o).and_then(|m| m.get("annotations")).cloned();
            new.get("spec") != old.get("spec") || annotations(new) != annotations(old)
        }
        Generation::NonMetadata => match (new.as_object(), old.as_object()) {
            (Some(a), Some(b)) => {
                let rest = |m: &'_ serde_json::Map<String, Value>| m.len() - usize::from(m.contains_key("metadata"));
                rest(a) != rest(b) || a.iter().any(|(k, v)| k != "metadata" && b.get(k) != Some(v))
            }
            _ => false,
        },
    };
    if changed {
        let generation = meta::number(old, "generation").unwrap_or(0).saturating_add(1);
        meta::meta_mut(new).insert("generation".to_owned(), json!(generation));
    }
}

/// A write of `status` of a built-in kind keeps the spec, and of metadata what its strategy says.
fn prepare_status(resource: &Resource, new: &mut Value, old: &Value) {
    if let Some(map) = new.as_object_mut() {
        meta::keep(map, old.as_object(), "spec");
    }
    if resource.rules.special == Special::Crd {
        crd::prepare_update(new);
    }
    let old_meta = meta::meta(old);
    let kept: &[&str] = match (resource.rules.special, resource.plural.as_str()) {
        (Special::Pod, _) => &["ownerReferences"],
        (Special::Crd, _) => &["labels", "annotations", "finalizers", "ownerReferences"],
        (_, "deployments") => &["labels"],
        _ => &[],
    };
    let map = meta::meta_mut(new);
    for key in kept {
        meta::keep(map, old_meta, key);
    }
    if resource.rules.special == Special::Pod {
        let class = old["status"].get("qosClass").cloned();
        let status = meta::object_mut(new, "status");
        if let Some(class) = class {
            status.entry("qosClass").or_insert(class);
        }
    }
}

/// The type of a Secret; a ConfigMap or Secret with `immutable: true`.
fn validate_immutable(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if new.get("type") != old.get("type") {
        errors.push(FieldError::invalid("type", new["type"].clone(), "field is immutable"));
    }
    if old.get("immutable") != Some(&json!(true)) {
        return errors;
    }
    if new.get("immutable") != Some(&json!(true)) {
        errors.push(FieldError::forbidden("immutable", "field is immutable when `immutable` is set"));
    }
    for key in ["data", "binaryData"] {
        if new.get(key) != old.get(key) {
            errors.push(FieldError::forbidden(key, "field is immutable when `immutable` is set"));
        }
    }
    errors
}

fn validate_lease(lease: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (key, least) in [("leaseDurationSeconds", 1), ("leaseTransitions", 0)] {
        if let Some(n) = lease.get("spec").and_then(|s| s.get(key)).and_then(Value::as_i64)
            && n < least
        {
            let detail = if least == 1 { "must be greater than 0" } else { "must be greater than or equal to 0" };
            errors.push(FieldError::invalid(format!("spec.{key}"), n, detail));
        }
    }
    errors
}
