//! The simulated kubelet against a real one with containerd: the same acts, the same pods, the same calls of the IPAM plugin.
//!
//! In: the test bed with a node. Out: for each story what a pod's object says and which ADDs and DELs came, after each act. A plugin
//! that writes down its calls stands before host-local, and looks whether the link is there: DEL must come before it goes.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use model::cluster::{Kubelet, WireEvent};
use model::{Options, Request, Server, Timestamp};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;
use testbed::{ControlPlane, Fault, IMAGE, Look, Node, NodePart, Proxy, Rule, Select, need, wait};

const PODS: &str = "/api/v1/namespaces/default/pods";
const SOON: Duration = Duration::from_secs(90);
/// Nothing more may come in this time.
const CALM: Duration = Duration::from_millis(1500);

#[derive(Debug, Clone, Copy)]
enum Act {
    /// A pod with this restart policy.
    Create(&'static str),
    /// Its containers end, well or not.
    Exit(bool),
    /// It is deleted, with this grace.
    Delete(u32),
    /// The node loses the API server, and gets it back.
    CutOff,
    Connect,
    /// The kubelet dies, and starts again.
    Crash,
    Restart,
}

/// What there is to see of a pod: its phase, whether it is being deleted; nothing if it is gone. And the plugin's calls.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    pod: Option<(String, bool)>,
    calls: Vec<String>,
}

fn seen_pod(pod: &Value) -> (String, bool) {
    (pod["status"]["phase"].as_str().unwrap().to_owned(), pod["metadata"]["deletionTimestamp"].is_string())
}

fn pod(name: &str, policy: &str) -> Value {
    let script = "until [ -f /tmp/end ]; do sleep 0.1; done; code=$(cat /tmp/end); rm /tmp/end; exit $code";
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "annotations": {"k8s.v1.cni.cncf.io/networks": "logged@net1"}},
        "spec": {
            "nodeName": "node1", "restartPolicy": policy, "automountServiceAccountToken": false, "enableServiceLinks": false,
            "dnsPolicy": "None", "dnsConfig": {"nameservers": ["127.0.0.1"]},
            "containers": [{"name": "c", "image": IMAGE, "imagePullPolicy": "Never", "command": ["sh", "-c", script]}],
        },
    })
}

/// The simulated side.
struct Simulated {
    server: Server,
    kubelet: Kubelet,
    now: Timestamp,
    calls: Vec<String>,
}

impl Simulated {
    fn new() -> Self {
        let now = Timestamp(1_800_000_000_000);
        let mut server = Server::new(1, Options::default());
        let kubelet = Kubelet::register(&mut server, "node1", now);
        Self { server, kubelet, now, calls: Vec::new() }
    }

    fn act(&mut self, name: &str, act: Act) -> Seen {
        let path = format!("{PODS}/{name}");
        match act {
            Act::Create(policy) => drop(self.server.handle(Request::post(PODS, pod(name, policy)), self.now)),
            Act::Exit(well) => {
                let uid = self.server.handle(Request::get(&path), self.now).value()["metadata"]["uid"].clone();
                self.kubelet.exit(uid.as_str().unwrap(), well);
            }
            Act::Delete(grace) => {
                let options = json!({"gracePeriodSeconds": grace});
                self.server.handle(Request::delete(&path).with_body(options), self.now);
            }
            Act::CutOff => self.kubelet.set_connected(false),
            Act::Connect => self.kubelet.set_connected(true),
            Act::Crash => self.kubelet.crash(),
            Act::Restart => self.kubelet.restart(&self.server),
        }
        self.rest();
        let answer = self.server.handle(Request::get(&path), self.now);
        let pod = (answer.code == 200).then(|| seen_pod(&answer.value()));
        Seen { pod, calls: self.calls.clone() }
    }

    fn rest(&mut self) {
        // A grace period passes.
        for _ in 0..2 {
            self.kubelet.observe(&self.server);
            while let Some(events) = self.kubelet.step(&mut self.server, self.now) {
                for event in events {
                    match event {
                        WireEvent::Add(_) => self.calls.push("ADD".to_owned()),
                        WireEvent::Release(_) => self.calls.push("DEL".to_owned()),
                        WireEvent::LinkGone(_) => {}
                    }
                }
                self.kubelet.observe(&self.server);
            }
            self.now = self.now.plus_secs(5);
        }
    }
}

/// The real side: one node for all stories.
struct Real {
    cut: Option<Rule>,
    node: Node,
    proxy: Proxy,
    log: PathBuf,
    bed: ControlPlane,
}

