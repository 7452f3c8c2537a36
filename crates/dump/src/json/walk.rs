//! A walk over the tokens of one JSON value: checking all of it, copying some.
//!
//! In: a text, its tokens, and the [`Shape`] of what is wanted. Out: the same value without white space and without the
//! fields that nobody reads, or a [`Fault`]. Guarantees: what is left out is checked as strictly as what is kept, so that
//! text is accepted exactly if a JSON parser accepts it and it is not nested too deep; no recursion on the depth of the
//! text; keys in any order, also twice.

use super::fault::Fault;
use super::tokens::Tokens;
use crate::limits::MAX_DEPTH;
use crate::shape::Shape;
use api::slim::Kind;
use std::borrow::Cow;

/// See the module.
pub(crate) struct Walk<'t> {
    text: &'t [u8],
    positions: &'t [u32],
    /// The token that is next.
    next: usize,
    /// How many containers are open in parts that are kept; those in skipped parts are counted by [`Walk::skip`].
    depth: u32,
    /// Whether labels, annotations and JSON in strings are cut down as well.
    redact: bool,
}

/// A result whose error is a fault.
pub(crate) type Checked<T> = Result<T, Box<Fault>>;

impl<'t> Walk<'t> {
    /// At the first token of a text that was just indexed.
    pub(crate) fn new(text: &'t [u8], tokens: &'t Tokens) -> Self {
        Self { text, positions: tokens.positions(), next: 0, depth: 0, redact: false }
    }

    /// The same, for a text that others will read: labels, annotations and JSON in strings are cut down as well. A reader
    /// does that by itself, and faster.
    pub(crate) fn redacting(text: &'t [u8], tokens: &'t Tokens) -> Self {
        Self { redact: true, ..Self::new(text, tokens) }
    }

    #[inline]
    fn position(&self, token: usize) -> usize {
        self.positions.get(token).map_or(self.text.len(), |&at| at as usize)
    }

    /// The byte with which a token begins; 0 behind the last one.
    #[inline]
    fn byte(&self, token: usize) -> u8 {
        // The last position is the end of what could be read, and no token.
        if token + 1 >= self.positions.len() {
            return 0;
        }
        self.text.get(self.position(token)).copied().unwrap_or(0)
    }

    /// The byte with which the next token begins.
    #[inline]
    pub(crate) fn peek(&self) -> u8 {
        self.byte(self.next)
    }

    /// A fault at the next token.
    #[cold]
    pub(crate) fn fault(&self, expected: &'static str) -> Box<Fault> {
        let at = self.position(self.next);
        Box::new(match self.peek() {
            0 => Fault::end(at),
            found => Fault::new(at, format!("expected {expected}, found `{}`", char::from(found))),
        })
    }

