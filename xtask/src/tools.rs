//! Cargo subcommands that the project needs and a fresh machine lacks.
//!
//! In: a tool with its exact version. Out: the path of its binary, installed on the first call into a cache outside the
//! work tree, so that a clean clone does not build it again.

use crate::run::Run;
use anyhow::{Context, Result};
use std::path::PathBuf;

/// A tool, pinned: another version may find other things, and CI and people must see the same.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Checks licences, duplicates and sources of dependencies.
pub(crate) const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
/// Builds and runs fuzz targets.
pub(crate) const CARGO_FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2" };

impl Tool {
    /// The tool's binary, built now if it is not there yet (some minutes, with cargo's own progress on the terminal).
    ///
    /// # Errors
    /// There is no home or cache folder, or `cargo install` fails.
    pub(crate) fn ensure(&self) -> Result<PathBuf> {
        let root = cache_folder()?.join(format!("{}-{}", self.name, self.version));
        let binary = root.join("bin").join(self.name);
        if !binary.is_file() {
            eprintln!("{} {} is not there: building it once into {}", self.name, self.version, root.display());
            Run::cargo()
                .args(["install", self.name, "--version", self.version, "--locked", "--root"])
                .arg(&root)
                .without_env("CARGO_TARGET_DIR")
                .go()
                .with_context(|| format!("cannot install {} {}", self.name, self.version))?;
        }
        Ok(binary)
    }
}

/// `$IPLEDGER_TOOLS`, else `ipledger/tools` in the user's cache folder.
fn cache_folder() -> Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("IPLEDGER_TOOLS")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("ipledger/tools")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/ipledger/tools")))
        .context("no folder for tools: set IPLEDGER_TOOLS, XDG_CACHE_HOME or HOME")
}
