//! How many of what make a cluster of a given size.
//!
//! In: a number of objects. Out: numbers of workloads, networks, gateways and so on, in the proportions of a busy
//! multi-tenant cluster. Guarantees: the objects add up to the number asked for; old ReplicaSets fill what is left.

use anyhow::{Result, ensure};

/// Pods of one workload.
pub(super) const PODS: u32 = 10;
/// Workloads of one namespace: 600 of the 1021 addresses of its /22.
pub(super) const APPS: u32 = 60;
/// Pods with a second NIC on one macvlan network, a /20.
pub(super) const ATTACHED: u32 = 1500;
/// Workloads of a namespace go round in threes: a StatefulSet with a second NIC, two Deployments without.
pub(super) const TURN: u32 = 3;
/// EIPs of a gateway.
pub(super) const EIPS: u32 = 3;

/// Below this, the fixed parts do not fit.
const LEAST: u64 = 200;
/// As many /22 as fit into 10.0.0.0/8 beside the default Subnets.
const MOST_TENANTS: u32 = 15_000;
/// Objects per workload: its controllers, ten pods, their records, and its share of everything else.
const PER_APP: u64 = 27;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) objects: u64,
    pub(super) apps: u32,
    pub(super) tenants: u32,
    pub(super) networks: u32,
    pub(super) nodes: u32,
    pub(super) gateways: u32,
    pub(super) vips: u32,
    pub(super) machines: u32,
    pub(super) reservations: u32,
    pub(super) jobs: u32,
    pub(super) ovn_eips: u32,
    pub(super) pools: u32,
}

impl Plan {
    /// # Errors
    /// Too few objects for a cluster, or more than the address plan holds.
    pub(super) fn new(objects: u64) -> Result<Self> {
        ensure!(objects >= LEAST, "a cluster has at least {LEAST} objects");
        let share = |per: u64| u32::try_from(1 + objects / per).unwrap_or(u32::MAX);
        let apps = u32::try_from((objects - 100) / PER_APP).unwrap_or(u32::MAX).max(2);
        let tenants = apps.div_ceil(APPS);
        let attached = apps.div_ceil(TURN) * PODS;
        let plan = Self {
            objects,
            apps,
            tenants,
            networks: attached.div_ceil(ATTACHED).max(1),
            nodes: share(250).max(3),
            gateways: share(5000),
            vips: share(4000),
            machines: share(4000),
            reservations: share(4000),
            jobs: share(2000),
            ovn_eips: share(10_000),
            pools: share(8000).min(tenants),
        };
        ensure!(tenants <= MOST_TENANTS, "{objects} objects do not fit into 10.0.0.0/8");
        Ok(plan)
    }
}
