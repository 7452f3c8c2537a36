//! Two Subnets on one wire, and what follows: one address for two pods, pools that cut into each other, requests that cannot
//! be granted, and a third network that is probably the same wire.

use super::cluster::Cluster;
use super::kubeovn::{self, Ip, Subnet};
use super::kubernetes::{self, Nic, Owner, Pod, Workload};

/// Makes the cluster.
pub(super) fn make() -> Cluster {
    let mut cluster = Cluster::new("overlap", "2026-11-09T10:00:00Z");
    kubeovn::base(&mut cluster);
    networks(&mut cluster);
    for name in ["net", "lab"] {
        kubernetes::namespace(&mut cluster, name, "ovn-default");
    }
    cluster.wait(3600);
    pods(&mut cluster);
    pools(&mut cluster);
    requests_that_cannot_be_granted(&mut cluster);
    a_scanner_sits_on_the_gateway(&mut cluster);
    two_pods_with_one_hardware_address(&mut cluster);
    kubeovn::present(&mut cluster);
    cluster
}

fn networks(cluster: &mut Cluster) {
    kubernetes::macvlan(cluster, "net", "mv", "eth1");
    // Another attachment on the same master: is it the same network?
    kubernetes::macvlan(cluster, "lab", "mv-lab", "eth1");
    for (name, cidr, gateway, provider) in [
        ("office", "192.168.50.0/24", "192.168.50.1", "mv.net"),
        ("office-iot", "192.168.50.128/25", "192.168.50.129", "mv.net"),
        ("lab", "192.168.50.0/25", "192.168.50.1", "mv-lab.lab"),
    ] {
        cluster.wait(86_400);
        Subnet { name, cidr, gateway, exclude: &[gateway], provider, vpc: "" }.make(cluster);
    }
}

/// Pods of three Deployments; `till` and `camera` have been given one address, each by its own Subnet.
fn pods(cluster: &mut Cluster) {
    for (namespace, app, provider, subnet, address, last) in [
        ("net", "desk", "mv.net", "office", "192.168.50.2", 10),
        ("net", "till", "mv.net", "office", "192.168.50.130", 11),
        ("net", "camera", "mv.net", "office-iot", "192.168.50.130", 12),
        ("net", "sensor", "mv.net", "office-iot", "192.168.50.131", 13),
        ("lab", "bench", "mv-lab.lab", "lab", "192.168.50.40", 14),
    ] {
        cluster.wait(600);
        let networks =
            provider.split_once('.').map(|(name, namespace)| format!("{namespace}/{name}")).unwrap_or_default();
        let replicas = Workload { namespace, name: app, replicas: 1, networks: &networks }.deployment(cluster);
        let primary = format!("10.16.0.{last}");
        let nics =
            [Nic { provider, subnet, address }, Nic { provider: "ovn", subnet: "ovn-default", address: &primary }];
        let name = format!("{replicas}-r4t7n");
        Pod { namespace, name: &name, node: "node2", owner: Owner::ReplicaSet(&replicas), nics: &nics }.run(cluster);
    }
}

fn pools(cluster: &mut Cluster) {
    kubeovn::pool(cluster, "front", "office", &["192.168.50.10..192.168.50.19"], true);
    // Refused by the allocator: it cuts into `front`.
    kubeovn::pool(cluster, "back", "office", &["192.168.50.15..192.168.50.24"], false);
    // Ten of its addresses belong to no Subnet.
    kubeovn::pool(cluster, "guests", "office", &["192.168.50.240..192.168.51.9"], true);
}

/// None of these pods has any address: one attachment that fails holds up the whole pod.
fn requests_that_cannot_be_granted(cluster: &mut Cluster) {
    for (name, address) in [
        ("kiosk", "192.168.50.131"), // held by `sensor`
        ("router", "192.168.50.1"),  // the gateway
        ("remote", "192.168.60.5"),  // outside
        ("twin-a", "192.168.50.77"), // free, and wanted by two
        ("twin-b", "192.168.50.77"),
    ] {
        cluster.wait(120);
        let nics = [
            Nic { provider: "mv.net", subnet: "office", address: "" },
            Nic { provider: "ovn", subnet: "ovn-default", address: "" },
        ];
        let pod = Pod { namespace: "net", name, node: "node3", owner: Owner::None, nics: &nics };
        pod.make(cluster, "Pending");
        cluster.edit("pods", "net", name, |pod| {
            pod["metadata"]["annotations"]["mv.net.kubernetes.io/ip_address"] = address.into();
        });
    }
}

/// A reservation made by hand, which nothing compared with the gateway.
fn a_scanner_sits_on_the_gateway(cluster: &mut Cluster) {
    let ip = Ip {
        name: "scanner.net.mv.net",
        pod: "scanner",
        namespace: "net",
        subnet: "office-iot",
        node: "",
        address: "192.168.50.129",
        mac: "",
        pod_type: "",
        reserved: true,
    };
    ip.make(cluster);
    cluster.remember("office-iot", ip.address);
}

/// Two hand-made pods that were copied from each other, hardware address included.
fn two_pods_with_one_hardware_address(cluster: &mut Cluster) {
    for (name, address) in [("clone-a", "10.16.0.40"), ("clone-b", "10.16.0.41")] {
        cluster.wait(300);
        let nics = [Nic { provider: "ovn", subnet: "ovn-default", address }];
        Pod { namespace: "net", name, node: "node1", owner: Owner::None, nics: &nics }.run(cluster);
        // One as users write it, one as Kube-OVN does: compared as text they differ.
        let mac = if name == "clone-a" { "02:00:5E:10:00:01" } else { "02:00:5e:10:00:01" };
        cluster.edit("pods", "net", name, |pod| {
            pod["metadata"]["annotations"]["ovn.kubernetes.io/mac_address"] = mac.into();
        });
        cluster.edit("ips", "", &format!("{name}.net"), |ip| ip["spec"]["macAddress"] = mac.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subnet_is_in_order_by_its_own_books() {
        let cluster = make();
        let using = |name| cluster.get("subnets", "", name)["status"]["v4usingIPrange"].clone();
        assert_eq!(using("office"), "192.168.50.2,192.168.50.130");
        assert_eq!(using("office-iot"), "192.168.50.130-192.168.50.131");
        let pool = |name| cluster.get("ippools", "", name)["status"]["v4AvailableIPs"].clone();
        assert_eq!((pool("front"), pool("back"), pool("guests")), (10.into(), 0.into(), 15.into()));
    }
}
