//! Pods: what may change, binding, eviction, grace.
//!
//! In: writes, bindings and evictions. Out: their stored form. Guarantees: a pod is bound once; its spec hardly changes;
//! eviction asks the budgets first. Sources: `kubernetes/pkg/registry/core/pod/{strategy.go,storage/storage.go,
//! storage/eviction.go}`, `pkg/apis/core/validation/validation.go`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::error::{ApiError, Cause, GroupResource, Outcome};
use crate::field::FieldError;
use crate::meta;
use crate::options::DeleteOptions;
use crate::request::{Method, Request, Response};
use crate::selector::LabelSelector;
use crate::server::{Scope, Server};
use crate::store::key;
use crate::time::Timestamp;
use crate::update::storage_conflict;

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

impl Server {
    /// POST of the binding subresource.
    pub(crate) fn bind(&mut self, request: &mut Request, scope: Scope<'_>, now: Timestamp) -> Outcome<Response> {
        if request.method != Method::Post {
            return Err(ApiError::method_not_allowed());
        }
        let options = Self::write_options(request)?;
        let binding = request.body.take().unwrap_or(Value::Null);
        if meta::name(&binding) != scope.name {
            return Err(ApiError::bad_request("name in URL does not match name in Binding object"));
        }
        let resource = self.res(scope.id)?;
        self.admit(resource, scope.namespace, scope.name)?;
        let target = |k: &str| binding.get("target").and_then(|t| t.get(k)).and_then(Value::as_str).unwrap_or("");
        if target("name").is_empty() {
            return Err(ApiError::unrecognized("target.name: Required value"));
        }
        let key = key(scope.namespace, scope.name);
        let old = resource.store.get(&key).map(|s| Arc::clone(&s.object));
        let old = old.ok_or_else(|| ApiError::not_found(resource.gr(), scope.name))?;
        for (field, word) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
            let (asked, found) = (meta::text(&binding, field), meta::text(&old, field));
            if !asked.is_empty() && asked != found {
                let why =
                    format!("Precondition failed: {word} in precondition: {asked}, {word} in object meta: {found}");
                return Err(storage_conflict(resource, scope.namespace, scope.name, &why));
            }
        }
        let refusal = if meta::is_deleting(&old) {
            Some(format!("pod {} is being deleted, cannot be assigned to a host", scope.name))
        } else if !node_name(&old).is_empty() {
            let node = crate::field::quote(node_name(&old));
            Some(format!("pod {} is already assigned to node {node}", scope.name))
        } else if old["spec"].get("schedulingGates").and_then(Value::as_array).is_some_and(|g| !g.is_empty()) {
            Some(format!("pod {} has non-empty .spec.schedulingGates", scope.name))
        } else {
            None
        };
        if let Some(why) = refusal {
            return Err(ApiError::conflict(GroupResource { group: "", resource: "pods/binding" }, scope.name, &why));
        }
        let pod = bound(&old, &binding, target("name"), now);
        self.write_deleting(scope, &key, pod, &old, options.dry_run, now)?;
        Ok(Response::success(201))
    }

    /// POST of the eviction subresource.
    pub(crate) fn evict(&mut self, request: &mut Request, scope: Scope<'_>, now: Timestamp) -> Outcome<Response> {
        if request.method != Method::Post {
            return Err(ApiError::method_not_allowed());
        }
        let write = Self::write_options(request)?;
        let eviction = request.body.take().unwrap_or(Value::Null);
        if meta::name(&eviction) != scope.name {
            return Err(ApiError::bad_request("name in URL does not match name in Eviction object"));
        }
        let mut options = match eviction.get("deleteOptions") {
            Some(options) if !options.is_null() => DeleteOptions::from_body(options)?,
            _ => DeleteOptions::default(),
        };
        options.dry_run |= write.dry_run;
        let resource = self.res(scope.id)?;
        self.admit(resource, scope.namespace, scope.name)?;
        let pod = resource.store.get(&key(scope.namespace, scope.name)).map(|s| Arc::clone(&s.object));
        let pod = pod.ok_or_else(|| ApiError::not_found(resource.gr(), scope.name))?;
        let past_budgets = is_finished(&pod) || phase(&pod) == "Pending" || meta::is_deleting(&pod);
        if !past_budgets {
            self.ask_budget(scope.namespace, &pod, options.dry_run, now)?;
        }
        self.delete_evicted(scope, &pod, options, now)?;
        Ok(Response::success(201))
    }

    fn delete_evicted(
        &mut self,
        scope: Scope<'_>,
        pod: &Arc<Value>,
        mut options: DeleteOptions,
        now: Timestamp,
    ) -> Outcome<()> {
        let subject = GroupResource { group: "", resource: "Pod" };
        if let Some(uid) = options.uid.as_deref().filter(|u| *u != meta::uid(pod)) {
            let why = format!(
                "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
                meta::uid(pod)
            );
            return Err(ApiError::conflict(subject, scope.name, &why));
        }
        let version = meta::text(pod, "resourceVersion");
        if let Some(asked) = options.resource_version.as_deref().filter(|v| *v != version) {
            let why = format!(
                "the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion in record ({version}). The object might have been modified"
            );
            return Err(ApiError::conflict(subject, scope.name, &why));
        }
        let mut current = Arc::clone(pod);
        if !options.dry_run {
            let mut marked = Value::clone(pod);
            let condition = json!({"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
                "message": "Eviction API: evicting"});
            if let Value::Object(condition) = condition {
                set_condition(&mut marked, condition, now);
            }
            current = self.write_deleting(scope, &key(scope.namespace, scope.name), marked, pod, false, now)?;
        }
        options.resource_version = None;
        self.delete_object(scope, &current, &options, now).map(drop)
    }

    /// `checkAndDecrement`: at most one budget may cover the pod, and it must allow one disruption more.
    fn ask_budget(&mut self, namespace: &str, pod: &Value, dry_run: bool, now: Timestamp) -> Outcome<()> {
        let Some(id) = self.registry.find("policy", "poddisruptionbudgets") else { return Ok(()) };
        let prefix = format!("{namespace}/");
        let budgets: Vec<(String, Arc<Value>)> = self
            .res(id)?
            .store
            .range(&prefix, "")
            .filter(|(_, s)| LabelSelector::from_spec(&s.object["spec"]["selector"]).matches(pod))
            .map(|(k, s)| (k.to_owned(), Arc::clone(&s.object)))
            .collect();
        let (key, budget) = match budgets.as_slice() {
            [] => return Ok(()),
            [one] => one.clone(),
            _ => {
                let message =
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
                let mut error = ApiError::internal(message);
                (error.message, error.reason, error.details) = (message.to_owned(), "", None);
                return Err(error);
            }
        };
        let status = |k: &str| budget["status"].get(k).and_then(Value::as_i64).unwrap_or(0);
        let name = meta::name(&budget);
        let (desired, healthy) = (status("desiredHealthy"), status("currentHealthy"));
        let refuse = |message: String, retry| {
            let cause = Cause { reason: "DisruptionBudget".to_owned(), message, field: String::new() };
            let text = "Cannot evict pod as it would violate the pod's disruption budget.";
            Err(ApiError::too_many_requests(text, vec![cause], retry))
        };
        let ready = pod["status"]["conditions"].as_array().into_iter().flatten();
        let ready = ready.into_iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
        let always = budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow";
        if !ready && (always || (healthy >= desired && desired > 0)) {
            return Ok(());
        }
        if status("observedGeneration") < meta::number(&budget, "generation").unwrap_or(0) {
            return refuse(format!("The disruption budget {name} is still being processed by the server."), 10);
        }
        let allowed = status("disruptionsAllowed");
        if allowed <= 0 {
            let text = format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently");
            return refuse(text, 0);
        }
        if !dry_run {
            let mut updated = Value::clone(&budget);
            let status = meta::object_mut(&mut updated, "status");
            status.insert("disruptionsAllowed".to_owned(), json!(allowed - 1));
            let disrupted = status.entry("disruptedPods").or_insert_with(|| json!({}));
            if let Some(disrupted) = disrupted.as_object_mut() {
                disrupted.insert(meta::name(pod).to_owned(), json!(now.to_string()));
            }
            self.commit(id, key, updated)?;
        }
        Ok(())
    }
}

/// The pod with its node: `setPodNodeAndMetadata`.
fn bound(old: &Value, binding: &Value, node: &str, now: Timestamp) -> Value {
    let mut pod = old.clone();
    meta::object_mut(&mut pod, "spec").insert("nodeName".to_owned(), json!(node));
    for key in ["annotations", "labels"] {
        if let Some(extra) = meta::meta(binding).and_then(|m| m.get(key)).and_then(Value::as_object) {
            let slot = meta::meta_mut(&mut pod).entry(key).or_insert_with(|| json!({}));
            if let Some(map) = slot.as_object_mut() {
                map.extend(extra.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
        }
    }
    let condition = Map::from_iter([("type".to_owned(), json!("PodScheduled")), ("status".to_owned(), json!("True"))]);
    set_condition(&mut pod, condition, now);
    pod
}
