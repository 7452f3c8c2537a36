//! `overlapping-subnets`, `suspected-same-wire`, and which wire a Subnet is on.

use crate::common::example::example;
use crate::common::objects::*;
use crate::common::{Cluster, not_judged};
use api::slim::Kind;
use serde_json::{Value, json};

fn wire(cluster: &Cluster, name: &str) -> String {
    let report = cluster.report();
    report.subnets.iter().find(|subnet| subnet.name == name).unwrap().wire.to_string()
}

#[test]
fn the_wire_is_vlan_else_annotation_else_vpc_else_provider() {
    let wires =
        [("ovn-default", "ovn-cluster.ovn"), ("lan1", "vpc1.ovn"), ("ext", "macvlan.default"), ("external", "pn1-70")];
    for (name, expected) in wires {
        assert_eq!(wire(&example(), name), expected);
    }
    let annotated = |name: &str| {
        example()
            .patched(&format!("Subnet {name}"), json!({"metadata": {"annotations": {"ipledger.dev/wire": "office"}}}))
    };
    assert_eq!(wire(&annotated("ext"), "ext"), "office");
    assert_eq!(wire(&annotated("ovn-default"), "ovn-default"), "office");
    assert_eq!(wire(&annotated("external"), "external"), "pn1-70", "a Vlan says more");
    let vpc = |provider: &str| {
        example().with(subnet("s", "10.66.0.0/24", "10.66.0.1", provider).but(json!({"spec": {"vpc": ""}})))
    };
    assert_eq!(wire(&vpc(""), "s"), "ovn-cluster.ovn");
    assert_eq!(wire(&vpc("a.default.ovn"), "s"), "ovn-cluster.ovn");
    assert_eq!(wire(&vpc("ovn.default"), "s"), "ovn.default");
}

#[test]
fn a_vlan_that_was_not_supplied_names_the_wire() {
    let cluster = example().without("Vlan vlan70").partial(&[Kind::Vlan, Kind::ProviderNetwork]);
    assert_eq!(wire(&cluster, "external"), "vlan:vlan70");
    let report = cluster.finds(&[]);
    assert!(not_judged(&report).contains(&"missing-reference: Vlan (1)".to_owned()), "{:?}", not_judged(&report));
    assert!(not_judged(&report).contains(&"suspected-same-wire: Vlan (0)".to_owned()), "{:?}", not_judged(&report));
}

#[test]
fn subnets_of_one_wire_may_not_overlap() {
    let other = |name: &str, cidr: &str, provider: &str| {
        example()
            .with(
                subnet(name, cidr, cidr.split('/').next().unwrap(), provider)
                    .but(json!({"spec": {"gateway": "", "excludeIps": []}})),
            )
            .recounted()
    };
    other("ext2", "172.17.0.128/25", "macvlan.default")
        .finds(&["error proven overlapping-subnets:ext/ext2 @ Subnet ext = 172.17.0.128-172.17.0.255"]);
    // By name, not by block.
    other("a", "10.16.128.0/17", "ovn")
        .finds(&["error proven overlapping-subnets:a/ovn-default @ Subnet a = 10.16.128.0-10.16.255.255"]);
    other("b", "10.15.0.0/16", "ovn").finds(&[]);
}

#[test]
fn both_families_that_overlap_are_one_finding() {
    let twin = subnet("twin", "10.60.0.0/25,fd00:60::/64", "10.60.0.1,fd00:60::1", "dual.default");
    example().with(twin).report().findings.iter().for_each(|finding| {
        if finding.code == engine::Code::OverlappingSubnets {
            assert_eq!(finding.addresses, ["10.60.0.0-10.60.0.127", "fd00:60::-fd00:60::ffff:ffff:ffff:ffff"]);
        }
    });
}

#[test]
fn subnets_of_different_vpcs_and_different_providers_may_overlap() {
    // Every VPC is a network of its own, and so is every interface.
    example()
        .with(subnet("lan2", "10.50.0.0/24", "10.50.0.1", "ovn").but(json!({"spec": {"vpc": "vpc2"}})))
        .with(vpc("vpc2", &["lan2"]))
        .with(pod("default", "q").but(nic("ovn", "lan2", "10.50.0.254")))
        .with(ip("default", "q", "ovn", "lan2", "10.50.0.254"))
        .with_all([subnet("mv2", "172.17.0.0/24", "172.17.0.1", "mv2.default"), nad("default", "mv2", "eth8")])
        .with(pod("default", "r").but(networks("mv2")).but(nic("mv2.default", "", "172.17.0.11")))
        .with(ip("default", "r", "mv2.default", "mv2", "172.17.0.11"))
        .recounted()
        .finds(&[]);
}

