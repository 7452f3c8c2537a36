//! A plain pod: entitled while it exists, by its UID, and has not finished.
//!
//! In: the pod, the Subnets. Out: one want per attachment whose provider has a Subnet, and one for the primary
//! network where it is served; what of it cannot be read. Guarantees: a pod wants nothing before it is bound to a node; while
//! nobody can read which networks it asks for, it wants what it has, and nothing else.

use super::asked::{Asker, Fault};
use super::gateway::{self, Role};
use super::unnamed;
use super::{Entitled, primary, reservation, vip, vm};
use crate::manage::bug::Bug;
use crate::manage::claims::{Claim, Slot};
use crate::manage::command::Occupant;
use crate::manage::fate::{Place, Unread};
use crate::manage::id::{ClaimKey, HolderId, NicId, Title, ordinal_of};
use crate::manage::project::{is_of_life, names_life};
use crate::manage::state::State;
use crate::manage::want::{Ask, AskMac, Class, Lent, Want};
use crate::networks::{Attachment, Networks, networks_of_meta};
use crate::record::{is_finished, provider_value};
use api::names::{self, PRIMARY_PROVIDER, annotations};
use api::slim::{Field, Ip, Kind, Meta, Pod, Str, Time, Uid};
use ledger::{Addr, AddrPair, Family, Mac};
use std::collections::BTreeMap;

/// What a pod should hold; none where it is entitled to nothing any more.
pub(in crate::manage) fn entitled(state: &State, pod: &Pod) -> Option<Entitled> {
    if is_finished(pod) || pod.spec.host_network {
        return None;
    }
    let wants = if pod.spec.node_name.is_empty() { Wants::default() } else { wants(state, &Subject::of_pod(pod)) };
    let Wants { nics: wants, unread } = wants;
    Some(Entitled {
        holder: HolderId::of_pod(pod),
        title: Title::of_pod(pod),
        occupant: Occupant::of(pod),
        programmed: None,
        wants,
        unread,
        arrival: pod.meta.created.get().copied(),
        may_grow: !pod.meta.is_deleted(),
    })
}

/// Whose wants are read, and from where: a pod, or the template that its next pod will be made from.
#[derive(Debug, Clone)]
pub(in crate::manage) struct Subject<'a> {
    pub(in crate::manage) holder: HolderId,
    pub(in crate::manage) namespace: &'a Str,
    /// Name of the pod.
    pub(in crate::manage) name: &'a Str,
    /// Where the annotations are.
    pub(in crate::manage) meta: &'a Meta,
    /// Its place in a list of addresses.
    pub(in crate::manage) ordinal: Option<i64>,
    /// The pod, where there is one.
    pub(in crate::manage) user: Uid,
    /// Whether it may use the addresses of other holders.
    pub(in crate::manage) borrows: bool,
}

impl<'a> Subject<'a> {
    pub(in crate::manage) fn of_pod(pod: &'a Pod) -> Self {
        Self {
            holder: HolderId::of_pod(pod),
            namespace: &pod.meta.namespace,
            name: &pod.meta.name,
            meta: &pod.meta,
            ordinal: ordinal_of(pod).map(|(_, ordinal)| ordinal),
            user: pod.meta.uid.clone(),
            borrows: true,
        }
    }
}

/// An attachment with the names that follow from its place in the list.
pub(super) struct Named<'a> {
    pub(super) attachment: &'a Attachment<'a>,
    /// The annotation that it is from.
    pub(super) list: &'static str,
    pub(super) interface: Str,
    pub(super) provider: String,
    /// Its place among those of its provider, from 1.
    pub(super) nth: u32,
}

/// What cannot be read of a pod that wants something: the first of the annotations that say which networks it asks for.
pub(super) fn unread(pod: &Pod) -> Option<Unread> {
    if is_finished(pod) || pod.spec.host_network || pod.spec.node_name.is_empty() {
        return None;
    }
    unread_in(&pod.meta, (Kind::Pod, &pod.meta.namespace, &pod.meta.name), Place::Annotation)
}

