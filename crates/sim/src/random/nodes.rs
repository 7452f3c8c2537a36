//! Nodes without power: what people say of them, and what becomes of their pods.
//!
//! In: a step, the cluster. Out: the cluster with it done. Guarantees: people tell the truth: only of a node without power it is said
//! that nothing runs there. What they said is taken back before the node has power again.

use super::people::{PODS, delete};
use super::run::node_name;
use super::step::{Grace, What};
use crate::cluster::Cluster;
use crate::node::Node;
use crate::story::Act;
use api::names::OUT_OF_SERVICE;
use model::{Request, Server};
use serde_json::json;

/// Where Nodes are.
const NODES: &str = "/api/v1/nodes";

/// Does it, where it is true.
pub(super) fn happen(cluster: &mut Cluster, what: What) {
    match what {
        What::OutOfService(node) if is_off(cluster, node) => {
            let taints = json!([{"key": OUT_OF_SERVICE, "effect": "NoExecute"}]);
            let path = format!("{NODES}/{}", node_name(node));
            cluster.server.handle(Request::merge_patch(path, json!({"spec": {"taints": taints}})), cluster.now);
            delete_pods(cluster, node);
        }
        What::DropNode(node) if is_off(cluster, node) => {
            cluster.server.handle(Request::delete(format!("{NODES}/{}", node_name(node))), cluster.now);
            delete_pods(cluster, node);
        }
        What::Boot(node) if is_off(cluster, node) => boot(cluster, node),
        _ => {}
    }
}

/// A machine of which the API server says that nothing runs there, and which runs, is looked for by whoever puts a backup back
/// (docs/operations.md): it is not one that nobody can reach.
pub(super) fn may_be_cut_off(cluster: &mut Cluster, what: What) {
    match what {
        What::CutOff(node) if !is_given_up(&cluster.server, &node_name(node)) => {
            cluster.act(&Act::CutOff(node_name(node)));
        }
        What::PutBack if !cluster.would_give_up(is_given_up) => cluster.put_back(),
        _ => {}
    }
}

/// Whether a Node is gone, or out of service.
fn is_given_up(server: &Server, node: &str) -> bool {
    let node = server.object("", "nodes", "", node);
    node.is_none_or(|node| node["spec"]["taints"].as_array().is_some_and(|taints| !taints.is_empty()))
}

fn boot(cluster: &mut Cluster, node: u8) {
    let name = node_name(node);
    let taints = json!({"spec": {"taints": null}});
    let response = cluster.server.handle(Request::merge_patch(format!("{NODES}/{name}"), taints), cluster.now);
    if response.code == 404 {
        let body = json!({"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        cluster.server.handle(Request::post(NODES, body), cluster.now);
    }
    cluster.nodes[usize::from(node)].boot();
}

fn is_off(cluster: &Cluster, node: u8) -> bool {
    cluster.nodes.get(usize::from(node)).is_some_and(Node::is_off)
}

/// By force, as the pod collector of kube-controller-manager does.
fn delete_pods(cluster: &mut Cluster, node: u8) {
    let name = node_name(node);
    for pod in cluster.server.objects("", "pods") {
        if pod["spec"]["nodeName"] == name.as_str() {
            let path = format!("{PODS}/{}", pod["metadata"]["name"].as_str().unwrap_or_default());
            cluster.server.handle(delete(path, Grace::Zero), cluster.now);
        }
    }
}
