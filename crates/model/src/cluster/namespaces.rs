//! The namespace controller: empties namespaces that are being deleted, then lets them go.
//!
//! In: terminating namespaces. Out: deletes of all they hold; the finalizer removed once nothing is left. Guarantees: an
//! object that is held by its own finalizers keeps its namespace; nothing else is deleted before the last pod is gone. Source:
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

/// Deletes what is in the namespace, its pods first: what they use stays until they are gone (`OrderedNamespaceDeletion`, locked on
/// since 1.34). True when nothing is left.
fn empty(server: &mut Server, kinds: &[Kind], name: &str, now: Timestamp) -> bool {
    let (pods, others): (Vec<_>, Vec<_>) = kinds.iter().partition(|k| k.group.is_empty() && k.plural == "pods");
    [pods, others].iter().all(|kinds| kinds.iter().map(|kind| left(server, kind, name, now)).sum::<usize>() == 0)
}

/// Deletes the objects of a kind in the namespace, and says how many are left.
fn left(server: &mut Server, kind: &Kind, name: &str, now: Timestamp) -> usize {
    let inside = |server: &Server| {
        let objects = server.objects(&kind.group, &kind.plural);
        objects.into_iter().filter(|o| namespace(o) == name).collect::<Vec<_>>()
    };
    if inside(server).iter().any(|o| !is_deleting(o)) {
        let options = json!({"propagationPolicy": "Background"});
        server.handle(Request::delete(kind.path(name)).with_body(options), now);
    }
    inside(server).len()
}
