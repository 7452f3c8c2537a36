//! What the benches of the controller share.
//!
//! In: the test bed's programs. Out: an API server with one network and one node, the controller as a process, and requests
//! made by several connections at once.
#![allow(dead_code, reason = "each bench takes what it needs")]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testbed::{Assets, CLUSTER_OBJECTS, ControlPlane, Look, Need, Requests, User, wait};

/// Requests of a bench itself at a time.
pub(crate) const MAKERS: usize = 8;
pub(crate) const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";
pub(crate) const IPS: &str = "/apis/kubeovn.io/v1/ips";
pub(crate) const PODS_PATH: &str = "/api/v1/namespaces/default/pods";
/// Longer than anything here takes, a hundred thousand pods apart.
pub(crate) const SOON: Duration = Duration::from_secs(300);

/// A cluster with the Subnet `ext` and the node `node1`; none, and why, where the test bed is not built.
pub(crate) fn set(cidr: &str) -> Option<ControlPlane> {
    if let Err(missing) = Assets::find().check(Need::Controllers) {
        println!("left out, since the test bed is not built (`cargo xtask testbed`): {missing}");
        return None;
    }
    let bed = ControlPlane::builder().controllers().start().unwrap();
    let crds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/crds");
    bed.kubectl(&["create", "-k", crds.to_str().unwrap()]).unwrap();
    bed.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]).unwrap();
    bed.apply(CLUSTER_OBJECTS).unwrap();
    bed.apply(&format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: node1}}\n---\n\
         apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {{name: ipledger-agent-node1, namespace: kube-system}}\n---\n\
         apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {{name: ext}}\nspec: {{provider: macvlan.default, cidrBlock: {cidr}}}\n",
    ))
    .unwrap();
    Some(bed)
}

/// Until the controller manages the network.
pub(crate) fn wait_network(bed: &ControlPlane) {
    bed.wait_for("/apis/kubeovn.io/v1/subnets/ext", "to be Ready", SOON, |subnet| {
        !subnet["status"]["conditions"].is_null()
    })
    .unwrap();
}

/// `ipledger controller`, until it is dropped.
pub(crate) struct Controller {
    process: Child,
    port: u16,
}

impl Controller {
    pub(crate) fn start(bed: &ControlPlane) -> Self {
        // Free a moment ago, and on loopback: who takes it meanwhile has the controller end with a word about it.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = File::create(bed.run().logs().join("controller.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipledger"));
        command.args([
            "controller",
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--lease",
            "",
            "--log-level",
            "warn",
            "--kubeconfig",
        ]);
        command.arg(bed.kubeconfig(&User::admin()).unwrap()).env("NO_PROXY", "*");
        // As config/deployment.yaml has it.
        command.env("MIMALLOC_PURGE_DELAY", "0");
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        bed.run().mark(&mut command);
        Self { process: command.spawn().unwrap(), port }
    }

    /// Peak resident memory, MB.
    pub(crate) fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Resident memory, MB.
    pub(crate) fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    fn status(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1024
    }

    /// Processor time since its start.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // Behind the name, which may hold anything: utime and stime are the 12th and 13th, in hundredths of a second.
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let ticks: u64 = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Until it says that it is ready.
    pub(crate) fn wait_ready(&self) {
        wait("the controller to be ready", SOON, || {
            let said = self.ready().unwrap_or_default();
            let first = said.lines().next().unwrap_or("no answer").to_owned();
            Ok(if first.contains(" 200 ") { Look::Done(()) } else { Look::NotYet(first) })
        })
        .unwrap();
    }

    fn ready(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        Ok(said)
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Does something for each number, several at a time.
pub(crate) fn each(bed: &ControlPlane, number: usize, work: impl Fn(&Requests, usize) + Sync) {
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
pub(crate) fn count(bed: &ControlPlane, path: &str) -> u64 {
    let list = bed.get(&format!("{path}?limit=1")).unwrap();
    let items = list["items"].as_array().unwrap().len() as u64;
    items + list["metadata"]["remainingItemCount"].as_u64().unwrap_or(0)
}

pub(crate) fn wait_count(bed: &ControlPlane, path: &str, wanted: usize) {
    wait(&format!("{wanted} of {path}"), SOON, || {
        let seen = count(bed, path);
        Ok(if seen == wanted as u64 { Look::Done(()) } else { Look::NotYet(seen.to_string()) })
    })
    .unwrap();
}

pub(crate) fn seconds(since: Instant) -> String {
    format!("{:.1} s", since.elapsed().as_secs_f64())
}

pub(crate) fn pod(number: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("p{number}"), "annotations": {"k8s.v1.cni.cncf.io/networks": "macvlan"}},
        "spec": {"nodeName": "node1", "containers": [{"name": "c", "image": "none"}]},
    })
}
