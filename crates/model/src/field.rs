//! Findings of validation, worded as `k8s.io/apimachinery/pkg/util/validation/field` words them.
//!
//! In: a path, a value, a rule. Out: [`FieldError`], its body text and its cause type. Guarantees: text equal to the API
//! server's for every kind of value, because clients and people match on it.

use serde_json::Value;

/// What is wrong with a field: Go's `field.ErrorType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldErrorKind {
    /// The value is absent.
    Required,
    /// The value breaks a rule.
    Invalid,
    /// The value has another JSON type than the schema says.
    TypeInvalid,
    /// The value is not one of those allowed.
    NotSupported,
    /// The value may not be set here and now.
    Forbidden,
    /// The string is too long.
    TooLong,
    /// The list or map has too many entries.
    TooMany,
    /// The value occurs twice.
    Duplicate,
}

impl FieldErrorKind {
    /// The `type` of a Status cause.
    #[must_use]
    pub(crate) const fn cause(self) -> &'static str {
        match self {
            Self::Required => "FieldValueRequired",
            Self::Invalid => "FieldValueInvalid",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::Duplicate => "FieldValueDuplicate",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Required => "Required value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::Duplicate => "Duplicate value",
        }
    }
}

/// One finding about one field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FieldError {
    /// Which rule was broken.
    pub kind: FieldErrorKind,
    /// `spec.items[0].name`; `<nil>` for the whole object, as Go prints a nil path.
    pub field: String,
    /// The offending value, where the message shows it.
    pub bad: Option<Value>,
    /// What would have been right; may be empty.
    pub detail: String,
}

impl FieldError {
    /// `field.Required`.
    pub(crate) fn required(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind: FieldErrorKind::Required, field: field.into(), bad: None, detail: detail.into() }
    }

    /// `field.Invalid`.
    pub(crate) fn invalid(field: impl Into<String>, bad: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self { kind: FieldErrorKind::Invalid, field: field.into(), bad: Some(bad.into()), detail: detail.into() }
    }

    /// `field.Invalid` of a value that Go prints otherwise than as its JSON.
    pub(crate) fn invalid_text(field: impl Into<String>, bad: &str, detail: &str) -> Self {
        Self { kind: FieldErrorKind::Invalid, ..Self::required(field, format!("{bad}: {detail}")) }
    }

    /// `field.TypeInvalid`.
    pub(crate) fn type_invalid(field: impl Into<String>, bad: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self { kind: FieldErrorKind::TypeInvalid, ..Self::invalid(field, bad, detail) }
    }

    /// `field.Forbidden`.
    pub(crate) fn forbidden(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind: FieldErrorKind::Forbidden, ..Self::required(field, detail) }
    }

    /// `field.Duplicate`.
    pub(crate) fn duplicate(field: impl Into<String>, bad: impl Into<Value>) -> Self {
        Self { kind: FieldErrorKind::Duplicate, ..Self::invalid(field, bad, "") }
    }

    /// `field.NotSupported`.
    pub(crate) fn not_supported<'a>(
        field: impl Into<String>,
        bad: impl Into<Value>,
        supported: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let list: Vec<String> = supported.into_iter().map(quote).collect();
        let detail = if list.is_empty() { String::new() } else { format!("supported values: {}", list.join(", ")) };
        Self { kind: FieldErrorKind::NotSupported, ..Self::invalid(field, bad, detail) }
    }

    /// `field.TooLong`.
    pub(crate) fn too_long(field: impl Into<String>, max: u64) -> Self {
        let unit = if max == 1 { "byte" } else { "bytes" };
        Self {
            kind: FieldErrorKind::TooLong,
            field: field.into(),
            bad: None,
            detail: format!("may not be more than {max} {unit}"),
        }
    }

    /// `field.TooMany`.
    pub(crate) fn too_many(field: impl Into<String>, actual: u64, max: u64) -> Self {
        let unit = if max == 1 { "item" } else { "items" };
        Self {
            kind: FieldErrorKind::TooMany,
            ..Self::invalid(field, actual, format!("must have at most {max} {unit}"))
        }
    }

    /// The message without the field name: Go's `ErrorBody`.
    #[must_use]
    pub(crate) fn body(&self) -> String {
        let mut text = self.kind.text().to_owned();
        if let Some(bad) = &self.bad {
            text.push_str(": ");
            text.push_str(&match bad {
                Value::String(s) => quote(s),
                other => go_json(other),
            });
        }
        if !self.detail.is_empty() {
            text.push_str(": ");
            text.push_str(&self.detail);
        }
        text
    }

    /// The message with the field name: Go's `Error`.
    #[must_use]
    pub(crate) fn message(&self) -> String {
        format!("{}: {}", self.field, self.body())
    }
}

