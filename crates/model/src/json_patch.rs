//! JSON patch (RFC 6902) and merge patch (RFC 7386) as `gopkg.in/evanphx/json-patch.v4` applies them.
//!
//! In: a document and a patch. Out: the document changed. Guarantees: `test` of null passes on a missing member; an
//! operation that cannot be applied refuses the whole patch. Source: `json-patch.v4/{patch,merge}.go`.

use serde_json::{Map, Value};

/// Why a patch was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatchError {
    /// The patch itself cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// The patch does not apply to this document.
    #[error("{0}")]
    DoesNotApply(String),
}

use PatchError::{DoesNotApply, Malformed};

/// Applies a merge patch in place.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return };
    for (key, change) in changes {
        if change.is_null() {
            map.remove(key);
        } else if change.is_object() {
            merge(map.entry(key.clone()).or_insert(Value::Null), change);
        } else {
            let mut change = change.clone();
            prune_nulls(&mut change);
            map.insert(key.clone(), change);
        }
    }
}

/// Values that a merge patch adds lose their nulls, in lists of objects too.
fn prune_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, v| !v.is_null());
            map.values_mut().for_each(prune_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(prune_nulls),
        _ => {}
    }
}

/// Applies a JSON patch in place; on error the document is in an unknown state.
pub(crate) fn apply(document: &mut Value, patch: &Value) -> Result<(), PatchError> {
    let Some(operations) = patch.as_array() else {
        return Err(Malformed("json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp".to_owned()));
    };
    for operation in operations {
        step(document, operation)?;
    }
    Ok(())
}

fn step(document: &mut Value, operation: &Value) -> Result<(), PatchError> {
    let text = |key: &str| operation.get(key).and_then(Value::as_str);
    let op = text("op").unwrap_or("");
    let path = text("path").ok_or_else(|| DoesNotApply(format!("{op} operation failed to decode path")))?;
    let value =
        || operation.get("value").cloned().ok_or_else(|| DoesNotApply(format!("{op} operation missing value: {path}")));
    match op {
        "add" => add(document, path, value()?),
        "remove" => remove(document, path).map(drop),
        "replace" => {
            let value = value()?;
            if path.is_empty() {
                *document = value;
                return Ok(());
            }
            replace(document, path, value)
        }
        "test" => test(document, path, operation.get("value").unwrap_or(&Value::Null)),
        "move" | "copy" => {
            let from = text("from").ok_or_else(|| DoesNotApply(format!("{op} operation failed to decode from")))?;
            let moved = if op == "move" {
                remove(document, from)?
            } else {
                find(document, from)
                    .cloned()
                    .ok_or_else(|| DoesNotApply(format!("copy: doc is missing path: {from}")))?
            };
            add(document, path, moved)
        }
        other => Err(DoesNotApply(format!("Unexpected kind: {other}"))),
    }
}

fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// The parent of `path` and its last token.
fn parent<'a>(document: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let mut tokens: Vec<String> = path.strip_prefix('/')?.split('/').map(unescape).collect();
    let last = tokens.pop()?;
    let mut at = document;
    for token in tokens {
        at = member(at, &token)?;
    }
    Some((at, last))
}

fn member<'a>(value: &'a mut Value, token: &str) -> Option<&'a mut Value> {
    match value {
        Value::Object(map) => map.get_mut(token),
        Value::Array(list) => {
            let index = index(token, list.len())?;
            list.get_mut(index)
        }
        _ => None,
    }
}

/// An index of a list; negative ones count from the end.
fn index(token: &str, len: usize) -> Option<usize> {
    let number: i64 = token.parse().ok()?;
    let len = i64::try_from(len).ok()?;
    let number = if number < 0 { number + len } else { number };
    usize::try_from(number).ok()
}

fn find<'a>(document: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    if path.is_empty() {
        return Some(document);
    }
    let (parent, last) = parent(document, path)?;
    member(parent, &last)
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), PatchError> {
    if path.is_empty() {
        *document = value;
        return Ok(());
    }
    let missing =
        || DoesNotApply(format!("add operation does not apply: doc is missing path: \"{path}\": missing value"));
    let (parent, last) = parent(document, path).ok_or_else(missing)?;
    match parent {
        Value::Object(map) => {
            map.insert(last, value);
        }
        Value::Array(list) if last == "-" => list.push(value),
        Value::Array(list) => {
            // One past the end is allowed, and counts from the end for negative numbers.
            let at = index(&last, if last.starts_with('-') { list.len() + 1 } else { list.len() });
            let at = at.filter(|at| *at <= list.len());
            let at = at.ok_or_else(|| DoesNotApply(format!("Unable to access invalid index: {last}")))?;
            list.insert(at, value);
        }
        _ => return Err(missing()),
    }
    Ok(())
}

