//! `metadata`: reading it as the typed `ObjectMeta` it is, and the rules common to all kinds.
//!
//! In: objects as JSON. Out: accessors, the normal form of `metadata`, and findings. Guarantees: after [`normalize`] every
//! known field has its type and no empty value is left (Go's `omitempty`), so accessors need not check again. Sources:
//! `apimachinery/pkg/apis/meta/v1/types.go`, `apimachinery/pkg/api/validation/objectmeta.go`.

use serde_json::{Map, Value};

use crate::field::FieldError;
use crate::names;
use crate::time::Timestamp;

/// `metav1.FinalizerOrphanDependents`.
pub(crate) const ORPHAN: &str = "orphan";
/// `metav1.FinalizerDeleteDependents`.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// `metadata`, if the object has one.
pub(crate) fn meta(object: &Value) -> Option<&Map<String, Value>> {
    object.get("metadata").and_then(Value::as_object)
}

/// `metadata`, made if it is not there.
pub(crate) fn meta_mut(object: &mut Value) -> &mut Map<String, Value> {
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    object_mut(object, "metadata")
}

/// The map at `key`, made if there is none. `value` becomes a map if it is none.
pub(crate) fn object_mut<'a>(value: &'a mut Value, key: &str) -> &'a mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Value::Object(map) = value else { unreachable!("made an object above") };
    let slot = map.entry(key.to_owned()).or_insert_with(|| Value::Object(Map::new()));
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    let Value::Object(inner) = slot else { unreachable!("made an object above") };
    inner
}

/// A string field of `metadata`, empty when absent.
pub(crate) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    meta(object).and_then(|m| m.get(key)).and_then(Value::as_str).unwrap_or("")
}

/// An integer field of `metadata`.
pub(crate) fn number(object: &Value, key: &str) -> Option<i64> {
    meta(object).and_then(|m| m.get(key)).and_then(Value::as_i64)
}

/// `metadata.name`.
pub(crate) fn name(object: &Value) -> &str {
    text(object, "name")
}

/// `metadata.namespace`.
pub(crate) fn namespace(object: &Value) -> &str {
    text(object, "namespace")
}

/// `metadata.uid`.
pub(crate) fn uid(object: &Value) -> &str {
    text(object, "uid")
}

