//! One node of a structural schema.
//!
//! In: a JSON schema. Out: [`Node`]. Guarantees: reading never fails; a pattern or a rule that cannot be compiled is kept
//! with its error and reported when it is used or when the definition is checked.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value};

use crate::cel::Program;

/// JSON types of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Object,
    Array,
    Text,
    Integer,
    Number,
    Boolean,
}

impl Type {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::Text,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            _ => return None,
        })
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::Text => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

/// How list entries are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListType {
    Atomic,
    Set,
    Map(Vec<String>),
}

/// `additionalProperties`.
#[derive(Debug)]
pub(crate) enum Additional {
    Allowed(bool),
    Schema(Box<Node>),
}

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    pub(crate) regex: Option<Regex>,
}

/// One entry of `x-kubernetes-validations`.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) text: String,
    pub(crate) message: String,
    pub(crate) reason: String,
    pub(crate) field_path: String,
    pub(crate) optional_old_self: bool,
    pub(crate) program: Result<Program, String>,
    pub(crate) message_program: Option<Result<Program, String>>,
}

/// A schema node.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) kind: Option<Type>,
    pub(crate) int_or_string: bool,
    pub(crate) nullable: bool,
    pub(crate) preserve_unknown: bool,
    pub(crate) embedded: bool,
    pub(crate) properties: BTreeMap<String, Node>,
    pub(crate) additional: Option<Additional>,
    pub(crate) items: Option<Box<Node>>,
    pub(crate) required: Vec<String>,
    pub(crate) enumeration: Option<Vec<Value>>,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) format: String,
    pub(crate) minimum: Option<(Value, bool)>,
    pub(crate) maximum: Option<(Value, bool)>,
    pub(crate) multiple_of: Option<Value>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) min_items: Option<u64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) unique_items: bool,
    pub(crate) min_properties: Option<u64>,
    pub(crate) max_properties: Option<u64>,
    pub(crate) default: Option<Value>,
    pub(crate) list_type: Option<ListType>,
    pub(crate) all_of: Vec<Node>,
    pub(crate) any_of: Vec<Node>,
    pub(crate) one_of: Vec<Node>,
    pub(crate) not: Option<Box<Node>>,
    pub(crate) rules: Vec<Rule>,
}

impl Node {
    /// Reads a schema.
    pub(crate) fn new(schema: &Value) -> Self {
        let Some(map) = schema.as_object() else { return Self::default() };
        let flag = |key: &str| map.get(key).and_then(Value::as_bool).unwrap_or(false);
        let count = |key: &str| map.get(key).and_then(Value::as_u64);
        let many = |key: &str| -> Vec<Self> {
            map.get(key).and_then(Value::as_array).into_iter().flatten().map(Self::new).collect()
        };
        let bound =
            |key: &str, exclusive: &str| map.get(key).filter(|v| v.is_number()).map(|v| (v.clone(), flag(exclusive)));
        let text = |key: &str| map.get(key).and_then(Value::as_str);
        Self {
            kind: text("type").and_then(Type::parse),
            int_or_string: flag("x-kubernetes-int-or-string"),
            nullable: flag("nullable"),
            preserve_unknown: flag("x-kubernetes-preserve-unknown-fields"),
            embedded: flag("x-kubernetes-embedded-resource"),
            properties: properties(map),
            additional: map.get("additionalProperties").map(|v| match v {
                Value::Bool(b) => Additional::Allowed(*b),
                other => Additional::Schema(Box::new(Self::new(other))),
            }),
            items: map.get("items").map(|v| Box::new(Self::new(v))),
            required: strings(map.get("required")),
            enumeration: map.get("enum").and_then(Value::as_array).cloned(),
            pattern: text("pattern").map(|t| Pattern { text: t.to_owned(), regex: Regex::new(t).ok() }),
            format: text("format").unwrap_or("").to_owned(),
            minimum: bound("minimum", "exclusiveMinimum"),
            maximum: bound("maximum", "exclusiveMaximum"),
            multiple_of: map.get("multipleOf").filter(|v| v.is_number()).cloned(),
            min_length: count("minLength"),
            max_length: count("maxLength"),
            min_items: count("minItems"),
            max_items: count("maxItems"),
            unique_items: flag("uniqueItems"),
            min_properties: count("minProperties"),
            max_properties: count("maxProperties"),
            default: map.get("default").cloned(),
            list_type: match text("x-kubernetes-list-type") {
                Some("set") => Some(ListType::Set),
                Some("map") => Some(ListType::Map(strings(map.get("x-kubernetes-list-map-keys")))),
                Some("atomic") => Some(ListType::Atomic),
                _ => None,
            },
            all_of: many("allOf"),
            any_of: many("anyOf"),
            one_of: many("oneOf"),
            not: map.get("not").map(|v| Box::new(Self::new(v))),
            rules: map
                .get("x-kubernetes-validations")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(|written| rule(written, schema))
                .collect(),
        }
    }

    /// Whether this node or one below it satisfies `test`.
    pub(crate) fn any(&self, test: &dyn Fn(&Self) -> bool) -> bool {
        test(self)
            || self.properties.values().any(|n| n.any(test))
            || self.items.as_ref().is_some_and(|n| n.any(test))
            || matches!(&self.additional, Some(Additional::Schema(n)) if n.any(test))
    }

    /// The schema of a member.
    pub(crate) fn member(&self, key: &str) -> Option<&Self> {
        self.properties.get(key).or(match &self.additional {
            Some(Additional::Schema(node)) => Some(node),
            _ => None,
        })
    }
}

fn properties(map: &Map<String, Value>) -> BTreeMap<String, Node> {
    let list = map.get("properties").and_then(Value::as_object).into_iter().flatten();
    list.map(|(key, schema)| (key.clone(), Node::new(schema))).collect()
}

fn strings(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A rule about what `schema` describes.
fn rule(rule: &Value, schema: &Value) -> Rule {
    let text = |key: &str| rule.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    let message_expression = text("messageExpression");
    Rule {
        program: Program::parse(&text("rule")).and_then(|program| program.check(schema).map(|()| program)),
        text: text("rule"),
        message: text("message"),
        reason: text("reason"),
        field_path: text("fieldPath"),
        optional_old_self: rule.get("optionalOldSelf").and_then(Value::as_bool).unwrap_or(false),
        message_program: (!message_expression.is_empty()).then(|| Program::parse(&message_expression)),
    }
}
