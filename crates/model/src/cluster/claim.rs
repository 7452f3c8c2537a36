//! Which objects are a workload's: pods of a ReplicaSet, a StatefulSet or a Job, ReplicaSets of a Deployment.
//!
//! In: a workload. Out: what it controls, and orphans that it adopts. Guarantees: those that its selector selects no more are let go; a
//! workload that is being deleted adopts nothing and lets nothing go; nothing is taken from another controller. Source:
//! `kubernetes/pkg/controller/controller_ref_manager.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::pods::{controller_uid, is_active, pod_path};
use super::{is_deleting, name, namespace, uid};
use crate::meta;
use crate::request::Request;
use crate::selector::LabelSelector;
use crate::server::Server;
use crate::time::Timestamp;

/// What a workload claims.
#[derive(Debug, Clone, Copy)]
pub(super) enum Claims {
    Pods,
    ReplicaSets,
}

impl Claims {
    fn objects(self, server: &Server) -> Vec<Arc<Value>> {
        match self {
            Self::Pods => server.objects("", "pods"),
            Self::ReplicaSets => server.objects("apps", "replicasets"),
        }
    }

    fn path(self, object: &Value) -> String {
        let (namespace, name) = (namespace(object), name(object));
        match self {
            Self::Pods => pod_path(namespace, name),
            Self::ReplicaSets => format!("/apis/apps/v1/namespaces/{namespace}/replicasets/{name}"),
        }
    }

    /// Whether an orphan can be adopted: not on its way out; a pod has not finished either.
    fn is_free(self, object: &Value) -> bool {
        match self {
            Self::Pods => is_active(object),
            Self::ReplicaSets => !is_deleting(object),
        }
    }

    /// Those of a workload: `fits` accepts them.
    pub(super) fn of(
        self,
        server: &mut Server,
        workload: &Value,
        reference: &Value,
        fits: &dyn Fn(&Value) -> bool,
        now: Timestamp,
    ) -> Vec<Arc<Value>> {
        let selector = LabelSelector::from_spec(&workload["spec"]["selector"]);
        let mut mine = Vec::new();
        for object in self.objects(server) {
            if namespace(&object) != namespace(workload) {
                continue;
            }
            if controller_uid(&object) == uid(workload) {
                if selector.matches(&object) && fits(&object) || is_deleting(workload) {
                    mine.push(object);
                } else {
                    self.release(server, &object, uid(workload), now);
                }
            } else if controller_uid(&object).is_empty()
                && !is_deleting(workload)
                && self.is_free(&object)
                && selector.matches(&object)
                && fits(&object)
            {
                let patch = json!({"metadata": {"uid": uid(&object), "ownerReferences": [reference]}});
                let response = server.handle(Request::merge_patch(self.path(&object), patch), now);
                if let (200, Some(adopted)) = (response.code, response.as_object()) {
                    mine.push(Arc::clone(adopted));
                }
            }
        }
        mine
    }

    /// Takes a workload's reference off an object that its selector selects no more.
    fn release(self, server: &mut Server, object: &Value, owner: &str, now: Timestamp) {
        let owners = meta::meta(object).and_then(|m| m.get("ownerReferences")).and_then(Value::as_array);
        let rest: Vec<&Value> = owners.into_iter().flatten().filter(|o| o["uid"] != owner).collect();
        let patch = json!({"metadata": {"uid": uid(object), "ownerReferences": rest}});
        server.handle(Request::merge_patch(self.path(object), patch), now);
    }
}
