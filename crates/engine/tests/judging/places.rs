//! `outside-subnet`, `gateway-in-use`, `excluded-in-use`, `duplicate-mac`.

use super::duplicates::readdressed;
use crate::common::example::example;
use crate::common::objects::*;
use serde_json::json;

#[test]
fn an_address_outside_its_subnet_is_found_once_per_object() {
    for address in ["172.18.0.5", "172.17.0.0", "172.17.0.255"] {
        eprintln!("--- {address}");
        let id = format!("outside-subnet:ips/p2.default.macvlan.default/{address}");
        let report = readdressed(example(), "p2", "macvlan.default", address).recounted().finds(&[
            &format!("error proven {id} @ IP p2.default.macvlan.default = {address}"),
            &format!("warning proven count-mismatch:ext/v4 @ Subnet ext < {id}"),
        ]);
        let ext = report.subnets.iter().find(|subnet| subnet.name == "ext").unwrap();
        let apart: Vec<String> = ext.v4.as_ref().unwrap().apart.iter().map(ToString::to_string).collect();
        assert_eq!(apart, [address]);
    }
}

#[test]
fn an_address_of_a_family_that_the_subnet_lacks_is_outside() {
    let cluster = readdressed(example(), "p2", "macvlan.default", "172.17.0.12,fd00::12");
    cluster.recounted().finds(&[
        "error proven outside-subnet:ips/p2.default.macvlan.default/fd00::12 @ IP p2.default.macvlan.default = fd00::12",
    ]);
}

#[test]
fn eips_vips_and_claims_can_be_outside_as_well() {
    example().with(vip("v", "ext", "172.18.0.5", "02:00:00:00:00:99")).recounted().finds(&[
        "error proven outside-subnet:vips/v/172.18.0.5 @ Vip v = 172.18.0.5",
        "warning proven count-mismatch:ext/v4 @ Subnet ext < outside-subnet:vips/v/172.18.0.5",
    ]);
    let holder = json!({"kind": "Vip", "name": "vip2"});
    example().with(claim("macvlan.default", "172.18.0.5", "ext", holder)).finds(&[
        "error proven outside-subnet:addressclaims/macvlan.default.172.18.0.5/172.18.0.5 @ AddressClaim macvlan.default.172.18.0.5 = 172.18.0.5",
    ]);
}

#[test]
fn an_address_that_a_sibling_subnet_of_the_wire_contains_is_in_its_place() {
    // It counts for that sibling, whatever the object says; Kube-OVN counts by what the object says.
    let sibling = subnet("ext2", "172.18.0.0/24", "172.18.0.1", "macvlan.default");
    let cluster = readdressed(example().with(sibling), "p2", "macvlan.default", "172.18.0.5").recounted();
    let report = cluster.finds(&[
        "warning proven count-mismatch:ext/v4 @ Subnet ext",
        "warning proven count-mismatch:ext2/v4 @ Subnet ext2",
        "warning proven range-mismatch:ext2/v4 @ Subnet ext2 = 172.18.0.5",
    ]);
    let using = |name: &str| {
        let subnet = report.subnets.iter().find(|subnet| subnet.name == name).unwrap();
        subnet.v4.as_ref().unwrap().using.count().to_string()
    };
    assert_eq!((using("ext"), using("ext2")), ("7".to_owned(), "1".to_owned()));
}

#[test]
fn the_gateways_address_on_record_is_found() {
    let wire = "macvlan.default";
    readdressed(example(), "p2", wire, "172.17.0.1").recounted().finds(&[
        "error proven gateway-in-use:macvlan.default/172.17.0.1 @ Pod default/p2 = 172.17.0.1",
        // Kube-OVN takes the gateway off twice, as excluded and as in use.
        "info proven count-mismatch:ext/v4 @ Subnet ext",
    ]);
    // Also where another Subnet of the wire gave it out: whoever has it answers for the router.
    example().with(subnet("ext2", "172.17.0.0/27", "172.17.0.11", wire)).recounted().finds(&[
        "error proven overlapping-subnets:ext/ext2 @ Subnet ext = 172.17.0.0-172.17.0.31",
        "error proven gateway-in-use:macvlan.default/172.17.0.11 @ Pod default/p1 = 172.17.0.11",
    ]);
    // Of a Vip as well.
    example().with(vip("v", "ext", "172.17.0.1", "02:00:00:00:00:99")).recounted().finds(&[
        "error proven gateway-in-use:macvlan.default/172.17.0.1 @ Vip v = 172.17.0.1",
        "info proven count-mismatch:ext/v4 @ Subnet ext",
    ]);
}

