//! What a definition must satisfy.
//!
//! In: new and old definitions. Out: findings. Source: `apiextensions-apiserver/pkg/apis/apiextensions/validation`.

use serde_json::{Value, json};

use super::{condition, names_of, spec, versions};
use crate::field::{FieldError, go_json};
use crate::schema::structural;
use crate::{meta, names};

/// `ValidateCustomResourceDefinition`.
pub(crate) fn validate(crd: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (group, plural) = (spec(crd, "group").as_str().unwrap_or(""), names_of(crd, "plural"));
    let name = meta::name(crd);
    if name != format!("{plural}.{group}") {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        errors.push(FieldError::invalid("metadata.name", name, detail));
    }
    errors.extend(validate_spec(crd));
    errors
}

/// What holds on create and on update.
fn validate_spec(crd: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let text = |key: &str| spec(crd, key).as_str().unwrap_or("");
    let group = text("group");
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
    validate_stored(crd, &mut errors);
    errors.extend(validate_conversion(crd));
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
            if i == 0 {
                // The internal type repeats the first version's name at the top.
                errors.push(FieldError::invalid("spec.version", name, first.as_str()));
            }
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
        errors.push(FieldError::invalid_text("spec.versions", &versions_text(versions, hoisted), detail));
    }
}

/// `ValidateCustomResourceConversion`; a webhook would be called for nothing: see docs/api-model/differences.md.
fn validate_conversion(crd: &Value) -> Option<FieldError> {
    let path = "spec.conversion.strategy";
    match spec(crd, "conversion").get("strategy").and_then(Value::as_str).unwrap_or("") {
        "None" => None,
        "" => Some(FieldError::required(path, "")),
        "Webhook" => Some(FieldError::forbidden(path, "webhook conversion is not modelled")),
        other => Some(FieldError::not_supported(path, other, ["None", "Webhook"])),
    }
}

/// `ValidateCustomResourceDefinitionStoredVersions`: a version that objects may be stored in stays.
fn validate_stored(crd: &Value, errors: &mut Vec<FieldError>) {
    let path = "status.storedVersions";
    let stored = crd["status"]["storedVersions"].as_array().map_or(&[][..], Vec::as_slice);
    if stored.is_empty() {
        errors.push(FieldError::invalid(path, Value::Null, "must have at least one stored version"));
        return;
    }
    let mut missing: Vec<(usize, &Value)> = stored.iter().enumerate().collect();
    for version in versions(crd) {
        let name = &version["name"];
        let listed = missing.iter().any(|(_, stored)| *stored == name);
        if version["storage"] == true && !listed {
            let detail = format!("must have the storage version {}", name.as_str().unwrap_or(""));
            errors.push(FieldError::invalid(path, Value::from(stored), detail));
        }
        missing.retain(|(_, stored)| *stored != name);
    }
    for (i, name) in missing {
        let name = name.as_str().unwrap_or("");
        let detail = format!(
            "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a \
             storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
        );
        errors.push(FieldError::invalid(format!("{path}[{i}]"), name, detail));
    }
}

/// Versions as Go prints the internal type; a schema that all share stands elsewhere there.
fn versions_text(versions: &[Value], hoisted: bool) -> String {
    let one = |version: &Value| {
        let flag = |key: &str| version[key] == true;
        let schema = if hoisted { &Value::Null } else { &version["schema"] };
        format!(
            "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":{},\"Schema\":{},\"Subresources\":null,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}}",
            go_json(&version["name"]),
            flag("served"),
            flag("storage"),
            flag("deprecated"),
            go_json(&version["deprecationWarning"]),
            go_json(schema)
        )
    };
    format!("[{}]", versions.iter().map(one).collect::<Vec<_>>().join(","))
}

/// `ValidateCustomResourceDefinitionUpdate`.
pub(crate) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = validate_spec(new);
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
