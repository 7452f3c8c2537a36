//! Random runs: everything that people, hands, nodes and faults do to a cluster, from one seed.
//!
//! In: a seed, a number of steps, the number of controllers. Out: nothing, or the first [`Violation`] with the steps that lead to
//! it, as few as can be found. Guarantees: deterministic; a failing seed is a bug report, and its short story is a test.

mod dice;
mod gateway;
mod hands;
mod held;
mod liveness;
mod machines;
mod migrations;
mod nodes;
mod people;
mod rules;
mod run;
mod scope;
mod shrink;
mod step;
mod workload;

use run::replay_with;
pub use run::{replay, replay_overtaken};
pub use shrink::shrink;
pub use step::{ALL, Ask, Grace, Hand, Nat, Networks, Pods, Refusal, Step, What, Wrong};
pub use workload::workload;

use crate::oracle::Violation;
use crate::planted::Planted;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs steps; a panic is a violation too.
///
/// # Errors
/// The first invariant that does not hold.
pub fn attempt(controllers: usize, steps: &[Step]) -> Result<(), Violation> {
    attempt_with(None, controllers, steps)
}

/// Runs steps with a bug.
///
/// # Errors
/// The first invariant that does not hold.
pub fn attempt_with(planted: Option<Planted>, controllers: usize, steps: &[Step]) -> Result<(), Violation> {
    catch_unwind(AssertUnwindSafe(|| replay_with(planted, controllers, steps))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words");
        Err(Violation(format!("PANIC: {text}")))
    })
}
