//! From a request body to an object that the rules may look at.
//!
//! In: a body. Out: the object with its metadata in normal form, custom resources pruned and defaulted; warnings about
//! unknown and duplicate fields. Guarantees: what the strict reader refuses is refused in its words. Sources:
//! `apimachinery/pkg/runtime/serializer/json/json.go`, `apiserver/pkg/endpoints/handlers/rest.go` (transformDecodeError),
//! `apiextensions-apiserver/pkg/apiserver/customresource_handler.go` (schemaCoercingDecoder).

use serde_json::Value;

use crate::error::{ApiError, Outcome};
use crate::field::{FieldError, go_json, quote};
use crate::fields::top_level;
use crate::options::FieldValidation;
use crate::registry::Resource;
use crate::request::{Request, Unreadable};
use crate::server::{Scope, Server};
use crate::{meta, reader};

/// A body that was read.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) object: Value,
    pub(crate) warnings: Vec<String>,
}

/// What bodies may be written in. kube-apiserver reads the third, too; the front refuses it.
const MEDIA_TYPES: [&str; 3] = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

impl Server {
    /// Takes the body of a create or an update out of its request and reads it.
    pub(crate) fn decode(
        &self,
        scope: Scope<'_>,
        request: &mut Request,
        validation: FieldValidation,
    ) -> Outcome<Decoded> {
        let resource = self.res(scope.id)?;
        check_media_type(request)?;
        let Some(object) = request.body.take() else {
            let empty = Unreadable { why: "unexpected end of JSON input".to_owned(), text: Vec::new() };
            let bad = request.unreadable.take().unwrap_or(empty);
            return Err(unrecognized(resource, &reader::unreadable(&bad.why), &bad.text));
        };
        if !resource.custom {
            self.check_kind(resource, scope.version, &object)?;
        }
        body(resource, scope.version, object, std::mem::take(&mut request.duplicates), validation)
    }

    /// `kind` and `apiVersion` of a built-in kind; absent ones are those of the path.
    fn check_kind(&self, resource: &Resource, version: usize, body: &Value) -> Outcome<()> {
        let text = |key: &str| body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let expected = resource.api_version(version);
        let (kind, api_version) = (text("kind").unwrap_or(&resource.kind), text("apiVersion").unwrap_or(expected));
        if !body.is_object() || (kind == resource.kind && api_version == expected) {
            return Ok(());
        }
        // Lists and Status are registered where their kinds are.
        let registered = self.registry.iter().any(|r| {
            let known = r.kind == kind || r.list_kind == kind || kind == "Status";
            !r.custom && known && r.versions.iter().any(|v| v.api_version == api_version)
        });
        let short = api_version.rsplit('/').next().unwrap_or("");
        let why = if registered {
            let package = if resource.group.is_empty() { "core" } else { &resource.group };
            let package = package.split('.').next().unwrap_or("");
            format!("converting ({short}.{kind}) to ({package}.{}): unknown conversion", resource.kind)
        } else {
            let (kind, api_version) = (quote(kind), quote(api_version));
            format!("no kind {kind} is registered for version {api_version} in scheme \"pkg/runtime/scheme.go:110\"")
        };
        Err(ApiError::bad_request(format!(
            "{kind} in version \"{short}\" cannot be handled as a {}: {why}",
            resource.kind
        )))
    }
}

/// JSON where nothing is said.
pub(crate) fn check_media_type(request: &Request) -> Outcome<()> {
    let media_type = request.content_type.split(';').next().unwrap_or("").trim();
    if media_type.is_empty() || MEDIA_TYPES[..2].contains(&media_type) {
        return Ok(());
    }
    Err(ApiError::unsupported_media_type(&MEDIA_TYPES))
}

/// A body that is nothing of the kind.
fn unrecognized(resource: &Resource, why: &str, text: &[u8]) -> Box<ApiError> {
    let (kind, text) = (&resource.kind, reader::summary(text));
    ApiError::bad_request(format!("the object provided is unrecognized (must be of type {kind}): {why} ({text})"))
}

/// Reads an applied configuration: what the schema does not know is refused whatever `fieldValidation` says, since nobody
/// could own it. Source: `apimachinery/pkg/util/managedfields/internal/structuredmerge.go`.
pub(crate) fn applied(
    resource: &Resource,
    version: usize,
    body: Value,
    duplicates: &[String],
    validation: FieldValidation,
) -> Outcome<Value> {
    if !duplicates.is_empty() && validation == FieldValidation::Strict {
        let found = duplicates.join(", ");
        let why = format!("error strict decoding YAML: error converting YAML to JSON: {found}");
        return Err(ApiError::bad_request(why));
    }
    if !body.is_object() {
        return Err(unrecognized(resource, &reader::no_object(&body), go_json(&body).as_bytes()));
    }
    if body.get("kind").and_then(Value::as_str).unwrap_or("").is_empty() {
        let said = body.get("apiVersion").and_then(Value::as_str).unwrap_or("/");
        return Err(ApiError::bad_request(format!("invalid object type: {said}, Kind=")));
    }
    check_type(resource, version, &body)?;
    let mut object = body;
    let subject = format!("{}/{}", meta::namespace(&object), meta::name(&object));
    let mut unknown = unknown_fields(resource, version, &mut object).map_err(|e| handled(resource, version, &e))?;
    if unknown.is_empty() {
        return Ok(object);
    }
    unknown.sort_unstable();
    let (gv, kind) = (resource.api_version(version), &resource.kind);
    let findings: Vec<String> = unknown.iter().map(|path| format!(".{path}: field not declared in schema")).collect();
    let findings = match findings.as_slice() {
        [one] => one.clone(),
        several => format!("errors:\n  {}", several.join("\n  ")),
    };
    Err(ApiError::unrecognized(format!(
        "failed to create typed patch object ({subject}; {gv}, Kind={kind}): {findings}"
    )))
}

