//! Pruning: fields that the schema does not name are dropped.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go`.

use serde_json::Value;

use super::node::{Additional, Node};
use super::path::Path;

pub(super) const META: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Prunes a whole object; returns the paths of what went, sorted.
pub(super) fn prune(object: &mut Value, root: &Node) -> Vec<String> {
    let mut gone = Vec::new();
    if let Value::Object(map) = object {
        // The root is an embedded resource: its type and metadata stay.
        let meta: Vec<(String, Value)> = META.iter().filter_map(|k| map.remove_entry(*k)).collect();
        walk(object, Some(root), &Path::Root, &mut gone);
        if let Value::Object(map) = object {
            map.extend(meta);
        }
    }
    gone.sort();
    gone
}

/// Whether pruning would change a value that is no whole object.
pub(super) fn changes(value: &Value, node: &Node) -> bool {
    let mut gone = Vec::new();
    walk(&mut value.clone(), Some(node), &Path::Root, &mut gone);
    !gone.is_empty()
}

fn walk(value: &mut Value, node: Option<&Node>, path: &Path<'_>, gone: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let Some(node) = node else {
                gone.extend(map.keys().map(|k| Path::Key(path, k).to_string()));
                map.clear();
                return;
            };
            map.retain(|key, value| {
                if node.embedded && META.contains(&key.as_str()) {
                    return true;
                }
                let at = Path::Key(path, key);
                match (node.properties.get(key), &node.additional) {
                    (Some(property), _) => walk(value, Some(property), &at, gone),
                    (None, Some(Additional::Schema(node))) => walk(value, Some(node), &at, gone),
                    (None, Some(Additional::Allowed(_))) if !node.preserve_unknown => walk(value, None, &at, gone),
                    (None, _) if node.preserve_unknown => {}
                    (None, _) => {
                        gone.push(at.to_string());
                        return false;
                    }
                }
                true
            });
        }
        Value::Array(list) => {
            let items = node.and_then(|n| n.items.as_deref());
            if node.is_some_and(|n| n.preserve_unknown) && items.is_none() {
                return;
            }
            for (i, value) in list.iter_mut().enumerate() {
                walk(value, items, &Path::Index(path, i), gone);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unknown_fields_go_and_preserved_ones_stay() {
        let node = Node::new(&json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {
                "a": {"type": "string"},
                "l": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "integer"}}}},
                "m": {"type": "object", "additionalProperties": {"type": "object", "properties": {}}},
                "p": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
                      "properties": {"q": {"type": "object"}}},
            }},
        }}));
        let mut object = json!({
            "apiVersion": "v1", "kind": "K", "metadata": {"name": "n"}, "top": 1,
            "spec": {"a": "x", "b": 1, "l": [{"x": 1, "y": 2}], "m": {"k": {"z": 1}}, "p": {"any": {"v": 1}, "q": {"r": 1}}},
        });
        let gone = prune(&mut object, &node);
        assert_eq!(gone, ["spec.b", "spec.l[0].y", "spec.m.k.z", "spec.p.q.r", "top"]);
        assert_eq!(
            object,
            json!({"apiVersion": "v1", "kind": "K", "metadata": {"name": "n"},
                "spec": {"a": "x", "l": [{"x": 1}], "m": {"k": {}}, "p": {"any": {"v": 1}, "q": {}}}})
        );
    }
}
