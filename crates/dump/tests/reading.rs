//! What is read: every form in which kubectl and others write objects.

mod common;

use api::slim::Kind;
use common::{file, gzip, ip, list, load_with, names, objects, reader, root, text};
use dump::Input;

#[test]
fn a_list_a_single_object_and_streams_of_both_are_read() {
    let of = |json: String| names(&text(json));
    assert_eq!(of(ip("a")), ["IP a"]);
    assert_eq!(of(list(&[ip("a"), ip("b")])), ["IP a", "IP b"]);
    assert_eq!(of(format!("{}\n{}{}", ip("a"), ip("b"), list(&[ip("c")]))), ["IP a", "IP b", "IP c"]);
    assert!(of(list(&[])).is_empty());
}

#[test]
fn json_yaml_and_gzip_are_told_apart_by_content_whatever_the_name() {
    let yaml = "apiVersion: kubeovn.io/v1\nkind: IP\nmetadata:\n  name: a\n";
    for (name, bytes) in [
        ("ips.json", ip("a").into_bytes()),
        ("ips.yaml", ip("a").into_bytes()),
        ("ips.json", yaml.as_bytes().to_vec()),
        ("ips.json", gzip(ip("a"))),
        ("ips.yaml.gz", gzip(yaml)),
        ("ips.json", [b"\xef\xbb\xbf".as_slice(), ip("a").as_bytes()].concat()),
        ("ips.json", gzip([gzip("")].concat()).into_iter().take(0).chain([gzip(" "), gzip(ip("a"))].concat()).collect()),
    ] {
        assert_eq!(names(&file(name, &bytes)), ["IP a"], "{name}");
    }
}

#[test]
fn items_of_typed_lists_have_the_kind_of_their_list_wherever_it_stands() {
    let items = r#"[{"metadata":{"name":"p","namespace":"n"}},{"metadata":{"name":"q","namespace":"n"}}]"#;
    let first = format!(r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"continue":""}},"items":{items}}}"#);
    let last = format!(r#"{{"apiVersion":"v1","items":{items},"kind":"PodList"}}"#);
    for json in [&first, &last] {
        for loaded in [text(json.as_str()), file("x.json", json), file("x.json.gz", gzip(json))] {
            assert_eq!(names(&loaded), ["Pod n/p", "Pod n/q"]);
            assert_eq!(loaded.lists[0].typed, Some(Kind::Pod));
            assert_eq!(loaded.lists[0].complete(), Some(Kind::Pod));
            assert_eq!(loaded.lists[0].namespaces.iter().map(|n| n.as_str()).collect::<Vec<_>>(), ["n"]);
        }
    }
}

#[test]
fn a_long_typed_list_that_says_its_kind_last_is_read_from_every_source() {
    let count = 30_000;
    let item = |n: usize| format!(r#"{{"metadata":{{"name":"p{n}","namespace":"n{}"}},"spec":{{"nodeName":"{n:0>60}"}}}}"#, n % 7);
    let items: Vec<String> = (0..count).map(item).collect();
    let json = format!(r#"{{"apiVersion":"v1","items":[{}],"kind":"PodList"}}"#, items.join(",\n"));
    assert!(json.len() > 3 << 20);
    for loaded in [text(json.as_str()), file("x.json", &json), file("x.json.gz", gzip(&json))] {
        let names = names(&loaded);
        assert_eq!(names.len(), count);
        assert!(names.iter().enumerate().all(|(n, name)| *name == format!("Pod n{}/p{n}", n % 7)));
        assert_eq!(loaded.lists[0].items, count as u64);
        assert!(loaded.is_whole());
    }
}

#[test]
fn kinds_of_other_groups_are_ignored_and_counted() {
    let other = r#"{"apiVersion":"ec2.example/v1","kind":"Subnet","metadata":{"name":"a"}}"#.to_owned();
    let unknown = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"items":"[{"}}"#.to_owned();
    let loaded = text(list(&[other.clone(), ip("a"), unknown, other]));
    assert_eq!(names(&loaded), ["IP a"]);
    assert_eq!(loaded.ignored.get("ec2.example/v1 Subnet"), Some(&2));
    assert_eq!(loaded.ignored.get("v1 ConfigMap"), Some(&1));
    assert!(loaded.is_whole());
}

