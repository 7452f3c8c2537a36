//! Installing the definitions.
//!
//! In: the cluster as it is. Out: [`Installed`] for each definition, told as soon as it is known. Guarantees: what is
//! missing is made, and is `Created` only once the server serves it; a definition that somebody makes at the same moment is
//! kept like one that was there before.

use super::compare::{Lack, lacks};
use super::{CrdError, PATH, ServerVersion};
use crate::call::{CallError, Cause, Cluster, Retry};
use crate::dry_run::DryRun;
use api::names::KUBEOVN_GROUP;
use http::Method;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::Value;

/// The oldest server that AddressClaim works on: CEL in definitions is on by default from here.
pub const OLDEST_SERVER: ServerVersion = ServerVersion { major: 1, minor: 25 };

/// How often a new definition is looked at until it is served: with the default pauses about half a minute.
const LOOKS: u32 = 10;

/// A server takes some tens of milliseconds to serve a definition, much less than to come back after a restart.
const QUICKER: u32 = 8;

/// What became of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installed {
    /// It was missing and is there now; in a dry run, it would be.
    Created,
    /// It was there, and is left as it is.
    Kept {
        /// What it lacks of what IPLedger knows.
        lacks: Vec<Lack>,
    },
    /// AddressClaim was there in another form, and is as it should be now; in a dry run, it would be.
    Updated,
    /// AddressClaim was there as it should be.
    Unchanged,
    /// AddressClaim was there in a form that knows more than this program: it is of a newer one and stays.
    Newer {
        /// What this program lacks of it.
        lacks: Vec<Lack>,
    },
    /// It is being deleted: wait until it is gone and install again.
    Terminating,
    /// The server made it and does not serve it, mostly since a name of it is taken.
    NotServed {
        /// What the server says.
        why: String,
    },
    /// It could not be read or written.
    Failed(CallError),
}

impl Installed {
    /// Whether the definition is there for use.
    #[must_use]
    pub fn is_there(&self) -> bool {
        match self {
            Self::Created | Self::Kept { .. } | Self::Updated | Self::Unchanged | Self::Newer { .. } => true,
            Self::Terminating | Self::NotServed { .. } | Self::Failed(_) => false,
        }
    }
}

