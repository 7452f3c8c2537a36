//! What is left of labels, annotations and JSON in strings when others are to read them.
//!
//! In: their JSON. Out: JSON with only what `api::slim` keeps: its reader is asked, so that the two cannot differ.

use super::tokens::Tokens;
use super::walk::Walk;
use crate::shape::Shape;
use api::slim::{Meta, Pairs};
use serde_json::{Map, Value};

/// Appends what is left of a value.
pub(super) fn redact(shape: &Shape, json: &[u8], out: &mut Vec<u8>) {
    let kept = match shape {
        Shape::Labels => meta("labels", json).map(|meta| pairs(&meta.labels)),
        Shape::Annotations => meta("annotations", json).map(|meta| pairs(&meta.annotations)),
        Shape::Quoted(inner) => quoted(inner, json),
        Shape::All | Shape::Fields(_) | Shape::Items(_) => None,
    };
    match kept {
        Some(kept) => out.extend_from_slice(kept.to_string().as_bytes()),
        // What its reader cannot read, it calls malformed: that is left to it.
        None => out.extend_from_slice(json),
    }
}

fn meta(field: &str, json: &[u8]) -> Option<Meta> {
    let mut object = format!("{{\"{field}\":").into_bytes();
    object.extend_from_slice(json);
    object.push(b'}');
    serde_json::from_slice(&object).ok()
}

fn pairs(pairs: &Pairs) -> Value {
    pairs.iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect::<Map<_, _>>().into()
}

/// Cuts the JSON in a string down to a shape.
fn quoted(shape: &Shape, json: &[u8]) -> Option<Value> {
    let text: String = serde_json::from_slice(json).ok()?;
    let mut tokens = Tokens::default();
    tokens.index(text.as_bytes());
    let mut walk = Walk::new(text.as_bytes(), &tokens);
    let mut kept = Vec::new();
    let walked = walk.keep(shape, &mut kept).and_then(|()| walk.end());
    if tokens.first_fault(walked.err()).is_some() {
        return None;
    }
    String::from_utf8(kept).ok().map(Value::from)
}
