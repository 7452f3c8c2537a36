//! `ipledger snapshot`.
//!
//! In: a live cluster. Out: a file that audit reads, with a manifest. Guarantees: redacted as the dump crate promises; the
//! file appears whole or not at all; nothing else of that name is left behind.

use crate::args::Snapshot;
use crate::live;
use crate::output::{self, Exit};
use crate::progress::Progress;
use anyhow::{Context, Result};
use cluster::Live;
use dump::snapshot::SnapshotWriter;
use engine::world::DEFAULT_GRACE;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Runs it.
pub(crate) fn run(args: &Snapshot) -> Result<Exit> {
    let progress = Progress::start("connecting");
    let connection = live::connect(&args.live)?;
    let (live, confirmed) = connection.read(DEFAULT_GRACE, &progress)?;
    progress.say("writing");
    let written = if args.output == Path::new("-") {
        output::write(|out| write(&live, out))
    } else {
        whole(&args.output, &live).with_context(|| format!("cannot write {}", args.output.display()))
    };
    drop(progress);
    written?;
    Ok(output::warn_unreadable(&confirmed.unreadable))
}

/// Writes beside the file, and moves it into its place when it is whole.
fn whole(path: &Path, live: &Live) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let written = File::create(&beside).and_then(|file| {
        let mut out = BufWriter::new(file);
        if path.extension().is_some_and(|ending| ending == "gz") {
            let mut packed = GzEncoder::new(out, Compression::default());
            write(live, &mut packed)?;
            out = packed.finish()?;
        } else {
            write(live, &mut out)?;
        }
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    });
    let moved = written.and_then(|()| std::fs::rename(&beside, path));
    if moved.is_err() {
        // What is half done helps nobody; that it could not be removed either is not what to tell.
        let _ = std::fs::remove_file(&beside);
    }
    moved
}

fn write(live: &Live, out: &mut dyn Write) -> io::Result<()> {
    let mut snapshot = SnapshotWriter::new(out);
    for (kind, object) in live.objects() {
        snapshot.object(kind, &serde_json::from_slice(object)?)?;
    }
    snapshot.finish(&live.manifest()).map(drop)
}
