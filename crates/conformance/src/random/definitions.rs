//! Stories of one definition and its objects, out of random choices.
//!
//! In: a list of [`Op`]s. Out: a [`Story`] in which a definition is made, changed, deleted and made again, with objects of it
//! in between. Guarantees: any list makes a story, so that a failing one can be cut down; each change is waited for until
//! the server serves by it, since kube-apiserver takes its time and the model none.

use serde_json::{Value, json};

use crate::step::{Step, Story, Until};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const CRD: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/ws.<ns>.example.com";
const GROUP: &str = "/apis/<ns>.example.com";
const ESTABLISHED: Until = Until::Field("/status/conditions/1/status", "True");
/// A default that says which schema a server serves by: one for each change of a story, no two the same.
const MARKS: [&str; 24] = [
    "m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10", "m11", "m12", "m13", "m14", "m15", "m16", "m17",
    "m18", "m19", "m20", "m21", "m22", "m23",
];
const SHORT: [&str; 3] = ["wx", "wy", "wz"];
/// Answers that objects of each making of the definition begin with.
const BEGINS: [&str; 24] = [
    "b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9", "b10", "b11", "b12", "b13", "b14", "b15", "b16", "b17",
    "b18", "b19", "b20", "b21", "b22", "b23",
];

/// One thing done, by choices; each number stands for one of a table, round and round.
#[derive(Debug, Clone)]
pub enum Op {
    /// The definition is made, with one of the schemas.
    Define(u8),
    /// A definition is made that is refused.
    DefineBroken(u8),
    /// It gets another schema.
    Reshape(u8),
    /// It gets other short names.
    Rename(u8),
    /// A second version is served, or no longer.
    SecondVersion(bool),
    /// The second version is the stored one, or the first.
    Store(bool),
    /// A change that is refused, or changes nothing that matters.
    ChangeOther(u8),
    /// It is deleted, with options.
    Undefine(u8),
    /// An object is made: which, of a body.
    Create(u8, u8),
    /// merge patch of an object.
    Merge(u8, u8),
    /// merge patch of its status or its scale.
    MergePart(u8, u8),
    /// An object is deleted.
    Delete(u8),
    /// An object is read, in either version.
    Get(u8, bool),
    /// All objects are listed, in either version.
    List(bool),
    /// Discovery of the group and its versions.
    Discover,
}

/// The story that these operations make.
#[must_use]
pub fn story(ops: &[Op]) -> Story {
    let mut maker = Maker::default();
    ops.iter().for_each(|op| maker.add(op));
    maker.end();
    Story { name: "a random sequence about a definition", steps: maker.steps }
}

/// What the definition is like now, as far as the next steps depend on it.
#[derive(Debug, Default)]
struct Maker {
    steps: Vec<Step>,
    there: bool,
    schema: u8,
    /// Of [`MARKS`].
    mark: usize,
    second: bool,
    stores_second: bool,
    /// Objects were stored in it once: it may not be dropped.
    stored_second: bool,
    /// How often it was made.
    made: usize,
    /// It was changed since it was made: kube-apiserver began its cache of the objects anew, and a watch from before is told 410,
    /// with a version that depends on when that was.
    changed: bool,
}

impl Maker {
    fn add(&mut self, op: &Op) {
        match op {
            Op::Define(schema) => self.define(*schema),
            Op::DefineBroken(n) => self.steps.push(Step::post(CRDS, broken(*n))),
            Op::Reshape(schema) => self.reshape(*schema),
            Op::Rename(n) => self.rename(SHORT[usize::from(*n) % SHORT.len()]),
            Op::SecondVersion(wanted) => self.second_version(*wanted),
            Op::Store(second) => self.store(*second),
            Op::ChangeOther(n) => self.steps.push(change_other(*n)),
            Op::Undefine(n) => self.undefine(*n),
            Op::Create(name, n) => self.steps.push(Step::post(self.collection(false), object("v1", which(*name), *n))),
            Op::Merge(name, n) => self.steps.push(Step::merge(self.path(*name, false), merge(*n))),
            Op::MergePart(name, n) => self.merge_part(*name, *n),
            Op::Delete(name) => self.steps.push(Step::delete(self.path(*name, false))),
            Op::Get(name, second) => self.steps.push(Step::get(self.path(*name, *second))),
            Op::List(second) => self.steps.push(Step::get(self.collection(*second))),
            Op::Discover => self.discover(),
        }
    }

