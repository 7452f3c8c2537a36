//! Healthy, and unusual: nothing that counts is found.

use super::duplicates::{highly_available, readdressed};
use crate::common::example::example;
use crate::common::objects::*;
use crate::common::{Cluster, line};
use engine::{Certainty, Severity};
use serde_json::json;

/// Nothing counts for `--fail-on warning`.
#[track_caller]
fn healthy(cluster: &Cluster) {
    for judged in [cluster.clone(), cluster.clone().ordered()] {
        let report = judged.report();
        let counting: Vec<String> =
            report.findings.iter().filter(|f| f.counts_for(Severity::Warning)).map(line).collect();
        assert!(counting.is_empty(), "{counting:#?}");
    }
}

/// Not even information is found.
#[track_caller]
fn spotless(cluster: &Cluster) {
    cluster.finds(&[]);
    cluster.clone().ordered().finds(&[]);
}

#[test]
fn a_pod_that_was_just_created() {
    let pending = json!({"status": {"phase": "Pending", "containerStatuses": null, "conditions": null}});
    // Before its addresses, between annotation and IP object, between IP object and status.
    spotless(
        &example()
            .with(pod("default", "q").but(created(JUST_NOW)).but(pending.clone()).but(networks("default/macvlan"))),
    );
    let [new, first, second] = macvlan_pod("default", "q", "10.16.0.50", "172.17.0.50");
    let new = new.but(created(JUST_NOW)).but(pending);
    healthy(&example().with(new.clone()));
    let records = [first.but(created(JUST_NOW)), second.but(created(JUST_NOW))];
    healthy(&example().with_all(records.clone()));
    healthy(&example().with(new.clone()).with_all(records.clone()));
    spotless(&example().with(new).with_all(records).recounted());
}

#[test]
fn a_pod_that_just_finished() {
    healthy(&example().patched("Pod default/p1", finished("Succeeded", "Never", JUST_NOW)));
    // Its IP objects are going.
    let going = example()
        .patched("Pod default/p1", finished("Succeeded", "Never", JUST_NOW))
        .patched("IP p1.default", deleted(JUST_NOW))
        .patched("IP p1.default.macvlan.default", deleted(JUST_NOW));
    healthy(&going);
    // They are gone, and the finished pod stays for its log.
    let gone = example()
        .patched("Pod default/p1", finished("Succeeded", "Never", AN_HOUR_AGO))
        .without_all(&["IP p1.default", "IP p1.default.macvlan.default"])
        .recounted();
    spotless(&gone);
    // Its address is used by somebody else by now.
    let mut others = macvlan_pod("default", "q", "10.16.0.11", "172.17.0.11").to_vec();
    others[0] = others[0].clone().but(created(AN_HOUR_AGO));
    spotless(&gone.with_all(others).recounted());
}

#[test]
fn a_pod_that_is_terminating() {
    healthy(&example().patched("Pod default/p1", deleted(JUST_NOW)));
    let released = example()
        .patched("Pod default/p1", deleted(JUST_NOW))
        .without_all(&["IP p1.default", "IP p1.default.macvlan.default"]);
    healthy(&released.clone());
    healthy(&released.recounted());
}

#[test]
fn a_stateful_set_whose_pods_restart() {
    spotless(&example().without("Pod default/web-0"));
    spotless(&example().without("Pod default/web-0").without("Pod default/web-1"));
    let pending = pod("default", "web-0")
        .but(owned_by("apps/v1", "StatefulSet", "web"))
        .but(networks("default/macvlan"))
        .but(json!({"status": {"phase": "Pending"}}));
    spotless(&example().without("Pod default/web-0").with(pending));
    spotless(&example().patched("Pod default/web-0", deleted(JUST_NOW)));
}

#[test]
fn a_stateful_set_that_was_never_scaled_up() {
    spotless(&example().with(stateful_set("default", "db", 0)));
}

