//! The definitions that IPLedger ships, and the rules of AddressClaim. Page: docs/api-model/rules.md.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "tests")]

mod common;
use common::*;
use model::{Request, definition_conditions};
use serde_json::{Value, json};

const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";

fn bed() -> Bed {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, shipped("ipledger.dev_addressclaims.yaml")));
    bed
}

fn claim(wire: &str, address: &str) -> Value {
    json!({"apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim",
        "metadata": {"name": format!("{wire}.{}", address.replace(':', "-"))},
        "spec": {"wire": wire, "address": address, "subnet": "ext",
            "holder": {"kind": "Pod", "namespace": "default", "name": "p", "uid": "6f0c", "nic": "net1"}}})
}

/// Creates what `change` made of a claim and expects this refusal.
#[track_caller]
fn refused(change: impl Fn(&mut Value), why: &str) {
    let mut body = claim("w", "10.0.0.1");
    change(&mut body);
    let name = body["metadata"]["name"].as_str().unwrap().to_owned();
    let message = format!("AddressClaim.ipledger.dev \"{name}\" is invalid: {why}");
    bed().refused(422, "Invalid", &message, Request::post(CLAIMS, body));
}

#[test]
fn every_definition_that_is_shipped_is_accepted_and_established() {
    let mut bed = Bed::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/crds");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name()).collect();
    files.retain(|file| file != "kustomization.yaml");
    files.sort();
    assert!(files.len() >= 19, "{files:?}");
    for file in files {
        let definition = shipped(file.to_str().unwrap());
        let made = bed.expect(201, Request::post(CRDS, definition.clone()));
        let path = format!("{CRDS}/{}", made["metadata"]["name"].as_str().unwrap());
        let stored = bed.get(&path);
        let conditions = Value::Object(definition_conditions(&stored));
        assert_eq!(conditions, json!({"NamesAccepted": "True", "Established": "True"}), "{file:?}");
        // Nothing that the schema says was pruned or changed.
        assert_eq!(stored["spec"]["versions"], definition["spec"]["versions"], "{file:?}");
    }
}

#[test]
fn a_claim_is_the_lock_on_its_address() {
    let mut bed = bed();
    for address in ["172.17.0.11", "fd00:0025:0000:0000:0000:0000:0000:0009"] {
        let body = claim("macvlan.default", address);
        let name = body["metadata"]["name"].as_str().unwrap().to_owned();
        let made = bed.expect(201, Request::post(CLAIMS, body.clone()));
        assert_eq!((&made["spec"], &made["metadata"]["generation"]), (&body["spec"], &json!(1)));
        let message = format!("addressclaims.ipledger.dev \"{name}\" already exists");
        let mut other = body;
        other["spec"]["holder"]["name"] = json!("other");
        bed.refused(409, "AlreadyExists", &message, Request::post(CLAIMS, other));
        assert_eq!(bed.get(&format!("{CLAIMS}/{name}"))["spec"]["holder"]["name"], "p");
    }
}

#[test]
fn an_address_has_one_spelling() {
    for address in ["172.17.0.011", "172.17.0.256", "fd00::9", "FD00:0025:0000:0000:0000:0000:0000:0009", "10.0.0.1/8"]
    {
        let mut body = claim("w", address);
        body["metadata"]["name"] = json!("w.x");
        let refusal = bed().expect(422, Request::post(CLAIMS, body));
        assert!(refusal["message"].as_str().unwrap().contains("spec.address in body should match"), "{refusal}");
    }
    let mapped = "0000:0000:0000:0000:0000:ffff:0a00:0001";
    let refusal = bed().expect(422, Request::post(CLAIMS, claim("w", mapped)));
    let why =
        "spec.address: Invalid value: \"string\": an IPv4-mapped IPv6 address is the IPv4 address: write it as one";
    assert!(refusal["message"].as_str().unwrap().ends_with(why), "{refusal}");
}

#[test]
fn a_claim_is_named_by_its_wire_and_its_address() {
    let why =
        "<nil>: Invalid value: \"object\": metadata.name must be spec.wire, '.', and spec.address with ':' as '-'";
    refused(|c| c["metadata"]["name"] = json!("w.10.0.0.2"), why);
    refused(|c| c["spec"]["wire"] = json!("v"), why);
}

