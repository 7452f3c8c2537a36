//! One YAML document into JSON.
//!
//! In: the text of a document, or of an item with its dash. Out: JSON, or a [`Fault`] at its place. Guarantees: scalars
//! are typed as YAML 1.2 does it, so that `no` and `0777` stay text; aliases are replaced by what they stand for, within
//! a budget; JSON comes out whole or not at all.

use crate::json::fault::Fault;
use crate::json::header::Header;
use crate::limits::{MAX_DEPTH, MAX_HEADER, MAX_OBJECT};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Options;
use serde_saphyr::budget::BudgetBreach;
use std::fmt;
use std::io::Write as _;

/// Nodes of one object: the largest object there can be, of nothing but the shortest nodes, has four times as many. The
/// parser's own default, for a whole file, is a quarter of a million.
const MAX_NODES: usize = MAX_OBJECT / 8;

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MAX_NODES,
            // Every node is one event, every collection two; so is every key and every alias.
            max_events: 4 * MAX_NODES,
            max_depth: MAX_DEPTH as usize,
            max_total_scalar_bytes: MAX_OBJECT,
            max_aliases: 10_000,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            // Bounds what a bomb of nested aliases grows to.
            max_total_replayed_events: 100_000,
        },
        // As JSON does it: the reader of the object decides.
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
    }
}

/// Appends the JSON of a document to `out`, or of an item whose dash is still in front of it.
///
/// # Errors
/// It is no YAML, or too much of it.
pub(crate) fn to_json(text: &[u8], item: bool, out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = std::str::from_utf8(text).map_err(|error| Fault::new(error.valid_up_to(), "bytes that are not UTF-8"))?;
    let without_dash;
    let document = match text.find('-').filter(|_| item) {
        Some(dash) => {
            without_dash = format!("{} {}", &text[..dash], &text[dash + 1..]);
            &without_dash
        }
        None => text,
    };
    let result = serde_saphyr::with_deserializer_from_str_with_options(document, options(), |deserializer| {
        Json { out, depth: 0 }.deserialize(deserializer)
    });
    result.map_err(|error| fault(document, &error))
}

fn fault(text: &str, error: &serde_saphyr::Error) -> Fault {
    let reason = reason(error.without_snippet());
    let at = error.location().map_or(0, |place| {
        let line = usize::try_from(place.line()).unwrap_or(1).max(1);
        let column = usize::try_from(place.column()).unwrap_or(1).max(1);
        let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let rest = text.get(start..).unwrap_or_default();
        start + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
    });
    Fault::new(at, reason)
}

fn reason(error: &serde_saphyr::Error) -> String {
    match error {
        serde_saphyr::Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => {
            format!("nested deeper than {MAX_DEPTH} levels")
        }
        serde_saphyr::Error::Budget { breach, .. } => format!("more than is read of one object: {breach:?}"),
        other => {
            // The place is given apart: the message needs no second one.
            let text = other.to_string();
            let line = text.lines().next().unwrap_or_default();
            line.rsplit_once(" at line ").map_or(line, |(reason, _)| reason).to_owned()
        }
    }
}

/// The header of a list, from its lines around `items`.
pub(super) fn header(text: &[u8]) -> Header {
    let mut json = Vec::new();
    if text.len() > MAX_HEADER || to_json(text, false, &mut json).is_err() {
        return Header::unreadable();
    }
    Header::from_json(&json)
}

/// Writes whatever it is given as JSON.
struct Json<'o> {
    out: &'o mut Vec<u8>,
    depth: u32,
}

