//! The namespace controller: empties namespaces that are being deleted, then lets them go.
//!
//! In: terminating namespaces. Out: deletes of all they hold; the finalizer removed once nothing is left. Guarantees: an
//! object that is held by its own finalizers keeps its namespace. Source:
//! `kubernetes/pkg/controller/namespace/deletion/namespaced_resources_deleter.go` (its conditions are not written).

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Kind, is_deleting, name, namespace};
use crate::namespace::spec_finalizers;
use crate::request::Request;
use crate::server::Server;
use crate::time::Timestamp;

/// One step: every terminating namespace gets its contents deleted, and is finalized if it is empty.
pub fn empty_namespaces(server: &mut Server, now: Timestamp) -> bool {
    let before = server.revision();
    let dying: Vec<Arc<Value>> = server.objects("", "namespaces").into_iter().filter(|n| is_deleting(n)).collect();
    if dying.is_empty() {
        return false;
    }
    let kinds: Vec<Kind> = server.kinds().into_iter().filter(|k| k.namespaced).collect();
    for namespace in dying {
        if !empty(server, &kinds, name(&namespace), now) {
            continue;
        }
        let finalizers = spec_finalizers(&namespace);
        if finalizers.contains(&"kubernetes") {
            let rest: Vec<&str> = finalizers.into_iter().filter(|f| *f != "kubernetes").collect();
            let mut done = Value::clone(&namespace);
            done["spec"] = json!({"finalizers": rest});
            server.handle(Request::put(format!("/api/v1/namespaces/{}/finalize", name(&namespace)), done), now);
        }
    }
    server.revision() != before
}

/// Deletes what is in the namespace; true when nothing is left.
fn empty(server: &mut Server, kinds: &[Kind], name: &str, now: Timestamp) -> bool {
    let mut left = 0;
    for kind in kinds {
        let objects = server.objects(&kind.group, &kind.plural);
        let inside: Vec<_> = objects.into_iter().filter(|o| namespace(o) == name).collect();
        if inside.iter().any(|o| !is_deleting(o)) {
            let options = json!({"propagationPolicy": "Background"});
            server.handle(Request::delete(kind.path(name)).with_body(options), now);
        }
        left += server.objects(&kind.group, &kind.plural).iter().filter(|o| namespace(o) == name).count();
    }
    left == 0
}
