//! `ipledger audit`.
//!
//! In: a source, and what to show of the report. Out: the report on stdout. Guarantees: the exit code says what
//! docs/audit.md promises; what is left out by `--ignore` is counted, and lines of it that leave out nothing are told.

use crate::args::{Audit, Display, FailOn, ReportFormat};
use crate::ignore::Ignore;
use crate::output::{self, Exit};
use crate::progress::Progress;
use crate::source;
use anyhow::Result;
use engine::Report;
use view::audit::{Advice, Detail, Document};

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
    view::audit::narrow(&mut report, &args.subnet, &args.code);
    show(&report, args, display, ignored)?;
    let exit = exit(&report, args.fail_on);
    // The process ends here: taking a million objects apart one by one would only make people wait.
    std::mem::forget((read, report));
    Ok(exit)
}

fn show(report: &Report, args: &Audit, display: &Display, ignored: usize) -> Result<()> {
    let advice = if args.source.paths.is_empty() { Advice::AllowList } else { Advice::AddComplete };
    match args.output {
        ReportFormat::Json => output::print_json(&Document(report)),
        ReportFormat::Yaml => output::print_yaml(&Document(report)),
        ReportFormat::Markdown => output::print(&view::audit::markdown(report, advice)),
        ReportFormat::Table | ReportFormat::Wide => {
            let detail = if args.output == ReportFormat::Wide { Detail::Wide } else { Detail::Brief };
            let look = output::look(display);
            let mut text = String::new();
            view::audit::table(&mut text, report, detail, &look);
            view::audit::summary(&mut text, report, advice, &look);
            output::print(&text)?;
            if ignored > 0 {
                let findings = if ignored == 1 { "finding" } else { "findings" };
                output::note(&format!("{ignored} known {findings} left out by the ignore file"));
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
