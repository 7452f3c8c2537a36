//! The cluster that the tests play on.
//!
//! In: nothing but the test bed. Out: an API server with Kube-OVN's kinds, one Subnet, a healthy pod and IP objects: `q`'s,
//! and those of pods `p1` and `p2`, which do not exist. Each test has it alone and finds it as new. Nobody is Kube-OVN's
//! controller, unless a test starts [`Controller`].

mod background;
pub(crate) mod managed;
pub(crate) mod nodes;
pub(crate) mod part;

use background::Background;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use testbed::{CLUSTER_OBJECTS, ControlPlane, IMAGE, Look, Requests, User, wait};

/// Much longer than anything here takes.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Paths of the three IP objects.
pub(crate) const IPS: &str = "/apis/kubeovn.io/v1/ips";

/// What a call of the binary printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn new(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Identifiers and certainties of the findings of a report in JSON.
    pub(crate) fn findings(&self) -> Vec<(String, String)> {
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        let report = self.json();
        let findings = report["findings"].as_array().unwrap().iter();
        findings.map(|finding| (text(finding, "id"), text(finding, "certainty"))).collect()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A command that runs the binary with a kubeconfig. It ends with the run at the latest.
pub(crate) fn command(bed: &ControlPlane, kubeconfig: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipledger"));
    command.args(arguments).arg("--kubeconfig").arg(kubeconfig).env("NO_PROXY", "*");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    bed.run().mark(&mut command);
    command
}

/// Runs the binary as a user.
pub(crate) fn ipledger(bed: &ControlPlane, user: &User, arguments: &[&str]) -> Said {
    let kubeconfig = bed.kubeconfig(user).unwrap();
    Said::new(command(bed, &kubeconfig, arguments).output().unwrap())
}

/// The binary while it runs.
pub(crate) struct Running(std::process::Child);

impl Running {
    pub(crate) fn start(bed: &ControlPlane, kubeconfig: &Path, arguments: &[&str]) -> Self {
        Self(command(bed, kubeconfig, arguments).spawn().unwrap())
    }

    /// Ends it as an impatient person or a lost terminal does.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub(crate) fn end(self) -> Said {
        Said::new(self.0.wait_with_output().unwrap())
    }
}

/// A path in this repository.
pub(crate) fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The rules of docs/audit-rbac.yaml.
pub(crate) fn documented_rules(bed: &ControlPlane) -> Vec<Value> {
    let path = file("docs/audit-rbac.yaml");
    let role = bed.kubectl(&["create", "--dry-run=client", "-o", "json", "-f", path.to_str().unwrap()]).unwrap();
    let role: Value = serde_json::from_str(&role).unwrap();
    role["rules"].as_array().unwrap().clone()
}

/// An IP object of a pod in the namespace `net`, as Kube-OVN makes it.
fn ip(pod: &str, host: u8) -> String {
    format!(
        "apiVersion: kubeovn.io/v1\nkind: IP\n\
         metadata:\n  name: {pod}.net.mv.net\n  finalizers: [kubeovn.io/kube-ovn-controller]\n  \
         labels: {{ovn.kubernetes.io/subnet: ext}}\n\
         spec: {{podName: {pod}, namespace: net, subnet: ext, v4IpAddress: 10.9.0.{host}, ipAddress: 10.9.0.{host}, \
         macAddress: '00:00:00:00:00:0{host}'}}\n---\n"
    )
}

/// A pod with an address on the attachment.
pub(crate) fn pod(name: &str, host: u8) -> String {
    let annotation = |name: &str, value: String| format!("    mv.net.kubernetes.io/{name}: '{value}'\n");
    let annotations = [
        annotation("allocated", "true".to_owned()),
        annotation("ip_address", format!("10.9.0.{host}")),
        annotation("mac_address", format!("00:00:00:00:00:0{host}")),
        annotation("logical_switch", "ext".to_owned()),
    ];
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: net\n  annotations:\n    \
         k8s.v1.cni.cncf.io/networks: net/mv\n{}\
         spec:\n  nodeName: worker\n  containers:\n  - name: c\n    image: '{IMAGE}'\n    \
         env:\n    - name: PASSWORD\n      value: hunter2\n---\n",
        annotations.concat()
    )
}

