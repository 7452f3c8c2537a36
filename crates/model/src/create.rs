//! create: a body becomes a stored object.
//!
//! In: a body. Out: the stored object. Guarantees: the order of checks is upstream's: read, namespace, admission
//! (NamespaceLifecycle), name, strategy, validation, storage. Sources: `apiserver/pkg/endpoints/handlers/create.go`,
//! `registry/rest/create.go`, `registry/generic/registry/store.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::{ApiError, Outcome};
use crate::meta;
use crate::request::{Request, Response, warned};
use crate::server::{Scope, Server};
use crate::store::key;
use crate::strategy;
use crate::time::Timestamp;

/// `maxNameGenerationCreateAttempts`.
const ATTEMPTS: usize = 8;

impl Server {
    /// create.
    pub(crate) fn create(&mut self, request: &mut Request, scope: Scope<'_>, now: Timestamp) -> Outcome<Response> {
        let options = Self::write_options(request)?;
        let decoded = self.decode(scope, request, options.field_validation)?;
        let outcome = self.create_object(scope, decoded.object, options.dry_run, now).and_then(|object| {
            let warnings = strategy::warnings(self.res(scope.id)?, &object, None);
            Ok(Response { warnings, ..Response::object(201, object) })
        });
        warned(outcome, decoded.warnings)
    }

    /// create, from a read object on. Also the way of update and apply where there was nothing.
    pub(crate) fn create_object(
        &mut self,
        scope: Scope<'_>,
        mut object: Value,
        dry_run: bool,
        now: Timestamp,
    ) -> Outcome<Arc<Value>> {
        let resource = self.res(scope.id)?;
        {
            let map = meta::meta_mut(&mut object);
            for key in ["creationTimestamp", "uid", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
                map.remove(key);
            }
        }
        match_namespace(&mut object, scope.namespace)?;
        let generated = meta::name(&object).is_empty() && !meta::text(&object, "generateName").is_empty();
        self.admit(resource, scope.namespace, meta::name(&object))?;
        let has_version = !matches!(meta::text(&object, "resourceVersion"), "" | "0");
        if !generated {
            return self.create_named(scope, object, has_version, dry_run, now);
        }
        let base = meta::text(&object, "generateName").to_owned();
        let mut outcome = Err(ApiError::internal("no attempt was made"));
        for _ in 0..ATTEMPTS {
            let mut copy = object.clone();
            meta::meta_mut(&mut copy).insert("name".to_owned(), json!(self.ids.name(&base)));
            outcome = self.create_named(scope, copy, has_version, dry_run, now);
            if !matches!(&outcome, Err(e) if e.reason == "AlreadyExists") {
                return outcome;
            }
        }
        let name = outcome.as_ref().err().and_then(|e| e.details.as_ref()).map(|d| d.name.clone()).unwrap_or_default();
        outcome.and(Err(ApiError::generate_name_conflict(self.res(scope.id)?.gr(), &name)))
    }

    fn create_named(
        &mut self,
        scope: Scope<'_>,
        mut object: Value,
        has_version: bool,
        dry_run: bool,
        now: Timestamp,
    ) -> Outcome<Arc<Value>> {
        let uid = self.ids.uid();
        let map = meta::meta_mut(&mut object);
        map.insert("creationTimestamp".to_owned(), json!(now.to_string()));
        map.insert("uid".to_owned(), json!(uid));
        let resource = self.res(scope.id)?;
        strategy::prepare_create(resource, scope.version, &mut object);
        strategy::validate_create(resource, scope.version, &object)?;
        let name = meta::name(&object);
        if has_version {
            return Err(ApiError::unrecognized("resourceVersion should not be set on objects to be created"));
        }
        let key = key(scope.namespace, name);
        if let Some(there) = resource.store.get(&key) {
            let mut error = ApiError::already_exists(resource.gr(), name);
            if meta::is_deleting(&there.object) {
                error.message = format!("object is being deleted: {}", error.message);
            }
            return Err(error);
        }
        if dry_run {
            return Ok(Arc::new(object));
        }
        if scope.version != resource.storage_version {
            resource.convert(&mut object, resource.storage_version);
        }
        let stored = self.commit(scope.id, key, object)?;
        let shown = self.res(scope.id)?.present_new(&stored, scope.version);
        self.after_write(scope.id, &stored, now)?;
        Ok(shown)
    }
}

/// `EnsureObjectNamespaceMatchesRequestNamespace`.
pub(crate) fn match_namespace(object: &mut Value, namespace: &str) -> Outcome<()> {
    let found = meta::namespace(object);
    if found == namespace {
        return Ok(());
    }
    if namespace.is_empty() {
        meta::meta_mut(object).remove("namespace");
        return Ok(());
    }
    if found.is_empty() {
        meta::meta_mut(object).insert("namespace".to_owned(), json!(namespace));
        return Ok(());
    }
    Err(ApiError::bad_request("the namespace of the provided object does not match the namespace sent on the request"))
}
