//! Nothing is taken from who lives: absence alone proves nothing.

use crate::cast::*;
use crate::common::sampled as sweep;
use serde_json::json;
use sim::Act;

/// G01.
#[test]
fn g01_the_addresses_of_running_machines_stay_however_often_it_is_looked() {
    let alone = vec![instance("bare", &["macvlan"]), launch("bare", "launcher-bare", "node2", json!({}))];
    let looks = vec![Act::Pass(120); 3];
    // A pod has the name of a machine.
    let end = sweep("g01", all([start("v"), alone, vec![pod("v")], looks.clone(), restart(), looks]));
    // The pod and the machine share one name of an IP object: the first has it.
    assert_eq!((end.claims.len(), end.answers, end.ips.len()), (3, 3, 2));
    assert!(end.pods.values().all(|(phase, _)| phase == "Running"), "{:?}", end.pods);
}

fn with_spec_of_v(template: serde_json::Value) -> Vec<Act> {
    let unreadable = patch(VMS, "v", json!({"spec": {"template": template}}));
    let stopped = all([start("v"), start("w"), stop("v", "launcher-v-1"), vec![unreadable]]);
    all([stopped, vec![Act::Pass(120); 2], restart()])
}

/// G02.
#[test]
fn g02_a_machine_whose_annotations_cannot_be_read_keeps_what_it_has() {
    let end = sweep("g02", with_spec_of_v(json!({"metadata": {"annotations": {NETWORKS: "[{"}}})));
    assert_eq!((end.claims.len(), end.addresses["v"].as_slice()), (2, &["172.17.0.2".to_owned()][..]));
}

/// G02, of its networks.
#[test]
fn g02_a_machine_whose_networks_cannot_be_read_keeps_what_it_has() {
    let end = sweep("g02, networks", with_spec_of_v(json!({"spec": {"networks": "none of your business"}})));
    assert_eq!((end.claims.len(), end.addresses["v"].as_slice()), (2, &["172.17.0.2".to_owned()][..]));
}

/// G04.
#[test]
fn g04_what_an_ovn_eip_was_given_and_what_an_unknown_kind_holds_is_neither_collected_nor_given_out() {
    let eip = kube_ovn("OvnEip", "o", json!({"externalSubnet": "ext", "v4Ip": "172.17.0.4"}));
    let theirs = vec![
        Act::Create(OVN_EIPS.to_owned(), eip),
        patch(OVN_EIPS, "o/status", json!({"status": {"v4Ip": "172.17.0.4", "ready": true}})),
        held("Fridge", "f", "macvlan.default", "172.17.0.5"),
    ];
    let end = sweep("g04", all([outage(theirs), vec![Act::Pass(120); 2], crowd(5)]));
    assert_eq!((served(&end), end.addresses["f"].len()), (3, 1));
    assert!(!crowd_has(&end, "172.17.0.4"), "{:?}", end.addresses);
}

/// G04, what a Subnet has of its own.
#[test]
fn g04_the_addresses_that_kube_ovn_uses_on_a_subnet_itself_are_given_to_nobody() {
    let own = |name: &str, addr: &str| {
        let spec = json!({"podName": name, "subnet": "ext", "ipAddress": addr, "v4IpAddress": addr});
        let mut ip = kube_ovn("IP", name, spec);
        ip["metadata"]["finalizers"] = json!([FINALIZER]);
        ip["metadata"]["labels"] = json!({"ovn.kubernetes.io/subnet": "ext", "ovn.kubernetes.io/ip_reserved": "false"});
        Act::Create(IPS.to_owned(), ip)
    };
    let status = json!({"status": {"u2oInterconnectionIP": "172.17.0.2", "mcastQuerierIP": "172.17.0.3"}});
    let theirs = vec![
        own("u2o-interconnection.ovn-cluster.ext", "172.17.0.2"),
        own("mcast-querier.ext", "172.17.0.3"),
        patch(SUBNETS, "ext/status", status),
    ];
    let end = sweep("g04, its own", all([outage(theirs), vec![Act::Pass(120); 2], crowd(5)]));
    assert_eq!((served(&end), end.ips.len()), (3, 5), "{:?}", end.addresses);
}

/// G06.
#[test]
fn g06_records_that_lack_what_newer_ones_have_are_taken_over_and_not_deleted() {
    let spec = json!({"podName": "p", "namespace": "default", "subnet": "ext", "ipAddress": "172.17.0.5"});
    let bare = Act::Create(IPS.to_owned(), kube_ovn("IP", &port("p"), spec));
    let has = json!({"macvlan.default.kubernetes.io/allocated": "true",
        "macvlan.default.kubernetes.io/ip_address": "172.17.0.5"});
    let end = sweep("g06", all([outage(vec![bare, pod_with("p", "node1", has)]), restart(), crowd(5)]));
    assert_eq!((end.pods["p"].0.as_str(), end.ips.contains(&port("p"))), ("Running", true));
    assert_eq!((served(&end), crowd_has(&end, "172.17.0.5")), (4, false));
}

/// G07.
#[test]
fn g07_a_set_that_is_scaled_down_and_up_again_takes_nothing_from_pods_that_never_stopped() {
    let nodes = ["node1", "node2"];
    let cut_off = nodes.map(|node| Act::CutOff(node.to_owned())).to_vec();
    let connect = nodes.map(|node| Act::Connect(node.to_owned())).to_vec();
    let up = vec![set("db", 3)];
    let before = sweep("g07, before", up.clone());
    let down_and_up = vec![scale("db", 0), Act::Pass(120), scale("db", 3), Act::Pass(120)];
    let alive = all([up, cut_off, down_and_up]);
    let end = sweep("g07, alive", alive.clone());
    assert_eq!((&end.addresses, end.answers), (&before.addresses, 3));
    let end = sweep("g07", all([alive, connect]));
    assert_eq!((&end.addresses, end.answers, end.claims.len()), (&before.addresses, 3, 3));
    assert!(end.pods.values().all(|(phase, _)| phase == "Running"), "{:?}", end.pods);
}

/// G08.
#[test]
fn g08_on_a_network_that_is_not_managed_nothing_is_written_and_nothing_collected() {
    let lan = json!({"cidrBlock": "10.0.1.0/29", "gateway": "10.0.1.1", "provider": "lan.default.ovn"});
    let spec = json!({"podName": "gone", "namespace": "default", "subnet": "lan", "ipAddress": "10.0.1.2", "v4IpAddress": "10.0.1.2"});
    let mut leak = kube_ovn("IP", "gone.default.lan.default.ovn", spec);
    leak["metadata"]["finalizers"] = json!([FINALIZER]);
    leak["metadata"]["labels"] = json!({"ovn.kubernetes.io/subnet": "lan", "ovn.kubernetes.io/ip_reserved": "false"});
    let theirs = vec![subnet_with("lan", lan), Act::Create(IPS.to_owned(), leak), vip("v", "lan", "10.0.1.3")];
    let end = sweep("g08", all([theirs, vec![Act::Pass(120); 3], restart()]));
    assert_eq!(
        (end.writes, end.claims.len(), end.ips.as_slice()),
        (0, 0, &["gone.default.lan.default.ovn".to_owned()][..])
    );
}
