//! What a NIC asks of a subnet.

use super::{MacPick, Nic};
use crate::{AddrPair, AddrSets, Family};

/// Which addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick<'a> {
    /// Any, reused as late as possible: a never-used one, the lowest first, else the one that was freed longest ago.
    Any,
    /// The lowest that is free, used before or not.
    Lowest,
    /// These. A family that the subnet has, that was not ruled out, and that the pair lacks is filled as by
    /// [`Any`](Self::Any), as Kube-OVN does for a static IPv4 address in a dual subnet.
    This(AddrPair),
    /// The first of these that can be had; one that the NIC has already, before all others.
    OneOf(&'a [AddrPair]),
}

/// What a NIC asks of a subnet. All of it is granted or nothing.
pub struct Request<'a, H, N> {
    /// Who asks.
    pub nic: Nic<H, N>,
    /// Which addresses.
    pub pick: Pick<'a>,
    /// From which pool free choices come; none: from those addresses that are in no named pool. What is asked for by
    /// name may be in any.
    pub pool: Option<&'a str>,
    /// Only this family; none: every one that the subnet has.
    pub family: Option<Family>,
    /// What a free choice passes over. An address that the NIC has and that is among these is exchanged.
    pub skip: Option<&'a AddrSets>,
    /// Which MAC.
    pub mac: MacPick<'a>,
}

impl<'a, H, N> Request<'a, H, N> {
    /// Asks for `pick`, from the default pool, in every family, without a MAC.
    #[must_use]
    pub const fn new(nic: Nic<H, N>, pick: Pick<'a>) -> Self {
        Self { nic, pick, pool: None, family: None, skip: None, mac: MacPick::None }
    }

    /// Any address.
    #[must_use]
    pub const fn any(nic: Nic<H, N>) -> Self {
        Self::new(nic, Pick::Any)
    }

    /// Exactly this address, or these.
    #[must_use]
    pub fn this(nic: Nic<H, N>, addrs: impl Into<AddrPair>) -> Self {
        Self::new(nic, Pick::This(addrs.into()))
    }

    /// With free choices from `pool`.
    #[must_use]
    pub const fn from_pool(mut self, pool: &'a str) -> Self {
        self.pool = Some(pool);
        self
    }

    /// In one family only.
    #[must_use]
    pub const fn of_family(mut self, family: Family) -> Self {
        self.family = Some(family);
        self
    }

    /// Without these.
    #[must_use]
    pub const fn skipping(mut self, skip: &'a AddrSets) -> Self {
        self.skip = Some(skip);
        self
    }

    /// With a MAC.
    #[must_use]
    pub fn with_mac(mut self, mac: MacPick<'a>) -> Self {
        self.mac = mac;
        self
    }
}
