//! Nobody waits in vain.
//!
//! In: a cluster at rest. Out: the first [`Violation`] of LIVENESS. Guarantees: judges by objects alone; says nothing of pods
//! that ask for something that may not be there.

use crate::cluster::Cluster;
use crate::excuse::is_unsettled;
use crate::net::{FIRST, PRIMARY_WIRE, SECOND, network_of};
use crate::oracle::{Violation, claims, is_ended, is_unreadable, pods};
use api::slim::{AddressClaim, Phase, Pod};
use ledger::Mac;
use serde_json::Value;

/// The annotation by which a pod asks for a MAC.
const MAC: &str = "macvlan.default.kubernetes.io/mac_address";

/// A pod that wants any address has one while there are any; and one that has all its addresses runs.
pub(super) fn alive(cluster: &Cluster) -> Result<(), Violation> {
    let claims = claims(cluster);
    let free = free(cluster);
    let pods = pods(cluster);
    for pod in pods.iter().filter(|pod| !is_ended(pod) && !pod.meta.is_deleted() && !pod.spec.node_name.is_empty()) {
        let has = |claim: &&AddressClaim| {
            claim.status.users().any(|(user, _)| user.pod_uid == pod.meta.uid)
                && claim.spec.holder.kind != "IptablesEIP"
        };
        let mine: Vec<&AddressClaim> = claims.iter().filter(has).collect();
        let is_plain = || is_plain(cluster, pod) && !waits_for_mac(pod, &claims);
        if mine.is_empty() && is_plain() && free > 0 && !cluster.excuses.has_pod(&pod.meta.uid.to_string()) {
            let name = &pod.meta.name;
            return Err(Violation(format!("LIVENESS: pod {name} has nothing, and {free} addresses are free")));
        }
        let networks = pod.meta.annotation("k8s.v1.cni.cncf.io/networks").unwrap_or_default();
        if is_unreadable(networks) {
            // Multus cannot tell either what it should have.
            continue;
        }
        let nics = networks.split(',').filter(|network| !network.is_empty()).count();
        let kept = mine.iter().filter(|claim| network_of(&claim.spec.wire) == FIRST).count();
        let second = mine.iter().filter(|claim| claim.spec.wire == SECOND.1).count();
        let primary = mine.iter().filter(|claim| claim.spec.wire == PRIMARY_WIRE).count();
        let full = kept == 1 && (nics < 2 || second == 2) && (primary == 1 || !cluster.serves_primary());
        // One that was deleted in a time that is not any more was promised away, and a busy address waits for the wire.
        let uid = pod.meta.uid.to_string();
        let is_refused = |claim: &AddressClaim| cluster.nodes.iter().any(|node| node.refuses(&uid, &claim.meta.name));
        let is_barred = mine.iter().any(|claim| is_refused(claim) || is_busy(cluster, claim, pod));
        if is_barred {
            continue;
        }
        // A claim with its MAC came first.
        if mine.iter().any(|claim| claims.iter().any(|other| has_its_mac(claim, other))) {
            continue;
        }
        let is_settled = !mine.iter().any(|claim| is_unsettled(cluster, &claims, claim));
        if full && is_settled && pod.status.phase != Phase::Running {
            let names: Vec<&str> = mine.iter().map(|claim| claim.meta.name.as_str()).collect();
            return Err(Violation(format!("LIVENESS: pod {} has {names:?} and does not run", pod.meta.name)));
        }
    }
    Ok(())
}

/// Whether somebody else answers to the address of a claim.
fn is_busy(cluster: &Cluster, claim: &AddressClaim, pod: &Pod) -> bool {
    let others =
        cluster.wire.iter().filter(|(net, addr, _)| *net == claim.spec.wire && Some(addr) == claim.spec.address.get());
    others
        .flat_map(|(_, _, sandboxes)| sandboxes)
        .any(|sandbox| pod.meta.uid != api::slim::Uid::parse(&sandbox.pod_uid))
}

/// Whether another pod's claim on the same wire says the same MAC.
fn has_its_mac(claim: &AddressClaim, other: &AddressClaim) -> bool {
    let user = |claim: &AddressClaim| claim.status.occupant.pod_uid.clone();
    let is_like_it = claim.spec.wire == other.spec.wire && claim.spec.mac.get() == other.spec.mac.get();
    is_like_it && claim.spec.mac.get().is_some() && user(claim) != user(other)
}

/// Whether a pod asks for a MAC that a claim has.
fn waits_for_mac(pod: &Pod, claims: &[AddressClaim]) -> bool {
    let asked = pod.meta.annotation(MAC).and_then(|text| text.parse::<Mac>().ok());
    asked.is_some() && claims.iter().any(|claim| claim.spec.mac.get() == asked.as_ref())
}

/// Whether a pod asks for any address of the first network and nothing else but a MAC, and nothing is reserved for it.
fn is_plain(cluster: &Cluster, pod: &Pod) -> bool {
    let port = format!("{}.{}.macvlan.default", pod.meta.name, pod.meta.namespace);
    if cluster.server.object("kubeovn.io", "ips", "", &port).is_some() {
        return false;
    }
    let mut keys = pod.meta.annotations.iter().map(|(key, _)| key);
    let is_mac = |key: &str| key == MAC && pod.meta.annotation(MAC).is_some_and(|text| text.parse::<Mac>().is_ok());
    keys.all(|key| key == "k8s.v1.cni.cncf.io/networks" || is_mac(key))
        && pod.meta.annotation("k8s.v1.cni.cncf.io/networks") == Some("macvlan")
}

/// How many addresses anybody may have: those of the pool are for those that ask for it.
fn free(cluster: &Cluster) -> i64 {
    let Some(subnet) = cluster.server.object("kubeovn.io", "subnets", "", "ext") else { return 0 };
    if !subnet["metadata"]["deletionTimestamp"].is_null() || !is_ready(&subnet) {
        return 0;
    }
    let pools = cluster.server.objects("kubeovn.io", "ippools");
    let pooled: i64 = pools.iter().filter_map(|pool| pool["status"]["v4AvailableIPs"].as_i64()).sum();
    subnet["status"]["v4availableIPs"].as_i64().unwrap_or_default() - pooled
}

fn is_ready(subnet: &Value) -> bool {
    let conditions = subnet["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}
