//! What is not read: a clear error with its place, and nothing else lost.

mod common;

use api::slim::Kind;
use common::{file, gzip, ip, list, load_with, names, reader, text};
use dump::limits::{MAX_DEPTH, MAX_OBJECT};
use dump::{Input, Loaded, Options, load};
use proptest::prelude::*;
use std::io::Read;

/// The only thing that could not be read: where, which object, why.
#[track_caller]
fn only(loaded: &Loaded) -> (String, Option<String>, String) {
    assert_eq!(loaded.unreadable.len(), 1, "{:?}", loaded.unreadable);
    let unreadable = &loaded.unreadable[0];
    (unreadable.position.to_string(), unreadable.name.clone(), unreadable.reason.clone())
}

#[test]
fn a_truncated_file_keeps_what_came_before_wherever_it_is_cut() {
    let json = serde_json::to_string_pretty(
        &serde_json::from_str::<serde_json::Value>(&list(&[ip("a\\\"b"), ip("b"), ip("c")])).unwrap(),
    )
    .unwrap();
    let whole = names(&text(json.as_str()));
    for cut in 1..json.trim_end().len() {
        let loaded = text(&json[..cut]);
        let names = names(&loaded);
        assert!(whole.starts_with(&names), "{cut}: {names:?}");
        // Objects that ended before the cut are there.
        let ended = json[..cut].matches("\n    }").count().min(3);
        assert_eq!(names.len(), ended, "{cut}");
        assert!(!loaded.is_whole(), "{cut}");
        assert!(loaded.lists.iter().all(|list| !list.whole), "{cut}");
        let last = loaded.unreadable.last().unwrap();
        assert_eq!(last.position.offset, cut as u64, "{last}");
    }
}

#[test]
fn a_truncated_stream_names_the_object_that_is_cut_off() {
    let json = list(&[ip("a"), ip("b")]);
    let loaded = text(&json[..json.len() - 70]);
    assert_eq!(names(&loaded), ["IP a"]);
    let unreadable = &loaded.unreadable[0];
    assert_eq!((unreadable.kind, unreadable.name.as_deref()), (Some(Kind::Ip), Some("b")));
    assert_eq!(unreadable.reason, "it ends in the middle of an object");
    assert_eq!(loaded.lists[0].items, 2);
}

#[test]
fn a_fault_inside_an_object_costs_that_object_only() {
    let broken = ip("b").replace("10.0.0.2\"", "10.0.0.2\",,\"x\":1");
    let json = format!("{}\n", list(&[ip("a"), broken, ip("c")])).replace("{\"apiVersion\":\"kubeovn", "\n {\"apiVersion\":\"kubeovn");
    let loaded = text(json.as_str());
    assert_eq!(names(&loaded), ["IP a", "IP c"]);
    let (place, name, reason) = only(&loaded);
    assert_eq!((place.as_str(), name.as_deref()), ("3:96", Some("b")));
    assert_eq!(reason, "expected a key in quotes, found `,`");
    let fault = usize::try_from(loaded.unreadable[0].position.offset).unwrap();
    assert_eq!(&json[fault - 1..fault + 1], ",,");
}

#[test]
fn a_fault_between_objects_ends_the_reading_of_that_file_only() {
    let json = list(&[ip("a"), ip("b")]).replace("}},{", "}} {");
    let loaded = load_with(vec![reader(json.as_str()), reader(ip("c"))], 2);
    assert_eq!(names(&loaded), ["IP a", "IP c"]);
    let (_, _, reason) = only(&loaded);
    assert_eq!(reason, "expected `,` or `]`, found `{`; nothing behind this was read");
}

#[test]
fn brackets_that_do_not_match_are_found_where_they_are() {
    let broken = ip("b").replace("\"metadata\":{\"name\":\"b\"}", "\"metadata\":{\"name\":\"b\"");
    let loaded = text(list(&[ip("a"), broken, ip("c")]));
    assert_eq!(names(&loaded), ["IP a"]);
    let (_, name, reason) = only(&loaded);
    assert_eq!(name.as_deref(), Some("b"));
    assert!(reason.starts_with("expected"), "{reason}");
}

