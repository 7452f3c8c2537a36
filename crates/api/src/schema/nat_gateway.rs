//! VpcNatGateway: pods between a VPC's Subnet and an external one that translate addresses.
//!
//! In: nothing. Out: [`VpcNatGateway`]. Guarantees: fields of Kube-OVN v1.17
//! (`pkg/apis/kubeovn/v1/vpc-nat-gateway.go`). Users write the spec, Kube-OVN's controller fills in `lanIp` and writes
//! the status.

use super::record;
use k8s_openapi::api::core::v1::{Affinity, Toleration};
use kube::CustomResource;
use std::collections::BTreeMap;

record! {
    /// What the gateway should be.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "VpcNatGateway", plural = "vpc-nat-gateways",
        singular = "vpc-nat-gateway", shortname = "vpc-nat-gw", status = "VpcNatGatewayStatus",
        derive = "PartialEq", derive = "Default",
        doc = "Pods between a VPC's Subnet and an external one that translate addresses.",
        printcolumn(name = "Namespace", type_ = "string", json_path = ".spec.namespace"),
        printcolumn(name = "Vpc", type_ = "string", json_path = ".spec.vpc"),
        printcolumn(name = "Subnet", type_ = "string", json_path = ".spec.subnet"),
        printcolumn(name = "IPs", type_ = "string", json_path = ".status.lanIp"),
        printcolumn(name = "Replicas", type_ = "integer", json_path = ".spec.replicas"),
        printcolumn(name = "Ready", type_ = "boolean", json_path = ".status.ready"),
        printcolumn(name = "BFD", type_ = "boolean", json_path = ".spec.bfd.enabled"),
        printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
    )]
    pub struct VpcNatGatewaySpec {
        /// Namespace of its pods; the controller's own if empty.
        namespace: String = "namespace",
        /// The VPC.
        vpc: String = "vpc",
        /// The Subnet of the LAN side.
        subnet: String = "subnet",
        /// External Subnets; only the first is used, ovn-vpc-external-network if empty.
        external_subnets: Vec<String> = "externalSubnets",
        /// Address on the LAN side of a gateway with one replica; any free one if empty.
        lan_ip: String = "lanIp",
        /// One is a StatefulSet, more are a Deployment.
        #[schemars(range(min = 1), extend("default" = 1))]
        replicas: i32 = "replicas",
        /// Labels of its nodes, each `key: value`.
        selector: Vec<String> = "selector",
        /// Tolerations of its pods.
        #[schemars(schema_with = "super::kubernetes::tolerations")]
        tolerations: Vec<Toleration> = "tolerations",
        /// Affinity of its pods.
        #[schemars(schema_with = "super::kubernetes::affinity")]
        affinity: Affinity = "affinity",
        /// A shared QoSPolicy with bindingType NATGW.
        qos_policy: String = "qosPolicy",
        /// BGP speaker beside the gateway.
        bgp_speaker: BgpSpeaker = "bgpSpeaker",
        /// How failures of one of several replicas are found.
        bfd: Bfd = "bfd",
        /// Subnets whose traffic is steered to a gateway with several replicas.
        internal_subnets: Vec<String> = "internalSubnets",
        /// CIDRs whose traffic is steered to a gateway with several replicas.
        internal_cidrs: Vec<String> = "internalCIDRs",
        /// Static routes of its pods.
        routes: Vec<GatewayRoute> = "routes",
        /// Whether its external NIC has no address of its own.
        no_default_eip: bool = "noDefaultEIP",
        /// Annotations of its pods; read when the workload is made.
        annotations: BTreeMap<String, String> = "annotations",
    }
}

record! {
    /// BGP speaker beside a gateway.
    pub struct BgpSpeaker {
        /// Whether there is one.
        enabled: bool = "enabled",
        /// Its autonomous system.
        asn: u32 = "asn",
        /// The neighbours' autonomous system.
        remote_asn: u32 = "remoteAsn",
        /// Addresses of the neighbours.
        neighbors: Vec<String> = "neighbors",
        /// Hold time, as 90s.
        hold_time: String = "holdTime",
        /// Router ID.
        router_id: String = "routerId",
        /// Password.
        password: String = "password",
        /// Whether routes outlive a restart.
        enable_graceful_restart: bool = "enableGracefulRestart",
        /// Further arguments.
        extra_args: Vec<String> = "extraArgs",
    }
}

record! {
    /// How failures of one of several replicas are found.
    pub struct Bfd {
        /// Whether they are.
        #[schemars(extend("default" = false))]
        enabled: bool = "enabled",
        /// Shortest time between packets received, in milliseconds.
        #[schemars(range(min = 1, max = 3_600_000), extend("default" = 1000))]
        min_rx: i32 = "minRX",
        /// Shortest time between packets sent, in milliseconds.
        #[schemars(range(min = 1, max = 3_600_000), extend("default" = 1000))]
        min_tx: i32 = "minTX",
        /// Packets missed until the session is down.
        #[schemars(range(min = 1, max = 255), extend("default" = 3))]
        multiplier: i32 = "multiplier",
    }
}

record! {
    /// A static route of a gateway's pods.
    pub struct GatewayRoute {
        /// What it matches.
        cidr: String = "cidr",
        /// Where it leads; `gateway` is that of the LAN Subnet.
        next_hop_ip: String = "nextHopIP",
    }
}

record! {
    /// What the gateway is.
    pub struct VpcNatGatewayStatus {
        /// QoSPolicy that is applied.
        qos_policy: String = "qosPolicy",
        /// External Subnets that it was made with.
        external_subnets: Vec<String> = "externalSubnets",
        /// As in the spec.
        selector: Vec<String> = "selector",
        /// Replicas that it was made with.
        replicas: i32 = "replicas",
        /// Whether its pods are set up.
        ready: bool = "ready",
        /// Addresses on the LAN side, separated by commas.
        lan_ip: String = "lanIp",
        /// As in the spec.
        #[schemars(schema_with = "super::kubernetes::tolerations")]
        tolerations: Vec<Toleration> = "tolerations",
        /// As in the spec.
        #[schemars(schema_with = "super::kubernetes::affinity")]
        affinity: Affinity = "affinity",
        /// The workload that it runs as.
        workload: Workload = "workload",
        /// As in the spec.
        internal_subnets: Vec<String> = "internalSubnets",
        /// As in the spec.
        internal_cidrs: Vec<String> = "internalCIDRs",
    }
}

record! {
    /// The workload that a gateway runs as.
    pub struct Workload {
        /// apps/v1.
        api_version: String = "apiVersion",
        /// StatefulSet or Deployment.
        kind: String = "kind",
        /// Its name.
        name: String = "name",
        /// Nodes of its pods.
        nodes: Vec<String> = "nodes",
    }
}
