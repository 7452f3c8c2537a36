//! AddressClaims: records of ownership whose holders are asked like all others, and Pods by their UID.

use crate::common::example::example;
use crate::common::finding;
use crate::common::objects::*;
use serde_json::{Value, json};

fn on_ext(address: &str, holder: Value) -> Value {
    claim("macvlan.default", address, "ext", holder)
}

#[test]
fn a_claim_of_every_kind_of_holder_stands_beside_its_records() {
    let named = |kind: &str, name: &str| json!({"kind": kind, "name": name});
    let of_pod = |kind: &str, name: &str| json!({"kind": kind, "namespace": "default", "name": name, "nic": "net1"});
    example()
        .with(on_ext("172.17.0.11", of_pod("Pod", "p1").but(json!({"uid": "Pod/default/p1"}))))
        .with(on_ext("172.17.0.20", of_pod("StatefulSet", "web-0")))
        .with(on_ext("172.17.0.30", of_pod("VirtualMachine", "vm1")))
        .with(on_ext("172.17.0.31", of_pod("VirtualMachine", "vm2")))
        .with(on_ext("172.17.0.40", named("Vip", "vip2")))
        .with(claim(EXTERNAL, "192.168.100.10", "ovn-vpc-external-network", named("VpcNatGateway", "gw1")))
        .with(claim(EXTERNAL, "192.168.100.11", "ovn-vpc-external-network", named("IptablesEIP", "eip1")))
        .with(claim("pn1-70", "10.70.0.10", "external", named("OvnEip", "oeip1")))
        .with(claim("ovn-cluster.ovn", "100.64.0.2", "join", named("Node", "node1")))
        .finds(&[]);
}

#[test]
fn a_claim_whose_holder_is_gone_is_leaked() {
    let leak = |name: &str, address: &str| {
        format!("warning likely leaked-ip:addressclaims/{name} @ AddressClaim {name} = {address}")
    };
    for (kind, namespace, name) in [
        ("Pod", "default", "gone"),
        ("StatefulSet", "default", "web-7"),
        ("VirtualMachine", "default", "gone"),
        ("Vip", "", "gone"),
        ("IptablesEIP", "", "gone"),
        ("OvnEip", "", "gone"),
        ("VpcNatGateway", "", "gone"),
        ("Node", "", "gone"),
        ("Subnet", "", "gone"),
        ("Reservation", "", "gone"),
    ] {
        eprintln!("--- {kind}");
        let holder = json!({"kind": kind, "namespace": namespace, "name": name, "uid": "1"});
        let report = example().with(on_ext("172.17.0.50", holder)).report();
        let lines: Vec<String> = report.findings.iter().map(crate::common::line).collect();
        assert!(lines.contains(&leak("macvlan.default.172.17.0.50", "172.17.0.50")), "{lines:?}");
        // It is on record, and so in use; the status that Kube-OVN writes does not know of it.
        assert!(lines.iter().all(|line| !line.starts_with("error")), "{lines:?}");
    }
}

#[test]
fn a_claim_of_a_freed_address_that_rests_is_no_leak_while_its_subnet_says_so() {
    // The cluster was read on 2026-01-10 at 12:00.
    let (lately, long_ago) = ("2026-01-10T11:30:00Z", "2026-01-10T09:00:00Z");
    let holder = json!({"kind": "Pod", "namespace": "default", "name": "gone", "uid": "1"});
    let is_leaked = |rest: Option<&str>, status: &str, since: &str| {
        let says = json!({"type": "CoolingDown", "status": status, "lastTransitionTime": since});
        let claim = on_ext("172.17.0.50", holder.clone()).but(json!({"status": {"conditions": [says]}}));
        let rest = json!({"metadata": {"annotations": {"ipledger.dev/cooldown": rest}}});
        let report = example().patched("Subnet ext", rest).with(claim).report();
        report.findings.iter().any(|finding| finding.code == engine::Code::LeakedIp)
    };
    assert!(!is_leaked(Some("1h"), "True", lately));
    assert!(is_leaked(Some("1h"), "True", long_ago), "whoever should have given it back did not");
    assert!(is_leaked(Some("1h"), "False", lately), "it was needed again since");
    assert!(is_leaked(None, "True", lately), "the Subnet has no rest any more");
}

