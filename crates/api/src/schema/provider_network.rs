//! ProviderNetwork: the node interfaces that reach one physical network.
//!
//! In: nothing. Out: [`ProviderNetwork`]. Guarantees: fields of Kube-OVN v1.17
//! (`pkg/apis/kubeovn/v1/provider-network.go`). Users write the spec, Kube-OVN's controller and daemons the status.

use super::record;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, Time};
use kube::CustomResource;

record! {
    /// Which interfaces, on which nodes.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "ProviderNetwork", plural = "provider-networks",
        singular = "provider-network", shortname = "pn", status = "ProviderNetworkStatus",
        derive = "PartialEq", derive = "Default",
        doc = "The node interfaces that reach one physical network.",
        printcolumn(name = "DefaultInterface", type_ = "string", json_path = ".spec.defaultInterface"),
        printcolumn(name = "Ready", type_ = "boolean", json_path = ".status.ready")
    )]
    pub struct ProviderNetworkSpec {
        @required {
            /// The interface on nodes without one of their own in customInterfaces.
            #[schemars(length(max = 15), regex(pattern = r"^[^/\s]+$"))]
            default_interface: String = "defaultInterface",
        }
        /// Interfaces of single nodes.
        custom_interfaces: Vec<CustomInterface> = "customInterfaces",
        /// Nodes that have the network; all if absent.
        node_selector: LabelSelector = "nodeSelector",
        /// Nodes that do not; without effect beside nodeSelector.
        exclude_nodes: Vec<String> = "excludeNodes",
        /// Whether the bridge takes the interface's name.
        exchange_link_name: bool = "exchangeLinkName",
        /// Whether VLAN interfaces are made as needed.
        auto_create_vlan_subinterfaces: bool = "autoCreateVlanSubinterfaces",
        /// Whether VLAN interfaces that exist are kept.
        preserve_vlan_interfaces: bool = "preserveVlanInterfaces",
        /// VLAN interfaces to keep, as eth0.10.
        vlan_interfaces: Vec<String> = "vlanInterfaces",
    }
}

record! {
    /// The interface of some nodes.
    pub struct CustomInterface {
        /// The interface.
        #[schemars(length(max = 15), regex(pattern = r"^[^/\s]+$"))]
        interface: String = "interface",
        /// The nodes.
        nodes: Vec<String> = "nodes",
    }
}

record! {
    /// What the network is.
    pub struct ProviderNetworkStatus {
        /// Whether all its nodes are ready.
        ready: bool = "ready",
        /// Nodes that are.
        ready_nodes: Vec<String> = "readyNodes",
        /// Nodes that are not.
        not_ready_nodes: Vec<String> = "notReadyNodes",
        /// Vlans on it.
        vlans: Vec<String> = "vlans",
        /// One condition Ready per node.
        conditions: Vec<NodeCondition> = "conditions",
    }
}

record! {
    /// One aspect of the state of a network on one node: a Condition and the node.
    pub struct NodeCondition {
        /// The node.
        node: String = "node",
        /// Which aspect: Ready.
        kind: String = "type",
        /// True, False or Unknown.
        status: String = "status",
        /// Why, as one word for programs.
        reason: String = "reason",
        /// Why, for people.
        message: String = "message",
        /// The metadata.generation that this was said about.
        observed_generation: i64 = "observedGeneration",
        /// When this was last looked at.
        last_update_time: Time = "lastUpdateTime",
        /// When status last changed.
        last_transition_time: Time = "lastTransitionTime",
    }
}
