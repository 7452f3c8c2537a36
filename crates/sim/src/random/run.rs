//! A random run: steps, then rest, then the end of everything.
//!
//! In: steps, the number of controllers. Out: what was checked, or the first [`Violation`]. Guarantees: deterministic; faults
//! and hands stop before the cluster is asked to be at rest; a restart then writes nothing; once all objects are deleted,
//! no claim, no IP object and no address on the wire is left.

use super::dice::Dice;
use super::liveness::alive;
use super::step::{ALL, Step, What, Wrong};
use super::{gateway, hands, held, machines, migrations, nodes, people, rules};
use crate::cluster::Cluster;
use crate::fault::Fault;
use crate::net::FIRST;
use crate::node::Node;
use crate::oracle::{Violation, at_rest};
use crate::planted::Planted;
use crate::story::Act;
use model::Request;
use serde_json::json;

/// The longest that a Subnet lets freed addresses rest here.
const REST: i64 = 3600;

/// Runs these steps; an ADD does all that it does at once.
///
/// # Errors
/// The first invariant that does not hold.
pub fn replay(controllers: usize, steps: &[Step]) -> Result<(), Violation> {
    go(Cluster::new(controllers, Fault::None, None), steps)
}

/// Runs these steps; between what an ADD looks at and what it does anything may happen.
///
/// # Errors
/// The first invariant that does not hold.
pub fn replay_overtaken(controllers: usize, steps: &[Step]) -> Result<(), Violation> {
    replay_with(None, controllers, steps)
}

/// The same with a bug.
///
/// # Errors
/// The first invariant that does not hold.
pub(super) fn replay_with(planted: Option<Planted>, controllers: usize, steps: &[Step]) -> Result<(), Violation> {
    let mut cluster = Cluster::new(controllers, Fault::None, planted);
    cluster.nodes.iter_mut().for_each(Node::hesitate);
    go(cluster, steps)
}

fn go(mut cluster: Cluster, steps: &[Step]) -> Result<(), Violation> {
    cluster.server.handle(people::second_network(), cluster.now);
    cluster.rest()?;
    for step in steps {
        take(&mut cluster, step)?;
    }
    let dice = &mut Dice::new(0);
    finish(&mut cluster, dice)
}

/// One step, and the turns after it.
fn take(cluster: &mut Cluster, Step(what, turns, salt): &Step) -> Result<(), Violation> {
    cluster.pass(1);
    happen(cluster, *what)?;
    cluster.check()?;
    if *turns == ALL {
        return cluster.rest();
    }
    let dice = &mut Dice::new(u64::from(*salt));
    for _ in 0..*turns {
        if !turn(cluster, dice)? {
            break;
        }
    }
    Ok(())
}

