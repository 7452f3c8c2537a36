//! Which resources there are, by group and plural.
//!
//! In: the built-in table and the definitions (CRDs) as they come and go. Out: resources with their rules and stores.
//! Guarantees: lookups allocate nothing; ids are never reused.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::GroupResource;
use crate::kinds::{BUILTIN, CUSTOM, Rules};
use crate::schema::Schema;
use crate::store::Store;

/// A resource's handle; it stays valid while the resource exists and is never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ResourceId(u32);

/// Paths of the scale subresource, split at dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScalePaths {
    pub(crate) spec: Vec<String>,
    pub(crate) status: Vec<String>,
    pub(crate) selector: Option<Vec<String>>,
    /// The schema has no field for the replicas: what a Scale sets is stored all the same, and pruned when it is read.
    pub(crate) outside: bool,
}

/// One version of a resource.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) name: String,
    /// `group/version`, or `v1`.
    pub(crate) api_version: String,
    pub(crate) served: bool,
    /// Custom resources only.
    pub(crate) schema: Option<Arc<Schema>>,
    pub(crate) status: bool,
    pub(crate) scale: Option<ScalePaths>,
    /// Paths that field selectors may use, besides the two of metadata.
    pub(crate) fields: Vec<String>,
    pub(crate) deprecation: Option<String>,
}

/// One resource.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) id: ResourceId,
    pub(crate) group: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) short: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    pub(crate) versions: Vec<Version>,
    pub(crate) storage_version: usize,
    /// Grows when the schemas change: objects written under another epoch are pruned and defaulted when read.
    pub(crate) epoch: u32,
    /// `metadata.generation` of the definition these versions were read from.
    pub(crate) definition_generation: Option<i64>,
    pub(crate) rules: Rules,
    pub(crate) custom: bool,
    /// The CRD is being deleted: nothing may be created any more.
    pub(crate) terminating: bool,
    pub(crate) store: Store,
}

impl Resource {
    pub(crate) fn gr(&self) -> GroupResource<'_> {
        GroupResource { group: &self.group, resource: &self.plural }
    }

    /// `group/version`, or `v1`.
    pub(crate) fn api_version(&self, version: usize) -> &str {
        &self.version(version).api_version
    }

    pub(crate) fn version(&self, version: usize) -> &Version {
        // The index was made by find_version on this resource; a schema change keeps at least one version.
        &self.versions[version.min(self.versions.len() - 1)]
    }

    pub(crate) fn find_version(&self, name: &str) -> Option<usize> {
        self.versions.iter().position(|v| v.name == name && v.served)
    }
}

/// All resources.
#[derive(Debug, Default, Clone)]
pub(crate) struct Registry {
    resources: BTreeMap<ResourceId, Resource>,
    index: BTreeMap<String, BTreeMap<String, ResourceId>>,
    next: u32,
}

impl Registry {
    /// The built-in resources, empty as of `revision`.
    pub(crate) fn builtin(revision: u64) -> Self {
        let mut registry = Self::default();
        for kind in BUILTIN {
            let singular = kind.kind.to_lowercase();
            let scale = kind.scale.then(|| ScalePaths {
                spec: vec!["spec".into(), "replicas".into()],
                status: vec!["status".into(), "replicas".into()],
                selector: None,
                outside: false,
            });
            let version = Version {
                name: kind.version.to_owned(),
                api_version: group_version(kind.group, kind.version),
                served: true,
                schema: None,
                status: kind.status,
                scale,
                fields: kind.fields.iter().map(|f| (*f).to_owned()).collect(),
                deprecation: None,
            };
            registry.add(|id| Resource {
                id,
                group: kind.group.to_owned(),
                plural: kind.plural.to_owned(),
                singular,
                kind: kind.kind.to_owned(),
                list_kind: format!("{}List", kind.kind),
                short: kind.short.iter().map(|s| (*s).to_owned()).collect(),
                categories: if kind.in_all { vec!["all".to_owned()] } else { Vec::new() },
                namespaced: kind.namespaced,
                versions: vec![version],
                storage_version: 0,
                epoch: 0,
                definition_generation: None,
                rules: kind.rules,
                custom: false,
                terminating: false,
                store: Store::starting_at(revision),
            });
        }
        registry
    }

    /// Adds a resource; its id is passed to `make`.
    pub(crate) fn add(&mut self, make: impl FnOnce(ResourceId) -> Resource) -> ResourceId {
        let id = ResourceId(self.next);
        self.next += 1;
        let resource = make(id);
        self.index.entry(resource.group.clone()).or_default().insert(resource.plural.clone(), id);
        self.resources.insert(id, resource);
        id
    }

    /// Removes a resource and all its objects.
    pub(crate) fn remove(&mut self, id: ResourceId) {
        if let Some(gone) = self.resources.remove(&id)
            && let Some(group) = self.index.get_mut(&gone.group)
        {
            group.remove(&gone.plural);
            if group.is_empty() {
                self.index.remove(&gone.group);
            }
        }
    }

    pub(crate) fn find(&self, group: &str, plural: &str) -> Option<ResourceId> {
        self.index.get(group)?.get(plural).copied()
    }

    /// The resource of a kind, by an `apiVersion` that is served.
    pub(crate) fn find_kind(&self, api_version: &str, kind: &str) -> Option<&Resource> {
        let served = |r: &&Resource| r.versions.iter().any(|v| v.served && v.api_version == api_version);
        self.iter().filter(|r| r.kind == kind).find(served)
    }

    pub(crate) fn get(&self, id: ResourceId) -> Option<&Resource> {
        self.resources.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: ResourceId) -> Option<&mut Resource> {
        self.resources.get_mut(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Resource> {
        self.resources.values_mut()
    }
}

/// `group/version`, or the version alone for the core group.
pub(crate) fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

impl Rules {
    /// Rules of custom resources.
    pub(crate) const fn custom() -> Self {
        CUSTOM
    }
}
