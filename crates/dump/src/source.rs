//! The inputs as one sequence of batches: whole objects, about a megabyte of them at a time.
//!
//! In: entries. Out: [`Batch`]es, in order, each for one thread to parse; lists that ended; what is wrong with the text
//! around objects. Guarantees: holds one batch and one object, whatever the size of the input; what was cut off before a
//! fault stays cut off, and the next input is read all the same.

use crate::input::Entry;
use crate::json::fault::Fault;
use crate::json::header::Header;
use crate::json::split::{Ended, Item, Splitter, TooLarge};
use crate::json::walk::identify;
use crate::limits::{BATCH, MAX_OBJECT};
use crate::sniff::{Format, sniff};
use crate::yaml;
use api::slim::Kind;
use std::collections::VecDeque;
use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// A list: its input, and its number in there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ListId {
    pub(crate) input: u32,
    pub(crate) list: u32,
}

/// What a list says of the kind of its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListType {
    /// Nothing so far.
    Unknown,
    /// That they say it themselves: `kind: List`.
    Mixed,
    /// `PodList`: items need not say it. `apiVersion` and `kind` of the items.
    Typed(String, String),
}

impl ListType {
    /// What a header says; once the list has ended, it will say no more.
    pub(crate) fn of(header: &Header, ended: bool) -> Self {
        match header.kind() {
            None if ended => Self::Mixed,
            None => Self::Unknown,
            Some(kind) if kind == "List" => Self::Mixed,
            Some(kind) => match kind.strip_suffix("List") {
                Some(item) => Self::Typed(header.api_version().unwrap_or_default(), item.to_owned()),
                None => Self::Mixed,
            },
        }
    }
}

/// Where a text begins: byte, and line and column where these were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) line: Option<(u64, u64)>,
}

impl Place {
    /// The place behind a text that begins here.
    pub(crate) fn after(self, text: &[u8]) -> Self {
        let line = self.line.map(|(line, column)| {
            let lines = memchr::memchr_iter(b'\n', text).count() as u64;
            match memchr::memrchr(b'\n', text) {
                Some(last) => (line + lines, (text.len() - last) as u64),
                None => (line, column + text.len() as u64),
            }
        });
        Self { offset: self.offset + text.len() as u64, line }
    }
}

/// Whole objects.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Counted through all inputs.
    pub(crate) number: u64,
    pub(crate) input: u32,
    pub(crate) place: Place,
    pub(crate) yaml: bool,
    /// Longer than what is filled: see [`Batch::text`].
    pub(crate) buffer: Vec<u8>,
    pub(crate) filled: usize,
    pub(crate) items: Vec<Item>,
    /// Of the lists in it, what is known of the kind of their items by now; in order.
    pub(crate) types: Vec<(u32, ListType)>,
    /// Where its bytes can be read again.
    pub(crate) again: Option<PathBuf>,
}

impl Batch {
    /// The text that items are places in.
    pub(crate) fn text(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// What is known of a list.
    pub(crate) fn list_type(&self, list: u32) -> &ListType {
        let found = self.types.binary_search_by_key(&list, |(id, _)| *id);
        found.map_or(&ListType::Unknown, |at| &self.types[at].1)
    }
}

/// Something wrong around objects, or with one that cannot be handed on.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) input: u32,
    pub(crate) place: Place,
    /// The list of which this is an item that no batch has.
    pub(crate) list: Option<u32>,
    pub(crate) kind: Option<Kind>,
    pub(crate) name: Option<String>,
    pub(crate) reason: String,
}

/// A list that was read to its end, or as far as it went.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) id: ListId,
    pub(crate) header: Header,
    pub(crate) list_type: ListType,
    /// Whether its end was reached.
    pub(crate) ended: bool,
}

/// See the module.
pub(crate) struct Source {
    entries: VecDeque<Entry>,
    /// Names and stems of the inputs, and where to read them again.
    pub(crate) inputs: Vec<InputName>,
    current: Option<Open>,
    batches: u64,
    read: Arc<AtomicU64>,
    /// Buffers that come back from the threads.
    spare: Vec<Vec<u8>>,
    pub(crate) lists: Vec<List>,
    pub(crate) problems: Vec<Problem>,
}

/// What is left of an input once it is open.
pub(crate) struct InputName {
    pub(crate) name: String,
    pub(crate) stem: Option<String>,
    pub(crate) path: Option<PathBuf>,
    /// Whether bytes can be found again in `path` by their offset.
    pub(crate) plain: bool,
}

struct Open {
    input: u32,
    reader: Box<dyn Read + Send>,
    again: Option<PathBuf>,
    place: Place,
    buffer: Vec<u8>,
    filled: usize,
    cutter: Cutter,
}

/// What cuts the text.
enum Cutter {
    /// Nothing yet: what it is was not seen.
    Unknown,
    Json(Box<Splitter>),
    Yaml(Box<yaml::Splitter>),
}