#[test]
fn several_subnets_of_one_provider_are_told_apart_by_the_address() {
    let second = subnet("ext2", "172.18.0.0/24", "172.18.0.1", "macvlan.default");
    example()
        .with(second)
        .with(pod("default", "q").but(networks("default/macvlan")).but(nic("macvlan.default", "", "172.18.0.9")))
        .with(ip("default", "q", "macvlan.default", "ext2", "172.18.0.9"))
        .recounted()
        .finds(&[]);
}

/// A Subnet like `ext` on another network, whose NAD has this configuration.
fn beside(config: &Value) -> Cluster {
    example()
        .with_all([subnet("mv2", "172.17.0.0/24", "172.17.0.1", "mv2.default"), nad_with("default", "mv2", config)])
        .recounted()
}

const SUSPECTED: &str = "warning likely suspected-same-wire:ext/mv2 @ Subnet ext = 172.17.0.0-172.17.0.255";

#[test]
fn two_networks_on_one_interface_that_overlap_are_probably_one() {
    beside(&json!({"type": "macvlan", "master": "eth1"})).finds(&[SUSPECTED]);
    beside(&json!({"plugins": [{"type": "ipvlan", "master": "eth1"}, {"type": "tuning"}]})).finds(&[SUSPECTED]);
    beside(&json!({"type": "macvlan", "master": "eth10"})).finds(&[]);
    beside(&json!({"type": "macvlan", "master": "eth1.100"})).finds(&[]);
    beside(&json!({"type": "vlan", "master": "eth1", "vlanId": 100})).finds(&[]);
}

#[test]
fn a_bridge_or_a_vlan_can_be_what_two_networks_share() {
    let pair = |first: Value, second: Value| {
        beside(&second)
            .without("NetworkAttachmentDefinition default/macvlan")
            .with(nad_with("default", "macvlan", &first))
    };
    let bridge = |vlan: i64| json!({"type": "bridge", "bridge": "br0", "vlan": vlan});
    pair(bridge(100), bridge(100)).finds(&[SUSPECTED]);
    pair(bridge(100), bridge(200)).finds(&[]);
    pair(json!({"type": "macvlan", "master": "eth1.100"}), json!({"type": "vlan", "master": "eth1", "vlanId": 100}))
        .finds(&[SUSPECTED]);
    // SR-IOV names a VLAN and no interface: one VLAN id is one network until somebody says otherwise.
    let sriov = |vlan: i64| json!({"type": "sriov", "vlan": vlan});
    pair(sriov(100), sriov(100)).finds(&[SUSPECTED]);
    pair(sriov(100), sriov(200)).finds(&[]);
    pair(json!({"type": "sriov"}), json!({"type": "sriov"})).finds(&[]);
}

#[test]
fn a_provider_network_and_a_macvlan_can_share_an_interface() {
    // VLAN 70 on eth9, by Kube-OVN and by a macvlan on eth9.70.
    let cluster = example()
        .with_all([subnet("zone", "10.70.0.0/24", "10.70.0.1", "zone.default"), nad("default", "zone", "eth9.70")]);
    cluster
        .recounted()
        .finds(&["warning likely suspected-same-wire:external/zone @ Subnet external = 10.70.0.0-10.70.0.255"]);
}

#[test]
fn somebody_who_named_both_wires_has_answered() {
    let named = |first: &str, second: &str| {
        let annotation = |wire: &str| json!({"metadata": {"annotations": {"ipledger.dev/wire": wire}}});
        beside(&json!({"type": "macvlan", "master": "eth1"}))
            .patched("Subnet ext", annotation(first))
            .patched("Subnet mv2", annotation(second))
    };
    named("rack-a", "rack-b").finds(&[]);
    named("office", "office")
        .finds(&["error proven overlapping-subnets:ext/mv2 @ Subnet ext = 172.17.0.0-172.17.0.255"]);
}

#[test]
fn what_networks_hang_on_needs_their_definitions() {
    let report = example()
        .without("NetworkAttachmentDefinition default/macvlan")
        .partial(&[Kind::NetworkAttachmentDefinition])
        .finds(&[]);
    let lines = not_judged(&report);
    assert!(lines.contains(&"suspected-same-wire: NetworkAttachmentDefinition (0)".to_owned()), "{lines:?}");
}

#[test]
fn a_wire_is_named_as_claims_name_it() {
    let annotated =
        |name: &str| example().patched("Subnet ext", json!({"metadata": {"annotations": {"ipledger.dev/wire": name}}}));
    let odd = "Rack 7/A";
    let short = api::schema::wire_in_name(odd).into_owned();
    assert_ne!(short, odd);
    assert_eq!(wire(&annotated(odd), "ext"), short);
    let long = "n".repeat(250);
    assert_eq!(wire(&annotated(&long), "ext"), api::schema::wire_in_name(&long));
    // So the claim of a pod is one with its records, and somebody else's is not.
    let held_by = |name: &str| {
        let holder = json!({"kind": "Pod", "namespace": "default", "name": name, "uid": format!("Pod/default/{name}")});
        annotated(odd).with(claim(&short, "172.17.0.11", "ext", holder))
    };
    held_by("p1").finds(&[]);
    held_by("p2")
        .finds(&[&format!("error proven duplicate-address:{short}/172.17.0.11 @ Pod default/p1 = 172.17.0.11")]);
}

