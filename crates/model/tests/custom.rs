//! Definitions, schemas, rules. Pages: docs/api-model/{definitions,schemas,rules}.md.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "tests")]

mod common;
use common::*;
use model::{Request, definition_conditions};
use serde_json::{Value, json};

fn schema(spec: Value) -> Value {
    json!({"type": "object", "properties": {"spec": spec, "status": {"type": "object", "properties": {"s": {"type": "integer"}}}}})
}

fn bed_with(spec: Value) -> Bed {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, crd(schema(spec))));
    bed
}

#[test]
fn a_definition_is_established_and_its_objects_are_served() {
    let mut bed = Bed::new();
    bed.expect(404, Request::get(THINGS));
    let watch = bed.watch(Request::get(CRDS).with("resourceVersion", bed.server.revision().to_string()));
    let made = bed.expect(201, Request::post(CRDS, crd(open_schema())));
    assert_eq!(made["status"]["conditions"], Value::Null);
    assert_eq!(made["spec"]["names"]["listKind"], "ThingList");
    assert_eq!(bed.events(watch), ["ADDED things.test.io", "MODIFIED things.test.io", "MODIFIED things.test.io"]);
    let stored = bed.get(&format!("{CRDS}/things.test.io"));
    assert_eq!(Value::Object(definition_conditions(&stored)), json!({"NamesAccepted": "True", "Established": "True"}));
    assert_eq!(bed.get(THINGS)["kind"], "ThingList");
}

#[test]
fn a_taken_kind_is_not_accepted_and_not_served() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    let mut other = crd(open_schema());
    other["metadata"]["name"] = json!("others.test.io");
    other["spec"]["names"] = json!({"plural": "others", "kind": "Thing", "singular": "other"});
    bed.expect(201, Request::post(CRDS, other));
    let stored = bed.get(&format!("{CRDS}/others.test.io"));
    let conditions = definition_conditions(&stored);
    assert_eq!(conditions["NamesAccepted"], "False");
    bed.expect(404, Request::get("/apis/test.io/v1/others"));
}

#[test]
fn a_short_name_may_not_be_what_was_accepted_as_the_singular() {
    let mut bed = Bed::new();
    let path = format!("{CRDS}/things.test.io");
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    let short = |names: &[&str]| json!({"spec": {"names": {"shortNames": names}}});
    bed.expect(200, Request::merge_patch(path.clone(), short(&["thing", "th"])));
    let stored = bed.get(&path);
    assert_eq!(stored["status"]["conditions"][0]["reason"], "ShortNamesConflict");
    assert_eq!(stored["status"]["conditions"][0]["message"], "\"thing\" is already in use");
    assert_eq!(definition_conditions(&stored)["Established"], "True", "it is served as before");
    bed.expect(200, Request::merge_patch(path.clone(), short(&["th"])));
    assert_eq!(bed.get(&path)["status"]["acceptedNames"]["shortNames"], json!(["th"]));
}

#[test]
fn a_broken_definition_is_refused_with_every_reason() {
    let mut bed = Bed::new();
    let mut broken = crd(json!({"type": "object", "properties": {"spec": {"properties": {}}}}));
    broken["metadata"]["name"] = json!("x.test.io");
    let refusal = bed.expect(422, Request::post(CRDS, broken));
    let fields: Vec<_> = refusal["details"]["causes"].as_array().unwrap().iter().map(|c| c["field"].clone()).collect();
    assert_eq!(fields, ["metadata.name", "spec.validation.openAPIV3Schema.properties[spec].type"]);
    let mut unversioned = crd(open_schema());
    unversioned["spec"]["versions"] = json!([]);
    bed.expect(422, Request::post(CRDS, unversioned));
}

