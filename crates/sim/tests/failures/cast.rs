//! What the stories are made of.
//!
//! In: names, addresses. Out: acts. Guarantees: the network `ext` of each story is 172.17.0.0/29 on the wire `macvlan.default`,
//! with five addresses, .2 to .6, beside its gateway.

use serde_json::{Value, json};
use sim::{Act, End};

pub(crate) const PODS: &str = "/api/v1/namespaces/default/pods";
pub(crate) const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";
pub(crate) const SUBNETS: &str = "/apis/kubeovn.io/v1/subnets";
pub(crate) const POOLS: &str = "/apis/kubeovn.io/v1/ippools";
pub(crate) const EIPS: &str = "/apis/kubeovn.io/v1/iptables-eips";
pub(crate) const OVN_EIPS: &str = "/apis/kubeovn.io/v1/ovn-eips";
pub(crate) const GATEWAYS: &str = "/apis/kubeovn.io/v1/vpc-nat-gateways";
pub(crate) const VIPS: &str = "/apis/kubeovn.io/v1/vips";
pub(crate) const IPS: &str = "/apis/kubeovn.io/v1/ips";
pub(crate) const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";
pub(crate) const VMS: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachines";
pub(crate) const VMIS: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances";
pub(crate) const JOBS: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstancemigrations";
pub(crate) const NETWORKS: &str = "k8s.v1.cni.cncf.io/networks";
pub(crate) const FINALIZER: &str = "kubeovn.io/kube-ovn-controller";

/// Deletes an object.
pub(crate) fn delete(collection: &str, name: &str) -> Act {
    Act::Delete(format!("{collection}/{name}"), None)
}

/// Deletes a pod without any grace: it is gone from the API whatever its node does.
pub(crate) fn force(pod: &str) -> Act {
    Act::Delete(format!("{PODS}/{pod}"), Some(0))
}

pub(crate) fn patch(collection: &str, name: &str, body: Value) -> Act {
    Act::Patch(format!("{collection}/{name}"), body)
}

/// Takes all finalizers off an object.
pub(crate) fn strip(collection: &str, name: &str) -> Act {
    patch(collection, name, json!({"metadata": {"finalizers": null}}))
}

