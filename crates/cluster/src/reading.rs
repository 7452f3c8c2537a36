//! Reading a whole cluster.
//!
//! In: a cluster. Out: [`Live`]: every object, cut down to what audit reads, and how each list ended. Guarantees: the order
//! is [`crate::ORDER`]; objects that cannot be read are held as such; a failing kind does not stop the others.

use crate::call::Cluster;
use crate::list::{Event, Intake, Listing};
use api::slim::{Kind, Time};
use dump::snapshot::{Manifest, redact};
use engine::World;
use engine::report::UnreadableLine;
use engine::world::{Builder, Reading, Settings};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Namespace and name.
pub(crate) type Name = (String, String);

/// How far the reading is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The kind that is being listed.
    pub kind: Kind,
    /// Objects of all kinds so far.
    pub objects: u64,
    /// Why it goes no further at the moment.
    pub waiting: Option<String>,
}

/// A cluster as it was read.
#[derive(Debug, Default)]
pub struct Live {
    /// Objects by kind and name, slim JSON.
    pub(crate) objects: BTreeMap<Kind, BTreeMap<Name, Vec<u8>>>,
    /// How each list ended.
    pub lists: BTreeMap<Kind, Listing>,
    /// When the reading ended.
    pub time: Option<Time>,
}

/// Reads a cluster. `now` is asked for the time when the last list has ended.
pub async fn read(cluster: &Cluster, progress: &mut dyn FnMut(Progress), now: impl Fn() -> Time) -> Live {
    let mut taker = Taker { live: Live::default(), before: 0, progress };
    let lists = cluster.list_all(&Kind::ALL, &mut taker).await;
    let mut live = taker.live;
    live.lists = lists.into_iter().collect();
    live.time = Some(now());
    live
}

/// Takes objects as they are listed.
struct Taker<'p> {
    live: Live,
    /// Objects of the kinds that are done.
    before: u64,
    progress: &'p mut dyn FnMut(Progress),
}

impl Intake for Taker<'_> {
    fn object(&mut self, kind: Kind, json: &[u8]) {
        let objects = self.live.objects.entry(kind).or_default();
        match serde_json::from_slice(json) {
            Ok(object) => objects.insert(name_of(&object), slim(kind, &object)),
            // Nested deeper than any reader goes: there, and unreadable. Its text may hold what a snapshot must not.
            Err(_) => objects.insert((String::new(), format!("number {}", objects.len() + 1)), b"null".to_vec()),
        };
    }

    fn restart(&mut self, kind: Kind) {
        self.live.objects.remove(&kind);
    }

    fn event(&mut self, event: Event<'_>) {
        let (kind, objects, waiting) = match event {
            Event::Begun { kind } => (kind, 0, None),
            Event::Page { kind, objects, .. } => (kind, objects, None),
            Event::Retry { kind, objects, retry } => (kind, objects, Some(retry.to_string())),
            Event::Expired { kind, .. } => (kind, 0, Some("the list expired and begins again".to_owned())),
            Event::Done { kind, .. } => {
                self.before += self.live.objects.get(&kind).map_or(0, |objects| objects.len() as u64);
                return;
            }
        };
        (self.progress)(Progress { kind, objects: self.before + objects, waiting });
    }
}

/// The slim JSON of an object.
pub(crate) fn slim(kind: Kind, object: &Value) -> Vec<u8> {
    redact(kind, object).to_string().into_bytes()
}

fn name_of(object: &Value) -> Name {
    let text =
        |key: &str| object.pointer(&format!("/metadata/{key}")).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("namespace"), text("name"))
}

impl Live {
    /// The world of these objects, and what could not be read.
    #[must_use]
    pub fn world(&self, grace: i64) -> (World, Vec<UnreadableLine>) {
        let mut builder = Builder::default();
        let mut unreadable = Vec::new();
        for (&kind, objects) in &self.objects {
            for ((namespace, name), bytes) in objects {
                match api::slim::read(kind, bytes) {
                    Ok(parsed) => builder.add(parsed),
                    Err(error) => {
                        let object = if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}") };
                        let object = Some(format!("{kind} {object}"));
                        unreadable.push(UnreadableLine {
                            path: kind.plural().to_owned(),
                            object,
                            reason: error.reason.clone(),
                        });
                        builder.add_unreadable(error);
                    }
                }
            }
        }
        for (&kind, listing) in &self.lists {
            match listing.problem() {
                None => builder.coverage().complete(kind),
                Some(reason) => {
                    unreadable.push(UnreadableLine { path: kind.plural().to_owned(), object: None, reason });
                }
            }
        }
        (builder.build(Settings { reading: Reading::Ordered, now: self.time, grace }), unreadable)
    }

    /// The manifest of a snapshot of it.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        let ended = self.lists.iter().filter(|(_, listing)| listing.is_complete());
        let complete: Vec<Kind> = ended.map(|(kind, _)| *kind).collect();
        let missing: Map<String, Value> =
            self.stopped().map(|(kind, problem)| (kind.plural().to_owned(), problem.into())).collect();
        Manifest::new(self.time.map(|time| time.to_string()).unwrap_or_default(), &complete, missing, true)
    }

    /// Every object, as slim JSON, in a fixed order.
    pub fn objects(&self) -> impl Iterator<Item = (Kind, &[u8])> {
        self.objects.iter().flat_map(|(kind, objects)| objects.values().map(|bytes| (*kind, bytes.as_slice())))
    }

    /// Why nothing at all could be read; none where a kind was. Kinds that the cluster does not have are no reading.
    #[must_use]
    pub fn why_nothing(&self) -> Option<String> {
        let is_read = self.lists.values().any(|listing| matches!(listing, Listing::Complete { .. }));
        (!is_read).then(|| self.stopped().next().map(|(_, why)| why).unwrap_or_default())
    }

    /// The kinds that are not known in full, and why.
    pub fn stopped(&self) -> impl Iterator<Item = (Kind, String)> {
        self.lists.iter().filter_map(|(kind, listing)| listing.problem().map(|problem| (*kind, problem)))
    }
}
