//! Stories of claims that somebody else made: for objects of another manager, and quarantines.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, pod};

const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";
const IPS: &str = "/apis/kubeovn.io/v1/ips";
const SUBNETS: &str = "/apis/kubeovn.io/v1/subnets";
const OVN_EIPS: &str = "/apis/kubeovn.io/v1/ovn-eips";
const PODS: &str = "/api/v1/namespaces/default/pods";

fn claim(kind: &str, status: &Value) -> Act {
    let claim = json!({"apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim",
        "metadata": {"name": "macvlan.default.172.17.0.4"},
        "spec": {"wire": "macvlan.default", "address": "172.17.0.4", "subnet": "ext",
            "holder": {"kind": kind, "name": "h"}}, "status": status});
    Act::Create(CLAIMS.to_owned(), claim)
}

/// Pods on every other address, and one more.
fn pods() -> Vec<Act> {
    (1..=5).map(|n| Act::Create(PODS.to_owned(), pod(&format!("p{n}"), "node1", &json!({})))).collect()
}

#[test]
fn an_address_that_is_held_for_an_ovn_eip_goes_when_that_is_gone() {
    let eip = json!({"apiVersion": "kubeovn.io/v1", "kind": "OvnEip", "metadata": {"name": "h"}, "spec": {}});
    let acts = vec![Act::Create(OVN_EIPS.to_owned(), eip), claim("OvnEip", &json!({}))];
    assert_eq!(sweep("held", acts.clone()).claims.len(), 1);
    let gone = [acts, vec![Act::Delete(format!("{OVN_EIPS}/h"), None)]].concat();
    assert_eq!(sweep("held no more", gone).claims.len(), 0);
}

#[test]
fn an_ovn_eip_that_names_no_subnet_is_on_the_one_that_kube_ovn_takes_for_it() {
    let subnet = |name: &str, cidr: &str| {
        let subnet = json!({"apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": {"name": name},
            "spec": {"cidrBlock": cidr, "provider": format!("{name}.default")}});
        Act::Create(SUBNETS.to_owned(), subnet)
    };
    let eip = json!({"apiVersion": "kubeovn.io/v1", "kind": "OvnEip", "metadata": {"name": "h"}, "spec": {}});
    let given = json!({"status": {"v4Ip": "10.9.0.4"}});
    let acts = vec![
        // The default of an IptablesEIP is another one.
        subnet("ovn-vpc-external-network", "10.8.0.0/28"),
        subnet("external", "10.9.0.0/28"),
        Act::Create(OVN_EIPS.to_owned(), eip),
        Act::Patch(format!("{OVN_EIPS}/h/status"), given),
    ];
    let end = sweep("no subnet is named", acts);
    assert_eq!(end.addresses["h"], ["10.9.0.4"]);
    assert!(end.claim_statuses.contains_key("external.default.10.9.0.4"), "{:?}", end.claim_statuses);
}

/// A node, with the IP object that Kube-OVN made for its own address.
fn node() -> Vec<Act> {
    let spec = json!({"podName": "n9", "namespace": "", "subnet": "ext", "nodeName": "n9", "ipAddress": "172.17.0.4",
        "v4IpAddress": "172.17.0.4"});
    let labels = json!({"ovn.kubernetes.io/subnet": "ext", "ovn.kubernetes.io/node-name": "n9", "ext": "",
        "ovn.kubernetes.io/ip_reserved": "false"});
    let meta = json!({"name": "node-n9", "finalizers": ["kubeovn.io/kube-ovn-controller"], "labels": labels});
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n9"}});
    vec![
        Act::Create("/api/v1/nodes".to_owned(), node),
        Act::Create(
            IPS.to_owned(),
            json!({"apiVersion": "kubeovn.io/v1", "kind": "IP", "metadata": meta, "spec": spec}),
        ),
    ]
}

