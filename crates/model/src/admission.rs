//! Admission that is always on: NamespaceLifecycle.
//!
//! In: a create or a delete. Out: leave or a refusal. Guarantees: nothing new in a namespace that is absent or
//! terminating; the system's namespaces are not deleted. Source:
//! `apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go`. Webhooks and policies are not modelled.

use crate::error::{ApiError, Cause, GroupResource, Outcome};
use crate::registry::Resource;
use crate::server::Server;

/// Namespaces that are never deleted: `config.DefaultOnPlugins` passes these three.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

impl Server {
    /// Leave to create `name` of `resource` in `namespace`. Updates are never asked: where there is an object, there is
    /// its namespace, and where there is none, storage answers first.
    pub(crate) fn admit(&self, resource: &Resource, namespace: &str, name: &str) -> Outcome<()> {
        if resource.terminating {
            let why = "create not allowed while custom resource definition is terminating";
            return Err(ApiError::forbidden(resource.gr(), name, why));
        }
        if namespace.is_empty() {
            return Ok(());
        }
        let namespaces = self.res(self.namespaces)?;
        let Some(stored) = namespaces.store.get(namespace) else {
            return Err(ApiError::not_found(GroupResource { group: "", resource: "namespaces" }, namespace));
        };
        if crate::namespace::is_terminating(&stored.object) {
            let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
            let mut error = ApiError::forbidden(resource.gr(), name, &why);
            if let Some(details) = &mut error.details {
                details.causes.push(Cause {
                    reason: "NamespaceTerminating".to_owned(),
                    message: format!("namespace {namespace} is being terminated"),
                    field: "metadata.namespace".to_owned(),
                });
            }
            return Err(error);
        }
        Ok(())
    }

    /// Leave to delete.
    pub(crate) fn admit_delete(&self, resource: &Resource, name: &str) -> Outcome<()> {
        if resource.id == self.namespaces && IMMORTAL.contains(&name) {
            return Err(ApiError::forbidden(resource.gr(), name, "this namespace may not be deleted"));
        }
        Ok(())
    }
}
