//! An ordinal of a VpcNatGateway: entitled while the gateway exists and still stands on that Subnet; after that to what its pod lives with, where
//! the claim of that is lost.
//!
//! In: the gateway, its pods. Out: the want of each NIC whose Subnet is given out from here; whether a pod's NIC uses it; the
//! annotations of its pods; the fate of its claims. Guarantees: the addresses depend on nothing but the gateway: neither on its
//! workload nor on its pods, the Subnet, the NetworkAttachmentDefinition or the VPC; a gateway that goes releases every NIC.

use super::{Entitled, lost, named, pod, primary::is_primary};
use crate::gateways::external_subnet;
use crate::life::split_ordinal;
use crate::manage::claims::Claim;
use crate::manage::fate::Fate;
use crate::manage::id::{GATEWAY, HolderId, NicId, Title};
use crate::manage::state::State;
use crate::manage::want::{Ask, AskMac, Class, Want};
use crate::record::or_default;
use api::names::{self, Provider, annotations};
use api::schema::fnv1a;
use api::slim::{Kind, Meta, Pod, Str, Time, Uid, VpcNatGateway};
use ledger::{AddrPair, SubnetSpec};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// More pods than that no gateway has: each is a default route of the VPC.
const MOST: i64 = 64;

/// The longest name of a StatefulSet: its pods carry it in a label with a dash and a hash of ten characters (`controller-revision-hash`),
/// and a label's value has at most 63. Kube-OVN refuses gateways with longer ones, so none is given another name here.
const WORKLOAD: usize = 63 - 1 - 10;

/// The holder that an ordinal of a gateway is. No name has a slash.
pub(in crate::manage) fn holder(gateway: &str, ordinal: i64) -> HolderId {
    HolderId::named(GATEWAY, "", format!("{gateway}/{ordinal}"))
}

/// The gateway and the ordinal in a holder's name.
pub(in crate::manage) fn split(name: &str) -> Option<(&str, i64)> {
    let (gateway, ordinal) = name.rsplit_once('/')?;
    Some((gateway, ordinal.parse().ok()?))
}

/// The NIC of an ordinal on a Subnet.
fn nic(holder: &HolderId, ordinal: i64, subnet: &str) -> NicId {
    NicId::new(holder.clone(), format!("{ordinal}/{subnet}").into())
}

/// The ordinals that a gateway has.
pub(in crate::manage) fn ordinals(gateway: &VpcNatGateway) -> std::ops::Range<i64> {
    0..gateway.spec.replicas.unwrap_or(1).clamp(1, MOST)
}

/// Namespace of a gateway's pods.
pub(in crate::manage) fn namespace_of(gateway: &VpcNatGateway) -> Str {
    or_default(&gateway.spec.namespace, names::CONTROLLER_NAMESPACE).into()
}

/// Name of a gateway's workload.
pub(in crate::manage) fn workload_of(gateway: &VpcNatGateway) -> Str {
    or_default(&gateway.status.workload.name, &default_workload(&gateway.meta.name)).into()
}

/// Name of the workload of a gateway that has none yet: after the gateway, and where that is too long, cut and hashed.
fn default_workload(gateway: &str) -> String {
    let full = format!("{}-{gateway}", names::DEFAULT_GATEWAY_PREFIX);
    if full.len() <= WORKLOAD {
        return full;
    }
    let hash = format!("-{:016x}", fnv1a(gateway.as_bytes()));
    // Names of objects are ASCII. A part of one must not begin or end with what separates parts.
    let cut: String = full.chars().take(WORKLOAD - hash.len()).collect();
    format!("{}{hash}", cut.trim_end_matches(['-', '.']))
}