#[test]
fn a_deleted_definition_takes_its_objects_with_it() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    let mut held = thing("held", json!({}));
    held["metadata"]["finalizers"] = json!(["test.io/hold"]);
    bed.expect(201, Request::post(THINGS, held));
    bed.expect(201, Request::post(THINGS, thing("free", json!({}))));
    let watch = bed.watch(Request::get(THINGS));
    bed.server.poll(watch);
    bed.expect(200, Request::delete(format!("{CRDS}/things.test.io")));
    let refusal = bed.expect(403, Request::post(THINGS, thing("new", json!({}))));
    assert_eq!(
        refusal["message"],
        "things.test.io \"new\" is forbidden: create not allowed while custom resource definition is terminating"
    );
    while bed.server.finalize_definitions(bed.now) {}
    assert_eq!(bed.events(watch), ["DELETED free", "MODIFIED held"]);
    bed.expect(200, Request::merge_patch(format!("{THINGS}/held"), json!({"metadata": {"finalizers": null}})));
    while bed.server.finalize_definitions(bed.now) {}
    bed.expect(404, Request::get(format!("{CRDS}/things.test.io")));
    assert_eq!(bed.expect(404, Request::get(THINGS)), "404 page not found\n");
    assert!(bed.server.is_over(watch));
}

#[test]
fn unknown_fields_are_pruned_warned_about_or_refused() {
    let mut bed = bed_with(json!({"type": "object", "properties": {"a": {"type": "string"}}}));
    let body = || thing("t", json!({"a": "x", "b": 1}));
    let response = bed.send(Request::post(THINGS, body()));
    assert_eq!(response.warnings, ["unknown field \"spec.b\""]);
    assert_eq!(response.value()["spec"], json!({"a": "x"}));
    let mut other = body();
    other["metadata"]["name"] = json!("u");
    bed.refused(
        400,
        "BadRequest",
        "Thing in version \"v1\" cannot be handled as a Thing: strict decoding error: unknown field \"spec.b\"",
        Request::post(THINGS, other.clone()).with("fieldValidation", "Strict"),
    );
    let ignored = bed.send(Request::post(THINGS, other).with("fieldValidation", "Ignore"));
    assert_eq!((ignored.code, ignored.warnings.len()), (201, 0));
}

#[test]
fn defaults_fill_new_and_stored_objects() {
    let mut bed = bed_with(json!({"type": "object", "properties": {"a": {"type": "string"}}}));
    bed.expect(201, Request::post(THINGS, thing("t", json!({"a": "x"}))));
    let with_default = schema(json!({"type": "object", "properties": {
        "a": {"type": "string"}, "b": {"type": "integer", "default": 7}}}));
    let patch = json!([{"op": "replace", "path": "/spec/versions/0/schema/openAPIV3Schema", "value": with_default}]);
    bed.expect(200, Request::json_patch(format!("{CRDS}/things.test.io"), patch));
    let stored = bed.get(&format!("{THINGS}/t"));
    assert_eq!((&stored["spec"], &stored["metadata"]["generation"]), (&json!({"a": "x", "b": 7}), &json!(1)));
    let made = bed.expect(201, Request::post(THINGS, thing("u", json!({}))));
    assert_eq!(made["spec"], json!({"b": 7}));
}

#[test]
fn an_invalid_object_is_refused_with_causes() {
    let mut bed = bed_with(json!({"type": "object", "required": ["a"], "properties": {
        "a": {"type": "string"}, "n": {"type": "integer", "minimum": 1}}}));
    let refusal = bed.refused(
        422,
        "Invalid",
        "Thing.test.io \"t\" is invalid: [spec.n: Invalid value: 0: spec.n in body should be greater than or equal to 1, spec.a: Required value]",
        Request::post(THINGS, thing("t", json!({"n": 0}))),
    );
    assert_eq!(refusal["details"]["causes"][0]["reason"], "FieldValueInvalid");
}

#[test]
fn rules_that_an_invalid_object_keeps_from_being_checked_are_mentioned() {
    let mut bed = bed_with(json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}},
        "x-kubernetes-validations": [{"rule": "self.a != 'b'"}]}));
    bed.refused(
        422,
        "Invalid",
        "Thing.test.io \"t\" is invalid: [spec.a: Required value, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]",
        Request::post(THINGS, thing("t", json!({}))),
    );
}

#[test]
fn a_broken_rule_refuses_with_its_message() {
    let mut bed =
        bed_with(json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "x-kubernetes-validations": [
            {"rule": "!has(self.a) || self.a < 10", "message": "a must be small"},
            {"rule": "!has(self.b) || self.b == oldSelf.b", "message": "b is immutable", "fieldPath": ".b",
             "reason": "FieldValueForbidden"}]}));
    bed.refused(
        422,
        "Invalid",
        "Thing.test.io \"t\" is invalid: spec: Invalid value: \"object\": a must be small",
        Request::post(THINGS, thing("t", json!({"a": 10}))),
    );
    bed.expect(201, Request::post(THINGS, thing("t", json!({"b": 1}))));
    bed.refused(
        422,
        "Invalid",
        "Thing.test.io \"t\" is invalid: spec.b: Forbidden: b is immutable",
        Request::merge_patch(format!("{THINGS}/t"), json!({"spec": {"b": 2}})),
    );
}