/// Reads the body of a create or an update.
pub(crate) fn body(
    resource: &Resource,
    version: usize,
    body: Value,
    duplicates: Vec<String>,
    validation: FieldValidation,
) -> Outcome<Decoded> {
    if !body.is_object() {
        return Err(unrecognized(resource, &reader::no_object(&body), go_json(&body).as_bytes()));
    }
    check_type(resource, version, &body)?;
    let mut object = body;
    let mut findings = duplicates;
    findings.extend(coerce(resource, version, &mut object).map_err(|e| handled(resource, version, &e))?);
    if findings.is_empty() || validation == FieldValidation::Ignore {
        return Ok(Decoded { object, warnings: Vec::new() });
    }
    if validation == FieldValidation::Strict {
        let text = format!("strict decoding error: {}", findings.join(", "));
        return Err(handled(resource, version, &text));
    }
    Ok(Decoded { object, warnings: findings })
}

/// Reads the outcome of a patch.
pub(crate) fn patched(
    resource: &Resource,
    version: usize,
    mut object: Value,
    duplicates: Vec<String>,
    validation: FieldValidation,
) -> Outcome<Decoded> {
    let before = if validation == FieldValidation::Strict { Some(object.clone()) } else { None };
    let refuse = |object: &Value, text: &str| {
        let error = FieldError::invalid("patch", go_json(object), text);
        ApiError::invalid("", "", "", &[error])
    };
    let mut findings = duplicates;
    match coerce(resource, version, &mut object) {
        Ok(unknown) => findings.extend(unknown),
        Err(text) => return Err(refuse(&object, &text)),
    }
    match (findings.is_empty(), before) {
        (false, Some(before)) => Err(refuse(&before, &format!("strict decoding error: {}", findings.join(", ")))),
        _ if validation == FieldValidation::Ignore => Ok(Decoded { object, warnings: Vec::new() }),
        _ => Ok(Decoded { object, warnings: findings }),
    }
}

/// Brings the object into its stored form; returns findings about unknown fields.
fn coerce(resource: &Resource, version: usize, object: &mut Value) -> Result<Vec<String>, String> {
    let unknown = unknown_fields(resource, version, object)?;
    Ok(unknown.into_iter().map(|path| format!("unknown field \"{path}\"")).collect())
}

/// Brings the object into its stored form; returns the paths of unknown fields.
fn unknown_fields(resource: &Resource, version: usize, object: &mut Value) -> Result<Vec<String>, String> {
    // The reader of custom resources reads metadata on its own, before the rest.
    let mut unknown = meta::normalize(object, resource.custom)?;
    if resource.custom {
        if let Some(schema) = &resource.version(version).schema {
            unknown.extend(schema.prune(object));
            schema.default(object);
        }
    } else {
        strip_nulls(object);
        unknown.extend(drop_unknown(resource, object));
        crate::defaults::apply(&resource.group, &resource.plural, object);
        if let Some(map) = object.as_object_mut() {
            map.insert("kind".to_owned(), Value::String(resource.kind.clone()));
            map.insert("apiVersion".to_owned(), Value::String(resource.api_version(version).to_owned()));
        }
    }
    Ok(unknown)
}

/// A typed object has no other fields than its type.
fn drop_unknown(resource: &Resource, object: &mut Value) -> Vec<String> {
    let mut unknown = Vec::new();
    if let (Some(fields), Some(map)) = (top_level(&resource.group, &resource.plural), object.as_object_mut()) {
        map.retain(|key, _| {
            let known = matches!(key.as_str(), "kind" | "apiVersion" | "metadata") || fields.contains(&key.as_str());
            if !known {
                unknown.push(key.clone());
            }
            known
        });
    }
    unknown
}

/// A typed object prints no nulls.
fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, v| !v.is_null());
            map.values_mut().for_each(strip_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

/// `kind` and `apiVersion` of a custom resource: both must be there, and the version that of the path.
fn check_type(resource: &Resource, version: usize, body: &Value) -> Outcome<()> {
    let get = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or("");
    let (kind, api_version, expected) = (get("kind"), get("apiVersion"), resource.api_version(version));
    if !resource.custom {
        return Ok(());
    }
    if kind.is_empty() {
        let text = go_json(body);
        return Err(unrecognized(resource, &format!("Object 'Kind' is missing in '{text}'"), text.as_bytes()));
    }
    if api_version != expected {
        return Err(wrong_version(api_version, expected));
    }
    Ok(())
}

fn wrong_version(found: &str, expected: &str) -> Box<ApiError> {
    ApiError::bad_request(format!(
        "the API version in the data ({found}) does not match the expected API version ({expected})"
    ))
}

fn handled(resource: &Resource, version: usize, why: &str) -> Box<ApiError> {
    let kind = &resource.kind;
    let version = &resource.version(version).name;
    ApiError::bad_request(format!("{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"))
}
