//! Objects of Kubernetes, Multus included, as an API server and a kubelet leave them.
//!
//! In: what a story says about a pod, a node and the like. Out: the object in the cluster. A pod comes with the annotations
//! that Kube-OVN writes; the records of its addresses are made apart, so that a story can leave one out.

use super::cluster::{Cluster, Id};
use super::counts::text;
use super::kubeovn::{self, Ip};
use serde_json::{Map, Value, json};

/// One interface of a pod: `ovn` is the primary network, anything else `<attachment>.<namespace>`.
pub(super) struct Nic<'a> {
    pub(super) provider: &'a str,
    pub(super) subnet: &'a str,
    /// `v4`, `v6` or `v4,v6`; empty for one that is still waiting.
    pub(super) address: &'a str,
}

/// Who makes a pod.
#[derive(Clone, Copy)]
pub(super) enum Owner<'a> {
    /// Somebody by hand.
    None,
    StatefulSet(&'a str),
    ReplicaSet(&'a str),
    Job(&'a str),
}

/// A pod of a story.
pub(super) struct Pod<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) node: &'a str,
    pub(super) owner: Owner<'a>,
    pub(super) nics: &'a [Nic<'a>],
}

impl Pod<'_> {
    /// The name of the record of one of its NICs.
    pub(super) fn port(&self, nic: &Nic<'_>) -> String {
        match nic.provider {
            "ovn" => format!("{}.{}", self.name, self.namespace),
            provider => format!("{}.{}.{provider}", self.name, self.namespace),
        }
    }

    /// The pod, the records of all its NICs, and their addresses in the allocator's memory: all is well.
    pub(super) fn run(&self, cluster: &mut Cluster) {
        self.make(cluster, "Running");
        for nic in self.nics {
            self.record(cluster, nic);
            cluster.remember(nic.subnet, nic.address);
        }
    }

    /// The record of one NIC.
    pub(super) fn record(&self, cluster: &mut Cluster, nic: &Nic<'_>) {
        let pod_type = if matches!(self.owner, Owner::StatefulSet(_)) { "StatefulSet" } else { "" };
        let port = self.port(nic);
        let mac = if nic.provider == "ovn" { cluster.mac(&port) } else { String::new() };
        Ip {
            name: &port,
            pod: self.name,
            namespace: self.namespace,
            subnet: nic.subnet,
            node: self.node,
            address: nic.address,
            mac: &mac,
            pod_type,
            reserved: false,
        }
        .make(cluster);
    }

    /// The pod alone.
    pub(super) fn make(&self, cluster: &mut Cluster, phase: &str) {
        let time = cluster.time();
        let mut metadata = json!({ "annotations": self.annotations(cluster), "labels": { "app": self.app() } });
        if let Some(owner) = self.owner_reference(cluster) {
            metadata["ownerReferences"] = json!([owner]);
        }
        let job = matches!(self.owner, Owner::Job(_));
        let running = phase == "Running";
        let state = match phase {
            "Running" => json!({ "running": { "startedAt": time } }),
            "Pending" => json!({ "waiting": { "reason": "ContainerCreating" } }),
            _ => json!({ "terminated": { "exitCode": 1, "finishedAt": time, "reason": "Error", "startedAt": time } }),
        };
        let condition = |kind: &str, holds: bool| json!({ "lastProbeTime": null, "lastTransitionTime": time, "status": if holds { "True" } else { "False" }, "type": kind });
        let mut body = json!({
            "metadata": metadata,
            "spec": {
                "containers": [{ "image": format!("registry.example/{}:1.4", self.app()), "imagePullPolicy": "IfNotPresent", "name": "main", "resources": {} }],
                "dnsPolicy": "ClusterFirst", "nodeName": self.node, "restartPolicy": if job { "OnFailure" } else { "Always" },
                "schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 30
            },
            "status": {
                "conditions": [condition("Initialized", true), condition("Ready", running), condition("PodScheduled", true)],
                "containerStatuses": [{ "image": format!("registry.example/{}:1.4", self.app()), "imageID": "", "lastState": {}, "name": "main", "ready": running, "restartCount": 0, "started": running, "state": state }],
                "hostIP": format!("10.0.0.{}", 10 + self.node.bytes().last().map_or(0, |digit| digit - b'0')),
                "phase": phase, "qosClass": "BestEffort", "startTime": time
            }
        });
        if let Some(nic) = self.nics.iter().find(|nic| nic.provider == "ovn" && !nic.address.is_empty()) {
            let addresses: Vec<_> = nic.address.split(',').collect();
            body["status"]["podIP"] = addresses[0].into();
            body["status"]["podIPs"] = addresses.iter().map(|address| json!({ "ip": address })).collect();
        }
        let id = Id { resource: "pods", api: "v1", kind: "Pod", namespace: self.namespace, name: self.name };
        cluster.add(&id, body);
    }

    fn app(&self) -> &str {
        match self.owner {
            Owner::StatefulSet(name) | Owner::Job(name) => name,
            Owner::ReplicaSet(name) => name.rsplit_once('-').map_or(name, |(deployment, _)| deployment),
            Owner::None => self.name,
        }
    }

    fn owner_reference(&self, cluster: &Cluster) -> Option<Value> {
        let (resource, api, kind, name) = match self.owner {
            Owner::None => return None,
            Owner::StatefulSet(name) => ("statefulsets", "apps/v1", "StatefulSet", name),
            Owner::ReplicaSet(name) => ("replicasets", "apps/v1", "ReplicaSet", name),
            Owner::Job(name) => ("jobs", "batch/v1", "Job", name),
        };
        let uid = &cluster.get(resource, self.namespace, name)["metadata"]["uid"];
        Some(
            json!({ "apiVersion": api, "blockOwnerDeletion": true, "controller": true, "kind": kind, "name": name, "uid": uid }),
        )
    }

    /// What the user asked for, and what Kube-OVN wrote.
    fn annotations(&self, cluster: &Cluster) -> Value {
        let mut found = Map::new();
        let networks = networks(self.nics);
        if !networks.is_empty() {
            found.insert("k8s.v1.cni.cncf.io/networks".to_owned(), networks.into());
        }
        for nic in self.nics.iter().filter(|nic| !nic.address.is_empty()) {
            let spec = &cluster.get("subnets", "", nic.subnet)["spec"];
            let mut put = |suffix: &str, value: &str| {
                found.insert(format!("{}.kubernetes.io/{suffix}", nic.provider), value.into());
            };
            put("allocated", "true");
            put("cidr", &text(&spec["cidrBlock"]));
            put("gateway", &text(&spec["gateway"]));
            put("ip_address", nic.address);
            if nic.provider == "ovn" {
                put("logical_router", &text(&spec["vpc"]));
                put("logical_switch", nic.subnet);
                put("mac_address", &cluster.mac(&self.port(nic)));
                put("pod_nic_type", "veth-pair");
                put("routed", "true");
            }
        }
        found.into()
    }
}

