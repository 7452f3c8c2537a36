//! What must hold.
//!
//! In: the server, the wire. Out: the first [`Violation`]. Guarantees: judges by objects and by the wire alone, never by
//! what the controller believes.

use crate::cluster::Cluster;
use crate::controller::slim;
use crate::excuse::{has_subnet, is_unsettled};
use crate::holders::{is_of, records as expected, stands, told};
use crate::net::{is_wire_of, wires_of};
use crate::node::claim_of;
use crate::status;
use api::schema::claim_name;
use api::slim::{AddressClaim, Ip, Kind, Object, Pod, Uid};
use engine::manage::Engine;
use ledger::{Addr, AddrPair, Family};
use model::Server;
use model::cluster::SandboxId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(pub String);

/// After each write and each event on a node: one answer per address, and a claim behind it. Two where a machine migrates, and none but
/// those of its source and of its target.
pub(crate) fn always(cluster: &Cluster) -> Result<(), Violation> {
    for (net, addr, sandboxes) in cluster.wire.iter() {
        let users = users(&cluster.server, net, addr);
        // Until a claim that was deleted by hand is healed, the wire is ahead of the paper.
        let is_user = |sandbox: &&SandboxId| users.contains(&sandbox.pod_uid);
        let held = |sandbox: &&SandboxId| is_user(sandbox) || !cluster.excuses.holds(net, addr, &sandbox.pod_uid);
        let sandboxes: Vec<&SandboxId> = sandboxes.iter().filter(held).collect();
        let is_pair = || match (sandboxes.as_slice(), users.as_slice()) {
            ([one, other], [source, target]) => one.pod_uid != other.pod_uid && cluster.migrations.has(source, target),
            _ => false,
        };
        if sandboxes.len() > 1 && !is_pair() {
            return Err(Violation(format!("UNIQUENESS: {addr} on {net} is answered by {sandboxes:?}")));
        }
        if !sandboxes.iter().all(is_user) {
            return Err(Violation(format!(
                "UNIQUENESS: {addr} on {net} is used by {sandboxes:?}, claimed for {users:?}"
            )));
        }
    }
    Ok(())
}

/// For which pods an address is claimed: the occupant, and the target of a migration; none without a claim.
fn users(server: &Server, net: &str, addr: Addr) -> Vec<String> {
    let Some(claim) = server.object("ipledger.dev", "addressclaims", "", &claim_name(net, addr)) else {
        return Vec::new();
    };
    let status = &claim["status"];
    let all = [&status["occupant"], &status["target"]["occupant"]].map(|user| user["podUID"].as_str());
    all.into_iter().flatten().map(str::to_owned).collect()
}

/// At rest: claims, IP objects, annotations, the engine's counts and the wire say the same, and nobody waits in vain.
pub(crate) fn at_rest(cluster: &Cluster) -> Result<(), Violation> {
    let claims = claims(cluster);
    cluster.engines().try_for_each(|engine| accounting(cluster, engine, &claims))?;
    let pods = pods(cluster);
    for claim in &claims {
        let alive = pods.iter().any(|pod| pod.meta.uid == claim.status.occupant.pod_uid && !is_ended(pod));
        let alive = alive || stands(cluster, claim);
        // It is on a gateway's interface, and the gateway has not said otherwise.
        let alive = alive || !claim.status.programmed.gateway.is_empty();
        let alive = alive || rests(cluster, claim);
        let cut_off = cluster.is_cut_off(&claim.status.occupant.node);
        if !alive && !cut_off {
            return Err(Violation(format!("NO-LEAK: {} has no holder, and nothing to wait for", claim.meta.name)));
        }
    }
    // Of what rests its users have let go, and its holder has no need any more.
    let wanted = || claims.iter().filter(|claim| !rests(cluster, claim));
    wanted().try_for_each(|claim| pair(cluster, &pods, claim))?;
    records(cluster, &pods, &claims)?;
    status::accounts(cluster)?;
    wanted().try_for_each(|claim| told(cluster, &claims, claim))?;
    pods.iter()
        .filter(|pod| !is_ended(pod) && !pod.meta.is_deleted())
        .try_for_each(|pod| annotated(cluster, pod, &claims))
}

