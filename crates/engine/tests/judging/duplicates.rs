//! `duplicate-address` and `double-record`.

use crate::common::example::example;
use crate::common::objects::*;
use crate::common::{Cluster, finding};
use api::slim::Kind;
use engine::Certainty;
use serde_json::{Value, json};

/// The address of p1 on the macvlan network is also on record for somebody else.
const P1_TWICE: &str = "error proven duplicate-address:macvlan.default/172.17.0.11 @ Pod default/p1 = 172.17.0.11";
/// Kube-OVN counts objects, and so one more than there are addresses.
const COUNTED_TWICE: &str =
    "warning proven count-mismatch:ext/v4 @ Subnet ext = 172.17.0.11 < duplicate-address:macvlan.default/172.17.0.11";

/// Gives a pod's NIC another address, on the pod and in its IP object.
pub(crate) fn readdressed(cluster: Cluster, pod: &str, provider: &str, address: &str) -> Cluster {
    let port = api::names::port_name(pod, "default", provider);
    cluster
        .patched(&format!("Pod default/{pod}"), json!({"metadata": {"annotations": {format!("{provider}.kubernetes.io/ip_address"): address}}}))
        .patched(
            &format!("IP {port}"),
            json!({"spec": {"ipAddress": address, "v4IpAddress": part(address, false), "v6IpAddress": part(address, true)}}),
        )
}

/// An EIP on the Subnet `ext`.
pub(crate) fn eip_on_ext(name: &str, address: &str) -> Value {
    eip(name, "gw1", address)
        .but(json!({"spec": {"externalSubnet": "ext"}, "metadata": {"labels": {"ovn.kubernetes.io/subnet": "ext"}}}))
}

#[test]
fn two_pods_on_one_address_are_a_duplicate() {
    let cluster = readdressed(example(), "p2", "macvlan.default", "172.17.0.11").recounted();
    let report = cluster.finds(&[P1_TWICE, COUNTED_TWICE]);
    let duplicate = finding(&report, "duplicate-address:macvlan.default/172.17.0.11");
    let objects: Vec<String> = duplicate.objects.iter().map(ToString::to_string).collect();
    assert_eq!(
        objects,
        ["Pod default/p1", "Pod default/p2", "IP p1.default.macvlan.default", "IP p2.default.macvlan.default"]
    );
    assert!(duplicate.message.contains("2 holders, 2 of them alive"), "{}", duplicate.message);
    assert_eq!((duplicate.subnet.as_deref(), duplicate.wire.as_deref()), (Some("ext"), Some("macvlan.default")));
}

#[test]
fn a_pod_and_an_object_of_any_other_kind_on_one_address_are_a_duplicate() {
    let counted = [
        eip_on_ext("e", "172.17.0.11"),
        ovn_eip("o", "ext", "172.17.0.11"),
        vip("v", "ext", "172.17.0.11", "02:00:00:00:00:99"),
        reservation("default", "r", "macvlan.default", "ext", "172.17.0.11"),
    ];
    for object in counted {
        eprintln!("--- {}", path_of(&object));
        example().with(object).recounted().finds(&[P1_TWICE, COUNTED_TWICE]);
    }
}

#[test]
fn a_pod_and_a_claim_of_somebody_else_on_one_address_are_a_duplicate() {
    // Kube-OVN counts no claims.
    let holder = json!({"kind": "Pod", "namespace": "default", "name": "p2", "uid": "Pod/default/p2", "nic": "net1"});
    example().with(claim("macvlan.default", "172.17.0.11", "ext", holder)).finds(&[P1_TWICE]);
}

