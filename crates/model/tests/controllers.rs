//! Garbage collection and namespace deletion, step by step. Pages: docs/api-model/{garbage,namespaces}.md.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "tests")]

mod common;
use common::*;
use model::Request;
use model::cluster::{collect_garbage, empty_namespaces, provide_accounts, settle};
use serde_json::{Value, json};

fn owned(bed: &mut Bed, name: &str, owners: &[&Value]) -> Value {
    let mut map = config_map(name);
    let list: Vec<_> = owners
        .iter()
        .map(|o| {
            json!({"apiVersion": "v1", "kind": "ConfigMap", "name": o["metadata"]["name"], "uid": o["metadata"]["uid"],
            "blockOwnerDeletion": true})
        })
        .collect();
    map["metadata"]["ownerReferences"] = json!(list);
    bed.expect(201, Request::post(MAPS, map))
}

fn garbage(bed: &mut Bed) {
    let now = bed.now;
    assert!(settle(&mut bed.server, now, &mut [&mut collect_garbage]), "garbage collection never came to rest");
}

fn there(bed: &mut Bed, name: &str) -> bool {
    bed.send(Request::get(format!("{MAPS}/{name}"))).code == 200
}

#[test]
fn dependents_follow_their_owner_level_by_level() {
    let mut bed = Bed::new();
    let a = bed.expect(201, Request::post(MAPS, config_map("a")));
    let b = owned(&mut bed, "b", &[&a]);
    owned(&mut bed, "c", &[&b]);
    garbage(&mut bed);
    assert!(there(&mut bed, "c"));
    bed.expect(200, Request::delete(format!("{MAPS}/a")));
    garbage(&mut bed);
    assert!(!there(&mut bed, "b") && !there(&mut bed, "c"));
}

#[test]
fn an_owner_of_the_same_name_is_not_the_owner() {
    let mut bed = Bed::new();
    let a = bed.expect(201, Request::post(MAPS, config_map("a")));
    owned(&mut bed, "b", &[&a]);
    bed.expect(200, Request::delete(format!("{MAPS}/a")));
    bed.expect(201, Request::post(MAPS, config_map("a")));
    garbage(&mut bed);
    assert!(!there(&mut bed, "b"));
}

/// A map in `namespace` with one owner reference.
fn owned_by(bed: &mut Bed, namespace: &str, name: &str, api_version: &str, kind: &str, owner: (&str, &Value)) {
    let mut map = config_map(name);
    map["metadata"]["ownerReferences"] =
        json!([{"apiVersion": api_version, "kind": kind, "name": owner.0, "uid": owner.1["metadata"]["uid"]}]);
    bed.expect(201, Request::post(format!("/api/v1/namespaces/{namespace}/configmaps"), map));
}

#[test]
fn an_owner_is_looked_up_by_its_kind_and_name_and_in_the_namespace_of_the_dependent() {
    let mut bed = Bed::new();
    let a = bed.expect(201, Request::post(MAPS, config_map("a")));
    bed.expect(201, Request::post("/api/v1/namespaces", json!({"metadata": {"name": "x"}})));
    owned_by(&mut bed, "default", "right", "v1", "ConfigMap", ("a", &a));
    owned_by(&mut bed, "default", "another-name", "v1", "ConfigMap", ("b", &a));
    owned_by(&mut bed, "default", "another-kind", "v1", "Secret", ("a", &a));
    owned_by(&mut bed, "x", "another-namespace", "v1", "ConfigMap", ("a", &a));
    garbage(&mut bed);
    assert!(there(&mut bed, "right"));
    assert!(!there(&mut bed, "another-name") && !there(&mut bed, "another-kind"));
    bed.expect(404, Request::get("/api/v1/namespaces/x/configmaps/another-namespace"));
    // An owner without a namespace is found from each.
    let node = bed.expect(201, Request::post("/api/v1/nodes", json!({"metadata": {"name": "n"}})));
    owned_by(&mut bed, "default", "of-a-node", "v1", "Node", ("n", &node));
    garbage(&mut bed);
    assert!(there(&mut bed, "of-a-node"));
    bed.expect(200, Request::delete("/api/v1/nodes/n"));
    garbage(&mut bed);
    assert!(!there(&mut bed, "of-a-node"));
}

