//! Addresses that nobody uses any more: ordinals scaled away, deleted sets and gateways, removed attachments, a pod that has
//! failed; beside holders that are absent and entitled.

use super::cluster::Cluster;
use super::kubeovn::{self, Gateway, Ip, Subnet};
use super::kubernetes::{self, Nic, Owner, Pod, Workload};

/// Makes the cluster.
pub(super) fn make() -> Cluster {
    let mut cluster = Cluster::new("statefulset-leaks", "2026-10-20T06:00:00Z");
    kubeovn::base(&mut cluster);
    networks(&mut cluster);
    kubernetes::namespace(&mut cluster, "shop", "ovn-default");
    cluster.wait(3600);
    cache_was_scaled_from_five_to_two(&mut cluster);
    queue_moved_its_first_ordinal(&mut cluster);
    old_db_is_gone(&mut cluster);
    journal_has_an_absent_pod(&mut cluster);
    probe_lost_an_attachment(&mut cluster);
    web_and_a_failed_import(&mut cluster);
    a_printer_is_reserved(&mut cluster);
    cluster.wait(3600);
    gateways(&mut cluster);
    kubeovn::present(&mut cluster);
    cluster
}

fn networks(cluster: &mut Cluster) {
    for (namespace, attachment, master, subnet, third) in [
        ("shop", "mv", "eth1", "shop-net", 40),
        ("shop", "mv2", "eth2", "shop-net2", 41),
        ("kube-system", "ext-a", "eth3", "ext-a", 42),
        ("kube-system", "ext-b", "eth4", "ext-b", 43),
    ] {
        kubernetes::macvlan(cluster, namespace, attachment, master);
        let (cidr, gateway) = (format!("192.168.{third}.0/24"), format!("192.168.{third}.1"));
        let provider = format!("{attachment}.{namespace}");
        Subnet { name: subnet, cidr: &cidr, gateway: &gateway, exclude: &[&gateway], provider: &provider, vpc: "" }
            .make(cluster);
    }
}

/// Both NICs of a pod of a set: the primary one on 10.16.0.x, the macvlan one on 192.168.40.x.
fn nics(addresses: &(String, String)) -> [Nic<'_>; 2] {
    [
        Nic { provider: "mv.shop", subnet: "shop-net", address: &addresses.1 },
        Nic { provider: "ovn", subnet: "ovn-default", address: &addresses.0 },
    ]
}

fn addresses(last: u8) -> (String, String) {
    (format!("10.16.0.{last}"), format!("192.168.40.{last}"))
}

/// A pod of a set that runs; all is well with it.
fn run(cluster: &mut Cluster, set: &str, ordinal: u8, last: u8) {
    let addresses = addresses(last);
    let name = format!("{set}-{ordinal}");
    let node = ["node1", "node2", "node3"][usize::from(last % 3)];
    Pod { namespace: "shop", name: &name, node, owner: Owner::StatefulSet(set), nics: &nics(&addresses) }.run(cluster);
}

/// What is left of a pod of a set: the record of its macvlan NIC, and the address in memory. What had a switch port has been
/// collected.
fn leave_record(cluster: &mut Cluster, set: &str, ordinal: u8, last: u8) {
    let addresses = addresses(last);
    let name = format!("{set}-{ordinal}");
    let nics = nics(&addresses);
    Pod { namespace: "shop", name: &name, node: "node2", owner: Owner::StatefulSet(set), nics: &nics }
        .record(cluster, &nics[0]);
    cluster.remember("shop-net", &addresses.1);
}

fn set<'a>(name: &'a str, replicas: u32) -> Workload<'a> {
    Workload { namespace: "shop", name, replicas, networks: "shop/mv" }
}

fn cache_was_scaled_from_five_to_two(cluster: &mut Cluster) {
    set("cache", 2).stateful_set(cluster, 0);
    (0..2).for_each(|ordinal| run(cluster, "cache", ordinal, 10 + ordinal));
    (2..5).for_each(|ordinal| leave_record(cluster, "cache", ordinal, 10 + ordinal));
}

fn queue_moved_its_first_ordinal(cluster: &mut Cluster) {
    set("queue", 2).stateful_set(cluster, 5);
    (5..7).for_each(|ordinal| run(cluster, "queue", ordinal, 15 + ordinal));
    leave_record(cluster, "queue", 2, 25);
}

fn old_db_is_gone(cluster: &mut Cluster) {
    (0..2).for_each(|ordinal| leave_record(cluster, "old-db", ordinal, 30 + ordinal));
}

