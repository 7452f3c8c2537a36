//! kubeovn/kube-ovn#4747 in its pure form: more addresses "used" than the Subnet has, and nothing wrong on the wire.
//!
//! Twenty tenants with a NAT gateway each, on one macvlan network of 30 usable addresses. To spend one public address per
//! tenant, seventeen of them have their EIP on the address that the gateway's external NIC has anyway.

use super::cluster::Cluster;
use super::kubeovn::{self, Eip, Gateway, Nat, Subnet, rule};
use super::kubernetes::{self, Nic, Owner, Pod, Workload};

/// Makes the cluster.
pub(super) fn make() -> Cluster {
    let mut cluster = Cluster::new("issue-4747", "2026-11-02T08:00:00Z");
    kubeovn::base(&mut cluster);
    kubernetes::macvlan(&mut cluster, "kube-system", "ext", "eth1");
    Subnet {
        name: "ext",
        cidr: "172.31.9.0/27",
        gateway: "172.31.9.1",
        exclude: &["172.31.9.1"],
        provider: "ext.kube-system",
        vpc: "",
    }
    .make(&mut cluster);
    for number in 1..=20 {
        cluster.wait(300);
        tenant(&mut cluster, number);
    }
    cluster.wait(7200);
    for number in 1..=17 {
        own_address_as_eip(&mut cluster, number);
    }
    web_of_the_first_tenant(&mut cluster);
    edge_dns(&mut cluster);
    kubeovn::present(&mut cluster);
    cluster
}

/// A VPC with its LAN and its gateway, whose external NIC has `.<number + 1>`.
fn tenant(cluster: &mut Cluster, number: u8) {
    let (vpc, lan, gateway) = names(number);
    kubeovn::vpc(cluster, &vpc, &[&lan]);
    let (cidr, router) = (format!("10.60.{number}.0/24"), format!("10.60.{number}.1"));
    Subnet { name: &lan, cidr: &cidr, gateway: &router, exclude: &[&router], provider: "ovn", vpc: &vpc }.make(cluster);
    Gateway {
        name: &gateway,
        vpc: &vpc,
        lan: &lan,
        lan_ip: &format!("10.60.{number}.254"),
        external: "ext",
        external_ip: &external(number + 1),
        node: ["node1", "node2", "node3"][usize::from(number % 3)],
    }
    .make(cluster);
}

fn names(number: u8) -> (String, String, String) {
    (format!("tenant-{number:02}"), format!("tenant-{number:02}-lan"), format!("gw{number:02}"))
}

fn external(last: u8) -> String {
    format!("172.31.9.{last}")
}

fn own_address_as_eip(cluster: &mut Cluster, number: u8) {
    let (_, _, gateway) = names(number);
    let eip = format!("eip-{gateway}");
    Eip { name: &eip, gateway: &gateway, subnet: "ext", v4: &external(number + 1), v6: "", nat: "snat" }.make(cluster);
    rule(cluster, &format!("snat-{gateway}"), &eip, &Nat::Snat(&format!("10.60.{number}.0/24")));
}

/// Three servers, each reached through an address of its own: what EIPs are for, and nothing wrong with it.
fn web_of_the_first_tenant(cluster: &mut Cluster) {
    kubernetes::namespace(cluster, "tenant-01", "tenant-01-lan");
    Workload { namespace: "tenant-01", name: "web", replicas: 3, networks: "" }.stateful_set(cluster, 0);
    for number in 0..3 {
        let inner = format!("10.60.1.{}", 11 + number);
        let name = format!("web-{number}");
        let nics = [Nic { provider: "ovn", subnet: "tenant-01-lan", address: &inner }];
        Pod { namespace: "tenant-01", name: &name, node: "node2", owner: Owner::StatefulSet("web"), nics: &nics }
            .run(cluster);
        let eip = format!("eip-web-{number}");
        Eip { name: &eip, gateway: "gw01", subnet: "ext", v4: &external(22 + number), v6: "", nat: "fip" }
            .make(cluster);
        rule(cluster, &format!("fip-web-{number}"), &eip, &Nat::Fip(&inner));
    }
}

/// A pod with an interface of its own on the external network.
fn edge_dns(cluster: &mut Cluster) {
    let set = Workload { namespace: "kube-system", name: "edge-dns", replicas: 1, networks: "kube-system/ext" };
    set.stateful_set(cluster, 0);
    let nics = [
        Nic { provider: "ext.kube-system", subnet: "ext", address: "172.31.9.25" },
        Nic { provider: "ovn", subnet: "ovn-default", address: "10.16.0.3" },
    ];
    Pod {
        namespace: "kube-system",
        name: "edge-dns-0",
        node: "node3",
        owner: Owner::StatefulSet("edge-dns"),
        nics: &nics,
    }
    .run(cluster);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_one_records_of_twenty_four_addresses_on_thirty() {
        let cluster = make();
        let status = &cluster.get("subnets", "", "ext")["status"];
        assert_eq!((&status["v4usingIPs"], &status["v4availableIPs"]), (&41.into(), &0.into()));
        assert_eq!(status["v4usingIPrange"], "172.31.9.2-172.31.9.25");
        assert_eq!(status["v4availableIPrange"], "172.31.9.26-172.31.9.30");
    }
}
