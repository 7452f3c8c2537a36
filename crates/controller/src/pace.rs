//! How soon something that failed is tried again.
//!
//! In: failures. Out: pauses. Guarantees: pauses double up to a limit and are forgotten after a success; nothing is random,
//! so that logs of two runs can be compared.

use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Short enough that a lost connection is hardly noticed.
const FIRST: Duration = Duration::from_millis(100);
/// Long enough that a server that is down is not hammered, short enough that nobody waits for us once it is up.
const LONGEST: Duration = Duration::from_secs(10);

/// Pauses that double.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next pause.
    pub(crate) fn next(&mut self) -> Duration {
        let factor = 2_u32.saturating_pow(self.failures);
        self.failures = self.failures.saturating_add(1);
        FIRST.saturating_mul(factor).min(LONGEST)
    }
}

/// When the next call about an object may be made: after calls without an answer later and later.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    objects: BTreeMap<String, (Backoff, Instant)>,
}

impl Pace {
    /// Whether calls about any object may be made at once.
    pub(crate) fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// When the next call about an object may be made; none: at once.
    pub(crate) fn due(&self, object: &str) -> Option<Instant> {
        self.objects.get(object).map(|(_, due)| *due)
    }

    /// A call about an object was answered.
    pub(crate) fn answered(&mut self, object: &str) {
        self.objects.remove(object);
    }

    /// A call about an object had no answer.
    pub(crate) fn failed(&mut self, object: &str, now: Instant) {
        let (backoff, due) = self.objects.entry(object.to_owned()).or_insert((Backoff::default(), now));
        *due = now + backoff.next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_whose_calls_fail_is_called_later_and_later_and_others_at_once() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        for expected in [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000] {
            pace.failed("a", now);
            assert_eq!(pace.due("a"), Some(now + Duration::from_millis(expected)));
        }
        assert_eq!(pace.due("b"), None);
        pace.answered("a");
        assert_eq!(pace.due("a"), None);
    }
}
