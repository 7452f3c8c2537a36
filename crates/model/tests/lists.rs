//! list and watch: pages, versions, selectors, bookmarks, 410. Pages: docs/api-model/{lists,watches}.md.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "tests")]

mod common;
use common::*;
use model::{Options, Request};
use serde_json::{Value, json};

fn names(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|i| i["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

fn make(bed: &mut Bed, list: &[&str]) {
    for name in list {
        bed.expect(201, Request::post(MAPS, config_map(name)));
    }
}

#[test]
fn pages_show_one_revision_from_first_to_last() {
    let mut bed = Bed::new();
    make(&mut bed, &["a", "b", "c", "d"]);
    let first = bed.expect(200, Request::get(MAPS).with("limit", "2"));
    assert_eq!((names(&first), &first["metadata"]["remainingItemCount"]), (vec!["a".into(), "b".into()], &json!(2)));
    bed.expect(200, Request::delete(format!("{MAPS}/c")));
    make(&mut bed, &["e"]);
    let token = first["metadata"]["continue"].as_str().unwrap();
    let second = bed.expect(200, Request::get(MAPS).with("limit", "2").with("continue", token));
    assert_eq!(names(&second), ["c", "d"]);
    assert_eq!(second["metadata"].get("continue"), None);
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
}

#[test]
fn a_token_older_than_the_history_is_gone_and_offers_an_inconsistent_rest() {
    let mut bed = Bed::new();
    make(&mut bed, &["a", "b", "c"]);
    let first = bed.expect(200, Request::get(MAPS).with("limit", "1"));
    make(&mut bed, &["bb"]);
    bed.server.compact(bed.server.revision());
    let token = first["metadata"]["continue"].as_str().unwrap();
    let gone = bed.expect(410, Request::get(MAPS).with("limit", "9").with("continue", token));
    assert_eq!(gone["reason"], "Expired");
    let token = gone["metadata"]["continue"].as_str().unwrap().to_owned();
    assert_eq!(names(&bed.expect(200, Request::get(MAPS).with("continue", token))), ["b", "bb", "c"]);
}

#[test]
fn items_of_built_in_kinds_carry_no_type() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(CRDS, crd(open_schema())));
    make(&mut bed, &["a"]);
    bed.expect(201, Request::post(THINGS, thing("t", json!({}))));
    assert_eq!(bed.get(MAPS)["items"][0].get("kind"), None);
    let list = bed.get(THINGS);
    assert_eq!((&list["kind"], &list["items"][0]["kind"]), (&json!("ThingList"), &json!("Thing")));
}

