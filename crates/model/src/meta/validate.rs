//! What `metadata` must satisfy on every create and update, whatever the kind.
//!
//! In: normalized objects. Out: findings in upstream's order and words. Source:
//! `apimachinery/pkg/api/validation/objectmeta.go`.

use serde_json::Value;

use super::{FOREGROUND, ORPHAN, finalizers, is_deleting, meta, name, namespace, number, text};
use crate::field::FieldError;
use crate::names;

/// `TotalAnnotationSizeLimitB`.
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// `ValidateObjectMetaAccessor`: what holds for every object on every write.
pub(crate) fn validate(object: &Value, namespaced: bool, rule: names::NameRule) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let generate_name = text(object, "generateName");
    if !generate_name.is_empty() {
        for message in rule.check(generate_name, true) {
            errors.push(FieldError::invalid("metadata.generateName", generate_name, message));
        }
    }
    let name = name(object);
    if name.is_empty() {
        errors.push(FieldError::required("metadata.name", "name or generateName is required"));
    } else {
        for message in rule.check(name, false) {
            errors.push(FieldError::invalid("metadata.name", name, message));
        }
    }
    let namespace = namespace(object);
    match (namespaced, namespace.is_empty()) {
        (true, true) => errors.push(FieldError::required("metadata.namespace", "")),
        (true, false) => {
            for message in names::label(namespace) {
                errors.push(FieldError::invalid("metadata.namespace", namespace, message));
            }
        }
        (false, false) => errors.push(FieldError::forbidden("metadata.namespace", "not allowed on this type")),
        (false, true) => {}
    }
    if let Some(generation) = number(object, "generation")
        && generation < 0
    {
        errors.push(FieldError::invalid("metadata.generation", generation, "must be greater than or equal to 0"));
    }
    validate_common(object, &mut errors);
    validate_finalizers(object, &mut errors);
    errors
}

/// Labels, annotations and owner references: common to create and update.
fn validate_common(object: &Value, errors: &mut Vec<FieldError>) {
    let Some(meta) = meta(object) else { return };
    for (key, value) in meta.get("labels").and_then(Value::as_object).into_iter().flatten() {
        for message in names::qualified(key) {
            errors.push(FieldError::invalid("metadata.labels", key.as_str(), message));
        }
        let value = value.as_str().unwrap_or("");
        for message in names::label_value(value) {
            errors.push(FieldError::invalid("metadata.labels", value, message));
        }
    }
    let mut size = 0;
    for (key, value) in meta.get("annotations").and_then(Value::as_object).into_iter().flatten() {
        size += key.len() + value.as_str().map_or(0, str::len);
        for message in names::qualified(&key.to_lowercase()) {
            errors.push(FieldError::invalid("metadata.annotations", key.as_str(), message));
        }
    }
    if size > ANNOTATIONS_LIMIT {
        errors.push(FieldError::too_long("metadata.annotations", ANNOTATIONS_LIMIT as u64));
    }
    if let Some(owners) = meta.get("ownerReferences").and_then(Value::as_array) {
        validate_owners(owners, errors);
    }
}

fn validate_owners(owners: &[Value], errors: &mut Vec<FieldError>) {
    const PATH: &str = "metadata.ownerReferences";
    let mut controller: Option<String> = None;
    for owner in owners {
        let get = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or("");
        let api_version = get("apiVersion");
        let version = api_version.rsplit('/').next().unwrap_or("");
        if version.is_empty() || api_version.matches('/').count() > 1 {
            errors.push(FieldError::invalid(format!("{PATH}.apiVersion"), api_version, "version must not be empty"));
        }
        for key in ["kind", "name", "uid"] {
            if get(key).is_empty() {
                errors.push(FieldError::invalid(format!("{PATH}.{key}"), get(key), "must not be empty"));
            }
        }
        if api_version == "v1" && get("kind") == "Event" {
            let detail = "/v1, Kind=Event is disallowed from being an owner";
            errors.push(FieldError::invalid_text(PATH, &owner_text(owner), detail));
        }
        if owner.get("controller").and_then(Value::as_bool) == Some(true) {
            let current = format!("{}/{}", get("kind"), get("name"));
            match &controller {
                Some(first) => {
                    let detail = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {current}"
                    );
                    errors.push(FieldError::invalid_text(PATH, &owners_text(owners), &detail));
                }
                None => controller = Some(current),
            }
        }
    }
}

/// Owner references as Go prints the struct: in the order of its fields.
fn owners_text(owners: &[Value]) -> String {
    format!("[{}]", owners.iter().map(owner_text).collect::<Vec<_>>().join(","))
}

fn owner_text(owner: &Value) -> String {
    let keys = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];
    let fields = keys.iter().filter_map(|key| Some(format!("\"{key}\":{}", owner.get(key)?)));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

fn validate_finalizers(object: &Value, errors: &mut Vec<FieldError>) {
    let finalizers = finalizers(object);
    for finalizer in &finalizers {
        for message in names::qualified(finalizer) {
            errors.push(FieldError::invalid("metadata.finalizers", *finalizer, message));
        }
    }
    if finalizers.contains(&ORPHAN) && finalizers.contains(&FOREGROUND) {
        let detail = format!("finalizer {ORPHAN} and {FOREGROUND} cannot be both set");
        errors.push(FieldError::invalid("metadata.finalizers", finalizers, detail));
    }
}

/// `ValidateObjectMetaAccessorUpdate`: what an update may not do.
pub(crate) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if is_deleting(old) {
        let before = finalizers(old);
        let mut added: Vec<&str> = finalizers(new).into_iter().filter(|f| !before.contains(f)).collect();
        added.sort_unstable();
        added.dedup();
        if !added.is_empty() {
            let list: Vec<String> = added.iter().map(|f| crate::field::quote(f)).collect();
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                list.join(", ")
            );
            errors.push(FieldError::forbidden("metadata.finalizers", detail));
        }
    }
    if text(new, "resourceVersion").is_empty() {
        errors.push(FieldError::invalid("metadata.resourceVersion", "", "must be specified for an update"));
    }
    let generation = number(new, "generation").unwrap_or(0);
    if generation < number(old, "generation").unwrap_or(0) {
        errors.push(FieldError::invalid("metadata.generation", generation, "must not be decremented"));
    }
    let keys = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"];
    for key in keys {
        let (a, b) = (meta(new).and_then(|m| m.get(key)), meta(old).and_then(|m| m.get(key)));
        if a != b {
            // A nil pointer prints as null, an empty string as such.
            let empty = if matches!(key, "name" | "namespace" | "uid") { Value::from("") } else { Value::Null };
            let bad = a.cloned().unwrap_or(empty);
            errors.push(FieldError::invalid(format!("metadata.{key}"), bad, "field is immutable"));
        }
    }
    validate_common(new, &mut errors);
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_deleting_object_takes_no_new_finalizer() {
        let old = json!({"metadata": {"name": "a", "uid": "u", "resourceVersion": "1", "deletionTimestamp": "t",
            "finalizers": ["a.io/x"]}});
        let mut new = old.clone();
        assert_eq!(validate_update(&new, &old), []);
        new["metadata"]["finalizers"] = json!(["a.io/x", "a.io/y"]);
        let errors = validate_update(&new, &old);
        assert_eq!(
            errors[0].message(),
            "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"a.io/y\"}"
        );
    }
}
