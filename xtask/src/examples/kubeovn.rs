//! Objects of `kubeovn.io/v1` as Kube-OVN's controller leaves them.
//!
//! In: what a story says about a Subnet, a gateway, an EIP and the like. Out: the object in the cluster, with the labels,
//! finalizer, back-filled spec and status that the controller writes.

use super::cluster::{Cluster, Id};
use super::counts::text;
use super::kubernetes::{self, Nic, Owner, Pod, Workload};
use serde_json::{Value, json};

/// Where the CNI binary finds the daemon.
pub(super) const SOCKET: &str = "/run/openvswitch/kube-ovn-daemon.sock";
const FINALIZER: &str = "kubeovn.io/kube-ovn-controller";

const fn id<'a>(resource: &'static str, kind: &'static str, name: &'a str) -> Id<'a> {
    Id { resource, api: "kubeovn.io/v1", kind, namespace: "", name }
}

/// A Subnet of a story. `exclude` is as it stands in the spec, the gateway with it.
pub(super) struct Subnet<'a> {
    pub(super) name: &'a str,
    pub(super) cidr: &'a str,
    pub(super) gateway: &'a str,
    pub(super) exclude: &'a [&'a str],
    pub(super) provider: &'a str,
    /// Empty where the provider is not OVN.
    pub(super) vpc: &'a str,
}

impl Subnet<'_> {
    /// The Subnet, ready; its counters are written at the story's end.
    pub(super) fn make(&self, cluster: &mut Cluster) {
        let protocol = match (self.cidr.contains(','), self.cidr.contains(':')) {
            (true, _) => "Dual",
            (false, true) => "IPv6",
            (false, false) => "IPv4",
        };
        let mut spec = json!({
            "cidrBlock": self.cidr, "default": self.name == "ovn-default", "enableLb": true, "excludeIps": self.exclude,
            "gateway": self.gateway, "gatewayNode": "", "natOutgoing": self.name == "ovn-default", "private": false,
            "protocol": protocol, "provider": self.provider, "u2oFeatures": {}
        });
        let ovn = self.provider == "ovn";
        if ovn {
            spec["vpc"] = self.vpc.into();
        }
        let reason = if ovn { "ResetLogicalSwitchAclSuccess" } else { "SetNonOvnSubnetSuccess" };
        let time = cluster.time();
        let condition = |kind: &str| json!({ "lastTransitionTime": time, "lastUpdateTime": time, "reason": reason, "status": "True", "type": kind });
        let body = json!({
            "metadata": { "finalizers": [FINALIZER], "generation": 2 },
            "spec": spec,
            "status": {
                "activateGateway": "", "conditions": [condition("Validated"), condition("Ready")], "dhcpV4OptionsUUID": "",
                "dhcpV6OptionsUUID": "", "mcastQuerierIP": "", "mcastQuerierMAC": "", "u2oInterconnectionIP": "",
                "u2oInterconnectionMAC": "", "u2oInterconnectionVPC": ""
            }
        });
        cluster.add(&id("subnets", "Subnet", self.name), body);
    }
}

/// A VPC with its Subnets.
pub(super) fn vpc(cluster: &mut Cluster, name: &str, subnets: &[&str]) {
    let default = name == "ovn-cluster";
    let body = json!({
        "metadata": { "finalizers": [FINALIZER] },
        "spec": {},
        "status": {
            "bfdPort": {}, "default": default, "defaultLogicalSwitch": if default { "ovn-default" } else { "" },
            "enableBfd": false, "enableExternal": false, "router": name, "standby": true, "subnets": subnets
        }
    });
    cluster.add(&id("vpcs", "Vpc", name), body);
}

/// What every cluster has: the default VPC with its two Subnets, three nodes, the usual namespaces and a DNS server.
pub(super) fn base(cluster: &mut Cluster) {
    vpc(cluster, "ovn-cluster", &["join", "ovn-default"]);
    let subnet =
        |name, cidr, gateway, exclude| Subnet { name, cidr, gateway, exclude, provider: "ovn", vpc: "ovn-cluster" };
    subnet("ovn-default", "10.16.0.0/16", "10.16.0.1", &["10.16.0.1"]).make(cluster);
    subnet("join", "100.64.0.0/16", "100.64.0.1", &["100.64.0.1"]).make(cluster);
    for (name, address) in [("node1", "100.64.0.2"), ("node2", "100.64.0.3"), ("node3", "100.64.0.4")] {
        kubernetes::node(cluster, name, address);
    }
    for name in ["default", "kube-system"] {
        kubernetes::namespace(cluster, name, "ovn-default");
    }
    cluster.wait(600);
    let replicas =
        Workload { namespace: "kube-system", name: "coredns", replicas: 1, networks: "" }.deployment(cluster);
    let nics = [Nic { provider: "ovn", subnet: "ovn-default", address: "10.16.0.2" }];
    let name = format!("{replicas}-x7k2p");
    Pod { namespace: "kube-system", name: &name, node: "node1", owner: Owner::ReplicaSet(&replicas), nics: &nics }
        .run(cluster);
    cluster.wait(3600);
}

