//! The binary on a live cluster: a small API server on a loopback port.
#![allow(unreachable_pub)]

mod support;

use serde_json::{Value, json};
use std::process::{Command, Stdio};
use support::{Server, path_of};

/// A Subnet, an IP object whose pod is gone, and a healthy pod.
const CLUSTER: &str = r#"{"kind":"List","items":[
  {"apiVersion":"kubeovn.io/v1","kind":"Subnet","metadata":{"name":"ext","uid":"s","creationTimestamp":"2026-11-02T08:00:00Z"},
   "spec":{"cidrBlock":"10.9.0.0/29","gateway":"10.9.0.1","provider":"mv.net"},"status":{"v4usingIPs":2,"v4availableIPs":3}},
  {"apiVersion":"kubeovn.io/v1","kind":"IP","metadata":{"name":"p.net.mv.net","uid":"i","creationTimestamp":"2026-11-02T08:00:00Z",
     "finalizers":["kubeovn.io/kube-ovn-controller"],"labels":{"ovn.kubernetes.io/subnet":"ext"}},
   "spec":{"podName":"p","namespace":"net","subnet":"ext","v4IpAddress":"10.9.0.2","ipAddress":"10.9.0.2","macAddress":"00:00:00:00:00:02"}},
  {"apiVersion":"kubeovn.io/v1","kind":"IP","metadata":{"name":"q.net.mv.net","uid":"j","creationTimestamp":"2026-11-02T08:00:00Z",
     "finalizers":["kubeovn.io/kube-ovn-controller"],"labels":{"ovn.kubernetes.io/subnet":"ext"}},
   "spec":{"podName":"q","namespace":"net","subnet":"ext","v4IpAddress":"10.9.0.3","ipAddress":"10.9.0.3","macAddress":"00:00:00:00:00:03"}},
  {"apiVersion":"v1","kind":"Pod","metadata":{"name":"q","namespace":"net","uid":"q","creationTimestamp":"2026-11-02T08:00:00Z","annotations":{
     "k8s.v1.cni.cncf.io/networks":"net/mv","mv.net.kubernetes.io/allocated":"true","mv.net.kubernetes.io/ip_address":"10.9.0.3",
     "mv.net.kubernetes.io/mac_address":"00:00:00:00:00:03","mv.net.kubernetes.io/logical_switch":"ext"}},
   "spec":{"nodeName":"n","containers":[{"name":"c","env":[{"name":"PASSWORD","value":"hunter2"}]}]},"status":{"phase":"Running"}},
  {"apiVersion":"k8s.cni.cncf.io/v1","kind":"NetworkAttachmentDefinition","metadata":{"name":"mv","namespace":"net","uid":"n"},
   "spec":{"config":"{\"type\":\"macvlan\",\"master\":\"eth1\",\"ipam\":{\"type\":\"kube-ovn\",\"provider\":\"mv.net\"}}"}}
]}"#;

const LEAK: &str = "leaked-ip:ips/p.net.mv.net";

/// What a call printed, and how it ended.
struct Said {
    code: i32,
    out: String,
    err: String,
}

fn ipledger(server: &Server, args: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_ipledger"))
        .args(args)
        .args(if args[0] == "crds" { vec![] } else { vec!["--kubeconfig".to_owned(), server.kubeconfig()] })
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null())
        .output()
        .expect("the binary starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Said { code: output.status.code().expect("it ends"), out: text(output.stdout), err: text(output.stderr) }
}

fn findings(said: &Said) -> Vec<(String, String)> {
    let report: Value =
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let list = report["findings"].as_array().expect("a list").iter();
    list.map(|finding| (text(finding, "id"), text(finding, "certainty"))).collect()
}

/// The pod of the leak, as it would be if it came back.
fn pod_p() -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "net", "uid": "p2", "annotations": {
        "k8s.v1.cni.cncf.io/networks": "net/mv", "mv.net.kubernetes.io/allocated": "true",
        "mv.net.kubernetes.io/ip_address": "10.9.0.2", "mv.net.kubernetes.io/mac_address": "00:00:00:00:00:02",
        "mv.net.kubernetes.io/logical_switch": "ext"}}, "spec": {"nodeName": "n"}, "status": {"phase": "Running"}})
}

#[test]
fn a_live_leak_is_proven_by_a_second_look_and_nothing_is_written() {
    let server = Server::start(CLUSTER);
    let said = ipledger(&server, &["audit", "-o", "json", "--as", "auditor"]);
    assert_eq!((said.code, findings(&said)), (1, vec![(LEAK.to_owned(), "proven".to_owned())]), "{}", said.err);
    let calls = server.calls();
    assert!(calls.iter().all(|call| call.starts_with("GET ")), "{calls:#?}");
    assert!(calls.iter().any(|call| call == "GET /api/v1/namespaces/net/pods/p"), "it looks again: {calls:#?}");
    let at = |path: &str| calls.iter().position(|call| call.contains(path)).expect("it is listed");
    assert!(at("/ips?") < at("/pods?"), "records before holders");
    let state = server.state.lock().expect("no test panics in it");
    assert!(state.asked.iter().all(|(_, user, _)| user == "auditor"));
}

