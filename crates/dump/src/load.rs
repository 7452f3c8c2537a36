//! Reading all inputs: one thread cuts, the others parse.
//!
//! In: inputs, options. Out: [`Loaded`]. Guarantees: results stand in the order of the input whatever thread was first; at
//! most a few batches are held beside what was parsed; what cannot be read stops its own file only.

pub(crate) mod doubt;
mod gather;

use super::input::{Input, Opened, Source, expand, open};
use super::parse::{Around, Part, Room, Spot, parse};
use super::snapshot::Manifest;
use super::spare::Spare;
use super::split::{Batch, Header, Piece, Splitter};
use super::yaml;
use api::slim::{Kind, Parsed};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

/// Bounds on what is held at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest object, in bytes. etcd takes 1.5 MiB by default, and kubectl's indentation can triple that.
    pub object: usize,
    /// Bytes of items that are held because their lists say their kinds after them (keys sorted by another tool than kubectl).
    pub untyped: usize,
    /// The largest YAML document: a whole List is one, and is read as a whole.
    pub yaml: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { object: 64 << 20, untyped: 256 << 20, yaml: 1 << 30 }
    }
}

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Threads that parse; 0: as many as the machine has processors.
    pub threads: usize,
    /// Bounds.
    pub limits: Limits,
}

/// How far the reading is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being read.
    pub source: String,
    /// Bytes read so far, of all inputs, unpacked.
    pub bytes: u64,
}

/// A part of the input that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// File, line, column and offset.
    pub path: String,
    /// The object, where it is known.
    pub object: Option<String>,
    /// Why, and what was expected.
    pub reason: String,
}

/// What a list says about completeness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFact {
    /// File.
    pub source: String,
    /// The kind that it is a list of: by its own kind, or by the file's name where it is a plain List.
    pub kind: Kind,
    /// Whether it says that there is more.
    pub continued: bool,
    /// Namespaces that occur in it.
    pub namespaces: BTreeSet<api::slim::Str>,
}

/// Objects of a kind that is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// Where the first one is: file, line, column and offset.
    pub first: String,
    /// How many there are.
    pub count: u64,
}

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Objects, in the order of the input.
    pub objects: Vec<Parsed>,
    /// Objects of ours that are there and cannot be read.
    pub held: Vec<api::slim::Unreadable>,
    /// What lists say about completeness.
    pub lists: Vec<ListFact>,
    /// Manifests of snapshots.
    pub manifests: Vec<Manifest>,
    /// Kinds of which objects may have been in what could not be read.
    pub doubtful: BTreeSet<Kind>,
    /// Parts that cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// Objects of kinds that are not ours, by `apiVersion kind`.
    pub passed_over: BTreeMap<String, PassedOver>,
    /// Bytes read, unpacked.
    pub bytes: u64,
}

impl Loaded {
    /// Whether there is nothing at all of what an audit reads: no object, no list that says there is none, no part that could
    /// not be read.
    #[must_use]
    pub fn holds_nothing(&self) -> bool {
        self.objects.is_empty()
            && self.held.is_empty()
            && self.lists.is_empty()
            && self.manifests.is_empty()
            && self.unreadable.is_empty()
    }
}

/// A batch on its way to a thread.
struct Job {
    number: usize,
    source: std::sync::Arc<str>,
    batch: Batch,
    kind: Option<Kind>,
    /// Of YAML: the line at which its document begins.
    yaml: Option<usize>,
}

/// How many batches wait per thread: enough that none starves, few enough that memory stays bounded.
const WAITING_PER_THREAD: usize = 2;

/// Reads all inputs.
pub fn load(inputs: Vec<Input>, options: &Options, progress: &(dyn Fn(Progress) + Sync)) -> Loaded {
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    let (jobs, queue) = sync_channel::<Job>(threads * WAITING_PER_THREAD);
    let queue = Mutex::new(queue);
    let parts = Mutex::new(Vec::new());
    let spare = Spare::default();
    let untyped = Room::new(options.limits.untyped);
    let mut reader = Reader {
        spare: spare.clone(),
        jobs: Some(jobs),
        limits: options.limits,
        progress,
        number: 0,
        lists: Vec::new(),
        broken: Vec::new(),
        untyped: 0,
        loaded: Loaded::default(),
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(&queue, &parts, &spare, &untyped));
        }
        for input in expand(inputs) {
            reader.input(input);
        }
        reader.jobs = None;
    });
    let mut parts = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
    parts.sort_by_key(|(number, _)| *number);
    reader.finish(parts.into_iter().map(|(_, part)| part).collect())
}

