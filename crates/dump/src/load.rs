//! Loading: threads take batches from the source, and what they make of them is put in order.
//!
//! In: inputs. Out: [`Loaded`]. Guarantees: as many batches in memory as threads, and one; the order of the result is that
//! of the inputs. Whoever is free cuts off the next batch, under a lock, and parses it outside of it: there is no thread
//! that only waits, and cutting takes an eighth of the time of parsing.

use crate::input::{Input, InputError, entries};
use crate::limits::{MAX_DESCRIBED, MAX_HELD, MAX_IGNORED_KINDS};
use crate::loaded::{ListFact, Loaded, Progress, Unreadable};
use crate::names::kind_of_stem;
use crate::snapshot;
use crate::source::{Batch, List, ListId, ListType, Problem, Source};
use crate::work::{InlineList, Outcome, Tally, Worker};
use crate::{lines, loaded};
use api::slim::Parsed;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Stack of a thread that reads: nesting is bounded, and at [`crate::limits::MAX_DEPTH`] levels the YAML parser takes 2 MiB
/// in a build without optimization.
pub(crate) const STACK: usize = 16 << 20;

/// How to load.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Threads; `None`: as many as there are processors.
    pub threads: Option<NonZero<usize>>,
}

/// Reads all inputs. `progress` is called after every megabyte or so, from any thread.
///
/// # Errors
/// An input that is not there. What is there and cannot be read is told in [`Loaded::unreadable`].
pub fn load(
    inputs: Vec<Input>,
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Loaded, InputError> {
    let (entries, total) = entries(inputs)?;
    let read = Arc::new(AtomicU64::new(0));
    let pool = Pool {
        source: Mutex::new(Source::new(entries, Arc::clone(&read))),
        collected: Mutex::default(),
        read,
        total,
        progress,
    };
    let threads = options.threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        let started = (0..threads).filter(|_| {
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || pool.run()).is_ok()
        });
        if started.count() == 0 {
            // No thread to be had: this one does it, as far as its stack goes.
            pool.run();
        }
    });
    let bytes = pool.read.load(Ordering::Relaxed);
    Ok(finish(unlocked(pool.source), unlocked(pool.collected), bytes))
}

/// What the threads share.
struct Pool<'p> {
    source: Mutex<Source>,
    collected: Mutex<Collected>,
    read: Arc<AtomicU64>,
    total: Option<u64>,
    progress: &'p (dyn Fn(Progress) + Sync),
}

/// Outcomes of batches.
#[derive(Default)]
struct Collected {
    objects: BTreeMap<u64, Vec<Parsed>>,
    count: u64,
    problems: Vec<Problem>,
    more_problems: u64,
    ignored: BTreeMap<String, u64>,
    tallies: BTreeMap<ListId, Tally>,
    /// With the batch's number, and their order in it.
    inline: BTreeMap<(u64, usize), (u32, InlineList)>,
    records: BTreeMap<(u64, usize), (u32, snapshot::Record)>,
    /// By input: objects that are not in lists, readable or not.
    single_objects: BTreeMap<u32, u64>,
    held: BTreeMap<u64, Held>,
    held_bytes: usize,
}

/// A batch that waits for its list to say of which kind its items are.
struct Held {
    batch: Batch,
    /// Its text was let go: to be read again, or, if that cannot be, lost.
    released: bool,
}

/// A thread that panicked leaves nothing half done that another one would trip over.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unlocked<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

impl Pool<'_> {
    fn run(&self) {
        let mut worker = Worker::default();
        let mut spare = None;
        loop {
            let batch = {
                let mut source = locked(&self.source);
                if let Some(buffer) = spare.take() {
                    source.recycle(buffer);
                }
                source.next()
            };
            let Some(batch) = batch else { return };
            let (outcome, buffer) = worker.work(batch);
            spare = Some(buffer).filter(|buffer| !buffer.is_empty());
            let objects = {
                let mut collected = locked(&self.collected);
                collected.add(outcome);
                collected.count
            };
            (self.progress)(Progress { bytes: self.read.load(Ordering::Relaxed), total: self.total, objects });
        }
    }
}

impl Collected {
    fn add(&mut self, outcome: Outcome) {
        let Outcome { number, input, objects, problems, more_problems, ignored, tallies, inline, records, held, .. } =
            outcome;
        *self.single_objects.entry(input).or_default() += outcome.single_objects;
        self.count += objects.len() as u64;
        if !objects.is_empty() {
            self.objects.entry(number).or_default().extend(objects);
        }
        self.more_problems += more_problems;
        self.add_problems(problems);
        for (kind, count) in ignored {
            self.ignore(kind, count);
        }
        for (list, tally) in tallies {
            self.tallies.entry(ListId { input, list }).or_default().merge(tally);
        }
        self.inline.extend(inline.into_iter().enumerate().map(|(at, list)| ((number, at), (input, list))));
        self.records.extend(records.into_iter().enumerate().map(|(at, record)| ((number, at), (input, record))));
        if let Some(batch) = held {
            self.hold(batch);
        }
    }

    /// Keeps the first ones, in the order of the inputs, whatever the order in which they come.
    fn add_problems(&mut self, problems: Vec<Problem>) {
        if problems.is_empty() {
            return;
        }
        self.problems.extend(problems);
        self.problems.sort_by_key(|problem| (problem.input, problem.place.offset));
        self.more_problems += self.problems.len().saturating_sub(MAX_DESCRIBED) as u64;
        self.problems.truncate(MAX_DESCRIBED);
    }

    fn ignore(&mut self, kind: String, count: u64) {
        if self.ignored.contains_key(&kind) || self.ignored.len() < MAX_IGNORED_KINDS {
            *self.ignored.entry(kind).or_default() += count;
        } else {
            *self.ignored.entry("other kinds".to_owned()).or_default() += count;
        }
    }

