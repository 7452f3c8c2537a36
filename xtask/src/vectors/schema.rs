//! The file of allocation facts: its `schema` member says what each field means.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A file of vectors; what else it says is for people.
#[derive(Debug, Deserialize)]
pub(crate) struct File {
    pub(crate) vectors: Vec<Vector>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Vector {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) title: String,
    pub(crate) verdict: Verdict,
    pub(crate) ops: Vec<Op>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// Any correct manager does this.
    Sound,
    /// A choice of Kube-OVN.
    Quirk,
}

/// One operation. A field that an operation does not have, or that is null, is empty.
#[derive(Debug, Deserialize)]
pub(crate) struct Op {
    pub(crate) op: Kind,
    pub(crate) subnet: Option<String>,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) cidr: String,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) gateway: String,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) exclude: Vec<String>,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) owner: String,
    pub(crate) nic: Option<String>,
    pub(crate) pool: Option<String>,
    pub(crate) family: Option<String>,
    pub(crate) mac: Option<String>,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) skip: Vec<String>,
    pub(crate) check_conflict: Option<bool>,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) ip: String,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) ips: Vec<String>,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) ignore: Vec<String>,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) expect: BTreeMap<String, Value>,
    /// What the schema does not know: shown, never guessed at.
    #[serde(flatten)]
    pub(crate) unknown: BTreeMap<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Subnet,
    Random,
    Static,
    Release,
    SetPool,
    RemovePool,
    PoolStats,
    SubnetRanges,
    InUse,
    AssignedToOther,
    /// An operation that the schema does not know.
    #[serde(other)]
    Unknown,
}

fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
