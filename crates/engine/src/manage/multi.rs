//! Several values of a key, mostly one.
//!
//! In: keys and values. Out: the values of a key, in order. Guarantees: each value once; a key without values is not there; one value costs
//! its own size, and not that of a node of a tree: most holders have one claim and one record, and there are a hundred thousand of them.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::ops::{RangeFrom, RangeInclusive};

/// Up to here a list that is kept in order is smaller and faster than a tree.
const FEW: usize = 16;

/// The values of a key.
#[derive(Debug)]
#[expect(clippy::box_collection, reason = "more than one are rare, and every key has the size of the largest variant")]
enum Values<V> {
    One(V),
    Few(Box<Vec<V>>),
    Many(Box<BTreeSet<V>>),
}

impl<V: Ord> Values<V> {
    fn insert(&mut self, value: V) {
        match self {
            Self::Many(values) => drop(values.insert(value)),
            Self::Few(values) => {
                let Err(at) = values.binary_search(&value) else { return };
                values.insert(at, value);
                if values.len() > FEW {
                    *self = Self::Many(Box::new(std::mem::take(&mut **values).into_iter().collect()));
                }
            }
            Self::One(one) if *one == value => {}
            Self::One(_) => {
                if let Self::One(one) = std::mem::replace(self, Self::Few(Box::default())) {
                    let mut two = vec![one, value];
                    two.sort();
                    *self = Self::Few(Box::new(two));
                }
            }
        }
    }

    /// Takes a value out; whether there is no other.
    fn remove(&mut self, value: &V) -> bool {
        match self {
            Self::One(one) => one == value,
            Self::Few(values) => {
                if let Ok(at) = values.binary_search(value) {
                    values.remove(at);
                }
                values.is_empty()
            }
            Self::Many(values) => {
                values.remove(value);
                values.is_empty()
            }
        }
    }

    fn contains(&self, value: &V) -> bool {
        match self {
            Self::One(one) => one == value,
            Self::Few(values) => values.binary_search(value).is_ok(),
            Self::Many(values) => values.contains(value),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &V> {
        let (few, many) = match self {
            Self::One(one) => (std::slice::from_ref(one), None),
            Self::Few(values) => (values.as_slice(), None),
            Self::Many(values) => (&[][..], Some(&**values)),
        };
        few.iter().chain(many.into_iter().flatten())
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Multi<K, V>(BTreeMap<K, Values<V>>);

impl<K, V> Default for Multi<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, V: Ord> Multi<K, V> {
    /// Gives a key a value, if it does not have it.
    pub(super) fn insert(&mut self, key: K, value: V) {
        match self.0.entry(key) {
            Entry::Vacant(place) => drop(place.insert(Values::One(value))),
            Entry::Occupied(mut values) => values.get_mut().insert(value),
        }
    }

    /// Takes a value from a key, if it has it.
    pub(super) fn remove(&mut self, key: &K, value: &V) {
        if self.0.get_mut(key).is_some_and(|values| values.remove(value)) {
            self.0.remove(key);
        }
    }

    /// The values of a key.
    pub(super) fn of(&self, key: &K) -> impl Iterator<Item = &V> {
        self.0.get(key).into_iter().flat_map(Values::iter)
    }

    /// Whether a key has any.
    pub(super) fn has(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    /// Whether a key has a value.
    pub(super) fn contains(&self, key: &K, value: &V) -> bool {
        self.0.get(key).is_some_and(|values| values.contains(value))
    }

    /// The values of the keys of a range.
    pub(super) fn within(&self, range: RangeInclusive<K>) -> impl Iterator<Item = &V> {
        // A map panics on a range that ends before it begins.
        let range = (range.start() <= range.end()).then_some(range);
        range.into_iter().flat_map(|range| self.0.range(range)).flat_map(|(_, values)| values.iter())
    }

    /// All keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }

    /// The keys from one on.
    pub(super) fn keys_from(&self, range: RangeFrom<K>) -> impl Iterator<Item = &K> {
        self.0.range(range).map(|(key, _)| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_map_of_sets(steps in prop::collection::vec((any::<bool>(), 0u8..3, 0u8..40), 0..200)) {
            let (mut multi, mut map) = (Multi::default(), BTreeMap::<u8, BTreeSet<u8>>::new());
            for (is_in, key, value) in steps {
                if is_in {
                    multi.insert(key, value);
                    map.entry(key).or_default().insert(value);
                } else {
                    multi.remove(&key, &value);
                    map.get_mut(&key).map(|values| values.remove(&value));
                    map.retain(|_, values| !values.is_empty());
                }
                prop_assert_eq!(multi.contains(&key, &value), is_in);
            }
            prop_assert!(multi.keys().eq(map.keys()));
            for (key, values) in &map {
                prop_assert!(multi.has(key) && multi.of(key).eq(values));
            }
            prop_assert!(multi.within(1..=1).eq(map.get(&1).into_iter().flatten()));
            prop_assert!(multi.within(0..=1).eq(map.range(0..=1).flat_map(|(_, values)| values)));
            #[expect(clippy::reversed_empty_ranges, reason = "it is not to panic")]
            let reversed = 2..=1;
            prop_assert_eq!(multi.within(reversed).next(), None);
            prop_assert!(multi.keys_from(1..).eq(map.range(1..).map(|(key, _)| key)));
        }
    }
}
