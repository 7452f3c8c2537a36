//! `ipledger repair`.
//!
//! In: a source. Out: a plan on stdout. Guarantees: planning writes nothing.

use crate::args::{Display, PlanFormat, Repair, RepairWhat, Source};
use crate::output::{self, Exit};
use crate::progress::Progress;
use crate::source::{self, Read};
use anyhow::Result;
use view::plan::PlanDocument;

/// Runs it.
pub(crate) fn run(args: &Repair, display: &Display) -> Result<Exit> {
    match &args.what {
        RepairWhat::Plan { source, output } => plan(source, *output, display),
    }
}

fn plan(from: &Source, format: PlanFormat, display: &Display) -> Result<Exit> {
    let progress = Progress::start("reading");
    let Read { world, unreadable } = source::read_world(from, &progress)?;
    progress.say("judging");
    let context = engine::Context::new(&world);
    let report = engine::findings::all(&context);
    let plan = engine::repair::plan(&context, &report);
    drop(progress);
    match format {
        PlanFormat::Yaml => output::print_yaml(&PlanDocument::from(&plan))?,
        PlanFormat::Json => output::print_json(&PlanDocument::from(&plan))?,
        PlanFormat::Table => output::print(&view::plan::render(&plan, &output::look(display)))?,
    }
    Ok(output::warn_unreadable(&unreadable))
}
