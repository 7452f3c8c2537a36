//! Applying and deleting objects by their kinds.
//!
//! In: manifests as YAML. Out: calls through the real client. Guarantees: where an object goes is the server's word
//! (discovery); one that exists is patched with what the manifest says; an error names the object.

use cluster::Cluster;
use engine::manage::{Call, Verb};
use serde_json::Value;

/// A manifest that cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is no YAML, or no object.
    #[error("the manifest cannot be read: {0}")]
    Read(String),
    /// No such kind.
    #[error("the API server knows no {kind} in {api_version}: install its definition first, or correct the manifest")]
    NoSuchKind {
        /// `apiVersion`.
        api_version: String,
        /// `kind`.
        kind: String,
    },
    /// The server refuses.
    #[error("{object} cannot be {what}: {why}")]
    Refused {
        /// Kind and name.
        object: String,
        /// What was to be done.
        what: &'static str,
        /// The server's words.
        why: String,
    },
}

/// Reads manifests: YAML documents, also Lists.
///
/// # Errors
/// [`ManifestError::Read`].
pub fn read(text: &str) -> Result<Vec<Value>, ManifestError> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).map_err(|error| ManifestError::Read(error.to_string()))?;
    let mut objects = Vec::new();
    for document in documents {
        match document["items"].as_array() {
            Some(items) if document["kind"].as_str().is_some_and(|kind| kind.ends_with("List")) => {
                objects.extend(items.iter().cloned());
            }
            _ if document.is_null() => {}
            _ => objects.push(document),
        }
    }
    Ok(objects)
}

/// Kind and name, for people.
fn shown(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    format!("{} {}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// Makes an object be as the manifest says.
pub(crate) async fn apply(cluster: &Cluster, object: &Value) -> Result<(), ManifestError> {
    let place = Place::of(cluster, object).await?;
    let patch = Call { verb: Verb::MergePatch, path: place.object(object), body: Some(object.clone()) };
    match call(cluster, patch).await {
        Err((404, _)) => {
            let create = Call { verb: Verb::Create, path: place.collection, body: Some(object.clone()) };
            refused(call(cluster, create).await, object, "created")
        }
        outcome => refused(outcome, object, "changed"),
    }
}

/// Deletes an object; one that is not there is deleted.
pub(crate) async fn delete(cluster: &Cluster, object: &Value) -> Result<(), ManifestError> {
    let path = Place::of(cluster, object).await?.object(object);
    match call(cluster, Call { verb: Verb::Delete, path, body: None }).await {
        Err((404, _)) => Ok(()),
        outcome => refused(outcome, object, "deleted"),
    }
}

async fn call(cluster: &Cluster, call: Call) -> Result<(), (u16, String)> {
    let answer = cluster.call(call).await.map_err(|cause| (0, cause.to_string()))?;
    if answer.code < 300 {
        return Ok(());
    }
    let status: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    Err((answer.code, status["message"].as_str().unwrap_or("the server gives no reason").to_owned()))
}

fn refused(outcome: Result<(), (u16, String)>, object: &Value, what: &'static str) -> Result<(), ManifestError> {
    outcome.map_err(|(_, why)| ManifestError::Refused { object: shown(object), what, why })
}

/// Where objects of a kind are.
struct Place {
    collection: String,
}

impl Place {
    /// Asks discovery.
    async fn of(cluster: &Cluster, object: &Value) -> Result<Self, ManifestError> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (api_version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
        let root = if api_version.contains('/') { "/apis" } else { "/api" };
        let path = format!("{root}/{api_version}");
        let answer = cluster.call(Call { verb: Verb::Get, path: path.clone(), body: None }).await;
        let resources: Value = answer.ok().and_then(|it| serde_json::from_slice(&it.body).ok()).unwrap_or_default();
        let resources = resources["resources"].as_array().into_iter().flatten();
        let mut of_kind = resources.filter(|resource| resource["kind"] == kind.as_str());
        let found = of_kind.find(|resource| !resource["name"].as_str().unwrap_or_default().contains('/'));
        let Some(resource) = found else { return Err(ManifestError::NoSuchKind { api_version, kind }) };
        let plural = text(&resource["name"]);
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
        let collection = match resource["namespaced"].as_bool() {
            Some(true) => format!("{path}/namespaces/{namespace}/{plural}"),
            _ => format!("{path}/{plural}"),
        };
        Ok(Self { collection })
    }

    fn object(&self, object: &Value) -> String {
        format!("{}/{}", self.collection, object["metadata"]["name"].as_str().unwrap_or_default())
    }
}
