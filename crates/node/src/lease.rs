//! The Lease of a node's agent: the node has one, and it is alive.
//!
//! In: the node's name, a namespace. Out: the Lease, made and renewed for as long as the agent runs. Guarantees: one that is gone is made
//! again, as after the storage was put back; a renewal that fails is tried again at the next. Nobody else writes it.
//!
//! While it is renewed, nobody believes that the node is gone, whatever the API server says of it (`engine::manage::agents`).

use crate::agent::AgentError;
use api::names::leases::{AGENT_PREFIX, RENEWAL};
use cluster::Cluster;
use engine::manage::{Call, Verb};
use serde_json::{Value, json};
use std::time::Duration;

/// Nobody counts as silent before two more of these are over (`controller::Config::silence`): one renewal may be lost, and be late.
const PERIOD: Duration = Duration::from_secs(RENEWAL.unsigned_abs());

/// See the module.
pub(crate) struct Lease {
    cluster: Cluster,
    namespace: String,
    node: String,
}

impl Lease {
    pub(crate) fn new(cluster: &Cluster, namespace: &str, node: &str) -> Self {
        Self { cluster: cluster.clone(), namespace: namespace.to_owned(), node: node.to_owned() }
    }

    /// Makes it, or renews the one that is there.
    ///
    /// # Errors
    /// [`AgentError::Lease`]: the API server refuses, or does not answer.
    pub(crate) async fn renew(&self) -> Result<(), AgentError> {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
        let spec = json!({"holderIdentity": self.node, "renewTime": now});
        let name = format!("{AGENT_PREFIX}{}", self.node);
        let path = format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", self.namespace);
        if self.call(Verb::MergePatch, format!("{path}/{name}"), json!({"spec": spec})).await? {
            return Ok(());
        }
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": name, "namespace": self.namespace}, "spec": spec,
        });
        self.call(Verb::Create, path, lease).await.map(drop)
    }

    /// Renews it for ever.
    pub(crate) async fn keep(self) {
        loop {
            tokio::time::sleep(PERIOD).await;
            if let Err(error) = self.renew().await {
                tracing::warn!(node = self.node, %error, "the Lease is not renewed: is the API server there?");
            }
        }
    }

    /// Makes a call; false where there is no such object.
    async fn call(&self, verb: Verb, path: String, body: Value) -> Result<bool, AgentError> {
        match self.cluster.call(Call { verb, path, body: Some(body) }).await {
            Ok(answer) if answer.code < 300 => Ok(true),
            Ok(answer) if answer.code == 404 => Ok(false),
            Ok(answer) => Err(AgentError::Lease(String::from_utf8_lossy(&answer.body).into_owned())),
            Err(cause) => Err(AgentError::Lease(cause.to_string())),
        }
    }
}
