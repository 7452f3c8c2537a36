//! Something that is done over and over until it is told to end.
//!
//! In: what is done. Out: a thread that does it. Guarantees: it ends with the value, and a test whose background failed fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use testbed::{Look, wait};

/// Longer than any test: the soak takes an hour.
const FOR_EVER: Duration = Duration::from_secs(4 * 3600);

/// See the module.
pub(crate) struct Background {
    what: &'static str,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Begins.
    pub(crate) fn start(what: &'static str, mut work: impl FnMut() -> testbed::Result<()> + Send + 'static) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            // Until it is told to end, which is the condition that this waits for.
            let done = wait(&format!("the end of {what}"), FOR_EVER, || {
                work()?;
                Ok(if asked.load(Ordering::Relaxed) { Look::Done(()) } else { Look::NotYet("it runs".to_owned()) })
            });
            done.unwrap();
        });
        Self { what, ended, thread: Some(thread) }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "{} failed", self.what);
        }
    }
}
