//! The condition `Ready` of an object that asks for addresses.
//!
//! In: its conditions as they are, what is to be said. Out: the field to write, or nothing where it says so already.
//! Guarantees: the time of the last change is kept while nothing changes, so that a restart writes nothing; what others say in
//! conditions of their own stays.

use super::conditions::{Say, kube_ovn, with};
use api::slim::{Condition, Time};
use serde_json::{Map, Value};

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

/// `conditions` with what is said of that `metadata.generation`; empty where it is said already. Those of other types stay. Of a kind whose
/// status is no subresource each write is a new generation, so that it is said of none (0).
pub(super) fn ready(conditions: &[Condition], said: &Ready<'_>, generation: u32, now: Time) -> Map<String, Value> {
    let say = Say { type_: "Ready", status: said.is, reason: said.reason, message: said.message };
    let wanted = with(conditions, &[say], generation, now);
    match *wanted == *conditions {
        true => Map::new(),
        false => Map::from_iter([("conditions".to_owned(), kube_ovn(&wanted))]),
    }
}