#[test]
fn an_empty_list_is_known_by_the_name_of_its_file() {
    let loaded = file("01-ips.json", list(&[]));
    assert_eq!(loaded.lists[0].complete(), Some(Kind::Ip));
    assert_eq!(file("dump.json", list(&[])).lists[0].complete(), None);
    assert_eq!(file("pods.yaml", "apiVersion: v1\nitems: []\nkind: List\n").lists[0].complete(), Some(Kind::Pod));
    assert_eq!(file("pods.json", r#"{"apiVersion":"v1","items":null,"kind":"PodList"}"#).lists[0].complete(), Some(Kind::Pod));
}

#[test]
fn a_list_that_goes_on_elsewhere_or_holds_other_kinds_is_not_complete() {
    let json = format!(r#"{{"apiVersion":"kubeovn.io/v1","kind":"IPList","metadata":{{"continue":"abc"}},"items":[{}]}}"#, ip("a"));
    let loaded = file("ips.json", &json);
    assert!(loaded.lists[0].continued);
    assert_eq!(loaded.lists[0].complete(), None);
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"}}"#.to_owned();
    assert_eq!(file("ips.json", list(&[ip("a"), pod])).lists[0].complete(), None);
    // An item that could not be read may be what somebody looks for.
    assert_eq!(file("ips.json", list(&[ip("a"), ip("")])).lists[0].complete(), None);
}

#[test]
fn objects_come_in_the_order_of_the_inputs_whatever_the_threads_do() {
    let many = |prefix: &str| list(&(0..9000).map(|n| ip(&format!("{prefix}{n}"))).collect::<Vec<_>>());
    let inputs = || vec![reader(many("a")), reader(ip("single")), reader(gzip(many("b")))];
    let expected = names(&load_with(inputs(), 1));
    assert_eq!(expected.len(), 18_001);
    assert_eq!((expected[0].as_str(), expected[9000].as_str()), ("IP a0", "IP single"));
    for threads in [2, 3, 8] {
        assert_eq!(names(&load_with(inputs(), threads)), expected, "{threads} threads");
    }
}

#[test]
fn yaml_of_kubectl_reads_as_its_json_does() {
    for folder in ["testdata/clusters/kube-ovn-reservations", "examples/issue-4747"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let value: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let json = load_with(vec![path.as_path().into()], 2);
            let name = path.file_stem().unwrap().to_str().unwrap();
            let yaml = file(&format!("{name}.yaml"), serde_saphyr::to_string(&value).unwrap());
            assert_eq!(objects(&yaml), objects(&json), "{name}");
            assert_eq!(yaml.lists[0].complete(), json.lists[0].complete(), "{name}");
        }
    }
}

#[test]
fn yaml_documents_lists_and_flow_style_may_stand_in_one_stream() {
    let yaml = "apiVersion: kubeovn.io/v1\nkind: IP\nmetadata: {name: a}\n---\n# nothing\n---\n{apiVersion: kubeovn.io/v1, kind: IP, metadata: {name: b}}\n---\nkind: List\napiVersion: v1\nitems:\n- &x\n  apiVersion: kubeovn.io/v1\n  kind: IP\n  metadata:\n    name: c\n---\nkind: IPList\napiVersion: kubeovn.io/v1\nitems: [{metadata: {name: d}}, {metadata: {name: e}}]\n";
    let loaded = text(yaml);
    assert_eq!(names(&loaded), ["IP a", "IP b", "IP c", "IP d", "IP e"]);
    assert_eq!(loaded.lists.len(), 2);
    assert!(loaded.is_whole());
}

#[test]
fn a_folder_is_read_with_its_subfolders() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("more")).unwrap();
    std::fs::write(folder.path().join("b.json"), list(&[ip("b")])).unwrap();
    std::fs::write(folder.path().join("more/a.json.gz"), gzip(list(&[ip("a")]))).unwrap();
    std::fs::write(folder.path().join("README.md"), "not a dump").unwrap();
    let loaded = load_with(vec![folder.path().into()], 2);
    assert_eq!(names(&loaded), ["IP b", "IP a"]);
    assert!(loaded.is_whole());
}

#[test]
fn progress_tells_how_far_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ips.json");
    let json = list(&(0..20_000).map(|n| ip(&format!("a{n}"))).collect::<Vec<_>>());
    std::fs::write(&path, &json).unwrap();
    let seen = std::sync::Mutex::new(Vec::new());
    dump::load(vec![Input::Path(path)], &dump::Options::default(), &|progress| seen.lock().unwrap().push(progress)).unwrap();
    let seen = seen.into_inner().unwrap();
    assert!(seen.len() > 1, "{seen:?}");
    assert!(seen.iter().all(|progress| progress.total == Some(json.len() as u64)));
    assert_eq!(seen.iter().map(|progress| progress.objects).max(), Some(20_000));
}
