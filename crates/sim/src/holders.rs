//! What stands behind a claim, by the objects alone.
//!
//! In: the server, a claim. Out: whether its holder is there; whether an IP object should say the same. Guarantees: asks the
//! server and never the engine.

use crate::cluster::Cluster;
use crate::oracle::{is_ended, pods};
use api::slim::{AddressClaim, Ip};

/// Whether there is an object that entitles the holder of a claim.
pub(crate) fn stands(cluster: &Cluster, claim: &AddressClaim) -> bool {
    let name = claim.spec.holder.name.as_str();
    match claim.spec.holder.kind.as_str() {
        "StatefulSet" => has_ordinal(cluster, claim),
        "Reservation" => exists(cluster, "ips", name),
        _ => false,
    }
}

fn exists(cluster: &Cluster, plural: &str, name: &str) -> bool {
    cluster.server.objects("kubeovn.io", plural).iter().any(|object| object["metadata"]["name"] == name)
}

/// Whether a StatefulSet has a place for the holder of a claim.
fn has_ordinal(cluster: &Cluster, claim: &AddressClaim) -> bool {
    let Some((set, ordinal)) = claim.spec.holder.name.rsplit_once('-') else { return false };
    let sets = cluster.server.objects("apps", "statefulsets");
    sets.iter().any(|object| {
        let replicas = object["spec"]["replicas"].as_i64().unwrap_or(1);
        object["metadata"]["name"] == set && ordinal.parse::<i64>().is_ok_and(|ordinal| ordinal < replicas)
    })
}

/// Whether an IP object should say what a claim says.
pub(crate) fn has_record(cluster: &Cluster, claim: &AddressClaim) -> bool {
    match claim.spec.holder.kind.as_str() {
        "Pod" | "StatefulSet" | "Reservation" => true,
        _ => pods(cluster).iter().any(|pod| pod.meta.uid == claim.status.occupant.pod_uid && !is_ended(pod)),
    }
}

/// Whether an IP object is the one of a claim.
pub(crate) fn is_of(ip: &Ip, claim: &AddressClaim) -> bool {
    let holder = &claim.spec.holder;
    match holder.kind.as_str() {
        "Pod" | "StatefulSet" => ip.spec.pod_name == holder.name,
        "Reservation" => ip.meta.name == holder.name,
        _ => true,
    }
}
