//! The CRDs against Kubernetes' rules for structural schemas, and AddressClaim against what its rules need.
//!
//! In: `api::crds`. Out: a failure that names CRD and path. The rules are those of
//! <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/>, "Specifying a
//! structural schema" and "Validation rules"; a real API server checks the same elsewhere.

#![allow(clippy::unwrap_used)] // A test program: its helpers may fail as its tests may.

use api::{crds, schema};
use ledger::Addr;
use serde_json::Value;

/// Keywords that a node of a structural schema may have.
const ALLOWED: &[&str] = &[
    "type",
    "description",
    "format",
    "properties",
    "additionalProperties",
    "items",
    "required",
    "enum",
    "default",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "x-kubernetes-validations",
];

/// Formats that the API server knows and that we use.
const FORMATS: &[&str] = &["date-time", "int32", "int64"];

fn roots() -> Vec<(String, Value)> {
    let of = |crd| serde_json::to_value(&crd).unwrap();
    crds::all()
        .into_iter()
        .map(|crd| (crds::file_name(&crd), of(crd)["spec"]["versions"][0]["schema"]["openAPIV3Schema"].take()))
        .collect()
}

/// Every rule that a schema breaks, with its path.
fn broken(path: &str, schema: &Value, found: &mut Vec<String>) {
    let Some(node) = schema.as_object() else {
        found.push(format!("{path} is no schema"));
        return;
    };
    for keyword in node.keys().filter(|keyword| !ALLOWED.contains(&keyword.as_str())) {
        found.push(format!("{path} has {keyword}"));
    }
    let preserves = node.get("x-kubernetes-preserve-unknown-fields").is_some_and(|v| v == true);
    let any = preserves || node.contains_key("x-kubernetes-int-or-string");
    if !any && !node.get("type").is_some_and(Value::is_string) {
        found.push(format!("{path} has no type"));
    }
    if node.get("format").is_some_and(|format| !FORMATS.iter().any(|known| format == known)) {
        found.push(format!("{path} has format {}", node["format"]));
    }
    if node.contains_key("properties") && node.contains_key("additionalProperties") {
        found.push(format!("{path} has properties and additionalProperties"));
    }
    if node.get("type").is_some_and(|t| t == "array") && !node.contains_key("items") {
        found.push(format!("{path} is a list of nothing"));
    }
    for name in node.get("required").and_then(Value::as_array).into_iter().flatten() {
        if node.get("properties").is_none_or(|properties| properties.get(name.as_str().unwrap()).is_none()) {
            found.push(format!("{path} requires {name}, which it does not have"));
        }
    }
    for (name, property) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
        broken(&format!("{path}.{name}"), property, found);
    }
    for part in ["items", "additionalProperties"] {
        if let Some(schema) = node.get(part) {
            broken(&format!("{path}.{part}"), schema, found);
        }
    }
}

