//! The API server: requests in, answers and events out.
//!
//! In: [`Request`]s and the time. Out: [`Response`]s; events of watches by [`Server::poll`], so that the driver decides
//! when a client sees what happened. Guarantees: one seed and one sequence of requests give one sequence of answers, byte
//! for byte; no request panics; a write costs the same with one watch and with a thousand.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::{ApiError, Outcome};
use crate::ids::Ids;
use crate::options::{DeleteOptions, ListOptions, WriteOptions};
use crate::registry::{Registry, Resource, ResourceId};
use crate::request::{Method, Request, Response, warned};
use crate::route::{Route, Target, parse};
use crate::store::Stored;
use crate::time::{Timestamp, duration};
use crate::watch::{Watch, WatchId};

/// The group of CustomResourceDefinitions.
pub(crate) const CRD_GROUP: &str = "apiextensions.k8s.io";
/// Their plural.
pub(crate) const CRDS: &str = "customresourcedefinitions";

/// What a server is made with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Changes kept per resource for watches and old lists; older ones answer 410. kube-apiserver's watch cache grows
    /// between 100 and 102,400 events; a simulation wants a small number to meet 410 at all.
    pub history: usize,
    /// The time at which the namespaces of a fresh cluster are made.
    pub start: Timestamp,
    /// The first revision. A real server's is never 1, and code must not rely on small numbers.
    pub first_revision: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { history: 10_000, start: Timestamp::default(), first_revision: 100 }
    }
}

/// A Kubernetes API server as a state machine.
#[derive(Debug, Clone)]
pub struct Server {
    pub(crate) options: Options,
    pub(crate) ids: Ids,
    pub(crate) revision: u64,
    pub(crate) registry: Registry,
    pub(crate) watches: BTreeMap<WatchId, Watch>,
    pub(crate) next_watch: u64,
    pub(crate) namespaces: ResourceId,
    pub(crate) crds: ResourceId,
}

/// Which object of which resource, in which version, a request is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) id: ResourceId,
    pub(crate) version: usize,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

impl Server {
    /// A fresh server with the four namespaces of a fresh cluster and the service under which pods reach the server.
    #[must_use]
    pub fn new(seed: u64, options: Options) -> Self {
        let registry = Registry::builtin(options.first_revision);
        let namespaces = registry.find("", "namespaces").expect("the built-in table has namespaces");
        let crds = registry.find(CRD_GROUP, CRDS).expect("the built-in table has CRDs");
        let start = options.start;
        let revision = options.first_revision;
        let mut server = Self {
            options,
            ids: Ids::new(seed),
            revision,
            registry,
            watches: BTreeMap::new(),
            next_watch: 1,
            namespaces,
            crds,
        };
        for name in ["kube-system", "kube-public", "kube-node-lease", "default"] {
            let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            server.handle(Request::post("/api/v1/namespaces", body), start);
        }
        server.handle(Request::post("/api/v1/namespaces/default/services", own_service()), start);
        server
    }

    /// Answers one request as of `now`.
    pub fn handle(&mut self, mut request: Request, now: Timestamp) -> Response {
        let path = std::mem::take(&mut request.path);
        let answer = check_timeout(&request).and_then(|()| match parse(&path) {
            Route::Resource(target) => self.resource(&mut request, target, now),
            route => self.discover(&route, &request),
        });
        answer.unwrap_or_else(Response::from)
    }

    /// The revision of the last write.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Forgets all history at or before `revision`: what etcd's compaction does every five minutes.
    pub fn compact(&mut self, revision: u64) {
        for resource in self.registry.iter_mut() {
            resource.store.compact(revision.min(self.revision));
        }
    }

    /// Puts the storage back to what it was in `saved`, as `etcdutl snapshot restore --bump-revision --mark-compacted` does
    /// when the API server is started on it: the objects have the versions that they had, new writes have later ones than
    /// any before, all watches are over, and history is gone. UIDs that were given out since are not given out again.
    pub fn put_back(&mut self, saved: &Self) {
        let (ids, next_watch, revision) = (self.ids.clone(), self.next_watch, self.revision + 1);
        *self = Self { ids, next_watch, revision, watches: BTreeMap::new(), ..saved.clone() };
        self.compact(revision);
    }

