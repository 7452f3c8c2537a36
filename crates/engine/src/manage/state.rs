//! What the engine knows.
//!
//! In: what [`super::Engine`] observes. Out: lookups for wants and fates. Guarantees: every index follows its objects at
//! once; nothing here decides.

use super::books::Books;
use super::claims::Claims;
use super::command::Occupant;
use super::id::{ClaimKey, HolderId};
use super::lending::Lending;
use crate::record::is_finished;
use crate::world::World;
use crate::world::subnets::wire_of;
use api::names::Provider;
use api::slim::{Kind, Pod, Str, Subnet, Time};
use ledger::Addr;
use std::collections::{BTreeMap, BTreeSet};

/// How to manage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which wires are managed; the others are only read.
    pub wires: Wires,
    /// What becomes of the claims of a pod that is gone from a node which has no agent.
    pub without_agent: WithoutAgent,
    /// Seconds after which what the server refused is tried again.
    pub retry: i64,
    /// Seconds after which a release that waits says so.
    pub patience: i64,
    /// Seconds for which an owner must be absent before it counts as gone.
    pub grace: i64,
}

/// What becomes of the claims of a pod that is gone from a node which has no agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithoutAgent {
    /// They stay until the node is gone or somebody decides: nobody knows what is on the wire.
    #[default]
    Keep,
}

impl Default for Settings {
    fn default() -> Self {
        // Ten seconds: soon enough for a person who just mended a right, seldom enough for a server that refuses.
        // A minute for an absent owner: whoever deletes a StatefulSet to make it anew has done so by then.
        Self { wires: Wires::All, without_agent: WithoutAgent::Keep, retry: 10, patience: 10, grace: 60 }
    }
}

/// Which wires are managed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Wires {
    /// All (`*`).
    #[default]
    All,
    /// These.
    These(BTreeSet<Str>),
}

impl Settings {
    /// Whether the addresses of a Subnet are managed here: its wire is listed, and its dataplane is not OVN's.
    pub(super) fn manages(&self, world: &World, subnet: &Subnet) -> bool {
        if Provider::parse(&subnet.spec.provider).is_ovn() {
            return false;
        }
        match &self.wires {
            Wires::All => true,
            Wires::These(wires) => wires.contains(wire_of(world, subnet).as_str()),
        }
    }
}

/// The kinds that must have been listed before anything is chosen or released.
pub const NEEDED: [Kind; 12] = [
    Kind::AddressClaim,
    Kind::Subnet,
    Kind::IpPool,
    Kind::Vlan,
    Kind::Ip,
    Kind::Vip,
    Kind::IptablesEip,
    Kind::VpcNatGateway,
    Kind::Pod,
    Kind::Node,
    Kind::Namespace,
    Kind::StatefulSet,
];

/// See the module.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) world: World,
    pub(super) claims: Claims,
    pub(super) books: Books,
    /// Nodes whose agent's Lease exists.
    pub(super) agents: BTreeSet<Str>,
    /// Nodes that a fresh read did not find.
    pub(super) gone_nodes: BTreeSet<Str>,
    /// Holders that are not entitled any more, by a fresh read of their owner.
    pub(super) disowned: BTreeSet<HolderId>,
    /// Since when the owner of a holder has been absent.
    pub(super) absent: BTreeMap<HolderId, Time>,
    /// Pods by the holder whose addresses they use.
    pub(super) pods: BTreeMap<HolderId, (Str, Str)>,
    /// IP objects by address.
    pub(super) ips_at: BTreeMap<Addr, BTreeSet<Str>>,
    /// IP objects by the holder that they were written for.
    pub(super) ips_of: BTreeMap<HolderId, BTreeSet<Str>>,
    /// IP objects that keep the addresses of an ordinal, by the ordinal: it may have no pod now.
    pub(super) ordinals: BTreeMap<HolderId, BTreeSet<Str>>,
    /// Holders that wait for something about a node.
    pub(super) at_node: BTreeMap<Str, BTreeSet<HolderId>>,
    /// The pods of each NAT gateway: namespace and name.
    pub(super) gateway_pods: BTreeMap<Str, BTreeSet<(Str, Str)>>,
    /// The EIPs of each NAT gateway.
    pub(super) eips_of: BTreeMap<Str, BTreeSet<Str>>,
    /// Who uses the addresses of another holder.
    pub(super) lending: Lending,
    /// Holders with a NIC of a provider.
    pub(super) at_provider: BTreeMap<Str, BTreeSet<HolderId>>,
}

impl State {
    /// The pod that uses the addresses of a holder.
    pub(super) fn pod(&self, holder: &HolderId) -> Option<&Pod> {
        let (namespace, name) = self.pods.get(holder)?;
        self.world.pods.get(namespace, name).filter(|pod| HolderId::of_pod(pod) == *holder)
    }

    /// Whether a Subnet is given out from here: not one whose own manager knows its addresses.
    pub(super) fn serves(&self, subnet: &str) -> bool {
        self.books.provider(subnet).is_some() && !self.books.is_foreign(subnet)
    }

    /// Whether a Subnet is given out from here, as far as is known: one that is not there may come back.
    pub(super) fn may_serve(&self, subnet: &str) -> bool {
        !self.books.is_foreign(subnet)
    }

    /// The pod of a NAT gateway that uses its addresses.
    pub(super) fn gateway_pod(&self, gateway: &str) -> Option<&Pod> {
        let (namespace, name) = self.gateway_pods.get(gateway)?.first()?;
        self.world.pods.get(namespace, name).filter(|pod| !pod.spec.node_name.is_empty() && !is_finished(pod))
    }

    /// Whether an address is in a Subnet that another manager gives out from.
    pub(super) fn is_served_by_another(&self, key: &ClaimKey) -> bool {
        self.books.containing(key).is_some_and(|subnet| !self.serves(subnet))
    }

    /// The pod that uses the addresses of a lender, or is to use them: the one that has them, else the one that came first.
    pub(super) fn borrower(&self, lender: &HolderId) -> Option<(&HolderId, Occupant)> {
        let claims = self.claims.of_holder(lender).filter_map(|(_, slot)| slot.standing());
        let now: Vec<&Occupant> = claims.map(|claim| &claim.occupant).collect();
        let pods = self.lending.users(lender).filter_map(|user| Some((user, self.pod(user)?)));
        let pods = pods.filter(|(_, pod)| !pod.spec.node_name.is_empty() && !is_finished(pod));
        let offers = pods.map(|(user, pod)| {
            let occupant = Occupant { pod_uid: pod.meta.uid.clone(), node: pod.spec.node_name.clone() };
            (!now.contains(&&occupant), pod.meta.is_deleted(), pod.meta.created.get().copied(), user, occupant)
        });
        let offers = offers.filter(|(is_new, is_deleted, ..)| !(*is_new && *is_deleted));
        let first = offers.min_by(|a, b| (a.0, a.2, a.3).cmp(&(b.0, b.2, b.3)));
        first.map(|(.., user, occupant)| (user, occupant))
    }
}