#[test]
fn every_schema_is_structural() {
    for (name, root) in roots() {
        let mut found = Vec::new();
        broken("", &root, &mut found);
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn the_check_finds_what_is_not_structural() {
    let schema = serde_json::json!({
        "type": "object", "nullable": true, "required": ["gone"],
        "properties": {"a": {"oneOf": []}, "b": {"type": "integer", "format": "uint32"}, "c": {"type": "array"}},
    });
    let mut found = Vec::new();
    broken("", &schema, &mut found);
    assert_eq!(found.len(), 6, "{found:#?}");
}

/// Every string and list below a schema that has no longest length.
fn unbounded(path: &str, schema: &Value, found: &mut Vec<String>) {
    match schema["type"].as_str() {
        Some("string") if schema.get("maxLength").is_none() => found.push(path.to_owned()),
        Some("array") if schema.get("maxItems").is_none() => found.push(path.to_owned()),
        _ => {}
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        unbounded(&format!("{path}.{name}"), property, found);
    }
}

fn claim() -> Value {
    roots().pop().unwrap().1
}

#[test]
fn all_that_the_rules_of_a_claim_look_at_is_bounded() {
    let mut found = Vec::new();
    unbounded("spec", &claim()["properties"]["spec"], &mut found);
    assert!(found.is_empty(), "the API server cannot reckon the cost of a rule over {found:?}");
}

#[test]
fn the_spec_of_a_claim_cannot_be_removed_or_hold_what_the_rules_do_not_see() {
    let root = claim();
    assert_eq!(root["required"], serde_json::json!(["spec"]));
    let spec = &root["properties"]["spec"];
    assert!(spec.get("x-kubernetes-preserve-unknown-fields").is_none());
    assert!(spec["x-kubernetes-validations"][0]["rule"] == "self == oldSelf");
}

#[test]
fn rules_have_only_what_kubernetes_1_25_knows() {
    fn rules(schema: &Value, found: &mut Vec<Value>) {
        found.extend(schema["x-kubernetes-validations"].as_array().into_iter().flatten().cloned());
        for property in schema["properties"].as_object().into_iter().flatten() {
            rules(property.1, found);
        }
    }
    let mut found = Vec::new();
    rules(&claim(), &mut found);
    assert_eq!(found.len(), 4);
    for rule in found {
        let keys: Vec<&String> = rule.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["message", "rule"], "messageExpression is of 1.27, reason and fieldPath of 1.28");
        let text = rule["rule"].as_str().unwrap();
        assert!(!text.contains("isIP") && !text.contains("format(") && !text.contains('?'), "{text}");
    }
}

#[test]
fn a_claim_has_no_status_subresource_so_labels_and_occupant_change_in_one_write() {
    let crd = crds::address_claim();
    assert!(crd.spec.versions[0].subresources.is_none());
    assert_eq!(crd.spec.names.short_names, Some(vec!["claim".to_owned()]));
    assert_eq!(crd.spec.scope, "Cluster");
}

#[test]
fn one_spelling_of_each_address_matches_the_pattern() {
    let pattern = claim()["properties"]["spec"]["properties"]["address"]["pattern"].as_str().unwrap().to_owned();
    let pattern = regex::Regex::new(&pattern).unwrap();
    for good in ["0.0.0.0", "10.0.0.1", "172.17.0.11", "255.255.255.255", "fd00:0025:0000:0000:0000:0000:0000:0009"] {
        assert!(pattern.is_match(good), "{good}");
        assert_eq!(good.parse::<Addr>().unwrap().expanded(), good, "the pattern takes what the ledger writes");
    }
    for bad in [
        "",
        "10.0.0",
        "10.0.0.01",
        "010.0.0.1",
        "256.0.0.1",
        "10.0.0.1.1",
        " 10.0.0.1",
        "10.0.0.1\n",
        "10.0.0.1/32",
        "fd00:25::9",
        "FD00:0025:0000:0000:0000:0000:0000:0009",
        "fd00:0025:0000:0000:0000:0000:0000:000A",
        "fd00:0025:0000:0000:0000:0000:0009",
        "fd00-0025-0000-0000-0000-0000-0000-0009",
        "0000:0000:0000:0000:0000:ffff:10.0.0.1",
    ] {
        assert!(!pattern.is_match(bad), "{bad:?}");
    }
}

#[test]
fn the_wire_of_every_name_that_the_crate_makes_matches_the_pattern() {
    let wire = &claim()["properties"]["spec"]["properties"]["wire"];
    assert_eq!(wire["maxLength"], schema::MAX_WIRE);
    let pattern = regex::Regex::new(wire["pattern"].as_str().unwrap()).unwrap();
    for name in ["macvlan.default", "pn-100", "ovn-cluster.ovn", "UPPER.default", "a..b", "-", "", &"x".repeat(400)] {
        let wire = schema::wire_in_name(name);
        assert!(pattern.is_match(&wire), "{name:?} became {wire:?}");
    }
}

#[test]
fn a_claim_is_written_as_its_schema_says() {
    let claim = schema::AddressClaim::new(
        &schema::claim_name("macvlan.default", "172.17.0.11".parse().unwrap()),
        schema::AddressClaimSpec {
            wire: "macvlan.default".into(),
            address: "172.17.0.11".into(),
            subnet: "ext".into(),
            holder: schema::ClaimHolder { kind: "Vip".into(), name: "v1".into(), ..Default::default() },
            mac: None,
        },
    );
    let expected = serde_json::json!({
        "apiVersion": "ipledger.dev/v1alpha1",
        "kind": "AddressClaim",
        "metadata": {"name": "macvlan.default.172.17.0.11"},
        "spec": {
            "wire": "macvlan.default",
            "address": "172.17.0.11",
            "subnet": "ext",
            "holder": {"kind": "Vip", "name": "v1"},
        },
    });
    assert_eq!(serde_json::to_value(&claim).unwrap(), expected, "what is absent is not written");
}
