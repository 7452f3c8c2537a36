//! The NIC of a pod on the primary network: from which Subnets it may be served.
//!
//! In: what its annotations name, the Subnets of its Namespace. Out: Subnets, in the order in which they are tried. Guarantees:
//! a Subnet that the pod names is the only one, else that of the IPPool that it names, else those of its Namespace (Kube-OVN
//! `pkg/controller/pod.go`, getPodDefaultSubnet); a Subnet of another network serves nobody here.

use crate::manage::state::State;
use crate::manage::want::AskMac;
use api::names::{PRIMARY_PROVIDER, annotations};
use api::slim::{Field, Meta, Str, Uid};
use ledger::{AddrPair, Mac};

/// The interface, in claims too: what every runtime calls it.
pub(super) const INTERFACE: &str = "eth0";

/// Whether a provider is that of the primary network.
pub(in crate::manage) fn is_primary(provider: &str) -> bool {
    provider == PRIMARY_PROVIDER
}

/// The Subnets that may serve a pod; none where nothing may.
pub(super) fn subnets(state: &State, meta: &Meta, namespace: &str) -> Vec<Str> {
    let value = |name| meta.annotation(name).filter(|value| !value.is_empty());
    if let Some(named) = value(annotations::LOGICAL_SWITCH) {
        let is_other = state.books.provider(named).is_some_and(|provider| !is_primary(provider));
        return if is_other { Vec::new() } else { vec![named.into()] };
    }
    let pool = value(annotations::IP_POOL).map(str::trim).filter(|text| is_name(text));
    if let Some(subnet) = pool.and_then(|pool| state.books.pools.subnet(pool)) {
        let is_other = state.books.provider(subnet).is_some_and(|provider| !is_primary(provider));
        return if is_other { Vec::new() } else { vec![subnet.clone()] };
    }
    state.namespaces.primary_subnets(namespace)
}

/// Whether `ip_pool` names a pool, and is no list of addresses.
fn is_name(text: &str) -> bool {
    !text.contains([',', ';']) && Field::<AddrPair>::parse(text).get().is_none()
}

/// Which MAC a NIC on a network of this provider has: one that is made where none is asked for, since OVN has no other way to
/// MACs.
pub(super) fn ask_mac(provider: &str, asked: Option<Mac>, seed: &Uid) -> AskMac {
    match asked {
        None if is_primary(provider) => AskMac::Made(seed.clone()),
        asked => asked.into(),
    }
}
