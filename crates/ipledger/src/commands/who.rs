//! `ipledger who`.
//!
//! In: a source, and an address, pod or MAC. Out: the answer on stdout. Guarantees: for an address there is always an
//! answer; where no object has the name, the exit code is 1.

use crate::args::{Display, ViewFormat, Who};
use crate::output::{self, Exit};
use crate::progress::Progress;
use crate::source;
use anyhow::Result;
use view::Lens;
use view::who::{Query, who};

/// Runs it.
pub(crate) fn run(args: &Who, display: &Display) -> Result<Exit> {
    let query = Query::parse(&args.what)?;
    let look = output::look(display);
    let progress = Progress::start("reading");
    let read = source::read(&args.source, &progress)?;
    let context = engine::Context::new(&read.world);
    let report = read.report(&context);
    let answer = who(&Lens::new(&context, &report), &query);
    drop(progress);
    output::view(&answer, args.output, || answer.render(&look, args.output == ViewFormat::Wide))?;
    let whole = output::warn_unreadable(&read.unreadable);
    Ok(if answer.is_empty() { Exit::Findings } else { whole })
}
