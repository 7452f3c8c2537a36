//! What stands behind a claim, by the objects alone.
//!
//! In: the server, a claim. Out: whether its holder is there; whether an IP object should say the same. Guarantees: asks the
//! server and never the engine.

use crate::cluster::Cluster;
use crate::net::port;
use crate::oracle::{Violation, is_ended, pods};
use api::slim::{AddressClaim, Ip, Pod};
use ledger::Family;
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
        "VirtualMachine" => {
            let vms = cluster.server.objects("kubevirt.io", "virtualmachines");
            vms.iter().any(|vm| vm["metadata"]["name"] == name)
        }
        "OvnEip" => object(cluster, "ovn-eips", name).is_some(),
        "Subnet" => object(cluster, "subnets", name).is_some_and(|subnet| says_own(&subnet, claim)),
        "Node" => cluster.server.object("", "nodes", "", name).is_some(),
        "Quarantine" | "Fridge" => true,
        "VpcNatGateway" => object(cluster, "vpc-nat-gateways", name).is_some(),
        _ => false,
    }
}

/// Whether a Subnet says that it has an address itself.
fn says_own(subnet: &Value, claim: &AddressClaim) -> bool {
    let address = claim.spec.address.get().map(ToString::to_string).unwrap_or_default();
    let own =
        ["u2oInterconnectionIP", "mcastQuerierIP"].map(|field| subnet["status"][field].as_str().unwrap_or_default());
    own.iter().any(|list| list.split(',').any(|addr| addr == address))
}

fn object(cluster: &Cluster, plural: &str, name: &str) -> Option<Arc<Value>> {
    cluster.server.objects("kubeovn.io", plural).into_iter().find(|object| object["metadata"]["name"] == name)
}

/// Whether the holder of a claim, where it is there, says that it has the address; or another one that it has too, while a pod that lives
/// may still use this one: two controllers may each claim one, and no more than one is said.
pub(crate) fn told(cluster: &Cluster, claims: &[AddressClaim], claim: &AddressClaim) -> Result<(), Violation> {
    let name = claim.spec.holder.name.as_str();
    let (plural, paths) = match claim.spec.holder.kind.as_str() {
        "Reservation" => ("ips", ["/spec/v4IpAddress", "/spec/v6IpAddress"]),
        "Vip" => ("vips", ["/status/v4ip", "/status/v6ip"]),
        // Its status has no place for the other family.
        "IptablesEIP" => ("iptables-eips", ["/status/ip", "/spec/v6ip"]),
        _ => return Ok(()),
    };
    let (Some(object), Some(address)) = (object(cluster, plural, name), claim.spec.address.get()) else {
        return Ok(());
    };
    // What was somebody's reservation may be the record of its pod by now.
    let is_record = object["metadata"]["labels"]["ovn.kubernetes.io/ip_reserved"] == "false";
    if !object["metadata"]["deletionTimestamp"].is_null() || is_record {
        return Ok(());
    }
    let path = paths[usize::from(address.family() == Family::V6)];
    let said = object.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let lives = |pod: &Pod| claim.status.may_use(&pod.meta.uid) && !is_ended(pod);
    let is_said = |other: &AddressClaim| {
        let address = other.spec.address.get().map(ToString::to_string).unwrap_or_default();
        other.spec.holder == claim.spec.holder && other.spec.wire == claim.spec.wire && address == said
    };
    match said.parse() == Ok(*address) || claims.iter().any(is_said) && pods(cluster).iter().any(lives) {
        true => Ok(()),
        false => Err(Violation(format!("{plural} {name} has {address} and says {said:?}"))),
    }
}

/// Whether a StatefulSet has a place for the holder of a claim.
fn has_ordinal(cluster: &Cluster, claim: &AddressClaim) -> bool {
    let Some((set, ordinal)) = claim.spec.holder.name.rsplit_once('-') else { return false };
    let sets = cluster.server.objects("apps", "statefulsets");
    sets.iter().any(|object| {
        let replicas = object["spec"]["replicas"].as_i64().unwrap_or(1);
        let first = object["spec"]["ordinals"]["start"].as_i64().unwrap_or(0);
        let places = first..first.saturating_add(replicas);
        object["metadata"]["name"] == set && ordinal.parse().is_ok_and(|ordinal: i64| places.contains(&ordinal))
    })
}

