//! Eviction: a delete that asks the disruption budgets first.
//!
//! In: POSTs of the eviction subresource. Out: the pod's deletion with its condition DisruptionTarget, or 429. Guarantees: a
//! budget's last allowed disruption is given once. Source: `kubernetes/pkg/registry/core/pod/storage/eviction.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::delete::check_preconditions;
use crate::error::{ApiError, Cause, Outcome};
use crate::meta;
use crate::options::DeleteOptions;
use crate::pod::{is_finished, phase, set_condition};
use crate::registry::ResourceId;
use crate::request::{Method, Request, Response};
use crate::selector::LabelSelector;
use crate::server::{Scope, Server};
use crate::store::key;
use crate::time::Timestamp;

/// What a budget says of one more disruption.
enum Allowance {
    /// It is none of the budget's business: the pod is not ready.
    Free,
    /// Allowed, and counted.
    Counted,
    /// Not now: why, and when to come again (seconds).
    Refused(String, u32),
}

impl Server {
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
        check_preconditions(self.res(scope.id)?, pod, &options)?;
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
        let Some((key, budget)) = self.budget_of(id, namespace, pod)? else { return Ok(()) };
        match allowance(&budget, pod) {
            Allowance::Free => Ok(()),
            Allowance::Counted if dry_run => Ok(()),
            Allowance::Counted => self.commit(id, key, disrupted(&budget, pod, now)).map(drop),
            Allowance::Refused(message, retry) => {
                let cause = Cause { reason: "DisruptionBudget".to_owned(), message, field: String::new() };
                let text = "Cannot evict pod as it would violate the pod's disruption budget.";
                Err(ApiError::too_many_requests(text, vec![cause], retry))
            }
        }
    }

    /// The budget that covers the pod, with its key.
    fn budget_of(&self, id: ResourceId, namespace: &str, pod: &Value) -> Outcome<Option<(String, Arc<Value>)>> {
        let prefix = format!("{namespace}/");
        let store = &self.res(id)?.store;
        let mut covering = store
            .range(&prefix, "")
            .filter(|(_, s)| LabelSelector::from_spec(&s.object["spec"]["selector"]).matches(pod))
            .map(|(key, s)| (key.to_owned(), Arc::clone(&s.object)));
        match (covering.next(), covering.next()) {
            (first, None) => Ok(first),
            (_, Some(_)) => Err(ApiError::unrecognized(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            )),
        }
    }
}

fn allowance(budget: &Value, pod: &Value) -> Allowance {
    let status = |k: &str| budget["status"].get(k).and_then(Value::as_i64).unwrap_or(0);
    let name = meta::name(budget);
    let (desired, healthy) = (status("desiredHealthy"), status("currentHealthy"));
    let mut conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let ready = conditions.any(|c| c["type"] == "Ready" && c["status"] == "True");
    let always = budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow";
    if !ready && (always || (healthy >= desired && desired > 0)) {
        return Allowance::Free;
    }
    if status("observedGeneration") < meta::number(budget, "generation").unwrap_or(0) {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Allowance::Refused(why, 10);
    }
    if status("disruptionsAllowed") > 0 {
        return Allowance::Counted;
    }
    let why = format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently");
    Allowance::Refused(why, 0)
}

/// The budget with one disruption less.
fn disrupted(budget: &Value, pod: &Value, now: Timestamp) -> Value {
    let mut updated = budget.clone();
    let status = meta::object_mut(&mut updated, "status");
    let allowed = status.get("disruptionsAllowed").and_then(Value::as_i64).unwrap_or(0);
    status.insert("disruptionsAllowed".to_owned(), json!(allowed.saturating_sub(1)));
    meta::object_mut(&mut updated["status"], "disruptedPods")
        .insert(meta::name(pod).to_owned(), json!(now.to_string()));
    updated
}