/// The networks annotation: attachments as `namespace/name`, in order.
fn networks(nics: &[Nic<'_>]) -> String {
    let attached = nics.iter().filter_map(|nic| nic.provider.split_once('.'));
    attached.map(|(name, namespace)| format!("{namespace}/{name}")).collect::<Vec<_>>().join(",")
}

/// A workload that makes pods: a StatefulSet, or a Deployment with its ReplicaSet `<name>-6f5d9c7b4`.
pub(super) struct Workload<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) replicas: u32,
    /// Networks of the template, as in the annotation.
    pub(super) networks: &'a str,
}

impl Workload<'_> {
    /// A StatefulSet whose ordinals begin at `start`.
    pub(super) fn stateful_set(&self, cluster: &mut Cluster, start: u32) {
        let mut body = self.body();
        let spec = &mut body["spec"];
        if start > 0 {
            spec["ordinals"] = json!({ "start": start });
        }
        spec["podManagementPolicy"] = "OrderedReady".into();
        spec["serviceName"] = self.name.into();
        spec["updateStrategy"] = json!({ "type": "RollingUpdate" });
        body["status"]["currentReplicas"] = self.replicas.into();
        let id = Id { resource: "statefulsets", api: "apps/v1", kind: "StatefulSet", ..self.id(self.name) };
        cluster.add(&id, body);
    }

    /// A Deployment and its ReplicaSet; gives the ReplicaSet's name.
    pub(super) fn deployment(&self, cluster: &mut Cluster) -> String {
        let id = Id { resource: "deployments", api: "apps/v1", kind: "Deployment", ..self.id(self.name) };
        cluster.add(&id, self.body());
        let uid = cluster.get("deployments", self.namespace, self.name)["metadata"]["uid"].clone();
        let name = format!("{}-6f5d9c7b4", self.name);
        let mut body = self.body();
        let owner = json!({ "apiVersion": "apps/v1", "blockOwnerDeletion": true, "controller": true, "kind": "Deployment", "name": self.name, "uid": uid });
        body["metadata"]["ownerReferences"] = json!([owner]);
        let id = Id { resource: "replicasets", api: "apps/v1", kind: "ReplicaSet", ..self.id(&name) };
        cluster.add(&id, body);
        name
    }

    /// A Job.
    pub(super) fn job(&self, cluster: &mut Cluster) {
        let mut body = self.body();
        body["spec"] =
            json!({ "backoffLimit": 6, "completions": 1, "parallelism": 1, "template": body["spec"]["template"] });
        body["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure".into();
        body["status"] = json!({ "failed": 1 });
        let id = Id { resource: "jobs", api: "batch/v1", kind: "Job", ..self.id(self.name) };
        cluster.add(&id, body);
    }

    fn id<'a>(&'a self, name: &'a str) -> Id<'a> {
        Id { resource: "", api: "", kind: "", namespace: self.namespace, name }
    }

    fn body(&self) -> Value {
        let mut template = json!({
            "metadata": { "labels": { "app": self.name } },
            "spec": { "containers": [{ "image": format!("registry.example/{}:1.4", self.name), "name": "main", "resources": {} }], "restartPolicy": "Always" }
        });
        if !self.networks.is_empty() {
            template["metadata"]["annotations"] = json!({ "k8s.v1.cni.cncf.io/networks": self.networks });
        }
        json!({
            "metadata": { "labels": { "app": self.name } },
            "spec": { "replicas": self.replicas, "selector": { "matchLabels": { "app": self.name } }, "template": template },
            "status": { "availableReplicas": self.replicas, "observedGeneration": 1, "readyReplicas": self.replicas, "replicas": self.replicas }
        })
    }
}

