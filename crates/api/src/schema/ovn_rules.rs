//! The rules of a VPC's router: OvnFip, OvnSnatRule, OvnDnatRule.
//!
//! In: nothing. Out: one type each. Guarantees: fields of Kube-OVN v1.17
//! (`pkg/apis/kubeovn/v1/ovn-{fip,snat-rule,dnat-rule}.go`). Users write the spec, Kube-OVN's controller the status.

use super::{Condition, record};
use kube::CustomResource;

record! {
    /// Which OvnEip stands for which address.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "OvnFip", plural = "ovn-fips", singular = "ovn-fip",
        shortname = "ofip", status = "OvnFipStatus", derive = "PartialEq", derive = "Default",
        doc = "A floating address on a VPC's router: an OvnEip that stands for one internal address, both ways.",
        printcolumn(name = "Vpc", type_ = "string", json_path = ".status.vpc"),
        printcolumn(name = "Type", type_ = "string", json_path = ".spec.type"),
        printcolumn(name = "V4Eip", type_ = "string", json_path = ".status.v4Eip"),
        printcolumn(name = "V6Eip", type_ = "string", json_path = ".status.v6Eip"),
        printcolumn(name = "V4Ip", type_ = "string", json_path = ".status.v4Ip"),
        printcolumn(name = "V6Ip", type_ = "string", json_path = ".status.v6Ip"),
        printcolumn(name = "Ready", type_ = "boolean", json_path = ".status.ready"),
        printcolumn(name = "IpType", type_ = "string", json_path = ".spec.ipType"),
        printcolumn(name = "IpName", type_ = "string", json_path = ".spec.ipName")
    )]
    pub struct OvnFipSpec {
        /// The OvnEip.
        ovn_eip: String = "ovnEip",
        /// What ipName names: vip, or ip, which is also what empty means.
        ip_type: String = "ipType",
        /// The Vip or IP whose address it is.
        ip_name: String = "ipName",
        /// The VPC, where no ipName is given.
        vpc: String = "vpc",
        /// The internal IPv4 address, where no ipName is given.
        v4_ip: String = "v4Ip",
        /// The internal IPv6 address, where no ipName is given.
        v6_ip: String = "v6Ip",
        /// distributed or centralized.
        kind: String = "type",
    }
}

record! {
    /// What is programmed.
    pub struct OvnFipStatus {
        /// Whether OVN has the rule.
        ready: bool = "ready",
        /// The VPC.
        vpc: String = "vpc",
        /// IPv4 address of the OvnEip.
        v4_eip: String = "v4Eip",
        /// IPv6 address of the OvnEip.
        v6_eip: String = "v6Eip",
        /// The internal IPv4 address.
        v4_ip: String = "v4Ip",
        /// The internal IPv6 address.
        v6_ip: String = "v6Ip",
        /// MAC of the internal address.
        mac_address: String = "macAddress",
        /// Stays empty.
        conditions: Vec<Condition> = "conditions",
    }
}

record! {
    /// Which sources leave with which OvnEip.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "OvnSnatRule", plural = "ovn-snat-rules",
        singular = "ovn-snat-rule", shortname = "osnat", status = "OvnSnatRuleStatus",
        derive = "PartialEq", derive = "Default",
        doc = "Internal addresses that leave a VPC's router with the address of an OvnEip.",
        printcolumn(name = "Vpc", type_ = "string", json_path = ".status.vpc"),
        printcolumn(name = "V4Eip", type_ = "string", json_path = ".status.v4Eip"),
        printcolumn(name = "V6Eip", type_ = "string", json_path = ".status.v6Eip"),
        printcolumn(name = "V4IpCidr", type_ = "string", json_path = ".status.v4IpCidr"),
        printcolumn(name = "V6IpCidr", type_ = "string", json_path = ".status.v6IpCidr"),
        printcolumn(name = "Ready", type_ = "boolean", json_path = ".status.ready")
    )]
    pub struct OvnSnatRuleSpec {
        /// The OvnEip.
        ovn_eip: String = "ovnEip",
        /// The Subnet whose addresses are the sources.
        vpc_subnet: String = "vpcSubnet",
        /// The IP whose address is the source.
        ip_name: String = "ipName",
        /// The VPC, where neither is given.
        vpc: String = "vpc",
        /// The sources in IPv4, where neither is given.
        v4_ip_cidr: String = "v4IpCidr",
        /// The sources in IPv6, where neither is given.
        v6_ip_cidr: String = "v6IpCidr",
    }
}