/// The last step before counting: a pod that starts now sets the dump's time, so that what is older is settled.
pub(super) fn present(cluster: &mut Cluster) {
    cluster.wait(86_400);
    Workload { namespace: "default", name: "heartbeat", replicas: 1, networks: "" }.job(cluster);
    cluster.edit("jobs", "default", "heartbeat", |job| job["status"] = json!({ "active": 1 }));
    let nics = [Nic { provider: "ovn", subnet: "ovn-default", address: "10.16.1.7" }];
    Pod { namespace: "default", name: "heartbeat-q4zzw", node: "node2", owner: Owner::Job("heartbeat"), nics: &nics }
        .run(cluster);
    cluster.count();
}

/// An IP object.
pub(super) struct Ip<'a> {
    pub(super) name: &'a str,
    pub(super) pod: &'a str,
    pub(super) namespace: &'a str,
    pub(super) subnet: &'a str,
    pub(super) node: &'a str,
    /// `v4`, `v6` or `v4,v6`.
    pub(super) address: &'a str,
    pub(super) mac: &'a str,
    pub(super) pod_type: &'a str,
    /// Made by a user, to keep the address.
    pub(super) reserved: bool,
}

impl Ip<'_> {
    /// The object alone: the allocator's memory is the story's business.
    pub(super) fn make(&self, cluster: &mut Cluster) {
        let part = |v6: bool| {
            self.address.split(',').find(|part| part.contains(':') == v6 && !part.is_empty()).unwrap_or_default()
        };
        let mut labels = json!({
            "ovn.kubernetes.io/ip_reserved": self.reserved.to_string(),
            "ovn.kubernetes.io/node-name": self.node,
            "ovn.kubernetes.io/subnet": self.subnet
        });
        labels[self.subnet] = "".into();
        let body = json!({
            "metadata": { "finalizers": [FINALIZER], "labels": labels },
            "spec": {
                "attachIps": [], "attachMacs": [], "attachSubnets": [], "containerID": "", "ipAddress": self.address,
                "macAddress": self.mac, "namespace": self.namespace, "nodeName": self.node, "podName": self.pod,
                "podType": self.pod_type, "subnet": self.subnet, "v4IpAddress": part(false), "v6IpAddress": part(true)
            }
        });
        cluster.add(&id("ips", "IP", self.name), body);
    }
}

/// A NAT gateway with one replica: its object, its StatefulSet, its pod with a LAN and an external NIC, and their records.
pub(super) struct Gateway<'a> {
    pub(super) name: &'a str,
    pub(super) vpc: &'a str,
    pub(super) lan: &'a str,
    /// `v4` or `v4,v6`; the spec holds the first.
    pub(super) lan_ip: &'a str,
    pub(super) external: &'a str,
    pub(super) external_ip: &'a str,
    pub(super) node: &'a str,
}

