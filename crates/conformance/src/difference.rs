//! Where two transcripts differ.
//!
//! In: what was expected and what was found. Out: one line per place, with the request, the path and both values.

use std::fmt;

use serde_json::Value;

use crate::answer::{Answer, Transcript};

/// One place where answers differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Number and title of the request.
    pub request: String,
    /// Path within the answer, as `body.metadata.name`.
    pub path: String,
    /// What was expected; `None`: nothing.
    pub expected: Option<Value>,
    /// What was found; `None`: nothing.
    pub found: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |v: &Option<Value>| v.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
        let (expected, found) = (show(&self.expected), show(&self.found));
        write!(f, "{}: {}\n    expected {expected}\n    found    {found}", self.request, self.path)
    }
}

/// All places where `found` is not as `expected`.
#[must_use]
pub fn differences(expected: &Transcript, found: &Transcript) -> Vec<Difference> {
    let mut out = Vec::new();
    for i in 0..expected.0.len().max(found.0.len()) {
        match (expected.0.get(i), found.0.get(i)) {
            (Some(e), Some(f)) => answers(i, e, f, &mut out),
            (e, f) => out.push(Difference {
                request: format!("#{}", i + 1),
                path: "answer".to_owned(),
                expected: e.map(|e| e.request.clone().into()),
                found: f.map(|f| f.request.clone().into()),
            }),
        }
    }
    out
}

fn answers(i: usize, expected: &Answer, found: &Answer, out: &mut Vec<Difference>) {
    let request = format!("#{} {}", i + 1, expected.request);
    let mut compare = |path: &str, e: &Value, f: &Value| values(&request, path, Some(e), Some(f), out);
    compare("request", &expected.request.clone().into(), &found.request.clone().into());
    compare("code", &expected.code.into(), &found.code.into());
    compare("warnings", &expected.warnings.clone().into(), &found.warnings.clone().into());
    compare("body", &expected.body, &found.body);
}

fn values(request: &str, path: &str, expected: Option<&Value>, found: Option<&Value>, out: &mut Vec<Difference>) {
    if expected == found {
        return;
    }
    match (expected, found) {
        (Some(Value::Object(e)), Some(Value::Object(f))) => {
            for key in e.keys().chain(f.keys().filter(|k| !e.contains_key(*k))) {
                values(request, &format!("{path}.{key}"), e.get(key), f.get(key), out);
            }
        }
        (Some(Value::Array(e)), Some(Value::Array(f))) => {
            for i in 0..e.len().max(f.len()) {
                values(request, &format!("{path}[{i}]"), e.get(i), f.get(i), out);
            }
        }
        _ => out.push(Difference {
            request: request.to_owned(),
            path: path.to_owned(),
            expected: expected.cloned(),
            found: found.cloned(),
        }),
    }
}
