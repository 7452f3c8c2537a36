//! The loop: inputs in, one step each, commands out.
//!
//! In: a connection, [`Config`], a future that ends when the process is asked to stop. Out: nothing, until it stops.
//! Guarantees: the engine is stepped by one task, in the order in which things became known; a step is made when time
//! alone makes one due; at the end nothing new begins, and commands on their way have some seconds to come back; after the
//! storage was put back everything that was known is forgotten, and listed anew.

use crate::audits::Audits;
use crate::config::Config;
use crate::decision::ToldLeft;
use crate::executor::Executor;
use crate::http::{self, Status};
use crate::lease::Lease;
use crate::metrics::Metrics;
use crate::reflector::{PutBack, Reflector};
use crate::source::Source;
use api::slim::Time;
use cluster::crds::{OLDEST_SERVER, ServerVersion, VersionError};
use cluster::{Cluster, Retry};
use engine::manage::{Engine, Input};
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Inputs that may wait: enough that a page of a list does not stop its reader, few enough to be no memory to speak of.
const QUEUE: usize = 4096;
/// Metrics of claims and Subnets are at most so old: seldom enough to cost nothing, fresh enough for any scraper.
const CENSUS: Duration = Duration::from_secs(5);
/// Seconds until a step is made although nothing is due. Any number would do.
const IDLE: i64 = 3600;
/// How long commands on their way may take at the end: shorter than a pod's grace period of 30 seconds, longer than any
/// call but one to a server that is gone.
const DRAIN: Duration = Duration::from_secs(10);

/// Why it does not begin.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The address for health and metrics is taken.
    #[error("cannot listen on {address} for health and metrics")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The server is too old for AddressClaim's rules.
    #[error(
        "the server is Kubernetes {found}: the controller needs {OLDEST_SERVER} or later, where the API server runs the rules that \
         make a claim unique. Nothing was written"
    )]
    ServerTooOld {
        /// Its version.
        found: ServerVersion,
    },
}

/// Manages addresses until it is asked to stop: while it holds the Lease it works, and else it stands by.
///
/// # Errors
/// [`RunError`]: the address for health and metrics is taken, or the server is too old.
pub async fn run(cluster: Cluster, config: Config, stop: impl Future<Output = ()>) -> Result<(), RunError> {
    let mut stop = pin!(stop);
    let (metrics, status) = (Arc::new(Metrics::new()), Arc::new(Status::default()));
    if let Some(address) = config.listen {
        let listener = TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, source })?;
        tokio::spawn(http::serve(listener, Arc::clone(&status), Arc::clone(&metrics)));
    }
    tokio::select! {
        is_new = new_enough(&cluster) => is_new?,
        () = &mut stop => return Ok(()),
    }
    let witness = PutBack::default();
    let lease = (!config.lease.is_empty() && !config.dry_run)
        .then(|| Lease::new(cluster.clone(), (&config.namespace, &config.lease), identity(), PutBack::clone(&witness)));
    let (holds, held) = watch::channel(lease.is_none());
    let mut holder = JoinSet::new();
    if let Some(every) = u64::try_from(config.audit_every).ok().filter(|&every| every > 0) {
        let (cluster, every, metrics) = (cluster.clone(), Duration::from_secs(every), Arc::clone(&metrics));
        holder.spawn(Audits { cluster, every, grace: config.grace, metrics }.run(held.clone()));
    }
    // Whoever has none works, and never hears otherwise.
    let _always = match lease.clone() {
        Some(lease) => {
            holder.spawn(lease.hold(holds));
            None
        }
        None => Some(holds),
    };
    loop {
        let put_back = (PutBack::default(), PutBack::clone(&witness));
        let manager = Manager::start(cluster.clone(), &config, held.clone(), put_back, (&metrics, &status));
        match manager.turn(&mut stop).await {
            ControlFlow::Continue(PastReturned) => status.ready.store(false, Ordering::Relaxed),
            ControlFlow::Break(()) => break,
        }
    }
    holder.shutdown().await;
    if let Some(mut lease) = lease {
        lease.release().await;
    }
    Ok(())
}

/// Without the rules that the server runs for AddressClaim, one address may have two claims. A server that does not say how old it is, or
/// does not answer yet, is not taken for an old one: `crds install` has asked it before.
async fn new_enough(cluster: &Cluster) -> Result<(), RunError> {
    let told = |retry: Retry<'_>| tracing::warn!(reason = %retry, "the server is asked for its version");
    match cluster.server_version(told).await {
        Ok(found) if found < OLDEST_SERVER => Err(RunError::ServerTooOld { found }),
        Ok(_) => Ok(()),
        Err(error) => {
            let reason = match error {
                VersionError::Call(error) => error.in_full(),
                error @ VersionError::NotAVersion { .. } => error.to_string(),
            };
            tracing::warn!(reason, "the server's version is not known: it must be {OLDEST_SERVER} or later");
            Ok(())
        }
    }
}

/// The storage was put back to an earlier time: all that is known may be wrong, and everything begins anew.
struct PastReturned;

/// What the loop needs.
struct Manager {
    engine: Engine,
    inputs: Receiver<Input>,
    /// They end with this.
    _reflectors: JoinSet<()>,
    /// Told by one of its reflectors, and by the Lease.
    put_back: (PutBack, PutBack),
    executor: Executor,
    /// Whether this process holds the Lease.
    leads: watch::Receiver<bool>,
    metrics: Arc<Metrics>,
    status: Arc<Status>,
    /// What is left to Kube-OVN, as was told.
    left: ToldLeft,
    /// When the next census is due; none: nothing has changed since the last one.
    census: Option<Instant>,
}

