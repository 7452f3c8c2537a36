//! What a schema must be like to be accepted in a definition.
//!
//! In: `openAPIV3Schema`. Out: findings. Sources: `apiextensions-apiserver/pkg/apiserver/schema/validation.go`,
//! `pkg/apis/apiextensions/validation/validation.go`. The rules that typos break are here; cost limits are not modelled.

use regex::Regex;
use serde_json::Value;

use crate::cel::Program;
use crate::field::{FieldError, go_json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// Findings about a schema that stands at `path`.
pub(crate) fn check(path: &str, schema: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    walk(path, schema, Level::Root, &mut errors);
    errors.sort_by_key(FieldError::message);
    errors
}

fn walk(path: &str, schema: &Value, level: Level, errors: &mut Vec<FieldError>) {
    let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or("");
    let flag = |key: &str| schema.get(key).and_then(Value::as_bool).unwrap_or(false);
    let kind = text("type");
    if kind.is_empty() && !flag("x-kubernetes-int-or-string") && !flag("x-kubernetes-preserve-unknown-fields") {
        let detail = match level {
            Level::Root => "must not be empty at the root",
            Level::Item => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        };
        errors.push(FieldError::required(format!("{path}.type"), detail));
    }
    if level == Level::Root && !kind.is_empty() && kind != "object" {
        errors.push(FieldError::invalid(format!("{path}.type"), kind, "must be object at the root"));
    }
    let types = ["object", "array", "string", "integer", "number", "boolean"];
    if !kind.is_empty() && !types.contains(&kind) {
        let mut sorted = types;
        sorted.sort_unstable();
        errors.push(FieldError::not_supported(format!("{path}.type"), kind, sorted));
    }
    if kind == "array" && schema.get("items").is_none() {
        errors.push(FieldError::required(format!("{path}.items"), "must be specified"));
    }
    forbidden(path, schema, errors);
    rules(path, schema, errors);
    below(path, schema, level, errors);
}

/// What may not be said, and patterns that are none.
fn forbidden(path: &str, schema: &Value, errors: &mut Vec<FieldError>) {
    if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
        errors.push(FieldError::forbidden(
            format!("{path}.uniqueItems"),
            "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
        ));
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && let Err(error) = Regex::new(pattern)
    {
        let detail = format!("must be a valid regular expression, but isn't: {error}");
        errors.push(FieldError::invalid(format!("{path}.pattern"), pattern, detail));
    }
}

/// The schemas of entries, properties and other members.
fn below(path: &str, schema: &Value, level: Level, errors: &mut Vec<FieldError>) {
    if let Some(items) = schema.get("items") {
        walk(&format!("{path}.items"), items, Level::Item, errors);
    }
    for (key, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        walk(&format!("{path}.properties[{key}]"), property, Level::Field, errors);
    }
    if let Some(additional) = schema.get("additionalProperties") {
        if level == Level::Root {
            errors.push(FieldError::forbidden(format!("{path}.additionalProperties"), "must not be used at the root"));
        }
        if additional.is_object() {
            walk(&format!("{path}.additionalProperties"), additional, Level::Field, errors);
        }
    }
}

/// Rules must compile.
fn rules(path: &str, schema: &Value, errors: &mut Vec<FieldError>) {
    for (i, rule) in schema.get("x-kubernetes-validations").and_then(Value::as_array).into_iter().flatten().enumerate()
    {
        let at = format!("{path}.x-kubernetes-validations[{i}].rule");
        let text = rule.get("rule").and_then(Value::as_str).unwrap_or("");
        if text.trim().is_empty() {
            errors.push(FieldError::required(at, "rule is not specified"));
            continue;
        }
        match Program::parse(text) {
            Err(error) => {
                errors.push(FieldError::invalid_text(at, &rule_text(rule), &format!("compilation failed: {error}")));
            }
            Ok(program) => {
                if let Err(error) = program.check(schema) {
                    let detail = format!("compilation failed: {error}");
                    errors.push(FieldError::invalid_text(at, &rule_text(rule), &detail));
                }
            }
        }
    }
}

/// A rule as Go prints the internal type.
fn rule_text(rule: &Value) -> String {
    let text = |key: &str| rule.get(key).cloned().unwrap_or_else(|| "".into());
    let pointer = |key: &str| rule.get(key).cloned().unwrap_or(Value::Null);
    let fields = [
        ("Rule", text("rule")),
        ("Message", text("message")),
        ("MessageExpression", text("messageExpression")),
        ("Reason", pointer("reason")),
        ("FieldPath", text("fieldPath")),
        ("OptionalOldSelf", pointer("optionalOldSelf")),
    ];
    let fields = fields.iter().map(|(key, value)| format!("\"{key}\":{}", go_json(value)));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}
