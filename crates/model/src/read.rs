//! get and list.
//!
//! In: a scope and [`ListOptions`]. Out: the objects of now, of an older revision, or 410. Guarantees: a paged list shows
//! one revision from first page to last. Sources: `apiserver/pkg/storage/cacher/{delegator,cacher,watch_cache}.go`,
//! `storage/continue.go`, `storage/etcd3/errors.go`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::base64;
use crate::error::{ApiError, Outcome};
use crate::options::{ListOptions, VersionMatch};
use crate::registry::Resource;
use crate::request::{Body, List, Response};
use crate::selector::FieldSelector;
use crate::server::{Scope, Server};
use crate::store::{Stored, key};

const INCONSISTENT: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
const TOO_OLD: &str = "The resourceVersion for the provided list is too old.";

/// Where a list begins and which revision it shows.
struct Start {
    /// `None`: the present.
    revision: Option<u64>,
    from: String,
    limit: usize,
}

impl Server {
    /// get.
    pub(crate) fn get(&self, scope: Scope<'_>, version: &str) -> Outcome<Response> {
        let resource = self.res(scope.id)?;
        if !version.is_empty() {
            self.not_in_the_future(crate::options::parse_version(version).map_err(|e| ApiError::bad_request(&e))?)?;
        }
        let stored = resource.store.get(&key(scope.namespace, scope.name));
        let stored = stored.ok_or_else(|| ApiError::not_found(resource.gr(), scope.name))?;
        Ok(Response::object(200, resource.present(stored, scope.version)))
    }

    /// list.
    pub(crate) fn list(&self, scope: Scope<'_>, options: &ListOptions) -> Outcome<Response> {
        let resource = self.res(scope.id)?;
        check_field_labels(resource, scope.version, &options.fields)?;
        let prefix = prefix(scope, &options.fields, resource);
        let start = self.start(resource, &prefix, options)?;
        let revision = start.revision.unwrap_or(self.revision);
        let selects = !options.labels.is_empty() || !options.fields.is_empty();
        let page = match start.revision {
            Some(rv) if rv < self.revision => {
                let map = resource.store.at(rv, &prefix, &start.from);
                let total = map.len();
                page(map.iter().map(|(k, s)| (k.as_str(), s)), total, start.limit, options, resource, scope.version)
            }
            _ => {
                let total = if start.limit > 0 { resource.store.count(&prefix, &start.from) } else { 0 };
                let objects = resource.store.range(&prefix, &start.from);
                page(objects, total, start.limit, options, resource, scope.version)
            }
        };
        let mut metadata = Map::new();
        metadata.insert("resourceVersion".to_owned(), json!(revision.to_string()));
        if let Some(last) = page.more_after {
            let start_key = format!("{}\0", last.strip_prefix(&prefix).unwrap_or(&last));
            metadata.insert("continue".to_owned(), json!(encode_continue(&start_key, Some(revision))));
            if !selects {
                metadata.insert("remainingItemCount".to_owned(), json!(page.total.saturating_sub(start.limit)));
            }
        }
        let list = List {
            api_version: resource.api_version(scope.version).to_owned(),
            kind: resource.list_kind.clone(),
            metadata,
            items: page.items,
            bare_items: !resource.custom,
        };
        Ok(Response { code: 200, body: Body::List(list), warnings: Vec::new(), content_type: None })
    }

    fn start(&self, resource: &Resource, prefix: &str, options: &ListOptions) -> Outcome<Start> {
        let asked = options.version();
        let limit = usize::try_from(options.limit).unwrap_or(usize::MAX);
        if !options.continue_token.is_empty() {
            let (start_key, revision) = decode_continue(&options.continue_token)
                .map_err(|e| ApiError::bad_request(format!("invalid continue token: {e}")))?;
            if !matches!(options.resource_version.as_str(), "" | "0") {
                return Err(ApiError::bad_request("specifying resource version is not allowed when using continue"));
            }
            if let Some(rv) = revision {
                self.not_in_the_future(rv)?;
                if rv < resource.store.horizon() {
                    let mut error = ApiError::expired(INCONSISTENT);
                    error.continue_token = Some(encode_continue(&start_key, None));
                    return Err(error);
                }
            }
            return Ok(Start { revision, from: format!("{prefix}{start_key}"), limit });
        }
        let asked = asked.map_err(|e| ApiError::bad_request(format!("invalid resource version: {e}")))?;
        let exact = match (options.version_match, asked) {
            (Some(VersionMatch::Exact), Some(rv)) => Some(rv),
            // Legacy: a limit makes a version exact.
            (None, Some(rv)) if limit > 0 && rv > 0 => Some(rv),
            _ => None,
        };
        if let Some(rv) = asked {
            self.not_in_the_future(rv)?;
        }
        if let Some(rv) = exact
            && rv < resource.store.horizon()
        {
            return Err(ApiError::expired(TOO_OLD));
        }
        // computeListLimit: "any version" ignores the limit.
        let limit = if asked == Some(0) { 0 } else { limit };
        Ok(Start { revision: exact, from: prefix.to_owned(), limit })
    }

