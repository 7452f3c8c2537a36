//! Delete: finalizers, preconditions, propagation, collections, namespaces.

use serde_json::json;

use super::{MAPS, THINGS, map, thing};
use crate::step::{Step, Story};

pub(super) fn stories() -> Vec<Story> {
    let a = format!("{MAPS}/a");
    let t = format!("{THINGS}/t");
    let held = || json!({"metadata": {"name": "a", "finalizers": ["a.io/x"]}});
    vec![
        Story {
            name: "a deleted object is told and gone",
            steps: vec![
                Step::post(MAPS, map("a")),
                Step::delete(&a),
                Step::delete(&a),
                Step::post(THINGS, thing("t", json!({}))),
                Step::delete(&t),
                Step::delete(&t),
                Step::post("/api/v1/namespaces/<ns>/secrets", json!({"metadata": {"name": "s"}})),
                Step::delete("/api/v1/namespaces/<ns>/secrets/s"),
                Step::post("/api/v1/namespaces/<ns>/serviceaccounts", json!({"metadata": {"name": "s"}})),
                Step::delete("/api/v1/namespaces/<ns>/serviceaccounts/s"),
            ],
        },
        Story {
            name: "finalizers hold an object until the last one goes",
            steps: vec![
                Step::post(MAPS, held()).save("a"),
                Step::delete(&a),
                Step::delete(&a),
                Step::post(MAPS, map("a")),
                Step::merge(&a, json!({"metadata": {"finalizers": ["a.io/x", "a.io/y"]}})),
                Step::merge(&a, json!({"metadata": {"deletionTimestamp": null}, "data": {"x": "y"}})),
                Step::merge(&a, json!({"metadata": {"labels": {"x": "1"}}})),
                Step::merge(&a, json!({"metadata": {"finalizers": []}})),
                Step::get(&a),
                Step::watch(MAPS, "end").with("resourceVersion", "<rv a>").with("timeoutSeconds", "1"),
            ],
        },
        Story {
            name: "preconditions hold at the moment of the delete",
            steps: vec![
                Step::post(THINGS, thing("t", json!({}))).save("t"),
                Step::delete(&t).with_body(json!({"preconditions": {"uid": "other"}})),
                Step::delete(&t).with_body(json!({"preconditions": {"resourceVersion": "1"}})),
                Step::merge(&t, json!({"spec": {"count": 1}})).save("new"),
                Step::delete(&t).with_body(json!({"preconditions": {"uid": "<uid t>", "resourceVersion": "<rv t>"}})),
                Step::delete(&t).with_body(json!({"preconditions": {"uid": "<uid t>", "resourceVersion": "<rv new>"}})),
                Step::post(MAPS, map("a")).save("a"),
                Step::delete(&a)
                    .with_body(json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "other"}})),
                Step::delete(&a).with_body(
                    json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "<uid a>"}}),
                ),
            ],
        },
        Story {
            name: "propagation leaves its finalizer for the garbage collector",
            steps: vec![
                Step::post(MAPS, map("a")),
                Step::delete(&a).with("propagationPolicy", "Foreground"),
                Step::get(&a),
                Step::post(MAPS, map("b")),
                Step::delete(format!("{MAPS}/b")).with_body(json!({"propagationPolicy": "Orphan"})),
                Step::delete(format!("{MAPS}/b")).with_body(json!({"propagationPolicy": "Background"})),
                Step::post(THINGS, thing("t", json!({}))),
                Step::delete(&t).with_body(json!({"orphanDependents": true})),
                Step::get(&t),
                Step::delete(&t).with_body(json!({"orphanDependents": true, "propagationPolicy": "Orphan"})),
                Step::delete(&t).with("propagationPolicy", "Sometimes"),
                Step::delete(&t).with_body(json!({"orphanDependents": false})),
                Step::post(MAPS, map("c")),
                Step::delete(format!("{MAPS}/c")).with_body(json!({"propagationPolicy": "Background"})),
                Step::post(MAPS, json!({"metadata": {"name": "d", "finalizers": ["orphan", "foregroundDeletion"]}})),
            ],
        },
        Story {
            name: "the garbage collectors finalizers may not be added to a deleting object",
            steps: vec![
                Step::post(MAPS, held()),
                Step::delete(&a),
                Step::merge(&a, json!({"metadata": {"finalizers": ["a.io/x", "foregroundDeletion"]}})),
                Step::merge(&a, json!({"metadata": {"finalizers": ["foregroundDeletion"]}})),
                Step::delete(&a).with("propagationPolicy", "Foreground"),
                Step::merge(&a, json!({"metadata": {"finalizers": null}})),
            ],
        },
        Story {
            name: "delete options are read strictly",
            steps: vec![
                Step::post(MAPS, map("a")),
                Step::delete(&a).with_body(json!([])),
                Step::delete(&a).with_body(json!({"kind": "Pod", "apiVersion": "v1"})),
                Step::delete(&a).with_body(json!({"gracePeriodSeconds": "x"})),
                Step::delete(&a).with("gracePeriodSeconds", "x"),
                Step::delete(&a).with_body(json!({"gracePeriodSeconds": -5})),
            ],
        },
        Story {
            name: "a collection is deleted as far as it is selected",
            steps: vec![
                Step::post(MAPS, json!({"metadata": {"name": "a", "labels": {"x": "1"}}})),
                Step::post(MAPS, json!({"metadata": {"name": "b", "labels": {"x": "1"}, "finalizers": ["a.io/x"]}})),
                Step::post(MAPS, json!({"metadata": {"name": "c", "labels": {"x": "2"}}})).save("c"),
                Step::delete(MAPS).with("labelSelector", "x=1"),
                Step::get(MAPS),
                Step::delete(MAPS).with_body(json!({"preconditions": {"uid": "<uid c>"}})),
                Step::merge(format!("{MAPS}/b"), json!({"metadata": {"finalizers": null}})),
                Step::post(THINGS, thing("t", json!({}))),
                Step::post(THINGS, thing("u", json!({}))),
                Step::delete(THINGS).with("fieldSelector", "metadata.name=u"),
                Step::delete(THINGS),
                Step::get(THINGS),
            ],
        },
        Story {
            name: "a namespace is marked first and takes nothing new",
            steps: vec![
                Step::post(MAPS, map("a")),
                Step::get("/api/v1/namespaces/<ns>"),
                Step::delete("/api/v1/namespaces/<ns>"),
                Step::get("/api/v1/namespaces/<ns>"),
                Step::post(MAPS, map("b")),
                Step::post(THINGS, thing("t", json!({}))),
                Step::merge(&a, json!({"data": {"a": "2"}})),
                Step::delete("/api/v1/namespaces/<ns>"),
                Step::delete(&a),
                Step::put(
                    "/api/v1/namespaces/<ns>/finalize",
                    json!({"metadata": {"name": "<ns>"}, "spec": {"finalizers": []}}),
                ),
                Step::get("/api/v1/namespaces/<ns>"),
            ],
        },
        Story {
            name: "some namespaces stay",
            steps: vec![
                Step::delete("/api/v1/namespaces/default"),
                Step::delete("/api/v1/namespaces/kube-system"),
                Step::delete("/api/v1/namespaces"),
                Step::merge("/api/v1/namespaces/<ns>", json!({"spec": {"finalizers": ["a.io/x"]}})),
                Step::merge(
                    "/api/v1/namespaces/<ns>",
                    json!({"metadata": {"labels": {"x": "1", "kubernetes.io/metadata.name": "other"}}}),
                ),
                Step::merge("/api/v1/namespaces/<ns>/status", json!({"status": {"phase": "Terminating"}})),
            ],
        },
    ]
}
