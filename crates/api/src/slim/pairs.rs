//! Labels and annotations: keys with values.
//!
//! In: a map of text. Out: [`Pairs`], ordered by key. Guarantees: a key that many objects have is held once, and so is a set of keys, as
//! far as they were read by one thread: a cluster has few of both and many objects, and a provider's keys are longer than what is held
//! in place. The values of an object are one text.

use super::Str;
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::thread::LocalKey;

/// Up to here, looking at each key is faster than halving: keys share long beginnings, but seldom their length, by which
/// they are told apart first.
const FEW: usize = 16;
/// So many keys are shared, and so many sets of them: some ten for each of a hundred providers. Whoever writes more of them, as a tenant may,
/// has each held for itself.
const SHARED: usize = 1024;
/// A length is written in digits of this base, the last one first: each is one byte of text, with as much added where more of them follow.
const BASE: usize = 64;

/// Keys and values, in order of the keys.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Pairs(Option<Box<Held>>);

#[derive(Clone, PartialEq, Eq)]
struct Held {
    keys: Keys,
    /// The values in order of the keys, each behind its length.
    values: Box<str>,
}

type Keys = Arc<[Arc<str>]>;

impl Pairs {
    fn keys(&self) -> &[Arc<str>] {
        self.0.as_ref().map_or(&[], |held| &held.keys)
    }

    fn values(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.0.as_ref().map_or("", |held| &held.values);
        std::iter::from_fn(move || {
            let value;
            (value, rest) = first(rest)?;
            Some(value)
        })
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let keys = self.keys();
        let place = match keys.len() > FEW {
            true => keys.binary_search_by(|k| (**k).cmp(key)).ok(),
            false => keys.iter().position(|k| **k == *key),
        };
        self.values().nth(place?)
    }

    /// All pairs, in order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.keys().iter().map(|key| &**key).zip(self.values())
    }

    /// The pairs whose key begins with `prefix`; the key is given without it.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let from = self.keys().partition_point(|key| **key < *prefix);
        self.iter().skip(from).map_while(move |(key, value)| Some((key.strip_prefix(prefix)?, value)))
    }
}

impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl FromIterator<(Str, Str)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (Str, Str)>>(pairs: I) -> Self {
        let mut pairs: Vec<(Arc<str>, Str)> = pairs.into_iter().map(|(key, value)| (shared_key(&key), value)).collect();
        if pairs.is_empty() {
            return Self::default();
        }
        if !pairs.is_sorted() {
            pairs.sort_unstable();
        }
        let mut values = String::with_capacity(pairs.iter().map(|(_, value)| value.len() + 2).sum());
        pairs.iter().for_each(|(_, value)| put(&mut values, value));
        let keys: Vec<Arc<str>> = pairs.into_iter().map(|(key, _)| key).collect();
        Self(Some(Box::new(Held { keys: shared_set(&keys), values: values.into() })))
    }
}

/// Adds a value behind its length.
fn put(text: &mut String, value: &str) {
    let mut length = value.len();
    let digit = |of: usize| char::from(u8::try_from(of).expect("a digit is less than twice the base"));
    while length >= BASE {
        text.push(digit(BASE + length % BASE));
        length /= BASE;
    }
    text.push(digit(length));
    text.push_str(value);
}

/// The value that a text begins with, and what follows it.
fn first(text: &str) -> Option<(&str, &str)> {
    let (mut length, mut scale) = (0, 1);
    for (at, digit) in text.bytes().map(usize::from).enumerate() {
        length += digit % BASE * scale;
        if digit < BASE {
            return text.get(at + 1..)?.split_at_checked(length);
        }
        scale *= BASE;
    }
    None
}

/// The one text of a key.
fn shared_key(key: &str) -> Arc<str> {
    thread_local! {
        static KEYS: RefCell<BTreeSet<Arc<str>>> = RefCell::default();
    }
    shared(&KEYS, key)
}

/// The one set of these keys.
fn shared_set(keys: &[Arc<str>]) -> Keys {
    thread_local! {
        static SETS: RefCell<BTreeSet<Keys>> = RefCell::default();
    }
    shared(&SETS, keys)
}

fn shared<T>(all: &'static LocalKey<RefCell<BTreeSet<Arc<T>>>>, one: &T) -> Arc<T>
where
    T: Ord + ?Sized,
    Arc<T>: Borrow<T> + for<'a> From<&'a T>,
{
    all.with_borrow_mut(|all| {
        if let Some(known) = all.get(one) {
            return Arc::clone(known);
        }
        let new: Arc<T> = Arc::from(one);
        if all.len() < SHARED {
            all.insert(Arc::clone(&new));
        }
        new
    })
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PairsVisitor { keep: |_, _| true, by_key: |_| true })
    }
}

/// Keeps the pairs that pass both tests; what fails the first is skipped without a copy of its value.
pub(super) struct PairsVisitor {
    pub(super) by_key: fn(&str) -> bool,
    pub(super) keep: fn(&str, &str) -> bool,
}

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of text")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key::<Str>()? {
            if !(self.by_key)(&key) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = map.next_value::<Option<Str>>()?.unwrap_or_default();
            if (self.keep)(&key, &value) {
                pairs.push((key, value));
            }
        }
        Ok(pairs.into_iter().collect())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Pairs, E> {
        Ok(Pairs::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(keys: &[&str]) -> Pairs {
        keys.iter().map(|key| (Str::from(*key), Str::default())).collect()
    }

    #[test]
    fn two_objects_with_a_key_hold_one_text_of_it_and_two_with_the_same_keys_one_set() {
        let key = "macvlan.default.kubernetes.io/ip_address";
        let (one, other, third) = (pairs(&["a", key]), pairs(&["b", "a"]), pairs(&[key, "a"]));
        assert!(Arc::ptr_eq(&one.keys()[0], &other.keys()[0]));
        assert!(!Arc::ptr_eq(&one.keys()[1], &other.keys()[1]));
        assert!(Arc::ptr_eq(&one.0.unwrap().keys, &third.0.unwrap().keys));
    }

    #[test]
    fn each_value_comes_out_as_it_went_in_however_long() {
        let lengths = [0, 1, 63, 64, 65, 127, 128, 4095, 4096, 300_000];
        let given: Vec<(Str, Str)> =
            lengths.iter().map(|length| (format!("{length:06}").into(), "\u{e4}@\0".repeat(*length).into())).collect();
        let read: Pairs = given.iter().cloned().collect();
        let back: Vec<(Str, Str)> = read.iter().map(|(key, value)| (key.into(), value.into())).collect();
        assert_eq!(back, given);
        assert!(given.iter().all(|(key, value)| read.get(key) == Some(value)));
        assert_eq!(read.get("absent"), None);
    }

    #[test]
    fn objects_without_any_are_equal_and_hold_nothing() {
        assert_eq!(pairs(&[]), Pairs::default());
        assert!(pairs(&[]).0.is_none());
    }

    #[test]
    fn more_keys_than_are_shared_are_read_too() {
        for number in 0..2 * SHARED {
            let key = format!("tenant-{number}.kubernetes.io/ip_address");
            let read = pairs(&[&key]);
            assert_eq!(read.get(&key), Some(""));
        }
    }
}
