//! Stories of VpcNatGateways: their workload, and the addresses of their outer NICs.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, End};

const GATEWAYS: &str = "/apis/kubeovn.io/v1/vpc-nat-gateways";
const SUBNETS: &str = "/apis/kubeovn.io/v1/subnets";
const EIPS: &str = "/apis/kubeovn.io/v1/iptables-eips";
const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";
const PODS: &str = "/api/v1/namespaces/default/pods";

fn gateway(spec: &Value) -> Act {
    let mut all = json!({"namespace": "default", "vpc": "v", "subnet": "lan", "externalSubnets": ["ext"]});
    all.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    let gateway =
        json!({"apiVersion": "kubeovn.io/v1", "kind": "VpcNatGateway", "metadata": {"name": "gw"}, "spec": all});
    Act::Create(GATEWAYS.to_owned(), gateway)
}

fn subnet(name: &str, cidr: &str, provider: &str) -> Act {
    let subnet = json!({"apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": {"name": name},
        "spec": {"cidrBlock": cidr, "provider": provider, "vpc": "v"}});
    Act::Create(SUBNETS.to_owned(), subnet)
}

/// The LAN side, which OVN serves.
fn lan() -> Act {
    subnet("lan", "10.0.1.0/24", "lan.default.ovn")
}

fn delete(path: &str) -> Act {
    Act::Delete(path.to_owned(), None)
}

fn delete_pod() -> Act {
    delete(&format!("{PODS}/vpc-nat-gw-gw-0"))
}

fn delete_gateway() -> Act {
    delete(&format!("{GATEWAYS}/gw"))
}

fn pod(end: &End) -> (&str, &[String]) {
    let (phase, nics) = &end.pods["vpc-nat-gw-gw-0"];
    (phase, nics)
}

#[test]
fn a_gateway_gets_its_workload_and_an_address_outside() {
    let end = sweep("a gateway", vec![lan(), gateway(&json!({}))]);
    assert_eq!(end.claims, [("gw".to_owned(), "0/ext".to_owned())]);
    assert_eq!(pod(&end), ("Running", &["0/ext".to_owned()][..]));
    assert_eq!(end.ips, ["vpc-nat-gw-gw-0.default.macvlan.default"]);
}

#[test]
fn a_gateway_that_is_deleted_gives_everything_back_whatever_is_gone_already() {
    let acts = vec![lan(), gateway(&json!({}))];
    let end = sweep("deleted", [acts.clone(), vec![delete_gateway()]].concat());
    assert_eq!((end.claims.len(), end.ips.len(), end.answers, end.pods.len()), (0, 0, 0, 0));
    let subnets = vec![delete(&format!("{SUBNETS}/lan")), delete(&format!("{SUBNETS}/ext")), delete_gateway()];
    let end = sweep("deleted after its subnets", [acts, subnets].concat());
    assert_eq!((end.claims.len(), end.ips.len(), end.answers, end.pods.len()), (0, 0, 0, 0));
}

#[test]
fn a_gateway_keeps_its_address_when_its_pod_or_its_workload_is_replaced() {
    let acts = vec![lan(), gateway(&json!({})), delete_pod(), delete(&format!("{SETS}/vpc-nat-gw-gw"))];
    let end = sweep("replaced", acts);
    assert_eq!(end.addresses["gw"], ["172.17.0.2"]);
    assert_eq!(pod(&end), ("Running", &["0/ext".to_owned()][..]));
}

#[test]
fn the_next_pod_of_a_gateway_waits_until_the_one_before_is_off_the_wire() {
    let acts = vec![
        lan(),
        gateway(&json!({})),
        Act::CutOff("node1".to_owned()),
        Act::CutOff("node2".to_owned()),
        Act::Delete(format!("{PODS}/vpc-nat-gw-gw-0"), Some(0)),
    ];
    let waits = sweep("cut off", acts.clone());
    assert_eq!((waits.claims.len(), waits.answers), (1, 1));
    let connect = ["node1", "node2"].map(|node| Act::Connect(node.to_owned())).to_vec();
    let end = sweep("and back", [acts, connect].concat());
    assert_eq!(pod(&end).0, "Running");
}

#[test]
fn a_gateway_that_is_set_on_another_subnet_gives_the_address_on_the_old_one_back() {
    let set = Act::Patch(format!("{GATEWAYS}/gw"), json!({"spec": {"externalSubnets": ["other"]}}));
    let acts = vec![lan(), subnet("other", "172.18.0.0/29", "other.default"), gateway(&json!({})), set];
    let end = sweep("moved", acts);
    assert_eq!(end.claims, [("gw".to_owned(), "0/other".to_owned())]);
    assert_eq!((pod(&end).0, end.answers), ("Running", 1));
}

