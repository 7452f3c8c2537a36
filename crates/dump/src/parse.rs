//! From the bytes of objects to slim objects: the work that is spread over threads.
//!
//! In: a batch of bytes with the ranges of its objects, and the kind that the list says its items are. Out: [`Part`].
//! Guarantees: kinds that are not ours are counted and dropped; a List inside a List is refused by name; a refusal has
//! its place, and is counted where there are many.

use super::load::Unreadable;
use super::peek::peek;
use super::split::Batch;
use api::slim::{Kind, Parsed, read};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many broken parts of a batch are told one by one. The others are counted: ten gigabytes of garbage make no report of
/// the same size.
const TOLD: usize = 10;
/// So many kinds that are not ours are counted one by one, in a batch: real clusters have a few hundred.
const KINDS_COUNTED: usize = 200;
/// What the others are called.
const OTHER_KINDS: &str = "other kinds";

/// What came out of one batch.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) objects: Vec<Parsed>,
    pub(crate) unreadable: Vec<Unreadable>,
    /// Parts that cannot be read beside those.
    pub(crate) untold: u64,
    /// Objects of kinds that are not ours, by `apiVersion kind`.
    pub(crate) ignored: BTreeMap<String, u64>,
    /// Kinds of which objects may be in what was refused.
    pub(crate) doubtful: BTreeSet<Kind>,
    /// Objects of ours that cannot be read, held all the same.
    pub(crate) held: Vec<api::slim::Unreadable>,
    /// Items without a kind, of a list that has not said its own yet.
    pub(crate) untyped: Vec<Box<[u8]>>,
    /// How many bytes these items have, those that there was no room for as well.
    pub(crate) untyped_bytes: usize,
    /// Manifests of snapshots.
    pub(crate) manifests: Vec<Box<[u8]>>,
}

impl Part {
    /// Notes something that cannot be read.
    pub(crate) fn refuse(
        &mut self,
        object: Option<String>,
        reason: impl FnOnce() -> String,
        place: &dyn Fn() -> String,
    ) {
        if self.unreadable.len() < TOLD {
            self.unreadable.push(Unreadable { path: place(), object, reason: reason() });
        } else {
            self.untold += 1;
        }
    }
}

/// Counts an object of a kind that is not ours.
pub(crate) fn count_ignored(ignored: &mut BTreeMap<String, u64>, kind: String, count: u64) {
    let known = ignored.len() < KINDS_COUNTED || ignored.contains_key(&kind);
    *ignored.entry(if known { kind } else { OTHER_KINDS.to_owned() }).or_default() += count;
}

/// Where in its file something is. Asked in order, it looks at no byte twice.
struct Places<'a> {
    source: &'a str,
    batch: &'a Batch,
    /// Up to where lines were counted, how many there were before, and where the last one begins.
    counted: Cell<(usize, u64, usize)>,
}

impl Places<'_> {
    fn place(&self, at: usize) -> String {
        let (from, lines, start) = self.counted.get();
        let between = self.batch.bytes.get(from..at).unwrap_or_default();
        let lines = lines + memchr::memchr_iter(b'\n', between).count() as u64;
        let start = memchr::memrchr(b'\n', between).map_or(start, |newline| from + newline + 1);
        self.counted.set((at, lines, start));
        let offset = self.batch.offset + at as u64;
        format!("{}:{}:{} (byte {offset})", self.source, lines + 1, at - start + 1)
    }
}

/// Reads the objects of a batch. Items of a typed list say no kind: `items_kind` is theirs.
pub(crate) fn parse(source: &str, batch: &Batch, items_kind: Option<Kind>, untyped: &Room) -> Part {
    let mut part = Part::default();
    let places = Places { source, batch, counted: Cell::new((0, batch.lines, 0)) };
    for range in &batch.objects {
        let bytes = &batch.bytes[range.clone()];
        let place = || places.place(range.start);
        one(&mut part, bytes, batch.in_list.then_some(items_kind), untyped, &place);
    }
    part
}

/// Room for bytes that are held until it is known what they are; threads take of it at once.
#[derive(Debug)]
pub(crate) struct Room(AtomicUsize);