pub(crate) fn kube_ovn(kind: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": "kubeovn.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

pub(crate) fn pod(name: &str) -> Act {
    pod_with(name, "node1", json!({}))
}

pub(crate) fn pod_with(name: &str, node: &str, annotations: Value) -> Act {
    Act::Create(PODS.to_owned(), sim::pod(name, node, &annotations))
}

/// A pod that asks for an address.
pub(crate) fn fixed(name: &str, addr: &str) -> Act {
    pod_with(name, "node1", at(addr))
}

pub(crate) fn at(addr: &str) -> Value {
    json!({"macvlan.default.kubernetes.io/ip_address": addr})
}

/// So many pods on node 2, which take what is free.
pub(crate) fn crowd(count: usize) -> Vec<Act> {
    (1..=count).map(|number| pod_with(&format!("crowd{number}"), "node2", json!({}))).collect()
}

/// How many of the crowd have an address.
pub(crate) fn served(end: &End) -> usize {
    end.pods.iter().filter(|(name, (phase, _))| name.starts_with("crowd") && phase == "Running").count()
}

/// Whether any of the crowd has an address.
pub(crate) fn crowd_has(end: &End, addr: &str) -> bool {
    end.addresses.iter().any(|(name, addrs)| name.starts_with("crowd") && addrs.iter().any(|has| has == addr))
}

pub(crate) fn subnet(name: &str, cidr: &str, provider: &str) -> Act {
    subnet_with(name, json!({"cidrBlock": cidr, "provider": provider}))
}

pub(crate) fn subnet_with(name: &str, spec: Value) -> Act {
    Act::Create(SUBNETS.to_owned(), kube_ovn("Subnet", name, spec))
}

/// The network of both families, with five addresses of each beside the gateways.
pub(crate) fn dual() -> Act {
    subnet("dual", "10.9.0.0/29,fd00::/125", "dual.default")
}

pub(crate) fn pool(name: &str, subnet: &str, ips: &[&str], namespaces: &[&str]) -> Act {
    let spec = json!({"subnet": subnet, "ips": ips, "namespaces": namespaces});
    Act::Create(POOLS.to_owned(), kube_ovn("IPPool", name, spec))
}

pub(crate) fn gateway(name: &str, external: &[&str]) -> Act {
    let spec = json!({"namespace": "default", "vpc": "v", "subnet": "lan", "externalSubnets": external});
    Act::Create(GATEWAYS.to_owned(), kube_ovn("VpcNatGateway", name, spec))
}

/// The name of a gateway's pod.
pub(crate) fn pod_of(gateway: &str) -> String {
    format!("vpc-nat-gw-{gateway}-0")
}

/// An EIP of the gateway `gw`; empty: any address.
pub(crate) fn eip(name: &str, addr: &str) -> Act {
    let spec = json!({"externalSubnet": "ext", "natGwDp": "gw", "v4ip": addr});
    Act::Create(EIPS.to_owned(), kube_ovn("IptablesEIP", name, spec))
}

/// The program of the gateway `gw` marks an address of `ext`, and puts it on its interface.
pub(crate) fn program(addr: &str) -> Act {
    patch(CLAIMS, &claim(addr), json!({"status": {"programmed": {"gateway": "gw"}}}))
}

/// It has taken it off.
pub(crate) fn unprogram(addr: &str) -> Act {
    patch(CLAIMS, &claim(addr), json!({"status": {"programmed": null}}))
}

/// The name of the claim of an address of `ext`.
pub(crate) fn claim(addr: &str) -> String {
    format!("macvlan.default.{addr}")
}

/// A claim that is held for an object of another manager, whose kind has no namespace; the address in full.
pub(crate) fn held(kind: &str, name: &str, wire: &str, addr: &str) -> Act {
    let claim = json!({"apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim",
        "metadata": {"name": format!("{wire}.{}", addr.replace(':', "-"))},
        "spec": {"wire": wire, "address": addr, "subnet": wire.split('.').next(), "holder": {"kind": kind, "name": name}}});
    Act::Create(CLAIMS.to_owned(), claim)
}

pub(crate) fn ovn_eip(name: &str) -> Act {
    Act::Create(OVN_EIPS.to_owned(), kube_ovn("OvnEip", name, json!({})))
}

pub(crate) fn vip(name: &str, subnet: &str, addr: &str) -> Act {
    let spec = json!({"subnet": subnet, "namespace": "default", "v4ip": addr});
    Act::Create(VIPS.to_owned(), kube_ovn("Vip", name, spec))
}

/// Reserves an address of `ext` for a pod.
pub(crate) fn reserve(pod: &str, addr: &str) -> Act {
    let spec = json!({"podName": pod, "namespace": "default", "subnet": "ext", "v4IpAddress": addr});
    Act::Create(IPS.to_owned(), kube_ovn("IP", &port(pod), spec))
}

/// The name of the IP object of a pod on `ext`.
pub(crate) fn port(pod: &str) -> String {
    format!("{pod}.default.macvlan.default")
}

/// An IP object as Kube-OVN leaves it, of a pod on `ext`.
pub(crate) fn kube_ovn_ip(pod: &str, addr: &str, kind: &str) -> Act {
    let spec = json!({"podName": pod, "namespace": "default", "subnet": "ext", "podType": kind,
        "ipAddress": addr, "v4IpAddress": addr});
    let mut ip = kube_ovn("IP", &port(pod), spec);
    ip["metadata"]["finalizers"] = json!([FINALIZER]);
    ip["metadata"]["labels"] =
        json!({"ovn.kubernetes.io/subnet": "ext", "ovn.kubernetes.io/ip_reserved": "false", "ext": ""});
    Act::Create(IPS.to_owned(), ip)
}

pub(crate) fn set(name: &str, replicas: u32) -> Act {
    Act::Create(SETS.to_owned(), sim::stateful_set(name, replicas))
}

/// A StatefulSet whose pods have these annotations beside.
pub(crate) fn set_with(name: &str, replicas: u32, annotations: &Value) -> Act {
    let mut set = sim::stateful_set(name, replicas);
    let all = set["spec"]["template"]["metadata"]["annotations"].as_object_mut().unwrap();
    all.extend(annotations.as_object().unwrap().clone());
    Act::Create(SETS.to_owned(), set)
}

pub(crate) fn scale(name: &str, replicas: u32) -> Act {
    patch(SETS, name, json!({"spec": {"replicas": replicas}}))
}

/// The networks of a machine on these NetworkAttachmentDefinitions, beside the primary one.
fn networks(nads: &[&str]) -> Value {
    let mut all = vec![json!({"name": "default", "pod": {}})];
    all.extend(nads.iter().map(|nad| json!({"name": nad, "multus": {"networkName": format!("default/{nad}")}})));
    all.into()
}

pub(crate) fn vm(name: &str, nads: &[&str]) -> Act {
    let vm = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"template": {"metadata": {}, "spec": {"networks": networks(nads)}}}});
    Act::Create(VMS.to_owned(), vm)
}

