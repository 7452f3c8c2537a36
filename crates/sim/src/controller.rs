//! The controller's shell, without a clock and without threads: lists, watches, and a queue.
//!
//! In: the server. Out: what the engine is told, in order. Guarantees: everything is listed once before it is watched,
//! and watched from the version of the list, as the real shell does.

use crate::setup::{AGENT_PREFIX, LEASES};
use api::slim::{Kind, Object, Str, Time, read};
use engine::manage::{Bug, Command, Engine, GatewaySettings, Input, NEEDED, PrimaryNetwork, Settings};
use model::{Body, EventKind, Request, Server, Timestamp, WatchId};
use serde_json::Value;
use std::collections::VecDeque;

/// What a watch is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Kind(Kind),
    Agents,
}

/// A controller that runs.
#[derive(Debug)]
pub(crate) struct Controller {
    pub(crate) engine: Engine,
    watches: Vec<(Source, WatchId)>,
    inbox: VecDeque<Input>,
    /// What it decided on and has not sent.
    pub(crate) outbox: VecDeque<Command>,
    /// Its watches tell it nothing: what it knows grows old.
    pub(crate) deaf: bool,
}

impl Controller {
    /// Starts: lists every kind, and watches it from there on.
    pub(crate) fn start(server: &mut Server, (primary, bug): (PrimaryNetwork, Option<Bug>), now: Timestamp) -> Self {
        let mut controller = Self {
            engine: Engine::new(Settings { primary, ..settings(bug) }),
            watches: Vec::new(),
            inbox: VecDeque::new(),
            outbox: VecDeque::new(),
            deaf: false,
        };
        for kind in NEEDED {
            controller.list(server, Source::Kind(kind), &collection(kind), now);
            controller.inbox.push_back(Input::Listed(kind));
        }
        controller.list(server, Source::Agents, LEASES, now);
        controller.inbox.push_back(Input::AgentsListed);
        controller
    }

    fn list(&mut self, server: &mut Server, source: Source, path: &str, now: Timestamp) {
        let response = server.handle(Request::get(path), now);
        let Body::List(list) = response.body else { panic!("GET {path} answers no list: {}", response.code) };
        for item in &list.items {
            self.inbox.extend(seen(source, item));
        }
        let version = list.metadata["resourceVersion"].as_str().unwrap_or_default().to_owned();
        let request = Request::get(path).with("watch", "true").with("resourceVersion", version);
        let Body::Watch(id) = server.handle(request, now).body else { panic!("{path} cannot be watched") };
        self.watches.push((source, id));
    }

    /// Takes what the watches have to tell; whether there was anything.
    pub(crate) fn listen(&mut self, server: &mut Server) {
        for (source, id) in self.watches.iter().filter(|_| !self.deaf) {
            for event in server.poll(*id) {
                self.inbox.extend(match event.kind {
                    EventKind::Added | EventKind::Modified => seen(*source, &event.object),
                    EventKind::Deleted => gone(*source, &event.object),
                    EventKind::Bookmark | EventKind::Error => None,
                });
            }
        }
    }

    /// Puts an outcome at the end of the queue.
    pub(crate) fn tell(&mut self, input: Input) {
        self.inbox.push_back(input);
    }

    /// Lets the engine take one step; whether there was anything to take in.
    pub(crate) fn step(&mut self, now: Timestamp) -> bool {
        let Some(input) = self.inbox.pop_front() else { return false };
        self.outbox.extend(self.engine.step(input, Time(now.secs())));
        true
    }

    /// Stops watching: the process is gone.
    pub(crate) fn die(self, server: &mut Server) {
        for (_, id) in self.watches {
            server.close(id);
        }
    }
}

fn settings(bug: Option<Bug>) -> Settings {
    Settings { bug, gateway: GatewaySettings { image: "gateway".into(), command: Vec::new() }, ..Settings::default() }
}

/// The path of all objects of a kind.
pub(crate) fn collection(kind: Kind) -> String {
    let version = kind.api_version();
    let root = if version.contains('/') { "/apis" } else { "/api" };
    format!("{root}/{version}/{}", kind.plural())
}

/// An object in its slim form.
pub(crate) fn slim(kind: Kind, object: &Value) -> Option<Object> {
    let bytes = serde_json::to_vec(object).ok()?;
    read(kind, &bytes).ok().map(|parsed| parsed.object)
}

fn seen(source: Source, object: &Value) -> Option<Input> {
    match source {
        Source::Kind(kind) => slim(kind, object).map(Input::Seen),
        Source::Agents => agent(object).map(Input::AgentSeen),
    }
}

fn gone(source: Source, object: &Value) -> Option<Input> {
    let Source::Kind(kind) = source else { return agent(object).map(Input::AgentGone) };
    let object = slim(kind, object)?;
    let meta = object.meta();
    Some(Input::Gone { kind, namespace: meta.namespace.clone(), name: meta.name.clone(), uid: meta.uid.clone() })
}

/// The node whose agent a Lease is of.
fn agent(lease: &Value) -> Option<Str> {
    lease["metadata"]["name"].as_str()?.strip_prefix(AGENT_PREFIX).map(Str::from)
}
