//! Field selectors: terms on single fields.
//!
//! In: selector text. Out: whether an object satisfies it. Guarantees: an absent field compares as the type's zero value.

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

    /// Whether `object` satisfies it; an absent field is the empty string.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        self.terms.iter().all(|(key, equal, value)| {
            let mut at = Some(object);
            for step in key.split('.') {
                at = at.and_then(|v| v.get(step));
            }
            let same = match at {
                None | Some(Value::Null) => value.is_empty() || is_default(key, value),
                Some(Value::String(s)) => s == value,
                Some(Value::Bool(b)) => value == if *b { "true" } else { "false" },
                Some(other) => value.parse::<Value>().is_ok_and(|v| v == *other),
            };
            same == *equal
        })
    }
}

/// Booleans of typed objects are `false` and integers `0` when absent.
fn is_default(key: &str, value: &str) -> bool {
    matches!(
        (key, value),
        ("spec.unschedulable" | "spec.hostNetwork", "false") | ("status.replicas" | "status.successful", "0")
    )
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
        let pod = json!({"spec": {}, "status": {"phase": "Running"}});
        assert!(FieldSelector::parse("spec.nodeName=").unwrap().matches(&pod));
        assert!(FieldSelector::parse("spec.nodeName!=n1,status.phase=Running").unwrap().matches(&pod));
        assert!(!FieldSelector::parse("status.phase!=Running").unwrap().matches(&pod));
        assert!(FieldSelector::parse("spec.hostNetwork=false").unwrap().matches(&pod));
    }
}
