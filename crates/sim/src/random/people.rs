//! What people ask the API server for.
//!
//! In: a step. Out: the requests. Guarantees: none depends on what is there; the server may refuse it.

use super::machines;
use super::step::{Ask, Grace, Networks, Pods, Refusal, What};
use crate::cluster::Cluster;
use crate::net::{FIRST, FIRST_NAMED, SECOND};
use crate::setup::{pod, stateful_set};
use api::names::annotations::WIRE;
use model::Request;
use serde_json::{Value, json};

pub(super) const PODS: &str = "/api/v1/namespaces/default/pods";
const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";
pub(super) const KUBE_OVN: &str = "/apis/kubeovn.io/v1";

/// The annotation that Multus reads.
const NETWORKS: &str = "k8s.v1.cni.cncf.io/networks";

/// The pod of a number.
pub(super) fn pod_path(pod: u8) -> String {
    format!("{PODS}/p{pod}")
}

/// The requests of a step that is about objects of people.
pub(super) fn requests(what: What) -> Vec<Request> {
    let of = |plural: &str, name: String| format!("{KUBE_OVN}/{plural}/{name}");
    match what {
        What::Pod(name, node, ask) => vec![Request::post(PODS, pod_of(name, node, ask))],
        What::DeletePod(name, grace) => vec![delete(pod_path(name), grace)],
        What::DeleteOrdinal(set, ordinal, grace) => vec![delete(format!("{PODS}/s{set}-{ordinal}"), grace)],
        What::Set(name, replicas) => vec![
            Request::post(SETS, stateful_set(&format!("s{name}"), u32::from(replicas))),
            Request::merge_patch(format!("{SETS}/s{name}"), json!({"spec": {"replicas": replicas}})),
        ],
        What::Template(set, says) => {
            let body = json!({"spec": {"template": networks_of("macvlan", says)}});
            vec![Request::merge_patch(format!("{SETS}/s{set}"), body)]
        }
        What::DeleteSet(name, pods) => {
            let policy = if pods == Pods::Go { "Background" } else { "Orphan" };
            vec![Request::delete(format!("{SETS}/s{name}")).with_body(json!({"propagationPolicy": policy}))]
        }
        What::Vip(name, addr) => vec![create("vips", "Vip", &format!("v{name}"), &vip(addr))],
        What::DeleteVip(name) => vec![Request::delete(of("vips", format!("v{name}")))],
        What::Reserve(pod, addr) => vec![create("ips", "IP", &port(pod), &reservation(pod, addr))],
        What::Cancel(pod) => vec![Request::delete(of("ips", port(pod)))],
        What::Eip(name, addr) => vec![create("iptables-eips", "IptablesEIP", &format!("e{name}"), &eip(addr))],
        What::DeleteEip(name) => vec![Request::delete(of("iptables-eips", format!("e{name}")))],
        What::Gateway(replicas) => {
            let spec = json!({"namespace": "default", "externalSubnets": ["ext"], "replicas": replicas});
            let scale = json!({"spec": {"replicas": replicas}});
            let path = of("vpc-nat-gateways", "gw".to_owned());
            vec![create("vpc-nat-gateways", "VpcNatGateway", "gw", &spec), Request::merge_patch(path, scale)]
        }
        What::DeleteGateway => vec![Request::delete(of("vpc-nat-gateways", "gw".to_owned()))],
        What::Pool(first, last) => {
            let ips = json!([format!("{}..{}", address(first), address(last))]);
            vec![create("ippools", "IPPool", "pool", &json!({"subnet": "ext", "ips": ips}))]
        }
        What::PoolOfOthers(first, last) => {
            let ips = json!([format!("{}..{}", address(first), address(last))]);
            vec![create("ippools", "IPPool", "pool", &json!({"subnet": "ext", "ips": ips, "namespaces": ["other"]}))]
        }
        What::Vm(vm) => vec![machines::create(vm)],
        What::StopVm(vm, grace) => machines::stop(vm, grace),
        What::DeleteVm(vm) => {
            let gone = Request::delete(format!("{}/vm{vm}", machines::VMS));
            [gone].into_iter().chain(machines::stop(vm, Grace::Normal)).collect()
        }
        What::Spill => {
            let spec = json!({"cidrBlock": "172.17.0.16/30", "gateway": "172.17.0.17", "provider": FIRST});
            vec![create("subnets", "Subnet", "ext2", &spec)]
        }
        What::Primary => {
            vec![create("subnets", "Subnet", "ovn-default", &json!({"cidrBlock": "10.16.0.0/28", "default": true}))]
        }
        What::Team => {
            let spec = json!({"cidrBlock": "10.17.0.0/29", "namespaces": ["default"]});
            vec![create("subnets", "Subnet", "team", &spec)]
        }
        What::DeleteTeam => vec![Request::delete(of("subnets", "team".to_owned()))],
        What::DeleteSpill => vec![Request::delete(of("subnets", "ext2".to_owned()))],
        What::DeletePool => vec![Request::delete(of("ippools", "pool".to_owned()))],
        _ => subnet(what).into_iter().collect(),
    }
}

fn subnet(what: What) -> Option<Request> {
    let path = format!("{KUBE_OVN}/subnets/ext");
    let edit = |spec: Value| Some(Request::merge_patch(path.clone(), json!({"spec": spec})));
    match what {
        What::Block(length) => edit(json!({"cidrBlock": format!("172.17.0.0/{length}")})),
        What::Exclude(0) => edit(json!({"excludeIps": ["172.17.0.1"]})),
        What::Exclude(addr) => edit(json!({"excludeIps": ["172.17.0.1", address(addr)]})),
        What::Subnet => {
            let spec = json!({"cidrBlock": "172.17.0.0/29", "gateway": "172.17.0.1", "provider": FIRST});
            Some(create("subnets", "Subnet", "ext", &spec))
        }
        What::DeleteSubnet => Some(Request::delete(path)),
        _ => None,
    }
}

