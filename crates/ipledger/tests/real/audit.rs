//! Claims about `ipledger audit` on a live cluster.

use crate::stage::{Running, SOON, Stage, documented_rules, ipledger};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use testbed::{Call, Fault, Mark, Select, User, need};

const LEAKS: [&str; 2] = ["leaked-ip:ips/p1.net.mv.net", "leaked-ip:ips/p2.net.mv.net"];

fn both_leaks_as(certainty: &str) -> Vec<(String, String)> {
    LEAKS.map(|leak| (leak.to_owned(), certainty.to_owned())).to_vec()
}

fn calls_of(stage: &Stage, user: &User, since: Mark) -> Vec<Call> {
    let calls = stage.bed.audit().calls(since, "").unwrap();
    calls.into_iter().filter(|call| call.user == user.name).collect()
}

#[test]
fn the_documented_rights_are_enough_to_judge_everything_and_nothing_is_written() {
    need!(ControlPlane);
    let stage = Stage::set();
    let rules = documented_rules(stage.bed);
    assert!(rules.iter().all(|rule| rule["verbs"] == json!(["get", "list"])), "{rules:?}");
    let user = stage.bed.user_with_rights("documented", &Value::Array(rules)).unwrap();
    let mark = stage.bed.audit().mark().unwrap();
    let said = ipledger(stage.bed, &user, &["audit", "-o", "json", "--grace", "0"]);
    assert_eq!((said.code, said.findings()), (1, both_leaks_as("proven")), "{said:?}");
    let report = said.json();
    assert_eq!(report["notJudged"], json!([]), "{report}");
    assert_eq!(report["coverage"]["unreadable"], json!([]), "KubeVirt's kinds are not there, and so not unreadable");
    let calls = calls_of(&stage, &user, mark);
    let verbs: BTreeSet<&str> = calls.iter().map(|call| call.verb.as_str()).collect();
    assert_eq!(verbs, BTreeSet::from(["get", "list"]));
    let looked_again = |call: &Call| call.verb == "get" && call.resource == "pods" && call.name == "p1";
    assert!(calls.iter().any(looked_again), "{calls:#?}");
    assert!(calls.iter().all(|call| call.code != 403), "{calls:#?}");
    // Records before holders: what is made in between is a holder without a record, not a record without a holder.
    let first = |resource: &str| calls.iter().position(|call| call.verb == "list" && call.resource == resource);
    assert!(first("ips.kubeovn.io") < first("pods"), "{calls:#?}");
}

#[test]
fn a_leak_of_this_minute_is_only_possible() {
    need!(ControlPlane);
    let stage = Stage::set();
    let said = ipledger(stage.bed, &User::admin(), &["audit", "-o", "json"]);
    assert_eq!(said.findings(), both_leaks_as("possible"), "{said:?}");
}

