//! The order in which kinds are listed.
//!
//! In: the kinds that are wanted. Out: the same in order. Guarantees: a record is listed before whoever may hold its
//! address, and an object before what it names. So what a listed object needs existed when it was listed, and is found
//! later unless it was deleted in between: a busy cluster shows no holder as missing because it is new.

use api::slim::Kind;

/// Every kind, in the order of listing.
pub const ORDER: [Kind; 30] = [
    // A claim may name any of the others as its holder.
    Kind::AddressClaim,
    // Rules name EIPs, IPs and Vips.
    Kind::IptablesFipRule,
    Kind::IptablesDnatRule,
    Kind::IptablesSnatRule,
    Kind::OvnFip,
    Kind::OvnSnatRule,
    Kind::OvnDnatRule,
    // Records. IPs first: they are the most, and their holders come and go fastest.
    Kind::Ip,
    Kind::Vip,
    Kind::IptablesEip,
    Kind::OvnEip,
    // Close to the records, since their counts are compared.
    Kind::IpPool,
    Kind::Subnet,
    // Holders, and what Subnets and EIPs name.
    Kind::SwitchLbRule,
    Kind::VpcNatGateway,
    Kind::QosPolicy,
    Kind::Vpc,
    Kind::Vlan,
    Kind::ProviderNetwork,
    Kind::StatefulSet,
    Kind::ReplicaSet,
    Kind::Deployment,
    Kind::DaemonSet,
    Kind::Job,
    Kind::VirtualMachineInstance,
    Kind::VirtualMachine,
    // Pods late: a pod is the holder that is made last. What pods name comes after them.
    Kind::Pod,
    Kind::NetworkAttachmentDefinition,
    Kind::Namespace,
    Kind::Node,
];

/// The wanted kinds in the order of listing, each once.
pub fn in_order(wanted: &[Kind]) -> impl Iterator<Item = Kind> {
    ORDER.into_iter().filter(|kind| wanted.contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What names what, or is held by what: the first must be listed before the second.
    const BEFORE: &[(Kind, &[Kind])] = &[
        (
            Kind::AddressClaim,
            &[
                Kind::Pod,
                Kind::StatefulSet,
                Kind::VirtualMachine,
                Kind::VpcNatGateway,
                Kind::IptablesEip,
                Kind::Vip,
                Kind::Ip,
                Kind::OvnEip,
                Kind::Node,
                Kind::Subnet,
            ],
        ),
        (Kind::IptablesFipRule, &[Kind::IptablesEip, Kind::VpcNatGateway]),
        (Kind::IptablesDnatRule, &[Kind::IptablesEip, Kind::VpcNatGateway]),
        (Kind::IptablesSnatRule, &[Kind::IptablesEip, Kind::VpcNatGateway]),
        (Kind::OvnFip, &[Kind::OvnEip, Kind::Ip, Kind::Vip, Kind::Vpc]),
        (Kind::OvnSnatRule, &[Kind::OvnEip, Kind::Ip, Kind::Subnet, Kind::Vpc]),
        (Kind::OvnDnatRule, &[Kind::OvnEip, Kind::Ip, Kind::Vip, Kind::Vpc]),
        (
            Kind::Ip,
            &[
                Kind::Pod,
                Kind::StatefulSet,
                Kind::VirtualMachine,
                Kind::VirtualMachineInstance,
                Kind::VpcNatGateway,
                Kind::Node,
                Kind::Subnet,
            ],
        ),
        (Kind::Vip, &[Kind::Pod, Kind::SwitchLbRule, Kind::Subnet]),
        (Kind::IptablesEip, &[Kind::VpcNatGateway, Kind::QosPolicy, Kind::Subnet, Kind::Pod]),
        (Kind::OvnEip, &[Kind::Subnet]),
        (Kind::IpPool, &[Kind::Subnet, Kind::Namespace, Kind::Pod]),
        (Kind::Subnet, &[Kind::Vpc, Kind::Vlan, Kind::NetworkAttachmentDefinition, Kind::Namespace]),
        (Kind::SwitchLbRule, &[Kind::Namespace]),
        (Kind::VpcNatGateway, &[Kind::Vpc, Kind::QosPolicy, Kind::StatefulSet, Kind::Deployment, Kind::Pod]),
        (Kind::Vlan, &[Kind::ProviderNetwork]),
        (Kind::StatefulSet, &[Kind::NetworkAttachmentDefinition, Kind::Pod]),
        (Kind::ReplicaSet, &[Kind::Deployment]),
        (Kind::VirtualMachineInstance, &[Kind::VirtualMachine, Kind::Pod]),
        (Kind::VirtualMachine, &[Kind::NetworkAttachmentDefinition]),
        (Kind::Pod, &[Kind::NetworkAttachmentDefinition, Kind::Namespace, Kind::Node]),
        (Kind::NetworkAttachmentDefinition, &[Kind::Namespace]),
    ];

    #[test]
    fn a_record_is_listed_before_whoever_may_hold_it() {
        let at = |kind| ORDER.iter().position(|listed| *listed == kind).unwrap();
        for (first, later) in BEFORE {
            for second in *later {
                assert!(at(*first) < at(*second), "{first} names {second} and must be listed before it");
            }
        }
    }

    #[test]
    fn every_kind_is_listed_once() {
        let mut kinds = ORDER;
        kinds.sort_unstable();
        assert_eq!(kinds, Kind::ALL);
    }
}