#[test]
fn an_ip_object_that_names_no_subnet_is_on_the_wire_of_its_nic() {
    let nowhere = |name: &str, provider: &str, address: &str| {
        reservation("default", name, provider, "", address).but(json!({"metadata": {"labels": {"": null}}}))
    };
    // Two of different networks have nothing to do with each other.
    let cluster = example()
        .with_all([nad("default", "a", "eth7"), nad("default", "b", "eth8")])
        .with_all([nowhere("r1", "a.default", "10.9.0.5"), nowhere("r2", "b.default", "10.9.0.5")]);
    cluster.clone().finds(&[]);
    cluster
        .with(nowhere("r3", "b.default", "10.9.0.5"))
        .finds(&["error proven duplicate-address:b.default/10.9.0.5 @ IP r2.default.b.default = 10.9.0.5"]);
    // It is compared with the records of the Subnet that is there, also where that has a wire by another name.
    for wire in ["macvlan.default", "office"] {
        let annotation = json!({"metadata": {"annotations": {"ipledger.dev/wire": wire}}});
        example()
            .patched("Subnet ext", annotation)
            .with(nowhere("r", "macvlan.default", "172.17.0.11"))
            .finds(&[&format!("error proven duplicate-address:{wire}/172.17.0.11 @ Pod default/p1 = 172.17.0.11")]);
    }
    // On the primary network the Subnet that contains the address tells its wire, while there is only one such wire.
    example()
        .with(nowhere("r", "ovn", "10.16.0.11"))
        .finds(&["error proven duplicate-address:ovn-cluster.ovn/10.16.0.11 @ Pod default/p1 = 10.16.0.11"]);
    let twice = subnet("lan2", "10.50.0.0/24", "10.50.0.1", "ovn").but(json!({"spec": {"vpc": "vpc2"}}));
    example().with_all([twice, vpc("vpc2", &["lan2"])]).with(nowhere("r", "ovn", "10.50.0.254")).recounted().finds(&[]);
}

#[test]
fn lost_subnets_of_one_name_are_told_apart_by_the_network_of_the_nic() {
    let r = |name: &str, provider: &str| reservation("default", name, provider, "old", "10.9.0.5");
    example()
        .with_all([
            nad("default", "a", "eth7"),
            nad("default", "b", "eth8"),
            r("r1", "a.default"),
            r("r2", "b.default"),
        ])
        .finds(&["warning likely missing-reference:subnets/old @ IP r1.default.a.default"]);
}

#[test]
fn the_address_of_an_attachment_may_be_on_a_subnet_of_another_network() {
    // A static address that the attachment's own Subnet refuses is tried in the Subnets of the namespace.
    let nic = nic("macvlan.default", "", "10.16.0.60");
    example()
        .with(pod("default", "q").but(networks("default/macvlan")).but(nic))
        .with(ip("default", "q", "macvlan.default", "ovn-default", "10.16.0.60"))
        .recounted()
        .finds(&[]);
}

#[test]
fn an_interface_that_a_provider_network_has_on_some_nodes_counts_there() {
    let custom = |interfaces: Value| json!({"spec": {"customInterfaces": interfaces}});
    let zone = |master: &str| {
        example()
            .with_all([subnet("zone", "10.70.0.0/24", "10.70.0.1", "zone.default"), nad("default", "zone", master)])
    };
    let on_node1 = custom(json!([{"interface": "eth4", "nodes": ["node1"]}]));
    let suspected = "warning likely suspected-same-wire:external/zone @ Subnet external = 10.70.0.0-10.70.0.255";
    zone("eth4.70").recounted().finds(&[]);
    zone("eth4.70").patched("ProviderNetwork pn1", on_node1.clone()).recounted().finds(&[suspected]);
    zone("eth9.70").patched("ProviderNetwork pn1", on_node1.clone()).recounted().finds(&[suspected]);
    // Two ProviderNetworks that swap their interfaces from node to node never share one.
    let two = |second: Value| {
        example()
            .patched("ProviderNetwork pn1", on_node1.clone())
            .with_all([provider_network("pn2", "eth4").but(second), vlan("vlan2", 70, "pn2")])
            .with(subnet("zone", "10.70.0.0/24", "10.70.0.1", "ovn").but(json!({"spec": {"vlan": "vlan2"}})))
            .recounted()
    };
    two(custom(json!([{"interface": "eth9", "nodes": ["node1"]}]))).finds(&[]);
    two(json!({})).finds(&[suspected]);
}
