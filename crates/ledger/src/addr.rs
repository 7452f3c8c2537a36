//! One address of either family.
//!
//! In: text in any spelling, or bits. Out: a value that orders like its numbers and has one spelling per use.
//! Guarantee: two addresses are equal exactly when they are the same number on the same wire; text and `std::net`
//! values that carry an IPv4 address inside IPv6 (`::ffff:a.b.c.d`) are that IPv4 address.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use crate::{Family, ParseError, ParseErrorKind};

/// An IPv4 or IPv6 address. Orders v4 before v6, then numerically; 17 bytes, alignment 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Addr(Repr);

// Big-endian bytes: the derived order is the numeric one, and nothing is padded to 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Repr {
    V4([u8; 4]),
    V6([u8; 16]),
}

impl Addr {
    /// The IPv4 address with these bits.
    #[must_use]
    pub const fn v4(bits: u32) -> Self {
        Self(Repr::V4(bits.to_be_bytes()))
    }

    /// The IPv6 address with exactly these bits: arithmetic stays within its family, so `::ffff:0:0/96` is not
    /// turned into IPv4 here as it is in text.
    #[must_use]
    pub const fn v6(bits: u128) -> Self {
        Self(Repr::V6(bits.to_be_bytes()))
    }

    /// The address of `family` with these bits; for IPv4 the low 32 count.
    #[must_use]
    pub const fn from_bits(family: Family, bits: u128) -> Self {
        match family {
            Family::V4 => {
                #[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are what is asked for")]
                let low = bits as u32;
                Self::v4(low)
            }
            Family::V6 => Self::v6(bits),
        }
    }

    /// The family.
    #[must_use]
    pub const fn family(self) -> Family {
        match self.0 {
            Repr::V4(_) => Family::V4,
            Repr::V6(_) => Family::V6,
        }
    }

    /// The address as a number; an IPv4 address fills the low 32 bits.
    #[must_use]
    pub const fn bits(self) -> u128 {
        match self.0 {
            Repr::V4(bytes) => u32::from_be_bytes(bytes) as u128,
            Repr::V6(bytes) => u128::from_be_bytes(bytes),
        }
    }

    /// The address above, none behind the last of the family.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        let bits = self.bits();
        if bits == self.family().max_bits() { None } else { Some(Self::from_bits(self.family(), bits + 1)) }
    }

    /// The address below, none before the first of the family.
    #[must_use]
    pub const fn prev(self) -> Option<Self> {
        match self.bits().checked_sub(1) {
            Some(bits) => Some(Self::from_bits(self.family(), bits)),
            None => None,
        }
    }

    /// The one spelling in object names and in `AddressClaim.spec.address`: dotted quad, or all eight groups of
    /// four lower-case hex digits. Sorts like the numbers within IPv6.
    #[must_use]
    pub fn expanded(self) -> String {
        self.joined(':')
    }

    /// [`expanded`](Self::expanded) with `:` as `-`, since an object name may not contain a colon.
    #[must_use]
    pub fn object_name_part(self) -> String {
        self.joined('-')
    }

    fn joined(self, separator: char) -> String {
        use fmt::Write as _;
        match self.0 {
            Repr::V4(bytes) => Ipv4Addr::from(bytes).to_string(),
            Repr::V6(bytes) => {
                let mut text = String::with_capacity(39);
                for (index, group) in bytes.chunks_exact(2).enumerate() {
                    if index > 0 {
                        text.push(separator);
                    }
                    let _ = write!(text, "{:02x}{:02x}", group[0], group[1]);
                }
                text
            }
        }
    }
}

impl fmt::Display for Addr {
    /// Dotted quad or RFC 5952 text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Repr::V4(bytes) => Ipv4Addr::from(bytes).fmt(f),
            Repr::V6(bytes) => Ipv6Addr::from(bytes).fmt(f),
        }
    }
}

impl fmt::Debug for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Ipv4Addr> for Addr {
    fn from(addr: Ipv4Addr) -> Self {
        Self(Repr::V4(addr.octets()))
    }
}

impl From<Ipv6Addr> for Addr {
    fn from(addr: Ipv6Addr) -> Self {
        addr.to_ipv4_mapped().map_or(Self(Repr::V6(addr.octets())), Self::from)
    }
}

impl From<IpAddr> for Addr {
    fn from(addr: IpAddr) -> Self {
        match addr {
            IpAddr::V4(addr) => addr.into(),
            IpAddr::V6(addr) => addr.into(),
        }
    }
}

impl From<Addr> for IpAddr {
    fn from(addr: Addr) -> Self {
        match addr.0 {
            Repr::V4(bytes) => Ipv4Addr::from(bytes).into(),
            Repr::V6(bytes) => Ipv6Addr::from(bytes).into(),
        }
    }
}

impl FromStr for Addr {
    type Err = ParseError;

    /// Any spelling of one address: dotted quad, IPv6 short, long, upper case or with a dotted tail. Leading zeros
    /// in IPv4 are refused, because C libraries read them as octal; zones (`%eth0`), brackets, ports and spaces are
    /// no part of an address.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse_raw(text).map(Self::from)
    }
}

