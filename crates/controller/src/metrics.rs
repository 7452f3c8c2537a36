//! What the controller counts, as OpenMetrics text.
//!
//! In: steps, calls, a census of the engine. Out: the text of `/metrics`. Guarantees: the names are those of
//! docs/metrics.md, which a test holds against the code; a scrape costs no more than one pass over the claims, at most
//! every few seconds.

use crate::decision;
use engine::manage::{Call, Outcome, Verb};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
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

/// All of them.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
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
            calls: Family::default(),
            writes: Family::default(),
            steps: Histogram::new(STEP_SECONDS),
            queued: Gauge::default(),
            in_flight: Gauge::default(),
            leader: Gauge::default(),
            ready: Gauge::default(),
            registry: Registry::default(),
        };
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
        Outcome::Done(_) | Outcome::Event(..) => "done",
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
    use super::*;

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
