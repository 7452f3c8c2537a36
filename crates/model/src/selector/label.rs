//! Label selectors: requirements on `metadata.labels`.
//!
//! In: selector text, or the selector of a workload's spec. Out: whether labels satisfy it. Guarantees: an absent label
//! satisfies `!=`, `notin` and `!`, as upstream.

use serde_json::{Map, Value};

use super::grammar::{Token, Tokens};

/// How one label is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Greater(i64),
    Less(i64),
}

/// All of its requirements must hold. The empty selector matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<(String, Test)>,
}

impl LabelSelector {
    /// Reads `a=b,c!=d,e in (x,y),f notin (z),g,!h,n>1`.
    ///
    /// # Errors
    /// Says what was found where something else was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = Tokens::new(text);
        let mut requirements = Vec::new();
        if tokens.peek() == &Token::End {
            return Ok(Self { requirements });
        }
        loop {
            if !matches!(tokens.peek(), Token::Word(_) | Token::Not) {
                let found = tokens.peek().text();
                return Err(format!("found '{found}', expected: !, identifier, or 'end of string'"));
            }
            let requirement = tokens.requirement().map_err(|e| format!("unable to parse requirement: {e}"))?;
            requirements.push(requirement);
            match tokens.next() {
                Token::End => break,
                Token::Comma if matches!(tokens.peek(), Token::Word(_) | Token::Not) => {}
                Token::Comma => {
                    return Err(format!("found '{}', expected: identifier after ','", tokens.peek().text()));
                }
                other => return Err(format!("found '{}', expected: ',' or 'end of string'", other.text())),
            }
        }
        Ok(Self { requirements })
    }

    /// Out of `spec.selector` of a workload (`matchLabels`, `matchExpressions`).
    #[must_use]
    pub fn from_spec(selector: &Value) -> Self {
        let mut requirements = Vec::new();
        for (key, value) in selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
            let value = value.as_str().unwrap_or_default().to_owned();
            requirements.push((key.clone(), Test::In(vec![value])));
        }
        for e in selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
            let key = e["key"].as_str().unwrap_or_default().to_owned();
            let values = e["values"].as_array().into_iter().flatten();
            let values = values.filter_map(Value::as_str).map(str::to_owned).collect();
            let test = match e["operator"].as_str() {
                Some("In") => Test::In(values),
                Some("NotIn") => Test::NotIn(values),
                Some("DoesNotExist") => Test::Absent,
                _ => Test::Exists,
            };
            requirements.push((key, test));
        }
        Self { requirements }
    }

    /// Whether it restricts nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether `object`'s labels satisfy it.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        if self.requirements.is_empty() {
            return true;
        }
        self.matches_labels(object.get("metadata").and_then(|m| m.get("labels")).and_then(Value::as_object))
    }

    /// Whether these labels satisfy it.
    #[must_use]
    pub fn matches_labels(&self, labels: Option<&Map<String, Value>>) -> bool {
        self.requirements.iter().all(|(key, test)| {
            let value = labels.and_then(|l| l.get(key)).and_then(Value::as_str);
            match test {
                Test::In(values) => value.is_some_and(|v| values.iter().any(|x| x == v)),
                Test::NotIn(values) => value.is_none_or(|v| values.iter().all(|x| x != v)),
                Test::Exists => value.is_some(),
                Test::Absent => value.is_none(),
                Test::Greater(n) => value.and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v > *n),
                Test::Less(n) => value.and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v < *n),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels_are_matched_by_every_operator() {
        let object = json!({"metadata": {"labels": {"a": "1", "b": "x"}}});
        for (text, matches) in [
            ("", true),
            ("a=1", true),
            ("a==1,b=x", true),
            ("a!=1", false),
            ("c!=1", true),
            ("a in (1,2)", true),
            ("a notin (1,2)", false),
            ("c notin (1)", true),
            ("a,!c", true),
            ("c", false),
            ("a>0", true),
            ("a<1", false),
            ("b>0", false),
            ("a=", false),
        ] {
            assert_eq!(LabelSelector::parse(text).unwrap().matches(&object), matches, "{text}");
        }
    }

    #[test]
    fn bad_label_selectors_are_refused() {
        for text in ["=", "a in 1", "a in (1", ",a", "a,", "a b", "!", "a=b=c", "-a=1", "a>x"] {
            assert!(LabelSelector::parse(text).is_err(), "{text}");
        }
    }
}
