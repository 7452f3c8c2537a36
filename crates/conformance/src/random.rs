//! Stories out of random choices.
//!
//! In: a list of [`Op`]s, each a choice of small numbers. Out: a [`Story`] about a few objects that come, change and go, with
//! a watch at its end that shows all of it again. Guarantees: any list makes a story, so that a failing one can be cut down.

pub mod definitions;

use serde_json::{Value, json};

use crate::step::{Step, Story};
use crate::stories::{CLAIMS, MAPS, THINGS, map, thing};

const PODS: &str = "/api/v1/namespaces/<ns>/pods";
/// In this order a kind is chosen.
const COLLECTIONS: [&str; 4] = [MAPS, THINGS, PODS, CLAIMS];
/// Objects before and after the operations, by which a watch begins and ends.
const FIRST: [&str; 4] = ["first0", "first1", "first2", "first3"];

/// Names of answers that later operations refer to; more operations than these keep no answer.
const SAVES: [&str; 32] = [
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15", "s16", "s17",
    "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26", "s27", "s28", "s29", "s30", "s31",
];

/// Which object: a kind (ConfigMap, Thing, Pod, AddressClaim) and a name.
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
    /// Binding of a pod to a node.
    Bind(u8, u8),
    /// Eviction of a pod.
    Evict(u8),
    /// get.
    Get(Object),
    /// list with a selector and a limit.
    List(u8, u8, u8),
}

/// The story that these operations make.
#[must_use]
pub fn story(ops: &[Op]) -> Story {
    let mut maker = Maker { steps: Vec::new(), saves: 0 };
    let used: Vec<usize> =
        (0..COLLECTIONS.len()).filter(|kind| ops.iter().any(|op| usize::from(op.kind()) == *kind)).collect();
    for kind in &used {
        maker.steps.push(Step::post(COLLECTIONS[*kind], body(*kind, "first", 0)).save(FIRST[*kind]));
    }
    ops.iter().for_each(|op| maker.add(op));
    for kind in used {
        let (collection, first) = (COLLECTIONS[kind], format!("<rv {}>", FIRST[kind]));
        // Claims are the whole cluster's: those of this story have its label.
        let own =
            |selector: &str| if collection == CLAIMS { format!("seq=<ns>,{selector}") } else { selector.to_owned() };
        maker.steps.push(Step::get(collection).with("labelSelector", own("seq")));
        maker.steps.push(Step::post(collection, body(kind, "end", 0)));
        let end = if collection == CLAIMS { "<ns>.10.0.0.9" } else { "end" };
        let watch = |selector: &str| {
            Step::watch(collection, end).with("resourceVersion", first.clone()).with("labelSelector", own(selector))
        };
        maker.steps.extend([watch("seq"), watch("seq,x!=1")]);
    }
    Story { name: "a random sequence", steps: maker.steps }
}

impl Op {
    /// The kind that it is about, as an index of [`COLLECTIONS`].
    const fn kind(&self) -> u8 {
        let kind = match self {
            Self::Create(object, ..)
            | Self::Put(object, ..)
            | Self::PutStatus(object, ..)
            | Self::Merge(object, _)
            | Self::MergeAt(object, ..)
            | Self::MergeStatus(object, _)
            | Self::Json(object, _)
            | Self::Delete(object, ..)
            | Self::Get(object) => object.0,
            Self::Bind(..) | Self::Evict(_) => 2,
            Self::DeleteMany(kind, _) | Self::List(kind, ..) => *kind,
        };
        kind % 4
    }
}

struct Maker {
    steps: Vec<Step>,
    saves: usize,
}

