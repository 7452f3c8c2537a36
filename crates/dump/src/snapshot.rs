//! Snapshots: the slim, redacted dump of a cluster that an audit needs, to keep or to send to somebody.
//!
//! In: raw objects of a live reading. Out: JSON lines, a manifest first and last, then one object a line. Guarantees: only
//! fields of an allow-list are written (no environment, no secret, no command, no annotation that audit does not read), and
//! an audit of the snapshot says what an audit of the cluster would. Reading one is [`load`](fn@crate::load)'s ordinary work.

use api::slim::{Kind, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io::{self, Write};

/// `apiVersion` of the manifest.
pub const API_VERSION: &str = "ipledger.dev/v1alpha1";
/// `kind` of the manifest.
pub const KIND: &str = "Snapshot";
/// The format that is written; readers of this version read it and older ones.
pub const FORMAT: u32 = 1;

/// What a snapshot says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`API_VERSION`].
    pub api_version: String,
    /// [`KIND`].
    pub kind: String,
    /// [`FORMAT`].
    pub format: u32,
    /// When the reading was done, by the server's clock; RFC 3339.
    pub time: String,
    /// Kinds that were listed to the end, by plural name with group; those whose CRD is absent are complete, and empty.
    pub complete: Vec<String>,
    /// Kinds that could not be listed, with the reason.
    #[serde(default)]
    pub missing: Map<String, Value>,
    /// Whether records were listed before holders, and every finding confirmed.
    #[serde(default)]
    pub ordered: bool,
}

impl Manifest {
    /// A manifest of this format.
    #[must_use]
    pub fn new(time: String, complete: &[Kind], missing: Map<String, Value>, ordered: bool) -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            format: FORMAT,
            time,
            complete: complete.iter().map(|kind| qualified(*kind)).collect(),
            missing,
            ordered,
        }
    }

    /// The kinds that were listed to the end.
    pub fn complete_kinds(&self) -> impl Iterator<Item = Kind> {
        self.complete.iter().filter_map(|name| Kind::from_resource(name))
    }

    /// When the reading was done.
    #[must_use]
    pub fn time(&self) -> Option<Time> {
        self.time.parse().ok()
    }
}

/// `subnets.kubeovn.io`, or `pods`.
fn qualified(kind: Kind) -> String {
    match kind.group() {
        "" => kind.plural().to_owned(),
        group => format!("{}.{group}", kind.plural()),
    }
}

/// Writes a snapshot.
#[derive(Debug)]
pub struct SnapshotWriter<W: Write> {
    out: W,
}

impl<W: Write> SnapshotWriter<W> {
    /// Begins a snapshot on a writer.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes an object, cut down to what audit reads.
    ///
    /// # Errors
    /// Writing fails.
    pub fn object(&mut self, kind: Kind, object: &Value) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, &redact(kind, object))?;
        self.out.write_all(b"\n")
    }

    /// Ends the snapshot with its manifest, which is known only when all kinds are listed.
    ///
    /// # Errors
    /// Writing fails.
    pub fn finish(mut self, manifest: &Manifest) -> io::Result<W> {
        serde_json::to_writer(&mut self.out, manifest)?;
        self.out.write_all(b"\n")?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// An object with nothing but the fields that audit reads. Kube-OVN's kinds and claims are kept but for metadata: all of
/// their fields are about addresses.
#[must_use]
pub fn redact(kind: Kind, object: &Value) -> Value {
    let mut kept = Map::new();
    kept.insert("apiVersion".to_owned(), kind.api_version().into());
    kept.insert("kind".to_owned(), kind.name().into());
    kept.insert("metadata".to_owned(), metadata(object.get("metadata")));
    for part in ["spec", "status"] {
        let Some(value) = object.get(part) else { continue };
        let value = match kind.group() {
            "kubeovn.io" => without_secrets(value),
            "ipledger.dev" => value.clone(),
            _ => pick(value, allowed(kind, part)),
        };
        if !value.is_null() {
            kept.insert(part.to_owned(), value);
        }
    }
    Value::Object(kept)
}

/// A gateway's BGP speaker has a password.
fn without_secrets(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(speaker) = value.get_mut("bgpSpeaker").and_then(Value::as_object_mut) {
        speaker.remove("password");
    }
    value
}

/// Paths of a kind's spec or status that audit reads; a list on the way is gone through item by item.
fn allowed(kind: Kind, part: &str) -> &'static [&'static str] {
    const CONTAINERS: &[&str] = &[
        "phase",
        "reason",
        "conditions.type",
        "conditions.status",
        "conditions.lastTransitionTime",
        "containerStatuses.state.running.startedAt",
        "containerStatuses.state.terminated.startedAt",
        "containerStatuses.state.terminated.finishedAt",
        "containerStatuses.lastState.terminated.finishedAt",
        "initContainerStatuses.state.running.startedAt",
        "initContainerStatuses.state.terminated.startedAt",
        "initContainerStatuses.state.terminated.finishedAt",
    ];
    const CONDITIONS: &[&str] = &[
        "phase",
        "conditions.type",
        "conditions.status",
        "conditions.lastTransitionTime",
        "conditions.lastHeartbeatTime",
    ];
    match (kind, part) {
        (Kind::Pod, "spec") => &["nodeName", "hostNetwork", "restartPolicy"],
        (Kind::Pod, _) => CONTAINERS,
        (Kind::Namespace, "spec") => &["finalizers"],
        (Kind::Namespace, _) => {
            &["phase", "conditions.type", "conditions.status", "conditions.message", "conditions.lastTransitionTime"]
        }
        (Kind::StatefulSet, "spec") => &["replicas", "ordinals.start", "template.metadata"],
        (Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet | Kind::Job, "spec") => {
            &["replicas", "template.metadata"]
        }
        (Kind::NetworkAttachmentDefinition, "spec") => &["config"],
        (Kind::VirtualMachine, "spec") => &["template.metadata", "template.spec.networks"],
        (Kind::VirtualMachineInstance, "spec") => &["networks"],
        (Kind::Node | Kind::VirtualMachineInstance, "status") => CONDITIONS,
        _ => &[],
    }
}