#[test]
fn a_pod_that_came_after_the_list_dissolves_the_leak() {
    let server = Server::start(CLUSTER);
    server.state.lock().expect("no test panics in it").late.insert(path_of(&pod_p()), pod_p());
    let said = ipledger(&server, &["audit", "-o", "json"]);
    assert_eq!((said.code, findings(&said)), (0, vec![]), "{}", said.err);
}

#[test]
fn a_kind_that_may_not_be_listed_is_told_and_the_rest_is_judged() {
    let server = Server::start(CLUSTER);
    server.state.lock().expect("no test panics in it").forbidden.push("pods");
    let said = ipledger(&server, &["audit"]);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(said.out.contains("not judged  ") && said.out.contains("leaked-ip (2 objects)"), "{}", said.out);
    assert!(said.out.contains("unreadable  pods"), "{}", said.out);
}

#[test]
fn a_snapshot_is_judged_like_the_cluster_and_holds_no_secrets() {
    let server = Server::start(CLUSTER);
    let file = server.path("snapshot.json.gz");
    let path = file.to_str().expect("text");
    let said = ipledger(&server, &["snapshot", "-o", path]);
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.err);
    let audited =
        Command::new(env!("CARGO_BIN_EXE_ipledger")).args(["audit", path, "-o", "json"]).output().expect("it starts");
    let text = String::from_utf8(audited.stdout).expect("text");
    let said = Said { code: audited.status.code().expect("it ends"), out: text, err: String::new() };
    assert_eq!((said.code, findings(&said)), (1, vec![(LEAK.to_owned(), "proven".to_owned())]));
    let plain = ipledger(&server, &["snapshot", "-o", "-"]);
    assert!(!plain.out.contains("hunter2") && plain.out.contains("10.9.0.2"), "{}", plain.out);
    assert!(!server.path("snapshot.json.gz.part").exists());
}

#[test]
fn who_and_show_look_at_the_live_cluster() {
    let server = Server::start(CLUSTER);
    let said = ipledger(&server, &["who", "10.9.0.2"]);
    assert!(said.out.contains("leaked: Pod net/p has it on record"), "{}{}", said.out, said.err);
    let said = ipledger(&server, &["show", "subnet", "ext"]);
    assert!(said.out.contains("2 using + 3 available + 1 excluded = 6 usable"), "{}{}", said.out, said.err);
}

#[test]
fn a_plan_is_carried_out_with_its_preconditions_and_audited_again() {
    let server = Server::start(CLUSTER);
    let file = server.path("plan.yaml");
    let plan = ipledger(&server, &["repair", "plan"]);
    std::fs::write(&file, &plan.out).expect("written");
    let path = file.to_str().expect("text");

    let unasked = ipledger(&server, &["repair", "apply", path]);
    assert_eq!(unasked.code, 2);
    assert!(unasked.err.contains("add --yes"), "{}", unasked.err);

    let dry = ipledger(&server, &["repair", "apply", path, "--dry-run=server"]);
    assert_eq!(dry.code, 0, "{}{}", dry.out, dry.err);
    assert!(dry.out.contains("would be done"), "{}", dry.out);
    assert_eq!(server.state.lock().expect("no test panics in it").objects.len(), 5, "nothing is gone");

    let done = ipledger(&server, &["repair", "apply", path, "--yes"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.out.contains("done: 10.9.0.2 is available in Subnet ext again"), "{}", done.out);
    assert!(done.out.contains("audited again: none of it is left"), "{}", done.out);
    let deleted: Vec<String> = server.calls().into_iter().filter(|call| call.starts_with("DELETE ")).collect();
    assert_eq!(deleted.len(), 2, "once for the dry run, once in earnest: {deleted:?}");

    let again = ipledger(&server, &["repair", "apply", path, "--yes"]);
    assert_eq!(again.code, 0, "{}{}", again.out, again.err);
    assert!(again.out.contains("done already"), "{}", again.out);
}

#[test]
fn a_pod_that_came_back_stops_the_plan() {
    let server = Server::start(CLUSTER);
    let file = server.path("plan.json");
    std::fs::write(&file, ipledger(&server, &["repair", "plan", "-o", "json"]).out).expect("written");
    server.state.lock().expect("no test panics in it").objects.insert(path_of(&pod_p()), pod_p());
    let said = ipledger(&server, &["repair", "apply", file.to_str().expect("text"), "--yes"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(said.out.contains("NOT done: Pod net/p exists again"), "{}", said.out);
    assert!(!server.calls().iter().any(|call| call.starts_with("DELETE ")));
}

#[test]
fn a_cluster_that_does_not_answer_is_wrong_use() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config");
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: t\nclusters:\n- name: c\n  cluster: {server: 'http://127.0.0.1:1'}\n\
        contexts:\n- name: t\n  context: {cluster: c, user: u}\nusers:\n- name: u\n  user: {token: t}\n";
    std::fs::write(&config, text).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_ipledger"))
        .args(["audit", "--kubeconfig", config.to_str().expect("text")])
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8(output.stderr).expect("text");
    assert!(err.contains("cannot be read"), "{err}");
}
