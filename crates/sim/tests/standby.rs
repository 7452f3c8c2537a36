//! Stories with a controller that stands by and takes over at each write of the other one: without another list, and before or after
//! that write was applied.
#![allow(clippy::unwrap_used)]

mod common;

use common::hand_overs;
use serde_json::{Value, json};
use sim::{Act, Story, pod, stateful_set};

const PODS: &str = "/api/v1/namespaces/default/pods";
const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";
const SUBNETS: &str = "/apis/kubeovn.io/v1/subnets";
const VIPS: &str = "/apis/kubeovn.io/v1/vips";
const EIPS: &str = "/apis/kubeovn.io/v1/iptables-eips";
const GATEWAYS: &str = "/apis/kubeovn.io/v1/vpc-nat-gateways";

fn kube_ovn(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "kubeovn.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn create(path: &str, body: Value) -> Act {
    Act::Create(path.to_owned(), body)
}

fn create_pod(name: &str) -> Act {
    create(PODS, pod(name, "node1", &json!({})))
}

fn delete(path: &str, name: &str) -> Act {
    Act::Delete(format!("{path}/{name}"), None)
}

#[test]
fn pods_that_come_and_go_while_the_lead_changes_hands_are_served_once() {
    let acts = vec![create_pod("a"), create_pod("b"), delete(PODS, "a"), create_pod("c")];
    let end = hand_overs(&Story { name: "pods", acts });
    assert_eq!((end.claims.len(), end.ips.len(), end.answers), (2, 2, 2));
}

#[test]
fn whoever_waits_for_an_address_is_served_by_the_one_that_took_over() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let pods = names.iter().map(|name| create_pod(name));
    let end = hand_overs(&Story { name: "full", acts: pods.chain([delete(PODS, "c")]).collect() });
    assert_eq!((end.claims.len(), end.told.len()), (5, 0));
    assert_eq!(end.pods["f"].0, "Running");
}

#[test]
fn ordinals_keep_and_give_back_what_they_have_whoever_leads() {
    let scale = Act::Patch(format!("{SETS}/web"), json!({"spec": {"replicas": 1}}));
    let acts = vec![create(SETS, stateful_set("web", 3)), delete(PODS, "web-0"), scale, delete(SETS, "web")];
    let kept = hand_overs(&Story { name: "ordinals", acts: acts[..3].to_vec() });
    assert_eq!(kept.claims, [("web-0".to_owned(), "net1".to_owned())]);
    let gone = hand_overs(&Story { name: "no ordinals", acts });
    assert_eq!((gone.claims.len(), gone.ips.len(), gone.answers), (0, 0, 0));
}

#[test]
fn both_families_of_a_nic_are_there_whoever_asked_for_the_first_of_them() {
    let spec = json!({"cidrBlock": "10.9.0.0/29,fd00:9::/125", "provider": "dual.default"});
    let nic = json!({"k8s.v1.cni.cncf.io/networks": "dual"});
    let acts = vec![
        create(SUBNETS, kube_ovn("Subnet", "dual", &spec)),
        create(PODS, pod("p", "node1", &nic)),
        delete(PODS, "p"),
    ];
    let up = hand_overs(&Story { name: "dual", acts: acts[..2].to_vec() });
    assert_eq!((up.claims.len(), up.answers), (2, 2));
    let gone = hand_overs(&Story { name: "dual, gone", acts });
    assert_eq!((gone.claims.len(), gone.ips.len()), (0, 0));
}

#[test]
fn a_gateway_its_eip_and_a_vip_are_made_and_taken_down_whoever_leads() {
    let lan = json!({"cidrBlock": "10.0.1.0/24", "provider": "lan.default.ovn", "vpc": "v"});
    let gateway = json!({"namespace": "default", "vpc": "v", "subnet": "lan", "externalSubnets": ["ext"]});
    let acts = vec![
        create(SUBNETS, kube_ovn("Subnet", "lan", &lan)),
        create(GATEWAYS, kube_ovn("VpcNatGateway", "gw", &gateway)),
        create(EIPS, kube_ovn("IptablesEIP", "e", &json!({"externalSubnet": "ext", "natGwDp": "gw"}))),
        create(VIPS, kube_ovn("Vip", "v", &json!({"subnet": "ext"}))),
        delete(GATEWAYS, "gw"),
        delete(EIPS, "e"),
        delete(VIPS, "v"),
        delete(SUBNETS, "ext"),
    ];
    let up = hand_overs(&Story { name: "up", acts: acts[..4].to_vec() });
    assert_eq!(up.claims.len(), 3);
    let down = hand_overs(&Story { name: "down", acts });
    assert_eq!((down.claims.len(), down.ips.len(), down.leaving.len()), (0, 0, 0));
}
