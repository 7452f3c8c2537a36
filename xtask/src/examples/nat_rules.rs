//! NAT rules that contradict each other, labels that have drifted, and the small change of dual-stack counting.

use super::cluster::Cluster;
use super::kubeovn::{self, Eip, Gateway, Ip, Nat, Subnet, rule};
use super::kubernetes::{self, Nic, Owner, Pod, Workload};

/// Makes the cluster.
pub(super) fn make() -> Cluster {
    let mut cluster = Cluster::new("nat-rules", "2026-11-12T08:15:00Z");
    kubeovn::base(&mut cluster);
    networks(&mut cluster);
    kubernetes::namespace(&mut cluster, "blue", "blue-lan");
    cluster.wait(3600);
    servers(&mut cluster);
    eips(&mut cluster);
    cluster.wait(3600);
    rules_in_conflict(&mut cluster);
    rules_in_order(&mut cluster);
    pods_on_the_external_network(&mut cluster);
    labels_that_drifted(&mut cluster);
    kubeovn::present(&mut cluster);
    cluster
}

fn networks(cluster: &mut Cluster) {
    kubernetes::macvlan(cluster, "kube-system", "ext", "eth1");
    Subnet {
        name: "ext",
        cidr: "172.31.7.0/24,fd00:172:31:7::/64",
        gateway: "172.31.7.1,fd00:172:31:7::1",
        exclude: &["172.31.7.1", "172.31.7.200..172.31.7.209", "fd00:172:31:7::1"],
        provider: "ext.kube-system",
        vpc: "",
    }
    .make(cluster);
    kubeovn::vpc(cluster, "blue", &["blue-lan"]);
    Subnet {
        name: "blue-lan",
        cidr: "10.70.0.0/24,fd00:10:70::/64",
        gateway: "10.70.0.1,fd00:10:70::1",
        exclude: &["10.70.0.1", "fd00:10:70::1"],
        provider: "ovn",
        vpc: "blue",
    }
    .make(cluster);
    Gateway {
        name: "gw-blue",
        vpc: "blue",
        lan: "blue-lan",
        lan_ip: "10.70.0.254,fd00:10:70::fe",
        external: "ext",
        external_ip: "172.31.7.2,fd00:172:31:7::2",
        node: "node1",
    }
    .make(cluster);
}

/// `app-0` to `app-3` at .11 to .14.
fn servers(cluster: &mut Cluster) {
    Workload { namespace: "blue", name: "app", replicas: 4, networks: "" }.stateful_set(cluster, 0);
    for number in 0..4 {
        let address = format!("10.70.0.{},fd00:10:70::{}", 11 + number, 11 + number);
        let nics = [Nic { provider: "ovn", subnet: "blue-lan", address: &address }];
        let name = format!("app-{number}");
        Pod { namespace: "blue", name: &name, node: "node2", owner: Owner::StatefulSet("app"), nics: &nics }
            .run(cluster);
    }
}

/// `eip-a` to `eip-g` at .10 to .16, and the same in IPv6.
fn eips(cluster: &mut Cluster) {
    for (number, (name, nat)) in [
        ("eip-a", "fip"),
        ("eip-b", "dnat,fip"),
        ("eip-c", "dnat"),
        ("eip-d", "snat"),
        ("eip-e", "dnat,snat"),
        ("eip-f", ""),
        ("eip-g", ""),
    ]
    .into_iter()
    .enumerate()
    {
        cluster.wait(60);
        let (v4, v6) = (format!("172.31.7.{}", 10 + number), format!("fd00:172:31:7::{}", 10 + number));
        Eip { name, gateway: "gw-blue", subnet: "ext", v4: &v4, v6: &v6, nat }.make(cluster);
    }
    kubeovn::vip(cluster, "vip-blue", "ext", "172.31.7.40,fd00:172:31:7::40", "");
}

fn rules_in_conflict(cluster: &mut Cluster) {
    let mut put = |name: &str, eip: &str, nat: &Nat<'_>| {
        cluster.wait(60);
        rule(cluster, name, eip, nat);
    };
    put("fip-first", "eip-a", &Nat::Fip("10.70.0.11"));
    put("fip-second", "eip-a", &Nat::Fip("10.70.0.12"));
    put("fip-all", "eip-b", &Nat::Fip("10.70.0.13"));
    put("dnat-never-hit", "eip-b", &Nat::Dnat("80", "tcp", "10.70.0.11", "8080", "exclusive"));
    put("dnat-https", "eip-c", &Nat::Dnat("443", "tcp", "10.70.0.11", "8443", "exclusive"));
    put("dnat-https-again", "eip-c", &Nat::Dnat("443", "TCP", "10.70.0.12", "8443", "exclusive"));
    put("snat-lan", "eip-d", &Nat::Snat("10.70.0.0/24"));
    put("snat-lan-again", "eip-e", &Nat::Snat("10.70.0.0/24"));
    // Pointed from eip-d to eip-e; what it programmed is still the old address.
    put("dnat-moved", "eip-d", &Nat::Dnat("25", "tcp", "10.70.0.14", "25", "exclusive"));
    cluster.edit("iptables-dnat-rules", "", "dnat-moved", |rule| rule["spec"]["eip"] = "eip-e".into());
}

