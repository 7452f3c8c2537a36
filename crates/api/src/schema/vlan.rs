//! Vlan: a VLAN on a ProviderNetwork.
//!
//! In: nothing. Out: [`Vlan`]. Guarantees: fields of Kube-OVN v1.17 (`pkg/apis/kubeovn/v1/vlan.go`). Users write the spec,
//! Kube-OVN's controller the status.

use super::{Condition, record};
use kube::CustomResource;

record! {
    /// Which VLAN, on which network.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "Vlan", plural = "vlans", singular = "vlan", shortname = "vlan",
        status = "VlanStatus", derive = "PartialEq", derive = "Default",
        doc = "A VLAN on a ProviderNetwork.",
        printcolumn(name = "ID", type_ = "string", json_path = ".spec.id"),
        printcolumn(name = "Provider", type_ = "string", json_path = ".spec.provider"),
        printcolumn(name = "conflict", type_ = "boolean", json_path = ".status.conflict")
    )]
    pub struct VlanSpec {
        @required {
            /// The ProviderNetwork.
            provider: String = "provider",
        }
        /// VLAN ID; 0 is untagged.
        #[schemars(range(min = 0, max = 4095))]
        id: i32 = "id",
        /// No longer used: id.
        #[schemars(range(min = 0, max = 4095))]
        vlan_id: i32 = "vlanId",
        /// No longer used: provider.
        provider_interface_name: String = "providerInterfaceName",
    }
}

record! {
    /// What it is.
    pub struct VlanStatus {
        /// Subnets on it.
        subnets: Vec<String> = "subnets",
        /// Whether another Vlan of the ProviderNetwork has the same ID.
        conflict: bool = "conflict",
        /// Stays empty.
        conditions: Vec<Condition> = "conditions",
    }
}
