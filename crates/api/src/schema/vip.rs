//! Vip: an address without a pod, for virtual ports, load balancers, or to be lent to a pod.
//!
//! In: nothing. Out: [`Vip`]. Guarantees: fields of Kube-OVN v1.17 (`pkg/apis/kubeovn/v1/vip.go`). Its CRD has no status
//! subresource (`crate::crds` takes it out): status is written with the rest. Users write the spec, Kube-OVN's
//! controller fills it in and writes the status.

use super::{Condition, record};
use kube::CustomResource;

record! {
    /// Which address, from where, for what.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "Vip", plural = "vips", singular = "vip", shortname = "vip",
        status = "VipStatus", derive = "PartialEq", derive = "Default",
        doc = "An address without a pod: for virtual ports, for a load balancer, or to be lent to a pod.",
        printcolumn(name = "Namespace", type_ = "string", json_path = ".spec.namespace"),
        printcolumn(name = "V4IP", type_ = "string", json_path = ".status.v4ip"),
        printcolumn(name = "V6IP", type_ = "string", json_path = ".status.v6ip"),
        printcolumn(name = "Mac", type_ = "string", json_path = ".status.mac"),
        printcolumn(name = "Subnet", type_ = "string", json_path = ".spec.subnet"),
        printcolumn(name = "Type", type_ = "string", json_path = ".status.type")
    )]
    pub struct VipSpec {
        /// Namespace of the pods that it serves.
        namespace: String = "namespace",
        /// Subnet of the address.
        subnet: String = "subnet",
        /// Empty (allowed address pair), switch_lb_vip or kube_host_vm_vip.
        kind: String = "type",
        /// IPv4 address; any free one if empty.
        v4_ip: String = "v4ip",
        /// IPv6 address; any free one if empty.
        v6_ip: String = "v6ip",
        /// MAC; any if empty.
        mac_address: String = "macAddress",
        /// Labels of the pods that may use it, each `key: value`; all must match.
        selector: Vec<String> = "selector",
        /// Not used.
        attach_subnets: Vec<String> = "attachSubnets",
    }
}

record! {
    /// What it got.
    pub struct VipStatus {
        /// Stays empty.
        conditions: Vec<Condition> = "conditions",
        /// As in the spec.
        kind: String = "type",
        /// IPv4 address.
        v4_ip: String = "v4ip",
        /// IPv6 address.
        v6_ip: String = "v6ip",
        /// MAC.
        mac: String = "mac",
        /// As in the spec.
        selector: Vec<String> = "selector",
    }
}
