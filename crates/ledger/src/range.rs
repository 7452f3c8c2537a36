//! A run of consecutive addresses, and the texts in which specs write one.

use std::fmt;

use crate::{Addr, Cidr, Count, Family, ParseError, ParseErrorKind};

/// Consecutive addresses of one family, both ends included, never empty. Orders by first, then last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddrRange {
    first: Addr,
    last: Addr,
}

/// Two addresses that are not the ends of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// The start lies above the end.
    #[error("range {first}..{last} is reversed")]
    Reversed {
        /// The start that was given.
        first: Addr,
        /// The end that was given.
        last: Addr,
    },
    /// The ends are of two families.
    #[error("range {first}..{last} mixes IPv4 and IPv6")]
    MixedFamilies {
        /// The start that was given.
        first: Addr,
        /// The end that was given.
        last: Addr,
    },
}

impl AddrRange {
    /// From `first` to `last`.
    ///
    /// # Errors
    /// When they are reversed or of two families.
    pub fn new(first: Addr, last: Addr) -> Result<Self, RangeError> {
        if first.family() != last.family() {
            Err(RangeError::MixedFamilies { first, last })
        } else if first > last {
            Err(RangeError::Reversed { first, last })
        } else {
            Ok(Self { first, last })
        }
    }

    /// For callers in this crate that know `first <= last` and one family.
    pub(crate) const fn spanning(first: Addr, last: Addr) -> Self {
        Self { first, last }
    }

    /// Of `family`, from bits that are known to be in order.
    pub(crate) const fn from_bits(family: Family, first: u128, last: u128) -> Self {
        Self { first: Addr::from_bits(family, first), last: Addr::from_bits(family, last) }
    }

    /// All addresses of a family.
    #[must_use]
    pub const fn all(family: Family) -> Self {
        Self::from_bits(family, 0, family.max_bits())
    }

    /// Its lowest address.
    #[must_use]
    pub const fn first(&self) -> Addr {
        self.first
    }

    /// Its highest address.
    #[must_use]
    pub const fn last(&self) -> Addr {
        self.last
    }

    /// Its family.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.first.family()
    }

    /// Whether `addr` is one of its addresses.
    #[must_use]
    pub fn contains(&self, addr: Addr) -> bool {
        self.first <= addr && addr <= self.last
    }

    /// Whether the two share an address.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// The addresses that both have.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        self.overlaps(other).then(|| Self::spanning(self.first.max(other.first), self.last.min(other.last)))
    }

    /// How many addresses it has.
    #[must_use]
    pub const fn count(&self) -> Count {
        Count::inclusive(self.first.bits(), self.last.bits())
    }

    /// Reads an entry of `Subnet.spec.excludeIps`: `a` or `a..b`.
    ///
    /// # Errors
    /// When it is neither, or its ends are reversed or of two families; the position is that in `text`.
    pub fn parse_exclude(text: &str) -> Result<Self, ParseError> {
        parse_ends(text, "..")
    }

    /// Reads an entry of `IPPool.spec.ips`: `a`, a CIDR or `a..b`. A CIDR means all its addresses; a subnet's book
    /// takes of them what is usable.
    ///
    /// # Errors
    /// As [`parse_exclude`](Self::parse_exclude), and when a CIDR is wrong.
    pub fn parse_pool_entry(text: &str) -> Result<Self, ParseError> {
        if text.contains('/') && !text.contains("..") {
            text.parse::<Cidr>().map(|cidr| cidr.range())
        } else {
            Self::parse_exclude(text)
        }
    }

    /// Reads an item of a status range text: `a` or `a-b`.
    pub(crate) fn parse_status(text: &str) -> Result<Self, ParseError> {
        parse_ends(text, "-")
    }
}

fn parse_ends(text: &str, separator: &str) -> Result<AddrRange, ParseError> {
    let Some(middle) = text.find(separator) else {
        let addr = text.parse()?;
        return Ok(AddrRange::spanning(addr, addr));
    };
    let behind = middle + separator.len();
    let first = text[..middle].parse().map_err(|error: ParseError| error.within(text, 0))?;
    let last = text[behind..].parse().map_err(|error: ParseError| error.within(text, behind))?;
    AddrRange::new(first, last).map_err(|error| {
        let kind = match error {
            RangeError::Reversed { .. } => ParseErrorKind::ReversedRange,
            RangeError::MixedFamilies { .. } => ParseErrorKind::MixedFamilies,
        };
        ParseError::new(kind, text, behind)
    })
}

impl fmt::Display for AddrRange {
    /// `a-b`, or `a` for one address: the text of Kube-OVN's status.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}

impl fmt::Debug for AddrRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Addr> for AddrRange {
    fn from(addr: Addr) -> Self {
        Self::spanning(addr, addr)
    }
}

impl From<Cidr> for AddrRange {
    fn from(cidr: Cidr) -> Self {
        cidr.range()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read() {
        for (text, range) in [
            ("10.0.0.2", "10.0.0.2"),
            ("10.0.0.2..10.0.0.9", "10.0.0.2-10.0.0.9"),
            ("10.0.0.2..10.0.0.2", "10.0.0.2"),
            ("fd00::2..FD00::A", "fd00::2-fd00::a"),
        ] {
            assert_eq!(AddrRange::parse_exclude(text).unwrap().to_string(), range, "{text}");
            assert_eq!(AddrRange::parse_pool_entry(text).unwrap().to_string(), range, "{text}");
        }
        assert_eq!(AddrRange::parse_pool_entry("10.0.0.9/29").unwrap().to_string(), "10.0.0.8-10.0.0.15");
    }

    #[test]
    fn a_bad_entry_is_pointed_at() {
        for (text, kind, position) in [
            ("", ParseErrorKind::Address, 0),
            ("..", ParseErrorKind::Address, 0),
            ("10.0.0.5..", ParseErrorKind::Address, 10),
            ("10.0.0.5..10.0.0.3", ParseErrorKind::ReversedRange, 10),
            ("10.0.0.5..fd00::3", ParseErrorKind::MixedFamilies, 10),
            ("10.0.0.5...10.0.0.3", ParseErrorKind::Address, 10),
            ("10.0.0.5-10.0.0.9", ParseErrorKind::Address, 8),
            ("10.0.0.1..10.0.0.2..10.0.0.3", ParseErrorKind::Address, 18),
        ] {
            let error = AddrRange::parse_exclude(text).unwrap_err();
            assert_eq!((error.kind(), error.position()), (kind, position), "{text:?}");
        }
        let error = AddrRange::parse_pool_entry("10.0.0.0/40").unwrap_err();
        assert_eq!((error.kind(), error.position()), (ParseErrorKind::PrefixLength, 9));
        assert!(AddrRange::parse_exclude("10.0.0.0/24").is_err());
        assert!(AddrRange::parse_pool_entry("10.0.0.0/24..10.0.0.9").is_err());
    }

    #[test]
    fn a_family_is_one_range() {
        assert_eq!(AddrRange::all(Family::V6).count(), Count::MAX);
        assert_eq!(AddrRange::all(Family::V4).count(), Count::from(1_u64 << 32));
        assert_eq!(AddrRange::all(Family::V4).intersection(&AddrRange::all(Family::V6)), None);
    }
}
