//! What a holder wants whose networks cannot be read: what is on record for it.
//!
//! In: its claims, what its pod was told, what IP objects keep for it. Out: one want for each NIC that has something. Guarantees:
//! whatever the text that cannot be read asks for, it goes on with what it has, and its records are made again where they are lost;
//! where nobody knows the network of a claim, nothing is written of it; nothing else is wanted.

use super::pod::{self, Named, Subject, want};
use super::primary;
use crate::manage::claims::{Claim, Slot};
use crate::manage::id::ClaimKey;
use crate::manage::state::State;
use crate::manage::want::{Ask, Class, Want};
use crate::networks::Attachment;
use api::names::{self, PRIMARY_PROVIDER, annotations};
use api::slim::{Meta, Str};
use ledger::AddrPair;
use std::collections::BTreeMap;

/// A NIC as records have it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unnamed {
    provider: Str,
    interface: Str,
    /// Whether its records name the interface: its pod has several NICs of this provider.
    several: bool,
    /// Whether only its wire says the provider: a wire may be called otherwise.
    guessed: bool,
}

/// What is known of a NIC.
#[derive(Debug, Default)]
struct Known {
    /// Its interface, where one is known.
    interface: Str,
    /// See [`Unnamed::guessed`].
    guessed: bool,
}

/// By provider, and by interface where records name it.
type Found = BTreeMap<(Str, Str), Known>;

/// What a subject goes on with: each NIC with what is on record for it.
pub(super) fn wants(state: &State, pod: &Subject<'_>) -> Vec<Want> {
    let mut vip = false;
    let is_ours = |nic: &Unnamed| !primary::is_primary(&nic.provider) || state.namespaces.is_served();
    let nics = nics(state, pod).into_iter().filter(is_ours);
    let on_record = nics.filter_map(|Unnamed { provider, interface, several, guessed }| {
        let (name, namespace) = provider.rsplit_once('.').unwrap_or((&provider, ""));
        let attachment = Attachment { namespace: namespace.into(), name: name.into(), ..Attachment::default() };
        let provider = provider.to_string();
        let nic = Named { attachment: &attachment, list: annotations::NETWORKS, interface, provider, nth: 1 };
        let want = want(state, pod, &nic, several, &mut vip)?;
        let record = want.record().or_else(|| has(state, &want))?;
        let port = if guessed { Str::default() } else { want.port.clone() };
        Some(Want { ask: Ask::This(record), class: Class::Record, port, ..want })
    });
    on_record.collect()
}

/// The claims of a NIC; of a lender's those that its pod uses. Of several in one family the one that it was told. What is only asked for it
/// does not have.
fn has(state: &State, want: &Want) -> Option<AddrPair> {
    let mut pair = AddrPair::NONE;
    let is_its = |claim: &Claim| want.lent.as_ref().is_none_or(|lent| claim.has_user(&lent.to));
    let standing = state.claims.of_nic(want.claimant()).filter_map(|(_, slot)| slot.standing());
    for Claim { key, .. } in standing.filter(|claim| is_its(claim)) {
        let family = key.addr.family();
        if pair.get(family).is_none() || want.told.get(family) == Some(key.addr) {
            pair.set(family, Some(key.addr));
        }
    }
    (pair != AddrPair::NONE).then_some(pair)
}

/// The NICs that are on record for a subject.
fn nics(state: &State, pod: &Subject<'_>) -> Vec<Unnamed> {
    let mut found = Found::new();
    found.extend(told_nics(pod.meta).map(|(provider, own)| ((provider.into(), own.into()), Known::default())));
    kept(state, pod, &mut found);
    claimed(state, pod, &mut found);
    let mut count = 0;
    let nics = found.into_iter().map(|((provider, own), Known { interface, guessed })| {
        let several = !own.is_empty();
        let named = [own, interface].into_iter().find(|name| !name.is_empty());
        if primary::is_primary(&provider) {
            let interface = named.unwrap_or_else(|| primary::INTERFACE.into());
            return Unnamed { interface, provider, several, guessed };
        }
        // Multus names what has no name by its place among the secondary networks.
        count += 1;
        Unnamed { interface: named.unwrap_or_else(|| format!("net{count}").into()), provider, several, guessed }
    });
    nics.collect()
}

