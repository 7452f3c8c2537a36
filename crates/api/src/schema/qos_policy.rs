//! QoSPolicy: bandwidth limits for EIPs or NAT gateways.
//!
//! In: nothing. Out: [`QoSPolicy`]. Guarantees: fields of Kube-OVN v1.17 (`pkg/apis/kubeovn/v1/qos-policy.go`). Users
//! write the spec, Kube-OVN's controller copies it to the status, rules sorted by name.

use super::{Condition, record};
use kube::CustomResource;

record! {
    /// Which limits, for what.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "QoSPolicy", plural = "qos-policies", singular = "qos-policy",
        shortname = "qos", status = "QosPolicyStatus", derive = "PartialEq", derive = "Default",
        doc = "Bandwidth limits for EIPs or NAT gateways.",
        printcolumn(name = "Shared", type_ = "string", json_path = ".spec.shared"),
        printcolumn(name = "BindingType", type_ = "string", json_path = ".spec.bindingType")
    )]
    pub struct QosPolicySpec {
        /// Whether more than one object may use it; then its rules do not change.
        shared: bool = "shared",
        /// EIP or NATGW; NATGW must be shared.
        binding_type: String = "bindingType",
        /// The limits.
        bandwidth_limit_rules: Vec<BandwidthLimitRule> = "bandwidthLimitRules",
    }
}

record! {
    /// One limit.
    pub struct BandwidthLimitRule {
        @required {
            /// Its name within the policy.
            name: String = "name",
        }
        /// Interface of the gateway.
        interface: String = "interface",
        /// Mbit/s, as digits with at most one point.
        rate_max: String = "rateMax",
        /// MB, as digits with at most one point.
        burst_max: String = "burstMax",
        /// The lower one is tried first.
        priority: i64 = "priority",
        /// ingress or egress.
        direction: String = "direction",
        /// Empty or ip.
        match_type: String = "matchType",
        /// `src <cidr>` or `dst <cidr>`, for matchType ip.
        match_value: String = "matchValue",
    }
}

record! {
    /// What is applied.
    pub struct QosPolicyStatus {
        /// As in the spec.
        shared: bool = "shared",
        /// As in the spec.
        binding_type: String = "bindingType",
        /// As in the spec, sorted by name.
        bandwidth_limit_rules: Vec<BandwidthLimitRule> = "bandwidthLimitRules",
        /// Stays empty.
        conditions: Vec<Condition> = "conditions",
    }
}
