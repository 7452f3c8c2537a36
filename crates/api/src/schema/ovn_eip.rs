//! OvnEip: an address of an external Subnet on a VPC's router.
//!
//! In: nothing. Out: [`OvnEip`]. Guarantees: fields of Kube-OVN v1.17 (`pkg/apis/kubeovn/v1/ovn-eip.go`). Users write the
//! spec, Kube-OVN's controller the status. IPLedger never makes one; it holds the addresses of those that exist.

use super::{Condition, record};
use kube::CustomResource;

record! {
    /// Which address.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "OvnEip", plural = "ovn-eips", singular = "ovn-eip",
        shortname = "oeip", status = "OvnEipStatus", derive = "PartialEq", derive = "Default",
        doc = "An elastic address of an external Subnet on a VPC's router.",
        printcolumn(name = "V4IP", type_ = "string", json_path = ".status.v4Ip"),
        printcolumn(name = "V6IP", type_ = "string", json_path = ".status.v6Ip"),
        printcolumn(name = "Mac", type_ = "string", json_path = ".status.macAddress"),
        printcolumn(name = "Type", type_ = "string", json_path = ".status.type"),
        printcolumn(name = "Nat", type_ = "string", json_path = ".status.nat"),
        printcolumn(name = "Ready", type_ = "boolean", json_path = ".status.ready"),
        printcolumn(name = "ExternalSubnet", type_ = "string", json_path = ".spec.externalSubnet")
    )]
    pub struct OvnEipSpec {
        /// The external Subnet; the controller's external gateway switch if empty.
        external_subnet: String = "externalSubnet",
        /// IPv4 address; any free one if empty.
        v4_ip: String = "v4Ip",
        /// IPv6 address; any free one if empty.
        v6_ip: String = "v6Ip",
        /// MAC; any if empty.
        mac_address: String = "macAddress",
        /// nat, the default, lrp or lsp.
        kind: String = "type",
    }
}

record! {
    /// What it got.
    pub struct OvnEipStatus {
        /// nat, lrp or lsp.
        kind: String = "type",
        /// Kinds of rules that use it.
        nat: String = "nat",
        /// Whether it is in use.
        ready: bool = "ready",
        /// IPv4 address.
        v4_ip: String = "v4Ip",
        /// IPv6 address.
        v6_ip: String = "v6Ip",
        /// MAC.
        mac_address: String = "macAddress",
        /// Stays empty.
        conditions: Vec<Condition> = "conditions",
    }
}