/// The gateway and the ordinal that a pod, or the template of one, is of: by its annotation, and where the gateway is
/// known by the name and namespace that its pods have.
pub(in crate::manage) fn ordinal_of<'a>(state: &State, meta: &'a Meta, pod: (&str, &str)) -> Option<(&'a str, i64)> {
    let name = meta.annotation(annotations::VPC_NAT_GW).filter(|name| !name.is_empty())?;
    let (workload, ordinal) = split_ordinal(pod.1)?;
    let is_its = |gateway: &VpcNatGateway| workload_of(gateway) == workload && namespace_of(gateway) == pod.0;
    state.world.gateways.named(name).is_none_or(is_its).then_some((name, ordinal))
}

/// What a NIC of a gateway's pod has to do with the gateway.
pub(super) enum Role {
    /// Nothing: it is the pod's own affair.
    None,
    /// The gateway wants no address on it.
    Bare,
    /// It uses the address of this NIC of the gateway.
    Lent(NicId),
}

/// What a NIC of a pod on these Subnets has to do with a gateway. One that is not known is waited for.
pub(super) fn role(state: &State, meta: &Meta, pod: (&str, &str), subnets: &[Str]) -> Role {
    let Some((name, ordinal)) = ordinal_of(state, meta, pod) else { return Role::None };
    let holder = holder(name, ordinal);
    let of = |subnet: &Str| nic(&holder, ordinal, subnet);
    if let Some(subnet) = subnets.iter().find(|subnet| state.claims.of_nic(&of(subnet)).next().is_some()) {
        return Role::Lent(of(subnet));
    }
    let Some(gateway) = state.world.gateways.named(name) else {
        return subnets.first().map_or(Role::None, |subnet| Role::Lent(of(subnet)));
    };
    let on = |name: &str| subnets.iter().find(|subnet| *subnet == name);
    let (external, inner) = (external_subnet(gateway), on(&gateway.spec.subnet));
    // Another Subnet of the same network is not where the gateway stands: the one that is not there is waited for.
    let awaited = (inner.is_none() && is_missing(state, external, subnets)).then(|| external.into());
    match (on(external).or(awaited.as_ref()), inner) {
        (Some(_), _) if gateway.spec.no_default_eip => Role::Bare,
        (Some(subnet), _) | (None, Some(subnet)) => Role::Lent(of(subnet)),
        (None, None) => Role::None,
    }
}

/// Whether a gateway's outer Subnet is not there, and a NIC on these Subnets may be the one for it: an attachment.
fn is_missing(state: &State, external: &str, subnets: &[Str]) -> bool {
    let is_attachment = |subnet: &Str| state.books.provider(subnet).is_some_and(|provider| !is_primary(provider));
    state.world.subnets.named(external).is_none() && subnets.iter().all(is_attachment)
}

/// What an ordinal should hold; none where its gateway is gone or has no place for it.
pub(super) fn entitled(state: &State, name: &Str) -> Option<Entitled> {
    let (of, ordinal) = split(name)?;
    let gateway = state.world.gateways.named(of);
    let holder = holder(of, ordinal);
    let (user, occupant) = state.borrower(&holder).unzip();
    let occupant = occupant.unwrap_or_default();
    let has_place = gateway.is_some_and(|gateway| ordinals(gateway).contains(&ordinal));
    let may_grow = has_place && gateway.is_some_and(|gateway| !gateway.meta.is_deleted());
    let mut wants = match gateway {
        Some(gateway) => wants(state, gateway, ordinal, &holder),
        None => wants_of_pod(state, state.pod(user?)?, ordinal, &holder),
    };
    if !may_grow {
        wants = lost::only(state, &occupant, wants);
    }
    (has_place || !wants.is_empty()).then(|| Entitled {
        title: Title { kind: GATEWAY.into(), namespace: Str::default(), name: of.into() },
        occupant,
        unread: None,
        programmed: None,
        wants,
        arrival: gateway.and_then(|gateway| gateway.meta.created.get().copied()),
        may_grow,
        holder,
    })
}

/// What the pod of an ordinal whose gateway is gone asks for: it is all that says so.
fn wants_of_pod(state: &State, pod: &Pod, ordinal: i64, holder: &HolderId) -> Vec<Want> {
    let subject = pod::Subject { holder: holder.clone(), user: Uid::None, borrows: false, ..pod::Subject::of_pod(pod) };
    let wants = pod::wants(state, &subject).nics.into_iter();
    wants.filter_map(|want| Some(Want { nic: nic(holder, ordinal, want.subnets.first()?), ..want })).collect()
}

