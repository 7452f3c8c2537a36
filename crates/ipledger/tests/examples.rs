//! The audit says of each shipped example what is known to be true about it, and nothing else.
//!
//! In: `examples/*/`. Out: agreement with `findings.txt` beside the files: severity, certainty and id of every finding; and
//! with `report.txt`, the report as people see it. `BLESS=1 cargo test -p ipledger --test examples` writes the files anew,
//! for a person to compare with the README beside them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What the audit prints.
fn audit(folder: &Path, options: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_ipledger"))
        .args(["audit", "--complete"])
        .args(options)
        .arg(folder)
        .env("COLUMNS", "120")
        .output()
        .expect("the binary starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{}: every example has findings that count; {said}", folder.display());
    output.stdout
}

/// What the audit finds in a folder: one line per finding, sorted.
fn findings(folder: &Path) -> String {
    let report: serde_json::Value =
        serde_json::from_slice(&audit(folder, &["-o", "json"])).expect("the report is JSON");
    let text = |finding: &serde_json::Value, field: &str| finding[field].as_str().expect("a text").to_owned();
    let line =
        |finding| format!("{} {} {}\n", text(finding, "severity"), text(finding, "certainty"), text(finding, "id"));
    let mut lines: Vec<String> = report["findings"].as_array().expect("a list").iter().map(line).collect();
    lines.sort();
    lines.concat()
}

fn folders() -> Vec<PathBuf> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let entries = std::fs::read_dir(&examples).expect("there is a folder of examples");
    let mut folders: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

#[test]
fn each_example_has_its_known_findings_and_no_other() {
    let folders = folders();
    assert!(folders.len() >= 6, "{folders:?}");
    let mut wrong = Vec::new();
    for folder in folders {
        let (found, path) = (findings(&folder), folder.join("findings.txt"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &found).expect("the file can be written");
        }
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        let missing = known.lines().filter(|line| !found.lines().any(|other| other == *line));
        wrong.extend(missing.map(|line| format!("{}: not found: {line}", folder.display())));
        let surplus = found.lines().filter(|line| !known.lines().any(|other| other == *line));
        wrong.extend(surplus.map(|line| format!("{}: not known to be true: {line}", folder.display())));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn each_example_is_told_in_the_words_of_its_report() {
    for folder in folders() {
        let (told, path) = (String::from_utf8(audit(&folder, &[])).expect("text"), folder.join("report.txt"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &told).expect("the file can be written");
        }
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = known.lines().zip(told.lines()).find(|(known, told)| known != told);
        assert!(known == told, "{}: the report differs, first in {differs:#?}", folder.display());
    }
}
