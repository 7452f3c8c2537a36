//! What every namespace gets: the service account `default` and the config map `kube-root-ca.crt`.
//!
//! In: active namespaces. Out: creates of what is missing. Guarantees: what is there is left alone. Sources:
//! `kubernetes/pkg/controller/serviceaccount/serviceaccounts_controller.go`,
//! `kubernetes/pkg/controller/certificates/rootcacertpublisher/publisher.go` (it also writes changed data back).

use serde_json::{Value, json};

use super::{is_deleting, name};
use crate::request::Request;
use crate::server::Server;
use crate::store::key;
use crate::time::Timestamp;

/// One step: makes what is missing in any namespace.
pub fn provide_accounts(server: &mut Server, now: Timestamp) -> bool {
    let before = server.revision();
    for namespace in server.objects("", "namespaces").into_iter().filter(|n| !is_deleting(n)) {
        let name = name(&namespace);
        provide(server, name, "serviceaccounts", json!({"metadata": {"name": "default"}}), now);
        let data = json!({"ca.crt": ""});
        provide(server, name, "configmaps", json!({"metadata": {"name": "kube-root-ca.crt"}, "data": data}), now);
    }
    server.revision() != before
}

fn provide(server: &mut Server, namespace: &str, plural: &str, body: Value, now: Timestamp) {
    let resource = server.registry.find("", plural).and_then(|id| server.registry.get(id));
    if resource.is_some_and(|r| r.store.get(&key(namespace, name(&body))).is_none()) {
        server.handle(Request::post(format!("/api/v1/namespaces/{namespace}/{plural}"), body), now);
    }
}