fn wants(state: &State, gateway: &VpcNatGateway, ordinal: i64, holder: &HolderId) -> Vec<Want> {
    let (namespace, name) = (namespace_of(gateway), Str::from(format!("{}-{ordinal}", workload_of(gateway))));
    let pairs = pod_annotations(state, gateway).into_iter().map(|(key, value)| (key.into(), value.into()));
    let meta = Meta { annotations: pairs.collect(), ..Meta::default() };
    let subject = |meta| pod::Subject {
        holder: holder.clone(),
        namespace: &namespace,
        name: &name,
        meta,
        ordinal: Some(ordinal),
        user: Uid::None,
        borrows: false,
    };
    let pod = state.world.pods.get(&namespace, &name);
    let pod = pod.filter(|pod| ordinal_of(state, &pod.meta, (&namespace, &name)).is_some());
    let mut wants = Vec::new();
    for subnet in [external_subnet(gateway), &gateway.spec.subnet] {
        if subnet == external_subnet(gateway) && gateway.spec.no_default_eip {
            continue;
        }
        let found =
            pod::wants(state, &subject(&meta)).nics.into_iter().find(|want| want.subnets.iter().any(|s| s == subnet));
        let want = match found {
            Some(want) => with_record(state, want, pod.map(|pod| subject(&pod.meta)).as_ref()),
            // A Subnet that is not there may come back, and what it gave out stays until then.
            None if state.may_serve(subnet) && !subnet.is_empty() => unserved(),
            None => continue,
        };
        wants.push(Want { nic: nic(holder, ordinal, subnet), subnets: vec![subnet.into()], ..want });
    }
    wants
}

/// A want with what its pod was given, where that is on record.
fn with_record(state: &State, mut want: Want, pod: Option<&pod::Subject<'_>>) -> Want {
    let Some(pod) = pod else { return want };
    let (provider, suffix) = &want.annotations;
    if let Some(pair) = pod::on_record(state, pod, (provider, &want.port, suffix), &want.subnets) {
        (want.ask, want.class) = (Ask::This(pair), Class::Record);
    }
    want.told = pod::told(pod.meta, &want.annotations.0, &want.annotations.1);
    want
}

fn unserved() -> Want {
    Want {
        nic: NicId::new(HolderId::Pod(Uid::None), Str::default()),
        lent: None,
        subnets: Vec::new(),
        ask: Ask::Any,
        class: Class::Free,
        family: None,
        told: AddrPair::NONE,
        mac: AskMac::None,
        port: Str::default(),
        annotations: (Str::default(), Str::default()),
    }
}

/// The annotations of a gateway's pods (Kube-OVN `pkg/controller/vpc_nat_gateway.go`, genNatGwStatefulSet): those that the
/// user wants, then the networks of both sides, their Subnet, address and routes.
pub(in crate::manage) fn pod_annotations(state: &State, gateway: &VpcNatGateway) -> BTreeMap<String, String> {
    let spec = &gateway.spec;
    let given = spec.annotations.as_object().into_iter().flatten();
    let given = given.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    let mut all: BTreeMap<String, String> = given.collect();
    let external = external_subnet(gateway);
    let provider = state.provider_of(external);
    let (nad, of) = Provider::parse(&provider).nad().unwrap_or((external, names::CONTROLLER_NAMESPACE));
    all.insert(annotations::NETWORKS.to_owned(), format!("{of}/{nad}"));
    all.insert(annotations::VPC_NAT_GW.to_owned(), gateway.meta.name.to_string());
    if spec.no_default_eip {
        all.insert(format!("{provider}.kubernetes.io/allocated"), "true".to_owned());
    } else {
        put_routes(&mut all, &provider, default_routes(state, external));
    }
    let lan = state.provider_of(&spec.subnet);
    if !spec.subnet.is_empty() {
        all.insert(format!("{lan}.kubernetes.io/logical_switch"), spec.subnet.to_string());
    }
    if let (Some(pair), 1) = (spec.lan_ip.get(), ordinals(gateway).end) {
        all.insert(format!("{lan}.kubernetes.io/ip_address"), pair.to_string());
    }
    if let Some((nad, of)) = Provider::parse(&lan).nad() {
        all.insert(annotations::DEFAULT_NETWORK.to_owned(), format!("{of}/{nad}"));
    }
    put_routes(&mut all, &lan, lan_routes(state, gateway));
    all
}