impl Cluster {
    /// Installs all definitions, each told to `report` by its name as soon as it is done.
    ///
    /// # Errors
    /// The server is too old, or cannot be asked for its version: nothing was written. What fails for one definition is in
    /// its report and does not stop the others.
    pub async fn install_crds(
        &self,
        dry_run: DryRun,
        mut on_retry: impl FnMut(Retry<'_>),
        mut report: impl FnMut(&str, &Installed),
    ) -> Result<Vec<(String, Installed)>, CrdError> {
        let found = self.server_version(&mut on_retry).await?;
        if found < OLDEST_SERVER {
            return Err(CrdError::ServerTooOld { found });
        }
        let mut outcomes = Vec::new();
        for crd in api::crds::all() {
            let name = crd.metadata.name.clone().unwrap_or_default();
            let outcome = self.install_crd(&name, &crd, dry_run, &mut on_retry).await.unwrap_or_else(Installed::Failed);
            report(&name, &outcome);
            outcomes.push((name, outcome));
        }
        Ok(outcomes)
    }

    async fn install_crd(
        &self,
        name: &str,
        wanted: &CustomResourceDefinition,
        dry_run: DryRun,
        on_retry: &mut impl FnMut(Retry<'_>),
    ) -> Result<Installed, CallError> {
        let found = match self.crd(name, on_retry).await? {
            Some(found) => found,
            None => match self.create(name, wanted, dry_run).await {
                Ok(()) if dry_run == DryRun::Server => return Ok(Installed::Created),
                Ok(()) => return self.until_served(name, on_retry).await,
                // Somebody was faster, or the answer was lost after it was done: what is there now decides.
                Err(error) if is_settled_by_reading(&error.cause) => match self.crd(name, on_retry).await? {
                    Some(found) => found,
                    None => return Err(error),
                },
                Err(error) => return Err(error),
            },
        };
        self.with_existing(name, wanted, found, dry_run, on_retry).await
    }

    /// What to do about a definition that is there.
    async fn with_existing(
        &self,
        name: &str,
        wanted: &CustomResourceDefinition,
        found: Value,
        dry_run: DryRun,
        on_retry: &mut impl FnMut(Retry<'_>),
    ) -> Result<Installed, CallError> {
        if found["metadata"]["deletionTimestamp"].is_string() {
            return Ok(Installed::Terminating);
        }
        let typed: CustomResourceDefinition =
            serde_json::from_value(found.clone()).map_err(|error| nonsense(name, &error))?;
        if wanted.spec.group == KUBEOVN_GROUP {
            return Ok(Installed::Kept { lacks: lacks(&typed, wanted) });
        }
        let mut newer = lacks(wanted, &typed);
        newer.retain(|lack| matches!(lack, Lack::Version(_) | Lack::Field(_)));
        if !newer.is_empty() {
            return Ok(Installed::Newer { lacks: newer });
        }
        let wanted = value(wanted);
        if says_the_same(&found["spec"], &wanted["spec"]) {
            return Ok(Installed::Unchanged);
        }
        self.update(name, found, wanted, dry_run).await?;
        match dry_run {
            DryRun::Server => Ok(Installed::Updated),
            DryRun::Off => Ok(match self.until_served(name, on_retry).await? {
                Installed::Created => Installed::Updated,
                other => other,
            }),
        }
    }

    /// The definition of a name, if there is one.
    pub(super) async fn crd(
        &self,
        name: &str,
        on_retry: &mut impl FnMut(Retry<'_>),
    ) -> Result<Option<Value>, CallError> {
        match self.read(&format!("read the CRD {name}"), &format!("{PATH}/{name}"), on_retry).await {
            Ok(body) => serde_json::from_slice(&body).map(Some).map_err(|error| nonsense(name, &error)),
            Err(error) if error.cause.code() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn create(&self, name: &str, wanted: &CustomResourceDefinition, dry_run: DryRun) -> Result<(), CallError> {
        let path = format!("{PATH}{}", dry_run.query());
        let body = value(wanted).to_string().into_bytes();
        self.write(&format!("create the CRD {name}"), Method::POST, &path, body).await.map(drop)
    }

    /// Replaces what we own of the definition; its resourceVersion makes that fail if it changed meanwhile.
    async fn update(&self, name: &str, mut found: Value, wanted: Value, dry_run: DryRun) -> Result<(), CallError> {
        found["spec"]["names"] = wanted["spec"]["names"].clone();
        found["spec"]["versions"] = wanted["spec"]["versions"].clone();
        let path = format!("{PATH}/{name}{}", dry_run.query());
        let body = found.to_string().into_bytes();
        self.write(&format!("update the CRD {name}"), Method::PUT, &path, body).await.map(drop)
    }

    /// Waits until a definition that was just written is served.
    async fn until_served(&self, name: &str, on_retry: &mut impl FnMut(Retry<'_>)) -> Result<Installed, CallError> {
        let mut why = "it does not say why".to_owned();
        let mut pause = self.patience().pause / QUICKER;
        for _ in 0..LOOKS {
            let found = self.crd(name, on_retry).await?.unwrap_or_default();
            if condition(&found, "Established").is_some_and(|(status, _)| status == "True") {
                return Ok(Installed::Created);
            }
            if let Some((status, message)) = condition(&found, "NamesAccepted")
                && status == "False"
            {
                return Ok(Installed::NotServed { why: message.to_owned() });
            }
            if let Some((_, message)) = condition(&found, "Established").filter(|(_, message)| !message.is_empty()) {
                message.clone_into(&mut why);
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(self.patience().longest_pause);
        }
        Ok(Installed::NotServed { why })
    }
}

/// Whether the outcome of a create is to be seen by reading.
fn is_settled_by_reading(cause: &Cause) -> bool {
    match cause {
        Cause::Deadline(_) | Cause::Unreachable(_) => true,
        Cause::Refused(refusal) => refusal.code == 409,
        Cause::Credentials(_) | Cause::Nonsense(_) => false,
    }
}

/// Status and message of a condition.
fn condition<'a>(crd: &'a Value, kind: &str) -> Option<(&'a str, &'a str)> {
    let conditions = crd["status"]["conditions"].as_array()?;
    let condition = conditions.iter().find(|condition| condition["type"] == kind)?;
    Some((condition["status"].as_str()?, condition["message"].as_str().unwrap_or_default()))
}

/// Whether what we want of a definition is what is there: what the server adds (`conversion`) aside.
fn says_the_same(found: &Value, wanted: &Value) -> bool {
    found["names"] == wanted["names"] && found["versions"] == wanted["versions"]
}

fn value(crd: &CustomResourceDefinition) -> Value {
    serde_json::to_value(crd).expect("a CRD is plain maps, lists and scalars")
}

fn nonsense(name: &str, error: &serde_json::Error) -> CallError {
    CallError { doing: format!("read the CRD {name}"), attempts: 1, cause: Cause::Nonsense(error.to_string()) }
}
