//! Field selectors: terms on single fields.
//!
//! In: selector text. Out: whether an object satisfies it. Guarantees: an absent field compares as the type's zero value, and a
//! label of a built-in kind means what that kind makes of it. Sources: `ToSelectableFields` of each strategy in
//! `kubernetes/pkg/registry`, `kubernetes/pkg/apis/core/v1/conversion.go`.

use std::borrow::Cow;

use serde_json::Value;

/// Terms `path = value` or `path != value`, all of which must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSelector {
    terms: Vec<(String, bool, String)>,
}

impl FieldSelector {
    /// Reads `metadata.name=x,status.phase!=Running`.
    ///
    /// # Errors
    /// Names the term that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut terms = Vec::new();
        for term in split_terms(text).into_iter().filter(|t| !t.is_empty()) {
            let Some(at) = term.find(['=', '!']) else {
                return Err(format!("invalid selector: '{text}'; can't understand '{term}'"));
            };
            let (key, rest) = term.split_at(at);
            let (equal, value) = if let Some(v) = rest.strip_prefix("!=") {
                (false, v)
            } else if let Some(v) = rest.strip_prefix("==").or_else(|| rest.strip_prefix('=')) {
                (true, v)
            } else {
                return Err(format!("invalid selector: '{text}'; can't understand '{term}'"));
            };
            terms.push((key.to_owned(), equal, unescape(value)));
        }
        Ok(Self { terms })
    }

    /// One equality term.
    #[must_use]
    pub fn equal(key: &str, value: &str) -> Self {
        Self { terms: vec![(key.to_owned(), true, value.to_owned())] }
    }

    /// The paths used.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|(key, _, _)| key.as_str())
    }

    /// Whether it restricts nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The value `key` must have, if a term says so.
    #[must_use]
    pub fn required(&self, key: &str) -> Option<&str> {
        self.terms.iter().find(|(k, equal, _)| *equal && k == key).map(|(_, _, v)| v.as_str())
    }

    /// Whether `object` satisfies it.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        self.terms.iter().all(|(key, equal, value)| (selectable(object, key) == value.as_str()) == *equal)
    }
}

/// What the label `key` of `object` reads as.
fn selectable<'a>(object: &'a Value, key: &str) -> Cow<'a, str> {
    match (builtin_kind(object), key) {
        ("Event", "source") => or(text(object, "source.component"), || text(object, "reportingComponent")),
        // For clients of old.
        ("Pod", "spec.host") => text(object, "spec.nodeName"),
        // A label that is taken, and a field that is never set.
        ("Pod", "status.podIPs") => Cow::Borrowed(""),
        ("Pod", "spec.hostNetwork") | ("Node", "spec.unschedulable") => or(text(object, key), || "false".into()),
        ("ReplicaSet" | "ReplicationController", "status.replicas") => or(text(object, key), || "0".into()),
        ("Job", "status.successful") => or(text(object, "status.succeeded"), || "0".into()),
        _ => text(object, key),
    }
}

/// The kind, if it is built in: groups of definitions have a dot.
fn builtin_kind(object: &Value) -> &str {
    let get = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or("");
    let custom = get("apiVersion").split_once('/').is_some_and(|(group, _)| group.contains('.'));
    if custom { "" } else { get("kind") }
}

fn or<'a>(text: Cow<'a, str>, otherwise: impl FnOnce() -> Cow<'a, str>) -> Cow<'a, str> {
    if text.is_empty() { otherwise() } else { text }
}

/// The field at a path; an absent one is empty.
fn text<'a>(object: &'a Value, path: &str) -> Cow<'a, str> {
    match path.split('.').try_fold(object, |at, step| at.get(step)) {
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(Value::String(text)) => Cow::Borrowed(text),
        Some(other) => Cow::Owned(other.to_string()),
    }
}

/// Splits at commas that are not escaped.
fn split_terms(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut escaped) = (Vec::new(), 0, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bad_field_selectors_are_refused() {
        for text in ["a", "a=1,b"] {
            assert!(FieldSelector::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_absent_field_is_empty() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {}, "status": {"phase": "Running"}});
        assert!(FieldSelector::parse("spec.nodeName=").unwrap().matches(&pod));
        assert!(FieldSelector::parse("spec.nodeName!=n1,status.phase=Running").unwrap().matches(&pod));
        assert!(!FieldSelector::parse("status.phase!=Running").unwrap().matches(&pod));
        assert!(FieldSelector::parse("spec.hostNetwork=false").unwrap().matches(&pod));
    }

    #[test]
    fn the_fields_of_a_definition_are_read_as_they_stand() {
        let thing = json!({"apiVersion": "test.io/v1", "kind": "Pod", "spec": {"host": "a", "size": 3, "on": true}});
        assert!(FieldSelector::parse("spec.host=a,spec.size=3,spec.on=true").unwrap().matches(&thing));
        assert!(FieldSelector::parse("spec.hostNetwork=").unwrap().matches(&thing));
        assert!(!FieldSelector::parse("spec.hostNetwork=false").unwrap().matches(&thing));
    }
}
