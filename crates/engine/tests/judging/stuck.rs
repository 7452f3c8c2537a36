//! `stuck-terminating`: what it waits for, and whether that can come.

use crate::common::example::example;
use crate::common::objects::*;
use crate::common::{Cluster, finding};
use serde_json::json;

/// The finding about `target`: its certainty, and what it says.
#[track_caller]
fn waits(cluster: &Cluster, target: &str, certainty: &str, for_what: &str) {
    let report = cluster.report();
    let stuck = finding(&report, &format!("stuck-terminating:{target}"));
    assert_eq!(stuck.certainty.name(), certainty, "{}", stuck.message);
    assert!(stuck.message.contains(for_what), "{}", stuck.message);
    assert_eq!(stuck.message.contains("that will never happen"), certainty == "proven", "{}", stuck.message);
}

#[test]
fn five_minutes_are_not_stuck_and_six_are() {
    example().patched("IptablesFIPRule fip1", deleted(FOUR_MINUTES_AGO)).finds(&[]);
    example()
        .patched("IptablesFIPRule fip1", deleted("2026-01-10T11:54:00Z"))
        .finds(&["warning likely stuck-terminating:iptables-fip-rules/fip1 @ IptablesFIPRule fip1"]);
}

#[test]
fn an_object_without_finalizers_is_on_its_way() {
    example()
        .patched("IP p1.default", deleted(AN_HOUR_AGO))
        .patched("IP p1.default", json!({"metadata": {"finalizers": null}}))
        .finds(&[]);
}

#[test]
fn every_kind_of_kube_ovn_and_networks_and_claims_are_looked_at() {
    for (path, target) in [
        ("IP p1.default", "ips/p1.default"),
        ("Vip vip1", "vips/vip1"),
        ("IPPool pool1", "ippools/pool1"),
        ("IptablesDnatRule dnat1", "iptables-dnat-rules/dnat1"),
        ("OvnEip oeip1", "ovn-eips/oeip1"),
        ("Vlan vlan70", "vlans/vlan70"),
        ("ProviderNetwork pn1", "provider-networks/pn1"),
        ("VpcNatGateway gw1", "vpc-nat-gateways/gw1"),
    ] {
        let report = example().patched(path, deleted(AN_HOUR_AGO)).report();
        assert_eq!(report.findings.len(), 1, "{path}");
        waits(&example().patched(path, deleted(AN_HOUR_AGO)), target, "likely", "Kube-OVN's controller");
    }
    let foreign = json!({"metadata": {"finalizers": ["example.com/f"]}});
    let cluster = example().patched("NetworkAttachmentDefinition default/macvlan", foreign.clone());
    let cluster = cluster.patched("NetworkAttachmentDefinition default/macvlan", deleted(AN_HOUR_AGO));
    waits(&cluster, "network-attachment-definitions/default/macvlan", "likely", "example.com/f");
    let held = claim("macvlan.default", "172.17.0.40", "ext", json!({"kind": "Vip", "name": "vip2"}))
        .but(foreign)
        .but(deleted(AN_HOUR_AGO));
    waits(&example().with(held), "addressclaims/macvlan.default.172.17.0.40", "likely", "example.com/f");
    // Pods are not ours to judge.
    example()
        .patched("Pod default/p1", deleted(AN_HOUR_AGO))
        .patched("Pod default/p1", json!({"metadata": {"finalizers": ["example.com/f"]}}))
        .finds(&[]);
}

#[test]
fn a_subnet_waits_for_its_addresses() {
    waits(
        &example().patched("Subnet ext", deleted(AN_HOUR_AGO)),
        "subnets/ext",
        "likely",
        "addresses that are on record",
    );
}

#[test]
fn a_subnet_whose_counters_are_wrong_waits_for_ever() {
    // Nothing is on it, and its status says otherwise.
    let empty = subnet("empty", "10.66.0.0/24", "10.66.0.1", "ovn").but(deleted(AN_HOUR_AGO));
    let cluster = example().with(empty).recounted().patched("Subnet empty", json!({"status": {"v4usingIPs": 3}}));
    waits(&cluster, "subnets/empty", "proven", "its counters to be nought");
    waits(&cluster.partial(&[api::slim::Kind::Vip]), "subnets/empty", "likely", "its counters to be nought");
}

