//! The file of allocation facts: its `schema` member says what each field means.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A file of vectors; what else it says is for people.
#[derive(Debug, Deserialize)]
pub(crate) struct File {
    pub(crate) vectors: Vec<Vector>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Vector {
    pub(crate) id: String,
    #[serde(default)]
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

/// One operation. A field that an operation does not have is empty.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Op {
    pub(crate) op: Kind,
    pub(crate) subnet: Option<String>,
    #[serde(default)]
    pub(crate) cidr: String,
    #[serde(default)]
    pub(crate) gateway: String,
    #[serde(default)]
    pub(crate) exclude: Vec<String>,
    #[serde(default)]
    pub(crate) owner: String,
    pub(crate) nic: Option<String>,
    pub(crate) pool: Option<String>,
    pub(crate) family: Option<String>,
    pub(crate) mac: Option<String>,
    #[serde(default)]
    pub(crate) skip: Vec<String>,
    #[serde(default = "yes")]
    pub(crate) check_conflict: bool,
    #[serde(default)]
    pub(crate) ip: String,
    #[serde(default)]
    pub(crate) ips: Vec<String>,
    #[serde(default)]
    pub(crate) ignore: Vec<String>,
    #[serde(default)]
    pub(crate) expect: BTreeMap<String, Value>,
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
}

const fn yes() -> bool {
    true
}