/// The NICs for which a pod was told an address: provider, and interface where the annotation names it
/// (`<provider>.kubernetes.io/allocated[.<interface>]`).
pub(in crate::manage) fn told_nics(meta: &Meta) -> impl Iterator<Item = (&str, &str)> {
    let told = meta.annotations.iter().filter(|(_, value)| *value == "true");
    told.filter_map(|(key, _)| {
        let (provider, rest) = key.split_once(".kubernetes.io/allocated")?;
        Some((provider, interface_in(rest)?))
    })
}

/// The IP objects of an ordinal or a machine without a pod are named as its next pod's are.
fn kept(state: &State, pod: &Subject<'_>, found: &mut Found) {
    for ip in state.kept.of(&pod.holder) {
        // Of a Subnet that is not there nobody knows of which network it was.
        let Some(provider) = state.books.provider(&ip.spec.subnet) else { continue };
        let port = names::port_name(pod.name, pod.namespace, provider);
        let own = ip.meta.name.strip_prefix(port.as_str()).and_then(interface_in);
        // Records of the primary network name no interface: what follows is the name of another network.
        if let Some(own) = own.filter(|own| own.is_empty() || !primary::is_primary(provider)) {
            found.entry((provider.clone(), own.into())).or_default();
        }
    }
}

/// A claim names its interface. Where it is the only one of its network, other records need not. A pod that was told an address without an
/// interface has one NIC there: of claims that name several, some were made when nobody knew its name.
fn claimed(state: &State, pod: &Subject<'_>, found: &mut Found) {
    let told: Vec<Str> = found.keys().filter(|(_, own)| own.is_empty()).map(|(provider, _)| provider.clone()).collect();
    let is_told =
        |network: &Str, key: &ClaimKey| pod::told(pod.meta, network, "").get(key.addr.family()) == Some(key.addr);
    let claims = state.claims.of_holder(&pod.holder).map(|(key, slot)| {
        let interface = &slot.nic().name;
        // Of a Subnet that is not there what the pod was told says the network, or its record.
        let by_pod = || told.iter().find(|network| is_told(network, key)).cloned();
        let by_record = || recorded_on(state, pod, key, interface);
        let network = by_subnet(state, key, slot).cloned().or_else(by_pod).or_else(by_record);
        let guessed = network.is_none();
        (network.unwrap_or_else(|| called(&key.wire, interface)), interface, key, guessed)
    });
    let claims: Vec<(Str, &Str, &ClaimKey, bool)> = claims.collect();
    for &(ref network, interface, key, guessed) in &claims {
        let (own, one) = ((network.clone(), interface.clone()), (network.clone(), Str::default()));
        let several = claims.iter().any(|(other, beside, ..)| other == network && *beside != interface);
        let (is_named, is_one) = (found.contains_key(&own), told.contains(network));
        let guess = || Known { guessed, ..Known::default() };
        let known = found.entry(if is_named || several && !is_one { own } else { one }).or_insert_with(guess);
        known.guessed &= guessed;
        if known.interface.is_empty() || !is_one || is_told(network, key) {
            known.interface.clone_from(interface);
        }
    }
}

/// The network of a claim by the Subnet that contains it, or by that which it is of: its address may be outside of it by now.
fn by_subnet<'a>(state: &'a State, key: &ClaimKey, slot: &Slot) -> Option<&'a Str> {
    let own = || state.books.wire(slot.subnet()).filter(|wire| **wire == key.wire);
    state.books.network(key).or_else(|| own().and_then(|_| state.books.provider(slot.subnet())))
}

/// The network of a claim by the name of the IP object that says its address.
fn recorded_on(state: &State, pod: &Subject<'_>, key: &ClaimKey, interface: &str) -> Option<Str> {
    let own = state.kept.of(&pod.holder).chain(state.ips_of.of(&pod.holder));
    let mut own = own.filter(|ip| pod::recorded(ip, key.addr.family()) == Some(key.addr));
    let provider = own.find_map(|ip| names::provider_of_port(&ip.meta.name, pod.name, pod.namespace))?;
    let named = provider.strip_suffix(interface).and_then(|rest| rest.strip_suffix('.'));
    Some(named.unwrap_or(provider).into())
}

/// The network of a NIC by its wire: one that nobody gave a name is called as its network, and that of the primary network by its VPC.
fn called(wire: &Str, interface: &str) -> Str {
    let is_primary = interface == primary::INTERFACE && wire.ends_with(".ovn");
    if is_primary { PRIMARY_PROVIDER.into() } else { wire.clone() }
}

/// What follows a name: nothing, or a dot and an interface.
fn interface_in(rest: &str) -> Option<&str> {
    if rest.is_empty() { Some("") } else { rest.strip_prefix('.') }
}
