//! CustomResourceDefinitions: kinds that come and go.
//!
//! In: writes and deletes of CRDs. Out: resources in the registry. Guarantees: names are accepted and the definition is
//! established right after it is stored, as two further writes (in kube-apiserver two controllers do this within
//! milliseconds); a definition that is deleted takes its objects with it, by `cluster::crds`. Sources:
//! `apiextensions-apiserver/pkg/registry/customresourcedefinition`, `pkg/controller/{status,establish,finalizer}`,
//! `pkg/apis/apiextensions/validation/validation.go`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::error::{ApiError, Outcome};
use crate::field::FieldError;
use crate::kinds::Rules;
use crate::meta;
use crate::names;
use crate::options::DeleteOptions;
use crate::registry::{Registry, Resource, ScalePaths, Version, group_version};
use crate::schema::{Schema, structural};
use crate::server::{CRD_GROUP, CRDS, Scope, Server};
use crate::store::{Store, key};
use crate::time::Timestamp;

/// The finalizer that keeps a definition until its objects are gone.
pub(crate) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

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
pub(crate) fn prepare_create(crd: &mut Value, _registry: &Registry, _now: Timestamp) {
    let storage: Vec<Value> =
        versions(crd).iter().filter(|v| v["storage"] == true).take(1).map(|v| v["name"].clone()).collect();
    crd["status"] = json!({"conditions": null, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": storage});
}

/// `PrepareForUpdate`: a new storage version joins the stored ones.
pub(crate) fn prepare_update(new: &mut Value, _old: &Value, _registry: &Registry, _now: Timestamp) {
    let storage = versions(new).iter().find(|v| v["storage"] == true).map(|v| v["name"].clone());
    let list = meta::object_mut(new, "status").entry("storedVersions").or_insert_with(|| json!([]));
    if let (Some(storage), Some(list)) = (storage, list.as_array_mut())
        && !list.contains(&storage)
    {
        list.push(storage);
    }
}

/// `ValidateCustomResourceDefinition`.
pub(crate) fn validate(crd: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let text = |key: &str| spec(crd, key).as_str().unwrap_or("");
    let (group, plural) = (text("group"), names_of(crd, "plural"));
    let name = meta::name(crd);
    if name != format!("{plural}.{group}") {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        errors.push(FieldError::invalid("metadata.name", name, detail));
    }
    if group.is_empty() {
        errors.push(FieldError::required("spec.group", ""));
    } else if let [first, ..] = names::subdomain(group).as_slice() {
        errors.push(FieldError::invalid("spec.group", group, first.as_str()));
    } else if !group.contains('.') {
        errors.push(FieldError::invalid("spec.group", group, "should be a domain with at least one dot"));
    }
    match text("scope") {
        "" => errors.push(FieldError::required("spec.scope", "")),
        "Cluster" | "Namespaced" => {}
        other => errors.push(FieldError::not_supported("spec.scope", other, ["Cluster", "Namespaced"])),
    }
    validate_versions(crd, &mut errors);
    for key in ["plural", "singular", "kind", "listKind"] {
        let value = names_of(crd, key);
        let path = format!("spec.names.{key}");
        if value.is_empty() {
            errors.push(FieldError::required(path, ""));
            continue;
        }
        let complaints = names::label1035(&value.to_lowercase());
        if let [first, ..] = complaints.as_slice() {
            let mixed = matches!(key, "kind" | "listKind");
            let prefix = if mixed { "may have mixed case, but should otherwise match: " } else { "" };
            errors.push(FieldError::invalid(path, value, format!("{prefix}{first}")));
        }
    }
    if !names_of(crd, "kind").is_empty() && names_of(crd, "kind") == names_of(crd, "listKind") {
        let detail = "kind and listKind may not be the same";
        errors.push(FieldError::invalid("spec.names.listKind", names_of(crd, "listKind"), detail));
    }
    errors
}

fn validate_versions(crd: &Value, errors: &mut Vec<FieldError>) {
    let versions = versions(crd);
    let hoisted = versions.iter().all(|v| v.get("schema") == versions.first().and_then(|f| f.get("schema")));
    let mut seen = Vec::new();
    for (i, version) in versions.iter().enumerate() {
        let path = format!("spec.versions[{i}]");
        let name = version["name"].as_str().unwrap_or("");
        if let [first, ..] = names::label1035(name).as_slice() {
            errors.push(FieldError::invalid(format!("{path}.name"), name, first.as_str()));
        }
        if seen.contains(&name) {
            errors.push(FieldError::invalid(
                "spec.versions",
                Value::from(versions),
                "must contain unique version names",
            ));
        }
        seen.push(name);
        // The internal type holds a schema that all versions share at the top.
        match version.get("schema").and_then(|s| s.get("openAPIV3Schema")) {
            None => errors.push(FieldError::required(format!("{path}.schema.openAPIV3Schema"), "")),
            Some(schema) if hoisted && i == 0 => {
                errors.extend(structural::check("spec.validation.openAPIV3Schema", schema));
            }
            Some(_) if hoisted => {}
            Some(schema) => errors.extend(structural::check(&format!("{path}.schema.openAPIV3Schema"), schema)),
        }
    }
    if versions.iter().filter(|v| v["storage"] == true).count() != 1 {
        let detail = "must have exactly one version marked as storage version";
        errors.push(FieldError::invalid("spec.versions", Value::from(versions), detail));
    }
}

/// `ValidateCustomResourceDefinitionUpdate`.
pub(crate) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = validate(new);
    let established = condition(old, "Established") == Some("True");
    let mut same = |path: &str, a: &Value, b: &Value| {
        if a != b {
            errors.push(FieldError::invalid(path, a.clone(), "field is immutable"));
        }
    };
    let kind = |crd: &Value| json!(names_of(crd, "kind"));
    if established {
        same("spec.scope", spec(new, "scope"), spec(old, "scope"));
        same("spec.names.kind", &kind(new), &kind(old));
    }
    same("spec.group", spec(new, "group"), spec(old, "group"));
    same("spec.names.plural", &json!(names_of(new, "plural")), &json!(names_of(old, "plural")));
    errors
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
            accept_names(&mut named, &self.registry, now);
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

    /// Adds or changes the resource that `crd` defines.
    fn install(&mut self, crd: &Value) {
        let (group, plural) = (spec(crd, "group").as_str().unwrap_or(""), names_of(crd, "plural"));
        let versions: Vec<Version> = versions(crd).iter().map(|v| version(crd, v)).collect();
        let storage_version = self::versions(crd).iter().position(|v| v["storage"] == true).unwrap_or(0);
        if versions.is_empty() {
            return;
        }
        let strings = |key: &str| -> Vec<String> {
            let list = spec(crd, "names").get(key).and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (short, categories) = (strings("shortNames"), strings("categories"));
        let terminating = meta::is_deleting(crd);
        if let Some(id) = self.registry.find(group, plural) {
            if let Some(resource) = self.registry.get_mut(id).filter(|r| r.custom) {
                // A status write changes no schema: keep the compiled one and the epoch.
                let unchanged = resource.definition_generation == meta::number(crd, "generation");
                resource.terminating = terminating;
                if !unchanged {
                    resource.versions = versions;
                    resource.storage_version = storage_version;
                    resource.epoch += 1;
                    (resource.short, resource.categories) = (short, categories);
                    resource.definition_generation = meta::number(crd, "generation");
                }
            }
            return;
        }
        let generation = meta::number(crd, "generation");
        self.registry.add(|id| Resource {
            id,
            group: group.to_owned(),
            plural: plural.to_owned(),
            singular: names_of(crd, "singular").to_owned(),
            kind: names_of(crd, "kind").to_owned(),
            list_kind: names_of(crd, "listKind").to_owned(),
            short,
            categories,
            namespaced: spec(crd, "scope") == "Namespaced",
            versions,
            storage_version,
            epoch: 0,
            definition_generation: generation,
            rules: Rules::custom(),
            custom: true,
            terminating,
            store: Store::default(),
        });
    }

    /// The resource goes with its definition.
    pub(crate) fn crd_deleted(&mut self, crd: &Value) {
        let (group, plural) = (spec(crd, "group").as_str().unwrap_or(""), names_of(crd, "plural"));
        if let Some(id) = self.registry.find(group, plural)
            && self.registry.get(id).is_some_and(|r| r.custom)
        {
            self.registry.remove(id);
        }
    }

    /// The first delete of a definition marks it. `None`: go on with the deletion.
    pub(crate) fn delete_crd(
        &mut self,
        scope: Scope<'_>,
        object: &Arc<Value>,
        options: &DeleteOptions,
        now: Timestamp,
    ) -> Outcome<Option<Arc<Value>>> {
        if meta::is_deleting(object) {
            return Ok(None);
        }
        let gr = self.res(scope.id)?.gr();
        for (asked, field, word) in
            [(&options.uid, "uid", "UID"), (&options.resource_version, "resourceVersion", "ResourceVersion")]
        {
            let found = meta::text(object, field);
            if let Some(asked) = asked.as_deref().filter(|a| *a != found) {
                let why =
                    format!("Precondition failed: {word} in precondition: {asked}, {word} in object meta: {found}");
                return Err(ApiError::conflict(gr, scope.name, &why));
            }
        }
        let mut updated = Value::clone(object);
        meta::meta_mut(&mut updated).insert("deletionTimestamp".to_owned(), json!(now.to_string()));
        let mut finalizers: Vec<String> = meta::finalizers(object).into_iter().map(str::to_owned).collect();
        if !finalizers.iter().any(|f| f == CLEANUP) {
            finalizers.push(CLEANUP.to_owned());
        }
        meta::set_finalizers(&mut updated, finalizers);
        let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
        set_condition(&mut updated, "Terminating", "True", "InstanceDeletionPending", message, now);
        self.write_deleting(scope, &key("", scope.name), updated, object, options.dry_run, now).map(Some)
    }

    /// One step of the finalizing controller: deletes the objects of definitions that are being deleted, then lets the
    /// definitions go. True when it changed something.
    pub fn finalize_definitions(&mut self, now: Timestamp) -> bool {
        let Ok(crds) = self.res(self.crds) else { return false };
        let dying: Vec<Arc<Value>> = crds
            .store
            .range("", "")
            .map(|(_, s)| Arc::clone(&s.object))
            .filter(|c| meta::is_deleting(c) && meta::finalizers(c).contains(&CLEANUP))
            .collect();
        let before = self.revision;
        for crd in dying {
            // A refusal leaves the definition for the next step, as the real controller's retry does.
            let _ = self.finalize_definition(&crd, now);
        }
        self.revision != before
    }

    fn finalize_definition(&mut self, crd: &Arc<Value>, now: Timestamp) -> Outcome<()> {
        let (group, plural) = (spec(crd, "group").as_str().unwrap_or(""), names_of(crd, "plural"));
        if let Some(id) = self.registry.find(group, plural) {
            let keys: Vec<(String, Arc<Value>)> =
                self.res(id)?.store.range("", "").map(|(k, s)| (k.to_owned(), Arc::clone(&s.object))).collect();
            for (_, object) in &keys {
                if meta::is_deleting(object) {
                    continue;
                }
                let version = self.res(id)?.storage_version;
                let scope = Scope { id, version, namespace: meta::namespace(object), name: meta::name(object) };
                self.delete_object(scope, object, &DeleteOptions::default(), now)?;
            }
            if self.res(id)?.store.len() > 0 {
                return Ok(());
            }
        }
        let scope = Scope { id: self.crds, version: 0, namespace: "", name: meta::name(crd) };
        let mut done = Value::clone(crd);
        let rest = meta::finalizers(crd).into_iter().filter(|f| *f != CLEANUP).map(str::to_owned).collect();
        meta::set_finalizers(&mut done, rest);
        self.replace(scope, crate::server::Part::Main, done, crd, false, now).map(drop)
    }
}

/// `calculateNamesAndConditions`.
fn accept_names(crd: &mut Value, registry: &Registry, now: Timestamp) {
    let group = spec(crd, "group").as_str().unwrap_or("").to_owned();
    let requested = spec(crd, "names").clone();
    let accepted = crd["status"].get("acceptedNames").cloned().unwrap_or(Value::Null);
    let own = names_of(crd, "plural").to_owned();
    let others: Vec<&Resource> = registry.iter().filter(|r| r.group == group && r.plural != own).collect();
    let taken =
        |name: &str| others.iter().any(|r| r.plural == name || r.singular == name || r.short.iter().any(|s| s == name));
    let taken_kind = |name: &str| others.iter().any(|r| r.kind == name || r.list_kind == name);
    let mut names = accepted.as_object().cloned().unwrap_or_default();
    let mut conflict: Option<(&str, String)> = None;
    for (key, reason) in [
        ("plural", "PluralConflict"),
        ("singular", "SingularConflict"),
        ("shortNames", "ShortNamesConflict"),
        ("kind", "KindConflict"),
        ("listKind", "ListKindConflict"),
    ] {
        let wanted = requested.get(key).cloned().unwrap_or(Value::Null);
        let list: Vec<&str> = match &wanted {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            other => other.as_str().into_iter().collect(),
        };
        let is_kind = matches!(key, "kind" | "listKind");
        let clash = list.iter().find(|n| if is_kind { taken_kind(n) } else { taken(n) });
        match clash {
            Some(name) if accepted.get(key) != Some(&wanted) => {
                conflict = Some((reason, format!("{} is already in use", crate::field::quote(name))));
            }
            _ if wanted.is_null() => {
                names.remove(key);
            }
            _ => {
                names.insert(key.to_owned(), wanted);
            }
        }
    }
    meta::keep(&mut names, requested.as_object(), "categories");
    meta::object_mut(crd, "status").insert("acceptedNames".to_owned(), Value::Object(names));
    match conflict {
        Some((reason, message)) => {
            set_condition(crd, "NamesAccepted", "False", reason, &message, now);
            if condition(crd, "Established").is_none() {
                set_condition(crd, "Established", "False", "NotAccepted", "not all names are accepted", now);
            }
        }
        None => {
            set_condition(crd, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now);
            if condition(crd, "Established") != Some("True") {
                let message = "the initial names have been accepted";
                set_condition(crd, "Established", "False", "Installing", message, now);
            }
        }
    }
}

fn version(crd: &Value, version: &Value) -> Version {
    let name = version["name"].as_str().unwrap_or("").to_owned();
    let schema = version.get("schema").and_then(|s| s.get("openAPIV3Schema"));
    let preserve = spec(crd, "preserveUnknownFields") == true;
    let subresources = version.get("subresources").and_then(Value::as_object);
    let has = |key: &str| subresources.is_some_and(|s| s.contains_key(key));
    let deprecated = version["deprecated"] == true;
    let group = spec(crd, "group").as_str().unwrap_or("");
    let warning = version
        .get("deprecationWarning")
        .and_then(Value::as_str)
        .map_or_else(|| format!("{group}/{name} {} is deprecated", names_of(crd, "kind")), str::to_owned);
    Version {
        api_version: group_version(group, &name),
        served: version["served"] == true,
        schema: schema.filter(|_| !preserve).map(|s| Arc::new(Schema::new(s))),
        status: has("status"),
        scale: subresources.and_then(|s| s.get("scale")).map(scale_paths),
        fields: version
            .get("selectableFields")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|f| f["jsonPath"].as_str())
            .map(|p| p.trim_start_matches('.').to_owned())
            .collect(),
        deprecation: deprecated.then_some(warning),
        name,
    }
}

fn scale_paths(scale: &Value) -> ScalePaths {
    let path = |key: &str| -> Option<Vec<String>> {
        let text = scale.get(key).and_then(Value::as_str)?;
        Some(text.trim_start_matches('.').split('.').map(str::to_owned).collect())
    };
    ScalePaths {
        spec: path("specReplicasPath").unwrap_or_default(),
        status: path("statusReplicasPath").unwrap_or_default(),
        selector: path("labelSelectorPath"),
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
