//! The scale subresource: replicas of anything, as `autoscaling/v1`.
//!
//! In: GET, PUT, PATCH of a Scale. Out: the Scale; the object's replicas changed. Source:
//! `apiextensions-apiserver/pkg/registry/customresource/etcd.go`, `kubernetes/pkg/registry/apps/*/storage`.

use serde_json::{Map, Value, json};

use crate::error::{ApiError, Outcome};
use crate::field::{FieldError, go_type, go_value};
use crate::json_patch;
use crate::meta;
use crate::registry::{Resource, ScalePaths};
use crate::request::{Method, Request, Response};
use crate::server::{Part, Scope, Server};
use crate::store::key;
use crate::time::Timestamp;

/// The replicas of a Scale whose object says nothing of them, as a patch sees it: `invalidSpecReplicas` there.
const UNSET: i64 = i32::MIN as i64;

impl Server {
    pub(crate) fn scale(&mut self, request: &mut Request, scope: Scope<'_>, now: Timestamp) -> Outcome<Response> {
        let resource = self.res(scope.id)?;
        let Some(paths) = resource.version(scope.version).scale.clone() else {
            return Err(ApiError::no_resource());
        };
        let old = resource.store.get(&key(scope.namespace, scope.name)).map(|s| resource.present(s, scope.version));
        let old = old.ok_or_else(|| ApiError::not_found(resource.gr(), scope.name))?;
        let mut scale = shown(&old, &paths);
        // Objects of built-in kinds have their replicas always.
        let is_unset = resource.custom && get(&old, &paths.spec).is_none();
        let options = match request.method {
            Method::Get if is_unset => {
                let said = format!("the spec replicas field \"{}\" does not exist", shown_path(&paths.spec));
                return Err(ApiError::internal(&said));
            }
            Method::Get => return Ok(Response::json(200, scale)),
            Method::Put | Method::Patch => Self::write_options(request)?,
            _ => return Err(ApiError::method_not_allowed()),
        };
        if is_unset {
            scale["spec"] = json!({"replicas": UNSET});
        }
        change(request, &mut scale)?;
        let replicas = replicas(resource, scope.name, &scale)?;
        if resource.custom && replicas == UNSET {
            let said = format!("the spec replicas field \"{}\" cannot be empty", shown_path(&paths.spec));
            return Err(ApiError::bad_request(&said));
        }
        let mut new = Value::clone(&old);
        set(&mut new, &paths.spec, json!(replicas));
        let version = meta::text(&scale, "resourceVersion");
        if !version.is_empty() {
            meta::meta_mut(&mut new).insert("resourceVersion".to_owned(), json!(version));
        }
        let stored = self.replace(scope, Part::Main, new, &old, options.dry_run, now)?;
        Ok(Response::json(200, shown(&stored, &paths)))
    }
}

/// Applies the body of a PUT or PATCH to a Scale.
fn change(request: &mut Request, scale: &mut Value) -> Outcome<()> {
    let body = request.body.take().unwrap_or(Value::Null);
    match (request.method, request.content_type.as_str()) {
        (Method::Put, _) => *scale = body,
        (_, "application/json-patch+json") => {
            json_patch::apply(scale, &body).map_err(|_| ApiError::unprocessable())?;
        }
        _ => json_patch::merge(scale, &body),
    }
    Ok(())
}

/// The replicas that a Scale asks for.
fn replicas(resource: &Resource, name: &str, scale: &Value) -> Outcome<i64> {
    let asked = scale.get("spec").map_or(Some(0), |s| s.get("replicas").map_or(Some(0), Value::as_i64));
    let Some(replicas) = asked else {
        return Err(ApiError::bad_request(
            "Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal into Go struct field ScaleSpec.spec.replicas of type int32",
        ));
    };
    // A custom resource is checked itself, at the path that its definition names; others by their Scale.
    if replicas >= 0 || resource.custom {
        return Ok(replicas);
    }
    let error = FieldError::invalid("spec.replicas", replicas, "must be greater than or equal to 0");
    Err(ApiError::invalid("autoscaling", "Scale", name, &[error]))
}

