//! What is watched, and how an object of it is told to the engine.
//!
//! In: objects as JSON. Out: [`Input`]s. Guarantees: an object that cannot be read at all is no absence: it is told about
//! in the log, and what was known of it stays.

use api::names::leases::{self, AGENT_PREFIX};
use api::names::{CONTROLLER_NAMESPACE, GATEWAY_CONFIG};
use api::slim::{Kind, Object, Str, Uid, read};
use cluster::Collection;
use engine::manage::{Input, NEEDED, OPTIONAL, Tenure};
use serde_json::Value;
use std::collections::BTreeSet;

/// Something that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Objects of a kind that the engine knows.
    Kind(Kind),
    /// The Leases of the nodes' agents, in this namespace.
    Agents(String),
    /// The Lease of Kube-OVN's controller.
    Rival,
    /// The ConfigMap that switches Kube-OVN's NAT gateways on.
    RivalGateways,
}

/// Which life of an object, and how far that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its UID; of an object of which nothing matters but that it is there, its name.
    pub(crate) life: Uid,
    /// 0 where it is no number.
    pub(crate) version: u64,
}

impl Source {
    /// All that the engine needs.
    pub(crate) fn all(namespace: &str) -> Vec<Self> {
        let kinds = NEEDED.into_iter().map(Self::Kind);
        kinds.chain([Self::Agents(namespace.to_owned()), Self::Rival, Self::RivalGateways]).collect()
    }

    /// Whether it is quite usual that a cluster does not have it.
    pub(crate) fn is_optional(&self) -> bool {
        matches!(self, Self::Kind(kind) if OPTIONAL.contains(kind))
    }

    pub(crate) fn collection(&self) -> Collection {
        match self {
            Self::Kind(kind) => Collection::of(*kind),
            Self::Agents(namespace) => {
                let path = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases");
                Collection::at("leases.coordination.k8s.io", &path)
            }
            Self::Rival => {
                let path = format!("/apis/coordination.k8s.io/v1/namespaces/{CONTROLLER_NAMESPACE}/leases");
                let field = format!("metadata.name={}", leases::KUBE_OVN);
                Collection::at("leases.coordination.k8s.io", &path).with_fields(&field)
            }
            Self::RivalGateways => {
                let path = format!("/api/v1/namespaces/{CONTROLLER_NAMESPACE}/configmaps");
                Collection::at("configmaps", &path).with_fields(&format!("metadata.name={}", GATEWAY_CONFIG.0))
            }
        }
    }

    /// What to tell when all objects were given, of which there may have been none.
    pub(crate) fn listed(&self, any: bool) -> Option<Input> {
        match self {
            Self::Kind(kind) => Some(Input::Listed(*kind)),
            Self::Agents(_) => Some(Input::AgentsListed),
            Self::Rival => (!any).then_some(Input::RivalSeen(None)),
            Self::RivalGateways => (!any).then_some(Input::RivalGateways(false)),
        }
    }

    /// What to tell when it is not known any more.
    pub(crate) fn unlisted(&self) -> Option<Input> {
        match self {
            Self::Kind(kind) => Some(Input::Unlisted(*kind)),
            Self::Agents(_) | Self::Rival | Self::RivalGateways => None,
        }
    }

    /// The kind, where the controller can do without it: there is no object of it then.
    pub(crate) fn dispensable(&self) -> Option<Kind> {
        match self {
            // Without its definition nothing is decided: claims that were there may come back with it.
            Self::Kind(Kind::AddressClaim) | Self::Agents(_) | Self::Rival | Self::RivalGateways => None,
            Self::Kind(kind) => Some(*kind),
        }
    }

    /// An object that is there.
    pub(crate) fn seen(&self, json: &[u8]) -> Option<(Known, Input)> {
        match self {
            Self::Kind(kind) => {
                let object = self.read(*kind, json)?;
                let meta = object.meta();
                let version = meta.resource_version.parse().unwrap_or_default();
                Some((Known { life: meta.uid.clone(), version }, Input::Seen(object)))
            }
            Self::Agents(_) => {
                let lease: Value = serde_json::from_slice(json).ok()?;
                let name = lease["metadata"]["name"].as_str()?;
                let node = Str::from(name.strip_prefix(AGENT_PREFIX)?);
                let renewed = Str::from(lease["spec"]["renewTime"].as_str().unwrap_or_default());
                Some((known(&node), Input::AgentSeen { node, renewed }))
            }
            Self::Rival => {
                let lease: Value = serde_json::from_slice(json).ok()?;
                let text = |field: &str| Str::from(lease["spec"][field].as_str().unwrap_or_default());
                let seconds = lease["spec"]["leaseDurationSeconds"].as_i64().unwrap_or_default();
                let tenure = Tenure { holder: text("holderIdentity"), renewed: text("renewTime"), seconds };
                Some((known(leases::KUBE_OVN), Input::RivalSeen(Some(tenure))))
            }
            Self::RivalGateways => {
                let map: Value = serde_json::from_slice(json).ok()?;
                let (name, key) = GATEWAY_CONFIG;
                Some((known(name), Input::RivalGateways(map["data"][key] != "false")))
            }
        }
    }

    /// An object that a watch saw go, as it was last.
    pub(crate) fn gone(last: Input) -> Input {
        match last {
            Input::Seen(object) => {
                let (kind, meta) = (object.kind(), object.meta());
                let (namespace, name, uid) = (meta.namespace.clone(), meta.name.clone(), meta.uid.clone());
                Input::Gone { kind, namespace, name, uid }
            }
            Input::AgentSeen { node, .. } => Input::AgentGone(node),
            Input::RivalSeen(_) => Input::RivalSeen(None),
            Input::RivalGateways(_) => Input::RivalGateways(false),
            other => other,
        }
    }

    /// Lives that were told of, and that a new list lacks.
    pub(crate) fn lacking(&self, lives: BTreeSet<Uid>) -> Vec<Input> {
        match self {
            _ if lives.is_empty() => Vec::new(),
            Self::Kind(kind) => vec![Input::Lacking(*kind, lives)],
            Self::Agents(_) => lives.iter().map(|node| Input::AgentGone(node.to_string().into())).collect(),
            // Of these there is one, and what is told when all was given says that it is not there.
            Self::Rival | Self::RivalGateways => Vec::new(),
        }
    }

    /// The life of an object that cannot be read otherwise: it is there.
    pub(crate) fn life(json: &[u8]) -> Option<Uid> {
        let object: Value = serde_json::from_slice(json).ok()?;
        object["metadata"]["uid"].as_str().map(Uid::parse)
    }

    fn read(&self, kind: Kind, json: &[u8]) -> Option<Object> {
        match read(kind, json) {
            Ok(parsed) => Some(parsed.object),
            Err(error) => {
                let name = error.name.unwrap_or_else(|| "without a name".to_owned());
                tracing::error!(kind = kind.name(), name, reason = error.reason, "an object cannot be read");
                None
            }
        }
    }
}

/// An object of which nothing matters but that it is there.
fn known(name: &str) -> Known {
    Known { life: Uid::parse(name), version: 0 }
}
