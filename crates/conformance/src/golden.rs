//! What a real Kubernetes answered: one file per story in `golden/`, in `golden/controllers` what its controllers made of it.
//!
//! Written only with `UPDATE_GOLDEN=1`, and only from a real server; read by the tests of the model.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

/// Which golden files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Transcripts of [`crate::stories`].
    Answers,
    /// States of [`crate::managed`].
    Controllers,
}

impl Of {
    fn folder(self) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden");
        match self {
            Self::Answers => folder,
            Self::Controllers => folder.join("controllers"),
        }
    }

    fn path(self, story: &str) -> PathBuf {
        self.folder().join(format!("{}.json", story.replace(' ', "-")))
    }

    /// Keeps what a real server answered to this story.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(self, story: &str, value: &Value) -> Result<()> {
        let path = self.path(story);
        let text = serde_json::to_string_pretty(value)? + "\n";
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))
    }

    /// Reads it again.
    ///
    /// # Errors
    /// There is no such file, or it is no JSON.
    pub fn read(self, story: &str) -> Result<Value> {
        let path = self.path(story);
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("parse {}", path.display()))
    }

    /// Names of the stories that are kept, sorted.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn names(self) -> Result<Vec<String>> {
        let folder = self.folder();
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            names.extend(name.strip_suffix(".json").map(|name| name.replace('-', " ")));
        }
        names.sort();
        Ok(names)
    }
}

/// Whether this run writes golden files.
#[must_use]
pub fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}
