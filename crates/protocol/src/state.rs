//! Everything that is true at one moment: objects, caches, requests on their way, nodes, the wire.
//!
//! In: nothing. Out: [`State`]. Guarantees: what a cache lacks is kept as the changes that it has not heard of, so that two
//! states which differ only in numbers of versions are one state.

use crate::shape::Shape;

/// Most pods of a search.
pub(crate) const PODS: u8 = 4;
/// Most addresses of a search.
pub(crate) const ADDRS: u8 = 4;

/// A pod: one UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pod(pub(crate) u8);

/// An address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Addr(pub(crate) u8);

/// Some addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Addrs(u8);

impl Addrs {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn with(self, addr: Addr) -> Self {
        Self(self.0 | 1 << addr.0)
    }

    pub(crate) const fn has(self, addr: Addr) -> bool {
        self.0 & (1 << addr.0) != 0
    }

    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Addr> {
        (0..ADDRS).map(Addr).filter(move |addr| self.has(*addr))
    }
}

/// Who is entitled to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Holder {
    /// A pod, by its UID.
    Pod(Pod),
    /// The ordinal, by its name: whichever pod has it now.
    Ordinal,
}

/// An `AddressClaim`. Its name is its address; its UID and version are implied (see [`Change`], [`Late`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Claim {
    pub(crate) holder: Holder,
    pub(crate) occupant: Pod,
    pub(crate) let_go: Option<Pod>,
}

/// What became of a pod's object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stage {
    Unborn,
    Live,
    /// Gone or finished: nobody decides differently on the two.
    Gone,
}

/// The sandbox of a pod: one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Sandbox {
    None,
    /// CNI ADD has looked; the agent has not written down yet what it gives.
    Adding(Addrs),
    /// Written down, and on the interface.
    Up(Addrs),
    /// IPAM DEL was called; the link is still there and answers.
    Released(Addrs),
}

impl Sandbox {
    /// What it answers for on the wire.
    pub(crate) const fn answers(self) -> Addrs {
        match self {
            Self::None | Self::Adding(_) => Addrs::NONE,
            Self::Up(addrs) | Self::Released(addrs) => addrs,
        }
    }
}

/// A pod: its object, and what its node knows and does of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PodState {
    pub(crate) stage: Stage,
    /// The annotation that tells the addresses; it is never told twice (its write carries the pod's version).
    pub(crate) told: Addrs,
    pub(crate) sandbox: Sandbox,
    /// Sandboxes that it may still get.
    pub(crate) sandboxes: u8,
    /// The agent promised that it gets no address any more.
    pub(crate) tombstone: bool,
    /// The agent promised that it does not use these.
    pub(crate) forsworn: Addrs,
}

/// A change of a pod that a cache has not heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum PodChange {
    Created(Pod),
    Told(Pod),
    Gone(Pod),
}

/// A change of a claim that a cache has not heard of: what it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Change {
    pub(crate) addr: Addr,
    pub(crate) before: Option<Claim>,
    /// It was the end of that claim: what comes after has another UID.
    pub(crate) died: bool,
}

/// A controller: what it has not heard of yet, and what it remembers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Controller {
    pub(crate) pods: Vec<PodChange>,
    pub(crate) claims: Vec<Change>,
    /// Deletions and creations of the StatefulSet.
    pub(crate) owner: u8,
    /// Addresses that it asked for without knowing what became of it, and for which pod.
    pub(crate) asked: [Option<Pod>; ADDRS as usize],
    /// A request of its was answered and changed something; only where that is traced.
    pub(crate) acted: bool,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Request {
    Create(Pod),
    Delete,
    Occupy(Pod),
}

/// A request whose sender got no answer: it is applied at some time, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Late {
    pub(crate) addr: Addr,
    pub(crate) request: Request,
    pub(crate) base: Base,
    /// Its sender died since; only where that is traced, which is for worlds with one controller.
    pub(crate) orphan: bool,
}

/// What a request's preconditions would find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Base {
    /// The claim has the UID that the request names.
    pub(crate) same_uid: bool,
    /// The claim has the version that the request names.
    pub(crate) same_version: bool,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct State {
    pub(crate) pods: [PodState; PODS as usize],
    pub(crate) claims: [Option<Claim>; ADDRS as usize],
    /// Claims that each address may still have.
    pub(crate) births: [u8; ADDRS as usize],
    /// Whether the StatefulSet is there.
    pub(crate) owner: bool,
    pub(crate) owner_changes: u8,
    pub(crate) controllers: Vec<Controller>,
    pub(crate) late: Vec<Late>,
    pub(crate) late_left: u8,
    pub(crate) crashes: u8,
    /// A late request was applied and changed something; only where that is traced.
    pub(crate) landed: bool,
    /// And one whose sender had died.
    pub(crate) orphan_landed: bool,
    /// An address was taken from an owner that was there when that was decided.
    pub(crate) robbed: bool,
}

impl State {
    /// Nothing is there but the StatefulSet.
    pub(crate) fn new(shape: &Shape) -> Self {
        let pod = PodState {
            stage: Stage::Unborn,
            told: Addrs::NONE,
            sandbox: Sandbox::None,
            sandboxes: shape.sandboxes,
            tombstone: false,
            forsworn: Addrs::NONE,
        };
        Self {
            pods: [pod; PODS as usize],
            claims: [None; ADDRS as usize],
            births: [shape.births; ADDRS as usize],
            owner: shape.ordinal > 0,
            owner_changes: shape.owner_changes,
            controllers: vec![Controller::default(); shape.controllers.into()],
            late: Vec::new(),
            late_left: shape.late,
            crashes: shape.crashes,
            landed: false,
            orphan_landed: false,
            robbed: false,
        }
    }

    pub(crate) fn pod(&self, pod: Pod) -> &PodState {
        &self.pods[usize::from(pod.0)]
    }

    pub(crate) fn pod_mut(&mut self, pod: Pod) -> &mut PodState {
        &mut self.pods[usize::from(pod.0)]
    }

    pub(crate) fn claim(&self, addr: Addr) -> Option<Claim> {
        self.claims[usize::from(addr.0)]
    }

    /// Controllers have no names: two states that differ in their order are one. Requests on their way neither.
    pub(crate) fn canonical(&mut self) {
        self.controllers.sort_unstable();
        self.late.sort_unstable();
    }
}
