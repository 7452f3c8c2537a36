//! Which pods are NAT gateways, and of which VpcNatGateway.
//!
//! In: VpcNatGateways and the workloads that carry their label. Out: [`Gateways`]. Guarantees: a pod is a gateway's by its
//! annotation, its label, its owner, or, where only its name is left, by the names that workloads show; the gateway named
//! may be gone.

use crate::world::World;
use api::names::{self, annotations, labels};
use api::slim::{HasMeta, Meta, Owner, Pod, VpcNatGateway};
use std::collections::{BTreeMap, BTreeSet};

/// The NAT gateways of a cluster.
#[derive(Debug, Clone, Default)]
pub struct Gateways<'w> {
    /// Workload name to gateway name.
    workloads: BTreeMap<&'w str, &'w str>,
    /// Prefixes of workload names.
    prefixes: BTreeSet<&'w str>,
}

impl<'w> Gateways<'w> {
    /// Learns workload names and prefixes.
    #[must_use]
    pub fn new(world: &'w World) -> Self {
        let mut gateways = Self::default();
        for gateway in world.gateways.iter() {
            let (name, workload) = (gateway.meta.name.as_str(), gateway.status.workload.name.as_str());
            if !workload.is_empty() {
                gateways.workloads.insert(workload, name);
                gateways.prefixes.extend(workload.strip_suffix(name).and_then(|prefix| prefix.strip_suffix('-')));
            }
        }
        let templates = world.stateful_sets.iter().map(|set| (&set.meta, &set.spec.template.meta));
        let templates = templates.chain(world.deployments.iter().map(|d| (&d.meta, &d.spec.template.meta)));
        for (meta, template) in templates.filter(|(meta, _)| meta.label(labels::VPC_NAT_GW) == Some("true")) {
            if let Some(name) = template.annotation(annotations::VPC_NAT_GW) {
                gateways.workloads.insert(&meta.name, name);
                gateways.prefixes.extend(meta.name.strip_suffix(name).and_then(|prefix| prefix.strip_suffix('-')));
            }
        }
        if gateways.prefixes.is_empty() {
            gateways.prefixes.insert(names::DEFAULT_GATEWAY_PREFIX);
        }
        gateways
    }

    /// The gateway that a pod serves.
    #[must_use]
    pub fn of_pod(&self, pod: &'w Pod) -> Option<&'w str> {
        let meta: &'w Meta = pod.meta();
        if let Some(gateway) = meta.annotation(annotations::VPC_NAT_GW).filter(|gateway| !gateway.is_empty()) {
            return Some(gateway);
        }
        let owned = meta.owner_references.iter().find_map(|owner| self.of_owner(owner));
        // A pod of a Deployment has its ReplicaSet's hash and its own in its name.
        let of_deployment = || self.of_replica_set(meta.name.rsplit_once('-')?.0);
        owned.or_else(|| {
            let labelled = meta.label(labels::VPC_NAT_GW) == Some("true");
            if labelled { self.of_name(&meta.name).or_else(of_deployment) } else { None }
        })
    }

    fn of_owner(&self, owner: &Owner) -> Option<&'w str> {
        if owner.is("apps", "ReplicaSet") {
            return self.of_replica_set(&owner.name);
        }
        self.workloads.get(owner.name.as_str()).copied().filter(|_| owner.is("apps", "StatefulSet"))
    }

    /// A ReplicaSet is named after its Deployment and a hash.
    fn of_replica_set(&self, name: &str) -> Option<&'w str> {
        self.workloads.get(name.rsplit_once('-')?.0).copied()
    }

    /// The gateway that a pod of this name serves, or served: `<prefix>-<gateway>-0`.
    #[must_use]
    pub fn of_name(&self, pod_name: &'w str) -> Option<&'w str> {
        let workload = pod_name.strip_suffix("-0")?;
        if let Some(gateway) = self.workloads.get(workload) {
            return Some(gateway);
        }
        let named = self.prefixes.iter().filter_map(|prefix| workload.strip_prefix(*prefix)?.strip_prefix('-'));
        named.filter(|gateway| !gateway.is_empty()).min_by_key(|gateway| gateway.len())
    }
}

/// Whether a gateway runs as several pods, which are then plain pods of a Deployment.
#[must_use]
pub fn is_highly_available(gateway: &VpcNatGateway) -> bool {
    gateway.spec.replicas.unwrap_or(1) > 1
}

/// The external Subnet of a gateway: the first, or the default.
#[must_use]
pub fn external_subnet(gateway: &VpcNatGateway) -> &str {
    gateway.spec.external_subnets.first().map_or(names::DEFAULT_EXTERNAL_SUBNET, |name| name.as_str())
}