/// A namespace bound to a Subnet.
pub(super) fn namespace(cluster: &mut Cluster, name: &str, subnet: &str) {
    let spec = &cluster.get("subnets", "", subnet)["spec"];
    let excluded: Vec<_> = spec["excludeIps"].as_array().into_iter().flatten().map(text).collect();
    let annotations = json!({
        "ovn.kubernetes.io/cidr": spec["cidrBlock"],
        "ovn.kubernetes.io/exclude_ips": excluded.join(","),
        "ovn.kubernetes.io/logical_switch": subnet
    });
    let body = json!({
        "metadata": { "annotations": annotations, "labels": { "kubernetes.io/metadata.name": name } },
        "spec": { "finalizers": ["kubernetes"] },
        "status": { "phase": "Active" }
    });
    cluster.add(&Id { resource: "namespaces", api: "v1", kind: "Namespace", namespace: "", name }, body);
}

/// A node with its address in the join Subnet, its record, and the address in memory.
pub(super) fn node(cluster: &mut Cluster, name: &str, address: &str) {
    let mac = cluster.mac(name);
    let spec = &cluster.get("subnets", "", "join")["spec"];
    let annotations = json!({
        "ovn.kubernetes.io/allocated": "true",
        "ovn.kubernetes.io/cidr": spec["cidrBlock"],
        "ovn.kubernetes.io/gateway": spec["gateway"],
        "ovn.kubernetes.io/ip_address": address,
        "ovn.kubernetes.io/logical_switch": "join",
        "ovn.kubernetes.io/mac_address": mac,
        "ovn.kubernetes.io/port_name": format!("node-{name}")
    });
    let time = cluster.time();
    let host = format!("10.0.0.{}", 10 + name.bytes().last().map_or(0, |digit| digit - b'0'));
    let body = json!({
        "metadata": { "annotations": annotations, "labels": { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
        "spec": {},
        "status": {
            "addresses": [{ "address": host, "type": "InternalIP" }, { "address": name, "type": "Hostname" }],
            "conditions": [{ "lastHeartbeatTime": time, "lastTransitionTime": time, "message": "kubelet is posting ready status", "reason": "KubeletReady", "status": "True", "type": "Ready" }]
        }
    });
    cluster.add(&Id { resource: "nodes", api: "v1", kind: "Node", namespace: "", name }, body);
    let record = format!("node-{name}");
    let ip = Ip {
        name: &record,
        pod: name,
        namespace: "",
        subnet: "join",
        node: name,
        address,
        mac: &mac,
        pod_type: "",
        reserved: false,
    };
    ip.make(cluster);
    let uid = cluster.get("nodes", "", name)["metadata"]["uid"].clone();
    cluster.edit("ips", "", &record, |ip| {
        ip["metadata"]["ownerReferences"] = json!([{ "apiVersion": "v1", "kind": "Node", "name": name, "uid": uid }]);
    });
    cluster.remember("join", address);
}

/// A macvlan attachment whose addresses Kube-OVN manages.
pub(super) fn macvlan(cluster: &mut Cluster, namespace: &str, name: &str, master: &str) {
    let config = json!({
        "cniVersion": "0.3.1",
        "ipam": { "provider": format!("{name}.{namespace}"), "server_socket": kubeovn::SOCKET, "type": "kube-ovn" },
        "master": master,
        "mode": "bridge",
        "type": "macvlan"
    });
    let id = Id {
        resource: "network-attachment-definitions",
        api: "k8s.cni.cncf.io/v1",
        kind: "NetworkAttachmentDefinition",
        namespace,
        name,
    };
    cluster.add(&id, json!({ "spec": { "config": config.to_string() } }));
}
