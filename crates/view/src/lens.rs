//! The world as the views look at it: the index and the report, with findings found by address.
//!
//! In: a [`Context`] and its [`Report`]. Out: [`Lens`]: the state of an address, its holders, the findings about it.
//! Guarantees: what the views say of an address is what the audit says of it; a look-up costs a binary search.

use crate::holder::{self, Holding};
use crate::state::State;
use api::slim::Kind;
use engine::record::Record;
use engine::report::{FamilyLine, SubnetLine};
use engine::world::subnets::{SubnetId, WireId};
use engine::{Code, Context, Finding, Report};
use ledger::{Addr, AddrRange, AddrSet, Family};
use std::collections::BTreeMap;

/// The world with its report.
#[derive(Debug)]
pub struct Lens<'a, 'w> {
    /// The indexed world.
    pub context: &'a Context<'w>,
    /// What the audit says of it.
    pub report: &'a Report,
    /// Findings by wire and address.
    by_addr: BTreeMap<(&'a str, Addr), Vec<&'a Finding>>,
}

impl<'a, 'w> Lens<'a, 'w> {
    /// Indexes the findings.
    #[must_use]
    pub fn new(context: &'a Context<'w>, report: &'a Report) -> Self {
        let mut by_addr: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for finding in &report.findings {
            let wire = finding.wire.as_deref().unwrap_or_default();
            for addr in finding.addresses.iter().filter_map(|text| text.parse().ok()) {
                by_addr.entry((wire, addr)).or_default().push(finding);
            }
        }
        Self { context, report, by_addr }
    }

    /// The findings about an address of a wire.
    #[must_use]
    pub fn findings_at(&self, wire: WireId, addr: Addr) -> &[&'a Finding] {
        let name = self.context.subnets.wire_name(wire).as_str();
        self.by_addr.get(&(name, addr)).map_or(&[], Vec::as_slice)
    }

    /// What an address with records is.
    #[must_use]
    pub fn state(&self, group: &[Record<'w>]) -> State {
        let Some(first) = group.first() else { return State::Available };
        let findings = self.findings_at(first.wire, first.addr);
        let has = |codes: &[Code]| findings.iter().any(|finding| codes.contains(&finding.code));
        if has(&[Code::DuplicateAddress]) {
            return State::Conflict;
        }
        if has(&[Code::LeakedIp, Code::LeakedNic]) {
            return State::Leaked;
        }
        group.iter().map(|record| holder::life(self.context, record).state()).min().unwrap_or(State::Unknown)
    }

    /// Who has an address, one entry per holder. A holder that has lost the NIC does not use its address.
    #[must_use]
    pub fn holdings(&self, group: &[Record<'w>]) -> Vec<Holding> {
        let mut holdings = holder::holdings(self.context, group);
        for record in group.iter().filter(|record| self.is_without_nic(record)) {
            let object = crate::ObjectName::from(&record.source.object());
            holdings.iter_mut().filter(|holding| holding.objects == [object.clone()]).for_each(Holding::lose_nic);
        }
        holdings
    }

    /// Whether the audit says that the holder of a record no longer has that NIC.
    pub(crate) fn is_without_nic(&self, record: &Record<'w>) -> bool {
        let object = record.source.object();
        let mut findings = self.findings_at(record.wire, record.addr).iter();
        findings.any(|finding| finding.code == Code::LeakedNic && finding.objects.first() == Some(&object))
    }

    /// The finding of that code about the counts or ranges of one family of a Subnet.
    pub(crate) fn finding_about(&self, code: Code, name: &str, family: Family) -> Option<&'a Finding> {
        let id = match family {
            Family::V4 => format!("{code}:{name}/v4"),
            Family::V6 => format!("{code}:{name}/v6"),
        };
        self.report.findings.iter().find(|finding| finding.code == code && finding.id.as_str() == id)
    }

    /// Free addresses that the status lists as in use, where the audit says that no object explains it.
    pub(crate) fn lost(&self, id: SubnetId, line: &FamilyLine) -> AddrSet {
        let (family, subnet) = (line.cidr.family(), self.context.subnets.get(id));
        let none = AddrSet::new(family);
        let Some(finding) = self.finding_about(Code::RangeMismatch, subnet.name(), family) else { return none };
        let status = &subnet.object.status;
        let listed = match family {
            Family::V4 => &status.v4_using_range,
            Family::V6 => &status.v6_using_range,
        };
        let Some(Ok(listed)) = listed.as_deref().map(|text| AddrSet::parse_range_text(family, text)) else {
            return none;
        };
        let named = AddrSet::from_ranges(family, finding.addresses.iter().filter_map(|text| run(text)));
        named.intersection(&listed).intersection(&line.available)
    }

    /// The kinds of which records may be missing: what looks free may be somebody's.
    #[must_use]
    pub fn unread_recorders(&self) -> Vec<Kind> {
        engine::findings::unread_recorders(self.context)
    }

    /// The line of a Subnet's family.
    #[must_use]
    pub fn line(&self, name: &str, family: Family) -> Option<&'a FamilyLine> {
        let line = self.subnet_line(name)?;
        match family {
            Family::V4 => line.v4.as_ref(),
            Family::V6 => line.v6.as_ref(),
        }
    }

    /// The line of a Subnet.
    #[must_use]
    pub fn subnet_line(&self, name: &str) -> Option<&'a SubnetLine> {
        let at = self.report.subnets.binary_search_by(|line| line.name.as_str().cmp(name)).ok()?;
        self.report.subnets.get(at)
    }

    /// The records that count for a Subnet, one slice per address, in order.
    pub fn groups_of(&self, id: SubnetId) -> impl Iterator<Item = &'a [Record<'w>]> {
        let wire = self.context.subnets.get(id).wire;
        let is_of = move |group: &&[Record<'w>]| {
            group.iter().any(|record| record.wire == wire && record.subnet.or(record.said) == Some(id))
        };
        self.context.records.groups().filter(is_of)
    }

    /// The findings about a Subnet.
    pub fn findings_of(&self, name: &str) -> impl Iterator<Item = &'a Finding> {
        self.report.findings.iter().filter(move |finding| finding.subnet.as_deref() == Some(name))
    }
}

/// A run of addresses as a finding names it: `a`, or `a-b`.
fn run(text: &str) -> Option<AddrRange> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    AddrRange::new(first.parse().ok()?, last.parse().ok()?).ok()
}