/// A target that a claim names is one: KubeVirt said so, and it has not gone without the claim being told.
fn pair(cluster: &Cluster, pods: &[Pod], claim: &AddressClaim) -> Result<(), Violation> {
    let (source, target) = (&claim.status.occupant, &claim.status.target.occupant);
    let lives = |uid: &Uid| pods.iter().any(|pod| pod.meta.uid == *uid && !is_ended(pod));
    let is_cut_off = |node: &str| cluster.is_cut_off(node);
    let is_both = lives(&source.pod_uid) && lives(&target.pod_uid);
    let is_one = cluster.migrations.has(&source.pod_uid.to_string(), &target.pod_uid.to_string());
    let is_right = is_one && (is_both || is_cut_off(&source.node) || is_cut_off(&target.node));
    if target.pod_uid == Uid::None || is_right {
        return Ok(());
    }
    Err(Violation(format!("UNIQUENESS: {} has a target that is none: {:?}", claim.meta.name, claim.status)))
}

/// Whether its Subnet lets freed addresses rest, and the time that it says is not over.
fn rests(cluster: &Cluster, claim: &AddressClaim) -> bool {
    let Some(since) = claim.status.conditions.iter().find(|says| says.type_ == "CoolingDown" && says.status == "True")
    else {
        return false;
    };
    let subnet = cluster.server.object("kubeovn.io", "subnets", "", &claim.spec.subnet);
    let text = subnet.as_ref().and_then(|subnet| subnet["metadata"]["annotations"]["ipledger.dev/cooldown"].as_str());
    let hours =
        text.and_then(|text| text.strip_suffix('h')).and_then(|hours| hours.parse::<i64>().ok()).unwrap_or_default();
    since.changed.get().is_some_and(|since| cluster.now.secs() < since.0.saturating_add(hours * 3600))
}

pub(crate) fn is_ended(pod: &Pod) -> bool {
    pod.status.phase.is_final()
}

/// The engine counts what is claimed, of every Subnet that it gives out from.
fn accounting(cluster: &Cluster, engine: &Engine, claims: &[AddressClaim]) -> Result<(), Violation> {
    for object in cluster.server.objects("kubeovn.io", "subnets") {
        let Some(Object::Subnet(subnet)) = slim(Kind::Subnet, &object) else { continue };
        let name = subnet.meta.name.as_str();
        for family in Family::BOTH {
            let Some(counts) = engine.counts(name, family) else { continue };
            let sum = counts.using.checked_add(counts.available).and_then(|sum| sum.checked_add(counts.excluded));
            if sum != Some(counts.usable) {
                return Err(Violation(format!("ACCOUNTING: {name}: {counts:?}")));
            }
            // A Subnet that cannot be used as it is written is counted as it was.
            let cidr = subnet.spec.cidr.get().and_then(|pair| pair.get(family));
            let Some(usable) = cidr.filter(|_| status::is_ready(&subnet.status.conditions)).map(|c| c.usable()) else {
                continue;
            };
            let on_it = claims.iter().filter(|claim| is_wire_of(&claim.spec.wire, &subnet.spec.provider));
            let claimed =
                on_it.filter_map(|claim| claim.spec.address.get()).filter(|addr| usable.contains(**addr)).count();
            if counts.using.as_u128() != u128::try_from(claimed).ok() {
                let is_claimed = |addr| claims.iter().any(|claim| claim.spec.address.get() == Some(&addr));
                let held = engine.held(name).filter(|(addr, _)| !is_claimed(*addr));
                let held: Vec<String> = held.map(|(addr, nic)| format!("{addr} of {}", nic.holder)).collect();
                return Err(Violation(format!(
                    "ACCOUNTING: {name}: {claimed} claims, {counts:?}, not claimed: {held:?}"
                )));
            }
        }
    }
    Ok(())
}

