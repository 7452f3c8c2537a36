//! `cargo xtask bench`: every benchmark of the workspace.
//!
//! In: the name of a benchmark, or a filter on what is measured, or nothing; then what the benchmarks take (`--long`). Out: the
//! benchmarks' own tables. Compare numbers only within one run: the machine is not the same on the next one.

use crate::{run::Run, workspace};
use anyhow::{Result, bail};

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "run the benchmarks; with the name of one, it alone";

/// Runs the benchmarks.
///
/// # Errors
/// There is no benchmark, or one fails.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let metadata = workspace::metadata(&workspace::root().join("Cargo.toml"))?;
    let mut targets = Vec::new();
    for package in &metadata.packages {
        let benches = package.targets.iter().filter(|target| target.kind.iter().any(|kind| kind == "bench"));
        targets.extend(benches.map(|target| (package.name.as_str(), target.name.as_str())));
    }
    if targets.is_empty() {
        bail!("no crate has a [[bench]] target");
    }
    let (targets, arguments) = chosen(&targets, arguments);
    let mut cargo = Run::cargo().args(["bench", "--locked"]);
    for (package, target) in targets {
        // Naming each target leaves out the libraries, whose test harness has no benchmark to run.
        cargo = cargo.args(["--package", package, "--bench", target]);
    }
    if !arguments.is_empty() {
        cargo = cargo.arg("--").args(arguments);
    }
    cargo.go()
}

/// A benchmark: its package and its name.
type Target<'a> = (&'a str, &'a str);

/// Which benchmarks are run, and with which arguments. A first argument that names one of them chooses it: those with a `main` of their
/// own know no filter.
fn chosen<'a, 'b>(all: &[Target<'a>], arguments: &'b [String]) -> (Vec<Target<'a>>, &'b [String]) {
    if let [first, rest @ ..] = arguments {
        let named: Vec<Target<'a>> = all.iter().filter(|(_, name)| name == first).copied().collect();
        if !named.is_empty() {
            return (named, rest);
        }
    }
    (all.to_vec(), arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_benchmark_chooses_it_and_other_words_are_passed_on() {
        let all = [("ipledger", "audit"), ("ipledger", "scale"), ("ledger", "ledger")];
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let named = words(&["scale", "--long"]);
        assert_eq!(chosen(&all, &named), (vec![("ipledger", "scale")], &named[1..]));
        let filter = words(&["static"]);
        assert_eq!(chosen(&all, &filter), (all.to_vec(), &filter[..]));
        assert_eq!(chosen(&all, &[]), (all.to_vec(), &[][..]));
    }
}
