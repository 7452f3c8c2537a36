//! `cargo xtask test`: every test of the workspace.
//!
//! In: `--long` to run also the tests that are marked `#[ignore]`, and after `--` arguments for the test programs. Out:
//! success if all tests passed, and if those of open defects (module `open`) failed; what the test bed lacks is built before. One build for all crates:
//! building them one by one would build the large dependencies once per set of features.

use crate::run::Run;
use anyhow::{Result, bail};

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "run all tests; --long runs the slow ones too";

/// Runs the tests.
///
/// # Errors
/// An unknown option, or a test that fails.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let split = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    let (own, rest) = arguments.split_at(split);
    let long = match own {
        [] => false,
        [option] if option == "--long" => true,
        _ => {
            bail!("unknown argument in `{}`: it takes --long, and after -- what the test programs take", own.join(" "))
        }
    };
    Run::cargo().args(["test", "--workspace", "--locked", "--no-run"]).go()?;
    crate::testbed::ensure(long)?;
    let open = if long { crate::open::names()? } else { Vec::new() };
    let mut cargo = Run::cargo().args(["test", "--workspace", "--locked"]);
    if long || !rest.is_empty() {
        cargo = cargo.arg("--");
    }
    if long {
        cargo = cargo.arg("--include-ignored").args(open.iter().flat_map(|name| ["--skip", name.as_str()]));
    } else {
        eprintln!("note: tests marked `ignored` are slow or open defects: `cargo xtask test --long` runs them too");
    }
    cargo.args(rest.iter().skip(1)).go()?;
    // What is asked for by name is all that is run.
    if rest.is_empty() { crate::open::must_fail(&open) } else { Ok(()) }
}
