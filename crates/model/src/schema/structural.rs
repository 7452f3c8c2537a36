//! What a schema must be like to be accepted in a definition.
//!
//! In: `openAPIV3Schema`. Out: findings. Sources: `apiextensions-apiserver/pkg/apiserver/schema/validation.go`,
//! `pkg/apis/apiextensions/validation/validation.go`. The rules that typos break are here; cost limits are not modelled.

use regex::Regex;
use serde_json::Value;

use super::fit;
use super::node::Node;
use crate::cel::Program;
use crate::field::{FieldError, go_json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// What was found, by who finds it: what comes later is not looked at where something before it is wrong.
#[derive(Debug, Default)]
struct Found {
    /// The schema says too little or has the wrong shape: `ValidateStructural`.
    shape: Vec<FieldError>,
    /// It says what may not be said: `ValidateCustomResourceDefinitionOpenAPISchema`.
    words: Vec<FieldError>,
    /// Its rules do not compile.
    rules: Vec<FieldError>,
}

/// Findings about a schema that stands at `path`.
pub(crate) fn check(path: &str, schema: &Value) -> Vec<FieldError> {
    let mut found = Found::default();
    walk(path, schema, Level::Root, &mut found);
    let mut errors = found.shape;
    if errors.is_empty() {
        fit::check(path, &Node::new(schema), &mut errors);
    }
    if errors.is_empty() {
        errors = found.rules;
    }
    errors.extend(found.words);
    errors.sort_by_key(FieldError::message);
    errors
}

fn walk(path: &str, schema: &Value, level: Level, found: &mut Found) {
    let before = found.words.len();
    shape(path, schema, level, &mut found.shape);
    forbidden(path, schema, &mut found.words);
    let written = written_rules(path, schema, &mut found.words);
    below(path, schema, found);
    // Rules are compiled where nothing at this level or below it is wrong.
    if found.words.len() == before {
        compile(&written, schema, &mut found.rules);
    }
}

/// What a schema must say.
fn shape(path: &str, schema: &Value, level: Level, errors: &mut Vec<FieldError>) {
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
    if kind == "array" && schema.get("items").is_none() {
        errors.push(FieldError::required(format!("{path}.items"), "must be specified"));
    }
    if level == Level::Root && schema.get("additionalProperties").is_some() {
        errors.push(FieldError::forbidden(format!("{path}.additionalProperties"), "must not be used at the root"));
    }
}

/// What may not be said, and patterns that are none.
fn forbidden(path: &str, schema: &Value, errors: &mut Vec<FieldError>) {
    // In the order of the message.
    let types = ["array", "boolean", "integer", "number", "object", "string"];
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or("");
    if !kind.is_empty() && !types.contains(&kind) {
        errors.push(FieldError::not_supported(format!("{path}.type"), kind, types));
    }
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
fn below(path: &str, schema: &Value, found: &mut Found) {
    if let Some(items) = schema.get("items") {
        walk(&format!("{path}.items"), items, Level::Item, found);
    }
    for (key, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        walk(&format!("{path}.properties[{key}]"), property, Level::Field, found);
    }
    if let Some(additional) = schema.get("additionalProperties").filter(|additional| additional.is_object()) {
        walk(&format!("{path}.additionalProperties"), additional, Level::Field, found);
    }
}

/// The rules that are written, with their paths.
fn written_rules<'a>(path: &str, schema: &'a Value, errors: &mut Vec<FieldError>) -> Vec<(String, &'a Value)> {
    let all = schema.get("x-kubernetes-validations").and_then(Value::as_array).into_iter().flatten().enumerate();
    let mut written = Vec::new();
    for (i, rule) in all {
        let at = format!("{path}.x-kubernetes-validations[{i}].rule");
        if rule.get("rule").and_then(Value::as_str).unwrap_or("").trim().is_empty() {
            errors.push(FieldError::required(at, "rule is not specified"));
        } else {
            written.push((at, rule));
        }
    }
    written
}

/// Rules must compile.
fn compile(written: &[(String, &Value)], schema: &Value, errors: &mut Vec<FieldError>) {
    for (at, rule) in written {
        let text = rule.get("rule").and_then(Value::as_str).unwrap_or("");
        if let Err(error) = Program::parse(text).and_then(|program| program.check(schema)) {
            let detail = format!("compilation failed: {error}");
            errors.push(FieldError::invalid_text(at.as_str(), &rule_text(rule), &detail));
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
