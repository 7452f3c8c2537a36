//! From an established definition to a resource that is served, and back.
//!
//! In: definitions. Out: the registry's resources with their compiled schemas. Guarantees: a write of status compiles
//! nothing; objects of an older schema are marked by their epoch.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{names_of, spec};
use crate::kinds::Rules;
use crate::meta;
use crate::registry::{Resource, ResourceId, ScalePaths, Version, group_version};
use crate::scale;
use crate::schema::Schema;
use crate::server::Server;
use crate::store::Store;

impl Server {
    /// Adds or changes the resource that `crd` defines.
    pub(super) fn install(&mut self, crd: &Value) {
        let (group, plural) = (spec(crd, "group").as_str().unwrap_or(""), names_of(crd, "plural"));
        if super::versions(crd).is_empty() {
            return;
        }
        match self.registry.find(group, plural) {
            Some(id) => {
                let revision = self.revision;
                if let Some(resource) = self.registry.get_mut(id).filter(|r| r.custom)
                    && change(resource, crd)
                {
                    // kube-apiserver's cache of the objects begins anew (`crdHandler.removeStorage_locked`): watches are over,
                    // and none may begin before.
                    resource.store.compact(revision);
                    self.end_watches(id);
                }
            }
            None => {
                let revision = self.revision;
                self.registry.add(|id| resource(id, crd, revision));
            }
        }
    }

    /// The resource goes with its definition.
    pub(crate) fn crd_deleted(&mut self, crd: &Value) {
        let (group, plural) = (spec(crd, "group").as_str().unwrap_or(""), names_of(crd, "plural"));
        if let Some(id) = self.registry.find(group, plural)
            && self.registry.get(id).is_some_and(|r| r.custom)
        {
            self.registry.remove(id);
        }
    }
}

/// Follows a changed definition; whether it did. A write of its status changes no schema: the compiled one and the epoch stay.
fn change(resource: &mut Resource, crd: &Value) -> bool {
    resource.terminating = meta::is_deleting(crd);
    let generation = meta::number(crd, "generation");
    if resource.definition_generation == generation {
        return false;
    }
    resource.definition_generation = generation;
    resource.versions = versions(crd);
    resource.storage_version = storage_version(crd);
    resource.epoch += 1;
    (resource.short, resource.categories) = (strings(crd, "shortNames"), strings(crd, "categories"));
    true
}

/// The resource of a new definition; nothing is known of it before `revision`.
fn resource(id: ResourceId, crd: &Value, revision: u64) -> Resource {
    let name = |key: &str| names_of(crd, key).to_owned();
    Resource {
        id,
        group: spec(crd, "group").as_str().unwrap_or("").to_owned(),
        plural: name("plural"),
        singular: name("singular"),
        kind: name("kind"),
        list_kind: name("listKind"),
        short: strings(crd, "shortNames"),
        categories: strings(crd, "categories"),
        namespaced: spec(crd, "scope") == "Namespaced",
        versions: versions(crd),
        storage_version: storage_version(crd),
        epoch: 0,
        definition_generation: meta::number(crd, "generation"),
        rules: Rules::custom(),
        custom: true,
        terminating: meta::is_deleting(crd),
        store: Store::starting_at(revision),
    }
}

fn versions(crd: &Value) -> Vec<Version> {
    super::versions(crd).iter().map(|v| version(crd, v)).collect()
}

fn storage_version(crd: &Value) -> usize {
    super::versions(crd).iter().position(|v| v["storage"] == true).unwrap_or(0)
}

fn strings(crd: &Value, key: &str) -> Vec<String> {
    let list = spec(crd, "names").get(key).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn version(crd: &Value, version: &Value) -> Version {
    let name = version["name"].as_str().unwrap_or("").to_owned();
    let schema = version.get("schema").and_then(|s| s.get("openAPIV3Schema"));
    let preserve = spec(crd, "preserveUnknownFields") == true;
    let subresources = version.get("subresources").and_then(Value::as_object);
    let has = |key: &str| subresources.is_some_and(|s| s.contains_key(key));
    let deprecated = version["deprecated"] == true;
    let group = spec(crd, "group").as_str().unwrap_or("");
    let warning = version
        .get("deprecationWarning")
        .and_then(Value::as_str)
        .map_or_else(|| format!("{group}/{name} {} is deprecated", names_of(crd, "kind")), str::to_owned);
    let schema = schema.filter(|_| !preserve).map(|s| Arc::new(Schema::new(s)));
    Version {
        api_version: group_version(group, &name),
        served: version["served"] == true,
        status: has("status"),
        scale: subresources.and_then(|s| s.get("scale")).map(|scale| scale_paths(scale, schema.as_deref())),
        schema,
        fields: version
            .get("selectableFields")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|f| f["jsonPath"].as_str())
            .map(|p| p.trim_start_matches('.').to_owned())
            .collect(),
        deprecation: deprecated.then_some(warning),
        name,
    }
}

fn scale_paths(scale: &Value, schema: Option<&Schema>) -> ScalePaths {
    let path = |key: &str| -> Option<Vec<String>> {
        let text = scale.get(key).and_then(Value::as_str)?;
        Some(text.trim_start_matches('.').split('.').map(str::to_owned).collect())
    };
    let spec = path("specReplicasPath").unwrap_or_default();
    let mut probe = json!({});
    scale::set(&mut probe, &spec, json!(1));
    ScalePaths {
        outside: schema.is_some_and(|schema| !schema.prune(&mut probe).is_empty()),
        spec,
        status: path("statusReplicasPath").unwrap_or_default(),
        selector: path("labelSelectorPath"),
    }
}
