//! Validation of values against a schema, with ratcheting.
//!
//! In: a value, and what it was. Out: findings. Guarantees: a part that did not change raises nothing. Sources:
//! `kube-openapi/pkg/validation/validate/*.go` (which rules, in which order), `pkg/validation/errors/schema.go` (words),
//! `apiextensions-apiserver/pkg/apiserver/validation/{validation,ratcheting}.go`.

use serde_json::{Number, Value};

use super::format;
use super::node::{Additional, ListType, Node, Type};
use super::path::Path;
use crate::field::FieldError;

/// Checks `value`, which was `old`.
pub(super) fn validate(path: &Path<'_>, node: &Node, value: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    if old == Some(value) {
        return;
    }
    check_type(path, node, value, errors);
    if value.is_null() {
        check_enum(path, node, value, errors);
        return;
    }
    combinators(path, node, value, errors);
    match value {
        Value::String(text) => check_text(path, node, text, errors),
        Value::Number(number) => check_number(path, node, number, errors),
        Value::Array(list) => check_list(path, node, list, old, errors),
        _ => {}
    }
    check_enum(path, node, value, errors);
    if let Value::Object(map) = value {
        check_object(path, node, map, old, errors);
    }
}

/// A finding in the words of `kube-openapi`: the path, `in body`, the rule.
fn invalid(path: &Path<'_>, bad: impl Into<Value>, rule: &str) -> FieldError {
    FieldError::invalid(path.field(), bad, format!("{path} in body {rule}"))
}

fn check_type(path: &Path<'_>, node: &Node, value: &Value, errors: &mut Vec<FieldError>) {
    let expected = match (node.int_or_string, node.kind) {
        (true, _) => "integer,string",
        (false, Some(kind)) => kind.name(),
        (false, None) => return,
    };
    let found = match value {
        Value::Null if node.nullable => return,
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Number(n) if n.is_f64() && n.as_f64().is_none_or(|f| f.fract() != 0.0) => "number",
        Value::Number(n) if n.is_f64() => {
            // A float without a fraction counts as an integer, and as itself.
            if node.kind == Some(Type::Number) { "number" } else { "integer" }
        }
        Value::Number(_) => "integer",
    };
    let fits = match (node.int_or_string, node.kind, found) {
        (true, _, "integer" | "string") => true,
        (true, ..) => false,
        (false, Some(Type::Number), "integer" | "number") => true,
        (false, Some(kind), found) => kind.name() == found,
        (false, None, _) => true,
    };
    if !fits {
        let detail = format!("{path} in body must be of type {expected}: \"{found}\"");
        errors.push(FieldError::type_invalid(path.field(), found, detail));
    }
}

fn combinators(path: &Path<'_>, node: &Node, value: &Value, errors: &mut Vec<FieldError>) {
    if node.any_of.is_empty() && node.one_of.is_empty() && node.all_of.is_empty() && node.not.is_none() {
        return;
    }
    let test = |node: &Node| {
        let mut errors = Vec::new();
        validate(path, node, value, None, &mut errors);
        errors
    };
    let quoted = crate::field::quote(&path.to_string());
    let composite = |text: String| FieldError::invalid("<nil>", "", text);
    if !node.any_of.is_empty() {
        let outcomes: Vec<_> = node.any_of.iter().map(test).collect();
        if !outcomes.iter().any(Vec::is_empty) {
            errors.push(composite(format!("{quoted} must validate at least one schema (anyOf)")));
            errors.extend(outcomes.into_iter().min_by_key(Vec::len).unwrap_or_default());
        }
    }
    if !node.one_of.is_empty() {
        let outcomes: Vec<_> = node.one_of.iter().map(test).collect();
        let valid = outcomes.iter().filter(|o| o.is_empty()).count();
        if valid != 1 {
            let found =
                if valid == 0 { "Found none valid".to_owned() } else { format!("Found {valid} valid alternatives") };
            errors.push(composite(format!("{quoted} must validate one and only one schema (oneOf). {found}")));
            if valid == 0 {
                errors.extend(outcomes.into_iter().min_by_key(Vec::len).unwrap_or_default());
            }
        }
    }
    let failed: Vec<FieldError> = node.all_of.iter().flat_map(test).collect();
    if !failed.is_empty() {
        errors.push(composite(format!("{quoted} must validate all the schemas (allOf)")));
        errors.extend(failed);
    }
    if let Some(not) = &node.not
        && test(not).is_empty()
    {
        errors.push(composite(format!("{quoted} must not validate the schema (not)")));
    }
}