    /// How many objects `plural` of `group` has.
    #[must_use]
    pub fn count(&self, group: &str, plural: &str) -> usize {
        self.registry.find(group, plural).and_then(|id| self.registry.get(id)).map_or(0, |r| r.store.len())
    }

    /// The resource of a handle that this request just looked up.
    pub(crate) fn res(&self, id: ResourceId) -> Outcome<&Resource> {
        self.registry.get(id).ok_or_else(ApiError::no_resource)
    }

    fn resource(&mut self, request: &mut Request, target: Target<'_>, now: Timestamp) -> Outcome<Response> {
        let Some(id) = self.registry.find(target.group, target.resource) else { return Ok(self.unknown(&target)) };
        let resource = self.res(id)?;
        let Some(version) = resource.find_version(target.version) else { return Ok(self.unknown(&target)) };
        let across = target.namespace.is_empty() && resource.namespaced;
        if !resource.namespaced && !target.namespace.is_empty() {
            return Ok(self.unknown(&target));
        }
        if across && (!target.name.is_empty() || request.method != Method::Get) {
            // Custom: not found; built-in: only the collection across all namespaces is routed, for GET.
            return match (resource.custom, target.name.is_empty()) {
                (false, true) => Err(ApiError::method_not_allowed()),
                _ => Ok(self.unknown(&target)),
            };
        }
        let mut warnings = Vec::new();
        if let Some(text) = &resource.version(version).deprecation {
            warnings.push(text.clone());
        }
        let scope = Scope { id, version, namespace: target.namespace, name: target.name };
        let outcome = if target.subresource.is_empty() {
            self.main_resource(request, scope, now)
        } else {
            self.subresource(request, scope, target.subresource, now)
        };
        warned(outcome, warnings)
    }

    fn main_resource(&mut self, request: &mut Request, scope: Scope<'_>, now: Timestamp) -> Outcome<Response> {
        match (request.method, scope.name.is_empty()) {
            (Method::Get, true) => {
                let options = ListOptions::read(request)?;
                if options.watch { self.open_watch(scope, options) } else { self.list(scope, &options) }
            }
            (Method::Get, false) => self.get(scope, request.param("resourceVersion").unwrap_or("")),
            (Method::Post, true) => self.create(request, scope, now),
            (Method::Put, false) => self.update(request, scope, Part::Main, now),
            (Method::Patch, false) => self.patch(request, scope, Part::Main, now),
            (Method::Delete, false) => {
                let options = DeleteOptions::read(request)?;
                self.delete(scope, &options, now)
            }
            (Method::Delete, true) if scope.id != self.namespaces => {
                let list = ListOptions::read(request)?;
                let options = DeleteOptions::read(request)?;
                self.delete_collection(scope, &list, &options, now)
            }
            (method, _) => Err(self.wrong_method(scope, method)?),
        }
    }

    fn wrong_method(&self, scope: Scope<'_>, method: Method) -> Outcome<Box<ApiError>> {
        let resource = self.res(scope.id)?;
        if !resource.custom {
            return Ok(ApiError::method_not_allowed());
        }
        let verb = match method {
            Method::Get => "get",
            Method::Post => "create",
            Method::Put => "update",
            Method::Patch => "patch",
            Method::Delete => "delete",
        };
        Ok(ApiError::method_not_supported(resource.gr(), verb))
    }