const NETWORK: &str = r#"apiVersion: v1
kind: Namespace
metadata: {name: net}
---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: mv, namespace: net}
spec: {config: '{"type":"macvlan","master":"eth1","ipam":{"type":"kube-ovn","provider":"mv.net"}}'}
---
apiVersion: kubeovn.io/v1
kind: Subnet
metadata: {name: ext}
spec: {protocol: IPv4, cidrBlock: 10.9.0.0/29, gateway: 10.9.0.1, excludeIps: [10.9.0.1], provider: mv.net}
---
"#;

fn build() -> ControlPlane {
    let bed = ControlPlane::start().unwrap();
    bed.apply(CLUSTER_OBJECTS).unwrap();
    let installed = ipledger(&bed, &User::admin(), &["crds", "install"]);
    assert_eq!(installed.code, 0, "{installed:?}");
    bed.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]).unwrap();
    bed.apply(NETWORK).unwrap();
    bed
}

/// The cluster, as this test's own.
pub(crate) struct Stage {
    pub(crate) bed: &'static ControlPlane,
    _alone: MutexGuard<'static, ()>,
}

impl Stage {
    /// Takes it, and puts everything in its place.
    pub(crate) fn set() -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        static BED: OnceLock<ControlPlane> = OnceLock::new();
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let stage = Self { bed: BED.get_or_init(build), _alone: alone };
        stage.clear();
        let objects = [ip("p1", 2), ip("p2", 4), ip("q", 3), pod("q", 3)];
        stage.bed.apply(&objects.concat()).unwrap();
        stage.set_status("pod", "q", r#"{"status":{"phase":"Running"}}"#);
        stage.count(3, 2);
        stage
    }

    /// What Kube-OVN would write into the Subnet's status.
    pub(crate) fn count(&self, using: u8, available: u8) {
        let status = json!({"status": {"v4usingIPs": using, "v4availableIPs": available}});
        self.set_status("subnet", "ext", &status.to_string());
    }

    fn set_status(&self, kind: &str, name: &str, patch: &str) {
        let namespace = ["-n", "net"];
        let patch = ["patch", kind, name, "--subresource=status", "--type=merge", "-p", patch];
        self.bed.kubectl(&[&patch[..], &namespace].concat()).unwrap();
    }

    /// Takes away what the last test left.
    fn clear(&self) {
        let api = self.bed.requests(&User::admin()).unwrap();
        // A kind whose definition was made a moment ago answers 429 for another moment.
        let ips = self.bed.wait_for(IPS, "to be listed", SOON, |_| true).unwrap();
        for ip in ips["items"].as_array().unwrap() {
            release(&api, ip["metadata"]["name"].as_str().unwrap());
        }
        self.bed.kubectl(&["delete", "ips.kubeovn.io", "--all", "--wait=false"]).unwrap();
        self.bed.kubectl(&["delete", "pods", "--all", "-n", "net", "--grace-period=0", "--force"]).unwrap();
        wait("the stage to be empty", SOON, || {
            let left = [IPS, "/api/v1/namespaces/net/pods"].map(|path| api.get(path).unwrap());
            let left: usize = left.iter().map(|list| list["items"].as_array().unwrap().len()).sum();
            Ok(if left == 0 { Look::Done(()) } else { Look::NotYet(format!("{left} objects")) })
        })
        .unwrap();
    }

    /// A file for a plan, in the run's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.bed.run().folder().join(name)
    }

    /// The IP object of a pod, as it is now.
    pub(crate) fn ip_of(&self, pod: &str) -> testbed::Result<Value> {
        self.bed.get(&format!("{IPS}/{pod}.net.mv.net"))
    }
}

/// Takes Kube-OVN's finalizer off an IP object.
fn release(api: &Requests, name: &str) {
    // It may be gone by now.
    let _ = api.patch(&format!("{IPS}/{name}"), &json!({"metadata": {"finalizers": null}}));
}

/// Does what Kube-OVN's controller does about IP objects that are being deleted: takes its finalizer off.
pub(crate) struct Controller {
    _background: Background,
}

impl Controller {
    pub(crate) fn start(bed: &'static ControlPlane) -> Self {
        let api = bed.requests(&User::admin()).unwrap();
        let turn = move || {
            for ip in api.get(IPS)?["items"].as_array().into_iter().flatten() {
                if ip["metadata"]["deletionTimestamp"].is_string() {
                    release(&api, ip["metadata"]["name"].as_str().unwrap_or_default());
                }
            }
            Ok(())
        };
        Self { _background: Background::start("the controller", turn) }
    }
}