#[test]
fn a_pod_and_a_node_and_a_u2o_address_are_compared_on_the_wire_of_their_vpc() {
    // join and ovn-default are one wire; an address of join that a pod of ovn-default records is looked at there.
    readdressed(example(), "p2", "ovn", "10.16.0.11").recounted().finds(&[
        "error proven duplicate-address:ovn-cluster.ovn/10.16.0.11 @ Pod default/p1 = 10.16.0.11",
        "warning proven count-mismatch:ovn-default/v4 @ Subnet ovn-default = 10.16.0.11 < duplicate-address:ovn-cluster.ovn/10.16.0.11",
    ]);
    let [_, record] = node("node3", "100.64.0.2");
    let [other, _] = node("node3", "100.64.0.2");
    example().with_all([other, record]).recounted().finds(&[
        "error proven duplicate-address:ovn-cluster.ovn/100.64.0.2 @ Node node1 = 100.64.0.2",
        "warning proven count-mismatch:join/v4 @ Subnet join = 100.64.0.2 < duplicate-address:ovn-cluster.ovn/100.64.0.2",
    ]);
    example()
        .patched("Subnet ovn-default", json!({"status": {"u2oInterconnectionIP": "10.16.0.11", "u2oInterconnectionVPC": "ovn-cluster"}}))
        .with(special_ip("u2o-interconnection.ovn-cluster.ovn-default", "u2o-interconnection.ovn-cluster.ovn-default", "default", "ovn-default", "10.16.0.11"))
        .recounted()
        .finds(&[
            "error proven duplicate-address:ovn-cluster.ovn/10.16.0.11 @ Pod default/p1 = 10.16.0.11",
            "warning proven count-mismatch:ovn-default/v4 @ Subnet ovn-default = 10.16.0.11 < duplicate-address:ovn-cluster.ovn/10.16.0.11",
        ]);
}

#[test]
fn eips_vips_and_ovn_eips_are_compared_with_each_other() {
    let wire = "ovn-vpc-external-network.kube-system";
    let pairs: [(Value, &str); 3] = [
        (eip("e", "gw2", "192.168.100.11"), "IptablesEIP e"),
        (ovn_eip("a", "ovn-vpc-external-network", "192.168.100.11"), "IptablesEIP eip1"),
        (vip("a", "ovn-vpc-external-network", "192.168.100.11", "02:00:00:00:00:99"), "IptablesEIP eip1"),
    ];
    for (object, first) in pairs {
        eprintln!("--- {}", path_of(&object));
        // gw2 exists, without a pod.
        let cluster = example().with(gateway("gw2", "vpc1", "lan1", "10.50.0.253")).with(object).recounted();
        cluster.finds(&[
            &format!("error proven duplicate-address:{wire}/192.168.100.11 @ {first} = 192.168.100.11"),
            &format!("warning proven count-mismatch:ovn-vpc-external-network/v4 @ Subnet ovn-vpc-external-network = 192.168.100.11 < duplicate-address:{wire}/192.168.100.11"),
        ]);
    }
}

#[test]
fn a_running_pod_wins_over_a_ready_eip_over_a_retained_owner_over_a_reservation() {
    let ready = || eip_on_ext("e", "172.17.0.31");
    let reserved = || reservation("default", "r", "macvlan.default", "ext", "172.17.0.31");
    let winner = |cluster: Cluster, address: &str| {
        let report = cluster.report();
        finding(&report, &format!("duplicate-address:macvlan.default/{address}")).objects[0].to_string()
    };
    assert_eq!(winner(example().with(eip_on_ext("e", "172.17.0.11")), "172.17.0.11"), "Pod default/p1");
    assert_eq!(winner(example().with_all([reserved(), ready()]), "172.17.0.31"), "IptablesEIP e");
    assert_eq!(winner(example().with(reserved()), "172.17.0.31"), "IP vm2.default.macvlan.default");
    // A pod that does not run yet has to stand back behind an EIP that answers.
    let pending = example().patched("Pod default/p1", json!({"status": {"phase": "Pending"}}));
    assert_eq!(winner(pending.with(eip_on_ext("e", "172.17.0.11")), "172.17.0.11"), "IptablesEIP e");
    // Of two equals the older one.
    let younger = example().patched("Pod default/p1", created(AN_HOUR_AGO));
    assert_eq!(winner(readdressed(younger, "p2", "macvlan.default", "172.17.0.11"), "172.17.0.11"), "Pod default/p2");
}

