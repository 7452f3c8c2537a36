//! A clean cluster with one of everything. Tests break exactly one thing in it.

use super::Cluster;
use super::objects::*;
use serde_json::json;

/// Names, by kind and address:
///
/// | Subnet | wire | who |
/// | --- | --- | --- |
/// | join | ovn-cluster.ovn | node1 100.64.0.2, node2 .3 |
/// | ovn-default | ovn-cluster.ovn | p1 10.16.0.11, p2 .12, p3 .13, d1 .14, web-0 .20, web-1 .21, vm1 .30, vm2 .31, vip1 .40 |
/// | lan1 | vpc1.ovn | gateway gw1 10.50.0.254 |
/// | ext | macvlan.default | p1 172.17.0.11, p2 .12, web-0 .20, web-1 .21, vm1 .30, vm2 .31, vip2 .40, p3 .100 of pool1; .200 to .210 excluded |
/// | dual | dual.default | d1 10.60.0.5,fd00:60::5 |
/// | ovn-vpc-external-network | ovn-vpc-external-network.kube-system | gw1 192.168.100.10, eip1 .11, eip2 .12 |
/// | external | pn1-70 | oeip1 10.70.0.10 |
///
/// vm2 is stopped; every other holder runs.
pub fn example() -> Cluster {
    networks_and_nodes(Cluster::new())
        .with_all(macvlan_pod("default", "p1", "10.16.0.11", "172.17.0.11"))
        .with_all(macvlan_pod("default", "p2", "10.16.0.12", "172.17.0.12"))
        .with_all(macvlan_pod("default", "p3", "10.16.0.13", "172.17.0.100"))
        .patched(
            "Pod default/p3",
            json!({"metadata": {"annotations": {"macvlan.default.kubernetes.io/ip_pool": "pool1"}}}),
        )
        .with(pool("pool1", "ext", &["172.17.0.100..172.17.0.110"]))
        .with(pod("default", "d1").but(networks("default/dual")).but(nic("ovn", "ovn-default", "10.16.0.14")).but(nic(
            "dual.default",
            "",
            "10.60.0.5,fd00:60::5",
        )))
        .with(ip("default", "d1", "ovn", "ovn-default", "10.16.0.14"))
        .with(ip("default", "d1", "dual.default", "dual", "10.60.0.5,fd00:60::5"))
        .with(stateful_set("default", "web", 2))
        .with_all(ordinal_pod("web", 0, "10.16.0.20", "172.17.0.20"))
        .with_all(ordinal_pod("web", 1, "10.16.0.21", "172.17.0.21"))
        .with_all([vm("default", "vm1"), vmi("default", "vm1"), vm("default", "vm2")])
        .with(launcher("default", "vm1", "abcde", "10.16.0.30", "172.17.0.30"))
        .with(vm_ip("default", "vm1", "ovn", "ovn-default", "10.16.0.30"))
        .with(vm_ip("default", "vm1", "macvlan.default", "ext", "172.17.0.30"))
        .with(vm_ip("default", "vm2", "ovn", "ovn-default", "10.16.0.31"))
        .with(vm_ip("default", "vm2", "macvlan.default", "ext", "172.17.0.31"))
        .with_all(whole_gateway("gw1", "vpc1", "lan1", "10.50.0.254", "192.168.100.10"))
        .with_all([eip("eip1", "gw1", "192.168.100.11"), eip("eip2", "gw1", "192.168.100.12")])
        .with(fip("fip1", "eip1", "gw1", "192.168.100.11", "10.50.0.5"))
        .with(dnat("dnat1", "eip2", "gw1", "192.168.100.12", "tcp", "80"))
        .with(snat("snat1", "eip2", "gw1", "192.168.100.12", "10.50.0.0/24"))
        .with(vip("vip1", "ovn-default", "10.16.0.40", "02:00:00:00:00:40"))
        .with(vip("vip2", "ext", "172.17.0.40", "02:00:00:00:00:41"))
        .with(ovn_eip("oeip1", "external", "10.70.0.10"))
        .recounted()
}

/// The networks of the example and its nodes, with nobody else on them.
pub fn networks_and_nodes(cluster: Cluster) -> Cluster {
    cluster
        .with_all([namespace("default"), namespace("kube-system")])
        .with_all(node("node1", "100.64.0.2"))
        .with_all(node("node2", "100.64.0.3"))
        .with_all([vpc("ovn-cluster", &["external", "join", "ovn-default"]), vpc("vpc1", &["lan1"])])
        .with(subnet("join", "100.64.0.0/16", "100.64.0.1", "ovn"))
        .with(subnet("ovn-default", "10.16.0.0/16", "10.16.0.1", "ovn").but(json!({"spec": {"default": true}})))
        .with(subnet("lan1", "10.50.0.0/24", "10.50.0.1", "ovn").but(json!({"spec": {"vpc": "vpc1"}})))
        .with(
            subnet("ext", "172.17.0.0/24", "172.17.0.1", "macvlan.default")
                .but(json!({"spec": {"excludeIps": ["172.17.0.1", "172.17.0.200..172.17.0.210"]}})),
        )
        .with(subnet("dual", "10.60.0.0/24,fd00:60::/64", "10.60.0.1,fd00:60::1", "dual.default"))
        .with(subnet("ovn-vpc-external-network", "192.168.100.0/24", "192.168.100.1", EXTERNAL))
        .with(subnet("external", "10.70.0.0/24", "10.70.0.1", "ovn").but(json!({"spec": {"vlan": "vlan70"}})))
        .with_all([vlan("vlan70", 70, "pn1"), provider_network("pn1", "eth9")])
        .with_all([
            nad("default", "macvlan", "eth1"),
            nad("default", "dual", "eth2"),
            nad("kube-system", "ovn-vpc-external-network", "eth3"),
        ])
        .recounted()
}
