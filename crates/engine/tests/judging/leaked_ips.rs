//! `leaked-ip`: whose holder is gone, and whose is not.

use crate::common::example::example;
use crate::common::objects::*;
use crate::common::{Cluster, finding, not_judged};
use api::slim::Kind;
use serde_json::json;

/// Both IP objects of a holder in the example, leaked with this certainty.
fn leaks(certainty: &str, name: &str, last: u8) -> [String; 2] {
    [("", "10.16.0"), (".macvlan.default", "172.17.0")].map(|(provider, net)| {
        format!(
            "warning {certainty} leaked-ip:ips/{name}.default{provider} @ IP {name}.default{provider} = {net}.{last}"
        )
    })
}

#[track_caller]
fn finds(cluster: &Cluster, lines: &[[String; 2]]) {
    let lines: Vec<&str> = lines.iter().flatten().map(String::as_str).collect();
    cluster.finds(&lines);
}

#[test]
fn an_ip_object_whose_pod_is_gone_is_leaked() {
    finds(&example().without("Pod default/p1"), &[leaks("likely", "p1", 11)]);
}

#[test]
fn a_leak_is_proven_where_records_were_read_before_holders() {
    finds(&example().without("Pod default/p1").ordered(), &[leaks("proven", "p1", 11)]);
}

#[test]
fn an_ip_object_that_is_newer_than_the_pod_list_may_be_is_only_possible() {
    let cluster = example().without("Pod default/p1");
    let fresh =
        cluster.patched("IP p1.default", created(JUST_NOW)).patched("IP p1.default.macvlan.default", created(JUST_NOW));
    finds(&fresh, &[leaks("possible", "p1", 11)]);
}

#[test]
fn an_ip_object_that_is_being_deleted_is_no_leak() {
    let cluster = example().without("Pod default/p1");
    let going = cluster
        .patched("IP p1.default", deleted(FOUR_MINUTES_AGO))
        .patched("IP p1.default.macvlan.default", deleted(FOUR_MINUTES_AGO));
    finds(&going, &[]);
}

#[test]
fn a_restarting_ordinal_keeps_its_addresses() {
    finds(&example().without("Pod default/web-0"), &[]);
}

#[test]
fn an_ordinal_beyond_the_replicas_is_leaked_once_its_pod_is_gone() {
    let scaled = |patch: serde_json::Value| example().patched("StatefulSet default/web", json!({"spec": patch}));
    // Scaled down, and the pod is still going down.
    finds(&scaled(json!({"replicas": 1})), &[]);
    finds(&scaled(json!({"replicas": 1})).without("Pod default/web-1"), &[leaks("likely", "web-1", 21)]);
    // Absent is one.
    let one = scaled(json!({"replicas": null})).without_all(&["Pod default/web-0", "Pod default/web-1"]);
    finds(&one, &[leaks("likely", "web-1", 21)]);
    // Nought is nought.
    let none = scaled(json!({"replicas": 0})).without_all(&["Pod default/web-0", "Pod default/web-1"]);
    finds(&none, &[leaks("likely", "web-0", 20), leaks("likely", "web-1", 21)]);
}

#[test]
fn ordinals_begin_at_their_start() {
    let shifted = example()
        .patched("StatefulSet default/web", json!({"spec": {"ordinals": {"start": 1}, "replicas": 1}}))
        .without_all(&["Pod default/web-0", "Pod default/web-1"]);
    finds(&shifted, &[leaks("likely", "web-0", 20)]);
}

#[test]
fn a_number_with_leading_noughts_is_no_ordinal() {
    // `web-01` is somebody else's pod: StatefulSet web would call its own web-1.
    let cluster = example().with(ip("default", "web-01", "ovn", "ovn-default", "10.16.0.50")).recounted();
    cluster.finds(&["warning likely leaked-ip:ips/web-01.default @ IP web-01.default = 10.16.0.50"]);
}

#[test]
fn the_ordinals_of_a_stateful_set_that_is_gone_are_leaked_unless_their_pods_live_on() {
    // `kubectl delete --cascade=orphan` leaves the pods, with their addresses.
    let orphans = example().without("StatefulSet default/web");
    finds(&orphans, &[]);
    finds(&orphans.without("Pod default/web-1"), &[leaks("likely", "web-1", 21)]);
}

#[test]
fn a_stopped_vm_keeps_its_addresses_and_one_that_is_gone_does_not() {
    finds(&example().without("VirtualMachine default/vm2"), &[leaks("likely", "vm2", 31)]);
    // An instance without a VirtualMachine is a VM as well; so is a launcher that runs.
    finds(&example().without("VirtualMachine default/vm1"), &[]);
    let only_pod = example().without_all(&["VirtualMachine default/vm1", "VirtualMachineInstance default/vm1"]);
    finds(&only_pod, &[]);
    finds(&only_pod.without("Pod default/virt-launcher-vm1-abcde"), &[leaks("likely", "vm1", 30)]);
}