#[test]
fn a_vm_and_its_pods_are_one_holder_also_while_it_migrates() {
    let target = launcher("default", "vm1", "fghij", "10.16.0.30", "172.17.0.30")
        .but(json!({"metadata": {"annotations": {"kubevirt.io/migrationJobName": "m1"}}}));
    example().with(target).finds(&[]);
}

#[test]
fn two_vms_on_one_address_are_a_duplicate() {
    let cluster = example().patched(
        "IP vm2.default.macvlan.default",
        json!({"spec": {"ipAddress": "172.17.0.30", "v4IpAddress": "172.17.0.30"}}),
    );
    cluster.recounted().finds(&[
        "error proven duplicate-address:macvlan.default/172.17.0.30 @ Pod default/virt-launcher-vm1-abcde = 172.17.0.30",
        "warning proven count-mismatch:ext/v4 @ Subnet ext = 172.17.0.30 < duplicate-address:macvlan.default/172.17.0.30",
    ]);
}

#[test]
fn a_vip_and_the_pod_that_it_is_lent_to_are_one_holder() {
    let lent = readdressed(example(), "p2", "macvlan.default", "172.17.0.40");
    // By the label that Kube-OVN writes, by the annotation of the pod, by both.
    let label = json!({"metadata": {"labels": {"ovn.kubernetes.io/ip_reserved": "p2.default.macvlan.default"}}});
    let annotation = json!({"metadata": {"annotations": {"ovn.kubernetes.io/vip": "vip2"}}});
    lent.clone().patched("Vip vip2", label.clone()).recounted().finds(&[]);
    lent.clone().patched("Vip vip2", label.clone()).patched("Pod default/p2", annotation).recounted().finds(&[]);
    // Lent, it is not counted, also where the Subnet was not read.
    lent.clone().patched("Vip vip2", label.clone()).without("Subnet ext").partial(&[Kind::Subnet]).finds(&[]);
    // To another pod it is not lent.
    let other = readdressed(example(), "p1", "macvlan.default", "172.17.0.40").patched("Vip vip2", label).recounted();
    other.finds(&["error proven duplicate-address:macvlan.default/172.17.0.40 @ Pod default/p1 = 172.17.0.40"]);
}

#[test]
fn a_gateway_nic_and_one_eip_of_that_gateway_are_one_holder_on_record_twice() {
    // The case of #4747: traffic is fine, the count is not.
    let wire = "ovn-vpc-external-network.kube-system";
    let report = example().with(eip("eip3", "gw1", "192.168.100.10")).recounted().finds(&[
        &format!("info proven double-record:{wire}/192.168.100.10 @ IP vpc-nat-gw-gw1-0.kube-system.{wire} = 192.168.100.10"),
        &format!("warning proven count-mismatch:ovn-vpc-external-network/v4 @ Subnet ovn-vpc-external-network = 192.168.100.10 < double-record:{wire}/192.168.100.10"),
    ]);
    let count = finding(&report, "count-mismatch:ovn-vpc-external-network/v4");
    assert!(count.message.contains("3 distinct addresses; 1 recorded twice"), "{}", count.message);
}

#[test]
fn two_eips_of_one_gateway_are_a_duplicate_with_or_without_its_nic() {
    let wire = "ovn-vpc-external-network.kube-system";
    example().with(eip("eip3", "gw1", "192.168.100.11")).recounted().finds(&[
        &format!("error proven duplicate-address:{wire}/192.168.100.11 @ IptablesEIP eip1 = 192.168.100.11"),
        &format!("warning proven count-mismatch:ovn-vpc-external-network/v4 @ Subnet ovn-vpc-external-network = 192.168.100.11 < duplicate-address:{wire}/192.168.100.11"),
    ]);
    example()
        .with_all([eip("eip3", "gw1", "192.168.100.10"), eip("eip4", "gw1", "192.168.100.10")])
        .recounted()
        .finds(&[
            &format!("error proven duplicate-address:{wire}/192.168.100.10 @ Pod kube-system/vpc-nat-gw-gw1-0 = 192.168.100.10"),
            &format!("warning proven count-mismatch:ovn-vpc-external-network/v4 @ Subnet ovn-vpc-external-network = 192.168.100.10 < duplicate-address:{wire}/192.168.100.10"),
        ]);
}

