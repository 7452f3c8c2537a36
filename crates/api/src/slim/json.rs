//! JSON into slim objects, as quick as what is kept of it is small.
//!
//! In: the bytes of one object. Out: what `serde_json` makes of the same bytes, or nothing: then `serde_json` is asked, and
//! says why. Guarantees: what it gives is what `serde_json` would give; what nobody reads is looked at only for where it
//! ends, so that an object with a broken part that does not matter is read; no recursion deeper than [`DEPTH`].
//!
//! Nine tenths of a pod are containers, volumes and indentation. `serde_json` reads these byte by byte.

use super::skip;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// As `serde_json`: an object nested deeper is left to it to refuse.
const DEPTH: u8 = 127;

/// Reads an object; none where it is not as simple as usual.
pub(super) fn quick<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    let mut reader = Reader { json, at: 0, depth: DEPTH };
    let value = T::deserialize(&mut reader).ok()?;
    (skip::space(json, reader.at) == json.len()).then_some(value)
}

/// Not as expected. Nobody sees it: `serde_json` finds the words.
#[derive(Debug)]
struct Unlike;

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not as expected")
    }
}

impl std::error::Error for Unlike {}

impl de::Error for Unlike {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

struct Reader<'de> {
    json: &'de [u8],
    at: usize,
    depth: u8,
}

impl<'de> Reader<'de> {
    /// The next byte that is no white space; it is not taken.
    fn peek(&mut self) -> Result<u8, Unlike> {
        match self.json.get(self.at) {
            Some(&byte) if byte > b' ' => Ok(byte),
            _ => {
                self.at = skip::space(self.json, self.at);
                self.json.get(self.at).copied().ok_or(Unlike)
            }
        }
    }

    fn take(&mut self, text: &[u8]) -> Result<(), Unlike> {
        let end = self.at + text.len();
        if self.json.get(self.at..end) != Some(text) {
            return Err(Unlike);
        }
        self.at = end;
        Ok(())
    }

    /// Whether another entry follows, up to the bracket that closes; takes the comma, or the bracket.
    fn more(&mut self, first: &mut bool, close: u8) -> Result<bool, Unlike> {
        let byte = self.peek()?;
        if byte == close {
            self.at += 1;
            return Ok(false);
        }
        if !std::mem::take(first) {
            if byte != b',' {
                return Err(Unlike);
            }
            self.at += 1;
            // No comma before the end.
            if self.peek()? == close {
                return Err(Unlike);
            }
        }
        Ok(true)
    }

    fn text<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Unlike> {
        let end = skip::string(self.json, self.at).ok_or(Unlike)?;
        let inner = &self.json[self.at + 1..end - 1];
        let quoted = &self.json[self.at..end];
        self.at = end;
        if inner.contains(&b'\\') {
            return visitor.visit_string(serde_json::from_slice(quoted).map_err(|_| Unlike)?);
        }
        if inner.iter().any(|&byte| byte < b' ') {
            return Err(Unlike);
        }
        visitor.visit_borrowed_str(std::str::from_utf8(inner).map_err(|_| Unlike)?)
    }

