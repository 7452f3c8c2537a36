//! `missing-record`: a live holder uses an address that nothing records for it.

use crate::common::example::example;
use crate::common::objects::*;
use crate::common::{finding, not_judged};
use api::slim::Kind;
use serde_json::json;

#[test]
fn a_pod_whose_ip_object_is_gone_has_no_record() {
    // The status still shows what the allocator remembers.
    example()
        .without("IP p1.default.macvlan.default")
        .finds(&["error likely missing-record:pod/default/p1/macvlan.default @ Pod default/p1 = 172.17.0.11"]);
    example()
        .without("IP p1.default")
        .ordered()
        .finds(&["error proven missing-record:pod/default/p1/ovn @ Pod default/p1 = 10.16.0.11"]);
}

#[test]
fn a_count_and_a_range_without_the_address_follow_from_the_missing_record() {
    example().without("IP p1.default.macvlan.default").recounted().finds(&[
        "error likely missing-record:pod/default/p1/macvlan.default @ Pod default/p1 = 172.17.0.11",
        "warning proven count-mismatch:ext/v4 @ Subnet ext < missing-record:pod/default/p1/macvlan.default",
        "warning proven range-mismatch:ext/v4 @ Subnet ext = 172.17.0.11 < missing-record:pod/default/p1/macvlan.default",
    ]);
}

#[test]
fn nodes_vms_and_u2o_addresses_need_a_record_as_well() {
    example().without("IP node-node1").finds(&["error likely missing-record:node/node1 @ Node node1 = 100.64.0.2"]);
    example().without("IP vm1.default.macvlan.default").finds(&[
        "error likely missing-record:vm/default/vm1/macvlan.default @ Pod default/virt-launcher-vm1-abcde = 172.17.0.30",
    ]);
    let u2o = json!({"status": {"u2oInterconnectionIP": "10.70.0.20", "u2oInterconnectionVPC": "ovn-cluster"}});
    let name = "u2o-interconnection.ovn-cluster.external";
    let connected = example()
        .patched("Subnet external", u2o)
        .with(special_ip(name, name, "default", "external", "10.70.0.20"))
        .recounted();
    connected.clone().finds(&[]);
    let report = connected.without(&format!("IP {name}")).report();
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].objects[0].to_string(), "Subnet external");
    assert_eq!(report.findings[0].code, engine::Code::MissingRecord);
}

#[test]
fn the_querier_of_a_subnet_needs_none() {
    // Kube-OVN's own bookkeeping of it is not asked for.
    example().patched("Subnet external", json!({"status": {"mcastQuerierIP": "10.70.0.21", "v4usingIPs": 2, "v4availableIPs": 251,
        "v4usingIPrange": "10.70.0.10,10.70.0.21", "v4availableIPrange": "10.70.0.2-10.70.0.9,10.70.0.11-10.70.0.20,10.70.0.22-10.70.0.254"}})).finds(&[]);
}

#[test]
fn an_ip_object_of_the_nic_that_names_another_address_is_no_record() {
    let other = json!({"spec": {"v4IpAddress": "172.17.0.99", "ipAddress": "172.17.0.99"}});
    let report = example().patched("IP p1.default.macvlan.default", other).finds(&[
        "error proven missing-record:pod/default/p1/macvlan.default @ Pod default/p1 = 172.17.0.11",
        "warning proven count-mismatch:ext/v4 @ Subnet ext < missing-record:pod/default/p1/macvlan.default",
        "warning proven range-mismatch:ext/v4 @ Subnet ext = 172.17.0.99",
    ]);
    let missing = finding(&report, "missing-record:pod/default/p1/macvlan.default");
    assert!(missing.message.contains("p1.default.macvlan.default says 172.17.0.99"), "{}", missing.message);
}

#[test]
fn a_record_of_somebody_else_is_no_record() {
    let cluster = example()
        .without("IP p1.default.macvlan.default")
        .with(vip("v", "ext", "172.17.0.11", "02:00:00:00:00:99"))
        .recounted();
    cluster.finds(&[
        "error proven duplicate-address:macvlan.default/172.17.0.11 @ Pod default/p1 = 172.17.0.11",
        "error likely missing-record:pod/default/p1/macvlan.default @ Pod default/p1 = 172.17.0.11",
    ]);
}

#[test]
fn both_families_of_a_nic_are_one_finding() {
    example()
        .without("IP d1.default.dual.default")
        .finds(&["error likely missing-record:pod/default/d1/dual.default @ Pod default/d1 = 10.60.0.5 fd00:60::5"]);
}

#[test]
fn a_claim_is_a_record() {
    let holder = json!({"kind": "Pod", "namespace": "default", "name": "p1", "uid": "Pod/default/p1", "nic": "net1"});
    example()
        .without("IP p1.default.macvlan.default")
        .with(claim("macvlan.default", "172.17.0.11", "ext", holder))
        .finds(&[]);
}

#[test]
fn a_terminating_or_a_new_pod_is_only_possible() {
    let line = ["error possible missing-record:pod/default/p1/macvlan.default @ Pod default/p1 = 172.17.0.11"];
    let cluster = example().without("IP p1.default.macvlan.default");
    cluster.clone().patched("Pod default/p1", deleted(AN_HOUR_AGO)).finds(&line);
    cluster.patched("Pod default/p1", created(JUST_NOW)).finds(&line);
}

#[test]
fn pods_that_use_nothing_need_nothing() {
    let cluster = example().without("IP p1.default.macvlan.default").without("IP p1.default").recounted();
    cluster.clone().patched("Pod default/p1", finished("Failed", "Never", AN_HOUR_AGO)).finds(&[]);
    cluster.patched("Pod default/p1", json!({"spec": {"hostNetwork": true}})).finds(&[]);
}

#[test]
fn without_all_ip_objects_nobody_misses_one() {
    let report = example().without("IP p1.default.macvlan.default").partial(&[Kind::Ip]).finds(&[]);
    assert_eq!(not_judged(&report), ["missing-record: IP (1)", "count-mismatch: IP (8)", "range-mismatch: IP (8)",]);
}

#[test]
fn a_record_of_the_nic_is_one_also_where_the_pod_names_a_subnet_that_is_gone() {
    let gone = json!({"metadata": {"annotations": {"ovn.kubernetes.io/logical_switch": "gone"}}});
    example()
        .patched("Pod default/p1", gone)
        .finds(&["warning likely missing-reference:subnets/gone @ Pod default/p1"]);
}

#[test]
fn a_pod_that_is_starting_just_now_is_only_possible_however_old_it_is() {
    let cluster = example().without("IP p1.default.macvlan.default");
    let since = |phase: &str| {
        json!({"status": {"phase": phase, "containerStatuses": null,
            "conditions": [{"type": "PodScheduled", "status": "True", "lastTransitionTime": JUST_NOW}]}})
    };
    let id = "missing-record:pod/default/p1/macvlan.default @ Pod default/p1 = 172.17.0.11";
    cluster.clone().patched("Pod default/p1", since("Pending")).finds(&[&format!("error possible {id}")]);
    // One that runs has its record, whatever changes about it.
    cluster.patched("Pod default/p1", since("Running")).finds(&[&format!("error likely {id}")]);
}
