//! Address texts that differ by where they stand: an exclude (`a..b`) is no pool entry (which may be a CIDR too).
//!
//! In: text. Out: a range. Guarantees: the grammar of `ledger`, bound to a type so that the two cannot be mixed up.

use ledger::{Addr, AddrRange, Cidr, ParseError};
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

/// An entry of `Subnet.spec.excludeIps`: `ip` or `a..b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exclude {
    /// The addresses.
    pub range: AddrRange,
    /// How it is written.
    pub form: ExcludeForm,
}

/// How an exclude is written: Kube-OVN compares a range by its ends, and a single address as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExcludeForm {
    /// `a..b`, also where both ends are one address.
    Range,
    /// One address, spelled as Kube-OVN spells addresses.
    Address,
    /// One address in another spelling, such as `FD00:0::5`: Kube-OVN finds no record on it.
    OddAddress,
}

impl FromStr for Exclude {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let range = AddrRange::parse_exclude(text)?;
        let form = if text.contains("..") {
            ExcludeForm::Range
        } else if range.first().to_string() == text {
            ExcludeForm::Address
        } else {
            ExcludeForm::OddAddress
        };
        Ok(Self { range, form })
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

/// A value that knows whether it was written in the one spelling that it is printed in: `10.0.0.5/24` was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spelled<T> {
    value: T,
    canonical: bool,
}

impl<T> Spelled<T> {
    /// Whether it was written as it is printed.
    #[must_use]
    pub const fn is_canonical(&self) -> bool {
        self.canonical
    }
}

impl<T> Deref for Spelled<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: FromStr + fmt::Display> FromStr for Spelled<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        let value: T = text.parse()?;
        let canonical = value.to_string() == text;
        Ok(Self { value, canonical })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_knows_how_it_is_written() {
        let canonical = |text: &str| text.parse::<Spelled<ledger::CidrPair>>().unwrap().is_canonical();
        assert!(canonical("10.0.0.0/24,fd00::/64") && !canonical("10.0.0.5/24") && !canonical("fd00::/64,10.0.0.0/24"));
        let form = |text: &str| text.parse::<Exclude>().unwrap().form;
        assert_eq!(form("10.0.0.5"), ExcludeForm::Address);
        assert_eq!(form("10.0.0.5..10.0.0.5"), ExcludeForm::Range);
        assert_eq!(form("fd00::5"), ExcludeForm::Address);
        for odd in ["FD00::5", "fd00:0::5", "fd00:0:0:0:0:0:0:5"] {
            assert_eq!(form(odd), ExcludeForm::OddAddress, "{odd}");
        }
    }
}
