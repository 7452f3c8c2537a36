//! One Subnet in full: the equation, the map, the list.
//!
//! In: a [`Lens`] and the Subnet's name. Out: [`SubnetView`], and its text. Guarantees: work grows with what is on record
//! and never with the size of the CIDR; the equation holds, and where the status differs the reason is the audit's.

mod list;
mod map;
mod render;

pub(crate) use render::findings;

pub use list::{Row, RowState};
pub use map::{Map, MapCell, MapRow};

use crate::lens::Lens;
use crate::number::{Number, SignedNumber};
use api::slim::{Kind, Subnet};
use engine::report::FamilyLine;
use engine::{Code, Finding};
use ledger::Family;
use serde::Serialize;

/// A Subnet.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubnetView {
    /// Name.
    pub name: String,
    /// Wire.
    pub wire: String,
    /// Provider; empty on the primary network.
    pub provider: String,
    /// VPC; empty on Subnets without OVN.
    pub vpc: String,
    /// IPv4, where the Subnet has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v4: Option<FamilyView>,
    /// IPv6, where the Subnet has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v6: Option<FamilyView>,
    /// Why its block cannot be read, where one is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr_unreadable: Option<String>,
    /// Kinds of which records may be missing, so that what looks available may be somebody's.
    pub not_read: Vec<&'static str>,
    /// What the audit found about it.
    pub findings: Vec<FindingLine>,
}

/// A finding in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingLine {
    /// Id.
    pub id: String,
    /// Code.
    pub code: &'static str,
    /// error, warning or info.
    pub severity: &'static str,
    /// proven, likely or possible.
    pub certainty: &'static str,
    /// What was seen.
    pub message: String,
}

impl From<&Finding> for FindingLine {
    fn from(finding: &Finding) -> Self {
        Self {
            id: finding.id.as_str().to_owned(),
            code: finding.code.name(),
            severity: finding.severity.name(),
            certainty: finding.certainty.name(),
            message: finding.message.clone(),
        }
    }
}

/// One family of a Subnet.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FamilyView {
    /// Its block.
    pub cidr: String,
    /// Its gateway.
    pub gateway: Option<String>,
    /// Usable addresses.
    pub usable: Number,
    /// Of those, on record.
    pub using: Number,
    /// Of those, free.
    pub available: Number,
    /// Of those, excluded and not used, the gateway among them.
    pub excluded: Number,
    /// What the status says.
    pub reported_using: Option<SignedNumber>,
    /// What the status says.
    pub reported_available: Option<SignedNumber>,
    /// Of the free ones, how many Kube-OVN gives to nobody: its status lists them as in use, and no object explains it.
    pub lost: Number,
    /// Addresses on record that nobody may use: network, broadcast, outside.
    pub apart: Vec<String>,
    /// Why the status differs, or why that was not judged; `None` where it does not differ.
    pub reason: Option<String>,
    /// The picture.
    pub map: Map,
    /// Every address on record and every run between, in order.
    pub list: Vec<Row>,
    /// The equation as text.
    #[serde(skip)]
    pub equation: String,
}

/// A Subnet in full; `None` where there is none of that name.
#[must_use]
pub fn subnet(lens: &Lens<'_, '_>, name: &str) -> Option<SubnetView> {
    let context = lens.context;
    let id = context.subnets.named(name)?;
    let subnet = context.subnets.get(id);
    let family = |family| lens.line(name, family).map(|line| family_view(lens, id, name, family, line));
    Some(SubnetView {
        name: name.to_owned(),
        wire: context.subnets.wire_name(subnet.wire).to_string(),
        provider: subnet.object.spec.provider.to_string(),
        vpc: subnet.object.spec.vpc.to_string(),
        v4: family(Family::V4),
        v6: family(Family::V6),
        cidr_unreadable: cidr_unreadable(lens, subnet.object).map(str::to_owned),
        not_read: lens.unread_recorders().into_iter().map(Kind::plural).collect(),
        findings: lens.findings_of(name).map(FindingLine::from).collect(),
    })
}

/// Why the block of a Subnet cannot be read, where one is there.
pub(crate) fn cidr_unreadable<'w>(lens: &Lens<'_, 'w>, subnet: &Subnet) -> Option<&'w str> {
    let malformed = lens.context.world.why_unreadable(Kind::Subnet, &subnet.meta, &["spec.cidrBlock"])?;
    Some(&malformed.reason)
}

fn family_view(
    lens: &Lens<'_, '_>,
    id: engine::world::subnets::SubnetId,
    name: &str,
    family: Family,
    line: &FamilyLine,
) -> FamilyView {
    let held = list::held(lens, id, family);
    let lost = lens.lost(id, line);
    FamilyView {
        cidr: line.cidr.to_string(),
        gateway: line.gateway.map(|addr| addr.to_string()),
        usable: Number(line.usable),
        using: Number(line.using.count()),
        available: Number(line.available.count()),
        excluded: Number(line.excluded.count()),
        reported_using: line.reported_using.map(SignedNumber),
        reported_available: line.reported_available.map(SignedNumber),
        lost: Number(lost.count()),
        apart: line.apart.iter().map(ToString::to_string).collect(),
        reason: reason(lens, name, family, line),
        map: map::map(line, &lost, &held),
        list: list::list(lens, line, &lost, &held),
        equation: crate::audit::equation(line),
    }
}

/// Why the status differs from the truth, in the words of the audit.
fn reason(lens: &Lens<'_, '_>, name: &str, family: Family, line: &FamilyLine) -> Option<String> {
    let about = |code: Code| lens.finding_about(code, name, family);
    if let Some(finding) = about(Code::CountMismatch).or_else(|| about(Code::OverCapacity)) {
        return Some(finding.message.clone());
    }
    let unjudged = lens.report.not_judged.iter().find(|line| line.code == Code::CountMismatch)?;
    let missing: Vec<&str> = unjudged.missing.iter().map(|kind| kind.plural()).collect();
    let differs = !crate::audit::differences(line).is_empty();
    differs.then(|| format!("why it differs was not judged: {} are not known to be all", missing.join(", ")))
}
