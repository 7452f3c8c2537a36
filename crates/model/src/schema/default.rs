//! Defaults, and nulls where the schema allows none.
//!
//! Source: `apiextensions-apiserver/pkg/apiserver/schema/defaulting/{algorithm,prunenulls}.go`.

use serde_json::Value;

use super::node::{Additional, Node};

/// Removes nulls that mean "use the default", then fills in defaults.
pub(super) fn apply(value: &mut Value, node: &Node) {
    match value {
        Value::Object(map) => {
            map.retain(|key, value| {
                !(value.is_null() && node.properties.get(key).is_some_and(|n| !n.nullable && n.default.is_none()))
            });
            for (key, property) in &node.properties {
                if let Some(default) = &property.default
                    && map.get(key).is_none_or(|v| v.is_null() && !property.nullable)
                {
                    map.insert(key.clone(), default.clone());
                }
            }
            for (key, value) in map.iter_mut() {
                match (node.properties.get(key), &node.additional) {
                    (Some(property), _) => apply(value, property),
                    (None, Some(Additional::Schema(node))) => {
                        refill(value, node);
                        apply(value, node);
                    }
                    _ => {}
                }
            }
        }
        Value::Array(list) => {
            if let Some(items) = &node.items {
                for value in list {
                    refill(value, items);
                    apply(value, items);
                }
            }
        }
        _ => {}
    }
}

fn refill(value: &mut Value, node: &Node) {
    if value.is_null()
        && !node.nullable
        && let Some(default) = &node.default
    {
        *value = default.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_fill_gaps_level_by_level() {
        let node = Node::new(&json!({"type": "object", "properties": {
            "a": {"type": "integer", "default": 1},
            "b": {"type": "object", "default": {}, "properties": {"c": {"type": "string", "default": "x"}}},
            "l": {"type": "array", "items": {"type": "object", "properties": {"d": {"type": "boolean", "default": true}}}},
            "n": {"type": "string", "nullable": true, "default": "y"},
            "z": {"type": "string"},
        }}));
        let mut object = json!({"a": null, "l": [{}], "n": null, "z": null});
        apply(&mut object, &node);
        assert_eq!(object, json!({"a": 1, "b": {"c": "x"}, "l": [{"d": true}], "n": null}));
    }
}
