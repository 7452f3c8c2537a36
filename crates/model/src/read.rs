//! get and list.
//!
//! In: a scope and [`ListOptions`]. Out: the objects of now, of an older revision, or 410. Guarantees: a paged list shows
//! one revision from first page to last. Sources: `apiserver/pkg/storage/cacher/{delegator,cacher,watch_cache}.go`,
//! `storage/continue.go`, `storage/etcd3/errors.go`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::continuation::Token;
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
    /// How many objects there are from here on, where the token of the page before says so.
    left: Option<usize>,
    /// The list is of the object at `from`, or of none.
    only: bool,
}

impl Server {
    /// get.
    pub(crate) fn get(&self, scope: Scope<'_>, version: &str) -> Outcome<Response> {
        let resource = self.res(scope.id)?;
        if !version.is_empty() {
            self.not_in_the_future(crate::options::parse_version(version).map_err(ApiError::unrecognized)?)?;
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
        let mut start = self.start(resource, &prefix, options)?;
        if let Some(key) = single(scope, options, resource) {
            // Storage reads one key, whatever the limit.
            (start.from, start.limit, start.only) = (key, 0, true);
        }
        let revision = start.revision.unwrap_or(self.revision);
        let selects = !options.labels.is_empty() || !options.fields.is_empty();
        let page = match start.revision {
            Some(rv) if rv < self.revision => {
                let past = resource.store.at(rv, &prefix, &start.from);
                page(past.objects(), &start, || past.count(), options, resource, scope.version)
            }
            _ => {
                let count = || resource.store.count(&prefix, &start.from);
                page(resource.store.range(&prefix, &start.from), &start, count, options, resource, scope.version)
            }
        };
        let list = List {
            api_version: resource.api_version(scope.version).to_owned(),
            kind: resource.list_kind.clone(),
            metadata: list_metadata(resource, revision, &prefix, page.more, selects),
            items: page.items,
            bare_items: !resource.custom,
        };
        Ok(Response { code: 200, body: Body::List(list), warnings: Vec::new(), content_type: None })
    }

    fn start(&self, resource: &Resource, prefix: &str, options: &ListOptions) -> Outcome<Start> {
        let asked = options.version();
        let limit = usize::try_from(options.limit).unwrap_or(usize::MAX);
        if !options.continue_token.is_empty() {
            let Token { start, revision, left } = Token::read(&options.continue_token)
                .map_err(|e| ApiError::bad_request(format!("invalid continue token: {e}")))?;
            if !matches!(options.resource_version.as_str(), "" | "0") {
                return Err(ApiError::bad_request("specifying resource version is not allowed when using continue"));
            }
            if let Some(rv) = revision {
                self.not_in_the_future(rv)?;
                if rv < resource.store.horizon() {
                    let mut error = ApiError::expired(INCONSISTENT);
                    error.continue_token = Some(Token { start, revision: None, left: None }.to_string());
                    return Err(error);
                }
            }
            return Ok(Start { revision, from: format!("{prefix}{start}"), limit, left, only: false });
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
        Ok(Start { revision: exact, from: prefix.to_owned(), limit, left: None, only: false })
    }

    /// The watch cache waits 3 s for a version that is not there yet, then gives up with 504.
    pub(crate) fn not_in_the_future(&self, rv: u64) -> Outcome<()> {
        if rv > self.revision { Err(ApiError::too_large_resource_version(rv, self.revision, 1)) } else { Ok(()) }
    }
}

/// `metadata` of a list; `more`: the key of the last item and the number of objects behind it.
fn list_metadata(
    resource: &Resource,
    revision: u64,
    prefix: &str,
    more: Option<(String, usize)>,
    selects: bool,
) -> Map<String, Value> {
    let mut metadata = Map::new();
    metadata.insert("resourceVersion".to_owned(), json!(revision.to_string()));
    if let Some((last, left)) = more {
        let start = format!("{}\0", last.strip_prefix(prefix).unwrap_or(&last));
        let token = Token { start, revision: Some(revision), left: Some(left) };
        metadata.insert("continue".to_owned(), json!(token.to_string()));
        if !selects {
            metadata.insert("remainingItemCount".to_owned(), json!(left));
        }
    } else if resource.custom {
        // A list of unstructured objects always prints it.
        metadata.insert("continue".to_owned(), json!(""));
    }
    metadata
}

struct Page {
    items: Vec<Arc<Value>>,
    /// Key of the last item and the number of objects behind it, when there are some.
    more: Option<(String, usize)>,
}

fn page<'a>(
    objects: impl Iterator<Item = (&'a str, &'a Stored)>,
    start: &Start,
    count: impl FnOnce() -> usize,
    options: &ListOptions,
    resource: &Resource,
    version: usize,
) -> Page {
    let mut page = Page { items: Vec::new(), more: None };
    for (i, (key, stored)) in objects.take_while(|(key, _)| !start.only || *key == start.from).enumerate() {
        if options.labels.matches(&stored.object) && options.fields.matches(&stored.object) {
            page.items.push(resource.present(stored, version));
            if start.limit > 0 && page.items.len() >= start.limit {
                let left = start.left.unwrap_or_else(count).saturating_sub(i + 1);
                page.more = (left > 0).then(|| (key.to_owned(), left));
                break;
            }
        }
    }
    page
}

/// The key of the only object that a selector admits (`MatchesSingle`), where the request says its namespace.
fn single(scope: Scope<'_>, options: &ListOptions, resource: &Resource) -> Option<String> {
    let name = options.fields.required("metadata.name")?;
    (!resource.namespaced || !scope.namespace.is_empty()).then(|| key(scope.namespace, name))
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
        // Kinds without a conversion of field labels of their own have the common one, with words of its own.
        let common = !resource.custom && resource.version(version).fields.is_empty();
        return Err(ApiError::bad_request(if common {
            let key = crate::field::quote(key);
            format!("{key} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
        } else {
            format!("field label not supported: {key}")
        }));
    }
    Ok(())
}
