//! The objects of one resource and how they came to be.
//!
//! In: committed writes with their revision. Out: the objects as of now or as of an older revision, and the changes after
//! one. Guarantees: objects are shared, never copied; changes older than the horizon are gone and asked-for revisions
//! before it are refused by the callers; keys order as etcd's do (`namespace/name` as one string).

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::Value;

/// `namespace/name`, or `name` for cluster-scoped objects: the order of lists is the order of these strings.
pub(crate) fn key(namespace: &str, name: &str) -> String {
    if namespace.is_empty() {
        return name.to_owned();
    }
    let mut key = String::with_capacity(namespace.len() + 1 + name.len());
    key.push_str(namespace);
    key.push('/');
    key.push_str(name);
    key
}

/// A stored object and the schema epoch it was written under (see `Version::epoch`).
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) object: Arc<Value>,
    pub(crate) rv: u64,
    pub(crate) epoch: u32,
}

/// One committed write.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) rv: u64,
    pub(crate) key: String,
    pub(crate) old: Option<Stored>,
    /// The new state; of a deletion the last state, with the deletion's revision as its resourceVersion.
    pub(crate) new: Stored,
    pub(crate) deleted: bool,
}

/// Objects and history of one resource.
#[derive(Debug, Default, Clone)]
pub(crate) struct Store {
    objects: BTreeMap<String, Stored>,
    log: VecDeque<Change>,
    /// Changes at or before this revision are forgotten.
    horizon: u64,
}

impl Store {
    /// A store of which nothing before `revision` is known.
    pub(crate) fn starting_at(revision: u64) -> Self {
        Self { horizon: revision, ..Self::default() }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Stored> {
        self.objects.get(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    pub(crate) fn horizon(&self) -> u64 {
        self.horizon
    }

    /// Commits a create or an update; forgets the oldest change when more than `history` are kept.
    pub(crate) fn put(&mut self, key: String, new: Stored, history: usize) {
        let old = self.objects.insert(key.clone(), new.clone());
        self.record(Change { rv: new.rv, key, old, new, deleted: false }, history);
    }

    /// Commits a deletion; `tombstone` is what watchers see.
    pub(crate) fn remove(&mut self, key: &str, tombstone: Stored, history: usize) {
        if let Some((key, old)) = self.objects.remove_entry(key) {
            self.record(Change { rv: tombstone.rv, key, old: Some(old), new: tombstone, deleted: true }, history);
        }
    }

    fn record(&mut self, change: Change, history: usize) {
        self.log.push_back(change);
        while self.log.len() > history {
            if let Some(gone) = self.log.pop_front() {
                self.horizon = gone.rv;
            }
        }
    }

    /// Forgets changes at or before `rv`.
    pub(crate) fn compact(&mut self, rv: u64) {
        while self.log.front().is_some_and(|c| c.rv <= rv) {
            self.log.pop_front();
        }
        self.horizon = self.horizon.max(rv);
    }

    /// Objects whose key starts with `prefix` (empty, or up to a slash), from `from` (inclusive) on, in key order.
    pub(crate) fn range<'a>(&'a self, prefix: &str, from: &str) -> impl Iterator<Item = (&'a str, &'a Stored)> {
        let start = Bound::Included(if from > prefix { from } else { prefix });
        // '0' comes after '/': the first key that has not the prefix. An upper bound spares a comparison per object.
        let after = prefix.strip_suffix('/').map(|namespace| format!("{namespace}0"));
        let end = match &after {
            // A token of another list may begin behind this one; the map's range panics on such bounds.
            Some(after) if from >= after.as_str() => Bound::Excluded(from),
            Some(after) => Bound::Excluded(after.as_str()),
            None => Bound::Unbounded,
        };
        self.objects.range::<str, _>((start, end)).map(|(k, s)| (k.as_str(), s))
    }

    /// How many objects have a key with `prefix`, from `from` on.
    pub(crate) fn count(&self, prefix: &str, from: &str) -> usize {
        if prefix.is_empty() && from.is_empty() { self.objects.len() } else { self.range(prefix, from).count() }
    }

    /// The objects of `prefix` as they were at revision `rv` (at or after the horizon), from `from` on. Costs as much as
    /// there are changes since, not as there are objects.
    pub(crate) fn at<'a>(&'a self, rv: u64, prefix: &'a str, from: &'a str) -> Past<'a> {
        let mut then: BTreeMap<&str, Option<&Stored>> = BTreeMap::new();
        for change in self.since(rv) {
            let key = change.key.as_str();
            if key.starts_with(prefix) && key >= from {
                // The oldest change after `rv` knows what was there at `rv`.
                then.entry(key).or_insert(change.old.as_ref());
            }
        }
        Past { store: self, prefix, from, then }
    }

