//! Findings by Subnet, and within a Subnet by what they follow from.
//!
//! In: a report. Out: [`Group`]s of [`Story`]s: causes, and what follows from them. Guarantees: every finding stands in
//! exactly one story; groups and stories come worst first, what is only possible after what is sure; findings that share a
//! cause, also over several steps, are one story. Linear but for the sorting.

use engine::report::SubnetLine;
use engine::{Certainty, Code, Finding, FindingId, Report, Severity};
use ledger::Addr;
use std::collections::BTreeMap;

/// How bad: severity, and whether it is only possible. Lower is worse.
type Rank = (bool, Severity);

fn rank(finding: &Finding) -> Rank {
    (finding.certainty == Certainty::Possible, finding.severity)
}

/// Findings of one Subnet, or of none.
#[derive(Debug)]
pub struct Group<'r> {
    /// The Subnet's name.
    pub subnet: Option<&'r str>,
    /// Its line, where it was read.
    pub line: Option<&'r SubnetLine>,
    /// Its stories, worst first.
    pub stories: Vec<Story<'r>>,
}

/// Findings that hang together.
#[derive(Debug, Default)]
pub struct Story<'r> {
    /// Findings that follow from none that is shown.
    pub causes: Vec<&'r Finding>,
    /// Findings that follow from those.
    pub consequences: Vec<&'r Finding>,
}

impl<'r> Story<'r> {
    fn all(&self) -> impl Iterator<Item = &'r Finding> + '_ {
        self.causes.iter().chain(&self.consequences).copied()
    }

    fn rank(&self) -> Rank {
        self.all().map(rank).min().unwrap_or((true, Severity::Info))
    }

    /// The Subnet of the worst finding that has one.
    fn subnet(&self) -> Option<&'r str> {
        self.all().filter_map(|finding| Some((rank(finding), finding.subnet.as_deref()?))).min().map(|(_, name)| name)
    }
}

/// The findings of a report as stories, by Subnet, worst first.
#[must_use]
pub fn stories(report: &Report) -> Vec<Group<'_>> {
    let lines: BTreeMap<&str, &SubnetLine> = report.subnets.iter().map(|line| (line.name.as_str(), line)).collect();
    let mut groups: BTreeMap<Option<&str>, Vec<Story<'_>>> = BTreeMap::new();
    for story in connected(&report.findings) {
        groups.entry(story.subnet()).or_default().push(story);
    }
    let mut groups: Vec<Group<'_>> = groups
        .into_iter()
        .map(|(subnet, mut stories)| {
            stories.sort_by_key(|story| (story.rank(), story.causes.first().map(|finding| finding.code)));
            Group { subnet, line: subnet.and_then(|name| lines.get(name).copied()), stories: gather(stories) }
        })
        .collect();
    groups.sort_by_key(|group| (group.stories.first().map(Story::rank), group.subnet.is_none(), group.subnet));
    groups
}

/// Findings of one code that nothing follows from are told together.
fn gather(stories: Vec<Story<'_>>) -> Vec<Story<'_>> {
    let mut gathered: Vec<Story<'_>> = Vec::with_capacity(stories.len());
    for story in stories {
        let key = |story: &Story<'_>| (story.rank(), story.causes.first().map(|finding| finding.code));
        match gathered.last_mut() {
            Some(last) if last.consequences.is_empty() && story.consequences.is_empty() && key(last) == key(&story) => {
                last.causes.extend(story.causes);
            }
            _ => gathered.push(story),
        }
    }
    for story in &mut gathered {
        story.causes.sort_by_cached_key(|finding| order(finding));
        story.consequences.sort_by_cached_key(|finding| order(finding));
    }
    gathered
}

/// Worst first, then by code, then by address as a number.
fn order(finding: &Finding) -> (Rank, Code, Option<Addr>) {
    let addr = finding.addresses.first().and_then(|text| text.split('-').next()?.parse().ok());
    (rank(finding), finding.code, addr)
}

/// The connected parts of "follows", in the order of their first finding.
fn connected(findings: &[Finding]) -> Vec<Story<'_>> {
    let index: BTreeMap<&FindingId, usize> = findings.iter().enumerate().map(|(i, finding)| (&finding.id, i)).collect();
    let mut parts = Parts((0..findings.len()).collect());
    let mut is_consequence = vec![false; findings.len()];
    for (i, finding) in findings.iter().enumerate() {
        for cause in finding.follows.iter().filter_map(|id| index.get(id)).filter(|&&cause| cause != i) {
            parts.join(i, *cause);
            is_consequence[i] = true;
        }
    }
    let mut stories: BTreeMap<usize, Story<'_>> = BTreeMap::new();
    for (i, finding) in findings.iter().enumerate() {
        let story = stories.entry(parts.root(i)).or_default();
        if is_consequence[i] { story.consequences.push(finding) } else { story.causes.push(finding) }
    }
    let mut stories: Vec<Story<'_>> = stories.into_values().collect();
    for story in &mut stories {
        if story.causes.is_empty() {
            // Findings that follow from each other: none is the cause, all are told.
            std::mem::swap(&mut story.causes, &mut story.consequences);
        }
    }
    stories
}

/// Which findings hang together: each points to an earlier one of its part, or to itself.
struct Parts(Vec<usize>);

impl Parts {
    fn root(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}