/// Gives a machine other networks.
pub(crate) fn rewire(vm: &str, nads: &[&str]) -> Act {
    patch(VMS, vm, json!({"spec": {"template": {"spec": {"networks": networks(nads)}}}}))
}

pub(crate) fn instance(vm: &str, nads: &[&str]) -> Act {
    let vmi = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance",
        "metadata": {"name": vm, "namespace": "default"}, "spec": {"networks": networks(nads)}});
    Act::Create(VMIS.to_owned(), vmi)
}

/// KubeVirt starts a machine: the instance, and its launcher pod on a node.
pub(crate) fn launch(vm: &str, launcher: &str, node: &str, annotations: Value) -> Act {
    let pod = sim::pod(launcher, node, &annotations);
    Act::CreateOwned(PODS.to_owned(), pod, format!("{VMIS}/{vm}"))
}

/// Somebody asks for a live migration, and KubeVirt takes it up.
pub(crate) fn migrate(job: &str, vm: &str) -> Act {
    migration(job, vm, json!({"phase": "Scheduling"}))
}

/// A migration, and what KubeVirt says of it.
pub(crate) fn migration(job: &str, vm: &str, status: Value) -> Act {
    let body = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstanceMigration",
        "metadata": {"name": job, "namespace": "default"}, "spec": {"vmiName": vm}, "status": status});
    Act::Create(JOBS.to_owned(), body)
}

/// KubeVirt says how far a migration is.
pub(crate) fn phase(job: &str, phase: &str) -> Act {
    patch(JOBS, job, json!({"status": {"phase": phase}}))
}

/// KubeVirt makes the target pod of a migration.
pub(crate) fn target(vm: &str, launcher: &str, node: &str, job: &str) -> Act {
    target_with(vm, launcher, node, job, &json!({}))
}

pub(crate) fn target_with(vm: &str, launcher: &str, node: &str, job: &str, annotations: &Value) -> Act {
    let pod = sim::pod(launcher, node, annotations);
    Act::CreateTarget(PODS.to_owned(), pod, format!("{VMIS}/{vm}"), format!("{JOBS}/{job}"))
}

/// A launcher pod ends by itself.
pub(crate) fn exit(pod: &str) -> Act {
    Act::Exit(format!("{PODS}/{pod}"))
}

/// The acts that start a machine on `macvlan`.
pub(crate) fn start(vm_name: &str) -> Vec<Act> {
    let nads = ["macvlan"];
    let launcher = format!("launcher-{vm_name}-1");
    vec![vm(vm_name, &nads), instance(vm_name, &nads), launch(vm_name, &launcher, "node1", json!({}))]
}

/// KubeVirt stops a machine.
pub(crate) fn stop(vm: &str, launcher: &str) -> Vec<Act> {
    vec![delete(VMIS, vm), delete(PODS, launcher)]
}

/// The controllers are down while this happens.
pub(crate) fn outage(acts: Vec<Act>) -> Vec<Act> {
    [vec![Act::Stop(0)], acts, vec![Act::Start]].concat()
}

/// A restart.
pub(crate) fn restart() -> Vec<Act> {
    outage(Vec::new())
}

/// One after the other.
pub(crate) fn all(parts: impl IntoIterator<Item = Vec<Act>>) -> Vec<Act> {
    parts.into_iter().flatten().collect()
}

/// How many addresses of a Subnet are used and how many are available, of IPv4 and of IPv6.
pub(crate) fn counts<'a>(end: &'a End, subnet: &str) -> &'a Value {
    &end.subnets[subnet]["counts"]
}

/// What a Subnet says of its addresses: used and available, of both families.
pub(crate) fn ranges<'a>(end: &'a End, subnet: &str) -> [&'a Value; 4] {
    let status = &end.statuses[subnet];
    ["v4usingIPrange", "v4availableIPrange", "v6usingIPrange", "v6availableIPrange"].map(|name| &status[name])
}

/// Nothing is left of anybody's.
pub(crate) fn assert_empty(end: &End) {
    assert_eq!((end.claims.len(), end.ips.len(), end.answers), (0, 0, 0), "{end:#?}");
}

/// What a pod was told last, by an Event.
pub(crate) fn told<'a>(end: &'a End, pod: &str) -> &'a str {
    let event = end.events.iter().find(|event| event["involvedObject"]["name"] == pod);
    event.unwrap_or_else(|| panic!("{pod} was told nothing"))["message"].as_str().unwrap()
}
