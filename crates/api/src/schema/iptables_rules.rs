//! The rules of a NAT gateway: IptablesFIPRule, IptablesDnatRule, IptablesSnatRule.
//!
//! In: nothing. Out: one type each. Guarantees: fields of Kube-OVN v1.17
//! (`pkg/apis/kubeovn/v1/iptables-{fip,dnat,snat}-rule.go`); ports are text there. Users write the spec, Kube-OVN's
//! controller the status.

use super::{Condition, record};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

record! {
    /// Which EIP stands for which address.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "IptablesFIPRule", plural = "iptables-fip-rules",
        singular = "iptables-fip-rule", shortname = "fip", status = "IptablesFipRuleStatus",
        derive = "PartialEq", derive = "Default",
        doc = "A floating address: an IptablesEIP that stands for one internal address, both ways.",
        printcolumn(name = "Eip", type_ = "string", json_path = ".spec.eip"),
        printcolumn(name = "V4ip", type_ = "string", json_path = ".status.v4ip"),
        printcolumn(name = "InternalIp", type_ = "string", json_path = ".spec.internalIp"),
        printcolumn(name = "V6ip", type_ = "string", json_path = ".status.v6ip"),
        printcolumn(name = "Ready", type_ = "boolean", json_path = ".status.ready"),
        printcolumn(name = "NatGwDp", type_ = "string", json_path = ".status.natGwDp")
    )]
    pub struct IptablesFipRuleSpec {
        /// The IptablesEIP.
        eip: String = "eip",
        /// The internal address.
        internal_ip: String = "internalIp",
    }
}

record! {
    /// What is programmed.
    pub struct IptablesFipRuleStatus {
        /// Whether the gateway has the rule.
        ready: bool = "ready",
        /// IPv4 address of the EIP.
        v4_ip: String = "v4ip",
        /// IPv6 address of the EIP.
        v6_ip: String = "v6ip",
        /// The VpcNatGateway.
        nat_gw_dp: String = "natGwDp",
        /// When the gateway is to be programmed again.
        redo: String = "redo",
        /// The internal address.
        internal_ip: String = "internalIp",
        /// Stays empty.
        conditions: Vec<Condition> = "conditions",
    }
}

record! {
    /// Which port of which EIP leads where.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "IptablesDnatRule", plural = "iptables-dnat-rules",
        singular = "iptables-dnat-rule", shortname = "dnat", status = "IptablesDnatRuleStatus",
        derive = "PartialEq", derive = "Default",
        doc = "A port of an IptablesEIP that leads to a port of an internal address.",
        printcolumn(name = "Eip", type_ = "string", json_path = ".spec.eip"),
        printcolumn(name = "Protocol", type_ = "string", json_path = ".spec.protocol"),
        printcolumn(name = "V4ip", type_ = "string", json_path = ".status.v4ip"),
        printcolumn(name = "V6ip", type_ = "string", json_path = ".status.v6ip"),
        printcolumn(name = "InternalIp", type_ = "string", json_path = ".spec.internalIp"),
        printcolumn(name = "ExternalPort", type_ = "string", json_path = ".spec.externalPort"),
        printcolumn(name = "InternalPort", type_ = "string", json_path = ".spec.internalPort"),
        printcolumn(name = "Type", type_ = "string", json_path = ".spec.type"),
        printcolumn(name = "NatGwDp", type_ = "string", json_path = ".status.natGwDp"),
        printcolumn(name = "Ready", type_ = "boolean", json_path = ".status.ready")
    )]
    pub struct IptablesDnatRuleSpec {
        /// The IptablesEIP.
        eip: String = "eip",
        /// Port of the EIP.
        external_port: String = "externalPort",
        /// tcp or udp, in any case.
        protocol: String = "protocol",
        /// The internal address.
        internal_ip: String = "internalIp",
        /// Port of the internal address.
        internal_port: String = "internalPort",
        /// Whether other rules may have the same EIP, port and protocol.
        #[schemars(extend("default" = "exclusive"))]
        kind: DnatType = "type",
    }
}

/// Whether several DNAT rules may have the same EIP, port and protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DnatType {
    /// No: a second one is refused.
    #[default]
    Exclusive,
    /// Yes: they share the connections.
    Share,
}

record! {
    /// What is programmed.
    pub struct IptablesDnatRuleStatus {
        /// Whether the gateway has the rule.
        ready: bool = "ready",
        /// IPv4 address of the EIP.
        v4_ip: String = "v4ip",
        /// IPv6 address of the EIP.
        v6_ip: String = "v6ip",
        /// The VpcNatGateway.
        nat_gw_dp: String = "natGwDp",
        /// When the gateway is to be programmed again.
        redo: String = "redo",
        /// Protocol.
        protocol: String = "protocol",
        /// The internal address.
        internal_ip: String = "internalIp",
        /// Port of the internal address.
        internal_port: String = "internalPort",
        /// Port of the EIP.
        external_port: String = "externalPort",
        /// Stays empty.
        conditions: Vec<Condition> = "conditions",
    }
}

record! {
    /// Which sources leave with which EIP.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "IptablesSnatRule", plural = "iptables-snat-rules",
        singular = "iptables-snat-rule", shortname = "snat", status = "IptablesSnatRuleStatus",
        derive = "PartialEq", derive = "Default",
        doc = "Internal addresses that leave the gateway with the address of an IptablesEIP.",
        printcolumn(name = "EIP", type_ = "string", json_path = ".spec.eip"),
        printcolumn(name = "V4ip", type_ = "string", json_path = ".status.v4ip"),
        printcolumn(name = "V6ip", type_ = "string", json_path = ".status.v6ip"),
        printcolumn(name = "InternalCIDR", type_ = "string", json_path = ".spec.internalCIDR"),
        printcolumn(name = "NatGwDp", type_ = "string", json_path = ".status.natGwDp"),
        printcolumn(name = "Ready", type_ = "boolean", json_path = ".status.ready")
    )]
    pub struct IptablesSnatRuleSpec {
        /// The IptablesEIP.
        eip: String = "eip",
        /// The sources: one IPv4 CIDR or address.
        internal_cidr: String = "internalCIDR",
    }
}

record! {
    /// What is programmed.
    pub struct IptablesSnatRuleStatus {
        /// Whether the gateway has the rule.
        ready: bool = "ready",
        /// IPv4 address of the EIP.
        v4_ip: String = "v4ip",
        /// IPv6 address of the EIP.
        v6_ip: String = "v6ip",
        /// The VpcNatGateway.
        nat_gw_dp: String = "natGwDp",
        /// When the gateway is to be programmed again.
        redo: String = "redo",
        /// The sources, always with prefix length.
        internal_cidr: String = "internalCIDR",
        /// Stays empty.
        conditions: Vec<Condition> = "conditions",
    }
}
