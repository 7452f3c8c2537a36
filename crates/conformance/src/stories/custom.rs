//! Custom resources: schemas, rules, definitions, discovery.

use serde_json::{Value, json};

use super::{THINGS, thing};
use crate::step::{Step, Story};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

pub(super) fn stories() -> Vec<Story> {
    let t = format!("{THINGS}/t");
    let make = |spec: Value| Step::post(THINGS, thing("t", spec)).with("dryRun", "All");
    let strict = |spec: Value| make(spec).with("fieldValidation", "Strict");
    vec![
        Story {
            name: "unknown fields are pruned warned about or refused",
            steps: vec![
                make(json!({"count": 1, "more": 2, "deep": {"x": 1}})),
                strict(json!({"count": 1, "more": 2, "deep": {"x": 1}})),
                make(json!({"more": 2})).with("fieldValidation", "Ignore"),
                make(json!({"open": {"any": {"thing": [1]}}, "rows": [{"key": "a", "more": 1}]})),
                strict(json!({"open": {"any": {"thing": [1]}}, "rows": [{"key": "a", "more": 1}]})),
                make(json!({})).with("fieldValidation", "Sometimes"),
                Step::post(THINGS, json!("{\"apiVersion\":\"conformance.ipledger.dev/v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"t\",\"more\":1},\"spec\":{\"count\":1,\"count\":2},\"other\":1}")).with("dryRun", "All"),
                Step::post(THINGS, json!("{\"apiVersion\":\"conformance.ipledger.dev/v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"t\",\"more\":1},\"spec\":{\"count\":1,\"count\":2},\"other\":1}")).with("dryRun", "All").with("fieldValidation", "Strict"),
            ],
        },
        Story {
            name: "defaults fill gaps",
            steps: vec![
                make(json!({})),
                make(json!({"mode": null, "nothing": null, "rows": [{"key": "a"}, {"key": "b", "value": null}]})),
                make(json!({"mode": "Off", "rows": []})),
                Step::post(THINGS, json!({"apiVersion": "conformance.ipledger.dev/v1", "kind": "Thing", "metadata": {"name": "t"}})),
                Step::merge(&t, json!({"spec": {"text": "x"}})),
                Step::merge(&t, json!({"spec": {"mode": null}})),
            ],
        },
        Story {
            name: "each rule of a schema speaks",
            steps: vec![
                make(json!({"text": "abcdefghijk"})),
                make(json!({"text": "A"})),
                make(json!({"text": 1})),
                make(json!({"count": -1})),
                make(json!({"count": 101})),
                make(json!({"count": 1.5})),
                make(json!({"count": "1"})),
                make(json!({"mode": "Maybe"})),
                make(json!({"set": ["a", "a"]})),
                make(json!({"set": ["a", "b", "c", "d", "e", "f"]})),
                make(json!({"set": "a"})),
                make(json!({"rows": [{"value": 1}]})),
                make(json!({"rows": [{"key": "a"}, {"key": "a", "value": 2}]})),
                make(json!({"labels": {"x": 1}})),
                make(json!({"labels": {"x": "bad", "y": "good"}})),
                make(json!({"port": true})),
                make(json!({"port": 80})),
                make(json!({"port": "http"})),
                make(json!({"low": 2, "high": 1})),
                make(json!({"low": 2, "high": 1, "count": -1, "mode": "Maybe"})),
                make(json!({"low": 2, "high": 1, "count": -1})),
                make(json!(null)),
                make(json!([])),
                make(json!("x")),
            ],
        },
        Story {
            name: "rules about the state before run on updates only",
            steps: vec![
                Step::post(THINGS, thing("t", json!({"fixed": "a", "low": 1, "high": 2}))),
                Step::merge(&t, json!({"spec": {"fixed": "b"}})),
                Step::merge(&t, json!({"spec": {"fixed": null}})),
                Step::merge(&t, json!({"spec": {"fixed": "b"}})),
                Step::merge(&t, json!({"spec": {"low": 3}})),
                Step::merge(&t, json!({"spec": {"low": 3, "count": 1000}})),
                Step::merge(&t, json!({"spec": {"low": 3}})).with("dryRun", "All"),
            ],
        },
        Story {
            name: "discovery shows the kind",
            steps: vec![
                Step::get("/apis/conformance.ipledger.dev"),
                Step::get("/apis/conformance.ipledger.dev/v1"),
                Step::get("/apis/ipledger.dev/v1alpha1"),
                Step::get("/apis/none.io"),
                Step::get("/apis/none.io/v1"),
                Step::get("/apis/coordination.k8s.io"),
            ],
        },
        Story {
            name: "broken definitions are refused with every reason",
            steps: vec![
                broken(|d| d["metadata"]["name"] = json!("other.broken.ipledger.dev")),
                broken(|d| d["spec"]["group"] = json!("nodots")),
                broken(|d| d["spec"]["scope"] = json!("World")),
                broken(|d| d["spec"]["versions"] = json!([])),
                broken(|d| d["spec"]["versions"][0]["storage"] = json!(false)),
                broken(|d| d["spec"]["versions"][0]["schema"] = Value::Null),
                broken(|d| d["spec"]["versions"][0]["name"] = json!("V_1")),
                broken(|d| d["spec"]["names"]["kind"] = json!("")),
                broken(|d| schema(d)["properties"] = json!({"spec": {"properties": {}}})),
                broken(|d| schema(d)["properties"] = json!({"spec": {"type": "array"}})),
                broken(|d| schema(d)["x-kubernetes-validations"] = json!([{"rule": "self.none == 1"}])),
                broken(|d| schema(d)["x-kubernetes-validations"] = json!([{"rule": "1 +"}])),
                broken(|d| schema(d)["x-kubernetes-validations"] = json!([{"rule": ""}])),
            ],
        },
    ]
}

fn schema(definition: &mut Value) -> &mut Value {
    &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
}

/// A dry run of a definition with one thing wrong.
fn broken(change: fn(&mut Value)) -> Step {
    let mut definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "xs.broken.ipledger.dev"},
        "spec": {"group": "broken.ipledger.dev", "scope": "Namespaced",
            "names": {"plural": "xs", "singular": "x", "kind": "X", "listKind": "XList"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object"}}}}}]}});
    change(&mut definition);
    Step::post(CRDS, definition).with("dryRun", "All")
}
