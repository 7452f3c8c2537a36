//! Events: what people are told about a pod that was refused.
//!
//! In: the pod, the message. Out: an Event as API calls need it. Guarantees: one Event per pod and reason, by its name; it is
//! counted up when the message becomes another one, never for another try of the same. Reason, type and source are those
//! that Kube-OVN's users know (`pkg/controller/pod.go`); programs look for the words in the message.

use super::input::Outcome;
use api::slim::{Meta, Str, Time, Uid};
use serde_json::{Value, json};

/// Why the Event is there.
const REASON: &str = "AcquireAddressFailed";
/// Who says so.
const COMPONENT: &str = "kube-ovn-controller";
/// The longest message that every version of the Events API takes (`NoteLengthLimit`).
const LONGEST: usize = 1024;
/// How much of a pod's name stands in the name of its Event: with UID and reason it stays within 253.
const OF_NAME: usize = 150;

/// An Event to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Namespace of the pod, and of the Event.
    pub namespace: Str,
    /// Name of the pod.
    pub pod: Str,
    /// The life of the pod.
    pub uid: Uid,
    /// What is said.
    pub message: Box<str>,
    /// When.
    pub at: Time,
}

impl NewEvent {
    pub(super) fn of_pod(pod: &Meta, message: &str, at: Time) -> Self {
        let (namespace, name, uid) = (pod.namespace.clone(), pod.name.clone(), pod.uid.clone());
        Self { namespace, pod: name, uid, message: cut(message, LONGEST).into(), at }
    }

    /// Path of the Events of its Namespace.
    pub(super) fn collection(&self) -> String {
        format!("/api/v1/namespaces/{}/events", self.namespace)
    }

    /// Its path.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.collection(), self.name())
    }

    fn name(&self) -> String {
        let pod = cut(&self.pod, OF_NAME).trim_end_matches(['.', '-']);
        format!("{pod}.{}.{}", self.uid, REASON.to_ascii_lowercase())
    }

    /// The whole Event.
    pub(super) fn body(&self) -> Value {
        let at = self.at.to_string();
        json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": self.name(), "namespace": self.namespace.as_str()},
            "involvedObject": {
                "apiVersion": "v1", "kind": "Pod", "namespace": self.namespace.as_str(), "name": self.pod.as_str(),
                "uid": self.uid.to_string(),
            },
            "type": "Warning", "reason": REASON, "message": &*self.message, "source": {"component": COMPONENT},
            "count": 1, "firstTimestamp": at, "lastTimestamp": at,
        })
    }

    /// The patch that makes it say its message, for that many times in all.
    pub(super) fn count(&self, times: u64) -> Value {
        json!({"message": &*self.message, "count": times, "lastTimestamp": self.at.to_string()})
    }
}

/// An Event as a read found it.
pub(super) fn found(body: &[u8]) -> Outcome {
    let event: Value = serde_json::from_slice(body).unwrap_or_default();
    Outcome::Event(event["message"].as_str().unwrap_or_default().into(), event["count"].as_u64().unwrap_or(1))
}

/// At most that many bytes of a text.
fn cut(text: &str, longest: usize) -> &str {
    let mut end = longest.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_event_is_a_name_whatever_the_pod_is_called() {
        let event = |pod: &str| NewEvent {
            namespace: "default".into(),
            pod: pod.into(),
            uid: Uid::parse("6597dee3-cf1d-4a84-b48a-443cf942157f"),
            message: "m".into(),
            at: Time(0),
        };
        assert_eq!(event("p").name(), "p.6597dee3-cf1d-4a84-b48a-443cf942157f.acquireaddressfailed");
        let long = event(&format!("{}-{}", "a".repeat(149), "b".repeat(100))).name();
        assert!(long.len() <= 253 && long.starts_with(&"a".repeat(149)) && !long.contains("-."), "{long}");
        assert_eq!(cut("aé", 2), "a");
    }
}