impl Room {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(AtomicUsize::new(bytes))
    }

    fn take(&self, bytes: usize) -> bool {
        let less = |left: usize| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

/// Reads one object; `in_list`: the kind of the items, where they are of a list.
fn one(part: &mut Part, bytes: &[u8], in_list: Option<Option<Kind>>, untyped: &Room, place: &dyn Fn() -> String) {
    let says = peek(bytes);
    if says.kind.is_empty()
        && let Some(items_kind) = in_list
    {
        if let Some(kind) = items_kind {
            return typed(part, kind, bytes, place);
        }
        part.untyped_bytes += bytes.len();
        if untyped.take(bytes.len()) {
            part.untyped.push(bytes.into());
        }
        return;
    }
    if says.kind == super::snapshot::KIND && says.api_version == super::snapshot::API_VERSION {
        part.manifests.push(bytes.into());
        return;
    }
    if let Some(kind) = Kind::from_api(says.api_version, says.kind) {
        return typed(part, kind, bytes, place);
    }
    if says.kind.ends_with("List") && in_list.is_some() {
        part.refuse(None, || format!("a {} inside a List; give it as a document of its own", says.kind), place);
        match Kind::from_list(says.api_version, says.kind) {
            Some(kind) => part.doubtful.extend([kind]),
            None => part.doubtful.extend(Kind::ALL.into_iter().filter(|_| says.kind == "List")),
        }
    } else if says.kind.is_empty() {
        part.refuse(None, || "an object without a kind".to_owned(), place);
    } else {
        count_ignored(&mut part.ignored, format!("{} {}", says.api_version, says.kind), 1);
    }
}

pub(crate) fn typed(part: &mut Part, kind: Kind, bytes: &[u8], place: &dyn Fn() -> String) {
    match read(kind, bytes) {
        Ok(parsed) => part.objects.push(parsed),
        Err(unreadable) => {
            let object = unreadable.name.as_ref().map(|name| format!("{kind} {name}"));
            part.doubtful.insert(kind);
            part.refuse(object, || unreadable.reason.clone(), place);
            // Nobody is called by no name: one of them tells as much as all.
            if unreadable.name.is_some() || part.held.len() < TOLD {
                part.held.push(unreadable);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(bytes: &[u8], in_list: bool) -> Batch {
        let step = bytes.len() / 1000;
        let objects = (0..1000).map(|n| n * step..n * step + step - 1).collect();
        Batch { bytes: bytes.to_vec(), objects, offset: 7, lines: 3, in_list }
    }

    #[test]
    fn what_is_told_of_garbage_does_not_grow_with_it() {
        let part = parse("f", &batch(&b"{}\n".repeat(1000), false), None, &Room::new(0));
        assert_eq!((part.unreadable.len(), part.untold), (TOLD, 990));
        assert_eq!(part.unreadable[2].path, "f:6:1 (byte 13)");
        let bad = br#"{"kind":"Pod","apiVersion":"v1","metadata":5} "#;
        let part = parse("f", &batch(&bad.repeat(1000), true), None, &Room::new(0));
        assert_eq!((part.held.len(), part.unreadable.len(), part.untold), (TOLD, TOLD, 990));
        assert_eq!(part.unreadable[1].path, format!("f:4:{} (byte {})", bad.len() + 1, bad.len() + 7));
        assert_eq!(part.doubtful, BTreeSet::from([Kind::Pod]));
    }

    #[test]
    fn kinds_that_are_not_ours_are_counted_together_once_they_are_many() {
        let names: String = (0..1000).map(|n| format!("{{\"kind\":\"K{n:03}\",\"apiVersion\":\"x/v1\"}} ")).collect();
        let part = parse("f", &batch(names.as_bytes(), false), None, &Room::new(0));
        assert_eq!(part.ignored.len(), KINDS_COUNTED + 1);
        assert_eq!(part.ignored[OTHER_KINDS], 800);
    }

    #[test]
    fn items_that_wait_for_their_kind_are_held_up_to_a_bound() {
        let part = parse("f", &batch(&b"{}\n".repeat(1000), true), None, &Room::new(100));
        assert_eq!((part.untyped.len(), part.untyped_bytes), (50, 2000));
    }
}
