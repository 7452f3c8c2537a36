//! The scheduler: unbound pods to nodes.
//!
//! In: pods without a node, nodes. Out: bindings, or the condition Unschedulable. Guarantees: ready, schedulable nodes
//! that the pod's selector and tolerations allow; the one with the fewest pods, by name among equals. Source:
//! `kubernetes/pkg/scheduler` (resources, affinity and topology are left out).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::pods::pod_path;
use super::{is_deleting, name, namespace, uid};
use crate::pod::{is_finished, node_name, set_condition};
use crate::request::Request;
use crate::server::Server;
use crate::time::Timestamp;

/// Binds every pod that can be bound.
pub fn schedule(server: &mut Server, now: Timestamp) -> bool {
    let before = server.revision();
    let pods = server.objects("", "pods");
    let nodes = server.objects("", "nodes");
    let mut load: BTreeMap<&str, usize> = nodes.iter().map(|n| (name(n), 0)).collect();
    for pod in pods.iter().filter(|p| !is_finished(p)) {
        if let Some(count) = load.get_mut(node_name(pod)) {
            *count += 1;
        }
    }
    for pod in &pods {
        let gated = pod["spec"]["schedulingGates"].as_array().is_some_and(|g| !g.is_empty());
        let ours = pod["spec"]["schedulerName"] == "default-scheduler";
        if !node_name(pod).is_empty() || is_deleting(pod) || is_finished(pod) || gated || !ours {
            continue;
        }
        let fitting = nodes.iter().filter(|n| fits(pod, n)).map(|n| name(n));
        let path = pod_path(namespace(pod), name(pod));
        match fitting.min_by_key(|n| (load.get(n).copied().unwrap_or(0), *n)) {
            Some(node) => {
                let binding = json!({"apiVersion": "v1", "kind": "Binding",
                    "metadata": {"name": name(pod), "uid": uid(pod)}, "target": {"kind": "Node", "name": node}});
                if server.handle(Request::post(format!("{path}/binding"), binding), now).code == 201
                    && let Some(count) = load.get_mut(node)
                {
                    *count += 1;
                }
            }
            None => unschedulable(server, pod, &path, nodes.len(), now),
        }
    }
    server.revision() != before
}

fn fits(pod: &Value, node: &Value) -> bool {
    let conditions = node["status"]["conditions"].as_array().into_iter().flatten();
    let ready = conditions.into_iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
    let labels = &node["metadata"]["labels"];
    let selected = pod["spec"]["nodeSelector"].as_object().into_iter().flatten().all(|(k, v)| labels.get(k) == Some(v));
    ready && node["spec"]["unschedulable"] != true && selected && tolerates(pod, node)
}

fn tolerates(pod: &Value, node: &Value) -> bool {
    let taints = node["spec"]["taints"].as_array().into_iter().flatten();
    let tolerations: Vec<&Value> = pod["spec"]["tolerations"].as_array().into_iter().flatten().collect();
    taints.filter(|t| t["effect"] != "PreferNoSchedule").all(|taint| {
        tolerations.iter().any(|t| {
            let text = |v: &Value, key: &str| v.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
            let key = text(t, "key");
            let effect = text(t, "effect");
            let exists = t["operator"] == "Exists";
            (key.is_empty() && exists || key == text(taint, "key"))
                && (exists || text(t, "value") == text(taint, "value"))
                && (effect.is_empty() || effect == text(taint, "effect"))
        })
    })
}

fn unschedulable(server: &mut Server, pod: &Value, path: &str, nodes: usize, now: Timestamp) {
    let mut updated = pod.clone();
    let condition = Map::from_iter([
        ("type".to_owned(), json!("PodScheduled")),
        ("status".to_owned(), json!("False")),
        ("reason".to_owned(), json!("Unschedulable")),
        ("message".to_owned(), json!(format!("0/{nodes} nodes are available"))),
    ]);
    set_condition(&mut updated, condition, now);
    if updated != *pod {
        let status = json!({"status": {"conditions": updated["status"]["conditions"]}});
        server.handle(Request::merge_patch(format!("{path}/status"), status), now);
    }
}