#[test]
fn an_eip_of_another_gateway_on_a_gateways_nic_is_a_duplicate() {
    let wire = "ovn-vpc-external-network.kube-system";
    example()
        .with(gateway("gw2", "vpc1", "lan1", "10.50.0.253"))
        .with(eip("eip3", "gw2", "192.168.100.10"))
        .recounted()
        .finds(&[
            &format!("error proven duplicate-address:{wire}/192.168.100.10 @ Pod kube-system/vpc-nat-gw-gw1-0 = 192.168.100.10"),
            &format!("warning proven count-mismatch:ovn-vpc-external-network/v4 @ Subnet ovn-vpc-external-network = 192.168.100.10 < duplicate-address:{wire}/192.168.100.10"),
        ]);
}

/// A gateway with two replicas, whose pods have these outer addresses.
pub(crate) fn highly_available(cluster: Cluster, first: &str, second: &str) -> Cluster {
    let name = "vpc-nat-gw-ha";
    let replica = |suffix: &str, lan: &str, outer: &str| {
        let pod_name = format!("{name}-5d8f-{suffix}");
        [
            gateway_pod("ha", &pod_name, "lan1", lan, outer).but(owned_by(
                "apps/v1",
                "ReplicaSet",
                "vpc-nat-gw-ha-5d8f",
            )),
            ip("kube-system", &pod_name, "ovn", "lan1", lan),
            ip("kube-system", &pod_name, EXTERNAL, "ovn-vpc-external-network", outer),
        ]
    };
    cluster
        .with(gateway("ha", "vpc1", "lan1", "").but(json!({"spec": {"replicas": 2},
            "status": {"lanIp": "10.50.0.21,10.50.0.22", "workload": {"kind": "Deployment"}}})))
        .with_all(replica("aaaaa", "10.50.0.21", first))
        .with_all(replica("bbbbb", "10.50.0.22", second))
}

#[test]
fn two_pods_of_a_highly_available_gateway_on_one_address_are_a_duplicate() {
    let wire = "ovn-vpc-external-network.kube-system";
    highly_available(example(), "192.168.100.21", "192.168.100.22").recounted().finds(&[]);
    highly_available(example(), "192.168.100.21", "192.168.100.21").recounted().finds(&[
        &format!("error proven duplicate-address:{wire}/192.168.100.21 @ Pod kube-system/vpc-nat-gw-ha-5d8f-aaaaa = 192.168.100.21"),
        &format!("warning proven count-mismatch:ovn-vpc-external-network/v4 @ Subnet ovn-vpc-external-network = 192.168.100.21 < duplicate-address:{wire}/192.168.100.21"),
    ]);
}

#[test]
fn records_whose_subnet_is_gone_are_still_compared_on_their_wire() {
    let r = |name: &str| reservation("default", name, "old.default", "old", "10.9.0.5");
    example().with_all([r("r1"), r("r2")]).finds(&[
        "error proven duplicate-address:old.default/10.9.0.5 @ IP r1.default.old.default = 10.9.0.5",
        "warning likely missing-reference:subnets/old @ IP r1.default.old.default",
    ]);
}

