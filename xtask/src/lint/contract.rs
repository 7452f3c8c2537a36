//! The contract check: every source file of the product says first what it is.
//!
//! In: `crates/*/src` and `xtask/src`. Out: the files that do not open with `//!`, or open with an empty one. Files that
//! have grown long are noted and do not fail: splitting them is a judgement.

use super::complain;
use crate::workspace::{self, read, rust_files, shown};
use anyhow::Result;

/// A file that is longer than this usually holds a second idea.
const LONG: usize = 400;

/// Checks all files.
///
/// # Errors
/// A file cannot be read, or says nothing about itself.
pub(super) fn check() -> Result<()> {
    let root = workspace::root();
    let mut complaints = Vec::new();
    let mut long = Vec::new();
    for package in workspace::metadata(&root.join("Cargo.toml"))?.packages {
        let folder = if package.name == "xtask" { root.join("xtask") } else { root.join("crates").join(&package.name) };
        for path in rust_files(&folder.join("src"))? {
            let text = read(&path)?;
            if !has_contract(&text) {
                complaints.push(format!("{} does not open with a `//!` contract", shown(&path)));
            }
            let lines = text.lines().count();
            if lines > LONG {
                long.push(format!("{} ({lines})", shown(&path)));
            }
        }
    }
    if !long.is_empty() {
        eprintln!("  note: more than {LONG} lines: {}", long.join(", "));
    }
    complain(&complaints, "Open each with `//!`: what goes in, what comes out, what it guarantees")
}

/// Whether the first line is an inner doc comment with words in it.
fn has_contract(text: &str) -> bool {
    text.lines().next().and_then(|line| line.strip_prefix("//!")).is_some_and(|words| words.trim().len() > 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_count_and_an_empty_comment_does_not() {
        assert!(has_contract("//! Addresses of both families as one type.\n"));
        assert!(!has_contract("//!\n//! Late."));
        assert!(!has_contract("//! TODO\n"));
        assert!(!has_contract("// Addresses of both families as one type.\n"));
        assert!(!has_contract(""));
    }
}
