//! Everything that Kubernetes does beside its API server: schedulers, controllers, nodes with agents.
//!
//! In: a model. Out: a task that lets each part take its turn whenever something was written. Guarantees: level-triggered;
//! the lock of the model is given back after each turn.

use api::crds;
use model::cluster as parts;
use model::{Request, Server, Timestamp};
use model_http::Model;
use sim::{Node, Wire};
use std::time::Duration;

/// Turns until the lock is given back: requests must not wait.
const TURNS: usize = 50;
/// A turn is taken even where nothing was written: pods have grace periods.
const TICK: Duration = Duration::from_millis(500);

/// Installs what a cluster has, and starts the task.
pub(crate) fn start(model: Model, nodes: usize) {
    let now = model.now();
    let mut machines = model.with(|server| {
        install(server, now);
        (1..=nodes).map(|number| Node::register(server, &format!("node{number}"), now)).collect::<Vec<_>>()
    });
    tokio::spawn(async move {
        let mut wire = Wire::default();
        let mut revisions = model.subscribe();
        loop {
            let now = model.now();
            let busy = model.with(|server| (0..TURNS).all(|_| turn(server, &mut machines, &mut wire, now)));
            if busy {
                tokio::task::yield_now().await;
            } else {
                let _ = tokio::time::timeout(TICK, revisions.changed()).await;
            }
        }
    });
}

/// The definitions of the project: a sandbox has no Kube-OVN.
fn install(server: &mut Server, now: Timestamp) {
    for definition in crds::all() {
        let body = serde_json::to_value(&definition).expect("a definition is JSON");
        server.handle(Request::post(model::definitions_path(), body), now);
    }
    // Multus' kind: people apply networks beside Subnets.
    let attachment = serde_json::json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "network-attachment-definitions.k8s.cni.cncf.io"},
        "spec": {
            "group": "k8s.cni.cncf.io", "scope": "Namespaced",
            "names": {
                "plural": "network-attachment-definitions", "singular": "network-attachment-definition",
                "kind": "NetworkAttachmentDefinition", "listKind": "NetworkAttachmentDefinitionList", "shortNames": ["net-attach-def"],
            },
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object",
                "properties": {"spec": {"type": "object", "properties": {"config": {"type": "string"}}}},
            }}}],
        },
    });
    server.handle(Request::post(model::definitions_path(), attachment), now);
}

/// One thing happens; whether there was one to happen.
fn turn(server: &mut Server, nodes: &mut [Node], wire: &mut Wire, now: Timestamp) -> bool {
    nodes.iter_mut().any(|node| node.step(server, wire, now))
        || parts::sync_deployments(server, now)
        || parts::sync_replica_sets(server, now)
        || parts::sync_stateful_sets(server, now)
        || parts::sync_jobs(server, now)
        || parts::collect_garbage(server, now)
        || parts::empty_namespaces(server, now)
        || parts::provide_accounts(server, now)
        || parts::schedule(server, now)
}
