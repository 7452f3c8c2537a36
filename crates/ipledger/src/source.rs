//! Where objects come from: files, or a live cluster.
//!
//! In: the source options. Out: a world, and what could not be read. Guarantees: a path that is not there is wrong use; what
//! is there and cannot be read is told, and the rest is judged.

use crate::args::{Complete, Source};
use crate::progress::Progress;
use anyhow::{Context, Result, bail};
use api::slim::Kind;
use dump::Input;
use engine::World;
use engine::report::UnreadableLine;
use std::io;
use std::path::{Path, PathBuf};

/// What was read.
pub(crate) struct Read {
    pub(crate) world: World,
    pub(crate) unreadable: Vec<UnreadableLine>,
}

/// Reads the objects.
pub(crate) fn read_world(source: &Source, progress: &Progress) -> Result<Read> {
    if source.paths.is_empty() {
        bail!("give the files or folders to read");
    }
    read_files(source, progress)
}

fn read_files(source: &Source, progress: &Progress) -> Result<Read> {
    let inputs = source.paths.iter().map(|path| input(path)).collect::<Result<Vec<_>>>()?;
    let loaded = dump::load(inputs, &dump::Options::default(), &|now| {
        progress.say(&format!("reading {}: {} MB so far", now.source, now.bytes >> 20));
    });
    if loaded.bytes == 0 && loaded.unreadable.is_empty() {
        bail!("there is nothing to read in {}: expected *.json, *.yaml or *.yml, also .gz", names(&source.paths));
    }
    progress.say(&format!("indexing {} objects", loaded.objects.len()));
    let (world, unreadable) = dump::world(loaded, &complete(&source.complete), source.grace);
    Ok(Read { world, unreadable })
}

/// A path as an input; `-` is standard input.
fn input(path: &Path) -> Result<Input> {
    if path == Path::new("-") {
        return Ok(Input::Stream("stdin".to_owned(), Box::new(io::stdin())));
    }
    std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Input::Path(path.to_owned()))
}

fn names(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    names.join(", ")
}

/// The kinds that the caller declares complete.
fn complete(given: &[Complete]) -> Vec<Kind> {
    if given.contains(&Complete::All) {
        return Kind::ALL.to_vec();
    }
    let kinds = given.iter().filter_map(|complete| match complete {
        Complete::Kind(kind) => Some(*kind),
        Complete::All => None,
    });
    kinds.collect()
}
