//! `cargo xtask testbed`: the programs of the test bed, and a bed to work with.
//!
//! In: what the `bed` program of the `testbed` crate takes. Out: its success. The program is its own so that what this tool
//! itself links stays small; `cargo xtask test` calls it first, so that no test waits for a build.

use crate::run::Run;
use crate::workspace;
use anyhow::Result;

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "build the test bed's Kubernetes (once), or keep a bed running: `up`";

/// Builds and runs the program.
///
/// # Errors
/// It does not build, or it fails.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let bed = Run::cargo().args(["run", "--locked", "--quiet", "--package", "testbed", "--bin", "bed", "--"]);
    bed.args(arguments).go()
}

/// Builds what the test bed lacks, and on request Kubernetes' own specs, by the program that a build of all tests has made. Its own build would compile the large
/// dependencies once more, for its own set of features.
///
/// # Errors
/// It fails.
pub(crate) fn ensure(specs: bool) -> Result<()> {
    let target = workspace::metadata(&workspace::root().join("Cargo.toml"))?.target_directory;
    Run::new(target.join("debug/bed")).arg("ensure").args(specs.then_some("--specs")).go()
}
