//! A cluster with its address manager, driven step by step.
//!
//! In: a [`Story`], a [`Fault`]. Out: [`End`] or a [`Violation`]. Guarantees: one thing happens at a time; the controller,
//! the nodes and the parts of Kubernetes take turns until none has anything to do.

use crate::controller::Controller;
use crate::decision;
use crate::end::End;
use crate::excuse::{Excuses, claim_at};
use crate::fault::Fault;
use crate::migrations::Migrations;
use crate::net::{FIRST, FIRST_NAMED};
use crate::node::Node;
use crate::oracle::{Violation, always, at_rest};
use crate::planted::Planted;
use crate::setup;
use crate::story::{Act, Story};
use crate::wire::Wire;
use api::names::DEFAULT_SUBNET;
use engine::manage::{Call, Command, Engine, Input, NewClaim, Outcome, PrimaryNetwork, Verb};
use model::{Options, Request, Server, Timestamp, cluster as parts};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// When a story begins: the same for all, so that runs can be compared.
const START: Timestamp = Timestamp(1_800_000_000_000);
/// Turns until a cluster must be at rest. The longest story takes some hundred.
const TURNS: usize = 20_000;
/// Longer than the engine waits before it asks again what was refused, and than the grace of an absent owner.
const CALM: i64 = 90;
/// A grace may begin with the first, and the last state of a Subnet is written a second after its end.
const CALMS: usize = 3;

/// See the module.
#[derive(Debug)]
pub struct Cluster {
    pub(crate) server: Server,
    pub(crate) wire: Wire,
    pub(crate) writes: Writes,
    pub(crate) nodes: Vec<Node>,
    pub(crate) controllers: Vec<Controller>,
    /// Whose turn it is.
    turn: usize,
    pub(crate) now: Timestamp,
    pub(crate) fault: Fault,
    pub(crate) late: Vec<Request>,
    pub(crate) excuses: Excuses,
    pub(crate) migrations: Migrations,
    /// A snapshot of the storage.
    saved: Option<Server>,
    /// At which revision the other parts had nothing to do.
    parts_done_at: Option<u64>,
    planted: Option<Planted>,
    /// How the controllers run.
    primary: PrimaryNetwork,
    /// What the wire of the first network is called.
    first_wire: &'static str,
    /// Whether pods that ask for any address of the first network ask for one MAC.
    pub(crate) one_mac: bool,
    /// After how many writes they stop, where they do.
    down_after: Option<u64>,
}

/// What a controller wrote.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    /// How often.
    pub(crate) all: u64,
    /// How often a Subnet or an IPPool.
    pub(crate) accounts: u64,
    /// How often an Event.
    pub(crate) events: u64,
    /// The last write.
    pub(crate) last: String,
}

impl Writes {
    fn count(&mut self, call: &Call) {
        self.all += 1;
        self.events += u64::from(call.path.contains("/events"));
        self.accounts += u64::from(["/subnets/", "/ippools/"].iter().any(|kind| call.path.contains(kind)));
        self.last = format!("{:?} {} {:?}", call.verb, call.path, call.body);
    }
}

/// Runs a story to its end: rest, one more restart, and no write by it.
///
/// # Errors
/// The first invariant that does not hold.
pub fn run(story: &Story, fault: Fault) -> Result<End, Violation> {
    run_with(1, story, fault)
}

/// Runs a story with several controllers at once, none of which knows of another.
///
/// # Errors
/// The first invariant that does not hold.
pub fn run_with(controllers: usize, story: &Story, fault: Fault) -> Result<End, Violation> {
    run_on(Cluster::new(controllers, fault, None), story, fault)
}

/// Runs a story with a controller that works and another one that stands by. Nobody begins anew: who takes over knows already.
///
/// # Errors
/// The first invariant that does not hold, or a call of the one that stands by.
pub fn run_with_standby(story: &Story, fault: Fault) -> Result<End, Violation> {
    let mut cluster = Cluster::new(2, fault, None);
    cluster.controllers[1].engine.lead(false);
    run_on(cluster, story, fault)
}

