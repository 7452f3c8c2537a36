//! What a thread does with a batch: each object from text to a slim object.
//!
//! In: a [`Batch`]. Out: an [`Outcome`]. Guarantees: one object that cannot be read costs that object; nothing is kept of
//! the text; an object's kind is found without parsing it, and of kinds that are not ours nothing is parsed.

use crate::json::fault::Fault;
use crate::json::split::Item;
use crate::json::tokens::Tokens;
use crate::json::walk::{Identity, Walk, identify};
use crate::limits::{MAX_DESCRIBED, MAX_IGNORED_KINDS};
use crate::shape::Shape;
use crate::snapshot;
use crate::source::{Batch, ListType, Place, Problem};
use crate::yaml;
use api::slim::{self, Kind, Parsed, Str};
use std::collections::{BTreeMap, BTreeSet};

/// What came out of a batch.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) number: u64,
    pub(crate) input: u32,
    pub(crate) objects: Vec<Parsed>,
    pub(crate) problems: Vec<Problem>,
    /// Problems that are not described.
    pub(crate) more_problems: u64,
    pub(crate) ignored: BTreeMap<String, u64>,
    /// By list of the input.
    pub(crate) tallies: BTreeMap<u32, Tally>,
    /// Lists that turned out to be documents of YAML that cannot be cut.
    pub(crate) inline: Vec<InlineList>,
    pub(crate) records: Vec<snapshot::Record>,
    /// Objects that are not in lists, readable or not, lines of a snapshot's own aside.
    pub(crate) single_objects: u64,
    /// Where the last problem was: lines are counted on from there.
    last_place: Option<(usize, Place)>,
    /// The batch, with the items of it whose kind their list has not told yet.
    pub(crate) held: Option<Batch>,
}

/// What was seen of a list.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) items: u64,
    pub(crate) unread: u64,
    pub(crate) kinds: BTreeMap<Kind, u64>,
    pub(crate) namespaces: BTreeSet<Str>,
    /// The namespace of the last object.
    last: Str,
}

/// A list in one piece.
#[derive(Debug)]
pub(crate) struct InlineList {
    pub(crate) header: crate::json::header::Header,
    pub(crate) tally: Tally,
}

/// Why an object was not read.
enum Refusal {
    Fault(Fault),
    Object(slim::Unreadable),
    Reason(&'static str),
    /// Its list has yet to say of which kind it is.
    Held,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What an object was.
enum Read {
    Ours(Parsed),
    Other,
    Record(snapshot::Record),
}

/// Reused from object to object.
#[derive(Default)]
pub(crate) struct Worker {
    tokens: Tokens,
    kept: Vec<u8>,
    json: Vec<u8>,
    kind: String,
}

impl Worker {
    /// Reads the objects of a batch.
    pub(crate) fn work(&mut self, mut batch: Batch) -> (Outcome, Vec<u8>) {
        let mut outcome = Outcome { number: batch.number, input: batch.input, ..Outcome::default() };
        let items = std::mem::take(&mut batch.items);
        outcome.objects.reserve(items.len());
        let mut held = Vec::new();
        for item in items {
            let list_type = item.list.map_or(&ListType::Mixed, |list| batch.list_type(list));
            let text = &batch.text()[item.start..item.end];
            let read = if batch.yaml {
                self.read_yaml(text, item, list_type, &mut outcome)
            } else {
                self.read(text, item.list.is_some(), list_type, &mut outcome)
            };
            match read {
                Ok(Some(read)) => outcome.take(read, item.list),
                Ok(None) => {}
                Err(Refusal::Held) => held.push(item),
                Err(refusal) => outcome.refuse(&batch, item, refusal),
            }
        }
        if held.is_empty() {
            return (outcome, batch.buffer);
        }
        batch.items = held;
        outcome.held = Some(batch);
        (outcome, Vec::new())
    }

    /// One object in JSON.
    fn read(
        &mut self,
        text: &[u8],
        in_list: bool,
        list_type: &ListType,
        outcome: &mut Outcome,
    ) -> Result<Option<Read>, Refusal> {
        self.tokens.index(text);
        let identity = Identity::peek(text, &self.tokens);
        let identity = match identity {
            Ok(identity) => identity,
            Err(fault) => return Err(self.whole_fault(text, *fault).into()),
        };
        let (api_version, kind) = match (identity.api_version, identity.kind, list_type) {
            (Some(api_version), Some(kind), _) => (api_version, kind),
            (api_version, kind, ListType::Typed(of_list, items)) => {
                (api_version.unwrap_or(of_list.into()), kind.unwrap_or(items.into()))
            }
            (_, _, ListType::Unknown) => return Err(Refusal::Held),
            (_, None, _) => return Err(self.whole_fault(text, Fault::new(0, "it has no `kind`")).into()),
            (None, _, _) => return Err(self.whole_fault(text, Fault::new(0, "it has no `apiVersion`")).into()),
        };
        let Some(known) = Kind::from_api(&api_version, &kind) else {
            self.check(text)?;
            if in_list && (kind == "List" || Kind::from_list(&api_version, &kind).is_some()) {
                return Err(Refusal::Reason("a List inside a List"));
            }
            if api_version == snapshot::API_VERSION {
                return snapshot::Record::read(text).map(|record| Some(Read::Record(record))).map_err(Refusal::from);
            }
            outcome.ignore(&mut self.kind, &api_version, &kind);
            return Ok(Some(Read::Other));
        };
        let mut walk = Walk::new(text, &self.tokens);
        self.kept.clear();
        let walked = walk.keep(Shape::of(known), &mut self.kept).and_then(|()| walk.end());
        if let Some(fault) = self.tokens.first_fault(walked.err()) {
            return Err(fault.into());
        }
        slim::read(known, &self.kept).map(|parsed| Some(Read::Ours(parsed))).map_err(Refusal::Object)
    }

    /// Checks a text of which nothing is kept.
    fn check(&self, text: &[u8]) -> Result<(), Fault> {
        let mut walk = Walk::new(text, &self.tokens);
        let walked = walk.skip().and_then(|()| walk.end());
        self.tokens.first_fault(walked.err()).map_or(Ok(()), Err)
    }

    /// The first fault of a text that has one, or this one.
    fn whole_fault(&self, text: &[u8], fault: Fault) -> Fault {
        self.check(text).err().unwrap_or(fault)
    }

    /// One object in YAML, or a list that could not be cut.
    fn read_yaml(
        &mut self,
        text: &[u8],
        item: Item,
        list_type: &ListType,
        outcome: &mut Outcome,
    ) -> Result<Option<Read>, Refusal> {
        let mut json = std::mem::take(&mut self.json);
        json.clear();
        let read = match yaml::to_json(text, item.list.is_some(), &mut json) {
            Err(fault) => Err(fault.into()),
            Ok(()) if item.list.is_none() => self.read_document(&json, outcome),
            // A fault in JSON that was just made has no place in the YAML.
            Ok(()) => self.read(&json, true, list_type, outcome).map_err(without_place),
        };
        self.json = json;
        read
    }

    /// A document of YAML: an object, or a list.
    fn read_document(&mut self, json: &[u8], outcome: &mut Outcome) -> Result<Option<Read>, Refusal> {
        let mut splitter = crate::json::split::Splitter::default();
        splitter.scan(json, true).map_err(|fault| without_place(fault.into()))?;
        let Some(ended) = splitter.ended.pop() else {
            return self.read(json, false, &ListType::Mixed, outcome).map_err(without_place);
        };
        let list_type = ListType::of(&ended.header, true);
        let mut list = InlineList { header: ended.header, tally: Tally::default() };
        for item in splitter.items {
            match self.read(&json[item.start..item.end], true, &list_type, outcome) {
                Ok(None) => {}
                Ok(Some(read)) => {
                    list.tally.take(&read);
                    outcome.keep(read);
                }
                Err(refusal) => {
                    list.tally.items += 1;
                    list.tally.unread += 1;
                    outcome.inline.push(list);
                    return Err(without_place(refusal));
                }
            }
        }
        outcome.inline.push(list);
        Ok(None)
    }
}

fn without_place(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Fault(fault) => Refusal::Fault(Fault { at: 0, ..fault }),
        other => other,
    }
}

impl Outcome {
    fn take(&mut self, read: Read, list: Option<u32>) {
        match list {
            Some(list) => self.tallies.entry(list).or_default().take(&read),
            None if matches!(read, Read::Record(_)) => {}
            None => self.single_objects += 1,
        }
        self.keep(read);
    }

