//! IptablesEIP: an address of an external Subnet on a NAT gateway.
//!
//! In: nothing. Out: [`IptablesEIP`]. Guarantees: fields of Kube-OVN v1.17 (`pkg/apis/kubeovn/v1/iptables-eip.go`). Users
//! write the spec, Kube-OVN's controller fills it in and writes the status.

use super::{Condition, record};
use kube::CustomResource;

record! {
    /// Which address, on which gateway.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "IptablesEIP", plural = "iptables-eips",
        singular = "iptables-eip", shortname = "eip", status = "IptablesEipStatus",
        derive = "PartialEq", derive = "Default",
        doc = "An elastic address of an external Subnet on a VpcNatGateway.",
        printcolumn(name = "Namespace", type_ = "string", json_path = ".spec.namespace"),
        printcolumn(name = "ExternalSubnet", type_ = "string", json_path = ".spec.externalSubnet"),
        printcolumn(name = "IP", type_ = "string", json_path = ".status.ip"),
        printcolumn(name = "Mac", type_ = "string", json_path = ".spec.macAddress"),
        printcolumn(name = "Nat", type_ = "string", json_path = ".status.nat"),
        printcolumn(name = "NatGwDp", type_ = "string", json_path = ".spec.natGwDp"),
        printcolumn(name = "Ready", type_ = "boolean", json_path = ".status.ready")
    )]
    pub struct IptablesEipSpec {
        /// IPv4 address; any free one if empty.
        v4_ip: String = "v4ip",
        /// IPv6 address; any free one if empty.
        v6_ip: String = "v6ip",
        /// A MAC that is on record only: no interface has it.
        mac_address: String = "macAddress",
        /// The VpcNatGateway.
        nat_gw_dp: String = "natGwDp",
        /// A QoSPolicy with bindingType EIP.
        qos_policy: String = "qosPolicy",
        /// The external Subnet; ovn-vpc-external-network if empty.
        external_subnet: String = "externalSubnet",
        /// Namespace of the gateway's pods.
        namespace: String = "namespace",
    }
}

record! {
    /// What it got.
    pub struct IptablesEipStatus {
        /// Stays empty.
        conditions: Vec<Condition> = "conditions",
        /// Whether the gateway has the address.
        ready: bool = "ready",
        /// IPv4 address.
        ip: String = "ip",
        /// Kinds of rules that use it, of `dnat,fip,snat`.
        nat: String = "nat",
        /// When the gateway is to be programmed again.
        redo: String = "redo",
        /// QoSPolicy that is applied.
        qos_policy: String = "qosPolicy",
    }
}
