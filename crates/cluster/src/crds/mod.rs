//! Installing and removing the CustomResourceDefinitions of `api::crds`.
//!
//! In: a `Cluster` and whether to write. Out: what became of each definition. Guarantees: a definition of `kubeovn.io`
//! that exists is neither changed nor deleted, whoever made it, and is said to lack what it lacks; AddressClaim is
//! IPLedger's own: it is brought up to date, never back, and deleted only without claims or when told so; a dry run asks
//! the server to check every write and keep none. Kube-OVN's chart and administrators write the same definitions: each
//! write carries the version that was judged.

mod compare;
mod install;
mod uninstall;
mod version;

pub use compare::Lack;
pub use install::{Installed, OLDEST_SERVER};
pub use uninstall::{Removed, UninstallOptions};
pub use version::{ServerVersion, VersionError};

use crate::call::CallError;

/// Why nothing was begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrdError {
    /// The server is too old for AddressClaim's rules.
    #[error(
        "the server is Kubernetes {found}: AddressClaim needs {} or later, where the API server runs the rules that make a \
         claim unique. Nothing was installed; audit, explain, who, show and repair work on this server",
        OLDEST_SERVER
    )]
    ServerTooOld {
        /// Its version.
        found: ServerVersion,
    },
    /// Its version is not known.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// The server could not be asked, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Claims exist.
    #[error(
        "there are {} AddressClaims: deleting their definition deletes them all, and with them the record of who has which \
         address. Nothing was deleted; hand the wires back first, or say that the claims may go",
        match count { Some(count) => count.to_string(), None => "at least one".to_owned() }
    )]
    ClaimsExist {
        /// How many, where the server says.
        count: Option<u64>,
    },
}

/// Path of the definitions.
const PATH: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
