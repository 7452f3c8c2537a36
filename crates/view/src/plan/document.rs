//! The document of a plan.
//!
//! In: a plan. Out: [`PlanDocument`], for YAML and JSON. Guarantees: keys and their order are stable.

use super::guard::GuardDoc;
use engine::ObjRef;
use engine::repair::{Action, Change, Decision, Plan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `apiVersion` of the document.
const API_VERSION: &str = "ipledger.dev/v1alpha1";
/// `kind` of the document.
const KIND: &str = "RepairPlan";

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanDocument {
    /// `ipledger.dev/v1alpha1`.
    pub api_version: String,
    /// `RepairPlan`.
    pub kind: String,
    /// What to do, in order. Actions may be taken out; what is left stays safe.
    pub actions: Vec<ActionDoc>,
    /// What a person has to decide.
    #[serde(default)]
    pub decisions: Vec<DecisionDoc>,
}

/// One API call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActionDoc {
    /// The finding that it mends.
    pub finding: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The object that is changed.
    pub object: Target,
    /// The version of the object that was judged.
    pub resource_version: String,
    /// What is done.
    pub change: ChangeDoc,
    /// The exact call; made anew from the above when the plan is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// What is read again before the call, and must hold.
    #[serde(default)]
    pub guards: Vec<GuardDoc>,
    /// What will be true afterwards.
    #[serde(default)]
    pub afterwards: String,
    /// The addresses that it frees.
    #[serde(default)]
    pub frees: Vec<String>,
}

/// The object that an action changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Kind.
    pub kind: String,
    /// Namespace; empty for cluster-scoped kinds.
    #[serde(default)]
    pub namespace: String,
    /// Name.
    pub name: String,
    /// UID: a precondition of the call.
    pub uid: String,
}

/// What is done to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum ChangeDoc {
    /// It is deleted.
    Delete,
    /// Labels are set.
    SetLabels(BTreeMap<String, String>),
}

/// An API call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// HTTP method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Body, with the preconditions.
    pub body: serde_json::Value,
}

/// Something that a person has to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionDoc {
    /// The finding.
    pub finding: String,
    /// What was seen.
    pub message: String,
    /// Why no action is safe by itself, and what to weigh.
    pub decide: String,
}

impl From<&Plan> for PlanDocument {
    fn from(plan: &Plan) -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            actions: plan.actions.iter().map(ActionDoc::from).collect(),
            decisions: plan.decisions.iter().map(DecisionDoc::from).collect(),
        }
    }
}

impl PlanDocument {
    /// Whether it says of itself that it is a plan of this version.
    pub(super) fn is_ours(&self) -> bool {
        self.api_version == API_VERSION && self.kind == KIND
    }
}

impl From<&Action> for ActionDoc {
    fn from(action: &Action) -> Self {
        Self {
            finding: action.finding.as_str().to_owned(),
            reason: action.reason.clone(),
            object: Target::from(&action.object),
            resource_version: action.resource_version.clone(),
            change: match &action.change {
                Change::Delete => ChangeDoc::Delete,
                Change::SetLabels(labels) => ChangeDoc::SetLabels(labels.iter().cloned().collect()),
            },
            call: Some(Call { method: action.method().to_owned(), path: action.path(), body: action.body() }),
            guards: action.guards.iter().map(GuardDoc::from).collect(),
            afterwards: action.afterwards.clone(),
            frees: action.frees.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&ObjRef> for Target {
    fn from(object: &ObjRef) -> Self {
        Self {
            kind: object.kind.name().to_owned(),
            namespace: object.namespace.to_string(),
            name: object.name.to_string(),
            uid: object.uid.clone(),
        }
    }
}

impl From<&Decision> for DecisionDoc {
    fn from(decision: &Decision) -> Self {
        Self {
            finding: decision.finding.as_str().to_owned(),
            message: decision.message.clone(),
            decide: decision.decide.clone(),
        }
    }
}
