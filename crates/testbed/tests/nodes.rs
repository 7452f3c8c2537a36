//! Claims about nodes. Each needs root.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use testbed::{Assets, ControlPlane, Fault, IMAGE, Look, NodePart, Select, need, wait};

const SOON: Duration = Duration::from_secs(120);

/// By this a test finds all processes of the run of another process.
const OWNER: &str = "IPLEDGER_TESTBED_TEST_OWNER";

/// One test at a time: a bed with nodes fills two cores while it starts.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// macvlan on the wire, with a range of addresses per node: host-local knows nothing of other nodes.
fn networks() -> String {
    let network = |node: u8| {
        let ipam = format!(
            r#"{{"type":"host-local","subnet":"172.17.0.0/24","rangeStart":"172.17.0.{node}0","rangeEnd":"172.17.0.{node}9"}}"#
        );
        let config =
            format!(r#"{{"cniVersion":"1.1.0","type":"macvlan","master":"wire0","mode":"bridge","ipam":{ipam}}}"#);
        format!(
            "apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\n\
             metadata: {{name: wire-{node}, namespace: default}}\nspec: {{config: '{config}'}}\n---\n"
        )
    };
    (1..=2).map(network).collect()
}

fn pod(name: &str, node: u8) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\n\
         metadata: {{name: {name}, annotations: {{k8s.v1.cni.cncf.io/networks: wire-{node}@net1}}}}\n\
         spec:\n  nodeName: node{node}\n  dnsPolicy: None\n  dnsConfig: {{nameservers: [127.0.0.1]}}\n  \
         enableServiceLinks: false\n  automountServiceAccountToken: false\n  terminationGracePeriodSeconds: 0\n  \
         containers: [{{name: c, image: \"{IMAGE}\", imagePullPolicy: Never, command: [sleep, '1000000']}}]\n---\n"
    )
}

/// The address of a pod on the wire.
fn wire_address(bed: &ControlPlane, pod: &str) -> String {
    let shown = bed.exec("default", pod, &["ip", "-4", "-o", "address", "show", "dev", "net1"]).unwrap();
    let address = shown.split_whitespace().skip_while(|word| *word != "inet").nth(1).unwrap();
    address.split('/').next().unwrap().to_owned()
}

fn ping(bed: &ControlPlane, from: &str, to: &str) {
    wait(&format!("{from} to reach {to}"), SOON, || {
        let answer = bed.exec("default", from, &["ping", "-c", "1", "-W", "1", to]);
        Ok(answer.map_or_else(|error| Look::NotYet(error.to_string()), Look::Done))
    })
    .unwrap();
}

/// After a loss of power: the kernel takes the network namespaces of what was killed apart in its own time.
fn wait_silent(bed: &ControlPlane, address: &str) {
    wait(&format!("{address} to be silent"), SOON, || {
        match bed.fabric().unwrap().exec(&["busybox", "ping", "-c", "1", "-W", "1", address]) {
            Ok(answer) => Ok(Look::NotYet(answer)),
            Err(_) => Ok(Look::Done(())),
        }
    })
    .unwrap();
}

#[test]
fn two_pods_on_macvlan_on_two_nodes_reach_each_other_and_survive_the_death_of_every_process() {
    need!(Nodes);
    let _alone = alone();
    let start = Instant::now();
    let bed = ControlPlane::builder().nodes().start().unwrap();
    eprintln!("control plane ready after {:.1?}", start.elapsed());
    let mut nodes = [bed.node(1).unwrap(), bed.node(2).unwrap()];
    eprintln!("two nodes ready after {:.1?}", start.elapsed());
    bed.apply(&networks()).unwrap();
    let asked = Instant::now();
    bed.apply(&format!("{}{}", pod("one", 1), pod("two", 2))).unwrap();
    for name in ["one", "two"] {
        bed.wait_running("default", name, SOON).unwrap();
    }
    eprintln!("two pods on macvlan run {:.1?} after they were asked for", asked.elapsed());
    let addresses = ["one", "two"].map(|pod| wire_address(&bed, pod));
    assert_eq!(addresses, ["172.17.0.10", "172.17.0.20"]);
    ping(&bed, "one", &addresses[1]);
    ping(&bed, "two", &addresses[0]);
    // A neighbour that is no pod: a host on the physical network.
    let fabric = bed.fabric().unwrap();
    fabric.exec(&["ip", "address", "add", "172.17.0.1/24", "dev", "wire"]).unwrap();
    ping(&bed, "one", "172.17.0.1");
    fabric.exec(&["busybox", "ping", "-c", "1", "-W", "5", &addresses[1]]).unwrap();
    // The primary network leads to the API server.
    let (api, _) = bed.server().strip_prefix("https://").unwrap().split_once(':').unwrap();
    ping(&bed, "two", api);
    for part in [NodePart::Kubelet, NodePart::Containerd] {
        nodes[0].kill9(part).unwrap();
        // Containers do not need their keepers.
        fabric.exec(&["busybox", "ping", "-c", "1", "-W", "5", &addresses[0]]).unwrap();
        nodes[0].restart(part).unwrap();
        let name = format!("after-{part:?}").to_lowercase();
        bed.apply(&pod(&name, 1)).unwrap();
        bed.wait_running("default", &name, SOON).unwrap();
        ping(&bed, &name, &addresses[1]);
    }
    assert_eq!(wire_address(&bed, "one"), addresses[0]);
    bed.kubectl(&["delete", "pod", "one", "two"]).unwrap();
    bed.wait_gone("/api/v1/namespaces/default/pods/one", SOON).unwrap();
}

#[test]
fn a_node_that_loses_its_power_comes_back_with_its_pods() {
    need!(Nodes);
    let _alone = alone();
    let bed = ControlPlane::builder().nodes().start().unwrap();
    let mut node = bed.node(1).unwrap();
    bed.apply(&networks()).unwrap();
    bed.apply(&pod("one", 1)).unwrap();
    let before = bed.wait_running("default", "one", SOON).unwrap();
    bed.fabric().unwrap().exec(&["ip", "address", "add", "172.17.0.1/24", "dev", "wire"]).unwrap();
    bed.fabric().unwrap().exec(&["busybox", "ping", "-c", "1", "-W", "5", "172.17.0.10"]).unwrap();
    node.power_off().unwrap();
    wait_silent(&bed, "172.17.0.10");
    node.boot().unwrap();
    node.wait_ready(&bed).unwrap();
    let path = "/api/v1/namespaces/default/pods/one";
    let after = bed
        .wait_for(path, "to run again", SOON, |pod| {
            let container = &pod["status"]["containerStatuses"][0];
            container["ready"] == true && container["restartCount"] == 1
        })
        .unwrap();
    assert_eq!(before["metadata"]["uid"], after["metadata"]["uid"]);
    bed.exec("default", "one", &["true"]).unwrap();
}

#[test]
fn two_beds_with_nodes_side_by_side_do_not_meet() {
    need!(Nodes);
    let _alone = alone();
    let [one, other] = std::thread::scope(|scope| {
        let start = || {
            let bed = ControlPlane::builder().nodes().start().unwrap();
            let node = bed.node(1).unwrap();
            bed.apply(&networks()).unwrap();
            bed.apply(&pod("one", 1)).unwrap();
            bed.wait_running("default", "one", SOON).unwrap();
            bed.fabric().unwrap().exec(&["ip", "address", "add", "172.17.0.1/24", "dev", "wire"]).unwrap();
            (bed, node)
        };
        [scope.spawn(start), scope.spawn(start)].map(|thread| thread.join().unwrap())
    });
    // The same node, the same pod, the same address, on two wires.
    let (bed, mut node) = one;
    let reaches =
        |bed: &ControlPlane| bed.fabric().unwrap().exec(&["busybox", "ping", "-c", "1", "-W", "2", "172.17.0.10"]);
    reaches(&bed).unwrap();
    node.power_off().unwrap();
    wait_silent(&bed, "172.17.0.10");
    drop((node, bed));
    let (bed, _node) = other;
    reaches(&bed).unwrap();
    bed.exec("default", "one", &["true"]).unwrap();
}

#[test]
fn a_node_behind_a_proxy_can_be_cut_off_while_its_pods_go_on() {
    need!(Nodes);
    let _alone = alone();
    let bed = ControlPlane::builder().nodes().start().unwrap();
    let proxy = bed.proxy().unwrap();
    let _node = bed.node_behind(1, &proxy).unwrap();
    bed.apply(&networks()).unwrap();
    bed.apply(&pod("one", 1)).unwrap();
    bed.wait_running("default", "one", SOON).unwrap();
    let cut = proxy.inject(Select::any(), Fault::Refuse);
    proxy.cut(&Select::any());
    let ready = |status: &'static str| {
        move |node: &serde_json::Value| {
            let conditions = node["status"]["conditions"].as_array();
            conditions.is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == status))
        }
    };
    bed.wait_for("/api/v1/nodes/node1", "to be out of contact", SOON, ready("Unknown")).unwrap();
    bed.fabric().unwrap().exec(&["ip", "address", "add", "172.17.0.1/24", "dev", "wire"]).unwrap();
    bed.fabric().unwrap().exec(&["busybox", "ping", "-c", "1", "-W", "5", "172.17.0.10"]).unwrap();
    cut.lift();
    bed.wait_for("/api/v1/nodes/node1", "to be back", SOON, ready("True")).unwrap();
}