#[test]
fn each_replica_of_a_gateway_has_an_address_of_its_own_and_gives_it_back_when_it_is_scaled_away() {
    let acts = vec![lan(), gateway(&json!({"replicas": 2}))];
    let two = sweep("two", acts.clone());
    assert_eq!((two.claims.len(), two.answers, two.pods.len()), (2, 2, 2));
    let one = Act::Patch(format!("{GATEWAYS}/gw"), json!({"spec": {"replicas": 1}}));
    let end = sweep("one of two", [acts, vec![one]].concat());
    assert_eq!(end.claims, [("gw".to_owned(), "0/ext".to_owned())]);
}

#[test]
fn a_gateway_without_an_address_of_its_own_takes_none() {
    let end = sweep("bare", vec![lan(), gateway(&json!({"noDefaultEIP": true}))]);
    assert_eq!(end.claims.len(), 0);
    assert!(end.pods.contains_key("vpc-nat-gw-gw-0"));
}

#[test]
fn an_eip_and_its_gateway_go_together() {
    let eip = json!({"apiVersion": "kubeovn.io/v1", "kind": "IptablesEIP", "metadata": {"name": "e"},
        "spec": {"externalSubnet": "ext", "natGwDp": "gw", "v4ip": "172.17.0.5"}});
    let claim = "/apis/ipledger.dev/v1alpha1/addressclaims/macvlan.default.172.17.0.5";
    let programmed = Act::Patch(claim.to_owned(), json!({"status": {"programmed": {"gateway": "gw"}}}));
    let acts = vec![lan(), gateway(&json!({})), Act::Create(EIPS.to_owned(), eip), programmed];
    let up = sweep("an eip on a gateway", acts.clone());
    assert_eq!((up.claims.len(), pod(&up).1.len()), (2, 2));
    let gone = sweep("both gone", [acts, vec![delete_gateway(), delete(&format!("{EIPS}/e"))]].concat());
    assert_eq!(gone.claims.len(), 0);
}

/// What an object was told, and how often.
fn told(end: &End, name: &str) -> (String, u64) {
    let mut events = end.events.iter().filter(|event| event["involvedObject"]["name"] == name);
    let event = events.next().unwrap_or_else(|| panic!("{name} was told nothing: {:?}", end.events));
    assert!(events.next().is_none(), "one Event per object");
    (event["message"].as_str().unwrap().to_owned(), event["count"].as_u64().unwrap())
}

#[test]
fn a_gateway_whose_lan_address_cannot_be_had_is_told_why_and_so_is_its_pod() {
    let acts = vec![subnet("lan", "10.0.1.0/24", "lan.default"), gateway(&json!({"lanIp": "10.0.1.1"}))];
    let end = sweep("the address of the subnet's gateway", acts.clone());
    let why = "AddressConflict: Subnet lan: 10.0.1.1 is the gateway";
    assert_eq!(told(&end, "gw"), (format!("0/lan: {why}"), 1));
    let event = end.events.iter().find(|event| event["involvedObject"]["name"] == "gw").unwrap();
    assert_eq!(
        (&event["involvedObject"]["kind"], &event["reason"]),
        (&json!("VpcNatGateway"), &json!("AcquireAddressFailed"))
    );
    assert_eq!(told(&end, "vpc-nat-gw-gw-0"), (format!("eth0: VpcNatGateway gw/0 has no address: {why}"), 1));
    assert_eq!(pod(&end).1, ["0/ext"], "its other NIC is served");
    let mend = Act::Patch(format!("{GATEWAYS}/gw"), json!({"spec": {"lanIp": "10.0.1.9"}}));
    let end = sweep("mended", [acts, vec![mend]].concat());
    assert_eq!(pod(&end).1, ["0/lan", "0/ext"]);
}

#[test]
fn the_replicas_of_a_gateway_are_told_in_one_event() {
    let spec = json!({"replicas": 2});
    let pods = (1..=5).map(|n| Act::Create(PODS.to_owned(), sim::pod(&format!("p{n}"), "node1", &json!({}))));
    let end = sweep("two, and no address", pods.chain([lan(), gateway(&spec)]).collect());
    let why = "NoAvailableAddress: Subnet ext: no IPv4 address is free";
    assert_eq!(told(&end, "gw"), (format!("0/ext: {why}; 1/ext: {why}"), 1));
}
