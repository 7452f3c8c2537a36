//! The condition `Ready` of an object that asks for addresses.
//!
//! In: its conditions as they are, what is to be said. Out: the field to write, or nothing where it says so already.
//! Guarantees: the time of the last change is kept while nothing changes, so that a restart writes nothing.

use api::slim::{Condition, Time};
use serde_json::{Map, Value, json};

/// What is said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ready<'a> {
    is: bool,
    /// One word for programs.
    reason: &'a str,
    /// For people.
    message: &'a str,
}

impl<'a> Ready<'a> {
    pub(super) const fn yes(reason: &'a str, message: &'a str) -> Self {
        Self { is: true, reason, message }
    }

    pub(super) const fn no(reason: &'a str, message: &'a str) -> Self {
        Self { is: false, reason, message }
    }
}

/// `conditions` with what is said; empty where it is said already. Kube-OVN leaves the conditions of these kinds empty,
/// so that there are none of others to keep (reference: `pkg/apis/kubeovn/v1/condition.go`).
pub(super) fn ready(conditions: &[Condition], said: &Ready<'_>, now: Time) -> Map<String, Value> {
    let status = if said.is { "True" } else { "False" };
    let known = conditions.iter().find(|condition| condition.type_ == "Ready");
    if known.is_some_and(|known| known.status == status && *known.message == *said.message) {
        return Map::new();
    }
    let since = known.filter(|known| known.status == status).and_then(|known| known.changed.get().copied());
    let condition = json!({
        "type": "Ready", "status": status, "reason": said.reason, "message": said.message,
        "lastUpdateTime": now.to_string(), "lastTransitionTime": since.unwrap_or(now).to_string(),
    });
    Map::from_iter([("conditions".to_owned(), json!([condition]))])
}