impl Maker {
    fn add(&mut self, op: &Op) {
        match op {
            Op::Create(object, n) => {
                let kind = usize::from(object.0) % 4;
                self.save(Step::post(COLLECTIONS[kind], body(kind, name(object.1), *n)));
            }
            Op::Bind(pod, node) => {
                let target = json!({"kind": "Node", "name": if node.is_multiple_of(2) { "n1" } else { "n2" }});
                let body = json!({"metadata": {"name": name(*pod)}, "target": target});
                self.steps.push(Step::post(format!("{}/binding", path((2, *pod))), body));
            }
            Op::Evict(pod) => {
                let body = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name(*pod)}});
                self.steps.push(Step::post(format!("{}/eviction", path((2, *pod))), body));
            }
            Op::Put(object, edit, earlier) => {
                self.put(*object, "", EDITS[usize::from(*edit) % EDITS.len()], *earlier);
            }
            Op::PutStatus(object, edit, earlier) => {
                let edit = STATUS_EDITS[usize::from(*edit) % STATUS_EDITS.len()];
                self.put(*object, "/status", edit, *earlier);
            }
            Op::Merge(object, n) => self.save(Step::merge(path(*object), merge(object.0, *n))),
            Op::MergeAt(object, n, earlier) => {
                let mut patch = merge(object.0, *n);
                let version = self.earlier(*earlier).map_or_else(|| "1".to_owned(), |saved| format!("<rv {saved}>"));
                patch["metadata"]["resourceVersion"] = json!(version);
                self.save(Step::merge(path(*object), patch));
            }
            Op::MergeStatus(object, n) => {
                self.save(Step::merge(format!("{}/status", path(*object)), merge_status(object.0, *n)));
            }
            Op::Json(object, n) => self.save(Step::json_patch(path(*object), json_patch(*n))),
            Op::Delete(object, n, earlier) => {
                let options = self.delete_options(usize::from(object.0) % 4, *n, *earlier);
                self.steps.push(Step::delete(path(*object)).with_body(options));
            }
            Op::DeleteMany(kind, n) => {
                let collection = COLLECTIONS[usize::from(*kind) % 4];
                self.steps.push(select(Step::delete(collection), collection, *n));
            }
            Op::Get(object) => self.save(Step::get(path(*object))),
            Op::List(kind, n, limit) => {
                let limit = ["0", "1", "2"][usize::from(*limit) % 3];
                let collection = COLLECTIONS[usize::from(*kind) % 4];
                self.steps.push(select(Step::get(collection), collection, *n).with("limit", limit));
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

    fn put(&mut self, object: Object, part: &str, edit: fn(&mut Value), earlier: u8) {
        let saved = self.earlier(earlier).unwrap_or(FIRST[usize::from(object.0) % 4]);
        let path = format!("{}{part}", path(object));
        self.save(Step::put_edited(path, saved, edit));
    }

    fn delete_options(&self, kind: usize, n: u8, earlier: u8) -> Value {
        let saved = self.earlier(earlier).unwrap_or(FIRST[kind]);
        match n % 8 {
            0 => json!({}),
            1 => json!({"preconditions": {"uid": format!("<uid {saved}>")}}),
            2 => json!({"preconditions": {"resourceVersion": format!("<rv {saved}>")}}),
            3 => json!({"propagationPolicy": "Foreground"}),
            4 => json!({"propagationPolicy": "Orphan"}),
            5 => json!({"propagationPolicy": "Background", "gracePeriodSeconds": n % 3}),
            6 => json!({"dryRun": ["All"]}),
            _ => json!({"orphanDependents": n % 16 < 8}),
        }
    }
}

const fn name(n: u8) -> &'static str {
    if n.is_multiple_of(2) { "a" } else { "b" }
}

fn path(object: Object) -> String {
    let kind = usize::from(object.0) % 4;
    format!("{}/{}", COLLECTIONS[kind], full_name(kind, name(object.1)))
}

/// A claim is named by its address on the story's own wire.
fn full_name(kind: usize, name: &str) -> String {
    if kind == 3 { format!("<ns>.{}", address(name)) } else { name.to_owned() }
}

fn address(name: &str) -> &'static str {
    match name {
        "a" => "10.0.0.1",
        "b" => "10.0.0.2",
        "first" => "10.0.0.0",
        _ => "10.0.0.9",
    }
}

fn select(step: Step, collection: &str, n: u8) -> Step {
    let own = if collection == CLAIMS { "seq=<ns>" } else { "seq" };
    match n % 6 {
        0 => step.with("labelSelector", format!("{own},x=1")),
        1 => step.with("labelSelector", format!("x!=1,y,{own}")),
        2 => step.with("labelSelector", format!("x in (1,2),{own}")),
        3 if collection != CLAIMS => step.with("fieldSelector", "metadata.name=a"),
        _ => step.with("labelSelector", own),
    }
}

fn body(kind: usize, name: &str, n: u8) -> Value {
    let mut body = match kind {
        0 => map(name),
        1 => thing(name, json!({"text": "x", "count": n % 4})),
        2 => json!({"metadata": {}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}}),
        _ => json!({"apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim", "metadata": {},
            "spec": {"wire": "<ns>", "address": address(name), "subnet": "s",
                "holder": {"kind": "Pod", "namespace": "<ns>", "name": name, "uid": "u"}}}),
    };
    body["metadata"]["name"] = json!(full_name(kind, name));
    body["metadata"]["labels"] = json!({"seq": "<ns>"});
    match n % 8 {
        1 => body["metadata"]["labels"]["x"] = json!("1"),
        2 => body["metadata"]["labels"] = json!({"seq": "<ns>", "x": "2", "y": ""}),
        3 => body["metadata"]["finalizers"] = json!(["a.io/x"]),
        4 => body["metadata"]["finalizers"] = json!(["a.io/x", "a.io/y", "a.io/x"]),
        5 => break_spec(kind, &mut body),
        6 => body["metadata"]["annotations"] = json!({"k": "v"}),
        7 if kind == 1 => body["spec"] = json!({"rows": [{"key": "k"}], "unknown": true}),
        _ => {}
    }
    if kind == 2 && n >= 128 {
        body["spec"]["nodeName"] = json!("n1");
    }
    body
}