    fn collection(&self, second: bool) -> String {
        format!("{GROUP}/{}/ws", if second && self.second { "v2" } else { "v1" })
    }

    fn path(&self, name: u8, second: bool) -> String {
        format!("{}/{}", self.collection(second), which(name))
    }

    fn versions(&self) -> Value {
        let schema = schema(self.schema, MARKS[self.mark]);
        let mut versions = vec![version("v1", !self.stores_second, &schema)];
        if self.second {
            versions.push(version("v2", self.stores_second, &schema));
        }
        json!(versions)
    }

    fn define(&mut self, schema: u8) {
        if self.there || self.mark + 1 >= MARKS.len() {
            self.steps.push(Step::post(CRDS, definition(&self.versions())));
            return;
        }
        let (mark, made, steps) = (self.mark + 1, self.made + 1, std::mem::take(&mut self.steps));
        *self = Self { steps, there: true, schema, mark, made, ..Self::default() };
        self.steps.push(Step::post(CRDS, definition(&self.versions())));
        self.steps.push(Step::get(CRD).repeat_until(ESTABLISHED));
        self.wait_for_mark("v1");
        self.wait_for_storage();
        self.steps.push(Step::post(self.collection(false), object("v1", "begin", 0)).save(BEGINS[made % BEGINS.len()]));
    }

    /// Until the server knows the definition as it is now: a default of the schema shows in what is not stored.
    fn wait_for_mark(&mut self, version: &str) {
        let probe = Step::post(format!("{GROUP}/{version}/ws"), object(version, "probe", 0)).with("dryRun", "All");
        self.steps.push(probe.repeat_until(Until::Field("/spec/mark", MARKS[self.mark])));
    }

    /// Until objects can be read: after each change kube-apiserver begins its cache of them anew, and answers 429 meanwhile.
    fn wait_for_storage(&mut self) {
        let versions: &[bool] = if self.second { &[false, true] } else { &[false] };
        for second in versions {
            self.steps.push(Step::get(self.collection(*second)).repeat_until(Until::Code(200)));
        }
    }

    fn patch_versions(&mut self) {
        self.steps.push(Step::merge(CRD, json!({"spec": {"versions": self.versions()}})));
    }

    /// A change of versions, accepted if the definition is there.
    fn change_versions(&mut self) {
        if self.there && self.mark + 1 < MARKS.len() {
            self.mark += 1;
            self.changed = true;
            self.patch_versions();
            self.wait_for_mark("v1");
            if self.second {
                self.wait_for_mark("v2");
            }
            self.wait_for_storage();
        } else {
            self.patch_versions();
        }
    }

    fn reshape(&mut self, schema: u8) {
        if self.there {
            self.schema = schema;
        }
        self.change_versions();
    }

    fn rename(&mut self, short: &'static str) {
        self.steps.push(Step::merge(CRD, json!({"spec": {"names": {"shortNames": [short]}}})));
        if self.there {
            self.changed = true;
            self.steps.push(Step::get(CRD).repeat_until(Until::Field("/status/acceptedNames/shortNames/0", short)));
            let resources = Step::get(format!("{GROUP}/v1"));
            self.steps.push(resources.repeat_until(Until::Field("/resources/0/shortNames/0", short)));
            self.wait_for_storage();
        }
    }

