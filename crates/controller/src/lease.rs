//! The Lease: of several controllers one works, and the others stand by.
//!
//! In: a name. Out: whether this process holds it, for ever. Guarantees: none for correctness: two controllers
//! at once do no harm, and the Lease only saves their work. A holder that does not renew is followed after the duration
//! that it stated itself, by this process' own clock; one that ends properly gives it up at once.

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

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    cluster: Cluster,
    namespace: String,
    name: String,
    identity: String,
    /// What was last seen of another holder, and when that was.
    seen: Option<(Value, Instant)>,
}

impl Lease {
    pub(crate) fn new(cluster: Cluster, namespace: &str, name: &str, identity: String) -> Self {
        Self { cluster, namespace: namespace.to_owned(), name: name.to_owned(), identity, seen: None }
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
        let Some(mut lease) = self.read().await else { return };
        if lease["spec"]["holderIdentity"] == self.identity.as_str() {
            lease["spec"]["holderIdentity"] = json!("");
            lease["spec"]["leaseDurationSeconds"] = json!(1);
            self.write(Verb::Replace, lease).await;
        }
    }

    /// Takes or renews it, if it can be had; whether this process holds it.
    async fn attempt(&mut self) -> bool {
        let lease = match self.read().await {
            Some(lease) => lease,
            None => {
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

    async fn read(&self) -> Option<Value> {
        let call = Call { verb: Verb::Get, path: self.path(true), body: None };
        let answer = self.cluster.call(call).await.ok()?;
        (answer.code == 200).then(|| serde_json::from_slice(&answer.body).ok())?
    }

    async fn write(&self, verb: Verb, body: Value) -> bool {
        let call = Call { verb, path: self.path(verb != Verb::Create), body: Some(body) };
        match self.cluster.call(call).await {
            Ok(answer) if answer.code < 300 => true,
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