impl Json<'_> {
    fn deeper<E: serde::de::Error>(&mut self) -> Result<Json<'_>, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        // Aliases multiply: what they make of a text is bounded as the text is.
        if self.out.len() > 4 * MAX_OBJECT {
            return Err(E::custom(format!("more than {} MiB once its aliases are replaced", 4 * MAX_OBJECT >> 20)));
        }
        Ok(Json { out: self.out, depth: self.depth + 1 })
    }

    fn text<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        serde_json::to_writer(self.out, text).map_err(E::custom)
    }

    fn plain<E: serde::de::Error>(self, value: impl fmt::Display) -> Result<(), E> {
        write!(self.out, "{value}").map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Json<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Json<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.plain("null")
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        self.plain("null")
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.plain(value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.plain(value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.plain(value)
    }

    fn visit_i128<E: serde::de::Error>(self, value: i128) -> Result<(), E> {
        self.plain(value)
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<(), E> {
        self.plain(value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        serde_json::to_writer(self.out, &value).map_err(E::custom)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.text(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.out.push(b'[');
        let mut first = true;
        loop {
            let length = self.out.len();
            if !first {
                self.out.push(b',');
            }
            if items.next_element_seed(self.deeper()?)?.is_none() {
                self.out.truncate(length);
                break;
            }
            first = false;
        }
        self.out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.out.push(b'{');
        let mut first = true;
        while let Some(Key(key)) = map.next_key()? {
            if !std::mem::take(&mut first) {
                self.out.push(b',');
            }
            serde_json::to_writer(&mut *self.out, &key).map_err(A::Error::custom)?;
            self.out.push(b':');
            map.next_value_seed(self.deeper()?)?;
        }
        self.out.push(b'}');
        Ok(())
    }
}

/// A key: whatever it is written as, JSON has text there.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let mut out = Vec::new();
        to_json(text.as_bytes(), false, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn scalars_are_typed_as_kubernetes_means_them() {
        assert_eq!(
            json("a: no\nb: 0777\nc: 12:30:45\nd: 0a:58:0a:10:00:02\ne: true\nf: ~\ng: 5\nh: '5'\ni: [1.5, {}, []]\nj:\n"),
            r#"{"a":"no","b":"0777","c":"12:30:45","d":"0a:58:0a:10:00:02","e":true,"f":null,"g":5,"h":"5","i":[1.5,{},[]],"j":null}"#
        );
        assert_eq!(json("v6: 18446744073709552000\nf: 1.8446744073709552e+19\n"), r#"{"v6":18446744073709552000,"f":1.8446744073709552e19}"#);
        assert_eq!(json("a: |\n  x\n  \"y\"\nb: \"tab\\t\"\n"), r#"{"a":"x\n\"y\"\n","b":"tab\t"}"#);
    }

    #[test]
    fn an_item_is_read_with_its_dash_and_indentation() {
        let mut out = Vec::new();
        to_json(b"  - a: 1\n    b:\n    - 2\n", true, &mut out).unwrap();
        assert_eq!(out, br#"{"a":1,"b":[2]}"#);
    }

    #[test]
    fn aliases_are_replaced_and_bombs_are_not() {
        assert_eq!(json("a: &x {b: 1}\nc: *x\n"), r#"{"a":{"b":1},"c":{"b":1}}"#);
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let last = level - 1;
            bomb += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{last}"); 9].join(","));
        }
        let mut out = Vec::new();
        assert!(to_json(bomb.as_bytes(), false, &mut out).is_err());
        assert!(out.len() < 8 << 20, "{}", out.len());
    }

    #[test]
    fn a_fault_says_where_it_is() {
        let text = "a: 1\nb: [1, 2\nc: 3\n";
        let fault = to_json(text.as_bytes(), false, &mut Vec::new()).unwrap_err();
        assert!(fault.at >= 5 && !fault.reason.is_empty(), "{fault:?}");
        assert!(!fault.reason.contains("line"), "{fault:?}");
    }

    #[test]
    fn deep_nesting_is_refused_and_the_limit_fits_the_stack() {
        let limit = MAX_DEPTH as usize;
        let flow = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let block = |depth: usize| (0..depth).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
        let read = |text: String| to_json(text.as_bytes(), false, &mut Vec::new());
        let test = move || {
            read(flow(limit)).unwrap();
            read(block(limit)).unwrap();
            for text in [flow(limit + 1), block(limit + 1), "[".repeat(100_000), block(2000)] {
                assert!(read(text).is_err());
            }
            assert!(read(flow(limit + 1)).unwrap_err().reason.contains("nested deeper than"));
        };
        let thread = std::thread::Builder::new().stack_size(crate::load::STACK).spawn(test).unwrap();
        thread.join().unwrap();
    }
}
