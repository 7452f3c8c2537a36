//! What StatefulSets, Deployments, ReplicaSets and Jobs must satisfy.
//!
//! In: their objects. Out: findings; the selector that a Job gets. Guarantees: a selector selects its template's pods and
//! never changes. Sources: `kubernetes/pkg/apis/{apps,batch}/validation`, `pkg/registry/batch/job/strategy.go`.

use serde_json::{Value, json};

use crate::field::FieldError;
use crate::meta;
use crate::registry::Resource;

/// The selector must select the template's pods.
pub(crate) fn validate(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let spec = &object["spec"];
    let template = &spec["template"];
    if spec.get("selector").is_none() {
        errors.push(FieldError::required("spec.selector", ""));
    } else if !crate::selector::LabelSelector::from_spec(&spec["selector"]).matches(template) {
        let labels = template["metadata"].get("labels").cloned().unwrap_or(Value::Null);
        errors.push(FieldError::invalid(
            "spec.template.metadata.labels",
            labels,
            "`selector` does not match template `labels`",
        ));
    }
    if let Some(n) = spec.get("replicas").and_then(Value::as_i64)
        && n < 0
    {
        errors.push(FieldError::invalid("spec.replicas", n, "must be greater than or equal to 0"));
    }
    errors
}

pub(crate) fn validate_update(resource: &Resource, new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = validate(new);
    let (spec, before) = (&new["spec"], &old["spec"]);
    if resource.plural == "statefulsets" {
        const MUTABLE: [&str; 7] = [
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
        ];
        let rest = |spec: &Value| {
            let mut map = spec.as_object().cloned().unwrap_or_default();
            map.retain(|k, _| !MUTABLE.contains(&k.as_str()));
            map
        };
        if rest(spec) != rest(before) {
            let detail = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
            errors.push(FieldError::forbidden("spec", detail));
        }
    } else if spec.get("selector") != before.get("selector") {
        errors.push(FieldError::invalid("spec.selector", spec["selector"].clone(), "field is immutable"));
    }
    errors
}

/// `generateSelector`: a Job selects its pods by its own UID.
pub(crate) fn job_selector(job: &mut Value) {
    if job["spec"].get("manualSelector") == Some(&json!(true)) {
        return;
    }
    let (uid, name) = (meta::uid(job).to_owned(), meta::name(job).to_owned());
    let spec = meta::object_mut(job, "spec");
    let selector = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}});
    spec.entry("selector").or_insert(selector);
    if let Some(template) = spec.get_mut("template") {
        let slot = meta::meta_mut(template).entry("labels").or_insert_with(|| json!({}));
        if let Some(labels) = slot.as_object_mut() {
            for key in ["batch.kubernetes.io/controller-uid", "controller-uid"] {
                labels.insert(key.to_owned(), json!(uid));
            }
            for key in ["batch.kubernetes.io/job-name", "job-name"] {
                labels.insert(key.to_owned(), json!(name));
            }
        }
    }
}