    /// A whole number: exact where it has more than 64 bits, too, which `serde_json` rounds to a double.
    fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Unlike> {
        let rest = &self.json[self.at..];
        let length = rest.iter().position(|b| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
        let text = std::str::from_utf8(&rest[..length.unwrap_or(rest.len())]).map_err(|_| Unlike)?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = digits.bytes().all(|b| b.is_ascii_digit()) && (digits.len() == 1 || !digits.starts_with('0'));
        if !plain || text == "-0" {
            return Err(Unlike);
        }
        self.at += text.len();
        if digits.len() < text.len() {
            visitor.visit_i64(text.parse().map_err(|_| Unlike)?)
        } else if let Ok(number) = text.parse() {
            visitor.visit_u64(number)
        } else {
            visitor.visit_u128(text.parse().map_err(|_| Unlike)?)
        }
    }

    /// Takes the opening bracket, lets the visitor see the entries, and holds it to having seen them all.
    fn entries<V>(
        &mut self,
        close: u8,
        visit: impl FnOnce(&mut Entries<'_, 'de>) -> Result<V, Unlike>,
    ) -> Result<V, Unlike> {
        self.at += 1;
        self.depth = self.depth.checked_sub(1).ok_or(Unlike)?;
        let mut entries = Entries { reader: self, close, first: true, ended: false };
        let value = visit(&mut entries)?;
        if !entries.ended && entries.more()? {
            return Err(Unlike);
        }
        self.depth += 1;
        Ok(value)
    }
}

/// The entries of an object or list.
struct Entries<'a, 'de> {
    reader: &'a mut Reader<'de>,
    close: u8,
    first: bool,
    ended: bool,
}

impl Entries<'_, '_> {
    fn more(&mut self) -> Result<bool, Unlike> {
        self.ended = self.ended || !self.reader.more(&mut self.first, self.close)?;
        Ok(!self.ended)
    }
}

impl<'de> MapAccess<'de> for &mut Entries<'_, 'de> {
    type Error = Unlike;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unlike> {
        if !self.more()? {
            return Ok(None);
        }
        if self.reader.peek()? != b'"' {
            return Err(Unlike);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Unlike> {
        self.reader.peek()?;
        self.reader.take(b":")?;
        seed.deserialize(&mut *self.reader)
    }
}

impl<'de> SeqAccess<'de> for &mut Entries<'_, 'de> {
    type Error = Unlike;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Unlike> {
        if !self.more()? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Unlike;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unlike> {
        match self.peek()? {
            b'"' => self.text(visitor),
            b'{' => self.entries(b'}', |entries| visitor.visit_map(entries)),
            b'[' => self.entries(b']', |entries| visitor.visit_seq(entries)),
            b't' => self.take(b"true").and_then(|()| visitor.visit_bool(true)),
            b'f' => self.take(b"false").and_then(|()| visitor.visit_bool(false)),
            b'n' => self.take(b"null").and_then(|()| visitor.visit_unit()),
            b'-' | b'0'..=b'9' => self.number(visitor),
            _ => Err(Unlike),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unlike> {
        if self.peek()? == b'n' {
            return self.take(b"null").and_then(|()| visitor.visit_none());
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unlike> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unlike> {
        self.peek()?;
        self.at = skip::value(self.json, self.at).ok_or(Unlike)?;
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slim::{Ip, Meta, Pod, Subnet};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Whatever it gives is what `serde_json` gives.
    fn same<T: DeserializeOwned + PartialEq + fmt::Debug>(json: &[u8]) -> Option<T> {
        let quick = quick::<T>(json);
        if let Some(quick) = &quick {
            assert_eq!(Some(quick), serde_json::from_slice(json).ok().as_ref(), "{}", String::from_utf8_lossy(json));
        }
        quick
    }

    fn pod() -> Value {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": "p", "namespace": "n", "uid": "6597dee3-cf1d-4a84-b48a-443cf942157f", "generation": 3,
                "labels": {"a": "{\"", "b": ""}, "finalizers": ["x"], "creationTimestamp": "2026-01-01T00:00:00Z",
                "annotations": {"ovn.kubernetes.io/ip_address": "10.0.0.2", "note": "ä \"quoted\" \\ {[", "ipledger.dev/x": "a\tb"}
            },
            "spec": {"nodeName": "n1", "hostNetwork": false, "containers": [{"args": ["}", "]", "{\"a\":1}"]}, {}], "priority": -0.5},
            "status": {"phase": "Running", "conditions": [{"lastProbeTime": null, "lastTransitionTime": "2026-01-02T00:00:00Z"}]}
        })
    }

    #[test]
    fn usual_objects_are_read_without_serde_json() {
        for text in [pod().to_string(), serde_json::to_string_pretty(&pod()).unwrap()] {
            assert!(same::<Pod>(text.as_bytes()).is_some(), "{text}");
        }
        for json in [
            r#"{}"#,
            r#" {"spec":null} "#,
            "{\"spec\":{\"cidrBlock\":\"10.0.0.0/8\"},\"status\":{\"v4usingIPs\":18446744073709551615}}",
        ] {
            assert!(same::<Subnet>(json.as_bytes()).is_some(), "{json}");
        }
    }

    #[test]
    fn a_count_of_more_than_64_bits_is_exact_although_serde_json_rounds_it() {
        let json = br#"{"status":{"v6usingIPs":18446744073709551617,"v6availableIPs":1208925819614629174706173}}"#;
        let status = quick::<Subnet>(json).unwrap().status;
        let counts = [status.v6_using, status.v6_available].map(|count| count.unwrap().value().unwrap());
        assert_eq!(counts, [(1 << 64) + 1, (1 << 80) - 3]);
    }

    #[test]
    fn what_is_not_as_usual_is_left_to_serde_json() {
        let deep = format!("{{\"status\":{{\"conditions\":{}{}}}}}", "[".repeat(300), "]".repeat(300));
        for json in [
            "",
            "{",
            "{\"spec\"",
            "{\"spec\":{}",
            "{\"spec\":{},}",
            "{,}",
            "{\"spec\" {}}",
            "{} {}",
            "{\"metadata\":3}",
            "{\"metadata\":{\"name\":\"a\nb\"}}",
            "{\"metadata\":{\"name\":\"\\x\"}}",
            "{\"metadata\":{\"generation\":01}}",
            "{\"metadata\":{\"generation\":1.0}}",
            "{\"metadata\":{\"generation\":-0}}",
            "{\"metadata\":nul}",
            "{spec:1}",
            deep.as_str(),
        ] {
            assert!(same::<Pod>(json.as_bytes()).is_none(), "{json}");
        }
        assert!(same::<Pod>(b"{\"metadata\":{\"name\":\"\xff\"}}").is_none());
    }

    #[test]
    fn what_nobody_reads_may_be_broken_as_long_as_its_end_is_found() {
        let json = br#"{"metadata": {"name": "p"}, "spec": {"containers": [{"image": what}, "\x"], "nodeName": "n1"}}"#;
        assert_eq!(quick::<Pod>(json).unwrap().spec.node_name, "n1");
    }

    proptest! {
        /// One byte of a sound object is another one, or what follows is cut off.
        #[test]
        fn a_damaged_object_is_read_as_serde_json_reads_it_or_not_at_all(at: prop::sample::Index, byte in prop::sample::select(&b"\"{}[]:,\\ \n0n-x"[..]), cut: bool, pretty: bool) {
            // Only what is read: the rest need not be sound.
            let mut value = pod();
            value["spec"] = json!({"nodeName": "n1", "hostNetwork": false});
            value["metadata"]["annotations"].as_object_mut().unwrap().remove("note");
            for field in ["apiVersion", "kind"] {
                value.as_object_mut().unwrap().remove(field);
            }
            let mut text = if pretty { serde_json::to_vec_pretty(&value).unwrap() } else { serde_json::to_vec(&value).unwrap() };
            let at = at.index(text.len());
            text[at] = byte;
            if cut {
                text.truncate(at);
            }
            if let (Some(quick), Ok(slow)) = (quick::<Pod>(&text), serde_json::from_slice::<Pod>(&text)) {
                prop_assert_eq!(quick, slow);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = (quick::<Pod>(&bytes), quick::<Ip>(&bytes), quick::<Meta>(&bytes));
        }
    }
}
