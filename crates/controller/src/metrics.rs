//! What the controller counts, as OpenMetrics text.
//!
//! In: steps, calls, a census of the engine. Out: the text of `/metrics`. Guarantees: the names are those of
//! docs/metrics.md, which a test holds against the code; a scrape costs no more than one pass over the claims, at most
//! every few seconds.

use crate::audits::Audited;
use crate::decision;
use engine::finding::Code;
use engine::manage::{Call, Census, Outcome, Verb};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    verb: &'static str,
    resource: String,
    outcome: &'static str,
}

/// A write.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WriteLabels {
    verb: &'static str,
    resource: String,
}

/// Claims of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClaimLabels {
    holder_kind: String,
    state: &'static str,
}

/// Addresses of a Subnet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AddressLabels {
    subnet: String,
    family: &'static str,
    state: &'static str,
}

/// NICs that were refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusedLabels {
    reason: &'static str,
}

/// A Subnet that is left to Kube-OVN.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LeftLabels {
    subnet: String,
    because: &'static str,
}

/// Findings of the last audit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FindingLabels {
    code: &'static str,
    severity: &'static str,
}

/// A number that may be beyond 2^63: a /64 has more addresses.
type Large = Gauge<f64, AtomicU64>;

/// All of them.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    claims: Family<ClaimLabels, Gauge>,
    addresses: Family<AddressLabels, Large>,
    left: Family<LeftLabels, Gauge>,
    awaiting_proof: Gauge,
    refused: Family<RefusedLabels, Gauge>,
    findings: Family<FindingLabels, Gauge>,
    audit_time: Gauge,
    audit_kinds_unread: Gauge,
    calls: Family<CallLabels, Counter>,
    writes: Family<WriteLabels, Counter>,
    steps: Histogram,
    pub(crate) queued: Gauge,
    pub(crate) in_flight: Gauge,
    pub(crate) leader: Gauge,
    pub(crate) ready: Gauge,
}

/// Steps take microseconds; one that looks at a whole Subnet takes milliseconds.
const STEP_SECONDS: [f64; 8] = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0];

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("ipledger");
        let metrics = Self {
            claims: Family::default(),
            addresses: Family::default(),
            left: Family::default(),
            awaiting_proof: Gauge::default(),
            refused: Family::default(),
            findings: Family::default(),
            audit_time: Gauge::default(),
            audit_kinds_unread: Gauge::default(),
            calls: Family::default(),
            writes: Family::default(),
            steps: Histogram::new(STEP_SECONDS),
            queued: Gauge::default(),
            in_flight: Gauge::default(),
            leader: Gauge::default(),
            ready: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("claims", "Claims by kind of holder and state", metrics.claims.clone());
        registry.register("subnet_addresses", "Addresses by Subnet, family and state", metrics.addresses.clone());
        registry.register(
            "subnets_left",
            "Subnets that are left to Kube-OVN's controller, and why",
            metrics.left.clone(),
        );
        let awaiting_proof = metrics.awaiting_proof.clone();
        registry.register("claims_awaiting_proof", "Claims whose release waits for a proof", awaiting_proof);
        let refused = metrics.refused.clone();
        registry.register("nics_refused", "NICs that wait for an address they were refused, by the reason", refused);
        let (findings, time) = (metrics.findings.clone(), metrics.audit_time.clone());
        registry.register("findings", "Findings of the last audit, by code and severity", findings);
        registry.register(
            "audit_timestamp_seconds",
            "When the last audit read the cluster, since 1970; 0: never",
            time,
        );
        let unread = metrics.audit_kinds_unread.clone();
        registry.register("audit_kinds_unread", "Kinds that the last audit could not list in full", unread);
        let calls = metrics.calls.clone();
        registry.register("calls", "API calls by verb, resource and what became of them", calls);
        registry.register("api_writes", "Writes sent to the API server", metrics.writes.clone());
        registry.register("step_seconds", "How long a step of the engine takes", metrics.steps.clone());
        registry.register("inputs_queued", "What was observed and not taken in yet", metrics.queued.clone());
        registry.register("commands_in_flight", "Commands without an outcome", metrics.in_flight.clone());
        registry.register("leader", "1 where this process holds the Lease", metrics.leader.clone());
        registry.register("ready", "1 once every kind has been listed", metrics.ready.clone());
        Self { registry, ..metrics }
    }

    /// A call was answered, or was not.
    pub(crate) fn called(&self, call: &Call, outcome: &Outcome) {
        let (verb, resource) = (decision::verb(call.verb), kind_of(&call.path));
        if call.verb != Verb::Get {
            self.writes.get_or_create(&WriteLabels { verb, resource: resource.clone() }).inc();
        }
        self.calls.get_or_create(&CallLabels { verb, resource, outcome: name_of(outcome) }).inc();
    }

    /// Takes a census in.
    pub(crate) fn count(&self, census: &Census) {
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        for ((kind, standing), number) in &census.claims {
            let labels = ClaimLabels { holder_kind: kind.to_string(), state: standing.name() };
            self.claims.get_or_create(&labels).set(signed(*number));
        }
        self.awaiting_proof.set(signed(census.awaiting_proof));
        for (reason, number) in &census.refused {
            self.refused.get_or_create(&RefusedLabels { reason }).set(signed(*number));
        }
        self.left.clear();
        for left in &census.left {
            let labels = LeftLabels { subnet: left.subnet.to_string(), because: left.because };
            self.left.get_or_create(&labels).set(1);
        }
        // A Subnet that is gone has no addresses.
        self.addresses.clear();
        for (subnet, family, counts) in &census.subnets {
            let family = if *family == ledger::Family::V4 { "v4" } else { "v6" };
            let states = [
                ("usable", counts.usable),
                ("using", counts.using),
                ("available", counts.available),
                ("excluded", counts.excluded),
            ];
            for (state, count) in states {
                let labels = AddressLabels { subnet: subnet.to_string(), family, state };
                // A count prints as decimal digits, which every reader of floats takes.
                self.addresses.get_or_create(&labels).set(count.to_string().parse().unwrap_or(f64::INFINITY));
            }
        }
    }

    /// Takes an audit in.
    pub(crate) fn audited(&self, audited: &Audited) {
        self.findings.clear();
        // A code of which nothing is found is served too: an alert must tell that from a cluster that is not audited.
        for code in Code::ALL {
            self.findings.get_or_create(&FindingLabels { code: code.name(), severity: code.severity().name() }).set(0);
        }
        for finding in &audited.findings {
            let labels = FindingLabels { code: finding.code.name(), severity: finding.severity.name() };
            self.findings.get_or_create(&labels).inc();
        }
        self.audit_time.set(audited.time.0);
        self.audit_kinds_unread.set(i64::try_from(audited.unread.len()).unwrap_or(i64::MAX));
    }

    /// Another process audits from now on.
    pub(crate) fn forget_audit(&self) {
        self.findings.clear();
        self.audit_time.set(0);
        self.audit_kinds_unread.set(0);
    }

    /// A step took so long.
    pub(crate) fn stepped(&self, took: Duration) {
        self.steps.observe(took.as_secs_f64());
    }

    /// The text of `/metrics`.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}

fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done(_) | Outcome::Event(..) | Outcome::Lease(_) => "done",
        Outcome::Exists => "exists",
        Outcome::Missing => "missing",
        Outcome::Changed => "changed",
        Outcome::Refused(_) => "refused",
        Outcome::Unknown => "unknown",
    }
}

/// The resource that a path of the API is about: `ips.kubeovn.io`, `pods`, `subnets.kubeovn.io/status`.
pub(crate) fn kind_of(path: &str) -> String {
    let mut parts = path.trim_start_matches('/').split('/');
    let group = match parts.next() {
        Some("apis") => parts.next().unwrap_or_default(),
        _ => "",
    };
    let mut rest: Vec<&str> = parts.skip(1).collect();
    if rest.first() == Some(&"namespaces") && rest.len() > 2 {
        rest.drain(..2);
    }
    let resource = rest.first().copied().unwrap_or_default();
    let dot = if group.is_empty() { "" } else { "." };
    let sub = rest.get(2).map(|sub| format!("/{sub}")).unwrap_or_default();
    format!("{resource}{dot}{group}{sub}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use engine::finding::{Certainty, Finding};
    use engine::manage::Left;

    #[test]
    fn the_documented_list_is_what_is_served() {
        let metrics = Metrics::new();
        // A family without members is not served.
        let call = Call { verb: Verb::Create, path: "/api/v1/namespaces/d/events".to_owned(), body: None };
        metrics.called(&call, &Outcome::Unknown);
        let counts = ledger::Counts::default();
        metrics.count(&Census {
            claims: [(("Pod".into(), engine::manage::Standing::InUse), 1)].into(),
            subnets: vec![("ext".into(), ledger::Family::V6, counts)],
            refused: [("AddressConflict", 2)].into(),
            left: vec![Left { subnet: "b".into(), wire: "w".into(), because: "attachment", message: "m".into() }],
            ..Census::default()
        });
        metrics.audited(&audited());
        let text = metrics.text();
        let served = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
        let document = std::fs::read_to_string(path).unwrap();
        let documented = document.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let documented: std::collections::BTreeSet<&str> = documented.collect();
        assert_eq!(documented, served.collect(), "docs/metrics.md against the registry");
        assert!(text.contains("ipledger_nics_refused{reason=\"AddressConflict\"} 2"), "{text}");
    }

    /// One leak, and a list that ended early.
    fn audited() -> Audited {
        let leak = Finding::new(Code::LeakedIp, "p1.default", Certainty::Proven, Vec::new());
        Audited { findings: vec![leak], unread: vec!["vlans: forbidden".to_owned()], time: api::slim::Time(7) }
    }

    #[test]
    fn what_an_audit_found_is_served_until_another_process_audits() {
        let metrics = Metrics::new();
        assert!(!metrics.text().contains("ipledger_findings{"), "nobody has looked");
        metrics.audited(&audited());
        metrics.audited(&audited());
        let text = metrics.text();
        for line in [
            "ipledger_findings{code=\"leaked-ip\",severity=\"warning\"} 1",
            "ipledger_findings{code=\"duplicate-address\",severity=\"error\"} 0",
            "ipledger_audit_timestamp_seconds 7",
            "ipledger_audit_kinds_unread 1",
        ] {
            assert!(text.lines().any(|served| served == line), "{line}:\n{text}");
        }
        metrics.forget_audit();
        let text = metrics.text();
        assert!(!text.contains("ipledger_findings{") && text.contains("ipledger_audit_timestamp_seconds 0"), "{text}");
    }

    #[test]
    fn a_path_is_counted_under_its_resource() {
        for (path, resource) in [
            ("/api/v1/namespaces/default/pods/p1", "pods"),
            ("/api/v1/nodes/n1", "nodes"),
            ("/api/v1/namespaces/n1", "namespaces"),
            ("/apis/kubeovn.io/v1/ips", "ips.kubeovn.io"),
            ("/apis/kubeovn.io/v1/subnets/ext/status", "subnets.kubeovn.io/status"),
            ("/apis/apps/v1/namespaces/default/statefulsets/web", "statefulsets.apps"),
        ] {
            assert_eq!(kind_of(path), resource, "{path}");
        }
    }
}
