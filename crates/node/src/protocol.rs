//! What plugin and agent say to each other: Kube-OVN's daemon protocol (reference 3.5), so that its own plugin works too.
//!
//! In: JSON over HTTP on a socket. Out: [`Ask`], [`Reply`]. Guarantees: unknown fields are passed over; what is left out
//! reads as empty.

use serde::{Deserialize, Serialize};

/// Where the agent listens.
pub(crate) const SOCKET: &str = "/run/ipledger/agent.sock";

/// ADD and DEL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    pub(crate) cni_type: String,
    pub(crate) pod_name: String,
    pub(crate) pod_namespace: String,
    /// Not in Kube-OVN's protocol: newer runtimes say it, and it tells two pods of one name apart.
    pub(crate) pod_uid: String,
    pub(crate) container_id: String,
    pub(crate) net_ns: String,
    pub(crate) if_name: String,
    pub(crate) provider: String,
}

/// The answer to ADD.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Reply {
    pub(crate) ips: Vec<ReplyIp>,
    pub(crate) mac_address: String,
    pub(crate) error: String,
}

/// An address of an interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ReplyIp {
    /// `IPv4` or `IPv6`.
    pub(crate) protocol: String,
    pub(crate) ip: String,
    /// The CIDR of the Subnet.
    pub(crate) cidr: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) gateway: String,
}
