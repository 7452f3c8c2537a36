//! The complete objects: every field of every kind, for making CRDs and for writing.
//!
//! In: nothing. Out: one Rust type per kind of `kubeovn.io/v1` that IPLedger knows, and [`AddressClaim`]. Guarantees:
//! field names, types and columns are those of Kube-OVN v1.17; what is absent is not written, so a value of these types
//! is a fit body for a create or a merge patch. Never write one back over an object that was read: fields that a newer
//! Kube-OVN has added would be lost. Reading is the work of [`crate::slim`], which takes what these types refuse.
//! Kube-OVN's controller and its users write the same objects; only AddressClaims are IPLedger's own.

mod big_number;
mod claim;
mod claim_name;
mod condition;
mod ip;
mod ippool;
mod iptables_eip;
mod iptables_rules;
mod kubernetes;
mod nat_gateway;
mod ovn_eip;
mod ovn_rules;
mod provider_network;
mod qos_policy;
mod subnet;
mod switch_lb_rule;
mod vip;
mod vlan;
mod vpc;

pub use big_number::BigNumber;
pub use claim::{
    AddressClaim, AddressClaimSpec, AddressClaimStatus, ClaimHolder, ClaimLetGo, ClaimOccupant, ClaimProgrammed,
    ClaimQuarantine, ClaimTarget,
};
pub use claim_name::{MAX_WIRE, claim_name, fnv1a, read_claim_name, wire_in_name};
pub use condition::Condition;
pub use ip::{IP, IpSpec};
pub use ippool::{IPPool, IpPoolSpec, IpPoolStatus};
pub use iptables_eip::{IptablesEIP, IptablesEipSpec, IptablesEipStatus};
pub use iptables_rules::{
    DnatType, IptablesDnatRule, IptablesDnatRuleSpec, IptablesDnatRuleStatus, IptablesFIPRule, IptablesFipRuleSpec,
    IptablesFipRuleStatus, IptablesSnatRule, IptablesSnatRuleSpec, IptablesSnatRuleStatus,
};
pub use nat_gateway::{Bfd, BgpSpeaker, GatewayRoute, VpcNatGateway, VpcNatGatewaySpec, VpcNatGatewayStatus, Workload};
pub use ovn_eip::{OvnEip, OvnEipSpec, OvnEipStatus};
pub use ovn_rules::{
    OvnDnatRule, OvnDnatRuleSpec, OvnDnatRuleStatus, OvnFip, OvnFipSpec, OvnFipStatus, OvnSnatRule, OvnSnatRuleSpec,
    OvnSnatRuleStatus,
};
pub use provider_network::{
    CustomInterface, NodeCondition, ProviderNetwork, ProviderNetworkSpec, ProviderNetworkStatus,
};
pub use qos_policy::{BandwidthLimitRule, QoSPolicy, QosPolicySpec, QosPolicyStatus};
pub use subnet::{
    Acl, NatOutgoingMatch, NatOutgoingRule, NatOutgoingRuleStatus, Subnet, SubnetSpec, SubnetStatus, U2oFeatures,
};
pub use switch_lb_rule::{LbPort, SwitchLBRule, SwitchLbRuleSpec, SwitchLbRuleStatus};
pub use vip::{Vip, VipSpec, VipStatus};
pub use vlan::{Vlan, VlanSpec, VlanStatus};
pub use vpc::{BfdPort, BfdPortStatus, PolicyRoute, StaticRoute, Vpc, VpcPeering, VpcSpec, VpcStatus};

/// A struct of an object, each field with its name on the wire.
///
/// Fields are optional, as nearly all of Kube-OVN's are, except those under `@required`: absent, they are not written.
macro_rules! record {
    (
        $(#[$attr:meta])*
        pub struct $name:ident {
            $(@required { $($(#[$required_attr:meta])* $required:ident: $required_type:ty = $required_json:literal,)* })?
            $($(#[$field_attr:meta])* $field:ident: $type:ty = $json:literal,)*
        }
    ) => {
        $(#[$attr])*
        #[derive(
            Debug, Clone, Default, PartialEq, ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema
        )]
        pub struct $name {
            $($($(#[$required_attr])* #[serde(rename = $required_json)] pub $required: $required_type,)*)?
            $(
                $(#[$field_attr])*
                #[serde(rename = $json, default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
        }
    };
}
use record;