#[test]
fn a_rule_about_a_field_that_is_not_there_is_refused_when_it_is_made() {
    let mut bed = Bed::new();
    let rule = json!({"type": "object", "properties": {"a": {"type": "integer"}},
        "x-kubernetes-validations": [{"rule": "self.z > 1"}]});
    let refusal = bed.expect(422, Request::post(CRDS, crd(schema(rule))));
    assert!(refusal["message"].as_str().unwrap().contains("undefined field 'z'"), "{refusal}");
}

#[test]
fn a_default_that_its_own_schema_refuses_is_refused_when_the_definition_is_made_and_rules_wait_for_it() {
    let mut bed = Bed::new();
    let spec = json!({"type": "object", "default": {}, "required": ["n"], "properties": {"n": {"type": "integer"}},
        "x-kubernetes-validations": [{"rule": "self.none == 1"}]});
    let refused = bed.expect(422, Request::post(CRDS, crd(schema(spec))));
    let fields: Vec<&str> =
        refused["details"]["causes"].as_array().unwrap().iter().map(|c| c["field"].as_str().unwrap()).collect();
    let at = "spec.validation.openAPIV3Schema.properties[spec].default.n";
    assert_eq!(fields, [at], "{refused}");
}

#[test]
fn scale_shows_and_sets_replicas() {
    let mut bed = Bed::new();
    let mut definition = crd(schema(json!({"type": "object", "properties": {"n": {"type": "integer"}}})));
    definition["spec"]["versions"][0]["subresources"]["scale"] =
        json!({"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.s"});
    bed.expect(201, Request::post(CRDS, definition));
    bed.expect(201, Request::post(THINGS, thing("t", json!({"n": 2}))));
    let path = format!("{THINGS}/t/scale");
    assert_eq!(bed.get(&path)["spec"]["replicas"], 2);
    bed.expect(200, Request::merge_patch(&path, json!({"spec": {"replicas": 5}})));
    let object = bed.get(&format!("{THINGS}/t"));
    assert_eq!((&object["spec"]["n"], &object["metadata"]["generation"]), (&json!(5), &json!(2)));
}

#[test]
fn an_object_that_says_nothing_of_replicas_has_no_scale_to_read_but_may_be_given_one() {
    let mut bed = Bed::new();
    let mut definition = crd(schema(json!({"type": "object", "properties": {"n": {"type": "integer"}}})));
    definition["spec"]["versions"][0]["subresources"]["scale"] =
        json!({"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.s"});
    bed.expect(201, Request::post(CRDS, definition));
    bed.expect(201, Request::post(THINGS, thing("t", json!({}))));
    let path = format!("{THINGS}/t/scale");
    let refused = bed.expect(500, Request::get(&path));
    assert_eq!(refused["message"], "Internal error occurred: the spec replicas field \".spec.n\" does not exist");
    let refused = bed.expect(400, Request::merge_patch(&path, json!({})));
    assert_eq!(refused["message"], "the spec replicas field \".spec.n\" cannot be empty");
    bed.expect(200, Request::merge_patch(&path, json!({"spec": {"replicas": 2}})));
    assert_eq!(bed.get(&path)["spec"]["replicas"], 2);
}

#[test]
fn what_a_scale_sets_outside_the_schema_is_a_write_and_is_not_shown() {
    let mut bed = Bed::new();
    let mut definition = crd(schema(json!({"type": "object", "properties": {"n": {"type": "integer"}}})));
    definition["spec"]["versions"][0]["subresources"]["scale"] =
        json!({"specReplicasPath": ".spec.unknown", "statusReplicasPath": ".status.s"});
    bed.expect(201, Request::post(CRDS, definition));
    bed.expect(201, Request::post(THINGS, thing("t", json!({"n": 2}))));
    let (path, scale) = (format!("{THINGS}/t"), format!("{THINGS}/t/scale"));
    let shown = bed.expect(200, Request::merge_patch(&scale, json!({"spec": {"replicas": 5}})));
    assert_eq!(shown["spec"], json!({}));
    let object = bed.get(&path);
    assert_eq!((&object["spec"], &object["metadata"]["generation"]), (&json!({"n": 2}), &json!(2)));
    // The field is stored: to write the object as it is shown takes it away, and is no change of the spec.
    let written = bed.expect(200, Request::put(&path, object.clone()));
    assert_eq!(written["metadata"]["generation"], 2);
    assert_ne!(written["metadata"]["resourceVersion"], object["metadata"]["resourceVersion"]);
    let again = bed.expect(200, Request::put(&path, written.clone()));
    assert_eq!(again["metadata"], written["metadata"]);
}

