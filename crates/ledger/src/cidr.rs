//! A block of addresses that share a prefix.

use std::{fmt, net::IpAddr, str::FromStr};

use crate::{Addr, AddrRange, Count, Family, ParseError, ParseErrorKind, addr::parse_raw};

/// A CIDR block: a prefix and its length. The host bits are always zero. Orders by network, then the larger block
/// first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    network: Addr,
    prefix_len: u8,
}

impl Cidr {
    /// The block of `prefix_len` bits around `addr`; none when the family has fewer bits than that.
    #[must_use]
    pub const fn new(addr: Addr, prefix_len: u8) -> Option<Self> {
        let family = addr.family();
        if prefix_len > family.width() {
            return None;
        }
        let network = Addr::from_bits(family, addr.bits() & !host_mask(family, prefix_len));
        Some(Self { network, prefix_len })
    }

    /// Its first address.
    #[must_use]
    pub const fn network(&self) -> Addr {
        self.network
    }

    /// Its last address: all host bits one. In IPv4 that is the broadcast address.
    #[must_use]
    pub const fn last(&self) -> Addr {
        let family = self.family();
        Addr::from_bits(family, self.network.bits() | host_mask(family, self.prefix_len))
    }

    /// How many leading bits its addresses share.
    #[must_use]
    pub const fn prefix_len(&self) -> u8 {
        self.prefix_len
    }

    /// Its family.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.network.family()
    }

    /// Whether `addr` is one of its addresses.
    #[must_use]
    pub fn contains(&self, addr: Addr) -> bool {
        self.range().contains(addr)
    }

    /// Whether the two share an address.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.range().overlaps(&other.range())
    }

    /// All its addresses.
    #[must_use]
    pub const fn range(&self) -> AddrRange {
        AddrRange::spanning(self.network, self.last())
    }

    /// How many addresses it has.
    #[must_use]
    pub const fn count(&self) -> Count {
        self.range().count()
    }

    /// The addresses that can be given out, the gateway among them: without the first and the last, in IPv6 too
    /// (Kube-OVN never gives out the all-ones address, and its status ranges show that); both of a /31 or /127
    /// (RFC 3021, RFC 6164); the one of a /32 or /128.
    #[must_use]
    pub const fn usable(&self) -> AddrRange {
        let (first, last) = (self.network, self.last());
        if self.prefix_len + 1 >= self.family().width() {
            return AddrRange::spanning(first, last);
        }
        match (first.next(), last.prev()) {
            (Some(first), Some(last)) => AddrRange::spanning(first, last),
            _ => AddrRange::spanning(first, last),
        }
    }
}

/// The bits of an address of `family` behind a prefix of `prefix_len`, all one.
const fn host_mask(family: Family, prefix_len: u8) -> u128 {
    if prefix_len >= family.width() { 0 } else { family.max_bits() >> prefix_len }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix_len)
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Cidr {
    type Err = ParseError;

    /// `address/length`; host bits are cut. A block within `::ffff:0:0/96` is the IPv4 block.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let Some(slash) = text.find('/') else {
            // Without a slash the address is checked first: the mistake to point at may be there.
            parse_raw(text)?;
            return Err(ParseError::new(ParseErrorKind::Cidr, text, text.len()));
        };
        let (addr, length) = (&text[..slash], &text[slash + 1..]);
        let addr = parse_raw(addr).map_err(|error| error.within(text, 0))?;
        let bad_length = || ParseError::new(ParseErrorKind::PrefixLength, text, slash + 1);
        let width = if addr.is_ipv4() { 32 } else { 128 };
        let length = parse_length(length).filter(|&length| length <= width).ok_or_else(bad_length)?;
        let (addr, length) = match addr {
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) if length >= 96 => (Addr::from(v4), length - 96),
                _ => (Addr::v6(v6.to_bits()), length),
            },
            IpAddr::V4(v4) => (Addr::from(v4), length),
        };
        Self::new(addr, length).ok_or_else(bad_length)
    }
}

/// One to three digits without a leading zero.
fn parse_length(text: &str) -> Option<u8> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn host_bits_are_cut() {
        assert_eq!(cidr("10.16.0.2/30").to_string(), "10.16.0.0/30");
        assert_eq!(cidr("FD00::1:5/112").to_string(), "fd00::1:0/112");
        assert_eq!(cidr("::ffff:10.1.2.3/120").to_string(), "10.1.2.0/24");
        assert_eq!(cidr("255.1.2.3/0").to_string(), "0.0.0.0/0");
    }

    #[test]
    fn usable_leaves_out_the_ends_except_where_there_are_only_ends() {
        for (block, usable) in [
            ("10.0.0.0/24", "10.0.0.1-10.0.0.254"),
            ("10.0.0.0/30", "10.0.0.1-10.0.0.2"),
            ("10.0.0.0/31", "10.0.0.0-10.0.0.1"),
            ("10.0.0.7/32", "10.0.0.7"),
            ("0.0.0.0/0", "0.0.0.1-255.255.255.254"),
            ("fd00::/64", "fd00::1-fd00::ffff:ffff:ffff:fffe"),
            ("fd00::/126", "fd00::1-fd00::2"),
            ("fd00::2/127", "fd00::2-fd00::3"),
            ("fd00::2/128", "fd00::2"),
            ("::/0", "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"),
        ] {
            assert_eq!(cidr(block).usable().to_string(), usable, "{block}");
        }
    }

    #[test]
    fn a_bad_block_is_pointed_at() {
        for (text, kind, position) in [
            ("", ParseErrorKind::Address, 0),
            ("10.0.0./24", ParseErrorKind::Address, 7),
            ("1.1.256.1/24", ParseErrorKind::Address, 4),
            ("10.0.0.0", ParseErrorKind::Cidr, 8),
            ("10.0.0.0/", ParseErrorKind::PrefixLength, 9),
            ("10.0.0.0/33", ParseErrorKind::PrefixLength, 9),
            ("10.0.0.0/024", ParseErrorKind::PrefixLength, 9),
            ("10.0.0.0/+4", ParseErrorKind::PrefixLength, 9),
            ("10.0.0.0/24/8", ParseErrorKind::PrefixLength, 9),
            ("fd00::/129", ParseErrorKind::PrefixLength, 7),
            ("fd00::/999", ParseErrorKind::PrefixLength, 7),
        ] {
            let error = text.parse::<Cidr>().unwrap_err();
            assert_eq!((error.kind(), error.position()), (kind, position), "{text:?}");
        }
    }

    #[test]
    fn blocks_overlap_only_within_a_family() {
        assert!(cidr("10.0.0.0/8").overlaps(&cidr("10.1.0.0/16")));
        assert!(!cidr("10.0.0.0/16").overlaps(&cidr("10.1.0.0/16")));
        assert!(!cidr("0.0.0.0/0").overlaps(&cidr("::/0")));
        assert!(!cidr("::/0").contains("10.0.0.1".parse().unwrap()));
        assert_eq!(cidr("::/0").count(), Count::MAX);
    }
}
