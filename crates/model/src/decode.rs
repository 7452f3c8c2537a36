//! From a request body to an object that the rules may look at.
//!
//! In: a body. Out: the object with its metadata in normal form, custom resources pruned and defaulted; warnings about
//! unknown and duplicate fields. Guarantees: what the strict reader refuses is refused in its words. Sources:
//! `apimachinery/pkg/runtime/serializer/json/json.go`, `apiserver/pkg/endpoints/handlers/rest.go` (transformDecodeError),
//! `apiextensions-apiserver/pkg/apiserver/customresource_handler.go` (schemaCoercingDecoder).

use serde_json::Value;

use crate::error::{ApiError, Outcome};
use crate::field::{FieldError, go_json};
use crate::meta;
use crate::options::FieldValidation;
use crate::registry::Resource;

/// A body that was read.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) object: Value,
    pub(crate) warnings: Vec<String>,
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
        return Err(ApiError::bad_request(format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
            json_type(&body)
        )));
    }
    check_type(resource, version, &body)?;
    let mut object = body;
    let mut findings = duplicates.into_iter().map(|f| format!("duplicate field \"{f}\"")).collect::<Vec<_>>();
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
    let mut findings = duplicates.into_iter().map(|f| format!("duplicate field \"{f}\"")).collect::<Vec<_>>();
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
    let unknown_meta = meta::normalize(object)?;
    let mut unknown = Vec::new();
    if resource.custom {
        if let Some(schema) = &resource.version(version).schema {
            unknown.extend(schema.prune(object));
            schema.default(object);
        }
    } else {
        strip_nulls(object);
        crate::defaults::apply(&resource.group, &resource.plural, object);
        if let Some(map) = object.as_object_mut() {
            map.insert("kind".to_owned(), Value::String(resource.kind.clone()));
            map.insert("apiVersion".to_owned(), Value::String(resource.api_version(version).to_owned()));
        }
    }
    unknown.extend(unknown_meta);
    Ok(unknown.into_iter().map(|path| format!("unknown field \"{path}\"")).collect())
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

/// `kind` and `apiVersion`: absent ones of built-in kinds are those of the path.
fn check_type(resource: &Resource, version: usize, body: &Value) -> Outcome<()> {
    let get = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or("");
    let (kind, api_version, expected) = (get("kind"), get("apiVersion"), resource.api_version(version));
    if resource.custom {
        if kind.is_empty() {
            return Err(ApiError::bad_request(format!("Object 'Kind' is missing in '{}'", go_json(body))));
        }
        if api_version != expected {
            return Err(wrong_version(api_version, expected));
        }
        return Ok(());
    }
    if !kind.is_empty() && kind != resource.kind {
        let version = if api_version.is_empty() { expected } else { api_version };
        return Err(ApiError::bad_request(format!(
            "no kind {} is registered for version {} in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
            crate::field::quote(kind),
            crate::field::quote(version)
        )));
    }
    if !api_version.is_empty() && api_version != expected {
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

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
