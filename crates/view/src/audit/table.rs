//! The report as a table for people.
//!
//! In: a report. Out: text. Guarantees: worst first, by Subnet; what follows from a finding stands under it; every error and
//! warning is shown; notes beyond the first few of a kind are counted, and shown in full by [`Detail::Wide`].

use super::stories::{Group, Story, stories};
use crate::look::{Look, Role};
use crate::run::run_text;
use crate::text::{clean, paragraph};
use engine::findings::out::few;
use engine::report::{FamilyLine, SubnetLine};
use engine::{Certainty, Finding, Report, Severity};
use ledger::{Addr, AddrSet, Family};
use std::fmt::Write;

/// How much is shown of each finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What was seen, why it matters, what to do.
    Brief,
    /// That, the id, and every object with its UID.
    Wide,
}

/// How many notes (severity info) of one kind a story shows.
const NOTES_SHOWN: usize = 3;
/// Where the text of a finding begins, behind its severity: `WARNING` and two spaces.
const TEXT: usize = 9;

/// Appends the findings of a report.
pub fn table(out: &mut String, report: &Report, detail: Detail, look: &Look) {
    for group in stories(report) {
        heading(out, &group, look);
        for story in &group.stories {
            out.push('\n');
            tell(out, &group, story, detail, look);
        }
        out.push('\n');
    }
}

fn heading(out: &mut String, group: &Group<'_>, look: &Look) {
    let Some(name) = group.subnet else {
        let _ = writeln!(out, "{}", look.paint(Role::Title, "No Subnet"));
        return;
    };
    let _ = write!(out, "{}", look.paint(Role::Title, &clean(&format!("Subnet {name}"))));
    let Some(line) = group.line else {
        out.push_str("  (there is none of that name)\n");
        return;
    };
    let families = || [&line.v4, &line.v6].into_iter().flatten();
    let cidrs: Vec<String> = families().map(|family| family.cidr.to_string()).collect();
    let _ = writeln!(out, "  {} on wire {}", cidrs.join(", "), clean(&line.wire));
    for family in families() {
        paragraph(out, look, "  ", 2, &equation(family));
    }
}

/// `24 using + 5 available + 1 excluded = 30 usable; the status says 41 using, 0 available`.
pub(crate) fn equation(line: &FamilyLine) -> String {
    let (using, available, excluded) = (line.using.count(), line.available.count(), line.excluded.count());
    let mut text = format!("{using} using + {available} available + {excluded} excluded = {} usable", line.usable);
    let said = differences(line);
    if !said.is_empty() {
        let _ = write!(text, "; the status says {}", said.join(", "));
    }
    if !line.apart.is_empty() {
        let _ = write!(text, "; {} on record that nobody may use", line.apart.len());
    }
    text
}

/// Where the status differs, what it says.
pub(crate) fn differences(line: &FamilyLine) -> Vec<String> {
    let counters = [
        (line.reported_using, line.using.count(), "using"),
        (line.reported_available, line.available.count(), "available"),
    ];
    counters
        .into_iter()
        .filter_map(|(counter, count, what)| Some((counter?, count.as_u128().unwrap_or(u128::MAX), what)))
        .filter(|(counter, count, _)| !counter.says(*count))
        .map(|(counter, _, what)| format!("{counter} {what}"))
        .collect()
}

fn tell(out: &mut String, group: &Group<'_>, story: &Story<'_>, detail: Detail, look: &Look) {
    for run in runs(&story.causes) {
        tell_run(out, group, run, detail, (2, "  "), look);
    }
    let branch = look.pick("  \u{2514} ", "  + ");
    for run in runs(&story.consequences) {
        tell_run(out, group, run, detail, (4, branch), look);
    }
}

/// Neighbours of one code, severity and certainty.
fn runs<'a, 'r>(findings: &'a [&'r Finding]) -> impl Iterator<Item = &'a [&'r Finding]> {
    let key = |finding: &Finding| (finding.code, finding.severity, finding.certainty);
    findings.chunk_by(move |a, b| key(a) == key(b))
}

