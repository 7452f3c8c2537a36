//! How completely each kind is known.
//!
//! In: what a reader says of each list. Out: whether absence of an object may be concluded. Guarantees: absence is never
//! concluded of a kind, or of a namespace, that is not known to be complete.

use api::slim::{Kind, Str};
use std::collections::{BTreeMap, BTreeSet};

/// How completely one kind is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Extent {
    /// Some objects, or none, were given; there may be others.
    #[default]
    Partial,
    /// Complete in these namespaces: a file named after the resource says nothing of namespaces that do not occur in it.
    Namespaces(BTreeSet<Str>),
    /// These are all.
    Complete,
}

/// How completely every kind is known, and how the objects were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    extents: BTreeMap<Kind, Extent>,
}

impl Coverage {
    /// Notes that the objects of a kind are known to be all.
    pub fn complete(&mut self, kind: Kind) {
        self.extents.insert(kind, Extent::Complete);
    }

    /// Notes that the objects of a namespaced kind are known to be all of these namespaces.
    pub fn complete_in(&mut self, kind: Kind, namespaces: impl IntoIterator<Item = Str>) {
        match self.extents.entry(kind).or_default() {
            Extent::Complete => {}
            Extent::Namespaces(known) => known.extend(namespaces),
            partial @ Extent::Partial => *partial = Extent::Namespaces(namespaces.into_iter().collect()),
        }
    }

    /// Takes back what was said of a kind: objects of it may have been in what could not be read.
    pub fn doubt(&mut self, kind: Kind) {
        self.extents.insert(kind, Extent::Partial);
    }

    /// How completely a kind is known.
    #[must_use]
    pub fn extent(&self, kind: Kind) -> &Extent {
        self.extents.get(&kind).unwrap_or(&Extent::Partial)
    }

    /// Whether all objects of a kind are known.
    #[must_use]
    pub fn is_complete(&self, kind: Kind) -> bool {
        matches!(self.extent(kind), Extent::Complete)
    }

    /// Whether all objects of a kind in a namespace are known.
    #[must_use]
    pub fn is_complete_in(&self, kind: Kind, namespace: &str) -> bool {
        match self.extent(kind) {
            Extent::Complete => true,
            Extent::Namespaces(known) => known.contains(namespace),
            Extent::Partial => false,
        }
    }

    /// The kinds that are not known completely, in a fixed order.
    pub fn not_complete(&self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(|&kind| !self.is_complete(kind))
    }
}