impl Gateway<'_> {
    /// Makes all of it.
    pub(super) fn make(&self, cluster: &mut Cluster) {
        self.make_object(cluster);
        let provider = text(&cluster.get("subnets", "", self.external)["spec"]["provider"]);
        let workload = format!("vpc-nat-gw-{}", self.name);
        self.make_workload(cluster, &workload, &provider);
        let nics = self.nics(&provider);
        let name = format!("{workload}-0");
        let pod = Pod {
            namespace: "kube-system",
            name: &name,
            node: self.node,
            owner: Owner::StatefulSet(&workload),
            nics: &nics,
        };
        pod.run(cluster);
        cluster.edit("pods", "kube-system", &name, |pod| {
            pod["metadata"]["annotations"]["ovn.kubernetes.io/vpc_nat_gw"] = self.name.into();
            pod["metadata"]["annotations"]["ovn.kubernetes.io/vpc_nat_gw_init"] = "true".into();
            pod["metadata"]["labels"]["ovn.kubernetes.io/vpc-nat-gw"] = "true".into();
            pod["spec"]["terminationGracePeriodSeconds"] = 0.into();
        });
    }

    /// Deletes it as the failure does that this is about: the object, the workload and the pod go, and the periodic sweep
    /// finds what has a switch port; the record of the external NIC stays, and so does its address in memory.
    pub(super) fn delete_leaving_external_record(&self, cluster: &mut Cluster) {
        let workload = format!("vpc-nat-gw-{}", self.name);
        cluster.remove("ips", "", &format!("{workload}-0.kube-system"));
        for address in self.lan_ip.split(',') {
            cluster.forget(self.lan, address);
        }
        cluster.remove("vpc-nat-gateways", "", self.name);
        cluster.remove("statefulsets", "kube-system", &workload);
        cluster.remove("pods", "kube-system", &format!("{workload}-0"));
    }

    fn lan_v4(&self) -> &str {
        self.lan_ip.split(',').next().unwrap_or_default()
    }

    fn nics<'a>(&'a self, provider: &'a str) -> [Nic<'a>; 2] {
        [
            Nic { provider, subnet: self.external, address: self.external_ip },
            Nic { provider: "ovn", subnet: self.lan, address: self.lan_ip },
        ]
    }

    fn make_object(&self, cluster: &mut Cluster) {
        let body = json!({
            "metadata": {
                "finalizers": [FINALIZER], "generation": 2,
                "labels": { "ovn.kubernetes.io/qos": "", "ovn.kubernetes.io/subnet": self.lan, "ovn.kubernetes.io/vpc": self.vpc }
            },
            "spec": {
                "externalSubnets": [self.external], "lanIp": self.lan_v4(), "replicas": 1,
                "selector": ["kubernetes.io/os: linux"], "subnet": self.lan, "vpc": self.vpc
            },
            "status": {
                "affinity": {}, "externalSubnets": [self.external], "lanIp": self.lan_v4(), "qosPolicy": "", "ready": true,
                "replicas": 1, "selector": ["kubernetes.io/os: linux"],
                "workload": { "apiVersion": "apps/v1", "kind": "StatefulSet", "name": format!("vpc-nat-gw-{}", self.name), "nodes": [self.node] }
            }
        });
        cluster.add(&id("vpc-nat-gateways", "VpcNatGateway", self.name), body);
    }

    fn make_workload(&self, cluster: &mut Cluster, workload: &str, provider: &str) {
        let (attachment, namespace) = provider.split_once('.').expect("an external provider has two parts");
        let networks = format!("{namespace}/{attachment}");
        Workload { namespace: "kube-system", name: workload, replicas: 1, networks: &networks }
            .stateful_set(cluster, 0);
        let owner = cluster.get("vpc-nat-gateways", "", self.name)["metadata"]["uid"].clone();
        cluster.edit("statefulsets", "kube-system", workload, |set| {
            set["metadata"]["ownerReferences"] =
                json!([{ "apiVersion": "kubeovn.io/v1", "kind": "VpcNatGateway", "name": self.name, "uid": owner }]);
            set["metadata"]["labels"]["ovn.kubernetes.io/vpc-nat-gw"] = "true".into();
            let template = &mut set["spec"]["template"]["metadata"];
            template["labels"]["ovn.kubernetes.io/vpc-nat-gw"] = "true".into();
            template["annotations"]["ovn.kubernetes.io/vpc_nat_gw"] = self.name.into();
            template["annotations"]["ovn.kubernetes.io/logical_switch"] = self.lan.into();
            template["annotations"]["ovn.kubernetes.io/ip_address"] = self.lan_v4().into();
        });
    }
}

/// An EIP of a NAT gateway, ready.
pub(super) struct Eip<'a> {
    pub(super) name: &'a str,
    pub(super) gateway: &'a str,
    pub(super) subnet: &'a str,
    pub(super) v4: &'a str,
    /// Empty where the Subnet has no IPv6.
    pub(super) v6: &'a str,
    /// Kinds of rules that use it.
    pub(super) nat: &'a str,
}

impl Eip<'_> {
    /// The object, and its addresses in the allocator's memory.
    pub(super) fn make(&self, cluster: &mut Cluster) {
        let body = json!({
            "metadata": { "finalizers": [FINALIZER], "generation": 2, "labels": {
                "ovn.kubernetes.io/eip_v4_ip": self.v4,
                "ovn.kubernetes.io/subnet": self.subnet,
                "ovn.kubernetes.io/vpc-nat-gw-name": self.gateway
            } },
            "spec": {
                "externalSubnet": self.subnet, "macAddress": cluster.mac(self.name), "namespace": "kube-system",
                "natGwDp": self.gateway, "qosPolicy": "", "v4ip": self.v4, "v6ip": self.v6
            },
            "status": { "ip": self.v4, "nat": self.nat, "qosPolicy": "", "ready": true, "redo": "" }
        });
        cluster.add(&id("iptables-eips", "IptablesEIP", self.name), body);
        cluster.remember(self.subnet, self.v4);
        cluster.remember(self.subnet, self.v6);
    }
}

