//! Virtual machines, as far as addresses are concerned: KubeVirt is played here.
//!
//! In: which machine, on which node. Out: its instance, and its launcher pod, which the instance owns. Guarantees: one launcher at a
//! time, by the API, unless it migrates: one that was deleted by force may still run.

use super::people::{PODS, delete};
use super::step::Grace;
use crate::cluster::Cluster;
use crate::setup::pod;
use model::Request;
use serde_json::{Value, json};

/// Where they are.
pub(super) const VMS: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachines";
/// Where those that run are.
pub(super) const VMIS: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances";

/// Creates one.
pub(super) fn create(vm: u8) -> Request {
    Request::post(VMS, body("VirtualMachine", vm, &json!({"template": {"metadata": {}, "spec": networks()}})))
}

/// Stops one: its instance, its migration and its launcher pods go.
pub(super) fn stop(vm: u8, grace: Grace) -> Vec<Request> {
    let pods = (1..=2).map(|node| delete(format!("{PODS}/{}", launcher(vm, &format!("node{node}"))), grace));
    [Request::delete(format!("{VMIS}/vm{vm}")), super::migrations::failed(vm)].into_iter().chain(pods).collect()
}

/// Runs one that is there and does not run.
pub(super) fn run(cluster: &mut Cluster, vm: u8, node: &str) {
    let vms = cluster.server.objects("kubevirt.io", "virtualmachines");
    let launches = |name: &str| name.starts_with(&format!("l{vm}-"));
    let runs =
        cluster.server.objects("", "pods").iter().any(|pod| pod["metadata"]["name"].as_str().is_some_and(launches));
    if runs || !vms.iter().any(|object| object["metadata"]["name"] == format!("vm{vm}")) {
        return;
    }
    let mut instance =
        cluster.server.handle(Request::post(VMIS, body("VirtualMachineInstance", vm, &networks())), cluster.now);
    if instance.code == 409 {
        instance = cluster.server.handle(Request::get(format!("{VMIS}/vm{vm}")), cluster.now);
    }
    let pod = launched(vm, node, &instance.value());
    cluster.server.handle(Request::post(PODS, pod), cluster.now);
}

/// The launcher pod of an instance on a node.
pub(super) fn launched(vm: u8, node: &str, instance: &Value) -> Value {
    let mut pod = pod(&launcher(vm, node), node, &json!({}));
    pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance",
        "name": format!("vm{vm}"), "uid": instance["metadata"]["uid"], "controller": true}]);
    pod
}

pub(super) fn launcher(vm: u8, node: &str) -> String {
    format!("l{vm}-{node}")
}

fn networks() -> Value {
    json!({"networks": [{"name": "default", "pod": {}}, {"name": "net", "multus": {"networkName": "default/macvlan"}}]})
}

pub(super) fn body(kind: &str, vm: u8, spec: &Value) -> Value {
    let meta = json!({"name": format!("vm{vm}"), "namespace": "default"});
    json!({"apiVersion": "kubevirt.io/v1", "kind": kind, "metadata": meta, "spec": spec})
}