    fn keep(&mut self, read: Read) {
        match read {
            Read::Ours(parsed) => self.objects.push(parsed),
            Read::Record(record) => self.records.push(record),
            Read::Other => {}
        }
    }

    fn ignore(&mut self, key: &mut String, api_version: &str, kind: &str) {
        key.clear();
        key.extend([api_version, " ", kind]);
        if let Some(count) = self.ignored.get_mut(key.as_str()) {
            *count += 1;
        } else if self.ignored.len() < MAX_IGNORED_KINDS {
            self.ignored.insert(key.chars().take(200).collect(), 1);
        } else {
            *self.ignored.entry("other kinds".to_owned()).or_default() += 1;
        }
    }

    fn refuse(&mut self, batch: &Batch, item: Item, refusal: Refusal) {
        match item.list {
            Some(list) => {
                let tally = self.tallies.entry(list).or_default();
                tally.items += 1;
                tally.unread += 1;
            }
            None => self.single_objects += 1,
        }
        if self.problems.len() == MAX_DESCRIBED {
            self.more_problems += 1;
            return;
        }
        let text = &batch.text()[item.start..item.end];
        let (mut kind, mut name) = if batch.yaml { yaml::identify(text) } else { identify(text) };
        let (at, reason) = match refusal {
            Refusal::Fault(fault) => (fault.at, fault.reason.into_owned()),
            Refusal::Reason(reason) => (0, reason.to_owned()),
            Refusal::Held => (0, "it has no `kind`, and neither has its list".to_owned()),
            Refusal::Object(unreadable) => {
                kind = Some(unreadable.kind);
                name = unreadable.name.or(name);
                (0, unreadable.reason)
            }
        };
        let at = (item.start + at).min(batch.filled);
        let (from, place) = self.last_place.filter(|(from, _)| *from <= at).unwrap_or((0, batch.place));
        let place = place.after(&batch.text()[from..at]);
        self.last_place = Some((at, place));
        self.problems.push(Problem { input: batch.input, place, list: None, kind, name, reason });
    }
}

impl Tally {
    fn take(&mut self, read: &Read) {
        self.items += 1;
        let Read::Ours(parsed) = read else { return };
        *self.kinds.entry(parsed.object.kind()).or_default() += 1;
        let namespace = &parsed.object.meta().namespace;
        // Lists are in order of the namespaces.
        if *namespace != self.last {
            self.last.clone_from(namespace);
            self.namespaces.insert(namespace.clone());
        }
    }

    /// Adds what another batch saw of the same list.
    pub(crate) fn merge(&mut self, other: Self) {
        self.items += other.items;
        self.unread += other.unread;
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        self.namespaces.extend(other.namespaces);
    }
}