/// Pairs that look alike and are no conflict.
fn rules_in_order(cluster: &mut Cluster) {
    let mut put = |name: &str, eip: &str, nat: &Nat<'_>| {
        cluster.wait(60);
        rule(cluster, name, eip, nat);
    };
    put("dnat-quic", "eip-c", &Nat::Dnat("443", "udp", "10.70.0.11", "8443", "exclusive"));
    put("dnat-share-1", "eip-c", &Nat::Dnat("8080", "tcp", "10.70.0.13", "8080", "share"));
    put("dnat-share-2", "eip-c", &Nat::Dnat("8080", "tcp", "10.70.0.14", "8080", "share"));
    put("snat-half", "eip-d", &Nat::Snat("10.70.0.0/25"));
}

/// One with both families, one that asked for IPv4 only, one with an address that is never picked.
fn pods_on_the_external_network(cluster: &mut Cluster) {
    for (name, address, last) in [
        ("both", "172.31.7.50,fd00:172:31:7::50", 50),
        ("v4-only", "172.31.7.51", 51),
        ("fixed", "172.31.7.200,fd00:172:31:7::200", 52),
    ] {
        Workload { namespace: "blue", name, replicas: 1, networks: "kube-system/ext" }.stateful_set(cluster, 0);
        let primary = format!("10.70.0.{last},fd00:10:70::{last}");
        let nics = [
            Nic { provider: "ext.kube-system", subnet: "ext", address },
            Nic { provider: "ovn", subnet: "blue-lan", address: &primary },
        ];
        let pod = format!("{name}-0");
        Pod { namespace: "blue", name: &pod, node: "node3", owner: Owner::StatefulSet(name), nics: &nics }.run(cluster);
    }
    cluster.edit("pods", "blue", "v4-only-0", |pod| {
        pod["metadata"]["annotations"]["ext.kube-system.kubernetes.io/ip_family"] = "ipv4".into();
    });
}

fn labels_that_drifted(cluster: &mut Cluster) {
    // Wrong Subnet, missing Subnet: neither EIP is counted.
    cluster.edit("iptables-eips", "", "eip-f", |eip| {
        eip["metadata"]["labels"]["ovn.kubernetes.io/subnet"] = "ext-before".into();
    });
    cluster.edit("iptables-eips", "", "eip-g", |eip| {
        eip["metadata"]["labels"].as_object_mut().expect("labels are an object").remove("ovn.kubernetes.io/subnet");
    });
    cluster.edit("ips", "", "app-3.blue", |ip| {
        ip["metadata"]["labels"]["ovn.kubernetes.io/subnet"] = "ovn-default".into();
    });
    // A reservation made by hand: its labels were lost on the way, which is how Kube-OVN leaves all of them.
    let ip = Ip {
        name: "dhcp.blue.ext.kube-system",
        pod: "dhcp",
        namespace: "blue",
        subnet: "ext",
        node: "",
        address: "172.31.7.60,fd00:172:31:7::60",
        mac: "",
        pod_type: "",
        reserved: true,
    };
    ip.make(cluster);
    cluster.remember("ext", ip.address);
    cluster.edit("ips", "", ip.name, |ip| {
        ip["metadata"]["labels"] = serde_json::json!({ "ovn.kubernetes.io/ip_reserved": "true" });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_serves_both_families_and_two_eips_are_missing_from_it() {
        let cluster = make();
        let status = &cluster.get("subnets", "", "ext")["status"];
        // Gateway, two pods (the third is excluded), the reservation; the Vip; five of seven EIPs.
        assert_eq!((&status["v4usingIPs"], &status["v6usingIPs"]), (&10.into(), &10.into()));
        assert_eq!(status["v4availableIPs"], 254 - 11 - 10);
        assert_eq!(
            status["v4usingIPrange"],
            "172.31.7.2,172.31.7.10-172.31.7.16,172.31.7.40,172.31.7.50-172.31.7.51,172.31.7.60"
        );
    }
}