    /// Takes a token that must begin with this byte.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8, expected: &'static str) -> Checked<()> {
        if self.peek() != byte {
            return Err(self.fault(expected));
        }
        self.next += 1;
        Ok(())
    }

    /// Checks that nothing follows.
    pub(crate) fn end(&self) -> Checked<()> {
        if self.peek() == 0 { Ok(()) } else { Err(self.fault("nothing more")) }
    }

    /// The text of a token, up to the next one and without the white space before that.
    #[inline]
    fn slice(&self, token: usize) -> &'t [u8] {
        let mut end = self.position(token + 1);
        let start = self.position(token);
        while end > start && self.text[end - 1] <= b' ' {
            end -= 1;
        }
        &self.text[start..end]
    }

    /// Takes a key and its colon; gives the key without its quotes, escapes as they are written.
    #[inline]
    pub(crate) fn key(&mut self) -> Checked<&'t [u8]> {
        if self.peek() != b'"' {
            return Err(self.fault("a key in quotes"));
        }
        let quoted = self.slice(self.next);
        self.next += 1;
        self.expect(b':', "`:`")?;
        // A token that begins with a quote ends with one, unless something follows it, and then that is a token.
        Ok(quoted.get(1..quoted.len() - 1).unwrap_or_default())
    }

    /// Takes a key that is not looked at, and its colon.
    #[inline]
    fn any_key(&mut self) -> Checked<()> {
        self.expect(b'"', "a key in quotes")?;
        self.expect(b':', "`:`")
    }

    /// After a value in an object or list: true if another one follows.
    #[inline]
    pub(crate) fn more(&mut self, close: u8) -> Checked<bool> {
        let found = self.peek();
        if found != b',' && found != close {
            return Err(self.fault(if close == b'}' { "`,` or `}`" } else { "`,` or `]`" }));
        }
        self.next += 1;
        Ok(found == b',')
    }

    /// Takes `open` and, if nothing is in it, `close`; true if something is.
    #[inline]
    pub(crate) fn enter(&mut self, open: u8, close: u8) -> Checked<bool> {
        self.expect(open, if open == b'{' { "an object" } else { "a list" })?;
        if self.peek() == close {
            self.next += 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// Takes a value that is not kept.
    pub(crate) fn skip(&mut self) -> Checked<()> {
        // Bit 0 is set in an object, clear in a list; the bits above it are the containers around it.
        let (mut inside, mut depth): (u128, u32) = (0, 0);
        loop {
            match self.peek() {
                b'"' => self.next += 1,
                open @ (b'{' | b'[') => {
                    if self.depth + depth == MAX_DEPTH {
                        return Err(self.too_deep());
                    }
                    self.next += 1;
                    // In ASCII both brackets close two places after they open.
                    if self.peek() == open + 2 {
                        self.next += 1;
                    } else {
                        depth += 1;
                        inside = inside << 1 | u128::from(open == b'{');
                        if open == b'{' {
                            self.any_key()?;
                        }
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let object = inside & 1 == 1;
                if self.more(if object { b'}' } else { b']' })? {
                    if object {
                        self.any_key()?;
                    }
                    break;
                }
                depth -= 1;
                inside >>= 1;
            }
        }
    }

    #[cold]
    fn too_deep(&self) -> Box<Fault> {
        Box::new(Fault::new(self.position(self.next), format!("nested deeper than {MAX_DEPTH} levels")))
    }

    /// Takes a number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Checked<()> {
        let at = self.position(self.next);
        if self.peek() == 0 || matches!(self.peek(), b'}' | b']' | b':' | b',') {
            return Err(self.fault("a value"));
        }
        let text = self.slice(self.next);
        if !matches!(text, b"true" | b"false" | b"null") && !is_number(text) {
            let shown = String::from_utf8_lossy(&text[..text.len().min(40)]).into_owned();
            // At the end of a text that was cut off, `tru` is no mistake.
            let cut_off = self.byte(self.next + 1) == 0;
            let mut fault = Fault::new(at, format!("`{shown}` is no value"));
            fault.cut_off = cut_off;
            return Err(Box::new(fault));
        }
        self.next += 1;
        Ok(())
    }

    /// Takes a value and copies the part of it that `shape` asks for.
    pub(crate) fn keep(&mut self, shape: &Shape, out: &mut Vec<u8>) -> Checked<()> {
        match (shape, self.peek()) {
            (Shape::Fields(fields), b'{') => self.keep_fields(fields, out),
            (Shape::Items(item), b'[') => self.keep_items(item, out),
            (Shape::Labels | Shape::Annotations | Shape::Quoted(_), b'{' | b'"') if self.redact => {
                let mut whole = Vec::new();
                self.keep_all(&mut whole)?;
                super::redact::redact(shape, &whole, out);
                Ok(())
            }
            _ => self.keep_all(out),
        }
    }

    fn keep_fields(&mut self, fields: &[(&'static str, Shape)], out: &mut Vec<u8>) -> Checked<()> {
        out.push(b'{');
        let mut first = true;
        let mut more = self.enter(b'{', b'}')?;
        self.deeper()?;
        while more {
            let key = self.key()?;
            match field(fields, key) {
                None => self.skip()?,
                Some((name, shape)) => {
                    if !std::mem::take(&mut first) {
                        out.push(b',');
                    }
                    out.push(b'"');
                    out.extend_from_slice(name.as_bytes());
                    out.extend_from_slice(b"\":");
                    self.keep(shape, out)?;
                }
            }
            more = self.more(b'}')?;
        }
        self.depth -= 1;
        out.push(b'}');
        Ok(())
    }

    fn keep_items(&mut self, item: &Shape, out: &mut Vec<u8>) -> Checked<()> {
        out.push(b'[');
        let mut more = self.enter(b'[', b']')?;
        self.deeper()?;
        while more {
            self.keep(item, out)?;
            more = self.more(b']')?;
            if more {
                out.push(b',');
            }
        }
        self.depth -= 1;
        out.push(b']');
        Ok(())
    }

    /// The shapes bound this recursion, not the text; the depth is counted for what is skipped in there.
    fn deeper(&mut self) -> Checked<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.too_deep());
        }
        Ok(())
    }

    fn keep_all(&mut self, out: &mut Vec<u8>) -> Checked<()> {
        let first = self.next;
        self.skip()?;
        for token in first..self.next {
            match self.byte(token) {
                operator @ (b'{' | b'}' | b'[' | b']' | b':' | b',') => out.push(operator),
                _ => out.extend_from_slice(self.slice(token)),
            }
        }
        Ok(())
    }

    /// Takes a string and gives what it says; anything else is skipped.
    pub(crate) fn text(&mut self) -> Checked<Option<Cow<'t, str>>> {
        if self.peek() != b'"' {
            self.skip()?;
            return Ok(None);
        }
        let quoted = self.slice(self.next);
        self.next += 1;
        Ok(unquoted(quoted))
    }
}

