//! The kind of an object, found without reading the object.
//!
//! In: the bytes of a JSON object. Out: its `apiVersion` and `kind`. Guarantees: only keys of the object itself count, not
//! those of what is in it; a handful of bytes where the keys stand first, as kubectl writes them; no recursion.

use memchr::{memchr2, memchr3};

/// What an object says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Peek<'a> {
    pub(crate) api_version: &'a str,
    pub(crate) kind: &'a str,
}

/// Looks for `apiVersion` and `kind` among the keys of an object.
pub(crate) fn peek(object: &[u8]) -> Peek<'_> {
    let mut peek = Peek::default();
    let mut at = skip_space(object, 0);
    if object.get(at) != Some(&b'{') {
        return peek;
    }
    at += 1;
    loop {
        at = skip_space(object, at);
        if object.get(at) != Some(&b'"') {
            return peek;
        }
        let Some(end) = string_end(object, at) else { return peek };
        let key = &object[at + 1..end - 1];
        at = skip_space(object, end);
        if object.get(at) != Some(&b':') {
            return peek;
        }
        at = skip_space(object, at + 1);
        let Some(end) = value_end(object, at) else { return peek };
        let text = || text(&object[at..end]);
        match key {
            b"apiVersion" => peek.api_version = text(),
            b"kind" => peek.kind = text(),
            _ => {}
        }
        if !peek.api_version.is_empty() && !peek.kind.is_empty() {
            return peek;
        }
        at = skip_space(object, end);
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

/// The first byte from `at` on that is no white space.
pub(crate) fn skip_space(bytes: &[u8], at: usize) -> usize {
    bytes[at.min(bytes.len())..]
        .iter()
        .position(|b| !matches!(b, b' ' | b'\n' | b'\r' | b'\t'))
        .map_or(bytes.len(), |n| at + n)
}

/// One past the closing quote of the string that opens at `at`.
pub(crate) fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        let hit = at + memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[hit] == b'"' {
            return Some(hit + 1);
        }
        at = hit + 2;
    }
}

/// One past the end of the value that begins at `at`.
pub(crate) fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => string_end(bytes, at),
        b'{' => nest_end(bytes, at, b'{', b'}'),
        b'[' => nest_end(bytes, at, b'[', b']'),
        _ => {
            let rest = &bytes[at..];
            let end = rest.iter().position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'))?;
            (end > 0).then_some(at + end)
        }
    }
}

/// One past the bracket that closes the one at `at`; brackets of the other kind need no counting in sound JSON, and JSON
/// that is not sound is refused by the reader that comes after.
fn nest_end(bytes: &[u8], at: usize, open: u8, close: u8) -> Option<usize> {
    let (mut at, mut depth) = (at, 0usize);
    loop {
        let hit = at + memchr3(b'"', open, close, bytes.get(at..)?)?;
        at = hit + 1;
        match bytes[hit] {
            b'"' => at = string_end(bytes, hit)?,
            b if b == open => depth += 1,
            _ => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
    }
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
