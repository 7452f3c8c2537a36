//! delete and deletecollection.
//!
//! In: [`DeleteOptions`]. Out: the object while it lives on (finalizers, grace), else a Status or the last state.
//! Guarantees: preconditions hold at the moment of the write; grace is only ever shortened; finalizers are never skipped.
//! Sources: `apiserver/pkg/registry/rest/delete.go`, `registry/generic/registry/store.go`, `endpoints/handlers/delete.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::{ApiError, Details, GroupResource, Outcome};
use crate::kinds::{DefaultGc, Special};
use crate::meta::{self, FOREGROUND, ORPHAN};
use crate::options::{DeleteOptions, ListOptions, Propagation};
use crate::read::check_field_labels;
use crate::registry::Resource;
use crate::request::{Body, List, Response};
use crate::server::{Scope, Server};
use crate::store::key;
use crate::time::Timestamp;

/// What grace means for this delete: `rest.BeforeDelete`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grace {
    /// The kind knows none, or it is over.
    None,
    /// Deletion is under way already and is not hastened.
    Pending,
    /// Deletion begins, or is hastened, to end at this time after so many seconds.
    Until(Timestamp, i64),
}

impl Server {
    /// delete.
    pub(crate) fn delete(&mut self, scope: Scope<'_>, options: &DeleteOptions, now: Timestamp) -> Outcome<Response> {
        let resource = self.res(scope.id)?;
        let stored = resource.store.get(&key(scope.namespace, scope.name));
        let object = stored.map(|s| Arc::clone(&s.object));
        self.admit_delete(resource, scope.name)?;
        let object = object.ok_or_else(|| ApiError::not_found(self.gr(scope), scope.name))?;
        if self.res(scope.id)?.rules.special == Special::Namespace
            && let Some(response) = self.delete_namespace(scope, &object, options, now)?
        {
            return Ok(response);
        }
        if scope.id == self.crds
            && let Some(marked) = self.delete_crd(scope, &object, options, now)?
        {
            return Ok(Response::object(200, marked));
        }
        let (object, deleted) = self.delete_object(scope, &object, options, now)?;
        let code = if !deleted && options.orphan_dependents == Some(false) { 202 } else { 200 };
        let resource = self.res(scope.id)?;
        if deleted && !resource.rules.returns_deleted {
            return Ok(Response::json(code, deleted_status(resource, scope.name, meta::uid(&object))));
        }
        let mut shown = object;
        if scope.version != resource.storage_version {
            resource.convert(Arc::make_mut(&mut shown), scope.version);
        }
        Ok(Response::object(code, shown))
    }

    fn gr(&self, scope: Scope<'_>) -> GroupResource<'_> {
        self.registry.get(scope.id).map_or(GroupResource { group: "", resource: "" }, Resource::gr)
    }

    /// The registry's delete. True: the object is gone.
    pub(crate) fn delete_object(
        &mut self,
        scope: Scope<'_>,
        object: &Arc<Value>,
        options: &DeleteOptions,
        now: Timestamp,
    ) -> Outcome<(Arc<Value>, bool)> {
        let resource = self.res(scope.id)?;
        check_preconditions(resource, object, options)?;
        let grace = grace(resource, object, options, now);
        if grace == Grace::Pending {
            return Ok((Arc::clone(object), false));
        }
        let finalizers = gc_finalizers(resource, object, options);
        let held = finalizers.as_ref().map_or(!meta::finalizers(object).is_empty(), |f| !f.is_empty());
        let mut updated = Value::clone(object);
        if let Some(finalizers) = finalizers {
            meta::set_finalizers(&mut updated, finalizers);
        }
        let lives_on = match grace {
            Grace::Until(when, seconds) => {
                begin_deletion(&mut updated, when, seconds, !meta::is_deleting(object));
                held || seconds > 0
            }
            Grace::None | Grace::Pending if held => {
                mark_as_deleting(&mut updated, now);
                true
            }
            Grace::None | Grace::Pending => false,
        };
        if lives_on {
            let key = key(scope.namespace, scope.name);
            return Ok((self.write_deleting(scope, &key, updated, object, options.dry_run, now)?, false));
        }
        if options.dry_run {
            return Ok((Arc::new(updated), true));
        }
        // A graceful kind with no grace left is written once more before it goes: watchers see both.
        let write_first = matches!(grace, Grace::Until(..)).then_some(updated);
        Ok((self.remove(scope, object, write_first, now)?, true))
    }

    /// The object goes; returns its last state.
    fn remove(
        &mut self,
        scope: Scope<'_>,
        object: &Arc<Value>,
        write_first: Option<Value>,
        now: Timestamp,
    ) -> Outcome<Arc<Value>> {
        let key = key(scope.namespace, scope.name);
        if let Some(updated) = write_first {
            self.write_deleting(scope, &key, updated, object, false, now)?;
        }
        let last = self.res(scope.id)?.store.get(&key).map_or_else(|| Arc::clone(object), |s| Arc::clone(&s.object));
        let last = self.commit_delete(scope.id, &key, &last)?;
        self.after_delete(scope.id, &last);
        Ok(last)
    }

    pub(crate) fn write_deleting(
        &mut self,
        scope: Scope<'_>,
        key: &str,
        updated: Value,
        object: &Arc<Value>,
        dry_run: bool,
        now: Timestamp,
    ) -> Outcome<Arc<Value>> {
        if dry_run {
            return Ok(Arc::new(updated));
        }
        if updated == **object {
            return Ok(Arc::clone(object));
        }
        let stored = self.commit(scope.id, key.to_owned(), updated)?;
        self.after_write(scope.id, &stored, now)?;
        Ok(stored)
    }

    /// deletecollection: each object that the list selects, one by one.
    pub(crate) fn delete_collection(
        &mut self,
        scope: Scope<'_>,
        list: &ListOptions,
        options: &DeleteOptions,
        now: Timestamp,
    ) -> Outcome<Response> {
        let resource = self.res(scope.id)?;
        check_field_labels(resource, scope.version, &list.fields)?;
        let response = self.list(scope, list)?;
        let Body::List(mut shown) = response.body else { return Ok(response) };
        for item in &shown.items {
            let one = Scope { namespace: meta::namespace(item), name: meta::name(item), ..scope };
            let current = self.res(scope.id)?.store.get(&key(one.namespace, one.name)).map(|s| Arc::clone(&s.object));
            if let Some(current) = current {
                self.delete_object(one, &current, options, now)?;
            }
        }
        shown.metadata.remove("remainingItemCount");
        Ok(Response { code: 200, body: Body::List(List { ..shown }), warnings: Vec::new(), content_type: None })
    }
}

/// `Status: Success` with what was deleted.
fn deleted_status(resource: &Resource, name: &str, uid: &str) -> Value {
    let details = Details {
        name: name.to_owned(),
        group: resource.group.clone(),
        kind: resource.plural.clone(),
        uid: uid.to_owned(),
        ..Details::default()
    };
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details.to_value()})
}

