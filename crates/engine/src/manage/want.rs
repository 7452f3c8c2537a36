//! What a holder should hold.
//!
//! In: nothing. Out: [`Want`], [`Ask`], [`AskMac`], [`Class`]. Guarantees: classes stand in the order in which they are served: what
//! is on record for a running pod before what is asked for by name, and that before any free choice.

use super::id::NicId;
use api::slim::{Field, Str, Uid};
use ledger::{Addr, AddrPair, Family, Mac};

/// One NIC that a holder should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// Holder and NIC.
    pub nic: NicId,
    /// Where the addresses are another holder's, and only used by this one.
    pub lent: Option<Lent>,
    /// The Subnets that may serve it, in the order in which they are tried.
    pub subnets: Vec<Str>,
    /// Which addresses.
    pub ask: Ask,
    /// When it is served.
    pub class: Class,
    /// One family only; none: each that the Subnet has.
    pub family: Option<Family>,
    /// What the pod was told before: of several claims in one family, this one is kept.
    pub told: AddrPair,
    /// Which MAC.
    pub mac: AskMac,
    /// Name of its IP object; none where nobody knows its network.
    pub port: Str,
    /// Prefix of its annotations, `.kubernetes.io/` not included, and what follows their name: `.net1` where a pod has
    /// several NICs of one provider.
    pub annotations: (Str, Str),
}

/// Addresses that one holder has and the pod of another uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lent {
    /// Whose claims they are.
    pub nic: NicId,
    /// The pod that uses them once it is their occupant.
    pub to: Uid,
}

impl Want {
    /// The NIC that the claims are of.
    #[must_use]
    pub fn claimant(&self) -> &NicId {
        self.lent.as_ref().map_or(&self.nic, |lent| &lent.nic)
    }

    /// Whether what it has can be put on record: somebody knows its network.
    #[must_use]
    pub fn has_records(&self) -> bool {
        !self.port.is_empty()
    }

    /// What is on record for it.
    #[must_use]
    pub fn record(&self) -> Option<AddrPair> {
        match self.ask {
            Ask::This(pair) if self.class == Class::Record => Some(pair),
            _ => None,
        }
    }

    /// Whether it has an address on record.
    #[must_use]
    pub fn has_on_record(&self, addr: Addr) -> bool {
        self.record().is_some_and(|pair| pair.get(addr.family()) == Some(addr))
    }
}

/// Which addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Any.
    Any,
    /// These.
    This(AddrPair),
    /// The first of these that can be had.
    OneOf(Vec<AddrPair>),
    /// Any of a pool.
    Pool(Str),
    /// Something that cannot be read: nothing is given, and the reason is told.
    Unreadable(Box<str>),
}

impl Ask {
    /// What is left without the addresses that somebody bars; and why nothing is, if so.
    pub(super) fn without(&self, barred: impl Fn(&AddrPair) -> Option<String>) -> (Self, Option<String>) {
        match self {
            Self::This(pair) => (self.clone(), barred(pair)),
            Self::OneOf(pairs) => {
                let left: Vec<AddrPair> = pairs.iter().filter(|pair| barred(pair).is_none()).copied().collect();
                let why = pairs.iter().find_map(&barred).filter(|_| left.is_empty());
                (Self::OneOf(left), why)
            }
            Self::Any | Self::Pool(_) | Self::Unreadable(_) => (self.clone(), None),
        }
    }
}

/// Which MAC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskMac {
    /// None: the network has its own way to MACs, as macvlan has.
    None,
    /// One that is made here, for this life of a pod.
    Made(Uid),
    /// This one.
    This(Mac),
    /// This one, which the pod has already by another claim.
    Kept(Mac),
}

impl AskMac {
    /// The one that is asked for by name.
    #[must_use]
    pub fn named(&self) -> Option<Mac> {
        match self {
            Self::This(mac) | Self::Kept(mac) => Some(*mac),
            Self::None | Self::Made(_) => None,
        }
    }

    /// The one that a field of an object asks for; none where no interface can have it: then nothing new is given, see [`asked_mac`].
    pub(super) fn of(field: &Field<Mac>) -> Option<Mac> {
        asked_mac(field).ok().flatten()
    }
}

impl From<Option<Mac>> for AskMac {
    fn from(mac: Option<Mac>) -> Self {
        mac.map_or(Self::None, Self::This)
    }
}

/// The MAC that is asked for, if one is; else why no interface can have it. The kernel takes neither a group's nor one of zeros
/// (`is_valid_ether_addr`).
pub(super) fn asked_mac(field: &Field<Mac>) -> Result<Option<Mac>, String> {
    match field {
        Field::Absent => Ok(None),
        Field::Bad(text) => Err(format!("`{text}` is no MAC")),
        Field::Is(mac) if mac.is_multicast() => Err(format!("MAC {mac} names a group of interfaces")),
        Field::Is(mac) if *mac == Mac::new([0; 6]) => Err(format!("MAC {mac} is nobody's")),
        Field::Is(mac) => Ok(Some(*mac)),
    }
}

/// When a want is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A running pod has the address on record.
    Record,
    /// The address is asked for by name.
    Named,
    /// Any will do.
    Free,
}

impl Class {
    /// All, in the order in which they are served.
    pub const ALL: [Self; 3] = [Self::Record, Self::Named, Self::Free];
}