/// A bed with a node, kept by another process.
struct Owner {
    child: Child,
    name: String,
    kubeconfig: String,
    folder: PathBuf,
    slot: String,
}

impl Owner {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bed"));
        let name = format!("nodes-{}", std::process::id());
        command.args(["up", "--nodes", "1"]).env(OWNER, &name).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let kubeconfig = line.trim().strip_prefix("export KUBECONFIG=").unwrap().to_owned();
        let folder = Path::new(&kubeconfig).ancestors().nth(2).unwrap().to_owned();
        let slot = folder.file_name().unwrap().to_str().unwrap().to_owned();
        Self { child, name, kubeconfig, folder, slot }
    }

    fn kubectl(&self, arguments: &[&str]) {
        let mut kubectl = Command::new(Assets::find().program("kubectl").unwrap());
        assert!(kubectl.args(["--kubeconfig", &self.kubeconfig]).args(arguments).status().unwrap().success());
    }

    /// Cgroups of the run, those of its containers last.
    fn cgroups(&self) -> Vec<PathBuf> {
        let wanted = format!("ipledger-bed-{}", self.slot);
        folders_below(Path::new("/sys/fs/cgroup"))
            .into_iter()
            .filter(|path| path.components().any(|part| part.as_os_str() == wanted.as_str()))
            .collect()
    }

    /// What is there of it.
    fn left(&self) -> Vec<String> {
        let link = Path::new("/sys/class/net").join(format!("ilb{}", self.slot));
        let cgroups = self.cgroups();
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let mounts = mounts.lines().filter(|line| line.contains(self.folder.to_str().unwrap())).count();
        let processes = common::processes_with(OWNER, &self.name);
        let left = [
            link.exists().then(|| "link".to_owned()),
            (!cgroups.is_empty()).then(|| format!("cgroups {cgroups:?}")),
            (mounts > 0).then(|| format!("{mounts} mounts")),
            (!processes.is_empty()).then(|| format!("processes {processes:?}")),
            self.folder.exists().then(|| "folder".to_owned()),
        ];
        left.into_iter().flatten().collect()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folders_below(folder: &Path) -> Vec<PathBuf> {
    // A cgroup may go while it is looked at.
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path());
    folders.flat_map(|path| [vec![path.clone()], folders_below(&path)].concat()).collect()
}

#[test]
fn a_bed_with_nodes_that_is_killed_leaves_no_link_cgroup_mount_or_process() {
    need!(Nodes);
    let _alone = alone();
    let mut owner = Owner::start();
    owner.kubectl(&["run", "one", "--image", IMAGE, "--image-pull-policy=Never"]);
    owner.kubectl(&["wait", "pod", "one", "--for=condition=Ready", "--timeout=120s"]);
    let of_containers = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "k8s.io");
    assert!(owner.cgroups().iter().any(of_containers), "{:?}", owner.left());
    assert!(Path::new("/sys/class/net").join(format!("ilb{}", owner.slot)).exists());
    owner.child.kill().unwrap();
    wait("nothing to be left", SOON, || {
        let left = owner.left();
        Ok(if left.is_empty() { Look::Done(()) } else { Look::NotYet(left.join(", ")) })
    })
    .unwrap();
}