/// The same of annotations that stand in an object.
pub(super) fn unread_in(
    meta: &Meta,
    of: (Kind, &Str, &Str),
    place: impl FnOnce(&'static str) -> Place,
) -> Option<Unread> {
    let malformed = networks_of_meta(meta, of.1).malformed.into_iter().next();
    malformed.map(|(annotation, reason)| unread_of(of, place(annotation), &reason))
}

/// What cannot be read of an object: its kind, namespace and name.
pub(super) fn unread_of((kind, namespace, name): (Kind, &Str, &Str), place: Place, reason: &str) -> Unread {
    Unread { kind, namespace: namespace.clone(), name: name.clone(), place, reason: reason.into() }
}

/// What a subject wants.
#[derive(Debug, Default)]
pub(in crate::manage) struct Wants {
    /// For each of its NICs.
    pub(in crate::manage) nics: Vec<Want>,
    /// Why that is no more than what it has: an annotation that cannot be read, and the reason.
    pub(in crate::manage) unread: Option<(&'static str, String)>,
}

/// What the annotations of a subject ask for; where they cannot be read, what it has.
pub(in crate::manage) fn wants(state: &State, pod: &Subject<'_>) -> Wants {
    let networks = networks_of_meta(pod.meta, pod.namespace);
    match networks.malformed.first() {
        Some(unread) => Wants { nics: unnamed::wants(state, pod), unread: Some(unread.clone()) },
        None => Wants { nics: asked_for(state, pod, &networks), unread: None },
    }
}

fn asked_for(state: &State, pod: &Subject<'_>, networks: &Networks<'_>) -> Vec<Want> {
    let mut first = !networks.primary;
    let mut count = 0;
    let mut named = Vec::new();
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    let plain = Attachment::default();
    if networks.primary && state.namespaces.is_served() {
        let (interface, provider) = (primary::INTERFACE.into(), PRIMARY_PROVIDER.to_owned());
        named.push(Named { attachment: &plain, list: annotations::NETWORKS, interface, provider, nth: 1 });
    }
    for attachment in &networks.attachments {
        let list = if first { annotations::DEFAULT_NETWORK } else { annotations::NETWORKS };
        let interface = match (std::mem::take(&mut first), attachment.interface.as_ref()) {
            // It replaces the primary network.
            (true, "") => primary::INTERFACE.into(),
            (true, given) => given.into(),
            (false, given) => {
                // Multus names what has no name by its place among the secondary networks.
                count += 1;
                if given.is_empty() { format!("net{count}").into() } else { given.into() }
            }
        };
        let provider = format!("{}.{}", attachment.name, attachment.namespace);
        let nth = times.entry(provider.clone()).or_default();
        *nth += 1;
        named.push(Named { attachment, list, interface, provider, nth: *nth });
    }
    let mut vip = false;
    let several = |nic: &Named<'_>| times.get(nic.provider.as_str()) > Some(&1);
    named.iter().filter_map(|nic| want(state, pod, nic, several(nic), &mut vip)).collect()
}

/// The Subnets that may serve a NIC; none where its provider has none, and is not ours. A Subnet that is named is the only one: one that is
/// not there, or cannot be used, is waited for.
fn subnets_of(state: &State, pod: &Subject<'_>, provider: &str) -> Vec<Str> {
    if primary::is_primary(provider) {
        return primary::subnets(state, pod.meta, pod.namespace);
    }
    let mut all = state.books.of_provider(provider).cloned();
    let Some(named) = subnet_named(pod.meta, provider) else { return all.collect() };
    let is_its = state.books.provider(named).is_some_and(|of| of == provider);
    // Who gives out from it tells the pod, too; and so does whoever serves a network of which nothing is known here.
    let is_others = if is_its { state.books.is_foreign(named) } else { all.next().is_none() && !state.serves(named) };
    if is_others { Vec::new() } else { vec![named.into()] }
}

/// The Subnet that annotations name for a NIC.
fn subnet_named<'a>(meta: &'a Meta, provider: &str) -> Option<&'a str> {
    provider_value(&meta.annotations, provider, "logical_switch").filter(|value| !value.is_empty())
}

