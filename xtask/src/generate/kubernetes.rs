//! Pods, workloads, nodes and namespaces, as large as they are in real clusters.
//!
//! In: names, owners and addresses. Out: objects as an API server and a kubelet leave them, with the environment,
//! probes, volumes and statuses that make up most of a dump and that an audit has to get past.

use super::book::{Book, Given};
use super::cluster::{Cluster, DUMPED, FINALIZER, Id, node_name, ovn, time};
use anyhow::Result;
use serde_json::{Map, Value, json};

/// One interface: its Subnet's books, its addresses, and the MAC where OVN gives one.
pub(super) struct Nic<'a> {
    pub(super) book: &'a Book,
    pub(super) given: Given,
    pub(super) mac: String,
}

/// Who makes a pod: kind, apiVersion, name, UID.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) kind: &'a str,
    pub(super) api: &'a str,
    pub(super) name: &'a str,
    pub(super) uid: &'a str,
}

impl Owner<'_> {
    pub(super) fn reference(&self) -> Value {
        json!({ "apiVersion": self.api, "blockOwnerDeletion": true, "controller": true, "kind": self.kind, "name": self.name, "uid": self.uid })
    }
}

/// A pod.
pub(super) struct Pod<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) app: &'a str,
    pub(super) node: &'a str,
    pub(super) owner: Owner<'a>,
    pub(super) nics: Vec<Nic<'a>>,
    /// `Running`, `Pending`, or how it finished.
    pub(super) phase: &'static str,
    /// Added to its annotations.
    pub(super) annotations: Map<String, Value>,
    /// Added to its labels.
    pub(super) labels: Map<String, Value>,
}

