//! The NICs of a holder whose networks cannot be read: those that are on record for it.
//!
//! In: its claims, what its pod was told, what IP objects keep for it. Out: NICs by provider. Guarantees: one for each that has
//! something, whatever the text that cannot be read asks for, so that it goes on with that and its records are made again where they
//! are lost; none for anything else.

use super::pod::Subject;
use crate::manage::state::State;
use api::names;
use api::slim::Str;
use std::collections::BTreeMap;

/// A NIC as records have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unnamed {
    pub(super) provider: Str,
    pub(super) interface: Str,
    /// Whether its records name the interface: its pod has several NICs of this provider.
    pub(super) several: bool,
}

/// By provider, and by interface where records name it: the interface, where one is known.
type Found = BTreeMap<(Str, Str), Str>;

/// What is on record for a subject.
pub(super) fn nics(state: &State, pod: &Subject<'_>) -> Vec<Unnamed> {
    let mut found = Found::new();
    told(pod, &mut found);
    kept(state, pod, &mut found);
    claimed(state, pod, &mut found);
    let mut count = 0;
    let nics = found.into_iter().map(|((provider, own), known)| {
        let several = !own.is_empty();
        // Multus names what has no name by its place among the secondary networks.
        count += 1;
        let named = [own, known].into_iter().find(|name| !name.is_empty());
        Unnamed { interface: named.unwrap_or_else(|| format!("net{count}").into()), provider, several }
    });
    nics.collect()
}

/// `<provider>.kubernetes.io/allocated[.<interface>]`
fn told(pod: &Subject<'_>, found: &mut Found) {
    for (key, _) in pod.meta.annotations.iter().filter(|(_, value)| *value == "true") {
        let Some((provider, rest)) = key.split_once(".kubernetes.io/allocated") else { continue };
        if let Some(own) = interface_in(rest) {
            found.entry((provider.into(), own.into())).or_default();
        }
    }
}

/// The IP objects of an ordinal or a machine without a pod are named as its next pod's are.
fn kept(state: &State, pod: &Subject<'_>, found: &mut Found) {
    for ip in state.kept.of(&pod.holder) {
        let provider = state.provider_of(&ip.spec.subnet);
        let port = names::port_name(pod.name, pod.namespace, &provider);
        if let Some(own) = ip.meta.name.strip_prefix(port.as_str()).and_then(interface_in) {
            found.entry((provider, own.into())).or_default();
        }
    }
}

/// A claim names its interface. Where it is the only one of its network, other records need not.
fn claimed(state: &State, pod: &Subject<'_>, found: &mut Found) {
    let claims = || state.claims.of_holder(&pod.holder).map(|(key, slot)| (&key.wire, &slot.nic().name));
    for (wire, interface) in claims() {
        let several = claims().any(|(other, beside)| other == wire && beside != interface);
        let own = (wire.clone(), interface.clone());
        let key = if several || found.contains_key(&own) { own } else { (wire.clone(), Str::default()) };
        found.insert(key, interface.clone());
    }
}

/// What follows a name: nothing, or a dot and an interface.
fn interface_in(rest: &str) -> Option<&str> {
    if rest.is_empty() { Some("") } else { rest.strip_prefix('.') }
}