#[test]
fn vms_in_every_state() {
    // Stopped: in the example. Starting, without a pod yet. Migrating. Just migrated: the source has finished.
    spotless(&example().without("Pod default/virt-launcher-vm1-abcde"));
    let target = launcher("default", "vm1", "fghij", "10.16.0.30", "172.17.0.30");
    spotless(&example().with(target.clone()));
    spotless(
        &example()
            .patched("Pod default/virt-launcher-vm1-abcde", finished("Succeeded", "Never", AN_HOUR_AGO))
            .with(target),
    );
    // Without --keep-vm-ip the IP objects are the launcher's.
    let name = "virt-launcher-vm1-abcde";
    let own = example()
        .without_all(&["IP vm1.default", "IP vm1.default.macvlan.default"])
        .with(vm_ip("default", name, "ovn", "ovn-default", "10.16.0.30"))
        .with(vm_ip("default", name, "macvlan.default", "ext", "172.17.0.30"))
        .recounted();
    spotless(&own);
}

#[test]
fn a_gateway_without_a_pod_and_one_without_a_workload() {
    spotless(&example().without("Pod kube-system/vpc-nat-gw-gw1-0"));
    spotless(&example().without_all(&["Pod kube-system/vpc-nat-gw-gw1-0", "StatefulSet kube-system/vpc-nat-gw-gw1"]));
    spotless(
        &example()
            .patched("StatefulSet kube-system/vpc-nat-gw-gw1", json!({"spec": {"replicas": 0}}))
            .without("Pod kube-system/vpc-nat-gw-gw1-0"),
    );
}

#[test]
fn a_highly_available_gateway() {
    spotless(
        &highly_available(example(), "192.168.100.21", "192.168.100.22")
            .with(eip("eip9", "ha", "192.168.100.29"))
            .recounted(),
    );
}

#[test]
fn a_gateway_that_takes_no_address_outside() {
    // `noDefaultEIP`: allocated is set to keep the allocator away, and there is no address.
    let nic =
        json!({"metadata": {"annotations": {"ovn-vpc-external-network.kube-system.kubernetes.io/ip_address": null}}});
    let cluster = example()
        .patched("VpcNatGateway gw1", json!({"spec": {"noDefaultEIP": true}}))
        .patched("Pod kube-system/vpc-nat-gw-gw1-0", nic)
        .without("IP vpc-nat-gw-gw1-0.kube-system.ovn-vpc-external-network.kube-system")
        .recounted();
    spotless(&cluster);
}

#[test]
fn an_eip_that_waits_for_its_gateway() {
    let waiting = |asks: &str| {
        example().with(gateway("gw2", "vpc1", "lan1", "10.50.0.253")).with(waiting_eip("e", "gw2", asks)).recounted()
    };
    spotless(&waiting(""));
    spotless(&waiting("192.168.100.50"));
    // The allocator holds its address already.
    let held = waiting("192.168.100.50").patched("Subnet ovn-vpc-external-network", json!({"status": {
        "v4usingIPrange": "192.168.100.10-192.168.100.12,192.168.100.50",
        "v4availableIPrange": "192.168.100.2-192.168.100.9,192.168.100.13-192.168.100.49,192.168.100.51-192.168.100.254"}}));
    healthy(&held);
}

#[test]
fn a_vip_that_is_lent_to_a_vm() {
    let port = "vm1.default.macvlan.default";
    let address = json!({"spec": {"v4IpAddress": "172.17.0.40", "ipAddress": "172.17.0.40"}});
    let cluster = example()
        .patched("Vip vip2", json!({"metadata": {"labels": {"ovn.kubernetes.io/ip_reserved": port}}}))
        .patched(&format!("IP {port}"), address)
        .patched("Pod default/virt-launcher-vm1-abcde", json!({"metadata": {"annotations": {"macvlan.default.kubernetes.io/ip_address": "172.17.0.40", "ovn.kubernetes.io/vip": "vip2"}}}))
        .recounted();
    spotless(&cluster.clone());
    // The VM is stopped.
    spotless(&cluster.without_all(&["Pod default/virt-launcher-vm1-abcde", "VirtualMachineInstance default/vm1"]));
}

