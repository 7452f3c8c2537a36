//! Snapshots: an audit of one is an audit of the cluster, and nothing else can be read from it.

mod common;

use api::slim::{Kind, read};
use common::{gzip, load_with, names, objects, reader, root};
use dump::{Input, Loaded, Outcome, SnapshotWriter, Start};
use engine::world::{Builder, Settings};
use engine::{Report, judge};
use serde_json::{Value, json};
use std::path::Path;

fn start() -> Start {
    Start {
        taken: "2026-11-23T23:10:00Z".parse().unwrap(),
        server: "https://cluster.example".to_owned(),
        order: vec![Kind::Ip, Kind::Pod],
    }
}

/// The objects of a folder of Lists, in JSON.
fn folder(path: &Path) -> Vec<(Kind, Value)> {
    let mut found = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
        let list: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        for item in list["items"].as_array().unwrap() {
            let text = |key: &str| item[key].as_str().unwrap();
            if let Some(kind) = Kind::from_api(text("apiVersion"), text("kind")) {
                found.push((kind, item.clone()));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

fn write(objects: &[(Kind, Value)], gzip: bool) -> Vec<u8> {
    let mut writer = SnapshotWriter::new(Vec::new(), gzip, &start()).unwrap();
    for (kind, object) in objects {
        writer.add(*kind, object.to_string().as_bytes()).unwrap();
    }
    let outcome = Outcome { complete: Kind::ALL.to_vec(), absent: vec![Kind::VirtualMachine], forbidden: vec![Kind::Node] };
    writer.finish(&outcome).unwrap()
}

fn report(objects: Vec<api::slim::Parsed>) -> Report {
    let mut builder = Builder::default();
    objects.into_iter().for_each(|parsed| builder.add(parsed));
    Kind::ALL.into_iter().for_each(|kind| builder.coverage().complete(kind));
    judge(&builder.build(Settings::default()))
}

#[test]
fn an_audit_of_a_snapshot_is_an_audit_of_the_cluster() {
    let clusters = ["testdata/clusters/kube-ovn-reservations", "testdata/clusters/kube-ovn-failed-eips"];
    let examples = ["issue-4747", "issue-4747-conflicts", "nat-rules", "overlap", "statefulset-leaks", "stuck-deletion"];
    let examples = examples.iter().map(|name| format!("examples/{name}"));
    for cluster in clusters.map(str::to_owned).into_iter().chain(examples) {
        let raw = folder(&root().join(&cluster));
        let direct: Vec<_> = raw.iter().map(|(kind, object)| read(*kind, object.to_string().as_bytes()).unwrap()).collect();
        let loaded = load_with(vec![reader(write(&raw, true))], 2);
        assert!(loaded.is_whole());
        let from_snapshot: Vec<_> = objects(&loaded).into_iter().cloned().collect();
        assert_eq!(from_snapshot, direct, "{cluster}");
        let (expected, found) = (report(direct), report(from_snapshot));
        assert!(!expected.findings.is_empty(), "{cluster}");
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{cluster}");
    }
}

#[test]
fn nothing_leaves_the_cluster_that_is_not_read() {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "p", "namespace": "n", "uid": "6597dee3-cf1d-4a84-b48a-443cf942157f", "managedFields": [{ "manager": "secret-1" }],
            "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "secret-2", "ovn.kubernetes.io/ip_address": "10.0.0.2", "team": "secret-3" },
            "labels": { "app": "secret-4", "ovn.kubernetes.io/vpc-nat-gw": "true" }
        },
        "spec": { "nodeName": "node1", "containers": [{ "name": "secret-5", "env": [{ "name": "PASSWORD", "value": "secret-6" }] }], "volumes": ["secret-7"] },
        "status": {
            "phase": "Running", "message": "secret-8", "conditions": [{ "type": "secret-9", "message": "secret-10", "lastTransitionTime": "2026-11-23T23:06:58Z" }],
            "containerStatuses": [{ "image": "secret-11", "state": { "terminated": { "message": "secret-12", "finishedAt": "2026-11-23T23:06:58Z" } } }]
        }
    });
    let config = json!({ "type": "macvlan", "master": "eth1", "token": "secret-13", "plugins": [{ "type": "tuning", "password": "secret-14" }] });
    let nad = json!({ "metadata": { "name": "mv", "namespace": "n" }, "spec": { "config": config.to_string() } });
    let set = json!({
        "metadata": { "name": "s", "namespace": "n" },
        "spec": { "replicas": 2, "template": { "metadata": { "annotations": { "x": "secret-15", "k8s.v1.cni.cncf.io/networks": "n/mv" } }, "spec": { "containers": ["secret-16"] } } }
    });
    let snapshot = write(&[(Kind::Pod, pod), (Kind::NetworkAttachmentDefinition, nad), (Kind::StatefulSet, set)], false);
    let text = String::from_utf8(snapshot.clone()).unwrap();
    assert!(!text.contains("secret"), "{text}");
    assert!(text.contains("10.0.0.2") && text.contains("macvlan") && text.contains("n/mv"), "{text}");
    assert_eq!(names(&load_with(vec![reader(snapshot)], 1)), ["Pod n/p", "NetworkAttachmentDefinition n/mv", "StatefulSet n/s"]);
}

