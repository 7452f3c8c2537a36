//! The state of a namespace in lines.
//!
//! In: lists of workloads and pods. Out: one line an object, sorted. Generated names are shown as those of their owners.

use anyhow::Result;
use serde_json::{Value, json};

use crate::client::Target;
use crate::run::{Names, send};
use crate::step::Step;

/// The kinds that are looked at, by path.
const KINDS: [(&str, &str); 7] = [
    ("StatefulSet", "/apis/apps/v1/namespaces/<ns>/statefulsets"),
    ("Deployment", "/apis/apps/v1/namespaces/<ns>/deployments"),
    ("ReplicaSet", "/apis/apps/v1/namespaces/<ns>/replicasets"),
    ("Job", "/apis/batch/v1/namespaces/<ns>/jobs"),
    ("Pod", PODS),
    ("ConfigMap", "/api/v1/namespaces/<ns>/configmaps"),
    ("ServiceAccount", "/api/v1/namespaces/<ns>/serviceaccounts"),
];
const PODS: &str = "/api/v1/namespaces/<ns>/pods";

/// Names of the pods that are neither finished nor on their way out.
pub(super) async fn living_pods(target: &Target, names: &Names) -> Result<Vec<String>> {
    let living = |pod: &&Value| {
        pod["metadata"].get("deletionTimestamp").is_none()
            && !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
    };
    let pods = items(target, names, PODS).await?;
    Ok(pods.iter().filter(living).map(|pod| text(&pod["metadata"]["name"])).collect())
}

async fn items(target: &Target, names: &Names, path: &str) -> Result<Vec<Value>> {
    let reply = send(target, &Step::get(path), names).await?;
    Ok(reply.body["items"].as_array().cloned().unwrap_or_default())
}

/// What there is now.
pub(super) async fn look(target: &Target, names: &Names) -> Result<Value> {
    let namespace = send(target, &Step::get("/api/v1/namespaces/<ns>"), names).await?;
    let phase = if namespace.code == 404 { "gone".to_owned() } else { text(&namespace.body["status"]["phase"]) };
    let mut lines = vec![format!("Namespace {phase}")];
    for (kind, path) in KINDS {
        lines.extend(items(target, names, path).await?.iter().map(|object| line(kind, object)));
    }
    lines.sort();
    Ok(json!(lines))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("").to_owned()
}

fn line(kind: &str, object: &Value) -> String {
    let meta = &object["metadata"];
    let owner = meta["ownerReferences"].as_array().and_then(|owners| owners.first());
    let owner = owner.map(|o| format!(" of {} {}", text(&o["kind"]), shown_owner(&o["kind"], &text(&o["name"]))));
    let name = shown_name(kind, meta, owner.as_deref());
    let mut line = format!("{kind} {name}{}", owner.unwrap_or_default());
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    let (spec, status) = (&object["spec"], &object["status"]);
    match kind {
        "StatefulSet" | "Deployment" | "ReplicaSet" => {
            let (wanted, there, ready) =
                (number(&spec["replicas"]), number(&status["replicas"]), number(&status["readyReplicas"]));
            line += &format!(": {wanted} wanted, {there} there, {ready} ready");
        }
        "Job" => {
            let counts = ["active", "succeeded", "failed"].map(|key| format!("{} {key}", number(&status[key])));
            line += &format!(": {}", counts.join(", "));
            let conditions = status["conditions"].as_array().into_iter().flatten();
            let met = conditions.filter(|c| c["status"] == "True").map(|c| text(&c["type"]));
            // FailureTarget and SuccessCriteriaMet only announce the others.
            let mut met: Vec<_> = met.filter(|c| matches!(c.as_str(), "Complete" | "Failed")).collect();
            met.sort();
            line += &met.iter().map(|c| format!(", {c}")).collect::<String>();
        }
        "Pod" => {
            line += &format!(": {}", text(&status["phase"]));
            line += &format!(", image {}", text(&spec["containers"][0]["image"]));
        }
        _ => {}
    }
    if meta.get("deletionTimestamp").is_some() {
        line += ", deleting";
    }
    line
}

/// Pods of replica sets and jobs have generated names, replica sets of deployments a hash.
fn shown_name(kind: &str, meta: &Value, owner: Option<&str>) -> String {
    let generated = match (kind, owner) {
        // An orphaned one still has the hash in its name.
        ("ReplicaSet", owner) => owner.is_some() || meta["labels"].get("pod-template-hash").is_some(),
        ("Pod", owner) => {
            !meta["labels"].get("apps.kubernetes.io/pod-index").is_some_and(Value::is_string)
                && (owner.is_some() || meta.get("generateName").is_some())
        }
        _ => false,
    };
    if generated { "*".to_owned() } else { text(&meta["name"]) }
}

fn shown_owner(kind: &Value, name: &str) -> String {
    match (kind.as_str(), name.rsplit_once('-')) {
        // dep-5d8c7f9d5b: the hash goes.
        (Some("ReplicaSet"), Some((base, hash))) if hash.len() >= 5 => format!("{base}-*"),
        _ => name.to_owned(),
    }
}
