//! `rule-conflict`: NAT rules that cannot both hold.

use crate::common::example::example;
use crate::common::finding;
use crate::common::objects::*;
use serde_json::{Value, json};

/// A rule that is an hour old, the later one.
fn later(rule: Value) -> Value {
    rule.but(created(AN_HOUR_AGO))
}

#[test]
fn two_fips_on_one_eip_conflict() {
    example()
        .with(later(fip("fip0", "eip1", "gw1", "192.168.100.11", "10.50.0.6")))
        .finds(&["error proven rule-conflict:eip1/fip @ IptablesFIPRule fip0 = 192.168.100.11"]);
}

#[test]
fn a_fip_and_a_dnat_on_one_eip_conflict_whichever_came_first() {
    let report = example()
        .with(later(dnat("dnat0", "eip1", "gw1", "192.168.100.11", "tcp", "80")))
        .finds(&["error proven rule-conflict:eip1/fip+dnat @ IptablesDnatRule dnat0 = 192.168.100.11"]);
    let objects: Vec<String> =
        finding(&report, "rule-conflict:eip1/fip+dnat").objects.iter().map(ToString::to_string).collect();
    assert_eq!(objects, ["IptablesDnatRule dnat0", "IptablesFIPRule fip1", "IptablesEIP eip1"]);
    example()
        .with(later(fip("fip0", "eip2", "gw1", "192.168.100.12", "10.50.0.6")))
        .finds(&["error proven rule-conflict:eip2/fip+dnat @ IptablesFIPRule fip0 = 192.168.100.12"]);
}

#[test]
fn a_fip_and_an_snat_on_one_eip_are_no_conflict() {
    example().with(snat("snat0", "eip1", "gw1", "192.168.100.11", "10.50.1.0/24")).finds(&[]);
}

#[test]
fn two_dnats_with_one_identity_conflict_in_any_case_of_the_protocol() {
    let other = |protocol: &str, port: &str| {
        example().with(later(dnat("dnat0", "eip2", "gw1", "192.168.100.12", protocol, port)))
    };
    for protocol in ["tcp", "TCP", "Tcp"] {
        other(protocol, "80")
            .finds(&["error proven rule-conflict:eip2/dnat/80/tcp @ IptablesDnatRule dnat0 = 192.168.100.12"]);
    }
    other("udp", "80").finds(&[]);
    other("tcp", "81").finds(&[]);
    // Of another EIP it is another port.
    example()
        .with(eip("eip3", "gw1", "192.168.100.13"))
        .with(dnat("dnat0", "eip3", "gw1", "192.168.100.13", "tcp", "80"))
        .recounted()
        .finds(&[]);
}

#[test]
fn two_dnats_may_share_a_port_where_both_say_so() {
    let share = json!({"spec": {"type": "share"}});
    let other = |patch: Value| later(dnat("dnat0", "eip2", "gw1", "192.168.100.12", "tcp", "80")).but(patch);
    example().patched("IptablesDnatRule dnat1", share.clone()).with(other(share.clone())).finds(&[]);
    let line = ["error proven rule-conflict:eip2/dnat/80/tcp @ IptablesDnatRule dnat0 = 192.168.100.12"];
    example().with(other(share.clone())).finds(&line);
    example().patched("IptablesDnatRule dnat1", share).with(other(json!({"spec": {"type": "exclusive"}}))).finds(&line);
}

#[test]
fn one_cidr_in_two_snats_of_one_gateway_conflicts() {
    example()
        .with(later(snat("snat0", "eip1", "gw1", "192.168.100.11", "10.50.0.0/24")))
        .finds(&["error proven rule-conflict:gw1/snat/10.50.0.0/24 @ IptablesSnatRule snat0 = 192.168.100.11"]);
    // A part of it is another rule.
    example().with(snat("snat0", "eip1", "gw1", "192.168.100.11", "10.50.0.0/25")).finds(&[]);
    // An address without a length is that one address.
    let single = |name: &str, cidr: &str| later(snat(name, "eip2", "gw1", "192.168.100.12", cidr));
    example().with(single("s1", "10.50.0.7")).finds(&[]);
    example()
        .with_all([single("s1", "10.50.0.7"), single("s2", "10.50.0.7/32")])
        .finds(&["error proven rule-conflict:gw1/snat/10.50.0.7/32 @ IptablesSnatRule s2 = 192.168.100.12"]);
}

#[test]
fn overlapping_vpcs_behind_two_gateways_may_use_one_cidr() {
    example()
        .with(gateway("gw2", "vpc1", "lan1", "10.50.0.253"))
        .with(eip("eip9", "gw2", "192.168.100.19"))
        .with(snat("snat9", "eip9", "gw2", "192.168.100.19", "10.50.0.0/24"))
        .recounted()
        .finds(&[]);
}

#[test]
fn a_rule_with_an_address_that_its_eip_has_no_longer_conflicts() {
    let moved = example()
        .patched(
            "IptablesEIP eip1",
            json!({"spec": {"v4ip": "192.168.100.13"}, "status": {"ip": "192.168.100.13"},
            "metadata": {"labels": {"ovn.kubernetes.io/eip_v4_ip": "192.168.100.13"}}}),
        )
        .recounted();
    moved.finds(&[
        "error proven rule-conflict:eip1/address/iptables-fip-rules/fip1 @ IptablesFIPRule fip1 = 192.168.100.11 192.168.100.13",
        "info proven label-drift:iptables-fip-rules/fip1 @ IptablesFIPRule fip1",
    ]);
    // Not programmed yet: nothing recorded, nothing wrong.
    example().patched("IptablesFIPRule fip1", json!({"status": {"v4ip": "", "ready": false}})).finds(&[]);
}

#[test]
fn a_rule_that_is_being_deleted_conflicts_with_nothing() {
    let going = fip("fip0", "eip1", "gw1", "192.168.100.11", "10.50.0.6").but(deleted(FOUR_MINUTES_AGO));
    example().with(going).finds(&[]);
}
