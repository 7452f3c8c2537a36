//! A finding: one inconsistency, told so that a person can act on it.
//!
//! In: what a check saw. Out: [`Finding`]. Guarantees: the id is made of code and subject, and is the same in the next
//! run; `objects[0]` is what the finding is about.

use api::slim::{HasMeta, Kind, Str};
use ledger::Addr;
use std::fmt;

/// What kind of inconsistency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // Each is explained by its `explain` text.
pub enum Code {
    DuplicateAddress,
    DoubleRecord,
    MissingRecord,
    StaticConflict,
    LeakedIp,
    LeakedNic,
    OverCapacity,
    CountMismatch,
    RangeMismatch,
    OutsideSubnet,
    GatewayInUse,
    DuplicateMac,
    ExcludedInUse,
    OverlappingSubnets,
    PoolOverlap,
    PoolOutsideSubnet,
    SuspectedSameWire,
    MissingReference,
    StuckTerminating,
    RuleConflict,
    LabelDrift,
    MalformedObject,
}

/// How bad: the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Traffic is lost, or will be.
    Error,
    /// Addresses are lost, or something is stuck.
    Warning,
    /// Legal, and good to know.
    Info,
}

/// How sure: the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The objects given contradict each other, or a live reading was confirmed by a second look.
    Proven,
    /// Concluded from the absence of an object in files.
    Likely,
    /// A second look might dissolve it; never counts for `--fail-on`.
    Possible,
}

impl Code {
    /// All codes, in the order of the documentation.
    pub const ALL: [Self; 22] = [
        Self::DuplicateAddress,
        Self::DoubleRecord,
        Self::MissingRecord,
        Self::StaticConflict,
        Self::LeakedIp,
        Self::LeakedNic,
        Self::OverCapacity,
        Self::CountMismatch,
        Self::RangeMismatch,
        Self::OutsideSubnet,
        Self::GatewayInUse,
        Self::DuplicateMac,
        Self::ExcludedInUse,
        Self::OverlappingSubnets,
        Self::PoolOverlap,
        Self::PoolOutsideSubnet,
        Self::SuspectedSameWire,
        Self::MissingReference,
        Self::StuckTerminating,
        Self::RuleConflict,
        Self::LabelDrift,
        Self::MalformedObject,
    ];

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DuplicateAddress => "duplicate-address",
            Self::DoubleRecord => "double-record",
            Self::MissingRecord => "missing-record",
            Self::StaticConflict => "static-conflict",
            Self::LeakedIp => "leaked-ip",
            Self::LeakedNic => "leaked-nic",
            Self::OverCapacity => "over-capacity",
            Self::CountMismatch => "count-mismatch",
            Self::RangeMismatch => "range-mismatch",
            Self::OutsideSubnet => "outside-subnet",
            Self::GatewayInUse => "gateway-in-use",
            Self::DuplicateMac => "duplicate-mac",
            Self::ExcludedInUse => "excluded-in-use",
            Self::OverlappingSubnets => "overlapping-subnets",
            Self::PoolOverlap => "pool-overlap",
            Self::PoolOutsideSubnet => "pool-outside-subnet",
            Self::SuspectedSameWire => "suspected-same-wire",
            Self::MissingReference => "missing-reference",
            Self::StuckTerminating => "stuck-terminating",
            Self::RuleConflict => "rule-conflict",
            Self::LabelDrift => "label-drift",
            Self::MalformedObject => "malformed-object",
        }
    }

    /// The code of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }

    /// How bad findings of this code are, unless Kube-OVN's own rules explain them.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::DuplicateAddress
            | Self::MissingRecord
            | Self::StaticConflict
            | Self::OverCapacity
            | Self::OutsideSubnet
            | Self::GatewayInUse
            | Self::DuplicateMac
            | Self::OverlappingSubnets
            | Self::PoolOverlap
            | Self::PoolOutsideSubnet
            | Self::RuleConflict => Severity::Error,
            Self::LeakedIp
            | Self::LeakedNic
            | Self::CountMismatch
            | Self::RangeMismatch
            | Self::SuspectedSameWire
            | Self::MissingReference
            | Self::StuckTerminating
            | Self::MalformedObject => Severity::Warning,
            Self::DoubleRecord | Self::ExcludedInUse | Self::LabelDrift => Severity::Info,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Severity {
    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Certainty {
    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }

    /// The less sure of two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }

    /// `Possible` where the condition holds.
    #[must_use]
    pub fn possible_if(self, condition: bool) -> Self {
        if condition { Self::Possible } else { self }
    }
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Names an object: enough to find it again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjRef {
    /// Kind.
    pub kind: Kind,
    /// Namespace; empty for cluster-scoped kinds.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// UID; empty where the object was not there to be read.
    pub uid: String,
}

impl ObjRef {
    /// Names an object that was read.
    #[must_use]
    pub fn of<T: HasMeta>(kind: Kind, object: &T) -> Self {
        let meta = object.meta();
        Self { kind, namespace: meta.namespace.clone(), name: meta.name.clone(), uid: meta.uid.to_string() }
    }

    /// Names an object that is missing.
    #[must_use]
    pub fn missing(kind: Kind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into(), uid: String::new() }
    }

    /// `namespace/name`, or the name of a cluster-scoped object.
    #[must_use]
    pub fn path(&self) -> String {
        if self.namespace.is_empty() { self.name.to_string() } else { format!("{}/{}", self.namespace, self.name) }
    }
}

