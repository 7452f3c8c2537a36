//! The kinds that IPLedger reads, and how each is called.
//!
//! In: an apiVersion and kind, a resource name, or a file's name. Out: a [`Kind`], or nothing where it is none of ours.
//! Guarantees: a kind of another API group with the same name is not ours.

use std::fmt;

/// A kind that audit and the controller read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // Each is the Kubernetes kind of its name.
pub enum Kind {
    Subnet,
    Ip,
    IpPool,
    Vip,
    Vpc,
    VpcNatGateway,
    IptablesEip,
    IptablesFipRule,
    IptablesDnatRule,
    IptablesSnatRule,
    OvnEip,
    OvnFip,
    OvnSnatRule,
    OvnDnatRule,
    Vlan,
    ProviderNetwork,
    QosPolicy,
    SwitchLbRule,
    AddressClaim,
    Pod,
    Node,
    Namespace,
    StatefulSet,
    Deployment,
    ReplicaSet,
    DaemonSet,
    Job,
    NetworkAttachmentDefinition,
    VirtualMachine,
    VirtualMachineInstance,
    VirtualMachineInstanceMigration,
}

/// How a kind is called. One row per kind, in the order of the enum.
struct Row {
    kind: Kind,
    name: &'static str,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
}

const fn row(
    kind: Kind,
    name: &'static str,
    api: (&'static str, &'static str),
    plural: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
) -> Row {
    Row { kind, name, group: api.0, version: api.1, plural, short, namespaced }
}

const OVN: (&str, &str) = ("kubeovn.io", "v1");
const CORE: (&str, &str) = ("", "v1");
const APPS: (&str, &str) = ("apps", "v1");
const KUBEVIRT: (&str, &str) = ("kubevirt.io", "v1");

const TABLE: [Row; 31] = [
    row(Kind::Subnet, "Subnet", OVN, "subnets", &[], false),
    row(Kind::Ip, "IP", OVN, "ips", &[], false),
    row(Kind::IpPool, "IPPool", OVN, "ippools", &[], false),
    row(Kind::Vip, "Vip", OVN, "vips", &[], false),
    row(Kind::Vpc, "Vpc", OVN, "vpcs", &[], false),
    row(Kind::VpcNatGateway, "VpcNatGateway", OVN, "vpc-nat-gateways", &["vpc-nat-gw"], false),
    row(Kind::IptablesEip, "IptablesEIP", OVN, "iptables-eips", &["eip"], false),
    row(Kind::IptablesFipRule, "IptablesFIPRule", OVN, "iptables-fip-rules", &["fip"], false),
    row(Kind::IptablesDnatRule, "IptablesDnatRule", OVN, "iptables-dnat-rules", &["dnat"], false),
    row(Kind::IptablesSnatRule, "IptablesSnatRule", OVN, "iptables-snat-rules", &["snat"], false),
    row(Kind::OvnEip, "OvnEip", OVN, "ovn-eips", &["oeip"], false),
    row(Kind::OvnFip, "OvnFip", OVN, "ovn-fips", &["ofip"], false),
    row(Kind::OvnSnatRule, "OvnSnatRule", OVN, "ovn-snat-rules", &["osnat"], false),
    row(Kind::OvnDnatRule, "OvnDnatRule", OVN, "ovn-dnat-rules", &["odnat"], false),
    row(Kind::Vlan, "Vlan", OVN, "vlans", &[], false),
    row(Kind::ProviderNetwork, "ProviderNetwork", OVN, "provider-networks", &["pn"], false),
    row(Kind::QosPolicy, "QoSPolicy", OVN, "qos-policies", &["qos"], false),
    row(Kind::SwitchLbRule, "SwitchLBRule", OVN, "switch-lb-rules", &["slr"], false),
    row(Kind::AddressClaim, "AddressClaim", ("ipledger.dev", "v1alpha1"), "addressclaims", &["claim"], false),
    row(Kind::Pod, "Pod", CORE, "pods", &["po"], true),
    row(Kind::Node, "Node", CORE, "nodes", &["no"], false),
    row(Kind::Namespace, "Namespace", CORE, "namespaces", &["ns"], false),
    row(Kind::StatefulSet, "StatefulSet", APPS, "statefulsets", &["sts"], true),
    row(Kind::Deployment, "Deployment", APPS, "deployments", &["deploy"], true),
    row(Kind::ReplicaSet, "ReplicaSet", APPS, "replicasets", &["rs"], true),
    row(Kind::DaemonSet, "DaemonSet", APPS, "daemonsets", &["ds"], true),
    row(Kind::Job, "Job", ("batch", "v1"), "jobs", &[], true),
    row(
        Kind::NetworkAttachmentDefinition,
        "NetworkAttachmentDefinition",
        ("k8s.cni.cncf.io", "v1"),
        "network-attachment-definitions",
        &["net-attach-def", "nad", "nads"],
        true,
    ),
    row(Kind::VirtualMachine, "VirtualMachine", KUBEVIRT, "virtualmachines", &["vm", "vms"], true),
    row(
        Kind::VirtualMachineInstance,
        "VirtualMachineInstance",
        KUBEVIRT,
        "virtualmachineinstances",
        &["vmi", "vmis"],
        true,
    ),
    row(
        Kind::VirtualMachineInstanceMigration,
        "VirtualMachineInstanceMigration",
        KUBEVIRT,
        "virtualmachineinstancemigrations",
        &["vmim", "vmims"],
        true,
    ),
];

