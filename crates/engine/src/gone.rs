//! What is gone, where a holder lives no longer.
//!
//! In: what the judgement of a life found. Out: [`Gone`], and a sentence that says it. Guarantees: names are those of the
//! objects that were looked for, also where they are not there.

use crate::life::ordinals;
use api::slim::{Kind, StatefulSet, Subnet};
use std::fmt;

/// An address of a Subnet's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// It connects underlay and overlay.
    U2o,
    /// It is the multicast querier's.
    Mcast,
}

impl Special {
    /// Whether a Subnet wants such an address, or still says that it has one.
    #[must_use]
    pub fn is_of(self, subnet: &Subnet) -> bool {
        let (spec, status) = (&subnet.spec, &subnet.status);
        match self {
            Self::U2o => spec.u2o || !status.u2o_ip.is_absent(),
            Self::Mcast => spec.mcast_snoop || !status.mcast_ip.is_absent(),
        }
    }
}

/// What is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gone<'w> {
    /// The pod: namespace and name.
    Pod(&'w str, &'w str),
    /// A pod of that name is there, but on its node's network: it has no NIC of its own.
    HostNetwork(&'w str, &'w str),
    /// The StatefulSet of the pod: namespace and name.
    StatefulSet(&'w str, &'w str),
    /// The ordinal: the StatefulSet has fewer.
    Ordinal {
        /// The StatefulSet.
        set: &'w StatefulSet,
        /// The ordinal.
        ordinal: i64,
    },
    /// The VM: namespace and name.
    Vm(&'w str, &'w str),
    /// The NAT gateway.
    Gateway(&'w str),
    /// The node.
    Node(&'w str),
    /// The Subnet.
    Subnet(&'w str),
    /// The Subnet is there, and has no address of that kind any more.
    Special(Special, &'w str),
    /// The SwitchLBRules of a Vip that is named like its Subnet.
    SwitchLbRules,
    /// Another object that a claim names: kind and name.
    Other(Kind, &'w str),
}

impl fmt::Display for Gone<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod(namespace, name) => write!(f, "pod {namespace}/{name} is gone"),
            Self::HostNetwork(namespace, name) => {
                write!(f, "pod {namespace}/{name} runs on its node's network and has no NIC of its own")
            }
            Self::StatefulSet(namespace, name) => {
                write!(f, "StatefulSet {namespace}/{name} is gone, and so is its pod")
            }
            Self::Ordinal { set, ordinal } => {
                let (first, after) = ordinals(set);
                write!(
                    f,
                    "ordinal {ordinal} is not among the {} replicas of StatefulSet {}/{} (ordinals from {first})",
                    after.saturating_sub(first),
                    set.meta.namespace,
                    set.meta.name
                )
            }
            Self::Vm(namespace, name) => write!(f, "VM {namespace}/{name} is gone"),
            Self::Gateway(name) => write!(f, "VpcNatGateway {name} is gone, and so are its workload and pod"),
            Self::Node(name) => write!(f, "node {name} is gone"),
            Self::Subnet(name) => write!(f, "Subnet {name} is gone"),
            Self::Special(Special::U2o, name) => {
                write!(f, "Subnet {name} is not connected to an overlay any more (`u2oInterconnection`)")
            }
            Self::Special(Special::Mcast, name) => {
                write!(f, "Subnet {name} has no multicast querier any more (`enableMulticastSnoop`)")
            }
            Self::SwitchLbRules => write!(f, "no SwitchLBRule is left that it could serve"),
            Self::Other(kind, name) => write!(f, "{kind} {name} is gone"),
        }
    }
}
