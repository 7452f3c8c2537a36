//! The objects of one kind, in order of namespace and name.
//!
//! In: objects as read, the same one perhaps twice. Out: lookup by namespace and name, and ordered iteration.
//! Guarantees: one object per key: of two readings the higher resourceVersion wins, else the later one. Keys are not
//! stored beside the objects: a million names are held once. An index of objects holds them too, and no names of them.

use api::slim::HasMeta;
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

/// Namespace and name.
pub type Key<'a> = (&'a str, &'a str);

/// The objects of one kind.
#[derive(Debug, Clone)]
pub struct Store<T: HasMeta>(BTreeSet<Shared<T>>);

/// An object that several may hold, which is compared by its key.
#[derive(Debug)]
pub struct Shared<T>(Arc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> From<Shared<T>> for Arc<T> {
    fn from(shared: Shared<T>) -> Self {
        shared.0
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// What [`Shared`] is looked up by: a borrowed pair of texts.
trait Keyed {
    fn key(&self) -> Key<'_>;
}

impl<T: HasMeta> Keyed for Shared<T> {
    fn key(&self) -> Key<'_> {
        key(&*self.0)
    }
}

impl Keyed for Key<'_> {
    fn key(&self) -> Key<'_> {
        (self.0, self.1)
    }
}

fn key<T: HasMeta>(object: &T) -> Key<'_> {
    let meta = object.meta();
    (meta.namespace.as_str(), meta.name.as_str())
}

impl PartialEq for dyn Keyed + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for dyn Keyed + '_ {}
impl PartialOrd for dyn Keyed + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for dyn Keyed + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}
impl<T: HasMeta> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl<T: HasMeta> Eq for Shared<T> {}
impl<T: HasMeta> PartialOrd for Shared<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T: HasMeta> Ord for Shared<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}
impl<'a, T: HasMeta + 'a> Borrow<dyn Keyed + 'a> for Shared<T> {
    fn borrow(&self) -> &(dyn Keyed + 'a) {
        self
    }
}

impl<T: HasMeta> Default for Store<T> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<T: HasMeta> Store<T> {
    /// Takes all objects of a kind, in the order in which they were read.
    #[must_use]
    pub fn new(mut objects: Vec<Arc<T>>) -> Self {
        objects.sort_by(|a, b| key(&**a).cmp(&key(&**b)));
        objects.dedup_by(|later, kept| {
            let same = key(&**later) == key(&**kept);
            if same && version(&**later) >= version(&**kept) {
                std::mem::swap(later, kept);
            }
            same
        });
        Self(objects.into_iter().map(Shared).collect())
    }

    /// Takes an object in place of the one of that namespace and name, if there is one.
    pub fn put(&mut self, object: Arc<T>) -> Shared<T> {
        let object = Shared(object);
        self.0.replace(object.clone());
        object
    }

    /// Takes out the object of that namespace and name.
    pub fn remove(&mut self, namespace: &str, name: &str) -> bool {
        let key: Key<'_> = (namespace, name);
        self.0.remove(&key as &dyn Keyed)
    }

    /// The object of that namespace and name; the namespace of cluster-scoped kinds is empty.
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<&T> {
        self.shared(namespace, name).map(|object| &**object)
    }

    /// The same, to be held by others too.
    #[must_use]
    pub fn shared(&self, namespace: &str, name: &str) -> Option<&Shared<T>> {
        let key: Key<'_> = (namespace, name);
        self.0.get(&key as &dyn Keyed)
    }

    /// The object of that name, of a cluster-scoped kind.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&T> {
        self.get("", name)
    }

    /// All objects, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &T> {
        self.0.iter().map(|object| &**object)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A resourceVersion as etcd's revision. It is opaque to clients, but of two readings of one object the higher is the
/// later one (KEP-5504 made that comparison official).
fn version<T: HasMeta>(object: &T) -> Option<u64> {
    version_of(&object.meta().resource_version)
}

/// A resourceVersion as a number; none where it is not one.
pub(super) fn version_of(text: &str) -> Option<u64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::slim::{Kind, Object, Vip, read};

    fn vip(name: &str, version: &str, subnet: &str) -> Arc<Vip> {
        let json = format!(
            r#"{{"metadata":{{"name":"{name}","resourceVersion":"{version}"}},"spec":{{"subnet":"{subnet}"}}}}"#
        );
        match read(Kind::Vip, json.as_bytes()).unwrap().object {
            Object::Vip(vip) => vip,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn of_two_readings_the_higher_version_wins_else_the_later_one() {
        let store =
            Store::new(vec![vip("b", "9", "old"), vip("a", "7", "new"), vip("b", "10", "new"), vip("a", "5", "old")]);
        assert_eq!(store.iter().map(|v| v.spec.subnet.as_str()).collect::<Vec<_>>(), ["new", "new"]);
        let store = Store::new(vec![vip("a", "", "old"), vip("a", "", "new")]);
        assert_eq!(store.named("a").unwrap().spec.subnet, "new");
        assert!(store.get("x", "a").is_none());
    }
}
