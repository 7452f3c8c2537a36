//! Create, get, update, patch.

use serde_json::json;

use super::{MAPS, THINGS, map, thing};
use crate::step::{Step, Story};

const NS: &str = "/api/v1/namespaces/<ns>";

fn event() -> serde_json::Value {
    json!({"metadata": {"name": "e"}, "eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "c.io/x",
        "reportingInstance": "i", "action": "A", "reason": "R", "type": "Normal", "note": "n",
        "regarding": {"kind": "Pod", "namespace": "<ns>", "name": "p", "uid": "u"}})
}

pub(super) fn stories() -> Vec<Story> {
    let a = format!("{MAPS}/a");
    let t = format!("{THINGS}/t");
    vec![
        Story {
            name: "a created object is filled in and read back",
            steps: vec![
                Step::post(MAPS, map("a")),
                Step::get(&a),
                Step::post(THINGS, thing("t", json!({"text": "x", "count": 1}))),
                Step::get(&t),
                Step::get(format!("{MAPS}/none")),
                Step::get(format!("{THINGS}/none")),
            ],
        },
        Story {
            name: "clients cannot set what the server keeps",
            steps: vec![
                Step::post(
                    MAPS,
                    json!({"metadata": {"name": "a", "uid": "mine", "creationTimestamp": "2001-01-01T00:00:00Z",
                        "deletionTimestamp": "2001-01-01T00:00:00Z", "deletionGracePeriodSeconds": 5, "generation": 9,
                        "selfLink": "/x"}}),
                ),
                Step::post(MAPS, json!({"metadata": {"name": "b", "resourceVersion": "5"}})),
                Step::post(
                    THINGS,
                    json!({"apiVersion": "conformance.ipledger.dev/v1", "kind": "Thing",
                        "metadata": {"name": "t", "uid": "mine", "generation": 9}, "spec": {}, "status": {"phase": "mine"}}),
                ),
                Step::merge(&t, json!({"metadata": {"uid": "other"}})),
                Step::merge(&t, json!({"metadata": {"creationTimestamp": null, "generation": 7}})),
                Step::merge(&t, json!({"metadata": {"name": "u"}})),
                Step::merge(&t, json!({"metadata": {"namespace": "other"}})),
            ],
        },
        Story {
            name: "names and namespaces must agree with the path",
            steps: vec![
                Step::post(MAPS, json!({"metadata": {"name": "a", "namespace": "other"}})),
                Step::post(MAPS, map("a")),
                Step::put(&a, map("b")),
                Step::put(&a, json!({"metadata": {}})),
                Step::put(&a, json!({"metadata": {"name": "a", "namespace": "other"}})),
                Step::post(MAPS, json!({"metadata": {"name": "Not_A_Name"}})),
                Step::post(MAPS, json!({"metadata": {}})),
                Step::post(&a, map("a")),
                Step::post("/api/v1/namespaces/is-not-there/configmaps", map("a")),
            ],
        },
        Story {
            name: "bodies must be of the kind of the path",
            steps: vec![
                Step::post(MAPS, json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "a"}})),
                Step::post(MAPS, json!({"kind": "ConfigMap", "apiVersion": "v2", "metadata": {"name": "a"}})),
                Step::post(MAPS, json!([])),
                Step::post(MAPS, json!({"metadata": {"name": 1}})),
                Step::post(MAPS, json!({"metadata": {"name": "a", "labels": {"x": 1}}})),
                Step::post(THINGS, json!({"kind": "Thing", "metadata": {"name": "a"}})),
                Step::post(THINGS, json!({"apiVersion": "conformance.ipledger.dev/v1", "metadata": {"name": "a"}})),
                Step::post(
                    THINGS,
                    json!({"apiVersion": "conformance.ipledger.dev/v2", "kind": "Thing", "metadata": {"name": "a"}}),
                ),
                Step::post(
                    THINGS,
                    json!({"apiVersion": "conformance.ipledger.dev/v1", "kind": "Other", "metadata": {"name": "a"}}),
                ),
                Step::post(
                    THINGS,
                    json!({"apiVersion": "conformance.ipledger.dev/v1", "kind": "Thing", "metadata": {"name": "a", "labels": {"x": 1}}}),
                ),
            ],
        },
        Story {
            name: "labels annotations finalizers and owners are checked",
            steps: vec![
                Step::post(MAPS, json!({"metadata": {"name": "a", "labels": {"-x": "1"}}})),
                Step::post(MAPS, json!({"metadata": {"name": "a", "labels": {"x": "a b"}}})),
                Step::post(MAPS, json!({"metadata": {"name": "a", "annotations": {"a b": "1"}}})),
                Step::post(MAPS, json!({"metadata": {"name": "a", "finalizers": ["hold"]}})),
                Step::post(MAPS, json!({"metadata": {"name": "a", "finalizers": ["a b/c"]}})),
                Step::post(MAPS, json!({"metadata": {"name": "a", "ownerReferences": [{"name": "x"}]}})),
                Step::post(
                    THINGS,
                    json!({"apiVersion": "conformance.ipledger.dev/v1", "kind": "Thing", "metadata": {"name": "a", "finalizers": ["hold"]}}),
                ),
                Step::post(
                    MAPS,
                    json!({"metadata": {"name": "b", "ownerReferences": [
                    {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1", "controller": true},
                    {"apiVersion": "v1", "kind": "ConfigMap", "name": "y", "uid": "2", "controller": true}]}}),
                ),
                Step::post(
                    MAPS,
                    json!({"metadata": {"name": "c", "labels": {}, "annotations": {}, "finalizers": [], "ownerReferences": []}}),
                ),
            ],
        },
        Story {
            name: "status and the rest are written apart",
            steps: vec![
                Step::post(THINGS, thing("t", json!({"count": 1}))).save("t"),
                Step::put_edited(&t, "t", |o| o["status"] = json!({"phase": "Main"})),
                Step::put_edited(format!("{t}/status"), "t", |o| {
                    o["status"] = json!({"phase": "Status"});
                    o["spec"]["count"] = json!(5);
                    o["metadata"]["labels"] = json!({"x": "1"});
                }),
                Step::get(&t),
                Step::merge(
                    format!("{t}/status"),
                    json!({"status": {"seen": 1}, "spec": {"count": 9}, "metadata": {"annotations": {"x": "y"}}}),
                ),
                Step::get(format!("{t}/status")),
                Step::merge(format!("{t}/status"), json!({"status": {"seen": "x"}})),
                Step::merge(format!("{t}/status"), json!({"status": {"more": "x"}})),
                Step::post(format!("{t}/status"), json!({})),
                Step::delete(format!("{t}/status")),
                Step::get(format!("{t}/scale")),
                Step::get(format!("{t}/nothing")),
                Step::get(format!("{MAPS}/a/status")),
            ],
        },
        Story {
            name: "merge patches remove nulls and replace lists",
            steps: vec![
                Step::post(
                    MAPS,
                    json!({"metadata": {"name": "a", "labels": {"x": "1", "y": "2"}, "finalizers": ["a.io/1"]}, "data": {"a": "1"}}),
                ),
                Step::merge(&a, json!({"metadata": {"labels": {"x": null, "z": "3"}, "finalizers": ["a.io/2"]}})),
                Step::merge(&a, json!({"data": null})),
                Step::merge(&a, json!({"data": {"b": null, "c": "x"}})),
                Step::merge(&a, json!([])),
                Step::merge(&a, json!("x")),
                Step::merge(format!("{MAPS}/none"), json!({})),
                Step::merge(format!("{THINGS}/none"), json!({})),
                Step::merge(&a, json!({"metadata": {"finalizers": null}})),
            ],
        },
        Story {
            name: "json patches test add remove replace move and copy",
            steps: vec![
                Step::post(MAPS, json!({"metadata": {"name": "a"}, "data": {"a": "1", "b": "2"}})).save("a"),
                Step::json_patch(
                    &a,
                    json!([{"op": "test", "path": "/data/a", "value": "1"}, {"op": "replace", "path": "/data/a", "value": "x"}]),
                ),
                Step::json_patch(
                    &a,
                    json!([{"op": "test", "path": "/data/a", "value": "1"}, {"op": "replace", "path": "/data/a", "value": "y"}]),
                ),
                Step::json_patch(&a, json!([{"op": "test", "path": "/metadata/resourceVersion", "value": "<rv a>"}])),
                Step::json_patch(
                    &a,
                    json!([{"op": "move", "from": "/data/a", "path": "/data/c"}, {"op": "copy", "from": "/data/b", "path": "/data/d"}]),
                ),
                Step::json_patch(&a, json!([{"op": "remove", "path": "/data/none"}])),
                Step::json_patch(&a, json!([{"op": "replace", "path": "/data/none", "value": "1"}])),
                Step::json_patch(&a, json!([{"op": "add", "path": "/none/deep", "value": "1"}])),
                Step::json_patch(&a, json!([{"op": "test", "path": "/none", "value": null}])),
                Step::json_patch(&a, json!([{"op": "what", "path": "/data/a"}])),
                Step::json_patch(&a, json!([{"op": "add", "path": "data", "value": {}}])),
                Step::json_patch(&a, json!({"op": "add"})),
                Step::json_patch(&a, json!([])),
                Step::json_patch(
                    &a,
                    json!([{"op": "add", "path": "/metadata/finalizers", "value": ["a.io/1"]},
                    {"op": "add", "path": "/metadata/finalizers/-", "value": "a.io/2"},
                    {"op": "add", "path": "/metadata/finalizers/0", "value": "a.io/0"},
                    {"op": "remove", "path": "/metadata/finalizers/1"}]),
                ),
                Step::json_patch(&a, json!([{"op": "remove", "path": "/metadata/finalizers/7"}])),
                Step::json_patch(
                    &a,
                    json!([{"op": "remove", "path": "/metadata/finalizers"}, {"op": "add", "path": "/metadata/annotations", "value": {"a.io~b": "1"}},
                    {"op": "replace", "path": "/metadata/annotations/a.io~0b", "value": "2"}]),
                ),
            ],
        },
        Story {
            name: "content types are read or refused",
            steps: vec![
                Step::post(MAPS, map("a")),
                Step::merge(&a, json!({})).as_type("application/json"),
                Step::merge(&a, json!({})).as_type("text/plain"),
                Step::post(THINGS, thing("t", json!({}))),
                Step::merge(&t, json!({"spec": {"count": 1}})).as_type("application/strategic-merge-patch+json"),
                Step::merge(&a, json!({"metadata": {"labels": {"x": "1"}}}))
                    .as_type("application/strategic-merge-patch+json"),
                Step::post(MAPS, json!("kind: ConfigMap\napiVersion: v1\nmetadata: {name: y}\ndata: {k: v}\n"))
                    .as_type("application/yaml"),
                Step::post(MAPS, map("z")).as_type("text/plain"),
                Step::post(MAPS, json!("{")),
                Step::post(THINGS, json!("{")),
            ],
        },
        Story {
            name: "dry runs answer and store nothing",
            steps: vec![
                Step::post(MAPS, map("a")).with("dryRun", "All"),
                Step::get(&a),
                Step::post(THINGS, thing("t", json!({"count": 1}))).save("t"),
                Step::merge(&t, json!({"spec": {"count": 2}})).with("dryRun", "All"),
                Step::delete(&t).with("dryRun", "All"),
                Step::post(THINGS, thing("t", json!({}))).with("dryRun", "All"),
                Step::get(&t),
                Step::post(MAPS, map("b")).with("dryRun", "Some"),
                Step::merge(&t, json!({})).with("dryRun", "Some"),
                Step::delete(&t).with("dryRun", "Some"),
            ],
        },
        Story {
            name: "leases are created by an update and config maps are not",
            steps: vec![
                Step::put(
                    "/apis/coordination.k8s.io/v1/namespaces/<ns>/leases/l",
                    json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": "x"}}),
                ),
                Step::put(&a, map("a")),
                Step::put(&t, thing("t", json!({}))),
                Step::post(
                    "/apis/coordination.k8s.io/v1/namespaces/<ns>/leases",
                    json!({"metadata": {"name": "m"}, "spec": {"leaseDurationSeconds": 0}}),
                ),
                Step::merge(
                    "/apis/coordination.k8s.io/v1/namespaces/<ns>/leases/l",
                    json!({"spec": {"leaseTransitions": -1}}),
                ),
            ],
        },
        Story {
            name: "immutable config maps keep their data",
            steps: vec![
                Step::post(MAPS, json!({"metadata": {"name": "a"}, "data": {"a": "1"}, "immutable": true})),
                Step::merge(&a, json!({"data": {"a": "2"}})),
                Step::merge(&a, json!({"immutable": false})),
                Step::merge(&a, json!({"metadata": {"labels": {"x": "1"}}})),
            ],
        },
        Story {
            name: "secrets nodes and events as clients write them",
            steps: vec![
                Step::post(
                    format!("{NS}/secrets"),
                    json!({"metadata": {"name": "s"}, "stringData": {"a": "b"}, "data": {"c": "ZA=="}}),
                ),
                Step::merge(format!("{NS}/secrets/s"), json!({"stringData": {"a": "e"}})),
                Step::merge(format!("{NS}/secrets/s"), json!({"type": "other"})),
                Step::post(
                    format!("{NS}/secrets"),
                    json!({"metadata": {"name": "t"}, "type": "x/y", "immutable": true}),
                ),
                Step::merge(format!("{NS}/secrets/t"), json!({"data": {"c": "ZA=="}})),
                Step::post("/api/v1/nodes", json!({"metadata": {"name": "<ns>", "labels": {"x": "1"}}})).code_only(),
                Step::merge(
                    "/api/v1/nodes/<ns>",
                    json!({"spec": {"unschedulable": true, "taints": [{"key": "k", "effect": "NoExecute"}]}, "status": {"phase": "Running"}}),
                ),
                Step::merge(
                    "/api/v1/nodes/<ns>/status",
                    json!({"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "r", "message": "m"}]}, "spec": {"unschedulable": false}}),
                ),
                Step::get("/api/v1/nodes").with("labelSelector", "x=1").with("fieldSelector", "metadata.name=<ns>"),
                Step::delete("/api/v1/nodes/<ns>"),
                Step::post("/apis/events.k8s.io/v1/namespaces/<ns>/events", event()),
                Step::get("/apis/events.k8s.io/v1/namespaces/<ns>/events/e"),
                Step::delete("/apis/events.k8s.io/v1/namespaces/<ns>/events/e"),
            ],
        },
        Story {
            name: "an applied configuration is created merged and checked",
            steps: vec![
                Step::apply(
                    &a,
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "1"}}),
                ),
                Step::apply(
                    &a,
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "1"}}),
                ),
                Step::apply(
                    &a,
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"x": "1"}}, "data": {"a": "2"}}),
                ),
                Step::apply(&t, thing("t", json!({"count": 1, "rows": [{"key": "a"}]}))),
                Step::apply(&t, thing("t", json!({"count": 2, "rows": [{"key": "a"}]}))),
                Step::apply(&t, thing("t", json!({"unknown": 1}))),
                Step::apply(&t, thing("u", json!({}))),
                Step::apply(&t, json!({"metadata": {"name": "t"}})),
                Step::apply(&t, thing("t", json!({"count": 1000, "rows": [{"key": "a"}]}))),
                Step::merge(&t, json!({})).as_type("application/apply-patch+yaml"),
                Step::apply(
                    &a,
                    json!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a: '1'\n  a: '2'\n"),
                )
                .with("fieldValidation", "Strict"),
                Step::post(
                    MAPS,
                    json!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: y\ndata:\n  a: '1'\n  a: '2'\n"),
                )
                .as_type("application/yaml"),
                Step::post(
                    MAPS,
                    json!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: z\ndata:\n  a: '1'\n  a: '2'\n"),
                )
                .as_type("application/yaml")
                .with("fieldValidation", "Strict"),
            ],
        },
        Story {
            name: "paths that are not served",
            steps: vec![
                Step::get("/api/v1/namespaces/<ns>/nothings"),
                Step::get("/api/v2/pods"),
                Step::get("/apis/none.io/v1/things"),
                Step::get("/apis/apps/v2/deployments"),
                Step::get("/apis/conformance.ipledger.dev/v2/things"),
                Step::get("/apis/conformance.ipledger.dev/v1/others"),
                Step::get("/api/v1/configmaps/a"),
                Step::post("/api/v1/configmaps", map("a")),
                Step::post("/apis/conformance.ipledger.dev/v1/things", thing("t", json!({}))),
                Step::delete("/api/v1/configmaps"),
                Step::get("/nothing"),
            ],
        },
    ]
}
