//! Nodes as objects: what their kubelets, agents and NAT gateways say, without any.
//!
//! In: an API server. Out: pods bound, and gone once their deletion was asked for; the agents' word; the marks of EIPs on
//! gateways. Guarantees: all that is said is true, since nothing is on any wire: an agent speaks of a pod that is gone, or of an
//! address that a living pod was not told; a gateway marks an EIP before it would add it, and takes the mark back only
//! once the EIP is gone.

use super::background::Background;
use super::managed::{CLAIMS, EIPS};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use testbed::Requests;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn items(api: &Requests, path: &str) -> Option<Vec<Value>> {
    match api.get(path).ok()?["items"].take() {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

/// Gives the word of the nodes' agents about what is there now. What is not answered, or was changed meanwhile, is said again by
/// the next call.
pub(crate) fn speak(api: &Requests) {
    // Claims before pods: a pod that is not among those listed later is gone.
    let (Some(claims), Some(pods)) = (items(api, CLAIMS), items(api, "/api/v1/pods")) else { return };
    let pods: BTreeMap<&str, &Value> = pods.iter().map(|pod| (text(&pod["metadata"]["uid"]), pod)).collect();
    for claim in &claims {
        let uid = text(&claim["status"]["occupant"]["podUID"]);
        let is_said = text(&claim["status"]["letGo"]["podUID"]) == uid;
        if uid.is_empty() || is_said || pods.get(uid).is_some_and(|pod| !is_surplus(pod, claim)) {
            continue;
        }
        write(api, claim, &json!({"letGo": {"podUID": uid, "at": "2026-01-01T00:00:00Z"}}));
    }
}

/// Whether a living pod was told another address of the claim's Subnet.
fn is_surplus(pod: &Value, claim: &Value) -> bool {
    if claim["spec"]["holder"]["kind"] == "IptablesEIP" {
        return false;
    }
    let wire = text(&claim["spec"]["wire"]);
    let told = pod["metadata"]["annotations"].get(format!("{wire}.kubernetes.io/ip_address"));
    told.is_some_and(|told| text(told) != text(&claim["spec"]["address"]))
}

/// Writes the status of a claim as it was seen, and no other.
fn write(api: &Requests, claim: &Value, status: &Value) {
    let metadata = &claim["metadata"];
    let patch = json!({
        "metadata": {"resourceVersion": metadata["resourceVersion"], "labels": {"ipledger.dev/break-glass": "true"}},
        "status": status,
    });
    let _ = api.patch(&format!("{CLAIMS}/{}", text(&metadata["name"])), &patch);
}

/// Whether a pod was told an address on every network that it names.
fn is_told(pod: &Value) -> bool {
    let annotations = &pod["metadata"]["annotations"];
    let told = annotations.as_object().into_iter().flatten().filter(|(name, _)| name.ends_with("/ip_address")).count();
    told >= text(&annotations["k8s.v1.cni.cncf.io/networks"]).split(',').count()
}

/// Binds pods that wait for a scheduler, lets those run that were told their addresses, and takes away those whose deletion was
/// asked for.
fn turn_pods(api: &Requests, nodes: &[&str]) {
    for (at, pod) in items(api, "/api/v1/pods").into_iter().flatten().enumerate() {
        let metadata = &pod["metadata"];
        let path = format!("/api/v1/namespaces/{}/pods/{}", text(&metadata["namespace"]), text(&metadata["name"]));
        if metadata["deletionTimestamp"].is_string() {
            let _ = api.delete(&format!("{path}?gracePeriodSeconds=0"));
        } else if text(&pod["spec"]["nodeName"]).is_empty() {
            let target = json!({"apiVersion": "v1", "kind": "Node", "name": nodes[at % nodes.len()]});
            let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": metadata["name"]}, "target": target});
            let _ = api.post(&format!("{path}/binding"), &binding);
        } else if pod["status"]["phase"] == "Pending" && is_told(&pod) {
            let ready = json!({"type": "Ready", "status": "True"});
            let _ =
                api.patch(&format!("{path}/status"), &json!({"status": {"phase": "Running", "conditions": [ready]}}));
        }
    }
}

/// The programs of the NAT gateways.
fn turn_gateways(api: &Requests) {
    let (Some(claims), Some(pods), Some(eips)) = (items(api, CLAIMS), items(api, "/api/v1/pods"), items(api, EIPS))
    else {
        return;
    };
    let gateway =
        |pod: &Value| Some(pod["metadata"]["annotations"].get("ovn.kubernetes.io/vpc_nat_gw")?.as_str()?.to_owned());
    let running: BTreeMap<String, &str> =
        pods.iter().filter_map(|pod| Some((gateway(pod)?, text(&pod["metadata"]["uid"])))).collect();
    let wanted: BTreeMap<&str, &str> = eips
        .iter()
        .filter(|eip| !eip["metadata"]["deletionTimestamp"].is_string())
        .map(|eip| (text(&eip["metadata"]["name"]), text(&eip["spec"]["natGwDp"])))
        .collect();
    let alive: BTreeSet<&str> = running.values().copied().collect();
    for claim in claims.iter().filter(|claim| claim["spec"]["holder"]["kind"] == "IptablesEIP") {
        let eip = wanted.get(text(&claim["spec"]["holder"]["name"]));
        let occupant = text(&claim["status"]["occupant"]["podUID"]);
        let marked = claim["status"]["programmed"].is_object();
        match eip {
            Some(gateway) if !marked && running.get(*gateway) == Some(&occupant) => {
                write(api, claim, &json!({"programmed": {"gateway": gateway, "at": "2026-01-01T00:00:00Z"}}));
            }
            None if marked && alive.contains(occupant) => write(api, claim, &json!({"programmed": null})),
            _ => {}
        }
    }
}

/// Nodes that live for as long as this value.
pub(crate) struct Nodes {
    _background: Background,
}

impl Nodes {
    pub(crate) fn start(api: Requests, nodes: &'static [&'static str]) -> Self {
        let turn = move || {
            turn_pods(&api, nodes);
            speak(&api);
            turn_gateways(&api);
            Ok(())
        };
        Self { _background: Background::start("the nodes", turn) }
    }
}
