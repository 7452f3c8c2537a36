//! A cluster to begin with: definitions, nodes with agents, a network.
//!
//! In: a server. Out: the server with the kinds of the project, as they are shipped. Guarantees: the rules that claims are
//! held to are those of the shipped definition.

use crate::net::FIRST;
use api::crds;
use model::{Request, Server, Timestamp};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// The Lease of a node's agent.
pub(crate) fn agent_lease(node: &str) -> String {
    format!("{AGENT_PREFIX}{node}")
}

pub(crate) use api::names::leases::AGENT_PREFIX;

/// Where they are.
pub(crate) const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";

/// Where the switch of Kube-OVN's gateways is.
pub(crate) const CONFIG_MAPS: &str = "/api/v1/namespaces/kube-system/configmaps";

/// Kinds of the project that the engine reads: the others would only make each run slower.
const KINDS: [&str; 9] =
    ["AddressClaim", "Subnet", "IPPool", "Vlan", "IP", "Vip", "IptablesEIP", "VpcNatGateway", "OvnEip"];

/// NAT rules.
const RULES: [&str; 3] = ["IptablesFIPRule", "IptablesDnatRule", "IptablesSnatRule"];

/// The definitions of the project by their kinds, in the order in which they are shipped: making their schemas takes longer than most runs.
fn definitions() -> &'static [(String, Value)] {
    static ALL: OnceLock<Vec<(String, Value)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let json = |crd| serde_json::to_value(crd).expect("a definition is JSON");
        crds::all().iter().map(|crd| (crd.spec.names.kind.clone(), json(crd))).collect()
    })
}

/// Installs the definitions that are needed, and a network of one Subnet.
pub(crate) fn install(server: &mut Server, now: Timestamp) {
    for (_, definition) in definitions().iter().filter(|(kind, _)| KINDS.contains(&kind.as_str())) {
        create(server, &model::definitions_path(), definition.clone(), now);
    }
    let kinds = [("VirtualMachine", "virtualmachines"), ("VirtualMachineInstance", "virtualmachineinstances")];
    for (kind, plural) in kinds {
        create(server, &model::definitions_path(), foreign("kubevirt.io", kind, plural), now);
    }
    let (kind, plural) = ("NetworkAttachmentDefinition", "network-attachment-definitions");
    create(server, &model::definitions_path(), foreign("k8s.cni.cncf.io", kind, plural), now);
    let subnet = json!({
        "apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": {"name": "ext"},
        "spec": {"cidrBlock": "172.17.0.0/29", "gateway": "172.17.0.1", "provider": FIRST},
    });
    create(server, "/apis/kubeovn.io/v1/subnets", subnet, now);
}

/// Defines a kind of NAT rules, if it is not: most stories have none, and a cluster need not have them.
pub(crate) fn define_rules(server: &mut Server, kind: &str, now: Timestamp) {
    if !RULES.contains(&kind) || server.kinds().iter().any(|there| there.kind == kind) {
        return;
    }
    for (_, definition) in definitions().iter().filter(|(of, _)| of == kind) {
        create(server, &model::definitions_path(), definition.clone(), now);
    }
}

/// Defines KubeVirt's migrations, if they are not: a cluster has none before the first one is asked for.
pub(crate) fn define_migrations(server: &mut Server, now: Timestamp) {
    let (kind, plural) = ("VirtualMachineInstanceMigration", "virtualmachineinstancemigrations");
    if !server.serves("kubevirt.io", plural) {
        create(server, &model::definitions_path(), foreign("kubevirt.io", kind, plural), now);
    }
}

/// The definition of a kind of KubeVirt or Multus, which takes anything.
fn foreign(group: &str, kind: &str, plural: &str) -> Value {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}],
        },
    })
}

/// Creates an object.
pub(crate) fn create(server: &mut Server, path: &str, body: Value, now: Timestamp) {
    let response = server.handle(Request::post(path, body), now);
    assert!(response.code < 300, "POST {path}: {:#}", response.value());
}

/// A StatefulSet whose pods have one NIC on the network.
#[must_use]
pub fn stateful_set(name: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas, "serviceName": name, "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": {"k8s.v1.cni.cncf.io/networks": "macvlan"}},
                "spec": {"containers": [{"name": "c", "image": "busybox"}]},
            },
        },
    })
}

/// A pod with one NIC on the network, on a node.
#[must_use]
pub fn pod(name: &str, node: &str, annotations: &Value) -> Value {
    let mut all = json!({"k8s.v1.cni.cncf.io/networks": "macvlan"});
    if let (Some(all), Some(more)) = (all.as_object_mut(), annotations.as_object()) {
        all.extend(more.clone());
    }
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "annotations": all},
        "spec": {"nodeName": node, "restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]},
    })
}
