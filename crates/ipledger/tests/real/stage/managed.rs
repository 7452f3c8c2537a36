//! A control plane that manages addresses.
//!
//! In: the test bed. Out: a control plane with kube-controller-manager and everything of config/, and the controller as a
//! process with exactly the rights of config/rbac.yaml and under the policies of config/policies.yaml. Nodes are objects, and
//! their agents' word is given by script, truthfully: nothing is on any wire. Guarantees: every wait ends, and its failure shows
//! what was seen last, and the controller's log.

use super::part::Part;
use super::{SOON, file, ipledger};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use testbed::{CLUSTER_OBJECTS, ControlPlane, IMAGE, Look, Mark, Requests, User, wait};

pub(crate) const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";
pub(crate) const SUBNETS: &str = "/apis/kubeovn.io/v1/subnets";
pub(crate) const EIPS: &str = "/apis/kubeovn.io/v1/iptables-eips";
pub(crate) const GATEWAYS: &str = "/apis/kubeovn.io/v1/vpc-nat-gateways";
pub(crate) const PODS: &str = "/api/v1/namespaces/default/pods";

/// A test does not wait for an owner's absence as long as a cluster does, nor for what was refused.
const QUICK: [&str; 6] = ["--grace", "2s", "--retry", "2s", "--gateway-image", IMAGE];

/// Beside [`QUICK`]: a controller that was killed leaves its Lease behind for 15 seconds.
pub(crate) const NO_LEASE: [&str; 2] = ["--lease", ""];

/// See the module.
pub(crate) struct Managed {
    controller: Option<Part>,
    pub(crate) admin: Requests,
    token: String,
    pub(crate) bed: ControlPlane,
}

impl Managed {
    /// With the controller.
    pub(crate) fn start() -> Self {
        let mut managed = Self::idle();
        managed.go();
        managed
    }

