//! Where checks put what they find.
//!
//! In: findings, and what could not be judged. Out: the report, sorted. Guarantees: one finding per id; a consequence is
//! linked to its causes by their ids.

use crate::finding::{Certainty, Code, Finding, FindingId};
use crate::report::NotJudged;
use crate::world::Reading;
use api::slim::{Kind, Str};
use ledger::{Addr, AddrSet};
use std::collections::{BTreeMap, BTreeSet};

/// Collects the results of the checks.
#[derive(Debug, Default)]
pub struct Out {
    findings: BTreeMap<FindingId, Finding>,
    not_judged: BTreeMap<Code, (BTreeSet<Kind>, usize)>,
}

impl Out {
    /// Takes a finding; of two with one id the surer stays.
    pub fn push(&mut self, finding: Finding) {
        match self.findings.get(&finding.id) {
            Some(known) if known.certainty <= finding.certainty => {}
            _ => {
                self.findings.insert(finding.id.clone(), finding);
            }
        }
    }

    /// Takes all that another one has.
    pub fn absorb(&mut self, other: Self) {
        other.findings.into_values().for_each(|finding| self.push(finding));
        for (code, (missing, objects)) in other.not_judged {
            self.not_judged(code, missing, objects);
        }
    }

    /// Takes a finding in place of the one with its id.
    pub fn replace(&mut self, finding: Finding) {
        self.findings.insert(finding.id.clone(), finding);
    }

    /// Notes that an object, or with `objects` = 0 the whole class, could not be judged for want of these kinds.
    pub fn not_judged(&mut self, code: Code, missing: impl IntoIterator<Item = Kind>, objects: usize) {
        let entry = self.not_judged.entry(code).or_default();
        entry.0.extend(missing);
        entry.1 += objects;
    }

    /// Whether there is a finding of that id.
    #[must_use]
    pub fn has(&self, id: &FindingId) -> bool {
        self.findings.contains_key(id)
    }

    /// The finding of that id.
    #[must_use]
    pub fn get(&self, id: &FindingId) -> Option<&Finding> {
        self.findings.get(id)
    }

    /// The findings of a code.
    pub fn of(&self, code: Code) -> impl Iterator<Item = &Finding> {
        self.findings.values().filter(move |finding| finding.code == code)
    }

    /// The findings of some codes by Subnet.
    #[must_use]
    pub fn by_subnet(&self, codes: &[Code]) -> BTreeMap<Str, Vec<&Finding>> {
        let mut found: BTreeMap<Str, Vec<&Finding>> = BTreeMap::new();
        for finding in self.findings.values().filter(|finding| codes.contains(&finding.code)) {
            if let Some(subnet) = &finding.subnet {
                found.entry(subnet.clone()).or_default().push(finding);
            }
        }
        found
    }

    /// The findings, worst first, then by Subnet and id; and what could not be judged.
    #[must_use]
    pub fn finish(self) -> (Vec<Finding>, Vec<NotJudged>) {
        let mut findings: Vec<Finding> = self.findings.into_values().collect();
        findings.sort_by(|a, b| {
            let key = |f: &Finding| (f.severity, f.certainty == Certainty::Possible, f.subnet.is_none());
            key(a)
                .cmp(&key(b))
                .then_with(|| a.subnet.cmp(&b.subnet))
                .then(a.code.cmp(&b.code))
                .then_with(|| a.id.cmp(&b.id))
        });
        let not_judged = self
            .not_judged
            .into_iter()
            .map(|(code, (missing, objects))| NotJudged { code, missing: missing.into_iter().collect(), objects })
            .collect();
        (findings, not_judged)
    }
}

/// How sure a conclusion from absence is: likely from files; proven where records were read before holders, since then
/// every finding is confirmed by a second look.
#[must_use]
pub fn absence(reading: Reading) -> Certainty {
    match reading {
        Reading::Files => Certainty::Likely,
        Reading::Ordered => Certainty::Proven,
    }
}

/// How many addresses of one finding are named one by one; longer runs are named by their ends.
const NAMED_ONE_BY_ONE: usize = 256;

/// The addresses of a set as texts: one by one while they are few, else runs as `a-b`.
#[must_use]
pub fn name_addresses(set: &AddrSet) -> Vec<String> {
    let few = set.count().as_u128().is_some_and(|count| count <= NAMED_ONE_BY_ONE as u128);
    if !few {
        return set.ranges().map(|range| runs(range.first(), range.last())).collect();
    }
    let mut names = Vec::new();
    for range in set.ranges() {
        let mut next = Some(range.first());
        while let Some(addr) = next.filter(|&addr| addr <= range.last()) {
            names.push(addr.to_string());
            next = addr.next();
        }
    }
    names
}

fn runs(first: Addr, last: Addr) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// The first few of many, and how many more there are: `a, b, c and 4 more`.
#[must_use]
pub fn few<T: ToString>(items: impl IntoIterator<Item = T>, limit: usize) -> String {
    let mut items = items.into_iter();
    let shown: Vec<String> = items.by_ref().take(limit).map(|item| item.to_string()).collect();
    match items.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// `1 address`, `2 addresses`.
#[must_use]
pub fn count_of(count: &impl ToString, singular: &str, plural: &str) -> String {
    let count = count.to_string();
    let noun = if count == "1" { singular } else { plural };
    format!("{count} {noun}")
}
