//! The networks of these clusters, and what their wires are called.
//!
//! In: a network by its provider, or a wire. Out: the other one. Guarantees: each wire is of one network. That of the first network is called
//! as the network is, or in some random runs by a name of its own, but never both in one run.

use api::names::{PRIMARY_PROVIDER, port_name};

/// The first network.
pub(crate) const FIRST: &str = "macvlan.default";
/// What its wire is called where it has a name of its own.
pub(crate) const FIRST_NAMED: &str = "lab";
/// The network of random runs whose wire always has a name of its own: its provider and its wire.
pub(crate) const SECOND: (&str, &str) = ("second.default", "hall");
/// The wire of the primary network.
pub(crate) const PRIMARY_WIRE: &str = "ovn-cluster.ovn";

/// What the wire of a network may be called.
pub(crate) fn wires_of(provider: &str) -> Vec<&str> {
    match provider {
        "" | PRIMARY_PROVIDER => vec![PRIMARY_WIRE],
        FIRST => vec![FIRST, FIRST_NAMED],
        _ if provider == SECOND.0 => vec![SECOND.1],
        _ => vec![provider],
    }
}

/// Whether a wire is that of a network.
pub(crate) fn is_wire_of(wire: &str, provider: &str) -> bool {
    wires_of(provider).contains(&wire)
}

/// The network of a wire.
pub(crate) fn network_of(wire: &str) -> &str {
    match wire {
        PRIMARY_WIRE => PRIMARY_PROVIDER,
        FIRST_NAMED => FIRST,
        _ if wire == SECOND.1 => SECOND.0,
        _ => wire,
    }
}

/// The name of the IP object of a pod's only NIC on a wire.
pub(crate) fn port(namespace: &str, name: &str, wire: &str) -> String {
    port_name(name, namespace, network_of(wire)).to_string()
}