/// UID and resourceVersion must be as the caller says. The error names the kind where others name the resource.
pub(crate) fn check_preconditions(resource: &Resource, object: &Value, options: &DeleteOptions) -> Outcome<()> {
    let subject = GroupResource { group: &resource.group, resource: &resource.kind };
    if let Some(uid) = &options.uid
        && uid != meta::uid(object)
    {
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            meta::uid(object)
        );
        return Err(ApiError::conflict(subject, meta::name(object), &why));
    }
    let version = meta::text(object, "resourceVersion");
    if let Some(asked) = &options.resource_version
        && asked != version
    {
        let why = format!(
            "the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion in record ({version}). The object might have been modified"
        );
        return Err(ApiError::conflict(subject, meta::name(object), &why));
    }
    Ok(())
}

fn grace(resource: &Resource, object: &Value, options: &DeleteOptions, now: Timestamp) -> Grace {
    if resource.rules.special != Special::Pod {
        return Grace::None;
    }
    // Negative values are one second.
    let asked = options.grace_period_seconds.map(|s| if s < 0 { 1 } else { s });
    if let Some(end) = meta::deletion_timestamp(object) {
        let current = meta::number(object, "deletionGracePeriodSeconds").unwrap_or(0);
        let current = if current < 0 { 1 } else { current };
        if current == 0 {
            return Grace::None;
        }
        let Some(mut period) = asked.filter(|p| *p < current) else { return Grace::Pending };
        let mut end = end.plus_secs(period - current);
        if end < now {
            end = now;
            if period != 0 {
                period = 1;
            }
        }
        return Grace::Until(end, period);
    }
    let period = crate::pod::grace_period(object, asked);
    Grace::Until(now.plus_secs(period), period)
}

fn begin_deletion(object: &mut Value, when: Timestamp, seconds: i64, first: bool) {
    let generation = meta::number(object, "generation").unwrap_or(0);
    let map = meta::meta_mut(object);
    map.insert("deletionTimestamp".to_owned(), json!(when.to_string()));
    map.insert("deletionGracePeriodSeconds".to_owned(), json!(seconds));
    if first && generation > 0 {
        map.insert("generation".to_owned(), json!(generation.saturating_add(1)));
    }
}

/// `markAsDeleting`.
fn mark_as_deleting(object: &mut Value, now: Timestamp) {
    let until = meta::deletion_timestamp(object);
    let when = until.filter(|t| *t <= now).unwrap_or(now);
    begin_deletion(object, when, 0, until.is_none());
}

/// The finalizers for the garbage collector: the new list, if it differs.
fn gc_finalizers(resource: &Resource, object: &Value, options: &DeleteOptions) -> Option<Vec<String>> {
    let (orphan, foreground) = gc_choice(resource.rules.default_gc, object, options);
    let before = meta::finalizers(object);
    let mut after: Vec<&str> = before.iter().copied().filter(|f| *f != ORPHAN && *f != FOREGROUND).collect();
    if orphan {
        after.push(ORPHAN);
    }
    if foreground {
        after.push(FOREGROUND);
    }
    let same = before.iter().all(|f| after.contains(f)) && after.iter().all(|f| before.contains(f));
    (!same).then(|| after.into_iter().map(str::to_owned).collect())
}

/// `shouldOrphanDependents` and `shouldDeleteDependents`: the options, else the object's finalizers, else the kind.
fn gc_choice(default: DefaultGc, object: &Value, options: &DeleteOptions) -> (bool, bool) {
    if default == DefaultGc::Unsupported {
        return (false, false);
    }
    if let Some(orphan) = options.orphan_dependents {
        return (orphan, false);
    }
    match options.propagation {
        Some(Propagation::Orphan) => return (true, false),
        Some(Propagation::Foreground) => return (false, true),
        Some(Propagation::Background) => return (false, false),
        None => {}
    }
    match meta::finalizers(object).into_iter().find(|f| *f == ORPHAN || *f == FOREGROUND) {
        Some(ORPHAN) => (true, false),
        Some(_) => (false, true),
        None => (default == DefaultGc::Orphan, false),
    }
}