    fn second_version(&mut self, wanted: bool) {
        if !self.there {
            return self.patch_versions();
        }
        if !wanted && self.stored_second {
            // Refused: objects may be stored in it.
            let schema = schema(self.schema, MARKS[self.mark]);
            let only = json!([version("v1", true, &schema)]);
            self.steps.push(Step::merge(CRD, json!({"spec": {"versions": only}})));
            return;
        }
        self.second = wanted;
        self.change_versions();
        if !wanted {
            self.steps.push(Step::get(format!("{GROUP}/v2/ws")).repeat_until(Until::Code(404)));
        }
    }

    fn store(&mut self, second: bool) {
        if self.there && (self.second || !second) {
            self.stores_second = second;
            self.stored_second |= second;
        }
        self.change_versions();
    }

    fn undefine(&mut self, n: u8) {
        let delete = Step::delete(CRD);
        let (step, deletes) = match n % 5 {
            0 => (delete.with_body(json!({"preconditions": {"uid": "other"}})), false),
            1 => (delete.with("dryRun", "All"), false),
            2 => (delete.with("propagationPolicy", "Foreground"), true),
            3 => (delete.with("propagationPolicy", "Background"), true),
            _ => (delete, true),
        };
        self.steps.push(step);
        if deletes && self.there {
            self.there = false;
            self.steps.push(Step::get(CRD).repeat_until(Until::Code(404)));
            for version in ["v1", "v2"] {
                self.steps.push(Step::get(format!("{GROUP}/{version}/ws")).repeat_until(Until::Code(404)));
            }
        }
    }

    fn merge_part(&mut self, name: u8, n: u8) {
        let path = self.path(name, false);
        self.steps.push(match n % 4 {
            0 => Step::merge(format!("{path}/status"), json!({"status": {"n": n % 7}})),
            1 => Step::merge(format!("{path}/status"), json!({"status": {"n": "no number"}})),
            2 => Step::merge(format!("{path}/scale"), json!({"spec": {"replicas": n % 7}})),
            _ => Step::get(format!("{path}/scale")),
        });
    }

    /// Where the definition is there: without it, when a group goes is nobody's business but the server's.
    fn discover(&mut self) {
        if self.there {
            self.steps.push(Step::get(format!("{GROUP}/v1")).repeat_until(Until::Code(200)));
            let until = if self.second { Until::Code(200) } else { Until::Code(404) };
            self.steps.push(Step::get(format!("{GROUP}/v2")).repeat_until(until));
        }
    }

    /// All objects and what happened to them; then nothing of it is left.
    fn end(&mut self) {
        if self.there && !self.changed {
            self.steps.push(Step::get(self.collection(false)));
            self.steps.push(Step::post(self.collection(false), object("v1", "end", 0)));
            let begin = format!("<rv {}>", BEGINS[self.made % BEGINS.len()]);
            self.steps.push(Step::watch(self.collection(false), "end").with("resourceVersion", begin));
        }
        self.steps.push(Step::get(CRD));
        self.undefine(4);
    }
}

const fn which(name: u8) -> &'static str {
    if name.is_multiple_of(2) { "a" } else { "b" }
}

fn definition(versions: &Value) -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "ws.<ns>.example.com"},
        "spec": {"group": "<ns>.example.com", "scope": "Cluster", "names": {"plural": "ws", "kind": "W"},
            "versions": versions}})
}