/// Every IP object says what a claim says, and every claim has as many as its kind of holder makes.
fn records(cluster: &Cluster, pods: &[Pod], claims: &[AddressClaim]) -> Result<(), Violation> {
    let mut recorded: BTreeMap<Addr, Vec<Ip>> = BTreeMap::new();
    for ip in cluster.server.objects("kubeovn.io", "ips").iter().filter_map(|object| ip_of(object)) {
        for addr in [&ip.spec.v4, &ip.spec.v6].into_iter().filter_map(|field| field.get()) {
            recorded.entry(*addr).or_default().push(ip.clone());
        }
    }
    for claim in claims {
        let addr =
            claim.spec.address.get().copied().ok_or_else(|| Violation("a claim without an address".to_owned()))?;
        let mut ips = recorded.remove(&addr).unwrap_or_default();
        let is_lost = cluster.excuses.was_lost(&claim.meta.name);
        let is_others =
            |ip: &Ip| !(is_left(cluster, ip) || is_lost && still_says(cluster, ip) || is_told_by_hand(cluster, ip));
        ips.retain(|ip| !is_request(ip) && (is_of(ip, claim) || is_others(ip)));
        let expected = if rests(cluster, claim) { 0 } else { expected(cluster, claim) };
        // What was not written before its pod could not be read any more is not.
        let is_enough = ips.len() == expected || ips.len() < expected && has_unread_user(pods, claim);
        let is_like_it = is_enough && ips.iter().all(|ip| is_of(ip, claim));
        let is_excused = cluster.is_cut_off(&claim.status.occupant.node) || is_unsettled(cluster, claims, claim);
        if !is_like_it && !is_excused {
            let names: Vec<&str> = ips.iter().map(|ip| ip.meta.name.as_str()).collect();
            let holder = &claim.spec.holder;
            return Err(Violation(format!(
                "{} of {} {}: its IP objects are {names:?}",
                claim.meta.name, holder.kind, holder.name
            )));
        }
    }
    // A claim that was deleted by hand is not made again where nobody knows its Subnet, or that has the address no more.
    let is_known = |ip: &Ip, addr: Addr| {
        let subnet = cluster.server.object("kubeovn.io", "subnets", "", &ip.spec.subnet);
        subnet.is_some_and(|subnet| {
            let provider = subnet["spec"]["provider"].as_str().unwrap_or_default();
            wires_of(provider).iter().any(|wire| has_subnet(&cluster.server, wire, addr))
        })
    };
    let is_lost =
        |addr: Addr, ips: &[Ip]| ips.iter().any(|ip| !is_request(ip) && is_known(ip, addr) && !is_left(cluster, ip));
    let mut rest = recorded.into_iter().filter(|(addr, ips)| is_lost(*addr, ips));
    match rest.next() {
        Some((addr, ips)) if !cluster.any_cut_off() => {
            Err(Violation(format!("IP object {} says {addr}, and there is no claim", ips[0].meta.name)))
        }
        _ => Ok(()),
    }
}

/// Whether an IP object is a reservation that was not granted.
fn is_request(ip: &Ip) -> bool {
    ip.meta.label("ovn.kubernetes.io/ip_reserved").is_none()
}

/// Whether an IP object is what is left of somebody's right to an address whose claim was deleted by hand, and that another holder has
/// by now: a reservation, or what a living pod was told.
fn still_says(cluster: &Cluster, ip: &Ip) -> bool {
    let is_reserved = ip.meta.label("ovn.kubernetes.io/ip_reserved") == Some("true");
    is_reserved || is_told(cluster, ip) || is_unread(cluster, ip)
}

/// Whether hands wrote one address into an IP object and into its pod's annotation: both that the pod has on record agree, nothing says
/// that they are wrong, and the pod waits for whoever has that address.
fn is_told_by_hand(cluster: &Cluster, ip: &Ip) -> bool {
    cluster.excuses.was_touched(&ip.spec.namespace, &ip.spec.pod_name) && is_told(cluster, ip)
}

/// Whether the pod of an IP object was told what that says.
fn is_told(cluster: &Cluster, ip: &Ip) -> bool {
    let pod = cluster.server.object("", "pods", &ip.spec.namespace, &ip.spec.pod_name);
    pod.is_some_and(|pod| {
        let said = pod["metadata"]["annotations"].as_object().into_iter().flatten();
        let mut said = said.filter(|(key, _)| key.contains("/ip_address")).filter_map(|(_, text)| text.as_str());
        said.any(|text| Some(text) == ip.spec.ip_address.get().map(AddrPair::to_string).as_deref())
    })
}

/// Whether nobody can read which networks an annotation asks for.
pub(crate) fn is_unreadable(networks: &str) -> bool {
    networks.starts_with('[') && serde_json::from_str::<serde_json::Value>(networks).is_err()
}

/// Whether nobody can read which networks the metadata of a pod or a template asks for.
pub(crate) fn asks_unreadably(meta: &serde_json::Value) -> bool {
    meta["annotations"]["k8s.v1.cni.cncf.io/networks"].as_str().is_some_and(is_unreadable)
}

