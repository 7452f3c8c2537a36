//! Watches: events, selections, initial state, errors.

use serde_json::json;

use super::{MAPS, THINGS, map, thing};
use crate::step::{Step, Story};

pub(super) fn stories() -> Vec<Story> {
    let a = format!("{MAPS}/a");
    let t = format!("{THINGS}/t");
    vec![
        Story {
            name: "a watch shows what comes after its version",
            steps: vec![
                Step::post(MAPS, map("first")).save("first"),
                Step::post(MAPS, map("a")).save("a"),
                Step::merge(&a, json!({"data": {"a": "2"}})),
                Step::delete(&a),
                Step::post(MAPS, map("a")),
                Step::post(MAPS, map("end")),
                Step::watch(MAPS, "end").with("resourceVersion", "<rv first>"),
                Step::watch(MAPS, "end").with("resourceVersion", "<rv a>"),
                Step::watch(&a, "end").with("resourceVersion", "<rv first>").with("timeoutSeconds", "1"),
                Step::watch(MAPS, "end")
                    .with("resourceVersion", "<rv first>")
                    .with("fieldSelector", "metadata.name=end"),
            ],
        },
        Story {
            name: "a watch of things shows what comes after its version",
            steps: vec![
                Step::post(THINGS, thing("first", json!({}))).save("first"),
                Step::post(THINGS, thing("t", json!({"count": 1}))),
                Step::merge(format!("{t}/status"), json!({"status": {"seen": 1}})),
                Step::merge(&t, json!({"metadata": {"finalizers": ["a.io/x"]}})),
                Step::delete(&t),
                Step::merge(&t, json!({"metadata": {"finalizers": null}})),
                Step::post(THINGS, thing("end", json!({}))),
                Step::watch(THINGS, "end").with("resourceVersion", "<rv first>"),
            ],
        },
        Story {
            name: "objects enter and leave a selection",
            steps: vec![
                Step::post(MAPS, map("first")).save("first"),
                Step::post(MAPS, map("a")),
                Step::merge(&a, json!({"metadata": {"labels": {"x": "1"}}})),
                Step::merge(&a, json!({"data": {"a": "2"}})),
                Step::merge(&a, json!({"metadata": {"labels": {"x": "2"}}, "data": {"a": "3"}})),
                Step::merge(&a, json!({"metadata": {"labels": {"x": "1"}}})),
                Step::delete(&a),
                Step::post(MAPS, json!({"metadata": {"name": "end", "labels": {"x": "1"}}})),
                Step::watch(MAPS, "end").with("resourceVersion", "<rv first>").with("labelSelector", "x=1"),
                Step::watch(MAPS, "end").with("resourceVersion", "<rv first>").with("labelSelector", "x!=2"),
            ],
        },
        Story {
            name: "a watch without a version begins with the state",
            steps: vec![
                Step::post(MAPS, map("a")),
                Step::merge(&a, json!({"data": {"a": "2"}})),
                Step::post(MAPS, map("b")),
                Step::delete(format!("{MAPS}/b")),
                Step::post(MAPS, map("end")),
                Step::watch(MAPS, "end"),
                Step::watch(MAPS, "end").with("resourceVersion", "0"),
            ],
        },
        Story {
            name: "initial events end with a bookmark",
            steps: vec![
                Step::post(MAPS, map("a")),
                Step::post(MAPS, map("b")),
                Step::watch(MAPS, "end")
                    .with("sendInitialEvents", "true")
                    .with("resourceVersionMatch", "NotOlderThan")
                    .with("allowWatchBookmarks", "true")
                    .with("timeoutSeconds", "1"),
                Step::watch(MAPS, "end").with("sendInitialEvents", "true"),
                Step::watch(MAPS, "end").with("sendInitialEvents", "true").with("resourceVersionMatch", "Exact"),
                Step::watch(MAPS, "end").with("resourceVersionMatch", "NotOlderThan").with("resourceVersion", "0"),
                Step::get(MAPS).with("sendInitialEvents", "true").with("resourceVersionMatch", "NotOlderThan"),
            ],
        },
        Story {
            name: "watches that cannot be opened",
            steps: vec![
                Step::watch(MAPS, "end").with("resourceVersion", "x"),
                Step::watch(MAPS, "end").with("labelSelector", "x in"),
                Step::watch(MAPS, "end").with("fieldSelector", "data.a=1"),
                Step::watch(MAPS, "end").with("continue", "x"),
                Step::watch(THINGS, "end").with("resourceVersion", "1"),
            ],
        },
    ]
}
