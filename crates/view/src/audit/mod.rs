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
pub use summary::{Advice, Closing, Tally, summary};
pub use table::{Detail, table};
pub(crate) use table::{differences, equation};

use engine::{Code, Report};

/// The first of some names that is no Subnet's: neither was one of that name read, nor does a finding name it.
#[must_use]
pub fn unknown_subnet<'n>(report: &Report, names: &'n [String]) -> Option<&'n str> {
    let is_read = |name: &str| report.subnets.iter().any(|line| line.name == *name);
    let is_named = |name: &str| report.findings.iter().any(|finding| finding.subnet.as_deref() == Some(name));
    names.iter().map(String::as_str).find(|name| !is_read(name) && !is_named(name))
}

/// That a Subnet was not read, and which were.
#[must_use]
pub fn no_subnet(report: &Report, name: &str) -> String {
    let names: Vec<&str> = report.subnets.iter().map(|line| line.name.as_str()).collect();
    match names.as_slice() {
        [] => format!("no Subnet {name} was read, and no other one either"),
        names => format!("no Subnet {name} was read; there are {}", engine::findings::out::few(names, 20)),
    }
}

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
