//! CustomResourceDefinitions: from their creation to the end of their objects.

use serde_json::{Value, json};

use crate::step::{Step, Story, Until};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const CRD: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/ws.<ns>.example.com";
const WS: &str = "/apis/<ns>.example.com/v1/ws";
const ESTABLISHED: Until = Until::Field("/status/conditions/1/status", "True");

fn definition() -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "ws.<ns>.example.com"},
        "spec": {"group": "<ns>.example.com", "scope": "Cluster", "names": {"plural": "ws", "kind": "W", "shortNames": ["w"]},
            "versions": [version("v1", true)]}})
}

fn version(name: &str, storage: bool) -> Value {
    json!({"name": name, "served": true, "storage": storage,
        "subresources": {"scale": {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"}, "status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {
            "spec": {"type": "object", "properties": {"n": {"type": "integer"}}},
            "status": {"type": "object", "properties": {"n": {"type": "integer"}}}}}}})
}

fn object(name: &str) -> Value {
    json!({"apiVersion": "<ns>.example.com/v1", "kind": "W", "metadata": {"name": name}, "spec": {"n": 2}})
}

/// Makes the definition and waits until objects can be made: `probe` is made and deleted.
fn made() -> Vec<Step> {
    vec![
        Step::post(CRDS, definition()),
        Step::get(CRD).repeat_until(ESTABLISHED),
        Step::post(WS, object("probe")).repeat_until(Until::Code(201)),
        Step::delete(format!("{WS}/probe")),
    ]
}

pub(super) fn stories() -> Vec<Story> {
    let a = format!("{WS}/a");
    let default = json!([{"op": "add", "path": "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/m",
        "value": {"type": "integer", "default": 7}}]);
    vec![
        Story {
            name: "a definition is established and found and scaled",
            steps: [
                made(),
                vec![
                    Step::post(CRDS, definition()),
                    Step::post(WS, object("a")),
                    Step::get(format!("{a}/scale")),
                    Step::merge(format!("{a}/scale"), json!({"spec": {"replicas": 5}})),
                    Step::get(&a),
                    Step::merge(format!("{a}/scale"), json!({"spec": {"replicas": -1}})),
                    Step::get("/apis/<ns>.example.com"),
                    Step::get("/apis/<ns>.example.com/v1"),
                    Step::delete(&a),
                ],
            ]
            .concat(),
        },
        Story {
            name: "a definition changes and its objects are read by the new one",
            steps: [
                made(),
                vec![
                    Step::post(WS, object("a")),
                    Step::json_patch(CRD, default),
                    Step::get(&a).repeat_until(Until::Code(200)).code_only(),
                    Step::merge(CRD, json!({"spec": {"scope": "Namespaced"}})),
                    Step::merge(CRD, json!({"spec": {"names": {"kind": "V"}}})),
                    Step::merge(CRD, json!({"spec": {"group": "other.example.com"}})),
                    Step::merge(CRD, json!({"metadata": {"labels": {"x": "1"}}})),
                    Step::merge(format!("{CRD}/status"), json!({"status": {"storedVersions": []}})),
                ],
            ]
            .concat(),
        },
        Story {
            name: "a deleted definition takes its objects with it",
            steps: [
                made(),
                vec![
                    Step::post(WS, object("a")),
                    Step::delete(CRD).with_body(json!({"preconditions": {"uid": "other"}})),
                    Step::delete(CRD),
                    Step::get(CRD).repeat_until(Until::Code(404)),
                    Step::get(WS).repeat_until(Until::Code(404)),
                    Step::post(CRDS, definition()),
                    Step::get(CRD).repeat_until(ESTABLISHED),
                    Step::post(WS, object("a")).repeat_until(Until::Code(201)),
                ],
            ]
            .concat(),
        },
    ]
}
