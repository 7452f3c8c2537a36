//! create, get, update: versions, generations, conflicts. Pages: docs/api-model/{objects,concurrency}.md.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "tests")]

mod common;
use common::*;
use model::{Method, Request};
use serde_json::{Value, json};

#[test]
fn a_created_object_has_uid_time_and_version() {
    let mut bed = Bed::new();
    let made = bed.expect(201, Request::post(MAPS, config_map("a")));
    assert_eq!(made["metadata"]["namespace"], "default");
    assert_eq!(made["metadata"]["uid"].as_str().unwrap().len(), 36);
    assert_eq!(made["metadata"]["creationTimestamp"], bed.now.to_string());
    assert_eq!(made, bed.get(&format!("{MAPS}/a")));
}

#[test]
fn the_second_object_of_one_name_is_refused() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(MAPS, config_map("a")));
    let refusal =
        bed.refused(409, "AlreadyExists", "configmaps \"a\" already exists", Request::post(MAPS, config_map("a")));
    assert_eq!(refusal["details"], json!({"name": "a", "kind": "configmaps"}));
}

#[test]
fn an_object_that_is_not_there_is_not_found() {
    let mut bed = Bed::new();
    for request in [
        Request::get(format!("{MAPS}/a")),
        Request::put(format!("{MAPS}/a"), config_map("a")),
        Request::merge_patch(format!("{MAPS}/a"), json!({})),
        Request::delete(format!("{MAPS}/a")),
    ] {
        bed.refused(404, "NotFound", "configmaps \"a\" not found", request);
    }
}

#[test]
fn every_write_gets_the_next_revision_whatever_the_resource() {
    let mut bed = Bed::new();
    let a = bed.expect(201, Request::post(MAPS, config_map("a")));
    let b = bed.expect(201, Request::post("/api/v1/nodes", json!({"metadata": {"name": "n"}})));
    assert_eq!(rv(&b), rv(&a) + 1);
    assert_eq!(bed.server.revision(), rv(&b));
}

#[test]
fn an_update_that_changes_nothing_writes_nothing() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    bed.expect(201, Request::post(THINGS, thing("t", json!({"x": 1}))));
    let before = bed.get(&format!("{THINGS}/t"));
    for request in [
        Request::put(format!("{THINGS}/t"), before.clone()),
        Request::merge_patch(format!("{THINGS}/t"), json!({"spec": {"x": 1}})),
        Request::json_patch(format!("{THINGS}/t"), json!([{"op": "test", "path": "/spec/x", "value": 1}])),
        Request::merge_patch(format!("{THINGS}/t/status"), json!({})),
    ] {
        assert_eq!(bed.expect(200, request), before);
    }
}

#[test]
fn a_stale_version_is_a_conflict() {
    let mut bed = Bed::new();
    let old = bed.expect(201, Request::post(MAPS, config_map("a")));
    bed.expect(200, Request::merge_patch(format!("{MAPS}/a"), json!({"data": {"a": "2"}})));
    bed.refused(
        409,
        "Conflict",
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again",
        Request::put(format!("{MAPS}/a"), old),
    );
}

#[test]
fn core_kinds_take_an_update_without_a_version_and_custom_ones_do_not() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    bed.expect(201, Request::post(MAPS, config_map("a")));
    bed.expect(201, Request::post(THINGS, thing("t", json!({}))));
    bed.expect(200, Request::put(format!("{MAPS}/a"), config_map("a")));
    bed.refused(
        422,
        "Invalid",
        "things.test.io \"t\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update",
        Request::put(format!("{THINGS}/t"), thing("t", json!({}))),
    );
}

#[test]
fn a_uid_in_an_update_is_a_precondition() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(MAPS, config_map("a")));
    let mut other = config_map("a");
    other["metadata"]["uid"] = json!("x");
    let refusal = bed.expect(409, Request::put(format!("{MAPS}/a"), other));
    let message = refusal["message"].as_str().unwrap();
    assert!(message.contains("Precondition failed: UID in precondition: x, UID in object meta: "), "{message}");
}

#[test]
fn generation_grows_with_the_spec_and_not_with_labels_or_status() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    let made = bed.expect(201, Request::post(THINGS, thing("t", json!({"x": 1}))));
    assert_eq!(made["metadata"]["generation"], 1);
    let path = format!("{THINGS}/t");
    let labelled = bed.expect(200, Request::merge_patch(&path, json!({"metadata": {"labels": {"a": "b"}}})));
    assert_eq!(labelled["metadata"]["generation"], 1);
    let status = bed.expect(200, Request::merge_patch(format!("{path}/status"), json!({"status": {"s": 1}})));
    assert_eq!(status["metadata"]["generation"], 1);
    let changed = bed.expect(200, Request::merge_patch(&path, json!({"spec": {"x": 2}})));
    assert_eq!(changed["metadata"]["generation"], 2);
    let forced = bed.expect(200, Request::merge_patch(&path, json!({"metadata": {"generation": 9}})));
    assert_eq!(forced["metadata"]["generation"], 2);
}

