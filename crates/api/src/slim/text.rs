//! Address texts that differ by where they stand: an exclude is not a pool entry (reference 1.1.1).
//!
//! In: text. Out: a range. Guarantees: the grammar of `ledger`, bound to a type so that the two cannot be mixed up.

use ledger::{Addr, AddrRange, Cidr, ParseError};
use std::fmt;
use std::str::FromStr;

/// An entry of `Subnet.spec.excludeIps`: `ip` or `a..b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exclude(pub AddrRange);

impl FromStr for Exclude {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        AddrRange::parse_exclude(text).map(Self)
    }
}

/// `IptablesSnatRule.spec.internalCIDR`: a CIDR, or an address, which is the block of that one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InternalCidr(pub Cidr);

impl FromStr for InternalCidr {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text.parse::<Addr>() {
            Ok(addr) => {
                Cidr::new(addr, addr.family().width()).map_or_else(|| text.parse().map(Self), |cidr| Ok(Self(cidr)))
            }
            Err(_) => text.parse().map(Self),
        }
    }
}

impl fmt::Display for InternalCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An entry of `IPPool.spec.ips`: `ip`, `cidr` or `a..b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolEntry(pub AddrRange);

impl FromStr for PoolEntry {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        AddrRange::parse_pool_entry(text).map(Self)
    }
}
