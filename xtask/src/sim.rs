//! `cargo xtask sim`: random runs of the address manager on the model, until one fails.
//!
//! In: how many seeds, from which one on, how many steps each, how many controllers. Out: success if all invariants held in all
//! runs; else the first seed that fails and its steps, as few as can be found.

use crate::run::Run;
use anyhow::Result;

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "random runs with faults and hands on the model";

/// Runs them, as fast as a release and with the engine's own checks on.
///
/// # Errors
/// A bad argument, or an invariant that does not hold.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    Run::cargo()
        .args(["run", "--locked", "--quiet", "--profile", "sim", "--package", "sim", "--example", "random", "--"])
        .args(arguments)
        .go()
}
