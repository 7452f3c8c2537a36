//! Getting past JSON without reading it.
//!
//! In: bytes, and where in them something begins. Out: where it ends. Guarantees: of sound JSON the right end, whatever
//! stands in its strings and however it is laid out; no recursion; of what is no JSON some end or none, never a panic.
//!
//! A string of JSON holds no line break as such (RFC 8259, section 7), so that every line begins outside of strings. That
//! makes most of what kubectl writes quick to get past: a bracket that opens or ends its line needs no look at any string.
//! Only a line with a bracket in its middle is looked through string by string.

use memchr::{memchr, memchr2, memchr3, memrchr};

/// The first byte from `at` on that is no white space.
#[must_use]
pub fn space(bytes: &[u8], at: usize) -> usize {
    let mut rest = bytes.get(at..).unwrap_or_default();
    loop {
        // Indentation is most of the white space that there is, and much of a file.
        while let Some(more) = rest.strip_prefix(b"        ") {
            rest = more;
        }
        match rest {
            [b' ' | b'\n' | b'\r' | b'\t', more @ ..] => rest = more,
            _ => return bytes.len() - rest.len(),
        }
    }
}

/// One past the closing quote of the string that opens at `at`.
#[must_use]
pub fn string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        let hit = at + memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[hit] == b'"' {
            return Some(hit + 1);
        }
        at = hit + 2;
    }
}

/// One past the end of the value that begins at `at`; none where the bytes end before it does.
#[must_use]
pub fn value(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => string(bytes, at),
        b'{' => nest(bytes, at, (b'{', b'}')),
        b'[' => nest(bytes, at, (b'[', b']')),
        _ => {
            let rest = &bytes[at..];
            let end = rest.iter().position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'))?;
            (end > 0).then_some(at + end)
        }
    }
}

/// One past the bracket that closes the one at `at`; brackets of the other kind need no counting in sound JSON.
fn nest(bytes: &[u8], at: usize, brackets: (u8, u8)) -> Option<usize> {
    let mut nest = Nest { to: at, ..Nest::new(brackets) };
    nest.end(bytes)
}

/// How far a value in brackets was looked through, so that a long one of which more is to come is looked through once.
#[derive(Debug, Clone, Copy)]
pub struct Nest {
    /// Where to go on.
    pub to: usize,
    open: u8,
    close: u8,
    depth: usize,
    /// Whether `to` is in a line whose strings are looked at.
    in_line: bool,
    in_string: bool,
}

/// What a step came by.
enum Step {
    Open,
    Close,
    /// Another way to look has to be taken from here.
    Turn,
}

impl Nest {
    /// A value in these brackets, from its opening one on.
    #[must_use]
    pub const fn new((open, close): (u8, u8)) -> Self {
        Self { to: 0, open, close, depth: 0, in_line: false, in_string: false }
    }

    /// An object.
    #[must_use]
    pub const fn object() -> Self {
        Self::new((b'{', b'}'))
    }

    /// One past the closing bracket; none where it is not in the bytes.
    pub fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        loop {
            match if self.in_line { self.in_line(bytes) } else { self.by_lines(bytes) }? {
                Step::Open => self.depth += 1,
                Step::Close => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(self.to);
                    }
                }
                Step::Turn => {}
            }
        }
    }

    fn step(&self, byte: u8) -> Step {
        if byte == self.open { Step::Open } else { Step::Close }
    }

    /// The next bracket from a place outside of strings; stops before a line whose strings have to be looked at.
    fn by_lines(&mut self, bytes: &[u8]) -> Option<Step> {
        let rest = bytes.get(self.to..)?;
        let Some(hit) = memchr2(self.open, self.close, rest) else {
            // The last line may go on with a bracket in its middle.
            self.to += memrchr(b'\n', rest).map_or(0, |newline| newline + 1);
            return None;
        };
        let before = rest[..hit].iter().rposition(|b| !matches!(b, b' ' | b'\t' | b'\r'));
        let opens_line = before.is_none_or(|before| rest[before] == b'\n');
        let ends_line = rest[hit] == self.open && rest.get(hit + 1) == Some(&b'\n');
        if opens_line || ends_line {
            self.to += hit + 1;
            return Some(self.step(rest[hit]));
        }
        self.to += memrchr(b'\n', &rest[..hit]).map_or(0, |newline| newline + 1);
        self.in_line = true;
        Some(Step::Turn)
    }

    /// The next bracket of a line, string by string; stops where the line ends.
    fn in_line(&mut self, bytes: &[u8]) -> Option<Step> {
        loop {
            let rest = bytes.get(self.to..)?;
            if self.in_string {
                match memchr2(b'"', b'\\', rest) {
                    None => {
                        self.to = bytes.len();
                        return None;
                    }
                    Some(hit) if rest[hit] == b'"' => {
                        self.in_string = false;
                        self.to += hit + 1;
                    }
                    // The escaped byte may not be there yet: look at the backslash again then.
                    Some(hit) if hit + 2 > rest.len() => {
                        self.to += hit;
                        return None;
                    }
                    Some(hit) => self.to += hit + 2,
                }
                continue;
            }
            let hit = memchr3(b'"', self.open, self.close, rest);
            if let Some(newline) = memchr(b'\n', &rest[..hit.unwrap_or(rest.len())]) {
                self.to += newline + 1;
                self.in_line = false;
                return Some(Step::Turn);
            }
            let Some(hit) = hit else {
                self.to = bytes.len();
                return None;
            };
            self.to += hit + 1;
            match rest[hit] {
                b'"' => self.in_string = true,
                bracket => return Some(self.step(bracket)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// Any value, with brackets in its texts.
    pub(crate) fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            "[\\\\\"{}\\[\\],: \\n]{0,8}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c\\\\\"{}\\[\\]]{1,3}", inner, 0..4)
                    .prop_map(|map| Value::from(map.into_iter().collect::<serde_json::Map<_, _>>())),
            ]
        })
    }

    /// The text of a value with white space of the given kinds, in turn, wherever JSON allows it.
    fn laid_out(value: &Value, gaps: &[&str], turn: &mut usize) -> String {
        let mut gap = || {
            *turn += 1;
            gaps[*turn % gaps.len()].to_owned()
        };
        let (before, after) = (gap(), gap());
        let inner = match value {
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| laid_out(item, gaps, turn)).collect();
                format!("[{}]", items.join(","))
            }
            Value::Object(map) => {
                let entry = |(key, item): (&String, &Value)| {
                    format!("{before}{}{after}:{}", Value::from(key.as_str()), laid_out(item, gaps, turn))
                };
                let entries: Vec<String> = map.iter().map(entry).collect();
                format!("{{{}}}", entries.join(","))
            }
            other => other.to_string(),
        };
        format!("{before}{inner}{after}")
    }

    const GAPS: [&str; 7] = ["", "\n", " ", "\n    ", "\r\n\t", "", "\n  \n"];

    proptest! {
        #[test]
        fn a_value_ends_where_it_ends_however_it_is_laid_out(value in json(), turn in 0usize..7, skip in 1usize..4) {
            let gaps: Vec<&str> = GAPS.iter().copied().cycle().step_by(skip).take(7).collect();
            let text = laid_out(&value, &gaps, &mut turn.clone());
            let bytes = format!("{text}, \"}}]\" }}");
            let at = space(bytes.as_bytes(), 0);
            let end = super::value(bytes.as_bytes(), at).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Value>(&bytes[at..end]).unwrap(), &value);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, at in 0usize..40) {
            let _ = (space(&bytes, at), super::value(&bytes, at), string(&bytes, at));
        }
    }
}
