//! The Lease: of several controllers one works, and the others stand by.
//!
//! In: a name. Out: whether this process holds it, for ever. Guarantees: none for correctness: two controllers
//! at once do no harm, and the Lease only saves their work. A holder that does not renew is followed after the duration
//! that it stated itself, by this process' own clock; one that ends properly gives it up at once. And it is a witness: it is read
//! every two seconds, and where it is older than this process knew it, or gone, the storage was put back to an earlier time. Watches
//! do not show that once the server has written as much as was undone.

use crate::reflector::PutBack;
use cluster::Cluster;
use engine::manage::{Call, Verb};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// client-go's defaults (`leaderelection`): others take over after this.
const DURATION: Duration = Duration::from_secs(15);
/// The holder stops if it could not renew for so long.
const DEADLINE: Duration = Duration::from_secs(10);
/// Between two attempts.
const PERIOD: Duration = Duration::from_secs(2);

/// The server did not say what there is.
struct Unanswered;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    cluster: Cluster,
    namespace: String,
    name: String,
    identity: String,
    /// What was last seen of another holder, and when that was.
    seen: Option<(Value, Instant)>,
    /// Its life and version, as they were read or written last.
    known: Option<(String, u64)>,
    /// Told when it is older than that.
    put_back: PutBack,
}

impl Lease {
    pub(crate) fn new(cluster: Cluster, (namespace, name): (&str, &str), identity: String, put_back: PutBack) -> Self {
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        Self { cluster, namespace, name, identity, seen: None, known: None, put_back }
    }

    /// Takes it whenever it can be had, and keeps it for as long as possible; says which of the two is so.
    pub(crate) async fn hold(mut self, holds: watch::Sender<bool>) {
        loop {
            self.acquire().await;
            holds.send_replace(true);
            self.keep().await;
            holds.send_replace(false);
        }
    }

    /// Waits until this process holds it.
    async fn acquire(&mut self) {
        let mut told = false;
        while !self.attempt().await {
            if !told {
                let holder = self.seen.as_ref().and_then(|(spec, _)| spec["holderIdentity"].as_str());
                tracing::info!(lease = self.name, holder, "another controller works: standing by");
                told = true;
            }
            tokio::time::sleep(PERIOD).await;
        }
        tracing::info!(lease = self.name, identity = self.identity, "this controller works now");
    }

    /// Renews it until it is lost.
    async fn keep(&mut self) {
        let mut renewed = Instant::now();
        while renewed.elapsed() < DEADLINE {
            tokio::time::sleep(PERIOD).await;
            let begun = Instant::now();
            let left = DEADLINE.saturating_sub(renewed.elapsed());
            if tokio::time::timeout(left, self.attempt()).await.unwrap_or(false) {
                renewed = begun;
            } else if self.seen.is_some() {
                break;
            }
        }
        tracing::error!(lease = self.name, "the Lease is lost: this controller stands by");
    }

    /// Gives it up, so that another one begins at once.
    pub(crate) async fn release(&mut self) {
        let Ok(Some(mut lease)) = self.read().await else { return };
        if lease["spec"]["holderIdentity"] == self.identity.as_str() {
            lease["spec"]["holderIdentity"] = json!("");
            lease["spec"]["leaseDurationSeconds"] = json!(1);
            self.write(Verb::Replace, lease).await;
        }
    }

    /// Takes or renews it, if it can be had; whether this process holds it.
    async fn attempt(&mut self) -> bool {
        let lease = match self.read().await {
            Err(Unanswered) => return false,
            Ok(Some(lease)) => lease,
            Ok(None) => {
                let fresh = json!({
                    "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                    "metadata": {"name": self.name, "namespace": self.namespace},
                    "spec": self.spec(&Value::Null),
                });
                return self.write(Verb::Create, fresh).await;
            }
        };
        let spec = &lease["spec"];
        let holder = spec["holderIdentity"].as_str().unwrap_or_default();
        if holder != self.identity && !holder.is_empty() && !self.has_expired(spec) {
            return false;
        }
        self.seen = None;
        let mut next = lease.clone();
        next["spec"] = self.spec(spec);
        self.write(Verb::Replace, next).await
    }

