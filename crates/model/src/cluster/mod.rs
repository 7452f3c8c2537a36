//! Simulated cluster parts, each small, deterministic and apart from the others.
//!
//! In: the server's state, the time. Out: requests to the server, as the real part would send them; `true` when a step
//! changed something. Guarantees: no part knows another; each is level-triggered, so a step may come late, twice or after
//! a restart; [`settle`] runs several until nothing changes. What they leave out stands in
//! docs/api-model/cluster.md.

mod accounts;
mod claim;
mod deployment;
mod garbage;
mod job;
mod kubelet;
mod namespaces;
mod pods;
mod replica_set;
mod scheduler;
mod stateful_set;

pub use accounts::provide_accounts;
pub use deployment::sync_deployments;
pub use garbage::collect_garbage;
pub use job::sync_jobs;
pub use kubelet::{Kubelet, SandboxId, WireEvent};
pub use namespaces::empty_namespaces;
pub use replica_set::sync_replica_sets;
pub use scheduler::schedule;
pub use stateful_set::sync_stateful_sets;

use std::sync::Arc;

use serde_json::Value;

use crate::registry::Resource;
use crate::server::Server;
use crate::store::key;
use crate::time::Timestamp;

/// One step of one part; true when it changed something.
pub type Step<'a> = &'a mut dyn FnMut(&mut Server, Timestamp) -> bool;

/// Steps that [`settle`] takes at most: parts that work against each other would go on for ever.
const MAX_ROUNDS: usize = 10_000;

/// Runs the parts in turn until none changes anything; false when they never come to rest.
pub fn settle(server: &mut Server, now: Timestamp, parts: &mut [Step<'_>]) -> bool {
    for _ in 0..MAX_ROUNDS {
        let mut changed = false;
        for part in parts.iter_mut() {
            changed |= part(server, now);
        }
        if !changed {
            return true;
        }
    }
    false
}

/// All controllers of kube-controller-manager that are simulated, and the finalizer of definitions, until none changes
/// anything; false when they never come to rest.
pub fn manage(server: &mut Server, now: Timestamp) -> bool {
    settle(
        server,
        now,
        &mut [
            &mut provide_accounts,
            &mut sync_deployments,
            &mut sync_replica_sets,
            &mut sync_stateful_sets,
            &mut sync_jobs,
            &mut collect_garbage,
            &mut empty_namespaces,
            &mut |server, now| server.finalize_definitions(now),
        ],
    )
}

/// A kind as a controller needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// API group, empty for core.
    pub group: String,
    /// The storage version.
    pub version: String,
    /// Plural name.
    pub plural: String,
    /// Kind.
    pub kind: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

impl Kind {
    fn of(resource: &Resource) -> Self {
        Self {
            group: resource.group.clone(),
            version: resource.version(resource.storage_version).name.clone(),
            plural: resource.plural.clone(),
            kind: resource.kind.clone(),
            namespaced: resource.namespaced,
        }
    }

    /// The path of its collection.
    #[must_use]
    pub fn path(&self, namespace: &str) -> String {
        let mut path = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        if self.namespaced && !namespace.is_empty() {
            path = format!("{path}/namespaces/{namespace}");
        }
        format!("{path}/{}", self.plural)
    }
}

impl Server {
    /// All kinds that are served.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        self.registry.iter().map(Kind::of).collect()
    }

    /// Whether a kind is served.
    #[must_use]
    pub fn serves(&self, group: &str, plural: &str) -> bool {
        self.registry.find(group, plural).is_some()
    }

    /// All objects of a kind, in key order, shared with the store.
    #[must_use]
    pub fn objects(&self, group: &str, plural: &str) -> Vec<Arc<Value>> {
        let resource = self.registry.find(group, plural).and_then(|id| self.registry.get(id));
        resource.map_or_else(Vec::new, |r| r.store.range("", "").map(|(_, s)| Arc::clone(&s.object)).collect())
    }

    /// One object of a kind, shared with the store; `namespace` is empty for kinds that have none.
    #[must_use]
    pub fn object(&self, group: &str, plural: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let resource = self.registry.get(self.registry.find(group, plural)?)?;
        resource.store.get(&key(namespace, name)).map(|stored| Arc::clone(&stored.object))
    }
}

/// `metadata.{key}` as text.
pub(crate) use crate::meta::{is_deleting, name, namespace, text, uid};
