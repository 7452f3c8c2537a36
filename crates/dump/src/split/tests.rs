//! What is cut, and what is refused, with chunks of any size.

use super::*;
use proptest::prelude::*;
use serde_json::Value;
use std::io;

/// Objects as text, and the error at the end, with chunks of any size.
fn split(json: &[u8], step: usize) -> (Vec<Value>, Vec<Header>, Option<Broken>) {
    struct Slow<'a>(&'a [u8], usize);
    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(self.1).min(buffer.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }
    let mut splitter = Splitter::new(Slow(json, step), 1 << 20, Spare::default()).with_chunk(1 << 8);
    let (mut objects, mut headers) = (Vec::new(), Vec::new());
    loop {
        match splitter.next_piece() {
            Ok(None) => return (objects, headers, None),
            Err(broken) => return (objects, headers, Some(broken)),
            Ok(Some(Piece::ListBegins(_))) => {}
            Ok(Some(Piece::ListEnds(header))) => headers.push(header),
            Ok(Some(Piece::Objects(batch))) => {
                objects.extend(
                    batch.objects.iter().map(|range| serde_json::from_slice(&batch.bytes[range.clone()]).unwrap()),
                );
            }
        }
    }
}

#[test]
fn lists_objects_and_streams_of_both_are_cut() {
    let json = br#"{"apiVersion":"v1","items":[{"a":"}"},{"b":[{"c":"\\\""}]}],"kind":"List","metadata":{"continue":"x"}}
        {"kind":"Pod","metadata":{"items":[1]}} {"kind":"PodList","apiVersion":"v1","items":null}{"kind":"PodList","items":[]}"#;
    let (objects, headers, broken) = split(json, 7);
    assert!(broken.is_none(), "{broken:?}");
    assert_eq!(objects.len(), 3, "{objects:?}");
    assert_eq!(headers[0], Header { api_version: "v1".into(), kind: "List".into(), continued: true });
    assert_eq!(headers[1].kind, "PodList");
    assert_eq!(headers.len(), 3, "{headers:?}");
}

#[test]
fn a_file_cut_off_anywhere_keeps_what_came_before_and_says_where() {
    let json = br#"{"apiVersion": "v1", "items": [{"a": 1}, {"b": "x\"y"}], "kind": "List"}"#;
    for cut in 1..json.len() {
        let (objects, _, broken) = split(&json[..cut], 1 << 16);
        let broken = broken.unwrap_or_else(|| panic!("cut at {cut} goes unnoticed"));
        assert_eq!(broken.offset, cut as u64);
        assert!(objects.len() <= 2);
        if cut > 40 {
            assert!(!objects.is_empty(), "cut at {cut}");
        }
    }
}

#[test]
fn what_is_no_object_is_refused_with_its_place() {
    for (json, column) in
        [("\n  [1]", 3), ("\n hello", 2), ("\n{\"items\": 3}", 11), ("\n{\"items\": [3]}", 12), ("\n{3}", 2)]
    {
        let (_, _, broken) = split(json.as_bytes(), 64);
        let broken = broken.unwrap();
        assert_eq!((broken.line, broken.column), (2, column), "{json}: {broken:?}");
    }
}

#[test]
fn a_deep_object_is_cut_without_recursion() {
    let deep = format!("{{\"items\":[{{\"a\":{}{}}}]}}", "[".repeat(200_000), "]".repeat(200_000));
    let mut splitter = Splitter::new(deep.as_bytes(), 1 << 20, Spare::default());
    assert!(matches!(splitter.next_piece(), Ok(Some(Piece::ListBegins(_)))));
    assert!(matches!(splitter.next_piece(), Ok(Some(Piece::Objects(batch))) if batch.objects.len() == 1));
}

fn object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "[\\\\\"{}\\[\\],:]{0,8}".prop_map(Value::from)
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-c\\\\\"{}]{1,3}", inner, 0..3)
                .prop_map(|map| Value::from(map.into_iter().collect::<serde_json::Map<_, _>>())),
        ]
    });
    prop::collection::btree_map("[a-c\\\\\"{}]{1,3}", value, 0..3)
        .prop_map(|map| Value::from(map.into_iter().collect::<serde_json::Map<_, _>>()))
}

proptest! {
    #[test]
    fn items_come_out_as_they_went_in(items in prop::collection::vec(object(), 0..6), step in 1usize..40, pretty: bool) {
        let list = serde_json::json!({"apiVersion": "v1", "items": items, "kind": "List"});
        let text = if pretty { serde_json::to_string_pretty(&list).unwrap() } else { list.to_string() };
        let (objects, headers, broken) = split(text.as_bytes(), step);
        prop_assert!(broken.is_none(), "{:?}", broken);
        prop_assert_eq!(objects, items);
        prop_assert_eq!(headers.len(), 1);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, step in 1usize..40) {
        let mut splitter = Splitter::new(&bytes[..], 1 << 10, Spare::default()).with_chunk(step);
        while let Ok(Some(_)) = splitter.next_piece() {}
    }
}
