//! The catalogue of failures of address managers, each as the shortest story of its mechanism: docs/failures.md.
//!
//! In: a story, every fault at every write. Out: claims about how it ends. Guarantees: a test is called after the item that it
//! is about; docs/failures.md names a test, or a reason why there is none, for each item, and `table` holds it to that.
#![allow(clippy::unwrap_used)]
#![allow(clippy::needless_pass_by_value, reason = "an object that is made in place reads better without a reference")]

mod accounting;
mod admission;
mod cast;
#[path = "../common/mod.rs"]
mod common;
mod convergence;
mod deletable;
mod leaks;
mod liveness;
mod migration;
mod others;
mod reclaim;
mod release;
mod retention;
mod table;
mod uniqueness;
