//! At most one thing per family, written `a` or `a,b` in either order.
//!
//! Kube-OVN takes the first of a dual text for IPv4 and the second for IPv6 without looking; here each part says
//! its family itself.

use std::{fmt, str::FromStr};

use crate::{Addr, Cidr, Family, ParseError, ParseErrorKind};

macro_rules! pair {
    ($(#[$doc:meta])* $name:ident of $item:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name {
            /// The IPv4 part.
            pub v4: Option<$item>,
            /// The IPv6 part.
            pub v6: Option<$item>,
        }

        impl $name {
            /// Neither family.
            pub const NONE: Self = Self { v4: None, v6: None };

            /// The part of `family`.
            #[must_use]
            pub const fn get(&self, family: Family) -> Option<$item> {
                match family {
                    Family::V4 => self.v4,
                    Family::V6 => self.v6,
                }
            }

            /// Sets the part of `family`.
            pub const fn set(&mut self, family: Family, item: Option<$item>) {
                match family {
                    Family::V4 => self.v4 = item,
                    Family::V6 => self.v6 = item,
                }
            }

            /// Its parts, IPv4 first.
            pub fn iter(&self) -> impl Iterator<Item = $item> + use<> {
                self.v4.into_iter().chain(self.v6)
            }

            /// Whether it has neither part.
            #[must_use]
            pub const fn is_none(&self) -> bool {
                self.v4.is_none() && self.v6.is_none()
            }

            /// Whether it has both parts.
            #[must_use]
            pub const fn is_dual(&self) -> bool {
                self.v4.is_some() && self.v6.is_some()
            }
        }

        impl From<$item> for $name {
            fn from(item: $item) -> Self {
                let mut pair = Self::NONE;
                pair.set(item.family(), Some(item));
                pair
            }
        }

        impl fmt::Display for $name {
            /// `v4`, `v6` or `v4,v6`: this order is what Kube-OVN reads.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match (self.v4, self.v6) {
                    (None, None) => Ok(()),
                    (Some(one), None) => one.fmt(f),
                    (None, Some(one)) => one.fmt(f),
                    (Some(v4), Some(v6)) => write!(f, "{v4},{v6}"),
                }
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            /// One item, or two of different families in either order. An empty text is an error: where "none" is
            /// meant, the caller knows.
            fn from_str(text: &str) -> Result<Self, ParseError> {
                let mut pair = Self::NONE;
                let mut at = 0;
                for (index, part) in text.splitn(3, ',').enumerate() {
                    if index == 2 {
                        return Err(ParseError::new(ParseErrorKind::TooMany, text, at - 1));
                    }
                    let item: $item = part.parse().map_err(|error: ParseError| error.within(text, at))?;
                    if pair.get(item.family()).is_some() {
                        return Err(ParseError::new(ParseErrorKind::FamilyTwice, text, at));
                    }
                    pair.set(item.family(), Some(item));
                    at += part.len() + 1;
                }
                Ok(pair)
            }
        }
    };
}

pair! {
    /// The CIDRs of a subnet: none (MAC only), one, or one of each family.
    CidrPair of Cidr
}

pair! {
    /// The addresses of one NIC, or a subnet's gateways: at most one of each family.
    AddrPair of Addr
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_order_is_read_and_v4_is_written_first() {
        for text in ["10.0.0.0/24,fd00::/64", "fd00::/64,10.0.0.0/24"] {
            assert_eq!(text.parse::<CidrPair>().unwrap().to_string(), "10.0.0.0/24,fd00::/64");
        }
        assert_eq!("fd00::1,10.0.0.1".parse::<AddrPair>().unwrap().to_string(), "10.0.0.1,fd00::1");
        assert_eq!("fd00::1".parse::<AddrPair>().unwrap(), AddrPair { v4: None, v6: "fd00::1".parse().ok() });
        assert_eq!(AddrPair::NONE.to_string(), "");
    }

    #[test]
    fn a_bad_pair_is_pointed_at() {
        for (text, kind, position) in [
            ("", ParseErrorKind::Address, 0),
            (",", ParseErrorKind::Address, 0),
            ("10.0.0.1,", ParseErrorKind::Address, 9),
            ("10.0.0.1,10.0.0.2", ParseErrorKind::FamilyTwice, 9),
            ("10.0.0.1, fd00::1", ParseErrorKind::Address, 9),
            ("10.0.0.1,fd00::g", ParseErrorKind::Address, 15),
            ("10.0.0.1,fd00::1,10.0.0.2", ParseErrorKind::TooMany, 16),
            ("10.0.0.1,::ffff:10.0.0.1", ParseErrorKind::FamilyTwice, 9),
        ] {
            let error = text.parse::<AddrPair>().unwrap_err();
            assert_eq!((error.kind(), error.position()), (kind, position), "{text:?}");
        }
        let error = "1.1.256.1/24,fd00::/112".parse::<CidrPair>().unwrap_err();
        assert_eq!((error.kind(), error.position()), (ParseErrorKind::Address, 4));
    }
}
