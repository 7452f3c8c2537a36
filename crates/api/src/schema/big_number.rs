//! A counter that may exceed 64 bits, as Kube-OVN's status carries it (`pkg/internal/big_int.go`).
//!
//! In: a JSON number or its digits in quotes. Out: [`BigNumber`], written as a bare JSON number, never in quotes.
//! Guarantees: written exactly to 128 bits, and read so from digits in quotes; schema type `number`. A bare number beyond 64 bits is read as
//! a double, as the API server keeps what is beyond int64: a large count comes back rounded.

use crate::slim::Counter;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::borrow::Cow;

/// How many addresses: nought or more.
///
/// Serialise it to text or bytes: a `serde_json::Value` holds no integer beyond 64 bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BigNumber(pub u128);

impl Serialize for BigNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u128(self.0)
    }
}

impl<'de> Deserialize<'de> for BigNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let counter = Counter::deserialize(deserializer)?;
        let value = counter.value().ok_or_else(|| D::Error::custom(format!("{counter} is below nought")))?;
        Ok(Self(value))
    }
}

impl JsonSchema for BigNumber {
    fn schema_name() -> Cow<'static, str> {
        "BigNumber".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_beyond_64_bits_is_written_as_a_bare_exact_number() {
        let text = serde_json::to_string(&BigNumber((1 << 64) - 2 + (1 << 64))).unwrap();
        assert_eq!(text, "36893488147419103230");
        assert_eq!(serde_json::from_str::<BigNumber>("18446744073709551616").unwrap(), BigNumber(1 << 64));
        assert_eq!(serde_json::from_str::<BigNumber>("\"12\"").unwrap(), BigNumber(12));
        assert!(serde_json::from_str::<BigNumber>("-1").is_err());
    }
}
