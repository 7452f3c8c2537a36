//! IPPool: a part of a Subnet that is set apart.
//!
//! In: nothing. Out: [`IPPool`]. Guarantees: fields of Kube-OVN v1.17 (`pkg/apis/kubeovn/v1/ippool.go`). Users write the
//! spec, Kube-OVN's controller the status.

use super::{BigNumber, Condition, record};
use kube::CustomResource;

record! {
    /// Which addresses are set apart, and for whom.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "IPPool", plural = "ippools", singular = "ippool",
        shortname = "ippool", status = "IpPoolStatus", derive = "PartialEq", derive = "Default",
        doc = "A part of a Subnet that is set apart for the pods or Namespaces that name it.",
        printcolumn(name = "Subnet", type_ = "string", json_path = ".spec.subnet"),
        printcolumn(name = "enableAddressSet", type_ = "boolean", json_path = ".spec.enableAddressSet"),
        printcolumn(name = "IPs", type_ = "string", json_path = ".spec.ips"),
        printcolumn(name = "V4Used", type_ = "number", json_path = ".status.v4UsingIPs"),
        printcolumn(name = "V4Available", type_ = "number", json_path = ".status.v4AvailableIPs"),
        printcolumn(name = "V6Used", type_ = "number", json_path = ".status.v6UsingIPs"),
        printcolumn(name = "V6Available", type_ = "number", json_path = ".status.v6AvailableIPs")
    )]
    pub struct IpPoolSpec {
        @required {
            /// The Subnet; does not change.
            subnet: String = "subnet",
            /// Addresses: each an address, a CIDR or a range `first..last`.
            ips: Vec<String> = "ips",
        }
        /// Namespaces whose pods use it.
        namespaces: Vec<String> = "namespaces",
        /// Whether OVN keeps an address set of it; one family only.
        #[schemars(extend("default" = false))]
        enable_address_set: bool = "enableAddressSet",
    }
}

record! {
    /// What the pool is. Counts and ranges are written with a capital after v4 and v6, unlike those of a Subnet.
    pub struct IpPoolStatus {
        /// Free IPv4 addresses.
        v4_available_ips: BigNumber = "v4AvailableIPs",
        /// Free IPv4 addresses as ranges `a-b,c`.
        v4_available_ip_range: String = "v4AvailableIPRange",
        /// Used IPv4 addresses.
        v4_using_ips: BigNumber = "v4UsingIPs",
        /// Used IPv4 addresses as ranges `a-b,c`.
        v4_using_ip_range: String = "v4UsingIPRange",
        /// Free IPv6 addresses.
        v6_available_ips: BigNumber = "v6AvailableIPs",
        /// Free IPv6 addresses as ranges `a-b,c`.
        v6_available_ip_range: String = "v6AvailableIPRange",
        /// Used IPv6 addresses.
        v6_using_ips: BigNumber = "v6UsingIPs",
        /// Used IPv6 addresses as ranges `a-b,c`.
        v6_using_ip_range: String = "v6UsingIPRange",
        /// Ready, Error.
        conditions: Vec<Condition> = "conditions",
    }
}