/// The first broken rule only, as upstream's string validator.
fn check_text(path: &Path<'_>, node: &Node, text: &str, errors: &mut Vec<FieldError>) {
    let chars = text.chars().count() as u64;
    if let Some(max) = node.max_length.filter(|max| chars > *max) {
        errors.push(FieldError::too_long(path.field(), max));
    } else if let Some(min) = node.min_length.filter(|min| chars < *min) {
        errors.push(invalid(path, text, &format!("should be at least {min} chars long")));
    } else if let Some(pattern) = &node.pattern
        && !pattern.regex.as_ref().is_some_and(|r| r.is_match(text))
    {
        errors.push(invalid(path, text, &format!("should match '{}'", pattern.text)));
    }
    if node.kind == Some(Type::Text) && !node.format.is_empty() && !format::is_valid(&node.format, text) {
        let quoted = crate::field::quote(text);
        let detail = format!("{path} in body must be of type {}: {quoted}", node.format);
        errors.push(FieldError::type_invalid(path.field(), text, detail));
    }
}

fn check_number(path: &Path<'_>, node: &Node, number: &Number, errors: &mut Vec<FieldError>) {
    let value = number.as_f64().unwrap_or(f64::NAN);
    let bad = || Value::Number(number.clone());
    if let Some(factor) = &node.multiple_of {
        let divisor = factor.as_f64().unwrap_or(f64::NAN);
        if divisor > 0.0 && (value / divisor).fract() != 0.0 {
            errors.push(invalid(path, bad(), &format!("should be a multiple of {factor}")));
        }
    }
    if let Some((limit, exclusive)) = &node.maximum {
        let max = limit.as_f64().unwrap_or(f64::NAN);
        if if *exclusive { value >= max } else { value > max } {
            let rule = if *exclusive { "should be less than" } else { "should be less than or equal to" };
            errors.push(invalid(path, bad(), &format!("{rule} {limit}")));
        }
    }
    if let Some((limit, exclusive)) = &node.minimum {
        let min = limit.as_f64().unwrap_or(f64::NAN);
        if if *exclusive { value <= min } else { value < min } {
            let rule = if *exclusive { "should be greater than" } else { "should be greater than or equal to" };
            errors.push(invalid(path, bad(), &format!("{rule} {limit}")));
        }
    }
}

fn check_list(path: &Path<'_>, node: &Node, list: &[Value], old: Option<&Value>, errors: &mut Vec<FieldError>) {
    if let Some(items) = &node.items {
        for (i, value) in list.iter().enumerate() {
            let before = correlate(node, value, old);
            validate(&Path::Index(path, i), items, value, before, errors);
        }
    }
    let len = list.len() as u64;
    if let Some(min) = node.min_items.filter(|min| len < *min) {
        errors.push(invalid(path, len, &format!("should have at least {min} items")));
    }
    if let Some(max) = node.max_items.filter(|max| len > *max) {
        errors.push(FieldError::too_many(path.field(), len, max));
    }
    if node.unique_items && list.iter().enumerate().any(|(i, v)| list[..i].contains(v)) {
        errors.push(invalid(path, "", "shouldn't contain duplicates"));
    }
}

/// What a list's entry was: only lists that are maps can tell.
pub(crate) fn correlate<'a>(node: &Node, value: &Value, old: Option<&'a Value>) -> Option<&'a Value> {
    let Some(ListType::Map(keys)) = &node.list_type else { return None };
    let list = old.and_then(Value::as_array)?;
    list.iter().find(|before| keys.iter().all(|k| before.get(k) == value.get(k)))
}

fn check_enum(path: &Path<'_>, node: &Node, value: &Value, errors: &mut Vec<FieldError>) {
    let Some(values) = &node.enumeration else { return };
    if values.contains(value) || (value.is_null() && node.nullable) {
        return;
    }
    let texts: Vec<String> = values.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
    errors.push(FieldError::not_supported(path.field(), value.clone(), texts.iter().map(String::as_str)));
}

fn check_object(
    path: &Path<'_>,
    node: &Node,
    map: &serde_json::Map<String, Value>,
    old: Option<&Value>,
    errors: &mut Vec<FieldError>,
) {
    let len = map.len() as u64;
    if let Some(min) = node.min_properties.filter(|min| len < *min) {
        errors.push(invalid(path, len, &format!("should have at least {min} properties")));
    }
    if let Some(max) = node.max_properties.filter(|max| len > *max) {
        errors.push(FieldError::too_many(path.field(), len, max));
    }
    let before = |key: &str| old.and_then(|o| o.get(key));
    for (key, value) in map {
        if node.properties.contains_key(key) {
            continue;
        }
        match &node.additional {
            Some(Additional::Schema(node)) => {
                validate(&Path::Key(path, key), node, value, before(key), errors);
            }
            Some(Additional::Allowed(false)) => {
                let detail = format!("{path}.{key} in body is a forbidden property");
                errors.push(FieldError::invalid(path.field(), key.as_str(), detail));
            }
            _ => {}
        }
    }
    for (key, property) in &node.properties {
        if let Some(value) = map.get(key) {
            validate(&Path::Key(path, key), property, value, before(key), errors);
        }
    }
    for key in node.required.iter().filter(|k| !map.contains_key(*k)) {
        errors.push(FieldError::required(Path::Key(path, key).to_string(), ""));
    }
}

