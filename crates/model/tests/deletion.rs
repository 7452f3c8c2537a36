//! delete: preconditions, finalizers, grace, propagation, collections. Page: docs/api-model/deletion.md.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "tests")]

mod common;
use common::*;
use model::Request;
use serde_json::{Value, json};

fn bound_pod(bed: &mut Bed, name: &str) -> Value {
    bed.expect(201, Request::post(PODS, pod(name)));
    let binding = json!({"metadata": {"name": name}, "target": {"kind": "Node", "name": "n1"}});
    bed.expect(201, Request::post(format!("{PODS}/{name}/binding"), binding));
    bed.get(&format!("{PODS}/{name}"))
}

#[test]
fn a_delete_of_most_kinds_answers_with_a_status() {
    let mut bed = Bed::new();
    let made = bed.expect(201, Request::post(MAPS, config_map("a")));
    let gone = bed.expect(200, Request::delete(format!("{MAPS}/a")));
    assert_eq!(
        gone,
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]}})
    );
}

#[test]
fn preconditions_protect_the_successor_of_the_same_name() {
    let mut bed = Bed::new();
    let made = bed.expect(201, Request::post(MAPS, config_map("a")));
    let uid = made["metadata"]["uid"].as_str().unwrap();
    let stale = json!({"preconditions": {"uid": "old"}});
    bed.refused(
        409,
        "Conflict",
        &format!("Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (old) does not match the UID in record ({uid}). The object might have been deleted and then recreated"),
        Request::delete(format!("{MAPS}/a")).with_body(stale),
    );
    let stale = json!({"preconditions": {"resourceVersion": "1"}});
    let refusal = bed.expect(409, Request::delete(format!("{MAPS}/a")).with_body(stale));
    assert!(refusal["message"].as_str().unwrap().contains("The object might have been modified"), "{refusal}");
    let right = json!({"preconditions": {"uid": uid, "resourceVersion": made["metadata"]["resourceVersion"]}});
    bed.expect(200, Request::delete(format!("{MAPS}/a")).with_body(right));
}

#[test]
fn a_finalizer_keeps_the_object_until_it_is_removed() {
    let mut bed = Bed::new();
    let mut map = config_map("a");
    map["metadata"]["finalizers"] = json!(["test.io/hold"]);
    bed.expect(201, Request::post(MAPS, map));
    let marked = bed.expect(200, Request::delete(format!("{MAPS}/a")));
    assert_eq!(marked["metadata"]["deletionTimestamp"], bed.now.to_string());
    assert_eq!(marked["metadata"]["deletionGracePeriodSeconds"], 0);
    let again = bed.expect(200, Request::delete(format!("{MAPS}/a")));
    assert_eq!(again, marked);
    let message = "object is being deleted: configmaps \"a\" already exists";
    bed.refused(409, "AlreadyExists", message, Request::post(MAPS, config_map("a")));
    let add = json!({"metadata": {"finalizers": ["test.io/hold", "test.io/more"]}});
    bed.refused(
        422,
        "Invalid",
        "ConfigMap \"a\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"test.io/more\"}",
        Request::merge_patch(format!("{MAPS}/a"), add),
    );
    bed.expect(200, Request::merge_patch(format!("{MAPS}/a"), json!({"metadata": {"finalizers": null}})));
    bed.expect(404, Request::get(format!("{MAPS}/a")));
}

#[test]
fn deletion_of_a_custom_resource_with_finalizers_bumps_its_generation() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    let mut object = thing("t", json!({}));
    object["metadata"]["finalizers"] = json!(["test.io/hold"]);
    bed.expect(201, Request::post(THINGS, object));
    assert_eq!(bed.expect(200, Request::delete(format!("{THINGS}/t")))["metadata"]["generation"], 2);
}

#[test]
fn a_bound_pod_is_deleted_in_two_steps() {
    let mut bed = Bed::new();
    bound_pod(&mut bed, "p");
    let watch = bed.watch(Request::get(PODS).with("resourceVersion", bed.server.revision().to_string()));
    let marked = bed.expect(200, Request::delete(format!("{PODS}/p")));
    assert_eq!(marked["metadata"]["deletionGracePeriodSeconds"], 30);
    assert_eq!(marked["metadata"]["deletionTimestamp"], bed.now.plus_secs(30).to_string());
    assert_eq!(marked["metadata"]["generation"], 2);
    // The kubelet's last word.
    let last = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": marked["metadata"]["uid"]}});
    let gone = bed.expect(200, Request::delete(format!("{PODS}/p")).with_body(last));
    assert_eq!(gone["kind"], "Pod");
    bed.expect(404, Request::get(format!("{PODS}/p")));
    assert_eq!(bed.events(watch), ["MODIFIED p", "MODIFIED p", "DELETED p"]);
}

#[test]
fn grace_is_only_ever_shortened() {
    let mut bed = Bed::new();
    bound_pod(&mut bed, "p");
    let grace = |seconds: i64| Request::delete(format!("{PODS}/p")).with_body(json!({"gracePeriodSeconds": seconds}));
    let first = bed.expect(200, grace(60));
    assert_eq!(bed.expect(200, grace(90)), first);
    let shorter = bed.expect(200, grace(5));
    assert_eq!(shorter["metadata"]["deletionGracePeriodSeconds"], 5);
    assert!(shorter["metadata"]["deletionTimestamp"].as_str() < first["metadata"]["deletionTimestamp"].as_str());
    bed.expect(200, grace(0));
    bed.expect(404, Request::get(format!("{PODS}/p")));
}

