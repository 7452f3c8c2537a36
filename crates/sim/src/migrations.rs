//! Who migrates: the one case in which two pods may answer to one address.
//!
//! In: the server, as it is after each thing that happens. Out: whether two pods are source and target of one migration. Guarantees:
//! asks KubeVirt's objects alone, and neither a claim nor the engine; a pair is one that was there together while a migration of their
//! machine ran, whose UID the target has and the source has not. It stays one: whoever has joined goes by its own proof.

use model::Server;
use serde_json::Value;
use std::collections::BTreeSet;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Migrations {
    /// UIDs of source and target.
    pairs: BTreeSet<(String, String)>,
    /// The revision up to which the server was looked at.
    seen: u64,
}

impl Migrations {
    /// Looks at what is there.
    pub(crate) fn note(&mut self, server: &Server) {
        if self.seen == server.revision() {
            return;
        }
        self.seen = server.revision();
        for job in server.objects("kubevirt.io", "virtualmachineinstancemigrations") {
            let ends = matches!(job["status"]["phase"].as_str(), None | Some("" | "Succeeded" | "Failed"));
            let (namespace, name) = (text(&job["metadata"]["namespace"]), text(&job["spec"]["vmiName"]));
            let Some(instance) = server.object("kubevirt.io", "virtualmachineinstances", namespace, name) else {
                continue;
            };
            if !ends {
                self.pair(server, &job["metadata"]["uid"], &instance["metadata"]["uid"]);
            }
        }
    }

    fn pair(&mut self, server: &Server, job: &Value, instance: &Value) {
        let pods = server.objects("", "pods");
        let owned = pods.iter().filter(|pod| pod["metadata"]["ownerReferences"][0]["uid"] == *instance);
        let (targets, sources): (Vec<_>, Vec<_>) =
            owned.partition(|pod| pod["metadata"]["labels"]["kubevirt.io/migrationJobUID"] == *job);
        let uid = |pod: &Value| text(&pod["metadata"]["uid"]).to_owned();
        for target in &targets {
            self.pairs.extend(sources.iter().map(|source| (uid(source), uid(target))));
        }
    }

    /// Whether these two are source and target of a migration, or were.
    pub(crate) fn has(&self, source: &str, target: &str) -> bool {
        self.pairs.contains(&(source.to_owned(), target.to_owned()))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
