//! A counter as Kube-OVN's status carries it: a number of any size (reference: `pkg/internal/big_int.go`).
//!
//! In: a JSON number, or its digits in quotes. Out: [`Counter`]. Guarantees: exact to 128 bits where the text was exact and
//! the object was sound; what the API server rounded to a double is known to be rounded, and compared as one.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use std::fmt;

/// Integers above this may come back rounded by the API server, which keeps what is beyond int64 as a double.
const EXACT_IN_DOUBLE: u128 = 1 << 53;

/// A counter of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// Nought or more.
    Is(u128),
    /// Below nought, which no counter should be: its distance from nought.
    Negative(u128),
}

impl Counter {
    /// Whether it says `count`: exactly, or after the rounding to a double that the API server does.
    #[must_use]
    pub fn says(self, count: u128) -> bool {
        match self {
            Self::Is(value) if value.max(count) > EXACT_IN_DOUBLE => value == count || rounded(value) == rounded(count),
            Self::Is(value) => value == count,
            Self::Negative(_) => false,
        }
    }

    /// The value, where it is not negative.
    #[must_use]
    pub fn value(self) -> Option<u128> {
        match self {
            Self::Is(value) => Some(value),
            Self::Negative(_) => None,
        }
    }

    fn from_double(number: f64) -> Option<Self> {
        // 2^128 as a double; anything from there on does not fit, and NaN fails the comparison.
        const TOO_LARGE: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;
        let size = number.abs();
        if number.fract() != 0.0 || !(0.0..TOO_LARGE).contains(&size) {
            return None;
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        // whole, positive and in range by the test above
        let whole = size as u128;
        Some(if number < 0.0 { Self::Negative(whole) } else { Self::Is(whole) })
    }

    fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(value) = text.parse() {
            return Some(Self::Is(value));
        }
        match text.strip_prefix('-').map(str::parse) {
            Some(Ok(value)) => Some(Self::Negative(value)),
            _ => text.parse().ok().and_then(Self::from_double),
        }
    }
}

#[allow(clippy::cast_precision_loss)] // rounding to a double is what this is for
fn rounded(value: u128) -> f64 {
    value as f64
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(value) => write!(f, "{value}"),
            Self::Negative(value) => write!(f, "-{value}"),
        }
    }
}

impl<'de> Deserialize<'de> for Counter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CounterVisitor)
    }
}

struct CounterVisitor;

impl Visitor<'_> for CounterVisitor {
    type Value = Counter;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Counter, E> {
        Ok(Counter::Is(u128::from(number)))
    }

    fn visit_u128<E: de::Error>(self, number: u128) -> Result<Counter, E> {
        Ok(Counter::Is(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Counter, E> {
        let size = u128::from(number.unsigned_abs());
        Ok(if number < 0 { Counter::Negative(size) } else { Counter::Is(size) })
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Counter, E> {
        Counter::from_double(number).ok_or_else(|| E::custom(format!("{number} is not a whole number")))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Counter, E> {
        Counter::from_text(text).ok_or_else(|| E::custom(format!("`{text}` is not a whole number")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Counter> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn numbers_quoted_digits_and_whole_doubles_are_read() {
        assert_eq!(read("41"), Some(Counter::Is(41)));
        assert_eq!(read("\"18446744073709551614\""), Some(Counter::Is(18_446_744_073_709_551_614)));
        assert_eq!(read("1.8446744073709552e19"), Some(Counter::Is(1 << 64)));
        assert_eq!(read("-3"), Some(Counter::Negative(3)));
        assert_eq!(read("1.5"), None);
        assert_eq!(read("\"many\""), None);
        assert_eq!(read("1e40"), None);
    }

    #[test]
    fn beyond_what_a_double_holds_the_rounding_of_the_server_is_no_difference() {
        assert!(Counter::Is(1 << 64).says((1 << 64) - 2));
        assert!(!Counter::Is(26).says(14));
        assert!(!Counter::Is((1 << 53) - 1).says((1 << 53) - 2));
    }
}
