//! `ipledger audit`.
//!
//! In: a source, and what to show of the report. Out: the report on stdout. Guarantees: the exit code says what
//! docs/audit.md promises; what is left out by `--ignore` is counted, and lines of it that leave out nothing are told; a
//! Subnet of which nothing is known is wrong use, since nothing would be found about it.

use crate::args::{Audit, Display, FailOn, ReportFormat};
use crate::ignore::Ignore;
use crate::output::{self, Exit};
use crate::progress::Progress;
use crate::source;
use anyhow::{Result, bail};
use engine::Report;
use view::audit::{Advice, Closing, Detail, Document};

/// Runs it.
pub(crate) fn run(args: &Audit, display: &Display) -> Result<Exit> {
    let mut ignore = args.ignore.as_deref().map(Ignore::read).transpose()?.unwrap_or_default();
    let progress = Progress::start("reading");
    let read = source::read(&args.source, &progress)?;
    let mut report = read.report(&engine::Context::new(&read.world));
    drop(progress);
    let ignored = ignore.apply(&mut report.findings);
    for (line, text) in ignore.unused() {
        output::note(&format!("line {line} of the ignore file leaves out nothing: {text}"));
    }
    if let Some(name) = view::audit::unknown_subnet(&report, &args.subnet) {
        bail!(view::audit::no_subnet(&report, name));
    }
    view::audit::narrow(&mut report, &args.subnet, &args.code);
    show(&report, args, display, (ignored, read.passed_over.as_slice()))?;
    let exit = exit(&report, args.fail_on);
    // The process ends here: taking a million objects apart one by one would only make people wait.
    std::mem::forget((read, report));
    Ok(exit)
}

fn show(report: &Report, args: &Audit, display: &Display, (known, passed_over): (usize, &[String])) -> Result<()> {
    let advice = if args.source.paths.is_empty() { Advice::AllowList } else { Advice::AddComplete };
    let narrowed = !args.subnet.is_empty() || !args.code.is_empty();
    let closing = Closing { advice, narrowed, known, passed_over };
    match args.output {
        ReportFormat::Json => output::print_json(&Document(report)),
        ReportFormat::Yaml => output::print_yaml(&Document(report)),
        ReportFormat::Markdown => output::print(&view::audit::markdown(report, closing)),
        ReportFormat::Table | ReportFormat::Wide => {
            let detail = if args.output == ReportFormat::Wide { Detail::Wide } else { Detail::Brief };
            let look = output::look(display);
            let mut text = String::new();
            view::audit::table(&mut text, report, detail, &look);
            view::audit::summary(&mut text, report, closing, &look);
            output::print(&text)?;
            if known > 0 {
                let findings = if known == 1 { "finding" } else { "findings" };
                output::note(&format!("{known} known {findings} left out by the ignore file"));
            }
            Ok(())
        }
    }
}

fn exit(report: &Report, fail_on: FailOn) -> Exit {
    if report.findings.iter().any(|finding| finding.counts_for(fail_on.severity())) {
        Exit::Findings
    } else if report.coverage.unreadable.is_empty() {
        Exit::Clean
    } else {
        Exit::Partial
    }
}
