//! Stories of reservations: IP objects that a person made.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, pod, stateful_set};

const PODS: &str = "/api/v1/namespaces/default/pods";
const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";
const IPS: &str = "/apis/kubeovn.io/v1/ips";

/// Reserves an address for the NIC of a pod on the network.
fn reserve(pod: &str, address: &str) -> Act {
    let mut spec = json!({"podName": pod, "namespace": "default", "subnet": "ext"});
    if !address.is_empty() {
        spec["v4IpAddress"] = json!(address);
    }
    let name = format!("{pod}.default.macvlan.default");
    Act::Create(
        IPS.to_owned(),
        json!({"apiVersion": "kubeovn.io/v1", "kind": "IP", "metadata": {"name": name}, "spec": spec}),
    )
}

fn cancel(pod: &str) -> Act {
    Act::Delete(format!("{IPS}/{pod}.default.macvlan.default"), None)
}

fn create(name: &str, node: &str, annotations: &Value) -> Act {
    Act::Create(PODS.to_owned(), pod(name, node, annotations))
}

fn delete(name: &str) -> Act {
    Act::Delete(format!("{PODS}/{name}"), None)
}

#[test]
fn an_address_is_reserved_before_its_pod_comes_and_given_back_when_the_reservation_goes() {
    let up = sweep("reserved", vec![reserve("p", "")]);
    assert_eq!(up.claims, [("p.default.macvlan.default".to_owned(), String::new())]);
    assert_eq!(up.writes, 2, "one claim, and the address filled in");
    let down = sweep("cancelled", vec![reserve("p", ""), cancel("p")]);
    assert_eq!((down.claims.len(), down.ips.len()), (0, 0));
}

#[test]
fn a_pod_uses_the_address_that_is_reserved_for_it_and_the_next_of_its_name_does_too() {
    let acts = vec![reserve("p", "172.17.0.5"), create("p", "node1", &json!({}))];
    let one = sweep("used", acts.clone());
    assert_eq!((one.claims.len(), one.ips.len(), one.pods["p"].0.as_str()), (1, 1, "Running"));
    assert_eq!(one.addresses["p.default.macvlan.default"], ["172.17.0.5"]);
    assert_eq!(one.writes, 5, "claim, address filled in, occupant, node filled in, annotation");
    let next = sweep("used again", [acts, vec![delete("p"), create("p", "node2", &json!({}))]].concat());
    assert_eq!((next.claims.len(), next.pods["p"].0.as_str(), next.answers), (1, "Running", 1));
    assert_eq!(next.addresses["p.default.macvlan.default"], ["172.17.0.5"]);
}

#[test]
fn the_next_pod_waits_until_the_one_before_is_off_the_wire() {
    let acts = vec![
        reserve("p", "172.17.0.5"),
        create("p", "node1", &json!({})),
        Act::CutOff("node1".to_owned()),
        Act::Delete(format!("{PODS}/p"), Some(0)),
        create("p", "node2", &json!({})),
    ];
    let waits = sweep("cut off", acts.clone());
    assert_eq!((waits.claims.len(), waits.answers, waits.pods["p"].0.as_str()), (1, 1, "Pending"));
    let served = sweep("back", [acts, vec![Act::Connect("node1".to_owned())]].concat());
    assert_eq!((served.claims.len(), served.answers, served.pods["p"].0.as_str()), (1, 1, "Running"));
}

#[test]
fn a_reservation_that_is_cancelled_under_its_pod_stays_until_the_pod_is_gone() {
    let acts = vec![reserve("p", "172.17.0.5"), create("p", "node1", &json!({})), cancel("p")];
    let kept = sweep("cancelled under its pod", acts.clone());
    assert_eq!((kept.claims.len(), kept.answers, kept.ips.len()), (1, 1, 1));
    let gone = sweep("and the pod goes", [acts, vec![delete("p")]].concat());
    assert_eq!((gone.claims.len(), gone.answers, gone.ips.len()), (0, 0, 0));
}

#[test]
fn who_reserves_an_address_that_a_pod_has_is_told_whose_it_is_and_gets_it_when_it_is_free() {
    let fixed = json!({"macvlan.default.kubernetes.io/ip_address": "172.17.0.5"});
    let acts = vec![create("first", "node1", &fixed), reserve("p", "172.17.0.5"), create("p", "node1", &json!({}))];
    let refused = sweep("refused", acts.clone());
    assert_eq!((refused.claims.len(), refused.pods["p"].0.as_str()), (1, "Pending"));
    let told = &refused.told["Reservation p.default.macvlan.default "];
    assert!(told.contains("172.17.0.5 is held by Pod default/first"), "{told}");
    let served = sweep("served", [acts, vec![delete("first")]].concat());
    assert_eq!((served.claims.len(), served.pods["p"].0.as_str()), (1, "Running"));
}

#[test]
fn an_ordinal_uses_the_address_that_is_reserved_for_its_pod() {
    let acts = vec![reserve("web-0", "172.17.0.6"), Act::Create(SETS.to_owned(), stateful_set("web", 2))];
    let end = sweep("ordinal", acts.clone());
    assert_eq!((end.claims.len(), end.answers, end.ips.len()), (2, 2, 2));
    assert_eq!(end.addresses["web-0.default.macvlan.default"], ["172.17.0.6"]);
    let next = sweep("ordinal, replaced", [acts, vec![Act::Delete(format!("{PODS}/web-0"), None)]].concat());
    assert_eq!((next.claims.len(), next.pods["web-0"].0.as_str()), (2, "Running"));
}

#[test]
fn a_reservation_that_kube_ovn_holds_by_its_finalizer_can_be_deleted() {
    let ip = json!({"apiVersion": "kubeovn.io/v1", "kind": "IP",
        "metadata": {"name": "p.default.macvlan.default", "finalizers": ["kubeovn.io/kube-ovn-controller"],
            "labels": {"ovn.kubernetes.io/ip_reserved": "true"}},
        "spec": {"podName": "p", "namespace": "default", "subnet": "ext", "v4IpAddress": "172.17.0.5", "ipAddress": "172.17.0.5"}});
    let acts = vec![Act::Create(IPS.to_owned(), ip), create("p", "node1", &json!({}))];
    let adopted = sweep("adopted", acts.clone());
    assert_eq!((adopted.claims.len(), adopted.pods["p"].0.as_str()), (1, "Running"));
    let gone = sweep("adopted and deleted", [acts, vec![cancel("p"), delete("p")]].concat());
    assert_eq!((gone.claims.len(), gone.ips.len(), gone.answers), (0, 0, 0));
}

#[test]
fn a_reservation_that_is_edited_under_its_pod_says_again_what_the_pod_has() {
    let edit = json!({"spec": {"v4IpAddress": "172.17.0.6", "ipAddress": "172.17.0.6"}});
    let acts = vec![
        reserve("p", "172.17.0.5"),
        create("p", "node1", &json!({})),
        Act::Patch(format!("{IPS}/p.default.macvlan.default"), edit),
    ];
    // What it says now was asked for, promised away by the agent, given back, and asked for again, without end.
    let end = sweep("edited", acts);
    assert_eq!((end.claims.len(), end.pods["p"].0.as_str()), (1, "Running"));
    assert_eq!(end.addresses["p.default.macvlan.default"], ["172.17.0.5"]);
}