#[test]
fn an_unknown_kind_of_holder_is_not_judged() {
    for kind in ["Quarantine", "IPAMClaim", "Foreign", "Robot"] {
        let report = example().with(on_ext("172.17.0.50", json!({"kind": kind, "name": "x"}))).report();
        assert!(report.findings.iter().all(|finding| finding.code != engine::Code::LeakedIp), "{kind}");
        assert!(report.not_judged.iter().all(|line| !line.missing.is_empty()), "{kind}: {:?}", report.not_judged);
    }
}

#[test]
fn a_claim_of_a_pod_is_by_uid() {
    // The pod was deleted and made again under its name: the claim is the old one's.
    let old = json!({"kind": "Pod", "namespace": "default", "name": "p1", "uid": "of the old pod", "nic": "net1"});
    example().with(on_ext("172.17.0.11", old)).finds(&[
        "error proven duplicate-address:macvlan.default/172.17.0.11 @ Pod default/p1 = 172.17.0.11",
        "warning likely leaked-ip:addressclaims/macvlan.default.172.17.0.11 @ AddressClaim macvlan.default.172.17.0.11 = 172.17.0.11",
    ]);
}

#[test]
fn a_static_pod_is_its_config_hash() {
    // Its mirror gets another UID whenever it is deleted; the node knows the hash.
    let holder = json!({"kind": "Pod", "namespace": "default", "name": "p1", "uid": "abc123", "nic": "net1"});
    example()
        .patched("Pod default/p1", json!({"metadata": {"annotations": {"kubernetes.io/config.hash": "abc123"}}}))
        .with(on_ext("172.17.0.11", holder))
        .finds(&[]);
}

#[test]
fn a_claim_with_a_live_occupant_is_no_leak_and_one_holder_with_it() {
    let occupied = |uid: &str| {
        on_ext("172.17.0.11", json!({"kind": "IPAMClaim", "namespace": "default", "name": "c"}))
            .but(json!({"status": {"occupant": {"podUID": uid}}}))
    };
    example().with(occupied("Pod/default/p1")).finds(&[]);
    example()
        .with(occupied("Pod/default/p2"))
        .finds(&["error proven duplicate-address:macvlan.default/172.17.0.11 @ Pod default/p1 = 172.17.0.11"]);
    let gone = on_ext("172.17.0.11", json!({"kind": "Vip", "name": "gone"}))
        .but(json!({"status": {"occupant": {"podUID": "Pod/default/p1"}}}));
    example().with(gone).finds(&[]);
}

#[test]
fn a_claim_of_a_reservation_is_one_with_its_ip_object_and_its_pod() {
    let name = "q.default.macvlan.default";
    let cluster = example()
        .with(reservation("default", "q", "macvlan.default", "ext", "172.17.0.50"))
        .with(on_ext("172.17.0.50", json!({"kind": "Reservation", "name": name})))
        .recounted();
    cluster.clone().finds(&[]);
    let using = pod("default", "q").but(networks("default/macvlan")).but(nic("macvlan.default", "", "172.17.0.50"));
    cluster.with(using).finds(&[]);
}

#[test]
fn a_claim_on_the_wire_of_a_subnet_that_is_gone_is_compared_there() {
    let holder = |name: &str| json!({"kind": "Vip", "name": name});
    let gone = claim("old.default", "10.9.0.5", "old", holder("vip1"));
    example().with(gone).with(reservation("default", "r", "old.default", "old", "10.9.0.5")).finds(&[
        "error proven duplicate-address:old.default/10.9.0.5 @ AddressClaim old.default.10.9.0.5 = 10.9.0.5",
        "warning likely missing-reference:subnets/old @ IP r.default.old.default",
    ]);
}

#[test]
fn a_claim_of_another_pod_of_that_name_is_another_holders() {
    let holder = json!({"kind": "Pod", "namespace": "default", "name": "p1", "uid": "an older one"});
    let report = example().with(claim("macvlan.default", "172.17.0.11", "ext", holder)).report();
    let duplicate = finding(&report, "duplicate-address:macvlan.default/172.17.0.11");
    assert!(duplicate.message.contains("2 holders, 1 of them alive"), "{}", duplicate.message);
}
