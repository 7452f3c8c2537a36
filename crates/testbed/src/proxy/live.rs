//! The exchanges under way in a proxy.
//!
//! In: each exchange enters with what it asks for and leaves when its ticket is dropped. Out: those that fit can be cut, and
//! all connections closed at once.

use super::request::Info;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The list.
#[derive(Debug, Default)]
pub(crate) struct Live {
    exchanges: Mutex<Exchanges>,
    closed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Exchanges {
    next: u64,
    open: BTreeMap<u64, (Arc<Info>, watch::Sender<bool>)>,
}

/// An exchange's place in the list.
#[derive(Debug)]
pub(crate) struct Ticket {
    live: Arc<Live>,
    number: u64,
    cut: watch::Receiver<bool>,
}

impl Live {
    /// Puts an exchange on the list.
    pub(crate) fn enter(self: &Arc<Self>, info: &Arc<Info>) -> Ticket {
        let (send, cut) = watch::channel(false);
        let mut exchanges = self.exchanges();
        let number = exchanges.next;
        exchanges.next += 1;
        exchanges.open.insert(number, (Arc::clone(info), send));
        Ticket { live: Arc::clone(self), number, cut }
    }

    /// Cuts those that fit. Returns how many.
    pub(crate) fn cut(&self, fits: impl Fn(&Info) -> bool) -> usize {
        let exchanges = self.exchanges();
        let fitting: Vec<_> = exchanges.open.values().filter(|(info, _)| fits(info)).collect();
        for (_, cut) in &fitting {
            cut.send_replace(true);
        }
        fitting.len()
    }

    /// Closes all connections, idle ones too.
    pub(crate) fn close_all(&self) {
        self.closed.send_replace(());
    }

    /// Tells a connection when to close.
    pub(crate) fn closed(&self) -> watch::Receiver<()> {
        self.closed.subscribe()
    }

    fn exchanges(&self) -> MutexGuard<'_, Exchanges> {
        // Nothing panics while it is held.
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Returns when the exchange is cut.
    pub(crate) async fn cut(&mut self) {
        // The sender stays on the list as long as this ticket.
        let _ = self.cut.wait_for(|cut| *cut).await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.live.exchanges().open.remove(&self.number);
    }
}