#[test]
fn nothing_goes_while_the_kind_of_an_owner_is_not_served() {
    let mut bed = Bed::new();
    let owner = json!({"metadata": {"uid": "11111111-1111-1111-1111-111111111111"}});
    owned_by(&mut bed, "default", "no-kind", "test.io/v1", "Thing", ("t", &owner));
    owned_by(&mut bed, "default", "no-version", "apps/v1beta1", "Deployment", ("d", &owner));
    // One that is known to be gone beside one that nobody can tell of.
    let a = bed.expect(201, Request::post(MAPS, config_map("a")));
    owned_by(&mut bed, "default", "both", "v1", "ConfigMap", ("a", &a));
    let both = bed.get(&format!("{MAPS}/both"))["metadata"]["ownerReferences"].clone();
    let unknown = bed.get(&format!("{MAPS}/no-kind"))["metadata"]["ownerReferences"][0].clone();
    let owners = json!([both[0], unknown]);
    bed.expect(200, Request::merge_patch(format!("{MAPS}/both"), json!({"metadata": {"ownerReferences": owners}})));
    bed.expect(200, Request::delete(format!("{MAPS}/a")));
    garbage(&mut bed);
    assert!(there(&mut bed, "no-kind") && there(&mut bed, "no-version"));
    assert_eq!(bed.get(&format!("{MAPS}/both"))["metadata"]["ownerReferences"], owners);
    // Once it is served, it is known that the owner is not there.
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    garbage(&mut bed);
    assert!(!there(&mut bed, "no-kind") && there(&mut bed, "no-version") && !there(&mut bed, "both"));
}

#[test]
fn an_object_without_a_namespace_never_goes_for_an_owner_that_has_one() {
    let mut bed = Bed::new();
    let a = bed.expect(201, Request::post(MAPS, config_map("a")));
    let reference = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": a["metadata"]["uid"]});
    let node = json!({"metadata": {"name": "n", "ownerReferences": [reference]}});
    bed.expect(201, Request::post("/api/v1/nodes", node));
    bed.expect(200, Request::delete(format!("{MAPS}/a")));
    garbage(&mut bed);
    bed.get("/api/v1/nodes/n");
}

#[test]
fn one_living_owner_is_enough_and_the_dead_one_is_forgotten() {
    let mut bed = Bed::new();
    let a = bed.expect(201, Request::post(MAPS, config_map("a")));
    let b = bed.expect(201, Request::post(MAPS, config_map("b")));
    owned(&mut bed, "c", &[&a, &b]);
    bed.expect(200, Request::delete(format!("{MAPS}/a")));
    garbage(&mut bed);
    let owners = bed.get(&format!("{MAPS}/c"))["metadata"]["ownerReferences"].clone();
    assert_eq!((owners.as_array().unwrap().len(), &owners[0]["name"]), (1, &json!("b")));
}

#[test]
fn orphaning_leaves_the_dependents_without_owner() {
    let mut bed = Bed::new();
    let a = bed.expect(201, Request::post(MAPS, config_map("a")));
    owned(&mut bed, "b", &[&a]);
    bed.expect(200, Request::delete(format!("{MAPS}/a")).with("propagationPolicy", "Orphan"));
    assert!(there(&mut bed, "a"));
    garbage(&mut bed);
    assert!(!there(&mut bed, "a"));
    assert_eq!(bed.get(&format!("{MAPS}/b"))["metadata"].get("ownerReferences"), None);
}