/// What a cutter found.
#[derive(Default)]
struct Found {
    items: Vec<Item>,
    ended: Vec<Ended>,
    too_large: Vec<TooLarge>,
}

impl Source {
    pub(crate) fn new(entries: Vec<Entry>, read: Arc<AtomicU64>) -> Self {
        Self {
            entries: entries.into(),
            inputs: Vec::new(),
            current: None,
            batches: 0,
            read,
            spare: Vec::new(),
            lists: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Takes back a buffer.
    pub(crate) fn recycle(&mut self, buffer: Vec<u8>) {
        // One that grew for a large object is not kept.
        if buffer.len() <= 2 * BATCH {
            self.spare.push(buffer);
        }
    }

    /// The next batch; `None` when all inputs are read.
    pub(crate) fn next(&mut self) -> Option<Batch> {
        loop {
            let mut open = match self.current.take() {
                Some(open) => open,
                None => self.open()?,
            };
            let (batch, over) = self.step(&mut open);
            if over {
                self.recycle(open.buffer);
            } else {
                self.current = Some(open);
            }
            if batch.is_some() {
                return batch;
            }
        }
    }

    fn open(&mut self) -> Option<Open> {
        loop {
            let mut entry = self.entries.pop_front()?;
            let input = u32::try_from(self.inputs.len()).ok()?;
            let opened = entry.open(&self.read);
            let plain = opened.as_ref().is_ok_and(|opened| opened.plain);
            self.inputs.push(InputName { name: entry.name, stem: entry.stem, path: entry.path.clone(), plain });
            // Of a plain file, lines are counted when somebody wants to know.
            let place = Place { offset: 0, line: (!plain).then_some((1, 1)) };
            match opened {
                Ok(opened) => {
                    return Some(Open {
                        input,
                        reader: opened.reader,
                        again: entry.path.filter(|_| plain),
                        place,
                        buffer: self.spare.pop().unwrap_or_default(),
                        filled: 0,
                        cutter: Cutter::Unknown,
                    });
                }
                Err(error) => self.problem(input, place, format!("it cannot be opened: {error}")),
            }
        }
    }

    fn problem(&mut self, input: u32, place: Place, reason: String) {
        self.problems.push(Problem { input, place, list: None, kind: None, name: None, reason });
    }

    /// Reads on in an input; true if that was its end.
    fn step(&mut self, open: &mut Open) -> (Option<Batch>, bool) {
        let last = match open.fill() {
            Ok(last) => last,
            Err(error) => {
                self.problem(open.input, open.end(), format!("reading stopped here: {error}"));
                self.list_is_cut_off(open);
                return (None, true);
            }
        };
        match open.sniff(last) {
            Ok(true) => {}
            Ok(false) => return (None, false),
            Err(reason) => {
                self.problem(open.input, open.place, reason);
                return (None, true);
            }
        }
        let outcome = open.scan(last);
        let over = last || outcome.is_err();
        let found = open.found();
        for large in &found.too_large {
            self.problems.push(open.too_large(*large));
        }
        let types = open.types(&found);
        self.lists.extend(found.ended.into_iter().map(|Ended { list, header }| List {
            id: ListId { input: open.input, list },
            list_type: ListType::of(&header, true),
            header,
            ended: true,
        }));
        if let Err(fault) = outcome {
            self.problems.push(open.fault(&fault));
            self.list_is_cut_off(open);
        }
        (self.cut(open, found.items, types), over)
    }

    /// Takes note of a list whose end will not come.
    fn list_is_cut_off(&mut self, open: &Open) {
        if let Some((list, header)) = open.open_list() {
            let (id, list_type) = (ListId { input: open.input, list }, ListType::of(header, false));
            self.lists.push(List { id, header: header.clone(), list_type, ended: false });
        }
    }

    /// Cuts off what is not needed any more; a batch, if there is something in it.
    fn cut(&mut self, open: &mut Open, items: Vec<Item>, types: Vec<(u32, ListType)>) -> Option<Batch> {
        let at = open.needed_from().min(open.filled);
        let rest = open.filled - at;
        let mut next = self.spare.pop().unwrap_or_default();
        if next.len() < rest {
            next.resize(rest, 0);
        }
        next[..rest].copy_from_slice(&open.buffer[at..open.filled]);
        let place = open.place;
        open.place = place.after(&open.buffer[..at]);
        open.cut(at);
        let buffer = std::mem::replace(&mut open.buffer, next);
        open.filled = rest;
        if items.is_empty() {
            self.recycle(buffer);
            return None;
        }
        let number = self.batches;
        self.batches += 1;
        let yaml = matches!(open.cutter, Cutter::Yaml(_));
        let again = open.again.clone();
        Some(Batch { number, input: open.input, place, yaml, buffer, filled: at, items, types, again })
    }
}

impl Open {
    /// Reads more; true at the end.
    fn fill(&mut self) -> std::io::Result<bool> {
        let full = self.filled + BATCH;
        if self.buffer.len() < full {
            self.buffer.resize(full, 0);
        }
        while self.filled < full {
            match self.reader.read(&mut self.buffer[self.filled..full]) {
                Ok(0) => return Ok(true),
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn text(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// The place of a byte of the buffer.
    fn place_of(&self, at: usize) -> Place {
        self.place.after(&self.buffer[..at.min(self.filled)])
    }

    fn end(&self) -> Place {
        self.place_of(self.filled)
    }

    /// Finds out what the text is; false if that needs more of it.
    fn sniff(&mut self, last: bool) -> Result<bool, String> {
        if !matches!(self.cutter, Cutter::Unknown) {
            return Ok(true);
        }
        let (blank, format) = sniff(self.text(), self.place.offset == 0, last)?;
        if blank > 0 {
            self.place = self.place_of(blank);
            self.buffer.copy_within(blank..self.filled, 0);
            self.filled -= blank;
        }
        self.cutter = match format {
            None => return Ok(false),
            Some(Format::Json) => Cutter::Json(Box::default()),
            Some(Format::Yaml) => Cutter::Yaml(Box::default()),
        };
        Ok(true)
    }

    fn scan(&mut self, last: bool) -> Result<(), Fault> {
        let text = &self.buffer[..self.filled];
        match &mut self.cutter {
            Cutter::Unknown => Ok(()),
            Cutter::Json(splitter) => splitter.scan(text, last),
            Cutter::Yaml(splitter) => splitter.scan(text, last),
        }
    }

    fn found(&mut self) -> Found {
        let (items, ended, too_large) = match &mut self.cutter {
            Cutter::Unknown => return Found::default(),
            Cutter::Json(splitter) => (&mut splitter.items, &mut splitter.ended, &mut splitter.too_large),
            Cutter::Yaml(splitter) => (&mut splitter.items, &mut splitter.ended, &mut splitter.too_large),
        };
        Found { items: std::mem::take(items), ended: std::mem::take(ended), too_large: std::mem::take(too_large) }
    }

    fn needed_from(&self) -> usize {
        match &self.cutter {
            Cutter::Unknown => 0,
            Cutter::Json(splitter) => splitter.needed_from(),
            Cutter::Yaml(splitter) => splitter.needed_from(),
        }
    }

    fn cut(&mut self, by: usize) {
        match &mut self.cutter {
            Cutter::Unknown => {}
            Cutter::Json(splitter) => splitter.cut(by),
            Cutter::Yaml(splitter) => splitter.cut(by),
        }
    }

    fn open_list(&self) -> Option<(u32, &Header)> {
        match &self.cutter {
            Cutter::Unknown => None,
            Cutter::Json(splitter) => splitter.open_list(),
            Cutter::Yaml(splitter) => splitter.open_list(),
        }
    }

    /// What is known of the lists whose items were found.
    fn types(&self, found: &Found) -> Vec<(u32, ListType)> {
        let ended = found.ended.iter().map(|ended| (ended.list, ListType::of(&ended.header, true)));
        let open = self.open_list().map(|(list, header)| (list, ListType::of(header, false)));
        ended.chain(open).collect()
    }

    fn identify(&self, range: Range<usize>) -> (Option<Kind>, Option<String>) {
        match &self.cutter {
            Cutter::Yaml(_) => yaml::identify(&self.buffer[range]),
            _ => identify(&self.buffer[range]),
        }
    }

    fn too_large(&self, TooLarge { start, list }: TooLarge) -> Problem {
        let (kind, name) = self.identify(start..self.filled);
        let reason = format!("larger than {} MiB", MAX_OBJECT >> 20);
        Problem { input: self.input, place: self.place_of(start), list, kind, name, reason }
    }

    /// What a fault of the text means: the object that it is in, and whether the text only ends too early.
    fn fault(&self, fault: &Fault) -> Problem {
        let object = match &self.cutter {
            Cutter::Json(splitter) => splitter.open_object(),
            Cutter::Yaml(_) | Cutter::Unknown => None,
        };
        let mut fault = fault.clone();
        let (mut list, mut kind, mut name) = (None, None, None);
        if let Some((start, of_list)) = object.filter(|_| fault.cut_off) {
            let text = &self.buffer[start..self.filled];
            (list, (kind, name)) = (of_list, identify(text));
            // Brackets that do not match look like a text that ends too early: say where it goes wrong.
            if let Some(earlier) = crate::json::walk::first_fault(text).filter(|earlier| !earlier.cut_off) {
                fault = Fault { at: start + earlier.at, ..earlier };
            }
        }
        let mut reason = fault.reason.into_owned();
        if !fault.cut_off {
            reason.push_str("; nothing behind this was read");
        }
        Problem { input: self.input, place: self.place_of(fault.at), list, kind, name, reason }
    }
}
