//! What the engine knows.
//!
//! In: what [`super::Engine`] observes. Out: lookups for wants and fates. Guarantees: every index follows its objects at
//! once; nothing here decides.

use super::agents::{Agents, SILENCE};
use super::books::Books;
use super::bug::Bug;
use super::claims::{Claim, Claims, Slot};
use super::command::Occupant;
use super::fate::Proof;
use super::gateways::Gateways;
use super::holders::{self, pod::recorded};
use super::id::{ClaimKey, EIP, HolderId};
use super::lending::Lending;
use super::migration::Migrations;
use super::multi::Multi;
use super::namespaces::Namespaces;
use super::rival::Rival;
use super::rules::Rules;
use super::want::Want;
use crate::record::is_finished;
use crate::world::subnets::wire_of;
use crate::world::{Shared, World};
use api::names::{CONTROLLER_NAMESPACE, PRIMARY_PROVIDER, Provider};
use api::slim::{Ip, Kind, Phase, Pod, Str, Subnet, Time, Uid};
use ledger::{Addr, Family};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How to manage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How the pods of NAT gateways are made.
    pub gateway: GatewaySettings,
    /// Which wires are managed; the others are only read.
    pub wires: Wires,
    /// Whether the primary network is served too.
    pub primary: PrimaryNetwork,
    /// What becomes of the claims of a pod that is gone from a node which has no agent.
    pub without_agent: WithoutAgent,
    /// Seconds after which what the server refused is tried again.
    pub retry: i64,
    /// Seconds after which a release that waits says so.
    pub patience: i64,
    /// Seconds for which an owner must be absent before it counts as gone.
    pub grace: i64,
    /// Namespace of the agents' Leases.
    pub agents: Str,
    /// Seconds without a renewal after which a node's agent counts as silent.
    pub silence: i64,
    /// Whether wires are managed that Kube-OVN's controller manages too.
    pub beside_kube_ovn: bool,
    /// A bug that is planted. For tests only.
    pub bug: Option<Bug>,
}

/// How the pods of NAT gateways are made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GatewaySettings {
    /// Their image; empty: none are made.
    pub image: Str,
    /// What runs in it; empty: what Kube-OVN's image is told, to do nothing by itself.
    pub command: Vec<Str>,
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
        Self {
            gateway: GatewaySettings::default(),
            wires: Wires::All,
            primary: PrimaryNetwork::Read,
            without_agent: WithoutAgent::Keep,
            retry: 10,
            patience: 10,
            grace: 60,
            agents: CONTROLLER_NAMESPACE.into(),
            silence: SILENCE,
            beside_kube_ovn: false,
            bug: None,
        }
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

/// What becomes of the primary network (provider `ovn`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PrimaryNetwork {
    /// Another manager gives its addresses out; it is read.
    #[default]
    Read,
    /// Its addresses are given out from here, as those of an attachment are. No OVN is programmed.
    Served {
        /// Subnet of Namespaces that none is bound to.
        default_subnet: Str,
    },
}

impl PrimaryNetwork {
    /// Name of the default Subnet, where it is served.
    pub(super) fn default_subnet(&self) -> Option<&Str> {
        match self {
            Self::Read => None,
            Self::Served { default_subnet } => Some(default_subnet),
        }
    }
}

impl Settings {
    /// Whether the addresses of a Subnet are managed here: its wire is listed, and its dataplane is not OVN's, or that of the
    /// primary network where this is served.
    pub(super) fn manages(&self, world: &World, subnet: &Subnet) -> bool {
        match Provider::parse(&subnet.spec.provider) {
            Provider::Primary if self.primary == PrimaryNetwork::Read => return false,
            Provider::OvnAttachment { .. } => return false,
            Provider::Primary | Provider::IpamOnly { .. } | Provider::Other(_) => {}
        }
        match &self.wires {
            Wires::All => true,
            Wires::These(wires) => wires.contains(wire_of(world, subnet).as_str()),
        }
    }
}

/// The kinds that must have been listed before anything is chosen or released.
pub const NEEDED: [Kind; 20] = [
    Kind::AddressClaim,
    Kind::Subnet,
    Kind::IpPool,
    Kind::Vlan,
    Kind::Ip,
    Kind::Vip,
    Kind::IptablesEip,
    Kind::IptablesFipRule,
    Kind::IptablesDnatRule,
    Kind::IptablesSnatRule,
    Kind::VpcNatGateway,
    Kind::OvnEip,
    Kind::Pod,
    Kind::Node,
    Kind::Namespace,
    Kind::StatefulSet,
    Kind::NetworkAttachmentDefinition,
    Kind::VirtualMachine,
    Kind::VirtualMachineInstance,
    Kind::VirtualMachineInstanceMigration,
];

