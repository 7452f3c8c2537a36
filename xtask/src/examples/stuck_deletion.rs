//! A network that was taken down in the wrong order: Subnets and attachments first, what uses them after.

use super::cluster::Cluster;
use super::kubeovn::{self, Eip, Gateway, Nat, Subnet, rule};
use super::kubernetes::{self, Nic, Owner, Pod, Workload};
use serde_json::json;

/// Makes the cluster.
pub(super) fn make() -> Cluster {
    let mut cluster = Cluster::new("stuck-deletion", "2026-10-26T09:00:00Z");
    kubeovn::base(&mut cluster);
    kubernetes::namespace(&mut cluster, "shop", "ovn-default");
    the_shop_has_a_gateway(&mut cluster);
    the_lab_has_a_gateway(&mut cluster);
    cluster.wait(14 * 86_400);
    the_shop_loses_its_network(&mut cluster);
    the_lab_is_taken_down(&mut cluster);
    others_name_what_is_not_there(&mut cluster);
    kubeovn::present(&mut cluster);
    cluster
}

fn external(cluster: &mut Cluster, name: &str, third: u8) {
    kubernetes::macvlan(cluster, "kube-system", name, "eth1");
    let (cidr, gateway) = (format!("192.168.{third}.0/26"), format!("192.168.{third}.1"));
    let provider = format!("{name}.kube-system");
    Subnet { name, cidr: &cidr, gateway: &gateway, exclude: &[&gateway], provider: &provider, vpc: "" }.make(cluster);
}

fn lan(cluster: &mut Cluster, vpc: &str, name: &str, second: u8) {
    kubeovn::vpc(cluster, vpc, &[name]);
    let (cidr, gateway) = (format!("10.{second}.0.0/24"), format!("10.{second}.0.1"));
    Subnet { name, cidr: &cidr, gateway: &gateway, exclude: &[&gateway], provider: "ovn", vpc }.make(cluster);
}

const SHOP: Gateway<'_> = Gateway {
    name: "gw-shop",
    vpc: "shop",
    lan: "shop-lan",
    lan_ip: "10.63.0.254",
    external: "ext-old",
    external_ip: "192.168.60.2",
    node: "node1",
};

const LAB: Gateway<'_> = Gateway {
    name: "gw-lab",
    vpc: "lab",
    lan: "lab-lan",
    lan_ip: "10.64.0.254",
    external: "ext-lab",
    external_ip: "192.168.61.2",
    node: "node2",
};

fn the_shop_has_a_gateway(cluster: &mut Cluster) {
    external(cluster, "ext-old", 60);
    lan(cluster, "shop", "shop-lan", 63);
    SHOP.make(cluster);
    for (name, v4) in [("eip-shop", "192.168.60.3"), ("eip-mail", "192.168.60.4")] {
        Eip { name, gateway: "gw-shop", subnet: "ext-old", v4, v6: "", nat: "" }.make(cluster);
    }
    kubeovn::vip(cluster, "vip-shop", "ext-old", "192.168.60.9", "switch_lb_vip");
}

fn the_lab_has_a_gateway(cluster: &mut Cluster) {
    external(cluster, "ext-lab", 61);
    lan(cluster, "lab", "lab-lan", 64);
    kubernetes::namespace(cluster, "lab", "lab-lan");
    LAB.make(cluster);
    Workload { namespace: "lab", name: "tool", replicas: 1, networks: "" }.stateful_set(cluster, 0);
    let nics = [Nic { provider: "ovn", subnet: "lab-lan", address: "10.64.0.5" }];
    Pod { namespace: "lab", name: "tool-0", node: "node3", owner: Owner::StatefulSet("tool"), nics: &nics }
        .run(cluster);
}

/// Subnet and attachment are gone (somebody took the finalizer off), the gateway still runs, and its EIP and Vip were deleted
/// afterwards: nothing can clean up after them.
fn the_shop_loses_its_network(cluster: &mut Cluster) {
    cluster.remove("subnets", "", "ext-old");
    cluster.remove("network-attachment-definitions", "kube-system", "ext-old");
    cluster.wait(1800);
    cluster.terminate("iptables-eips", "eip-shop");
    cluster.terminate("vips", "vip-shop");
}

/// The gateway left the record of its macvlan NIC, so the external Subnet never counts as empty; and the VPC waits for its LAN,
/// which nobody has deleted.
fn the_lab_is_taken_down(cluster: &mut Cluster) {
    LAB.delete_leaving_external_record(cluster);
    cluster.wait(600);
    cluster.terminate("subnets", "ext-lab");
    cluster.terminate("vpcs", "lab");
}

fn others_name_what_is_not_there(cluster: &mut Cluster) {
    cluster.wait(3600);
    // An EIP of a gateway that is gone, and a rule on an EIP that is gone.
    external(cluster, "ext-new", 62);
    Eip { name: "eip-lost", gateway: "gw-gone", subnet: "ext-new", v4: "192.168.62.7", v6: "", nat: "" }.make(cluster);
    let nat = Nat::Dnat("8443", "tcp", "10.63.0.20", "443", "exclusive");
    rule(cluster, "dnat-shop", "eip-mail", &nat);
    cluster.edit("iptables-dnat-rules", "", "dnat-shop", |rule| {
        rule["spec"]["eip"] = "eip-gone".into();
    });
    // A pool of a Subnet that is gone, and an underlay Subnet on a Vlan that is.
    kubeovn::pool(cluster, "pool-old", "net-gone", &["192.168.70.10..192.168.70.20"], false);
    let (cidr, gateway) = ("192.168.200.0/24", "192.168.200.1");
    Subnet { name: "underlay-200", cidr, gateway, exclude: &[gateway], provider: "ovn", vpc: "ovn-cluster" }
        .make(cluster);
    cluster.edit("subnets", "", "underlay-200", |subnet| subnet["spec"]["vlan"] = "vlan200".into());
    cluster.edit("vpcs", "", "ovn-cluster", |vpc| {
        vpc["status"]["subnets"] = json!(["join", "ovn-default", "underlay-200"]);
    });
    // A pod that waits for an attachment that nobody will make.
    Workload { namespace: "shop", name: "cart", replicas: 1, networks: "shop/mv-gone" }.stateful_set(cluster, 0);
    let nics = [Nic { provider: "mv-gone.shop", subnet: "net-gone", address: "" }];
    Pod { namespace: "shop", name: "cart-0", node: "node1", owner: Owner::StatefulSet("cart"), nics: &nics }
        .make(cluster, "Pending");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lab_waits_for_one_record_that_nobody_will_release() {
        let cluster = make();
        let lab = cluster.get("subnets", "", "ext-lab");
        assert_eq!(lab["status"]["v4usingIPs"], 1);
        assert!(lab["metadata"]["deletionTimestamp"].is_string());
        assert_eq!(cluster.get("subnets", "", "lab-lan")["status"]["v4usingIPs"], 1);
    }
}
