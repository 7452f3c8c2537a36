//! `cargo xtask bench`: every benchmark of the workspace.
//!
//! In: a filter on benchmark names, or nothing. Out: the benchmarks' own tables. Compare numbers only within one run: the
//! machine is not the same on the next one.

use crate::{run::Run, workspace};
use anyhow::{Result, bail};

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "run the benchmarks";

/// Runs the benchmarks.
///
/// # Errors
/// There is no benchmark, or one fails.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let metadata = workspace::metadata(&workspace::root().join("Cargo.toml"))?;
    let mut cargo = Run::cargo().args(["bench", "--locked"]);
    let mut found = false;
    for package in &metadata.packages {
        for target in package.targets.iter().filter(|target| target.kind.iter().any(|kind| kind == "bench")) {
            found = true;
            // Naming each target leaves out the libraries, whose test harness has no benchmark to run.
            cargo = cargo.args(["--package", &package.name, "--bench", &target.name]);
        }
    }
    if !found {
        bail!("no crate has a [[bench]] target");
    }
    if !arguments.is_empty() {
        cargo = cargo.arg("--").args(arguments);
    }
    cargo.go()
}
