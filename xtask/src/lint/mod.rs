//! `cargo xtask lint`: everything that is checked without running the product.
//!
//! In: names of checks (all, if none is named). Out: success if all of them pass. One check that fails does not stop the
//! others: a person sees everything that is wrong in one run.

mod arrows;
mod contract;
mod purity;
mod texts;
mod tokens;

use crate::run::Run;
use crate::tools::CARGO_DENY;
use anyhow::{Result, bail};
use std::time::Instant;

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "fmt, contract, purity, arrows, texts, deny, clippy, doc";

/// A check: its name and its function.
type Check = (&'static str, fn() -> Result<()>);

/// Every check, the quick ones first.
const CHECKS: &[Check] = &[
    ("fmt", fmt),
    ("contract", contract::check),
    ("purity", purity::check),
    ("arrows", arrows::check),
    ("texts", texts::check),
    ("deny", deny),
    ("clippy", clippy),
    ("doc", doc),
];

/// Runs the checks.
///
/// # Errors
/// An unknown check, or at least one that fails.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let names = || CHECKS.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    if let Some(unknown) = arguments.iter().find(|name| !names().contains(&name.as_str())) {
        bail!("there is no check `{unknown}`; there are: {}", names().join(", "));
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    let chosen: Vec<_> = CHECKS.iter().filter(|(name, _)| wanted(name)).collect();
    let mut failed = Vec::new();
    for (number, (name, check)) in chosen.iter().enumerate() {
        eprintln!("lint {}/{}: {name}", number + 1, chosen.len());
        let start = Instant::now();
        match check() {
            Ok(()) => eprintln!("lint {name}: ok ({:.1} s)", start.elapsed().as_secs_f32()),
            Err(error) => {
                eprintln!("lint {name}: FAILED: {error:#}");
                failed.push(*name);
            }
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}. Repeat with `cargo xtask lint {}`", failed.join(", "), failed.join(" "));
    }
    Ok(())
}

fn fmt() -> Result<()> {
    let outcome = Run::cargo().args(["fmt", "--all", "--check"]).go();
    outcome.map_err(|error| error.context("run `cargo fmt --all`"))
}

fn clippy() -> Result<()> {
    Run::cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]).go()
}

/// Advisories are left out: they are fetched from outside at run time, and a new one must not fail an unchanged tree.
fn deny() -> Result<()> {
    let cargo_deny = CARGO_DENY.ensure()?;
    Run::new(cargo_deny).args(["--workspace", "--locked", "check", "bans", "licenses", "sources"]).go()
}

fn doc() -> Result<()> {
    let run = Run::cargo().args(["doc", "--workspace", "--no-deps", "--locked", "--document-private-items"]);
    run.env("RUSTDOCFLAGS", "-D warnings").go()
}

/// Turns a list of complaints into a result: none is success.
fn complain(complaints: &[String], do_this: &str) -> Result<()> {
    if complaints.is_empty() {
        return Ok(());
    }
    for complaint in complaints {
        eprintln!("  {complaint}");
    }
    bail!("{} found. {do_this}", complaints.len())
}