/// Somebody does one thing, anybody; whether there was one to do.
fn turn(cluster: &mut Cluster, dice: &mut Dice) -> Result<bool, Violation> {
    let (controllers, nodes) = (cluster.controllers.len(), cluster.nodes.len());
    let all = controllers + nodes + 1;
    let first = dice.index(all);
    for at in (first..all).chain(0..first) {
        let did = match at.checked_sub(controllers) {
            None => manage(cluster, at, dice)?,
            Some(node) if node < nodes => cluster.run_node(node),
            Some(_) => cluster.run_parts(),
        };
        if did {
            cluster.check()?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// A controller takes a step or makes one of its calls: those on different objects come in any order.
fn manage(cluster: &mut Cluster, at: usize, dice: &mut Dice) -> Result<bool, Violation> {
    let waits = cluster.controllers[at].outbox.len();
    if waits > 0 && dice.percent(50) {
        return cluster.call(at, dice.index(waits));
    }
    Ok(cluster.think(at)? || cluster.call(at, dice.index(waits))?)
}

fn happen(cluster: &mut Cluster, what: What) -> Result<(), Violation> {
    let controllers = cluster.controllers.len();
    match what {
        What::Nothing => {}
        What::Pass(seconds) => cluster.act(&Act::Pass(i64::from(seconds))),
        What::Exit(pod) => exit(cluster, pod),
        What::CutOff(_) | What::PutBack => nodes::may_be_cut_off(cluster, what),
        What::Connect(node) => cluster.act(&Act::Connect(node_name(node))),
        What::PowerOff(node) => cluster.act(&Act::PowerOff(node_name(node))),
        What::OutOfService(_) | What::DropNode(_) | What::Boot(_) => nodes::happen(cluster, what),
        What::RunVm(vm, node) => machines::run(cluster, vm, &node_name(node)),
        What::Migrate(vm) => migrations::begin(cluster, vm),
        What::Migrated(vm) => migrations::succeed(cluster, vm),
        What::MigrationFailed(vm, grace) => migrations::fail(cluster, vm, grace),
        What::Program(eip) => gateway::program(cluster, eip),
        What::Unprogram(eip) => gateway::unprogram(cluster, eip),
        What::Hand(hand, pick) => hands::work(cluster, hand, pick),
        What::Arm(wrong, after) => cluster.fault = armed(wrong, cluster.writes.all + u64::from(after)),
        What::Crash(at) => cluster.restart(usize::from(at) % controllers),
        What::Deaf(at) => cluster.controllers[usize::from(at) % controllers].deaf = true,
        What::Hear(at) => cluster.controllers[usize::from(at) % controllers].deaf = false,
        What::Expire(at) => cluster.controllers[usize::from(at) % controllers].expired = true,
        What::WatchOver => cluster.nodes.iter_mut().for_each(Node::watch_over_claims),
        What::Save => cluster.save(),
        What::LateArrives => return late(cluster),
        What::Quarantine(_) | What::OvnEip(_) | What::DeleteOvnEip(_) | What::Rest(_) => {
            let requests = held::requests(what, cluster.first_wire(), cluster.now);
            send(cluster, requests);
        }
        What::NameWire => {
            cluster.name_first_wire();
            send(cluster, vec![people::name_wire()]);
        }
        What::OneMac => cluster.one_mac = true,
        What::Primary => {
            cluster.act(&Act::ServePrimary);
            ask(cluster, what);
        }
        What::Networks(pod, says) => people::networks(cluster, pod, says),
        What::Rule(kind, name, eip, asks) => rules::create(cluster, kind, name, eip, asks),
        What::DeleteRule(kind, name) => rules::delete(cluster, kind, name),
        What::Cancel(pod) => {
            // Where it is no reservation, it is the record of the pod.
            hands::touch_record(cluster, &people::port(pod));
            ask(cluster, what);
        }
        _ => ask(cluster, what),
    }
    Ok(())
}

/// People ask the API server.
fn ask(cluster: &mut Cluster, what: What) {
    let (named, one_mac) = (cluster.first_wire() != FIRST, cluster.one_mac);
    let requests = people::requests(what).into_iter();
    let requests = requests.map(|request| if named { people::with_named_wire(request) } else { request });
    let requests = requests.map(|request| if one_mac { people::with_one_mac(request) } else { request });
    send(cluster, requests.collect());
}

fn send(cluster: &mut Cluster, requests: Vec<Request>) {
    for request in requests {
        cluster.server.handle(request, cluster.now);
    }
}

/// What does not run does not end.
fn exit(cluster: &mut Cluster, pod: u8) {
    let object = cluster.server.object("", "pods", "default", &format!("p{pod}"));
    if object.is_some_and(|object| object["status"]["phase"] == "Running") {
        cluster.act(&Act::Exit(people::pod_path(pod)));
    }
}

pub(super) fn node_name(node: u8) -> String {
    format!("node{}", node + 1)
}

fn armed(wrong: Wrong, write: u64) -> Fault {
    match wrong {
        Wrong::CrashAfter => Fault::CrashAfter(write),
        Wrong::CrashBefore => Fault::CrashBefore(write),
        Wrong::DropReply => Fault::DropReply(write),
        Wrong::Lose => Fault::Lose(write),
        Wrong::Late => Fault::Late(write),
    }
}

/// The first of the writes that are late arrives.
fn late(cluster: &mut Cluster) -> Result<(), Violation> {
    if !cluster.late.is_empty() {
        let request = cluster.late.remove(0);
        cluster.server.handle(request, cluster.now);
    }
    cluster.check()
}

/// Faults and hands stop, and everything must come right; then everything is deleted, and nothing may be left.
fn finish(cluster: &mut Cluster, dice: &mut Dice) -> Result<(), Violation> {
    cluster.fault = Fault::None;
    cluster.controllers.iter_mut().for_each(|controller| controller.deaf = false);
    for node in [0, 1] {
        nodes::happen(cluster, What::Boot(node));
        cluster.act(&Act::Connect(node_name(node)));
    }
    hands::let_go(cluster);
    cluster.nodes.iter_mut().for_each(Node::hurry);
    while turn(cluster, dice)? {}
    cluster.calm()?;
    at_rest(cluster)?;
    cluster.excuses.at_rest(&cluster.server, &cluster.nodes)?;
    alive(cluster)?;
    rules::judge(cluster)?;
    restarted(cluster)?;
    clear(cluster)?;
    empty(cluster)
}

/// A restart with nothing changed writes nothing. Events are best effort: one that was lost is told by the next process.
fn restarted(cluster: &mut Cluster) -> Result<(), Violation> {
    let before = cluster.writes.all - cluster.writes.events;
    (0..cluster.controllers.len()).for_each(|at| cluster.restart(at));
    cluster.rest()?;
    if cluster.writes.all - cluster.writes.events == before {
        return Ok(());
    }
    Err(Violation(format!("RESTART: with nothing changed it wrote, last {}", cluster.writes.last)))
}

/// Deletes all that people made.
fn clear(cluster: &mut Cluster) -> Result<(), Violation> {
    let kinds = [
        ("apps", "statefulsets", "/apis/apps/v1/namespaces/default/statefulsets"),
        ("kubeovn.io", "vpc-nat-gateways", "/apis/kubeovn.io/v1/vpc-nat-gateways"),
        ("kubeovn.io", "iptables-eips", "/apis/kubeovn.io/v1/iptables-eips"),
        ("kubeovn.io", "iptables-fip-rules", "/apis/kubeovn.io/v1/iptables-fip-rules"),
        ("kubeovn.io", "iptables-dnat-rules", "/apis/kubeovn.io/v1/iptables-dnat-rules"),
        ("kubeovn.io", "iptables-snat-rules", "/apis/kubeovn.io/v1/iptables-snat-rules"),
        ("kubeovn.io", "ovn-eips", "/apis/kubeovn.io/v1/ovn-eips"),
        ("kubeovn.io", "vips", "/apis/kubeovn.io/v1/vips"),
        ("kubevirt.io", "virtualmachines", machines::VMS),
        ("kubevirt.io", "virtualmachineinstances", machines::VMIS),
        ("kubevirt.io", "virtualmachineinstancemigrations", migrations::JOBS),
        ("", "pods", "/api/v1/namespaces/default/pods"),
        ("kubeovn.io", "ippools", "/apis/kubeovn.io/v1/ippools"),
        ("kubeovn.io", "ips", "/apis/kubeovn.io/v1/ips"),
    ];
    for (group, plural, path) in kinds {
        let is_theirs =
            |object: &serde_json::Value| object["metadata"]["labels"]["ovn.kubernetes.io/ip_reserved"] != "false";
        for object in cluster.server.objects(group, plural).into_iter().filter(|object| is_theirs(object)) {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let request = Request::delete(format!("{path}/{name}")).with_body(json!({}));
            cluster.server.handle(request, cluster.now);
        }
    }
    cluster.rest()?;
    [0, 1].into_iter().for_each(|eip| gateway::unprogram(cluster, eip));
    cluster.calm()?;
    // What was freed may still rest.
    cluster.act(&Act::Pass(REST));
    cluster.calm()
}

/// Nothing is left.
fn empty(cluster: &Cluster) -> Result<(), Violation> {
    let left = |group, plural| {
        let objects = cluster.server.objects(group, plural);
        objects.iter().map(|object| object["metadata"]["name"].to_string()).collect::<Vec<_>>()
    };
    let ours = [
        "ips",
        "vips",
        "ovn-eips",
        "iptables-eips",
        "iptables-fip-rules",
        "iptables-dnat-rules",
        "iptables-snat-rules",
    ];
    let all = [("ipledger.dev", "addressclaims"), ("", "pods")].into_iter();
    for (group, plural) in all.chain(ours.map(|plural| ("kubeovn.io", plural))) {
        let names = left(group, plural);
        if !names.is_empty() {
            return Err(Violation(format!("COMPLETE-RELEASE: {plural} are left: {}", names.join(", "))));
        }
    }
    match cluster.wire.iter().next() {
        Some((net, addr, pods)) => Err(Violation(format!("COMPLETE-RELEASE: {addr} on {net} is answered by {pods:?}"))),
        None => Ok(()),
    }
}
