//! Names that Kube-OVN and IPLedger give to things: annotations, labels, finalizers, ports, providers.
//!
//! In: the parts of a name. Out: the name, or its parts. Guarantees: spelled as Kube-OVN v1.17 spells them
//! (`pkg/util/const.go`, `pkg/ovs/util.go`), in one place. Pure text, no I/O.

use std::fmt;

/// Group of Kube-OVN's kinds.
pub const KUBEOVN_GROUP: &str = "kubeovn.io";
/// Group of IPLedger's own kinds.
pub const IPLEDGER_GROUP: &str = "ipledger.dev";
/// Finalizer of Kube-OVN's controller.
pub const FINALIZER: &str = "kubeovn.io/kube-ovn-controller";
/// The finalizer that Kube-OVN used before 1.13 and migrates at start-up.
pub const DEPRECATED_FINALIZER: &str = "kube-ovn-controller";

/// Whether a finalizer is Kube-OVN's, in its present or its old spelling.
#[must_use]
pub fn is_kubeovn_finalizer(finalizer: &str) -> bool {
    finalizer == FINALIZER || finalizer == DEPRECATED_FINALIZER
}

/// Provider of the primary network.
pub const PRIMARY_PROVIDER: &str = "ovn";
/// The VPC of Subnets that name none and have an OVN provider.
pub const DEFAULT_VPC: &str = "ovn-cluster";
/// Subnet of Namespaces that none is bound to (Kube-OVN: flag `--default-ls`).
pub const DEFAULT_SUBNET: &str = "ovn-default";
/// External Subnet of an IptablesEIP that names none.
pub const DEFAULT_EXTERNAL_SUBNET: &str = "ovn-vpc-external-network";
/// External Subnet of an OvnEip that names none (flag `--external-gateway-switch`).
pub const DEFAULT_OVN_EXTERNAL_SUBNET: &str = "external";
/// Subnet of the nodes' own addresses (flag `--node-switch`).
pub const JOIN_SUBNET: &str = "join";
/// Prefix of NAT gateway workloads where no workload shows another (`natGwNamePrefix`).
pub const DEFAULT_GATEWAY_PREFIX: &str = "vpc-nat-gw";
/// Namespace of Kube-OVN's controller and, by default, of NAT gateway workloads.
pub const CONTROLLER_NAMESPACE: &str = "kube-system";

/// Taint by which an administrator says that a node has no power, so that nothing runs on it (Kubernetes: non-graceful node
/// shutdown).
pub const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// ConfigMap of Kube-OVN that switches its NAT gateways on and off, and the key in it. Without the ConfigMap they are off, and with
/// it they are on unless it says exactly `false`.
pub const GATEWAY_CONFIG: (&str, &str) = ("ovn-vpc-nat-gw-config", "enable-vpc-nat-gw");

/// Labels.
pub mod labels {
    /// Subnet of an IP, Vip, EIP.
    pub const SUBNET: &str = "ovn.kubernetes.io/subnet";
    /// Node of an IP.
    pub const NODE_NAME: &str = "ovn.kubernetes.io/node-name";
    /// `true` on reservations, the borrowing port on a lent Vip.
    pub const IP_RESERVED: &str = "ovn.kubernetes.io/ip_reserved";
    /// `true` on NAT gateway workloads and pods.
    pub const VPC_NAT_GW: &str = "ovn.kubernetes.io/vpc-nat-gw";
    /// Gateway of an EIP or rule.
    pub const VPC_NAT_GW_NAME: &str = "ovn.kubernetes.io/vpc-nat-gw-name";
    /// IPv4 address of an EIP, and of the EIP of a rule.
    pub const EIP_V4_IP: &str = "ovn.kubernetes.io/eip_v4_ip";
    /// IPv6 address of an OvnEip, '-' for ':'.
    pub const EIP_V6_IP: &str = "ovn.kubernetes.io/eip_v6_ip";
    /// Type of an OvnEip.
    pub const OVN_EIP_TYPE: &str = "ovn.kubernetes.io/ovn_eip_type";
    /// External port of a DNAT rule.
    pub const VPC_DNAT_EPORT: &str = "ovn.kubernetes.io/vpc_dnat_eport";
    /// VPC of a NAT gateway.
    pub const VPC: &str = "ovn.kubernetes.io/vpc";
    /// QoS policy of an EIP or gateway.
    pub const QOS: &str = "ovn.kubernetes.io/qos";
    /// On the target pod of a live migration: UID of the VirtualMachineInstanceMigration.
    pub const MIGRATION_JOB_UID: &str = "kubevirt.io/migrationJobUID";
}