impl Pod<'_> {
    /// Adds the pod.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn put(&self, cluster: &mut Cluster) -> Result<()> {
        let created = cluster.some_time();
        let image = format!(
            "harbor.example.com/{}/{}:v1.{}.{}",
            self.namespace,
            self.app,
            cluster.random.below(30),
            cluster.random.below(9)
        );
        let body = json!({
            "metadata": self.metadata(&created),
            "spec": self.spec(cluster, &image),
            "status": self.status(cluster, &image, &created)
        });
        let id = Id { resource: "pods", api: "v1", kind: "Pod", namespace: self.namespace, name: self.name };
        cluster.put(&id, body)?;
        Ok(())
    }

    fn metadata(&self, created: &str) -> Value {
        let mut annotations = self.annotations.clone();
        let mut networks = Vec::new();
        for nic in &self.nics {
            let Nic { book, given, mac } = nic;
            let mut put = |suffix: &str, value: String| {
                annotations.insert(format!("{}.kubernetes.io/{suffix}", book.provider), value.into());
            };
            put("allocated", "true".to_owned());
            put("cidr", book.cidr_text());
            put("gateway", book.gateway_text());
            put("ip_address", given.both());
            if book.provider == "ovn" {
                put("logical_router", book.vpc.clone());
                put("logical_switch", book.name.clone());
                put("mac_address", mac.clone());
                put("pod_nic_type", "veth-pair".to_owned());
                put("routed", "true".to_owned());
            } else if let Some((attachment, namespace)) = book.provider.split_once('.') {
                networks.push(format!("{namespace}/{attachment}"));
            }
        }
        if !networks.is_empty() {
            annotations.insert("k8s.v1.cni.cncf.io/networks".to_owned(), networks.join(",").into());
        }
        annotations.insert("prometheus.io/scrape".to_owned(), "true".into());
        let mut labels = self.labels.clone();
        labels.insert("app".to_owned(), self.app.into());
        labels.insert("app.kubernetes.io/managed-by".to_owned(), "helm".into());
        labels.insert("pod-template-hash".to_owned(), "6f5d9c7b4".into());
        json!({
            "annotations": annotations, "creationTimestamp": created, "generateName": format!("{}-", self.owner.name),
            "generation": 1, "labels": labels, "ownerReferences": [self.owner.reference()]
        })
    }

    fn spec(&self, cluster: &mut Cluster, image: &str) -> Value {
        // A pod that waits has no NIC yet; of the others, those without one are on their node's network, or done.
        let host = self.nics.is_empty() && self.phase != "Pending";
        let volume = format!("kube-api-access-{}", cluster.random.suffix(5));
        let mut spec = pod_spec(self.app, image, Some(&volume));
        spec["nodeName"] = self.node.into();
        spec["preemptionPolicy"] = "PreemptLowerPriority".into();
        spec["priority"] = 0.into();
        spec["tolerations"] = ["not-ready", "unreachable"]
            .iter()
            .map(|key| json!({ "effect": "NoExecute", "key": format!("node.kubernetes.io/{key}"), "operator": "Exists", "tolerationSeconds": 300 }))
            .collect();
        spec["restartPolicy"] = if matches!(self.phase, "Running" | "Pending") { "Always" } else { "Never" }.into();
        if host {
            spec["hostNetwork"] = true.into();
        }
        spec
    }

    fn status(&self, cluster: &mut Cluster, image: &str, created: &str) -> Value {
        let running = self.phase == "Running";
        let condition = |kind: &str, holds: bool| json!({ "lastProbeTime": null, "lastTransitionTime": created, "observedGeneration": 1, "status": if holds { "True" } else { "False" }, "type": kind });
        let state = match self.phase {
            "Running" => json!({ "running": { "startedAt": created } }),
            "Pending" => json!({ "waiting": { "reason": "ContainerCreating" } }),
            _ => {
                json!({ "terminated": { "containerID": format!("containerd://{}", cluster.random.hex(64)), "exitCode": 0, "finishedAt": created, "reason": "Completed", "startedAt": created } })
            }
        };
        let container = json!({
            "containerID": format!("containerd://{}", cluster.random.hex(64)), "image": image,
            "imageID": format!("harbor.example.com/{}@sha256:{}", self.app, cluster.random.hex(64)), "lastState": {}, "name": self.app,
            "ready": running, "resources": { "limits": { "memory": "512Mi" }, "requests": { "cpu": "100m", "memory": "256Mi" } },
            "restartCount": 0, "started": running, "state": state,
            "volumeMounts": [{ "mountPath": "/etc/config", "name": "config", "readOnly": true, "recursiveReadOnly": "Disabled" }]
        });
        let host = host_address(self.node);
        let mut status = json!({
            "conditions": [condition("PodReadyToStartContainers", running), condition("Initialized", true),
                condition("Ready", running), condition("ContainersReady", running), condition("PodScheduled", true)],
            "containerStatuses": [container], "hostIP": host, "hostIPs": [{ "ip": host }], "phase": self.phase,
            "qosClass": "Burstable", "startTime": created
        });
        let primary = self.nics.iter().find(|nic| nic.book.provider == "ovn");
        let addresses = primary.map_or_else(|| host.clone(), |nic| nic.given.both());
        status["podIP"] = addresses.split(',').next().unwrap_or_default().into();
        status["podIPs"] = addresses.split(',').map(|address| json!({ "ip": address })).collect();
        status
    }
}

