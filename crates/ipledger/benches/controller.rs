//! The controller on a real API server: a thousand pods at once, beside as many raw writes on the same server.
//!
//! In: the test bed's programs; without them it says so and ends. Out: time to the last claim, annotation and IP object, writes by
//! verb and resource from the audit log, latency from bound to claimed, then the same for their deletion; beside it the time that
//! the same number of raw writes takes from one process with as many connections. All in one run.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testbed::{Assets, CLUSTER_OBJECTS, ControlPlane, Look, Need, Requests, User, wait};

/// Pods at once.
const PODS: usize = 1000;
/// Requests of the bench itself at a time.
const MAKERS: usize = 8;
const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";
const IPS: &str = "/apis/kubeovn.io/v1/ips";
const PODS_PATH: &str = "/api/v1/namespaces/default/pods";
const SOON: Duration = Duration::from_secs(300);

struct Controller(Child);

impl Controller {
    fn start(bed: &ControlPlane) -> Self {
        let log = File::create(bed.run().logs().join("controller.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipledger"));
        command.args(["controller", "--listen", "127.0.0.1:0", "--lease", "", "--log-level", "warn", "--kubeconfig"]);
        command.arg(bed.kubeconfig(&User::admin()).unwrap()).env("NO_PROXY", "*");
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        bed.run().mark(&mut command);
        Self(command.spawn().unwrap())
    }

    /// Peak resident memory, MB.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Does something for each number, several at a time.
fn each(bed: &ControlPlane, number: usize, work: impl Fn(&Requests, usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..MAKERS {
            scope.spawn(|| {
                let requests = bed.requests(&User::admin()).unwrap();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= number {
                        return;
                    }
                    work(&requests, at);
                }
            });
        }
    });
}

/// How many objects a collection holds.
fn count(bed: &ControlPlane, path: &str) -> u64 {
    let list = bed.get(&format!("{path}?limit=1")).unwrap();
    let items = list["items"].as_array().unwrap().len() as u64;
    items + list["metadata"]["remainingItemCount"].as_u64().unwrap_or(0)
}

fn wait_count(bed: &ControlPlane, path: &str, wanted: usize) {
    wait(&format!("{wanted} of {path}"), SOON, || {
        let seen = count(bed, path);
        Ok(if seen == wanted as u64 { Look::Done(()) } else { Look::NotYet(seen.to_string()) })
    })
    .unwrap();
}

fn seconds(since: Instant) -> String {
    format!("{:.1} s", since.elapsed().as_secs_f64())
}

fn pod(number: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("p{number}"), "annotations": {"k8s.v1.cni.cncf.io/networks": "macvlan"}},
        "spec": {"nodeName": "node1", "containers": [{"name": "c", "image": "none"}]},
    })
}

/// As many raw writes as the controller makes on the way up: two creates and one patch per pod.
fn raw(bed: &ControlPlane) -> Duration {
    let create =
        |name: String| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}});
    let maps = "/api/v1/namespaces/default/configmaps";
    let begun = Instant::now();
    each(bed, PODS, |requests, number| {
        requests.post(maps, &create(format!("a{number}"))).unwrap();
        requests.post(maps, &create(format!("b{number}"))).unwrap();
        requests.patch(&format!("{maps}/a{number}"), &json!({"data": {"a": "c"}})).unwrap();
    });
    begun.elapsed()
}

fn main() {
    if let Err(missing) = Assets::find().check(Need::Controllers) {
        println!("left out, since the test bed is not built (`cargo xtask testbed`): {missing}");
        return;
    }
    let bed = ControlPlane::builder().controllers().start().unwrap();
    let crds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/crds");
    bed.kubectl(&["create", "-k", crds.to_str().unwrap()]).unwrap();
    bed.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]).unwrap();
    bed.apply(CLUSTER_OBJECTS).unwrap();
    bed.apply(
        "apiVersion: v1\nkind: Node\nmetadata: {name: node1}\n---\n\
         apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: ipledger-agent-node1, namespace: kube-system}\n---\n\
         apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: ext}\nspec: {provider: macvlan.default, cidrBlock: 10.16.0.0/16}\n",
    )
    .unwrap();
    println!("{PODS} bound pods with one attachment each, one API server, {MAKERS} connections that make them");
    println!("{:<44} {:.1} s", "raw: two creates and a patch per pod", raw(&bed).as_secs_f64());
    let controller = Controller::start(&bed);
    bed.wait_for("/apis/kubeovn.io/v1/subnets/ext", "to be Ready", SOON, |subnet| {
        !subnet["status"]["conditions"].is_null()
    })
    .unwrap();
    up(&bed);
    println!("{:<44} {} MB", "controller, peak memory", controller.memory());
    down(&bed);
    drop(controller);
    backlog(&bed);
}

