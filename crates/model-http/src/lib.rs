//! The API server model behind HTTP/1.1.
//!
//! In: a [`Model`] and a listener. Out: answers to Kubernetes clients, watches as chunked streams. Guarantees: one lock
//! around the model, held for the microseconds of one request and never across an await; a watch ends when its client
//! goes, its time is over, or the model says so. Decides nothing: every rule is in crate `model`.

mod body;
mod parse;
mod partial;
mod serve;
mod watch;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{Request, Response, Server, Timestamp};
use tokio::sync::watch::{Receiver, Sender, channel};

pub use serve::{serve, serve_tls};

/// Tells the time. The real one is [`system_time`]; tests may pass their own.
pub type Clock = fn() -> Timestamp;

/// A server that many connections share.
#[derive(Debug, Clone)]
pub struct Model {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    server: Mutex<Server>,
    clock: Clock,
    /// The revision of the last write: wakes the watches.
    written: Sender<u64>,
}

impl Model {
    /// Wraps a server.
    #[must_use]
    pub fn new(server: Server, clock: Clock) -> Self {
        let (written, _) = channel(server.revision());
        Self { inner: Arc::new(Inner { server: Mutex::new(server), clock, written }) }
    }

    /// Answers one request as of now.
    #[must_use]
    pub fn handle(&self, request: Request) -> Response {
        let now = (self.inner.clock)();
        self.with(|server| server.handle(request, now))
    }

    /// Works on the server itself (controllers in the same process, assertions), and wakes the watches afterwards. What
    /// kube-apiserver's own controller does about deleted definitions is done at once.
    pub fn with<T>(&self, work: impl FnOnce(&mut Server) -> T) -> T {
        let mut server = self.lock();
        let before = server.revision();
        let outcome = work(&mut server);
        if server.revision() != before {
            let now = (self.inner.clock)();
            while server.finalize_definitions(now) {}
        }
        let revision = server.revision();
        drop(server);
        self.inner.written.send_if_modified(|seen| std::mem::replace(seen, revision) != revision);
        outcome
    }

    /// The time as this model sees it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    fn lock(&self) -> MutexGuard<'_, Server> {
        // A panic in a test's closure leaves a server that is whole: it is only changed by whole commits.
        self.inner.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the revision of the last write, and each that follows.
    #[must_use]
    pub fn subscribe(&self) -> Receiver<u64> {
        self.inner.written.subscribe()
    }
}

/// The clock of this machine.
#[must_use]
pub fn system_time() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
