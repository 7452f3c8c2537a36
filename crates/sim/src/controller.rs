//! The controller's shell, without a clock and without threads: lists, watches, and a queue.
//!
//! In: the server. Out: what the engine is told, in order. Guarantees: everything is listed once before it is watched,
//! and watched from the version of the list; after a watch that expired the new list is compared with what was known: as the
//! real shell does.

use crate::oracle::Violation;
use crate::setup::{AGENT_PREFIX, CONFIG_MAPS, LEASES};
use crate::unanswered::Unanswered;
use api::names::GATEWAY_CONFIG;
use api::names::leases::KUBE_OVN;
use api::slim::{Kind, Object, Str, Time, Uid, read};
use engine::manage::{
    Bug, Command, Engine, GatewaySettings, Input, NEEDED, OPTIONAL, Outcome, PrimaryNetwork, Settings, Tenure,
};
use model::{Body, EventKind, Request, Server, Timestamp, WatchId};
use serde_json::Value;
use std::collections::{BTreeSet, VecDeque};

/// What a watch is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Kind(Kind),
    /// Leases: those of the agents, and that of Kube-OVN's controller.
    Agents,
    /// ConfigMaps: the switch of Kube-OVN's gateways.
    Switch,
}

/// What is listed and watched.
#[derive(Debug)]
struct Watched {
    source: Source,
    path: String,
    watch: Option<WatchId>,
    /// What was told and is not known to be gone: UIDs; of what is no kind of the engine's, names.
    known: BTreeSet<String>,
}

/// A controller that runs.
#[derive(Debug)]
pub(crate) struct Controller {
    pub(crate) engine: Engine,
    watches: Vec<Watched>,
    inbox: VecDeque<Input>,
    /// What it decided on and has not sent.
    pub(crate) outbox: VecDeque<Command>,
    pub(crate) unanswered: Unanswered,
    /// Its watches tell it nothing: what it knows grows old.
    pub(crate) deaf: bool,
    /// Its watches are too old to be gone on with: what it is to know it must list again.
    pub(crate) expired: bool,
}

impl Controller {
    /// Starts: lists every kind, and watches it from there on.
    pub(crate) fn start(server: &mut Server, (primary, bug): (PrimaryNetwork, Option<Bug>), now: Timestamp) -> Self {
        let mut controller = Self {
            engine: Engine::new(Settings { primary, ..settings(bug) }),
            watches: Vec::new(),
            inbox: VecDeque::new(),
            outbox: VecDeque::new(),
            unanswered: Unanswered::default(),
            deaf: false,
            expired: false,
        };
        let kinds = NEEDED.into_iter().map(|kind| (Source::Kind(kind), collection(kind)));
        for (source, path) in
            kinds.chain([(Source::Agents, LEASES.to_owned()), (Source::Switch, CONFIG_MAPS.to_owned())])
        {
            let mut watched = Watched { source, path, watch: None, known: BTreeSet::new() };
            let inputs = watched.list(server, now);
            if watched.watch.is_some() {
                controller.inbox.extend(inputs);
            } else {
                // That there is no such kind is known at once.
                inputs.into_iter().for_each(|input| drop(controller.engine.step(input, Time(now.secs()))));
            }
            controller.watches.push(watched);
        }
        controller
    }

    /// Takes what the watches have to tell.
    pub(crate) fn listen(&mut self, server: &mut Server, now: Timestamp) {
        if self.deaf {
            return;
        }
        let expired = std::mem::take(&mut self.expired);
        for watched in &mut self.watches {
            let again = expired || watched.has_come(server);
            self.inbox.extend(if again { watched.list(server, now) } else { watched.poll(server) });
        }
    }

    /// Whether its watches are over although nobody ended them, or an answer was older than what it knows: the storage was put back, and
    /// what it knows never was.
    pub(crate) fn is_cut(&self, server: &Server) -> bool {
        let heard =
            !self.deaf && self.watches.iter().filter_map(|watched| watched.watch).any(|watch| server.is_over(watch));
        heard || self.engine.past_returned()
    }

    /// Puts an outcome at the end of the queue.
    pub(crate) fn tell(&mut self, input: Input) {
        self.inbox.push_back(input);
    }

    /// What it decided on and has not sent is never sent.
    pub(crate) fn lose_unsent(&mut self) {
        for command in std::mem::take(&mut self.outbox) {
            self.tell(Input::Done(command.id, Outcome::Unknown));
        }
    }

    /// Lets the engine take one step, where there is anything to take in: how many calls it asks for.
    pub(crate) fn step(&mut self, now: Timestamp) -> Result<Option<usize>, Violation> {
        let Some(input) = self.inbox.pop_front() else { return Ok(None) };
        self.unanswered.hear(&input);
        let before = self.outbox.len();
        self.outbox.extend(self.engine.step(input, Time(now.secs())));
        self.outbox.range(before..).try_for_each(|command| self.unanswered.sends(command))?;
        Ok(Some(self.outbox.len() - before))
    }

    /// Whether it has heard and taken in everything that its watches had to tell when it listened last.
    pub(crate) fn knows_all(&self) -> bool {
        !self.deaf && self.inbox.is_empty()
    }

