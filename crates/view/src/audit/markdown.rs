//! The report as Markdown, for a ticket.
//!
//! In: a report. Out: Markdown. Guarantees: text out of the cluster is escaped, so that a name cannot become markup; the
//! same order as the table; every finding with its id and objects.

use super::stories::stories;
use super::summary::{Closing, summary};
use crate::look::Look;
use crate::text::clean;
use engine::{Certainty, Finding, Report};
use std::fmt::Write;

/// The report of an audit as Markdown.
#[must_use]
pub fn markdown(report: &Report, closing: Closing<'_>) -> String {
    let mut out = String::from("# IPLedger audit\n\n");
    let mut lines = String::new();
    summary(&mut lines, report, closing, &Look { width: usize::MAX, ..Look::default() });
    for line in lines.lines() {
        let _ = writeln!(out, "* {}", escape(line.trim_start()));
    }
    subnets(&mut out, report);
    for group in stories(report) {
        let name = group.subnet.map_or_else(|| "No Subnet".to_owned(), |name| format!("Subnet {name}"));
        let _ = writeln!(out, "\n## {}", escape(&name));
        for story in &group.stories {
            story.causes.iter().for_each(|finding| tell(&mut out, finding, false));
            story.consequences.iter().for_each(|finding| tell(&mut out, finding, true));
        }
    }
    out
}

/// One row per family of a Subnet.
fn subnets(out: &mut String, report: &Report) {
    if report.subnets.is_empty() {
        return;
    }
    out.push_str("\n| Subnet | CIDR | using | available | excluded | usable | status: using | status: available |\n");
    out.push_str("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for line in &report.subnets {
        for family in [&line.v4, &line.v6].into_iter().flatten() {
            let reported =
                |counter: Option<api::slim::Counter>| counter.map_or_else(|| "-".to_owned(), |c| c.to_string());
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} | {} |",
                escape(&line.name),
                family.cidr,
                family.using.count(),
                family.available.count(),
                family.excluded.count(),
                family.usable,
                reported(family.reported_using),
                reported(family.reported_available),
            );
        }
    }
}

fn tell(out: &mut String, finding: &Finding, follows: bool) {
    let certainty = match finding.certainty {
        Certainty::Proven => "",
        Certainty::Likely => ", likely",
        Certainty::Possible => ", only possible",
    };
    let follows = if follows { ", follows from the above" } else { "" };
    let _ = writeln!(out, "\n### {}: {}{certainty}{follows}\n", finding.severity, finding.code);
    let _ = writeln!(out, "{}\n", escape(&finding.message));
    for (label, text) in [("Why", &finding.why), ("Fix", &finding.fix)] {
        if !text.is_empty() {
            let _ = writeln!(out, "* {label}: {}", escape(text));
        }
    }
    let _ = writeln!(out, "* Id: `{}`", clean(finding.id.as_str()).replace('`', "'"));
    let objects: Vec<String> = finding
        .objects
        .iter()
        .map(|object| {
            let uid = if object.uid.is_empty() { String::new() } else { format!(" ({})", object.uid) };
            escape(&format!("{object}{uid}"))
        })
        .collect();
    if !objects.is_empty() {
        let _ = writeln!(out, "* Objects: {}", objects.join(", "));
    }
}

/// Markdown's own characters, escaped. Backticks stay: our own texts use them for commands, in pairs.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in clean(text).chars() {
        if matches!(c, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
