//! Networks: VPCs, Vlans, ProviderNetworks, NetworkAttachmentDefinitions.
//!
//! In: JSON. Out: the structs, each with what somebody decides on. Guarantees: those of [`super`].

use super::StatusTimes;
use crate::slim::{Field, Meta, NadConfig, Newest, Str};

slim! {
    /// A Vpc.
    Vpc {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: VpcSpec = "spec",
        /// What the controller says.
        status: VpcStatus = "status",
    }
    /// `spec` of a Vpc.
    VpcSpec {
        /// Default Subnet of its namespaces.
        default_subnet: Str = "defaultSubnet",
        /// Namespaces.
        namespaces: Box<[Str]> = "namespaces",
    }
    /// `status` of a Vpc.
    VpcStatus {
        /// Its OVN Subnets: while there are any, the Vpc stays.
        subnets: Box<[Str]> = "subnets",
        /// When its conditions last changed.
        changed: Newest = "conditions",
    }
    /// A Vlan.
    Vlan {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: VlanSpec = "spec",
    }
    /// `spec` of a Vlan.
    VlanSpec {
        /// VLAN id, 0 to 4095.
        id: i64 = "id",
        /// ProviderNetwork.
        provider: Str = "provider",
    }
    /// A ProviderNetwork.
    ProviderNetwork {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: ProviderNetworkSpec = "spec",
        /// What its controller says.
        status: StatusTimes = "status",
    }
    /// `spec` of a ProviderNetwork.
    ProviderNetworkSpec {
        /// Interface on nodes that name no other.
        default_interface: Str = "defaultInterface",
        /// Other interfaces, on the nodes that they name.
        custom_interfaces: Box<[CustomInterface]> = "customInterfaces",
    }
    /// An item of `spec.customInterfaces` of a ProviderNetwork.
    CustomInterface {
        /// Interface.
        interface: Str = "interface",
        /// Nodes.
        nodes: Box<[Str]> = "nodes",
    }
    /// A NetworkAttachmentDefinition.
    Nad {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: NadSpec = "spec",
    }
    /// `spec` of a NetworkAttachmentDefinition.
    NadSpec {
        /// CNI configuration: JSON in a string.
        config: Field<NadConfig> = "config",
    }
}