impl Real {
    fn start() -> Self {
        let bed = ControlPlane::builder().nodes().start().unwrap();
        let proxy = bed.proxy().unwrap();
        let node = bed.node_behind(1, &proxy).unwrap();
        let (folder, log) = (bed.run().folder().join("cni-bin"), bed.run().folder().join("calls.log"));
        let script = format!(
            "#!/bin/sh\nname=$(echo \"$CNI_ARGS\" | tr ';' '\\n' | sed -n 's/^K8S_POD_NAME=//p')\n\
             link=none\n[ -n \"$CNI_NETNS\" ] && nsenter --net=\"$CNI_NETNS\" ip link show \"$CNI_IFNAME\" >/dev/null 2>&1 && link=there\n\
             case $CNI_COMMAND in ADD|DEL) echo \"$name $CNI_COMMAND $link\" >>{} ;; esac\nexec {}/host-local\n",
            log.display(),
            folder.display()
        );
        let plugin = folder.join("logged");
        std::fs::write(&plugin, script).unwrap();
        std::fs::set_permissions(&plugin, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(&log, "").unwrap();
        bed.apply(
            "apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: {name: logged, namespace: default}\n\
             spec: {config: '{\"cniVersion\":\"1.1.0\",\"type\":\"macvlan\",\"master\":\"wire0\",\"mode\":\"bridge\",\
             \"ipam\":{\"type\":\"logged\",\"subnet\":\"172.17.0.0/24\"}}'}\n",
        )
        .unwrap();
        Self { cut: None, node, proxy, log, bed }
    }

    fn act(&mut self, name: &str, act: Act) {
        match act {
            Act::Create(policy) => drop(self.bed.apply(&pod(name, policy).to_string()).unwrap()),
            Act::Exit(well) => {
                let code = if well { "0" } else { "1" };
                self.bed.exec("default", name, &["sh", "-c", &format!("echo {code} >/tmp/end")]).unwrap();
            }
            Act::Delete(grace) => {
                let grace_period = format!("--grace-period={grace}");
                let force = format!("--force={}", grace == 0);
                self.bed.kubectl(&["delete", "pod", name, &grace_period, &force, "--wait=false"]).unwrap();
            }
            Act::CutOff => {
                self.cut = Some(self.proxy.inject(Select::any(), Fault::Refuse));
                self.proxy.cut(&Select::any());
            }
            Act::Connect => {
                if let Some(cut) = self.cut.take() {
                    cut.lift();
                }
            }
            Act::Crash => self.node.kill9(NodePart::Kubelet).unwrap(),
            Act::Restart => self.node.restart(NodePart::Kubelet).unwrap(),
        }
    }

    fn seen(&self, name: &str) -> Seen {
        let pod = self.bed.get(&format!("{PODS}/{name}")).ok().map(|pod| seen_pod(&pod));
        let text = std::fs::read_to_string(&self.log).unwrap();
        // A runtime repeats DEL until it has succeeded once more after the link was gone.
        let mine = text.lines().filter_map(|line| line.strip_prefix(&format!("{name} ")));
        let calls = mine.filter(|call| *call != "DEL none").map(|call| call.split(' ').next().unwrap().to_owned());
        Seen { pod, calls: calls.collect() }
    }

    /// Waits until it is as wanted, and stays so.
    fn expect(&self, name: &str, act: Act, wanted: &Seen) {
        // Between two sandboxes the order is the machine's: mostly the new one is made before the old one goes.
        let in_order = |mut seen: Seen| {
            if seen.calls.iter().filter(|call| *call == "ADD").count() > 1 {
                seen.calls.sort();
            }
            seen
        };
        let wanted = &in_order(wanted.clone());
        let what = format!("{name} after {act:?} to be as simulated: {wanted:?}");
        wait(&what, SOON, || {
            let seen = in_order(self.seen(name));
            Ok(if seen == *wanted { Look::Done(()) } else { Look::NotYet(format!("{seen:?}")) })
        })
        .unwrap();
        // What must not happen takes its time.
        std::thread::sleep(CALM);
        assert_eq!(in_order(self.seen(name)), *wanted, "{name} after {act:?}, a little later");
    }
}

#[test]
fn a_real_kubelet_does_what_the_simulated_one_does() {
    need!(Nodes);
    let stories: &[(&str, &[Act])] = &[
        ("deleted", &[Act::Create("Always"), Act::Delete(1)]),
        ("forced", &[Act::Create("Always"), Act::Delete(0)]),
        ("succeeds", &[Act::Create("Never"), Act::Exit(true), Act::Delete(1)]),
        ("fails", &[Act::Create("Never"), Act::Exit(false), Act::Delete(0)]),
        ("restarts", &[Act::Create("Always"), Act::Exit(false), Act::Delete(1)]),
        ("cut-off", &[Act::Create("Always"), Act::CutOff, Act::Delete(1), Act::Connect]),
        ("cut-off-forced", &[Act::Create("Always"), Act::CutOff, Act::Delete(0), Act::Connect]),
        (
            "ends-cut-off",
            &[Act::Create("Never"), Act::CutOff, Act::Delete(0), Act::Create("Never"), Act::Connect, Act::Delete(1)],
        ),
        ("kubelet-dies", &[Act::Create("Always"), Act::Crash, Act::Delete(1), Act::Restart]),
        ("kubelet-dies-forced", &[Act::Create("Always"), Act::Crash, Act::Delete(0), Act::Restart]),
        ("kubelet-restarts", &[Act::Create("Always"), Act::Crash, Act::Restart, Act::Delete(1)]),
    ];
    let mut real = Real::start();
    for (name, acts) in stories {
        let mut simulated = Simulated::new();
        for act in *acts {
            let wanted = simulated.act(name, *act);
            real.act(name, *act);
            real.expect(name, *act, &wanted);
        }
        eprintln!("{name}: {} acts alike, calls {:?}", acts.len(), simulated.calls);
    }
}
