//! patch: JSON patch and merge patch; server-side apply in `apply`.
//!
//! In: a patch and its content type. Out: the stored object. Guarantees: the patch is applied to the newest object, so it
//! fails of a lost race only where it names a resourceVersion. Source: `apiserver/pkg/endpoints/handlers/patch.go`.

use std::sync::Arc;

use serde_json::Value;

use crate::create::match_namespace;
use crate::decode;
use crate::error::{ApiError, Outcome};
use crate::json_patch::{self, PatchError};
use crate::reader;
use crate::request::{Request, Response, warned};
use crate::server::{Part, Scope, Server};
use crate::store::key;
use crate::strategy;
use crate::time::Timestamp;
use crate::update::check_name;

const JSON: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";
/// `maxJSONPatchOperations`.
const MAX_OPERATIONS: usize = 10_000;

impl Server {
    /// patch.
    pub(crate) fn patch(
        &mut self,
        request: &mut Request,
        scope: Scope<'_>,
        part: Part,
        now: Timestamp,
    ) -> Outcome<Response> {
        let content_type = request.content_type.split(';').next().unwrap_or("").trim().to_owned();
        let resource = self.res(scope.id)?;
        let accepted: &[&str] = if resource.custom { &[JSON, MERGE, APPLY] } else { &[JSON, MERGE, STRATEGIC, APPLY] };
        if !accepted.contains(&content_type.as_str()) {
            let refusal = ApiError::unsupported_media_type(accepted);
            return Err(if resource.custom { refusal } else { ApiError::unrouted_media_type() });
        }
        if let Some(bad) = request.unreadable.take() {
            return Err(ApiError::bad_request(format!("error decoding patch: {}", bad.why)));
        }
        let options = Self::write_options(request)?;
        let empty = request.body.is_none();
        let patch = request.body.take().unwrap_or(Value::Null);
        let duplicates = std::mem::take(&mut request.duplicates);
        if content_type == APPLY {
            return self.apply(scope, part, &patch, &duplicates, &options, now);
        }
        let old = resource.store.get(&key(scope.namespace, scope.name)).map(|s| resource.present(s, scope.version));
        let old = old.ok_or_else(|| ApiError::not_found(resource.gr(), scope.name))?;
        if empty {
            return Err(undecodable(&content_type, "unexpected end of JSON input"));
        }
        let mut object = Value::clone(&old);
        match content_type.as_str() {
            JSON => apply_json(&mut object, &patch)?,
            // Strategic merge needs the Go types' merge keys: not modelled; as a merge patch it replaces lists.
            _ if patch.is_object() => json_patch::merge(&mut object, &patch),
            // Go reads null into a map of nothing, and the library of merge patches refuses that one.
            STRATEGIC if patch.is_null() => {}
            _ if patch.is_null() => return Err(ApiError::bad_request("Invalid JSON Patch")),
            other => {
                let found = reader::type_name(&patch);
                let why = format!("json: cannot unmarshal {found} into Go value of type map[string]interface {{}}");
                return Err(undecodable(other, &why));
            }
        }
        let decoded = decode::patched(resource, scope.version, object, duplicates, options.field_validation)?;
        warned(self.patch_to(scope, part, decoded.object, &old, (options.dry_run, now)), decoded.warnings)
    }

    fn patch_to(
        &mut self,
        scope: Scope<'_>,
        part: Part,
        mut object: Value,
        old: &Arc<Value>,
        (dry_run, now): (bool, Timestamp),
    ) -> Outcome<Response> {
        match_namespace(&mut object, scope.namespace)?;
        check_name(&object, scope.name)?;
        let warnings = strategy::warnings(self.res(scope.id)?, &object, Some(old));
        let stored = self.replace(scope, part, object, old, dry_run, now)?;
        Ok(Response { warnings, ..Response::object(200, stored) })
    }
}

/// A patch that is read as JSON but says nothing that could be applied.
fn undecodable(content_type: &str, why: &str) -> Box<ApiError> {
    ApiError::bad_request(if content_type == STRATEGIC {
        why.to_owned()
    } else {
        format!("error decoding patch: {why}")
    })
}

fn apply_json(object: &mut Value, patch: &Value) -> Outcome<()> {
    if let Some(list) = patch.as_array()
        && list.len() > MAX_OPERATIONS
    {
        return Err(ApiError::too_large(&format!(
            "The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {}",
            list.len()
        )));
    }
    json_patch::apply(object, patch).map_err(|error| match error {
        PatchError::Malformed(text) => ApiError::bad_request(format!("error decoding patch: {text}")),
        PatchError::DoesNotApply(_) => ApiError::unprocessable(),
    })
}
