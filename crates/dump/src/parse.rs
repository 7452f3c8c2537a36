//! From the bytes of objects to slim objects: the work that is spread over threads.
//!
//! In: a batch of bytes with the ranges of its objects, and the kind that the list says its items are. Out: [`Part`].
//! Guarantees: kinds that are not ours are counted and dropped, and of each the first place is known; a List inside a List is
//! refused by name, and so is an API server's refusal; a refusal has its place, and is counted where there are many.

use super::input::stem;
use super::load::doubt::that_or_all;
use super::load::{PassedOver, Unreadable, kind_of_stem};
use super::peek::peek;
use super::split::Batch;
use api::slim::{Kind, Parsed, read};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many broken parts of a batch are told one by one. The others are counted: ten gigabytes of garbage make no report of
/// the same size.
const TOLD: usize = 10;
/// So many kinds that are not ours are counted one by one, in a batch: real clusters have a few hundred.
const KINDS_COUNTED: usize = 200;
/// So much of an API server's message is told.
const MESSAGE_TOLD: usize = 200;
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
    pub(crate) passed_over: BTreeMap<String, PassedOver>,
    /// Kinds of which objects may be in what was refused.
    pub(crate) doubtful: BTreeSet<Kind>,
    /// Something stands in place of objects that does not say of which kind these would be.
    pub(crate) lost: bool,
    /// Objects of ours that cannot be read, held all the same.
    pub(crate) held: Vec<api::slim::Unreadable>,
    /// Items without a kind, of a list that has not said its own yet.
    pub(crate) untyped: Vec<(Spot, Box<[u8]>)>,
    /// How many bytes these items have, those that there was no room for as well.
    pub(crate) untyped_bytes: usize,
    /// Manifests of snapshots, with their places.
    pub(crate) manifests: Vec<(String, Box<[u8]>)>,
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

/// Counts objects of a kind that is not ours; `first` says where the first one is, and is asked only for a new kind.
pub(crate) fn pass_over(
    passed: &mut BTreeMap<String, PassedOver>,
    kind: String,
    count: u64,
    first: impl FnOnce() -> String,
) {
    let known = passed.len() < KINDS_COUNTED || passed.contains_key(&kind);
    let kind = if known { kind } else { OTHER_KINDS.to_owned() };
    passed.entry(kind).or_insert_with(|| PassedOver { first: first(), count: 0 }).count += count;
}

/// Where in its file something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot {
    /// In JSON: line and column, from 1, and offset.
    Json { line: u64, column: usize, offset: u64 },
    /// In YAML: the line at which the document begins, and which item of its list, from 1.
    Yaml { line: usize, item: Option<u64> },
}

impl Spot {
    /// With the file's name.
    pub(crate) fn of(self, source: &str) -> String {
        match self {
            Self::Json { line, column, offset } => format!("{source}:{line}:{column} (byte {offset})"),
            Self::Yaml { line, item: None } => format!("{source}:{line}"),
            Self::Yaml { line, item: Some(item) } => format!("{source}:{line} (item {item} of the list)"),
        }
    }
}

/// Where in their file the objects of a batch are. Asked in order, it looks at no byte twice.
struct Spots<'a> {
    batch: &'a Batch,
    /// Of YAML: the line at which the document begins. Its JSON has the items of a list one per line.
    yaml: Option<usize>,
    /// Up to where lines were counted, how many there were before, and where the last one begins.
    counted: Cell<(usize, u64, usize)>,
}

impl Spots<'_> {
    fn spot(&self, at: usize) -> Spot {
        let (from, lines, start) = self.counted.get();
        let between = self.batch.bytes.get(from..at).unwrap_or_default();
        let lines = lines + memchr::memchr_iter(b'\n', between).count() as u64;
        let start = memchr::memrchr(b'\n', between).map_or(start, |newline| from + newline + 1);
        self.counted.set((at, lines, start));
        match self.yaml {
            Some(line) => Spot::Yaml { line, item: self.batch.in_list.then_some(lines) },
            None => Spot::Json { line: lines + 1, column: at - start + 1, offset: self.batch.offset + at as u64 },
        }
    }
}

/// What the objects of a batch are known to be from beside them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'a> {
    /// The file's name.
    pub(crate) source: &'a str,
    /// The kind of the items, which of a typed list say none.
    pub(crate) items: Option<Kind>,
    /// Of YAML: the line at which the document begins.
    pub(crate) yaml: Option<usize>,
}

