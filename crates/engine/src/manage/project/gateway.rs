//! VpcNatGateways: their workload, and what they are.
//!
//! In: a gateway, its workload, its pods. Out: the StatefulSet made and kept; labels, `lanIp` and status of the gateway.
//! Guarantees: a workload that is not the gateway's is left alone; nothing is written where nothing changes. The workload goes
//! with its owner: Kubernetes removes it.

use super::workload::{hash, workload};
use crate::gateways::external_subnet;
use crate::manage::command::Action;
use crate::manage::engine::Engine;
use crate::manage::holders::Entitled;
use crate::manage::holders::gateway::{gateways_of, namespace_of, ordinals, pod_annotations, workload_of};
use crate::manage::id::HolderId;
use crate::manage::write::Write;
use api::names::{annotations, labels};
use api::slim::{Kind, Meta, Pairs, Phase, Pod, Str, VpcNatGateway};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

impl Engine {
    /// Makes a gateway's workload, and makes the gateway say what it is. Its first ordinal stands for it.
    pub(super) fn project_gateway(&mut self, name: &str, entitled: Option<&Entitled>) {
        let gateway = name.strip_suffix("/0").and_then(|name| self.state.world.gateways.named(name));
        let (Some(entitled), Some(gateway)) = (entitled, gateway.cloned()) else { return };
        let (holder, external) = (&entitled.holder, external_subnet(&gateway));
        if gateway.meta.is_deleted() && self.state.may_serve(external) {
            return self.let_finish(Kind::VpcNatGateway, &gateway.meta, true, holder);
        }
        // One that stands on a Subnet of another manager is that one's to make.
        if gateway.meta.is_deleted() || !self.state.serves(external) {
            return;
        }
        self.project_workload(&gateway, holder);
        let write = match self.gateway_lacks(&gateway, entitled) {
            Some(patch) => Write::new(Kind::VpcNatGateway, &gateway.meta, patch),
            None => match self.gateway_status(&gateway) {
                Some(status) => Write::of_status(Kind::VpcNatGateway, &gateway.meta, json!({"status": status})),
                None => return,
            },
        };
        self.send(Action::Write(Box::new(write)), holder);
    }

    fn project_workload(&mut self, gateway: &VpcNatGateway, holder: &HolderId) {
        let settings = &self.settings.gateway;
        if settings.image.is_empty() {
            return;
        }
        let gateways = gateways_of(&self.state, external_subnet(gateway));
        let body = workload(gateway, settings, &pod_annotations(&self.state, gateway), gateways);
        let (namespace, name) = (namespace_of(gateway), workload_of(gateway));
        let write = match self.state.world.stateful_sets.get(&namespace, &name) {
            None => Write::create(Kind::StatefulSet, namespace, name, body),
            Some(set) if set.meta.label(labels::VPC_NAT_GW) != Some("true") || set.meta.is_deleted() => return,
            Some(set) if set.meta.annotation(annotations::WORKLOAD_HASH) == Some(&hash(&body)) => return,
            Some(set) => Write::new(Kind::StatefulSet, &set.meta, update(&body, &set.spec.template.meta.annotations)),
        };
        self.send(Action::Write(Box::new(write)), holder);
    }

    /// What the labels and the spec of a gateway lack.
    fn gateway_lacks(&self, gateway: &VpcNatGateway, entitled: &Entitled) -> Option<Value> {
        let spec = &gateway.spec;
        let mut wanted = vec![
            (labels::SUBNET, spec.subnet.as_str()),
            (labels::VPC, spec.vpc.as_str()),
            (labels::QOS, spec.qos_policy.as_str()),
        ];
        wanted.retain(|(key, value)| value.len() <= super::LABEL && gateway.meta.label(key) != Some(value));
        let labels: Map<String, Value> = wanted.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        // What the one pod of a gateway has on the LAN side it keeps.
        let lan = entitled.wants.iter().find(|want| want.subnets.contains(&spec.subnet));
        let lan = lan.filter(|_| spec.lan_ip.is_absent() && ordinals(gateway).end == 1);
        let addr = lan.and_then(|want| self.served(want)).and_then(|(_, addrs)| addrs.v4.or(addrs.v6));
        match (labels.is_empty(), addr) {
            (true, None) => None,
            (_, None) => Some(json!({"metadata": {"labels": labels}})),
            (_, Some(addr)) => Some(json!({"metadata": {"labels": labels}, "spec": {"lanIp": addr.to_string()}})),
        }
    }

    /// The status of a gateway, where it says something else.
    fn gateway_status(&self, gateway: &VpcNatGateway) -> Option<Value> {
        let (spec, status) = (&gateway.spec, &gateway.status);
        let (name, replicas) = (workload_of(gateway), ordinals(gateway).end);
        let pods: Vec<&Pod> = self.state.gateway_pods(&gateway.meta.name).collect();
        let running = pods.iter().filter(|pod| pod.status.phase == Phase::Running && !pod.meta.is_deleted());
        let nodes: BTreeSet<Str> = running.clone().map(|pod| pod.spec.node_name.clone()).collect();
        let is_ready = i64::try_from(running.count()).is_ok_and(|count| count >= replicas);
        let lan_ip = spec.lan_ip.get().map(ToString::to_string).unwrap_or_default();
        let external = external_subnet(gateway);
        let says = status.workload.name == name
            && status.workload.kind == "StatefulSet"
            && status.workload.nodes.iter().eq(nodes.iter())
            && status.external_subnets.iter().eq([external].iter())
            && status.replicas == Some(replicas)
            && status.ready == is_ready
            && status.lan_ip == lan_ip
            && status.selector == spec.selector
            && list(&status.tolerations) == list(&spec.tolerations)
            && map(&status.affinity) == map(&spec.affinity);
        let nodes: Vec<&str> = nodes.iter().map(Str::as_str).collect();
        let selector: Vec<&str> = spec.selector.iter().map(Str::as_str).collect();
        (!says).then(|| {
            json!({
                "externalSubnets": [external], "replicas": replicas, "ready": is_ready, "lanIp": lan_ip,
                "selector": selector, "tolerations": list(&spec.tolerations), "affinity": map(&spec.affinity),
                "workload": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": name.as_str(), "nodes": nodes},
            })
        })
    }
}

/// A value of a list, of which absent is empty.
pub(super) fn list(value: &Value) -> Value {
    if value.is_array() { value.clone() } else { json!([]) }
}

/// A value of a map, of which absent is empty.
pub(super) fn map(value: &Value) -> Value {
    if value.is_object() { value.clone() } else { json!({}) }
}

/// The patch that makes a workload as it should be, as far as that may change: the annotations that it has no more go.
fn update(body: &Value, known: &Pairs) -> Value {
    let mut template = body["spec"]["template"].clone();
    if let Some(wanted) = template["metadata"]["annotations"].as_object_mut() {
        for (key, _) in known.iter() {
            wanted.entry(key).or_insert(Value::Null);
        }
    }
    json!({
        "metadata": {"labels": body["metadata"]["labels"], "annotations": body["metadata"]["annotations"],
            "ownerReferences": body["metadata"]["ownerReferences"]},
        "spec": {"replicas": body["spec"]["replicas"], "template": template},
    })
}

/// A gateway as the owner of its workload.
pub(super) fn owner(meta: &Meta) -> Value {
    json!({"apiVersion": "kubeovn.io/v1", "kind": "VpcNatGateway", "name": meta.name.as_str(), "uid": meta.uid.to_string()})
}
