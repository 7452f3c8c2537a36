//! `cargo xtask fuzz`: every fuzz target of `fuzz/`, each for a bounded time.
//!
//! In: seconds per target and names of targets (all, if none is named). Out: success if no target found a crash, a hang
//! or too much memory; else the input that did it is kept under `fuzz/artifacts`, and cargo-fuzz prints how to run it
//! again. Seeds in `fuzz/seeds/<target>` are read, never written.

use crate::run::Run;
use crate::tools::CARGO_FUZZ;
use crate::workspace;
use anyhow::{Context, Result, bail};

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "fuzz the parsers, each for a bounded time (30 s)";

/// Long enough to reach the grammars' corners from their seeds, short enough to run them all before a merge.
const SECONDS: u32 = 30;
/// An input that takes longer than this is a hang: the parsers are linear and inputs are small.
const HANG_SECONDS: u32 = 10;
/// Parsers must not grow with what an input claims, only with its size.
const MEMORY_MB: u32 = 1024;

/// Runs the fuzz targets.
///
/// # Errors
/// A bad argument, no nightly toolchain, an unknown target, or a target that found something.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (seconds, wanted) = parse(arguments)?;
    let folder = workspace::root().join("fuzz");
    if !folder.join("Cargo.toml").is_file() {
        bail!("there is no fuzz/Cargo.toml: nothing to fuzz");
    }
    let targets = choose(targets(&folder)?, wanted)?;
    Run::new("rustup")
        .args(["run", "nightly", "rustc", "--version"])
        .output()
        .context("fuzzing needs a nightly compiler: `rustup toolchain install nightly --profile minimal`")?;
    let cargo_fuzz = CARGO_FUZZ.ensure()?;
    let mut failed = Vec::new();
    for (number, target) in targets.iter().enumerate() {
        eprintln!("fuzz {}/{}: {target} for {seconds} s", number + 1, targets.len());
        if let Err(error) = fuzz(&cargo_fuzz, &folder, target, seconds) {
            eprintln!("error: {error:#}");
            failed.push(target.as_str());
        }
    }
    if !failed.is_empty() {
        bail!("{} of {} targets found something: {}", failed.len(), targets.len(), failed.join(", "));
    }
    eprintln!("{} fuzz targets found nothing in {seconds} s each", targets.len());
    Ok(())
}

fn parse(arguments: &[String]) -> Result<(u32, Vec<String>)> {
    let mut seconds = SECONDS;
    let mut wanted = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--seconds" {
            let value = arguments.next().context("--seconds needs a number")?;
            seconds = value.parse().with_context(|| format!("--seconds needs a number, not `{value}`"))?;
        } else if argument.starts_with('-') {
            bail!("unknown option {argument}: it takes --seconds N and names of targets");
        } else {
            wanted.push(argument.clone());
        }
    }
    Ok((seconds, wanted))
}

fn targets(folder: &std::path::Path) -> Result<Vec<String>> {
    let metadata = workspace::metadata(&folder.join("Cargo.toml"))?;
    let targets = metadata.packages.into_iter().flat_map(|package| package.targets);
    let names: Vec<_> =
        targets.filter(|target| target.kind.iter().any(|kind| kind == "bin")).map(|target| target.name).collect();
    if names.is_empty() {
        bail!("fuzz/Cargo.toml has no [[bin]] target");
    }
    Ok(names)
}

fn choose(all: Vec<String>, wanted: Vec<String>) -> Result<Vec<String>> {
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        bail!("there is no fuzz target `{unknown}`; there are: {}", all.join(", "));
    }
    Ok(if wanted.is_empty() { all } else { wanted })
}

fn fuzz(cargo_fuzz: &std::path::Path, folder: &std::path::Path, target: &str, seconds: u32) -> Result<()> {
    let corpus = folder.join("corpus").join(target);
    std::fs::create_dir_all(&corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
    let seeds = folder.join("seeds").join(target);
    let mut run = Run::new(cargo_fuzz).args(["run", target]).arg(&corpus);
    if seeds.is_dir() {
        run = run.arg(&seeds);
    }
    run.arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={HANG_SECONDS}"))
        .arg(format!("-rss_limit_mb={MEMORY_MB}"))
        // The leak check takes what a thread that just ended has not freed yet for lost, and safe Rust leaks little else.
        .arg("-detect_leaks=0")
        .env("RUSTUP_TOOLCHAIN", "nightly")
        .in_folder(workspace::root())
        .go()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn seconds_and_targets_may_come_in_any_order() {
        assert_eq!(parse(&words("cidr --seconds 5 addr")).unwrap(), (5, words("cidr addr")));
        assert_eq!(parse(&[]).unwrap(), (SECONDS, vec![]));
    }

    #[test]
    fn an_unknown_target_is_named_with_those_that_there_are() {
        let error = choose(words("addr cidr"), words("adr")).unwrap_err().to_string();
        assert!(error.contains("adr") && error.contains("addr, cidr"), "{error}");
    }

    #[test]
    fn a_number_that_is_none_is_quoted() {
        assert!(parse(&words("--seconds soon")).unwrap_err().to_string().contains("soon"));
        assert!(parse(&words("--second 5")).is_err());
    }
}
