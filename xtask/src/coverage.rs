//! `cargo xtask coverage`: which lines of the managing engine random runs reach.
//!
//! In: the arguments of `cargo xtask sim`. Out: per file of the engine how many of its lines were reached, and which were
//! not; success if the runs could be made, whatever they found. Guarantees: built apart from everything else, since what is counted is
//! built in another way.

use crate::run::Run;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "which lines of the engine random runs reach (needs `rustup component add llvm-tools`)";

/// What is looked at: what decides. What only reads dumps is reached by the tests of `audit`.
const OF: &str = "crates/engine/src/manage/";

/// Enough to reach what is reached at all by chance; more change the counts little.
const RUNS: [&str; 4] = ["--seeds", "300", "--steps", "200"];

/// Builds, runs, and tells.
///
/// # Errors
/// The tools are missing, or a step of it fails.
#[expect(clippy::print_stdout, reason = "the table is this command's output")]
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let tools = tools()?;
    let folder = workspace::root().join("target/coverage");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    forget(&folder)?;
    Run::cargo()
        .args(["build", "--locked", "--profile", "sim", "--package", "sim", "--example", "random", "--target-dir"])
        .arg(&folder)
        .env("RUSTFLAGS", "-C instrument-coverage")
        // Build scripts count too, and would leave their counts wherever they run.
        .env("LLVM_PROFILE_FILE", folder.join("build/%p.profraw").display().to_string())
        .go()?;
    let program = folder.join("sim/examples/random");
    let random = Run::new(&program).env("LLVM_PROFILE_FILE", folder.join("%p.profraw").display().to_string());
    let ran = if arguments.is_empty() { random.args(RUNS).go() } else { random.args(arguments).go() };
    if let Err(error) = ran {
        eprintln!("{error:#}; what it reached counts all the same");
    }
    let counts = counts(&tools, &folder, &program)?;
    print!("{}", told(&counts));
    Ok(())
}

/// Where rustup puts the tools of the compiler's own LLVM: others cannot read its counts.
fn tools() -> Result<PathBuf> {
    let root = PathBuf::from(Run::new("rustc").args(["--print", "sysroot"]).output()?.trim());
    let hosts = fs::read_dir(root.join("lib/rustlib")).with_context(|| format!("cannot read {}", root.display()))?;
    let mut folders = hosts.filter_map(|host| Some(host.ok()?.path().join("bin")));
    let found = folders.find(|folder| folder.join("llvm-cov").exists() && folder.join("llvm-profdata").exists());
    match found {
        Some(folder) => Ok(folder),
        None => bail!("the compiler's coverage tools are not installed: rustup component add llvm-tools"),
    }
}

/// Counts of an earlier call are not of this one.
fn forget(folder: &Path) -> Result<()> {
    for path in raw(folder)? {
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

fn raw(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths.filter(|path| path.extension().is_some_and(|extension| extension == "profraw")).collect())
}

/// How often each line was reached, by file.
fn counts(tools: &Path, folder: &Path, program: &Path) -> Result<BTreeMap<String, BTreeMap<u32, u64>>> {
    let merged = folder.join("random.profdata");
    Run::new(tools.join("llvm-profdata")).args(["merge", "--sparse", "-o"]).arg(&merged).args(raw(folder)?).go()?;
    let profile = format!("--instr-profile={}", merged.display());
    let lcov = Run::new(tools.join("llvm-cov")).args(["export", "--format=lcov"]).arg(profile).arg(program).output()?;
    Ok(read(&lcov))
}

/// Reads the lines `SF:<file>` and `DA:<line>,<count>` of lcov's format.
fn read(lcov: &str) -> BTreeMap<String, BTreeMap<u32, u64>> {
    let mut files: BTreeMap<String, BTreeMap<u32, u64>> = BTreeMap::new();
    let mut file = None;
    for line in lcov.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            file = path.find(OF).map(|at| path[at + OF.len()..].to_owned());
        } else if let (Some(file), Some(entry)) = (&file, line.strip_prefix("DA:"))
            && let Some((line, count)) = entry.split_once(',')
            && let (Ok(line), Ok(count)) = (line.parse(), count.parse::<u64>())
        {
            *files.entry(file.clone()).or_default().entry(line).or_default() += count;
        }
    }
    files
}

/// A table: file, lines, reached, and which lines were not.
fn told(files: &BTreeMap<String, BTreeMap<u32, u64>>) -> String {
    let mut text = format!("| file under {OF} | lines | reached | not reached |\n| --- | --- | --- | --- |\n");
    let (mut all, mut reached) = (0, 0);
    for (file, lines) in files {
        let hit = lines.values().filter(|count| **count > 0).count();
        all += lines.len();
        reached += hit;
        text += &format!("| {file} | {} | {} | {} |\n", lines.len(), share(hit, lines.len()), missed(lines));
    }
    text + &format!("| all | {all} | {} | |\n", share(reached, all))
}

fn share(part: usize, of: usize) -> String {
    format!("{} %", (part * 100).checked_div(of).unwrap_or(100))
}

/// The lines that were not reached, neighbours as a range; lines between them that say nothing do not part them.
fn missed(lines: &BTreeMap<u32, u64>) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    let mut goes_on = false;
    for (line, count) in lines {
        match ranges.last_mut() {
            _ if *count > 0 => goes_on = false,
            Some((_, last)) if goes_on => *last = *line,
            _ => {
                ranges.push((*line, *line));
                goes_on = true;
            }
        }
    }
    let words =
        ranges.iter().map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_were_not_reached_are_told_by_file_of_the_engine_alone() {
        let lcov = "SF:/x/crates/engine/src/manage/serve.rs\nDA:1,5\nDA:2,0\nDA:4,0\nDA:5,1\nDA:6,0\nend_of_record\n\
                    SF:/x/crates/model/src/server.rs\nDA:1,0\nend_of_record\n";
        let text = told(&read(lcov));
        assert!(text.contains("| serve.rs | 5 | 40 % | 2-4, 6 |"), "{text}");
        assert!(!text.contains("server.rs"), "{text}");
    }
}
