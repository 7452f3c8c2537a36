//! Subnet: an address range of one provider, and how its pods reach others.
//!
//! In: nothing. Out: [`Subnet`]. Guarantees: reference fields of Kube-OVN v1.17 (`pkg/apis/kubeovn/v1/subnet.go`). Users
//! write the spec, Kube-OVN's controller normalises it and writes the status.

use super::{BigNumber, Condition, record};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::CustomResource;

record! {
    /// What the Subnet should be.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "Subnet", plural = "subnets", singular = "subnet",
        shortname = "subnet", status = "SubnetStatus", derive = "PartialEq", derive = "Default",
        doc = "A range of addresses of one provider, from which pods, gateways, EIPs and VIPs get theirs.",
        printcolumn(name = "Provider", type_ = "string", json_path = ".spec.provider"),
        printcolumn(name = "Vpc", type_ = "string", json_path = ".spec.vpc"),
        printcolumn(name = "Vlan", type_ = "string", json_path = ".spec.vlan"),
        printcolumn(name = "Protocol", type_ = "string", json_path = ".spec.protocol"),
        printcolumn(name = "CIDR", type_ = "string", json_path = ".spec.cidrBlock"),
        printcolumn(name = "Private", type_ = "boolean", json_path = ".spec.private"),
        printcolumn(name = "NAT", type_ = "boolean", json_path = ".spec.natOutgoing"),
        printcolumn(name = "Default", type_ = "boolean", json_path = ".spec.default"),
        printcolumn(name = "GatewayType", type_ = "string", json_path = ".spec.gatewayType"),
        printcolumn(name = "V4Used", type_ = "number", json_path = ".status.v4usingIPs"),
        printcolumn(name = "V4Available", type_ = "number", json_path = ".status.v4availableIPs"),
        printcolumn(name = "V6Used", type_ = "number", json_path = ".status.v6usingIPs"),
        printcolumn(name = "V6Available", type_ = "number", json_path = ".status.v6availableIPs"),
        printcolumn(name = "ExcludeIPs", type_ = "string", json_path = ".spec.excludeIps"),
        printcolumn(name = "U2OInterconnectionIP", type_ = "string", json_path = ".status.u2oInterconnectionIP")
    )]
    pub struct SubnetSpec {
        /// The default Subnet of its VPC.
        default: bool = "default",
        /// The VPC that it belongs to; empty where another CNI owns the dataplane.
        vpc: String = "vpc",
        /// IPv4, IPv6, Dual or Mac; follows from cidrBlock.
        protocol: String = "protocol",
        /// Namespaces whose pods use it.
        namespaces: Vec<String> = "namespaces",
        /// Labels of further Namespaces whose pods use it.
        namespace_selectors: Vec<LabelSelector> = "namespaceSelectors",
        /// One CIDR, or an IPv4 and an IPv6 one separated by a comma.
        cidr_block: String = "cidrBlock",
        /// One address, or an IPv4 and an IPv6 one separated by a comma; the first usable address if empty.
        gateway: String = "gateway",
        /// Addresses that are never picked: each an address or a range `first..last`.
        exclude_ips: Vec<String> = "excludeIps",
        /// Whose pods get addresses here: empty or `ovn`, `<nad>.<namespace>.ovn`, or `<nad>.<namespace>`.
        provider: String = "provider",
        /// distributed or centralized.
        gateway_type: String = "gatewayType",
        /// Nodes of a centralized gateway, separated by commas, each `node` or `node:egressIP`.
        gateway_node: String = "gatewayNode",
        /// Labels of the nodes of a centralized gateway.
        gateway_node_selectors: Vec<LabelSelector> = "gatewayNodeSelectors",
        /// Whether traffic that leaves the cluster is translated.
        nat_outgoing: bool = "natOutgoing",
        /// A gateway outside the cluster, one address or `v4,v6`; not together with natOutgoing.
        external_egress_gateway: String = "externalEgressGateway",
        /// Priority of the policy route to externalEgressGateway.
        policy_routing_priority: u32 = "policyRoutingPriority",
        /// Routing table of the policy route to externalEgressGateway.
        policy_routing_table_id: u32 = "policyRoutingTableID",
        /// MTU of its pods.
        mtu: u32 = "mtu",
        /// Whether only allowSubnets may reach it.
        private: bool = "private",
        /// CIDRs that may reach a private Subnet.
        allow_subnets: Vec<String> = "allowSubnets",
        /// The Vlan object of an underlay Subnet.
        vlan: String = "vlan",
        /// Addresses for virtual ports; not taken from this Subnet's count.
        vips: Vec<String> = "vips",
        /// Whether an underlay Subnet has its gateway on the logical router.
        logical_gateway: bool = "logicalGateway",
        /// Whether pods start without a reachable gateway.
        disable_gateway_check: bool = "disableGatewayCheck",
        /// Whether the Subnet takes no part in the interconnection of clusters.
        disable_inter_connection: bool = "disableInterConnection",
        /// Whether OVN answers DHCP.
        enable_dhcp: bool = "enableDHCP",
        /// OVN's DHCPv4 options.
        dhcp_v4_options: String = "dhcpV4Options",
        /// OVN's DHCPv6 options.
        dhcp_v6_options: String = "dhcpV6Options",
        /// Whether OVN sends IPv6 router advertisements.
        enable_ipv6_ra: bool = "enableIPv6RA",
        /// OVN's router advertisement options.
        ipv6_ra_configs: String = "ipv6RAConfigs",
        /// Access rules.
        acls: Vec<Acl> = "acls",
        /// Whether east-west traffic passes although private is set.
        allow_ew_traffic: bool = "allowEWTraffic",
        /// What is translated on the way out, and what is not.
        nat_outgoing_policy_rules: Vec<NatOutgoingRule> = "natOutgoingPolicyRules",
        /// Whether this underlay Subnet is connected to the overlay; takes one address.
        u2o_interconnection: bool = "u2oInterconnection",
        /// The address of that connection; any free one if empty.
        u2o_interconnection_ip: String = "u2oInterconnectionIP",
        /// Details of that connection.
        u2o_features: U2oFeatures = "u2oFeatures",
        /// Whether services are balanced on this Subnet's switch; the controller's setting if absent.
        enable_lb: bool = "enableLb",
        /// Whether a centralized gateway uses all its nodes at once.
        enable_ecmp: bool = "enableEcmp",
        /// Whether OVN snoops multicast; takes one address for the querier.
        enable_multicast_snoop: bool = "enableMulticastSnoop",
        /// Whether external load balancer addresses are served.
        enable_external_lb_address: bool = "enableExternalLBAddress",
        /// Route table of the VPC that its pods use.
        route_table: String = "routeTable",
        /// The node network of an underlay Subnet.
        node_network: String = "nodeNetwork",
    }
}