#[test]
fn what_is_no_object_is_called_what_it_is() {
    for (input, reason) in [
        ("[1, 2]", "expected an object or a List of objects, found an array; nothing behind this was read"),
        ("", "it is empty"),
        (" \n\n", "it is empty"),
        ("{} 3", "expected an object or a List of objects, found `3`; nothing behind this was read"),
    ] {
        let loaded = text(input);
        assert!(loaded.unreadable.iter().any(|unreadable| unreadable.reason == reason), "{:?}", loaded.unreadable);
    }
    for (item, reason) in [
        ("3", "expected an object, found `3`"),
        ("null", "expected an object, found `n`"),
        ("[{}]", "expected an object, found `[`"),
        ("{}", "it has no `kind`"),
        (r#"{"kind":"IP"}"#, "it has no `apiVersion`"),
        (r#"{"apiVersion":"v1","kind":"List","items":[]}"#, "a List inside a List"),
        (r#"{"apiVersion":"v1","kind":"PodList","items":[]}"#, "a List inside a List"),
        (r#"{"apiVersion":"kubeovn.io/v1","kind":"IP","metadata":{}}"#, "it has no metadata.name"),
    ] {
        let loaded = text(list(&[ip("a"), item.to_owned(), ip("b")]));
        assert_eq!(names(&loaded), ["IP a", "IP b"], "{item}");
        assert_eq!(only(&loaded).2, reason, "{item}");
    }
    for items in ["{}", "3", r#""x""#] {
        let loaded = text(format!(r#"{{"apiVersion":"v1","kind":"List","items":{items}}}"#));
        assert_eq!(only(&loaded).2, "`items` is no list", "{items}");
    }
}

#[test]
fn bytes_that_are_no_text_are_no_input() {
    let noise: Vec<u8> = (0..5000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let loaded = text([b"\x7f".as_slice(), &noise].concat());
    assert_eq!(only(&loaded).2, "it is neither JSON nor YAML");
    let mut latin = ip("a").into_bytes();
    let at = latin.iter().position(|&byte| byte == b'v').unwrap();
    latin[at] = 0xfc;
    assert!(only(&text(latin)).2.contains("UTF-8"));
    assert!(only(&file("ips.json", b"\xff\xfe{\0}\0")).2.contains("UTF-16"));
    let mut gz = gzip(list(&[ip("a"), ip("b")]));
    gz.truncate(gz.len() - 9);
    assert!(!text(gz).is_whole());
}

#[test]
fn what_is_nested_too_deep_is_refused_and_the_rest_is_read() {
    let depth = MAX_DEPTH as usize;
    for deep in [format!("{}{}", "[".repeat(depth), "]".repeat(depth)), "[".repeat(300_000) + &"]".repeat(300_000)] {
        let object = ip("deep").replace("\"10.0.0.2\"", &deep);
        let loaded = text(list(&[ip("a"), object, ip("b")]));
        assert_eq!(names(&loaded), ["IP a", "IP b"]);
        let (_, name, reason) = only(&loaded);
        assert_eq!((name.as_deref(), reason.as_str()), (Some("deep"), "nested deeper than 100 levels"));
    }
}

#[test]
fn an_object_that_is_too_large_is_refused_by_name_and_the_rest_is_read() {
    let large = ip("large").replace("10.0.0.2", &"x".repeat(MAX_OBJECT + 1));
    let loaded = text(list(&[ip("a"), large.clone(), ip("b")]));
    assert_eq!(names(&loaded), ["IP a", "IP b"]);
    let (_, name, reason) = only(&loaded);
    assert_eq!((name.as_deref(), reason.as_str()), (Some("large"), "larger than 16 MiB"));
    assert_eq!(loaded.lists[0].items, 3);
    let loaded = text(format!("{}{large}{}", ip("a"), ip("b")));
    assert_eq!(names(&loaded), ["IP a", "IP b"]);
    assert_eq!(only(&loaded).1.as_deref(), Some("large"));
}

/// A reader that has no end to speak of.
fn endless(start: &str, filler: &'static [u8], bytes: u64) -> Input {
    let filler = filler.iter().copied().cycle();
    struct Filler<I>(I);
    impl<I: Iterator<Item = u8>> Read for Filler<I> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.iter_mut().zip(&mut self.0).for_each(|(slot, byte)| *slot = byte);
            Ok(buffer.len())
        }
    }
    let reader = std::io::Cursor::new(start.to_owned()).chain(Filler(filler).take(bytes));
    Input::Reader { name: "endless".to_owned(), reader: Box::new(reader) }
}

#[test]
fn input_without_an_end_is_refused_in_bounded_memory_and_time() {
    let bytes = 40 << 20;
    for (start, filler) in [
        ("", b" ".as_slice()),
        ("{\"a\":\"", b"a"),
        ("{\"a\":", b"["),
        ("{\"kind\":\"List\",\"items\":[", b"{\"a\":"),
        ("{\"kind\":\"List\",\"items\":[", b"0,"),
        ("{\"kind\":\"PodList\",\"metadata\":\"", b"m"),
        ("{\"kind\":\"List\",\"items\":[\"", b"m"),
        ("", b"{}"),
        ("", b"garbage "),
        ("a:\n", b"- x\n"),
        ("items:\n", b"- x: y\n"),
        ("a: ", b"[ "),
    ] {
        let loaded = load_with(vec![endless(start, filler, bytes), reader(ip("next"))], 2);
        assert!(!loaded.is_whole(), "{start}{filler:?}");
        assert!(loaded.unreadable.len() <= dump::limits::MAX_DESCRIBED);
        assert_eq!(names(&loaded), ["IP next"]);
    }
}

#[test]
fn a_bad_document_of_yaml_does_not_cost_the_others() {
    let yaml = "apiVersion: kubeovn.io/v1\nkind: IP\nmetadata: {name: a}\n---\napiVersion: kubeovn.io/v1\nkind: IP\nmetadata:\n  name: b\nspec: [1, 2\n---\napiVersion: kubeovn.io/v1\nkind: IP\nmetadata: {name: c}\n";
    let loaded = text(yaml);
    assert_eq!(names(&loaded), ["IP a", "IP c"]);
    let unreadable = &loaded.unreadable[0];
    assert_eq!((unreadable.kind, unreadable.name.as_deref()), (Some(Kind::Ip), Some("b")));
    assert!((5..=10).contains(&unreadable.position.line), "{unreadable}");
    let list = "apiVersion: v1\nitems:\n- apiVersion: kubeovn.io/v1\n  kind: IP\n  metadata:\n    name: a\n- apiVersion: kubeovn.io/v1\n  kind: IP\n  metadata:\n    name: b\n   bad: [\n- apiVersion: kubeovn.io/v1\n  kind: IP\n  metadata:\n    name: c\nkind: List\n";
    let loaded = text(list);
    assert_eq!(names(&loaded), ["IP a", "IP c"]);
    assert_eq!(loaded.unreadable[0].name.as_deref(), Some("b"));
    assert!((11..=13).contains(&loaded.unreadable[0].position.line), "{}", loaded.unreadable[0]);
}

#[test]
fn a_name_that_is_not_there_is_an_error_before_anything_is_read() {
    let error = load(vec![Input::Path("no/such/file.json".into())], &Options::default(), &|_| {}).unwrap_err();
    assert_eq!(error.to_string(), "cannot open no/such/file.json");
}

#[test]
fn lines_are_told_for_files_streams_and_gzip_alike() {
    let json = format!("\n\n{}\n{}\n  {{\"apiVersion\": 3, oops}}\n", ip("a"), ip("b"));
    for loaded in [text(json.as_str()), file("x.json", &json), file("x.json.gz", gzip(&json))] {
        assert_eq!(names(&loaded), ["IP a", "IP b"]);
        assert_eq!(only(&loaded).0, "5:21");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_change_of_a_dump_is_survived(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), yaml: bool) {
        let source = if yaml {
            "apiVersion: v1\nitems:\n- apiVersion: kubeovn.io/v1\n  kind: IP\n  metadata:\n    name: a\n  spec:\n    v4IpAddress: 10.0.0.2\nkind: List\n---\napiVersion: v1\nkind: Pod\n".to_owned()
        } else {
            format!("{}\n{}", list(&[ip("a"), ip("b")]), ip("c"))
        };
        let mut bytes = source.into_bytes();
        for (place, byte) in changes {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        let once = text(bytes.clone());
        let twice = load_with(vec![reader(bytes)], 1);
        prop_assert_eq!(names(&once), names(&twice));
        prop_assert_eq!(once.unreadable, twice.unreadable);
    }

    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>) {
        text(bytes);
    }
}
