//! What stands behind a claim, by the objects alone.
//!
//! In: the server, a claim. Out: whether its holder is there; whether an IP object should say the same. Guarantees: asks the
//! server and never the engine.

use crate::cluster::Cluster;
use crate::oracle::{Violation, is_ended, pods};
use api::slim::{AddressClaim, Ip};
use serde_json::Value;
use std::sync::Arc;

/// Whether there is an object that entitles the holder of a claim.
pub(crate) fn stands(cluster: &Cluster, claim: &AddressClaim) -> bool {
    let name = claim.spec.holder.name.as_str();
    match claim.spec.holder.kind.as_str() {
        "StatefulSet" => has_ordinal(cluster, claim),
        "Reservation" => object(cluster, "ips", name).is_some(),
        "Vip" => object(cluster, "vips", name).is_some(),
        "IptablesEIP" => object(cluster, "iptables-eips", name).is_some(),
        "VpcNatGateway" => object(cluster, "vpc-nat-gateways", name).is_some(),
        _ => false,
    }
}

fn object(cluster: &Cluster, plural: &str, name: &str) -> Option<Arc<Value>> {
    cluster.server.objects("kubeovn.io", plural).into_iter().find(|object| object["metadata"]["name"] == name)
}

/// Whether the holder of a claim, where it is there, says that it has the address.
pub(crate) fn told(cluster: &Cluster, claim: &AddressClaim) -> Result<(), Violation> {
    let name = claim.spec.holder.name.as_str();
    let (plural, path) = match claim.spec.holder.kind.as_str() {
        "Reservation" => ("ips", "/spec/v4IpAddress"),
        "Vip" => ("vips", "/status/v4ip"),
        "IptablesEIP" => ("iptables-eips", "/status/ip"),
        _ => return Ok(()),
    };
    let Some(object) = object(cluster, plural, name).filter(|object| object["metadata"]["deletionTimestamp"].is_null())
    else {
        return Ok(());
    };
    let address = claim.spec.address.get().map(ToString::to_string).unwrap_or_default();
    let said = object.pointer(path).and_then(Value::as_str).unwrap_or_default();
    if said == address { Ok(()) } else { Err(Violation(format!("{plural} {name} has {address} and says {said:?}"))) }
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
        "IptablesEIP" => false,
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