#[test]
fn status_and_the_rest_are_written_apart() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    let mut object = thing("t", json!({"x": 1}));
    object["status"] = json!({"s": 1});
    let made = bed.expect(201, Request::post(THINGS, object));
    assert_eq!(made.get("status"), None);
    let path = format!("{THINGS}/t");
    let main = bed.expect(200, Request::merge_patch(&path, json!({"spec": {"x": 2}, "status": {"s": 2}})));
    assert_eq!((main.get("status"), &main["spec"]["x"]), (None, &json!(2)));
    let patch = json!({"spec": {"x": 3}, "status": {"s": 3}, "metadata": {"labels": {"a": "b"}}});
    let status = bed.expect(200, Request::merge_patch(format!("{path}/status"), patch));
    assert_eq!((&status["status"]["s"], &status["spec"]["x"]), (&json!(3), &json!(2)));
    assert_eq!(status["metadata"].get("labels"), None);
}

#[test]
fn generated_names_are_new_each_time() {
    let mut bed = Bed::new();
    let body = json!({"metadata": {"generateName": "x-"}});
    let a = bed.expect(201, Request::post(MAPS, body.clone()));
    let b = bed.expect(201, Request::post(MAPS, body));
    let name = a["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("x-") && name.len() == 7, "{name}");
    assert_ne!(a["metadata"]["name"], b["metadata"]["name"]);
}

#[test]
fn names_and_namespaces_must_agree_with_the_path() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(MAPS, config_map("a")));
    bed.refused(
        400,
        "BadRequest",
        "the name of the object (b) does not match the name on the URL (a)",
        Request::put(format!("{MAPS}/a"), config_map("b")),
    );
    let mut elsewhere = config_map("b");
    elsewhere["metadata"]["namespace"] = json!("other");
    bed.refused(
        400,
        "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request",
        Request::post(MAPS, elsewhere),
    );
}

#[test]
fn a_bad_name_is_invalid_and_says_why() {
    let mut bed = Bed::new();
    let refusal = bed.expect(422, Request::post(MAPS, config_map("A")));
    assert_eq!(refusal["reason"], "Invalid");
    assert_eq!(refusal["details"]["causes"][0]["field"], "metadata.name");
    bed.refused(
        422,
        "Invalid",
        "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required",
        Request::post(MAPS, json!({})),
    );
}

#[test]
fn clients_cannot_set_what_the_server_keeps() {
    let mut bed = Bed::new();
    let mut body = config_map("a");
    body["metadata"]["uid"] = json!("mine");
    body["metadata"]["creationTimestamp"] = json!("2001-01-01T00:00:00Z");
    body["metadata"]["deletionTimestamp"] = json!("2001-01-01T00:00:00Z");
    let made = bed.expect(201, Request::post(MAPS, body));
    assert_ne!(made["metadata"]["uid"], "mine");
    assert_eq!(made["metadata"].get("deletionTimestamp"), None);
    let patch = json!({"metadata": {"creationTimestamp": null, "deletionTimestamp": "2001-01-01T00:00:00Z"}});
    bed.refused(
        422,
        "Invalid",
        "ConfigMap \"a\" is invalid: metadata.deletionTimestamp: Invalid value: \"2001-01-01T00:00:00Z\": field is immutable",
        Request::merge_patch(format!("{MAPS}/a"), patch),
    );
    let mut versioned = config_map("b");
    versioned["metadata"]["resourceVersion"] = json!("5");
    let refusal = bed.expect(500, Request::post(MAPS, versioned));
    assert_eq!(refusal["message"], "resourceVersion should not be set on objects to be created");
    assert_eq!(refusal.get("reason"), None);
}

#[test]
fn a_dry_run_answers_and_stores_nothing() {
    let mut bed = Bed::new();
    let before = bed.server.revision();
    bed.expect(201, Request::post(MAPS, config_map("a")).with("dryRun", "All"));
    assert_eq!(bed.server.revision(), before);
    bed.expect(404, Request::get(format!("{MAPS}/a")));
    bed.expect(201, Request::post(MAPS, config_map("a")));
    let changed =
        bed.expect(200, Request::merge_patch(format!("{MAPS}/a"), json!({"data": {"a": "2"}})).with("dryRun", "All"));
    assert_eq!(changed["data"]["a"], "2");
    bed.expect(200, Request::delete(format!("{MAPS}/a")).with("dryRun", "All"));
    assert_eq!(bed.get(&format!("{MAPS}/a"))["data"]["a"], "1");
    bed.refused(
        422,
        "Invalid",
        "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"x\"]: supported values: \"All\"",
        Request::post(MAPS, config_map("b")).with("dryRun", "x"),
    );
}

