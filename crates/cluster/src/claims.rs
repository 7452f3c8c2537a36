//! Claims on a live cluster: reading them, and an operator's word about one.
//!
//! In: a connection. Out: claims; a claim on which somebody has said that its pod or its gateway does not use the address any
//! more. Guarantees: the word is written with the claim's UID and version, and is taken back by nothing; a pod that lives is
//! never said to have let go; the label that admission policies ask of a hand does not stay on the claim.

use crate::call::{Answer, CallError, Cause, Cluster};
use crate::reread::ObjectName;
use crate::watch::Collection;
use api::slim::{AddressClaim, ClaimOccupant, Kind, Object, Time, Uid, read, read_claim};
use engine::manage::{Call, Verb};
use engine::record::is_finished;
use serde_json::json;
use std::sync::Arc;

/// The label by which a hand says that it means what it does to a claim.
const BREAK_GLASS: &str = "ipledger.dev/break-glass";

/// A pod of a UID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPod {
    /// `namespace/name`.
    pub name: String,
    /// Whether it runs nothing any more.
    pub ended: bool,
}

/// What became of an operator's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// It is written: the controller does the rest.
    Given,
    /// The claim has changed meanwhile, or is gone.
    Changed,
}

impl Cluster {
    /// All claims.
    ///
    /// # Errors
    /// [`CallError`]: they cannot be listed.
    pub async fn claims(&self) -> Result<Vec<AddressClaim>, CallError> {
        let (objects, _) = self.list_collection(&Collection::of(Kind::AddressClaim)).await?;
        Ok(objects.iter().filter_map(|json| read_claim(json)).collect())
    }

    /// The claim of a name; none where there is none.
    ///
    /// # Errors
    /// [`CallError`]: nobody knows.
    pub async fn claim(&self, name: &str) -> Result<Option<AddressClaim>, CallError> {
        match self.one(&ObjectName::new(Kind::AddressClaim, "", name)).await? {
            Some(Object::AddressClaim(claim)) => Ok(Some(Arc::unwrap_or_clone(claim))),
            _ => Ok(None),
        }
    }

    /// The pod that a claim says uses its address, by a fresh read: of that name, where the claim says one, else of all pods.
    ///
    /// # Errors
    /// [`CallError`]: pods cannot be read.
    pub async fn pod_of(&self, user: &ClaimOccupant) -> Result<Option<FoundPod>, CallError> {
        let pod = match user.name.as_str() {
            "" => {
                let (pods, _) = self.list_collection(&Collection::of(Kind::Pod)).await?;
                let pods = pods.iter().filter_map(|json| Some(read(Kind::Pod, json).ok()?.object));
                pods.into_iter().find(|pod| pod.meta().uid == user.pod_uid)
            }
            name => self.one(&ObjectName::new(Kind::Pod, &user.namespace, name)).await?,
        };
        Ok(pod.and_then(|pod| match pod {
            Object::Pod(pod) if pod.meta.uid == user.pod_uid => {
                Some(FoundPod { name: format!("{}/{}", pod.meta.namespace, pod.meta.name), ended: is_finished(&pod) })
            }
            _ => None,
        }))
    }

    /// An operator says that neither these pods of a claim nor its gateway use its address any more.
    ///
    /// # Errors
    /// [`CallError`]: the server refuses, or does not answer.
    pub async fn give_word(&self, claim: &AddressClaim, gone: &[Uid], now: Time) -> Result<Word, CallError> {
        let mut status = json!({"programmed": null});
        for pod in gone {
            let word = json!({"podUID": pod.to_string(), "at": now.to_string()});
            if claim.status.occupant.pod_uid == *pod {
                status["letGo"] = word;
            } else if claim.status.target.occupant.pod_uid == *pod {
                status["target"] = json!({"letGo": word});
            }
        }
        if claim.status.quarantine.until.get().is_some() {
            status["quarantine"] = json!({"until": now.to_string()});
        }
        let body = json!({
            // What admission policies ask of a hand.
            "metadata": {"uid": claim.meta.uid.to_string(), "resourceVersion": claim.meta.resource_version.as_str(),
                "labels": {BREAK_GLASS: "true"}},
            "status": status,
        });
        let path = format!("/apis/ipledger.dev/v1alpha1/addressclaims/{}", claim.meta.name);
        let doing = format!("give word on claim {}", claim.meta.name);
        let call = Call { verb: Verb::MergePatch, path: path.clone(), body: Some(body) };
        if let Answer { code: 404 | 409, .. } = self.do_once(&doing, call).await? {
            return Ok(Word::Changed);
        }
        // A claim that is kept is not open to every hand from now on. One that is gone, as most are by now, needs nothing.
        let uid = claim.meta.uid.to_string();
        let body = json!({"metadata": {"uid": uid, "labels": {BREAK_GLASS: null}}});
        let doing = format!("take the label {BREAK_GLASS} off claim {}", claim.meta.name);
        self.do_once(&doing, Call { verb: Verb::MergePatch, path, body: Some(body) }).await?;
        Ok(Word::Given)
    }

    /// Makes a call once; what the server refuses, but for 404 and 409, is an error.
    ///
    /// # Errors
    /// [`CallError`]: the server refuses, or does not answer.
    pub async fn do_once(&self, doing: &str, call: Call) -> Result<Answer, CallError> {
        let error = |cause| CallError { doing: doing.to_owned(), attempts: 1, cause };
        let answer = self.call(call).await.map_err(error)?;
        match answer.code {
            404 | 409 => Ok(answer),
            code if code >= 300 => Err(error(Cause::of_answer(&answer))),
            _ => Ok(answer),
        }
    }
}
