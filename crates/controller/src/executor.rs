//! Making the calls that the engine asks for.
//!
//! In: [`Command`]s. Out: their outcomes, as inputs. Guarantees: it makes no choices; at most so many calls at a time; a
//! write is sent once, and one that may have been applied is never sent again; 429 is obeyed, since such a write was not
//! applied; a read is repeated until there is an answer; calls about an object that had no answer are made later and later; no write
//! begins once the Lease is lost.

use crate::decision;
use crate::metrics::Metrics;
use crate::pace::{Backoff, Pace};
use cluster::Cluster;
use engine::manage::{Call, Command, Input, Outcome, Verb};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// What one waits for after 429 where the server does not say (`Retry-After`).
const BUSY: Duration = Duration::from_secs(1);

/// What came of one attempt at a command.
enum Attempt {
    /// This is its outcome; none where it is none for the engine.
    Done(Option<Outcome>),
    /// It is to be made again: after this time, or as the attempts before it say.
    Again(Option<Duration>),
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

    /// A command that waits for its turn is small, since its call is made and sent in an allocation of its own: a start may ask for one
    /// command for each of a hundred thousand pods.
    async fn carry_out(&self, command: &Command) -> Option<Outcome> {
        // Mostly no object waits, and no path is made to find that out.
        let waits = !self.pace().is_empty();
        let due = waits.then(|| self.pace().due(&command.action.call().path)).flatten();
        if let Some(due) = due {
            tokio::time::sleep_until(due).await;
        }
        let mut backoff = Backoff::default();
        loop {
            let permit = self.permits.acquire().await;
            let attempt = Box::pin(self.attempt(command)).await;
            drop(permit);
            match attempt {
                Attempt::Done(outcome) => return outcome,
                Attempt::Again(after) => tokio::time::sleep(after.unwrap_or_else(|| backoff.next())).await,
            }
        }
    }

    /// Makes the call once. A write is not sent any more once the Lease is lost.
    async fn attempt(&self, command: &Command) -> Attempt {
        let call = command.action.call();
        let reads = call.verb == Verb::Get;
        if self.dry_run && !reads {
            decision::would(&command.action, &call);
            return Attempt::Done(None);
        }
        if !reads && !*self.leads.borrow() {
            // Whoever leads next reads what became of it.
            return Attempt::Done(Some(Outcome::Unknown));
        }
        match self.cluster.call(call.clone()).await {
            Ok(answer) if answer.code == 429 => {
                Attempt::Again(Some(answer.retry_after.map_or(BUSY, Duration::from_secs)))
            }
            Ok(answer) if answer.code < 500 || !reads => {
                self.done(command, &call, command.action.outcome(answer.code, &answer.body))
            }
            Err(cause) if !reads => {
                tracing::debug!(path = call.path, reason = %cause, "no answer to a write");
                self.done(command, &call, Outcome::Unknown)
            }
            Ok(_) | Err(_) => Attempt::Again(None),
        }
    }

    /// Takes note of an outcome.
    fn done(&self, command: &Command, call: &Call, outcome: Outcome) -> Attempt {
        match outcome {
            Outcome::Unknown => self.pace().failed(&call.path, Instant::now()),
            _ => self.pace().answered(&call.path),
        }
        self.metrics.called(call, &outcome);
        decision::log(&command.action, call, &outcome);
        Attempt::Done(Some(outcome))
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        // Each change of it is one call: a panic in between leaves nothing half done.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
