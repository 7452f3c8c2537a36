//! The StatefulSet of a NAT gateway.
//!
//! In: the gateway, the settings, the annotations of its pods. Out: the object. Guarantees: names, labels and annotations are
//! those of Kube-OVN v1.17 (`pkg/controller/vpc_nat_gateway.go`), so that tools find it; its annotation says what it was made
//! from, so that it is written again only when that changes. Unlike Kube-OVN's, its pods have time to take their addresses
//! down, and several replicas are ordinals too, which keep their addresses.

use super::gateway::{list, map, owner};
use crate::manage::holders::gateway::{namespace_of, ordinals, workload_of};
use crate::manage::state::GatewaySettings;
use api::names::{annotations, labels};
use api::schema::fnv1a;
use api::slim::{Kind, Str, VpcNatGateway};
use ledger::AddrPair;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Seconds for a gateway to remove its rules: Kubernetes' own default.
const GRACE: u32 = 30;

/// The StatefulSet as it should be.
pub(super) fn workload(
    gateway: &VpcNatGateway,
    settings: &GatewaySettings,
    pod_annotations: &BTreeMap<String, String>,
    gateways: AddrPair,
) -> Value {
    let name = workload_of(gateway);
    let labels = json!({"app": name.as_str(), labels::VPC_NAT_GW: "true"});
    let spec = json!({
        "replicas": ordinals(gateway).end,
        "serviceName": "",
        "podManagementPolicy": "Parallel",
        "updateStrategy": {"type": "RollingUpdate"},
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels, "annotations": pod_annotations},
            "spec": pod_spec(gateway, settings, gateways),
        },
    });
    let hash = hash_of(&spec);
    json!({
        "apiVersion": Kind::StatefulSet.api_version(),
        "kind": "StatefulSet",
        "metadata": {
            "name": name.as_str(),
            "namespace": namespace_of(gateway).as_str(),
            "labels": labels,
            "annotations": {annotations::WORKLOAD_HASH: hash},
            "ownerReferences": [owner(&gateway.meta)],
        },
        "spec": spec,
    })
}

/// What a workload was made from.
pub(super) fn hash(body: &Value) -> String {
    hash_of(&body["spec"])
}

/// Of a value whose maps are sorted by their keys.
fn hash_of(spec: &Value) -> String {
    format!("{:016x}", fnv1a(spec.to_string().as_bytes()))
}

fn pod_spec(gateway: &VpcNatGateway, settings: &GatewaySettings, gateways: AddrPair) -> Value {
    let spec = &gateway.spec;
    let text = |addr: Option<ledger::Addr>| addr.map(|addr| addr.to_string()).unwrap_or_default();
    let command: Vec<&str> = match settings.command.as_slice() {
        [] => vec!["sleep", "infinity"],
        given => given.iter().map(Str::as_str).collect(),
    };
    json!({
        "terminationGracePeriodSeconds": GRACE,
        "nodeSelector": node_selector(&spec.selector),
        "tolerations": list(&spec.tolerations),
        "affinity": affinity(gateway),
        "containers": [{
            "name": "vpc-nat-gw",
            "image": settings.image.as_str(),
            "command": command,
            "imagePullPolicy": "IfNotPresent",
            "env": [
                {"name": "GATEWAY_V4", "value": text(gateways.v4)},
                {"name": "GATEWAY_V6", "value": text(gateways.v6)},
            ],
            "lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", "sysctl -w net.ipv4.ip_forward=1"]}}},
            "securityContext": {"privileged": true, "allowPrivilegeEscalation": true},
        }],
    })
}

/// Entries `key: value`; others are left out, as by Kube-OVN.
fn node_selector(entries: &[Str]) -> Map<String, Value> {
    let pairs = entries.iter().filter_map(|entry| entry.split_once(':'));
    pairs.map(|(key, value)| (key.trim().to_owned(), json!(value.trim()))).collect()
}

/// What the user wants; several pods are on several nodes, unless the user says how they are spread.
fn affinity(gateway: &VpcNatGateway) -> Value {
    let mut affinity = map(&gateway.spec.affinity);
    if ordinals(gateway).end > 1
        && let Some(affinity) = affinity.as_object_mut()
    {
        let labels = json!({"matchLabels": {"app": workload_of(gateway).as_str()}});
        let term = json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": labels});
        let spread = json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]});
        affinity.entry("podAntiAffinity").or_insert(spread);
    }
    affinity
}
