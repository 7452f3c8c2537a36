//! Labels and annotations: keys with values.
//!
//! In: a map of text. Out: [`Pairs`], ordered by key. Guarantees: a key that many objects have is held once, as far as they were read
//! by one thread: a cluster has few keys and many objects, and a provider's keys are longer than what is held in place.

use super::Str;
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Up to here, looking at each pair is faster than halving: keys share long beginnings, but seldom their length, by which
/// they are told apart first.
const FEW: usize = 16;
/// So many keys are shared: some ten for each of a hundred providers. Whoever writes more of them, as a tenant may, has each held for itself.
const SHARED: usize = 1024;

/// Keys and values, in order of the keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pairs(Box<[(Arc<str>, Str)]>);

impl Pairs {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        if self.0.len() > FEW {
            return self.0.binary_search_by(|(k, _)| (**k).cmp(key)).ok().map(|i| self.0[i].1.as_str());
        }
        self.0.iter().find(|(k, _)| **k == *key).map(|(_, value)| value.as_str())
    }

    /// All pairs, in order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (&**k, v.as_str()))
    }

    /// The pairs whose key begins with `prefix`; the key is given without it.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let from = self.0.partition_point(|(k, _)| **k < *prefix);
        self.0[from..].iter().map_while(move |(k, v)| Some((k.strip_prefix(prefix)?, v.as_str())))
    }
}

impl FromIterator<(Str, Str)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (Str, Str)>>(pairs: I) -> Self {
        let mut pairs: Vec<(Arc<str>, Str)> = pairs.into_iter().map(|(key, value)| (shared(&key), value)).collect();
        if !pairs.is_sorted() {
            pairs.sort_unstable();
        }
        Self(pairs.into_boxed_slice())
    }
}

/// The one text of a key.
fn shared(key: &str) -> Arc<str> {
    thread_local! {
        static KEYS: RefCell<BTreeSet<Arc<str>>> = RefCell::default();
    }
    KEYS.with_borrow_mut(|keys| {
        if let Some(known) = keys.get(key) {
            return Arc::clone(known);
        }
        let new = Arc::from(key);
        if keys.len() < SHARED {
            keys.insert(Arc::clone(&new));
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
    fn two_objects_with_a_key_hold_one_text_of_it() {
        let (one, other) = (pairs(&["a", "macvlan.default.kubernetes.io/ip_address"]), pairs(&["b", "a"]));
        assert!(Arc::ptr_eq(&one.0[0].0, &other.0[0].0));
        assert!(!Arc::ptr_eq(&one.0[1].0, &other.0[1].0));
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