/// The field that a key means. Keys with an escape in them are rare and cost an allocation.
#[inline]
fn field<'s>(fields: &'s [(&'static str, Shape)], key: &[u8]) -> Option<&'s (&'static str, Shape)> {
    let find = |key: &[u8]| fields.iter().find(|(name, _)| name.as_bytes() == key);
    let found = find(key);
    if found.is_none() && key.contains(&b'\\') {
        return find(unescaped(key)?.as_bytes());
    }
    found
}

/// What a key says, where it has an escape in it.
pub(crate) fn unescaped(key: &[u8]) -> Option<String> {
    let mut quoted = Vec::with_capacity(key.len() + 2);
    quoted.push(b'"');
    quoted.extend_from_slice(key);
    quoted.push(b'"');
    serde_json::from_slice(&quoted).ok()
}

/// What a string says, quotes and escapes undone.
fn unquoted(quoted: &[u8]) -> Option<Cow<'_, str>> {
    let plain = quoted.get(1..quoted.len().max(2) - 1)?;
    if plain.contains(&b'\\') {
        return serde_json::from_slice(quoted).ok().map(Cow::Owned);
    }
    std::str::from_utf8(plain).ok().map(Cow::Borrowed)
}

/// Whether a text is a number as JSON writes them (RFC 8259, section 6).
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest[0] == b'0') {
        return false;
    }
    rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+")).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// What an object says it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity<'t> {
    pub(crate) api_version: Option<Cow<'t, str>>,
    pub(crate) kind: Option<Cow<'t, str>>,
    namespace: Option<Cow<'t, str>>,
    name: Option<Cow<'t, str>>,
}

impl<'t> Identity<'t> {
    /// Finds out of which kind an object is, without going further into it than need be.
    ///
    /// # Errors
    /// It is no object, or broken before its kind is known.
    pub(crate) fn peek(text: &'t [u8], tokens: &'t Tokens) -> Checked<Self> {
        let mut found = Self::default();
        found.collect(&mut Walk::new(text, tokens), false)?;
        Ok(found)
    }

    fn collect(&mut self, walk: &mut Walk<'t>, with_name: bool) -> Checked<()> {
        let mut more = walk.enter(b'{', b'}')?;
        while more {
            match walk.key()? {
                b"apiVersion" => self.api_version = walk.text()?,
                b"kind" => self.kind = walk.text()?,
                b"metadata" if with_name && walk.peek() == b'{' => self.collect_name(walk)?,
                _ => walk.skip()?,
            }
            if !with_name && self.api_version.is_some() && self.kind.is_some() {
                return Ok(());
            }
            more = walk.more(b'}')?;
        }
        Ok(())
    }