#[test]
fn unbound_and_finished_pods_go_at_once() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(PODS, pod("unbound")));
    bed.expect(200, Request::delete(format!("{PODS}/unbound")));
    bed.expect(404, Request::get(format!("{PODS}/unbound")));
    bound_pod(&mut bed, "done");
    bed.expect(200, Request::merge_patch(format!("{PODS}/done/status"), json!({"status": {"phase": "Succeeded"}})));
    bed.expect(200, Request::delete(format!("{PODS}/done")));
    bed.expect(404, Request::get(format!("{PODS}/done")));
}

#[test]
fn a_forced_delete_leaves_the_api_at_once_and_finalizers_still_hold() {
    let mut bed = Bed::new();
    bound_pod(&mut bed, "p");
    bed.expect(200, Request::delete(format!("{PODS}/p")).with("gracePeriodSeconds", "0"));
    bed.expect(404, Request::get(format!("{PODS}/p")));
    let mut held = pod("h");
    held["metadata"]["finalizers"] = json!(["test.io/hold"]);
    bed.expect(201, Request::post(PODS, held));
    bed.expect(200, Request::delete(format!("{PODS}/h")).with("gracePeriodSeconds", "0"));
    assert_eq!(bed.get(&format!("{PODS}/h"))["metadata"]["deletionGracePeriodSeconds"], 0);
}

#[test]
fn propagation_leaves_its_finalizer_for_the_garbage_collector() {
    for (policy, finalizer) in [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")] {
        let mut bed = Bed::new();
        bed.expect(201, Request::post(MAPS, config_map("a")));
        let marked =
            bed.expect(200, Request::delete(format!("{MAPS}/a")).with_body(json!({"propagationPolicy": policy})));
        assert_eq!(marked["metadata"]["finalizers"], json!([finalizer]));
    }
    let mut bed = Bed::new();
    bed.expect(201, Request::post(MAPS, config_map("a")));
    bed.expect(200, Request::delete(format!("{MAPS}/a")).with("propagationPolicy", "Background"));
    bed.expect(404, Request::get(format!("{MAPS}/a")));
}

#[test]
fn a_bad_policy_is_refused() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(MAPS, config_map("a")));
    bed.refused(
        422,
        "Invalid",
        "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"X\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"",
        Request::delete(format!("{MAPS}/a")).with_body(json!({"propagationPolicy": "X"})),
    );
}

#[test]
fn deletecollection_takes_what_the_selector_selects() {
    let mut bed = Bed::new();
    for (name, label) in [("a", "x"), ("b", "y"), ("c", "x")] {
        let mut map = config_map(name);
        map["metadata"]["labels"] = json!({"l": label});
        bed.expect(201, Request::post(MAPS, map));
    }
    let gone = bed.expect(200, Request::delete(MAPS).with("labelSelector", "l=x"));
    assert_eq!(gone["kind"], "ConfigMapList");
    let left = bed.get(MAPS);
    let names: Vec<_> = left["items"].as_array().unwrap().iter().map(|i| i["metadata"]["name"].clone()).collect();
    assert_eq!(names, ["b"]);
}

#[test]
fn eviction_asks_the_budget_and_deletes_with_grace() {
    let mut bed = Bed::new();
    let made = bound_pod(&mut bed, "p");
    bed.expect(200, Request::merge_patch(format!("{PODS}/p"), json!({"metadata": {"labels": {"app": "x"}}})));
    let running = json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}});
    bed.expect(200, Request::merge_patch(format!("{PODS}/p/status"), running));
    let budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
    let budget =
        json!({"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "x"}}}});
    bed.expect(201, Request::post(budgets, budget));
    let status = json!({"status": {"observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1,
        "expectedPods": 1}});
    bed.expect(200, Request::merge_patch(format!("{budgets}/b/status"), status));
    let evict = || Request::post(format!("{PODS}/p/eviction"), json!({"metadata": {"name": "p"}}));
    let refusal = bed.refused(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
        evict(),
    );
    assert_eq!(refusal["details"]["causes"][0]["reason"], "DisruptionBudget");
    bed.expect(200, Request::merge_patch(format!("{budgets}/b/status"), json!({"status": {"disruptionsAllowed": 1}})));
    assert_eq!(bed.expect(201, evict())["status"], "Success");
    let evicted = bed.get(&format!("{PODS}/p"));
    assert_eq!(evicted["metadata"]["deletionGracePeriodSeconds"], 30);
    assert_eq!(evicted["metadata"]["uid"], made["metadata"]["uid"]);
    let conditions = evicted["status"]["conditions"].as_array().unwrap();
    assert!(conditions.iter().any(|c| c["type"] == "DisruptionTarget"), "{conditions:?}");
    assert_eq!(bed.get(&format!("{budgets}/b"))["status"]["disruptionsAllowed"], 0);
}

#[test]
fn a_pod_is_bound_once() {
    let mut bed = Bed::new();
    let bound = bound_pod(&mut bed, "p");
    assert_eq!(bound["spec"]["nodeName"], "n1");
    assert_eq!(bound["status"]["conditions"][0]["type"], "PodScheduled");
    let binding = json!({"metadata": {"name": "p"}, "target": {"name": "n2"}});
    bed.refused(
        409,
        "Conflict",
        "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned to node \"n1\"",
        Request::post(format!("{PODS}/p/binding"), binding),
    );
}
