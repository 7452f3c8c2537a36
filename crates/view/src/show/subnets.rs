//! `show subnets`: every Subnet with its true counts beside those of its status.
//!
//! In: the report. Out: one row per Subnet and family. Guarantees: every Subnet has one, also without a CIDR.

use super::short;
use crate::lens::Lens;
use crate::look::{Look, Role};
use crate::number::{Number, SignedNumber};
use crate::subnet::cidr_unreadable;
use crate::table::{Cell, Table};
use engine::report::{FamilyLine, SubnetLine};
use engine::{Certainty, Severity};
use serde::Serialize;
use std::collections::BTreeMap;

/// All Subnets.
#[derive(Debug, Clone, Serialize)]
pub struct SubnetsView {
    /// One row per Subnet and family; one for a Subnet without a CIDR, or with one that cannot be read.
    pub subnets: Vec<SubnetRow>,
}

/// One family of a Subnet.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubnetRow {
    /// Name.
    pub name: String,
    /// Wire.
    pub wire: String,
    /// Block, as it is written where it cannot be read; empty where there is none.
    pub cidr: String,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr_unreadable: Option<String>,
    /// Usable addresses; null where there is no block, or none that can be read, as the counts below are.
    pub usable: Option<Number>,
    /// On record.
    pub using: Option<Number>,
    /// Free.
    pub available: Option<Number>,
    /// Excluded and not used.
    pub excluded: Option<Number>,
    /// What the status says.
    pub reported_using: Option<SignedNumber>,
    /// What the status says.
    pub reported_available: Option<SignedNumber>,
    /// Errors about the Subnet, those that are only possible left out.
    pub errors: usize,
    /// Warnings, likewise.
    pub warnings: usize,
    #[serde(skip)]
    differs: (bool, bool),
}

/// Every Subnet.
#[must_use]
pub fn subnets(lens: &Lens<'_, '_>) -> SubnetsView {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for finding in lens.report.findings.iter().filter(|finding| finding.certainty != Certainty::Possible) {
        let count = counts.entry(finding.subnet.as_deref().unwrap_or_default()).or_default();
        count.0 += usize::from(finding.severity == Severity::Error);
        count.1 += usize::from(finding.severity == Severity::Warning);
    }
    let rows = lens.report.subnets.iter().flat_map(|line| {
        let count = counts.get(line.name.as_str()).copied().unwrap_or_default();
        let bare = (line.v4.is_none() && line.v6.is_none()).then(|| bare(lens, line, count));
        [&line.v4, &line.v6].into_iter().flatten().map(move |family| row(line, family, count)).chain(bare)
    });
    SubnetsView { subnets: rows.collect() }
}

/// The row of a Subnet without a block that can be read.
fn bare(lens: &Lens<'_, '_>, line: &SubnetLine, (errors, warnings): (usize, usize)) -> SubnetRow {
    let object = lens.context.world.subnets.named(&line.name);
    SubnetRow {
        name: line.name.to_string(),
        wire: line.wire.to_string(),
        cidr: object.and_then(|subnet| subnet.spec.cidr.bad()).unwrap_or_default().to_owned(),
        cidr_unreadable: object.and_then(|subnet| cidr_unreadable(lens, subnet)).map(str::to_owned),
        usable: None,
        using: None,
        available: None,
        excluded: None,
        reported_using: None,
        reported_available: None,
        errors,
        warnings,
        differs: (false, false),
    }
}

fn row(line: &SubnetLine, family: &FamilyLine, (errors, warnings): (usize, usize)) -> SubnetRow {
    let differs = |counter: Option<api::slim::Counter>, count: ledger::Count| {
        counter.is_some_and(|counter| !counter.says(count.as_u128().unwrap_or(u128::MAX)))
    };
    SubnetRow {
        name: line.name.to_string(),
        wire: line.wire.to_string(),
        cidr: family.cidr.to_string(),
        cidr_unreadable: None,
        usable: Some(Number(family.usable)),
        using: Some(Number(family.using.count())),
        available: Some(Number(family.available.count())),
        excluded: Some(Number(family.excluded.count())),
        reported_using: family.reported_using.map(SignedNumber),
        reported_available: family.reported_available.map(SignedNumber),
        errors,
        warnings,
        differs: (
            differs(family.reported_using, family.using.count()),
            differs(family.reported_available, family.available.count()),
        ),
    }
}

impl SubnetRow {
    fn cidr_cell(&self) -> Cell {
        match (&self.cidr_unreadable, self.cidr.as_str()) {
            (Some(_), "") => Cell::new("cannot be read").role(Role::Warning),
            (Some(_), cidr) => Cell::new(format!("{cidr} (cannot be read)")).role(Role::Warning),
            (None, "") => Cell::new("none: MACs only").role(Role::Dim),
            (None, cidr) => Cell::new(cidr),
        }
    }
}

impl SubnetsView {
    /// As a table; numbers of the status that differ are marked with `!`.
    #[must_use]
    pub fn render(&self, look: &Look, wide: bool) -> String {
        let header: &[&'static str] = &[
            "SUBNET",
            "CIDR",
            "USABLE",
            "USING",
            "AVAILABLE",
            "EXCLUDED",
            "STATUS USING",
            "STATUS AVAILABLE",
            "ERRORS",
            "WARNINGS",
            "WIRE",
        ];
        let mut table = Table::new(&header[..if wide { 11 } else { 10 }]);
        let number = |count: Option<Number>| match count {
            None => Cell::maybe(None::<u8>),
            Some(count) => Cell::number(if wide { count.0.to_string() } else { short(count.0) }),
        };
        let reported = |counter: Option<SignedNumber>, differs: bool| match counter {
            None => Cell::maybe(None::<u8>),
            Some(SignedNumber(counter)) => {
                let text = match counter.value() {
                    Some(value) if !wide => short(value.into()),
                    _ => counter.to_string(),
                };
                if differs { Cell::number(format!("! {text}")).role(Role::Error) } else { Cell::number(text) }
            }
        };
        let count = |count: usize, role| match count {
            0 => Cell::number("-").role(Role::Dim),
            count => Cell::number(count).role(role),
        };
        for row in &self.subnets {
            table.push(vec![
                Cell::new(&row.name),
                row.cidr_cell(),
                number(row.usable),
                number(row.using),
                number(row.available),
                number(row.excluded),
                reported(row.reported_using, row.differs.0),
                reported(row.reported_available, row.differs.1),
                count(row.errors, Role::Error),
                count(row.warnings, Role::Warning),
                Cell::new(&row.wire),
            ]);
        }
        let mut out = String::new();
        table.render(&mut out, look, 0);
        out
    }
}
