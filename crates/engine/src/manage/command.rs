//! What a step asks for.
//!
//! In: decisions. Out: [`Command`]s. Guarantees: each is one API call on one object; an object has one command in flight
//! at a time; a delete names the life that it ends (UID) and, of a claim, the version that the decision was made on.

use super::event::NewEvent;
use super::fate::Proof;
use super::id::{ClaimKey, HolderId, NicId, Title};
use super::write::Write;
use api::slim::{ClaimOccupant, Condition, Kind, Pod, Str, Uid};
use ledger::{AddrPair, Mac};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Numbers commands in the order in which they were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommandId(pub u64);

/// A command for the executor. It makes no choices: it makes the call and reports the outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Comes back with the outcome.
    pub id: CommandId,
    /// What to do.
    pub action: Action,
}

/// One API call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Take an address: creating the claim is the lock.
    CreateClaim(Arc<NewClaim>),
    /// Settle whose an address is.
    ReadClaim(ClaimKey),
    /// Let an address go.
    DeleteClaim {
        /// Which.
        key: ClaimKey,
        /// Whose it was, in the words that people use.
        title: Title,
        /// The life of the claim.
        uid: Uid,
        /// Its version when this was decided.
        version: Str,
        /// Why it is safe.
        proof: Proof,
    },
    /// Write the IP object of a NIC.
    CreateIp(Box<NewIp>),
    /// Make the IP object of a NIC say what it should.
    UpdateIp {
        /// What it should say.
        ip: Box<NewIp>,
        /// The life of the object.
        uid: Uid,
        /// Its version when this was decided: it may say by now what the next pod was told.
        version: Str,
        /// The Subnet that it said: its label goes with that.
        said: Str,
    },
    /// Remove an IP object.
    DeleteIp {
        /// Its name.
        name: Str,
        /// The life of the object.
        uid: Uid,
        /// Its version when this was decided: it may be the next pod's by now.
        version: Str,
    },
    /// Tell a pod its addresses.
    AnnotatePod {
        /// Namespace of the pod.
        namespace: Str,
        /// Name of the pod.
        name: Str,
        /// The life of the pod.
        uid: Uid,
        /// Its version when this was decided: another controller may have told it another address meanwhile.
        version: Str,
        /// Annotations to set.
        set: BTreeMap<String, String>,
    },
    /// Give an address to the pod that uses it now: the one before has let go.
    Occupy {
        /// Which.
        key: ClaimKey,
        /// The life of the claim.
        uid: Uid,
        /// Its version when this was decided.
        version: Str,
        /// Who uses it from now on.
        occupant: Occupant,
        /// Another pod had it: what a gateway's program did in that one is gone with it.
        replaces: bool,
        /// What the claim says of itself from then on, where that is something else: it neither waits nor rests any more.
        conditions: Option<Box<[Condition]>>,
    },
    /// Let the target of a live migration use an address too, or end that.
    Migrate {
        /// Which.
        key: ClaimKey,
        /// The life of the claim.
        uid: Uid,
        /// Its version when this was decided.
        version: Str,
        /// What happens.
        turn: Turn,
    },
    /// See whether a pod, or another object that asks for addresses, was told already.
    ReadEvent(Box<NewEvent>),
    /// Tell it.
    CreateEvent(Box<NewEvent>),
    /// Tell it something else than before.
    CountEvent {
        /// What is told.
        event: Box<NewEvent>,
        /// How often something was told, this time included.
        times: u64,
    },
    /// Make an object say what follows from its claims.
    Write(Box<Write>),
    /// See with a fresh read whether the object that entitles a holder is there, and what it says.
    ReadOwner {
        /// Its kind.
        kind: Kind,
        /// Its namespace; empty where the kind has none.
        namespace: Str,
        /// Its name.
        name: Str,
    },
    /// See with a fresh read whether a pod is gone for good, or finished.
    ReadPod {
        /// Its namespace.
        namespace: Str,
        /// Its name.
        name: Str,
        /// The life of the pod.
        uid: Uid,
    },
    /// See with a fresh read whether the agent of a node, which may be given up, renews its Lease.
    ReadAgent {
        /// Namespace of its Lease.
        namespace: Str,
        /// The node.
        node: Str,
    },
    /// See with a fresh read whether a node is gone, or out of service, after one of its pods was seen to be gone.
    ReadNode {
        /// Its name.
        name: Str,
        /// The life of the pod.
        pod: Uid,
    },
}

