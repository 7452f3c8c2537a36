//! Whether a kind exists on a server, and in which version.
//!
//! In: a kind whose resource answered 404. Out: [`Served`]. Guarantees: a kind counts as missing only on the word of the
//! server's discovery, in all versions of its group: a CRD that serves only an older version is not missing, and neither
//! is one that discovery could not be asked about.

use crate::call::{CallError, Cluster, Retry};
use crate::json::{self, Group, Resources};
use crate::path;
use api::slim::Kind;

/// How a kind is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Served {
    /// In the version that we ask for.
    AsAsked,
    /// Only in another one.
    As(String),
    /// Not at all.
    No,
}

/// Whether a kind comes with a CRD: the others are in every cluster.
pub(crate) fn is_custom(kind: Kind) -> bool {
    kind.group().contains('.')
}

impl Cluster {
    /// Whether the server knows a kind, by the word of its discovery.
    ///
    /// # Errors
    /// [`CallError`]: discovery could not be asked.
    pub async fn knows(&self, kind: Kind) -> Result<bool, CallError> {
        Ok(self.served(kind, |_| {}).await? != Served::No)
    }

    /// Asks the server's discovery about a kind.
    pub(crate) async fn served(&self, kind: Kind, mut on_retry: impl FnMut(Retry<'_>)) -> Result<Served, CallError> {
        let doing = format!("find out whether {} exists", path::shown(kind));
        let Some(group) = found(self.read(&doing, &path::group(kind), &mut on_retry).await)? else {
            return Ok(Served::No);
        };
        let mut served = Served::No;
        for version in json::parse::<Group>(&doing, &group)?.versions {
            let at = path::version(kind.group(), &version.version);
            let Some(resources) = found(self.read(&doing, &at, &mut on_retry).await)? else { continue };
            let resources = json::parse::<Resources>(&doing, &resources)?.resources;
            if !resources.iter().any(|resource| resource.name == kind.plural()) {
                continue;
            }
            if version.version == kind.version() {
                return Ok(Served::AsAsked);
            }
            // The server names the versions that it likes best first.
            if served == Served::No {
                served = Served::As(version.version);
            }
        }
        Ok(served)
    }
}

/// Takes a 404 for what it says.
fn found(answer: Result<Vec<u8>, CallError>) -> Result<Option<Vec<u8>>, CallError> {
    match answer {
        Ok(body) => Ok(Some(body)),
        Err(error) if error.cause.code() == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}