    /// The watch cache waits 3 s for a version that is not there yet, then gives up with 504.
    pub(crate) fn not_in_the_future(&self, rv: u64) -> Outcome<()> {
        if rv > self.revision { Err(ApiError::too_large_resource_version(rv, self.revision, 1)) } else { Ok(()) }
    }
}

struct Page {
    items: Vec<Arc<Value>>,
    /// Key of the last item, when there are more objects behind it.
    more_after: Option<String>,
    total: usize,
}

fn page<'a>(
    objects: impl Iterator<Item = (&'a str, &'a Stored)>,
    total: usize,
    limit: usize,
    options: &ListOptions,
    resource: &Resource,
    version: usize,
) -> Page {
    let mut page = Page { items: Vec::new(), more_after: None, total };
    for (i, (key, stored)) in objects.enumerate() {
        if options.labels.matches(&stored.object) && options.fields.matches(&stored.object) {
            page.items.push(resource.present(stored, version));
            if limit > 0 && page.items.len() >= limit {
                page.more_after = (i + 1 < total).then(|| key.to_owned());
                break;
            }
        }
    }
    page
}

/// The keys a list can touch: one namespace, or one object where the selector names it.
pub(crate) fn prefix(scope: Scope<'_>, fields: &FieldSelector, resource: &Resource) -> String {
    let namespace = match fields.required("metadata.namespace") {
        Some(namespace) if scope.namespace.is_empty() && resource.namespaced => namespace,
        _ => scope.namespace,
    };
    if namespace.is_empty() { String::new() } else { format!("{namespace}/") }
}

/// Refuses a field label that the kind does not have.
pub(crate) fn check_field_labels(resource: &Resource, version: usize, fields: &FieldSelector) -> Outcome<()> {
    for key in fields.keys() {
        let known = key == "metadata.name"
            || (key == "metadata.namespace" && (resource.namespaced || !resource.custom))
            || resource.version(version).fields.iter().any(|f| f == key);
        if known {
            continue;
        }
        return Err(ApiError::bad_request(format!("field label not supported: {key}")));
    }
    Ok(())
}

fn encode_continue(start: &str, revision: Option<u64>) -> String {
    let rv = revision.map_or(json!(-1), |rv| json!(rv));
    base64::encode(json!({"v": "meta.k8s.io/v1", "rv": rv, "start": start}).to_string().as_bytes())
}

fn decode_continue(token: &str) -> Result<(String, Option<u64>), String> {
    let bytes = base64::decode(token)
        .map_err(|at| format!("continue key is not valid: illegal base64 data at input byte {at}"))?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|e| format!("continue key is not valid: {e}"))?;
    let version = value["v"].as_str().unwrap_or("");
    if version != "meta.k8s.io/v1" {
        return Err(format!("continue key is not valid: server does not recognize this encoded version {version}"));
    }
    let revision = match value["rv"].as_i64() {
        None | Some(0) => {
            return Err("continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)"
                .to_owned());
        }
        Some(rv) => u64::try_from(rv).ok(),
    };
    match value["start"].as_str() {
        None | Some("") => {
            Err("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)".to_owned())
        }
        Some(start) if start.split('/').any(|p| matches!(p, "" | "." | "..")) => {
            Err(format!("continue key is not valid: {start}"))
        }
        Some(start) => Ok((start.to_owned(), revision)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continue_token_reads_back() {
        assert_eq!(decode_continue(&encode_continue("a\0", Some(7))), Ok(("a\0".to_owned(), Some(7))));
        assert_eq!(decode_continue(&encode_continue("a\0", None)), Ok(("a\0".to_owned(), None)));
        for bad in ["", "!", "e30", &base64::encode(b"{\"v\":\"meta.k8s.io/v1\",\"rv\":1,\"start\":\"../x\"}")] {
            assert!(decode_continue(bad).is_err(), "{bad}");
        }
    }
}