/// Whether a pod that uses a claim cannot be read, and was not told of it before. That it asks for the address is no telling.
fn has_unread_user(pods: &[Pod], claim: &AddressClaim) -> bool {
    let is_user = |pod: &&Pod| claim.status.users().any(|(user, _)| user.pod_uid == pod.meta.uid);
    let is_told = |pod: &Pod| {
        let addr = claim.spec.address.get().map(ToString::to_string).unwrap_or_default();
        let said = pod.meta.annotations.iter().filter_map(|(key, text)| Some((key.strip_suffix("/ip_address")?, text)));
        let mut told = said.filter(|(nic, _)| pod.meta.annotation(&format!("{nic}/allocated")) == Some("true"));
        told.any(|(_, text)| text.split(',').any(|one| one == addr))
    };
    pods.iter().filter(is_user).any(|pod| is_unread_pod(pod) && !is_told(pod))
}

fn is_unread_pod(pod: &Pod) -> bool {
    pod.meta.annotation("k8s.v1.cni.cncf.io/networks").is_some_and(is_unreadable)
}

/// Whether nobody can read what the pod of an IP object asks for, or its next one will: then what is on record stays.
fn is_unread(cluster: &Cluster, ip: &Ip) -> bool {
    let (namespace, name) = (&ip.spec.namespace, &ip.spec.pod_name);
    let pod = cluster.server.object("", "pods", namespace, name);
    let set = name.rsplit_once('-').and_then(|(set, _)| cluster.server.object("apps", "statefulsets", namespace, set));
    pod.is_some_and(|pod| asks_unreadably(&pod["metadata"]))
        || set.is_some_and(|set| asks_unreadably(&set["spec"]["template"]["metadata"]))
}

/// Whether an IP object is one that another manager left of a pod that is not there: `ipledger repair` removes those.
fn is_left(cluster: &Cluster, ip: &Ip) -> bool {
    let is_ours =
        ["ipledger.dev/holder-uid", "ipledger.dev/holder-kind"].iter().any(|key| ip.meta.label(key).is_some());
    let (namespace, name) = (&ip.spec.namespace, &ip.spec.pod_name);
    !is_ours
        && ip.meta.label("ovn.kubernetes.io/ip_reserved") == Some("false")
        && cluster.server.object("", "pods", namespace, name).is_none()
}

/// A pod is told what it has.
fn annotated(cluster: &Cluster, pod: &Pod, claims: &[AddressClaim]) -> Result<(), Violation> {
    let mine: Vec<Addr> = claims
        .iter()
        // What it promised not to use it has no more: of a reservation it stays the occupant until another pod is.
        .filter(|claim| claim.status.may_use(&pod.meta.uid) && claim.spec.holder.kind != "IptablesEIP")
        // What another holder was about to lend to one that could not be read any more it is not told.
        .filter(|claim| claim.spec.holder.kind == "Pod" || !is_unread_pod(pod))
        .filter(|claim| !is_unsettled(cluster, claims, claim))
        .filter_map(|claim| claim.spec.address.get().copied())
        .collect();
    let told = pod.meta.annotations.iter().filter(|(key, _)| key.contains("/ip_address"));
    let told: Vec<Addr> = told
        .filter_map(|(_, text)| api::slim::Field::<AddrPair>::parse(text).get().copied())
        .flat_map(|pair| pair.iter().collect::<Vec<_>>())
        .collect();
    if !mine.is_empty() && !mine.iter().all(|addr| told.contains(addr)) {
        return Err(Violation(format!("pod {} has {mine:?} and is told {told:?}", pod.meta.name)));
    }
    Ok(())
}

/// All claims.
pub(crate) fn claims(cluster: &Cluster) -> Vec<AddressClaim> {
    let objects = cluster.server.objects("ipledger.dev", "addressclaims");
    objects.iter().filter_map(|object| claim_of(object)).collect()
}

/// All pods.
pub(crate) fn pods(cluster: &Cluster) -> Vec<Pod> {
    let objects = cluster.server.objects("", "pods");
    let slim = objects.iter().filter_map(|object| slim(Kind::Pod, object));
    slim.filter_map(|object| match object {
        Object::Pod(pod) => Some(Arc::unwrap_or_clone(pod)),
        _ => None,
    })
    .collect()
}

fn ip_of(object: &serde_json::Value) -> Option<Ip> {
    match slim(Kind::Ip, object)? {
        Object::Ip(ip) => Some(Arc::unwrap_or_clone(ip)),
        _ => None,
    }
}