fn metadata(metadata: Option<&Value>) -> Value {
    const KEPT: [&str; 10] = [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "labels",
        "finalizers",
        "ownerReferences",
    ];
    let Some(Value::Object(metadata)) = metadata else { return Value::Object(Map::new()) };
    let mut kept: Map<String, Value> =
        KEPT.iter().filter_map(|key| Some(((*key).to_owned(), metadata.get(*key)?.clone()))).collect();
    if let Some(Value::Object(annotations)) = metadata.get("annotations") {
        // Read by audit and written by Kube-OVN, Multus and KubeVirt; whatever else users keep there stays at home.
        let read = |key: &str| api::slim::is_read_annotation(key);
        let kept_annotations: Map<String, Value> =
            annotations.iter().filter(|(key, _)| read(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
        if !kept_annotations.is_empty() {
            kept.insert("annotations".to_owned(), Value::Object(kept_annotations));
        }
    }
    Value::Object(kept)
}

/// The parts of a value that lie on the paths.
fn pick(value: &Value, paths: &[&str]) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| pick(item, paths)).collect()),
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (key, field) in fields {
                let below: Vec<&str> =
                    paths.iter().filter_map(|path| path.strip_prefix(key.as_str())?.strip_prefix('.')).collect();
                if paths.contains(&key.as_str()) {
                    kept.insert(key.clone(), if key == "metadata" { metadata(Some(field)) } else { field.clone() });
                } else if !below.is_empty() {
                    kept.insert(key.clone(), pick(field, &below));
                }
            }
            Value::Object(kept)
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::slim::read;
    use serde_json::json;

    #[test]
    fn nothing_that_audit_does_not_read_leaves_the_cluster() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p", "namespace": "d", "managedFields": [{}], "annotations": {"note": "secret",
                "kubectl.kubernetes.io/last-applied-configuration": "secret", "ovn.kubernetes.io/ip_address": "10.0.0.2"}},
            "spec": {"nodeName": "n", "containers": [{"env": [{"value": "secret"}]}]},
            "status": {"phase": "Running", "containerStatuses": [{"image": "secret", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]}});
        let kept = redact(Kind::Pod, &pod);
        assert!(!kept.to_string().contains("secret"), "{kept}");
        assert_eq!(read(Kind::Pod, kept.to_string().as_bytes()), read(Kind::Pod, pod.to_string().as_bytes()));
    }

    #[test]
    fn a_manifest_says_which_kinds_are_complete() {
        let manifest = Manifest::new("2026-01-01T00:00:00Z".to_owned(), &[Kind::Pod, Kind::Subnet], Map::new(), true);
        assert_eq!(manifest.complete, ["pods", "subnets.kubeovn.io"]);
        assert_eq!(manifest.complete_kinds().collect::<Vec<_>>(), [Kind::Pod, Kind::Subnet]);
    }
}
