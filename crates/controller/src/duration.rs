//! How long something takes, as people write it.
//!
//! In: text of a command line, or a value of a file. Out: seconds. Guarantees: the same texts in both: a number of seconds, or one
//! with `s`, `m` or `h`; nothing else is taken for one.

use serde::de::{Deserializer, Error, Visitor};
use std::fmt;

/// What is expected.
const EXPECTED: &str = "a number of seconds, or one with s, m or h";

/// Seconds of `90`, `90s`, `5m`, `1h`.
///
/// # Errors
/// What was expected instead.
pub fn duration(text: &str) -> Result<i64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        _ => (text, 1),
    };
    let number: u32 = digits.parse().map_err(|_| format!("expected {EXPECTED}"))?;
    i64::from(number).checked_mul(unit).ok_or_else(|| "too long".to_owned())
}

/// The same of a value in a file, where a number needs no quotes.
pub(crate) fn of_file<'de, D: Deserializer<'de>>(value: D) -> Result<i64, D::Error> {
    value.deserialize_any(Seconds)
}

struct Seconds;

impl Visitor<'_> for Seconds {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i64, E> {
        duration(text).map_err(|why| E::custom(format!("{text:?}: {why}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_seconds_or_a_number_with_its_unit() {
        assert_eq!(duration("90"), Ok(90));
        assert_eq!(duration("60s"), Ok(60));
        assert_eq!(duration("5m"), Ok(300));
        assert_eq!(duration("1h"), Ok(3600));
        assert!(duration("soon").is_err() && duration("").is_err() && duration("-1").is_err());
    }
}