/// What a custom resource says where its definition has a Scale look. A write of the status is asked for that of the status only.
/// Source: `ValidateScaleSpec` and `ValidateScaleStatus` of `apiextensions-apiserver/pkg/registry/customresource`.
pub(crate) fn validate(paths: &ScalePaths, part: Part, object: &Value) -> Vec<FieldError> {
    let spec = (part != Part::Status).then_some(&paths.spec);
    let numbers = spec.into_iter().chain([&paths.status]).filter_map(|path| validate_number(path, object));
    let selector = paths.selector.iter().filter_map(|path| match nested(object, path) {
        Ok(None | Some(Value::String(_))) => None,
        Ok(Some(other)) => Some(FieldError::invalid(shown_path(path), "", wrong_type(path, other, "string"))),
        Err(detail) => Some(FieldError::invalid(shown_path(path), "", detail)),
    });
    numbers.chain(selector).collect()
}

fn validate_number(path: &[String], object: &Value) -> Option<FieldError> {
    let (number, detail) = match nested(object, path) {
        Ok(None) => return None,
        Err(detail) => (0, detail),
        Ok(Some(value)) => match value.as_i64() {
            None => (0, wrong_type(path, value, "int64")),
            Some(number) if number < 0 => (number, "should be a non-negative integer".to_owned()),
            Some(number) if number > i64::from(i32::MAX) => {
                (number, format!("should be less than or equal to {}", i32::MAX))
            }
            Some(_) => return None,
        },
    };
    Some(FieldError::invalid(shown_path(path), number, detail))
}

fn shown_path(path: &[String]) -> String {
    format!(".{}", path.join("."))
}

/// `unstructured.NestedFieldNoCopy`: what stands at a path, none where a step is missing; an error where a step has no fields.
fn nested<'a>(object: &'a Value, path: &[String]) -> Result<Option<&'a Value>, String> {
    let mut at = object;
    for (number, step) in path.iter().enumerate() {
        match at {
            Value::Null => return Ok(None),
            Value::Object(map) => match map.get(step) {
                None => return Ok(None),
                Some(next) => at = next,
            },
            other => return Err(wrong_type(&path[..=number], other, "map[string]interface{}")),
        }
    }
    Ok(Some(at))
}

fn wrong_type(path: &[String], value: &Value, expected: &str) -> String {
    let (text, name) = (go_value(value), go_type(value));
    format!("{} accessor error: {text} is of the type {name}, expected {expected}", shown_path(path))
}

fn shown(object: &Value, paths: &ScalePaths) -> Value {
    let mut metadata = Map::new();
    for key in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        meta::keep(&mut metadata, meta::meta(object), key);
    }
    let mut status = json!({"replicas": get(object, &paths.status).and_then(Value::as_i64).unwrap_or(0)});
    let selector = match &paths.selector {
        Some(path) => get(object, path).and_then(Value::as_str).map(str::to_owned),
        None => object.get("spec").and_then(|s| s.get("selector")).map(selector_text),
    };
    if let Some(selector) = selector.filter(|s| !s.is_empty()) {
        status["selector"] = json!(selector);
    }
    let mut spec = Map::new();
    let replicas = get(object, &paths.spec).and_then(Value::as_i64).unwrap_or(0);
    if replicas != 0 {
        spec.insert("replicas".to_owned(), json!(replicas));
    }
    json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status})
}

fn selector_text(selector: &Value) -> String {
    let labels = selector.get("matchLabels").unwrap_or(selector).as_object().into_iter().flatten();
    labels.map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or(""))).collect::<Vec<_>>().join(",")
}

fn get<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(object, |at, step| at.get(step))
}

/// Sets the field at a path; the objects on the way are made.
pub(crate) fn set(object: &mut Value, path: &[String], value: Value) {
    let Some((last, steps)) = path.split_last() else { return };
    let mut at = object;
    for step in steps {
        meta::object_mut(at, step);
        let Some(next) = at.get_mut(step) else { return };
        at = next;
    }
    if let Some(map) = at.as_object_mut() {
        map.insert(last.clone(), value);
    }
}