    fn subresource(
        &mut self,
        request: &mut Request,
        scope: Scope<'_>,
        subresource: &str,
        now: Timestamp,
    ) -> Outcome<Response> {
        let resource = self.res(scope.id)?;
        let version = resource.version(scope.version);
        let plural = resource.plural.as_str();
        match (plural, subresource, resource.custom) {
            (_, "status", _) if version.status => self.part(request, scope, Part::Status, now),
            (_, "scale", _) if version.scale.is_some() => self.scale(request, scope, now),
            ("namespaces", "finalize", false) => self.finalize(request, scope, now),
            ("pods", "binding", false) => self.bind(request, scope, now),
            ("pods", "eviction", false) => self.evict(request, scope, now),
            (_, _, true) => Err(ApiError::not_found(resource.gr(), scope.name)),
            _ => Err(ApiError::no_resource()),
        }
    }

    /// GET, PUT and PATCH of a part that is stored within the object.
    pub(crate) fn part(
        &mut self,
        request: &mut Request,
        scope: Scope<'_>,
        part: Part,
        now: Timestamp,
    ) -> Outcome<Response> {
        match request.method {
            Method::Get => self.get(scope, request.param("resourceVersion").unwrap_or("")),
            Method::Put => self.update(request, scope, part, now),
            Method::Patch => self.patch(request, scope, part, now),
            method => Err(self.wrong_method(scope, method)?),
        }
    }

    /// The answer to a path that names no resource we serve.
    fn unknown(&self, target: &Target<'_>) -> Response {
        // Built-in groups have a router that answers with a Status; others fall through to net/http.
        let builtin = self.registry.iter().any(|r| !r.custom && r.group == target.group);
        if builtin { Response::from(ApiError::no_resource()) } else { Response::text(404, "404 page not found\n") }
    }

    /// Stores `object` as the next revision and returns it with that revision in it.
    pub(crate) fn commit(&mut self, id: ResourceId, key: String, mut object: Value) -> Outcome<Arc<Value>> {
        let rv = self.revision + 1;
        let history = self.options.history;
        let resource = self.registry.get_mut(id).ok_or_else(ApiError::no_resource)?;
        crate::meta::meta_mut(&mut object).insert("resourceVersion".to_owned(), Value::String(rv.to_string()));
        let object = Arc::new(object);
        resource.store.put(key, Stored { object: Arc::clone(&object), rv, epoch: resource.epoch }, history);
        self.revision = rv;
        Ok(object)
    }

    /// Removes an object; returns its last state with the deletion's revision.
    pub(crate) fn commit_delete(&mut self, id: ResourceId, key: &str, object: &Value) -> Outcome<Arc<Value>> {
        let rv = self.revision + 1;
        let history = self.options.history;
        let resource = self.registry.get_mut(id).ok_or_else(ApiError::no_resource)?;
        let mut last = object.clone();
        crate::meta::meta_mut(&mut last).insert("resourceVersion".to_owned(), Value::String(rv.to_string()));
        let last = Arc::new(last);
        resource.store.remove(key, Stored { object: Arc::clone(&last), rv, epoch: resource.epoch }, history);
        self.revision = rv;
        Ok(last)
    }

    /// Reads the parameters of a write.
    pub(crate) fn write_options(request: &Request) -> Outcome<WriteOptions> {
        WriteOptions::read(
            request,
            match request.method {
                Method::Post => "CreateOptions",
                Method::Patch => "PatchOptions",
                _ => "UpdateOptions",
            },
        )
    }
}

/// `WithRequestDeadline`: the model is quicker than any deadline, but one that cannot be read is refused.
fn check_timeout(request: &Request) -> Outcome<()> {
    let Some(text) = request.param("timeout").filter(|text| !text.is_empty()) else { return Ok(()) };
    let watches = matches!(request.param("watch"), Some("true" | "1"));
    if watches || duration(text).is_some() {
        return Ok(());
    }
    let text = crate::field::quote(text);
    let why = format!("invalid timeout specified in the request URL - time: invalid duration {text}");
    Err(ApiError::bad_request(why))
}

/// `default/kubernetes`, which kube-apiserver makes for itself; its address is the first of the common service range.
fn own_service() -> Value {
    json!({"metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]}})
}

/// Which part of an object a write may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Everything but status (where status is a subresource).
    Main,
    /// `status` only.
    Status,
    /// `spec.finalizers` of a Namespace.
    Finalize,
}
