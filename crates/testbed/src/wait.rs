//! Waiting on conditions.
//!
//! In: what is waited for, a deadline, and a look that says whether it is there and, if not, what it saw. Out: what the
//! look found, or an error with the last thing seen. Nothing here sleeps for a time that a test hopes is long enough.

use crate::error::{Error, Result};
use std::time::{Duration, Instant};

/// What one look saw.
#[derive(Debug)]
pub enum Look<T> {
    /// The condition holds.
    Done(T),
    /// Not yet: what was seen instead, for the message if it never comes.
    NotYet(String),
}

/// Looks until the condition holds.
///
/// The pause between looks grows from 10 ms to 200 ms: short waits end soon, long ones cost little.
///
/// # Errors
/// [`Error::Deadline`] with the last thing seen, or the look's own error at once.
pub fn wait<T>(what: &str, deadline: Duration, mut look: impl FnMut() -> Result<Look<T>>) -> Result<T> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(10);
    loop {
        match look()? {
            Look::Done(found) => return Ok(found),
            Look::NotYet(last_seen) => {
                let waited = start.elapsed();
                if waited >= deadline {
                    return Err(Error::Deadline { what: what.to_owned(), waited, last_seen });
                }
            }
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_fails_says_what_it_saw_last() {
        let mut looks = 0;
        let error = wait::<()>("rain", Duration::from_millis(30), || {
            looks += 1;
            Ok(Look::NotYet(format!("sun, look {looks}")))
        })
        .unwrap_err();
        assert!(looks > 1);
        assert!(error.to_string().contains("for rain, last seen: sun, look"), "{error}");
    }

    #[test]
    fn a_look_that_fails_ends_the_wait_at_once() {
        let error = wait::<()>("rain", Duration::from_secs(60), || Err(Error::Misuse("no window".into()))).unwrap_err();
        assert_eq!(error.to_string(), "no window");
    }
}