#[test]
fn a_subnet_with_nothing_but_its_u2o_address_waits_for_the_controller() {
    // Kube-OVN lets it go with that.
    let name = "u2o-interconnection.ovn-cluster.empty";
    let empty = subnet("empty", "10.66.0.0/24", "10.66.0.1", "ovn")
        .but(json!({"status": {"u2oInterconnectionIP": "10.66.0.2", "u2oInterconnectionVPC": "ovn-cluster"}}))
        .but(deleted(AN_HOUR_AGO));
    let cluster = example().with_all([empty, special_ip(name, name, "default", "empty", "10.66.0.2")]).recounted();
    waits(&cluster, "subnets/empty", "likely", "Kube-OVN's controller");
}

#[test]
fn a_subnet_whose_multicast_querier_is_left_waits_for_ever() {
    let name = "mcast-querier.empty";
    let empty = subnet("empty", "10.66.0.0/24", "10.66.0.1", "ovn")
        .but(json!({"status": {"mcastQuerierIP": "10.66.0.2"}}))
        .but(deleted(AN_HOUR_AGO));
    let cluster = example().with_all([empty, special_ip(name, name, "default", "empty", "10.66.0.2")]).recounted();
    waits(&cluster, "subnets/empty", "proven", "multicast querier");
}

#[test]
fn an_eip_waits_for_the_rules_with_its_address() {
    waits(
        &example().patched("IptablesEIP eip2", deleted(AN_HOUR_AGO)),
        "iptables-eips/eip2",
        "likely",
        "IptablesDnatRule dnat1, IptablesSnatRule snat1",
    );
    // A rule of the other kind of EIP with that address is none of its.
    let other = ovn_rule("OvnFip", "f", json!({"ovnEip": "oeip1"}))
        .but(json!({"metadata": {"labels": {"ovn.kubernetes.io/eip_v4_ip": "192.168.100.11"}}}));
    let cluster =
        example().without("IptablesFIPRule fip1").with(other).patched("IptablesEIP eip1", deleted(AN_HOUR_AGO));
    waits(&cluster, "iptables-eips/eip1", "likely", "Kube-OVN's controller");
}

#[test]
fn an_ovn_eip_waits_for_its_rules() {
    let rule = ovn_rule("OvnFip", "f", json!({"ovnEip": "oeip1"}))
        .but(json!({"metadata": {"labels": {"ovn.kubernetes.io/eip_v4_ip": "10.70.0.10"}}}));
    waits(&example().with(rule).patched("OvnEip oeip1", deleted(AN_HOUR_AGO)), "ovn-eips/oeip1", "likely", "OvnFip f");
}

#[test]
fn an_eip_whose_subnet_is_gone_waits_for_ever_and_the_reference_follows_from_it() {
    let lost = eip("e", "gw1", "10.9.0.5")
        .but(json!({"spec": {"externalSubnet": "gone"}, "metadata": {"labels": {"ovn.kubernetes.io/subnet": "gone"}}}))
        .but(deleted(AN_HOUR_AGO));
    example().with(lost.clone()).finds(&[
        "warning proven stuck-terminating:iptables-eips/e @ IptablesEIP e = 10.9.0.5",
        "warning likely missing-reference:subnets/gone @ IptablesEIP e < stuck-terminating:iptables-eips/e",
    ]);
    // Not shown, where the Subnets are not all known.
    example()
        .with(lost)
        .partial(&[api::slim::Kind::Subnet])
        .finds(&["warning likely stuck-terminating:iptables-eips/e @ IptablesEIP e = 10.9.0.5"]);
}

