//! Where objects come from: files, or a live cluster.
//!
//! In: the source options. Out: a world. Guarantees: what could not be read is told.

use crate::args::{Complete, Source};
use anyhow::{Context, Result, bail};
use api::slim::{Kind, read};
use engine::World;
use engine::report::UnreadableLine;
use engine::world::{Builder, Settings};
use std::path::PathBuf;

/// What was read.
pub(crate) struct Read {
    pub(crate) world: World,
    pub(crate) unreadable: Vec<UnreadableLine>,
}

/// Reads the objects.
pub(crate) fn read_world(source: &Source) -> Result<Read> {
    if source.paths.is_empty() {
        bail!("give the files or folders to read");
    }
    let mut builder = Builder::default();
    for path in files(&source.paths)? {
        let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let list: serde_json::Value =
            serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))?;
        let items = list["items"].as_array().context("not a List")?;
        for item in items {
            let field = |key: &str| item.get(key).and_then(|v| v.as_str()).unwrap_or_default();
            let Some(kind) = Kind::from_api(field("apiVersion"), field("kind")) else { continue };
            match read(kind, item.to_string().as_bytes()) {
                Ok(parsed) => builder.add(parsed),
                Err(unreadable) => builder.add_unreadable(unreadable),
            }
        }
    }
    for complete in &source.complete {
        match *complete {
            Complete::All => Kind::ALL.into_iter().for_each(|kind| builder.coverage().complete(kind)),
            Complete::Kind(kind) => builder.coverage().complete(kind),
        }
    }
    let settings = Settings { grace: source.grace, ..Settings::default() };
    Ok(Read { world: builder.build(settings), unreadable: Vec::new() })
}

fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut found: Vec<_> = std::fs::read_dir(path)?.filter_map(|e| e.ok().map(|e| e.path())).collect();
            found.retain(|path| path.extension().is_some_and(|e| e == "json"));
            found.sort();
            files.extend(found);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}