/// What gives the wire of the first network a name of its own.
pub(super) fn name_wire() -> Request {
    Request::merge_patch(format!("{KUBE_OVN}/subnets/ext"), named())
}

/// A request, where the wire of the first network has a name: each Subnet that it creates there says so.
pub(super) fn with_named_wire(mut request: Request) -> Request {
    if let Some(body) =
        request.body.as_mut().filter(|body| body["kind"] == "Subnet" && body["spec"]["provider"] == FIRST)
    {
        body["metadata"]["annotations"] = named()["metadata"]["annotations"].clone();
    }
    request
}

/// A request, where pods that ask for any address ask for one MAC.
pub(super) fn with_one_mac(mut request: Request) -> Request {
    let plain = json!({NETWORKS: "macvlan"});
    if let Some(pod) = request.body.as_mut().filter(|body| body["kind"] == "Pod")
        && pod["metadata"]["annotations"] == plain
    {
        pod["metadata"]["annotations"][format!("{FIRST}.kubernetes.io/mac_address")] = json!("02:00:00:00:00:07");
    }
    request
}

fn named() -> Value {
    json!({"metadata": {"annotations": {WIRE: FIRST_NAMED}}})
}

/// The second network: both families, and a wire that is called other than the network.
pub(super) fn second_network() -> Request {
    let (provider, wire) = SECOND;
    let body = json!({"apiVersion": "kubeovn.io/v1", "kind": "Subnet",
        "metadata": {"name": "two", "annotations": {WIRE: wire}},
        "spec": {"cidrBlock": "172.18.0.0/29,fd00::/125", "provider": provider, "protocol": "Dual"}});
    Request::post(format!("{KUBE_OVN}/subnets"), body)
}

/// An address of the first network.
pub(super) fn address(last: u8) -> String {
    format!("172.17.0.{last}")
}

pub(super) fn create(plural: &str, kind: &str, name: &str, spec: &Value) -> Request {
    let body = json!({"apiVersion": "kubeovn.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    Request::post(format!("{KUBE_OVN}/{plural}"), body)
}

pub(super) fn delete(path: String, grace: Grace) -> Request {
    let options = if grace == Grace::Zero { json!({"gracePeriodSeconds": 0}) } else { json!({}) };
    Request::delete(path).with_body(options)
}

fn pod_of(name: u8, node: u8, ask: Ask) -> Value {
    let annotation = |name: &str| format!("macvlan.default.kubernetes.io/{name}");
    let annotations = match ask {
        Ask::Free => json!({}),
        Ask::This(addr) => json!({annotation("ip_address"): address(addr)}),
        Ask::Pooled => json!({annotation("ip_pool"): "pool"}),
        Ask::Two => json!({NETWORKS: "macvlan,second"}),
        Ask::Borrow(vip) => json!({"ovn.kubernetes.io/vip": format!("v{vip}")}),
        Ask::Steal(addr) => json!({annotation("ip_address"): address(addr), annotation("allocated"): "true"}),
        Ask::Refused(Refusal::Outside) => json!({annotation("ip_address"): address(99)}),
        Ask::Refused(Refusal::Gateway) => json!({annotation("ip_address"): address(1)}),
        Ask::Refused(Refusal::Pool) => json!({annotation("ip_pool"): "no-pool"}),
        Ask::Refused(Refusal::Mac) => json!({annotation("mac_address"): "00:00:5e:00:53"}),
        Ask::Refused(Refusal::Unreadable) => json!({NETWORKS: broken("macvlan")}),
    };
    pod(&format!("p{name}"), &format!("node{}", node + 1), &annotations)
}

/// The start and the end of networks that cannot be read: there is a comma too many.
const BROKEN: (&str, &str) = ("[\"", "\",]");

fn broken(networks: &str) -> String {
    format!("{}{networks}{}", BROKEN.0, BROKEN.1)
}

fn networks_of(meant: &str, says: Networks) -> Value {
    let text = if says == Networks::Readable { meant.to_owned() } else { broken(meant) };
    json!({"metadata": {"annotations": {NETWORKS: text}}})
}

/// Somebody breaks the networks annotation of a pod, or mends it: it asks for the same networks as before.
pub(super) fn networks(cluster: &mut Cluster, pod: u8, says: Networks) {
    let Some(object) = cluster.server.object("", "pods", "default", &format!("p{pod}")) else { return };
    let text = object["metadata"]["annotations"][NETWORKS].as_str().unwrap_or_default();
    let meant = text.strip_prefix(BROKEN.0).and_then(|text| text.strip_suffix(BROKEN.1)).unwrap_or(text);
    cluster.server.handle(Request::merge_patch(pod_path(pod), networks_of(meant, says)), cluster.now);
}

fn vip(addr: u8) -> Value {
    let mut spec = json!({"subnet": "ext", "namespace": "default"});
    put(&mut spec, "v4ip", addr);
    spec
}

fn eip(addr: u8) -> Value {
    let mut spec = json!({"externalSubnet": "ext", "natGwDp": "gw"});
    put(&mut spec, "v4ip", addr);
    spec
}

pub(super) fn port(pod: u8) -> String {
    format!("p{pod}.default.macvlan.default")
}

fn reservation(pod: u8, addr: u8) -> Value {
    let mut spec = json!({"podName": format!("p{pod}"), "namespace": "default", "subnet": "ext"});
    put(&mut spec, "v4IpAddress", addr);
    spec
}

fn put(spec: &mut Value, field: &str, addr: u8) {
    if addr != 0 {
        spec[field] = json!(address(addr));
    }
}