#[test]
fn versions_match_as_asked() {
    let mut bed = Bed::new();
    make(&mut bed, &["a"]);
    let then = bed.server.revision().to_string();
    make(&mut bed, &["b"]);
    let at = |matching: &str| Request::get(MAPS).with("resourceVersion", &then).with("resourceVersionMatch", matching);
    assert_eq!(names(&bed.expect(200, at("Exact"))), ["a"]);
    assert_eq!(names(&bed.expect(200, at("NotOlderThan"))), ["a", "b"]);
    assert_eq!(names(&bed.expect(200, Request::get(MAPS).with("resourceVersion", &then).with("limit", "9"))), ["a"]);
    let any = bed.expect(200, Request::get(MAPS).with("resourceVersion", "0").with("limit", "1"));
    assert_eq!(names(&any), ["a", "b"]);
    let future = bed.expect(504, Request::get(MAPS).with("resourceVersion", "999999"));
    assert_eq!(future["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
    bed.refused(
        422,
        "Invalid",
        "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
        Request::get(MAPS).with("resourceVersionMatch", "Exact"),
    );
}

#[test]
fn numbers_of_a_list_or_a_watch_must_be_numbers() {
    let mut bed = Bed::new();
    for key in ["limit", "timeoutSeconds"] {
        for request in [Request::get(MAPS), Request::get(MAPS).with("watch", "true"), Request::delete(MAPS)] {
            let message = "strconv.ParseInt: parsing \"soon\": invalid syntax";
            bed.refused(400, "BadRequest", message, request.with(key, "soon"));
        }
        let message = "strconv.ParseInt: parsing \"\": invalid syntax";
        bed.refused(400, "BadRequest", message, Request::get(MAPS).with(key, ""));
        bed.expect(200, Request::get(MAPS).with(key, "0"));
    }
}

#[test]
fn selectors_select() {
    let mut bed = Bed::new();
    bed.expect(201, Request::post(PODS, pod("p")));
    bed.expect(201, Request::post(PODS, pod("q")));
    let binding = json!({"metadata": {"name": "q"}, "target": {"name": "n1"}});
    bed.expect(201, Request::post(format!("{PODS}/q/binding"), binding));
    let by = |field: &str| Request::get("/api/v1/pods").with("fieldSelector", field);
    assert_eq!(names(&bed.expect(200, by("spec.nodeName=n1"))), ["q"]);
    assert_eq!(names(&bed.expect(200, by("spec.nodeName="))), ["p"]);
    assert_eq!(names(&bed.expect(200, by("metadata.name=p,metadata.namespace=default"))), ["p"]);
    bed.refused(400, "BadRequest", "field label not supported: spec.foo", by("spec.foo=1"));
    bed.expect(400, Request::get(PODS).with("labelSelector", "a=b=c"));
}

#[test]
fn field_labels_mean_what_their_kind_makes_of_them() {
    let mut bed = Bed::new();
    let mut bound = pod("p");
    bound["spec"]["nodeName"] = json!("n1");
    bed.expect(201, Request::post(PODS, bound));
    bed.expect(201, Request::post(PODS, pod("q")));
    for (name, spec) in [("open", json!({})), ("shut", json!({"unschedulable": true}))] {
        bed.expect(201, Request::post("/api/v1/nodes", json!({"metadata": {"name": name}, "spec": spec})));
    }
    let events = "/api/v1/namespaces/default/events";
    for (name, component, reporting) in [("old", "kubelet", ""), ("new", "", "kubelet"), ("both", "other", "kubelet")] {
        let event = json!({"metadata": {"name": name}, "involvedObject": {"namespace": "default"},
            "source": {"component": component}, "reportingComponent": reporting});
        bed.expect(201, Request::post(events, event));
    }
    let jobs = "/apis/batch/v1/namespaces/default/jobs";
    let template = json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}});
    for name in ["none", "one"] {
        bed.expect(201, Request::post(jobs, json!({"metadata": {"name": name}, "spec": {"template": template}})));
    }
    bed.expect(200, Request::merge_patch(format!("{jobs}/one/status"), json!({"status": {"succeeded": 1}})));
    let mut selected = |path: &str, field: &str, expected: &[&str]| {
        let list = bed.expect(200, Request::get(path).with("fieldSelector", field));
        assert_eq!(names(&list), expected, "{field}");
    };
    selected(PODS, "spec.host=n1", &["p"]);
    selected(PODS, "spec.host!=n1", &["q"]);
    // The label is known, and no pod has the field.
    selected(PODS, "status.podIPs=", &["p", "q"]);
    selected("/api/v1/nodes", "spec.unschedulable=false", &["open"]);
    selected("/api/v1/nodes", "spec.unschedulable=", &[]);
    selected("/api/v1/nodes", "spec.unschedulable!=true", &["open"]);
    selected(events, "source=kubelet", &["new", "old"]);
    selected(events, "source=other", &["both"]);
    selected(events, "reportingComponent=kubelet", &["both", "new"]);
    selected(jobs, "status.successful=1", &["one"]);
    selected(jobs, "status.successful=0", &["none"]);
}

#[test]
fn a_watch_shows_what_comes_after_its_version() {
    let mut bed = Bed::new();
    make(&mut bed, &["a"]);
    let watch = bed.watch(Request::get(MAPS).with("resourceVersion", bed.server.revision().to_string()));
    make(&mut bed, &["b"]);
    bed.expect(200, Request::merge_patch(format!("{MAPS}/a"), json!({"data": {"a": "2"}})));
    bed.expect(200, Request::delete(format!("{MAPS}/b")));
    let events = bed.server.poll(watch);
    assert_eq!(events.iter().map(show).collect::<Vec<_>>(), ["ADDED b", "MODIFIED a", "DELETED b"]);
    assert_eq!(rv(&events[2].object), bed.server.revision());
    assert!(bed.events(watch).is_empty());
}

#[test]
fn a_watch_without_a_version_begins_with_the_state() {
    let mut bed = Bed::new();
    make(&mut bed, &["a", "b"]);
    for version in ["", "0"] {
        let watch = bed.watch(Request::get(MAPS).with("resourceVersion", version));
        assert_eq!(bed.events(watch), ["ADDED a", "ADDED b"]);
    }
}