fn put_routes(all: &mut BTreeMap<String, String>, provider: &str, mut routes: Vec<(String, String)>) {
    routes.sort();
    if !routes.is_empty() {
        let routes: Vec<Value> = routes.iter().map(|(dst, gw)| json!({"dst": dst, "gw": gw})).collect();
        all.insert(format!("{provider}.kubernetes.io/routes"), Value::from(routes).to_string());
    }
}

/// The gateways of a Subnet, whoever gives out from it.
pub(in crate::manage) fn gateways_of(state: &State, subnet: &str) -> AddrPair {
    let said = || Some(*state.world.subnets.named(subnet)?.spec.gateway.get()?);
    state.books.spec(subnet).map(SubnetSpec::gateways).or_else(said).unwrap_or(AddrPair::NONE)
}

fn default_routes(state: &State, subnet: &str) -> Vec<(String, String)> {
    let gateways = gateways_of(state, subnet);
    let of = |all: &str, gw: Option<ledger::Addr>| gw.map(|gw| (all.to_owned(), gw.to_string()));
    [of("0.0.0.0/0", gateways.v4), of("::/0", gateways.v6)].into_iter().flatten().collect()
}

/// The routes that the user wants on the LAN side.
fn lan_routes(state: &State, gateway: &VpcNatGateway) -> Vec<(String, String)> {
    let gateways = gateways_of(state, &gateway.spec.subnet);
    let hop = |cidr: &str, hop: &str| match (hop, cidr.contains(':')) {
        ("gateway", true) => gateways.v6.map(|gw| gw.to_string()),
        ("gateway", false) => gateways.v4.map(|gw| gw.to_string()),
        (hop, _) => Some(hop.to_owned()),
    };
    let routes = gateway.spec.routes.iter();
    routes.filter_map(|route| Some((route.cidr.to_string(), hop(&route.cidr, &route.next_hop)?))).collect()
}

/// What becomes of the claims of a gateway that is gone, or does not stand there any more.
pub(super) fn fate(state: &State, claim: &Claim, now: Time, grace: i64) -> Fate {
    if claim.nic.holder.name().is_none_or(|of| split(&of.name).is_none()) {
        // No gateway's NIC is called like this: whoever made the claim by hand knows what it is for.
        return Fate::Keep;
    }
    named::fate(state, claim, now, grace, (Kind::VpcNatGateway, &Str::default(), &claim.title.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_is_called_after_its_gateway_and_by_a_short_name_of_its_own_where_that_is_too_long() {
        let longest = "g".repeat(41);
        assert_eq!(default_workload(&longest), format!("vpc-nat-gw-{longest}"));
        let names = [42, 63, 64, 253].map(|length| "g".repeat(length));
        let cut_at_a_dot = format!("{}.{}", "g".repeat(23), "h".repeat(40));
        let workloads: std::collections::BTreeSet<String> =
            names.iter().chain([&cut_at_a_dot]).map(|name| default_workload(name)).collect();
        assert_eq!(workloads.len(), 5, "each has its own: {workloads:?}");
        for workload in &workloads {
            assert!(workload.len() <= 52 && workload.starts_with("vpc-nat-gw-g"), "{workload}");
            let parts = workload.split('.');
            assert!(parts.clone().all(|part| !part.starts_with('-') && !part.ends_with('-')), "{workload}");
        }
    }
}