    /// Everything that `kubectl apply -k` brings but the Deployment, whose pods could not run here.
    pub(crate) fn idle() -> Self {
        let bed = ControlPlane::builder().controllers().start().unwrap();
        for folder in ["config/crds", "config"] {
            let yaml = bed.kubectl(&["kustomize", file(folder).to_str().unwrap()]).unwrap();
            let kept = yaml.split("\n---\n").filter(|document| !document.contains("kind: Deployment"));
            bed.apply(&kept.collect::<Vec<_>>().join("\n---\n")).unwrap();
        }
        bed.apply(CLUSTER_OBJECTS).unwrap();
        bed.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]).unwrap();
        let token = bed
            .kubectl(&["create", "token", "ipledger-controller", "--namespace=kube-system", "--duration=4h"])
            .unwrap();
        let admin = bed.requests(&User::admin()).unwrap();
        let managed = Self { controller: None, admin, token: token.trim().to_owned(), bed };
        // The storage of kinds that were made a moment ago still starts.
        [super::IPS, CLAIMS, SUBNETS, EIPS, GATEWAYS].into_iter().for_each(|path| drop(managed.list(path)));
        managed
    }

    /// Starts the controller.
    pub(crate) fn go(&mut self) {
        self.go_with(&[]);
    }

    /// The same with more flags.
    pub(crate) fn go_with(&mut self, more: &[&str]) {
        self.controller = Some(self.another("controller", self.bed.server(), more));
    }

    /// The same with another build of the binary.
    pub(crate) fn go_as(&mut self, binary: &Path, more: &[&str]) {
        let kubeconfig = self.kubeconfig(self.bed.server());
        let flags = [&QUICK[..], more].concat();
        self.controller = Some(Part::controller_of(binary, &self.bed, "controller", &kubeconfig, &flags));
    }

    /// One more controller, with a log of its own, by way of a proxy or not.
    pub(crate) fn another(&self, name: &str, server: &str, more: &[&str]) -> Part {
        let kubeconfig = self.kubeconfig(server);
        Part::controller(&self.bed, name, &kubeconfig, &[&QUICK[..], more].concat())
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(controller) = self.controller.take() {
            controller.kill9();
        }
    }

    /// Asks it to stop, and waits for that.
    pub(crate) fn stop(&mut self) {
        self.controller.take().unwrap().stop();
    }

    pub(crate) fn log(&self) -> String {
        self.log_of("controller")
    }

    /// The log of a process of ours; long ones from near the end on.
    pub(crate) fn log_of(&self, name: &str) -> String {
        let log = self.bed.run().logs().join(format!("{name}.log"));
        std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// A node with an agent, as objects.
    pub(crate) fn node(&self, name: &str) {
        self.bed.apply(&format!("apiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\n")).unwrap();
        let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": format!("ipledger-agent-{name}")}, "spec": {"holderIdentity": name}});
        self.admin.post("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases", &lease).unwrap();
    }

    /// A list. A server whose storage of a new kind still starts says so (429).
    pub(crate) fn list(&self, path: &str) -> Value {
        wait(&format!("a list of {path}"), SOON, || {
            Ok(self.admin.get(path).map_or_else(|error| Look::NotYet(error.to_string()), Look::Done))
        })
        .unwrap()
    }

    /// The objects of a list.
    pub(crate) fn items(&self, path: &str) -> Vec<Value> {
        match self.list(path)["items"].take() {
            Value::Array(items) => items,
            other => panic!("{path} gave no list: {other}"),
        }
    }

    /// Addresses by holder, in the order of addresses.
    pub(crate) fn claims(&self) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let line = |claim: &Value| {
            let holder = &claim["spec"]["holder"];
            (text(&claim["spec"]["address"]), format!("{} {}", text(&holder["kind"]), text(&holder["name"])))
        };
        self.items(CLAIMS).iter().map(line).collect()
    }

    /// Waits until the claims are these: address and holder.
    pub(crate) fn wait_claims(&self, wanted: &[(&str, &str)]) {
        let wanted = as_claims(wanted);
        self.wait(&format!("the claims {wanted:?}"), || {
            let claims = self.claims();
            if claims == wanted { Look::Done(()) } else { Look::NotYet(format!("{claims:?}")) }
        });
    }

    /// Waits for a condition, and shows the controller's log where it does not come.
    pub(crate) fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Look<T>) -> T {
        wait(what, SOON, || Ok(look())).unwrap_or_else(|error| panic!("{error}\n{}", tail(&self.log())))
    }

    /// Waits until only these claims are left, while the agents say what they see.
    pub(crate) fn wait_released(&self, wanted: &[(&str, &str)]) {
        let wanted = as_claims(wanted);
        self.wait(&format!("only the claims {wanted:?}"), || {
            self.agents_speak();
            let claims = self.claims();
            if claims == wanted { Look::Done(()) } else { Look::NotYet(format!("{claims:?}")) }
        });
    }

    /// Gives the word of the nodes' agents, as `node::word` does: about every pod that is gone, and about every address that a
    /// living pod was not told. Nothing of any pod is on a wire.
    pub(crate) fn agents_speak(&self) {
        super::nodes::speak(&self.admin);
    }

    /// Waits until the status of the Subnet `ext` says so many addresses in use.
    pub(crate) fn wait_using(&self, using: u64) {
        self.wait_using_of("ext", using);
    }

    /// The same of any Subnet.
    pub(crate) fn wait_using_of(&self, subnet: &str, using: u64) {
        self.wait(&format!("Subnet {subnet} to count {using}"), || {
            let status = self.admin.get(&format!("{SUBNETS}/{subnet}")).map(|mut subnet| subnet["status"].take());
            match status {
                Ok(status) if status["v4usingIPs"] == using => Look::Done(()),
                other => Look::NotYet(format!("{other:?}")),
            }
        });
    }

    /// Pods are deleted by a kubelet; there is none.
    pub(crate) fn delete_pod(&self, name: &str) {
        self.bed.kubectl(&["delete", "pod", name, "--grace-period=0", "--force", "--wait=true"]).unwrap();
    }

    /// What controllers wrote since then and got, per verb, kind and kind of answer, but for Leases.
    pub(crate) fn writes(&self, since: Mark) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.bed.audit().calls(since, "ipledger/").unwrap() {
            if call.is_write() && !call.resource.contains("lease") {
                let refused = if call.code < 300 { String::new() } else { format!(" ({})", call.code) };
                *counts.entry(format!("{} {}{refused}", call.verb, call.resource)).or_insert(0) += 1;
            }
        }
        counts
    }

    /// A kubeconfig with the controller's token, for this server.
    fn kubeconfig(&self, server: &str) -> PathBuf {
        let folder = self.bed.run().folder().join("secrets");
        let place: String = server.chars().filter(char::is_ascii_digit).collect();
        let (ca, path) = (folder.join("controller-ca.pem"), folder.join(format!("controller-{place}.kubeconfig")));
        if !Path::exists(&path) {
            std::fs::write(&ca, self.bed.ca_certificate()).unwrap();
            let text = format!(
                "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
                 clusters: [{{name: c, cluster: {{server: '{server}', certificate-authority: '{}'}}}}]\n\
                 users: [{{name: u, user: {{token: '{}'}}}}]\n\
                 contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n",
                ca.display(),
                self.token
            );
            std::fs::write(&path, text).unwrap();
        }
        path
    }

    /// An audit by the binary finds nothing, and no call of the controller was forbidden.
    pub(crate) fn assert_clean(&self) {
        self.assert_audited();
        assert!(!self.log().contains("forbidden"), "{}", self.log());
    }

    /// An audit by the binary finds nothing. Where the API server was started again: for a moment it forbids everything, until it
    /// has read the roles.
    pub(crate) fn assert_audited(&self) {
        let said = ipledger(&self.bed, &User::admin(), &["audit", "--grace", "0s"]);
        assert_eq!(said.code, 0, "{}\n{}\n{}", said.out, said.err, tail(&self.log()));
    }

    /// An audit by the binary comes to find nothing: of two controllers, one that hears late may have counted last, for a moment.
    pub(crate) fn wait_audited(&self) {
        self.wait("the audit to find nothing", || {
            match ipledger(&self.bed, &User::admin(), &["audit", "--grace", "0s"]) {
                said if said.code == 0 => Look::Done(()),
                said => Look::NotYet(format!("{}\n{}", said.out, said.err)),
            }
        });
    }

    /// Every NIC has one claim, every address told to a living pod or standing in an EIP is told once and claimed, and the Subnet
    /// counts the distinct claims on it. To be called at rest.
    pub(crate) fn assert_books(&self, subnet: &str) {
        let claims = self.items(CLAIMS);
        let mut nics = BTreeSet::new();
        for claim in &claims {
            let nic = (claim["spec"]["holder"].to_string(), claim["spec"]["subnet"].to_string());
            assert!(nics.insert(nic), "two claims of one NIC: {}", claim["spec"]);
        }
        let claimed: BTreeSet<&str> = claims.iter().filter_map(|claim| claim["spec"]["address"].as_str()).collect();
        let mut told = BTreeMap::new();
        for (address, who) in self.told() {
            assert!(claimed.contains(address.as_str()), "{who} has {address} without a claim");
            if let Some(other) = told.insert(address.clone(), who.clone()) {
                panic!("{who} and {other} have {address}");
            }
        }
        let here = claims.iter().filter(|claim| claim["spec"]["subnet"] == subnet).count();
        self.wait_using_of(subnet, u64::try_from(here).unwrap());
    }

    /// Every address that a pod was told, or that an EIP says it has, and whose it is.
    pub(crate) fn told(&self) -> Vec<(String, String)> {
        let mut told = Vec::new();
        for pod in self.items("/api/v1/pods") {
            for (name, value) in pod["metadata"]["annotations"].as_object().into_iter().flatten() {
                if name.contains(".kubernetes.io/ip_address") && !value.as_str().unwrap_or_default().is_empty() {
                    told.push((value.as_str().unwrap().to_owned(), format!("pod {}", pod["metadata"]["name"])));
                }
            }
        }
        for eip in self.items(EIPS) {
            if let Some(address) = eip["status"]["ip"].as_str().filter(|text| !text.is_empty()) {
                told.push((address.to_owned(), format!("EIP {}", eip["metadata"]["name"])));
            }
        }
        told
    }
}

fn as_claims(wanted: &[(&str, &str)]) -> BTreeMap<String, String> {
    wanted.iter().map(|(address, holder)| ((*address).to_owned(), (*holder).to_owned())).collect()
}

/// The end of a log.
pub(crate) fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
