//! `metadata`: reading it as the typed `ObjectMeta` it is, and the rules common to all kinds.
//!
//! In: objects as JSON. Out: accessors, the normal form of `metadata`, and findings. Guarantees: after [`normalize()`] every
//! known field has its type and no empty value is left (Go's `omitempty`), so accessors need not check again. Sources:
//! `apimachinery/pkg/apis/meta/v1/types.go`, `apimachinery/pkg/api/validation/objectmeta.go`.

mod normalize;
mod validate;

use serde_json::{Map, Value};

pub(crate) use normalize::normalize;
pub(crate) use validate::{validate, validate_update};

use crate::time::Timestamp;

/// `metav1.FinalizerOrphanDependents`.
pub(crate) const ORPHAN: &str = "orphan";
/// `metav1.FinalizerDeleteDependents`.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";

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
    match (old.and_then(|o| o.get(key)), new.get_mut(key)) {
        // Mostly it is the same already, and comparing costs less than copying.
        (Some(value), Some(slot)) if value == slot => {}
        (Some(value), Some(slot)) => *slot = value.clone(),
        (Some(value), None) => drop(new.insert(key.to_owned(), value.clone())),
        (None, _) => drop(new.remove(key)),
    }
}
