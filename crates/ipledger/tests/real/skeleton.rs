//! The walking skeleton: a real pod on macvlan with its claim's address, and the address given to the next.
//!
//! In: a control plane with a node. Out: claims about controller, agent and plugin together, as processes that are killed.

use crate::stage::managed::NO_LEASE;
use crate::stage::part::Part;
use crate::stage::{SOON, ipledger};
use serde_json::Value;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use testbed::{ControlPlane, IMAGE, Look, Node, User, need, wait};

const CLAIM: &str = "/apis/ipledger.dev/v1alpha1/addressclaims/rack.172.17.0.2";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/ipledger-agent-node1";

/// A node's agent, inside the node.
fn agent(bed: &ControlPlane, node: &Node, kubeconfig: &Path) -> Part {
    let mut command = node.command().unwrap();
    command.arg(env!("CARGO_BIN_EXE_ipledger")).args(["agent", "--node", node.name(), "--kubeconfig"]).arg(kubeconfig);
    Part::start(bed, &format!("{}-agent", node.name()), command)
}

/// One address beside the gateway, on a wire that is called other than its network.
const NETWORK: &str = r#"apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: macvlan, namespace: default}
spec:
  config: '{"cniVersion":"1.1.0","type":"macvlan","master":"wire0","mode":"bridge",
    "ipam":{"type":"ipledger","provider":"macvlan.default"}}'
---
apiVersion: kubeovn.io/v1
kind: Subnet
metadata: {name: ext, annotations: {ipledger.dev/wire: rack}}
spec: {cidrBlock: 172.17.0.0/30, provider: macvlan.default}
"#;

fn pod(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, annotations: {{k8s.v1.cni.cncf.io/networks: macvlan@net1}}}}\n\
         spec:\n  nodeName: node1\n  dnsPolicy: None\n  dnsConfig: {{nameservers: [127.0.0.1]}}\n  \
         enableServiceLinks: false\n  automountServiceAccountToken: false\n  terminationGracePeriodSeconds: 0\n  \
         containers: [{{name: c, image: \"{IMAGE}\", imagePullPolicy: Never, command: [sleep, '1000000']}}]\n"
    )
}

/// The address of a pod on the wire.
fn wire_address(bed: &ControlPlane, pod: &str) -> String {
    let shown = bed.exec("default", pod, &["ip", "-4", "-o", "address", "show", "dev", "net1"]).unwrap();
    shown.split_whitespace().skip_while(|word| *word != "inet").nth(1).unwrap().to_owned()
}

fn occupant(claim: &Value) -> &Value {
    &claim["status"]["occupant"]["podUID"]
}

fn wait_for_events_about(bed: &ControlPlane, pod: &str, part: &str) {
    wait(&format!("an event about {pod} that says {part:?}"), SOON, || {
        let events = bed.get("/api/v1/namespaces/default/events").unwrap();
        let about = events["items"].as_array().unwrap().iter().filter(|event| event["involvedObject"]["name"] == pod);
        let messages: Vec<String> = about.map(|event| event["message"].to_string()).collect();
        let found = messages.iter().any(|message| message.contains(part));
        Ok(if found { Look::Done(()) } else { Look::NotYet(messages.join("\n")) })
    })
    .unwrap();
}

#[test]
fn a_pod_on_macvlan_has_the_address_of_its_claim_and_the_next_gets_it_although_the_controller_was_killed() {
    need!(Nodes);
    let bed = ControlPlane::builder().nodes().start().unwrap();
    let admin: PathBuf = bed.kubeconfig(&User::admin()).unwrap();
    assert_eq!(ipledger(&bed, &User::admin(), &["crds", "install"]).code, 0);
    let node = bed.node(1).unwrap();
    symlink(env!("CARGO_BIN_EXE_ipledger"), bed.run().folder().join("cni-bin/ipledger")).unwrap();
    bed.apply(NETWORK).unwrap();
    let controller = Part::controller(&bed, "controller", &admin, &NO_LEASE);
    let _agent = agent(&bed, &node, &admin);
    bed.wait_for(LEASE, "to be there", SOON, |_| true).unwrap();

    bed.apply(&pod("one")).unwrap();
    let one = bed.wait_running("default", "one", SOON).unwrap();
    assert_eq!(wire_address(&bed, "one"), "172.17.0.2/30");
    let claim = bed.get(CLAIM).unwrap();
    assert_eq!(*occupant(&claim), one["metadata"]["uid"]);
    assert_eq!(one["metadata"]["annotations"]["macvlan.default.kubernetes.io/ip_address"], "172.17.0.2");
    let ip = bed.get("/apis/kubeovn.io/v1/ips/one.default.macvlan.default").unwrap();
    assert_eq!((&ip["spec"]["v4IpAddress"], &ip["spec"]["nodeName"]), (&"172.17.0.2".into(), &"node1".into()));

    // As if the storage had been put back: a living agent makes its Lease again.
    bed.kubectl(&["delete", "lease", "-n", "kube-system", "ipledger-agent-node1"]).unwrap();

    // The next one waits: there is no other address.
    bed.apply(&pod("two")).unwrap();
    controller.kill9();
    bed.kubectl(&["delete", "pod", "one"]).unwrap();
    let word =
        bed.wait_for(CLAIM, "to be let go", SOON, |claim| claim["status"]["letGo"]["podUID"].is_string()).unwrap();
    assert_eq!(
        word["status"]["letGo"]["podUID"], one["metadata"]["uid"],
        "the agent gives its word to nobody in particular"
    );
    let _controller = Part::controller(&bed, "controller", &admin, &NO_LEASE);
    let two = bed.wait_running("default", "two", SOON).unwrap();
    assert_eq!(wire_address(&bed, "two"), "172.17.0.2/30");
    let claim = bed.get(CLAIM).unwrap();
    assert_eq!(*occupant(&claim), two["metadata"]["uid"]);
    assert_ne!(claim["metadata"]["uid"], word["metadata"]["uid"], "a claim of its own");

    // A third one is told why it waits, by the runtime too.
    bed.apply(&pod("three")).unwrap();
    wait_for_events_about(&bed, "three", "told no address");
    bed.kubectl(&["delete", "pod", "three", "two"]).unwrap();
    bed.wait_gone(CLAIM, SOON).unwrap();
    bed.wait_gone("/apis/kubeovn.io/v1/ips/two.default.macvlan.default", SOON).unwrap();
    let lease = bed.wait_for(LEASE, "to be there again", SOON, |_| true).unwrap();
    bed.wait_for(LEASE, "to be renewed", SOON, |now| now["spec"]["renewTime"] != lease["spec"]["renewTime"]).unwrap();
    assert_eq!(ipledger(&bed, &User::admin(), &["audit"]).code, 0);
}
