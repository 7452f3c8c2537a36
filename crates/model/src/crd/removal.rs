//! The end of a definition: marked, emptied, gone.
//!
//! In: deletes of definitions, and the steps of the finalizing controller. Out: writes. Guarantees: a definition goes only
//! after its last object. Source: `apiextensions-apiserver/pkg/controller/finalizer/crd_finalizer.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{names_of, set_condition, spec};
use crate::error::{ApiError, Outcome};
use crate::meta;
use crate::options::DeleteOptions;
use crate::server::{Scope, Server};
use crate::store::key;
use crate::time::Timestamp;

/// The finalizer that keeps a definition until its objects are gone.
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

impl Server {
    /// The first delete of a definition marks it. `None`: go on with the deletion.
    pub(crate) fn delete_crd(
        &mut self,
        scope: Scope<'_>,
        object: &Arc<Value>,
        options: &DeleteOptions,
        now: Timestamp,
    ) -> Outcome<Option<Arc<Value>>> {
        if meta::is_deleting(object) {
            return Ok(None);
        }
        let gr = self.res(scope.id)?.gr();
        for (asked, field, word) in
            [(&options.uid, "uid", "UID"), (&options.resource_version, "resourceVersion", "ResourceVersion")]
        {
            let found = meta::text(object, field);
            if let Some(asked) = asked.as_deref().filter(|a| *a != found) {
                let why =
                    format!("Precondition failed: {word} in precondition: {asked}, {word} in object meta: {found}");
                return Err(ApiError::conflict(gr, scope.name, &why));
            }
        }
        let mut updated = Value::clone(object);
        meta::meta_mut(&mut updated).insert("deletionTimestamp".to_owned(), json!(now.to_string()));
        let mut finalizers: Vec<String> = meta::finalizers(object).into_iter().map(str::to_owned).collect();
        if !finalizers.iter().any(|f| f == CLEANUP) {
            finalizers.push(CLEANUP.to_owned());
        }
        meta::set_finalizers(&mut updated, finalizers);
        let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
        set_condition(&mut updated, "Terminating", "True", "InstanceDeletionPending", message, now);
        self.write_deleting(scope, &key("", scope.name), updated, object, options.dry_run, now).map(Some)
    }

    /// One step of the finalizing controller: deletes the objects of definitions that are being deleted, then lets the
    /// definitions go. True when it changed something.
    pub fn finalize_definitions(&mut self, now: Timestamp) -> bool {
        let Ok(crds) = self.res(self.crds) else { return false };
        let dying: Vec<Arc<Value>> = crds
            .store
            .range("", "")
            .map(|(_, s)| Arc::clone(&s.object))
            .filter(|c| meta::is_deleting(c) && meta::finalizers(c).contains(&CLEANUP))
            .collect();
        let before = self.revision;
        for crd in dying {
            // A refusal leaves the definition for the next step, as the real controller's retry does.
            let _ = self.finalize_definition(&crd, now);
        }
        self.revision != before
    }

    fn finalize_definition(&mut self, crd: &Arc<Value>, now: Timestamp) -> Outcome<()> {
        let (group, plural) = (spec(crd, "group").as_str().unwrap_or(""), names_of(crd, "plural"));
        if let Some(id) = self.registry.find(group, plural) {
            let keys: Vec<(String, Arc<Value>)> =
                self.res(id)?.store.range("", "").map(|(k, s)| (k.to_owned(), Arc::clone(&s.object))).collect();
            for (_, object) in &keys {
                if meta::is_deleting(object) {
                    continue;
                }
                let version = self.res(id)?.storage_version;
                let scope = Scope { id, version, namespace: meta::namespace(object), name: meta::name(object) };
                self.delete_object(scope, object, &DeleteOptions::default(), now)?;
            }
            if self.res(id)?.store.len() > 0 {
                return Ok(());
            }
        }
        let scope = Scope { id: self.crds, version: 0, namespace: "", name: meta::name(crd) };
        let mut done = Value::clone(crd);
        let rest = meta::finalizers(crd).into_iter().filter(|f| *f != CLEANUP).map(str::to_owned).collect();
        meta::set_finalizers(&mut done, rest);
        self.replace(scope, crate::server::Part::Main, done, crd, false, now).map(drop)
    }
}
