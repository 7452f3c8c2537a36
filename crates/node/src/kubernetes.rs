//! What the agent asks the API server.
//!
//! In: names. Out: pods and claims as they are now. Guarantees: only the server's own word "there is none" (404) counts as
//! gone; everything else that is no answer is an error.

use api::slim::{AddressClaim, read_claim};
use cluster::{Cause, Cluster};
use engine::manage::{Call, Verb};
use serde_json::Value;

/// Path of all claims.
pub(crate) const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";

/// A question that has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Unanswered {
    /// The server could not be asked.
    #[error("cannot read {path}")]
    NotAsked { path: String, source: Cause },
    /// The server refuses.
    #[error("cannot read {path}: the server answered {code}")]
    Refused { path: String, code: u16 },
}

/// A fresh read; none where the server says that there is no such object.
pub(crate) async fn get(cluster: &Cluster, path: String) -> Result<Option<Vec<u8>>, Unanswered> {
    let call = Call { verb: Verb::Get, path: path.clone(), body: None };
    match cluster.call(call).await {
        Ok(answer) if answer.code == 200 => Ok(Some(answer.body)),
        Ok(answer) if answer.code == 404 => Ok(None),
        Ok(answer) => Err(Unanswered::Refused { path, code: answer.code }),
        Err(source) => Err(Unanswered::NotAsked { path, source }),
    }
}

/// A pod as it is now.
pub(crate) async fn pod(cluster: &Cluster, namespace: &str, name: &str) -> Result<Option<Value>, Unanswered> {
    let body = get(cluster, format!("/api/v1/namespaces/{namespace}/pods/{name}")).await?;
    Ok(body.and_then(|body| serde_json::from_slice(&body).ok()))
}

/// The pod of a node that has this UID, as it is now.
pub(crate) async fn pod_on(cluster: &Cluster, node: &str, uid: &str) -> Result<Option<Value>, Unanswered> {
    let body = get(cluster, format!("/api/v1/pods?fieldSelector=spec.nodeName%3D{node}")).await?;
    let mut list: Value = body.and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default();
    let pods = list["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    Ok(pods.into_iter().find(|pod| pod["metadata"]["uid"] == uid))
}

/// A claim as it is now.
pub(crate) async fn claim(cluster: &Cluster, name: &str) -> Result<Option<AddressClaim>, Unanswered> {
    let body = get(cluster, format!("{CLAIMS}/{name}")).await?;
    Ok(body.and_then(|body| read_claim(&body)))
}

/// Whether a pod runs nothing any more.
pub(crate) fn is_finished(pod: &Value) -> bool {
    matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
}