/// `journal-1` is being moved to another node: no pod, and entitled to its addresses.
fn journal_has_an_absent_pod(cluster: &mut Cluster) {
    set("journal", 3).stateful_set(cluster, 0);
    [0, 2].into_iter().for_each(|ordinal| run(cluster, "journal", ordinal, 35 + ordinal));
    let addresses = addresses(36);
    let nics = nics(&addresses);
    let pod =
        Pod { namespace: "shop", name: "journal-1", node: "node1", owner: Owner::StatefulSet("journal"), nics: &nics };
    for nic in pod.nics {
        pod.record(cluster, nic);
        cluster.remember(nic.subnet, nic.address);
    }
    cluster.edit("statefulsets", "shop", "journal", |set| {
        set["status"]["availableReplicas"] = 2.into();
        set["status"]["readyReplicas"] = 2.into();
    });
}

/// The second attachment was taken out of the template, and the pod was made again without it.
fn probe_lost_an_attachment(cluster: &mut Cluster) {
    set("probe", 1).stateful_set(cluster, 0);
    run(cluster, "probe", 0, 50);
    let gone = Nic { provider: "mv2.shop", subnet: "shop-net2", address: "192.168.41.2" };
    Pod { namespace: "shop", name: "probe-0", node: "node3", owner: Owner::StatefulSet("probe"), nics: &[] }
        .record(cluster, &gone);
    cluster.remember("shop-net2", gone.address);
}

fn web_and_a_failed_import(cluster: &mut Cluster) {
    let replicas = set("web", 1).deployment(cluster);
    let addresses = (addresses(60), addresses(61));
    let (live, gone) = (nics(&addresses.0), nics(&addresses.1));
    let name = format!("{replicas}-m2k9d");
    let owner = Owner::ReplicaSet(&replicas);
    Pod { namespace: "shop", name: &name, node: "node1", owner, nics: &live }.run(cluster);
    // Its predecessor, deleted while the controller was down.
    let name = format!("{replicas}-h5w8x");
    Pod { namespace: "shop", name: &name, node: "node2", owner, nics: &gone }.record(cluster, &gone[0]);
    cluster.remember("shop-net", gone[0].address);

    // Failed, and kept by Kube-OVN since its restart policy is OnFailure.
    set("import", 1).job(cluster);
    let addresses = self::addresses(70);
    let nics = nics(&addresses);
    let pod = Pod { namespace: "shop", name: "import-7k2lp", node: "node2", owner: Owner::Job("import"), nics: &nics };
    pod.make(cluster, "Failed");
    for nic in pod.nics {
        pod.record(cluster, nic);
        cluster.remember(nic.subnet, nic.address);
    }
}

/// An appliance outside the cluster: no pod of that name ever.
fn a_printer_is_reserved(cluster: &mut Cluster) {
    let ip = Ip {
        name: "printer.shop.mv.shop",
        pod: "printer",
        namespace: "shop",
        subnet: "shop-net",
        node: "",
        address: "192.168.40.90",
        mac: "",
        pod_type: "",
        reserved: true,
    };
    ip.make(cluster);
    cluster.remember("shop-net", ip.address);
}

fn gateways(cluster: &mut Cluster) {
    kubeovn::vpc(cluster, "shop", &["shop-lan"]);
    let (cidr, router) = ("10.62.0.0/24", "10.62.0.1");
    Subnet { name: "shop-lan", cidr, gateway: router, exclude: &[router], provider: "ovn", vpc: "shop" }.make(cluster);
    let gateway = |name, lan_ip, external, external_ip| Gateway {
        name,
        vpc: "shop",
        lan: "shop-lan",
        lan_ip,
        external,
        external_ip,
        node: "node1",
    };
    // Deleted; its macvlan NIC was forgotten.
    let old = gateway("gw-old", "10.62.0.253", "ext-a", "192.168.42.5");
    old.make(cluster);
    old.delete_leaving_external_record(cluster);
    // Moved from ext-a to ext-b; the record of its NIC on ext-a is still there.
    gateway("gw-shop", "10.62.0.254", "ext-b", "192.168.43.2").make(cluster);
    let moved = Nic { provider: "ext-a.kube-system", subnet: "ext-a", address: "192.168.42.2" };
    let owner = Owner::StatefulSet("vpc-nat-gw-gw-shop");
    Pod { namespace: "kube-system", name: "vpc-nat-gw-gw-shop-0", node: "node1", owner, nics: &[] }
        .record(cluster, &moved);
    cluster.remember("ext-a", moved.address);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_ranges_agree_since_a_leak_is_on_record() {
        let cluster = make();
        let status = &cluster.get("subnets", "", "shop-net")["status"];
        assert_eq!(status["v4usingIPs"], 18);
        assert_eq!(status["v4availableIPs"], 254 - 1 - 18);
        let range = "192.168.40.10-192.168.40.14,192.168.40.20-192.168.40.21,192.168.40.25,192.168.40.30-192.168.40.31,\
                     192.168.40.35-192.168.40.37,192.168.40.50,192.168.40.60-192.168.40.61,192.168.40.70,192.168.40.90";
        assert_eq!(status["v4usingIPrange"], range);
    }
}