/// What a live migration does to who uses an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// The target uses it beside the source.
    Join(Occupant),
    /// The target has let go: the source is alone.
    Stay,
    /// The source has let go: the target is the occupant, in the sandbox that its agent named.
    Move(Occupant, Str),
}

/// Which object a command is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ObjectId {
    pub(super) kind: Kind,
    pub(super) namespace: Str,
    pub(super) name: Str,
}

impl ObjectId {
    pub(super) fn claim(key: &ClaimKey) -> Self {
        Self { kind: Kind::AddressClaim, namespace: Str::default(), name: key.object_name().into() }
    }

    pub(super) fn named(kind: Kind, name: &Str) -> Self {
        Self { kind, namespace: Str::default(), name: name.clone() }
    }
}

impl Action {
    /// The object that it is about; of an Event, the one that is told; of the Lease of an agent, the node.
    pub(super) fn object(&self) -> ObjectId {
        match self {
            Self::CreateClaim(claim) => ObjectId::claim(&claim.key),
            Self::ReadClaim(key)
            | Self::DeleteClaim { key, .. }
            | Self::Occupy { key, .. }
            | Self::Migrate { key, .. } => ObjectId::claim(key),
            Self::ReadEvent(event) | Self::CreateEvent(event) | Self::CountEvent { event, .. } => {
                ObjectId { kind: event.kind, namespace: event.namespace.clone(), name: event.name.clone() }
            }
            Self::CreateIp(ip) | Self::UpdateIp { ip, .. } => ObjectId::named(Kind::Ip, &ip.name),
            Self::DeleteIp { name, .. } => ObjectId::named(Kind::Ip, name),
            Self::AnnotatePod { namespace, name, .. } | Self::ReadPod { namespace, name, .. } => {
                ObjectId { kind: Kind::Pod, namespace: namespace.clone(), name: name.clone() }
            }
            Self::Write(write) => {
                ObjectId { kind: write.kind, namespace: write.namespace.clone(), name: write.name.clone() }
            }
            Self::ReadNode { name, .. } | Self::ReadAgent { node: name, .. } => ObjectId::named(Kind::Node, name),
            Self::ReadOwner { kind, namespace, name } => {
                ObjectId { kind: *kind, namespace: namespace.clone(), name: name.clone() }
            }
        }
    }
}

/// A claim to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClaim {
    /// Wire and address.
    pub key: ClaimKey,
    /// The Subnet that it is made for.
    pub subnet: Str,
    /// Who is entitled, and by which NIC.
    pub nic: NicId,
    /// The holder in the words that people use.
    pub title: Title,
    /// The life of the object that its holder is, where a claim of that kind says it.
    pub life: Uid,
    /// The MAC that goes with it.
    pub mac: Option<Mac>,
    /// The gateway that has it on its interface already.
    pub programmed: Option<Str>,
    /// The pod that will use it, and its node: what a release needs when the pod is gone.
    pub occupant: Occupant,
}

/// A pod that uses an address, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Occupant {
    /// UID of the pod.
    pub pod_uid: Uid,
    /// Its namespace.
    pub namespace: Str,
    /// Its name.
    pub name: Str,
    /// Its node.
    pub node: Str,
}

impl Occupant {
    /// A pod, on the node that it is bound to.
    #[must_use]
    pub fn of(pod: &Pod) -> Self {
        let (namespace, name) = (pod.meta.namespace.clone(), pod.meta.name.clone());
        Self { pod_uid: pod.meta.uid.clone(), namespace, name, node: pod.spec.node_name.clone() }
    }

    /// The same as a claim says it.
    #[must_use]
    pub fn of_claim(said: &ClaimOccupant) -> Self {
        let (pod_uid, namespace) = (said.pod_uid.clone(), said.namespace.clone());
        Self { pod_uid, namespace, name: said.name.clone(), node: said.node.clone() }
    }

    /// Whether it is the same pod: who made a claim by hand may not have said its name.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.pod_uid == other.pod_uid
    }
}

/// An IP object as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIp {
    /// Its name: the name of Kube-OVN's port.
    pub name: Str,
    /// Whose it is.
    pub holder: HolderId,
    /// The pod that people look for.
    pub pod: Str,
    /// Its namespace.
    pub namespace: Str,
    /// Subnet of the addresses.
    pub subnet: Str,
    /// Node of the pod.
    pub node: Str,
    /// The addresses.
    pub addrs: AddrPair,
    /// The MAC, where one is kept.
    pub mac: Option<Mac>,
    /// Empty, `StatefulSet` or `VirtualMachine`.
    pub pod_type: Str,
}