#[test]
fn rules_and_eips_wait_for_a_running_pod_of_their_gateway() {
    let down = example().without("Pod kube-system/vpc-nat-gw-gw1-0");
    for (path, target) in [
        ("IptablesFIPRule fip1", "iptables-fip-rules/fip1"),
        ("IptablesDnatRule dnat1", "iptables-dnat-rules/dnat1"),
        ("IptablesSnatRule snat1", "iptables-snat-rules/snat1"),
    ] {
        waits(
            &down.clone().patched(path, deleted(AN_HOUR_AGO)),
            target,
            "likely",
            "a running pod of VpcNatGateway gw1",
        );
    }
    let free = down.clone().without("IptablesFIPRule fip1").patched("IptablesEIP eip1", deleted(AN_HOUR_AGO));
    waits(&free, "iptables-eips/eip1", "likely", "a running pod of VpcNatGateway gw1");
    // Where not all pods are known, nobody says that it has none.
    let unread = down.patched("IptablesFIPRule fip1", deleted(AN_HOUR_AGO)).partial(&[api::slim::Kind::Pod]);
    waits(&unread, "iptables-fip-rules/fip1", "likely", "Kube-OVN's controller");
}

#[test]
fn a_typed_vip_whose_subnet_is_gone_waits_for_ever() {
    let typed = vip("v", "gone", "10.9.0.5", "02:00:00:00:00:99").but(deleted(AN_HOUR_AGO));
    let lb = typed.clone().but(json!({"spec": {"type": "switch_lb_vip"}}));
    waits(&example().with(lb), "vips/v", "proven", "Subnet gone");
    // A plain one needs its Subnet for nothing.
    waits(&example().with(typed), "vips/v", "likely", "Kube-OVN's controller");
}

#[test]
fn a_vpc_waits_for_its_subnets() {
    waits(
        &example().patched("Vpc vpc1", deleted(AN_HOUR_AGO)),
        "vpcs/vpc1",
        "likely",
        "its Subnets to be deleted: lan1",
    );
    let stale = vpc("vpc9", &["gone"]).but(deleted(AN_HOUR_AGO));
    waits(&example().with(stale), "vpcs/vpc9", "proven", "its Subnets gone");
}

#[test]
fn a_qos_policy_waits_for_what_is_bound_to_it() {
    let policy = ovn_rule("QoSPolicy", "q", json!({})).but(deleted(AN_HOUR_AGO));
    let bound = json!({"metadata": {"labels": {"ovn.kubernetes.io/qos": "q"}}, "spec": {"qosPolicy": "q"}, "status": {"qosPolicy": "q"}});
    let cluster = example().with(policy.clone()).patched("IptablesEIP eip1", bound);
    waits(&cluster, "qos-policies/q", "likely", "IptablesEIP eip1");
    waits(&example().with(policy), "qos-policies/q", "likely", "Kube-OVN's controller");
}

#[test]
fn a_namespace_waits_for_what_is_stuck_in_it() {
    let foreign = json!({"metadata": {"finalizers": ["example.com/f"], "deletionTimestamp": AN_HOUR_AGO}});
    let cluster = example()
        .with(namespace("lab").but(deleted(AN_HOUR_AGO)).but(json!({"spec": {"finalizers": ["kubernetes"]}})))
        .with(nad("lab", "n", "eth7").but(foreign));
    waits(&cluster, "namespaces/lab", "likely", "NetworkAttachmentDefinition lab/n");
    let said = namespace("lab").but(deleted(AN_HOUR_AGO)).but(json!({"status": {"conditions": [{"type": "NamespaceContentRemaining",
        "status": "True", "message": "Some resources are remaining: network-attachment-definitions.k8s.cni.cncf.io has 1 resource instances"}]}}));
    waits(&example().with(said), "namespaces/lab", "likely", "network-attachment-definitions.k8s.cni.cncf.io");
    // What hangs for other reasons is none of ours.
    let other = namespace("lab").but(deleted(AN_HOUR_AGO)).but(json!({"status": {"conditions": [{"type": "NamespaceContentRemaining",
        "status": "True", "message": "Some resources are remaining: persistentvolumeclaims. has 1 resource instances"}]}}));
    example().with(other).finds(&[]);
}

#[test]
fn an_eip_whose_subnet_is_gone_waits_for_ever_whatever_rules_it_has() {
    let cluster =
        example().without("Subnet ovn-vpc-external-network").patched("IptablesEIP eip1", deleted(AN_HOUR_AGO));
    waits(&cluster, "iptables-eips/eip1", "proven", "Subnet ovn-vpc-external-network");
    // Where the Subnet may only not have been read, it is the rules.
    waits(&cluster.partial(&[api::slim::Kind::Subnet]), "iptables-eips/eip1", "likely", "IptablesFIPRule fip1");
}