/// What a NAT rule does, apart from its EIP.
pub(super) enum Nat<'a> {
    /// Source NAT for a CIDR.
    Snat(&'a str),
    /// All traffic of the EIP to one address.
    Fip(&'a str),
    /// One port: external port, protocol, internal address and port, type.
    Dnat(&'a str, &'a str, &'a str, &'a str, &'a str),
}

/// A NAT rule on an EIP that exists, ready.
pub(super) fn rule(cluster: &mut Cluster, name: &str, eip: &str, nat: &Nat<'_>) {
    let (v4, gateway) = {
        let spec = &cluster.get("iptables-eips", "", eip)["spec"];
        (spec["v4ip"].clone(), spec["natGwDp"].clone())
    };
    let mut labels = json!({ "ovn.kubernetes.io/eip_v4_ip": v4, "ovn.kubernetes.io/vpc-nat-gw-name": gateway });
    let mut status = json!({ "natGwDp": gateway, "ready": true, "redo": "", "v4ip": v4, "v6ip": "" });
    let mut put = |fields: Value| {
        for (field, value) in fields.as_object().into_iter().flatten() {
            status[field] = value.clone();
        }
        fields
    };
    let (resource, kind, mut spec) = match *nat {
        Nat::Snat(cidr) => ("iptables-snat-rules", "IptablesSnatRule", put(json!({ "internalCIDR": cidr }))),
        Nat::Fip(inner) => ("iptables-fip-rules", "IptablesFIPRule", put(json!({ "internalIp": inner }))),
        Nat::Dnat(port, protocol, inner, inner_port, share) => {
            labels["ovn.kubernetes.io/vpc_dnat_eport"] = port.into();
            let mut spec = put(
                json!({ "externalPort": port, "internalIp": inner, "internalPort": inner_port, "protocol": protocol }),
            );
            spec["type"] = share.into();
            ("iptables-dnat-rules", "IptablesDnatRule", spec)
        }
    };
    spec["eip"] = eip.into();
    let annotations = json!({ "ovn.kubernetes.io/vpc_eip": eip });
    let metadata = json!({ "annotations": annotations, "finalizers": [FINALIZER], "labels": labels });
    cluster.add(&id(resource, kind, name), json!({ "metadata": metadata, "spec": spec, "status": status }));
}

/// A Vip of a Subnet, and its addresses in memory.
pub(super) fn vip(cluster: &mut Cluster, name: &str, subnet: &str, address: &str, kind: &str) {
    let part =
        |v6: bool| address.split(',').find(|part| part.contains(':') == v6 && !part.is_empty()).unwrap_or_default();
    let mac = cluster.mac(name);
    let body = json!({
        "metadata": { "finalizers": [FINALIZER], "generation": 2, "labels": { "ovn.kubernetes.io/ip_reserved": "", "ovn.kubernetes.io/subnet": subnet } },
        "spec": { "macAddress": mac, "namespace": "default", "selector": null, "subnet": subnet, "type": kind, "v4ip": part(false), "v6ip": part(true) },
        "status": { "mac": mac, "type": kind, "v4ip": part(false), "v6ip": part(true) }
    });
    cluster.add(&id("vips", "Vip", name), body);
    cluster.remember(subnet, address);
}

/// An IPPool; `accepted` is whether the allocator took it.
pub(super) fn pool(cluster: &mut Cluster, name: &str, subnet: &str, ips: &[&str], accepted: bool) {
    let time = cluster.time();
    let (ready, error, reason) =
        if accepted { ("True", "False", "UpdateIPAMSucceeded") } else { ("False", "True", "UpdateIPAMFailed") };
    let condition = |kind: &str, status: &str| json!({ "lastTransitionTime": time, "lastUpdateTime": time, "reason": reason, "status": status, "type": kind });
    let body = json!({
        "metadata": { "finalizers": [FINALIZER] },
        "spec": { "enableAddressSet": false, "ips": ips, "namespaces": [], "subnet": subnet },
        "status": { "conditions": [condition("Ready", ready), condition("Error", error)] }
    });
    cluster.add(&id("ippools", "IPPool", name), body);
}
