//! Reading a whole cluster.
//!
//! In: a client. Out: [`Live`]: every object, cut down to what audit reads, and how each list ended. Guarantees: the order
//! is [`super::ORDER`]; objects that cannot be read are held as such; a failing kind does not stop the others.

use super::list::{Listed, ORDER, Why, list};
use api::slim::{Kind, Time};
use dump::snapshot::{Manifest, redact};
use engine::World;
use engine::report::UnreadableLine;
use engine::world::{Builder, Reading, Settings};
use kube::Client;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Namespace and name.
pub(crate) type Name = (String, String);

/// How far the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The kind that is being listed.
    pub kind: Kind,
    /// Objects of all kinds so far.
    pub objects: usize,
}

/// A cluster as it was read.
#[derive(Debug, Default)]
pub struct Live {
    /// Objects by kind and name, slim JSON.
    pub(crate) objects: BTreeMap<Kind, BTreeMap<Name, Vec<u8>>>,
    /// How each list ended.
    pub lists: BTreeMap<Kind, Listed>,
    /// When the reading ended.
    pub time: Option<Time>,
}

/// Reads a cluster. `now` is asked for the time when the last list has ended.
pub async fn read(client: &Client, progress: &mut dyn FnMut(Progress), now: impl Fn() -> Time) -> Live {
    let mut live = Live::default();
    let mut total = 0;
    for kind in ORDER {
        let objects = std::cell::RefCell::new(BTreeMap::new());
        let before = total;
        progress(Progress { kind, objects: total });
        let mut count = 0;
        let listed = {
            let mut sink = |object: Value| {
                objects.borrow_mut().insert(name_of(&object), slim(kind, &object));
                count += 1;
                if count % 500 == 0 {
                    progress(Progress { kind, objects: before + count });
                }
            };
            list(client, kind, &mut sink, &mut || objects.borrow_mut().clear()).await
        };
        let objects = objects.into_inner();
        total += objects.len();
        live.objects.insert(kind, objects);
        live.lists.insert(kind, listed);
    }
    live.time = Some(now());
    live
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
        for (&kind, listed) in &self.lists {
            match listed {
                Listed::Complete { .. } | Listed::Absent => builder.coverage().complete(kind),
                Listed::Stopped(why) => {
                    unreadable.push(UnreadableLine {
                        path: kind.plural().to_owned(),
                        object: None,
                        reason: why.to_string(),
                    });
                }
            }
        }
        (builder.build(Settings { reading: Reading::Ordered, now: self.time, grace }), unreadable)
    }

    /// The manifest of a snapshot of it.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        let ended = |listed: &Listed| !matches!(listed, Listed::Stopped(_));
        let complete: Vec<Kind> =
            self.lists.iter().filter(|(_, listed)| ended(listed)).map(|(kind, _)| *kind).collect();
        let missing: Map<String, Value> = self
            .lists
            .iter()
            .filter_map(|(kind, listed)| match listed {
                Listed::Stopped(why) => Some((kind.plural().to_owned(), why.to_string().into())),
                Listed::Complete { .. } | Listed::Absent => None,
            })
            .collect();
        Manifest::new(self.time.map(|time| time.to_string()).unwrap_or_default(), &complete, missing, true)
    }

    /// Every object, as slim JSON, in a fixed order.
    pub fn objects(&self) -> impl Iterator<Item = (Kind, &[u8])> {
        self.objects.iter().flat_map(|(kind, objects)| objects.values().map(|bytes| (*kind, bytes.as_slice())))
    }

    /// The lists that stopped early, for want of rights or of an answer.
    pub fn stopped(&self) -> impl Iterator<Item = (Kind, &Why)> {
        self.lists.iter().filter_map(|(kind, listed)| match listed {
            Listed::Stopped(why) => Some((*kind, why)),
            Listed::Complete { .. } | Listed::Absent => None,
        })
    }
}