record! {
    /// What is programmed.
    pub struct OvnSnatRuleStatus {
        /// Whether OVN has the rule.
        ready: bool = "ready",
        /// The VPC.
        vpc: String = "vpc",
        /// IPv4 address of the OvnEip.
        v4_eip: String = "v4Eip",
        /// IPv6 address of the OvnEip.
        v6_eip: String = "v6Eip",
        /// The sources in IPv4.
        v4_ip_cidr: String = "v4IpCidr",
        /// The sources in IPv6.
        v6_ip_cidr: String = "v6IpCidr",
        /// Stays empty.
        conditions: Vec<Condition> = "conditions",
    }
}

record! {
    /// Which port of which OvnEip leads where.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "OvnDnatRule", plural = "ovn-dnat-rules",
        singular = "ovn-dnat-rule", shortname = "odnat", status = "OvnDnatRuleStatus",
        derive = "PartialEq", derive = "Default",
        doc = "A port of an OvnEip that leads to a port of an internal address.",
        printcolumn(name = "Vpc", type_ = "string", json_path = ".status.vpc"),
        printcolumn(name = "Eip", type_ = "string", json_path = ".spec.ovnEip"),
        printcolumn(name = "Protocol", type_ = "string", json_path = ".status.protocol"),
        printcolumn(name = "V4Eip", type_ = "string", json_path = ".status.v4Eip"),
        printcolumn(name = "V6Eip", type_ = "string", json_path = ".status.v6Eip"),
        printcolumn(name = "V4Ip", type_ = "string", json_path = ".status.v4Ip"),
        printcolumn(name = "V6Ip", type_ = "string", json_path = ".status.v6Ip"),
        printcolumn(name = "InternalPort", type_ = "string", json_path = ".status.internalPort"),
        printcolumn(name = "ExternalPort", type_ = "string", json_path = ".status.externalPort"),
        printcolumn(name = "IpName", type_ = "string", json_path = ".spec.ipName"),
        printcolumn(name = "Ready", type_ = "boolean", json_path = ".status.ready")
    )]
    pub struct OvnDnatRuleSpec {
        /// The OvnEip.
        ovn_eip: String = "ovnEip",
        /// What ipName names: vip, or ip, which is also what empty means.
        ip_type: String = "ipType",
        /// The Vip or IP whose address it is.
        ip_name: String = "ipName",
        /// Port of the internal address.
        internal_port: String = "internalPort",
        /// Port of the OvnEip.
        external_port: String = "externalPort",
        /// tcp or udp.
        protocol: String = "protocol",
        /// The VPC, where no ipName is given.
        vpc: String = "vpc",
        /// The internal IPv4 address, where no ipName is given.
        v4_ip: String = "v4Ip",
        /// The internal IPv6 address, where no ipName is given.
        v6_ip: String = "v6Ip",
    }
}

record! {
    /// What is programmed.
    pub struct OvnDnatRuleStatus {
        /// The VPC.
        vpc: String = "vpc",
        /// IPv4 address of the OvnEip.
        v4_eip: String = "v4Eip",
        /// IPv6 address of the OvnEip.
        v6_eip: String = "v6Eip",
        /// Port of the OvnEip.
        external_port: String = "externalPort",
        /// The internal IPv4 address.
        v4_ip: String = "v4Ip",
        /// The internal IPv6 address.
        v6_ip: String = "v6Ip",
        /// Port of the internal address.
        internal_port: String = "internalPort",
        /// Protocol.
        protocol: String = "protocol",
        /// The Vip or IP whose address it is.
        ip_name: String = "ipName",
        /// Whether OVN has the rule.
        ready: bool = "ready",
        /// Stays empty.
        conditions: Vec<Condition> = "conditions",
    }
}