#[test]
fn initial_events_end_with_an_annotated_bookmark() {
    let mut bed = Bed::new();
    make(&mut bed, &["a"]);
    let request = Request::get(MAPS)
        .with("sendInitialEvents", "true")
        .with("resourceVersionMatch", "NotOlderThan")
        .with("allowWatchBookmarks", "true");
    let watch = bed.watch(request);
    let events = bed.server.poll(watch);
    assert_eq!(events.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), ["ADDED", "BOOKMARK"]);
    assert_eq!(events[1].object["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(rv(&events[1].object), bed.server.revision());
    bed.refused(
        422,
        "Invalid",
        "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        Request::get(MAPS).with("watch", "true").with("sendInitialEvents", "true"),
    );
}

#[test]
fn objects_enter_and_leave_a_selection() {
    let mut bed = Bed::new();
    make(&mut bed, &["a"]);
    let version = bed.server.revision().to_string();
    let watch = bed.watch(Request::get(MAPS).with("labelSelector", "x=1").with("resourceVersion", version));
    let label = |value: Value| Request::merge_patch(format!("{MAPS}/a"), json!({"metadata": {"labels": {"x": value}}}));
    bed.expect(200, label(json!("1")));
    bed.expect(200, Request::merge_patch(format!("{MAPS}/a"), json!({"data": {"a": "2"}})));
    let last = bed.expect(200, label(json!("2")));
    let events = bed.server.poll(watch);
    assert_eq!(events.iter().map(show).collect::<Vec<_>>(), ["ADDED a", "MODIFIED a", "DELETED a"]);
    // The content from before, the version of now.
    assert_eq!(events[2].object["metadata"]["labels"]["x"], "1");
    assert_eq!(rv(&events[2].object), rv(&last));
}

#[test]
fn a_watch_that_fell_behind_is_told_and_ends() {
    let mut bed = Bed::with(Options { history: 3, ..Options::default() });
    make(&mut bed, &["a"]);
    let version = bed.server.revision().to_string();
    let watch = bed.watch(Request::get(MAPS).with("resourceVersion", &version));
    make(&mut bed, &["b", "c", "d", "e"]);
    let events = bed.server.poll(watch);
    assert_eq!(events.iter().map(show).collect::<Vec<_>>(), ["ERROR Expired"]);
    assert_eq!(events[0].object["code"], 410);
    assert!(bed.server.is_over(watch));
    let late = bed.watch(Request::get(MAPS).with("resourceVersion", &version));
    assert_eq!(bed.events(late), ["ERROR Expired"]);
}

#[test]
fn a_driver_may_hold_events_back_one_by_one() {
    let mut bed = Bed::new();
    let watch = bed.watch(Request::get(MAPS).with("resourceVersion", bed.server.revision().to_string()));
    make(&mut bed, &["a", "b", "c"]);
    assert_eq!(bed.server.poll_at_most(watch, 1).iter().map(show).collect::<Vec<_>>(), ["ADDED a"]);
    assert_eq!(bed.server.bookmark(watch), None);
    assert_eq!(bed.events(watch), ["ADDED b", "ADDED c"]);
}

#[test]
fn a_bookmark_carries_the_revision_of_the_whole_server() {
    let mut bed = Bed::new();
    let version = bed.server.revision().to_string();
    let watch = bed.watch(Request::get(MAPS).with("resourceVersion", version).with("allowWatchBookmarks", "true"));
    bed.expect(201, Request::post(PODS, pod("p")));
    let bookmark = bed.server.bookmark(watch).unwrap();
    assert_eq!(rv(&bookmark.object), bed.server.revision());
    assert_eq!(bookmark.object["kind"], "ConfigMap");
}

#[test]
fn a_watch_from_the_future_waits_for_it() {
    let mut bed = Bed::new();
    let version = (bed.server.revision() + 1).to_string();
    let watch = bed.watch(Request::get(MAPS).with("resourceVersion", version));
    make(&mut bed, &["a", "b"]);
    assert_eq!(bed.events(watch), ["ADDED b"]);
}

#[test]
fn a_watch_of_one_name_shows_that_object_only() {
    let mut bed = Bed::new();
    let version = bed.server.revision().to_string();
    let watch = bed.watch(Request::get(MAPS).with("fieldSelector", "metadata.name=b").with("resourceVersion", version));
    make(&mut bed, &["a", "b"]);
    assert_eq!(bed.events(watch), ["ADDED b"]);
}

#[test]
fn bad_continue_tokens_are_refused() {
    let mut bed = Bed::new();
    let refusal = bed.expect(400, Request::get(MAPS).with("continue", "!"));
    assert!(refusal["message"].as_str().unwrap().starts_with("invalid continue token: "), "{refusal}");
}
