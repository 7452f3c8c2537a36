//! IP: the record that Kube-OVN keeps of one NIC's addresses, or a reservation made by a user.
//!
//! In: nothing. Out: [`IP`]. Guarantees: fields of Kube-OVN v1.17 (`pkg/apis/kubeovn/v1/ip.go`); there is no status at
//! all. Kube-OVN's controller writes it on allocation, its node daemon the node, users make reservations.

use super::record;
use kube::CustomResource;

record! {
    /// Who has which addresses.
    #[derive(CustomResource)]
    #[kube(
        group = "kubeovn.io", version = "v1", kind = "IP", plural = "ips", singular = "ip", shortname = "ip",
        derive = "PartialEq", derive = "Default",
        doc = "The addresses of one NIC, or a reservation. Its name is <pod>.<namespace>[.<provider>].",
        printcolumn(name = "V4IP", type_ = "string", json_path = ".spec.v4IpAddress"),
        printcolumn(name = "V6IP", type_ = "string", json_path = ".spec.v6IpAddress"),
        printcolumn(name = "Mac", type_ = "string", json_path = ".spec.macAddress"),
        printcolumn(name = "Node", type_ = "string", json_path = ".spec.nodeName"),
        printcolumn(name = "Subnet", type_ = "string", json_path = ".spec.subnet")
    )]
    pub struct IpSpec {
        /// Pod, virtual machine or node that has the addresses.
        pod_name: String = "podName",
        /// Its namespace; empty for nodes.
        namespace: String = "namespace",
        /// Subnet of the addresses.
        subnet: String = "subnet",
        /// No longer used; a Subnet listed here counts this object too.
        attach_subnets: Vec<String> = "attachSubnets",
        /// Its node.
        node_name: String = "nodeName",
        /// One address, or an IPv4 and an IPv6 one separated by a comma.
        ip_address: String = "ipAddress",
        /// IPv4 address.
        v4_ip_address: String = "v4IpAddress",
        /// IPv6 address.
        v6_ip_address: String = "v6IpAddress",
        /// No longer used.
        attach_ips: Vec<String> = "attachIps",
        /// MAC; empty where another CNI owns the dataplane.
        mac_address: String = "macAddress",
        /// No longer used.
        attach_macs: Vec<String> = "attachMacs",
        /// Container of the pod's sandbox.
        container_id: String = "containerID",
        /// Empty, StatefulSet or VirtualMachine.
        pod_type: String = "podType",
    }
}