#[test]
fn a_manifest_says_what_is_complete() {
    let objects = folder(&root().join("testdata/clusters/kube-ovn-reservations"));
    for bytes in [write(&objects, true), write(&objects, false), gzip(write(&objects, false))] {
        let loaded = load_with(vec![reader(bytes)], 2);
        let (source, manifest) = &loaded.manifests[0];
        assert_eq!(source, "input");
        assert_eq!(manifest.taken, Some(start().taken));
        assert_eq!(manifest.order, [Kind::Ip, Kind::Pod]);
        assert_eq!(manifest.complete.len(), Kind::ALL.len());
        assert_eq!(manifest.absent.first(), Some(&Kind::VirtualMachine));
        assert_eq!(manifest.forbidden.first(), Some(&Kind::Node));
    }
}

#[test]
fn a_snapshot_that_was_cut_off_is_complete_in_nothing() {
    let bytes = write(&folder(&root().join("testdata/clusters/kube-ovn-reservations")), false);
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let check = |kept: &[&str], reason: &str| {
        let loaded: Loaded = load_with(vec![Input::from_text(&kept.join("\n"))], 2);
        assert!(loaded.manifests[0].1.complete.is_empty());
        assert!(loaded.unreadable.iter().any(|u| u.reason.contains(reason)), "{:?}", loaded.unreadable);
    };
    check(&lines[..lines.len() - 1], "cut off");
    check(&lines[..5], "cut off");
    // A line that was lost in the middle.
    check(&[&lines[..5], &lines[6..]].concat(), "should have");
    check(&[lines.as_slice(), lines.as_slice()].concat(), "more than one snapshot");
}

#[test]
fn a_snapshot_of_a_later_format_is_refused() {
    let line = r#"{"apiVersion":"snapshot.ipledger.dev/v1","kind":"Manifest","format":99}"#;
    let loaded = load_with(vec![reader(line)], 1);
    assert!(loaded.unreadable[0].reason.contains("format 99"), "{:?}", loaded.unreadable);
}

#[test]
fn what_is_no_object_is_not_written() {
    let mut writer = SnapshotWriter::new(Vec::new(), false, &start()).unwrap();
    for bad in ["[]", "3", "", "{", r#"{"metadata":{"name":"p"},"spec":{]}"#] {
        assert!(writer.add(Kind::Pod, bad.as_bytes()).is_err(), "{bad}");
    }
    let error = writer.add(Kind::Pod, br#"{"metadata":{"name":"p","namespace":"n"},"spec":}"#).unwrap_err();
    assert_eq!(error.to_string(), "Pod n/p is not for a snapshot: expected a value, found `}` at byte 48");
    writer.add(Kind::Pod, b"{}").unwrap();
    let text = String::from_utf8(writer.finish(&Outcome::default()).unwrap()).unwrap();
    assert_eq!(text.lines().nth(1), Some(r#"{"apiVersion":"v1","kind":"Pod"}"#));
}

/// Short for tests.
trait FromText {
    fn from_text(text: &str) -> Self;
}

impl FromText for Input {
    fn from_text(text: &str) -> Self {
        reader(text)
    }
}