#[test]
fn an_object_with_a_scale_has_numbers_where_the_scale_looks() {
    let mut bed = Bed::new();
    let any = json!({"x-kubernetes-preserve-unknown-fields": true});
    let mut definition = crd(schema(json!({"type": "object", "properties": {"n": any, "s": any}})));
    definition["spec"]["versions"][0]["subresources"]["scale"] =
        json!({"specReplicasPath": ".spec.n", "statusReplicasPath": ".spec.s.n", "labelSelectorPath": ".spec.l"});
    bed.expect(201, Request::post(CRDS, definition));
    for (spec, why) in [
        (
            json!({"n": "x"}),
            ".spec.n: Invalid value: 0: .spec.n accessor error: x is of the type string, expected int64",
        ),
        (json!({"n": -1}), ".spec.n: Invalid value: -1: should be a non-negative integer"),
        (json!({"n": 1_i64 << 31}), ".spec.n: Invalid value: 2147483648: should be less than or equal to 2147483647"),
        (
            json!({"s": [1]}),
            ".spec.s.n: Invalid value: 0: .spec.s.n accessor error: [1] is of the type []interface {}, expected map[string]interface{}",
        ),
    ] {
        let message = format!("Thing.test.io \"t\" is invalid: {why}");
        bed.refused(422, "Invalid", &message, Request::post(THINGS, thing("t", spec)));
    }
    bed.expect(201, Request::post(THINGS, thing("t", json!({"n": 2, "s": {}}))));
}

#[test]
fn a_changed_definition_ends_watches_and_forgets_what_was_before() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    let before = bed.expect(201, Request::post(THINGS, thing("a", json!({}))));
    let open = bed.watch(Request::get(THINGS));
    bed.server.poll(open);
    let path = format!("{CRDS}/things.test.io");
    let patch = Request::merge_patch(&path, json!({"metadata": {"labels": {"a": "b"}}}));
    bed.expect(200, patch);
    assert!(!bed.server.is_over(open), "its spec is the same");
    bed.expect(200, Request::merge_patch(&path, json!({"spec": {"names": {"shortNames": ["other"]}}})));
    assert!(bed.server.is_over(open));
    let from = before["metadata"]["resourceVersion"].as_str().unwrap();
    let late = bed.watch(Request::get(THINGS).with("resourceVersion", from));
    let told = bed.server.poll(late);
    assert_eq!((told.len(), &told[0].object["code"]), (1, &json!(410)));
    assert_eq!(bed.get(THINGS)["items"].as_array().unwrap().len(), 1);
}

#[test]
fn two_versions_show_one_object() {
    let mut bed = Bed::new();
    let mut definition = crd(open_schema());
    let mut second = definition["spec"]["versions"][0].clone();
    second["name"] = json!("v2");
    second["storage"] = json!(false);
    definition["spec"]["versions"].as_array_mut().unwrap().push(second);
    bed.expect(201, Request::post(CRDS, definition));
    bed.expect(201, Request::post(THINGS, thing("t", json!({"x": 1}))));
    let path = "/apis/test.io/v2/namespaces/default/things/t";
    assert_eq!(bed.get(path)["apiVersion"], "test.io/v2");
    let watch = bed.watch(Request::get("/apis/test.io/v2/things"));
    assert_eq!(bed.server.poll(watch)[0].object["apiVersion"], "test.io/v2");
    let before = bed.server.revision();
    let same = bed.get(path);
    bed.expect(200, Request::put(path, same));
    assert_eq!(bed.server.revision(), before);
}