/// Why the Subnet that annotations name for a NIC is none for it: it is of another network.
fn misplaced(state: &State, meta: &Meta, provider: &str) -> Option<Fault> {
    let named = subnet_named(meta, provider).filter(|_| !primary::is_primary(provider))?;
    state.world.subnets.named(named)?;
    let of = state.books.provider(named).cloned().unwrap_or_else(|| state.provider_of(named));
    (of != provider).then(|| {
        format!("annotation {provider}.kubernetes.io/logical_switch: Subnet {named} is of network {of}").into()
    })
}

/// The Subnets in one of which a NIC has what is on record: that may be another one than its annotations name by now.
fn subnets_on_record(state: &State, provider: &str, asked: &[Str]) -> Vec<Str> {
    let is_there = |subnet: &Str| state.books.provider(subnet).is_some_and(|of| of == provider);
    match primary::is_primary(provider) || asked.iter().any(is_there) {
        true => asked.to_vec(),
        false => state.books.of_provider(provider).cloned().collect(),
    }
}

/// The want of one NIC; none where it is to have no address from here. On the primary network each NIC wants one.
pub(super) fn want(state: &State, pod: &Subject<'_>, nic: &Named<'_>, several: bool, vip: &mut bool) -> Option<Want> {
    let Named { attachment, list, interface, provider, .. } = nic;
    let suffix = if several { Str::from(format!(".{interface}")) } else { Str::default() };
    let port = names::port_name(pod.name, pod.namespace, provider) + &suffix;
    let (annotations, ordinal) = (&pod.meta.annotations, pod.ordinal);
    let asker = Asker { annotations, provider, interface, several, attachment, list, ordinal };
    let is_primary = primary::is_primary(provider);
    let asked = subnets_of(state, pod, provider);
    // A Subnet that is not there may come back, and what it gave out stays until then.
    let is_foreign = |key: &ClaimKey, slot: &Slot| {
        state.books.is_foreign(state.books.containing(key).unwrap_or_else(|| slot.subnet()))
    };
    let is_its = |key: &ClaimKey, slot: &Slot| match state.books.network(key) {
        Some(network) => network == provider.as_str(),
        None => slot.nic().name == *interface || key.wire == provider.as_str(),
    };
    let mut claims = state.claims.of_holder(&pod.holder).filter(|(key, slot)| is_its(key, slot));
    let mut has_some = || claims.any(|(key, slot)| !is_foreign(key, slot));
    if asked.is_empty() && !is_primary && !has_some() {
        return None;
    }
    let of_record = subnets_on_record(state, provider, &asked);
    let record = on_record(state, pod, (provider, &port, &suffix), &of_record);
    let recorded = record.or_else(|| kept(state, pod, &port));
    let subnets = if recorded.is_some() { of_record } else { asked };
    let (mac, family) = (asker.mac(), asker.family());
    let fault = || {
        let unreadable = mac.as_ref().err().or(family.as_ref().err()).cloned();
        unreadable.or_else(|| misplaced(state, pod.meta, provider)).or_else(|| asker.unclear())
    };
    let (ask, class) = match recorded {
        Some(pair) => (Ask::This(pair), Class::Record),
        None => fault().map_or_else(|| asker.addresses(), |fault| (Ask::Unreadable(fault), Class::Named)),
    };
    let own = NicId::new(pod.holder.clone(), interface.clone());
    let told = told(pod.meta, provider, &suffix);
    let (subnets, lender) = match former(state, pod, &own, (&subnets, told, record)) {
        Some(former) => (subnets, Some(former)),
        // Its launcher borrows a Vip: the machine needs no address of its own there.
        None if pod.holder.is_vm() && borrowed(state, pod, &subnets, vip).is_some() => return None,
        None if !pod.borrows => (subnets, None),
        None => lent(state, pod, (&port, nic), (subnets, told), vip)?,
    };
    // What it has on record of a Vip that is gone it goes on with by itself.
    let lender = lender.filter(|lender| class != Class::Record || !vip::is_gone(state, &lender.holder));
    // Nor does it move to what is reserved for it by now, or to what a Vip of that name has, unless it runs with that.
    let is_elsewhere = |lender: &NicId| {
        record.is_some_and(|pair| {
            reservation::is_elsewhere(state, &lender.holder, pair) || vip::is_elsewhere(state, &lender.holder, pair)
        })
    };
    let is_on_interface = |lender: &NicId| uses(state, lender, &pod.user, |claim| claim.in_use);
    let lender = lender.filter(|lender| is_on_interface(lender) || !is_elsewhere(lender));
    Some(Want {
        nic: own,
        lent: lender.map(|nic| Lent { nic, to: pod.user.clone() }),
        subnets,
        ask,
        class,
        family: family.unwrap_or_default(),
        told,
        mac: ask_mac(state, pod, (provider, interface), mac.unwrap_or_default()),
        port: port.into(),
        annotations: (provider.as_str().into(), suffix),
    })
}

