//! The report as JSON and YAML: the shape that docs/audit.md promises.
//!
//! In: a [`Report`]. Out: [`Document`], which serialises item by item without a copy of the whole. Guarantees: keys and
//! their order are stable; numbers are exact integers; a family that a Subnet lacks is absent; a counter that the status
//! lacks is null.

use crate::number::{Number, SignedNumber};
use crate::object::ObjectDoc;
use engine::report::{FamilyLine, NotJudged, SubnetLine, UnreadableLine};
use engine::{Finding, ObjRef, Report};
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};

/// A report, ready to be serialised.
#[derive(Debug, Clone, Copy)]
pub struct Document<'r>(pub &'r Report);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.0;
        let mut document = serializer.serialize_struct("Report", 4)?;
        document.serialize_field("findings", &List(&report.findings, FindingDoc::from))?;
        document.serialize_field("subnets", &List(&report.subnets, SubnetDoc::from))?;
        document.serialize_field("notJudged", &List(&report.not_judged, NotJudgedDoc::from))?;
        document.serialize_field("coverage", &Coverage(report))?;
        document.end()
    }
}

/// A list that is turned into its serialised form item by item.
struct List<'r, T, D>(&'r [T], fn(&'r T) -> D);

impl<T, D: Serialize> Serialize for List<'_, T, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(self.1))
    }
}

#[derive(Serialize)]
struct FindingDoc<'r> {
    id: &'r str,
    code: &'static str,
    severity: &'static str,
    certainty: &'static str,
    subnet: Option<&'r str>,
    wire: Option<&'r str>,
    addresses: &'r [String],
    objects: List<'r, ObjRef, ObjectDoc<'r>>,
    message: &'r str,
    why: &'r str,
    fix: &'r str,
    follows: List<'r, engine::FindingId, &'r str>,
}

impl<'r> From<&'r Finding> for FindingDoc<'r> {
    fn from(finding: &'r Finding) -> Self {
        Self {
            id: finding.id.as_str(),
            code: finding.code.name(),
            severity: finding.severity.name(),
            certainty: finding.certainty.name(),
            subnet: finding.subnet.as_deref(),
            wire: finding.wire.as_deref(),
            addresses: &finding.addresses,
            objects: List(&finding.objects, ObjectDoc::from),
            message: &finding.message,
            why: &finding.why,
            fix: &finding.fix,
            follows: List(&finding.follows, engine::FindingId::as_str),
        }
    }
}

#[derive(Serialize)]
struct SubnetDoc<'r> {
    name: &'r str,
    wire: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    v4: Option<FamilyDoc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    v6: Option<FamilyDoc>,
}

impl<'r> From<&'r SubnetLine> for SubnetDoc<'r> {
    fn from(line: &'r SubnetLine) -> Self {
        let family = |line: &Option<FamilyLine>| line.as_ref().map(FamilyDoc::from);
        Self { name: &line.name, wire: &line.wire, v4: family(&line.v4), v6: family(&line.v6) }
    }
}

/// One family of a Subnet.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FamilyDoc {
    usable: Number,
    using: Number,
    available: Number,
    excluded: Number,
    reported_using: Option<SignedNumber>,
    reported_available: Option<SignedNumber>,
    apart: Vec<String>,
}

impl From<&FamilyLine> for FamilyDoc {
    fn from(line: &FamilyLine) -> Self {
        Self {
            usable: Number(line.usable),
            using: Number(line.using.count()),
            available: Number(line.available.count()),
            excluded: Number(line.excluded.count()),
            reported_using: line.reported_using.map(SignedNumber),
            reported_available: line.reported_available.map(SignedNumber),
            apart: line.apart.iter().map(ToString::to_string).collect(),
        }
    }
}

#[derive(Serialize)]
struct NotJudgedDoc {
    code: &'static str,
    missing: Vec<&'static str>,
}

impl From<&NotJudged> for NotJudgedDoc {
    fn from(line: &NotJudged) -> Self {
        Self { code: line.code.name(), missing: line.missing.iter().map(|kind| kind.name()).collect() }
    }
}

#[derive(Serialize)]
struct UnreadableDoc<'r> {
    path: &'r str,
    object: Option<&'r str>,
    reason: &'r str,
}

impl<'r> From<&'r UnreadableLine> for UnreadableDoc<'r> {
    fn from(line: &'r UnreadableLine) -> Self {
        Self { path: &line.path, object: line.object.as_deref(), reason: &line.reason }
    }
}

struct Coverage<'r>(&'r Report);

impl Serialize for Coverage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let coverage = &self.0.coverage;
        let mut document = serializer.serialize_struct("Coverage", 3)?;
        document.serialize_field("kinds", &Kinds(self.0))?;
        let not_supplied: Vec<&str> = coverage.not_supplied.iter().map(|kind| kind.name()).collect();
        document.serialize_field("notSupplied", &not_supplied)?;
        document.serialize_field("unreadable", &List(&coverage.unreadable, UnreadableDoc::from))?;
        document.end()
    }
}

struct Kinds<'r>(&'r Report);

impl Serialize for Kinds<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kinds = &self.0.coverage.kinds;
        let mut map = serializer.serialize_map(Some(kinds.len()))?;
        for (kind, count) in kinds {
            map.serialize_entry(kind.name(), count)?;
        }
        map.end()
    }
}