/// Annotations that carry no provider.
pub mod annotations {
    /// Additional networks of a pod (Network Plumbing Working Group standard).
    pub const NETWORKS: &str = "k8s.v1.cni.cncf.io/networks";
    /// Replaces the primary network of a pod (Multus).
    pub const DEFAULT_NETWORK: &str = "v1.multus-cni.io/default-network";
    /// A pod borrows this Vip.
    pub const VIP: &str = "ovn.kubernetes.io/vip";
    /// Name of the gateway that a pod serves.
    pub const VPC_NAT_GW: &str = "ovn.kubernetes.io/vpc_nat_gw";
    /// The EIP of a rule.
    pub const VPC_EIP: &str = "ovn.kubernetes.io/vpc_eip";
    /// VM of a virt-launcher pod.
    pub const VIRTUALMACHINE: &str = "ovn.kubernetes.io/virtualmachine";
    /// On the target pod of a live migration: name of the VirtualMachineInstanceMigration.
    pub const MIGRATION_JOB: &str = "kubevirt.io/migrationJobName";
    /// Wire of a Subnet, where the provider is not it.
    pub const WIRE: &str = "ipledger.dev/wire";
    /// Of a Subnet: for how long an address that was freed rests before it is given out again, e.g. `300`, `90s`, `5m`, `1h`.
    pub const COOLDOWN: &str = "ipledger.dev/cooldown";
    /// On a Subnet, when its adoption was done: until then a pod's annotation says which address it has; of a younger pod
    /// it is a request.
    pub const ADOPTED: &str = "ipledger.dev/adopted";
    /// Of the workload of a NAT gateway: what its spec was made from.
    pub const WORKLOAD_HASH: &str = "ipledger.dev/workload-hash";
    /// Entries of a Subnet's `excludeIps` that IPLedger added for its gateways, separated by commas: what may go again
    /// when the gateway changes.
    pub const ADDED_EXCLUDES: &str = "ipledger.dev/added-excludes";
    /// Of a Namespace: its Subnets, separated by commas.
    pub const LOGICAL_SWITCH: &str = "ovn.kubernetes.io/logical_switch";
    /// Of a Namespace: the CIDRs of its Subnets, separated by semicolons.
    pub const CIDR: &str = "ovn.kubernetes.io/cidr";
    /// Of a Namespace: what its Subnets exclude, each a list with commas, separated by semicolons.
    pub const EXCLUDE_IPS: &str = "ovn.kubernetes.io/exclude_ips";
    /// Of a Namespace: its IPPools, separated by commas.
    pub const IP_POOL: &str = "ovn.kubernetes.io/ip_pool";
    /// Config hash of a static pod: what the node knows it by.
    pub const CONFIG_HASH: &str = "kubernetes.io/config.hash";
}

/// Name of a logical port, and so of its IP object: `<name>.<namespace>` on the primary network, otherwise followed by
/// the provider (Kube-OVN `PodNameToPortName`).
#[must_use]
pub fn port_name(name: &str, namespace: &str, provider: &str) -> String {
    if provider == PRIMARY_PROVIDER || provider.is_empty() {
        format!("{name}.{namespace}")
    } else {
        format!("{name}.{namespace}.{provider}")
    }
}

/// The provider in the name of an IP object, given the pod's name and namespace, which may hold dots.
///
/// `None` where the object's name does not begin with `<name>.<namespace>`.
#[must_use]
pub fn provider_of_port<'a>(port: &'a str, name: &str, namespace: &str) -> Option<&'a str> {
    let rest = port.strip_prefix(name)?.strip_prefix('.')?.strip_prefix(namespace)?;
    if rest.is_empty() {
        Some(PRIMARY_PROVIDER)
    } else {
        rest.strip_prefix('.').filter(|provider| !provider.is_empty())
    }
}

