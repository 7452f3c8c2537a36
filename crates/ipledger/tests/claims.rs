//! `why` and `release` on claims that no controller works on: what is told of them, and what is written.
#![allow(clippy::unwrap_used, unreachable_pub, dead_code, reason = "the helpers of tests are tests")]

mod lab;

use lab::Lab;
use serde_json::{Value, json};
use std::process::{Command, Stdio};

const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";
const PODS: &str = "/api/v1/namespaces/default/pods";

/// What a command printed, and how it ended.
fn ipledger(lab: &Lab, arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipledger"));
    command.args(arguments).arg("--kubeconfig").arg(lab.path("kubeconfig")).env("NO_PROXY", "*").stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout) + &text(output.stderr), output.status.code())
}

/// A claim of a pod's NIC, and what its status says.
fn claim(lab: &Lab, address: &str, pod: (&str, &str), status: &Value) -> String {
    let (name, uid) = pod;
    let path = format!("{CLAIMS}/lab.default.{address}");
    lab.create(
        CLAIMS,
        json!({"apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim", "metadata": {"name": format!("lab.default.{address}")},
            "spec": {"wire": "lab.default", "address": address, "subnet": "lab",
                "holder": {"kind": "Pod", "namespace": "default", "name": name, "uid": uid, "nic": "net1"}},
            "status": status}),
    );
    path
}

/// An Event that says that a pod was refused.
fn refused(lab: &Lab, pod: &str, uid: &str, message: &str) {
    lab.create(
        "/api/v1/namespaces/default/events",
        json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": format!("{pod}.{uid}"), "namespace": "default"},
            "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": "default", "name": pod, "uid": uid},
            "type": "Warning", "reason": "AcquireAddressFailed", "message": message}),
    );
}

fn pod(lab: &Lab, name: &str, metadata: &Value, node: &str) -> String {
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
        "spec": {"containers": [{"name": "c", "image": "c"}]}});
    pod["metadata"]["name"] = json!(name);
    if !node.is_empty() {
        pod["spec"]["nodeName"] = json!(node);
    }
    lab.create(PODS, pod);
    lab.get(&format!("{PODS}/{name}"))["metadata"]["uid"].as_str().unwrap().to_owned()
}

#[test]
fn why_says_what_a_pod_without_claims_lacks() {
    let lab = Lab::new();
    let networks = json!({"annotations": {"k8s.v1.cni.cncf.io/networks": "default/lab"}});
    pod(&lab, "unbound", &networks, "");
    pod(&lab, "plain", &json!({}), "n1");
    for (pod, said) in [
        ("none", "there is no pod default/none, and no claim names it"),
        ("unbound", "pod default/unbound waits for a node: it gets its addresses once it is bound to one"),
        ("plain", "pod default/plain names no attached network"),
        ("p1", "pod default/p1 waits: no address is claimed for it yet, and none was refused"),
    ] {
        let (told, code) = ipledger(&lab, &["why", &format!("default/{pod}")]);
        assert!(code == Some(1) && told.contains(said), "{pod}: {told}");
    }
}

#[test]
fn why_tells_a_pod_its_own_refusals_and_those_that_are_over_as_such() {
    let lab = Lab::new();
    let uid = lab.get(&format!("{PODS}/p1"))["metadata"]["uid"].as_str().unwrap().to_owned();
    let before = json!({"podUID": "an-earlier-pod", "namespace": "default", "name": "p1", "node": "n1"});
    claim(&lab, "10.7.0.12", ("p1", "an-earlier-pod"), &json!({"occupant": before}));
    refused(&lab, "p1", "an-earlier-pod", "net1: AddressConflict: of the pod before");
    refused(&lab, "p1", &uid, "net1: NoAvailableAddress: Subnet lab: it is full");
    let (told, _) = ipledger(&lab, &["why", "default/p1"]);
    assert!(
        told.contains("\nrefused: net1: NoAvailableAddress") || told.starts_with("refused: net1: NoAvailableAddress"),
        "{told}"
    );
    assert!(!told.contains("of the pod before"), "{told}");
    let occupant = json!({"podUID": uid, "namespace": "default", "name": "p1", "node": "n1"});
    claim(&lab, "10.7.0.10", ("p1", &uid), &json!({"occupant": occupant}));
    let (told, code) = ipledger(&lab, &["why", "default/p1"]);
    assert!(
        code == Some(0) && told.contains("10.7.0.10 on wire lab.default is held by Pod default/p1 (net1)"),
        "{told}"
    );
    assert!(told.contains("earlier, before it was served: net1: NoAvailableAddress"), "{told}");
    assert!(!told.contains("refused:"), "{told}");
}

#[test]
fn an_operators_word_is_told_as_what_it_may_be_and_leaves_no_broken_glass_behind() {
    let lab = Lab::new();
    let occupant = json!({"podUID": "gone", "namespace": "default", "name": "old", "node": "n9"});
    let path = claim(&lab, "10.7.0.11", ("old", "gone"), &json!({"occupant": occupant}));
    let (told, code) = ipledger(&lab, &["release", "10.7.0.11", "--yes"]);
    assert!(code == Some(0) && told.contains("Written."), "{told}");
    let claim = lab.get(&path);
    assert_eq!(claim["status"]["letGo"]["podUID"], "gone", "{claim}");
    assert!(claim["metadata"]["labels"]["ipledger.dev/break-glass"].is_null(), "{claim}");
    let (told, _) = ipledger(&lab, &["why", "10.7.0.11"]);
    assert!(told.contains("let go    yes: its node's agent, or an operator, has said"), "{told}");
}
