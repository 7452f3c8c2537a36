//! Stories of Subnets: their defaults, their status, their deletion.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, pod, stateful_set};

const PODS: &str = "/api/v1/namespaces/default/pods";
const SUBNETS: &str = "/apis/kubeovn.io/v1/subnets";

fn create(name: &str, spec: &Value) -> Act {
    let body = json!({"apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": {"name": name}, "spec": spec});
    Act::Create(SUBNETS.to_owned(), body)
}

fn patch(name: &str, spec: &Value) -> Act {
    Act::Patch(format!("{SUBNETS}/{name}"), json!({"spec": spec}))
}

fn delete(name: &str) -> Act {
    Act::Delete(format!("{SUBNETS}/{name}"), None)
}

fn create_pod(name: &str) -> Act {
    Act::Create(PODS.to_owned(), pod(name, "node1", &json!({})))
}

fn delete_pod(name: &str) -> Act {
    Act::Delete(format!("{PODS}/{name}"), None)
}

fn condition(status: &Value, kind: &str) -> Value {
    let conditions = status["conditions"].as_array().unwrap();
    conditions.iter().find(|condition| condition["type"] == kind).cloned().unwrap_or_default()
}

#[test]
fn a_subnet_with_nothing_but_a_cidr_gets_gateway_excludes_protocol_finalizer_and_counts() {
    let end = sweep("bare", vec![create("bare", &json!({"cidrBlock": "10.9.0.7/28", "provider": "other.default"}))]);
    assert_eq!(
        end.subnets["bare"],
        json!({
            "spec": {"cidrBlock": "10.9.0.0/28", "gateway": "10.9.0.1", "excludeIps": ["10.9.0.1"],
                "protocol": "IPv4", "provider": "other.default"},
            "finalizers": ["kubeovn.io/kube-ovn-controller"],
            "conditions": ["Validated=True", "Ready=True"],
            "counts": [0, 13, 0, 0],
        })
    );
    assert_eq!(end.statuses["bare"]["v4availableIPrange"], "10.9.0.2-10.9.0.14");
    assert_eq!(end.account_writes, 4, "two Subnets, one write of the spec and one of the status each");
}

#[test]
fn counts_and_ranges_follow_the_claims_gaps_included() {
    let mut acts: Vec<Act> = ["a", "b", "c"].into_iter().map(create_pod).collect();
    acts.push(delete_pod("b"));
    let end = sweep("gaps", acts);
    let status = &end.statuses["ext"];
    assert_eq!((&status["v4usingIPs"], &status["v4availableIPs"]), (&json!(2), &json!(3)));
    assert_eq!(status["v4usingIPrange"], "172.17.0.2,172.17.0.4");
    assert_eq!(status["v4availableIPrange"], "172.17.0.3,172.17.0.5-172.17.0.6");
}

#[test]
fn a_burst_of_claims_is_told_in_one_status() {
    let sets = "/apis/apps/v1/namespaces/default/statefulsets".to_owned();
    let end = sweep("burst", vec![Act::Create(sets, stateful_set("web", 4))]);
    assert_eq!(end.subnets["ext"]["counts"], json!([4, 1, 0, 0]));
    assert_eq!((end.writes, end.account_writes), (4 * 3, 2 + 1), "four claims, IP objects and annotations");
}

#[test]
fn every_change_of_the_spec_is_answered_by_a_write_of_the_status() {
    let end = sweep("mtu", vec![patch("ext", &json!({"mtu": 1400}))]);
    assert_eq!(condition(&end.statuses["ext"], "Ready")["observedGeneration"], 3, "made, completed, changed");
    assert_eq!(end.account_writes, 3);
}

#[test]
fn the_old_gateway_can_be_given_out_once_the_gateway_is_another_one() {
    let acts = vec![patch("ext", &json!({"gateway": "172.17.0.6"})), create_pod("p")];
    let end = sweep("gateway", acts);
    assert_eq!(end.subnets["ext"]["spec"]["excludeIps"], json!(["172.17.0.6"]));
    assert_eq!(end.statuses["ext"]["v4usingIPrange"], "172.17.0.1");
}

