//! A small cluster for golden files: one underlay Subnet on which everything happens once.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // Each test file uses its share.
#![allow(clippy::needless_pass_by_value)] // `json!` at the call reads better without `&`.

use api::slim::{Kind, read};
use engine::world::{Builder, Settings};
use engine::{Context, Report, World};
use serde_json::{Value, json};
use view::Lens;

/// Collects objects given as JSON.
#[derive(Default)]
pub struct Cluster(Vec<Value>);

impl Cluster {
    pub fn with(mut self, object: Value) -> Self {
        self.0.push(object);
        self
    }

    /// A world in which every kind is known completely.
    pub fn world(&self) -> World {
        self.world_where(&Kind::ALL)
    }

    /// A world in which only these kinds are.
    pub fn world_where(&self, complete: &[Kind]) -> World {
        let mut builder = Builder::default();
        for object in &self.0 {
            let text = |key: &str| object[key].as_str().unwrap_or_default();
            let kind = Kind::from_api(text("apiVersion"), text("kind")).expect("a kind of ours");
            match read(kind, object.to_string().as_bytes()) {
                Ok(parsed) => builder.add(parsed),
                Err(unreadable) => builder.add_unreadable(unreadable),
            }
        }
        complete.iter().for_each(|&kind| builder.coverage().complete(kind));
        builder.build(Settings::default())
    }
}

/// Looks at a world.
pub fn look<T>(world: &World, with: impl FnOnce(&Lens<'_, '_>) -> T) -> T {
    let context = Context::new(world);
    let report = engine::findings::all(&context);
    with(&Lens::new(&context, &report))
}

/// The report of a world.
pub fn report(world: &World) -> Report {
    engine::judge(world)
}

const CREATED: &str = "2026-11-02T08:00:00Z";
const FINALIZER: &str = "kubeovn.io/kube-ovn-controller";

fn meta(kind: &str, name: &str) -> Value {
    // A UID that can be told from the object, so that golden files stay readable.
    json!({"name": name, "uid": format!("uid-{}-{name}", kind.to_lowercase()), "creationTimestamp": CREATED, "resourceVersion": "7"})
}

pub fn subnet(name: &str, spec: Value, status: Value) -> Value {
    json!({"apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": meta("Subnet", name), "spec": spec, "status": status})
}

/// An IP object of a pod's NIC on provider `mv.net`.
pub fn ip(pod: &str, pod_type: &str, subnet: &str, v4: &str, v6: &str, mac: &str) -> Value {
    let name = format!("{pod}.net.mv.net");
    let mut meta = meta("IP", &name);
    meta["finalizers"] = json!([FINALIZER]);
    meta["labels"] = json!({"ovn.kubernetes.io/subnet": subnet, subnet: ""});
    json!({"apiVersion": "kubeovn.io/v1", "kind": "IP", "metadata": meta, "spec": {
        "podName": pod, "namespace": "net", "podType": pod_type, "subnet": subnet, "nodeName": "node1",
        "v4IpAddress": v4, "v6IpAddress": v6, "macAddress": mac,
        "ipAddress": if v6.is_empty() { v4.to_owned() } else { format!("{v4},{v6}") },
    }})
}

/// A running pod with a NIC on provider `mv.net`.
pub fn pod(name: &str, owner: Option<(&str, &str)>, subnet: &str, address: &str, mac: &str) -> Value {
    let mut meta = meta("Pod", name);
    meta["namespace"] = json!("net");
    meta["annotations"] = json!({
        "k8s.v1.cni.cncf.io/networks": "net/mv",
        "mv.net.kubernetes.io/allocated": "true",
        "mv.net.kubernetes.io/ip_address": address,
        "mv.net.kubernetes.io/mac_address": mac,
        "mv.net.kubernetes.io/logical_switch": subnet,
    });
    if let Some((kind, name)) = owner {
        meta["ownerReferences"] =
            json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": format!("uid-{name}")}]);
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta,
        "spec": {"nodeName": "node1", "restartPolicy": "Always"}, "status": {"phase": "Running"}})
}

pub fn eip(name: &str, gateway: &str, subnet: &str, address: &str) -> Value {
    let mut meta = meta("IptablesEIP", name);
    meta["finalizers"] = json!([FINALIZER]);
    meta["labels"] = json!({"ovn.kubernetes.io/subnet": subnet});
    json!({"apiVersion": "kubeovn.io/v1", "kind": "IptablesEIP", "metadata": meta,
        "spec": {"v4ip": address, "natGwDp": gateway, "externalSubnet": subnet},
        "status": {"ip": address, "ready": true}})
}