#[test]
fn one_address_in_any_spelling_is_one_address() {
    let d2 = [
        pod("default", "d2").but(networks("dual")).but(nic("dual.default", "", "::ffff:10.60.0.5,FD00:60:0:0::5")),
        ip("default", "d2", "dual.default", "dual", "10.60.0.5,FD00:0060::0005"),
    ];
    example().with_all(d2).recounted().finds(&[
        "error proven duplicate-address:dual.default/10.60.0.5 @ Pod default/d1 = 10.60.0.5",
        "error proven duplicate-address:dual.default/fd00:60::5 @ Pod default/d1 = fd00:60::5",
        "warning proven count-mismatch:dual/v4 @ Subnet dual = 10.60.0.5 < duplicate-address:dual.default/10.60.0.5",
        "warning proven count-mismatch:dual/v6 @ Subnet dual = fd00:60::5 < duplicate-address:dual.default/fd00:60::5",
    ]);
}

#[test]
fn an_ipv4_address_written_as_ipv6_is_the_ipv4_address() {
    let mapped = reservation("default", "r", "macvlan.default", "ext", "")
        .but(json!({"spec": {"v4IpAddress": "::ffff:172.17.0.11", "ipAddress": "::ffff:172.17.0.11"}}));
    example().with(mapped).recounted().finds(&[P1_TWICE, COUNTED_TWICE]);
}

#[test]
fn what_two_lists_say_within_the_grace_is_only_possible() {
    // The pods may have been listed before the EIP took the address that p1 had given back.
    let fresh = eip_on_ext("e", "172.17.0.11").but(created(JUST_NOW));
    example().with(fresh).recounted().finds(&[
        "error possible duplicate-address:macvlan.default/172.17.0.11 @ Pod default/p1 = 172.17.0.11",
        "warning possible count-mismatch:ext/v4 @ Subnet ext = 172.17.0.11 < duplicate-address:macvlan.default/172.17.0.11",
    ]);
    // An IP object that is on its way out, and the one of the pod that has its address now.
    let leaving = reservation("default", "r", "macvlan.default", "ext", "172.17.0.11").but(deleted(JUST_NOW));
    example().with(leaving).recounted().finds(&[
        "error possible duplicate-address:macvlan.default/172.17.0.11 @ Pod default/p1 = 172.17.0.11",
        "warning possible count-mismatch:ext/v4 @ Subnet ext = 172.17.0.11 < duplicate-address:macvlan.default/172.17.0.11",
    ]);
}

#[test]
fn a_pod_that_hangs_in_terminating_for_an_hour_still_uses_its_address() {
    // Kube-OVN gives the address away after two grace periods, also when the node is lost and the containers run on.
    let cluster = readdressed(example(), "p2", "macvlan.default", "172.17.0.11");
    cluster.patched("Pod default/p1", deleted(AN_HOUR_AGO)).recounted().finds(&[P1_TWICE, COUNTED_TWICE]);
}

#[test]
fn what_an_unread_kind_could_make_one_holder_is_only_possible() {
    // `nat-gw7-0` may be the gateway of the EIP, or somebody else's pod.
    let cluster = Cluster::new()
        .with(subnet("ext", "172.17.0.0/24", "172.17.0.1", "macvlan.default").but(json!({"status": null})))
        .with(eip("e", "gw7", "172.17.0.50").but(
            json!({"spec": {"externalSubnet": "ext"}, "metadata": {"labels": {"ovn.kubernetes.io/subnet": "ext"}}}),
        ))
        .with(ordinal_ip("kube-system", "nat-gw7-0", "macvlan.default", "ext", "172.17.0.50"));
    let unread =
        [Kind::Pod, Kind::StatefulSet, Kind::VpcNatGateway, Kind::Deployment, Kind::NetworkAttachmentDefinition];
    cluster
        .clone()
        .partial(&unread)
        .finds(&["error possible duplicate-address:macvlan.default/172.17.0.50 @ IptablesEIP e = 172.17.0.50"]);
    // Where everything is known, they are two, and the pod and the gateway are gone.
    let mut all = cluster.with(nad("default", "macvlan", "eth1"));
    all.settings.now = NOW.parse().ok();
    all.finds(&[
        "error proven duplicate-address:macvlan.default/172.17.0.50 @ IptablesEIP e = 172.17.0.50",
        "warning likely leaked-ip:ips/nat-gw7-0.kube-system.macvlan.default @ IP nat-gw7-0.kube-system.macvlan.default = 172.17.0.50",
        "warning likely missing-reference:vpc-nat-gateways/gw7 @ IptablesEIP e",
    ]);
}