#[test]
fn a_finished_launcher_does_not_keep_a_vm_that_is_gone() {
    let done = finished("Succeeded", "Never", AN_HOUR_AGO);
    let stopped = example().patched("Pod default/virt-launcher-vm1-abcde", done);
    // Stopped from within: the VM is still there.
    finds(&stopped.clone().without("VirtualMachineInstance default/vm1"), &[]);
    let gone = stopped.without_all(&["VirtualMachine default/vm1", "VirtualMachineInstance default/vm1"]);
    finds(&gone, &[leaks("likely", "vm1", 30)]);
}

#[test]
fn without_keep_vm_ip_the_ip_object_ends_with_its_launcher() {
    // Such objects name the launcher pod and have podType VirtualMachine; Kube-OVN never deletes them.
    let name = "virt-launcher-vm1-old";
    let cluster = example().with(vm_ip("default", name, "ovn", "ovn-default", "10.16.0.50")).recounted();
    let old =
        launcher("default", "vm1", "old", "10.16.0.50", "172.17.0.99").but(finished("Succeeded", "Never", AN_HOUR_AGO));
    let line = format!("warning likely leaked-ip:ips/{name}.default @ IP {name}.default = 10.16.0.50");
    cluster.clone().with(old).finds(&[&line]);
    cluster.finds(&[&line]);
}

#[test]
fn the_nics_of_a_gateway_that_is_gone_are_leaked() {
    let pod_name = "vpc-nat-gw-gw2-0";
    let nics = [
        ordinal_ip("kube-system", pod_name, "ovn", "lan1", "10.50.0.253"),
        ordinal_ip("kube-system", pod_name, EXTERNAL, "ovn-vpc-external-network", "192.168.100.20"),
    ];
    let report = example().with_all(nics.clone()).recounted().finds(&[
        "warning likely leaked-ip:ips/vpc-nat-gw-gw2-0.kube-system @ IP vpc-nat-gw-gw2-0.kube-system = 10.50.0.253",
        "warning likely leaked-ip:ips/vpc-nat-gw-gw2-0.kube-system.ovn-vpc-external-network.kube-system @ IP vpc-nat-gw-gw2-0.kube-system.ovn-vpc-external-network.kube-system = 192.168.100.20",
    ]);
    let leak = finding(&report, "leaked-ip:ips/vpc-nat-gw-gw2-0.kube-system");
    assert!(leak.message.contains("VpcNatGateway gw2 is gone"), "{}", leak.message);
    // A gateway without a pod, and without its workload, keeps them.
    example().with_all(nics.clone()).with(gateway("gw2", "vpc1", "lan1", "10.50.0.253")).recounted().finds(&[]);
    // A gateway that was made highly available does not: its pods have other names. It is not said to be gone.
    let ha = gateway("gw2", "vpc1", "lan1", "").but(json!({"spec": {"replicas": 2}}));
    let report = example().with_all(nics).with(ha).recounted().report();
    let leak = finding(&report, "leaked-ip:ips/vpc-nat-gw-gw2-0.kube-system");
    assert!(!leak.message.contains("VpcNatGateway gw2 is gone"), "{}", leak.message);
}

#[test]
fn the_pods_of_a_highly_available_gateway_are_plain_pods() {
    let cluster = super::duplicates::highly_available(example(), "192.168.100.21", "192.168.100.22").recounted();
    cluster.without("Pod kube-system/vpc-nat-gw-ha-5d8f-bbbbb").finds(&[
        "warning likely leaked-ip:ips/vpc-nat-gw-ha-5d8f-bbbbb.kube-system @ IP vpc-nat-gw-ha-5d8f-bbbbb.kube-system = 10.50.0.22",
        "warning likely leaked-ip:ips/vpc-nat-gw-ha-5d8f-bbbbb.kube-system.ovn-vpc-external-network.kube-system @ IP vpc-nat-gw-ha-5d8f-bbbbb.kube-system.ovn-vpc-external-network.kube-system = 192.168.100.22",
    ]);
}

