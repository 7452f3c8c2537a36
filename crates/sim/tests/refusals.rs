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

/// Reserves an address for a pod.
fn reserve(pod: &str, addr: &str) -> Act {
    let spec = json!({"podName": pod, "namespace": "default", "subnet": "ext", "v4IpAddress": addr});
    let ip = json!({"apiVersion": "kubeovn.io/v1", "kind": "IP", "metadata": {"name": port(pod)}, "spec": spec});
    Act::Create("/apis/kubeovn.io/v1/ips".to_owned(), ip)
}

/// The name of a pod's IP object.
fn port(pod: &str) -> String {
    format!("{pod}.default.macvlan.default")
}

fn borrow(name: &str) -> Act {
    create(name, "node1", &json!({"ovn.kubernetes.io/vip": "v"}))
}

#[test]
fn a_reservation_that_cannot_be_had_is_told_why_and_so_is_its_pod() {
    let acts = vec![
        fixed("first", "172.17.0.4"),
        reserve("gateway", "172.17.0.1"),
        reserve("outside", "172.17.1.1"),
        reserve("held", "172.17.0.4"),
        create("held", "node1", &json!({})),
    ];
    let end = sweep("reservations", acts.clone());
    let ip = |pod| told(&end, &port(pod));
    assert_eq!(ip("gateway"), ("AddressConflict: Subnet ext: 172.17.0.1 is the gateway".to_owned(), 1));
    assert_eq!(ip("outside"), ("AddressOutOfRange: Subnet ext: 172.17.1.1 is outside 172.17.0.0/29".to_owned(), 1));
    let held = "AddressConflict: Subnet ext: 172.17.0.4 is held by Pod default/first (net1)";
    assert_eq!(ip("held"), (held.to_owned(), 1));
    let pod = format!("net1: Reservation held.default.macvlan.default has no address: {held}");
    assert_eq!(told(&end, "held"), (pod, 1));
    let end = sweep("reservations, of which one can be had", [acts, vec![delete("first")]].concat());
    assert_eq!((end.pods["held"].0.as_str(), end.event_writes), ("Running", 4), "who is served is told nothing");
}

#[test]
fn a_pod_is_told_that_its_vip_is_not_there_and_then_why_it_has_no_address() {
    let vip = json!({"apiVersion": "kubeovn.io/v1", "kind": "Vip", "metadata": {"name": "v"},
        "spec": {"subnet": "ext", "v4ip": "172.17.0.4"}});
    let acts = vec![fixed("first", "172.17.0.4"), borrow("p")];
    let end = sweep("no vip", acts.clone());
    assert_eq!(told(&end, "p"), ("net1: Vip v is not there".to_owned(), 1));
    let acts = [acts, vec![Act::Create("/apis/kubeovn.io/v1/vips".to_owned(), vip)]].concat();
    let end = sweep("a vip without an address", acts.clone());
    let says =
        "net1: Vip v has no address: AddressConflict: Subnet ext: 172.17.0.4 is held by Pod default/first (net1)";
    assert_eq!(told(&end, "p"), (says.to_owned(), 2));
    let end = sweep("a vip that gets its address", [acts, vec![delete("first")]].concat());
    assert_eq!((end.pods["p"].0.as_str(), end.event_writes), ("Running", 2));
}

#[test]
fn a_pod_is_told_that_an_attachment_which_asks_for_addresses_has_no_subnet() {
    let nad = |name: &str, ipam: &str| {
        let config = json!({"type": "macvlan", "ipam": {"type": ipam}}).to_string();
        let nad = json!({"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition",
            "metadata": {"name": name, "namespace": "default"}, "spec": {"config": config}});
        Act::Create("/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions".to_owned(), nad)
    };
    let networks = json!({"k8s.v1.cni.cncf.io/networks": "macvlan,lonely,old,others"});
    let acts = vec![
        nad("lonely", "ipledger"),
        nad("old", "kube-ovn"),
        nad("others", "host-local"),
        create("p", "node1", &networks),
        create("q", "node1", &json!({"k8s.v1.cni.cncf.io/networks": "macvlan,others"})),
    ];
    let end = sweep("no subnet", acts.clone());
    let says = "NoSubnet: provider lonely.default is not bound to any subnet; \
        NoSubnet: provider old.default is not bound to any subnet";
    assert_eq!((told(&end, "p"), end.events.len()), ((says.to_owned(), 1), 1));
    let subnet = |name: &str, cidr: &str| {
        let subnet = json!({"apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": {"name": name},
            "spec": {"cidrBlock": cidr, "provider": format!("{name}.default")}});
        Act::Create("/apis/kubeovn.io/v1/subnets".to_owned(), subnet)
    };
    let subnets = Act::Together(vec![subnet("lonely", "10.9.0.0/28"), subnet("old", "10.8.0.0/28")]);
    let end = sweep("a subnet comes", [acts, vec![subnets]].concat());
    assert_eq!(end.pods["p"].1.len(), 3);
}
