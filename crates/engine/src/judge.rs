//! Judging a world: indexes first, then every check over them.
//!
//! In: a [`World`]. Out: a [`Report`]. Guarantees: deterministic; one pass to index, and checks that walk the indexes.

use crate::gateways::Gateways;
use crate::holder::{uids_of, vm_of_pod};
use crate::life::finalizers_in_use;
use crate::record::Records;
use crate::report::Report;
use crate::world::World;
use crate::world::subnets::Subnets;
use api::slim::{Phase, Pod, Uid};
use std::collections::{BTreeMap, BTreeSet};

/// The world with everything that checks look things up in.
#[derive(Debug)]
pub struct Context<'w> {
    /// The objects.
    pub world: &'w World,
    /// Subnets and wires.
    pub subnets: Subnets<'w>,
    /// NAT gateways.
    pub gateways: Gateways<'w>,
    /// Addresses on record.
    pub records: Records<'w>,
    /// Whether Kube-OVN's finalizer is in use on IP objects.
    pub finalizers_in_use: bool,
    /// The launcher pods of each VM, by namespace and name.
    pub vm_pods: BTreeMap<(&'w str, &'w str), Vec<&'w Pod>>,
    /// Gateways with a running pod.
    pub running_gateways: BTreeSet<&'w str>,
    /// Pods by UID, static ones by their config hash as well; empty where there is no claim that could name one.
    pub pods_by_uid: BTreeMap<Uid, &'w Pod>,
}

impl<'w> Context<'w> {
    /// Indexes a world.
    #[must_use]
    pub fn new(world: &'w World) -> Self {
        let mut subnets = Subnets::new(world);
        let records = Records::new(world, &mut subnets);
        let mut vm_pods: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (pod, vm) in world.pods.iter().filter_map(|pod| Some((pod, vm_of_pod(pod)?))) {
            vm_pods.entry((pod.meta.namespace.as_str(), vm)).or_default().push(pod);
        }
        let gateways = Gateways::new(world);
        let running = world.pods.iter().filter(|pod| pod.status.phase == Phase::Running);
        let running_gateways = running.filter_map(|pod| gateways.of_pod(pod)).collect();
        let by_uid = world.pods.iter().filter(|_| !world.claims.is_empty());
        Self {
            world,
            subnets,
            gateways,
            running_gateways,
            records,
            finalizers_in_use: finalizers_in_use(world.ips.iter()),
            vm_pods,
            pods_by_uid: by_uid.flat_map(|pod| uids_of(pod).map(move |uid| (uid, pod))).collect(),
        }
    }
}

/// Judges a world.
#[must_use]
pub fn judge(world: &World) -> Report {
    crate::findings::all(&Context::new(world))
}
