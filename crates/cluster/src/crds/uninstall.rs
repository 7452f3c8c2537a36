//! Removing the definition of AddressClaim.
//!
//! In: the cluster as it is. Out: [`Removed`] for each definition. Guarantees: definitions of `kubeovn.io` are never deleted:
//! with them would go every Subnet and IP of the cluster. The one of AddressClaim goes only where no claim is left, or
//! where the caller says that the claims may go with it.

use super::{CrdError, PATH};
use crate::call::{Cluster, Retry};
use crate::dry_run::DryRun;
use api::slim::Kind;
use http::Method;
use serde_json::json;

/// What may be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UninstallOptions {
    /// Whether to write.
    pub dry_run: DryRun,
    /// Whether claims that are left may be deleted with their definition.
    pub with_claims: bool,
}

/// What became of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// It is being deleted; in a dry run, it would be.
    Deleted,
    /// It was not there.
    Absent,
    /// It is of `kubeovn.io` and stays.
    Kept,
}

impl Cluster {
    /// Deletes the definition of AddressClaim and says of all others that they stay.
    ///
    /// A claim that is made between the look and the delete goes with the definition: stop IPLedger's controller first.
    ///
    /// # Errors
    /// Claims are left, or the server cannot be asked or refuses; then nothing was deleted.
    pub async fn uninstall_crds(
        &self,
        options: UninstallOptions,
        mut on_retry: impl FnMut(Retry<'_>),
    ) -> Result<Vec<(String, Removed)>, CrdError> {
        let mut outcomes = Vec::new();
        for crd in api::crds::all() {
            let name = crd.metadata.name.unwrap_or_default();
            let ours = crd.spec.group == api::names::IPLEDGER_GROUP;
            let outcome = if ours { self.remove(&name, options, &mut on_retry).await? } else { Removed::Kept };
            outcomes.push((name, outcome));
        }
        Ok(outcomes)
    }

    async fn remove(
        &self,
        name: &str,
        options: UninstallOptions,
        on_retry: &mut impl FnMut(Retry<'_>),
    ) -> Result<Removed, CrdError> {
        let Some(found) = self.crd(name, on_retry).await? else {
            return Ok(Removed::Absent);
        };
        if !options.with_claims {
            // The definition is there, so a server that does not know the kind hides claims: that is an error here.
            let kind = Kind::AddressClaim;
            let claims = self.first_as(kind, kind.version(), &mut *on_retry).await?;
            if claims.object.is_some() {
                return Err(CrdError::ClaimsExist { count: claims.count });
            }
        }
        let metadata = &found["metadata"];
        let body = json!({
            "apiVersion": "v1", "kind": "DeleteOptions",
            "preconditions": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]},
        });
        let path = format!("{PATH}/{name}");
        let doing = format!("delete the CRD {name}");
        match self.write(&doing, Method::DELETE, &path, options.dry_run.delete_options(body)).await {
            Ok(_) => Ok(Removed::Deleted),
            Err(error) if error.cause.code() == Some(404) => Ok(Removed::Absent),
            Err(error) => Err(error.into()),
        }
    }
}
