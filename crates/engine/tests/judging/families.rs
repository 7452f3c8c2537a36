//! Two families: each on its own, for every kind that can have both.

use crate::common::Cluster;
use crate::common::example::example;
use crate::common::objects::*;
use serde_json::{Value, json};

const WIRE: &str = "dual.default";

/// The duplicate of d1's IPv6 address with an object that has another IPv4 address, and what follows from it.
#[track_caller]
fn only_v6_is_twice(object: Value) {
    eprintln!("--- {}", path_of(&object));
    example().with(object).recounted().finds(&[
        &format!("error proven duplicate-address:{WIRE}/fd00:60::5 @ Pod default/d1 = fd00:60::5"),
        &format!(
            "warning proven count-mismatch:dual/v6 @ Subnet dual = fd00:60::5 < duplicate-address:{WIRE}/fd00:60::5"
        ),
    ]);
}

#[test]
fn a_family_of_its_own_can_be_a_duplicate() {
    only_v6_is_twice(vip("v", "dual", "10.60.0.9,fd00:60::5", "02:00:00:00:00:99"));
    only_v6_is_twice(reservation("default", "r", "dual.default", "dual", "10.60.0.9,fd00:60::5"));
    only_v6_is_twice(ovn_eip("o", "dual", "10.60.0.9").but(json!({"status": {"v6Ip": "fd00:60::5"}})));
    let on_dual = json!({"spec": {"externalSubnet": "dual", "v6ip": "fd00:60::5"}, "metadata": {"labels": {"ovn.kubernetes.io/subnet": "dual"}}});
    only_v6_is_twice(eip("e", "gw1", "10.60.0.9").but(on_dual));
}

#[test]
fn the_ipv6_address_of_an_eip_counts_once_its_ipv4_address_was_granted() {
    let eip = |patch: Value| {
        eip("e", "gw1", "10.60.0.9")
            .but(json!({"spec": {"externalSubnet": "dual", "v6ip": "fd00:60::5"}, "metadata": {"labels": {"ovn.kubernetes.io/subnet": "dual"}}}))
            .but(patch)
    };
    // Another IPv4 address was granted than the spec asks for: whose IPv6 address that is, nobody says.
    let other = eip(
        json!({"spec": {"v4ip": "10.60.0.10"}, "metadata": {"labels": {"ovn.kubernetes.io/eip_v4_ip": "10.60.0.10"}}}),
    );
    let report = example().with(other).report();
    assert!(report.findings.iter().all(|finding| finding.code != engine::Code::DuplicateAddress));
    // On a Subnet without IPv6 it is nothing.
    let single = eip(json!({"spec": {"externalSubnet": "ext", "v4ip": "172.17.0.9"}, "status": {"ip": "172.17.0.9"},
        "metadata": {"labels": {"ovn.kubernetes.io/subnet": "ext", "ovn.kubernetes.io/eip_v4_ip": "172.17.0.9"}}}));
    example().with(single).recounted().finds(&[]);
}

#[test]
fn a_vip_is_on_record_by_its_spec_once_it_has_a_mac() {
    let asked = |mac: &str| vip("v", "ext", "172.17.0.11", mac).but(json!({"status": {"v4ip": ""}}));
    let report = example().with(asked("02:00:00:00:00:99")).report();
    assert!(crate::common::ids(&report).contains(&"duplicate-address:macvlan.default/172.17.0.11"));
    let report = example().with(asked("")).report();
    assert!(crate::common::ids(&report).contains(&"static-conflict:vips/v/172.17.0.11"));
}

#[test]
fn a_cidr_and_a_gateway_are_read_in_either_order() {
    let swapped = json!({"spec": {"cidrBlock": "fd00:60::/64,10.60.0.0/24", "gateway": "fd00:60::1,10.60.0.1"}});
    example().patched("Subnet dual", swapped).finds(&[]);
    let [pod, ..] = [example().get("Pod default/d1").clone()];
    let addresses =
        json!({"metadata": {"annotations": {"dual.default.kubernetes.io/ip_address": "fd00:60::5,10.60.0.5"}}});
    example().without("Pod default/d1").with(pod.but(addresses)).finds(&[]);
}

#[test]
fn nodes_have_two_families_as_well() {
    let both = |cluster: Cluster| {
        cluster
            .patched("Subnet join", json!({"spec": {"cidrBlock": "100.64.0.0/16,fd00:64::/112", "gateway": "100.64.0.1,fd00:64::1", "excludeIps": ["100.64.0.1", "fd00:64::1"]}}))
            .patched("Node node1", json!({"metadata": {"annotations": {"ovn.kubernetes.io/ip_address": "100.64.0.2,fd00:64::2"}}}))
            .patched("Node node2", json!({"metadata": {"annotations": {"ovn.kubernetes.io/ip_address": "100.64.0.3,fd00:64::3"}}}))
            .patched("IP node-node1", json!({"spec": {"ipAddress": "100.64.0.2,fd00:64::2", "v6IpAddress": "fd00:64::2"}}))
            .patched("IP node-node2", json!({"spec": {"ipAddress": "100.64.0.3,fd00:64::3", "v6IpAddress": "fd00:64::3"}}))
            .recounted()
    };
    both(example()).finds(&[]);
    both(example())
        .patched("IP node-node2", json!({"spec": {"v6IpAddress": "fd00:64::2", "ipAddress": "100.64.0.3,fd00:64::2"}}))
        .recounted()
        .finds(&[
            "error proven duplicate-address:ovn-cluster.ovn/fd00:64::2 @ Node node1 = fd00:64::2",
            "error proven missing-record:node/node2 @ Node node2 = fd00:64::3",
            // Two objects, two addresses: the count is right by chance.
            "warning proven range-mismatch:join/v6 @ Subnet join = fd00:64::3 < missing-record:node/node2",
        ]);
}

#[test]
fn an_ip_object_may_say_its_addresses_in_one_field() {
    let one_field = json!({"spec": {"v4IpAddress": "", "v6IpAddress": "", "ipAddress": "10.60.0.5,fd00:60::5"}});
    example().patched("IP d1.default.dual.default", one_field.clone()).finds(&[]);
    example().patched("IP d1.default.dual.default", one_field).without("Pod default/d1").finds(&[
        "warning likely leaked-ip:ips/d1.default @ IP d1.default = 10.16.0.14",
        "warning likely leaked-ip:ips/d1.default.dual.default @ IP d1.default.dual.default = 10.60.0.5 fd00:60::5",
    ]);
}

#[test]
fn suspected_networks_of_two_families_are_one_finding() {
    let twin = subnet("twin", "10.60.0.0/24,fd00:60::/64", "10.60.0.1,fd00:60::1", "twin.default");
    example().with_all([twin, nad("default", "twin", "eth2")]).recounted().finds(&[
        "warning likely suspected-same-wire:dual/twin @ Subnet dual = 10.60.0.0-10.60.0.255 fd00:60::-fd00:60::ffff:ffff:ffff:ffff",
    ]);
}

#[test]
fn excluded_addresses_of_two_families_are_in_one_list() {
    let excludes =
        json!({"spec": {"excludeIps": ["10.60.0.1", "fd00:60::1", "10.60.0.5..10.60.0.6", "fd00:60::5..fd00:60::6"]}});
    example().patched("Subnet dual", excludes).recounted().finds(&[
        "info proven excluded-in-use:dual @ Subnet dual = 10.60.0.5 fd00:60::5",
        "info proven count-mismatch:dual/v4 @ Subnet dual",
        "info proven count-mismatch:dual/v6 @ Subnet dual",
    ]);
}