/// How many IP objects should say what a claim says: one for its holder, or one for each pod that it is lent to.
pub(crate) fn records(cluster: &Cluster, claim: &AddressClaim) -> usize {
    match claim.spec.holder.kind.as_str() {
        "Reservation" => 1,
        "Pod" | "StatefulSet" | "VirtualMachine" => {
            let holder = &claim.spec.holder;
            let port = port(&holder.namespace, &holder.name, &claim.spec.wire);
            usize::from(!is_reserved(cluster, &port) && !is_of_namesake(cluster, &port, claim))
        }
        "IptablesEIP" => 0,
        // What Kube-OVN made for it stays, and nothing is made here.
        "Subnet" => usize::from(cluster.server.objects("kubeovn.io", "ips").iter().any(|ip| {
            let name = ip["metadata"]["name"].as_str().unwrap_or_default();
            let is_own = name.starts_with("u2o-interconnection.") || name.starts_with("mcast-querier.");
            is_own
                && Some(ip["spec"]["v4IpAddress"].as_str().unwrap_or_default())
                    == claim.spec.address.get().map(ToString::to_string).as_deref()
        })),
        _ => {
            // What an ordinal had its next pod will have, once that has a node.
            let is_next = |pod: &Pod| {
                let mut users = claim.status.users().map(|(user, _)| (&user.name, &user.namespace));
                pod.spec.node_name.is_empty() && users.any(|user| user == (&pod.meta.name, &pod.meta.namespace))
            };
            let is_user = |pod: &&Pod| {
                // What it promised not to use it has no more.
                (claim.status.may_use(&pod.meta.uid) || is_next(pod))
                    && !is_ended(pod)
                    && !is_reserved(cluster, &port(&pod.meta.namespace, &pod.meta.name, &claim.spec.wire))
            };
            pods(cluster).iter().filter(is_user).count()
        }
    }
}

/// Whether the IP object of that name is somebody's reservation: then there is no place for another.
fn is_reserved(cluster: &Cluster, port: &str) -> bool {
    let ip = cluster.server.object("kubeovn.io", "ips", "", port);
    ip.is_some_and(|ip| ip["metadata"]["labels"]["ovn.kubernetes.io/ip_reserved"] != "false")
}

/// Whether the IP object of that name says what a machine has that is called like a pod, or the other way.
fn is_of_namesake(cluster: &Cluster, port: &str, claim: &AddressClaim) -> bool {
    let kind = cluster.server.object("kubeovn.io", "ips", "", port).map(|ip| ip["spec"]["podType"] == "VirtualMachine");
    let is_vm = claim.spec.holder.kind == "VirtualMachine";
    let is_other = |other: &AddressClaim| {
        let (holder, own) = (&other.spec.holder, &claim.spec.holder);
        (&holder.name, &holder.namespace) == (&own.name, &own.namespace) && (holder.kind == "VirtualMachine") != is_vm
    };
    kind.is_some_and(|kind| kind != is_vm) && crate::oracle::claims(cluster).iter().any(is_other)
}

/// Whether an IP object is the one of a claim.
pub(crate) fn is_of(ip: &Ip, claim: &AddressClaim) -> bool {
    let holder = &claim.spec.holder;
    let is_reservation = ip.meta.label("ovn.kubernetes.io/ip_reserved") == Some("true");
    match holder.kind.as_str() {
        "Pod" | "StatefulSet" | "VirtualMachine" => ip.spec.pod_name == holder.name && !is_reservation,
        "Reservation" => ip.meta.name == holder.name,
        // They lend nothing.
        "IptablesEIP" | "OvnEip" | "Node" | "Quarantine" => false,
        // Kube-OVN's own, which is called after the Subnet.
        "Subnet" => !is_reservation,
        // What it lends is on record for the pod that uses it.
        _ => {
            let pod = (&ip.spec.pod_name, &ip.spec.namespace);
            !is_reservation && claim.status.users().any(|(user, _)| (&user.name, &user.namespace) == pod)
        }
    }
}
