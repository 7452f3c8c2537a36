//! The answers of an API server that are not objects: errors, lists, discovery.
//!
//! In: bytes. Out: the few fields that are looked at. Guarantees: unknown fields are skipped; objects in a list stay the
//! bytes that the server sent.

use crate::call::{CallError, Cause};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Reads an answer, or says that it is none of an API server.
pub(crate) fn parse<'a, T: Deserialize<'a>>(doing: &str, body: &'a [u8]) -> Result<T, CallError> {
    serde_json::from_slice(body).map_err(|error| CallError {
        doing: doing.to_owned(),
        attempts: 1,
        cause: Cause::Nonsense(error.to_string()),
    })
}

/// A `Status`: why a request was refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    pub(crate) kind: String,
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) details: Option<Details>,
}

/// What a `Status` is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Details {
    pub(crate) name: String,
}

impl Status {
    /// Reads one, if it is one: proxies and missing resources answer in plain text.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(body).ok().filter(|status| status.kind == "Status")
    }
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<'a> {
    pub(crate) metadata: PageMeta,
    /// The objects; null in a list that Go made of nothing.
    #[serde(borrow)]
    pub(crate) items: Option<Vec<&'a RawValue>>,
}

/// Metadata of a page.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PageMeta {
    pub(crate) resource_version: String,
    /// Where the next page begins; empty on the last one.
    #[serde(rename = "continue")]
    pub(crate) next: String,
    pub(crate) remaining_item_count: Option<u64>,
}

/// What `/apis/<group>` says.
#[derive(Debug, Deserialize)]
pub(crate) struct Group {
    pub(crate) versions: Vec<GroupVersion>,
}

/// A version of a group.
#[derive(Debug, Deserialize)]
pub(crate) struct GroupVersion {
    pub(crate) version: String,
}

/// What `/apis/<group>/<version>` says.
#[derive(Debug, Deserialize)]
pub(crate) struct Resources {
    pub(crate) resources: Vec<Resource>,
}

/// A resource of a version.
#[derive(Debug, Deserialize)]
pub(crate) struct Resource {
    pub(crate) name: String,
}

/// A line of a watch.
#[derive(Debug, Deserialize)]
pub(crate) struct WatchLine<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(borrow)]
    pub(crate) object: &'a RawValue,
}

/// Of an object, its version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Versioned {
    pub(crate) metadata: PageMeta,
}

/// Of an ERROR line, the code.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WatchError {
    pub(crate) code: u16,
    pub(crate) message: String,
}