/// What a Subnet's `spec.provider` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider<'a> {
    /// Empty or `ovn`: the primary network.
    Primary,
    /// `<nad>.<namespace>.ovn`: an attachment on OVN.
    OvnAttachment {
        /// Name of the NetworkAttachmentDefinition.
        nad: &'a str,
        /// Its namespace.
        namespace: &'a str,
    },
    /// `<nad>.<namespace>`: another CNI owns the dataplane, only addresses come from here.
    IpamOnly {
        /// Name of the NetworkAttachmentDefinition.
        nad: &'a str,
        /// Its namespace.
        namespace: &'a str,
    },
    /// Anything else: treated as not OVN, and naming no NAD.
    Other(&'a str),
}

impl<'a> Provider<'a> {
    /// Reads a provider (Kube-OVN `IsOvnProvider`, `GetNadBySubnetProvider`): OVN means exactly three fields of which
    /// the third is `ovn`.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        if text.is_empty() || text == PRIMARY_PROVIDER {
            return Self::Primary;
        }
        let mut fields = text.split('.');
        match (fields.next(), fields.next(), fields.next(), fields.next()) {
            (Some(nad), Some(namespace), None, None) if !nad.is_empty() && !namespace.is_empty() => {
                Self::IpamOnly { nad, namespace }
            }
            (Some(nad), Some(namespace), Some("ovn"), None) if !nad.is_empty() && !namespace.is_empty() => {
                Self::OvnAttachment { nad, namespace }
            }
            _ => Self::Other(text),
        }
    }

    /// Whether OVN owns the dataplane.
    #[must_use]
    pub fn is_ovn(&self) -> bool {
        matches!(self, Self::Primary | Self::OvnAttachment { .. })
    }

    /// The NetworkAttachmentDefinition behind it: name and namespace.
    #[must_use]
    pub fn nad(&self) -> Option<(&'a str, &'a str)> {
        match *self {
            Self::OvnAttachment { nad, namespace } | Self::IpamOnly { nad, namespace } => Some((nad, namespace)),
            Self::Primary | Self::Other(_) => None,
        }
    }
}

impl fmt::Display for Provider<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Primary => f.write_str(PRIMARY_PROVIDER),
            Self::OvnAttachment { nad, namespace } => write!(f, "{nad}.{namespace}.ovn"),
            Self::IpamOnly { nad, namespace } => write!(f, "{nad}.{namespace}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// Names of Leases (`coordination.k8s.io`).
pub mod leases {
    /// What the name of the Lease of a node's agent begins with; the node's name follows. While it exists the node has an
    /// agent, and only its word releases the address of a pod that was there.
    pub const AGENT_PREFIX: &str = "ipledger-agent-";
    /// Seconds between two renewals of an agent's Lease.
    pub const RENEWAL: i64 = 10;
    /// The Lease that the working one of Kube-OVN's controllers holds, in its namespace (Kube-OVN `cmd/controller/controller.go`).
    pub const KUBE_OVN: &str = "kube-ovn-controller";
}

/// Types of the conditions of claims.
pub mod conditions {
    /// A release waits for a proof.
    pub const WAITING: &str = "Waiting";
    /// The address is freed and rests.
    pub const COOLING_DOWN: &str = "CoolingDown";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_ovn_only_with_exactly_three_fields() {
        assert_eq!(Provider::parse(""), Provider::Primary);
        assert_eq!(Provider::parse("macvlan.default"), Provider::IpamOnly { nad: "macvlan", namespace: "default" });
        assert!(Provider::parse("lan.default.ovn").is_ovn());
        assert!(!Provider::parse("macvlan.my-ovn").is_ovn());
        assert_eq!(Provider::parse("a.b.ovn.net1"), Provider::Other("a.b.ovn.net1"));
        assert_eq!(Provider::parse("a."), Provider::Other("a."));
    }

    #[test]
    fn the_provider_of_a_port_is_cut_by_the_pod_and_not_at_dots() {
        assert_eq!(provider_of_port("web.v1.default", "web.v1", "default"), Some("ovn"));
        assert_eq!(provider_of_port("web.v1.default.macvlan.default", "web.v1", "default"), Some("macvlan.default"));
        assert_eq!(provider_of_port("web.default2", "web", "default"), None);
        assert_eq!(port_name("web.v1", "default", "macvlan.default"), "web.v1.default.macvlan.default");
    }
}
