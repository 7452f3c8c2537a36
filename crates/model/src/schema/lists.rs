//! Lists that are sets or maps: no entry twice.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go`.

use serde_json::{Map, Value};

use super::node::{ListType, Node};
use super::path::Path;
use crate::field::FieldError;

/// Reports the second and later occurrences in sets and maps.
pub(super) fn check(path: &Path<'_>, node: &Node, value: &Value, errors: &mut Vec<FieldError>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if let Some(member) = node.member(key) {
                    check(&Path::Key(path, key), member, value, errors);
                }
            }
        }
        Value::Array(list) => {
            match &node.list_type {
                Some(ListType::Set) => duplicates(path, list.iter().cloned(), errors),
                Some(ListType::Map(keys)) => {
                    let entry = |item: &Value| {
                        let pairs = keys.iter().filter_map(|k| item.get(k).map(|v| (k.clone(), v.clone())));
                        Value::Object(pairs.collect::<Map<_, _>>())
                    };
                    duplicates(path, list.iter().map(entry), errors);
                }
                _ => {}
            }
            if let Some(items) = &node.items {
                for (i, value) in list.iter().enumerate() {
                    check(&Path::Index(path, i), items, value, errors);
                }
            }
        }
        _ => {}
    }
}

fn duplicates(path: &Path<'_>, entries: impl Iterator<Item = Value>, errors: &mut Vec<FieldError>) {
    let mut seen: std::collections::BTreeMap<String, bool> = std::collections::BTreeMap::new();
    for (i, entry) in entries.enumerate() {
        match seen.get_mut(&entry.to_string()) {
            None => {
                seen.insert(entry.to_string(), false);
            }
            // Each value is reported once.
            Some(reported) if !*reported => {
                *reported = true;
                errors.push(FieldError::duplicate(Path::Index(path, i).to_string(), entry));
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sets_and_maps_hold_an_entry_once() {
        let node = Node::new(&json!({"type": "object", "properties": {
            "s": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "m": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"],
                  "items": {"type": "object", "properties": {"n": {"type": "string"}}}},
        }}));
        let mut errors = Vec::new();
        check(
            &Path::Root,
            &node,
            &json!({"s": ["a", "b", "a"], "m": [{"n": "x", "v": 1}, {"n": "x", "v": 2}]}),
            &mut errors,
        );
        let texts: Vec<_> = errors.iter().map(FieldError::message).collect();
        assert_eq!(texts, ["m[1]: Duplicate value: {\"n\":\"x\"}", "s[2]: Duplicate value: \"a\""]);
    }
}
