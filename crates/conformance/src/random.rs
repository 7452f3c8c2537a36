//! Stories out of random choices.
//!
//! In: a list of [`Op`]s, each a choice of small numbers. Out: a [`Story`] about a few objects that come, change and go, with
//! a watch at its end that shows all of it again. Guarantees: any list makes a story, so that a failing one can be cut down.

use serde_json::{Value, json};

use crate::step::{Step, Story};
use crate::stories::{MAPS, THINGS, map, thing};

/// Names of answers that later operations refer to; more operations than these keep no answer.
const SAVES: [&str; 32] = [
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15", "s16", "s17",
    "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26", "s27", "s28", "s29", "s30", "s31",
];

/// Which object: a kind (0: ConfigMap, 1: Thing) and a name.
pub type Object = (u8, u8);

/// One request, by choices; each number stands for one of a table, round and round.
#[derive(Debug, Clone)]
pub enum Op {
    /// create, of a body.
    Create(Object, u8),
    /// update: of which object, an edit of which earlier answer.
    Put(Object, u8, u8),
    /// update of the status.
    PutStatus(Object, u8, u8),
    /// merge patch.
    Merge(Object, u8),
    /// merge patch that names the version of an earlier answer.
    MergeAt(Object, u8, u8),
    /// merge patch of the status.
    MergeStatus(Object, u8),
    /// JSON patch.
    Json(Object, u8),
    /// delete, with options and the UID or version of an earlier answer.
    Delete(Object, u8, u8),
    /// deletecollection with a selector.
    DeleteMany(u8, u8),
    /// get.
    Get(Object),
    /// list with a selector and a limit.
    List(u8, u8, u8),
}

/// The story that these operations make.
#[must_use]
pub fn story(ops: &[Op]) -> Story {
    let mut maker = Maker { steps: Vec::new(), saves: 0 };
    for collection in [MAPS, THINGS] {
        maker.steps.push(Step::post(collection, body(collection, "first", 0)));
    }
    maker.steps[0].saved = Some("first0");
    maker.steps[1].saved = Some("first1");
    ops.iter().for_each(|op| maker.add(op));
    for (collection, first) in [(MAPS, "<rv first0>"), (THINGS, "<rv first1>")] {
        maker.steps.push(Step::get(collection));
        maker.steps.push(Step::post(collection, body(collection, "end", 0)));
        maker.steps.push(Step::watch(collection, "end").with("resourceVersion", first));
        let selected = Step::watch(collection, "end").with("resourceVersion", first).with("timeoutSeconds", "20");
        maker.steps.push(selected.with("labelSelector", "x!=1"));
    }
    Story { name: "a random sequence", steps: maker.steps }
}

struct Maker {
    steps: Vec<Step>,
    saves: usize,
}

impl Maker {
    fn add(&mut self, op: &Op) {
        match op {
            Op::Create(object, n) => {
                let (collection, name) = (collection(object.0), name(object.1));
                let step = Step::post(collection, body(collection, name, *n));
                self.save(step);
            }
            Op::Put(object, edit, earlier) => {
                self.put(path(*object), EDITS[usize::from(*edit) % EDITS.len()], *earlier);
            }
            Op::PutStatus(object, edit, earlier) => {
                let edit = STATUS_EDITS[usize::from(*edit) % STATUS_EDITS.len()];
                self.put(format!("{}/status", path(*object)), edit, *earlier);
            }
            Op::Merge(object, n) => self.save(Step::merge(path(*object), merge(*n))),
            Op::MergeAt(object, n, earlier) => {
                let mut patch = merge(*n);
                let version = self.earlier(*earlier).map_or_else(|| "1".to_owned(), |saved| format!("<rv {saved}>"));
                patch["metadata"]["resourceVersion"] = json!(version);
                self.save(Step::merge(path(*object), patch));
            }
            Op::MergeStatus(object, n) => self.save(Step::merge(format!("{}/status", path(*object)), merge_status(*n))),
            Op::Json(object, n) => self.save(Step::json_patch(path(*object), json_patch(*n))),
            Op::Delete(object, n, earlier) => {
                let options = self.delete_options(*n, *earlier);
                self.steps.push(Step::delete(path(*object)).with_body(options));
            }
            Op::DeleteMany(kind, n) => self.steps.push(select(Step::delete(collection(*kind)), *n)),
            Op::Get(object) => self.save(Step::get(path(*object))),
            Op::List(kind, n, limit) => {
                let limit = ["0", "1", "2"][usize::from(*limit) % 3];
                self.steps.push(select(Step::get(collection(*kind)), *n).with("limit", limit));
            }
        }
    }

    fn save(&mut self, step: Step) {
        match SAVES.get(self.saves) {
            Some(name) => self.steps.push(step.save(name)),
            None => self.steps.push(step),
        }
        self.saves += 1;
    }

    /// An answer kept before.
    fn earlier(&self, n: u8) -> Option<&'static str> {
        let kept = self.saves.min(SAVES.len());
        if kept == 0 { None } else { SAVES.get(usize::from(n) % kept).copied() }
    }

    fn put(&mut self, path: String, edit: fn(&mut Value), earlier: u8) {
        let saved = self.earlier(earlier).unwrap_or("first0");
        self.save(Step::put_edited(path, saved, edit));
    }

    fn delete_options(&self, n: u8, earlier: u8) -> Value {
        let saved = self.earlier(earlier).unwrap_or("first0");
        match n % 8 {
            0 => json!({}),
            1 => json!({"preconditions": {"uid": format!("<uid {saved}>")}}),
            2 => json!({"preconditions": {"resourceVersion": format!("<rv {saved}>")}}),
            3 => json!({"propagationPolicy": "Foreground"}),
            4 => json!({"propagationPolicy": "Orphan"}),
            5 => json!({"propagationPolicy": "Background", "gracePeriodSeconds": 0}),
            6 => json!({"dryRun": ["All"]}),
            _ => json!({"orphanDependents": n % 16 < 8}),
        }
    }
}

