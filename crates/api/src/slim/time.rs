//! Points in time, to the second: what Kubernetes writes into metadata and conditions.
//!
//! In: RFC 3339 text. Out: [`Time`]. Guarantees: ordered; a time that cannot be read is a bad field, never "now".

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::str::FromStr;

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// The text is not an RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a time like 2026-11-23T23:06:58Z")]
pub struct NotATime;

impl Time {
    /// Seconds from `earlier` to this; negative where this is before it.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl FromStr for Time {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        text.parse::<jiff::Timestamp>().map(|time| Self(time.as_second())).map_err(|_| NotATime)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => write!(f, "{} s after 1970", self.0),
        }
    }
}

/// The newest of all times found in a subtree, under keys that Kubernetes uses for "when did this happen": conditions
/// (`lastTransitionTime`, `lastUpdateTime`, `lastHeartbeatTime`, `lastProbeTime`) and container states (`startedAt`,
/// `finishedAt`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Newest(pub Option<Time>);

impl Newest {
    fn add(&mut self, other: Option<Time>) {
        self.0 = self.0.max(other);
    }
}

impl<'de> Deserialize<'de> for Newest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NewestVisitor)
    }
}

struct NewestVisitor;

/// A key of a map, told apart without an allocation.
enum Key {
    Time,
    Nested,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_str<E: de::Error>(self, key: &str) -> Result<Key, E> {
                Ok(match key {
                    "lastTransitionTime" | "lastUpdateTime" | "lastHeartbeatTime" | "lastProbeTime" | "startedAt"
                    | "finishedAt" => Key::Time,
                    "state" | "lastState" | "running" | "terminated" => Key::Nested,
                    _ => Key::Other,
                })
            }
        }
        deserializer.deserialize_identifier(KeyVisitor)
    }
}

impl<'de> Visitor<'de> for NewestVisitor {
    type Value = Newest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("conditions or container statuses")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Newest, A::Error> {
        let mut newest = Newest::default();
        while let Some(item) = seq.next_element::<Newest>()? {
            newest.add(item.0);
        }
        Ok(newest)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Newest, A::Error> {
        let mut newest = Newest::default();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Time => newest.add(map.next_value::<super::Field<Time>>()?.get().copied()),
                Key::Nested => newest.add(map.next_value::<Newest>()?.0),
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(newest)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Newest, E> {
        Ok(Newest::default())
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Newest, E> {
        Ok(Newest::default())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Newest, E> {
        Ok(Newest::default())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Newest, E> {
        Ok(Newest::default())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Newest, E> {
        Ok(Newest::default())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Newest, E> {
        Ok(Newest::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_time_of_conditions_and_container_states_is_found() {
        let json = r#"[{"type":"Ready","lastTransitionTime":"2026-11-23T23:06:58Z","lastProbeTime":null},
            {"state":{"terminated":{"startedAt":"2026-11-23T23:07:00Z","finishedAt":"2026-11-23T23:08:00Z","exitCode":1}}}]"#;
        let newest: Newest = serde_json::from_str(json).unwrap();
        assert_eq!(newest.0, Some("2026-11-23T23:08:00Z".parse().unwrap()));
    }

    #[test]
    fn times_print_as_kubernetes_writes_them() {
        let time: Time = "2026-11-23T23:06:58Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-23T23:06:58Z");
        assert!("yesterday".parse::<Time>().is_err());
    }
}
