//! Progress on stderr: from the second second on, so that quick work stays quiet.
//!
//! In: what is being done. Out: a spinner with it where stderr is a terminal, else a line every few seconds. Guarantees: it
//! is gone when the work is done; stdout is never touched; work is never held up by it.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Work that takes less says nothing.
const QUIET: Duration = Duration::from_secs(1);
/// Between two lines in a log.
const BETWEEN_LINES: Duration = Duration::from_secs(5);
/// Between two pictures of the spinner.
const TICK: Duration = Duration::from_millis(120);

/// Shows what is being done, until it is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    done: Arc<Done>,
    watcher: Option<JoinHandle<()>>,
}

/// Whether the work is done.
#[derive(Default)]
struct Done {
    is_done: Mutex<bool>,
    changed: Condvar,
}

impl Done {
    /// Waits until the work is done, or for a time; whether it is done.
    fn wait(&self, time: Duration) -> bool {
        let guard = self.is_done.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(guard, time, |is_done| !*is_done);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn set(&self) {
        *self.is_done.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }
}

impl Progress {
    /// Begins to watch the time.
    pub(crate) fn start(what: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        let done = Arc::new(Done::default());
        let watcher = std::thread::Builder::new().name("progress".to_owned()).spawn({
            let (bar, done) = (bar.clone(), Arc::clone(&done));
            move || watch(&bar, &done)
        });
        Self { bar, done, watcher: watcher.ok() }
    }

    /// Says what is being done now.
    pub(crate) fn say(&self, what: &str) {
        self.bar.set_message(view::text::clean(what).into_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done.set();
        if let Some(watcher) = self.watcher.take() {
            // It only draws: if it panicked, there is nothing to mend.
            let _ = watcher.join();
        }
        self.bar.finish_and_clear();
    }
}

fn watch(bar: &ProgressBar, done: &Done) {
    if done.wait(QUIET) {
        return;
    }
    if std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.enable_steady_tick(TICK);
        return;
    }
    loop {
        let _ = writeln!(std::io::stderr().lock(), "{} ({} s)", bar.message(), bar.elapsed().as_secs());
        if done.wait(BETWEEN_LINES) {
            return;
        }
    }
}
