//! Stories of refusals: who is told what, and how often.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, End, pod};

const PODS: &str = "/api/v1/namespaces/default/pods";

fn create(name: &str, node: &str, annotations: &Value) -> Act {
    Act::Create(PODS.to_owned(), pod(name, node, annotations))
}

fn fixed(name: &str, addr: &str) -> Act {
    create(name, "node1", &json!({"macvlan.default.kubernetes.io/ip_address": addr}))
}

fn delete(name: &str) -> Act {
    Act::Delete(format!("{PODS}/{name}"), None)
}

/// What a pod was told, and how often.
fn told(end: &End, pod: &str) -> (String, u64) {
    let mut events = end.events.iter().filter(|event| event["involvedObject"]["name"] == pod);
    let event = events.next().unwrap_or_else(|| panic!("{pod} was told nothing"));
    assert!(events.next().is_none(), "one Event per pod and reason");
    assert_eq!((&event["reason"], &event["type"]), (&json!("AcquireAddressFailed"), &json!("Warning")));
    assert_eq!(event["source"]["component"], "kube-ovn-controller");
    (event["message"].as_str().unwrap().to_owned(), event["count"].as_u64().unwrap())
}

#[test]
fn who_asks_for_an_address_that_another_has_is_told_who_that_is() {
    let end = sweep("held", vec![fixed("first", "172.17.0.4"), fixed("second", "172.17.0.4")]);
    let says = "net1: AddressConflict: Subnet ext: 172.17.0.4 is held by Pod default/first (net1)";
    assert_eq!(told(&end, "second"), (says.to_owned(), 1));
    assert_eq!(end.events.len(), 1);
}

#[test]
fn an_event_is_counted_up_when_there_is_something_else_to_tell() {
    let acts = vec![
        fixed("first", "172.17.0.4"),
        fixed("second", "172.17.0.4"),
        fixed("third", "172.17.0.4"),
        delete("first"),
        Act::Pass(5),
        delete("second"),
    ];
    let end = sweep("held by one after another", acts);
    assert_eq!(end.pods["third"].0, "Running");
    let says = "net1: AddressConflict: Subnet ext: 172.17.0.4 is held by Pod default/second (net1)";
    assert_eq!(told(&end, "third"), (says.to_owned(), 2));
}

#[test]
fn a_gateway_and_an_address_outside_and_a_full_subnet_and_a_wrong_family_are_told_in_the_words_that_programs_look_for()
{
    let mut acts = vec![
        fixed("gateway", "172.17.0.1"),
        fixed("outside", "172.17.1.1"),
        create("family", "node1", &json!({"macvlan.default.kubernetes.io/ip_family": "ipv6"})),
    ];
    acts.extend((1..=6).map(|n| create(&format!("p{n}"), "node2", &json!({}))));
    let end = sweep("words", acts);
    assert_eq!(told(&end, "gateway").0, "net1: AddressConflict: Subnet ext: 172.17.0.1 is the gateway");
    assert_eq!(told(&end, "outside").0, "net1: AddressOutOfRange: Subnet ext: 172.17.1.1 is outside 172.17.0.0/29");
    assert_eq!(told(&end, "p6"), ("net1: NoAvailableAddress: Subnet ext: no IPv4 address is free".to_owned(), 1));
    let family = "requested ip family IPv6 does not match subnet ext protocol IPv4";
    assert!(told(&end, "family").0.ends_with(family), "{:?}", told(&end, "family"));
}

#[test]
fn a_nic_that_is_refused_does_not_keep_the_others_from_being_served() {
    let other = json!({"apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": {"name": "other"},
        "spec": {"cidrBlock": "10.9.0.0/28", "provider": "other.default"}});
    let annotations = json!({"k8s.v1.cni.cncf.io/networks": "macvlan,other",
        "macvlan.default.kubernetes.io/ip_address": "172.17.0.1"});
    let acts = vec![Act::Create("/apis/kubeovn.io/v1/subnets".to_owned(), other), create("p", "node1", &annotations)];
    let end = sweep("one of two", acts);
    assert_eq!(end.pods["p"].1, ["net2"]);
    assert!(told(&end, "p").0.starts_with("net1: AddressConflict"));
    let is_told = |provider: &str| end.annotations["p"].get(format!("{provider}.kubernetes.io/allocated")).is_some();
    assert_eq!((is_told("macvlan.default"), is_told("other.default")), (false, true));
}

#[test]
fn a_release_that_waits_says_for_what_and_since_when() {
    let acts = vec![
        create("p", "node1", &json!({})),
        Act::CutOff("node1".to_owned()),
        Act::Delete(format!("{PODS}/p"), Some(0)),
    ];
    let end = sweep("waits", acts);
    let claim = &end.claim_statuses["macvlan.default.172.17.0.2"];
    let condition = &claim["conditions"][0];
    assert_eq!(
        (&condition["type"], &condition["status"], &condition["reason"]),
        (&json!("Waiting"), &json!("True"), &json!("Agent"))
    );
    let message = condition["message"].as_str().unwrap();
    assert!(message.starts_with("the agent of node node1 has not said that pod "), "{message}");
    assert_eq!(condition["lastTransitionTime"], "2027-01-15T08:00:03Z", "when the pod was deleted");
}

#[test]
fn a_claim_that_its_holder_wants_again_waits_no_longer() {
    let sets = "/apis/apps/v1/namespaces/default/statefulsets";
    let acts = vec![
        Act::Create(sets.to_owned(), sim::stateful_set("web", 1)),
        Act::CutOff("node1".to_owned()),
        Act::Delete(format!("{PODS}/web-0"), Some(0)),
        Act::Pass(30),
        Act::Connect("node1".to_owned()),
    ];
    let end = sweep("wanted again", acts);
    assert_eq!(end.pods["web-0"].0, "Running");
    let conditions = end.claim_statuses["macvlan.default.172.17.0.2"]["conditions"].clone();
    assert_eq!((&conditions[0]["type"], &conditions[0]["status"]), (&json!("Waiting"), &json!("False")));
}
