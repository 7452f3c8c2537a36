//! What a real kube-apiserver answered: one file per story in `golden/`.
//!
//! Written only with `UPDATE_GOLDEN=1`, and only from a real server; read by the tests of the model.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::answer::Transcript;
use crate::step::Story;

fn path(story: &Story) -> PathBuf {
    let file = format!("{}.json", story.name.replace(' ', "-"));
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(file)
}

/// Whether this run writes golden files.
#[must_use]
pub fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Keeps what a real server answered.
///
/// # Errors
/// The file cannot be written.
pub fn write(story: &Story, transcript: &Transcript) -> Result<()> {
    let path = path(story);
    let text = serde_json::to_string_pretty(&transcript.to_value())? + "\n";
    fs::write(&path, text).with_context(|| format!("write {}", path.display()))
}

/// Reads it again.
///
/// # Errors
/// There is no such file, or it is no JSON.
pub fn read(story: &Story) -> Result<Transcript> {
    let path = path(story);
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let value = serde_json::from_str(&text).with_context(|| format!("parse {}", path.display()))?;
    Ok(Transcript::from_value(&value))
}

/// Names of the golden files.
///
/// # Errors
/// The folder cannot be read.
pub fn names() -> Result<Vec<String>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.push(name.trim_end_matches(".json").replace('-', " "));
    }
    names.sort();
    Ok(names)
}