fn tell_run(
    out: &mut String,
    group: &Group<'_>,
    run: &[&Finding],
    detail: Detail,
    (indent, lead): (usize, &str),
    look: &Look,
) {
    let Some(first) = run.first() else { return };
    let (role, word) = severity(first.severity);
    let _ = write!(out, "{lead}{}{:2$}", look.paint(role, word), "", TEXT - word.len());
    let _ = write!(out, "{}", look.paint(Role::Title, first.code.name()));
    if run.len() > 1 {
        let _ = write!(out, " ({}){}", run.len(), runs_of_addresses(run));
    }
    let _ = writeln!(out, "{}", certainty(first.certainty));
    let shown = match (first.severity, detail) {
        (Severity::Info, Detail::Brief) => run.len().min(NOTES_SHOWN),
        _ => run.len(),
    };
    let same = Shared::of(run);
    let body = Body { indent: indent + TEXT, detail, same, look };
    for finding in &run[..shown] {
        body.finding(out, group.line, group.subnet, finding);
    }
    if shown < run.len() {
        let more = format!(
            "and {} more like {} (-o wide shows all)",
            run.len() - shown,
            if shown == 1 { "it" } else { "these" }
        );
        paragraph(out, look, &" ".repeat(body.indent), body.indent, &more);
    }
    body.shared(out, first);
}

/// How many runs of addresses a heading names.
const RUNS_NAMED: usize = 4;

/// The addresses of several findings: `: 172.31.9.2 to .18`; nothing where they have none.
fn runs_of_addresses(findings: &[&Finding]) -> String {
    let addresses =
        || findings.iter().flat_map(|finding| &finding.addresses).filter_map(|text| text.parse::<Addr>().ok());
    let runs: Vec<String> = Family::BOTH
        .into_iter()
        .flat_map(|family| {
            let set = AddrSet::from_ranges(family, addresses().filter(|addr| addr.family() == family));
            set.ranges().map(run_text).collect::<Vec<_>>()
        })
        .collect();
    if runs.is_empty() { String::new() } else { format!(": {}", few(runs, RUNS_NAMED)) }
}

/// Which texts all findings of a run share: told once, after them.
#[derive(Clone, Copy)]
struct Shared {
    why: bool,
    fix: bool,
}

impl Shared {
    fn of(run: &[&Finding]) -> Self {
        let all = |same: fn(&Finding, &Finding) -> bool| run.windows(2).all(|pair| same(pair[0], pair[1]));
        Self { why: all(|a, b| a.why == b.why), fix: all(|a, b| a.fix == b.fix) }
    }
}

/// How the texts of a run are laid out.
struct Body<'l> {
    indent: usize,
    detail: Detail,
    same: Shared,
    look: &'l Look,
}

impl Body<'_> {
    fn finding(&self, out: &mut String, line: Option<&SubnetLine>, subnet: Option<&str>, finding: &Finding) {
        paragraph(out, self.look, &" ".repeat(self.indent), self.indent, &finding.message);
        if self.detail == Detail::Wide {
            self.labelled(out, "id", finding.id.as_str());
        }
        if finding.subnet.as_deref() != subnet {
            self.labelled(out, "subnet", finding.subnet.as_deref().unwrap_or("none"));
        }
        if let Some(wire) = finding.wire.as_deref().filter(|wire| line.is_none_or(|line| line.wire != *wire)) {
            self.labelled(out, "wire", wire);
        }
        if self.detail == Detail::Wide {
            self.objects(out, finding);
        }
        if !self.same.why {
            self.labelled(out, "why", &finding.why);
        }
        if !self.same.fix {
            self.labelled(out, "fix", &finding.fix);
        }
    }

    fn objects(&self, out: &mut String, finding: &Finding) {
        for (i, object) in finding.objects.iter().enumerate() {
            let uid = if object.uid.is_empty() { "not there" } else { object.uid.as_str() };
            self.labelled(out, if i == 0 { "objects" } else { "" }, &format!("{object} ({uid})"));
        }
    }

    fn shared(&self, out: &mut String, finding: &Finding) {
        if self.same.why {
            self.labelled(out, "why", &finding.why);
        }
        if self.same.fix {
            self.labelled(out, "fix", &finding.fix);
        }
    }

    fn labelled(&self, out: &mut String, label: &str, text: &str) {
        const LABEL: usize = 9;
        if text.is_empty() {
            return;
        }
        let padded = format!("{label:LABEL$}");
        let head = format!("{:2$}{}", "", self.look.paint(Role::Dim, &padded), self.indent);
        paragraph(out, self.look, &head, self.indent + LABEL, text);
    }
}

fn severity(severity: Severity) -> (Role, &'static str) {
    match severity {
        Severity::Error => (Role::Error, "ERROR"),
        Severity::Warning => (Role::Warning, "WARNING"),
        Severity::Info => (Role::Info, "info"),
    }
}

fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Proven => "",
        Certainty::Likely => "  likely",
        Certainty::Possible => "  possible: a second look might dissolve it",
    }
}
