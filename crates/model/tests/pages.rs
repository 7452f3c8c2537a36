//! The pages under docs/api-model name tests that exist.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files below `folder` that end so.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
}

/// Names of all functions of the model, its HTTP front and their tests.
fn functions() -> BTreeSet<String> {
    let mut sources = Vec::new();
    for folder in ["crates/model", "crates/model-http"] {
        files(&root().join(folder), "rs", &mut sources);
    }
    let mut names = BTreeSet::new();
    for source in sources {
        for line in fs::read_to_string(source).unwrap().lines() {
            if let Some((_, rest)) = line.split_once("fn ") {
                names.insert(rest.split(['(', '<']).next().unwrap().to_owned());
            }
        }
    }
    names
}

/// What stands in backticks and reads like the name of a test: lower case with at least two underscores; a `*` at its end
/// stands for the rest.
fn claims(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2).map(|q| q.rsplit("::").next().unwrap_or(q));
    quoted.filter(|q| {
        q.matches('_').count() >= 2
            && q.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_*".contains(c))
    })
}

#[test]
fn every_test_that_a_page_names_exists() {
    let functions = functions();
    let mut pages = Vec::new();
    files(&root().join("docs/api-model"), "md", &mut pages);
    let mut seen = 0;
    let mut missing = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for name in claims(&text) {
            seen += 1;
            let there = match name.strip_suffix('*') {
                Some(start) => functions.range(start.to_owned()..).next().is_some_and(|f| f.starts_with(start)),
                None => functions.contains(name),
            };
            if !there {
                missing.push(format!("{}: {name}", page.display()));
            }
        }
    }
    assert!(seen > 50, "only {seen} names found");
    assert!(missing.is_empty(), "{missing:#?}");
}
