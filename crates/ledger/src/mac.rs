//! MAC addresses, one value per address whatever its spelling.

use std::{fmt, str::FromStr};

use crate::{ParseError, ParseErrorKind};

/// A six-byte MAC address. Kube-OVN compares them as text, so that `00-11-..` and `00:11:..` are two; here they are
/// one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

impl Mac {
    /// From its bytes, in transmission order.
    #[must_use]
    pub const fn new(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }

    /// A locally administered unicast address out of the low 46 bits of `entropy`: all that such an address has
    /// beside its two fixed bits.
    #[must_use]
    pub const fn from_entropy(entropy: u64) -> Self {
        let [_, _, b0, b1, b2, b3, b4, b5] = entropy.to_be_bytes();
        // 46 bits: the six that fit above the two flag bits, then 40.
        Self([(b0 & 0x3f) << 2 | 0x02, b1, b2, b3, b4, b5])
    }

    /// The bytes, in transmission order.
    #[must_use]
    pub const fn bytes(self) -> [u8; 6] {
        self.0
    }

    /// Whether it names a group, not an interface (IEEE 802, the I/G bit); an interface must not have one.
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 1 != 0
    }

    /// Whether it is administered locally, not by its vendor (the U/L bit).
    #[must_use]
    pub const fn is_local(self) -> bool {
        self.0[0] & 2 != 0
    }
}

impl fmt::Display for Mac {
    /// Lower case, with colons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        f.pad(&format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}"))
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Mac {
    type Err = ParseError;

    /// Twelve hex digits of either case: in pairs joined by `:` or `-`, in fours joined by `.`, or bare.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let bad = |position| ParseError::new(ParseErrorKind::Mac, text, position);
        let input = text.as_bytes();
        let (separator, every) = match (input.get(2), input.get(4)) {
            (Some(&sign @ (b':' | b'-')), _) => (Some(sign), 2),
            (_, Some(b'.')) => (Some(b'.'), 4),
            _ => (None, 12),
        };
        let mut bytes = [0_u8; 6];
        let mut at = 0;
        for digit in 0..12 {
            if digit > 0 && digit % every == 0 {
                if input.get(at).copied() != separator {
                    return Err(bad(at));
                }
                at += 1;
            }
            let value = input.get(at).and_then(|&byte| hex_value(byte)).ok_or_else(|| bad(at))?;
            bytes[digit / 2] = bytes[digit / 2] << 4 | value;
            at += 1;
        }
        if at == input.len() { Ok(Self(bytes)) } else { Err(bad(at)) }
    }
}

const fn hex_value(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn textual_variants_are_one_address() {
        for text in ["00:1a:2B:33:44:55", "00-1A-2b-33-44-55", "001a.2b33.4455", "001A2B334455"] {
            let mac: Mac = text.parse().unwrap();
            assert_eq!(mac.to_string(), "00:1a:2b:33:44:55", "{text}");
        }
    }

    #[test]
    fn a_bad_mac_is_pointed_at() {
        for (text, position) in [
            ("", 0),
            ("00:11:22:33:44", 14),
            ("00:11:22:33:44:5", 16),
            ("00:11:22:33:44:55:66", 17),
            ("00:11-22:33:44:55", 5),
            ("00:11:22:33:44:5g", 16),
            ("0:11:22:33:44:55", 1),
            ("00:11:22:33:44:55 ", 17),
            ("日本", 0),
        ] {
            let error = text.parse::<Mac>().unwrap_err();
            assert_eq!((error.kind(), error.position()), (ParseErrorKind::Mac, position), "{text:?}");
        }
    }

    #[test]
    fn made_addresses_are_local_unicast_and_use_46_bits() {
        assert_eq!(Mac::from_entropy(u64::MAX).to_string(), "fe:ff:ff:ff:ff:ff");
        assert_eq!(Mac::from_entropy(0).to_string(), "02:00:00:00:00:00");
        assert_ne!(Mac::from_entropy(0), Mac::from_entropy(1 << 45));
        assert_eq!(Mac::from_entropy(0), Mac::from_entropy(1 << 46));
        for entropy in [0, 1, 1 << 45, u64::MAX] {
            let mac = Mac::from_entropy(entropy);
            assert!(mac.is_local() && !mac.is_multicast());
        }
    }
}
