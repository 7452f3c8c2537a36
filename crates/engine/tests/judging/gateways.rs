//! Which pods are a gateway's: by annotation, by label, by owner, by the name that a workload shows.

use crate::common::Cluster;
use crate::common::example::example;
use crate::common::objects::*;
use serde_json::{Value, json};

/// The example, with an EIP of gw1 on the address of its outer NIC: one holder where the NIC is known for gw1's.
fn with_eip_on_nic(pod: Value, pod_name: &str) -> Cluster {
    example()
        .without_all(&[
            "Pod kube-system/vpc-nat-gw-gw1-0",
            "IP vpc-nat-gw-gw1-0.kube-system",
            "IP vpc-nat-gw-gw1-0.kube-system.ovn-vpc-external-network.kube-system",
        ])
        .with(pod)
        .with(ip("kube-system", pod_name, "ovn", "lan1", "10.50.0.254"))
        .with(ip("kube-system", pod_name, EXTERNAL, "ovn-vpc-external-network", "192.168.100.10"))
        .with(eip("eip3", "gw1", "192.168.100.10"))
        .recounted()
}

/// Whether the EIP and the NIC are one holder.
fn is_known(cluster: &Cluster) -> bool {
    let report = cluster.report();
    let codes: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
    let (double, duplicate) =
        (codes.contains(&engine::Code::DoubleRecord), codes.contains(&engine::Code::DuplicateAddress));
    assert!(double != duplicate, "one of them");
    double
}

/// A pod with the addresses of gw1's, and nothing else that could show what it is.
fn bare(name: &str) -> Value {
    pod("kube-system", name)
        .but(networks("kube-system/ovn-vpc-external-network"))
        .but(nic("ovn", "lan1", "10.50.0.254"))
        .but(nic(EXTERNAL, "", "192.168.100.10"))
}

#[test]
fn annotation_label_and_owner_each_make_a_gateways_pod() {
    let annotation = json!({"metadata": {"annotations": {"ovn.kubernetes.io/vpc_nat_gw": "gw1"}}});
    let label = json!({"metadata": {"labels": {"ovn.kubernetes.io/vpc-nat-gw": "true"}}});
    let owner = owned_by("apps/v1", "StatefulSet", "vpc-nat-gw-gw1");
    let own_name = "vpc-nat-gw-gw1-0";
    assert!(is_known(&with_eip_on_nic(bare("anything").but(annotation), "anything")));
    assert!(is_known(&with_eip_on_nic(bare(own_name).but(label.clone()), own_name)));
    assert!(is_known(&with_eip_on_nic(bare(own_name).but(owner), own_name)));
    // A label does not say which gateway: the name has to.
    assert!(!is_known(&with_eip_on_nic(bare("anything").but(label), "anything")));
    // A pod that only happens to have that name is none.
    assert!(!is_known(&with_eip_on_nic(bare(own_name), own_name)));
}

#[test]
fn the_pods_of_a_deployment_are_known_by_their_replica_set() {
    let ha = json!({"spec": {"replicas": 2}, "status": {"workload": {"kind": "Deployment", "name": "vpc-nat-gw-gw1"}}});
    let name = "vpc-nat-gw-gw1-5d8f7c-x2x4z";
    let replica = bare(name).but(owned_by("apps/v1", "ReplicaSet", "vpc-nat-gw-gw1-5d8f7c"));
    let cluster = with_eip_on_nic(replica, name).without("StatefulSet kube-system/vpc-nat-gw-gw1");
    // That NIC and one EIP of its gateway are one holder, as with one replica: the gateway programs the EIP there.
    assert!(is_known(&cluster.patched("VpcNatGateway gw1", ha)));
}

#[test]
fn an_ip_object_whose_pod_is_gone_is_known_by_the_name() {
    // The gateway restarts: its outer address and the EIP on it are still one holder.
    let cluster =
        example().without("Pod kube-system/vpc-nat-gw-gw1-0").with(eip("eip3", "gw1", "192.168.100.10")).recounted();
    assert!(is_known(&cluster));
    // Of a gateway that is gone, too: the leak is told, and no duplicate.
    let wire = EXTERNAL;
    let orphan = ordinal_ip("kube-system", "vpc-nat-gw-gw7-0", EXTERNAL, "ovn-vpc-external-network", "192.168.100.70");
    example().with_all([orphan, eip("eip7", "gw7", "192.168.100.70")]).recounted().finds(&[
        &format!("info proven double-record:{wire}/192.168.100.70 @ IP vpc-nat-gw-gw7-0.kube-system.{wire} = 192.168.100.70"),
        &format!("warning likely leaked-ip:ips/vpc-nat-gw-gw7-0.kube-system.{wire} @ IP vpc-nat-gw-gw7-0.kube-system.{wire} = 192.168.100.70"),
        "warning likely missing-reference:vpc-nat-gateways/gw7 @ IptablesEIP eip7",
        &format!("warning proven count-mismatch:ovn-vpc-external-network/v4 @ Subnet ovn-vpc-external-network = 192.168.100.70 < double-record:{wire}/192.168.100.70 leaked-ip:ips/vpc-nat-gw-gw7-0.kube-system.{wire}"),
    ]);
}

#[test]
fn a_workload_shows_its_gateway_by_its_template_as_well() {
    // `natGwNamePrefix: nat`, and a gateway whose status was not written yet.
    let set = gateway_set("gw2", "lan1").but(json!({"metadata": {"name": "nat-gw2"}}));
    example()
        .with(set)
        .with(gateway("gw2", "vpc1", "lan1", "10.50.0.253").but(json!({"status": null})))
        .with(ordinal_ip("kube-system", "nat-gw2-0", EXTERNAL, "ovn-vpc-external-network", "192.168.100.20"))
        .with(eip("eip9", "gw2", "192.168.100.20"))
        .recounted()
        .report()
        .findings
        .iter()
        .for_each(|finding| assert_ne!(finding.code, engine::Code::DuplicateAddress));
}