/// Joins messages as Go's `ToAggregate` does: equal ones once, several in brackets.
#[must_use]
pub(crate) fn aggregate(errors: &[FieldError]) -> String {
    let mut seen: Vec<String> = Vec::with_capacity(errors.len());
    for error in errors {
        let message = error.message();
        if !seen.contains(&message) {
            seen.push(message);
        }
    }
    if seen.len() == 1 { seen.remove(0) } else { format!("[{}]", seen.join(", ")) }
}

/// Go's `strconv.Quote`.
#[must_use]
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' || c == '\u{7f}' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Go's `json.Marshal`: as compact as ours, with `<`, `>` and `&` escaped and floats in Go's spelling.
#[must_use]
pub(crate) fn go_json(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// Go's `%v` of a decoded value: maps in the order of their keys.
#[must_use]
pub(crate) fn go_value(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(" ");
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.as_i64().map_or_else(|| go_float(number.as_f64()), |int| int.to_string()),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", list(items.iter().map(go_value).collect())),
        Value::Object(map) => {
            let sorted: std::collections::BTreeMap<_, _> = map.iter().collect();
            format!(
                "map[{}]",
                list(sorted.into_iter().map(|(key, item)| format!("{key}:{}", go_value(item))).collect())
            )
        }
    }
}

/// Go's `%v` of a `float64`: the shortest digits that mean it, with an exponent where that is -5 or less, or 21 or more.
fn go_float(float: Option<f64>) -> String {
    let Some(float) = float else { return String::new() };
    let text = format!("{float:e}");
    let exponent = text.split_once('e').and_then(|(digits, power)| Some((digits, power.parse::<i32>().ok()?)));
    match exponent {
        Some((digits, power)) if !(-4..21).contains(&power) => {
            format!("{digits}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
        }
        _ => float.to_string(),
    }
}

/// Go's `%T` of a decoded value.
#[must_use]
pub(crate) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bodies_read_as_upstream() {
        for (error, text) in [
            (
                FieldError::required("metadata.name", "name or generateName is required"),
                "metadata.name: Required value: name or generateName is required",
            ),
            (FieldError::invalid("spec.x", 3, "must be even"), "spec.x: Invalid value: 3: must be even"),
            (FieldError::invalid("spec.x", "a\"b", ""), "spec.x: Invalid value: \"a\\\"b\""),
            (FieldError::invalid("<nil>", Value::Null, "why"), "<nil>: Invalid value: null: why"),
            (
                FieldError::not_supported("spec.p", "X", ["A", "B"]),
                "spec.p: Unsupported value: \"X\": supported values: \"A\", \"B\"",
            ),
            (FieldError::too_long("spec.s", 1), "spec.s: Too long: may not be more than 1 byte"),
            (FieldError::too_many("spec.l", 3, 2), "spec.l: Too many: 3: must have at most 2 items"),
            (FieldError::duplicate("spec.l[1]", json!({"a": "<"})), "spec.l[1]: Duplicate value: {\"a\":\"\\u003c\"}"),
        ] {
            assert_eq!(error.message(), text);
        }
    }

    #[test]
    fn values_read_as_go_prints_them() {
        for (value, text, name) in [
            (json!(null), "<nil>", "<nil>"),
            (json!(-3), "-3", "int64"),
            (json!(1.0), "1", "float64"),
            (json!(1.5e-7), "1.5e-07", "float64"),
            (json!(1.5e21), "1.5e+21", "float64"),
            (json!("a b"), "a b", "string"),
            (json!([1, "x"]), "[1 x]", "[]interface {}"),
            (json!({"b": true, "a": []}), "map[a:[] b:true]", "map[string]interface {}"),
        ] {
            assert_eq!((go_value(&value).as_str(), go_type(&value)), (text, name));
        }
    }

    #[test]
    fn several_findings_are_listed_once_each() {
        let one = FieldError::required("a", "");
        let two = FieldError::required("b", "");
        assert_eq!(aggregate(std::slice::from_ref(&one)), "a: Required value");
        assert_eq!(aggregate(&[one.clone(), two, one]), "[a: Required value, b: Required value]");
    }
}