#[test]
fn a_duplicate_within_one_subnet_is_proven_without_the_subnet() {
    // Two records that name one Subnet are on one wire, whichever that is.
    let cluster = Cluster::new()
        .with(reservation("default", "a", "macvlan.default", "ext", "172.17.0.50"))
        .with(reservation("default", "b", "macvlan.default", "ext", "172.17.0.50"))
        .partial(&Kind::ALL);
    cluster.finds(&[
        "error proven duplicate-address:macvlan.default/172.17.0.50 @ IP a.default.macvlan.default = 172.17.0.50",
    ]);
}

#[test]
fn the_scenario_of_issue_4747_is_one_story() {
    // 17 gateways whose outer NIC and EIP have one address, and 7 others: 24 addresses, 41 objects, 30 usable.
    let mut cluster = crate::common::example::networks_and_nodes(Cluster::new())
        .with(subnet("nat", "172.30.0.0/27", "172.30.0.1", "nat.default"))
        .with(nad("default", "nat", "eth5"));
    let outer = json!({"spec": {"externalSubnets": ["nat"]}, "status": {"externalSubnets": ["nat"]}});
    let labels =
        json!({"metadata": {"labels": {"ovn.kubernetes.io/subnet": "nat"}}, "spec": {"externalSubnet": "nat"}});
    for n in 2..26 {
        let (name, address) = (format!("g{n}"), format!("172.30.0.{n}"));
        let pod_name = format!("vpc-nat-gw-{name}-0");
        cluster = cluster
            .with(gateway(&name, "vpc1", "lan1", &format!("10.50.0.{n}")).but(outer.clone()))
            .with(ordinal_ip("kube-system", &pod_name, "nat.default", "nat", &address))
            .with(ordinal_ip("kube-system", &pod_name, "ovn", "lan1", &format!("10.50.0.{n}")));
        if n < 19 {
            cluster = cluster.with(eip(&format!("e{n}"), &name, &address).but(labels.clone()));
        }
    }
    let report = cluster.recounted().report();
    let over = finding(&report, "over-capacity:nat/v4");
    assert!(
        over.message
            .starts_with("v4usingIPs 41 of 30 usable: 24 distinct addresses; 17 recorded twice (IP vpc-nat-gw-"),
        "{}",
        over.message
    );
    assert_eq!(over.follows.len(), 17);
    assert!(over.follows.iter().all(|cause| cause.as_str().starts_with("double-record:nat.default/172.30.0.")));
    let errors: Vec<_> = report.findings.iter().filter(|finding| finding.severity == engine::Severity::Error).collect();
    assert_eq!(errors.len(), 1, "one story");
}

#[test]
fn a_duplicate_with_a_pod_that_has_just_finished_is_only_possible() {
    let ends = |since: &str| {
        let both = readdressed(example(), "p2", "macvlan.default", "172.17.0.11");
        let report = both.patched("Pod default/p2", finished("Succeeded", "Never", since)).report();
        finding(&report, "duplicate-address:macvlan.default/172.17.0.11").certainty
    };
    assert_eq!(ends(JUST_NOW), Certainty::Possible, "its record is about to go");
    assert_eq!(ends(AN_HOUR_AGO), Certainty::Proven);
    // An ordinal keeps its address whatever its pod does.
    let ordinal = readdressed(example(), "web-0", "macvlan.default", "172.17.0.11");
    let report = ordinal.patched("Pod default/web-0", finished("Failed", "Always", JUST_NOW)).report();
    assert_eq!(finding(&report, "duplicate-address:macvlan.default/172.17.0.11").certainty, Certainty::Proven);
}

