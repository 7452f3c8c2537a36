//! SwitchLBRule: a load balancer address on the switches of a VPC.
//!
//! In: nothing. Out: [`SwitchLBRule`]. Guarantees: fields of Kube-OVN v1.17
//! (`pkg/apis/kubeovn/v1/switch-lb-rule.go`). Users write the spec, Kube-OVN's controller the status, a headless Service
//! `slr-<name>`, and for health checks a Vip named like the Subnet, which takes one address.

use super::{Condition, record};
use kube::CustomResource;

record! {
    /// Which address leads to which pods.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "SwitchLBRule", plural = "switch-lb-rules",
        singular = "switch-lb-rule", shortname = "slr", status = "SwitchLbRuleStatus",
        derive = "PartialEq", derive = "Default",
        doc = "A load balancer address on the switches of a VPC.",
        printcolumn(name = "vip", type_ = "string", json_path = ".spec.vip"),
        printcolumn(name = "port(s)", type_ = "string", json_path = ".status.ports"),
        printcolumn(name = "service", type_ = "string", json_path = ".status.service"),
        printcolumn(name = "age", type_ = "date", json_path = ".metadata.creationTimestamp")
    )]
    pub struct SwitchLbRuleSpec {
        /// The address; not taken from any Subnet.
        vip: String = "vip",
        /// Namespace of the pods and of the Service.
        namespace: String = "namespace",
        /// Labels of the pods, each `key:value`.
        selector: Vec<String> = "selector",
        /// Addresses, where no selector is given.
        endpoints: Vec<String> = "endpoints",
        /// ClientIP or None.
        session_affinity: String = "sessionAffinity",
        /// Ports.
        ports: Vec<LbPort> = "ports",
    }
}

record! {
    /// A port of a load balancer.
    pub struct LbPort {
        /// Its name.
        name: String = "name",
        /// Port of the address.
        port: i32 = "port",
        /// Port of the pods.
        target_port: i32 = "targetPort",
        /// TCP or UDP.
        protocol: String = "protocol",
    }
}

record! {
    /// What is programmed.
    pub struct SwitchLbRuleStatus {
        /// Stays empty.
        conditions: Vec<Condition> = "conditions",
        /// Ports, as 53/UDP,53/TCP.
        ports: String = "ports",
        /// The Service, as namespace/name.
        service: String = "service",
    }
}
