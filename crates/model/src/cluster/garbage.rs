//! The garbage collector: objects whose owners are gone, foreground and orphaning deletion.
//!
//! In: `metadata.ownerReferences` and the finalizers `orphan` and `foregroundDeletion`. Out: deletes and patches.
//! Guarantees: an object goes only when none of its owners is there, by UID; every delete carries the UID. Source:
//! `kubernetes/pkg/controller/garbagecollector/garbagecollector.go` (attemptToDeleteItem, attemptToOrphan).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Kind, is_deleting, name, namespace, text, uid};
use crate::meta::{FOREGROUND, ORPHAN, finalizers, meta};
use crate::request::Request;
use crate::server::Server;
use crate::time::Timestamp;

/// Everything that is there, by UID, and who depends on whom.
struct Graph {
    objects: BTreeMap<String, (Arc<Kind>, Arc<Value>)>,
    dependents: BTreeMap<String, Vec<String>>,
}

/// One step over all objects.
pub fn collect_garbage(server: &mut Server, now: Timestamp) -> bool {
    let before = server.revision();
    let graph = Graph::new(server);
    let concerns = |object: &Value| is_deleting(object) || !owners(object).is_empty();
    for (id, (kind, object)) in graph.objects.iter().filter(|(_, (_, object))| concerns(object)) {
        let path = format!("{}/{}", kind.path(namespace(object)), name(object));
        if is_deleting(object) {
            graph.process_deleting(server, id, object, &path, now);
        }
        if !owners(object).is_empty() {
            graph.process_dependent(server, id, object, &path, now);
        }
    }
    server.revision() != before
}

fn owners(object: &Value) -> &[Value] {
    meta(object).and_then(|m| m.get("ownerReferences")).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn owner_uid(reference: &Value) -> &str {
    reference.get("uid").and_then(Value::as_str).unwrap_or("")
}

impl Graph {
    fn new(server: &Server) -> Self {
        let mut objects = BTreeMap::new();
        let mut dependents: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for kind in server.kinds().into_iter().map(Arc::new) {
            // Events take no part.
            if kind.plural == "events" {
                continue;
            }
            for object in server.objects(&kind.group, &kind.plural) {
                for owner in owners(&object) {
                    dependents.entry(owner_uid(owner).to_owned()).or_default().push(uid(&object).to_owned());
                }
                objects.insert(uid(&object).to_owned(), (Arc::clone(&kind), object));
            }
        }
        Self { objects, dependents }
    }

    fn dependents(&self, id: &str) -> impl Iterator<Item = &(Arc<Kind>, Arc<Value>)> {
        self.dependents.get(id).into_iter().flatten().filter_map(|d| self.objects.get(d))
    }

    /// The owner that a reference means: same UID, and within reach.
    fn owner<'a>(&'a self, object: &Value, reference: &Value) -> Option<&'a Arc<Value>> {
        let (kind, owner) = self.objects.get(owner_uid(reference))?;
        let reachable = !kind.namespaced || namespace(owner) == namespace(object);
        reachable.then_some(owner)
    }

    /// Finalizers that wait for us.
    fn process_deleting(&self, server: &mut Server, id: &str, object: &Value, path: &str, now: Timestamp) {
        let held = finalizers(object);
        let blocking = |dependent: &Value| {
            owners(dependent).iter().any(|o| owner_uid(o) == id && o.get("blockOwnerDeletion") == Some(&json!(true)))
        };
        let done = if held.contains(&ORPHAN) {
            for (kind, dependent) in self.dependents(id) {
                let at = format!("{}/{}", kind.path(namespace(dependent)), name(dependent));
                drop_owners(server, dependent, &at, &|o| owner_uid(o) != id, now);
            }
            ORPHAN
        } else if held.contains(&FOREGROUND) && !self.dependents(id).any(|(_, d)| blocking(d)) {
            FOREGROUND
        } else {
            return;
        };
        let rest: Vec<&str> = held.into_iter().filter(|f| *f != done).collect();
        let patch = json!({"metadata": {"finalizers": rest, "resourceVersion": text(object, "resourceVersion")}});
        server.handle(Request::merge_patch(path, patch), now);
    }

    /// `attemptToDeleteItem`.
    fn process_dependent(&self, server: &mut Server, id: &str, object: &Value, path: &str, now: Timestamp) {
        let waits = |owner: &Value| is_deleting(owner) && finalizers(owner).contains(&FOREGROUND);
        let (mut solid, mut dangling, mut waiting) = (0, 0, 0);
        for reference in owners(object) {
            match self.owner(object, reference) {
                None => dangling += 1,
                Some(owner) if waits(owner) => waiting += 1,
                Some(_) => solid += 1,
            }
        }
        if solid > 0 {
            if dangling + waiting > 0 {
                let keep = |o: &Value| self.owner(object, o).is_some_and(|owner| !waits(owner));
                drop_owners(server, object, path, &keep, now);
            }
            return;
        }
        let held = finalizers(object);
        if is_deleting(object) && !held.contains(&FOREGROUND) {
            return;
        }
        let policy = if waiting > 0 && self.dependents(id).next().is_some() || held.contains(&FOREGROUND) {
            "Foreground"
        } else if held.contains(&ORPHAN) {
            "Orphan"
        } else {
            "Background"
        };
        if is_deleting(object) && policy == "Foreground" {
            return;
        }
        let options = json!({"propagationPolicy": policy, "preconditions": {"uid": id,
            "resourceVersion": text(object, "resourceVersion")}});
        server.handle(Request::delete(path).with_body(options), now);
    }
}

/// Removes the owner references that `keep` does not keep.
fn drop_owners(server: &mut Server, object: &Value, path: &str, keep: &dyn Fn(&Value) -> bool, now: Timestamp) {
    let rest: Vec<&Value> = owners(object).iter().filter(|o| keep(o)).collect();
    let rest = if rest.is_empty() { Value::Null } else { json!(rest) };
    let patch = json!({"metadata": {"ownerReferences": rest, "uid": uid(object)}});
    server.handle(Request::merge_patch(path, patch), now);
}