/// Containers, volumes and the rest: most of a pod's text.
fn pod_spec(app: &str, image: &str, token: Option<&str>) -> Value {
    let probe = |path: &str| json!({ "failureThreshold": 3, "httpGet": { "path": path, "port": "http", "scheme": "HTTP" }, "initialDelaySeconds": 5, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1 });
    let mut mounts = vec![json!({ "mountPath": "/etc/config", "name": "config", "readOnly": true })];
    let mut volumes =
        vec![json!({ "configMap": { "defaultMode": 420, "name": format!("{app}-config") }, "name": "config" })];
    if let Some(token) = token {
        mounts.push(
            json!({ "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": token, "readOnly": true }),
        );
        volumes.push(json!({ "name": token, "projected": { "defaultMode": 420, "sources": [
            { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
            { "configMap": { "items": [{ "key": "ca.crt", "path": "ca.crt" }], "name": "kube-root-ca.crt" } },
            { "downwardAPI": { "items": [{ "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" }, "path": "namespace" }] } }
        ] } }));
    }
    json!({
        "containers": [{
            "args": ["--config=/etc/config/app.yaml", "--log-format={\"level\":\"info\",\"json\":true}"],
            "env": [
                { "name": "POD_NAME", "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.name" } } },
                { "name": "POD_IP", "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "status.podIP" } } },
                { "name": "DB_HOST", "value": format!("{app}-db.example.svc.cluster.local") },
                { "name": "DB_PASSWORD", "valueFrom": { "secretKeyRef": { "key": "password", "name": format!("{app}-db") } } },
                { "name": "JAVA_OPTS", "value": "-Xms256m -Xmx256m -XX:+UseG1GC -Dfile.encoding=UTF-8" }
            ],
            "image": image, "imagePullPolicy": "IfNotPresent", "livenessProbe": probe("/healthz"), "name": app,
            "ports": [{ "containerPort": 8080, "name": "http", "protocol": "TCP" }], "readinessProbe": probe("/ready"),
            "resources": { "limits": { "memory": "512Mi" }, "requests": { "cpu": "100m", "memory": "256Mi" } },
            "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] }, "runAsNonRoot": true },
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "volumeMounts": mounts
        }],
        "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "restartPolicy": "Always", "schedulerName": "default-scheduler",
        "securityContext": { "fsGroup": 1000, "runAsUser": 1000 }, "serviceAccount": app, "serviceAccountName": app,
        "terminationGracePeriodSeconds": 30, "volumes": volumes
    })
}

/// The body of a Deployment, ReplicaSet, StatefulSet, DaemonSet or Job.
pub(super) fn workload(app: &str, replicas: u32, networks: &str) -> Value {
    let mut template = json!({
        "metadata": { "labels": { "app": app } },
        "spec": pod_spec(app, &format!("harbor.example.com/{app}:v1"), None)
    });
    if !networks.is_empty() {
        template["metadata"]["annotations"] = json!({ "k8s.v1.cni.cncf.io/networks": networks });
    }
    json!({
        "metadata": { "labels": { "app": app } },
        "spec": { "replicas": replicas, "revisionHistoryLimit": 10, "selector": { "matchLabels": { "app": app } }, "template": template },
        "status": { "availableReplicas": replicas, "observedGeneration": 1, "readyReplicas": replicas, "replicas": replicas }
    })
}

/// A namespace bound to a Subnet.
///
/// # Errors
/// It cannot be written.
pub(super) fn namespace(cluster: &mut Cluster, name: &str, book: &Book) -> Result<()> {
    let annotations = json!({
        "ovn.kubernetes.io/cidr": book.cidr_text(), "ovn.kubernetes.io/exclude_ips": book.excludes().join(","),
        "ovn.kubernetes.io/logical_switch": book.name
    });
    let body = json!({
        "metadata": { "annotations": annotations, "labels": { "kubernetes.io/metadata.name": name } },
        "spec": { "finalizers": ["kubernetes"] },
        "status": { "phase": "Active" }
    });
    cluster.put(&Id { resource: "namespaces", api: "v1", kind: "Namespace", namespace: "", name }, body)?;
    Ok(())
}