/// A missing member of a map is added: `partialDoc.get` never fails. An entry of a list must be there.
fn replace(document: &mut Value, path: &str, value: Value) -> Result<(), PatchError> {
    let missing = || DoesNotApply(format!("replace operation does not apply: doc is missing key: {path}"));
    let (parent, last) = parent(document, path).ok_or_else(missing)?;
    if let Value::Object(map) = parent {
        map.insert(last, value);
        return Ok(());
    }
    *member(parent, &last).ok_or_else(missing)? = value;
    Ok(())
}

fn remove(document: &mut Value, path: &str) -> Result<Value, PatchError> {
    let missing = || DoesNotApply(format!("Unable to remove nonexistent key: {path}: missing value"));
    let (parent, last) = parent(document, path).ok_or_else(missing)?;
    match parent {
        Value::Object(map) => map.remove(&last).ok_or_else(missing),
        Value::Array(list) => {
            let at = index(&last, list.len()).filter(|at| *at < list.len()).ok_or_else(missing)?;
            Ok(list.remove(at))
        }
        _ => Err(missing()),
    }
}

fn test(document: &mut Value, path: &str, value: &Value) -> Result<(), PatchError> {
    let failed = || DoesNotApply(format!("testing value {path} failed"));
    if path.is_empty() {
        return if document == value { Ok(()) } else { Err(failed()) };
    }
    let (parent, last) = parent(document, path)
        .ok_or_else(|| DoesNotApply(format!("test operation for path: \"{path}\": missing path")))?;
    if let Value::Array(list) = parent
        && index(&last, list.len()).is_none_or(|at| at >= list.len())
    {
        return Err(DoesNotApply(format!("error in test for path: '{path}': Unable to access invalid index: {last}")));
    }
    match member(parent, &last) {
        None if value.is_null() => Ok(()),
        Some(found) if found == value => Ok(()),
        _ => Err(failed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_test_of_null_passes_on_a_missing_member() {
        let mut document = json!({"metadata": {"name": "a"}});
        let patch = json!([
            {"op": "test", "path": "/metadata/finalizers", "value": null},
            {"op": "add", "path": "/metadata/finalizers", "value": ["x"]}
        ]);
        assert_eq!(apply(&mut document, &patch), Ok(()));
        assert_eq!(document, json!({"metadata": {"name": "a", "finalizers": ["x"]}}));
        assert!(apply(&mut document, &patch).is_err());
    }

    #[test]
    fn operations_do_what_rfc_6902_says_but_for_a_replace_of_nothing() {
        for (patch, after) in [
            (json!([{"op": "add", "path": "/l/1", "value": 9}]), Some(json!({"l": [1, 9, 2], "a/b": 3}))),
            (json!([{"op": "add", "path": "/l/-", "value": 9}]), Some(json!({"l": [1, 2, 9], "a/b": 3}))),
            (json!([{"op": "remove", "path": "/l/0"}]), Some(json!({"l": [2], "a/b": 3}))),
            (json!([{"op": "replace", "path": "/a~1b", "value": 4}]), Some(json!({"l": [1, 2], "a/b": 4}))),
            (json!([{"op": "move", "from": "/a~1b", "path": "/c"}]), Some(json!({"l": [1, 2], "c": 3}))),
            (json!([{"op": "copy", "from": "/l/-1", "path": "/c"}]), Some(json!({"l": [1, 2], "a/b": 3, "c": 2}))),
            (json!([{"op": "replace", "path": "/x", "value": 4}]), Some(json!({"l": [1, 2], "a/b": 3, "x": 4}))),
            (json!([{"op": "replace", "path": "/l/2", "value": 4}]), None),
            (json!([{"op": "remove", "path": "/l/2"}]), None),
            (json!([{"op": "add", "path": "/x/y", "value": 4}]), None),
            (json!([{"op": "add", "path": "/l/4", "value": 4}]), None),
            (json!([{"op": "test", "path": "/l/0", "value": 2}]), None),
            (json!([{"op": "noop", "path": "/l"}]), None),
            (json!([{"path": "/l"}]), None),
            (json!({}), None),
        ] {
            let mut document = json!({"l": [1, 2], "a/b": 3});
            let outcome = apply(&mut document, &patch);
            assert_eq!(outcome.ok().map(|()| document), after, "{patch}");
        }
    }

    #[test]
    fn merging_removes_nulls_and_replaces_lists() {
        let mut document = json!({"a": {"b": 1, "c": 2}, "l": [1]});
        merge(&mut document, &json!({"a": {"b": null, "d": {"e": null, "f": 1}}, "l": [{"x": null}], "n": null}));
        assert_eq!(document, json!({"a": {"c": 2, "d": {"f": 1}}, "l": [{}]}));
    }
}