fn work(queue: &Mutex<Receiver<Job>>, parts: &Mutex<Vec<(usize, Part)>>, spare: &Spare, untyped: &Room) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        let around = Around { source: &job.source, items: job.kind, yaml: job.yaml };
        let part = parse(&job.batch, around, untyped);
        spare.give(job.batch.bytes);
        parts.lock().unwrap_or_else(PoisonError::into_inner).push((job.number, part));
    }
}

/// A list that was read: its batches, to look its items over once they are parsed.
struct ListRead {
    source: std::sync::Arc<str>,
    stem: Option<String>,
    header: Header,
    batches: std::ops::Range<usize>,
}

struct Reader<'a> {
    spare: Spare,
    jobs: Option<SyncSender<Job>>,
    limits: Limits,
    progress: &'a (dyn Fn(Progress) + Sync),
    number: usize,
    lists: Vec<ListRead>,
    /// Files that broke off, by whose names kinds were doubted.
    broken: Vec<doubt::Broken>,
    /// Bytes of items without a kind, of lists that said theirs only after them: once all is read.
    untyped: usize,
    loaded: Loaded,
}

impl Reader<'_> {
    fn input(&mut self, input: Input) {
        match open(input) {
            Opened::Failed { name, stem, error } => {
                self.doubt(None, stem.as_deref(), self.number);
                let reason = format!("cannot be opened: {error}");
                self.loaded.unreadable.push(Unreadable { path: name, object: None, reason });
            }
            Opened::Source(mut source) => match looks_like_yaml(&mut source) {
                Ok(true) => self.yaml(source),
                Ok(false) => self.json(source, None),
                Err(error) => {
                    let reason = format!("cannot be read: {error}");
                    self.doubt(None, source.stem.as_deref(), self.number);
                    self.loaded.unreadable.push(Unreadable { path: source.name, object: None, reason });
                }
            },
        }
    }

    /// `yaml`: the line at which the YAML document begins that the JSON was made of.
    fn json(&mut self, source: Source, yaml: Option<usize>) {
        let name: std::sync::Arc<str> = source.name.as_str().into();
        let mut splitter = Splitter::new(source.reader, self.limits.object, self.spare.clone());
        let (before, first) = (self.loaded.bytes, self.number);
        let mut list: Option<ListRead> = None;
        loop {
            match splitter.next_piece() {
                Ok(None) => break,
                Ok(Some(piece)) => self.piece((&name, source.stem.as_deref(), yaml), piece, &mut list),
                Err(broken) => {
                    self.tell_broken(&name, yaml, &broken);
                    self.doubt(list.as_ref().map(|list| &list.header), source.stem.as_deref(), first);
                    break;
                }
            }
            self.loaded.bytes = before + splitter.bytes_read();
            (self.progress)(Progress { source: name.to_string(), bytes: self.loaded.bytes });
        }
        // A file in which nothing stands is what is left of a command that failed: kubectl writes a List also of nothing.
        if splitter.bytes_read() == 0 && source.stem.is_some() {
            self.doubt(None, source.stem.as_deref(), first);
            let reason = "the file is empty: nothing was written to it".to_owned();
            self.loaded.unreadable.push(Unreadable { path: name.to_string(), object: None, reason });
        }
        // A list that was cut off says nothing about completeness, but its items are there.
        if let Some(mut list) = list {
            list.header.continued = true;
            list.batches.end = self.number;
            self.lists.push(list);
        }
    }

    fn piece(
        &mut self,
        (source, stem, yaml): (&std::sync::Arc<str>, Option<&str>, Option<usize>),
        piece: Piece,
        list: &mut Option<ListRead>,
    ) {
        match piece {
            Piece::ListBegins(header) => {
                let batches = self.number..self.number;
                *list = Some(ListRead { source: source.clone(), stem: stem.map(str::to_owned), header, batches });
            }
            Piece::Objects(batch) => {
                let header = list.as_ref().map(|list| &list.header).filter(|_| batch.in_list);
                let kind = header.and_then(|header| Kind::from_list(&header.api_version, &header.kind));
                let job = Job { number: self.number, source: source.clone(), batch, kind, yaml };
                self.number += 1;
                // The threads live until the sender is dropped, so that there is always one to take it.
                if let Some(jobs) = &self.jobs {
                    let _ = jobs.send(job);
                }
            }
            Piece::ListEnds(header) => {
                if let Some(mut ended) = list.take() {
                    ended.header = header;
                    ended.batches.end = self.number;
                    self.lists.push(ended);
                }
            }
        }
    }

    fn tell_broken(&mut self, source: &str, yaml: Option<usize>, broken: &crate::split::Broken) {
        let json = Spot::Json {
            line: broken.line,
            column: usize::try_from(broken.column).unwrap_or(usize::MAX),
            offset: broken.offset,
        };
        let path = yaml.map_or(json, |line| Spot::Yaml { line, item: None }).of(source);
        self.loaded.unreadable.push(Unreadable { path, object: None, reason: broken.reason.clone() });
    }

    /// YAML is read as a whole, document by document, into the same shape as JSON.
    fn yaml(&mut self, source: Source) {
        let Source { name, stem, reader } = source;
        let mut text = Vec::new();
        let (limit, first) = (self.limits.yaml as u64, self.number);
        if let Err(error) = reader.take(limit + 1).read_to_end(&mut text) {
            self.doubt(None, stem.as_deref(), first);
            let reason = format!("cannot be read: {error}");
            self.loaded.unreadable.push(Unreadable { path: name.clone(), object: None, reason });
        }
        if text.len() as u64 > limit {
            self.doubt(None, stem.as_deref(), first);
            let reason = format!("more than {} MiB of YAML; use `-o json`, which is read as it comes", limit >> 20);
            self.loaded.unreadable.push(Unreadable { path: name, object: None, reason });
            return;
        }
        self.loaded.bytes += text.len() as u64;
        (self.progress)(Progress { source: name.clone(), bytes: self.loaded.bytes });
        for document in yaml::documents(&text) {
            match document.to_json() {
                Ok(None) => {}
                Ok(Some(json)) => {
                    let inner =
                        Source { name: name.clone(), stem: stem.clone(), reader: Box::new(std::io::Cursor::new(json)) };
                    let bytes = self.loaded.bytes;
                    self.json(inner, Some(document.line()));
                    self.loaded.bytes = bytes;
                }
                Err((line, reason)) => {
                    self.doubt(None, stem.as_deref(), first);
                    self.loaded.unreadable.push(Unreadable { path: format!("{name}:{line}"), object: None, reason });
                }
            }
        }
    }
}

