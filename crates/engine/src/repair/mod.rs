//! From findings to a plan that is safe to carry out.
//!
//! In: the indexed world and its report. Out: a [`Plan`]: ordered actions, each with its reason, the exact API call, the
//! preconditions and the guards to look at again before the call; and everything that a person has to decide. Guarantees:
//! pure; only what Kube-OVN's own controller makes a proper release of is an action (docs/repair.md says which and why);
//! an address that a living holder has on record as well is never released.

mod guard;
mod planner;
mod shared;

pub use guard::{Guard, Refusal};
pub use planner::plan;
pub(crate) use shared::releases_nothing;

use crate::finding::{FindingId, ObjRef};
use ledger::Addr;

/// What to do, in order, and what is left to people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Actions, in the order in which they are carried out.
    pub actions: Vec<Action>,
    /// What a person has to decide.
    pub decisions: Vec<Decision>,
}

/// One API call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// The finding that it mends.
    pub finding: FindingId,
    /// The object that is changed.
    pub object: ObjRef,
    /// The version of the object that was judged; a precondition of the call, as its UID is.
    pub resource_version: String,
    /// What is done.
    pub change: Change,
    /// Why.
    pub reason: String,
    /// What will be true afterwards.
    pub afterwards: String,
    /// What must still hold when the call is made.
    pub guards: Vec<Guard>,
    /// The addresses that it frees.
    pub frees: Vec<Addr>,
}

/// What is done to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is deleted; Kube-OVN's finalizer makes that a release.
    Delete,
    /// Labels are set: key and value.
    SetLabels(Vec<(String, String)>),
}

impl Action {
    /// The API path of the object.
    #[must_use]
    pub fn path(&self) -> String {
        let kind = self.object.kind;
        let base = match kind.group() {
            "" => format!("/api/{}", kind.version()),
            group => format!("/apis/{group}/{}", kind.version()),
        };
        match self.object.namespace.as_str() {
            "" => format!("{base}/{}/{}", kind.plural(), self.object.name),
            namespace => format!("{base}/namespaces/{namespace}/{}/{}", kind.plural(), self.object.name),
        }
    }

    /// The body of the call: preconditions of a delete, or a merge patch that carries the version.
    #[must_use]
    pub fn body(&self) -> serde_json::Value {
        let (uid, version) = (&self.object.uid, &self.resource_version);
        match &self.change {
            Change::Delete => serde_json::json!({
                "apiVersion": "v1", "kind": "DeleteOptions",
                "preconditions": {"uid": uid, "resourceVersion": version},
            }),
            Change::SetLabels(labels) => {
                let labels: serde_json::Map<_, _> =
                    labels.iter().map(|(k, v)| (k.clone(), v.as_str().into())).collect();
                serde_json::json!({"metadata": {"uid": uid, "resourceVersion": version, "labels": labels}})
            }
        }
    }

    /// The HTTP method of the call.
    #[must_use]
    pub fn method(&self) -> &'static str {
        match self.change {
            Change::Delete => "DELETE",
            Change::SetLabels(_) => "PATCH",
        }
    }
}

/// Something that a person has to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The finding.
    pub finding: FindingId,
    /// What was seen.
    pub message: String,
    /// Why no action is safe by itself, and what to weigh.
    pub decide: String,
}
