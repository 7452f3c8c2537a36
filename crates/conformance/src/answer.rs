//! What a server answered to a story, masked: the form that is compared and kept.

use serde_json::{Value, json};

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The request's title.
    pub request: String,
    /// Status code.
    pub code: u16,
    /// `Warning` headers, without their code and agent.
    pub warnings: Vec<String>,
    /// The body; of a watch the list of its events.
    pub body: Value,
}

/// All answers to one story, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcript(pub Vec<Answer>);

impl Transcript {
    /// As kept in a golden file.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let one = |a: &Answer| {
            let mut value = json!({"request": a.request, "code": a.code, "body": a.body});
            if !a.warnings.is_empty() {
                value["warnings"] = json!(a.warnings);
            }
            value
        };
        self.0.iter().map(one).collect()
    }

    /// Out of a golden file.
    #[must_use]
    pub fn from_value(value: &Value) -> Self {
        let one = |v: &Value| Answer {
            request: v["request"].as_str().unwrap_or_default().to_owned(),
            code: v["code"].as_u64().and_then(|c| u16::try_from(c).ok()).unwrap_or_default(),
            warnings: v["warnings"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|w| w.as_str().map(str::to_owned))
                .collect(),
            body: v["body"].clone(),
        };
        Self(value.as_array().into_iter().flatten().map(one).collect())
    }
}
