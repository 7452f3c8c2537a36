//! `label-drift`: labels that others select by.

use crate::common::example::example;
use crate::common::objects::*;
use serde_json::{Value, json};

#[test]
fn a_label_that_is_there_and_wrong_is_found() {
    for (path, label, target) in [
        ("IP p1.default", "subnet", "ips/p1.default"),
        ("IP p1.default", "node-name", "ips/p1.default"),
        ("IptablesEIP eip1", "vpc-nat-gw-name", "iptables-eips/eip1"),
        ("IptablesEIP eip1", "eip_v4_ip", "iptables-eips/eip1"),
        ("VpcNatGateway gw1", "subnet", "vpc-nat-gateways/gw1"),
        ("VpcNatGateway gw1", "vpc", "vpc-nat-gateways/gw1"),
        ("VpcNatGateway gw1", "qos", "vpc-nat-gateways/gw1"),
        ("IptablesFIPRule fip1", "vpc-nat-gw-name", "iptables-fip-rules/fip1"),
        ("IptablesDnatRule dnat1", "vpc_dnat_eport", "iptables-dnat-rules/dnat1"),
        ("IptablesSnatRule snat1", "eip_v4_ip", "iptables-snat-rules/snat1"),
    ] {
        let line = format!("info proven label-drift:{target} @ {path}");
        let label = format!("ovn.kubernetes.io/{label}");
        example().patched(path, json!({"metadata": {"labels": {&label: "wrong"}}})).finds(&[&line]);
        // Absent is not wrong: Kube-OVN counts nothing by these.
        example().patched(path, json!({"metadata": {"labels": {&label: null}}})).finds(&[]);
    }
}

#[test]
fn the_label_that_addresses_are_counted_by_may_not_be_absent() {
    let rows: [(&str, &str, &str); 3] = [
        ("IptablesEIP eip1", "iptables-eips/eip1", "ovn-vpc-external-network"),
        ("OvnEip oeip1", "ovn-eips/oeip1", "external"),
        ("Vip vip1", "vips/vip1", "ovn-default"),
    ];
    for (path, target, subnet) in rows {
        let without = example().patched(path, json!({"metadata": {"labels": {"ovn.kubernetes.io/subnet": null}}}));
        without.clone().finds(&[&format!("info proven label-drift:{target} @ {path}")]);
        // Kube-OVN counts one less then.
        let count = format!("warning proven count-mismatch:{subnet}/v4 @ Subnet {subnet} < label-drift:{target}");
        let report = without.recounted().report();
        assert!(report.findings.iter().map(crate::common::line).any(|line| line == count), "{count}");
    }
    // Without an address there is nothing to count.
    example().with(waiting_eip("e", "gw1", "")).finds(&[]);
}

#[test]
fn a_label_with_the_name_of_another_subnet_is_a_leftover() {
    let bare = |patch: Value| example().patched("IP p1.default", json!({"metadata": {"labels": patch}}));
    bare(json!({"ext": ""})).finds(&["info proven label-drift:ips/p1.default @ IP p1.default"]);
    bare(json!({"team": "", "role": "x"})).finds(&[]);
}

#[test]
fn a_label_that_was_not_written_yet_is_only_possible() {
    let new = json!({"metadata": {"labels": {"ovn.kubernetes.io/subnet": null}, "creationTimestamp": JUST_NOW}});
    example().patched("Vip vip1", new).finds(&["info possible label-drift:vips/vip1 @ Vip vip1"]);
}

#[test]
fn the_labels_of_an_ovn_eip_say_its_addresses_and_type() {
    let labelled = |v6: &str, label: &str, value: &str| {
        let eip = ovn_eip("o", "dual", "10.60.0.50").but(json!({"spec": {"v6Ip": v6}, "status": {"v6Ip": v6},
            "metadata": {"labels": {format!("ovn.kubernetes.io/{label}"): value}}}));
        example().with(eip).recounted()
    };
    for (v6, label, right) in [
        ("fd00:60::50", "eip_v4_ip", "10.60.0.50"),
        ("fd00:60::50", "eip_v6_ip", "fd00-60--50"),
        ("fd00:60:0:0:a::", "eip_v6_ip", "fd00-60-0-0-a--0"),
        ("fd00:60::50", "ovn_eip_type", "nat"),
    ] {
        labelled(v6, label, right).finds(&[]);
        labelled(v6, label, "other").finds(&["info proven label-drift:ovn-eips/o @ OvnEip o"]);
    }
}

#[test]
fn the_port_of_a_dnat_may_be_written_with_noughts() {
    let dnat = |label: &str| {
        let patch = json!({
            "metadata": {"labels": {"ovn.kubernetes.io/vpc_dnat_eport": label}}, "spec": {"externalPort": "0080"},
            "status": {"externalPort": "0080"}
        });
        example().patched("IptablesDnatRule dnat1", patch)
    };
    dnat("0080").finds(&[]);
    dnat("0081").finds(&["info proven label-drift:iptables-dnat-rules/dnat1 @ IptablesDnatRule dnat1"]);
}
