//! The last lines of a report: how much was found, what was not judged, what could not be read.
//!
//! In: a report. Out: [`Tally`], and lines. Guarantees: what was not judged and what could not be read is always said; the
//! word "clean" stands only where nothing was found, all of it was read and all of it was judged.

use crate::look::{Look, Role};
use crate::text::{columns, count_of, count_of_kind, paragraph};
use api::slim::Kind;
use engine::report::NotJudged;
use engine::{Certainty, Report, Severity};
use std::fmt::Write;

/// What a reader can do where kinds are not known to be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Files: say that these are all.
    AddComplete,
    /// A live cluster: be allowed to list them.
    AllowList,
}

/// How many findings there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// The rest.
    pub infos: usize,
    /// Of all these, the ones that are only possible.
    pub possible: usize,
}

impl Tally {
    /// Counts the findings of a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
        Self {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            infos: count(Severity::Info),
            possible: report.findings.iter().filter(|finding| finding.certainty == Certainty::Possible).count(),
        }
    }

    /// `2 errors, 1 warning and 17 notes, 1 of them only possible`.
    fn text(self) -> String {
        let counts =
            [(self.errors, "error", "errors"), (self.warnings, "warning", "warnings"), (self.infos, "note", "notes")];
        let parts: Vec<String> = counts
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| count_of(count, one, many))
            .collect();
        let mut text = match parts.split_last() {
            None => "no findings".to_owned(),
            Some((last, [])) => last.clone(),
            Some((last, first)) => format!("{} and {last}", first.join(", ")),
        };
        match self.possible {
            0 => {}
            possible if possible == self.errors + self.warnings + self.infos => text.push_str(", only possible"),
            possible => {
                let _ = write!(text, ", {possible} of them only possible");
            }
        }
        text
    }
}

/// Appends the last lines of a report.
pub fn summary(out: &mut String, report: &Report, advice: Advice, look: &Look) {
    let tally = Tally::of(report);
    let objects: usize = report.coverage.kinds.values().sum();
    let subnets = report.subnets.len();
    let read =
        format!("{} read, {} in all", count_of(subnets, "Subnet", "Subnets"), count_of(objects, "object", "objects"));
    let whole = report.not_judged.is_empty() && report.coverage.unreadable.is_empty();
    let (role, text) = match (report.findings.is_empty(), whole) {
        (true, true) => (Role::Free, format!("clean: {read}")),
        (true, false) => (Role::Title, format!("no findings in what could be judged: {read}")),
        (false, _) if tally.errors > 0 => (Role::Error, format!("{}: {read}", tally.text())),
        (false, _) if tally.warnings > 0 => (Role::Warning, format!("{}: {read}", tally.text())),
        (false, _) => (Role::Info, format!("{}: {read}", tally.text())),
    };
    let _ = writeln!(out, "{}", look.paint(role, &text));
    for lines in by_missing(&report.not_judged) {
        let head = format!("{}  ", look.paint(Role::Warning, "not judged"));
        paragraph(out, look, &head, columns("not judged  "), &not_judged(report, &lines, advice));
    }
    for line in &report.coverage.unreadable {
        let head = format!("{}  ", look.paint(Role::Error, "unreadable"));
        let object = line.object.as_ref().map_or_else(String::new, |object| format!(" {object}"));
        paragraph(out, look, &head, columns("unreadable  "), &format!("{}{object}: {}", line.path, line.reason));
    }
}

/// The classes that lack the same kinds, in the order of the first of each.
fn by_missing(lines: &[NotJudged]) -> Vec<Vec<&NotJudged>> {
    let mut groups: Vec<Vec<&NotJudged>> = Vec::new();
    for line in lines {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| first.missing == line.missing)) {
            Some(group) => group.push(line),
            None => groups.push(vec![line]),
        }
    }
    groups
}

/// `leaked-ip (12 objects), leaked-nic: 300 Pods read, not known to be all; add --complete=pods if they are`.
fn not_judged(report: &Report, lines: &[&NotJudged], advice: Advice) -> String {
    let class = |line: &&NotJudged| match line.objects {
        0 => line.code.to_string(),
        count => format!("{} ({})", line.code, count_of(count, "object", "objects")),
    };
    let classes: Vec<String> = lines.iter().map(class).collect();
    let missing = lines.first().map_or(&[][..], |line| line.missing.as_slice());
    let read: Vec<String> = missing.iter().map(|&kind| kind_read(report, kind)).collect();
    let kinds: Vec<&str> = missing.iter().map(|kind| kind.plural()).collect();
    let advice = match advice {
        Advice::AddComplete => format!("add --complete={} if these are all there are", kinds.join(",")),
        Advice::AllowList => format!("{} could not be listed in full", kinds.join(", ")),
    };
    format!("{}: {}, not known to be all; {advice}", classes.join(", "), read.join(", "))
}

fn kind_read(report: &Report, kind: Kind) -> String {
    match report.coverage.kinds.get(&kind).copied().unwrap_or(0) {
        0 => format!("no {} read", kind.name()),
        count => format!("{} read", count_of_kind(count, kind)),
    }
}