/// `metadata.finalizers`.
pub(crate) fn finalizers(object: &Value) -> Vec<&str> {
    meta(object)
        .and_then(|m| m.get("finalizers"))
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

/// Whether deletion has begun.
pub(crate) fn is_deleting(object: &Value) -> bool {
    meta(object).is_some_and(|m| m.contains_key("deletionTimestamp"))
}

/// `metadata.deletionTimestamp`.
pub(crate) fn deletion_timestamp(object: &Value) -> Option<Timestamp> {
    Timestamp::parse(text(object, "deletionTimestamp"))
}

/// Sets or removes a list of finalizers.
pub(crate) fn set_finalizers(object: &mut Value, finalizers: Vec<String>) {
    let meta = meta_mut(object);
    if finalizers.is_empty() {
        meta.remove("finalizers");
    } else {
        meta.insert("finalizers".to_owned(), finalizers.into());
    }
}

/// The value of `key` in `old` replaces that in `new`, absence included.
pub(crate) fn keep(new: &mut Map<String, Value>, old: Option<&Map<String, Value>>, key: &str) {
    match old.and_then(|o| o.get(key)) {
        Some(value) => {
            new.insert(key.to_owned(), value.clone());
        }
        None => {
            new.remove(key);
        }
    }
}

/// The Go type of each field, for the words of a refusal.
const FIELDS: &[(&str, Shape)] = &[
    ("annotations", Shape::Strings),
    ("creationTimestamp", Shape::Time),
    ("deletionGracePeriodSeconds", Shape::Int),
    ("deletionTimestamp", Shape::Time),
    ("finalizers", Shape::List),
    ("generateName", Shape::Text),
    ("generation", Shape::Int),
    ("labels", Shape::Strings),
    ("name", Shape::Text),
    ("namespace", Shape::Text),
    ("ownerReferences", Shape::Owners),
    ("resourceVersion", Shape::Text),
    ("selfLink", Shape::Text),
    ("uid", Shape::Text),
];
const OWNER_FIELDS: &[(&str, Shape)] = &[
    ("apiVersion", Shape::Text),
    ("blockOwnerDeletion", Shape::Bool),
    ("controller", Shape::Bool),
    ("kind", Shape::Text),
    ("name", Shape::Text),
    ("uid", Shape::Text),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Int,
    Bool,
    Time,
    Strings,
    List,
    Owners,
}

/// Why `metadata` cannot be read: the words of Go's JSON reader.
fn mismatch((base, key): (&str, &str), value: &Value, go_type: &str) -> String {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    format!("json: cannot unmarshal {found} into Go struct field {base}{key} of type {go_type}")
}

/// Brings `metadata` into the form that a typed `ObjectMeta` prints. Returns the names of unknown fields.
///
/// # Errors
/// Words of the JSON reader for a field of the wrong type.
pub(crate) fn normalize(object: &mut Value) -> Result<Vec<String>, String> {
    let Some(slot) = object.get_mut("metadata") else { return Ok(Vec::new()) };
    if slot.is_null() {
        *slot = Value::Object(Map::new());
    }
    let Value::Object(meta) = slot else { return Err(mismatch((".", "metadata"), slot, "v1.ObjectMeta")) };
    meta.remove("managedFields");
    let mut unknown = Vec::new();
    let mut empty = Vec::new();
    for (key, value) in meta.iter_mut() {
        match FIELDS.iter().find(|(k, _)| k == key) {
            None => {
                unknown.push(key.clone());
                empty.push(key.clone());
            }
            Some((_, shape)) => {
                if read(*shape, ("ObjectMeta.metadata.", key), value, &mut unknown)? {
                    empty.push(key.clone());
                }
            }
        }
    }
    for key in &empty {
        meta.remove(key);
    }
    Ok(unknown.into_iter().map(|k| format!("metadata.{k}")).collect())
}

/// Checks one value; true if it is empty and goes.
fn read(shape: Shape, path: (&str, &str), value: &mut Value, unknown: &mut Vec<String>) -> Result<bool, String> {
    if value.is_null() {
        return Ok(true);
    }
    match (shape, &mut *value) {
        (Shape::Text, Value::String(s)) => Ok(s.is_empty()),
        (Shape::Bool, Value::Bool(_)) => Ok(false),
        (Shape::Int, Value::Number(n)) if n.is_i64() => Ok(n.as_i64() == Some(0) && path.1 == "generation"),
        (Shape::Time, Value::String(s)) => match Timestamp::parse(s) {
            Some(time) => {
                *value = Value::String(time.to_string());
                Ok(false)
            }
            None => {
                Err(format!("parsing time {} as \"2006-01-02T15:04:05Z07:00\": cannot parse", crate::field::quote(s)))
            }
        },
        (Shape::Strings, Value::Object(map)) => {
            for v in map.values_mut() {
                if v.is_null() {
                    *v = Value::String(String::new());
                }
                if !v.is_string() {
                    return Err(mismatch(path, v, "string"));
                }
            }
            Ok(map.is_empty())
        }
        (Shape::List, Value::Array(list)) => match list.iter().find(|v| !v.is_string()) {
            Some(bad) => Err(mismatch(path, bad, "string")),
            None => Ok(list.is_empty()),
        },
        (Shape::Owners, Value::Array(list)) => {
            for (i, owner) in list.iter_mut().enumerate() {
                read_owner(i, owner, unknown)?;
            }
            Ok(list.is_empty())
        }
        (Shape::Text | Shape::Time, _) => Err(mismatch(path, value, "string")),
        (Shape::Int, _) => Err(mismatch(path, value, "int64")),
        (Shape::Bool, _) => Err(mismatch(path, value, "bool")),
        (Shape::Strings, _) => Err(mismatch(path, value, "map[string]string")),
        (Shape::List, _) => Err(mismatch(path, value, "[]string")),
        (Shape::Owners, _) => Err(mismatch(path, value, "[]v1.OwnerReference")),
    }
}

fn read_owner(index: usize, owner: &mut Value, unknown: &mut Vec<String>) -> Result<(), String> {
    let Value::Object(map) = owner else {
        return Err(mismatch(("ObjectMeta.metadata.", "ownerReferences"), owner, "v1.OwnerReference"));
    };
    let mut gone = Vec::new();
    for (key, value) in map.iter_mut() {
        match OWNER_FIELDS.iter().find(|(k, _)| k == key) {
            None => {
                unknown.push(format!("ownerReferences[{index}].{key}"));
                gone.push(key.clone());
            }
            Some((_, shape)) => {
                if read(*shape, ("OwnerReference.metadata.ownerReferences.", key), value, unknown)?
                    && *shape == Shape::Bool
                {
                    gone.push(key.clone());
                }
            }
        }
    }
    for key in gone {
        map.remove(&key);
    }
    // The four strings have no omitempty.
    for key in ["apiVersion", "kind", "name", "uid"] {
        let slot = map.entry(key.to_owned()).or_insert_with(|| Value::String(String::new()));
        if slot.is_null() {
            *slot = Value::String(String::new());
        }
    }
    Ok(())
}

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
            errors.push(FieldError::invalid(PATH, owner.clone(), detail));
        }
        if owner.get("controller").and_then(Value::as_bool) == Some(true) {
            let current = format!("{}/{}", get("kind"), get("name"));
            match &controller {
                Some(first) => {
                    let detail = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {current}"
                    );
                    errors.push(FieldError::invalid(PATH, owners.to_vec(), detail));
                }
                None => controller = Some(current),
            }
        }
    }
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
    fn metadata_reads_and_prints_like_the_typed_one() {
        let mut object = json!({"metadata": {
            "name": "a", "labels": {}, "finalizers": [], "creationTimestamp": null, "managedFields": [{}],
            "foo": 1, "generation": 0, "deletionTimestamp": "2026-01-01T01:00:00.5+01:00",
            "ownerReferences": [{"name": "o", "uid": "u", "bar": 1, "controller": null}]}});
        assert_eq!(normalize(&mut object).unwrap(), ["metadata.foo", "metadata.ownerReferences[0].bar"]);
        assert_eq!(
            object,
            json!({"metadata": {"name": "a", "deletionTimestamp": "2026-01-01T00:00:00Z",
                "ownerReferences": [{"apiVersion": "", "kind": "", "name": "o", "uid": "u"}]}})
        );
    }

    #[test]
    fn a_field_of_another_type_is_refused_in_the_readers_words() {
        let mut object = json!({"metadata": {"labels": {"a": 1}}});
        assert_eq!(
            normalize(&mut object).unwrap_err(),
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"
        );
        for bad in [json!([]), json!({"name": 1}), json!({"finalizers": [1]}), json!({"creationTimestamp": "x"})] {
            assert!(normalize(&mut json!({"metadata": bad})).is_err(), "{bad}");
        }
    }

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