/// Those of them that a cluster need not have: where it has none, there is none of them to be listed.
pub const OPTIONAL: [Kind; 8] = [
    Kind::IptablesFipRule,
    Kind::IptablesDnatRule,
    Kind::IptablesSnatRule,
    Kind::OvnEip,
    Kind::NetworkAttachmentDefinition,
    Kind::VirtualMachine,
    Kind::VirtualMachineInstance,
    Kind::VirtualMachineInstanceMigration,
];

/// See the module.
#[derive(Debug, Default)]
pub(super) struct State {
    /// A bug that is planted.
    pub(super) bug: Option<Bug>,
    pub(super) world: World,
    pub(super) claims: Claims,
    pub(super) books: Books,
    /// The agents of nodes.
    pub(super) agents: Agents,
    /// Pods that are gone for good, or finished, by a fresh read of each: of those that somebody waits for.
    pub(super) gone_pods: BTreeSet<Uid>,
    /// Those of them whose node was given up after that, by a fresh read too: nothing of them answers any more.
    pub(super) lost_pods: BTreeMap<Uid, Proof>,
    /// Holders that are not entitled any more, by a fresh read of their owner.
    pub(super) disowned: BTreeSet<HolderId>,
    /// Pods that a fresh read has shown in this step, or that there is none: by namespace and name.
    pub(super) read_pods: BTreeSet<(Str, Str)>,
    /// Of pods that are to be told something else than they were told: the version of the pod, and which claims of what it was told a fresh
    /// read has shown since, or that there is none, or that it may not be read.
    pub(super) told_reads: BTreeMap<HolderId, (Str, BTreeSet<ClaimKey>)>,
    /// Since when the owner of a holder has been absent.
    pub(super) absent: BTreeMap<HolderId, Time>,
    /// Pods by the holder whose addresses they use.
    pub(super) pods: BTreeMap<HolderId, Arc<Pod>>,
    /// IP objects by address.
    pub(super) ips_at: Multi<Addr, Shared<Ip>>,
    /// IP objects by the holder that they were written for.
    pub(super) ips_of: Multi<HolderId, Shared<Ip>>,
    /// IP objects that keep the addresses of an ordinal or a machine, by these: they may have no pod now.
    pub(super) kept: Multi<HolderId, Shared<Ip>>,
    /// Holders that wait for something about a node.
    pub(super) at_node: BTreeMap<Str, BTreeSet<HolderId>>,
    /// The Subnets of Namespaces.
    pub(super) namespaces: Namespaces,
    /// What belongs to NAT gateways.
    pub(super) gateways: Gateways,
    /// NAT rules by their EIP.
    pub(super) rules: Rules,
    /// Who uses the addresses of another holder.
    pub(super) lending: Lending,
    /// Pods that say that a machine moves to them.
    pub(super) migrations: Migrations,
    /// Kube-OVN's own controller.
    pub(super) rival: Rival,
    /// Holders with a NIC of a provider.
    pub(super) at_provider: BTreeMap<Str, BTreeSet<HolderId>>,
}

impl State {
    /// Whether a bug is planted.
    pub(super) fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Whether a pod uses an address of a holder, by the claims.
    pub(super) fn is_occupant(&self, pod: &Uid, holder: &HolderId) -> bool {
        let mut claims = self.claims.of_holder(holder).filter_map(|(_, slot)| slot.standing());
        claims.any(|claim| claim.users().any(|user| user.pod_uid == *pod))
    }

    /// Nobody waits for what becomes of a pod any more.
    pub(super) fn forget_pod_facts(&mut self, uid: &Uid) {
        self.gone_pods.remove(uid);
        self.lost_pods.remove(uid);
    }

    /// The pod that uses the addresses of a holder.
    pub(super) fn pod(&self, holder: &HolderId) -> Option<&Pod> {
        self.pods.get(holder).map(|pod| &**pod)
    }

    /// Whether the pod of a holder runs.
    pub(super) fn runs(&self, holder: &HolderId) -> bool {
        self.pod(holder).is_some_and(|pod| pod.status.phase == Phase::Running)
    }