/// Reads the objects of a batch.
pub(crate) fn parse(batch: &Batch, around: Around<'_>, untyped: &Room) -> Part {
    let mut part = Part::default();
    let spots = Spots { batch, yaml: around.yaml, counted: Cell::new((0, batch.lines, 0)) };
    let in_list = batch.in_list.then_some(around.items);
    for range in &batch.objects {
        let spot = || spots.spot(range.start);
        one(&mut part, &batch.bytes[range.clone()], in_list, untyped, (around.source, &spot));
    }
    if part.lost {
        // Of which kind the objects would have been, the file's name may tell.
        let named = stem(Path::new(around.source)).and_then(|stem| kind_of_stem(&stem));
        part.doubtful.extend(that_or_all(named));
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
fn one(
    part: &mut Part,
    bytes: &[u8],
    in_list: Option<Option<Kind>>,
    untyped: &Room,
    (source, spot): (&str, &dyn Fn() -> Spot),
) {
    let says = peek(bytes);
    let place = &|| spot().of(source);
    if says.kind.is_empty()
        && let Some(items_kind) = in_list
    {
        if let Some(kind) = items_kind {
            return typed(part, kind, bytes, place);
        }
        part.untyped_bytes += bytes.len();
        if untyped.take(bytes.len()) {
            part.untyped.push((spot(), bytes.into()));
        }
        return;
    }
    if says.kind == super::snapshot::KIND && says.api_version == super::snapshot::API_VERSION {
        part.manifests.push((place(), bytes.into()));
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
        part.lost = true;
        part.refuse(None, || "an object without a kind".to_owned(), place);
    } else if says.kind == "Status" && says.api_version == "v1" {
        // What was asked for is not here: nobody may take it for nothing.
        part.lost = true;
        part.refuse(None, || failure(bytes), place);
    } else {
        pass_over(&mut part.passed_over, format!("{} {}", says.api_version, says.kind), 1, place);
    }
}

/// What an API server says in place of what was asked for.
fn failure(status: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Status {
        message: Option<String>,
    }
    let message = serde_json::from_slice::<Status>(status).ok().and_then(|status| status.message).unwrap_or_default();
    let message: String = message.chars().take(MESSAGE_TOLD).collect();
    format!("an answer of an API server in place of objects: {message}")
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

    const F: Around<'_> = Around { source: "f", items: None, yaml: None };

    fn batch(bytes: &[u8], in_list: bool) -> Batch {
        let step = bytes.len() / 1000;
        let objects = (0..1000).map(|n| n * step..n * step + step - 1).collect();
        Batch { bytes: bytes.to_vec(), objects, offset: 7, lines: 3, in_list }
    }

    #[test]
    fn what_is_told_of_garbage_does_not_grow_with_it() {
        let part = parse(&batch(&b"{}\n".repeat(1000), false), F, &Room::new(0));
        assert_eq!((part.unreadable.len(), part.untold), (TOLD, 990));
        assert_eq!(part.unreadable[2].path, "f:6:1 (byte 13)");
        let bad = br#"{"kind":"Pod","apiVersion":"v1","metadata":5} "#;
        let part = parse(&batch(&bad.repeat(1000), true), F, &Room::new(0));
        assert_eq!((part.held.len(), part.unreadable.len(), part.untold), (TOLD, TOLD, 990));
        assert_eq!(part.unreadable[1].path, format!("f:4:{} (byte {})", bad.len() + 1, bad.len() + 7));
        assert_eq!(part.doubtful, BTreeSet::from([Kind::Pod]));
    }

    #[test]
    fn kinds_that_are_not_ours_are_counted_together_once_they_are_many() {
        let names: String = (0..1000).map(|n| format!("{{\"kind\":\"K{n:03}\",\"apiVersion\":\"x/v1\"}} ")).collect();
        let part = parse(&batch(names.as_bytes(), false), F, &Room::new(0));
        assert_eq!(part.passed_over.len(), KINDS_COUNTED + 1);
        assert_eq!(part.passed_over[OTHER_KINDS].count, 800);
        assert_eq!(part.passed_over["x/v1 K001"].first, "f:4:37 (byte 43)");
    }

    #[test]
    fn items_that_wait_for_their_kind_are_held_up_to_a_bound() {
        let part = parse(&batch(&b"{}\n".repeat(1000), true), F, &Room::new(100));
        assert_eq!((part.untyped.len(), part.untyped_bytes), (50, 2000));
    }
}
