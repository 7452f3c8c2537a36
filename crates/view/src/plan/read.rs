//! From a document back to a plan.
//!
//! In: [`PlanDocument`]. Out: a [`Plan`], or why it is none. Guarantees: an action without a UID, a version or a guard that
//! its change needs is refused, not done without.

use super::document::{ActionDoc, ChangeDoc, DecisionDoc, PlanDocument, Target};
use api::slim::Kind;
use engine::repair::{Action, Change, Decision, Plan};
use engine::{Code, FindingId, ObjRef};

/// A document that is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPlan {
    /// Another document, or one of another version.
    #[error("it is a {kind} of {api_version}, expected a RepairPlan of ipledger.dev/v1alpha1")]
    NotAPlan {
        /// Its `apiVersion`.
        api_version: String,
        /// Its `kind`.
        kind: String,
    },
    /// An action that cannot be carried out as it stands.
    #[error("action {number} ({finding}): {reason}")]
    Action {
        /// Its number, from 1.
        number: usize,
        /// Its finding.
        finding: String,
        /// What is wrong.
        reason: String,
    },
    /// A name of a kind that is not known.
    #[error("`{0}` is no kind that is known here")]
    Kind(String),
    /// A finding's id that is none.
    #[error("`{0}` is no id of a finding")]
    Finding(String),
    /// An address that is none.
    #[error("`{0}` is no address")]
    Address(String),
    /// A precondition that is not there.
    #[error("it has no {0}, without which another object of that name could be hit")]
    Precondition(&'static str),
    /// A deletion that nothing guards.
    #[error("it deletes, and nothing guards it")]
    Unguarded,
}

impl TryFrom<&PlanDocument> for Plan {
    type Error = BadPlan;

    fn try_from(document: &PlanDocument) -> Result<Self, BadPlan> {
        if !document.is_ours() {
            let (api_version, kind) = (document.api_version.clone(), document.kind.clone());
            return Err(BadPlan::NotAPlan { api_version, kind });
        }
        let numbered = document.actions.iter().enumerate().map(|(i, doc)| {
            action(doc).map_err(|bad| BadPlan::Action {
                number: i + 1,
                finding: doc.finding.clone(),
                reason: bad.to_string(),
            })
        });
        Ok(Self {
            actions: numbered.collect::<Result<_, _>>()?,
            decisions: document.decisions.iter().map(decision).collect::<Result<_, _>>()?,
        })
    }
}

fn action(doc: &ActionDoc) -> Result<Action, BadPlan> {
    let change = match &doc.change {
        ChangeDoc::Delete if doc.guards.is_empty() => return Err(BadPlan::Unguarded),
        ChangeDoc::Delete => Change::Delete,
        ChangeDoc::SetLabels(labels) => Change::SetLabels(labels.clone().into_iter().collect()),
    };
    if doc.resource_version.is_empty() {
        return Err(BadPlan::Precondition("resourceVersion"));
    }
    let frees = doc.frees.iter().map(|text| text.parse().map_err(|_| BadPlan::Address(text.clone())));
    Ok(Action {
        finding: finding(&doc.finding)?,
        object: object(&doc.object)?,
        resource_version: doc.resource_version.clone(),
        change,
        reason: doc.reason.clone(),
        afterwards: doc.afterwards.clone(),
        guards: doc.guards.iter().map(super::GuardDoc::guard).collect::<Result<_, _>>()?,
        frees: frees.collect::<Result<_, _>>()?,
    })
}

fn object(target: &Target) -> Result<ObjRef, BadPlan> {
    if target.uid.is_empty() {
        return Err(BadPlan::Precondition("uid"));
    }
    Ok(ObjRef {
        kind: kind(&target.kind)?,
        namespace: target.namespace.as_str().into(),
        name: target.name.as_str().into(),
        uid: target.uid.clone(),
    })
}

fn decision(doc: &DecisionDoc) -> Result<Decision, BadPlan> {
    Ok(Decision { finding: finding(&doc.finding)?, message: doc.message.clone(), decide: doc.decide.clone() })
}

fn finding(id: &str) -> Result<FindingId, BadPlan> {
    let parts = id.split_once(':').and_then(|(code, subject)| Some((Code::from_name(code)?, subject)));
    parts.map(|(code, subject)| FindingId::new(code, subject)).ok_or_else(|| BadPlan::Finding(id.to_owned()))
}

/// The kind of that name.
pub(super) fn kind(name: &str) -> Result<Kind, BadPlan> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| BadPlan::Kind(name.to_owned()))
}
