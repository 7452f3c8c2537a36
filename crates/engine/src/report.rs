//! What an audit says: findings, each Subnet's true counts, and what could not be judged.
//!
//! In: the judgement of a [`crate::World`]. Out: [`Report`], which views and JSON are made of. Guarantees: findings are
//! sorted, worst first; every Subnet that was read is in `subnets`.

use crate::finding::{Code, Finding};
use api::slim::{Counter, Kind, Str};
use ledger::{Addr, AddrSet, Count};
use std::collections::BTreeMap;

/// The result of an audit.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Findings, worst first, then by Subnet.
    pub findings: Vec<Finding>,
    /// Every Subnet, by name.
    pub subnets: Vec<SubnetLine>,
    /// What could not be judged.
    pub not_judged: Vec<NotJudged>,
    /// What was read.
    pub coverage: CoverageLine,
}

/// A Subnet's true counts beside what its status says.
#[derive(Debug, Clone)]
pub struct SubnetLine {
    /// Name.
    pub name: Str,
    /// Wire.
    pub wire: Str,
    /// IPv4, where the Subnet has it.
    pub v4: Option<FamilyLine>,
    /// IPv6, where the Subnet has it.
    pub v6: Option<FamilyLine>,
}

/// One family of a Subnet: `using + available + excluded = usable`, always.
#[derive(Debug, Clone)]
pub struct FamilyLine {
    /// The Subnet's block.
    pub cidr: ledger::Cidr,
    /// Gateway.
    pub gateway: Option<Addr>,
    /// Number of usable addresses.
    pub usable: Count,
    /// Distinct usable addresses on record.
    pub using: AddrSet,
    /// Free addresses.
    pub available: AddrSet,
    /// Excluded addresses that nobody uses, the gateway among them.
    pub excluded: AddrSet,
    /// `v4usingIPs` or `v6usingIPs` of the status.
    pub reported_using: Option<Counter>,
    /// `v4availableIPs` or `v6availableIPs` of the status.
    pub reported_available: Option<Counter>,
    /// Addresses on record that are not usable: network, broadcast, outside.
    pub apart: Vec<Addr>,
}

/// A class of findings that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotJudged {
    /// The code.
    pub code: Code,
    /// The kinds that it lacks.
    pub missing: Vec<Kind>,
    /// How many objects could not be judged for that reason.
    pub objects: usize,
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct CoverageLine {
    /// Objects read, by kind.
    pub kinds: BTreeMap<Kind, usize>,
    /// Kinds that are not known to be complete.
    pub not_supplied: Vec<Kind>,
    /// Parts of the input that could not be read.
    pub unreadable: Vec<UnreadableLine>,
}

/// A part of the input that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableLine {
    /// File, with the position; or the kind, for a live list.
    pub path: String,
    /// The object, where it is known.
    pub object: Option<String>,
    /// Why.
    pub reason: String,
}
