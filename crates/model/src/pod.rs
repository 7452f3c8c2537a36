//! Pods: what they get, what may change, how long they may take to end.
//!
//! In: pods as they come and as they are. Out: their stored form, or findings. Guarantees: the spec hardly changes. Sources:
//! `kubernetes/pkg/registry/core/pod/strategy.go`, `pkg/apis/core/validation/validation.go`.

use serde_json::{Map, Value, json};

use crate::field::FieldError;
use crate::meta;
use crate::time::Timestamp;

const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// `status.phase`.
pub(crate) fn phase(pod: &Value) -> &str {
    pod.get("status").and_then(|s| s.get("phase")).and_then(Value::as_str).unwrap_or("")
}

/// `spec.nodeName`.
pub(crate) fn node_name(pod: &Value) -> &str {
    pod.get("spec").and_then(|s| s.get("nodeName")).and_then(Value::as_str).unwrap_or("")
}

/// Phase Succeeded or Failed.
pub(crate) fn is_finished(pod: &Value) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// `CheckGracefulDelete`: unbound and finished pods have no grace.
pub(crate) fn grace_period(pod: &Value, asked: Option<i64>) -> i64 {
    if node_name(pod).is_empty() || is_finished(pod) {
        return 0;
    }
    let own = pod.get("spec").and_then(|s| s.get("terminationGracePeriodSeconds")).and_then(Value::as_i64);
    let period = asked.or(own).unwrap_or(0);
    if period < 0 { 1 } else { period }
}

/// `PrepareForCreate`.
pub(crate) fn prepare_create(pod: &mut Value) {
    crate::defaults::admit_pod(pod);
    let gated = pod["spec"].get("schedulingGates").and_then(Value::as_array).is_some_and(|g| !g.is_empty());
    pod["status"] = json!({"phase": "Pending", "qosClass": qos_class(pod)});
    if gated {
        pod["status"]["conditions"] = json!([{
            "type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
            "message": "Scheduling is blocked due to non-empty scheduling gates", "lastProbeTime": null,
            "lastTransitionTime": null,
        }]);
    }
}

/// `qos.ComputePodQOS`, by cpu and memory of all containers.
fn qos_class(pod: &Value) -> &'static str {
    let (mut any, mut all) = (false, true);
    for list in ["containers", "initContainers"] {
        for container in pod["spec"].get(list).and_then(Value::as_array).into_iter().flatten() {
            let resources = &container["resources"];
            let (requests, limits) = (&resources["requests"], &resources["limits"]);
            for kind in ["cpu", "memory"] {
                let (request, limit) = (requests.get(kind), limits.get(kind));
                any |= request.is_some() || limit.is_some();
                all &= limit.is_some() && (request.is_none() || request == limit);
            }
        }
    }
    match (any, all) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

/// The part of `ValidatePodCreate` that a client meets first.
pub(crate) fn validate(pod: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let containers = pod.get("spec").and_then(|s| s.get("containers")).and_then(Value::as_array);
    if containers.is_none_or(Vec::is_empty) {
        errors.push(FieldError::required("spec.containers", ""));
    }
    for (i, container) in containers.into_iter().flatten().enumerate() {
        let name = container.get("name").and_then(Value::as_str).unwrap_or("");
        let path = format!("spec.containers[{i}].name");
        if name.is_empty() {
            errors.push(FieldError::required(path, ""));
        } else {
            errors.extend(crate::names::label(name).into_iter().map(|m| FieldError::invalid(path.clone(), name, m)));
        }
        if container.get("image").and_then(Value::as_str).unwrap_or("").is_empty() {
            errors.push(FieldError::required(format!("spec.containers[{i}].image"), ""));
        }
    }
    errors
}

/// `ValidatePodUpdate`: the spec may change only where it says.
pub(crate) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let (Some(spec), Some(before)) = (new.get("spec"), old.get("spec")) else { return Vec::new() };
    if spec == before {
        return Vec::new();
    }
    let mut errors = Vec::new();
    let list = |v: &Value, key: &str| v.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let tolerations = list(spec, "tolerations");
    if list(before, "tolerations").iter().any(|t| !tolerations.contains(t)) {
        let detail = "existing toleration can not be modified except its tolerationSeconds";
        errors.push(FieldError::forbidden("spec.tolerations", detail));
    }
    let gates = list(before, "schedulingGates");
    for (i, gate) in list(spec, "schedulingGates").iter().enumerate() {
        if !gates.contains(gate) {
            let name = gate.get("name").and_then(Value::as_str).unwrap_or("");
            let path = format!("spec.schedulingGates[{i}].name");
            let detail = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            errors.push(FieldError::forbidden(path, detail));
        }
    }
    let mut munged = spec.clone();
    restore(&mut munged, before);
    if munged != *before {
        errors.push(FieldError::forbidden("spec", format!("pod updates may not change fields other than {UPDATABLE}")));
    }
    errors
}

/// Puts back what an update may change, so that the rest can be compared.
fn restore(munged: &mut Value, before: &Value) {
    for containers in ["containers", "initContainers"] {
        let old = before.get(containers).and_then(Value::as_array);
        for (i, container) in munged.get_mut(containers).and_then(Value::as_array_mut).into_iter().flatten().enumerate()
        {
            if let (Some(map), Some(image)) =
                (container.as_object_mut(), old.and_then(|o| o.get(i)).and_then(|c| c.get("image")))
            {
                map.insert("image".to_owned(), image.clone());
            }
        }
    }
    if let Some(map) = munged.as_object_mut() {
        for key in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
            meta::keep(map, before.as_object(), key);
        }
        let negative = before.get("terminationGracePeriodSeconds").and_then(Value::as_i64).is_some_and(|s| s < 0);
        if negative && map.get("terminationGracePeriodSeconds") == Some(&json!(1)) {
            meta::keep(map, before.as_object(), "terminationGracePeriodSeconds");
        }
        // A gated pod may still get a node selector and an affinity.
        if before.get("schedulingGates").and_then(Value::as_array).is_some_and(|g| !g.is_empty()) {
            meta::keep(map, before.as_object(), "nodeSelector");
            meta::keep(map, before.as_object(), "affinity");
        }
    }
}

/// `podutil.UpdatePodCondition`.
pub(crate) fn set_condition(pod: &mut Value, mut condition: Map<String, Value>, now: Timestamp) {
    let list = meta::object_mut(pod, "status").entry("conditions").or_insert_with(|| json!([]));
    let Some(list) = list.as_array_mut() else { return };
    condition.insert("lastProbeTime".to_owned(), Value::Null);
    condition.insert("lastTransitionTime".to_owned(), json!(now.to_string()));
    match list.iter_mut().find(|c| c.get("type") == condition.get("type")) {
        Some(there) => {
            if there.get("status") == condition.get("status") {
                let when = there.get("lastTransitionTime").cloned().unwrap_or(Value::Null);
                condition.insert("lastTransitionTime".to_owned(), when);
            }
            *there = Value::Object(condition);
        }
        None => list.push(Value::Object(condition)),
    }
}
