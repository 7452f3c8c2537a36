//! The report of an audit: as a document for programs, a table for people, Markdown for tickets.
//!
//! In: a [`Report`], already narrowed to what was asked for. Out: [`Document`], and text. Guarantees: the document's keys
//! and their order are stable; the table tells one cause once, worst first.

mod document;
mod markdown;
mod stories;
mod summary;
mod table;

pub use document::Document;
pub use markdown::markdown;
pub use stories::{Group, Story, stories};
pub use summary::{Advice, Tally, summary};
pub use table::{Detail, table};
pub(crate) use table::{differences, equation};

use engine::{Code, Report};

/// Narrows a report to findings of some Subnets and codes; empty lists mean all. A consequence keeps naming its cause.
pub fn narrow(report: &mut Report, subnets: &[String], codes: &[Code]) {
    if !subnets.is_empty() {
        let is_wanted = |name: &str| subnets.iter().any(|wanted| wanted == name);
        report.findings.retain(|finding| finding.subnet.as_deref().is_some_and(is_wanted));
        report.subnets.retain(|line| is_wanted(&line.name));
    }
    if !codes.is_empty() {
        report.findings.retain(|finding| codes.contains(&finding.code));
        report.not_judged.retain(|line| codes.contains(&line.code));
    }
}
