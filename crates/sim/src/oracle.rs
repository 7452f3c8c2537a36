//! What must hold.
//!
//! In: the server, the wire. Out: the first [`Violation`]. Guarantees: judges by objects and by the wire alone, never by
//! what the controller believes.

use crate::cluster::Cluster;
use crate::controller::slim;
use crate::node::claim_of;
use crate::status;
use api::slim::{AddressClaim, Ip, Kind, Object, Pod};
use engine::manage::Engine;
use ledger::{Addr, AddrPair, Family};
use std::collections::BTreeMap;

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(pub String);

/// After each write and each event on a node: one answer per address, and a claim behind it.
pub(crate) fn always(cluster: &Cluster) -> Result<(), Violation> {
    let claims = claims(cluster);
    let find = |net: &str, addr: Addr| {
        claims.iter().find(|claim| claim.spec.wire == net && claim.spec.address.get() == Some(&addr))
    };
    for (net, addr, sandboxes) in cluster.wire.iter() {
        if sandboxes.len() > 1 {
            return Err(Violation(format!("UNIQUENESS: {addr} on {net} is answered by {sandboxes:?}")));
        }
        let occupant = find(net, addr).map(|claim| claim.status.occupant.pod_uid.to_string());
        // Until a claim that was deleted by hand is healed, the wire is ahead of the paper.
        if occupant.is_none() && cluster.tampered {
            continue;
        }
        if sandboxes.iter().any(|sandbox| occupant.as_deref() != Some(sandbox.pod_uid.as_str())) {
            return Err(Violation(format!(
                "UNIQUENESS: {addr} on {net} is used by {sandboxes:?}, claimed for {occupant:?}"
            )));
        }
    }
    Ok(())
}

/// At rest: claims, IP objects, annotations, the engine's counts and the wire say the same, and nobody waits in vain.
pub(crate) fn at_rest(cluster: &Cluster) -> Result<(), Violation> {
    let claims = claims(cluster);
    cluster.engines().try_for_each(|engine| accounting(engine, &claims))?;
    let pods = pods(cluster);
    for claim in &claims {
        let alive = pods.iter().any(|pod| pod.meta.uid == claim.status.occupant.pod_uid && !is_ended(pod));
        let alive = alive || has_ordinal(cluster, claim);
        let cut_off = cluster.is_cut_off(&claim.status.occupant.node);
        if !alive && !cut_off {
            return Err(Violation(format!("NO-LEAK: {} has no holder, and nothing to wait for", claim.meta.name)));
        }
    }
    records(cluster, &claims)?;
    status::accounts(cluster)?;
    pods.iter().filter(|pod| !is_ended(pod) && !pod.meta.is_deleted()).try_for_each(|pod| annotated(pod, &claims))
}

/// Whether a StatefulSet has a place for the holder of a claim.
fn has_ordinal(cluster: &Cluster, claim: &AddressClaim) -> bool {
    let holder = &claim.spec.holder;
    let Some((set, ordinal)) = holder.name.rsplit_once('-') else { return false };
    let sets = cluster.server.objects("apps", "statefulsets");
    holder.kind == "StatefulSet"
        && sets.iter().any(|object| {
            let replicas = object["spec"]["replicas"].as_i64().unwrap_or(1);
            object["metadata"]["name"] == set && ordinal.parse::<i64>().is_ok_and(|ordinal| ordinal < replicas)
        })
}

fn is_ended(pod: &Pod) -> bool {
    pod.status.phase == "Succeeded" || pod.status.phase == "Failed"
}

/// The engine counts what is claimed.
fn accounting(engine: &Engine, claims: &[AddressClaim]) -> Result<(), Violation> {
    let Some(counts) = engine.counts("ext", Family::V4) else { return Ok(()) };
    let sum = counts.using.checked_add(counts.available).and_then(|sum| sum.checked_add(counts.excluded));
    if sum != Some(counts.usable) {
        return Err(Violation(format!("ACCOUNTING: {counts:?}")));
    }
    let claimed = claims.iter().filter(|claim| claim.spec.subnet == "ext").count();
    if counts.using.as_u128() != u128::try_from(claimed).ok() {
        return Err(Violation(format!("ACCOUNTING: {claimed} claims, {counts:?}")));
    }
    Ok(())
}

/// Every IP object says what a claim of its pod says, and every claim has one.
fn records(cluster: &Cluster, claims: &[AddressClaim]) -> Result<(), Violation> {
    let mut recorded: BTreeMap<(String, Addr), u32> = BTreeMap::new();
    for object in cluster.server.objects("kubeovn.io", "ips") {
        let Some(ip) = ip_of(&object) else { continue };
        for addr in [&ip.spec.v4, &ip.spec.v6].into_iter().filter_map(|field| field.get()) {
            *recorded.entry((ip.spec.pod_name.to_string(), *addr)).or_default() += 1;
        }
    }
    for claim in claims.iter().filter(|claim| !cluster.is_cut_off(&claim.status.occupant.node)) {
        let addr =
            claim.spec.address.get().copied().ok_or_else(|| Violation("a claim without an address".to_owned()))?;
        if recorded.remove(&(claim.spec.holder.name.to_string(), addr)) != Some(1) {
            return Err(Violation(format!("{}: not exactly one IP object says so", claim.meta.name)));
        }
    }
    match recorded.first_key_value() {
        Some(((pod, addr), _)) if !cluster.any_cut_off() => {
            Err(Violation(format!("an IP object says that {pod} has {addr}, and there is no claim")))
        }
        _ => Ok(()),
    }
}

/// A pod is told what it has.
fn annotated(pod: &Pod, claims: &[AddressClaim]) -> Result<(), Violation> {
    let mine: Vec<Addr> = claims
        .iter()
        .filter(|claim| claim.status.occupant.pod_uid == pod.meta.uid)
        .filter_map(|claim| claim.spec.address.get().copied())
        .collect();
    let told = pod.meta.annotations.iter().filter(|(key, _)| key.ends_with("/ip_address"));
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
        Object::Pod(pod) => Some(*pod),
        _ => None,
    })
    .collect()
}

fn ip_of(object: &serde_json::Value) -> Option<Ip> {
    match slim(Kind::Ip, object)? {
        Object::Ip(ip) => Some(*ip),
        _ => None,
    }
}
