//! The program of a NAT gateway, as far as the wire is concerned.
//!
//! In: the claims of EIPs, the gateway's pods. Out: EIPs on and off the wire. Guarantees: the mark in the claim comes before the
//! address on the interface, and goes after it; only for the pod that the claim names, while that runs and has not let go.

use crate::cluster::Cluster;
use crate::node::CLAIMS;
use crate::oracle::claims;
use api::slim::AddressClaim;
use model::Request;
use model::cluster::SandboxId;
use serde_json::{Value, json};

/// Puts an EIP on the interface of the pod that its claim names.
pub(super) fn program(cluster: &mut Cluster, eip: u8) {
    if !wanted(cluster, eip) {
        return;
    }
    for claim in of_eip(cluster, eip) {
        let occupant = &claim.status.occupant;
        let may = claim.status.let_go.pod_uid != occupant.pod_uid && !cluster.is_cut_off(&occupant.node);
        let sandbox = sandbox(cluster, &occupant.pod_uid.to_string());
        let (Some(sandbox), Some(addr)) = (sandbox.filter(|_| may), claim.spec.address.get()) else { continue };
        if mark(cluster, &claim, &json!({"gateway": "gw"})) {
            cluster.wire.add(&claim.spec.wire, *addr, &sandbox);
        }
    }
}

/// Takes an EIP off where it is, if it is not wanted any more, and says so.
pub(super) fn unprogram(cluster: &mut Cluster, eip: u8) {
    if wanted(cluster, eip) {
        return;
    }
    for claim in of_eip(cluster, eip).into_iter().filter(|claim| !claim.status.programmed.gateway.is_empty()) {
        let occupant = &claim.status.occupant;
        if cluster.is_cut_off(&occupant.node) {
            continue;
        }
        if let Some(addr) = claim.spec.address.get() {
            cluster.wire.take(&claim.spec.wire, *addr, &occupant.pod_uid.to_string());
        }
        mark(cluster, &claim, &Value::Null);
    }
}

fn wanted(cluster: &Cluster, eip: u8) -> bool {
    let object = cluster.server.object("kubeovn.io", "iptables-eips", "", &format!("e{eip}"));
    object.is_some_and(|object| object["metadata"]["deletionTimestamp"].is_null())
}

fn of_eip(cluster: &Cluster, eip: u8) -> Vec<AddressClaim> {
    let name = format!("e{eip}");
    let mut all = claims(cluster);
    all.retain(|claim| claim.spec.holder.kind == "IptablesEIP" && claim.spec.holder.name == name);
    all
}

/// The sandbox of a pod, if it is on the wire.
fn sandbox(cluster: &Cluster, uid: &str) -> Option<SandboxId> {
    cluster.wire.iter().flat_map(|(_, _, sandboxes)| sandboxes).find(|sandbox| sandbox.pod_uid == uid).cloned()
}

/// Writes the mark, if the claim is still what it was; whether it did.
fn mark(cluster: &mut Cluster, claim: &AddressClaim, programmed: &Value) -> bool {
    let meta = json!({"uid": claim.meta.uid.to_string(), "resourceVersion": claim.meta.resource_version.as_str()});
    let body = json!({"metadata": meta, "status": {"programmed": programmed}});
    let request = Request::merge_patch(format!("{CLAIMS}/{}", claim.meta.name), body);
    cluster.server.handle(request, cluster.now).code == 200
}
