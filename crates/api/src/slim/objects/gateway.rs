//! NAT gateways and their EIPs.
//!
//! In: JSON. Out: the structs, each with what somebody decides on. Guarantees: those of [`super`].

use super::Condition;
use crate::slim::{Field, Meta, Str, Time};
use ledger::{Addr, AddrPair, Mac};

impl IptablesEipStatus {
    /// When its conditions last changed.
    #[must_use]
    pub fn changed(&self) -> Option<Time> {
        self.conditions.iter().filter_map(|condition| condition.changed.get().copied()).max()
    }
}

slim! {
    /// A VpcNatGateway.
    VpcNatGateway {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: VpcNatGatewaySpec = "spec",
        /// What the controller says.
        status: VpcNatGatewayStatus = "status",
    }
    /// `spec` of a VpcNatGateway.
    VpcNatGatewaySpec {
        /// Namespace of the workload; empty: that of Kube-OVN's controller.
        namespace: Str = "namespace",
        /// VPC.
        vpc: Str = "vpc",
        /// Subnet of the LAN side.
        subnet: Str = "subnet",
        /// Subnets of the outer side; only the first is used.
        external_subnets: Box<[Str]> = "externalSubnets",
        /// Static LAN address.
        lan_ip: Field<AddrPair> = "lanIp",
        /// Replicas: one, or several for high availability.
        replicas: Option<i64> = "replicas",
        /// No address on the outer NIC.
        no_default_eip: bool = "noDefaultEIP",
        /// QoS policy.
        qos_policy: Str = "qosPolicy",
        /// Node selector, each entry `key: value`.
        selector: Box<[Str]> = "selector",
        /// Tolerations of its pods, as they are written.
        tolerations: serde_json::Value = "tolerations",
        /// Affinity of its pods, as it is written.
        affinity: serde_json::Value = "affinity",
        /// Static routes of its pods.
        routes: Box<[GatewayRoute]> = "routes",
        /// Further annotations of its pods, as they are written.
        annotations: serde_json::Value = "annotations",
        /// BGP speaker, which has a NIC of its own.
        bgp_speaker: BgpSpeaker = "bgpSpeaker",
    }
    /// An item of `spec.routes` of a VpcNatGateway.
    GatewayRoute {
        /// What it matches.
        cidr: Str = "cidr",
        /// Where it leads; `gateway` is that of the LAN Subnet.
        next_hop: Str = "nextHopIP",
    }
    /// `spec.bgpSpeaker` of a VpcNatGateway.
    BgpSpeaker {
        /// Whether it runs.
        enabled: bool = "enabled",
    }
    /// `status` of a VpcNatGateway.
    VpcNatGatewayStatus {
        /// Its StatefulSet or Deployment.
        workload: Workload = "workload",
        /// External Subnets that are in force.
        external_subnets: Box<[Str]> = "externalSubnets",
        /// Replicas that it was made with.
        replicas: Option<i64> = "replicas",
        /// Whether its pods run.
        ready: bool = "ready",
        /// Addresses on the LAN side.
        lan_ip: Str = "lanIp",
        /// Node selector that is in force.
        selector: Box<[Str]> = "selector",
        /// Tolerations that are in force, as they are written.
        tolerations: serde_json::Value = "tolerations",
        /// Affinity that is in force, as it is written.
        affinity: serde_json::Value = "affinity",
    }
    /// `status.workload` of a VpcNatGateway.
    Workload {
        /// `StatefulSet` or `Deployment`.
        kind: Str = "kind",
        /// Its name.
        name: Str = "name",
        /// Nodes of its pods.
        nodes: Box<[Str]> = "nodes",
    }
    /// An IptablesEIP.
    IptablesEip {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: IptablesEipSpec = "spec",
        /// What was given.
        status: IptablesEipStatus = "status",
    }
    /// `spec` of an IptablesEIP.
    IptablesEipSpec {
        /// IPv4 address.
        v4: Field<Addr> = "v4ip",
        /// IPv6 address.
        v6: Field<Addr> = "v6ip",
        /// A MAC that Kube-OVN fills in and never programs.
        mac: Field<Mac> = "macAddress",
        /// Gateway.
        nat_gw: Str = "natGwDp",
        /// External Subnet.
        external_subnet: Str = "externalSubnet",
        /// Namespace of the gateway's workload.
        namespace: Str = "namespace",
        /// QoS policy.
        qos_policy: Str = "qosPolicy",
    }
    /// `status` of an IptablesEIP.
    IptablesEipStatus {
        /// Whether the gateway has it.
        ready: bool = "ready",
        /// IPv4 address that was given.
        ip: Field<Addr> = "ip",
        /// Kinds of rules that use it.
        nat: Str = "nat",
        /// QoS policy in force.
        qos_policy: Str = "qosPolicy",
        /// What is said of it.
        conditions: Box<[Condition]> = "conditions",
    }
}
