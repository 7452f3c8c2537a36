//! Snapshots: what an audit reads of a cluster, and nothing else, in one file.
//!
//! A snapshot is JSON lines, gzip or not. The first line is a `Manifest` (format, server and its time, the order in which
//! kinds were listed), then one object per line, and the last line is an `End`: which kinds were listed completely, which
//! the server does not know, which may not be listed, and how many objects there are. What is known of completeness stands
//! at the end, where it is true: a snapshot that was cut off says nothing about it. Objects hold the fields that
//! `api::slim` reads (see [`crate::shape`]), and of labels and annotations those that it keeps: no environment, images,
//! volumes, managed fields or last applied configuration.

mod read;
mod write;

pub use write::{Outcome, SnapshotError, SnapshotWriter, Start};

pub(crate) use read::{Record, manifests};

use api::slim::{Kind, Time};
use std::collections::BTreeSet;

/// `apiVersion` of the first and the last line.
pub(crate) const API_VERSION: &str = "snapshot.ipledger.dev/v1";
/// `kind` of the first line.
const MANIFEST: &str = "Manifest";
/// `kind` of the last line.
const END: &str = "End";
/// What this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// What a snapshot says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// The server's time when listing began.
    pub taken: Option<Time>,
    /// The server's address or name, for people.
    pub server: String,
    /// The order in which kinds were listed: records before holders.
    pub order: Vec<Kind>,
    /// Kinds of which all objects are in it; empty if it was cut off.
    pub complete: BTreeSet<Kind>,
    /// Kinds that the server does not know: there are none, and that is complete as well.
    pub absent: BTreeSet<Kind>,
    /// Kinds that could not be listed.
    pub forbidden: BTreeSet<Kind>,
}

/// A kind as a resource name with its group, e.g. `ips.kubeovn.io`.
fn resource(kind: Kind) -> String {
    match kind.group() {
        "" => kind.plural().to_owned(),
        group => format!("{}.{group}", kind.plural()),
    }
}
