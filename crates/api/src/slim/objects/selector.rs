//! Selectors of labels.
//!
//! In: JSON. Out: the structs; whether labels are selected. Guarantees: those of [`super`]; a selector that says nothing
//! selects everything, one with an operator that is not known selects nothing (Kubernetes `LabelSelectorAsSelector`, where
//! the latter is an error).

use crate::slim::{Pairs, Str};

slim! {
    /// A selector of labels: all that it says must hold.
    LabelSelector {
        /// Labels with their values.
        match_labels: Pairs = "matchLabels",
        /// Requirements.
        match_expressions: Box<[LabelRequirement]> = "matchExpressions",
    }
    /// One requirement of a selector.
    LabelRequirement {
        /// Name of the label.
        key: Str = "key",
        /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
        operator: Str = "operator",
        /// Values, for the first two.
        values: Box<[Str]> = "values",
    }
}

impl LabelSelector {
    /// Whether it selects what has these labels.
    #[must_use]
    pub fn selects(&self, labels: &Pairs) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.holds(labels))
    }
}

impl LabelRequirement {
    fn holds(&self, labels: &Pairs) -> bool {
        let has = labels.get(&self.key);
        let is_one = has.is_some_and(|has| self.values.iter().any(|value| value == has));
        match self.operator.as_str() {
            "In" => is_one,
            "NotIn" => !is_one,
            "Exists" => has.is_some(),
            "DoesNotExist" => has.is_none(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_selects_what_has_all_that_it_says() {
        let labels: Pairs = [("team".into(), "a".into()), ("tier".into(), "web".into())].into_iter().collect();
        for (selector, selects) in [
            (r#"{}"#, true),
            (r#"{"matchLabels":{"team":"a"}}"#, true),
            (r#"{"matchLabels":{"team":"a","tier":"db"}}"#, false),
            (r#"{"matchExpressions":[{"key":"team","operator":"In","values":["b","a"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"team","operator":"NotIn","values":["a"]}]}"#, false),
            (r#"{"matchExpressions":[{"key":"zone","operator":"NotIn","values":["a"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"tier","operator":"Exists"}]}"#, true),
            (r#"{"matchExpressions":[{"key":"tier","operator":"DoesNotExist"}]}"#, false),
            (r#"{"matchExpressions":[{"key":"tier","operator":"Like","values":["web"]}]}"#, false),
        ] {
            let read: LabelSelector = serde_json::from_str(selector).unwrap();
            assert_eq!(read.selects(&labels), selects, "{selector}");
        }
    }
}
