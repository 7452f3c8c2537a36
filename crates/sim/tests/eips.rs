//! Stories of IptablesEIPs. The gateway program is played by the story: it marks the claim before it adds the address.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, pod};

const PODS: &str = "/api/v1/namespaces/default/pods";
const EIPS: &str = "/apis/kubeovn.io/v1/iptables-eips";
const CLAIM: &str = "/apis/ipledger.dev/v1alpha1/addressclaims/macvlan.default.172.17.0.5";

fn eip(address: &str) -> Value {
    json!({"apiVersion": "kubeovn.io/v1", "kind": "IptablesEIP", "metadata": {"name": "e"},
        "spec": {"externalSubnet": "ext", "natGwDp": "gw", "v4ip": address}})
}

fn create(eip: Value) -> Act {
    Act::Create(EIPS.to_owned(), eip)
}

fn remove() -> Act {
    Act::Delete(format!("{EIPS}/e"), None)
}

/// The gateway, whose workload makes its pod.
fn gateway() -> Act {
    let gateway = json!({"apiVersion": "kubeovn.io/v1", "kind": "VpcNatGateway", "metadata": {"name": "gw"},
        "spec": {"namespace": "default", "externalSubnets": ["ext"]}});
    Act::Create("/apis/kubeovn.io/v1/vpc-nat-gateways".to_owned(), gateway)
}

fn program() -> Act {
    Act::Patch(CLAIM.to_owned(), json!({"status": {"programmed": {"gateway": "gw"}}}))
}

fn unprogram() -> Act {
    Act::Patch(CLAIM.to_owned(), json!({"status": {"programmed": null}}))
}

#[test]
fn an_eip_has_an_address_and_waits_for_its_gateway() {
    let up = sweep("an eip", vec![create(eip(""))]);
    assert_eq!((up.claims.len(), up.writes), (1, 3), "a claim, its object, its status");
}

#[test]
fn an_eip_that_was_never_programmed_is_given_back_when_it_is_gone() {
    let end = sweep("never programmed", vec![create(eip("")), gateway(), remove()]);
    assert_eq!(end.claims, [("gw".to_owned(), "0/ext".to_owned())], "only the gateway's own is left");
}

#[test]
fn an_eip_that_is_programmed_stays_until_its_gateway_says_that_it_is_so_no_more() {
    let acts = vec![create(eip("172.17.0.5")), gateway(), program(), remove()];
    let kept = sweep("programmed", acts.clone());
    assert_eq!(kept.addresses["e"], ["172.17.0.5"]);
    let gone = sweep("unprogrammed", [acts, vec![unprogram()]].concat());
    assert_eq!(gone.claims.len(), 1);
}

#[test]
fn an_eip_that_is_programmed_is_given_back_when_the_pod_of_its_gateway_has_let_go() {
    let acts = vec![create(eip("172.17.0.5")), gateway(), program(), remove()];
    let pod = Act::Delete(format!("{PODS}/vpc-nat-gw-gw-0"), None);
    let end = sweep("its pod is gone", [acts.clone(), vec![pod]].concat());
    assert_eq!(end.claims.len(), 1, "the gateway's own");
    let forced = Act::Delete(format!("{PODS}/vpc-nat-gw-gw-0"), Some(0));
    let cut_off = ["node1", "node2"].map(|node| Act::CutOff(node.to_owned())).to_vec();
    let cut_off = sweep("cut off", [acts, cut_off, vec![forced]].concat());
    assert_eq!(cut_off.addresses["e"], ["172.17.0.5"], "nobody knows");
}

#[test]
fn the_next_pod_of_a_gateway_takes_an_eip_over_when_the_one_before_has_let_go() {
    let acts = vec![
        create(eip("172.17.0.5")),
        gateway(),
        program(),
        Act::CutOff("node1".to_owned()),
        Act::CutOff("node2".to_owned()),
        Act::Delete(format!("{PODS}/vpc-nat-gw-gw-0"), Some(0)),
    ];
    let waits = sweep("the one before is cut off", acts.clone());
    assert_eq!(waits.pods["vpc-nat-gw-gw-0"].1.len(), 0, "neither is its yet");
    let connect = ["node1", "node2"].map(|node| Act::Connect(node.to_owned())).to_vec();
    let next = sweep("and back", [acts, connect].concat());
    assert_eq!(next.pods["vpc-nat-gw-gw-0"].1.len(), 2);
}

#[test]
fn an_eip_that_kube_ovn_made_ready_counts_as_programmed() {
    let mut adopted = eip("172.17.0.5");
    adopted["metadata"]["finalizers"] = json!(["kubeovn.io/kube-ovn-controller"]);
    let ready = Act::Patch(format!("{EIPS}/e/status"), json!({"status": {"ready": true, "ip": "172.17.0.5"}}));
    let acts = vec![create(adopted), ready, remove()];
    let kept = sweep("adopted", acts.clone());
    assert_eq!(kept.addresses["e"], ["172.17.0.5"]);
    let gone = sweep("adopted, and unprogrammed", [acts, vec![unprogram()]].concat());
    assert_eq!(gone.claims.len(), 0);
}

#[test]
fn an_eip_that_asks_for_an_address_in_use_is_told_whose_it_is() {
    let fixed = json!({"macvlan.default.kubernetes.io/ip_address": "172.17.0.5"});
    let acts = vec![Act::Create(PODS.to_owned(), pod("p", "node1", &fixed)), create(eip("172.17.0.5"))];
    let refused = sweep("in use", acts.clone());
    assert!(refused.told["IptablesEIP e "].contains("held by Pod default/p"), "{:?}", refused.told);
    let served = sweep("free", [acts, vec![Act::Delete(format!("{PODS}/p"), None)]].concat());
    assert_eq!(served.addresses["e"], ["172.17.0.5"]);
}

#[test]
fn an_eip_that_names_no_gateway_is_refused_until_it_does() {
    let mut bare = eip("172.17.0.5");
    bare["spec"].as_object_mut().unwrap().remove("natGwDp");
    let acts = vec![create(bare)];
    let refused = sweep("no gateway is named", acts.clone());
    assert_eq!(refused.claims.len(), 0);
    assert!(refused.told["IptablesEIP e "].contains("`natGwDp` names no VpcNatGateway"), "{:?}", refused.told);
    let named = Act::Patch(format!("{EIPS}/e"), json!({"spec": {"natGwDp": "gw"}}));
    let acts = [acts, vec![named]].concat();
    assert_eq!(sweep("a gateway is named", acts.clone()).addresses["e"], ["172.17.0.5"]);
    // What it has it keeps: the address may be on the gateway's interface.
    let unnamed = Act::Patch(format!("{EIPS}/e"), json!({"spec": {"natGwDp": null}}));
    assert_eq!(sweep("a gateway is named no more", [acts, vec![unnamed]].concat()).addresses["e"], ["172.17.0.5"]);
}
