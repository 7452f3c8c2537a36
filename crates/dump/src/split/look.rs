//! Looking through bytes for the end of an object, and for what a document is.
//!
//! In: bytes that may end anywhere. Out: [`Look`], or where an object ends. Guarantees: no recursion; more bytes only ever
//! turn "more are needed" into an answer.

use super::Header;
use api::slim::skip;

/// What a look at the buffer gave.
pub(super) enum Look {
    /// More bytes are needed.
    More,
    /// An object ends here.
    Object(usize),
    /// A list's items begin here.
    List(Header, usize),
    /// The list ends here; its header. At the beginning of a document: a list of null.
    Tail(Header, usize),
    /// It is broken here.
    Broken(usize, String),
}

/// White space and commas between items.
pub(super) fn skip_separators(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at.min(bytes.len())..];
    rest.iter().position(|b| !matches!(b, b' ' | b'\n' | b'\r' | b'\t' | b',')).map_or(bytes.len(), |n| at + n)
}

/// Whether the document at `at` is an object or a list, by its own keys.
pub(super) fn look_at_document(bytes: &[u8], at: usize) -> Look {
    look_at_keys(bytes, at + 1, Header::default(), true)
}

/// The keys of a list after its items.
pub(super) fn look_at_tail(bytes: &[u8], at: usize, header: Header) -> Look {
    let next = skip::space(bytes, at);
    match bytes.get(next) {
        None => Look::More,
        Some(b'}') => Look::Tail(header, next + 1),
        Some(b',') => look_at_keys(bytes, next + 1, header, false),
        Some(_) => Look::Broken(next, "expected `,` or `}` after the items of a list".to_owned()),
    }
}

fn look_at_keys(bytes: &[u8], from: usize, mut header: Header, may_hold_items: bool) -> Look {
    let (mut at, mut is_null) = (skip::space(bytes, from), false);
    if bytes.get(at) == Some(&b'}') {
        return if may_hold_items { Look::Object(at + 1) } else { Look::Tail(header, at + 1) };
    }
    loop {
        at = skip::space(bytes, at);
        match bytes.get(at) {
            None => return Look::More,
            Some(b'"') => {}
            Some(_) => return Look::Broken(at, "expected a key in quotes".to_owned()),
        }
        let Some(end) = skip::string(bytes, at) else { return Look::More };
        let key = &bytes[at + 1..end - 1];
        at = skip::space(bytes, end);
        match bytes.get(at) {
            None => return Look::More,
            Some(b':') => {}
            Some(_) => return Look::Broken(at, "expected `:` after a key".to_owned()),
        }
        at = skip::space(bytes, at + 1);
        let Some(&first) = bytes.get(at) else { return Look::More };
        let is_list = header.kind.is_empty() || header.kind.ends_with("List");
        if key == b"items" && is_list {
            match first {
                b'[' if may_hold_items => return Look::List(header, at + 1),
                b'[' => return Look::List(header, at),
                // Go writes a list of nothing like this. What its kind is may come after it.
                b'n' => is_null = true,
                _ => return Look::Broken(at, "`items` is no list".to_owned()),
            }
        }
        let Some(end) = skip::value(bytes, at) else { return Look::More };
        note(&mut header, key, &bytes[at..end]);
        at = skip::space(bytes, end);
        match bytes.get(at) {
            None => return Look::More,
            Some(b',') => at += 1,
            Some(b'}') if may_hold_items && !(is_null && header.kind.ends_with("List")) => return Look::Object(at + 1),
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
