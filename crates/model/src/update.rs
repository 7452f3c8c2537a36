//! update, and the write behind every patch.
//!
//! In: the object as it should be. Out: the object as it is stored. Guarantees: an update that changes nothing writes
//! nothing; a lost race is a Conflict; removing the last finalizer of a deleting object deletes it. Sources:
//! `apiserver/pkg/endpoints/handlers/update.go`, `registry/rest/update.go`, `registry/generic/registry/store.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::create::match_namespace;
use crate::error::{ApiError, Outcome};
use crate::field::FieldError;
use crate::kinds::Special;
use crate::meta;
use crate::registry::Resource;
use crate::request::{Request, Response, warned};
use crate::server::{Part, Scope, Server};
use crate::store::key;
use crate::strategy;
use crate::time::Timestamp;

impl Server {
    /// update.
    pub(crate) fn update(
        &mut self,
        request: &mut Request,
        scope: Scope<'_>,
        part: Part,
        now: Timestamp,
    ) -> Outcome<Response> {
        let options = Self::write_options(request)?;
        let decoded = self.decode(scope, request, options.field_validation)?;
        warned(self.update_to(scope, part, decoded.object, options.dry_run, now), decoded.warnings)
    }

    fn update_to(
        &mut self,
        scope: Scope<'_>,
        part: Part,
        mut object: Value,
        dry_run: bool,
        now: Timestamp,
    ) -> Outcome<Response> {
        let resource = self.res(scope.id)?;
        match_namespace(&mut object, scope.namespace)?;
        check_name(&object, scope.name)?;
        let old = resource.store.get(&key(scope.namespace, scope.name)).map(|s| resource.present(s, scope.version));
        let warnings = strategy::warnings(resource, &object, old.as_deref());
        let response = match old {
            Some(old) => {
                check_uid(resource, scope, &object, &old)?;
                Response::object(200, self.replace(scope, part, object, &old, dry_run, now)?)
            }
            None if resource.rules.create_on_update && part == Part::Main => {
                Response::object(201, self.create_object(scope, object, dry_run, now)?)
            }
            None => return Err(ApiError::not_found(resource.gr(), scope.name)),
        };
        Ok(Response { warnings, ..response })
    }

    /// Writes `new` over `old` by the rules of `part`.
    pub(crate) fn replace(
        &mut self,
        scope: Scope<'_>,
        part: Part,
        mut new: Value,
        old: &Arc<Value>,
        dry_run: bool,
        now: Timestamp,
    ) -> Outcome<Arc<Value>> {
        let resource = self.res(scope.id)?;
        check_version(resource, scope.name, &mut new, old)?;
        strategy::prepare_update(resource, scope.version, part, &mut new, old);
        before_update(&mut new, old);
        strategy::validate_update(resource, scope.version, part, &new, old)?;
        if resource.rules.special == Special::Namespace {
            crate::namespace::canonicalize(&mut new);
        }
        if deletes(resource, &new, old) {
            return self.finish_deletion(scope, new, dry_run);
        }
        if dry_run {
            return Ok(resource.present_new(&Arc::new(new), scope.version));
        }
        if scope.version != resource.storage_version {
            resource.convert(&mut new, resource.storage_version);
        }
        let key = key(scope.namespace, scope.name);
        // What is compared is what would be stored, not what is shown (`GuaranteedUpdate` of apiserver/pkg/storage/etcd3/store.go).
        if resource.store.get(&key).is_some_and(|stored| new == *stored.object) {
            return Ok(Arc::clone(old));
        }
        let stored = self.commit(scope.id, key, new)?;
        let shown = self.res(scope.id)?.present_new(&stored, scope.version);
        self.after_write(scope.id, &stored, now)?;
        Ok(shown)
    }

    /// The last finalizer went: the object goes. Clients get the object that they wrote.
    fn finish_deletion(&mut self, scope: Scope<'_>, new: Value, dry_run: bool) -> Outcome<Arc<Value>> {
        if !dry_run {
            // deleteWithoutFinalizers deletes what is stored; watchers see that, not the update.
            let key = key(scope.namespace, scope.name);
            let stored = self.res(scope.id)?.store.get(&key).map(|s| Arc::clone(&s.object));
            if let Some(stored) = stored {
                self.commit_delete(scope.id, &key, &stored)?;
                self.after_delete(scope.id, &stored);
            }
        }
        Ok(Arc::new(new))
    }
}