#[test]
fn leases_are_created_by_an_update_and_config_maps_are_not() {
    let mut bed = Bed::new();
    let path = "/apis/coordination.k8s.io/v1/namespaces/default/leases/l";
    bed.expect(201, Request::put(path, json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": "a"}})));
    bed.expect(404, Request::put(format!("{MAPS}/a"), config_map("a")));
}

#[test]
fn json_patch_guards_with_test() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(MAPS, config_map("a")));
    let patch = |old: &str| json!([{"op": "test", "path": "/data/a", "value": old}, {"op": "replace", "path": "/data/a", "value": "2"}]);
    bed.expect(200, Request::json_patch(format!("{MAPS}/a"), patch("1")));
    bed.refused(
        422,
        "Invalid",
        "the server rejected our request due to an error in our request",
        Request::json_patch(format!("{MAPS}/a"), patch("1")),
    );
}

#[test]
fn a_patch_may_name_the_version_it_was_made_for() {
    let mut bed = Bed::new();
    let old = bed.expect(201, Request::post(MAPS, config_map("a")));
    let patch = |value: &str| json!({"metadata": {"resourceVersion": old["metadata"]["resourceVersion"]}, "data": {"a": value}});
    bed.expect(200, Request::merge_patch(format!("{MAPS}/a"), patch("2")));
    assert_eq!(bed.expect(409, Request::merge_patch(format!("{MAPS}/a"), patch("3")))["reason"], "Conflict");
}

#[test]
fn a_merge_patch_that_is_no_object_is_told_what_it_is() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(MAPS, config_map("a")));
    let words = |found: &str| format!("json: cannot unmarshal {found} into Go value of type map[string]interface {{}}");
    for (patch, found) in [(json!("x"), "string"), (json!([]), "array"), (json!(1), "number"), (json!(true), "bool")] {
        let merge = Request::merge_patch(format!("{MAPS}/a"), patch.clone());
        bed.refused(400, "BadRequest", &format!("error decoding patch: {}", words(found)), merge);
        let mut strategic = Request::merge_patch(format!("{MAPS}/a"), patch);
        strategic.content_type = "application/strategic-merge-patch+json".to_owned();
        bed.refused(400, "BadRequest", &words(found), strategic);
    }
    // Go reads null into any map.
    let null = Request::merge_patch(format!("{MAPS}/a"), Value::Null);
    bed.refused(400, "BadRequest", "Invalid JSON Patch", null);
    let mut empty = Request::merge_patch(format!("{MAPS}/a"), Value::Null);
    empty.body = None;
    bed.refused(400, "BadRequest", "error decoding patch: unexpected end of JSON input", empty);
}

#[test]
fn a_patch_of_another_content_type_is_refused() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(MAPS, config_map("a")));
    let mut request = Request::merge_patch(format!("{MAPS}/a"), json!({}));
    request.content_type = "text/plain".to_owned();
    assert_eq!(bed.expect(415, request)["reason"], "UnsupportedMediaType");
}

#[test]
fn methods_and_paths_that_do_not_exist_are_told_apart() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    assert_eq!(
        bed.expect(404, Request::get("/api/v1/foos"))["message"],
        "the server could not find the requested resource"
    );
    assert_eq!(bed.expect(404, Request::get("/apis/none.io/v1/foos")), "404 page not found\n");
    assert_eq!(bed.expect(405, Request::post("/api/v1/pods", pod("p")))["reason"], "MethodNotAllowed");
    let refusal = bed.expect(405, Request::new(Method::Put, THINGS));
    assert_eq!(refusal["message"], "update is not supported on resources of kind \"things.test.io\"");
}

#[test]
fn immutable_config_maps_keep_their_data() {
    let mut bed = Bed::new();
    let mut map = config_map("a");
    map["immutable"] = json!(true);
    bed.expect(201, Request::post(MAPS, map));
    bed.refused(
        422,
        "Invalid",
        "ConfigMap \"a\" is invalid: data: Forbidden: field is immutable when `immutable` is set",
        Request::merge_patch(format!("{MAPS}/a"), json!({"data": {"a": "2"}})),
    );
}

#[test]
fn one_seed_gives_one_history() {
    let run = || {
        let mut bed = Bed::new();
        let mut answers = vec![bed.expect(201, Request::post(MAPS, json!({"metadata": {"generateName": "g-"}})))];
        answers.push(bed.expect(201, Request::post(PODS, pod("p"))));
        answers
    };
    assert_eq!(run(), run());
}
