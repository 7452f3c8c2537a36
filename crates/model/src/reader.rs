//! The words of Go's JSON reader.
//!
//! In: values, or text and why serde_json did not read it. Out: how `encoding/json` and the decoders on top of it would say
//! so. Guarantees: the words of common mistakes; a rare one may read otherwise. Sources: Go's `encoding/json`,
//! `apimachinery/pkg/runtime/serializer/json/meta.go`, `apiserver/pkg/endpoints/handlers/rest.go`.

use serde_json::Value;

/// How much of a body a refusal shows.
const SUMMARY: usize = 30;

/// The JSON type of a value, as Go names it.
pub(crate) const fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A body that is no object, as the reader of kind and version says it.
pub(crate) fn no_object(value: &Value) -> String {
    let found = type_name(value);
    unreadable(&format!(
        "json: cannot unmarshal {found} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
    ))
}

/// A body of which kind and version cannot be read.
pub(crate) fn unreadable(why: &str) -> String {
    format!("couldn't get version/kind; json parse error: {why}")
}

/// The start of a body as a refusal shows it.
pub(crate) fn summary(body: &[u8]) -> String {
    let cut = body.get(..SUMMARY).unwrap_or(body);
    let shown = match body.first() {
        None => return "<empty>".to_owned(),
        Some(b'{') => String::from_utf8_lossy(cut).into_owned(),
        Some(_) => cut.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    if body.len() > SUMMARY { format!("{shown} ...") } else { shown }
}

/// Why `text` is no JSON.
#[must_use]
pub fn syntax_error(text: &[u8], error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let words = error.to_string();
    let place = if words.starts_with("expected `,` or `}`") {
        "after object key:value pair"
    } else if words.starts_with("expected `,` or `]`") {
        "after array element"
    } else if words.starts_with("expected `:`") {
        "after object key"
    } else if words.starts_with("key must be a string") {
        "looking for beginning of object key string"
    } else if words.starts_with("trailing characters") {
        "after top-level value"
    } else {
        "looking for beginning of value"
    };
    let line = text.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or(&[]);
    let byte = line.get(error.column().saturating_sub(1)).copied().unwrap_or(b'?');
    format!("invalid character {} {place}", quote_char(byte))
}

/// Go's `quoteChar`: bytes that do not print are escaped.
fn quote_char(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        0x20..0x7f => format!("'{}'", char::from(byte)),
        b'\n' => r"'\n'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        0..0x80 => format!("'\\x{byte:02x}'"),
        // Printable ones of Latin-1 print as they are.
        0xa1..=0xac | 0xae..=0xff => format!("'{}'", char::from(byte)),
        _ => format!("'\\u{byte:04x}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        syntax_error(text.as_bytes(), &serde_json::from_str::<Value>(text).unwrap_err())
    }

    #[test]
    fn mistakes_read_as_go_says_them() {
        for (text, expected) in [
            ("", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            ("x", "invalid character 'x' looking for beginning of value"),
            ("{\"a\":1 \"b\":2}", "invalid character '\"' after object key:value pair"),
            ("[1 2]", "invalid character '2' after array element"),
            ("{1:2}", "invalid character '1' looking for beginning of object key string"),
            ("{} {}", "invalid character '{' after top-level value"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_summary_is_short_and_shows_what_is_no_object_in_hex() {
        assert_eq!(summary(b""), "<empty>");
        assert_eq!(summary(b"[]"), "5b5d");
        assert_eq!(summary(b"{\"a\":1}"), "{\"a\":1}");
        assert_eq!(summary(&[b'{'; 40]), format!("{} ...", "{".repeat(30)));
    }
}
