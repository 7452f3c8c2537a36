//! Looking through bytes for the end of an object, and for what a document is.
//!
//! In: bytes that may end anywhere. Out: [`Look`], or where an object ends. Guarantees: no recursion; more bytes only ever
//! turn "more are needed" into an answer.

use super::Header;
use crate::peek::{skip_space, string_end, value_end};
use memchr::{memchr2, memchr3};

/// How far the item at `at` was looked through, so that a long item is looked through once.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scan {
    pub(super) to: usize,
    depth: usize,
    in_string: bool,
}

/// What a look at the buffer gave.
pub(super) enum Look {
    /// More bytes are needed.
    More,
    /// An object ends here.
    Object(usize),
    /// A list's items begin here.
    List(Header, usize),
    /// The document ends here; its header.
    Tail(Header, usize),
    /// It is broken here.
    Broken(usize, String),
}

/// White space and commas between items.
pub(super) fn skip_separators(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at.min(bytes.len())..];
    rest.iter().position(|b| !matches!(b, b' ' | b'\n' | b'\r' | b'\t' | b',')).map_or(bytes.len(), |n| at + n)
}

/// One past the end of the object at `at`; where the bytes end first, the scan says how far they were looked through.
pub(super) fn object_end(bytes: &[u8], at: usize, scan: &mut Scan) -> Option<usize> {
    let mut next = scan.to.max(at);
    loop {
        if scan.in_string {
            match bytes.get(next..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
                None => break,
                Some(hit) if bytes[next + hit] == b'"' => {
                    scan.in_string = false;
                    next += hit + 1;
                }
                // The escaped byte may not be there yet: look at the backslash again then.
                Some(hit) if next + hit + 2 > bytes.len() => {
                    scan.to = next + hit;
                    return None;
                }
                Some(hit) => next += hit + 2,
            }
            continue;
        }
        let Some(hit) = bytes.get(next..).and_then(|rest| memchr3(b'"', b'{', b'}', rest)) else { break };
        let byte = bytes[next + hit];
        next += hit + 1;
        match byte {
            b'"' => scan.in_string = true,
            b'{' => scan.depth += 1,
            _ => {
                scan.depth = scan.depth.saturating_sub(1);
                if scan.depth == 0 {
                    return Some(next);
                }
            }
        }
    }
    scan.to = bytes.len();
    None
}

/// Whether the document at `at` is an object or a list, by its own keys.
pub(super) fn look_at_document(bytes: &[u8], at: usize) -> Look {
    look_at_keys(bytes, at + 1, Header::default(), true)
}

/// The keys of a list after its items.
pub(super) fn look_at_tail(bytes: &[u8], at: usize, header: Header) -> Look {
    let next = skip_space(bytes, at);
    match bytes.get(next) {
        None => Look::More,
        Some(b'}') => Look::Tail(header, next + 1),
        Some(b',') => look_at_keys(bytes, next + 1, header, false),
        Some(_) => Look::Broken(next, "expected `,` or `}` after the items of a list".to_owned()),
    }
}

fn look_at_keys(bytes: &[u8], from: usize, mut header: Header, may_hold_items: bool) -> Look {
    let mut at = skip_space(bytes, from);
    if bytes.get(at) == Some(&b'}') {
        return if may_hold_items { Look::Object(at + 1) } else { Look::Tail(header, at + 1) };
    }
    loop {
        at = skip_space(bytes, at);
        match bytes.get(at) {
            None => return Look::More,
            Some(b'"') => {}
            Some(_) => return Look::Broken(at, "expected a key in quotes".to_owned()),
        }
        let Some(end) = string_end(bytes, at) else { return Look::More };
        let key = &bytes[at + 1..end - 1];
        at = skip_space(bytes, end);
        match bytes.get(at) {
            None => return Look::More,
            Some(b':') => {}
            Some(_) => return Look::Broken(at, "expected `:` after a key".to_owned()),
        }
        at = skip_space(bytes, at + 1);
        let Some(&first) = bytes.get(at) else { return Look::More };
        let is_list = header.kind.is_empty() || header.kind.ends_with("List");
        if key == b"items" && is_list {
            match first {
                b'[' if may_hold_items => return Look::List(header, at + 1),
                b'[' => return Look::List(header, at),
                b'n' if header.kind.ends_with("List") => {}
                _ => return Look::Broken(at, "`items` is no list".to_owned()),
            }
        }
        let Some(end) = value_end(bytes, at) else { return Look::More };
        note(&mut header, key, &bytes[at..end]);
        at = skip_space(bytes, end);
        match bytes.get(at) {
            None => return Look::More,
            Some(b',') => at += 1,
            Some(b'}') if may_hold_items => return Look::Object(at + 1),
            Some(b'}') => return Look::Tail(header, at + 1),
            Some(_) => return Look::Broken(at, "expected `,` or `}`".to_owned()),
        }
    }
}

/// Takes a key of a list.
fn note(header: &mut Header, key: &[u8], value: &[u8]) {
    match key {
        b"apiVersion" => header.api_version = serde_json::from_slice(value).unwrap_or_default(),
        b"kind" => header.kind = serde_json::from_slice(value).unwrap_or_default(),
        b"metadata" => {
            #[derive(serde::Deserialize)]
            struct ListMeta {
                #[serde(default, rename = "continue")]
                token: Option<String>,
            }
            let meta: Option<ListMeta> = serde_json::from_slice(value).ok();
            header.continued = meta.and_then(|meta| meta.token).is_some_and(|token| !token.is_empty());
        }
        _ => {}
    }
}
