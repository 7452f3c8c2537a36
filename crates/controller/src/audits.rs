//! A look at the whole cluster now and then: what does not add up, told and counted.
//!
//! In: a cluster, how often, and whether this process works. Out: findings by code among the metrics, and a line of the log for each one
//! that was not there the time before. Guarantees: it reads, and writes nothing; the engine knows nothing of it and does not wait
//! for it; what a second look did not confirm is not counted; whoever stands by says nothing about the cluster.

use crate::metrics::Metrics;
use api::slim::Time;
use cluster::Cluster;
use engine::finding::{Finding, Severity};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

/// Findings that one audit tells in the log: a cluster with more of them needs `ipledger audit`, not a longer log.
const MOST_TOLD: usize = 50;

/// What is audited, and how.
pub(crate) struct Audits {
    pub(crate) cluster: Cluster,
    /// Between the end of one and the begin of the next.
    pub(crate) every: Duration,
    /// Seconds for which an object may be in flight.
    pub(crate) grace: i64,
    pub(crate) metrics: Arc<Metrics>,
}

/// One audit.
pub(crate) struct Audited {
    /// Those that were confirmed.
    pub(crate) findings: Vec<Finding>,
    /// Kinds that could not be listed in full, and why.
    pub(crate) unread: Vec<String>,
    /// When it was read.
    pub(crate) time: Time,
}

impl Audits {
    /// Audits while this process works, until it is dropped.
    pub(crate) async fn run(self, mut leads: watch::Receiver<bool>) {
        let mut known = BTreeSet::new();
        while leads.wait_for(|leads| *leads).await.is_ok() {
            if let Some(audited) = self.audit().await {
                self.metrics.audited(&audited);
                tell(&audited, &mut known);
            }
            tokio::select! {
                () = tokio::time::sleep(self.every) => {}
                Ok(_) = leads.wait_for(|leads| !leads) => self.metrics.forget_audit(),
            }
        }
    }

    /// One audit; none where the cluster cannot be read. Judging takes seconds where there is much to judge: it has a thread of its own.
    async fn audit(&self) -> Option<Audited> {
        // Dropped with this future: the thread ends then, and nobody waits for it.
        let (_going, stopped) = oneshot::channel::<()>();
        let (here, cluster, grace) = (Handle::current(), self.cluster.clone(), self.grace);
        let look = move || {
            here.block_on(async {
                tokio::select! {
                    audited = look(&cluster, grace) => audited,
                    _ = stopped => None,
                }
            })
        };
        tokio::task::spawn_blocking(look).await.ok()?
    }
}

async fn look(cluster: &Cluster, grace: i64) -> Option<Audited> {
    let now = || Time(jiff::Timestamp::now().as_second());
    let mut live = cluster::read(cluster, &mut |_| {}, now).await;
    let unread = live.stopped().map(|(kind, why)| format!("{}: {why}", kind.plural())).collect();
    if let Some(why) = live.why_nothing() {
        tracing::warn!(why, "the cluster cannot be audited: tried again when the next audit is due");
        return None;
    }
    let confirmed = cluster::confirm(cluster, &mut live, grace, &mut |_, _| {}).await;
    let findings = confirmed.report.findings.into_iter().filter(|finding| finding.counts_for(Severity::Info)).collect();
    Some(Audited { findings, unread, time: live.time.unwrap_or_else(now) })
}

/// Logs what was not there the time before, and how much there is.
fn tell(audited: &Audited, known: &mut BTreeSet<String>) {
    let counts = |finding: &&Finding| finding.counts_for(Severity::Warning);
    let found: Vec<&Finding> = audited.findings.iter().filter(counts).collect();
    let new: Vec<&&Finding> = found.iter().filter(|finding| !known.contains(finding.id.as_str())).collect();
    for finding in new.iter().take(MOST_TOLD) {
        tracing::warn!(
            code = finding.code.name(),
            subnet = finding.subnet.as_deref(),
            addresses = finding.addresses.join(" "),
            fix = finding.fix,
            "found: {}",
            finding.message
        );
    }
    let (untold, unread) = (new.len().saturating_sub(MOST_TOLD), audited.unread.join("; "));
    tracing::info!(
        findings = found.len(),
        new = new.len(),
        untold,
        unread,
        "audited: `ipledger audit` shows all that was found"
    );
    *known = found.into_iter().map(|finding| finding.id.as_str().to_owned()).collect();
}
