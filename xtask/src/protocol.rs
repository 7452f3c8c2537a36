//! `cargo xtask protocol`: every state of the small model of the claim protocol, and what happens without each rule.
//!
//! In: `--long` for the worlds that take minutes too, or names of worlds. Out: how many states there are, the shortest way to
//! the harm for each rule left out; success if all is as it should be.

use crate::run::Run;
use anyhow::Result;

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "search every state of the claim protocol; --long: larger worlds";

/// Searches. The profile for tests: the model is optimised in it, and its own checks are on.
///
/// # Errors
/// A bad argument, an invariant that does not hold, or a rule that can be left out without harm.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    Run::cargo()
        .args(["run", "--locked", "--quiet", "--package", "protocol", "--example", "search", "--"])
        .args(arguments)
        .go()
}