fn run_on(mut cluster: Cluster, story: &Story, fault: Fault) -> Result<End, Violation> {
    let controllers = cluster.controllers.len();
    cluster.rest()?;
    for act in &story.acts {
        cluster.act(act);
        cluster.rest()?;
    }
    cluster.calm()?;
    at_rest(&cluster)?;
    let end = End::of(&cluster);
    (0..controllers).for_each(|at| cluster.restart(at));
    cluster.rest()?;
    // Events are best effort: one that was lost is told by the next process, and by nobody before.
    let writes = &cluster.writes;
    let lost = if fault == Fault::None { 0 } else { writes.events - end.event_writes };
    if writes.all - lost != end.all_writes() {
        let (more, last) = (writes.all - end.all_writes(), &writes.last);
        return Err(Violation(format!("a restart with nothing changed wrote {more} times, last {last}")));
    }
    Ok(end)
}

/// A server with definitions and a network: compiling the definitions takes longer than most stories.
fn prepared() -> Server {
    static PREPARED: OnceLock<Server> = OnceLock::new();
    let prepare = || {
        let mut server = Server::new(1, Options::default());
        setup::install(&mut server, START);
        server
    };
    PREPARED.get_or_init(prepare).clone()
}

/// Leaves out what a call was decided on, where that bug is planted.
fn blind(planted: Option<Planted>, call: &mut Call) {
    match (planted, call.verb, &mut call.body) {
        (Some(Planted::BlindDelete), Verb::Delete, body) => *body = None,
        (Some(Planted::BlindPatch), Verb::MergePatch, Some(body)) => {
            if let Some(meta) = body["metadata"].as_object_mut() {
                meta.remove("uid");
                meta.remove("resourceVersion");
            }
        }
        _ => {}
    }
}

impl Cluster {
    pub(crate) fn new(controllers: usize, fault: Fault, planted: Option<Planted>) -> Self {
        let mut server = prepared();
        let mut nodes: Vec<Node> = ["node1", "node2"].map(|name| Node::register(&mut server, name, START)).into();
        nodes.iter_mut().for_each(|node| node.planted = planted);
        let bug = planted.and_then(Planted::of_engine);
        let start = |_| Controller::start(&mut server, (PrimaryNetwork::Read, bug), START);
        let controllers = (0..controllers).map(start).collect();
        Self {
            server,
            wire: Wire::default(),
            writes: Writes::default(),
            nodes,
            controllers,
            turn: 0,
            now: START,
            fault,
            late: Vec::new(),
            saved: None,
            parts_done_at: None,
            planted,
            excuses: Excuses::default(),
            migrations: Migrations::default(),
            primary: PrimaryNetwork::Read,
            first_wire: FIRST,
            one_mac: false,
            down_after: None,
        }
    }

    pub(crate) fn engines(&self) -> impl Iterator<Item = &Engine> {
        self.controllers.iter().map(|controller| &controller.engine)
    }

    pub(crate) fn is_cut_off(&self, node: &str) -> bool {
        self.nodes.iter().any(|other| other.name == node && other.is_cut_off())
    }

    pub(crate) fn any_cut_off(&self) -> bool {
        self.nodes.iter().any(Node::is_cut_off)
    }