/// The version must be that of the stored object; without one, only some kinds are written.
fn check_version(resource: &Resource, name: &str, new: &mut Value, old: &Value) -> Outcome<()> {
    let old_version = meta::text(old, "resourceVersion");
    match meta::text(new, "resourceVersion") {
        "" | "0" if resource.rules.unconditional_update => {
            meta::meta_mut(new).insert("resourceVersion".to_owned(), json!(old_version));
            Ok(())
        }
        "" | "0" => {
            let error = FieldError::invalid("metadata.resourceVersion", 0, "must be specified for an update");
            Err(ApiError::invalid(&resource.group, &resource.plural, name, &[error]))
        }
        version if version.parse::<u64>().is_err() => {
            let quoted = crate::field::quote(version);
            Err(ApiError::unrecognized(format!("strconv.ParseUint: parsing {quoted}: invalid syntax")))
        }
        version if version != old_version => Err(ApiError::modified(resource.gr(), name)),
        _ => Ok(()),
    }
}

/// `checkName`.
pub(crate) fn check_name(object: &Value, name: &str) -> Outcome<()> {
    let found = meta::name(object);
    if found == name {
        return Ok(());
    }
    Err(ApiError::bad_request(if found.is_empty() {
        format!("the name of the object ({name} based on URL) was undeterminable: name must be provided")
    } else {
        format!("the name of the object ({found}) does not match the name on the URL ({name})")
    }))
}

/// A UID in the body is a precondition of storage.
fn check_uid(resource: &Resource, scope: Scope<'_>, object: &Value, old: &Value) -> Outcome<()> {
    let (asked, found) = (meta::uid(object), meta::uid(old));
    if asked.is_empty() || asked == found {
        return Ok(());
    }
    Err(uid_precondition(resource, scope.namespace, scope.name, asked, found))
}

/// `storage.Preconditions.Check`, as InterpretUpdateError words it.
pub(crate) fn uid_precondition(
    resource: &Resource,
    namespace: &str,
    name: &str,
    asked: &str,
    found: &str,
) -> Box<ApiError> {
    let why = format!("Precondition failed: UID in precondition: {asked}, UID in object meta: {found}");
    storage_conflict(resource, namespace, name, &why)
}

/// A StorageError of code 4 (invalid object) as a Conflict.
pub(crate) fn storage_conflict(resource: &Resource, namespace: &str, name: &str, why: &str) -> Box<ApiError> {
    let key = key(namespace, name);
    let base = match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "nodes") => "minions".to_owned(),
        ("", "services") => "services/specs".to_owned(),
        ("", "endpoints") => "services/endpoints".to_owned(),
        ("apiextensions.k8s.io", plural) => format!("apiextensions.k8s.io/{plural}"),
        (group, plural) if resource.custom => format!("{group}/{plural}"),
        (_, plural) => plural.to_owned(),
    };
    let text = format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{base}/{key}, ResourceVersion: 0, AdditionalErrorMsg: {why}"
    );
    ApiError::conflict(resource.gr(), name, &text)
}

/// What a client may not change: `rest.BeforeUpdate`.
fn before_update(new: &mut Value, old: &Value) {
    let old_meta = meta::meta(old);
    let map = meta::meta_mut(new);
    if !map.contains_key("uid") {
        meta::keep(map, old_meta, "uid");
    }
    for key in ["creationTimestamp", "deletionTimestamp"] {
        if old_meta.is_some_and(|m| m.contains_key(key)) {
            meta::keep(map, old_meta, key);
        }
    }
    if !map.contains_key("deletionGracePeriodSeconds") {
        meta::keep(map, old_meta, "deletionGracePeriodSeconds");
    }
}

/// `ShouldDeleteDuringUpdate`.
fn deletes(resource: &Resource, new: &Value, old: &Value) -> bool {
    let no_finalizers = meta::finalizers(new).is_empty();
    let due = meta::is_deleting(old) && meta::number(old, "deletionGracePeriodSeconds").unwrap_or(0) == 0;
    no_finalizers
        && due
        && (resource.rules.special != Special::Namespace || crate::namespace::spec_finalizers(new).is_empty())
}