pub fn gateway(name: &str) -> Value {
    json!({"apiVersion": "kubeovn.io/v1", "kind": "VpcNatGateway", "metadata": meta("VpcNatGateway", name),
        "spec": {"externalSubnets": ["ext"]}, "status": {"workload": {"kind": "StatefulSet", "name": format!("vpc-nat-gw-{name}")}}})
}

pub fn stateful_set(name: &str, replicas: u8) -> Value {
    let mut meta = meta("StatefulSet", name);
    meta["namespace"] = json!("net");
    json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta, "spec": {"replicas": replicas,
        "template": {"metadata": {"annotations": {"k8s.v1.cni.cncf.io/networks": "net/mv"}}}}})
}

pub fn pool(name: &str, subnet: &str, entries: &[&str]) -> Value {
    json!({"apiVersion": "kubeovn.io/v1", "kind": "IPPool", "metadata": meta("IPPool", name),
        "spec": {"subnet": subnet, "ips": entries, "namespaces": ["printers"]},
        "status": {"v4UsingIPs": 1, "v4AvailableIPs": 2}})
}

pub fn nad() -> Value {
    let mut meta = meta("NetworkAttachmentDefinition", "mv");
    meta["namespace"] = json!("net");
    let config = json!({"cniVersion": "0.3.1", "type": "macvlan", "master": "eth1",
        "ipam": {"type": "kube-ovn", "server_socket": "/run/openvswitch/kube-ovn-daemon.sock", "provider": "mv.net"}});
    json!({"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition", "metadata": meta,
        "spec": {"config": config.to_string()}})
}

/// Something made an hour after everything else: the dump's time, so that nothing else is in flight.
fn later() -> Value {
    let mut meta = meta("Namespace", "later");
    meta["creationTimestamp"] = json!("2026-11-02T09:00:00Z");
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
}

/// One Subnet, 172.31.9.0/28, on which there is one of everything: a gateway's NIC with an EIP on the same address, a pod,
/// an ordinal that is there, one that is not, one that was scaled away, a reservation, a duplicate, a pool, an exclude.
pub fn one_of_everything() -> Cluster {
    let spec = json!({"protocol": "IPv4", "cidrBlock": "172.31.9.0/28", "gateway": "172.31.9.1", "provider": "mv.net",
        "excludeIps": ["172.31.9.1", "172.31.9.13..172.31.9.14"]});
    let status = json!({"v4usingIPs": 9, "v4availableIPs": 2,
        "v4usingIPrange": "172.31.9.2-172.31.9.8", "v4availableIPrange": "172.31.9.9-172.31.9.12"});
    let mut reservation = ip("printer", "", "ext", "172.31.9.6", "", "00:00:00:00:00:06");
    reservation["metadata"]["labels"]["ovn.kubernetes.io/ip_reserved"] = json!("true");
    let mut nat =
        pod("vpc-nat-gw-gw1-0", Some(("StatefulSet", "vpc-nat-gw-gw1")), "ext", "172.31.9.2", "00:00:00:00:00:02");
    nat["metadata"]["annotations"]["ovn.kubernetes.io/vpc_nat_gw"] = json!("gw1");
    Cluster::default()
        .with(subnet("ext", spec, status))
        .with(later())
        .with(nad())
        .with(gateway("gw1"))
        .with(ip("vpc-nat-gw-gw1-0", "StatefulSet", "ext", "172.31.9.2", "", "00:00:00:00:00:02"))
        .with(nat)
        .with(eip("eip1", "gw1", "ext", "172.31.9.2"))
        .with(stateful_set("vpc-nat-gw-gw1", 1))
        .with(stateful_set("web", 2))
        .with(ip("web-0", "StatefulSet", "ext", "172.31.9.3", "", "00:00:00:00:00:03"))
        .with(pod("web-0", Some(("StatefulSet", "web")), "ext", "172.31.9.3", "00:00:00:00:00:03"))
        .with(ip("web-1", "StatefulSet", "ext", "172.31.9.4", "", "00:00:00:00:00:04"))
        .with(ip("web-2", "StatefulSet", "ext", "172.31.9.5", "", "00:00:00:00:00:05"))
        .with(reservation)
        .with(ip("a", "", "ext", "172.31.9.7", "", "00:00:00:00:00:07"))
        .with(pod("a", None, "ext", "172.31.9.7", "00:00:00:00:00:07"))
        .with(ip("b", "", "ext", "172.31.9.7", "", "00:00:00:00:00:0b"))
        .with(pod("b", None, "ext", "172.31.9.7", "00:00:00:00:00:0b"))
        .with(ip("c", "", "ext", "172.31.9.8", "", "00:00:00:00:00:08"))
        .with(pod("c", None, "ext", "172.31.9.8", "00:00:00:00:00:08"))
        .with(pool("printers", "ext", &["172.31.9.6", "172.31.9.9..172.31.9.10"]))
}