    /// What the wire of the first network is called.
    pub(crate) fn first_wire(&self) -> &'static str {
        self.first_wire
    }

    /// From now on it has a name of its own.
    pub(crate) fn name_first_wire(&mut self) {
        self.first_wire = FIRST_NAMED;
    }

    /// Whether the controllers serve the primary network.
    pub(crate) fn serves_primary(&self) -> bool {
        self.primary != PrimaryNetwork::Read
    }

    /// A claim that is deleted by hand may still be used on the wire.
    pub(crate) fn excuse(&mut self, path: &str) {
        if let Some(name) = claim_at(path) {
            self.excuses.deleted(name, &self.server, &self.wire, &self.nodes);
        }
    }

    /// Takes a snapshot of the storage.
    pub(crate) fn save(&mut self) {
        self.saved = Some(self.server.clone());
    }

    /// Whether by the snapshot a machine is given up that runs and cannot be reached.
    pub(crate) fn would_give_up(&self, is_given_up: impl Fn(&Server, &str) -> bool) -> bool {
        let mut runs = self.nodes.iter().filter(|node| node.is_cut_off() && !node.is_off());
        self.saved.as_ref().is_some_and(|saved| runs.any(|node| is_given_up(saved, &node.name)))
    }

    /// Puts the storage back to the snapshot, if there is one. What the nodes know is all that is left of the time since then: no API
    /// server runs meanwhile, for longer than a request waits (docs/operations.md), so what is on its way, or about to be sent, is lost.
    pub(crate) fn put_back(&mut self) {
        let Some(saved) = self.saved.take() else { return };
        self.late.clear();
        self.controllers.iter_mut().for_each(Controller::lose_unsent);
        self.server.put_back(&saved);
        // Revisions are used a second time.
        self.parts_done_at = None;
        self.nodes.iter_mut().for_each(Node::watch_over_claims);
        self.excuses.put_back(&self.server, &self.wire, &self.nodes);
    }

    /// What must hold after each thing that happens.
    pub(crate) fn check(&mut self) -> Result<(), Violation> {
        self.excuses.settle(&self.server, &self.wire, &self.nodes);
        self.migrations.note(&self.server);
        always(self)
    }

    pub(crate) fn act(&mut self, act: &Act) {
        self.pass(1);
        match act {
            Act::Together(acts) => acts.iter().for_each(|act| self.act(act)),
            Act::Stop(after) => self.down_after = Some(self.writes.all + after),
            Act::Start => {
                self.down_after = None;
                (0..self.controllers.len()).for_each(|at| self.restart(at));
            }
            Act::Deaf => self.controllers.iter_mut().for_each(|controller| controller.deaf = true),
            Act::Relist => self.controllers.iter_mut().for_each(|controller| {
                (controller.deaf, controller.expired) = (false, true);
            }),
            Act::Create(path, body) => {
                if body["kind"] == "VirtualMachineInstanceMigration" {
                    setup::define_migrations(&mut self.server, self.now);
                }
                setup::define_rules(&mut self.server, body["kind"].as_str().unwrap_or_default(), self.now);
                setup::create(&mut self.server, path, body.clone(), self.now);
            }
            Act::CreateOwned(path, body, owner) => self.create_owned(path, body.clone(), owner),
            Act::CreateTarget(path, body, owner, job) => {
                let (job, mut body) = (self.read(job)["metadata"].clone(), body.clone());
                body["metadata"]["annotations"]["kubevirt.io/migrationJobName"] = job["name"].clone();
                body["metadata"]["labels"]["kubevirt.io/migrationJobUID"] = job["uid"].clone();
                self.create_owned(path, body, owner);
            }
            Act::HandOff(instance, pod, job) => {
                let uid = self.read(job)["metadata"]["uid"].clone();
                let status = json!({"status": {"migrationState": {"migrationUid": uid, "targetPod": pod}}});
                self.server.handle(Request::merge_patch(instance.as_str(), status), self.now);
            }
            Act::Patch(path, body) => {
                self.server.handle(Request::merge_patch(path.as_str(), body.clone()), self.now);
            }
            Act::Delete(path, grace) => {
                self.excuse(path);
                let options = grace.map_or_else(|| json!({}), |seconds| json!({"gracePeriodSeconds": seconds}));
                self.server.handle(Request::delete(path.as_str()).with_body(options), self.now);
            }
            Act::DeleteWith(path, options) => {
                self.server.handle(Request::delete(path.as_str()).with_body(options.clone()), self.now);
            }
            Act::Exit(path) => {
                let uid = self.server.handle(Request::get(path.as_str()), self.now).value()["metadata"]["uid"].clone();
                let uid = uid.as_str().unwrap_or_default();
                self.nodes.iter_mut().for_each(|node| node.exit(uid));
            }
            Act::CutOff(name) => {
                self.nodes.iter_mut().filter(|node| node.name == *name).for_each(|node| node.set_connected(false));
            }
            Act::PowerOff(name) => {
                self.nodes.iter_mut().filter(|node| node.name == *name).for_each(|node| node.power_off(&mut self.wire));
            }
            Act::Connect(name) => {
                self.nodes.iter_mut().filter(|node| node.name == *name).for_each(|node| node.set_connected(true));
            }
            Act::PowerOn(name) => self.nodes.iter_mut().filter(|node| node.name == *name).for_each(Node::boot),
            Act::ServePrimary => {
                self.primary = PrimaryNetwork::Served { default_subnet: DEFAULT_SUBNET.into() };
                self.nodes.iter_mut().for_each(Node::ask_for_primary);
                (0..self.controllers.len()).for_each(|at| self.restart(at));
            }
            Act::Pass(seconds) => {
                self.pass(*seconds);
                self.tick();
            }
        }
    }

    /// An object as it is.
    fn read(&mut self, path: &str) -> Value {
        self.server.handle(Request::get(path), self.now).value()
    }

    fn create_owned(&mut self, path: &str, mut body: Value, owner: &str) {
        let owner = self.read(owner);
        body["metadata"]["ownerReferences"] = json!([{"apiVersion": owner["apiVersion"], "kind": owner["kind"],
            "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}]);
        setup::create(&mut self.server, path, body, self.now);
    }

    /// Time passes, and agents go on saying that they are there.
    pub(crate) fn pass(&mut self, seconds: i64) {
        self.now = self.now.plus_secs(seconds);
        self.nodes.iter_mut().for_each(|node| node.renew(&mut self.server, self.now));
    }

    pub(crate) fn tick(&mut self) {
        self.controllers.iter_mut().for_each(|controller| controller.tell(Input::Tick));
    }

    /// Lets everybody take turns until nobody has anything to do.
    pub(crate) fn rest(&mut self) -> Result<(), Violation> {
        for _ in 0..TURNS {
            if !self.turn()? {
                return Ok(());
            }
            self.check()?;
        }
        Err(Violation(format!("CONVERGENCE: not at rest after {TURNS} turns, last {}", self.writes.last)))
    }

    /// One thing happens; whether there was one to happen.
    fn turn(&mut self) -> Result<bool, Violation> {
        if self.manage()? {
            return Ok(true);
        }
        Ok((0..self.nodes.len()).any(|at| self.run_node(at)) || self.run_parts())
    }

    /// A node does one thing; whether there was one to do.
    pub(crate) fn run_node(&mut self, at: usize) -> bool {
        self.nodes[at].step(&mut self.server, &mut self.wire, self.now)
    }

    /// The other parts of Kubernetes do one thing; whether there was one to do.
    pub(crate) fn run_parts(&mut self) -> bool {
        // They look at objects alone, and of these nothing has changed since there was nothing to do.
        if self.parts_done_at == Some(self.server.revision()) {
            return false;
        }
        let (server, now) = (&mut self.server, self.now);
        let did = parts::sync_stateful_sets(server, now)
            || parts::collect_garbage(server, now)
            || parts::empty_namespaces(server, now)
            || parts::schedule(server, now);
        self.parts_done_at = (!did).then(|| self.server.revision());
        did
    }

    /// One step of a controller, and the calls that it asks for. They take turns.
    fn manage(&mut self) -> Result<bool, Violation> {
        for _ in 0..self.controllers.len() {
            let at = self.turn % self.controllers.len();
            self.turn += 1;
            if !self.think(at)? {
                continue;
            }
            while self.call(at, 0)? {}
            return Ok(true);
        }
        Ok(false)
    }

    /// Whether the controllers are stopped.
    fn is_down(&self) -> bool {
        self.down_after.is_some_and(|after| self.writes.all >= after)
    }

    /// A controller takes one thing in, where there is one or calls are still to be made; what it decides is not sent yet.
    pub(crate) fn think(&mut self, at: usize) -> Result<bool, Violation> {
        if self.is_down() {
            self.controllers[at].outbox.clear();
            return Ok(false);
        }
        if self.controllers[at].is_cut(&self.server) {
            self.restart(at);
            return Ok(true);
        }
        let controller = &mut self.controllers[at];
        controller.listen(&mut self.server, self.now);
        let Some(decided) = controller.step(self.now)? else { return Ok(!controller.outbox.is_empty()) };
        if controller.knows_all() {
            let is_again = |claim: &NewClaim| controller.unanswered.is_again(claim);
            decision::judge(&self.server, controller.outbox.iter().rev().take(decided), is_again)?;
        }
        Ok(true)
    }

    /// A controller makes one of the calls that it decided on; whether there was one.
    pub(crate) fn call(&mut self, at: usize, nth: usize) -> Result<bool, Violation> {
        if self.is_down() {
            return Ok(false);
        }
        let outbox = &mut self.controllers[at].outbox;
        let Some(command) = outbox.remove(nth % outbox.len().max(1)) else { return Ok(false) };
        if !self.execute(at, &command)? {
            // It died: what else it was about to do is lost.
            self.restart(at);
        }
        Ok(true)
    }

    /// Makes one call; false where the controller does not survive it.
    fn execute(&mut self, at: usize, command: &Command) -> Result<bool, Violation> {
        let mut call = command.action.call();
        blind(self.planted, &mut call);
        if call.verb != Verb::Get {
            self.writes.count(&call);
        }
        let request = match (call.verb, call.body) {
            (Verb::Get, _) => Request::get(call.path),
            (Verb::Replace, body) => Request::put(call.path, body.unwrap_or_default()),
            (Verb::Create, body) => Request::post(call.path, body.unwrap_or_default()),
            (Verb::MergePatch, body) => Request::merge_patch(call.path, body.unwrap_or_default()),
            (Verb::Delete, body) => Request::delete(call.path).with_body(body.unwrap_or_default()),
        };
        let hit = |write: u64| call.verb != Verb::Get && write == self.writes.all;
        let outcome = match self.fault {
            Fault::CrashBefore(write) if hit(write) => return Ok(false),
            Fault::Lose(write) if hit(write) => Outcome::Unknown,
            Fault::Late(write) if hit(write) => {
                self.late.push(request);
                Outcome::Unknown
            }
            Fault::CrashAfter(write) if hit(write) => {
                self.send(command, request)?;
                return Ok(false);
            }
            Fault::HandOverBefore(write) if hit(write) => {
                self.hand_over(at);
                Outcome::Unknown
            }
            Fault::HandOverAfter(write) if hit(write) => {
                self.hand_over(at);
                self.send(command, request)?
            }
            Fault::DropReply(write) if hit(write) => {
                self.send(command, request)?;
                Outcome::Unknown
            }
            _ => self.send(command, request)?,
        };
        self.controllers[at].tell(Input::Done(command.id, outcome));
        Ok(true)
    }

    fn send(&mut self, command: &Command, request: Request) -> Result<Outcome, Violation> {
        let response = self.server.handle(request, self.now);
        let body = serde_json::to_vec(&response.value()).unwrap_or_default();
        self.check()?;
        Ok(command.action.outcome(response.code, &body))
    }

    /// A controller loses the lead: what it has not sent it never sends. The other one has it.
    fn hand_over(&mut self, at: usize) {
        let controller = &mut self.controllers[at];
        controller.engine.lead(false);
        controller.lose_unsent();
        let next = &mut self.controllers[1 - at];
        next.engine.lead(true);
        next.tell(Input::Tick);
    }

    /// A controller dies, and another one starts.
    pub(crate) fn restart(&mut self, at: usize) {
        let bug = self.planted.and_then(Planted::of_engine);
        let next = Controller::start(&mut self.server, (self.primary.clone(), bug), self.now);
        std::mem::replace(&mut self.controllers[at], next).die(&mut self.server);
    }

    /// What is late arrives, and enough time passes for everything that waits.
    pub(crate) fn calm(&mut self) -> Result<(), Violation> {
        for request in std::mem::take(&mut self.late) {
            self.server.handle(request, self.now);
            self.check()?;
            self.rest()?;
        }
        for _ in 0..CALMS {
            self.pass(CALM);
            self.tick();
            self.rest()?;
        }
        Ok(())
    }
}