/// As `FromStr`, but an IPv4 address inside IPv6 is left as it is written.
pub(crate) fn parse_raw(text: &str) -> Result<IpAddr, ParseError> {
    text.parse().map_err(|_| ParseError::new(ParseErrorKind::Address, text, bad_byte(text)))
}

/// Where a text that is no address goes wrong: the first byte that no address could have there.
fn bad_byte(text: &str) -> usize {
    if text.contains(':') { bad_v6_byte(text) } else { bad_v4_byte(text, 0) }
}

fn bad_v4_byte(text: &str, offset: usize) -> usize {
    let mut at = offset;
    for index in 0..4 {
        let part = &text[at..];
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let octet = &part[..digits];
        if digits == 0 {
            return at;
        }
        if octet.len() > 1 && octet.starts_with('0') || octet.parse::<u8>().is_err() {
            return at;
        }
        at += digits;
        let more = text[at..].starts_with('.');
        match (index, more) {
            (3, _) | (_, false) => return at,
            (_, true) => at += 1,
        }
    }
    at
}

fn bad_v6_byte(text: &str) -> usize {
    let mut at = 0;
    let mut groups = 0;
    let mut compressed = false;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("::") && !compressed {
            compressed = true;
            at += 2;
            continue;
        }
        if groups > 0 && !text[..at].ends_with("::") {
            if !rest.starts_with(':') || groups == 8 {
                return at;
            }
            at += 1;
        }
        let rest = &text[at..];
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if rest[digits..].starts_with('.') {
            // An IPv4 tail takes the place of two groups.
            return if groups > 6 { at } else { bad_v4_byte(text, at) };
        }
        if digits == 0 || digits > 4 || groups == 8 {
            return at + digits.min(4);
        }
        at += digits;
        groups += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> Addr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_small() {
        assert!(size_of::<Addr>() <= 20);
        assert!(size_of::<Option<Addr>>() <= 20);
    }

    #[test]
    fn v4_sorts_before_v6_and_each_sorts_by_number() {
        let mut addrs = ["::1", "10.0.0.10", "10.0.0.9", "2.0.0.0", "fd00::", "::"].map(addr);
        addrs.sort();
        assert_eq!(addrs.map(|a| a.to_string()), ["2.0.0.0", "10.0.0.9", "10.0.0.10", "::", "::1", "fd00::"]);
    }

    #[test]
    fn every_spelling_is_one_address_with_one_spelling() {
        for text in ["fd00:25::9", "FD00:0025:0:0:0:0:0:9", "fd00:25:0:0::0:9", "fd00:25::0.0.0.9"] {
            assert_eq!(addr(text).to_string(), "fd00:25::9", "{text}");
            assert_eq!(addr(text).expanded(), "fd00:0025:0000:0000:0000:0000:0000:0009", "{text}");
            assert_eq!(addr(text).object_name_part(), "fd00-0025-0000-0000-0000-0000-0000-0009", "{text}");
        }
        assert_eq!(addr("172.17.0.11").object_name_part(), "172.17.0.11");
    }

    #[test]
    fn v4_inside_v6_is_v4_in_text_and_in_std_values() {
        assert_eq!(addr("::ffff:10.0.0.1"), addr("10.0.0.1"));
        assert_eq!(addr("::FFFF:a00:1"), addr("10.0.0.1"));
        assert_eq!(Addr::from("::ffff:10.0.0.1".parse::<IpAddr>().unwrap()), addr("10.0.0.1"));
        assert_eq!(Addr::v6(0xffff_0a00_0001).family(), Family::V6);
    }

    #[test]
    fn neighbours_end_with_the_family() {
        assert_eq!(addr("255.255.255.255").next(), None);
        assert_eq!(addr("0.0.0.0").prev(), None);
        assert_eq!(addr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").next(), None);
        assert_eq!(addr("::").prev(), None);
        assert_eq!(addr("10.0.0.255").next(), Some(addr("10.0.1.0")));
        assert_eq!(addr("fd00::1:0").prev(), Some(addr("fd00::ffff")));
    }

    #[test]
    fn a_bad_address_is_pointed_at() {
        for (text, position) in [
            ("", 0),
            ("10.0.0.261", 7),
            ("10.0.0", 6),
            ("10.0.0.", 7),
            ("10.0.0.1.2", 8),
            ("10.0.00.1", 5),
            ("10.0.0.1 ", 8),
            (" 10.0.0.1", 0),
            ("not-an-ip", 0),
            ("fd00::g", 6),
            ("fd00::1::2", 8),
            ("fd00::12345", 10),
            ("fd00:1", 6),
            ("fe80::1%eth0", 7),
            ("::ffff:10.0.0.261", 14),
            ("1:2:3:4:5:6:7:8:9", 15),
            ("[::1]", 0),
            ("日:本", 0),
        ] {
            let error = text.parse::<Addr>().unwrap_err();
            assert_eq!((error.kind(), error.position()), (ParseErrorKind::Address, position), "{text:?}");
        }
    }
}
