//! What a request ends with: a grant, or why not, naming who stands in the way.

use std::fmt;

use super::Nic;
use crate::{Addr, AddrPair, Cidr, Family, Mac};

/// What a NIC has after a request was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Grant {
    /// Its address in each family that was asked for.
    pub addrs: AddrPair,
    /// Its MAC, if this layer 2 keeps one for it.
    pub mac: Option<Mac>,
    /// What it had before in place of them, and has no more.
    pub given_back: AddrPair,
}

/// Which address of a block is never given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unusable {
    /// The first one.
    Network,
    /// The last one: the IPv4 broadcast address, and all host bits one in IPv6.
    Broadcast,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network => "network",
            Self::Broadcast => "broadcast",
        })
    }
}

/// Why a request is refused. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal<H, N> {
    /// Another NIC has the address.
    Held {
        /// What was asked for.
        addr: Addr,
        /// Who has it.
        by: Nic<H, N>,
    },
    /// Another NIC has the MAC.
    MacHeld {
        /// What was asked for.
        mac: Mac,
        /// Who has it.
        by: Nic<H, N>,
    },
    /// The address is the subnet's gateway.
    Gateway {
        /// What was asked for.
        addr: Addr,
    },
    /// The address is never given out.
    NotUsable {
        /// What was asked for.
        addr: Addr,
        /// Which one it is.
        what: Unusable,
        /// Of which block.
        cidr: Cidr,
    },
    /// The address is in none of the subnet's CIDRs.
    Outside {
        /// What was asked for.
        addr: Addr,
        /// The subnet's CIDR of the address's family.
        cidr: Option<Cidr>,
    },
    /// One family was asked for, and the subnet lacks it or the address is of the other one.
    WrongFamily {
        /// The family that was asked for.
        asked: Family,
        /// The address of the other family; none when it is the subnet that lacks the family.
        addr: Option<Addr>,
    },
    /// No address is free.
    Exhausted {
        /// In which family.
        family: Family,
        /// In which pool; none: the default pool.
        pool: Option<Box<str>>,
    },
    /// Addresses are free, but all of them are on the skip list.
    AllSkipped {
        /// In which family.
        family: Family,
        /// In which pool; none: the default pool.
        pool: Option<Box<str>>,
    },
    /// The subnet has no such pool.
    NoSuchPool {
        /// What was asked for.
        pool: Box<str>,
    },
    /// None of a list can be had.
    NoneOf(
        /// Why not, in the order of the list; empty when the list is.
        Vec<Refusal<H, N>>,
    ),
    /// The source of randomness made no MAC that is free.
    NoMac,
}

impl<H, N> Refusal<H, N> {
    /// The error string with which Kube-OVN's events and logs would name it; tools look for these words.
    #[must_use]
    pub fn kube_ovn_word(&self) -> &'static str {
        match self {
            Self::Held { .. } | Self::MacHeld { .. } | Self::Gateway { .. } | Self::AllSkipped { .. } => {
                "AddressConflict"
            }
            Self::NotUsable { .. } | Self::Outside { .. } => "AddressOutOfRange",
            Self::WrongFamily { .. } => "InvalidIPFamily",
            Self::Exhausted { .. } | Self::NoSuchPool { .. } | Self::NoMac => "NoAvailableAddress",
            // It reports the last candidate that it tried.
            Self::NoneOf(refusals) => refusals.last().map_or("NoAvailableAddress", Self::kube_ovn_word),
        }
    }
}

/// Why an address cannot be asked for by name, whoever holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Barred {
    Gateway,
    Unusable(Unusable),
    Outside,
}

/// Why a free choice finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotFree {
    Exhausted,
    AllSkipped,
}

impl<H: fmt::Display, N: fmt::Display> fmt::Display for Refusal<H, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_pool =
            |pool: &Option<Box<str>>| pool.as_ref().map(|pool| format!(" in pool {pool:?}")).unwrap_or_default();
        match self {
            Self::Held { addr, by } => write!(f, "{addr} is held by {by}"),
            Self::MacHeld { mac, by } => write!(f, "MAC {mac} is held by {by}"),
            Self::Gateway { addr } => write!(f, "{addr} is the gateway"),
            Self::NotUsable { addr, what, cidr } => write!(f, "{addr} is the {what} address of {cidr}"),
            Self::Outside { addr, cidr: Some(cidr) } => write!(f, "{addr} is outside {cidr}"),
            Self::Outside { addr, cidr: None } => write!(f, "{addr}: the subnet has no {} CIDR", addr.family()),
            Self::WrongFamily { asked, addr: Some(addr) } => write!(f, "{asked} was asked for, but {addr} is not"),
            Self::WrongFamily { asked, addr: None } => {
                write!(f, "{asked} was asked for, but the subnet has no {asked} CIDR")
            }
            Self::Exhausted { family, pool } => write!(f, "no {family} address is free{}", in_pool(pool)),
            Self::AllSkipped { family, pool } => {
                write!(f, "every free {family} address{} is to be skipped", in_pool(pool))
            }
            Self::NoSuchPool { pool } => write!(f, "the subnet has no pool {pool:?}"),
            Self::NoneOf(refusals) if refusals.is_empty() => f.write_str("the list of addresses is empty"),
            Self::NoneOf(refusals) => {
                write!(f, "none of {} candidates can be had", refusals.len())?;
                refusals
                    .iter()
                    .enumerate()
                    .try_for_each(|(index, refusal)| write!(f, "{} {refusal}", if index == 0 { ':' } else { ';' }))
            }
            Self::NoMac => f.write_str("no free MAC was found"),
        }
    }
}

impl<H: fmt::Debug + fmt::Display, N: fmt::Debug + fmt::Display> std::error::Error for Refusal<H, N> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_address_and_who_or_what_is_in_the_way() {
        let addr: Addr = "10.0.0.9".parse().unwrap();
        let held = Refusal::Held { addr, by: Nic::new("default/p1", "net1") };
        assert_eq!(held.to_string(), "10.0.0.9 is held by default/p1 (net1)");
        let gateway = Refusal::Gateway { addr: "10.0.0.1".parse().unwrap() };
        let list = Refusal::NoneOf(vec![held, gateway]);
        assert_eq!(
            list.to_string(),
            "none of 2 candidates can be had: 10.0.0.9 is held by default/p1 (net1); 10.0.0.1 is the gateway"
        );
        assert_eq!(list.kube_ovn_word(), "AddressConflict");
        let empty = Refusal::<&str, &str>::Exhausted { family: Family::V6, pool: Some("blue".into()) };
        assert_eq!(empty.to_string(), r#"no IPv6 address is free in pool "blue""#);
    }
}
