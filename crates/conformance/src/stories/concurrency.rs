//! Versions, generations, conflicts, writes that change nothing.

use serde_json::json;

use super::{CLAIMS, MAPS, THINGS, map, thing};
use crate::step::{Step, Story};

pub(super) fn stories() -> Vec<Story> {
    let a = format!("{MAPS}/a");
    let t = format!("{THINGS}/t");
    vec![
        Story {
            name: "a stale version is a conflict",
            steps: vec![
                Step::post(MAPS, map("a")).save("old"),
                Step::merge(&a, json!({"data": {"a": "2"}})),
                Step::put_edited(&a, "old", |o| o["data"] = json!({"a": "3"})),
                Step::merge(&a, json!({"metadata": {"resourceVersion": "<rv old>"}, "data": {"a": "4"}})),
                Step::post(THINGS, thing("t", json!({}))).save("thing"),
                Step::merge(&t, json!({"spec": {"count": 2}})),
                Step::put_edited(&t, "thing", |o| o["spec"] = json!({"count": 3})),
                Step::merge(&t, json!({"metadata": {"resourceVersion": "<rv thing>"}, "spec": {"count": 4}})),
                Step::json_patch(
                    &t,
                    json!([{"op": "replace", "path": "/metadata/resourceVersion", "value": "<rv thing>"}]),
                ),
                Step::put_edited(format!("{t}/status"), "thing", |o| o["status"] = json!({"seen": 1})),
                Step::get(&t),
            ],
        },
        Story {
            name: "updates without a version are unconditional for core kinds only",
            steps: vec![
                Step::post(MAPS, map("a")),
                Step::put(&a, json!({"metadata": {"name": "a"}, "data": {"a": "2"}})),
                Step::put(&a, json!({"metadata": {"name": "a", "resourceVersion": "0"}, "data": {"a": "3"}})),
                Step::put(&a, json!({"metadata": {"name": "a", "resourceVersion": "x"}, "data": {"a": "4"}})),
                Step::post(THINGS, thing("t", json!({}))),
                Step::put(&t, thing("t", json!({"count": 1}))),
                Step::merge(&t, json!({"metadata": {"resourceVersion": ""}, "spec": {"count": 1}})),
                Step::merge(&t, json!({"metadata": {"resourceVersion": null}, "spec": {"count": 2}})),
                Step::put(format!("{t}/status"), thing("t", json!({"count": 1}))),
            ],
        },
        Story {
            name: "a uid in an update is a precondition",
            steps: vec![
                Step::post(MAPS, map("a")).save("a"),
                Step::put(&a, json!({"metadata": {"name": "a", "uid": "other"}, "data": {}})),
                Step::put(&a, json!({"metadata": {"name": "a", "uid": "<uid a>"}, "data": {"x": "y"}})),
                Step::post(THINGS, thing("t", json!({}))).save("t"),
                Step::put_edited(&t, "t", |o| o["metadata"]["uid"] = json!("other")),
                Step::put(format!("{MAPS}/none"), json!({"metadata": {"name": "none", "uid": "other"}})),
            ],
        },
        Story {
            name: "a write that changes nothing writes nothing",
            steps: vec![
                Step::post(MAPS, map("a")).save("a"),
                Step::put_edited(&a, "a", |_| ()),
                Step::merge(&a, json!({"data": {"a": "1"}})),
                Step::merge(&a, json!({"metadata": {"labels": {}}})),
                Step::json_patch(&a, json!([])),
                Step::post(THINGS, thing("t", json!({"count": 1}))).save("t"),
                Step::put_edited(&t, "t", |_| ()),
                Step::merge(&t, json!({})),
                Step::merge(&t, json!({"spec": {"unknown": 1}})),
                Step::merge(format!("{t}/status"), json!({"spec": {"count": 5}})),
                Step::watch(MAPS, "end").with("resourceVersion", "<rv a>").with("timeoutSeconds", "1"),
            ],
        },
        Story {
            name: "generation grows with the spec and not with labels or status",
            steps: vec![
                Step::post(THINGS, thing("t", json!({"count": 1}))),
                Step::merge(&t, json!({"metadata": {"labels": {"x": "1"}}})),
                Step::merge(&t, json!({"spec": {"count": 2}})),
                Step::merge(format!("{t}/status"), json!({"status": {"seen": 1}})),
                Step::merge(&t, json!({"metadata": {"generation": 50}})),
                Step::merge(&t, json!({"metadata": {"finalizers": ["a.io/x"]}})),
                Step::delete(&t),
                Step::merge(&t, json!({"metadata": {"finalizers": null}})),
                Step::get(&t),
            ],
        },
        Story {
            name: "a name is given once",
            steps: vec![
                Step::post(MAPS, map("a")),
                Step::post(MAPS, map("a")),
                Step::post(THINGS, thing("t", json!({}))),
                Step::post(THINGS, thing("t", json!({"count": 5}))),
                Step::delete(&t),
                Step::post(THINGS, thing("t", json!({}))),
                Step::post("/api/v1/namespaces", json!({"metadata": {"name": "<ns>"}})),
            ],
        },
        Story {
            name: "a claim is the lock on its address",
            steps: vec![
                Step::post(CLAIMS, claim("lock", "10.0.0.1")).save("first"),
                Step::post(CLAIMS, claim("lock", "10.0.0.1")),
                Step::post(CLAIMS, claim("lock", "fd00:0025:0000:0000:0000:0000:0000:0009")),
                Step::post(CLAIMS, spelled("10.0.0.01")),
                Step::post(CLAIMS, spelled("fd00::9")),
                Step::post(CLAIMS, spelled("0000:0000:0000:0000:0000:ffff:0a00:0001")),
                Step::merge(format!("{CLAIMS}/lock.10.0.0.1"), json!({"spec": {"subnet": "other"}})),
                Step::merge(
                    format!("{CLAIMS}/lock.10.0.0.1"),
                    json!({"status": {"occupant": {"podUID": "u", "node": "n"}}, "metadata": {"labels": {"ipledger.dev/node": "n"}}}),
                ),
                Step::merge(
                    format!("{CLAIMS}/lock.10.0.0.1"),
                    json!({"status": {"letGo": {"podUID": "u", "at": "yesterday"}}}),
                ),
                Step::put_edited(format!("{CLAIMS}/lock.10.0.0.1"), "first", |o| o["status"] = json!({})),
                Step::delete(format!("{CLAIMS}/lock.10.0.0.1"))
                    .with_body(json!({"preconditions": {"uid": "<uid first>", "resourceVersion": "<rv first>"}})),
                Step::delete(format!("{CLAIMS}/lock.10.0.0.1")).with_body(json!({"preconditions": {"uid": "other"}})),
                Step::delete(format!("{CLAIMS}/lock.10.0.0.1"))
                    .with_body(json!({"preconditions": {"uid": "<uid first>"}})),
                Step::delete(format!("{CLAIMS}/lock.10.0.0.1")),
                Step::delete(format!("{CLAIMS}/lock.fd00-0025-0000-0000-0000-0000-0000-0009")),
            ],
        },
        Story {
            name: "a claim that breaks several rules",
            steps: vec![
                Step::post(
                    CLAIMS,
                    json!({"apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim", "metadata": {"name": "x"}}),
                ),
                Step::post(
                    CLAIMS,
                    json!({"apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim", "metadata": {"name": "x"}, "spec": {}}),
                ),
                Step::post(
                    CLAIMS,
                    json!({"apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim", "metadata": {"name": "w.10.0.0.1"},
                    "spec": {"wire": "w", "address": "10.0.0.1", "subnet": "s", "holder": {"kind": "Pod", "name": "p"}}}),
                ),
                Step::post(
                    CLAIMS,
                    json!({"apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim", "metadata": {"name": "other"},
                    "spec": {"wire": "W", "address": "10.0.0.1", "subnet": "", "mac": "AA", "holder": {"kind": "pod", "name": ""}}}),
                ),
            ],
        },
    ]
}

fn claim(wire: &str, address: &str) -> serde_json::Value {
    json!({"apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim",
        "metadata": {"name": format!("{wire}.{}", address.replace(':', "-"))},
        "spec": {"wire": wire, "address": address, "subnet": "ext",
            "holder": {"kind": "Pod", "namespace": "default", "name": "p", "uid": "6f0c", "nic": "net1"}}})
}

/// A claim of an address in a spelling that is not the one.
fn spelled(address: &str) -> serde_json::Value {
    let mut claim = claim("lock", address);
    claim["metadata"]["name"] = json!("lock.10.0.0.1");
    claim
}