#[test]
fn the_prefix_of_gateways_is_learned_from_any_workload() {
    // `natGwNamePrefix: nat`: the status of gw1 shows it, and so nat-gw2-0 is gateway gw2's.
    let renamed = example()
        .patched("VpcNatGateway gw1", json!({"status": {"workload": {"name": "nat-gw1"}}}))
        .with(gateway("gw2", "vpc1", "lan1", "10.50.0.253").but(json!({"status": {"workload": null}})))
        .with(ordinal_ip("kube-system", "nat-gw2-0", "ovn", "lan1", "10.50.0.253"))
        .recounted();
    renamed.clone().finds(&[]);
    renamed
        .without("VpcNatGateway gw2")
        .finds(&["warning likely leaked-ip:ips/nat-gw2-0.kube-system @ IP nat-gw2-0.kube-system = 10.50.0.253"]);
}

#[test]
fn a_leak_of_an_ordinal_needs_stateful_sets_and_gateways_to_be_complete() {
    let cluster = example().without_all(&["StatefulSet default/web", "Pod default/web-1"]);
    for kind in [Kind::StatefulSet, Kind::VpcNatGateway, Kind::Pod] {
        let report = cluster.clone().partial(&[kind]).finds(&[]);
        let expected = format!("leaked-ip: {} (2)", kind.name());
        assert!(not_judged(&report).contains(&expected), "{:?}", not_judged(&report));
    }
}

#[test]
fn nodes_and_special_addresses_are_asked_by_name() {
    let [_, record] = node("node9", "100.64.0.9");
    example().with(record).recounted().finds(&["warning likely leaked-ip:ips/node-node9 @ IP node-node9 = 100.64.0.9"]);
    let u2o = "u2o-interconnection.ovn-cluster.gone";
    example().with(special_ip(u2o, u2o, "default", "gone", "10.99.0.9")).finds(&[
        &format!("warning likely leaked-ip:ips/{u2o} @ IP {u2o} = 10.99.0.9"),
        &format!("warning likely missing-reference:subnets/gone @ IP {u2o}"),
    ]);
}

#[test]
fn a_pod_on_its_nodes_network_has_no_nic_of_its_own() {
    let host =
        example().patched("Pod default/p1", json!({"spec": {"hostNetwork": true}, "metadata": {"annotations": null}}));
    finds(&host, &[leaks("proven", "p1", 11)]);
}

#[test]
fn a_finished_pod_uses_nothing() {
    for (phase, policy, kept) in [
        ("Succeeded", "Always", true),
        ("Failed", "OnFailure", true),
        ("Failed", "Always", true),
        ("Succeeded", "OnFailure", false),
        ("Succeeded", "Never", false),
        ("Failed", "Never", false),
    ] {
        eprintln!("--- {phase} {policy}");
        let ended = |at| example().patched("Pod default/p1", finished(phase, policy, at));
        finds(&ended(AN_HOUR_AGO), &[leaks("likely", "p1", 11)]);
        // Kube-OVN is about to look at it.
        finds(&ended(JUST_NOW), &[leaks("possible", "p1", 11)]);
        let report = ended(AN_HOUR_AGO).report();
        let leak = finding(&report, "leaked-ip:ips/p1.default");
        assert_eq!(leak.message.contains("keeps its address"), kept, "{}", leak.message);
        assert!(leak.fix.contains("kubectl delete pod -n default p1"), "{}", leak.fix);
    }
    // Evicted pods are released by Kube-OVN whatever their policy.
    let evicted = example().patched("Pod default/p1", finished("Failed", "Always", AN_HOUR_AGO));
    let report = evicted.patched("Pod default/p1", json!({"status": {"reason": "Evicted"}})).report();
    assert!(!finding(&report, "leaked-ip:ips/p1.default").message.contains("keeps its address"));
}

#[test]
fn a_finished_pod_of_an_ordinal_does_not_end_the_ordinal() {
    let failed = example().patched("Pod default/web-1", finished("Failed", "Always", AN_HOUR_AGO));
    finds(&failed, &[]);
    // But it does not keep one that the StatefulSet has no longer, either.
    finds(&failed.clone().without("StatefulSet default/web"), &[leaks("likely", "web-1", 21)]);
    finds(
        &failed.patched("StatefulSet default/web", json!({"spec": {"replicas": 1}})),
        &[leaks("likely", "web-1", 21)],
    );
}

