//! The guards of an action, as they stand in a plan.
//!
//! In: a [`Guard`], or its document. Out: the other, and a sentence. Guarantees: one to one.

use super::read::{BadPlan, kind};
use api::slim::Uid;
use engine::repair::Guard;
use serde::{Deserialize, Serialize};

/// A guard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs)] // The fields are those of the engine's guards.
pub enum GuardDoc {
    /// The object does not exist.
    Absent {
        kind: String,
        #[serde(default)]
        namespace: String,
        name: String,
    },
    /// The pod is the same one, and has no NIC of that provider.
    PodWithoutNic { namespace: String, name: String, uid: String, provider: String },
    /// The pod, if there is one, is on its node's network.
    PodOnHostNetwork { namespace: String, name: String },
    /// The StatefulSet has no such ordinal, or is gone.
    OrdinalBeyond { namespace: String, name: String, ordinal: i64 },
    /// No object of that kind is left.
    NoneLeft { kind: String },
    /// The StatefulSet's template has no NIC of that provider.
    TemplateWithoutNic { namespace: String, name: String, provider: String },
}

impl From<&Guard> for GuardDoc {
    fn from(guard: &Guard) -> Self {
        match guard {
            Guard::Absent { kind, namespace, name } => {
                Self::Absent { kind: kind.name().to_owned(), namespace: namespace.to_string(), name: name.to_string() }
            }
            Guard::PodWithoutNic { namespace, name, uid, provider } => Self::PodWithoutNic {
                namespace: namespace.to_string(),
                name: name.to_string(),
                uid: uid.to_string(),
                provider: provider.clone(),
            },
            Guard::PodOnHostNetwork { namespace, name } => {
                Self::PodOnHostNetwork { namespace: namespace.to_string(), name: name.to_string() }
            }
            Guard::OrdinalBeyond { namespace, name, ordinal } => {
                Self::OrdinalBeyond { namespace: namespace.to_string(), name: name.to_string(), ordinal: *ordinal }
            }
            Guard::NoneLeft { kind } => Self::NoneLeft { kind: kind.name().to_owned() },
            Guard::TemplateWithoutNic { namespace, name, provider } => Self::TemplateWithoutNic {
                namespace: namespace.to_string(),
                name: name.to_string(),
                provider: provider.clone(),
            },
        }
    }
}

impl GuardDoc {
    /// The guard that it stands for.
    pub(super) fn guard(&self) -> Result<Guard, BadPlan> {
        Ok(match self {
            Self::Absent { kind: name_of_kind, namespace, name } => {
                Guard::Absent { kind: kind(name_of_kind)?, namespace: namespace.into(), name: name.into() }
            }
            Self::PodWithoutNic { namespace, name, uid, provider } => Guard::PodWithoutNic {
                namespace: namespace.into(),
                name: name.into(),
                uid: Uid::parse(uid),
                provider: provider.clone(),
            },
            Self::PodOnHostNetwork { namespace, name } => {
                Guard::PodOnHostNetwork { namespace: namespace.into(), name: name.into() }
            }
            Self::OrdinalBeyond { namespace, name, ordinal } => {
                Guard::OrdinalBeyond { namespace: namespace.into(), name: name.into(), ordinal: *ordinal }
            }
            Self::NoneLeft { kind: name_of_kind } => Guard::NoneLeft { kind: kind(name_of_kind)? },
            Self::TemplateWithoutNic { namespace, name, provider } => {
                Guard::TemplateWithoutNic { namespace: namespace.into(), name: name.into(), provider: provider.clone() }
            }
        })
    }
}

/// What a guard demands, as a sentence.
pub(super) fn sentence(guard: &Guard) -> String {
    match guard {
        Guard::Absent { kind, namespace, name } if namespace.is_empty() => format!("{kind} {name} does not exist"),
        Guard::Absent { kind, namespace, name } => format!("{kind} {namespace}/{name} does not exist"),
        Guard::PodWithoutNic { namespace, name, provider, .. } => {
            format!("pod {namespace}/{name} is the same one, and has no NIC of {provider}")
        }
        Guard::PodOnHostNetwork { namespace, name } => {
            format!("pod {namespace}/{name} is on its node's network, or gone")
        }
        Guard::OrdinalBeyond { namespace, name, ordinal } => {
            format!("StatefulSet {namespace}/{name} has no ordinal {ordinal}")
        }
        Guard::NoneLeft { kind } => format!("there is no {kind}"),
        Guard::TemplateWithoutNic { namespace, name, provider } => {
            format!("the template of StatefulSet {namespace}/{name} has no NIC of {provider}")
        }
    }
}