#[test]
fn a_kind_that_may_not_be_listed_is_told_with_the_missing_rule_and_the_rest_is_judged() {
    need!(ControlPlane);
    let stage = Stage::set();
    let mut rules = documented_rules(stage.bed);
    rules.retain(|rule| rule["apiGroups"] != json!(["apps"]) && rule["apiGroups"] != json!(["kubevirt.io"]));
    let user = stage.bed.user_with_rights("restricted", &Value::Array(rules)).unwrap();
    let said = ipledger(stage.bed, &user, &["audit", "-o", "json", "--grace", "0"]);
    assert_eq!((said.code, said.findings()), (1, both_leaks_as("proven")), "{said:?}");
    let report = said.json();
    let unreadable = report["coverage"]["unreadable"].as_array().unwrap();
    // KubeVirt is not there: that it may not be listed is nothing to tell.
    let told: BTreeSet<&str> = unreadable.iter().map(|line| line["path"].as_str().unwrap()).collect();
    assert_eq!(told, BTreeSet::from(["daemonsets", "deployments", "replicasets", "statefulsets"]));
    for line in unreadable {
        let path = line["path"].as_str().unwrap();
        let rule = format!(r#"- {{apiGroups: ["apps"], resources: ["{path}"], verbs: ["get", "list"]}}"#);
        assert!(line["reason"].as_str().unwrap().contains(&rule), "{line}");
    }
    // With the rule that the message asks for, it is read.
    let text = ipledger(stage.bed, &user, &["audit", "--grace", "0"]);
    assert!(text.out.contains("unreadable  statefulsets"), "{text:?}");
}

#[test]
fn nobody_reads_nothing_and_is_told_so() {
    need!(ControlPlane);
    let stage = Stage::set();
    let said = ipledger(stage.bed, &User::nobody(), &["audit"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("cannot be read") && said.err.contains("ClusterRole"), "{said:?}");
}

#[test]
fn a_server_that_goes_away_in_the_middle_ends_the_reading_and_what_was_read_is_judged() {
    need!(ControlPlane);
    let stage = Stage::set();
    let mut proxy = stage.bed.proxy().unwrap();
    let kubeconfig = stage.bed.kubeconfig_at(&User::admin(), &proxy.server()).unwrap();
    let held = proxy.inject(Select::any().verb("list").resource("pods"), Fault::Hold);
    let running = Running::start(stage.bed, &kubeconfig, &["audit", "-o", "json", "--grace", "0"]);
    held.wait_hits(1, SOON).unwrap();
    proxy.go_down();
    let said = running.end();
    assert_eq!((said.code, said.findings()), (3, vec![]), "without pods nobody is convicted: {said:?}");
    let report = said.json();
    let why: BTreeMap<&str, &str> = report["coverage"]["unreadable"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["path"].as_str().unwrap(), line["reason"].as_str().unwrap()))
        .collect();
    assert!(why["pods"].contains("cannot list pods (tried 5 times): the server cannot be reached"), "{why:?}");
    assert_eq!(why["nodes"], "not tried: the server was out of reach while pods was listed");
    let not_judged = report["notJudged"].as_array().unwrap();
    assert!(not_judged.iter().any(|line| line["code"] == "leaked-ip"), "{not_judged:?}");
}

#[test]
fn a_server_that_is_away_for_a_moment_costs_time_and_nothing_else() {
    need!(ControlPlane);
    let stage = Stage::set();
    let mut proxy = stage.bed.proxy().unwrap();
    let kubeconfig = stage.bed.kubeconfig_at(&User::admin(), &proxy.server()).unwrap();
    let held = proxy.inject_times(Select::any().verb("list").resource("pods"), Fault::Hold, 1);
    let cut = proxy.inject_times(Select::any().resource("ips.kubeovn.io"), Fault::CutReply { after: 100 }, 1);
    let running = Running::start(stage.bed, &kubeconfig, &["audit", "-o", "json", "--grace", "0"]);
    held.wait_hits(1, SOON).unwrap();
    proxy.go_down();
    proxy.come_up().unwrap();
    let said = running.end();
    assert_eq!(cut.hits(), 1);
    assert_eq!((said.code, said.findings()), (1, both_leaks_as("proven")), "{said:?}");
    assert_eq!(said.json()["coverage"]["unreadable"], json!([]));
}

#[test]
fn a_snapshot_of_a_live_cluster_is_judged_like_it_and_holds_no_secrets() {
    need!(ControlPlane);
    let stage = Stage::set();
    let path = stage.path("snapshot.json.gz");
    let path = path.to_str().unwrap();
    let said = ipledger(stage.bed, &User::admin(), &["snapshot", "-o", path]);
    assert_eq!(said.code, 0, "{said:?}");
    let plain = ipledger(stage.bed, &User::admin(), &["snapshot", "-o", "-"]);
    assert!(plain.out.contains("10.9.0.2") && !plain.out.contains("hunter2"), "{plain:?}");
    // It needs no cluster any more.
    let audited = std::process::Command::new(env!("CARGO_BIN_EXE_ipledger"))
        .args(["audit", path, "-o", "json", "--grace", "0"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&audited.stdout).unwrap();
    let ids: Vec<_> = report["findings"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap()).collect();
    assert_eq!(ids, LEAKS);
}