const fn collection(kind: u8) -> &'static str {
    if kind.is_multiple_of(2) { MAPS } else { THINGS }
}

const fn name(n: u8) -> &'static str {
    if n.is_multiple_of(2) { "a" } else { "b" }
}

fn path(object: Object) -> String {
    format!("{}/{}", collection(object.0), name(object.1))
}

fn select(step: Step, n: u8) -> Step {
    match n % 6 {
        0 => step.with("labelSelector", "x=1"),
        1 => step.with("labelSelector", "x!=1,y"),
        2 => step.with("labelSelector", "x in (1,2)"),
        3 => step.with("fieldSelector", "metadata.name=a"),
        _ => step,
    }
}

fn body(collection: &str, name: &str, n: u8) -> Value {
    let mut body = if collection == MAPS { map(name) } else { thing(name, json!({"text": "x", "count": n % 4})) };
    match n % 8 {
        1 => body["metadata"]["labels"] = json!({"x": "1"}),
        2 => body["metadata"]["labels"] = json!({"x": "2", "y": ""}),
        3 => body["metadata"]["finalizers"] = json!(["a.io/x"]),
        4 => body["metadata"]["finalizers"] = json!(["a.io/x", "a.io/y", "a.io/x"]),
        5 => body["spec"] = json!({"count": 500, "low": 3, "high": 2}),
        6 => body["metadata"]["annotations"] = json!({"k": "v"}),
        7 => body["spec"] = json!({"rows": [{"key": "k"}], "unknown": true}),
        _ => {}
    }
    // A ConfigMap has no spec, and reads its fields strictly: see docs/api-model/differences.md.
    if collection == MAPS
        && let Some(map) = body.as_object_mut()
    {
        map.remove("spec");
    }
    body
}

fn merge(n: u8) -> Value {
    match n % 16 {
        0 => json!({}),
        1 => json!({"metadata": {"labels": {"x": "1"}}}),
        2 => json!({"metadata": {"labels": {"x": "2", "y": "3"}}}),
        3 => json!({"metadata": {"labels": null}}),
        4 => json!({"metadata": {"finalizers": ["a.io/x"]}}),
        5 => json!({"metadata": {"finalizers": ["a.io/x", "a.io/z"]}}),
        6 | 7 => json!({"metadata": {"finalizers": null}}),
        8 => json!({"metadata": {"annotations": {"k": "w"}}}),
        9 => json!({"metadata": {"deletionTimestamp": null, "uid": null}}),
        10 => json!({"metadata": {"uid": "other"}}),
        11 => json!({"metadata": {"generation": 50, "labels": {"x": "1"}}}),
        12 => {
            json!({"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u"}]}})
        }
        13 => json!({"metadata": {"labels": {"x": "not a value"}}}),
        14 => json!({"data": {"a": "2"}, "status": {"seen": 1}}),
        _ => json!({"status": {"phase": "P"}, "metadata": {"labels": {"x": "1"}}}),
    }
}

/// Only of status: what else a write of status says is dropped but for its trace in `managedFields`, which makes a write
/// that changes nothing a write (docs/api-model/differences.md).
fn merge_status(n: u8) -> Value {
    match n % 5 {
        0 => json!({}),
        1 => json!({"status": null}),
        2 => json!({"status": {"phase": "P", "unknown": 1}}),
        3 => json!({"status": {"seen": "x"}}),
        _ => json!({"status": {"seen": n % 3}}),
    }
}

fn json_patch(n: u8) -> Value {
    match n % 6 {
        0 => {
            json!([{"op": "test", "path": "/metadata/labels/x", "value": "1"}, {"op": "replace", "path": "/metadata/labels/x", "value": "2"}])
        }
        1 => json!([{"op": "add", "path": "/metadata/labels", "value": {"x": "1"}}]),
        2 => json!([{"op": "remove", "path": "/metadata/finalizers/0"}]),
        3 => json!([{"op": "add", "path": "/metadata/finalizers", "value": ["a.io/x"]}]),
        4 => {
            json!([{"op": "test", "path": "/metadata/finalizers", "value": null}, {"op": "add", "path": "/metadata/labels", "value": {"y": "1"}}])
        }
        _ => json!([{"op": "remove", "path": "/metadata/labels/x"}]),
    }
}

/// What an update changes of an earlier answer.
const EDITS: [fn(&mut Value); 10] = [
    |_| (),
    |o| o["metadata"]["labels"] = json!({"x": "1"}),
    |o| o["metadata"]["labels"] = json!({"x": "2"}),
    |o| drop(meta(o, "finalizers")),
    |o| o["metadata"]["finalizers"] = json!(["a.io/x"]),
    |o| drop(meta(o, "resourceVersion")),
    |o| {
        meta(o, "resourceVersion");
        meta(o, "uid");
    },
    |o| drop(meta(o, "uid")),
    |o| drop(meta(o, "deletionTimestamp")),
    |o| o["status"] = json!({"seen": 2}),
];

/// The same for status.
const STATUS_EDITS: [fn(&mut Value); 4] = [
    |_| (),
    |o| o["status"] = json!({"seen": 2}),
    |o| o["status"] = json!({"phase": 1}),
    |o| drop(meta(o, "resourceVersion")),
];

fn meta(object: &mut Value, key: &str) -> Option<Value> {
    object.get_mut("metadata").and_then(Value::as_object_mut).and_then(|meta| meta.remove(key))
}
