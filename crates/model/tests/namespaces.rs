//! Namespaces: what they admit and how they end. Page: docs/api-model/namespaces.md.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "tests")]

mod common;
use common::*;
use model::Request;
use serde_json::json;

const NS: &str = "/api/v1/namespaces";

#[test]
fn a_fresh_cluster_has_four_namespaces() {
    let mut bed = Bed::new();
    let list = bed.get(NS);
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|i| i["metadata"]["name"].clone()).collect();
    assert_eq!(names, ["default", "kube-node-lease", "kube-public", "kube-system"]);
    bed.refused(
        403,
        "Forbidden",
        "namespaces \"default\" is forbidden: this namespace may not be deleted",
        Request::delete(format!("{NS}/default")),
    );
}

#[test]
fn nothing_is_made_in_a_namespace_that_is_not_there() {
    let mut bed = Bed::new();
    let message = "namespaces \"none\" not found";
    bed.refused(404, "NotFound", message, Request::post("/api/v1/namespaces/none/configmaps", config_map("a")));
}

#[test]
fn deletion_marks_first_and_needs_an_empty_spec_finalizers() {
    let mut bed = Bed::new();
    let made = bed.expect(201, Request::post(NS, json!({"metadata": {"name": "x"}})));
    assert_eq!(made["spec"]["finalizers"], json!(["kubernetes"]));
    assert_eq!(made["metadata"]["labels"]["kubernetes.io/metadata.name"], "x");
    let marked = bed.expect(200, Request::delete(format!("{NS}/x")));
    assert_eq!(marked["status"]["phase"], "Terminating");
    let refusal = bed.refused(
        403,
        "Forbidden",
        "configmaps \"a\" is forbidden: unable to create new content in namespace x because it is being terminated",
        Request::post(format!("{NS}/x/configmaps"), config_map("a")),
    );
    assert_eq!(refusal["details"]["causes"][0]["reason"], "NamespaceTerminating");
    let mut done = bed.get(&format!("{NS}/x"));
    done["spec"]["finalizers"] = json!([]);
    bed.expect(200, Request::put(format!("{NS}/x"), done.clone()));
    bed.expect(200, Request::get(format!("{NS}/x")));
    bed.expect(200, Request::put(format!("{NS}/x/finalize"), done));
    bed.expect(404, Request::get(format!("{NS}/x")));
}
