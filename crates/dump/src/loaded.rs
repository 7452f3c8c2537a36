//! What came out of loading.

use crate::snapshot::Manifest;
use api::slim::{self, Kind, Parsed, Str};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Everything that was read, and everything that was not.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The objects, in the order of the inputs, in batches as they were read: joining them would copy a gigabyte.
    pub objects: Vec<Vec<Parsed>>,
    /// The lists, in the order in which they stand in the inputs.
    pub lists: Vec<ListFact>,
    /// The manifests of the snapshots among the inputs, with the names of these inputs.
    pub manifests: Vec<(String, Manifest)>,
    /// What could not be read, in order. At most [`crate::limits::MAX_DESCRIBED`] for each input.
    pub unreadable: Vec<Unreadable>,
    /// How many more there were.
    pub more_unreadable: u64,
    /// Objects of kinds that are not ours, by `apiVersion kind`.
    pub ignored: BTreeMap<String, u64>,
    /// Bytes read, compressed as they were.
    pub bytes: u64,
}

impl Loaded {
    /// How many objects were read.
    #[must_use]
    pub fn count(&self) -> usize {
        self.objects.iter().map(Vec::len).sum()
    }

    /// Whether everything that the inputs held was read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.unreadable.is_empty()
    }
}

/// What is known of a list that was read: what a kind's completeness can be concluded from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListFact {
    /// The file, or what else it was in.
    pub source: String,
    /// Its `kind`; empty if it has none.
    pub kind: String,
    /// The kind of its items by its own kind: `PodList`.
    pub typed: Option<Kind>,
    /// The kind of its items by the file's name: `pods.json`.
    pub named_after: Option<Kind>,
    /// Whether it says that there is more of it elsewhere (`metadata.continue`), or may say so.
    pub continued: bool,
    /// Whether it was read to its end, and every item of it.
    pub whole: bool,
    /// How many items it has, readable or not.
    pub items: u64,
    /// How many of them were read, by kind.
    pub kinds: BTreeMap<Kind, u64>,
    /// The namespaces in which they are.
    pub namespaces: BTreeSet<Str>,
}

impl ListFact {
    /// The kind of which it is known to hold all objects of its [`ListFact::namespaces`] (all there are, for a kind without
    /// namespaces): a list that was read to its end, named after the resource or typed, not continued elsewhere, and
    /// without objects of other kinds.
    #[must_use]
    pub fn complete(&self) -> Option<Kind> {
        let kind = self.typed.or(self.named_after)?;
        let pure = self.kinds.keys().all(|&found| found == kind) && self.kinds.values().sum::<u64>() == self.items;
        (self.whole && !self.continued && pure).then_some(kind)
    }
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The file, or what else it is in.
    pub source: String,
    /// Where in it.
    pub position: Position,
    /// What it is, as far as that could be made out.
    pub kind: Option<Kind>,
    /// Its `namespace/name`, or name, as far as that could be made out.
    pub name: Option<String>,
    /// Why it could not be read.
    pub reason: String,
}

impl Unreadable {
    /// The object for a world that keeps track of what cannot be read; `None` if it is not known to be an object.
    #[must_use]
    pub fn object(&self) -> Option<slim::Unreadable> {
        Some(slim::Unreadable { kind: self.kind?, name: self.name.clone(), reason: self.reason.clone() })
    }

    /// `file:line:column`, as editors jump to.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}:{}", self.source, self.position)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} (byte {}): ", self.source, self.position, self.position.offset)?;
        match (self.kind, &self.name) {
            (Some(kind), Some(name)) => write!(f, "{kind} {name}: ")?,
            (Some(kind), None) => write!(f, "{kind}: ")?,
            (None, Some(name)) => write!(f, "{name}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.reason)
    }
}

/// A place in an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// Byte, from 0; of a compressed file, of its contents.
    pub offset: u64,
    /// Line, from 1.
    pub line: u64,
    /// Byte within the line, from 1.
    pub column: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// How far loading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read so far, compressed as they are.
    pub bytes: u64,
    /// Bytes that there are; `None` where an input has no known size.
    pub total: Option<u64>,
    /// Objects read so far.
    pub objects: u64,
}
