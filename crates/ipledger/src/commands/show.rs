//! `ipledger show`.
//!
//! In: a source, and what to show. Out: a view on stdout. Guarantees: a Subnet that is not there is an error that names
//! those that are; where records may be missing, that is said.

use crate::args::{Display, Show, ShowArgs, ShowWhat, ViewFormat};
use crate::output::{self, Exit};
use crate::progress::Progress;
use crate::source;
use anyhow::{Result, bail};
use api::slim::Kind;
use view::Lens;

/// Runs it.
pub(crate) fn run(args: &Show, display: &Display) -> Result<Exit> {
    let look = output::look(display);
    match &args.what {
        ShowWhat::Subnets(args) => with(args, |lens, wide| {
            let view = view::show::subnets(lens);
            output::view(&view, args.output, || view.render(&look, wide))?;
            unread(lens);
            Ok(())
        }),
        ShowWhat::Pools(args) => with(args, |lens, _| {
            let view = view::show::pools(lens);
            output::view(&view, args.output, || view.render(&look))?;
            unread(lens);
            Ok(())
        }),
        ShowWhat::Holders(args) => with(args, |lens, wide| {
            let view = view::show::holders(lens);
            output::view(&view, args.output, || view.render(&look, wide))?;
            unread(lens);
            Ok(())
        }),
        ShowWhat::Subnet { name, args } => with(args, |lens, wide| {
            let Some(view) = view::subnet::subnet(lens, name) else { bail!(view::audit::no_subnet(lens.report, name)) };
            output::view(&view, args.output, || view.render(&look, wide))
        }),
    }
}

/// Says beside a table of counts which kinds may have more to count.
fn unread(lens: &Lens<'_, '_>) {
    let kinds: Vec<&str> = lens.unread_recorders().into_iter().map(Kind::plural).collect();
    if !kinds.is_empty() {
        output::note(&format!("{} are not known to be all: there may be more in use than is shown", kinds.join(", ")));
    }
}

/// Reads, looks, and says how complete the reading was.
fn with(args: &ShowArgs, show: impl FnOnce(&Lens<'_, '_>, bool) -> Result<()>) -> Result<Exit> {
    let progress = Progress::start("reading");
    let read = source::read(&args.source, &progress)?;
    let context = engine::Context::new(&read.world);
    let report = read.report(&context);
    drop(progress);
    show(&Lens::new(&context, &report), args.output == ViewFormat::Wide)?;
    Ok(output::warn_unreadable(&read.unreadable))
}