    /// Whether a Subnet is given out from here: not one whose own manager knows its addresses.
    pub(super) fn serves(&self, subnet: &str) -> bool {
        self.books.provider(subnet).is_some() && !self.books.is_foreign(subnet)
    }

    /// Whether a Subnet is given out from here, as far as is known: one that is not there may come back.
    pub(super) fn may_serve(&self, subnet: &str) -> bool {
        !self.books.is_foreign(subnet)
    }

    /// Whether an address is of a Subnet that another manager gives out from.
    pub(super) fn is_served_by_another(&self, claim: &Claim) -> bool {
        self.books.is_foreign(self.books.containing(&claim.key).unwrap_or(&claim.subnet))
    }

    /// The provider of a Subnet, whoever gives out from it; the primary one where the Subnet says none or is not there.
    pub(super) fn provider_of(&self, subnet: &str) -> Str {
        let known = self.world.subnets.named(subnet).map(|subnet| subnet.spec.provider.clone());
        known.filter(|provider| !provider.is_empty()).unwrap_or_else(|| PRIMARY_PROVIDER.into())
    }

    /// The pod that uses the addresses of a lender, or is to use them: the one that has them, else the one to which its machine
    /// moves, else the one that came first. One on its way out is to use nothing; but where no claim says who uses them, it does what it was told.
    pub(super) fn borrower(&self, lender: &HolderId) -> Option<(&HolderId, Occupant)> {
        let claims = || self.claims.of_holder(lender).filter_map(|(_, slot)| slot.standing());
        let rank = |uid: &Uid| match uid {
            uid if claims().any(|claim| claim.occupant.pod_uid == *uid) => 0,
            uid if claims().any(|claim| claim.has_user(uid)) => 1,
            _ => 2,
        };
        let pods = self.lending.users(lender).filter_map(|user| Some((user, self.pod(user)?)));
        let pods = pods.filter(|(_, pod)| !pod.spec.node_name.is_empty() && !is_finished(pod));
        let offers = pods.map(|(user, pod)| {
            let occupant = Occupant::of(pod);
            let (rank, created) = (rank(&occupant.pod_uid), pod.meta.created.get().copied());
            (rank, rank == 2 && pod.meta.is_deleted(), created, user, occupant, pod)
        });
        let goes_on = |pod: &Pod| claims().next().is_none() && was_told(pod);
        let offers = offers.filter(|(_, is_leaving, .., pod)| !is_leaving || goes_on(pod));
        let first = offers.min_by(|a, b| (a.0, a.1, a.2, a.3).cmp(&(b.0, b.1, b.2, b.3)));
        first.map(|(.., user, occupant, _)| (user, occupant))
    }

    /// Whether an IP object says what a pod uses, of whichever holder, and whether its Subnet is there or not. The address of an EIP is no NIC's:
    /// a gateway puts it beside its own.
    pub(super) fn uses(&self, pod: &Uid, ip: &Ip) -> bool {
        let is_users = |key: &ClaimKey| {
            let claim = self.claims.get(key).and_then(Slot::standing);
            claim.is_some_and(|claim| claim.has_user(pod) && !claim.is_let_go() && claim.title.kind != EIP)
        };
        let says = || Family::BOTH.into_iter().filter_map(|family| recorded(ip, family));
        let mut wires = self.claims.wires_of(&ip.spec.subnet);
        *pod != Uid::None && wires.any(|wire| says().any(|addr| is_users(&ClaimKey { wire: wire.clone(), addr })))
    }

    /// Whether the pod that uses the addresses of a lender has a claim of it, and was told that.
    pub(super) fn runs_with(&self, want: &Want, claim: &Claim) -> bool {
        let (provider, suffix) = &want.annotations;
        let user = self.borrower(&want.nic.holder).filter(|(_, occupant)| occupant.is(&claim.occupant));
        let pod = user.filter(|_| !claim.is_let_go()).and_then(|(user, _)| self.pod(user));
        let told = pod.map(|pod| holders::pod::told(&pod.meta, provider, suffix));
        told.is_some_and(|told| told.get(claim.key.addr.family()) == Some(claim.key.addr))
    }
}

/// Whether a pod was told an address of a NIC.
fn was_told(pod: &Pod) -> bool {
    holders::unnamed::told_nics(&pod.meta).next().is_some()
}
