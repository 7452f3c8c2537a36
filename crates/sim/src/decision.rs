//! What a controller that has heard everything may decide.
//!
//! In: the server, what was decided when nothing was left to hear, and what of it is asked for once more. Out: the first [`Violation`].
//! Guarantees: judges by objects alone; what it knows is what they say, so that no decision is excused by what was not seen yet. What a pod says
//! that it was given is a request, unless an IP object agrees or the pod is older than the adoption of the Subnet: it is given nothing from a
//! Subnet that is being deleted, and nothing of a pool that is for other Namespaces. And nobody who asks for no address by name is given one that
//! another pod lives with, by its IP object and by what it was told: records come before free choices. And no pod is told of an address that it does
//! not know yet while an older claim of another pod has the MAC that goes with it.

use crate::controller::slim;
use crate::node::claim_of;
use crate::oracle::Violation;
use api::names::annotations::ADOPTED;
use api::names::labels::IP_RESERVED;
use api::names::port_name;
use api::slim::{AddressClaim, Field, Kind, Object, PoolEntry, Str, Uid};
use engine::manage::{Action, Command, HolderId, NewClaim};
use model::{Server, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

/// Label of an IP object: the UID of the pod that it was written for.
const HOLDER_UID: &str = "ipledger.dev/holder-uid";

/// Judges what was decided.
pub(crate) fn judge<'a>(
    server: &Server,
    decided: impl Iterator<Item = &'a Command>,
    is_again: impl Fn(&NewClaim) -> bool,
) -> Result<(), Violation> {
    for command in decided {
        if let Action::CreateClaim(claim) = &command.action {
            // What was asked for, and has no answer, is decided on before.
            if !is_again(claim) {
                request(server, claim)?;
            }
            record(server, claim)?;
        }
        if let Action::AnnotatePod { namespace, name, uid, set, .. } = &command.action {
            mac(server, (namespace, name, uid), set)?;
        }
    }
    Ok(())
}

/// A pod without a record gets what it could ask for.
fn request(server: &Server, claim: &NewClaim) -> Result<(), Violation> {
    let HolderId::Pod(_) = claim.nic.holder else { return Ok(()) };
    let subnet = server.object("kubeovn.io", "subnets", "", &claim.subnet);
    if is_recorded(server, claim) || subnet.as_ref().is_none_or(|subnet| is_older(server, claim, subnet)) {
        return Ok(());
    }
    let is_leaving = subnet.is_some_and(|subnet| !subnet["metadata"]["deletionTimestamp"].is_null());
    let pools = server.objects("kubeovn.io", "ippools");
    let barred = pools.iter().find(|pool| bars(pool, claim));
    let why = match (is_leaving, barred) {
        (true, _) => "is of a Subnet that is being deleted",
        (false, Some(_)) => "is of a pool of other Namespaces",
        (false, None) => return Ok(()),
    };
    Err(Violation(format!("REQUEST: {} for pod {} without a record {why}", claim.key.addr, claim.title.name)))
}

/// What is on record for a pod that lives no other pod is given.
fn record(server: &Server, claim: &NewClaim) -> Result<(), Violation> {
    let (address, title) = (claim.key.addr.to_string(), &claim.title);
    let own = server.object("", "pods", &title.namespace, &title.name);
    // One that names the address asked for it, or was told so itself.
    if own.is_none_or(|own| own["metadata"]["annotations"].to_string().contains(&address)) {
        return Ok(());
    }
    let ips = server.objects("kubeovn.io", "ips");
    // What a user reserves for a pod it need not have, whatever it says: who has it on record keeps it.
    let is_wish = |ip: &Value| ip["metadata"]["labels"][IP_RESERVED] != "false" && is_recorded(server, claim);
    match ips.iter().find(|ip| says(ip, &address) && lives_with(server, ip, &address) && !is_wish(ip)) {
        Some(ip) => {
            let pod = &ip["spec"]["podName"];
            Err(Violation(format!("RECORD: {address} for pod {} is on record for {pod}, which lives", title.name)))
        }
        None => Ok(()),
    }
}

