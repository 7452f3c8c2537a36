//! Numbers as they stand in JSON: exact integers, however large.
//!
//! In: counts and counters. Out: JSON and YAML integers, never text. Guarantees: exact to 128 bits; what no cluster can
//! hold (2^128, the count of all of IPv6 with the two addresses that nobody may use) is shown as the largest such integer.

use api::slim::Counter;
use ledger::Count;
use serde::{Serialize, Serializer};

/// A count of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number(pub Count);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        integer(self.0.as_u128().unwrap_or(u128::MAX), serializer)
    }
}

/// A counter of a status, which may be negative where something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedNumber(pub Counter);

impl Serialize for SignedNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Counter::Is(value) => integer(value, serializer),
            // Below -2^127 no counter can come: the server holds 64 bits or a double, and IPAM counts by ones.
            Counter::Negative(size) => serializer.serialize_i128(i128::try_from(size).map_or(i128::MIN, |size| -size)),
        }
    }
}

/// Small numbers as 64 bits, which every serialiser knows; only large ones need more.
fn integer<S: Serializer>(value: u128, serializer: S) -> Result<S::Ok, S::Error> {
    match u64::try_from(value) {
        Ok(small) => serializer.serialize_u64(small),
        Err(_) => serializer.serialize_u128(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_64_bits_are_exact_integers() {
        let json = |value: &dyn erased::Json| value.json();
        assert_eq!(json(&Number(Count::power_of_two(64).unwrap())), "18446744073709551616");
        assert_eq!(json(&Number(Count::from(14_u64))), "14");
        assert_eq!(json(&SignedNumber(Counter::Negative(3))), "-3");
    }

    mod erased {
        pub(super) trait Json {
            fn json(&self) -> String;
        }
        impl<T: serde::Serialize> Json for T {
            fn json(&self) -> String {
                serde_json::to_string(self).unwrap()
            }
        }
    }
}