#[test]
fn an_excluded_address_may_be_used_by_name() {
    // Kube-OVN leaves the IP object out of its count: worth knowing, no fault.
    readdressed(example(), "p2", "macvlan.default", "172.17.0.205").recounted().finds(&[
        "info proven excluded-in-use:ext @ Subnet ext = 172.17.0.205",
        "info proven count-mismatch:ext/v4 @ Subnet ext",
    ]);
    // Two of them are in one list.
    let two = readdressed(
        readdressed(example(), "p2", "macvlan.default", "172.17.0.205"),
        "p1",
        "macvlan.default",
        "172.17.0.201",
    );
    two.recounted().finds(&[
        "info proven excluded-in-use:ext @ Subnet ext = 172.17.0.201 172.17.0.205",
        "info proven count-mismatch:ext/v4 @ Subnet ext",
    ]);
}

/// A MAC on a pod's NIC and in its IP object.
fn with_mac(cluster: crate::common::Cluster, pod: &str, provider: &str, mac: &str) -> crate::common::Cluster {
    let port = api::names::port_name(pod, "default", provider);
    cluster
        .patched(
            &format!("Pod default/{pod}"),
            json!({"metadata": {"annotations": {format!("{provider}.kubernetes.io/mac_address"): mac}}}),
        )
        .patched(&format!("IP {port}"), json!({"spec": {"macAddress": mac}}))
}

const MAC: &str = "02:00:00:00:00:77";

#[test]
fn one_mac_for_two_holders_on_one_subnet_is_found() {
    let cluster = with_mac(with_mac(example(), "p1", "ovn", MAC), "p2", "ovn", "02-00-00-00-00-77");
    let younger = cluster.patched("Pod default/p1", created(AN_HOUR_AGO));
    // The younger record is the one to change.
    younger
        .finds(&["error proven duplicate-mac:ovn-default/02:00:00:00:00:77 @ Pod default/p1 = 10.16.0.11 10.16.0.12"]);
}

#[test]
fn macs_are_compared_per_subnet_on_ovn_and_per_wire_elsewhere() {
    // The pod's own NIC in another Subnet of the VPC is another layer 2.
    let other = vip("v", "join", "100.64.0.50", MAC);
    with_mac(example(), "p1", "ovn", MAC).with(other).recounted().finds(&[]);
    // Two Subnets of one macvlan network are one.
    let sibling = subnet("ext2", "172.18.0.0/24", "172.18.0.1", "macvlan.default");
    let cluster = with_mac(example(), "p1", "macvlan.default", MAC);
    cluster
        .with_all([sibling, vip("v", "ext2", "172.18.0.5", MAC).but(created(AN_HOUR_AGO))])
        .recounted()
        .finds(&["error proven duplicate-mac:macvlan.default/02:00:00:00:00:77 @ Vip v = 172.17.0.11 172.18.0.5"]);
}

#[test]
fn a_holder_with_two_families_has_one_mac() {
    with_mac(example(), "d1", "dual.default", MAC).finds(&[]);
}

#[test]
fn the_mac_of_an_eip_is_on_no_interface() {
    // All EIPs of the example have one.
    with_mac(example(), "p1", "macvlan.default", "76:46:6c:22:b5:58")
        .with(super::duplicates::eip_on_ext("e", "172.17.0.50"))
        .recounted()
        .finds(&[]);
}