#[cfg(test)]
#[allow(clippy::needless_pass_by_value, reason = "json! reads better by value")]
mod tests {
    use super::*;
    use serde_json::json;

    fn findings(schema: Value, value: Value) -> Vec<String> {
        let node = Node::new(&json!({"type": "object", "properties": {"spec": schema}}));
        let mut errors = Vec::new();
        validate(&Path::Root, &node, &json!({"spec": value}), None, &mut errors);
        errors.iter().map(FieldError::message).collect()
    }

    #[test]
    fn each_rule_speaks_upstreams_words() {
        for (schema, value, message) in [
            (
                json!({"type": "integer"}),
                json!("x"),
                "spec: Invalid value: \"string\": spec in body must be of type integer: \"string\"",
            ),
            (
                json!({"type": "string"}),
                json!(null),
                "spec: Invalid value: \"null\": spec in body must be of type string: \"null\"",
            ),
            (
                json!({"x-kubernetes-int-or-string": true}),
                json!(true),
                "spec: Invalid value: \"boolean\": spec in body must be of type integer,string: \"boolean\"",
            ),
            (
                json!({"type": "integer", "minimum": 1}),
                json!(0),
                "spec: Invalid value: 0: spec in body should be greater than or equal to 1",
            ),
            (
                json!({"type": "integer", "maximum": 1, "exclusiveMaximum": true}),
                json!(1),
                "spec: Invalid value: 1: spec in body should be less than 1",
            ),
            (
                json!({"type": "string", "pattern": "^a$"}),
                json!("b"),
                "spec: Invalid value: \"b\": spec in body should match '^a$'",
            ),
            (json!({"type": "string", "maxLength": 2}), json!("abc"), "spec: Too long: may not be more than 2 bytes"),
            (
                json!({"type": "string", "minLength": 2}),
                json!("a"),
                "spec: Invalid value: \"a\": spec in body should be at least 2 chars long",
            ),
            (
                json!({"type": "string", "enum": ["a", "b"]}),
                json!("c"),
                "spec: Unsupported value: \"c\": supported values: \"a\", \"b\"",
            ),
            (
                json!({"type": "array", "items": {"type": "string"}, "maxItems": 1}),
                json!(["a", "b"]),
                "spec: Too many: 2: must have at most 1 item",
            ),
            (json!({"type": "object", "required": ["a"]}), json!({}), "spec.a: Required value"),
            (
                json!({"type": "object", "additionalProperties": {"type": "integer"}}),
                json!({"k": "x"}),
                "spec.k: Invalid value: \"string\": spec.k in body must be of type integer: \"string\"",
            ),
            (
                json!({"type": "array", "items": {"type": "object", "required": ["a"]}}),
                json!([{}]),
                "spec[0].a: Required value",
            ),
            (
                json!({"type": "string", "format": "ipv4"}),
                json!("x"),
                "spec: Invalid value: \"x\": spec in body must be of type ipv4: \"x\"",
            ),
        ] {
            assert_eq!(findings(schema.clone(), value), [message], "{schema}");
        }
    }

    #[test]
    fn combinators_name_the_path() {
        assert_eq!(
            findings(json!({"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}), json!({})),
            [
                "<nil>: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found none valid",
                "spec.a: Required value"
            ]
        );
        assert_eq!(
            findings(json!({"type": "integer", "not": {"enum": [1]}}), json!(1)),
            ["<nil>: Invalid value: \"\": \"spec\" must not validate the schema (not)"]
        );
    }

    #[test]
    fn what_did_not_change_raises_nothing() {
        let node = Node::new(&json!({"type": "object", "properties": {
            "a": {"type": "string", "maxLength": 1}, "b": {"type": "string", "maxLength": 1}}}));
        let mut errors = Vec::new();
        let (old, new) = (json!({"a": "long", "b": "x"}), json!({"a": "long", "b": "yy"}));
        validate(&Path::Root, &node, &new, Some(&old), &mut errors);
        assert_eq!(errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(), ["b"]);
    }
}
