//! Vpc: a logical router and the Subnets on it.
//!
//! In: nothing. Out: [`Vpc`]. Guarantees: fields of Kube-OVN v1.17 (`pkg/apis/kubeovn/v1/vpc.go`). Users write the spec,
//! Kube-OVN's controller the status.

use super::{Condition, record};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::CustomResource;

record! {
    /// What the VPC should be.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "Vpc", plural = "vpcs", singular = "vpc", shortname = "vpc",
        status = "VpcStatus", derive = "PartialEq", derive = "Default",
        doc = "A network of its own: a logical router and the Subnets on it. CIDRs of two VPCs may overlap.",
        printcolumn(name = "EnableExternal", type_ = "boolean", json_path = ".status.enableExternal"),
        printcolumn(name = "EnableBfd", type_ = "boolean", json_path = ".status.enableBfd"),
        printcolumn(name = "Standby", type_ = "boolean", json_path = ".status.standby"),
        printcolumn(name = "Subnets", type_ = "string", json_path = ".status.subnets"),
        printcolumn(name = "ExtraExternalSubnets", type_ = "string", json_path = ".status.extraExternalSubnets"),
        printcolumn(name = "Namespaces", type_ = "string", json_path = ".spec.namespaces"),
        printcolumn(name = "DefaultSubnet", type_ = "string", json_path = ".status.defaultLogicalSwitch"),
        printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
    )]
    pub struct VpcSpec {
        /// Subnet of the Namespaces that name none.
        default_subnet: String = "defaultSubnet",
        /// Namespaces that it is for.
        namespaces: Vec<String> = "namespaces",
        /// Static routes.
        static_routes: Vec<StaticRoute> = "staticRoutes",
        /// Policy routes.
        policy_routes: Vec<PolicyRoute> = "policyRoutes",
        /// VPCs that it is joined to.
        vpc_peerings: Vec<VpcPeering> = "vpcPeerings",
        /// Whether it is connected to the default external Subnet.
        enable_external: bool = "enableExternal",
        /// Further external Subnets.
        extra_external_subnets: Vec<String> = "extraExternalSubnets",
        /// Whether its routes are watched by BFD.
        enable_bfd: bool = "enableBfd",
        /// The port that answers BFD.
        bfd_port: BfdPort = "bfdPort",
    }
}

record! {
    /// A static route.
    pub struct StaticRoute {
        /// policySrc or policyDst, the default.
        policy: String = "policy",
        /// What it matches.
        cidr: String = "cidr",
        /// Where it leads.
        next_hop_ip: String = "nextHopIP",
        /// How equal routes share the traffic.
        ecmp_mode: String = "ecmpMode",
        /// BFD session that watches it.
        bfd_id: String = "bfdId",
        /// Route table.
        route_table: String = "routeTable",
    }
}

record! {
    /// A policy route.
    pub struct PolicyRoute {
        /// 0 to 32767; the higher one wins.
        priority: i64 = "priority",
        /// OVN match expression.
        r#match: String = "match",
        /// allow, drop or reroute.
        action: String = "action",
        /// Where it leads, for reroute.
        next_hop_ip: String = "nextHopIP",
    }
}

record! {
    /// A VPC that this one is joined to.
    pub struct VpcPeering {
        /// The other VPC.
        remote_vpc: String = "remoteVpc",
        /// Address of this side, with prefix length.
        local_connect_ip: String = "localConnectIP",
    }
}

record! {
    /// The port that answers BFD.
    pub struct BfdPort {
        /// Whether there is one.
        #[schemars(extend("default" = false))]
        enabled: bool = "enabled",
        /// Its address, or `v4,v6`.
        ip: String = "ip",
        /// Nodes that may host it; at most three are chosen if absent.
        node_selector: LabelSelector = "nodeSelector",
    }
}

record! {
    /// The port that answers BFD, as it is.
    pub struct BfdPortStatus {
        /// Its name in OVN.
        name: String = "name",
        /// Its address, or `v4,v6`.
        ip: String = "ip",
        /// Nodes that host it.
        nodes: Vec<String> = "nodes",
    }
}

record! {
    /// What the VPC is.
    pub struct VpcStatus {
        /// Stays empty.
        conditions: Vec<Condition> = "conditions",
        /// Whether the router is set up.
        standby: bool = "standby",
        /// Whether it is the default VPC.
        default: bool = "default",
        /// Its default Subnet.
        default_logical_switch: String = "defaultLogicalSwitch",
        /// Its router in OVN.
        router: String = "router",
        /// OVN load balancer for TCP.
        tcp_load_balancer: String = "tcpLoadBalancer",
        /// OVN load balancer for UDP.
        udp_load_balancer: String = "udpLoadBalancer",
        /// OVN load balancer for SCTP.
        sctp_load_balancer: String = "sctpLoadBalancer",
        /// OVN load balancer for TCP with session affinity.
        tcp_session_load_balancer: String = "tcpSessionLoadBalancer",
        /// OVN load balancer for UDP with session affinity.
        udp_session_load_balancer: String = "udpSessionLoadBalancer",
        /// OVN load balancer for SCTP with session affinity.
        sctp_session_load_balancer: String = "sctpSessionLoadBalancer",
        /// Its OVN Subnets that are not being deleted.
        subnets: Vec<String> = "subnets",
        /// VPCs that it is joined to.
        vpc_peerings: Vec<String> = "vpcPeerings",
        /// Whether it is connected to the default external Subnet.
        enable_external: bool = "enableExternal",
        /// Further external Subnets that it is connected to.
        extra_external_subnets: Vec<String> = "extraExternalSubnets",
        /// Whether its routes are watched by BFD.
        enable_bfd: bool = "enableBfd",
        /// The port that answers BFD.
        bfd_port: BfdPortStatus = "bfdPort",
    }
}
