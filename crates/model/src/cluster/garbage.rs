//! The garbage collector: objects whose owners are gone, foreground and orphaning deletion.
//!
//! In: `metadata.ownerReferences` and the finalizers `orphan` and `foregroundDeletion`. Out: deletes and patches.
//! Guarantees: an object goes only when of each owner it is known that it is not there: looked up by its kind and name, and
//! told from its successors by UID; every delete carries the UID. Source:
//! `kubernetes/pkg/controller/garbagecollector/garbagecollector.go` (attemptToDeleteItem, isDangling, attemptToOrphan).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Kind, is_deleting, name, namespace, text, uid};
use crate::meta::{FOREGROUND, ORPHAN, finalizers, meta};
use crate::request::Request;
use crate::server::Server;
use crate::store::key;
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
        if is_deleting(object) {
            return;
        }
        let (mut solid, mut dangling, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for reference in owners(object) {
            match find_owner(server, object, reference) {
                Owner::Unknown => return,
                Owner::Dangling => dangling.push(owner_uid(reference)),
                Owner::There(owner) if is_deleting(&owner) && finalizers(&owner).contains(&FOREGROUND) => {
                    waiting.push(owner_uid(reference));
                }
                Owner::There(_) => solid.push(owner_uid(reference)),
            }
        }
        if !solid.is_empty() {
            if !dangling.is_empty() || !waiting.is_empty() {
                let keep = |o: &Value| !dangling.contains(&owner_uid(o)) && !waiting.contains(&owner_uid(o));
                drop_owners(server, object, path, &keep, now);
            }
            return;
        }
        let held = finalizers(object);
        let policy = if !waiting.is_empty() && self.dependents(id).next().is_some() || held.contains(&FOREGROUND) {
            "Foreground"
        } else if held.contains(&ORPHAN) {
            "Orphan"
        } else {
            "Background"
        };
        let options = json!({"propagationPolicy": policy, "preconditions": {"uid": id,
            "resourceVersion": text(object, "resourceVersion")}});
        server.handle(Request::delete(path).with_body(options), now);
    }
}

/// What an owner reference means.
enum Owner {
    There(Arc<Value>),
    /// Nothing of that kind and name is there, or something with another UID.
    Dangling,
    /// An error upstream, tried again and again: nothing is done about the dependent as long as it lasts.
    Unknown,
}

/// `isDangling`.
fn find_owner(server: &Server, object: &Value, reference: &Value) -> Owner {
    let get = |key: &str| reference.get(key).and_then(Value::as_str).unwrap_or("");
    // A kind that is not served may be served again, and its objects may all be there.
    let Some(resource) = server.registry.find_kind(get("apiVersion"), get("kind")) else { return Owner::Unknown };
    let namespace = match (resource.namespaced, namespace(object)) {
        // An object without a namespace cannot say in which one its owner is.
        (true, "") => return Owner::Unknown,
        (true, namespace) => namespace,
        (false, _) => "",
    };
    match resource.store.get(&key(namespace, get("name"))) {
        Some(stored) if uid(&stored.object) == owner_uid(reference) => Owner::There(Arc::clone(&stored.object)),
        _ => Owner::Dangling,
    }
}

/// Removes the owner references that `keep` does not keep.
fn drop_owners(server: &mut Server, object: &Value, path: &str, keep: &dyn Fn(&Value) -> bool, now: Timestamp) {
    let rest: Vec<&Value> = owners(object).iter().filter(|o| keep(o)).collect();
    let rest = if rest.is_empty() { Value::Null } else { json!(rest) };
    let patch = json!({"metadata": {"ownerReferences": rest, "uid": uid(object)}});
    server.handle(Request::merge_patch(path, patch), now);
}