    fn hold(&mut self, mut batch: Batch) {
        let again = batch.again.is_some();
        let released = again || self.held_bytes + batch.filled > MAX_HELD;
        if released {
            batch.buffer = Vec::new();
        } else {
            batch.buffer.truncate(batch.filled);
            batch.buffer.shrink_to_fit();
            self.held_bytes += batch.filled;
        }
        self.held.insert(batch.number, Held { batch, released });
    }
}

/// Reads what was held back, and puts everything in order.
fn finish(source: Source, mut collected: Collected, bytes: u64) -> Loaded {
    let Source { inputs, lists, problems, .. } = source;
    for problem in &problems {
        let Some(list) = problem.list else { continue };
        let tally = collected.tallies.entry(ListId { input: problem.input, list }).or_default();
        tally.items += 1;
        tally.unread += 1;
    }
    collected.add_problems(problems);
    release(&lists, &mut collected);
    let mut facts = Vec::new();
    for list in lists {
        let tally = collected.tallies.remove(&list.id).unwrap_or_default();
        let input = &inputs[list.id.input as usize];
        if let Some(problem) = list.header.problem() {
            let place = crate::source::Place { offset: 0, line: Some((1, 1)) };
            let problem = Problem { input: list.id.input, place, list: None, kind: None, name: None, reason: problem.to_owned() };
            collected.add_problems(vec![problem]);
        }
        facts.push(((list.id.input, list.id.list), fact(input, &list.header, tally, list.ended)));
    }
    for (at, (input, list)) in std::mem::take(&mut collected.inline) {
        let name = &inputs[input as usize];
        facts.push(((input, u32::try_from(at.0).unwrap_or(u32::MAX)), fact(name, &list.header, list.tally, true)));
    }
    facts.sort_by_key(|(order, _)| *order);
    let (manifests, wrong) =
        snapshot::manifests(std::mem::take(&mut collected.records).into_values(), &collected.single_objects);
    for (input, reason) in wrong {
        let place = crate::source::Place { offset: 0, line: Some((1, 1)) };
        collected.add_problems(vec![Problem { input, place, list: None, kind: None, name: None, reason }]);
    }
    Loaded {
        objects: collected.objects.into_values().collect(),
        lists: facts.into_iter().map(|(_, fact)| fact).collect(),
        manifests: manifests.into_iter().map(|(input, manifest)| (inputs[input as usize].name.clone(), manifest)).collect(),
        unreadable: lines::resolve(collected.problems, &inputs),
        more_unreadable: collected.more_problems,
        ignored: collected.ignored,
        bytes,
    }
}

fn fact(input: &crate::source::InputName, header: &crate::json::header::Header, tally: Tally, ended: bool) -> ListFact {
    let kind = header.kind().unwrap_or_default();
    let typed = api::slim::Kind::from_list(&header.api_version().unwrap_or_default(), &kind);
    ListFact {
        source: input.name.clone(),
        named_after: input.stem.as_deref().and_then(kind_of_stem),
        typed,
        kind,
        continued: header.continued(),
        whole: ended && tally.unread == 0 && header.problem().is_none(),
        items: tally.items,
        kinds: tally.kinds,
        namespaces: tally.namespaces,
    }
}

/// Reads the batches that were held back, now that their lists have said what they hold.
fn release(lists: &[List], collected: &mut Collected) {
    let types: BTreeMap<ListId, &ListType> = lists.iter().map(|list| (list.id, &list.list_type)).collect();
    let mut worker = Worker::default();
    for (_, Held { mut batch, released }) in std::mem::take(&mut collected.held) {
        if released && !read_again(&mut batch) {
            collected.add_problems(vec![lost(&batch)]);
            for item in &batch.items {
                let Some(list) = item.list else { continue };
                let tally = collected.tallies.entry(ListId { input: batch.input, list }).or_default();
                tally.items += 1;
                tally.unread += 1;
            }
            continue;
        }
        for (list, list_type) in &mut batch.types {
            let said = types.get(&ListId { input: batch.input, list: *list });
            // What has not been said by now never will be.
            *list_type = said.map_or(ListType::Mixed, |said| match said {
                ListType::Unknown => ListType::Mixed,
                said => (*said).clone(),
            });
        }
        let (outcome, _) = worker.work(batch);
        collected.add(outcome);
    }
}

/// Reads the text of a batch once more; false if that is not possible.
fn read_again(batch: &mut Batch) -> bool {
    use std::io::{Read, Seek, SeekFrom};
    let Some(path) = &batch.again else { return false };
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(path)?;
        file.seek(SeekFrom::Start(batch.place.offset))?;
        let mut text = vec![0; batch.filled];
        file.read_exact(&mut text)?;
        Ok(text)
    };
    match read() {
        Ok(text) => {
            batch.buffer = text;
            true
        }
        Err(_) => false,
    }
}

fn lost(batch: &Batch) -> Problem {
    let count = batch.items.len();
    let reason = format!(
        "{count} objects were not read: their list says only behind them of which kind they are, and more than {} MiB \
         cannot be held back; name the list as an uncompressed file",
        MAX_HELD >> 20
    );
    Problem { input: batch.input, place: batch.place, list: None, kind: None, name: None, reason }
}

impl From<Problem> for Unreadable {
    fn from(problem: Problem) -> Self {
        let (line, column) = problem.place.line.unwrap_or_default();
        Self {
            source: String::new(),
            position: loaded::Position { offset: problem.place.offset, line, column },
            kind: problem.kind,
            name: problem.name,
            reason: problem.reason,
        }
    }
}
