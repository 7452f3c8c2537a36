//! kubeovn/kube-ovn#4747 as it is found in the field: dead gateways whose records stay, addresses that were given out again,
//! and two conflicts on the wire among them.

use super::cluster::Cluster;
use super::kubeovn::{self, Eip, Gateway, Nat, Subnet, rule};
use super::kubernetes::{self, Nic, Owner, Pod, Workload};

/// Makes the cluster.
pub(super) fn make() -> Cluster {
    let mut cluster = Cluster::new("issue-4747-conflicts", "2026-11-03T07:30:00Z");
    kubeovn::base(&mut cluster);
    kubernetes::macvlan(&mut cluster, "kube-system", "ext", "eth1");
    Subnet {
        name: "ext",
        cidr: "172.31.8.0/27",
        gateway: "172.31.8.1",
        exclude: &["172.31.8.1"],
        provider: "ext.kube-system",
        vpc: "",
    }
    .make(&mut cluster);
    for number in 1..=14 {
        cluster.wait(300);
        tenant(&mut cluster, number);
    }
    cluster.wait(43_200);
    deleted_gateways_leave_their_external_nic(&mut cluster);
    the_allocator_gives_those_addresses_to_new_eips(&mut cluster);
    two_conflicts_and_a_double_record(&mut cluster);
    kubeovn::present(&mut cluster);
    cluster
}

/// A tenant with a gateway; the first nine have an EIP for their traffic, on an address of its own.
fn tenant(cluster: &mut Cluster, number: u8) {
    let (vpc, lan) = (format!("tenant-{number:02}"), format!("tenant-{number:02}-lan"));
    kubeovn::vpc(cluster, &vpc, &[&lan]);
    let (cidr, router) = (format!("10.61.{number}.0/24"), format!("10.61.{number}.1"));
    Subnet { name: &lan, cidr: &cidr, gateway: &router, exclude: &[&router], provider: "ovn", vpc: &vpc }.make(cluster);
    gateway(number, &vpc, &lan, &lan_ip(number), &nic_address(number)).make(cluster);
    if number <= 9 {
        let eip = format!("eip-gw{number:02}");
        make_eip(cluster, &eip, number, number + 10, "snat");
        rule(cluster, &format!("snat-gw{number:02}"), &eip, &Nat::Snat(&cidr));
    }
}

fn gateway<'a>(number: u8, vpc: &'a str, lan: &'a str, lan_ip: &'a str, external_ip: &'a str) -> Gateway<'a> {
    Gateway {
        name: GATEWAYS[usize::from(number) - 1],
        vpc,
        lan,
        lan_ip,
        external: "ext",
        external_ip,
        node: ["node1", "node2", "node3"][usize::from(number % 3)],
    }
}

const GATEWAYS: [&str; 14] =
    ["gw01", "gw02", "gw03", "gw04", "gw05", "gw06", "gw07", "gw08", "gw09", "gw10", "gw11", "gw12", "gw13", "gw14"];

fn lan_ip(number: u8) -> String {
    format!("10.61.{number}.254")
}

/// `.2` to `.10` for the first nine, `.20` to `.24` for those that are deleted later.
fn nic_address(number: u8) -> String {
    format!("172.31.8.{}", if number <= 9 { number + 1 } else { number + 10 })
}

fn make_eip(cluster: &mut Cluster, name: &str, gateway: u8, last: u8, nat: &str) {
    let address = format!("172.31.8.{last}");
    let gateway = GATEWAYS[usize::from(gateway) - 1];
    Eip { name, gateway, subnet: "ext", v4: &address, v6: "", nat }.make(cluster);
}

fn deleted_gateways_leave_their_external_nic(cluster: &mut Cluster) {
    for number in 10..=14 {
        let (vpc, lan) = (format!("tenant-{number:02}"), format!("tenant-{number:02}-lan"));
        let (lan_ip, address) = (lan_ip(number), nic_address(number));
        gateway(number, &vpc, &lan, &lan_ip, &address).delete_leaving_external_record(cluster);
        cluster.forget("ext", &address);
    }
}

fn the_allocator_gives_those_addresses_to_new_eips(cluster: &mut Cluster) {
    for number in 1..=5 {
        make_eip(cluster, &format!("eip-extra-{number}"), number, number + 19, "");
    }
}

fn two_conflicts_and_a_double_record(cluster: &mut Cluster) {
    // A pod and an EIP, both alive.
    let set = Workload { namespace: "default", name: "pay", replicas: 1, networks: "kube-system/ext" };
    set.stateful_set(cluster, 0);
    let nics = [
        Nic { provider: "ext.kube-system", subnet: "ext", address: "172.31.8.25" },
        Nic { provider: "ovn", subnet: "ovn-default", address: "10.16.0.3" },
    ];
    Pod { namespace: "default", name: "pay-0", node: "node1", owner: Owner::StatefulSet("pay"), nics: &nics }
        .run(cluster);
    cluster.wait(600);
    make_eip(cluster, "eip-pay", 6, 25, "");
    // An EIP of one gateway on the address of another one's NIC.
    make_eip(cluster, "eip-mail", 8, 10, "");
    // An EIP on the address of its own gateway's NIC: no conflict, counted twice all the same.
    make_eip(cluster, "eip-own", 4, 5, "");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_two_records_of_twenty_four_addresses_on_thirty() {
        let cluster = make();
        let status = &cluster.get("subnets", "", "ext")["status"];
        assert_eq!((&status["v4usingIPs"], &status["v4availableIPs"]), (&32.into(), &0.into()));
        assert_eq!(status["v4usingIPrange"], "172.31.8.2-172.31.8.25");
        // What the deleted gateways had on the overlay has been collected.
        assert_eq!(cluster.get("subnets", "", "tenant-12-lan")["status"]["v4usingIPs"], 0);
    }
}