/// Which MAC a NIC is to have. One that its pod has by a claim from before it was this holder's is nobody else's.
fn ask_mac(state: &State, pod: &Subject<'_>, (provider, interface): (&str, &Str), asked: Option<Mac>) -> AskMac {
    let has = |mac: &Mac| {
        let before = NicId::new(pod.holder.before((pod.namespace, pod.name), &pod.user), interface.clone());
        state.claims.of_nic(&before).any(|(_, slot)| slot.mac() == Some(*mac))
    };
    match asked.filter(|mac| pod.user != Uid::None && has(mac)) {
        Some(mac) => AskMac::Kept(mac),
        None => primary::ask_mac(provider, asked, &pod.meta.uid),
    }
}

/// What a pod was told before.
pub(in crate::manage) fn told(meta: &Meta, provider: &str, suffix: &str) -> AddrPair {
    let text = provider_value(&meta.annotations, provider, &format!("ip_address{suffix}")).unwrap_or_default();
    Field::<AddrPair>::parse(text).get().copied().unwrap_or(AddrPair::NONE)
}

/// The Subnets that may serve a NIC, and whose addresses it uses, if not its own; none where it is to have no address. What a
/// NIC has of its own it keeps, unless that came late, after it was told what it borrows; or it is a gateway's, which owns nothing, and
/// has it from a pod before this one that was made while the gateway stood elsewhere.
fn lent(
    state: &State,
    pod: &Subject<'_>,
    of: (&str, &Named<'_>),
    (subnets, told): (Vec<Str>, AddrPair),
    vip: &mut bool,
) -> Option<(Vec<Str>, Option<NicId>)> {
    let own = NicId::new(pod.holder.clone(), of.1.interface.clone());
    let is_gateways = || {
        let name = (pod.namespace.as_str(), pod.name.as_str());
        !matches!(gateway::role(state, pod.meta, name, &subnets), Role::None)
    };
    let has_own = state.claims.of_nic(&own).next().is_some();
    if !has_own || (!uses(state, &own, &pod.user, |claim| !claim.is_let_go()) && is_gateways()) {
        return lender(state, pod, of, (subnets, told), vip);
    }
    if uses(state, &own, &pod.user, |claim| claim.in_use) {
        return Some((subnets, None));
    }
    let mut taken = *vip;
    let nic = lender(state, pod, of, (subnets.clone(), told), &mut taken).and_then(|(_, nic)| nic);
    let nic = nic.filter(|nic| goes_on(state, nic, &pod.user, told));
    if nic.is_some() {
        *vip = taken;
    }
    Some((subnets, nic))
}

/// Whether a pod is the occupant of one of the claims of a NIC that count.
fn uses(state: &State, nic: &NicId, user: &Uid, counts: impl Fn(&Claim) -> bool) -> bool {
    let claims = state.claims.of_nic(nic).filter_map(|(_, slot)| slot.standing());
    claims.filter(|claim| counts(claim)).any(|claim| claim.has_user(user))
}

/// Whether a pod goes on with what it uses of a NIC: an interface has it, or the pod was told it.
fn goes_on(state: &State, nic: &NicId, user: &Uid, told: AddrPair) -> bool {
    uses(state, nic, user, |claim| claim.in_use || is_told(told, claim))
}

/// Whether a pod was told the address of a claim.
fn is_told(told: AddrPair, claim: &Claim) -> bool {
    told.get(claim.key.addr.family()) == Some(claim.key.addr)
}

/// The Subnets that may serve a NIC without a claim of its own, and whose addresses it uses, if any; none where it is to have
/// no address. What is reserved for its pod comes after the Vip that its pod asks for, unless it goes on with that: the Vip was not
/// there then.
fn lender(
    state: &State,
    pod: &Subject<'_>,
    (port, of): (&str, &Named<'_>),
    (subnets, told): (Vec<Str>, AddrPair),
    vip: &mut bool,
) -> Option<(Vec<Str>, Option<NicId>)> {
    let name = (pod.namespace.as_str(), pod.name.as_str());
    match gateway::role(state, pod.meta, name, &subnets) {
        Role::Bare => None,
        Role::Lent(nic) => Some((subnets, Some(nic))),
        Role::None => {
            let of_vm = vm::lender(pod.meta, pod.namespace, &of.provider, of.nth).filter(|_| !subnets.is_empty());
            let is_had = |nic: &NicId| state.claims.of_nic(nic).next().is_some();
            let reserved = reservation::lender(state, port, name, &subnets);
            let has = |nic: &NicId| uses(state, nic, &pod.user, |claim| !claim.is_let_go());
            let asked = pod.meta.annotation(annotations::VIP).map(|name| NicId::new(vip::holder(name), Str::default()));
            // A hand may have had it told something else since it came to have what is reserved for it.
            let has_only = |nic: &NicId| has(nic) && !asked.as_ref().is_some_and(has);
            let goes_on = |nic: &NicId| goes_on(state, nic, &pod.user, told) || has_only(nic);
            let nic = of_vm
                .clone()
                .filter(is_had)
                .or_else(|| reserved.clone().filter(goes_on))
                .or_else(|| borrowed(state, pod, &subnets, vip))
                .or(of_vm)
                .or(reserved);
            Some((subnets, nic))
        }
    }
}

/// The NIC that a pod's NIC was when its claim was made, where its pod has that now: that of an ordinal whose StatefulSet went
/// without the pod, or that of a pod which a StatefulSet took over. Where it has another one too, it goes on with the one that would be
/// kept of two of one NIC; where it lost one, with what it has on record.
fn former(
    state: &State,
    pod: &Subject<'_>,
    own: &NicId,
    (subnets, told, record): (&[Str], AddrPair, Option<AddrPair>),
) -> Option<NicId> {
    if pod.user == Uid::None || !pod.borrows {
        return None;
    }
    let nic = NicId::new(pod.holder.before((pod.namespace, pod.name), &pod.user), own.name.clone());
    // The Subnet of the other one may be gone.
    let is_away = |key: &ClaimKey| !state.books.containing(key).is_some_and(|subnet| subnets.contains(subnet));
    let rank = |claim: &Claim| (!claim.in_use, claim.is_let_go(), !is_told(told, claim), is_away(&claim.key));
    let is_its = |claim: &&Claim| claim.occupant.pod_uid == pod.user;
    let claims = state.claims.of_nic(&nic).filter_map(|(_, slot)| slot.standing()).filter(is_its);
    let best = claims.filter(|claim| !is_beside_record(state, own, record, claim)).map(rank).min()?;
    let of_slot = |(key, slot): (&ClaimKey, &Slot)| {
        let untold = told.get(key.addr.family()) != Some(key.addr);
        slot.standing().filter(is_its).map_or((true, false, untold, is_away(key)), rank)
    };
    state.claims.of_nic(own).map(of_slot).min().is_none_or(|own| best < own).then_some(nic)
}

/// Whether a claim came beside what a NIC has on record. Its claim of that was lost, and is to be made again, where it can be had; a pod
/// that runs and has let go of the other one goes on with it whoever has it by then.
fn is_beside_record(state: &State, own: &NicId, record: Option<AddrPair>, claim: &Claim) -> bool {
    let recorded = record.and_then(|pair| claim.beside(pair));
    let goes_on = || claim.is_let_go() && state.runs(&own.holder);
    recorded.is_some_and(|key| state.claims.may_be_of(&key, own) || goes_on())
}

/// The Vip that a NIC borrows: the first one on the Vip's Subnet does, where Kube-OVN gives it to each.
fn borrowed(state: &State, pod: &Subject<'_>, subnets: &[Str], is_taken: &mut bool) -> Option<NicId> {
    let name = pod.meta.annotation(annotations::VIP).filter(|name| !name.is_empty() && !*is_taken)?;
    let lender = vip::lender(state, name, subnets)?;
    *is_taken = true;
    Some(lender)
}

/// What a pod's annotation says that it was given, where an IP object agrees, or the pod is older than the adoption of
/// the Subnet. A tenant can write annotations, so that one alone is a request.
pub(super) fn on_record(
    state: &State,
    pod: &Subject<'_>,
    (provider, port, suffix): (&str, &str, &str),
    subnets: &[Str],
) -> Option<AddrPair> {
    let value = |name: &str| provider_value(&pod.meta.annotations, provider, &format!("{name}{suffix}"));
    if value("allocated") != Some("true") {
        return None;
    }
    let pair = *Field::<AddrPair>::parse(value("ip_address")?).get()?;
    let agrees = |ip: &Ip| {
        ip.spec.pod_name == *pod.name
            && ip.spec.namespace == *pod.namespace
            && is_of_life(ip, &pod.user, &pod.holder)
            && [Family::V4, Family::V6].iter().all(|&family| recorded(ip, family) == pair.get(family))
    };
    let is_old = || {
        let holds = |subnet: &&Str| {
            let spec = state.books.spec(subnet);
            spec.is_some_and(|spec| {
                pair.iter().any(|addr| spec.cidr(addr.family()).is_some_and(|cidr| cidr.contains(addr)))
            })
        };
        subnets.iter().find(holds).is_some_and(|subnet| is_adopting(state, subnet, pod.meta))
    };
    let is_believed = state.has(Bug::BelieveAnnotation);
    let ip = state.world.ips.named(port);
    // What was written for this life of the pod, or says what it uses, is what it was given: who says something else since changed the annotation.
    let is_served = || ip.is_some_and(|ip| names_life(ip, &pod.user) || state.uses(&pod.user, ip));
    (ip.is_some_and(agrees) || is_old() && !is_served() || is_believed).then_some(pair)
}

/// What an IP object keeps for an ordinal or a machine, whose next pod says nothing yet.
fn kept(state: &State, pod: &Subject<'_>, port: &str) -> Option<AddrPair> {
    let ip = state.world.ips.shared("", port).filter(|ip| state.kept.contains(&pod.holder, ip))?;
    let mut pair = AddrPair::NONE;
    Family::BOTH.into_iter().for_each(|family| pair.set(family, recorded(ip, family)));
    // What its claims say they say themselves: a record of them is no request for more of the same.
    let is_claimed = |addr| state.claims.of_holder(&pod.holder).any(|(key, _)| key.addr == addr);
    pair.iter().any(|addr| !is_claimed(addr)).then_some(pair)
}

/// Whether an object is older than the adoption of a Subnet, which may not be done yet.
fn is_adopting(state: &State, subnet: &str, meta: &Meta) -> bool {
    let subnet = state.world.subnets.named(subnet);
    match subnet.and_then(|subnet| subnet.meta.annotation(annotations::ADOPTED)) {
        None => true,
        Some(at) => Field::<Time>::parse(at).get().is_some_and(|at| meta.created.get().is_some_and(|made| made <= at)),
    }
}

/// The address of a family in an IP object.
pub(in crate::manage) fn recorded(ip: &Ip, family: Family) -> Option<Addr> {
    match family {
        Family::V4 => ip.spec.v4.get().copied(),
        Family::V6 => ip.spec.v6.get().copied(),
    }
}