#[test]
fn the_address_of_a_node_is_held_while_the_node_is_there() {
    let held = sweep("a node", node());
    assert_eq!((held.addresses["n9"].as_slice(), held.ips.len()), (&["172.17.0.4".to_owned()][..], 1));
    assert_eq!((&held.statuses["ext"]["v4usingIPs"], held.writes), (&json!(1), 1), "a claim, and nothing else");
    // While the controller was down a person made pods on it: what the node has comes first.
    let down = [vec![Act::Stop(0)], node(), pods(), vec![Act::Start]].concat();
    let down = sweep("a node, at a start", down);
    assert_eq!((down.claims.len(), down.answers), (5, 4), "one pod waits");
    let gone = [node(), vec![Act::Delete("/api/v1/nodes/n9".to_owned(), None)]].concat();
    let gone = sweep("a node that goes", gone);
    assert_eq!((gone.claims.len(), gone.ips.len(), gone.leaving.len()), (0, 0, 0));
}

/// A Subnet that Kube-OVN gave addresses of its own to, with the IP object that it made for each.
fn own_addresses() -> Vec<Act> {
    let ip = |name: &str, addr: &str| {
        let spec =
            json!({"podName": name, "namespace": "default", "subnet": "ext", "ipAddress": addr, "v4IpAddress": addr});
        let meta = json!({"name": name, "finalizers": ["kubeovn.io/kube-ovn-controller"], "labels": {"ovn.kubernetes.io/subnet": "ext", "ovn.kubernetes.io/ip_reserved": "false"}});
        Act::Create(
            IPS.to_owned(),
            json!({"apiVersion": "kubeovn.io/v1", "kind": "IP", "metadata": meta, "spec": spec}),
        )
    };
    let status = json!({"status": {"u2oInterconnectionIP": "172.17.0.4", "mcastQuerierIP": "172.17.0.5"}});
    vec![
        Act::Patch(format!("{SUBNETS}/ext/status"), status),
        ip("u2o-interconnection.v.ext", "172.17.0.4"),
        ip("mcast-querier.ext", "172.17.0.5"),
    ]
}

#[test]
fn addresses_of_a_subnet_itself_are_held_while_it_says_that_it_has_them() {
    let end = sweep("own addresses", [own_addresses(), pods()].concat());
    assert_eq!((end.claims.len(), end.answers), (5, 3), "two pods wait");
    assert_eq!(end.subnets["ext"]["spec"]["cidrBlock"], "172.17.0.0/29");
    // While the controller was down a person made pods on them: what the Subnet says comes first.
    let down = [vec![Act::Stop(0)], own_addresses(), pods(), vec![Act::Start]].concat();
    assert_eq!(sweep("own addresses, at a start", down).answers, 3);
}

#[test]
fn a_subnet_that_is_deleted_does_not_wait_for_its_own_addresses() {
    let delete = Act::Delete(format!("{SUBNETS}/ext"), None);
    let end = sweep("own addresses, deleted", [own_addresses(), vec![delete]].concat());
    assert_eq!((end.claims.len(), end.leaving.len(), end.subnets.len(), end.ips.len()), (0, 0, 0, 0));
}

#[test]
fn an_address_in_quarantine_is_given_out_when_its_time_is_over() {
    // A story begins at 2027-01-15T08:00:00Z and goes on for some minutes.
    let long = claim("Quarantine", &json!({"quarantine": {"until": "2027-01-16T08:00:00Z"}}));
    let kept = sweep("in quarantine", [vec![long], pods()].concat());
    assert_eq!((kept.claims.len(), kept.answers), (5, 4), "the fifth pod waits");
    let short = claim("Quarantine", &json!({"quarantine": {"until": "2027-01-15T08:00:30Z"}}));
    let over = sweep("after quarantine", [vec![short], pods()].concat());
    assert_eq!((over.claims.len(), over.answers), (5, 5));
}

#[test]
fn a_claim_of_an_unknown_kind_is_kept() {
    let kept = sweep("unknown", vec![claim("Fridge", &json!({}))]);
    assert_eq!(kept.claims.len(), 1);
}