/// The kind that a file is named after: `ips`, `ip`, `eip`, also with a prefix such as `01-ips` or `dump.ips`.
pub(crate) fn kind_of_stem(stem: &str) -> Option<Kind> {
    Kind::from_resource(stem).or_else(|| {
        // `iptables-eips` holds a dash itself: the longest ending that is a name counts.
        let cuts = stem.match_indices(['-', '_', '.']).map(|(at, _)| at + 1);
        cuts.filter_map(|from| Kind::from_resource(&stem[from..])).next()
    })
}

/// Whether a source is YAML: its first byte, space and comments aside, opens no JSON value.
fn looks_like_yaml(source: &mut Source) -> std::io::Result<bool> {
    use std::io::BufRead;
    let start = source.reader.fill_buf()?;
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let first = start.iter().find(|b| !b.is_ascii_whitespace());
    // Text of keys and colons, a document marker, a comment: YAML. Anything else is left to the JSON side to refuse.
    Ok(first.is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'#' | b'%' | b'\''))
        && yaml::plausible(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_a_resource_in_every_usual_way() {
        for (stem, kind) in [
            ("ips", Kind::Ip),
            ("ip", Kind::Ip),
            ("iptables-eips", Kind::IptablesEip),
            ("01-subnets", Kind::Subnet),
            ("prod_pods", Kind::Pod),
            ("subnets.kubeovn.io", Kind::Subnet),
            ("vpc-nat-gateways", Kind::VpcNatGateway),
        ] {
            assert_eq!(kind_of_stem(stem), Some(kind), "{stem}");
        }
        assert_eq!(kind_of_stem("everything"), None);
    }
}