#[test]
fn a_subnet_that_cannot_be_read_is_not_rewritten_and_says_why_until_it_is_mended() {
    let bad = json!({"excludeIps": ["172.17.0.1", "172.17.0.x"]});
    let told = sweep("unreadable", vec![create_pod("p"), patch("ext", &bad)]);
    assert_eq!(told.subnets["ext"]["spec"]["excludeIps"], bad["excludeIps"]);
    assert_eq!(told.subnets["ext"]["conditions"], json!(["Validated=False", "Ready=False", "Error=True"]));
    let why = condition(&told.statuses["ext"], "Error")["message"].as_str().unwrap().to_owned();
    assert!(why.starts_with("spec.excludeIps[1]: \"172.17.0.x\""), "{why}");
    assert_eq!(told.subnets["ext"]["counts"], json!([1, 4, 0, 0]), "what is claimed stays counted");
    let good = json!({"excludeIps": ["172.17.0.1", "172.17.0.5"]});
    let mended = sweep("mended", vec![create_pod("p"), patch("ext", &bad), patch("ext", &good), create_pod("q")]);
    assert_eq!(mended.subnets["ext"]["conditions"], json!(["Validated=True", "Ready=True"]));
    assert_eq!(condition(&mended.statuses["ext"], "Error")["status"], "False");
    assert_eq!(mended.subnets["ext"]["counts"], json!([2, 2, 0, 0]));
}

#[test]
fn a_subnet_that_overlaps_another_on_its_wire_serves_nobody_until_that_one_is_gone() {
    let overlapping = create("second", &json!({"cidrBlock": "172.17.0.0/28", "provider": "macvlan.default"}));
    let told = sweep("overlap", vec![overlapping.clone()]);
    assert_eq!(
        condition(&told.statuses["second"], "Ready")["message"],
        "172.17.0.0/28 overlaps Subnet ext on wire macvlan.default"
    );
    let alone = sweep("overlap, then alone", vec![overlapping, delete("ext"), create_pod("p")]);
    assert!(!alone.subnets.contains_key("ext"));
    assert_eq!(alone.pods["p"].0, "Running");
    assert_eq!(alone.subnets["second"]["conditions"], json!(["Validated=True", "Ready=True"]));
}

#[test]
fn which_of_two_overlapping_subnets_is_used_does_not_change_with_a_restart() {
    let spec = json!({"cidrBlock": "172.17.0.0/28", "provider": "macvlan.default"});
    // First in every list, and younger.
    let end = sweep("overlap, first by name", vec![create_pod("p"), create("aaa", &spec), create_pod("q")]);
    assert_eq!(condition(&end.statuses["aaa"], "Ready")["status"], "False");
    assert_eq!((end.pods["q"].0.as_str(), &end.subnets["ext"]["counts"]), ("Running", &json!([2, 3, 0, 0])));
    // Changed so that it overlaps one that is in use.
    let other = create("other", &json!({"cidrBlock": "10.9.0.0/28", "provider": "macvlan.default"}));
    let acts = vec![
        other,
        create_pod("p"),
        patch("ext", &json!({"cidrBlock": "10.9.0.0/24", "gateway": "10.9.0.1", "excludeIps": []})),
    ];
    let end = sweep("overlap, by a change", acts);
    assert_eq!(condition(&end.statuses["other"], "Ready")["status"], "True");
    assert_eq!(
        condition(&end.statuses["ext"], "Ready")["message"],
        "10.9.0.0/24 overlaps Subnet other on wire macvlan.default"
    );
}

#[test]
fn a_subnet_that_is_deleted_gives_nothing_out_and_stays_until_its_last_address_is_free() {
    let waits = sweep("deleted in use", vec![create_pod("p"), delete("ext"), create_pod("late")]);
    assert_eq!(waits.pods["late"].1, Vec::<String>::new());
    let ready = condition(&waits.statuses["ext"], "Ready");
    assert_eq!(
        (&ready["status"], &ready["message"]),
        (&json!("False"), &json!("it is being deleted and waits for 172.17.0.2 of Pod default/p"))
    );
    let gone = sweep("deleted, then drained", vec![create_pod("p"), delete("ext"), delete_pod("p")]);
    assert_eq!((gone.subnets.len(), gone.claims.len()), (0, 0));
}

#[test]
fn fields_and_conditions_of_others_stay_in_the_status() {
    let theirs = json!({"status": {"u2oInterconnectionIP": "172.17.0.5",
        "conditions": [{"type": "Theirs", "status": "True", "reason": "Because"}]}});
    let acts = vec![Act::Patch(format!("{SUBNETS}/ext/status"), theirs), create_pod("p")];
    let end = sweep("others", acts);
    assert_eq!(end.statuses["ext"]["u2oInterconnectionIP"], "172.17.0.5");
    assert_eq!(condition(&end.statuses["ext"], "Theirs")["reason"], "Because");
    assert_eq!(end.subnets["ext"]["conditions"], json!(["Theirs=True", "Validated=True", "Ready=True"]));
}

#[test]
fn a_subnet_of_ovn_is_left_alone() {
    let end = sweep("ovn", vec![create("overlay", &json!({"cidrBlock": "10.16.0.7/16"}))]);
    assert_eq!(end.subnets["overlay"]["spec"], json!({"cidrBlock": "10.16.0.7/16"}));
    assert_eq!(end.account_writes, 2);
}
