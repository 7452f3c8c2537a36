//! CustomResourceDefinitions: kinds that come and go.
//!
//! In: writes and deletes of CRDs. Out: resources in the registry. Guarantees: names are accepted and the definition is
//! established right after it is stored, as two further writes (in kube-apiserver two controllers do this within
//! milliseconds); a definition that is deleted takes its objects with it. Sources:
//! `apiextensions-apiserver/pkg/registry/customresourcedefinition`, `pkg/controller/{status,establish,finalizer}`,
//! `pkg/apis/apiextensions/validation/validation.go`.

mod install;
mod names;
mod removal;
mod validate;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::error::Outcome;
use crate::meta;
use crate::server::{CRD_GROUP, CRDS, Server};
use crate::store::key;
use crate::time::Timestamp;

pub(crate) use validate::{validate, validate_update};

fn spec<'a>(crd: &'a Value, key: &str) -> &'a Value {
    crd.get("spec").and_then(|s| s.get(key)).unwrap_or(&Value::Null)
}

fn names_of<'a>(crd: &'a Value, key: &str) -> &'a str {
    spec(crd, "names").get(key).and_then(Value::as_str).unwrap_or("")
}

fn versions(crd: &Value) -> &[Value] {
    spec(crd, "versions").as_array().map_or(&[], Vec::as_slice)
}

/// Defaults: `apiextensions/v1/defaults.go`.
pub(crate) fn default(crd: &mut Value) {
    let kind = names_of(crd, "kind").to_owned();
    let spec = meta::object_mut(crd, "spec");
    if let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) {
        names.entry("singular").or_insert_with(|| json!(kind.to_lowercase()));
        names.entry("listKind").or_insert_with(|| json!(format!("{kind}List")));
    }
    spec.entry("conversion").or_insert_with(|| json!({"strategy": "None"}));
}

/// `PrepareForCreate`.
pub(crate) fn prepare_create(crd: &mut Value) {
    let storage: Vec<Value> =
        versions(crd).iter().filter(|v| v["storage"] == true).take(1).map(|v| v["name"].clone()).collect();
    crd["status"] = json!({"conditions": null, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": storage});
}

/// `PrepareForUpdate`: a new storage version joins the stored ones.
pub(crate) fn prepare_update(new: &mut Value) {
    let storage = versions(new).iter().find(|v| v["storage"] == true).map(|v| v["name"].clone());
    let list = meta::object_mut(new, "status").entry("storedVersions").or_insert_with(|| json!([]));
    if let (Some(storage), Some(list)) = (storage, list.as_array_mut())
        && !list.contains(&storage)
    {
        list.push(storage);
    }
}

fn condition<'a>(crd: &'a Value, kind: &str) -> Option<&'a str> {
    let list = crd.get("status").and_then(|s| s.get("conditions")).and_then(Value::as_array)?;
    list.iter().find(|c| c["type"] == kind).and_then(|c| c["status"].as_str())
}

fn set_condition(crd: &mut Value, kind: &str, status: &str, reason: &str, message: &str, now: Timestamp) {
    let conditions = meta::object_mut(crd, "status").entry("conditions").or_insert(Value::Null);
    if !conditions.is_array() {
        *conditions = json!([]);
    }
    let entry = json!({
        "type": kind, "status": status, "lastTransitionTime": now.to_string(), "reason": reason, "message": message,
    });
    if let Some(list) = conditions.as_array_mut() {
        match list.iter_mut().find(|c| c["type"] == kind) {
            Some(there) if there["status"] == status => {
                let when = there["lastTransitionTime"].clone();
                *there = entry;
                there["lastTransitionTime"] = when;
            }
            Some(there) => *there = entry,
            None => list.push(entry),
        }
    }
}

impl Server {
    /// Follows a stored definition: names, Established, the resource itself.
    pub(crate) fn crd_changed(&mut self, crd: &Arc<Value>, now: Timestamp) -> Outcome<()> {
        let mut current = Arc::clone(crd);
        if crd["status"].get("acceptedNames") != Some(spec(crd, "names")) {
            let mut named = Value::clone(&current);
            names::accept(&mut named, &self.registry, now);
            if named != *current {
                current = self.commit(self.crds, key("", meta::name(crd)), named)?;
            }
        }
        let accepted = condition(&current, "NamesAccepted") == Some("True");
        if accepted && condition(&current, "Established") != Some("True") && !meta::is_deleting(&current) {
            let mut established = Value::clone(&current);
            let message = "the initial names have been accepted";
            set_condition(&mut established, "Established", "True", "InitialNamesAccepted", message, now);
            current = self.commit(self.crds, key("", meta::name(crd)), established)?;
        }
        if condition(&current, "Established") == Some("True") {
            self.install(&current);
        }
        Ok(())
    }
}

/// `status.conditions` of a definition, for tests and tools: type and status.
#[must_use]
pub fn definition_conditions(crd: &Value) -> Map<String, Value> {
    let list = crd.get("status").and_then(|s| s.get("conditions")).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|c| Some((c["type"].as_str()?.to_owned(), c["status"].clone()))).collect()
}

/// The path of all definitions.
#[must_use]
pub fn definitions_path() -> String {
    format!("/apis/{CRD_GROUP}/v1/{CRDS}")
}