impl Kind {
    /// Every kind that an audit reads, in a fixed order: the last of the table is for the controller alone.
    pub const ALL: [Self; 30] = {
        let mut all = [Self::Subnet; 30];
        let mut i = 0;
        while i < 30 {
            all[i] = TABLE[i].kind;
            i += 1;
        }
        all
    };

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The kind's name in objects, e.g. `IptablesEIP`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// API group; empty for the core group.
    #[must_use]
    pub fn group(self) -> &'static str {
        self.row().group
    }

    /// API version, e.g. `v1`.
    #[must_use]
    pub fn version(self) -> &'static str {
        self.row().version
    }

    /// Resource name in URLs, e.g. `iptables-eips`.
    #[must_use]
    pub fn plural(self) -> &'static str {
        self.row().plural
    }

    /// Whether its objects live in a namespace.
    #[must_use]
    pub fn namespaced(self) -> bool {
        self.row().namespaced
    }

    /// `apiVersion` of its objects.
    #[must_use]
    pub fn api_version(self) -> String {
        match self.group() {
            "" => self.version().to_owned(),
            group => format!("{group}/{}", self.version()),
        }
    }

    /// The kind of an object with this `apiVersion` and `kind`; any version of the group will do.
    #[must_use]
    pub fn from_api(api_version: &str, kind: &str) -> Option<Self> {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        TABLE.iter().find(|row| row.name == kind && row.group == group).map(|row| row.kind)
    }

    /// The kind of the items of a typed list (`PodList`).
    #[must_use]
    pub fn from_list(api_version: &str, list_kind: &str) -> Option<Self> {
        Self::from_api(api_version, list_kind.strip_suffix("List")?)
    }

    /// The kind that a resource name means: plural, singular or short, as `kubectl get` takes it, in any case, with or
    /// without the group (`subnets.kubeovn.io`).
    #[must_use]
    pub fn from_resource(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (resource, group) = name.split_once('.').map_or((name.as_str(), None), |(r, g)| (r, Some(g)));
        TABLE
            .iter()
            .filter(|row| group.is_none_or(|group| group == row.group))
            .find(|row| {
                row.plural == resource
                    || row.name.to_ascii_lowercase() == resource
                    || singular(row.plural) == resource
                    || row.short.contains(&resource)
            })
            .map(|row| row.kind)
    }
}

/// `iptables-eips` to `iptables-eip`, `qos-policies` to `qos-policy`.
fn singular(plural: &str) -> String {
    match plural.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => plural.strip_suffix('s').unwrap_or(plural).to_owned(),
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_enum() {
        for (kind, row) in Kind::ALL.iter().chain([&Kind::VirtualMachineInstanceMigration]).zip(&TABLE) {
            assert_eq!(*kind, row.kind);
            assert_eq!(kind.row().name, row.name);
        }
        assert_eq!(Kind::ALL.len() + 1, TABLE.len());
    }

    #[test]
    fn a_kind_of_another_group_is_not_ours() {
        assert_eq!(Kind::from_api("kubeovn.io/v1", "Subnet"), Some(Kind::Subnet));
        assert_eq!(Kind::from_api("ec2.aws.example/v1", "Subnet"), None);
        assert_eq!(Kind::from_api("v1", "Pod"), Some(Kind::Pod));
        assert_eq!(Kind::from_api("metrics.k8s.io/v1", "Pod"), None);
        assert_eq!(Kind::from_list("v1", "PodList"), Some(Kind::Pod));
    }

    #[test]
    fn resources_are_known_by_every_name_that_kubectl_takes() {
        for name in ["iptables-eips", "iptables-eip", "eip", "IptablesEIP", "iptables-eips.kubeovn.io"] {
            assert_eq!(Kind::from_resource(name), Some(Kind::IptablesEip), "{name}");
        }
        assert_eq!(Kind::from_resource("qos-policy"), Some(Kind::QosPolicy));
        assert_eq!(Kind::from_resource("vpc-nat-gw"), Some(Kind::VpcNatGateway));
        assert_eq!(Kind::from_resource("net-attach-def"), Some(Kind::NetworkAttachmentDefinition));
        assert_eq!(Kind::from_resource("secrets"), None);
    }
}