/// Of two pods with one MAC the one with the younger claim is not told of it.
fn mac(server: &Server, pod: (&str, &str, &Uid), set: &BTreeMap<String, String>) -> Result<(), Violation> {
    let (namespace, name, uid) = pod;
    let object = server.object("", "pods", namespace, name);
    let knows = |key: &str, text: &str| object.as_ref().is_some_and(|pod| pod["metadata"]["annotations"][key] == text);
    let news = set.iter().filter(|(key, text)| key.contains("/ip_address") && !knows(key, text));
    let news: Vec<&str> = news.flat_map(|(_, text)| text.split(',')).collect();
    let claims: Vec<AddressClaim> =
        server.objects("ipledger.dev", "addressclaims").iter().filter_map(|claim| claim_of(claim)).collect();
    let is_told = |claim: &&AddressClaim| {
        claim.status.occupant.pod_uid == *uid
            && claim.spec.address.get().is_some_and(|addr| news.contains(&addr.to_string().as_str()))
    };
    for claim in claims.iter().filter(is_told) {
        let rank = |claim: &AddressClaim| (claim.meta.created.get().copied(), claim.spec.address.get().copied());
        let is_before = |other: &&AddressClaim| {
            let has_its_mac = other.spec.wire == claim.spec.wire && other.spec.mac.get() == claim.spec.mac.get();
            // An ordinal or a machine keeps the MAC of its NIC from pod to pod.
            let is_other = other.spec.holder != claim.spec.holder;
            has_its_mac
                && is_other
                && !other.status.users().any(|(user, _)| user.pod_uid == *uid)
                && rank(other) < rank(claim)
        };
        let is_new = claim.spec.mac.get().is_some() && claim.status.occupant.sandbox.is_empty();
        if let Some(other) = claims.iter().filter(|_| is_new).find(is_before) {
            return Err(Violation(format!(
                "MAC: pod {name} is told of {}, whose MAC {} has",
                claim.meta.name, other.meta.name
            )));
        }
    }
    Ok(())
}

/// Whether an IP object says an address.
fn says(ip: &Value, address: &str) -> bool {
    ["v4IpAddress", "v6IpAddress"].iter().any(|field| ip["spec"][field] == address)
}

/// Whether the pod of an IP object lives, and was told the address for the same NIC: it stands beside `allocated`, where nobody else writes.
fn lives_with(server: &Server, ip: &Value, address: &str) -> bool {
    let text = |field: &str| ip["spec"][field].as_str().unwrap_or_default();
    let pod = server.object("", "pods", text("namespace"), text("podName"));
    pod.is_some_and(|pod| {
        let (meta, phase) = (&pod["metadata"], pod["status"]["phase"].as_str().unwrap_or_default());
        let of = &ip["metadata"]["labels"][HOLDER_UID];
        let told = meta["annotations"].as_object().into_iter().flatten();
        let is_told = |(key, value): (&String, &Value)| {
            let provider = key.strip_suffix(".kubernetes.io/ip_address");
            let allocated = |provider| &meta["annotations"][format!("{provider}.kubernetes.io/allocated")];
            let is_its = |provider| ip["metadata"]["name"] == port_name(text("podName"), text("namespace"), provider);
            value == address && provider.is_some_and(|provider| is_its(provider) && allocated(provider) == "true")
        };
        // The record of an earlier pod of that name is not its own.
        (of.is_null() || *of == meta["uid"])
            && !matches!(phase, "Succeeded" | "Failed")
            && told.into_iter().any(is_told)
    })
}

/// Whether an IP object of the pod says the address.
fn is_recorded(server: &Server, claim: &NewClaim) -> bool {
    let address = claim.key.addr.to_string();
    let ips = server.objects("kubeovn.io", "ips");
    ips.iter().any(|ip| ip["spec"]["podName"] == claim.title.name.as_str() && says(ip, &address))
}

/// Whether the pod was there when the Subnet was adopted, or that is still to be.
fn is_older(server: &Server, claim: &NewClaim, subnet: &Value) -> bool {
    let time = |text: &Value| text.as_str().and_then(Timestamp::parse);
    let adopted = time(&subnet["metadata"]["annotations"][ADOPTED]);
    let pod = server.object("", "pods", &claim.title.namespace, &claim.title.name);
    let made = pod.and_then(|pod| time(&pod["metadata"]["creationTimestamp"]));
    adopted.is_none_or(|adopted| made.is_some_and(|made| made <= adopted))
}

/// Whether a pool has the address, for other Namespaces.
fn bars(pool: &Value, claim: &NewClaim) -> bool {
    let Some(Object::IpPool(pool)) = slim(Kind::IpPool, pool) else { return false };
    let (spec, is_for) = (&pool.spec, |of: &Str| *of == claim.title.namespace);
    let has = |entry: &Field<PoolEntry>| entry.get().is_some_and(|entry| entry.0.contains(claim.key.addr));
    !pool.meta.is_deleted()
        && !spec.namespaces.is_empty()
        && !spec.namespaces.iter().any(is_for)
        && spec.ips.iter().any(has)
}
