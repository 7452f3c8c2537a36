//! The normal form of `metadata`: what a typed `ObjectMeta` prints after it read the JSON.
//!
//! In: an object. Out: the same with known fields of the right type only, and the names of unknown ones. Guarantees: no
//! empty value is left; a field of a wrong type is refused in the words of Go's JSON reader.

use serde_json::{Map, Value};

use crate::reader;
use crate::time::Timestamp;

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
    let found = reader::type_name(value);
    format!("json: cannot unmarshal {found} into Go struct field {base}{key} of type {go_type}")
}

/// Brings `metadata` into the form that a typed `ObjectMeta` prints. Returns the names of unknown fields. `custom`: it is
/// that of a custom resource, whose reader reads it on its own and so names fields by shorter paths.
///
/// # Errors
/// Words of the JSON reader for a field of the wrong type.
pub(crate) fn normalize(object: &mut Value, custom: bool) -> Result<Vec<String>, String> {
    let Some(slot) = object.get_mut("metadata") else { return Ok(Vec::new()) };
    if slot.is_null() {
        *slot = Value::Object(Map::new());
    }
    let Value::Object(meta) = slot else { return Err(mismatch((".", "metadata"), slot, "v1.ObjectMeta")) };
    meta.remove("managedFields");
    let base = if custom { "ObjectMeta." } else { "ObjectMeta.metadata." };
    let mut unknown = Vec::new();
    let mut empty = Vec::new();
    for (key, value) in meta.iter_mut() {
        match FIELDS.iter().find(|(k, _)| k == key) {
            None => {
                unknown.push(key.clone());
                empty.push(key.clone());
            }
            Some((_, shape)) => {
                if read(*shape, (base, key), value, &mut unknown)? {
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
        assert_eq!(normalize(&mut object, false).unwrap(), ["metadata.foo", "metadata.ownerReferences[0].bar"]);
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
            normalize(&mut object, false).unwrap_err(),
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"
        );
        for bad in [json!([]), json!({"name": 1}), json!({"finalizers": [1]}), json!({"creationTimestamp": "x"})] {
            assert!(normalize(&mut json!({"metadata": bad}), true).is_err(), "{bad}");
        }
    }
}