/// A node with its address in the join Subnet, and its record.
///
/// # Errors
/// The Subnet is full, or the node cannot be written.
pub(super) fn node(cluster: &mut Cluster, number: u32, join: &mut Book) -> Result<()> {
    let name = node_name(number);
    let given = join.give(false)?;
    let mac = cluster.random.mac();
    let annotations = json!({
        "node.alpha.kubernetes.io/ttl": "0", "ovn.kubernetes.io/allocated": "true", "ovn.kubernetes.io/chassis": cluster.random.uid(),
        "ovn.kubernetes.io/cidr": join.cidr_text(), "ovn.kubernetes.io/gateway": join.gateway_text(),
        "ovn.kubernetes.io/ip_address": given.both(), "ovn.kubernetes.io/logical_switch": "join",
        "ovn.kubernetes.io/mac_address": mac, "ovn.kubernetes.io/port_name": format!("node-{name}")
    });
    let since = cluster.some_time();
    let condition = |kind: &str, holds: bool| json!({ "lastHeartbeatTime": time(DUMPED), "lastTransitionTime": since, "message": "kubelet is fine", "reason": "KubeletIsFine", "status": if holds { "True" } else { "False" }, "type": kind });
    let images: Vec<Value> = (0..20)
        .map(|_| json!({ "names": [format!("harbor.example.com/app@sha256:{}", cluster.random.hex(64))], "sizeBytes": 100_000_000 + cluster.random.below(900_000_000) }))
        .collect();
    let body = json!({
        "metadata": { "annotations": annotations, "labels": { "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
        "spec": { "podCIDR": "10.244.0.0/24" },
        "status": {
            "addresses": [{ "address": host_address(&name), "type": "InternalIP" }, { "address": name, "type": "Hostname" }],
            "capacity": { "cpu": "64", "memory": "263842752Ki", "pods": "250" },
            "conditions": [condition("MemoryPressure", false), condition("DiskPressure", false), condition("PIDPressure", false), condition("Ready", true)],
            "images": images,
            "nodeInfo": { "architecture": "amd64", "containerRuntimeVersion": "containerd://2.1.4", "kernelVersion": "6.8.0-79-generic", "kubeletVersion": "v1.33.4", "operatingSystem": "linux" }
        }
    });
    let uid = cluster.put(&Id { resource: "nodes", api: "v1", kind: "Node", namespace: "", name: &name }, body)?;
    let record = format!("node-{name}");
    let ip = Record { pod: &name, namespace: "", node: &name, mac: &mac, pod_type: "", reserved: false };
    let mut body = ip.body(join, &given);
    body["metadata"]["ownerReferences"] = json!([{ "apiVersion": "v1", "kind": "Node", "name": name, "uid": uid }]);
    cluster.put(&ovn("ips", "IP", &record), body)?;
    Ok(())
}

/// What an IP object says beside its addresses.
pub(super) struct Record<'a> {
    pub(super) pod: &'a str,
    pub(super) namespace: &'a str,
    pub(super) node: &'a str,
    pub(super) mac: &'a str,
    /// Empty, `StatefulSet` or `VirtualMachine`.
    pub(super) pod_type: &'a str,
    pub(super) reserved: bool,
}

impl Record<'_> {
    /// The IP object without its identity.
    pub(super) fn body(&self, book: &Book, given: &Given) -> Value {
        let mut labels = json!({
            "ovn.kubernetes.io/ip_reserved": self.reserved.to_string(), "ovn.kubernetes.io/node-name": self.node,
            "ovn.kubernetes.io/subnet": book.name
        });
        labels[book.name.as_str()] = "".into();
        json!({
            "metadata": { "finalizers": [FINALIZER], "labels": labels },
            "spec": {
                "attachIps": [], "attachMacs": [], "attachSubnets": [], "containerID": "", "ipAddress": given.both(),
                "macAddress": self.mac, "namespace": self.namespace, "nodeName": self.node, "podName": self.pod,
                "podType": self.pod_type, "subnet": book.name, "v4IpAddress": given.v4, "v6IpAddress": given.v6
            }
        })
    }

    /// Its name.
    pub(super) fn port(&self, book: &Book) -> String {
        match book.provider.as_str() {
            "ovn" => format!("{}.{}", self.pod, self.namespace),
            provider => format!("{}.{}.{provider}", self.pod, self.namespace),
        }
    }

    /// Adds the IP object of a NIC.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn put(&self, cluster: &mut Cluster, book: &Book, given: &Given) -> Result<()> {
        let body = self.body(book, given);
        cluster.put(&ovn("ips", "IP", &self.port(book)), body)?;
        Ok(())
    }
}

/// The node's own address: not Kube-OVN's business.
fn host_address(node: &str) -> String {
    let number: u32 = node.rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or(0);
    std::net::Ipv4Addr::from(0xc612_0000 | (number + 10)).to_string()
}
