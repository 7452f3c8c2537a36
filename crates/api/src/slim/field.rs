//! One field that may be absent, sound, or there and not readable.
//!
//! In: JSON of one field. Out: [`Field`]. Guarantees: null, absent and empty are one thing; a bad value is kept as text
//! with the reason, so that an address nobody can read still counts as held.

use compact_str::CompactString;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

/// Text of names and the like: up to 24 bytes are held in place.
pub type Str = CompactString;

/// A field that is parsed at the edge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// Absent, null or empty.
    #[default]
    Absent,
    /// Read.
    Is(T),
    /// There, and not readable as what it should be: the text.
    ///
    /// Boxed twice over: it is rare, and there are a million fields.
    Bad(Box<Str>),
}

impl<T: FromStr> Field<T> {
    /// Reads text; white space around it does not count.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.trim() {
            "" => Self::Absent,
            trimmed => trimmed.parse().map_or_else(|_| Self::Bad(Box::new(text.into())), Self::Is),
        }
    }
}

impl<T> Field<T> {
    /// The value, where it was read.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Bad(_) => None,
        }
    }

    /// Whether nothing is said.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The text that could not be read.
    pub fn bad(&self) -> Option<&str> {
        match self {
            Self::Bad(text) => Some(text),
            Self::Absent | Self::Is(_) => None,
        }
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

impl<T: FromStr> Visitor<'_> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Field::parse(text))
    }

    // Ports and the like are sometimes written without quotes.
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Field::parse(&number.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Field::parse(&number.to_string()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Field::parse(&number.to_string()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Field::Absent)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Field::Absent)
    }
}

/// For `#[serde(deserialize_with)]`: null is the default value.
pub(crate) fn nil<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