#[test]
fn foreground_deletion_waits_for_dependents() {
    let mut bed = Bed::new();
    let a = bed.expect(201, Request::post(MAPS, config_map("a")));
    owned(&mut bed, "b", &[&a]);
    bed.expect(200, Request::merge_patch(format!("{MAPS}/b"), json!({"metadata": {"finalizers": ["test.io/hold"]}})));
    bed.expect(200, Request::delete(format!("{MAPS}/a")).with("propagationPolicy", "Foreground"));
    garbage(&mut bed);
    assert!(there(&mut bed, "a") && there(&mut bed, "b"));
    bed.expect(200, Request::merge_patch(format!("{MAPS}/b"), json!({"metadata": {"finalizers": null}})));
    garbage(&mut bed);
    assert!(!there(&mut bed, "a") && !there(&mut bed, "b"));
}

#[test]
fn a_namespace_goes_when_all_in_it_has_gone() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    bed.expect(201, Request::post("/api/v1/namespaces", json!({"metadata": {"name": "x"}})));
    bed.expect(201, Request::post("/api/v1/namespaces/x/configmaps", config_map("a")));
    let things = "/apis/test.io/v1/namespaces/x/things";
    let mut held = thing("t", json!({}));
    held["metadata"]["finalizers"] = json!(["test.io/hold"]);
    bed.expect(201, Request::post(things, held));
    bed.expect(200, Request::delete("/api/v1/namespaces/x"));
    let now = bed.now;
    assert!(settle(&mut bed.server, now, &mut [&mut empty_namespaces]));
    assert_eq!(bed.get("/api/v1/namespaces/x/configmaps")["items"], json!([]));
    bed.get("/api/v1/namespaces/x");
    bed.expect(200, Request::merge_patch(format!("{things}/t"), json!({"metadata": {"finalizers": null}})));
    assert!(settle(&mut bed.server, now, &mut [&mut empty_namespaces]));
    bed.expect(404, Request::get("/api/v1/namespaces/x"));
}

#[test]
fn pods_go_first_out_of_a_namespace_and_the_rest_waits_for_them() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post("/api/v1/namespaces", json!({"metadata": {"name": "x"}})));
    bed.expect(201, Request::post("/api/v1/namespaces/x/configmaps", config_map("a")));
    let mut bound = pod("p");
    bound["spec"]["nodeName"] = json!("n1");
    bed.expect(201, Request::post("/api/v1/namespaces/x/pods", bound));
    bed.expect(200, Request::delete("/api/v1/namespaces/x"));
    let now = bed.now;
    assert!(settle(&mut bed.server, now, &mut [&mut empty_namespaces]));
    let left = bed.get("/api/v1/namespaces/x/pods/p");
    assert!(left["metadata"].get("deletionTimestamp").is_some());
    let map = bed.get("/api/v1/namespaces/x/configmaps/a");
    assert_eq!(map["metadata"].get("deletionTimestamp"), None);
    // The kubelet's last word.
    bed.expect(200, Request::delete("/api/v1/namespaces/x/pods/p").with("gracePeriodSeconds", "0"));
    assert!(settle(&mut bed.server, now, &mut [&mut empty_namespaces]));
    bed.expect(404, Request::get("/api/v1/namespaces/x"));
}

#[test]
fn a_namespace_gets_its_account_and_its_certificates() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post("/api/v1/namespaces", json!({"metadata": {"name": "new"}})));
    let now = bed.now;
    assert!(settle(&mut bed.server, now, &mut [&mut provide_accounts]));
    let account = bed.get("/api/v1/namespaces/new/serviceaccounts/default");
    bed.get("/api/v1/namespaces/new/configmaps/kube-root-ca.crt");
    // What is there is left alone; what was deleted comes again.
    assert!(!provide_accounts(&mut bed.server, now));
    bed.expect(200, Request::delete("/api/v1/namespaces/new/serviceaccounts/default"));
    assert!(provide_accounts(&mut bed.server, now));
    let again = bed.get("/api/v1/namespaces/new/serviceaccounts/default");
    assert_ne!(account["metadata"]["uid"], again["metadata"]["uid"]);
    // A namespace that ends gets nothing new.
    bed.expect(200, Request::delete("/api/v1/namespaces/new"));
    bed.expect(200, Request::delete("/api/v1/namespaces/new/configmaps/kube-root-ca.crt"));
    assert!(!provide_accounts(&mut bed.server, now));
}
