//! The last lines of a report: how much was found, what was not judged, what could not be read.
//!
//! In: a report, and what was left out of it. Out: [`Tally`], and lines. Guarantees: what was not judged and what could not be
//! read is always said; the word "clean" stands only where nothing was found, nothing was left out, all of it was read and all
//! of it was judged.

use crate::look::{Look, Role};
use crate::text::{columns, count_of, count_of_kind, paragraph};
use api::slim::Kind;
use engine::report::NotJudged;
use engine::{Certainty, Report, Severity};
use std::collections::BTreeSet;
use std::fmt::Write;

/// What a reader can do where kinds are not known to be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Files: say that these are all.
    AddComplete,
    /// A live cluster: be allowed to list them.
    AllowList,
}

/// What the last lines say beside the report itself.
#[derive(Debug, Clone, Copy)]
pub struct Closing<'a> {
    /// What to do where kinds are not known to be complete.
    pub advice: Advice,
    /// Whether only findings of some Subnets or codes were asked for: then what is left out may be anything.
    pub narrowed: bool,
    /// How many findings were left out because they are known.
    pub known: usize,
    /// Objects of kinds that are not read here, with where the first of each stands.
    pub passed_over: &'a [String],
}

impl Closing<'_> {
    /// Of a report of which nothing was left out.
    #[must_use]
    pub const fn whole(advice: Advice) -> Self {
        Self { advice, narrowed: false, known: 0, passed_over: &[] }
    }
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
pub fn summary(out: &mut String, report: &Report, closing: Closing<'_>, look: &Look) {
    let (role, text) = verdict(report, closing);
    let _ = writeln!(out, "{}", look.paint(role, &format!("{text}: {}", read(report))));
    told(
        out,
        look,
        (Role::Warning, "not judged"),
        by_missing(&report.not_judged).iter().map(|lines| not_judged(report, lines)),
    );
    told(out, look, (Role::Plain, "          "), remedy(&report.not_judged, closing.advice));
    let unreadable = report.coverage.unreadable.iter().map(|line| {
        let object = line.object.as_ref().map_or_else(String::new, |object| format!(" {object}"));
        format!("{}{object}: {}", line.path, line.reason)
    });
    told(out, look, (Role::Error, "unreadable"), unreadable);
    told(out, look, (Role::Info, "passed over"), closing.passed_over.iter().cloned());
}

/// Appends paragraphs behind a label.
fn told(out: &mut String, look: &Look, (role, label): (Role, &str), texts: impl IntoIterator<Item = String>) {
    for text in texts {
        let head = format!("{}  ", look.paint(role, label));
        paragraph(out, look, &head, columns(label) + 2, &text);
    }
}

/// `23 Subnets read, 212 objects in all`.
fn read(report: &Report) -> String {
    let objects: usize = report.coverage.kinds.values().sum();
    let subnets = report.coverage.kinds.get(&Kind::Subnet).copied().unwrap_or(0);
    format!("{} read, {} in all", count_of(subnets, "Subnet", "Subnets"), count_of(objects, "object", "objects"))
}

/// The word for all of it.
fn verdict(report: &Report, closing: Closing<'_>) -> (Role, String) {
    let tally = Tally::of(report);
    let whole = report.not_judged.is_empty() && report.coverage.unreadable.is_empty();
    let text = match (report.findings.is_empty(), closing.known, closing.narrowed) {
        (false, ..) => tally.text(),
        (true, 0, false) if whole => "clean".to_owned(),
        (true, 0, false) => "no findings in what could be judged".to_owned(),
        (true, 0, true) => "no findings of those asked for".to_owned(),
        (true, known, _) => format!("no findings beside {}", count_of(known, "known one", "known ones")),
    };
    let role = match tally {
        Tally { errors: 1.., .. } => Role::Error,
        Tally { warnings: 1.., .. } => Role::Warning,
        Tally { infos: 1.., .. } => Role::Info,
        _ if whole => Role::Free,
        _ => Role::Title,
    };
    (role, text)
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

/// `leaked-ip (12 objects), leaked-nic: 300 Pods read, not known to be all; no IP, no Vip read`.
fn not_judged(report: &Report, lines: &[&NotJudged]) -> String {
    let class = |line: &&NotJudged| match line.objects {
        0 => line.code.to_string(),
        count => format!("{} ({})", line.code, count_of(count, "object", "objects")),
    };
    let classes: Vec<String> = lines.iter().map(class).collect();
    let missing = lines.first().map_or(&[][..], |line| line.missing.as_slice());
    let count = |kind: Kind| report.coverage.kinds.get(&kind).copied().unwrap_or(0);
    let (some, none): (Vec<Kind>, Vec<Kind>) = missing.iter().copied().partition(|&kind| count(kind) > 0);
    let some: Vec<String> = some.into_iter().map(|kind| count_of_kind(count(kind), kind)).collect();
    let none: Vec<String> = none.into_iter().map(|kind| format!("no {}", kind.name())).collect();
    let parts = [(some, "read, not known to be all"), (none, "read")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(kinds, _)| !kinds.is_empty())
        .map(|(kinds, what)| format!("{} {what}", kinds.join(", ")))
        .collect();
    format!("{}: {}", classes.join(", "), parts.join("; "))
}

/// So many kinds are named in a command to copy: a longer list is easier said with one word.
const KINDS_NAMED: usize = 5;

/// What would let all of it be judged: said once.
fn remedy(lines: &[NotJudged], advice: Advice) -> Option<String> {
    let kinds: BTreeSet<Kind> = lines.iter().flat_map(|line| line.missing.iter().copied()).collect();
    let kinds: Vec<&str> = kinds.into_iter().map(Kind::plural).collect();
    (!kinds.is_empty()).then(|| match advice {
        Advice::AddComplete if kinds.len() > KINDS_NAMED => {
            "if the files hold all there is, add --complete; if all there is of some kinds, name those: --complete=ips,pods,...".to_owned()
        }
        Advice::AddComplete => format!("if these are all there are, add --complete={}", kinds.join(",")),
        Advice::AllowList => format!("{} could not be listed in full", kinds.join(", ")),
    })
}