/// The pods are there already, and the controller starts: nothing but its own writes takes time.
fn backlog(bed: &ControlPlane) {
    each(bed, PODS, |requests, number| drop(requests.post(PODS_PATH, &pod(number)).unwrap()));
    let begun = Instant::now();
    let controller = Controller::start(bed);
    wait("the first claim", SOON, || {
        Ok(if count(bed, CLAIMS) > 0 { Look::Done(()) } else { Look::NotYet("none".to_owned()) })
    })
    .unwrap();
    println!("{:<44} {}", "started with all pods bound: first claim", seconds(begun));
    served(bed, begun);
    println!("{:<44} {} MB", "controller, peak memory", controller.memory());
}

/// Waits until every pod has everything.
fn served(bed: &ControlPlane, begun: Instant) {
    wait_count(bed, CLAIMS, PODS);
    println!("{:<44} {}", "last claim", seconds(begun));
    wait_count(bed, IPS, PODS);
    println!("{:<44} {}", "last IP object", seconds(begun));
    wait("all pods to be told", SOON, || {
        let pods = bed.get(PODS_PATH).unwrap();
        let told = |pod: &&Value| pod["metadata"]["annotations"]["macvlan.default.kubernetes.io/allocated"] == "true";
        let number = pods["items"].as_array().unwrap().iter().filter(told).count();
        Ok(if number == PODS { Look::Done(()) } else { Look::NotYet(number.to_string()) })
    })
    .unwrap();
    println!("{:<44} {}", "last annotation", seconds(begun));
}

/// All come at once.
fn up(bed: &ControlPlane) {
    let mark = bed.audit().mark().unwrap();
    let begun = Instant::now();
    each(bed, PODS, |requests, number| drop(requests.post(PODS_PATH, &pod(number)).unwrap()));
    println!("{:<44} {}", "the pods are made", seconds(begun));
    served(bed, begun);
    writes(bed, mark);
    latency(bed);
}

/// All go, and their agent speaks.
fn down(bed: &ControlPlane) {
    let mark = bed.audit().mark().unwrap();
    let begun = Instant::now();
    each(bed, PODS, |requests, number| {
        requests.delete(&format!("{PODS_PATH}/p{number}?gracePeriodSeconds=0")).unwrap();
    });
    println!("{:<44} {}", "the pods are deleted", seconds(begun));
    let claims = bed.get(CLAIMS).unwrap();
    let claims = claims["items"].as_array().unwrap();
    each(bed, claims.len(), |requests, number| {
        let claim = &claims[number];
        let word = json!({"status": {"letGo": {"podUID": claim["status"]["occupant"]["podUID"], "at": "2026-01-01T00:00:00Z"}}});
        requests.patch(&format!("{CLAIMS}/{}", claim["metadata"]["name"].as_str().unwrap()), &word).unwrap();
    });
    println!("{:<44} {}", "the agent's word is given", seconds(begun));
    wait_count(bed, CLAIMS, 0);
    wait_count(bed, IPS, 0);
    println!("{:<44} {}", "last claim and IP object gone", seconds(begun));
    writes(bed, mark);
}

fn writes(bed: &ControlPlane, mark: testbed::Mark) {
    let all: BTreeMap<String, usize> = bed.audit().writes(mark, "ipledger/").unwrap();
    let all: Vec<String> = all.iter().map(|(what, number)| format!("{what} {number}")).collect();
    println!("{:<44} {}", "writes", all.join(", "));
}

/// From a pod's creation to its claim's, as the API server dates them: whole seconds.
fn latency(bed: &ControlPlane) {
    let time = |object: &Value| object["metadata"]["creationTimestamp"].as_str().unwrap().to_owned();
    let pods = bed.get(PODS_PATH).unwrap();
    let made: BTreeMap<String, String> =
        pods["items"].as_array().unwrap().iter().map(|pod| (pod["metadata"]["uid"].to_string(), time(pod))).collect();
    let claims = bed.get(CLAIMS).unwrap();
    let seconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    let mut waits: Vec<i64> = claims["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|claim| seconds(&time(claim)) - seconds(&made[&claim["spec"]["holder"]["uid"].to_string()]))
        .collect();
    waits.sort_unstable();
    println!(
        "{:<44} {} s, {} s",
        "from bound to claimed, p50 and p99",
        waits[waits.len() / 2],
        waits[waits.len() * 99 / 100]
    );
}