    /// Whether another holder has not renewed for as long as it said, by our clock.
    fn has_expired(&mut self, spec: &Value) -> bool {
        let stated = spec["leaseDurationSeconds"].as_u64().map_or(DURATION, Duration::from_secs);
        match &self.seen {
            Some((seen, since)) if seen == spec => since.elapsed() >= stated,
            _ => {
                self.seen = Some((spec.clone(), Instant::now()));
                false
            }
        }
    }

    fn spec(&self, before: &Value) -> Value {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
        let ours = before["holderIdentity"] == self.identity.as_str();
        let transitions = before["leaseTransitions"].as_u64().unwrap_or(0) + u64::from(!ours && !before.is_null());
        json!({
            "holderIdentity": self.identity,
            "leaseDurationSeconds": DURATION.as_secs(),
            "acquireTime": if ours { before["acquireTime"].clone() } else { json!(now) },
            "renewTime": now,
            "leaseTransitions": transitions,
        })
    }

    /// What there is; none where it is not there.
    async fn read(&mut self) -> Result<Option<Value>, Unanswered> {
        let call = Call { verb: Verb::Get, path: self.path(true), body: None };
        let lease = match self.cluster.call(call).await {
            Ok(answer) if answer.code == 200 => Some(serde_json::from_slice(&answer.body).map_err(|_| Unanswered)?),
            Ok(answer) if answer.code == 404 => None,
            Ok(answer) => {
                let said = String::from_utf8_lossy(&answer.body).into_owned();
                tracing::error!(lease = self.name, code = answer.code, said, "the Lease cannot be read");
                return Err(Unanswered);
            }
            Err(cause) => {
                tracing::warn!(lease = self.name, reason = %cause, "the Lease cannot be read");
                return Err(Unanswered);
            }
        };
        self.bear_witness(lease.as_ref());
        Ok(lease)
    }

    /// Says so where the storage shows a time before the one that is known. Reads of one object are never stale (they ask the
    /// storage), so that an older version proves it; who deletes the Lease by hand has everything listed anew, which does no harm.
    fn bear_witness(&mut self, lease: Option<&Value>) {
        let now = lease.and_then(version);
        let is_past = self.known.as_ref().is_some_and(|known| is_before(known, now.as_ref()));
        if is_past {
            tracing::warn!(
                lease = self.name,
                "the Lease is older than it was known, or gone: the storage was put back to an earlier time"
            );
            self.put_back.notify_one();
        }
        self.known = now;
    }

    async fn write(&mut self, verb: Verb, body: Value) -> bool {
        let call = Call { verb, path: self.path(verb != Verb::Create), body: Some(body) };
        match self.cluster.call(call).await {
            Ok(answer) if answer.code < 300 => {
                self.known = serde_json::from_slice(&answer.body).ok().as_ref().and_then(version);
                true
            }
            Ok(answer) => {
                // A conflict is another controller that was faster.
                if answer.code != 409 {
                    let said = String::from_utf8_lossy(&answer.body).into_owned();
                    tracing::error!(lease = self.name, code = answer.code, said, "the Lease cannot be written");
                }
                false
            }
            Err(cause) => {
                tracing::warn!(lease = self.name, reason = %cause, "the Lease cannot be written");
                false
            }
        }
    }

    fn path(&self, with_name: bool) -> String {
        let path = format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", self.namespace);
        if with_name { format!("{path}/{}", self.name) } else { path }
    }
}

/// The life and the version of an object.
fn version(object: &Value) -> Option<(String, u64)> {
    let meta = object.get("metadata")?;
    Some((meta.get("uid")?.as_str()?.to_owned(), meta.get("resourceVersion")?.as_str()?.parse().ok()?))
}

/// Whether an object that is so now was known from a later time: another life of it counts as that.
fn is_before(known: &(String, u64), now: Option<&(String, u64)>) -> bool {
    now.is_none_or(|(uid, version)| *uid != known.0 || *version < known.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_version_another_life_or_none_is_of_a_time_before() {
        let at = |uid: &str, version: u64| (uid.to_owned(), version);
        let known = at("a", 7);
        assert!(!is_before(&known, Some(&at("a", 7))) && !is_before(&known, Some(&at("a", 8))));
        assert!(
            is_before(&known, Some(&at("a", 6))) && is_before(&known, Some(&at("b", 9))) && is_before(&known, None)
        );
    }
}