impl Manager {
    /// Begins to watch.
    fn start(
        cluster: Cluster,
        config: &Config,
        leads: watch::Receiver<bool>,
        put_back: (PutBack, PutBack),
        (metrics, status): (&Arc<Metrics>, &Arc<Status>),
    ) -> Self {
        let (sender, inputs) = channel(QUEUE);
        let mut reflectors = JoinSet::new();
        for source in Source::all(&config.namespace) {
            reflectors
                .spawn(Reflector::new(cluster.clone(), source, sender.clone(), PutBack::clone(&put_back.0)).run());
        }
        let (parallel, mut told) = (config.parallel_calls, leads.clone());
        let executor = Executor::new(cluster, (sender, leads), parallel, Arc::clone(metrics), config.dry_run);
        told.mark_changed();
        let (metrics, status) = (Arc::clone(metrics), Arc::clone(status));
        Self {
            engine: Engine::new(config.settings()),
            inputs,
            _reflectors: reflectors,
            put_back,
            executor,
            leads: told,
            metrics,
            status,
            left: ToldLeft::default(),
            census: None,
        }
    }

    /// Turns until it is asked to stop, or the past has returned.
    async fn turn(mut self, mut stop: impl Future<Output = ()> + Unpin) -> ControlFlow<(), PastReturned> {
        loop {
            let due = self.due();
            if self.engine.past_returned() {
                tracing::warn!("an answer is older than what was known: the storage was put back to an earlier time");
                self.drain().await;
                return ControlFlow::Continue(PastReturned);
            }
            tokio::select! {
                biased;
                () = &mut stop => {
                    self.drain().await;
                    return ControlFlow::Break(());
                }
                // Before anything else is taken in: who lost the Lease decides nothing more. The other end lives as long as this.
                Ok(()) = self.leads.changed() => self.lead(),
                () = either(&self.put_back) => {
                    // What is on its way was decided in another time: its preconditions hold it to that, and it ends first.
                    self.drain().await;
                    return ControlFlow::Continue(PastReturned);
                }
                input = self.inputs.recv() => match input {
                    Some(input) => self.step(input),
                    // The executor holds a sender: this does not happen while the loop runs.
                    None => return ControlFlow::Break(()),
                },
                () = tokio::time::sleep_until(due) => self.step(Input::Tick),
                () = tokio::time::sleep_until(self.census.unwrap_or(due)), if self.census.is_some() => {
                    self.census = None;
                    let census = self.engine.census();
                    self.metrics.count(&census);
                    self.left.tell(census.left);
                }
            }
        }
    }

    /// The Lease was got, or lost: the engine decides from now on, or only observes.
    fn lead(&mut self) {
        let leads = *self.leads.borrow_and_update();
        self.metrics.leader.set(i64::from(leads));
        self.engine.lead(leads);
        self.step(Input::Tick);
    }

    fn step(&mut self, input: Input) {
        let begun = Instant::now();
        let commands = self.engine.step(input, now());
        self.metrics.stepped(begun.elapsed());
        self.census.get_or_insert(begun + CENSUS);
        self.metrics.queued.set(i64::try_from(self.inputs.len()).unwrap_or(i64::MAX));
        self.metrics.in_flight.set(i64::try_from(self.engine.in_flight()).unwrap_or(i64::MAX));
        let ready = self.engine.is_ready();
        if ready && !self.status.ready.swap(ready, Ordering::Relaxed) {
            let does = if self.engine.leads() { "managing" } else { "standing by" };
            tracing::info!("every kind has been listed: {does}");
        }
        self.metrics.ready.set(i64::from(ready));
        commands.into_iter().for_each(|command| self.executor.start(command));
    }

    /// When a step is due even if nothing happens.
    fn due(&self) -> Instant {
        let wait = self.engine.next_due().map_or(IDLE, |due| due.since(now()).max(0));
        Instant::now() + Duration::from_secs(wait.unsigned_abs())
    }

    /// Waits for commands on their way. What the engine would do next is left to the next controller.
    async fn drain(&mut self) {
        let until = Instant::now() + DRAIN;
        tracing::info!(in_flight = self.engine.in_flight(), "nothing new begins: waiting for calls on their way");
        while self.engine.in_flight() > 0 {
            match tokio::time::timeout_at(until, self.inputs.recv()).await {
                Ok(Some(Input::Done(id, _))) => self.engine.note_done(id),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
    }
}

/// Ends when one of the two is told.
async fn either((one, other): &(PutBack, PutBack)) {
    tokio::select! {
        () = one.notified() => {}
        () = other.notified() => {}
    }
}

/// Seconds since 1970.
fn now() -> Time {
    Time(jiff::Timestamp::now().as_second())
}

/// Who this process is: its pod, or its host, and in both cases its number, since two may run on one host.
fn identity() -> String {
    let host = std::env::var("POD_NAME").or_else(|_| std::fs::read_to_string("/proc/sys/kernel/hostname"));
    let started = jiff::Timestamp::now().as_nanosecond();
    format!("{}_{}_{started}", host.unwrap_or_default().trim(), std::process::id())
}
