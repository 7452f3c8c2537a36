//! The cluster in the making: where objects go, and what an API server adds to them.
//!
//! In: objects without identity. Out: objects with UID, creation time and resource version, in the sink. Guarantees:
//! everything happened between four days and one hour before the dump, so that nothing is in flight.

use super::book::Book;
use super::random::Random;
use super::sink::Sink;
use super::truth::Truth;
use anyhow::Result;
use serde_json::{Value, json};

/// When the cluster was set up: 2026-11-20T00:00:00Z.
const START: i64 = 1_795_132_800;
/// Length of its history in seconds.
const HISTORY: u64 = 4 * 86_400;
/// When it was dumped: the time of the last heartbeats of its nodes.
pub(super) const DUMPED: i64 = START + 4 * 86_400 + 3600;

/// Kube-OVN's finalizer.
pub(super) const FINALIZER: &str = "kubeovn.io/kube-ovn-controller";

/// What an object is called.
pub(super) struct Id<'a> {
    pub(super) resource: &'static str,
    pub(super) api: &'static str,
    pub(super) kind: &'static str,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

/// An object of `kubeovn.io/v1`.
pub(super) const fn ovn<'a>(resource: &'static str, kind: &'static str, name: &'a str) -> Id<'a> {
    Id { resource, api: "kubeovn.io/v1", kind, namespace: "", name }
}

/// See the module.
pub(super) struct Cluster {
    pub(super) random: Random,
    pub(super) sink: Sink,
    pub(super) truth: Truth,
    pub(super) nodes: u32,
    pub(super) managed_fields: bool,
    revision: u64,
}

impl Cluster {
    pub(super) fn new(seed: u64, sink: Sink, truth: Truth, nodes: u32, managed_fields: bool) -> Self {
        Self { random: Random::new(seed), sink, truth, nodes, managed_fields, revision: 1000 }
    }

    /// Some time of the cluster's history.
    pub(super) fn some_time(&mut self) -> String {
        time(START + i64::try_from(self.random.below(HISTORY)).unwrap_or(0))
    }

    /// Some node.
    pub(super) fn some_node(&mut self) -> String {
        node_name(u32::try_from(self.random.below(u64::from(self.nodes))).unwrap_or(0))
    }

    /// Adds an object and gives its UID. `body` may hold labels, annotations, finalizers, owners and a creation time
    /// under `metadata`.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn put(&mut self, id: &Id<'_>, mut body: Value) -> Result<String> {
        let uid = self.random.uid();
        self.revision += 1 + self.random.below(4);
        let created = if body["metadata"]["creationTimestamp"].is_null() { Some(self.some_time()) } else { None };
        let meta = &mut body["metadata"];
        if let Some(created) = created {
            meta["creationTimestamp"] = created.into();
        }
        meta["name"] = id.name.into();
        meta["resourceVersion"] = self.revision.to_string().into();
        meta["uid"] = uid.as_str().into();
        if id.namespace.is_empty() {
            if meta["generation"].is_null() {
                meta["generation"] = 1.into();
            }
        } else {
            meta["namespace"] = id.namespace.into();
        }
        if self.managed_fields {
            meta["managedFields"] = managed_fields(id.api, &meta["creationTimestamp"]);
        }
        body["apiVersion"] = id.api.into();
        body["kind"] = id.kind.into();
        self.sink.put(id.resource, &body)?;
        Ok(uid)
    }

    /// Adds a Subnet, its books closed.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn put_subnet(&mut self, book: &Book) -> Result<()> {
        let ovn_provider = book.provider == "ovn";
        let reason = if ovn_provider { "ResetLogicalSwitchAclSuccess" } else { "SetNonOvnSubnetSuccess" };
        let condition = |kind: &str| json!({ "lastTransitionTime": book.created, "lastUpdateTime": book.created, "reason": reason, "status": "True", "type": kind });
        let mut spec = json!({
            "cidrBlock": book.cidr_text(), "default": book.name == "ovn-default", "enableLb": true,
            "excludeIps": book.excludes(), "gateway": book.gateway_text(), "gatewayNode": "",
            "natOutgoing": ovn_provider, "private": false, "protocol": if book.v6.is_some() { "Dual" } else { "IPv4" },
            "provider": book.provider, "u2oFeatures": {}
        });
        if !book.vpc.is_empty() {
            spec["vpc"] = book.vpc.as_str().into();
            spec["gatewayType"] = "distributed".into();
        }
        if !book.vlan.is_empty() {
            spec["vlan"] = book.vlan.as_str().into();
        }
        if !book.namespaces.is_empty() {
            spec["namespaces"] = json!(book.namespaces);
        }
        let mut status = json!({
            "activateGateway": "", "conditions": [condition("Validated"), condition("Ready")], "dhcpV4OptionsUUID": "",
            "dhcpV6OptionsUUID": "", "mcastQuerierIP": "", "mcastQuerierMAC": "", "u2oInterconnectionIP": "",
            "u2oInterconnectionMAC": "", "u2oInterconnectionVPC": ""
        });
        if let Some(status) = status.as_object_mut() {
            status.extend(book.counters());
        }
        let meta = json!({ "creationTimestamp": book.created, "finalizers": [FINALIZER], "generation": 2 });
        self.put(&ovn("subnets", "Subnet", &book.name), json!({ "metadata": meta, "spec": spec, "status": status }))?;
        Ok(())
    }
}

/// Node names sort as their numbers do.
pub(super) fn node_name(number: u32) -> String {
    format!("node-{number:05}")
}

/// A time as Kubernetes writes it.
pub(super) fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default()
}

/// What `kubectl get --show-managed-fields` shows in addition.
fn managed_fields(api: &str, time: &Value) -> Value {
    let own = json!({
        "f:metadata": { "f:annotations": { ".": {}, "f:ovn.kubernetes.io/allocated": {}, "f:ovn.kubernetes.io/ip_address": {} },
            "f:labels": { ".": {}, "f:app": {} }, "f:finalizers": { ".": {}, "v:\"kubeovn.io/kube-ovn-controller\"": {} } },
        "f:spec": { "f:enableServiceLinks": {}, "f:restartPolicy": {}, "f:schedulerName": {} }
    });
    let status = json!({
        "f:status": { "f:conditions": { "k:{\"type\":\"Ready\"}": { ".": {}, "f:lastProbeTime": {}, "f:lastTransitionTime": {},
            "f:status": {}, "f:type": {} } }, "f:phase": {}, "f:podIP": {}, "f:startTime": {} }
    });
    json!([
        { "apiVersion": api, "fieldsType": "FieldsV1", "fieldsV1": own, "manager": "kube-ovn-controller", "operation": "Update", "time": time },
        { "apiVersion": api, "fieldsType": "FieldsV1", "fieldsV1": status, "manager": "kubelet", "operation": "Update", "subresource": "status", "time": time }
    ])
}