#[test]
fn a_create_keeps_or_drops_the_status_as_its_own_version_says() {
    let mut bed = Bed::new();
    let mut definition = crd(open_schema());
    let mut second = definition["spec"]["versions"][0].clone();
    second["name"] = json!("v2");
    second["storage"] = json!(false);
    second.as_object_mut().unwrap().remove("subresources");
    definition["spec"]["versions"].as_array_mut().unwrap().push(second);
    bed.expect(201, Request::post(CRDS, definition));
    let body = |version: &str, name: &str| json!({"apiVersion": format!("test.io/{version}"), "kind": "Thing", "metadata": {"name": name}, "status": {"x": 1}});
    let first = bed.expect(201, Request::post(THINGS, body("v1", "a")));
    assert_eq!(first.get("status"), None);
    let second = bed.expect(201, Request::post("/apis/test.io/v2/namespaces/default/things", body("v2", "b")));
    assert_eq!(second["status"], json!({"x": 1}));
}

#[test]
fn a_definition_whose_versions_a_webhook_converts_is_refused() {
    let mut bed = Bed::new();
    let mut refused = |conversion: Value, cause: (&str, &str)| {
        let mut definition = crd(open_schema());
        definition["spec"]["conversion"] = conversion;
        let refusal = bed.expect(422, Request::post(CRDS, definition));
        let found = &refusal["details"]["causes"][0];
        assert_eq!((&found["field"], &found["reason"]), (&json!("spec.conversion.strategy"), &json!(cause.0)));
        assert_eq!(found["message"], cause.1);
    };
    let webhook = json!({"clientConfig": {"url": "https://example.com"}, "conversionReviewVersions": ["v1"]});
    refused(
        json!({"strategy": "Webhook", "webhook": webhook}),
        ("FieldValueForbidden", "Forbidden: webhook conversion is not modelled"),
    );
    refused(
        json!({"strategy": "Magic"}),
        ("FieldValueNotSupported", "Unsupported value: \"Magic\": supported values: \"None\", \"Webhook\""),
    );
    refused(json!({}), ("FieldValueRequired", "Required value"));
    // An update may not bring it in, either.
    let path = format!("{CRDS}/things.test.io");
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    let patch = json!({"spec": {"conversion": {"strategy": "Webhook"}}});
    bed.expect(422, Request::merge_patch(path, patch));
}

#[test]
fn a_version_that_objects_may_be_stored_in_is_not_dropped() {
    let mut bed = Bed::new();
    let path = format!("{CRDS}/things.test.io");
    let made = bed.expect(201, Request::post(CRDS, crd(open_schema())));
    let mut versions = made["spec"]["versions"].clone();
    versions[0]["storage"] = json!(false);
    let mut second = made["spec"]["versions"][0].clone();
    second["name"] = json!("v2");
    versions.as_array_mut().unwrap().push(second.clone());
    let moved = bed.expect(200, Request::merge_patch(path.clone(), json!({"spec": {"versions": versions}})));
    assert_eq!(moved["status"]["storedVersions"], json!(["v1", "v2"]));
    let only_second = json!({"spec": {"versions": [second]}});
    let refusal = bed.expect(422, Request::merge_patch(path.clone(), only_second.clone()));
    assert_eq!(refusal["details"]["causes"][0]["field"], "status.storedVersions[0]");
    // Once whoever moved the objects says that none is left.
    let migrated = json!({"status": {"storedVersions": ["v2"]}});
    bed.expect(200, Request::merge_patch(format!("{path}/status"), migrated));
    bed.expect(200, Request::merge_patch(path, only_second));
}

#[test]
fn discovery_lists_built_in_and_defined_kinds() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    let groups = bed.get("/apis");
    let names: Vec<_> = groups["groups"].as_array().unwrap().iter().map(|g| g["name"].clone()).collect();
    assert!(names.contains(&json!("test.io")) && names.contains(&json!("apps")), "{names:?}");
    let list = bed.get("/apis/test.io/v1");
    let resources: Vec<_> = list["resources"].as_array().unwrap().iter().map(|r| r["name"].clone()).collect();
    assert_eq!(resources, ["things", "things/status"]);
    assert_eq!(bed.get("/api")["versions"], json!(["v1"]));
    let mut request = Request::get("/apis");
    request.accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList".to_owned();
    assert_eq!(bed.expect(200, request)["kind"], "APIGroupDiscoveryList");
    bed.expect(404, Request::get("/apis/none.io/v1"));
}
