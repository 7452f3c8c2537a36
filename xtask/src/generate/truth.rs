//! What is true about a generated cluster: the findings that an audit must make, and no others.
//!
//! In: faults as they are planted. Out: `truth.json`.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The findings of a cluster, by code.
#[derive(Default)]
pub(super) struct Truth {
    findings: BTreeMap<&'static str, Vec<Value>>,
}

impl Truth {
    /// A finding: its code, what it is about, and the addresses in it.
    pub(super) fn add(&mut self, code: &'static str, about: &str, addresses: &[&str]) {
        self.findings.entry(code).or_default().push(json!({ "about": about, "addresses": addresses }));
    }

    /// As it is written.
    pub(super) fn to_json(&self) -> Value {
        json!({ "findings": self.findings })
    }
}
