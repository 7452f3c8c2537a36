//! Events: what people are told about a pod, or another object that asks for addresses, that was refused.
//!
//! In: the object, the message. Out: an Event as API calls need it. Guarantees: one Event per object and reason, by its name; it is
//! counted up when the message becomes another one, never for another try of the same. Reason, type and source are those
//! that Kube-OVN's users know (`pkg/controller/pod.go`); programs look for the words in the message.

use super::input::Outcome;
use api::slim::{Kind, Meta, Str, Time, Uid};
use serde_json::{Value, json};

/// Why the Event is there.
const REASON: &str = "AcquireAddressFailed";
/// Who says so.
const COMPONENT: &str = "kube-ovn-controller";
/// The longest message that every version of the Events API takes (`NoteLengthLimit`).
const LONGEST: usize = 1024;
/// How much of an object's name stands in the name of its Event: with UID and reason it stays within 253.
const OF_NAME: usize = 150;
/// Where Events of objects are that have no Namespace (Kubernetes, `ValidateEvent`).
const ELSEWHERE: &str = "default";

/// An Event to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Kind of the object.
    pub kind: Kind,
    /// Namespace of the object; empty where its kind has none.
    pub namespace: Str,
    /// Name of the object.
    pub name: Str,
    /// The life of the object.
    pub uid: Uid,
    /// What is said.
    pub message: Box<str>,
    /// When.
    pub at: Time,
}

impl NewEvent {
    pub(super) fn new(kind: Kind, object: &Meta, message: &str, at: Time) -> Self {
        let (namespace, name, uid) = (object.namespace.clone(), object.name.clone(), object.uid.clone());
        Self { kind, namespace, name, uid, message: cut(message, LONGEST).into(), at }
    }

    /// The object in the words that people use.
    #[must_use]
    pub fn title(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{} {}", self.kind.name(), self.name),
            namespace => format!("{} {namespace}/{}", self.kind.name(), self.name),
        }
    }

    /// Namespace of the Event.
    fn place(&self) -> &str {
        if self.namespace.is_empty() { ELSEWHERE } else { &self.namespace }
    }

    /// Path of the Events of its Namespace.
    pub(super) fn collection(&self) -> String {
        format!("/api/v1/namespaces/{}/events", self.place())
    }

    /// Its path.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.collection(), self.own_name())
    }

    fn own_name(&self) -> String {
        let object = cut(&self.name, OF_NAME).trim_end_matches(['.', '-']);
        format!("{object}.{}.{}", self.uid, REASON.to_ascii_lowercase())
    }

    /// The whole Event.
    pub(super) fn body(&self) -> Value {
        let at = self.at.to_string();
        json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": self.own_name(), "namespace": self.place()},
            "involvedObject": {
                "apiVersion": self.kind.api_version(), "kind": self.kind.name(), "namespace": self.namespace.as_str(),
                "name": self.name.as_str(), "uid": self.uid.to_string(),
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
            kind: Kind::Pod,
            namespace: "default".into(),
            name: pod.into(),
            uid: Uid::parse("6597dee3-cf1d-4a84-b48a-443cf942157f"),
            message: "m".into(),
            at: Time(0),
        };
        assert_eq!(event("p").own_name(), "p.6597dee3-cf1d-4a84-b48a-443cf942157f.acquireaddressfailed");
        let long = event(&format!("{}-{}", "a".repeat(149), "b".repeat(100))).own_name();
        assert!(long.len() <= 253 && long.starts_with(&"a".repeat(149)) && !long.contains("-."), "{long}");
        assert_eq!(cut("aé", 2), "a");
    }
    #[test]
    fn an_event_of_an_object_without_a_namespace_is_where_kubernetes_wants_it() {
        let meta = Meta { name: "p.default.net".into(), uid: Uid::parse("u"), ..Meta::default() };
        let event = NewEvent::new(Kind::Ip, &meta, "m", Time(0));
        assert_eq!(event.path(), "/api/v1/namespaces/default/events/p.default.net.u.acquireaddressfailed");
        let body = event.body();
        assert_eq!(
            (&body["metadata"]["namespace"], &body["involvedObject"]["namespace"]),
            (&json!("default"), &json!(""))
        );
        assert_eq!((&body["involvedObject"]["kind"], event.title().as_str()), (&json!("IP"), "IP p.default.net"));
    }
}
