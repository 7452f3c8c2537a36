//! From an established definition to a resource that is served, and back.
//!
//! In: definitions. Out: the registry's resources with their compiled schemas. Guarantees: a write of status compiles
//! nothing; objects of an older schema are marked by their epoch.

use std::sync::Arc;

use serde_json::Value;

use super::{names_of, spec};
use crate::kinds::Rules;
use crate::meta;
use crate::registry::{Resource, ScalePaths, Version, group_version};
use crate::schema::Schema;
use crate::server::Server;
use crate::store::Store;

impl Server {
    /// Adds or changes the resource that `crd` defines.
    pub(super) fn install(&mut self, crd: &Value) {
        let (group, plural) = (spec(crd, "group").as_str().unwrap_or(""), names_of(crd, "plural"));
        let versions: Vec<Version> = super::versions(crd).iter().map(|v| version(crd, v)).collect();
        let storage_version = super::versions(crd).iter().position(|v| v["storage"] == true).unwrap_or(0);
        if versions.is_empty() {
            return;
        }
        let strings = |key: &str| -> Vec<String> {
            let list = spec(crd, "names").get(key).and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (short, categories) = (strings("shortNames"), strings("categories"));
        let terminating = meta::is_deleting(crd);
        if let Some(id) = self.registry.find(group, plural) {
            if let Some(resource) = self.registry.get_mut(id).filter(|r| r.custom) {
                // A status write changes no schema: keep the compiled one and the epoch.
                let unchanged = resource.definition_generation == meta::number(crd, "generation");
                resource.terminating = terminating;
                if !unchanged {
                    resource.versions = versions;
                    resource.storage_version = storage_version;
                    resource.epoch += 1;
                    (resource.short, resource.categories) = (short, categories);
                    resource.definition_generation = meta::number(crd, "generation");
                }
            }
            return;
        }
        let generation = meta::number(crd, "generation");
        let revision = self.revision;
        self.registry.add(|id| Resource {
            id,
            group: group.to_owned(),
            plural: plural.to_owned(),
            singular: names_of(crd, "singular").to_owned(),
            kind: names_of(crd, "kind").to_owned(),
            list_kind: names_of(crd, "listKind").to_owned(),
            short,
            categories,
            namespaced: spec(crd, "scope") == "Namespaced",
            versions,
            storage_version,
            epoch: 0,
            definition_generation: generation,
            rules: Rules::custom(),
            custom: true,
            terminating,
            store: Store::starting_at(revision),
        });
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
    Version {
        api_version: group_version(group, &name),
        served: version["served"] == true,
        schema: schema.filter(|_| !preserve).map(|s| Arc::new(Schema::new(s))),
        status: has("status"),
        scale: subresources.and_then(|s| s.get("scale")).map(scale_paths),
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

fn scale_paths(scale: &Value) -> ScalePaths {
    let path = |key: &str| -> Option<Vec<String>> {
        let text = scale.get(key).and_then(Value::as_str)?;
        Some(text.trim_start_matches('.').split('.').map(str::to_owned).collect())
    };
    ScalePaths {
        spec: path("specReplicasPath").unwrap_or_default(),
        status: path("statusReplicasPath").unwrap_or_default(),
        selector: path("labelSelectorPath"),
    }
}
