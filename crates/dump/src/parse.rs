//! From the bytes of objects to slim objects: the work that is spread over threads.
//!
//! In: a batch of bytes with the ranges of its objects, and the kind that the list says its items are. Out: [`Part`].
//! Guarantees: kinds that are not ours are counted and dropped; a List inside a List is refused by name; every refusal has
//! its place.

use super::load::Unreadable;
use super::peek::peek;
use super::split::Batch;
use api::slim::{Kind, Parsed, read};
use std::collections::{BTreeMap, BTreeSet};

/// What came out of one batch.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) objects: Vec<Parsed>,
    pub(crate) unreadable: Vec<Unreadable>,
    /// Objects of kinds that are not ours, by `apiVersion kind`.
    pub(crate) ignored: BTreeMap<String, u64>,
    /// Kinds of which objects may be in what was refused.
    pub(crate) doubtful: BTreeSet<Kind>,
    /// Objects of ours that cannot be read, held all the same.
    pub(crate) held: Vec<api::slim::Unreadable>,
    /// Items without a kind, of a list that has not said its own yet.
    pub(crate) untyped: Vec<Box<[u8]>>,
    /// Manifests of snapshots.
    pub(crate) manifests: Vec<Box<[u8]>>,
}

/// Reads the objects of a batch. Items of a typed list say no kind: `items_kind` is theirs.
pub(crate) fn parse(source: &str, batch: &Batch, items_kind: Option<Kind>) -> Part {
    let mut part = Part::default();
    for range in &batch.objects {
        let bytes = &batch.bytes[range.clone()];
        let position = || {
            let (line, column) = batch.position(range.start);
            format!("{source}:{line}:{column} (byte {})", batch.offset + range.start as u64)
        };
        one(&mut part, bytes, batch.in_list, items_kind, &position);
    }
    part
}

/// Reads one object.
pub(crate) fn one(
    part: &mut Part,
    bytes: &[u8],
    in_list: bool,
    items_kind: Option<Kind>,
    position: &dyn Fn() -> String,
) {
    let says = peek(bytes);
    if says.kind.is_empty() && in_list {
        return match items_kind {
            Some(kind) => typed(part, kind, bytes, position),
            None => part.untyped.push(bytes.into()),
        };
    }
    if says.kind == super::snapshot::KIND && says.api_version == super::snapshot::API_VERSION {
        part.manifests.push(bytes.into());
        return;
    }
    if let Some(kind) = Kind::from_api(says.api_version, says.kind) {
        return typed(part, kind, bytes, position);
    }
    if says.kind.ends_with("List") && in_list {
        let reason = format!("a {} inside a List; give it as a document of its own", says.kind);
        part.unreadable.push(Unreadable { path: position(), object: None, reason });
        match Kind::from_list(says.api_version, says.kind) {
            Some(kind) => part.doubtful.extend([kind]),
            None => part.doubtful.extend(Kind::ALL.into_iter().filter(|_| says.kind == "List")),
        }
    } else if says.kind.is_empty() {
        let reason = "an object without a kind".to_owned();
        part.unreadable.push(Unreadable { path: position(), object: None, reason });
    } else {
        *part.ignored.entry(format!("{} {}", says.api_version, says.kind)).or_default() += 1;
    }
}

pub(crate) fn typed(part: &mut Part, kind: Kind, bytes: &[u8], position: &dyn Fn() -> String) {
    match read(kind, bytes) {
        Ok(parsed) => part.objects.push(parsed),
        Err(unreadable) => {
            let object = unreadable.name.as_ref().map(|name| format!("{kind} {name}"));
            part.unreadable.push(Unreadable { path: position(), object, reason: unreadable.reason.clone() });
            part.held.push(unreadable);
        }
    }
}