#[test]
fn a_pod_is_held_by_its_uid_and_other_kinds_need_none() {
    let why = "spec.holder: Invalid value: \"object\": a Pod is held by its UID: spec.holder.uid is missing";
    refused(|c| drop(c["spec"]["holder"].as_object_mut().unwrap().remove("uid")), why);
    refused(|c| c["spec"]["holder"]["uid"] = json!(""), why);
    let mut body = claim("w", "10.0.0.1");
    body["spec"]["holder"] = json!({"kind": "StatefulSet", "namespace": "default", "name": "web-0"});
    bed().expect(201, Request::post(CLAIMS, body));
}

#[test]
fn a_claim_needs_wire_address_subnet_and_holder() {
    for key in ["wire", "address", "subnet", "holder"] {
        let mut body = claim("w", "10.0.0.1");
        body["spec"].as_object_mut().unwrap().remove(key);
        let refusal = bed().expect(422, Request::post(CLAIMS, body));
        assert_eq!(refusal["details"]["causes"][0]["reason"], "FieldValueRequired", "{refusal}");
        assert_eq!(refusal["details"]["causes"][0]["field"], format!("spec.{key}"), "{refusal}");
    }
}

#[test]
fn what_a_claim_says_never_changes_and_its_labels_and_status_do() {
    let mut bed = bed();
    bed.expect(201, Request::post(CLAIMS, claim("w", "10.0.0.1")));
    let path = format!("{CLAIMS}/w.10.0.0.1");
    bed.refused(
        422,
        "Invalid",
        "AddressClaim.ipledger.dev \"w.10.0.0.1\" is invalid: spec: Invalid value: \"object\": spec is immutable: release this claim and make another",
        Request::merge_patch(&path, json!({"spec": {"subnet": "other"}})),
    );
    // No status subresource: one write changes both.
    let occupied = json!({"status": {"occupant": {"podUID": "u", "node": "n"}}, "metadata": {"labels": {"ipledger.dev/node": "n"}}});
    let shown = bed.expect(200, Request::merge_patch(&path, occupied));
    assert_eq!(shown["status"]["occupant"], json!({"podUID": "u", "node": "n"}));
    assert_eq!(shown["metadata"]["labels"], json!({"ipledger.dev/node": "n"}));
    bed.expect(404, Request::get(format!("{path}/status")));
}

#[test]
fn a_condition_of_a_claim_stands_once() {
    let mut bed = bed();
    bed.expect(201, Request::post(CLAIMS, claim("w", "10.0.0.1")));
    let condition = json!({"type": "Waiting", "status": "True", "reason": "Agent", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let path = format!("{CLAIMS}/w.10.0.0.1");
    let refusal =
        bed.expect(422, Request::merge_patch(&path, json!({"status": {"conditions": [condition, condition]}})));
    assert_eq!(refusal["details"]["causes"][0]["reason"], "FieldValueDuplicate", "{refusal}");
    bed.expect(200, Request::merge_patch(&path, json!({"status": {"conditions": [condition]}})));
}

#[test]
fn a_delete_that_names_another_version_of_a_claim_is_a_conflict() {
    let mut bed = bed();
    let made = bed.expect(201, Request::post(CLAIMS, claim("w", "10.0.0.1")));
    let path = format!("{CLAIMS}/w.10.0.0.1");
    let (uid, version) = (&made["metadata"]["uid"], &made["metadata"]["resourceVersion"]);
    for stale in [json!({"uid": "other", "resourceVersion": version}), json!({"uid": uid, "resourceVersion": "1"})] {
        let refusal = bed.expect(409, Request::delete(&path).with_body(json!({"preconditions": stale})));
        assert_eq!(refusal["reason"], "Conflict");
    }
    let exact = json!({"preconditions": {"uid": uid, "resourceVersion": version}});
    bed.expect(200, Request::delete(&path).with_body(exact));
    bed.expect(404, Request::get(&path));
}