    fn collect_name(&mut self, walk: &mut Walk<'t>) -> Checked<()> {
        let mut more = walk.enter(b'{', b'}')?;
        while more {
            match walk.key()? {
                b"name" => self.name = walk.text()?,
                b"namespace" => self.namespace = walk.text()?,
                _ => walk.skip()?,
            }
            more = walk.more(b'}')?;
        }
        Ok(())
    }
}

/// The kind and name of an object, as far as a text that may be broken anywhere shows them.
pub(crate) fn identify(text: &[u8]) -> (Option<Kind>, Option<String>) {
    let mut tokens = Tokens::default();
    tokens.index(text);
    let mut found = Identity::default();
    // What was found before a fault is what this is for.
    let _ = found.collect(&mut Walk::new(text, &tokens), true);
    let kind = Kind::from_api(&found.api_version.unwrap_or_default(), &found.kind.unwrap_or_default());
    let name = found.name.map(|name| match found.namespace {
        Some(namespace) if !namespace.is_empty() => format!("{namespace}/{name}"),
        _ => name.into_owned(),
    });
    (kind, name)
}

/// The first thing that is wrong with a text that should be one JSON value.
pub(crate) fn first_fault(text: &[u8]) -> Option<Fault> {
    let mut tokens = Tokens::default();
    tokens.index(text);
    let mut walk = Walk::new(text, &tokens);
    let walked = walk.skip().and_then(|()| walk.end());
    tokens.first_fault(walked.err())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::de::IgnoredAny;
    use serde_json::{Value, json};

    fn kept(shape: &Shape, text: &str) -> Result<String, Fault> {
        let mut tokens = Tokens::default();
        tokens.index(text.as_bytes());
        let mut walk = Walk::new(text.as_bytes(), &tokens);
        let mut out = Vec::new();
        let walked = walk.keep(shape, &mut out).and_then(|()| walk.end());
        match tokens.first_fault(walked.err()) {
            Some(fault) => Err(fault),
            None => Ok(String::from_utf8(out).unwrap()),
        }
    }

    fn shape() -> Shape {
        let inner = Shape::Fields(vec![("b", Shape::All)]);
        Shape::Fields(vec![("a", inner.clone()), ("list", Shape::Items(Box::new(inner))), ("c", Shape::All)])
    }

    #[test]
    fn only_what_is_asked_for_is_kept() {
        let text = r#" { "x" : [1, {"y": "}\""}], "a": {"b": [1, 2], "z": 0}, "list": [{"b": "q\\"}, 7, {"z": 1}], "c": null } "#;
        assert_eq!(kept(&shape(), text).unwrap(), r#"{"a":{"b":[1,2]},"list":[{"b":"q\\"},7,{}],"c":null}"#);
    }

    #[test]
    fn a_value_of_another_type_is_kept_as_it_is() {
        assert_eq!(kept(&shape(), r#"{"a": [1], "list": {"b": 1}, "c": 2}"#).unwrap(), r#"{"a":[1],"list":{"b":1},"c":2}"#);
        assert_eq!(kept(&shape(), "[1, 2]").unwrap(), "[1,2]");
    }

    #[test]
    fn keys_may_be_written_with_escapes_and_twice() {
        assert_eq!(kept(&shape(), r#"{"\u0063": 1, "c": 2}"#).unwrap(), r#"{"c":1,"c":2}"#);
    }

    #[test]
    fn faults_say_what_and_where() {
        let cases = [
            (r#"{"a" 1}"#, 5, "expected `:`, found `1`"),
            (r#"{"a": 1 "b": 2}"#, 8, "expected `,` or `}`, found `\"`"),
            (r#"{"a": tru}"#, 6, "`tru` is no value"),
            (r#"{"a": 01}"#, 6, "`01` is no value"),
            (r#"{"a": [1, 2}"#, 11, "expected `,` or `]`, found `}`"),
            (r#"{"x": "\q"}"#, 7, "an escape that JSON does not know"),
            ("{\"x\": \"a\nb\"}", 8, "a string runs over the end of a line, or has a control character in it"),
            (r#"{"x": 1} 2"#, 9, "expected nothing more, found `2`"),
            ("{\"x\": \u{1}1}", 6, "a control character"),
        ];
        for (text, at, reason) in cases {
            let fault = kept(&shape(), text).unwrap_err();
            assert_eq!((fault.at, &*fault.reason), (at, reason), "{text}");
        }
        for text in [r#"{"a": 1"#, r#"{"a": "x"#, "{", r#"{"x": tr"#] {
            assert!(kept(&shape(), text).unwrap_err().cut_off, "{text}");
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_refused_and_nothing_overflows() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let limit = MAX_DEPTH as usize;
        assert!(first_fault(deep(limit).as_bytes()).is_none());
        assert!(first_fault(deep(limit + 1).as_bytes()).is_some());
        assert!(first_fault(deep(1_000_000).as_bytes()).is_some());
        // Also in what is kept, and counted from the object's outside.
        assert!(kept(&shape(), &format!(r#"{{"a": {{"b": {}}}}}"#, deep(limit - 2))).is_ok());
        assert!(kept(&shape(), &format!(r#"{{"a": {{"b": {}}}}}"#, deep(limit - 1))).is_err());
    }

    #[test]
    fn an_object_is_identified_as_far_as_it_goes() {
        let text = br#"{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"name":"x"},"name":"p","namespace":"n","#;
        assert_eq!(identify(text), (Some(Kind::Pod), Some("n/p".to_owned())));
        assert_eq!(identify(br#"{"kind":"#), (None, None));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            r#"[\\"{}\[\],: a]{0,20}"#.prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(r#"(a|b|c|list|[\\"{}a-z]{0,4})"#, inner, 0..6)
                    .prop_map(|map| Value::from(map.into_iter().collect::<serde_json::Map<_, _>>())),
            ]
        })
    }

    /// What the shape keeps, by its definition.
    fn pruned(shape: &Shape, value: &Value) -> Value {
        match (shape, value) {
            (Shape::Fields(fields), Value::Object(map)) => map
                .iter()
                .filter_map(|(key, value)| {
                    let (name, shape) = fields.iter().find(|(name, _)| name == key)?;
                    Some(((*name).to_owned(), pruned(shape, value)))
                })
                .collect(),
            (Shape::Items(item), Value::Array(items)) => items.iter().map(|value| pruned(item, value)).collect(),
            _ => value.clone(),
        }
    }

    proptest! {
        #[test]
        fn any_value_is_kept_as_a_json_parser_sees_it(value in value(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let text_all = kept(&Shape::All, &text).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&text_all).unwrap(), serde_json::from_str::<Value>(&text).unwrap());
            let some = kept(&shape(), &text).unwrap();
            let expected = pruned(&shape(), &serde_json::from_str(&text).unwrap());
            prop_assert_eq!(serde_json::from_str::<Value>(&some).unwrap(), expected);
        }

        #[test]
        fn a_text_is_accepted_exactly_if_a_json_parser_accepts_it(
            value in value(), pretty: bool, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 0..4)
        ) {
            let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) };
            let mut text = text.unwrap();
            for (place, byte, change) in changes {
                if text.is_empty() { break; }
                let at = place.index(text.len());
                match change {
                    0 => { text[at] = byte; }
                    1 => { text.remove(at); }
                    _ => { text[at] = br#"{}[]:,"\ 0-e"#[usize::from(byte) % 12]; }
                }
            }
            // The parser does not look at the encoding of strings that it skips.
            let accepted = serde_json::from_slice::<IgnoredAny>(&text).is_ok() && std::str::from_utf8(&text).is_ok();
            prop_assert_eq!(first_fault(&text).is_none(), accepted, "{}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn the_order_of_values_does_not_matter_for_the_kind() {
        let object = json!({ "spec": { "kind": "no", "apiVersion": "no" }, "zkind": 1 });
        let text = format!(r#"{{"spec":{},"kind":"IP","apiVersion":"kubeovn.io/v1"}}"#, object["spec"]);
        let mut tokens = Tokens::default();
        tokens.index(text.as_bytes());
        let identity = Identity::peek(text.as_bytes(), &tokens).unwrap();
        assert_eq!((identity.api_version.as_deref(), identity.kind.as_deref()), (Some("kubeovn.io/v1"), Some("IP")));
    }
}