/// Something that the kind's rules refuse.
fn break_spec(kind: usize, body: &mut Value) {
    match kind {
        0 => body["metadata"]["annotations"] = json!({"not a name": "v"}),
        1 => body["spec"] = json!({"count": 500, "low": 3, "high": 2}),
        2 => body["spec"]["containers"] = json!([]),
        _ => body["spec"]["address"] = json!("10.0.0.7"),
    }
}

fn merge(kind: u8, n: u8) -> Value {
    let own = n % 20 >= 15;
    match (kind % 4, n % 15) {
        (0, k) if own => json!({"data": {"a": (k % 3).to_string()}}),
        (1, k) if own => json!({"spec": {"count": k % 3, "unknown": 1}, "status": {"seen": 1}}),
        (2, k) if own => json!({"spec": {"activeDeadlineSeconds": k % 3 + 1}}),
        (3, k) if own => {
            json!({"spec": {"subnet": if k % 2 == 0 { "s" } else { "t" }}, "status": {"occupant": {"podUID": "u"}}})
        }
        (_, 1) => json!({"metadata": {"labels": {"x": "1"}}}),
        (_, 2) => json!({"metadata": {"labels": {"x": "2", "y": "3"}}}),
        (_, 3) => json!({"metadata": {"labels": {"x": null, "y": null}}}),
        (_, 4) => json!({"metadata": {"finalizers": ["a.io/x"]}}),
        (_, 5) => json!({"metadata": {"finalizers": ["a.io/x", "a.io/z"]}}),
        (_, 6 | 7) => json!({"metadata": {"finalizers": null}}),
        (_, 8) => json!({"metadata": {"annotations": {"k": "w"}}}),
        (_, 9) => json!({"metadata": {"deletionTimestamp": null, "uid": null}}),
        (_, 10) => json!({"metadata": {"uid": "other"}}),
        (_, 11) => json!({"metadata": {"generation": 50, "labels": {"x": "1"}}}),
        (_, 12) => {
            json!({"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u"}]}})
        }
        (_, 13) => json!({"metadata": {"labels": {"x": "not a value"}}}),
        _ => json!({}),
    }
}

/// Only of status: what else a write of status says is dropped but for its trace in `managedFields`, which makes a write
/// that changes nothing a write (docs/api-model/differences.md).
fn merge_status(kind: u8, n: u8) -> Value {
    match (kind % 4, n % 5) {
        (_, 0) => json!({}),
        (2, 1) => json!({"status": {"phase": "Succeeded"}}),
        (2, 2) => json!({"status": {"podIP": "10.1.0.1", "podIPs": [{"ip": "10.1.0.1"}]}}),
        (2, _) => json!({"status": {"phase": "Running"}}),
        (_, 1) => json!({"status": null}),
        (_, 2) => json!({"status": {"phase": "P", "unknown": 1}}),
        (_, 3) => json!({"status": {"seen": "x"}}),
        _ => json!({"status": {"seen": n % 3}}),
    }
}

fn json_patch(n: u8) -> Value {
    match n % 6 {
        0 => {
            json!([{"op": "test", "path": "/metadata/labels/x", "value": "1"}, {"op": "replace", "path": "/metadata/labels/x", "value": "2"}])
        }
        1 => json!([{"op": "add", "path": "/metadata/labels/x", "value": "1"}]),
        2 => json!([{"op": "remove", "path": "/metadata/finalizers/0"}]),
        3 => json!([{"op": "add", "path": "/metadata/finalizers", "value": ["a.io/x"]}]),
        4 => {
            json!([{"op": "test", "path": "/metadata/finalizers", "value": null}, {"op": "add", "path": "/metadata/labels/y", "value": "1"}])
        }
        _ => json!([{"op": "remove", "path": "/metadata/labels/x"}]),
    }
}

/// What an update changes of an earlier answer.
const EDITS: [fn(&mut Value); 9] = [
    |_| (),
    |o| o["metadata"]["labels"]["x"] = json!("1"),
    |o| o["metadata"]["labels"]["x"] = json!("2"),
    |o| drop(meta(o, "finalizers")),
    |o| o["metadata"]["finalizers"] = json!(["a.io/x"]),
    |o| drop(meta(o, "resourceVersion")),
    |o| {
        meta(o, "resourceVersion");
        meta(o, "uid");
    },
    |o| drop(meta(o, "uid")),
    |o| drop(meta(o, "deletionTimestamp")),
];

/// The same for status.
const STATUS_EDITS: [fn(&mut Value); 3] =
    [|_| (), |o| o["status"]["phase"] = json!("Failed"), |o| drop(meta(o, "resourceVersion"))];

fn meta(object: &mut Value, key: &str) -> Option<Value> {
    object.get_mut("metadata").and_then(Value::as_object_mut).and_then(|meta| meta.remove(key))
}