#[test]
fn a_reservation_is_known_by_its_label_or_by_its_finalizers() {
    let without_pod = |patch| {
        example()
            .with(ip("default", "r", "macvlan.default", "ext", "172.17.0.50").but(json!({"metadata": patch})))
            .recounted()
    };
    without_pod(json!({"labels": {"ovn.kubernetes.io/ip_reserved": "true"}})).finds(&[]);
    without_pod(json!({"finalizers": ["example.com/dhcp"]})).finds(&[]);
    // Somebody else holds it, beside Kube-OVN.
    without_pod(json!({"finalizers": [FINALIZER, "example.com/dhcp"]})).finds(&[]);
    without_pod(json!({"finalizers": null})).finds(&[]);
    let leak = ["warning likely leaked-ip:ips/r.default.macvlan.default @ IP r.default.macvlan.default = 172.17.0.50"];
    without_pod(json!({})).finds(&leak);
    // The deprecated finalizer is Kube-OVN's too.
    without_pod(json!({"finalizers": ["kube-ovn-controller"]})).finds(&leak);
}

/// The example in a cluster whose Kube-OVN sets no finalizers on IP objects.
fn without_finalizers() -> Cluster {
    let mut cluster = example();
    for object in &mut cluster.objects {
        if object["kind"] == "IP" {
            merge(object, json!({"metadata": {"finalizers": null}}));
        }
    }
    cluster
}

#[test]
fn where_no_ip_object_has_a_finalizer_their_absence_says_nothing() {
    finds(&without_finalizers(), &[]);
    finds(&without_finalizers().without("Pod default/p1"), &[leaks("likely", "p1", 11)]);
}

#[test]
fn a_health_check_vip_is_leaked_once_no_rule_is_left() {
    // Kube-OVN names it like the Subnet.
    let cluster = example().with(vip("ext", "ext", "172.17.0.60", "02:00:00:00:00:60")).recounted();
    cluster.clone().finds(&["warning likely leaked-ip:vips/ext @ Vip ext = 172.17.0.60"]);
    cluster.clone().with(switch_lb_rule("slr", "10.96.0.99")).finds(&[]);
    let report = cluster.partial(&[Kind::SwitchLbRule]).finds(&[]);
    assert_eq!(not_judged(&report), ["leaked-ip: SwitchLBRule (1)"]);
}

#[test]
fn a_health_check_vip_is_kept_by_the_rules_that_have_endpoints_in_its_subnet() {
    let cluster = example().with(vip("ext", "ext", "172.17.0.60", "02:00:00:00:00:60")).recounted();
    let leak = ["warning likely leaked-ip:vips/ext @ Vip ext = 172.17.0.60"];
    let rule = |spec: serde_json::Value| switch_lb_rule("slr", "10.96.0.99").but(json!({"spec": spec}));
    cluster.clone().with(rule(json!({"endpoints": ["172.17.0.11", "10.16.0.11"]}))).finds(&[]);
    cluster.clone().with(rule(json!({"endpoints": ["10.16.0.11"]}))).finds(&leak);
    // An endpoint that cannot be read may be anywhere.
    let report = cluster.clone().with(rule(json!({"endpoints": ["172.17.0.300"]}))).report();
    assert!(report.findings.iter().all(|finding| finding.code == engine::Code::MalformedObject));
    // Pods by labels: any of the namespace may be one.
    cluster.clone().with(rule(json!({"selector": ["app:web"]}))).finds(&[]);
    let elsewhere = cluster.with(rule(json!({"namespace": "kube-system", "selector": ["app:web"]})));
    elsewhere.clone().finds(&leak);
    assert_eq!(not_judged(&elsewhere.partial(&[Kind::Pod]).finds(&[])), ["leaked-ip: Pod (1)"]);
}

#[test]
fn the_address_between_underlay_and_overlay_is_leaked_once_its_subnet_has_none() {
    for (name, flag, field) in [
        ("u2o-interconnection.ovn-cluster.external", "u2oInterconnection", "u2oInterconnectionIP"),
        ("mcast-querier.external", "enableMulticastSnoop", "mcastQuerierIP"),
    ] {
        let cluster = example().with(special_ip(name, name, "default", "external", "10.70.0.20")).recounted();
        // The Subnet is there and says so itself: that is no absence.
        cluster.clone().finds(&[&format!("warning proven leaked-ip:ips/{name} @ IP {name} = 10.70.0.20")]);
        cluster.clone().patched("Subnet external", json!({"spec": {flag: true}})).finds(&[]);
        // Switched off, and not given back yet.
        cluster.patched("Subnet external", json!({"status": {field: "10.70.0.20"}})).finds(&[]);
    }
}

#[test]
fn a_launcher_and_its_ip_object_are_one_whatever_the_pod_type_says() {
    let name = "virt-launcher-vm1-abcde";
    example()
        .without_all(&["IP vm1.default", "IP vm1.default.macvlan.default"])
        .with(ip("default", name, "ovn", "ovn-default", "10.16.0.30"))
        .with(ip("default", name, "macvlan.default", "ext", "172.17.0.30"))
        .recounted()
        .finds(&[]);
}
