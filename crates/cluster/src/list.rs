//! Listing a kind, page by page.
//!
//! In: a kind. Out: its objects, one by one, and how the list ended. Guarantees: at most one page is held; a list that
//! expires half way is begun again once, and says so; a kind that the server does not have is complete and empty; what
//! stopped a list is told, and what it gave so far is kept.

use super::call::{CallError, path, send};
use api::slim::Kind;
use kube::Client;
use kube::core::Request;
use kube::core::params::ListParams;
use serde::Deserialize;
use serde_json::Value;

/// Objects per page: what kubectl asks for.
const PAGE: u32 = 500;

/// How often a page is asked for before the list is given up: a server that restarts is back within a few tries.
const TRIES: u32 = 4;

/// The order of the lists: records first, then what keeps them, then pods, so that a holder made after its record was seen
/// is seen too. Nodes and networks name nothing and come where they are cheap.
pub const ORDER: [Kind; 30] = [
    Kind::Ip,
    Kind::AddressClaim,
    Kind::IptablesFipRule,
    Kind::IptablesDnatRule,
    Kind::IptablesSnatRule,
    Kind::OvnFip,
    Kind::OvnSnatRule,
    Kind::OvnDnatRule,
    Kind::IptablesEip,
    Kind::OvnEip,
    Kind::Vip,
    Kind::IpPool,
    Kind::SwitchLbRule,
    Kind::QosPolicy,
    Kind::VpcNatGateway,
    Kind::VirtualMachine,
    Kind::VirtualMachineInstance,
    Kind::StatefulSet,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::DaemonSet,
    Kind::Job,
    Kind::Pod,
    Kind::Node,
    Kind::Namespace,
    Kind::Subnet,
    Kind::Vpc,
    Kind::Vlan,
    Kind::ProviderNetwork,
    Kind::NetworkAttachmentDefinition,
];

/// How the list of a kind ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// To the end.
    Complete {
        /// How many objects.
        objects: usize,
        /// Whether it was begun again because it had expired.
        restarted: bool,
    },
    /// The server does not have the kind: complete, and empty.
    Absent,
    /// It stopped early, or never began.
    Stopped(Why),
}

/// Why a list stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Not allowed; with the RBAC rule that would allow it.
    #[error("listing {plural} is forbidden: allow it with verbs [get, list] on {plural} in apiGroup \"{group}\"")]
    Forbidden {
        /// Resource.
        plural: &'static str,
        /// API group.
        group: &'static str,
    },
    /// The server went away, or refused.
    #[error("listing stopped after {objects} objects: {message}")]
    Failed {
        /// Objects that were read before.
        objects: usize,
        /// What went wrong.
        message: String,
    },
}

/// One page.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMeta,
    #[serde(default)]
    items: Vec<Value>,
}

#[derive(Deserialize, Default)]
struct PageMeta {
    #[serde(default, rename = "continue")]
    token: Option<String>,
}

/// Lists a kind; every object goes to `sink`, and `restart` is called when those given so far are to be forgotten.
pub async fn list(client: &Client, kind: Kind, sink: &mut dyn FnMut(Value), restart: &mut dyn FnMut()) -> Listed {
    let (mut token, mut objects, mut restarted) = (None, 0, false);
    loop {
        match page(client, kind, token.as_deref()).await {
            Ok(page) => {
                objects += page.items.len();
                page.items.into_iter().for_each(&mut *sink);
                token = page.metadata.token.filter(|token| !token.is_empty());
                if token.is_none() {
                    return Listed::Complete { objects, restarted };
                }
            }
            Err(CallError::NotFound(_)) if objects == 0 => return Listed::Absent,
            Err(CallError::Forbidden { .. }) => {
                return Listed::Stopped(Why::Forbidden { plural: kind.plural(), group: kind.group() });
            }
            Err(CallError::Expired(_)) if !restarted => {
                restart();
                (token, objects, restarted) = (None, 0, true);
            }
            Err(error) => return Listed::Stopped(Why::Failed { objects, message: chain(&error) }),
        }
    }
}

/// One page, tried a few times.
async fn page(client: &Client, kind: Kind, token: Option<&str>) -> Result<Page, CallError> {
    let what = kind.plural();
    let mut tries = 0;
    loop {
        let mut params = ListParams::default().limit(PAGE);
        if let Some(token) = token {
            params = params.continue_token(token);
        }
        let request = Request::new(path(kind, "")).list(&params);
        let request = request.map_err(|e| CallError::Refused {
            verb: "list",
            what: what.to_owned(),
            message: e.to_string(),
            code: 400,
        })?;
        match send::<Page>(client, "list", what, request).await {
            Err(error) if error.retryable() && tries + 1 < TRIES => {
                // 200, 400, 800 ms: a server that is busy for longer than that is told as failing.
                tokio::time::sleep(std::time::Duration::from_millis(200 << tries)).await;
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}

/// An error with its sources, each once.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let said = inner.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = inner.source();
    }
    text
}