fn version(name: &str, storage: bool, schema: &Value) -> Value {
    json!({"name": name, "served": true, "storage": storage,
        "subresources": {"scale": {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"}, "status": {}},
        "schema": {"openAPIV3Schema": schema}})
}

/// A schema that takes the probe, by choice.
fn schema(n: u8, mark: &str) -> Value {
    let mut spec = json!({"type": "object", "default": {}, "properties": {
        "mark": {"type": "string", "default": mark}, "n": {"type": "integer"}}});
    match n % 7 {
        0 => {}
        1 => spec["properties"]["n"] = json!({"type": "integer", "minimum": 1, "maximum": 5}),
        2 => spec["properties"]["extra"] = json!({"type": "string", "default": "x"}),
        3 => drop(spec["properties"].as_object_mut().and_then(|fields| fields.remove("n"))),
        4 => {
            // The default of all of it would lack what is required, and be refused.
            spec["required"] = json!(["n"]);
            drop(spec.as_object_mut().and_then(|spec| spec.remove("default")));
        }
        5 => spec["x-kubernetes-preserve-unknown-fields"] = json!(true),
        _ => {
            spec["x-kubernetes-validations"] =
                json!([{"rule": "!has(self.n) || self.n < 4", "message": "n is below 4"}]);
        }
    }
    let status = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
    json!({"type": "object", "properties": {"spec": spec, "status": status}})
}

/// A definition that is refused.
fn broken(n: u8) -> Value {
    let schema = schema(0, "m");
    let mut body = definition(&json!([version("v1", true, &schema)]));
    let mut spec = |key: &str, value: Value| {
        body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"][key] = value;
    };
    match n % 9 {
        // The default lacks what is required, or has what is not there, or breaks a rule.
        6 => spec("required", json!(["n"])),
        7 => spec("default", json!({"none": 1})),
        8 => spec("x-kubernetes-validations", json!([{"rule": "has(self.n)", "message": "n is there"}])),
        5 => spec("x-kubernetes-validations", json!([{"rule": "self.none == 1"}])),
        0 => body["metadata"]["name"] = json!("other.<ns>.example.com"),
        1 => body["spec"]["versions"] = json!([version("v1", true, &schema), version("v2", true, &schema)]),
        2 => body["spec"]["versions"] = json!([version("v1", false, &schema)]),
        3 => body["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = json!({"properties": {"spec": {}}}),
        _ => body["spec"]["scope"] = json!("Everywhere"),
    }
    body
}

/// A change that no schema of the server's depends on.
fn change_other(n: u8) -> Step {
    match n % 8 {
        0 => Step::merge(CRD, json!({"spec": {"scope": "Namespaced"}})),
        1 => Step::merge(CRD, json!({"spec": {"group": "other.example.com"}})),
        2 => Step::merge(CRD, json!({"spec": {"names": {"kind": "V"}}})),
        3 => Step::merge(CRD, json!({"spec": {"versions": []}})),
        4 => Step::merge(CRD, json!({"metadata": {"labels": {"x": (n % 3).to_string()}}})),
        5 => Step::merge(format!("{CRD}/status"), json!({"status": {"storedVersions": []}})),
        6 => Step::json_patch(CRD, json!([{"op": "replace", "path": "/spec/versions/0/storage", "value": false}])),
        _ => Step::json_patch(CRD, json!([{"op": "test", "path": "/spec/scope", "value": "Namespaced"}])),
    }
}

fn object(version: &str, name: &str, n: u8) -> Value {
    let version = format!("<ns>.example.com/{version}");
    let mut object = json!({"apiVersion": version, "kind": "W", "metadata": {"name": name}, "spec": {"n": 1}});
    match n % 7 {
        0 => {}
        1 => object["spec"] = json!({"n": 5}),
        2 => object["spec"] = json!({"n": 9, "extra": "mine"}),
        3 => object["spec"] = json!({"other": {"deep": [1]}}),
        4 => object["spec"] = json!({"n": "no number"}),
        5 => object["metadata"]["labels"] = json!({"x": "1"}),
        _ => object["status"] = json!({"n": 3}),
    }
    object
}

fn merge(n: u8) -> Value {
    match n % 8 {
        0 => json!({}),
        1 => json!({"spec": {"n": 3}}),
        2 => json!({"spec": {"n": 7, "extra": "y"}}),
        3 => json!({"spec": {"n": null}}),
        4 => json!({"spec": {"other": 1}}),
        5 => json!({"spec": null}),
        6 => json!({"metadata": {"labels": {"x": "2"}}}),
        _ => json!({"spec": {"mark": null}}),
    }
}