    /// Changes after `rv`, oldest first.
    pub(crate) fn since(&self, rv: u64) -> impl Iterator<Item = &Change> {
        let start = self.log.partition_point(|c| c.rv <= rv);
        self.log.iter().skip(start)
    }
}

/// The objects of a store as they were: those of now, and what differed then.
#[derive(Debug, Clone)]
pub(crate) struct Past<'a> {
    store: &'a Store,
    prefix: &'a str,
    from: &'a str,
    /// Keys that changed since, with what they were; `None`: there was nothing.
    then: BTreeMap<&'a str, Option<&'a Stored>>,
}

impl<'a> Past<'a> {
    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        let changed = self.then.keys().filter(|key| self.store.objects.contains_key(**key)).count();
        let were = self.then.values().flatten().count();
        self.store.count(self.prefix, self.from) - changed + were
    }

    /// The objects in key order.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (&'a str, &'a Stored)> {
        let now = self.store.range(self.prefix, self.from).filter(|(key, _)| !self.then.contains_key(key));
        let then = self.then.iter().filter_map(|(key, stored)| stored.map(|stored| (*key, stored)));
        merge(now, then)
    }
}

/// Two ordered sequences without a common key as one.
fn merge<'a>(
    a: impl Iterator<Item = (&'a str, &'a Stored)>,
    b: impl Iterator<Item = (&'a str, &'a Stored)>,
) -> impl Iterator<Item = (&'a str, &'a Stored)> {
    let (mut a, mut b) = (a.peekable(), b.peekable());
    std::iter::from_fn(move || match (a.peek(), b.peek()) {
        (Some((x, _)), Some((y, _))) if y < x => b.next(),
        (Some(_), _) => a.next(),
        (None, _) => b.next(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stored(rv: u64) -> Stored {
        Stored { object: Arc::new(json!(rv)), rv, epoch: 0 }
    }

    #[test]
    fn an_old_revision_shows_what_was_there_then() {
        let mut store = Store::default();
        store.put("a/x".into(), stored(1), 10);
        store.put("a/y".into(), stored(2), 10);
        store.put("a/x".into(), stored(3), 10);
        store.remove("a/y", stored(4), 10);
        let at = |rv| {
            let past = store.at(rv, "a/", "");
            let objects: Vec<_> = past.objects().map(|(k, s)| (k, s.rv)).collect();
            assert_eq!(past.count(), objects.len());
            objects
        };
        assert_eq!(at(0), []);
        assert_eq!(at(1), [("a/x", 1)]);
        assert_eq!(at(2), [("a/x", 1), ("a/y", 2)]);
        assert_eq!(at(3), [("a/x", 3), ("a/y", 2)]);
        assert_eq!(at(4), [("a/x", 3)]);
        assert_eq!(store.since(2).map(|c| c.rv).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn keys_order_as_one_string_as_in_etcd() {
        let mut store = Store::default();
        store.put(key("a", "x"), stored(1), 10);
        store.put(key("a-b", "x"), stored(2), 10);
        assert_eq!(store.range("", "").map(|(k, _)| k).collect::<Vec<_>>(), ["a-b/x", "a/x"]);
        assert_eq!(store.range("a/", "").count(), 1);
    }

    #[test]
    fn forgotten_history_moves_the_horizon() {
        let mut store = Store::default();
        for rv in 1..=5 {
            store.put("a".into(), stored(rv), 2);
        }
        assert_eq!(store.horizon(), 3);
        store.compact(5);
        assert_eq!((store.horizon(), store.since(0).count()), (5, 0));
    }
}
