//! Where objects come from: files, or a live cluster.
//!
//! In: the source options. Out: a world, and what could not be read. Guarantees: a path that is not there is wrong use; what
//! is there and cannot be read is told, and the rest is judged; of a live cluster, every error and warning is confirmed.

use crate::args::{Complete, Source};
use crate::live;
use crate::progress::Progress;
use anyhow::{Context as _, Result, bail};
use api::slim::Kind;
use dump::Input;
use engine::report::UnreadableLine;
use engine::{Context, Report, World};
use std::io;
use std::path::{Path, PathBuf};

/// What was read.
pub(crate) struct Read {
    pub(crate) world: World,
    pub(crate) unreadable: Vec<UnreadableLine>,
    /// Objects of kinds that are not read here, in words: how many, and where the first of each stands.
    pub(crate) passed_over: Vec<String>,
    /// The confirmed report of a live cluster.
    confirmed: Option<Report>,
}

impl Read {
    /// The report: confirmed where it is of a live cluster, with what could not be read.
    pub(crate) fn report(&self, context: &Context<'_>) -> Report {
        let judge = || engine::findings::all_with(context, &on_two_cores);
        let mut report = self.confirmed.clone().unwrap_or_else(judge);
        report.coverage.unreadable.clone_from(&self.unreadable);
        report
    }
}

/// Runs two things at once: judging is a quarter of an audit's time, and reading has used all cores before it.
fn on_two_cores(one: &mut (dyn FnMut() + Send), other: &mut (dyn FnMut() + Send)) {
    std::thread::scope(|scope| {
        scope.spawn(one);
        other();
    });
}

/// Reads the objects.
pub(crate) fn read(source: &Source, progress: &Progress) -> Result<Read> {
    let read = if source.paths.is_empty() { read_live(source, progress) } else { read_files(source, progress) }?;
    progress.say("judging");
    Ok(read)
}

fn read_live(source: &Source, progress: &Progress) -> Result<Read> {
    if !source.complete.is_empty() {
        bail!("--complete is for files: a live cluster is listed in full");
    }
    let connection = live::connect(&source.live)?;
    let (_, confirmed) = connection.read(source.grace, progress)?;
    Ok(Read {
        world: confirmed.world,
        unreadable: confirmed.unreadable,
        passed_over: Vec::new(),
        confirmed: Some(confirmed.report),
    })
}

fn read_files(source: &Source, progress: &Progress) -> Result<Read> {
    let live = &source.live;
    let of_cluster = [
        ("--kubeconfig", live.kubeconfig.is_some()),
        ("--context", live.context.is_some()),
        ("--as", live.as_user.is_some()),
        ("--as-group", !live.as_groups.is_empty()),
    ];
    if let Some((option, _)) = of_cluster.into_iter().find(|(_, given)| *given) {
        bail!("{option} is for a live cluster, and files are given, too");
    }
    let inputs = source.paths.iter().map(|path| input(path)).collect::<Result<Vec<_>>>()?;
    let loaded = dump::load(inputs, &dump::Options::default(), &|now| {
        progress.say(&format!("reading {}: {} MB so far", now.source, now.bytes >> 20));
    });
    if loaded.bytes == 0 && loaded.unreadable.is_empty() {
        bail!("there is nothing to read in {}: expected *.json, *.yaml or *.yml, also .gz", names(&source.paths));
    }
    let passed_over = passed_over(&loaded);
    if !passed_over.is_empty() && loaded.holds_nothing() {
        bail!("nothing in {} is of a kind that an audit reads: {}", names(&source.paths), passed_over.join("; "));
    }
    progress.say(&format!("indexing {} objects", loaded.objects.len()));
    let (world, unreadable) = dump::world(loaded, &complete(&source.complete), source.grace);
    Ok(Read { world, unreadable, passed_over, confirmed: None })
}

/// How many kinds that are not read here are told one by one: a whole cluster has hundreds.
const KINDS_TOLD: usize = 5;

/// The kinds that are not read here: `dump.json:7:3 (byte 214): v1 Secret, and 3 more of that kind`.
fn passed_over(loaded: &dump::Loaded) -> Vec<String> {
    let line = |(kind, passed): (&String, &dump::PassedOver)| match passed.count {
        1 => format!("{}: {kind}", passed.first),
        count => format!("{}: {kind}, and {} more of that kind", passed.first, count - 1),
    };
    let mut lines: Vec<String> = loaded.passed_over.iter().take(KINDS_TOLD).map(line).collect();
    if let Some(more) = loaded.passed_over.len().checked_sub(KINDS_TOLD).filter(|&more| more > 0) {
        lines.push(format!("and {more} more kinds"));
    }
    lines
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