record! {
    /// An access rule.
    pub struct Acl {
        /// from-lport or to-lport.
        direction: String = "direction",
        /// The higher one wins.
        priority: i64 = "priority",
        /// OVN match expression.
        r#match: String = "match",
        /// allow, allow-related, allow-stateless, drop or reject.
        action: String = "action",
    }
}

record! {
    /// What a rule for outgoing traffic applies to.
    pub struct NatOutgoingMatch {
        /// Sources: addresses or CIDRs, separated by commas.
        src_ips: String = "srcIPs",
        /// Destinations: addresses or CIDRs, separated by commas.
        dst_ips: String = "dstIPs",
    }
}

record! {
    /// A rule for outgoing traffic.
    pub struct NatOutgoingRule {
        /// What it applies to.
        r#match: NatOutgoingMatch = "match",
        /// nat or forward.
        action: String = "action",
    }
}

record! {
    /// A rule for outgoing traffic as it is applied.
    pub struct NatOutgoingRuleStatus {
        /// Identity of the rule: 12 hex digits.
        rule_id: String = "ruleID",
        /// What it applies to.
        r#match: NatOutgoingMatch = "match",
        /// nat or forward.
        action: String = "action",
    }
}

record! {
    /// Details of the connection between underlay and overlay.
    pub struct U2oFeatures {
        /// Whether only overlay CIDRs are routed through it.
        overlay_only_routing: bool = "overlayOnlyRouting",
    }
}

record! {
    /// What the Subnet is. Counts and ranges are written in lower case after v4 and v6, unlike those of an IPPool.
    pub struct SubnetStatus {
        /// Validated, Ready, Error.
        conditions: Vec<Condition> = "conditions",
        /// Free IPv4 addresses.
        v4_available_ips: BigNumber = "v4availableIPs",
        /// Free IPv4 addresses as ranges `a-b,c`.
        v4_available_ip_range: String = "v4availableIPrange",
        /// Used IPv4 addresses.
        v4_using_ips: BigNumber = "v4usingIPs",
        /// Used IPv4 addresses as ranges `a-b,c`.
        v4_using_ip_range: String = "v4usingIPrange",
        /// Free IPv6 addresses.
        v6_available_ips: BigNumber = "v6availableIPs",
        /// Free IPv6 addresses as ranges `a-b,c`.
        v6_available_ip_range: String = "v6availableIPrange",
        /// Used IPv6 addresses.
        v6_using_ips: BigNumber = "v6usingIPs",
        /// Used IPv6 addresses as ranges `a-b,c`.
        v6_using_ip_range: String = "v6usingIPrange",
        /// The node that is the centralized gateway now.
        activate_gateway: String = "activateGateway",
        /// OVN's record of the DHCPv4 options.
        dhcp_v4_options_uuid: String = "dhcpV4OptionsUUID",
        /// OVN's record of the DHCPv6 options.
        dhcp_v6_options_uuid: String = "dhcpV6OptionsUUID",
        /// Address of the connection between underlay and overlay.
        u2o_interconnection_ip: String = "u2oInterconnectionIP",
        /// Its MAC.
        u2o_interconnection_mac: String = "u2oInterconnectionMAC",
        /// Its VPC.
        u2o_interconnection_vpc: String = "u2oInterconnectionVPC",
        /// The rules for outgoing traffic that are applied.
        nat_outgoing_policy_rules: Vec<NatOutgoingRuleStatus> = "natOutgoingPolicyRules",
        /// Address of the multicast querier.
        mcast_querier_ip: String = "mcastQuerierIP",
        /// Its MAC.
        mcast_querier_mac: String = "mcastQuerierMAC",
    }
}