/// A dual-stack Subnet with a /16 and a /64, pods here and there.
pub fn large() -> Cluster {
    let spec = json!({"protocol": "Dual", "cidrBlock": "10.16.0.0/16,fd00:16::/64", "gateway": "10.16.0.1,fd00:16::1",
        "provider": "mv.net", "excludeIps": ["10.16.0.1", "fd00:16::1", "10.16.240.0..10.16.255.254"]});
    let mut cluster = Cluster::default().with(subnet("big", spec, json!({}))).with(nad());
    for i in 0_u32..120 {
        let name = format!("p{i:03}");
        let v4 = format!("10.16.{}.{}", i / 40 * 7, i % 40 + 2);
        let v6 = format!("fd00:16::{}:{:x}", if i % 3 == 0 { "0:beef:1" } else { "0:1" }, i + 2);
        let mac = format!("02:00:00:00:00:{i:02x}");
        cluster = cluster.with(ip(&name, "", "big", &v4, &v6, &mac)).with(pod(
            &name,
            None,
            "big",
            &format!("{v4},{v6}"),
            &mac,
        ));
    }
    cluster
}

/// The /28 again, without anything wrong in its counts, but with four addresses that its status alone knows.
pub fn lost() -> Cluster {
    let spec = json!({"protocol": "IPv4", "cidrBlock": "172.31.9.0/28", "gateway": "172.31.9.1", "provider": "mv.net"});
    let status = json!({"v4usingIPs": 1, "v4availableIPs": 12,
        "v4usingIPrange": "172.31.9.2,172.31.9.4-172.31.9.7", "v4availableIPrange": "172.31.9.3,172.31.9.8-172.31.9.14"});
    Cluster::default()
        .with(subnet("ext", spec, status))
        .with(later())
        .with(nad())
        .with(ip("a", "", "ext", "172.31.9.2", "", "00:00:00:00:00:02"))
        .with(pod("a", None, "ext", "172.31.9.2", "00:00:00:00:00:02"))
}

/// A /24 and a /25 on one wire, with a pool; the gateway of the /25 is a pod's address of the /24.
pub fn overlapping() -> Cluster {
    let spec = |cidr: &str, gateway: &str| json!({"protocol": "IPv4", "cidrBlock": cidr, "gateway": gateway, "provider": "mv.net"});
    Cluster::default()
        .with(subnet("all", spec("10.9.0.0/24", "10.9.0.1"), json!({"v4usingIPs": 5, "v4availableIPs": 252})))
        .with(subnet("half", spec("10.9.0.128/25", "10.9.0.129"), json!({"v4usingIPs": 0, "v4availableIPs": 125})))
        .with(later())
        .with(nad())
        .with(ip("a", "", "all", "10.9.0.129", "", "00:00:00:00:00:02"))
        .with(pod("a", None, "all", "10.9.0.129", "00:00:00:00:00:02"))
        .with(pool("printers", "all", &["10.9.0.10..10.9.0.20"]))
}

/// A pod of one name in two namespaces.
pub fn twins() -> Cluster {
    let mut other = pod("a", None, "ext", "172.31.9.9", "00:00:00:00:00:09");
    other["metadata"]["namespace"] = json!("other");
    other["metadata"]["uid"] = json!("uid-other-a");
    let mut record = ip("a", "", "ext", "172.31.9.9", "", "00:00:00:00:00:09");
    record["metadata"]["name"] = json!("a.other.mv.net");
    record["spec"]["namespace"] = json!("other");
    one_of_everything().with(other).with(record)
}

/// A pod that lives, beside the record of a NIC that it was made without.
pub fn elsewhere() -> Cluster {
    let mut record = ip("c", "", "ext", "172.31.9.9", "", "00:00:00:00:00:09");
    record["metadata"]["name"] = json!("c.net.old.net");
    let mut attachment = nad();
    attachment["metadata"]["name"] = json!("old");
    one_of_everything().with(record).with(attachment)
}

/// A Subnet without a CIDR, with two pods whose NICs have a MAC and no address.
pub fn layer_2() -> Cluster {
    let bare = |mut pod: Value| {
        pod["metadata"]["annotations"].as_object_mut().unwrap().remove("mv.net.kubernetes.io/ip_address");
        pod
    };
    Cluster::default()
        .with(subnet("l2", json!({"protocol": "Mac", "provider": "mv.net", "cidrBlock": ""}), json!({})))
        .with(later())
        .with(nad())
        .with(ip("a", "", "l2", "", "", "02:00:00:00:00:01"))
        .with(bare(pod("a", None, "l2", "", "02:00:00:00:00:01")))
        .with(ip("b", "", "l2", "", "", "02:00:00:00:00:02"))
        .with(bare(pod("b", None, "l2", "", "02:00:00:00:00:02")))
}
