//! The stories, by topic.
//!
//! Out: every story once, and the definitions that they use. A story sees only what it made itself.

mod concurrency;
mod custom;
mod definitions;
mod deletion;
mod lists;
mod objects;
mod pods;
mod watches;

use serde_json::{Value, json};

use crate::step::Story;

/// ConfigMaps of the story's namespace.
pub(crate) const MAPS: &str = "/api/v1/namespaces/<ns>/configmaps";
/// Things (namespaced, with status, with a schema) of the story's namespace.
pub(crate) const THINGS: &str = "/apis/conformance.ipledger.dev/v1/namespaces/<ns>/things";
/// Claims: cluster-scoped, no status subresource, CEL rules.
pub(crate) const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";

/// All stories.
#[must_use]
pub fn all() -> Vec<Story> {
    [
        objects::stories(),
        concurrency::stories(),
        deletion::stories(),
        lists::stories(),
        watches::stories(),
        custom::stories(),
        definitions::stories(),
        pods::stories(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The definitions of the custom resources in stories.
#[must_use]
pub fn definitions() -> Vec<Value> {
    let claims = include_str!("../../../../config/crds/ipledger.dev_addressclaims.yaml");
    let claims = serde_saphyr::from_str(claims).expect("the definition is checked by the tests of `api`");
    vec![things(), claims]
}

fn things() -> Value {
    let spec = json!({"type": "object",
        "properties": {
            "text": {"type": "string", "maxLength": 10, "pattern": "^[a-z]*$"},
            "count": {"type": "integer", "minimum": 0, "maximum": 100},
            "mode": {"type": "string", "enum": ["On", "Off"], "default": "On"},
            "fixed": {"type": "string", "x-kubernetes-validations": [
                {"rule": "self == oldSelf", "message": "fixed is immutable"}]},
            "nothing": {"type": "string", "nullable": true},
            "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set", "maxItems": 5},
            "rows": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["key"], "maxItems": 5,
                "items": {"type": "object", "required": ["key"], "properties": {
                    "key": {"type": "string"}, "value": {"type": "integer", "default": 7}}}},
            "labels": {"type": "object", "maxProperties": 5, "additionalProperties": {"type": "string", "maxLength": 5,
                "x-kubernetes-validations": [{"rule": "self != 'bad'"}]}},
            "port": {"x-kubernetes-int-or-string": true},
            "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "low": {"type": "integer"}, "high": {"type": "integer"}},
        "x-kubernetes-validations": [{"rule": "!has(self.low) || !has(self.high) || self.low <= self.high",
            "message": "low must not be above high"}]});
    let status = json!({"type": "object", "properties": {
        "phase": {"type": "string"}, "seen": {"type": "integer"}}});
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.conformance.ipledger.dev"},
        "spec": {"group": "conformance.ipledger.dev", "scope": "Namespaced",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList", "shortNames": ["th"]},
            "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "selectableFields": [{"jsonPath": ".spec.text"}],
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": status}}}}]}})
}

/// A ConfigMap.
pub(crate) fn map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}})
}

/// A Thing.
pub(crate) fn thing(name: &str, spec: Value) -> Value {
    let mut thing = json!({"apiVersion": "conformance.ipledger.dev/v1", "kind": "Thing", "metadata": {"name": name}});
    thing["spec"] = spec;
    thing
}
