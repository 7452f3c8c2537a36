//! Whether the defaults of a schema fit that schema.
//!
//! In: a schema. Out: findings at `...default`. Guarantees: a default that would be pruned, that its own schema refuses, or that breaks
//! a rule of its own or below it, as a new value and as one that stays, is found. Source:
//! `apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go`. Defaults inside `metadata` are not looked at.

use serde_json::Value;

use super::node::Node;
use super::path::Path;
use super::{prune, validate};
use crate::cel;
use crate::field::FieldError;

/// Findings about the defaults of a schema that stands at `path`. Those below `additionalProperties` do not count there.
pub(super) fn check(path: &str, root: &Node, errors: &mut Vec<FieldError>) {
    for (key, node) in root.properties.iter().filter(|(key, _)| !prune::META.contains(&key.as_str())) {
        walk(&format!("{path}.properties[{key}]"), node, errors);
    }
}

fn walk(path: &str, node: &Node, errors: &mut Vec<FieldError>) {
    if let Some(default) = node.default.as_ref().filter(|default| !default.is_null()) {
        one(&format!("{path}.default"), node, default, errors);
    }
    if let Some(items) = &node.items {
        walk(&format!("{path}.items"), items, errors);
    }
    for (key, property) in &node.properties {
        walk(&format!("{path}.properties[{key}]"), property, errors);
    }
}

/// Findings about one default.
fn one(path: &str, node: &Node, default: &Value, errors: &mut Vec<FieldError>) {
    if prune::changes(default, node) {
        errors.push(FieldError::invalid(path, default.clone(), "must not have unknown fields"));
    }
    let mut found = Vec::new();
    validate::validate(&Path::Root, node, default, None, &mut found);
    if found.is_empty() {
        cel::rules::check_default(node, default, &mut found);
    }
    errors.extend(found.into_iter().map(|error| FieldError { field: below(path, &error.field), ..error }));
}

/// A path that was seen from the default.
fn below(path: &str, field: &str) -> String {
    match field {
        "<nil>" => path.to_owned(),
        field if field.starts_with('[') => format!("{path}{field}"),
        field => format!("{path}.{field}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn findings(spec: &Value) -> Vec<String> {
        let mut errors = Vec::new();
        let root = Node::new(&json!({"type": "object", "properties": {"spec": spec}}));
        check("s", &root, &mut errors);
        errors.iter().map(FieldError::message).collect()
    }

    #[test]
    fn a_default_that_its_schema_refuses_is_found() {
        let n = json!({"type": "integer", "maximum": 3});
        let spec =
            |default: Value| json!({"type": "object", "required": ["n"], "default": default, "properties": {"n": n}});
        assert_eq!(findings(&spec(json!({"n": 3}))), [""; 0]);
        assert_eq!(findings(&spec(json!({}))), ["s.properties[spec].default.n: Required value"]);
        let over = "s.properties[spec].default.n: Invalid value: 4: n in body should be less than or equal to 3";
        assert_eq!(findings(&spec(json!({"n": 4}))), [over]);
        let unknown = findings(&spec(json!({"n": 1, "m": 2})));
        assert!(unknown[0].ends_with("must not have unknown fields") && unknown.len() == 1, "{unknown:?}");
    }

    #[test]
    fn a_default_that_breaks_a_rule_is_found_as_a_new_value_too() {
        let spec = |rule: &Value| json!({"type": "object", "default": {}, "x-kubernetes-validations": [rule], "properties": {"n": {"type": "integer"}}});
        assert_eq!(findings(&spec(&json!({"rule": "!has(self.n)"}))), [""; 0]);
        let said = findings(&spec(&json!({"rule": "has(self.n)", "message": "n is there"})));
        assert_eq!(said, ["s.properties[spec].default: Invalid value: \"object\": n is there"]);
        let new = json!({"rule": "oldSelf.hasValue()", "optionalOldSelf": true});
        let said = findings(&spec(&new));
        assert_eq!(said, ["s.properties[spec].default: Invalid value: \"object\": failed rule: oldSelf.hasValue()"]);
        let said = findings(&spec(&json!({"rule": "self.none == 1"})));
        assert!(
            said[0].contains("rule compile error: compilation failed: ERROR: <input>:1:5: undefined field 'none'"),
            "{said:?}"
        );
    }
}