impl fmt::Display for ObjRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// `code:subject`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingId(String);

impl FindingId {
    /// The id of a finding of that code about that subject.
    #[must_use]
    pub fn new(code: Code, subject: &str) -> Self {
        Self(format!("{code}:{subject}"))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One inconsistency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Code and subject.
    pub id: FindingId,
    /// What kind of inconsistency.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub certainty: Certainty,
    /// Subnet, where there is one.
    pub subnet: Option<Str>,
    /// Wire, where there is one.
    pub wire: Option<Str>,
    /// The addresses concerned: `10.0.0.2`, or `10.0.0.2-10.0.3.254` for long runs.
    pub addresses: Vec<String>,
    /// Every object involved; the first is what the finding is about.
    pub objects: Vec<ObjRef>,
    /// What was seen.
    pub message: String,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// The findings that this one is a consequence of.
    pub follows: Vec<FindingId>,
}

impl Finding {
    /// A finding of that code about `objects[0]`, with the severity of its code.
    #[must_use]
    pub fn new(code: Code, subject: &str, certainty: Certainty, objects: Vec<ObjRef>) -> Self {
        Self {
            id: FindingId::new(code, subject),
            code,
            severity: code.severity(),
            certainty,
            subnet: None,
            wire: None,
            addresses: Vec::new(),
            objects,
            message: String::new(),
            why: String::new(),
            fix: String::new(),
            follows: Vec::new(),
        }
    }

    /// Says where.
    #[must_use]
    pub fn on(mut self, subnet: Option<&str>, wire: Option<&str>) -> Self {
        self.subnet = subnet.map(Into::into);
        self.wire = wire.map(Into::into);
        self
    }

    /// Says which addresses.
    #[must_use]
    pub fn at(mut self, addresses: impl IntoIterator<Item = Addr>) -> Self {
        self.addresses = addresses.into_iter().map(|addr| addr.to_string()).collect();
        self
    }

    /// Says what was seen, why it matters and what to do.
    #[must_use]
    pub fn says(mut self, message: String, why: impl Into<String>, fix: impl Into<String>) -> Self {
        self.message = message;
        self.why = why.into();
        self.fix = fix.into();
        self
    }

    /// Whether it counts for `--fail-on`: what is only possible never does.
    #[must_use]
    pub fn counts_for(&self, fail_on: Severity) -> bool {
        self.severity <= fail_on && self.certainty != Certainty::Possible
    }
}
