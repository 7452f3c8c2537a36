//! The kind of an object, found without reading the object.
//!
//! In: the bytes of a JSON object. Out: its `apiVersion` and `kind`. Guarantees: only keys of the object itself count, not
//! those of what is in it; a handful of bytes where the keys stand first, as kubectl writes them; no recursion.

use api::slim::skip;

/// What an object says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Peek<'a> {
    pub(crate) api_version: &'a str,
    pub(crate) kind: &'a str,
}

/// Looks for `apiVersion` and `kind` among the keys of an object.
pub(crate) fn peek(object: &[u8]) -> Peek<'_> {
    let mut peek = Peek::default();
    let mut at = skip::space(object, 0);
    if object.get(at) != Some(&b'{') {
        return peek;
    }
    at += 1;
    loop {
        at = skip::space(object, at);
        if object.get(at) != Some(&b'"') {
            return peek;
        }
        let Some(end) = skip::string(object, at) else { return peek };
        let key = &object[at + 1..end - 1];
        at = skip::space(object, end);
        if object.get(at) != Some(&b':') {
            return peek;
        }
        at = skip::space(object, at + 1);
        let Some(end) = skip::value(object, at) else { return peek };
        let text = || text(&object[at..end]);
        match key {
            b"apiVersion" => peek.api_version = text(),
            b"kind" => peek.kind = text(),
            _ => {}
        }
        if !peek.api_version.is_empty() && !peek.kind.is_empty() {
            return peek;
        }
        at = skip::space(object, end);
        if object.get(at) != Some(&b',') {
            return peek;
        }
        at += 1;
    }
}

/// A JSON string without escapes; kinds and versions have none.
fn text(value: &[u8]) -> &str {
    let inner = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    inner.filter(|inner| !inner.contains(&b'\\')).and_then(|inner| std::str::from_utf8(inner).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_objects_own_keys_count() {
        let json = br#" { "metadata": {"kind": "no", "a": ["}", {"apiVersion": "no"}]}, "kind" : "IP",
            "spec": {}, "apiVersion": "kubeovn.io/v1" }"#;
        assert_eq!(peek(json), Peek { api_version: "kubeovn.io/v1", kind: "IP" });
    }

    #[test]
    fn broken_objects_say_nothing_more_than_they_have() {
        for json in ["", "{", "{\"kind\"", "{\"kind\":", "{\"kind\": \"IP", "[]", "{\"kind\": {\"", "{3}"] {
            let _ = peek(json.as_bytes());
        }
        assert_eq!(peek(br#"{"kind": "IP", "apiVersion"#).kind, "IP");
    }
}
