//! What differs from run to run and says nothing, taken out of answers.
//!
//! In: the answers of one story. Out: the same with UIDs numbered in the order they appear, times as `<time>`, versions of
//! objects by their rank among all versions of the story's objects, other versions (of lists, bookmarks) by the latest of
//! those that they cover, tokens as `<token>`, the story's namespace as `<ns>`; findings of validation are sorted, and what a
//! pod's update changed is not printed. So relations stay: whether two versions are
//! equal, and which is later.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Fields that hold a time, at any depth.
const TIMES: &[&str] = &["creationTimestamp", "deletionTimestamp", "lastTransitionTime", "lastProbeTime", "time"];

/// What is known of one story's answers.
#[derive(Debug, Default)]
pub struct Mask {
    namespace: String,
    uids: BTreeMap<String, usize>,
    versions: BTreeSet<u64>,
}

impl Mask {
    /// Reads the answers of a story that had this namespace.
    #[must_use]
    pub fn new<'a>(namespace: &str, bodies: impl Iterator<Item = &'a Value>) -> Self {
        let mut mask = Self { namespace: namespace.to_owned(), ..Self::default() };
        bodies.for_each(|body| mask.learn(body));
        mask
    }

    fn learn(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                if let Some(meta) = map.get("metadata").and_then(Value::as_object) {
                    self.learn_meta(meta);
                }
                map.values().for_each(|v| self.learn(v));
            }
            Value::Array(list) => list.iter().for_each(|v| self.learn(v)),
            _ => {}
        }
    }

    fn learn_meta(&mut self, meta: &Map<String, Value>) {
        let text = |key: &str| meta.get(key).and_then(Value::as_str);
        if let Some(uid) = text("uid") {
            let next = self.uids.len() + 1;
            self.uids.entry(uid.to_owned()).or_insert(next);
        }
        // Lists and bookmarks have no name; their versions may be those of writes that nobody of the story made.
        if text("name").is_some()
            && let Some(version) = text("resourceVersion").and_then(|v| v.parse().ok())
        {
            self.versions.insert(version);
        }
    }

    /// A body without what says nothing.
    #[must_use]
    pub fn body(&self, value: &Value) -> Value {
        let mut shown = self.value("", value, false);
        sort_findings(&mut shown);
        shown
    }

    fn value(&self, key: &str, value: &Value, anonymous: bool) -> Value {
        match value {
            Value::Object(map) => {
                // The metadata of a list or a bookmark.
                let unnamed = map.get("metadata").is_some_and(|m| m.get("name").is_none());
                let fields = map.iter().filter(|(key, _)| *key != "managedFields");
                fields
                    .map(|(k, v)| {
                        (self.text(k), self.value(k, v, unnamed && k == "metadata" || anonymous && key == "metadata"))
                    })
                    .collect()
            }
            Value::Array(list) => list.iter().map(|v| self.value(key, v, false)).collect(),
            Value::String(text) if TIMES.contains(&key) && !text.is_empty() => json!("<time>"),
            Value::String(text) if key == "continue" && !text.is_empty() => json!("<token>"),
            Value::String(text) if key == "storageVersionHash" && !text.is_empty() => json!("<hash>"),
            Value::String(text) if key == "resourceVersion" => json!(self.version(text, anonymous)),
            Value::String(text) => json!(self.text(text)),
            other => other.clone(),
        }
    }

    fn version(&self, text: &str, anonymous: bool) -> String {
        let Ok(version) = text.parse::<u64>() else { return text.to_owned() };
        let rank = self.versions.range(..=version).count();
        if anonymous { format!("<at or after rv {rank}>") } else { format!("<rv {rank}>") }
    }

    /// Texts name the namespace, UIDs and versions.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        // What changed of a pod, as a difference of printed Go structs.
        let text = text.split("\n@@ ").next().unwrap_or(text);
        let mut text = text.replace(&self.namespace, "<ns>");
        for (uid, number) in &self.uids {
            text = text.replace(uid, &format!("<uid {number}>"));
        }
        for before in [
            "ResourceVersion in the precondition (",
            "ResourceVersion in record (",
            "ersion in precondition: ",
            "ersion in object meta: ",
            "resource version: ",
            ", current: ",
            ">> (",
            "resource version: 1 (",
        ] {
            text = self.versions_after(&text, before);
        }
        text
    }

    /// Masks the number that follows each `before`.
    fn versions_after(&self, text: &str, before: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(before) {
            let (head, tail) = rest.split_at(at + before.len());
            let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
            out.push_str(head);
            match tail[..digits].parse::<u64>() {
                Ok(version) if version > 1 => {
                    out.push_str(&format!("<<rv {}>>", self.versions.range(..=version).count()));
                }
                _ => out.push_str(&tail[..digits]),
            }
            rest = &tail[digits..];
        }
        out + rest
    }
}

/// kube-apiserver walks some maps in Go's random order, so findings come in any; here in that of their text.
fn sort_findings(body: &mut Value) {
    let Some(causes) = body["details"]["causes"].as_array() else { return };
    if body["kind"] != "Status" || causes.len() < 2 {
        return;
    }
    let mut causes = causes.clone();
    causes.sort_by_key(Value::to_string);
    body["details"]["causes"] = Value::Array(causes);
    if let Some((subject, _)) = body["message"].as_str().and_then(|m| m.split_once(" is invalid: ")) {
        // The message lists the causes again.
        body["message"] = json!(format!("{subject} is invalid: <causes>"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, uid: &str, version: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": "n1", "uid": uid, "resourceVersion": version,
            "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": []}})
    }

    #[test]
    fn relations_stay_and_accidents_go() {
        let bodies = [
            object("a", "u-9", "40"),
            json!({"metadata": {"resourceVersion": "45"}, "items": [object("a", "u-9", "44")]}),
            json!({"message": "the UID in the precondition (x) does not match the UID in record (u-9) of n1", "code": 409}),
            json!({"message": "Timeout: Too large resource version: 999, current: 44"}),
        ];
        let mask = Mask::new("n1", bodies.iter());
        let shown: Vec<_> = bodies.iter().map(|b| mask.body(b)).collect();
        let meta = |rv: &str| json!({"name": "a", "namespace": "<ns>", "uid": "<uid 1>", "resourceVersion": rv, "creationTimestamp": "<time>"});
        assert_eq!(shown[0], json!({"metadata": meta("<rv 1>")}));
        assert_eq!(
            shown[1],
            json!({"metadata": {"resourceVersion": "<at or after rv 2>"}, "items": [{"metadata": meta("<rv 2>")}]})
        );
        let text = "the UID in the precondition (x) does not match the UID in record (<uid 1>) of <ns>";
        assert_eq!(shown[2], json!({"message": text, "code": 409}));
        assert_eq!(shown[3]["message"], "Timeout: Too large resource version: <<rv 2>>, current: <<rv 2>>");
    }
}
