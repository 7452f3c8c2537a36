//! `missing-reference`: every kind that is named, by every kind that names it.

use crate::common::example::example;
use crate::common::objects::*;
use crate::common::{Cluster, finding, not_judged};
use api::slim::Kind;
use serde_json::{Value, json};

/// `warning likely missing-reference:<plural>/<name> @ <first referrer>`.
fn missing(target: &str, referrer: &str) -> String {
    format!("warning likely missing-reference:{target} @ {referrer}")
}

#[test]
fn every_kind_of_reference_is_looked_up() {
    let annotated =
        |key: &str, value: &str| pod("default", "q").but(json!({"metadata": {"annotations": {key: value}}}));
    let rows: Vec<(Value, String)> = vec![
        // Subnets.
        (reservation("default", "r", "a.default", "gone", ""), missing("subnets/gone", "IP r.default.a.default")),
        (
            reservation("default", "r", "ovn", "lan1", "").but(json!({"spec": {"attachSubnets": ["gone"]}})),
            missing("subnets/gone", "IP r.default"),
        ),
        (vip("v", "gone", "", ""), missing("subnets/gone", "Vip v")),
        (
            waiting_eip("e", "gw1", "").but(json!({"spec": {"externalSubnet": "gone"}})),
            missing("subnets/gone", "IptablesEIP e"),
        ),
        (ovn_eip("o", "gone", "").but(json!({"status": null})), missing("subnets/gone", "OvnEip o")),
        (pool("p", "gone", &[]), missing("subnets/gone", "IPPool p")),
        (gateway("g", "vpc1", "gone", ""), missing("subnets/gone", "VpcNatGateway g")),
        (
            gateway("g", "vpc1", "lan1", "").but(json!({"spec": {"externalSubnets": ["gone"]}})),
            missing("subnets/gone", "VpcNatGateway g"),
        ),
        (vpc("v", &[]).but(json!({"spec": {"defaultSubnet": "gone"}})), missing("subnets/gone", "Vpc v")),
        (
            ovn_rule("OvnSnatRule", "s", json!({"ovnEip": "oeip1", "vpcSubnet": "gone"})),
            missing("subnets/gone", "OvnSnatRule s"),
        ),
        (annotated("ovn.kubernetes.io/logical_switch", "gone"), missing("subnets/gone", "Pod default/q")),
        (
            namespace("n")
                .but(json!({"metadata": {"annotations": {"ovn.kubernetes.io/logical_switch": "ovn-default,gone"}}})),
            missing("subnets/gone", "Namespace n"),
        ),
        // VPCs.
        (
            subnet("s", "10.66.0.0/24", "10.66.0.1", "ovn").but(json!({"spec": {"vpc": "gone"}})),
            missing("vpcs/gone", "Subnet s"),
        ),
        (gateway("g", "gone", "lan1", ""), missing("vpcs/gone", "VpcNatGateway g")),
        (ovn_rule("OvnFip", "f", json!({"ovnEip": "oeip1", "vpc": "gone"})), missing("vpcs/gone", "OvnFip f")),
        // Gateways and EIPs.
        (waiting_eip("e", "gone", ""), missing("vpc-nat-gateways/gone", "IptablesEIP e")),
        (fip("f", "gone", "gw1", "", "10.50.0.9"), missing("iptables-eips/gone", "IptablesFIPRule f")),
        (dnat("d", "gone", "gw1", "", "tcp", "80"), missing("iptables-eips/gone", "IptablesDnatRule d")),
        (snat("s", "gone", "gw1", "", "10.50.1.0/24"), missing("iptables-eips/gone", "IptablesSnatRule s")),
        // Networks.
        (
            subnet("s", "10.66.0.0/24", "10.66.0.1", "gone.default"),
            missing("network-attachment-definitions/default/gone", "Subnet s"),
        ),
        (
            pod("default", "q").but(networks("gone")),
            missing("network-attachment-definitions/default/gone", "Pod default/q"),
        ),
        (
            pod("default", "q").but(networks(r#"[{"name":"gone","namespace":"kube-system"}]"#)),
            missing("network-attachment-definitions/kube-system/gone", "Pod default/q"),
        ),
        (
            annotated("v1.multus-cni.io/default-network", "gone"),
            missing("network-attachment-definitions/default/gone", "Pod default/q"),
        ),
        (
            stateful_set("default", "s", 0).but(json!({"spec": {"template": networks("gone")}})),
            missing("network-attachment-definitions/default/gone", "StatefulSet default/s"),
        ),
        (
            vm("default", "v")
                .but(json!({"spec": {"template": {"spec": {"networks": [{"multus": {"networkName": "gone"}}]}}}})),
            missing("network-attachment-definitions/default/gone", "VirtualMachine default/v"),
        ),
        // Vlans and ProviderNetworks.
        (
            subnet("s", "10.66.0.0/24", "10.66.0.1", "ovn").but(json!({"spec": {"vlan": "gone"}})),
            missing("vlans/gone", "Subnet s"),
        ),
        (vlan("v", 5, "gone"), missing("provider-networks/gone", "Vlan v")),
        // Pools and Vips.
        (annotated("ovn.kubernetes.io/ip_pool", "gone"), missing("ippools/gone", "Pod default/q")),
        (annotated("macvlan.default.kubernetes.io/ip_pool", " gone "), missing("ippools/gone", "Pod default/q")),
        (
            namespace("n").but(json!({"metadata": {"annotations": {"ovn.kubernetes.io/ip_pool": "pool1,gone"}}})),
            missing("ippools/gone", "Namespace n"),
        ),
        (annotated("ovn.kubernetes.io/vip", "gone"), missing("vips/gone", "Pod default/q")),
        (
            ovn_rule("OvnDnatRule", "d", json!({"ovnEip": "oeip1", "ipType": "vip", "ipName": "gone"})),
            missing("vips/gone", "OvnDnatRule d"),
        ),
    ];
    for (object, expected) in rows {
        eprintln!("--- {expected}");
        example().with(object).finds(&[&expected]);
    }
}

#[test]
fn what_is_no_name_of_a_pool_is_no_reference() {
    for value in ["10.16.0.90", "10.16.0.90,10.16.0.91", "10.16.0.90,fd00::1;10.16.0.91,fd00::2", ""] {
        let asking =
            pod("default", "q").but(json!({"metadata": {"annotations": {"ovn.kubernetes.io/ip_pool": value}}}));
        example().with(asking).finds(&[]);
    }
}

#[test]
fn all_referrers_of_a_missing_object_are_in_one_list() {
    let report = example().without("NetworkAttachmentDefinition default/macvlan").report();
    let gone = finding(&report, "missing-reference:network-attachment-definitions/default/macvlan");
    assert_eq!(report.findings.len(), 1);
    let referrers: Vec<String> = gone.objects.iter().map(ToString::to_string).collect();
    for referrer in
        ["Pod default/p1", "Pod default/p2", "StatefulSet default/web", "Subnet ext", "VirtualMachine default/vm2"]
    {
        assert!(referrers.contains(&referrer.to_owned()), "{referrer}: {referrers:?}");
    }
}

#[test]
fn finished_pods_and_pods_on_the_host_network_refer_to_nothing() {
    let asking = || pod("default", "q").but(networks("gone"));
    example().with(asking().but(finished("Succeeded", "Never", AN_HOUR_AGO))).finds(&[]);
    example().with(asking().but(json!({"spec": {"hostNetwork": true}}))).finds(&[]);
}

#[test]
fn an_object_that_was_made_just_now_may_name_what_comes_next() {
    let new = subnet("s", "10.66.0.0/24", "10.66.0.1", "later.default").but(created(JUST_NOW));
    example()
        .with(new)
        .finds(&["warning possible missing-reference:network-attachment-definitions/default/later @ Subnet s"]);
    // A pod on its way out may outlive what it names.
    let going = pod("default", "q").but(networks("gone")).but(deleted(JUST_NOW));
    example()
        .with(going)
        .finds(&["warning possible missing-reference:network-attachment-definitions/default/gone @ Pod default/q"]);
}

#[test]
fn a_kind_that_is_not_complete_is_never_missed() {
    let cluster = example().with(waiting_eip("e", "gone", "").but(json!({"spec": {"externalSubnet": "gone"}})));
    let report = cluster.partial(&[Kind::VpcNatGateway, Kind::Subnet]).finds(&[]);
    assert!(
        not_judged(&report).contains(&"missing-reference: Subnet VpcNatGateway (2)".to_owned()),
        "{:?}",
        not_judged(&report)
    );
}

#[test]
fn networks_are_complete_by_namespace() {
    let pods = [pod("default", "q").but(networks("gone")), pod("other", "q").but(networks("gone"))];
    let mut cluster: Cluster = example().with_all(pods).partial(&[Kind::NetworkAttachmentDefinition]);
    cluster.complete_in = vec![(Kind::NetworkAttachmentDefinition, "default")];
    let report = cluster
        .finds(&["warning likely missing-reference:network-attachment-definitions/default/gone @ Pod default/q"]);
    assert_eq!(not_judged(&report), ["missing-reference: NetworkAttachmentDefinition (1)"]);
}

#[test]
fn the_default_external_subnet_is_named_by_saying_nothing() {
    let report = example().without("Subnet ovn-vpc-external-network").report();
    let gone = finding(&report, "missing-reference:subnets/ovn-vpc-external-network");
    let referrers: Vec<String> = gone.objects.iter().map(ToString::to_string).collect();
    assert!(
        referrers.contains(&"IptablesEIP eip1".to_owned()) && referrers.contains(&"VpcNatGateway gw1".to_owned()),
        "{referrers:?}"
    );
}

#[test]
fn templates_name_what_their_pods_will_need() {
    let template = |annotation: &str| {
        let template = json!({"metadata": {"annotations": {annotation: "gone"}}});
        stateful_set("default", "s", 0).but(json!({"spec": {"template": template}}))
    };
    for (annotation, plural) in [
        ("ovn.kubernetes.io/logical_switch", "subnets"),
        ("macvlan.default.kubernetes.io/ip_pool", "ippools"),
        ("ovn.kubernetes.io/vip", "vips"),
    ] {
        let target = format!("{plural}/gone");
        example().with(template(annotation)).finds(&[&missing(&target, "StatefulSet default/s")]);
    }
    let networks = networks(r#"[{"name":"gone"}]"#);
    let deployment = object("apps/v1", "Deployment", "default", "d").but(json!({"spec": {"template": networks}}));
    example()
        .with(deployment)
        .finds(&[&missing("network-attachment-definitions/default/gone", "Deployment default/d")]);
}

#[test]
fn the_default_vpc_is_never_missing() {
    // Kube-OVN makes it at every start; whoever writes down a cluster by hand leaves it out.
    let named = example().patched("Subnet ovn-default", json!({"spec": {"vpc": "ovn-cluster"}}));
    named.without("Vpc ovn-cluster").finds(&[]);
}

#[test]
fn what_is_on_its_way_out_may_outlive_what_it_names() {
    let going = |at: &str| {
        example()
            .with(waiting_eip("e", "gone", "").but(deleted(at)).but(json!({"metadata": {"finalizers": [FINALIZER]}})))
    };
    going(FOUR_MINUTES_AGO).finds(&["warning possible missing-reference:vpc-nat-gateways/gone @ IptablesEIP e"]);
    going(AN_HOUR_AGO).finds(&[
        "warning likely missing-reference:vpc-nat-gateways/gone @ IptablesEIP e < stuck-terminating:iptables-eips/e",
        "warning likely stuck-terminating:iptables-eips/e @ IptablesEIP e",
    ]);
}