#[test]
fn underlay_to_overlay_and_multicast_queriers() {
    let (u2o, mcast) = ("u2o-interconnection.ovn-cluster.external", "mcast-querier.external");
    let cluster = example()
        .patched("Subnet external", json!({"status": {"u2oInterconnectionIP": "10.70.0.20", "u2oInterconnectionMAC": "02:00:00:00:00:20",
            "u2oInterconnectionVPC": "ovn-cluster", "mcastQuerierIP": "10.70.0.21", "mcastQuerierMAC": "02:00:00:00:00:21"}}))
        .with_all([special_ip(u2o, u2o, "default", "external", "10.70.0.20"), special_ip(mcast, mcast, "default", "external", "10.70.0.21")])
        .recounted();
    spotless(&cluster);
}

#[test]
fn no_finalizers_anywhere() {
    let mut cluster = example();
    for object in &mut cluster.objects {
        merge(object, json!({"metadata": {"finalizers": null}}));
    }
    spotless(&cluster);
}

#[test]
fn excluded_addresses_in_use_and_single_family_pods() {
    healthy(&readdressed(example(), "p2", "macvlan.default", "172.17.0.205").recounted());
    let v4 = pod("default", "q").but(networks("dual")).but(nic("dual.default", "", "10.60.0.9"));
    healthy(&example().with_all([v4, ip("default", "q", "dual.default", "dual", "10.60.0.9")]).recounted());
}

#[test]
fn a_reservation_with_and_without_its_pod() {
    let reserved = example().with(reservation("default", "q", "macvlan.default", "ext", "172.17.0.50")).recounted();
    spotless(&reserved.clone());
    spotless(&reserved.with(pod("default", "q").but(networks("default/macvlan")).but(nic(
        "macvlan.default",
        "",
        "172.17.0.50",
    ))));
}

#[test]
fn pods_of_other_networks_and_other_address_managers() {
    // A NAD that Kube-OVN has nothing to do with, and a pod on it.
    let cluster = example()
        .with(nad_with(
            "default",
            "host",
            &json!({"type": "macvlan", "master": "eth1", "ipam": {"type": "whereabouts", "range": "172.17.0.0/24"}}),
        ))
        .with(pod("default", "q").but(networks("default/host")).but(nic("ovn", "ovn-default", "10.16.0.50")))
        .with(ip("default", "q", "ovn", "ovn-default", "10.16.0.50"));
    spotless(&cluster.recounted());
}

#[test]
fn a_load_balancers_pod_and_a_deployment_are_plain_pods() {
    let [pod, first, second] = macvlan_pod("default", "lb-svc-web-5d8f-abcde", "10.16.0.50", "172.17.0.50");
    spotless(
        &example().with_all([pod.but(owned_by("apps/v1", "ReplicaSet", "lb-svc-web-5d8f")), first, second]).recounted(),
    );
}

#[test]
fn an_ip_family_of_its_own_on_a_dual_subnet_is_rounded_like_any_other() {
    let v6_only = subnet("six", "fd00:66::/64", "fd00:66::1", "six.default");
    let mut cluster = example().with_all([v6_only, nad("default", "six", "eth6")]);
    for n in 2..6 {
        let (name, address) = (format!("six{n}"), format!("fd00:66::{n}"));
        cluster = cluster
            .with(pod("default", &name).but(networks("six")).but(nic("six.default", "", &address)))
            .with(ip("default", &name, "six.default", "six", &address));
    }
    spotless(&cluster.recounted());
}

#[test]
fn a_subnet_that_is_deleted_while_its_pods_drain() {
    healthy(&example().patched("Subnet ext", deleted(FOUR_MINUTES_AGO)));
}

#[test]
fn what_is_only_possible_never_counts() {
    let report = example().without("Pod default/p1").patched("IP p1.default", created(JUST_NOW)).report();
    let possible: Vec<_> = report.findings.iter().filter(|finding| finding.certainty == Certainty::Possible).collect();
    assert_eq!(possible.len(), 1);
    assert!(!possible[0].counts_for(Severity::Info));
}