    /// Stops watching: the process is gone.
    pub(crate) fn die(self, server: &mut Server) {
        self.watches.into_iter().filter_map(|watched| watched.watch).for_each(|watch| server.close(watch));
    }
}

impl Watched {
    /// Whether its kind was not there when it was listed, and is now.
    fn has_come(&self, server: &Server) -> bool {
        let Source::Kind(kind) = self.source else { return false };
        self.watch.is_none() && server.serves(kind.group(), kind.plural())
    }

    /// Lists, tells the difference to what was known, and watches from there on. Of a kind that there is not there is nothing.
    fn list(&mut self, server: &mut Server, now: Timestamp) -> Vec<Input> {
        let path = &self.path;
        let response = server.handle(Request::get(path.as_str()), now);
        let list = match (response.body, self.source) {
            (Body::List(list), _) => list,
            (_, Source::Kind(kind)) if OPTIONAL.contains(&kind) => return vec![Input::Listed(kind)],
            _ => panic!("GET {path} answers no list: {}", response.code),
        };
        let there: BTreeSet<String> = list.items.iter().map(|item| life(self.source, item)).collect();
        let mut inputs: Vec<Input> = list.items.iter().filter_map(|item| seen(self.source, item)).collect();
        let is_there = |name: &str| there.contains(name);
        let lacking: Vec<&String> = self.known.difference(&there).collect();
        match self.source {
            Source::Kind(kind) => {
                let lacking: BTreeSet<Uid> = lacking.iter().map(|uid| Uid::parse(uid)).collect();
                inputs.extend((!lacking.is_empty()).then_some(Input::Lacking(kind, lacking)));
                inputs.push(Input::Listed(kind));
            }
            Source::Agents => {
                inputs.extend(lacking.iter().filter_map(|lease| node_of(lease)).map(Input::AgentGone));
                inputs.extend((!is_there(KUBE_OVN)).then_some(Input::RivalSeen(None)));
                inputs.push(Input::AgentsListed);
            }
            Source::Switch if is_there(GATEWAY_CONFIG.0) => {}
            Source::Switch => inputs.push(Input::RivalGateways(false)),
        }
        self.known = there;
        let version = list.metadata["resourceVersion"].as_str().unwrap_or_default().to_owned();
        let request = Request::get(path.as_str()).with("watch", "true").with("resourceVersion", version);
        let Body::Watch(id) = server.handle(request, now).body else { panic!("{path} cannot be watched") };
        if let Some(old) = self.watch.replace(id) {
            server.close(old);
        }
        inputs
    }

    fn poll(&mut self, server: &mut Server) -> Vec<Input> {
        let mut inputs = Vec::new();
        for event in self.watch.map(|watch| server.poll(watch)).unwrap_or_default() {
            let life = life(self.source, &event.object);
            match event.kind {
                EventKind::Added | EventKind::Modified => {
                    self.known.insert(life);
                    inputs.extend(seen(self.source, &event.object));
                }
                EventKind::Deleted => {
                    self.known.remove(&life);
                    inputs.extend(gone(self.source, &event.object));
                }
                EventKind::Bookmark | EventKind::Error => {}
            }
        }
        inputs
    }
}

/// What is remembered of an object that was told.
fn life(source: Source, object: &Value) -> String {
    let field = if matches!(source, Source::Kind(_)) { "uid" } else { "name" };
    text(object, field).to_owned()
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or_default()
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
        Source::Agents if object["metadata"]["name"] == KUBE_OVN => {
            let text = |field: &str| Str::from(object["spec"][field].as_str().unwrap_or_default());
            let seconds = object["spec"]["leaseDurationSeconds"].as_i64().unwrap_or_default();
            let tenure = Tenure { holder: text("holderIdentity"), renewed: text("renewTime"), seconds };
            Some(Input::RivalSeen(Some(tenure)))
        }
        Source::Agents => {
            let renewed = Str::from(object["spec"]["renewTime"].as_str().unwrap_or_default());
            agent(object).map(|node| Input::AgentSeen { node, renewed })
        }
        Source::Switch => {
            let (name, key) = GATEWAY_CONFIG;
            (object["metadata"]["name"] == name).then(|| Input::RivalGateways(object["data"][key] != "false"))
        }
    }
}

fn gone(source: Source, object: &Value) -> Option<Input> {
    let name = text(object, "name");
    match source {
        Source::Kind(kind) => Some(Input::Gone {
            kind,
            namespace: text(object, "namespace").into(),
            name: name.into(),
            uid: Uid::parse(text(object, "uid")),
        }),
        Source::Agents if name == KUBE_OVN => Some(Input::RivalSeen(None)),
        Source::Agents => node_of(name).map(Input::AgentGone),
        Source::Switch => (name == GATEWAY_CONFIG.0).then_some(Input::RivalGateways(false)),
    }
}

/// The node whose agent a Lease is of.
fn agent(lease: &Value) -> Option<Str> {
    node_of(lease["metadata"]["name"].as_str()?)
}

fn node_of(lease: &str) -> Option<Str> {
    lease.strip_prefix(AGENT_PREFIX).map(Str::from)
}
