//! `ipledger show`.
//!
//! In: a source, and what to show. Out: a view on stdout. Guarantees: a Subnet that is not there is an error that names
//! those that are.

use crate::args::{Display, Show, ShowArgs, ShowWhat, ViewFormat};
use crate::output::{self, Exit};
use crate::progress::Progress;
use crate::source;
use anyhow::{Result, bail};
use view::Lens;

/// Runs it.
pub(crate) fn run(args: &Show, display: &Display) -> Result<Exit> {
    let look = output::look(display);
    match &args.what {
        ShowWhat::Subnets(args) => with(args, |lens, wide| {
            let view = view::show::subnets(lens);
            output::view(&view, args.output, || view.render(&look, wide))
        }),
        ShowWhat::Pools(args) => with(args, |lens, _| {
            let view = view::show::pools(lens);
            output::view(&view, args.output, || view.render(&look))
        }),
        ShowWhat::Holders(args) => with(args, |lens, wide| {
            let view = view::show::holders(lens);
            output::view(&view, args.output, || view.render(&look, wide))
        }),
        ShowWhat::Subnet { name, args } => with(args, |lens, wide| {
            let Some(view) = view::subnet::subnet(lens, name) else { bail!(no_subnet(lens, name)) };
            output::view(&view, args.output, || view.render(&look, wide))
        }),
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

fn no_subnet(lens: &Lens<'_, '_>, name: &str) -> String {
    let names: Vec<&str> = lens.report.subnets.iter().map(|line| line.name.as_str()).collect();
    match names.as_slice() {
        [] => format!("no Subnet {name} was read, and no other one either"),
        names => format!("no Subnet {name} was read; there are {}", engine::findings::out::few(names, 20)),
    }
}
