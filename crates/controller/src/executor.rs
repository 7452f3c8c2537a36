//! Making the calls that the engine asks for.
//!
//! In: [`Command`]s. Out: their outcomes, as inputs. Guarantees: it makes no choices; at most so many calls at a time; a
//! write is sent once, and one that may have been applied is never sent again; 429 is obeyed, since such a write was not
//! applied; a read is repeated until there is an answer; calls about an object that had no answer are made later and later; no write
//! begins once the Lease is lost.

use crate::decision;
use crate::metrics::Metrics;
use crate::pace::{Backoff, Pace};
use cluster::{Answer, Cluster};
use engine::manage::{Call, Command, Input, Outcome, Verb};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// What one waits for after 429 where the server does not say (`Retry-After`).
const BUSY: Duration = Duration::from_secs(1);

/// What came of a call.
enum Reply {
    /// This answer.
    Is(Answer),
    /// It was sent, and there is no answer.
    None,
    /// It was not sent: this process does not hold the Lease any more.
    NotAsked,
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Executor {
    cluster: Cluster,
    outcomes: Sender<Input>,
    /// Whether this process holds the Lease.
    leads: watch::Receiver<bool>,
    permits: Arc<Semaphore>,
    pace: Arc<Mutex<Pace>>,
    metrics: Arc<Metrics>,
    dry_run: bool,
}

impl Executor {
    pub(crate) fn new(
        cluster: Cluster,
        (outcomes, leads): (Sender<Input>, watch::Receiver<bool>),
        parallel: usize,
        metrics: Arc<Metrics>,
        dry_run: bool,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(parallel.max(1)));
        Self { cluster, outcomes, leads, permits, pace: Arc::default(), metrics, dry_run }
    }

    /// Carries a command out, without waiting for it.
    pub(crate) fn start(&self, command: Command) {
        let executor = self.clone();
        tokio::spawn(async move {
            if let Some(outcome) = executor.carry_out(&command).await {
                // Nobody takes it when the controller ends: the next one reads what became of it.
                let _ = executor.outcomes.send(Input::Done(command.id, outcome)).await;
            }
        });
    }

    async fn carry_out(&self, command: &Command) -> Option<Outcome> {
        let call = command.action.call();
        if self.dry_run && call.verb != Verb::Get {
            tracing::info!(verb = decision::verb(call.verb), path = call.path, "dry run: would call");
            return None;
        }
        let due = self.pace().due(&call.path);
        if let Some(due) = due {
            tokio::time::sleep_until(due).await;
        }
        let outcome = match self.answer(&call).await {
            Reply::Is(answer) => command.action.outcome(answer.code, &answer.body),
            Reply::None => Outcome::Unknown,
            // Whoever leads next reads what became of it.
            Reply::NotAsked => return Some(Outcome::Unknown),
        };
        match outcome {
            Outcome::Unknown => self.pace().failed(&call.path, Instant::now()),
            _ => self.pace().answered(&call.path),
        }
        self.metrics.called(&call, &outcome);
        decision::log(&command.action, &call, &outcome);
        Some(outcome)
    }

    /// The answer to a call. A write is not sent any more once the Lease is lost.
    async fn answer(&self, call: &Call) -> Reply {
        let mut backoff = Backoff::default();
        loop {
            let permit = self.permits.acquire().await;
            if call.verb != Verb::Get && !*self.leads.borrow() {
                return Reply::NotAsked;
            }
            let answer = self.cluster.call(call.clone()).await;
            drop(permit);
            match answer {
                Ok(answer) if answer.code == 429 => {
                    tokio::time::sleep(answer.retry_after.map_or(BUSY, Duration::from_secs)).await;
                }
                Ok(answer) if answer.code < 500 || call.verb != Verb::Get => return Reply::Is(answer),
                Err(cause) if call.verb != Verb::Get => {
                    tracing::debug!(path = call.path, reason = %cause, "no answer to a write");
                    return Reply::None;
                }
                Ok(_) | Err(_) => tokio::time::sleep(backoff.next()).await,
            }
        }
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        // Each change of it is one call: a panic in between leaves nothing half done.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