#[test]
fn a_reservation_that_the_allocator_may_know_alone_is_deleted_behind_an_exclude() {
    let fix = |reservations: &[Value]| {
        let report = example().with_all(reservations.to_vec()).report();
        finding(&report, "duplicate-address:macvlan.default/172.17.0.11").fix.clone()
    };
    let plain = |pod: &str| reservation("default", pod, "macvlan.default", "ext", "172.17.0.11");
    let typed = plain("old-0").but(json!({"spec": {"podType": "StatefulSet"}}));
    assert!(fix(&[plain("r")]).contains("delete the reservation of it that nobody uses"), "{}", fix(&[plain("r")]));
    let two = fix(&[plain("r"), plain("s")]);
    assert!(two.contains("delete the 2 reservations of it that nobody uses") && !two.contains("excludeIps"), "{two}");
    let behind = fix(&[plain("r"), typed]);
    assert!(behind.contains("exclude 172.17.0.11 first") && behind.contains("excludeIps"), "{behind}");
    assert!(behind.contains("old-0.default.macvlan.default"), "{behind}");
}

/// A pod with a NIC that has a MAC and no address, and the IP object of it.
fn on_layer_2(name: &str, mac: &str) -> [Value; 2] {
    let annotations = json!({"metadata": {"annotations": {"l2.default.ovn.kubernetes.io/allocated": "true",
        "l2.default.ovn.kubernetes.io/mac_address": mac, "l2.default.ovn.kubernetes.io/logical_switch": "l2"}}});
    let record = ip("default", name, "l2.default.ovn", "l2", "").but(json!({"spec": {"macAddress": mac}}));
    [pod("default", name).but(networks("default/l2")).but(annotations), record]
}

/// The example with a Subnet that gives out MACs only, on the VLAN of `external`.
fn with_layer_2() -> Cluster {
    let l2 = subnet("l2", "", "", "l2.default.ovn")
        .but(json!({"spec": {"protocol": "Mac", "vlan": "vlan70", "vpc": "", "excludeIps": []}}));
    example().with_all([l2, nad("default", "l2", "eth9")])
}

#[test]
fn nics_that_have_a_mac_and_no_address_are_compared() {
    let cluster = with_layer_2().with_all(on_layer_2("q1", "02:00:00:00:00:01"));
    cluster.clone().finds(&[]);
    cluster.clone().with_all(on_layer_2("q2", "02:00:00:00:00:02")).finds(&[]);
    let report = cluster
        .clone()
        .with_all(on_layer_2("q2", "02-00-00-00-00-01"))
        .finds(&["error proven duplicate-mac:pn1-70/02:00:00:00:00:01 @ IP q1.default.l2.default.ovn"]);
    let duplicate = &report.findings[0];
    assert_eq!((duplicate.subnet.as_deref(), duplicate.objects.len()), (Some("l2"), 4));
    assert!(duplicate.message.contains("2 holders on pn1-70: pod default/q1, pod default/q2"), "{}", duplicate.message);
    // One NIC of a wire may have an address, and the other none.
    let router = ovn_eip("oeip2", "external", "10.70.0.11").but(json!({"status": {"macAddress": "02:00:00:00:00:01"}}));
    let report = cluster.clone().with(router).recounted().report();
    assert_eq!(report.findings.iter().filter(|finding| finding.code == engine::Code::DuplicateMac).count(), 1);
    // A pod that has come to its end has no NIC, and an attachment elsewhere is another network.
    let ended = on_layer_2("q2", "02:00:00:00:00:01").map(|object| match object["kind"].as_str() {
        Some("Pod") => object.but(finished("Succeeded", "Never", AN_HOUR_AGO)),
        _ => object.but(json!({"spec": {"macAddress": ""}})),
    });
    let report = cluster.with_all(ended).report();
    assert!(report.findings.iter().all(|finding| finding.code != engine::Code::DuplicateMac));
}
