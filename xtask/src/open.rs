//! Tests of defects that are known and open: they fail, and the day that one passes must be noticed.
//!
//! In: the sources; such a test is marked `#[ignore = "open: <what is wrong>"]`. Out: their names, which the long tests leave
//! out; and a run of them alone, which succeeds only if each of them fails. So a mark cannot outlive its defect.

use crate::run::Run;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How the mark begins.
const MARK: &str = "#[ignore = \"open:";

/// The names of all such tests, without the modules that they are in.
///
/// # Errors
/// A source cannot be read, a mark is not followed by a test, or a name is that of another such test or a part of it, so
/// that neither could be told from the other on a command line.
pub(crate) fn names() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for file in sources(&workspace::root().join("crates"))? {
        let text = std::fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        names.extend(marked(&text).with_context(|| format!("{}", file.display()))?);
    }
    names.sort();
    let clash = names.iter().enumerate().find_map(|(i, one)| {
        let mut others = names.iter().enumerate().filter(|(j, _)| *j != i);
        others.find(|(_, other)| other.contains(one.as_str())).map(|(_, other)| (one, other))
    });
    match clash {
        Some((one, other)) => bail!("open tests need names of their own: `{one}` is in `{other}`"),
        None => Ok(names),
    }
}

/// Runs these tests and says which of them do not fail.
///
/// # Errors
/// One of them passes, or did not run.
pub(crate) fn must_fail(names: &[String]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    eprintln!("note: {} tests of open defects follow; each of them is expected to fail", names.len());
    let mut outcomes = Outcomes::default();
    let cargo = Run::cargo().args(["test", "--workspace", "--locked", "--tests", "--no-fail-fast", "--", "--ignored"]);
    cargo.args(names).lines(|line| {
        if outcomes.take(line) {
            eprintln!("{line}");
        }
    })?;
    let wrong = outcomes.wrong(names);
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("tests of open defects:\n  {}", wrong.join("\n  "))
}

/// What the runner of the tests said, by the name of the test.
#[derive(Debug, Default)]
struct Outcomes {
    passed: BTreeMap<String, bool>,
    skipped: Vec<String>,
}

impl Outcomes {
    /// Takes one line of output in; whether it says something about a test.
    fn take(&mut self, line: &str) -> bool {
        // A test that writes to the terminal by itself may have written before its verdict.
        if let Some(said) = line.find("SKIPPED ").map(|at| &line[at + 8..]) {
            self.skipped.push(last(said.split(':').filter(|part| !part.is_empty()).take_while(|p| !p.contains(' '))));
            return true;
        }
        let Some((name, verdict)) = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... ")) else {
            return false;
        };
        let passed = verdict.trim_end().ends_with("ok");
        self.passed.insert(last(name.split("::")), passed);
        true
    }

    /// Those that did not fail, each with what to do.
    fn wrong(&self, names: &[String]) -> Vec<String> {
        let one = |name: &String| match self.passed.get(name) {
            _ if self.skipped.contains(name) => None,
            Some(false) => None,
            Some(true) => {
                Some(format!("{name} passes: the defect is gone, and so must be the mark and what the docs say"))
            }
            None => Some(format!("{name} did not run: is it a test?")),
        };
        names.iter().filter_map(one).collect()
    }
}

fn last<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    parts.last().unwrap_or_default().to_owned()
}

/// The names of the marked tests in a source.
fn marked(text: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !line.trim_start().starts_with(MARK) {
            continue;
        }
        let function = lines.by_ref().find(|line| !line.trim_start().starts_with('#'));
        let name = function.and_then(|line| Some(line.split_once("fn ")?.1.split_once('(')?.0.to_owned()));
        names.push(name.with_context(|| format!("no function follows `{}`", line.trim()))?);
    }
    Ok(names)
}

/// All Rust sources below a folder.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry.with_context(|| format!("list {}", folder.display()))?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_test_is_found_by_its_function_and_one_that_is_only_long_is_not() {
        let text = "#[test]\n#[ignore = \"open: it leaks\"]\n#[allow(x)]\nfn a_leak() {\n}\n\
                    #[test]\n#[ignore = \"long: minutes\"]\nfn a_long_one() {}\n    #[ignore = \"open: y\"]\n    async fn another() {}\n";
        assert_eq!(marked(text).unwrap(), ["a_leak", "another"]);
        assert!(marked("#[ignore = \"open: nothing follows\"]\n").is_err());
    }

    #[test]
    fn an_open_test_that_passes_or_does_not_run_is_told_and_one_that_fails_or_is_skipped_is_not() {
        let names = ["fails", "passes", "is_gone", "is_skipped"].map(str::to_owned);
        let mut outcomes = Outcomes::default();
        let said =
            ["test release::fails ... FAILED", "running 3 tests", "test passes ... ok", "test real::is_skipped ... ok"];
        let taken: Vec<_> = said.iter().map(|line| outcomes.take(line)).collect();
        assert_eq!(taken, [true, false, true, true]);
        assert!(outcomes.take("SKIPPED real::is_skipped: the test bed lacks etcd: `cargo xtask testbed` builds it"));
        let wrong = outcomes.wrong(&names);
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].starts_with("passes passes:") && wrong[1].starts_with("is_gone did not run"), "{wrong:?}");
    }

    #[test]
    fn every_open_test_of_this_workspace_has_a_name_of_its_own() {
        assert!(names().is_ok_and(|names| names.iter().all(|name| name.len() > 10)), "{:?}", names());
    }
}
