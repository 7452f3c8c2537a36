//! No request panics, and what cannot be written changes nothing.
#![allow(clippy::unwrap_used, reason = "tests")]

use model::cluster::{
    collect_garbage, empty_namespaces, schedule, sync_deployments, sync_jobs, sync_replica_sets, sync_stateful_sets,
};
use model::{Body, Method, Options, Request, Server, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Words that mean something somewhere, so that random bodies reach deep.
const WORDS: &[&str] = &[
    "metadata",
    "name",
    "namespace",
    "spec",
    "status",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
    "uid",
    "resourceVersion",
    "generation",
    "deletionTimestamp",
    "containers",
    "nodeName",
    "versions",
    "schema",
    "type",
    "openAPIV3Schema",
    "properties",
    "items",
    "x-kubernetes-validations",
    "rule",
    "conditions",
    "replicas",
    "selector",
    "template",
    "matchLabels",
    "names",
    "kind",
    "apiVersion",
    "preconditions",
    "propagationPolicy",
    "group",
    "scope",
    "gracePeriodSeconds",
    "target",
    "data",
    "op",
    "path",
    "value",
    "storedVersions",
    "disruptedPods",
    "generateName",
];
const TEXTS: &[&str] = &[
    "",
    "a",
    "default",
    "x",
    "1",
    "-",
    "/metadata/name",
    "add",
    "remove",
    "self.a == oldSelf.a",
    "object",
    "v1",
    "test.io",
    "things",
    "Thing",
    "Namespaced",
    "orphan",
    "2026-01-01T00:00:00Z",
    "\u{e4}\u{0}",
    "(",
    "0",
];
const PATHS: &[&str] = &[
    "/api/v1/namespaces",
    "/api/v1/namespaces/default",
    "/api/v1/namespaces/x",
    "/api/v1/namespaces/x/finalize",
    "/api/v1/namespaces/default/pods",
    "/api/v1/namespaces/default/pods/a",
    "/api/v1/namespaces/default/pods/a/status",
    "/api/v1/namespaces/default/pods/a/binding",
    "/api/v1/namespaces/default/pods/a/eviction",
    "/api/v1/nodes",
    "/api/v1/nodes/a/status",
    "/api/v1/namespaces/default/configmaps/a",
    "/apis/apps/v1/namespaces/default/statefulsets",
    "/apis/apps/v1/namespaces/default/statefulsets/a",
    "/apis/apps/v1/namespaces/default/deployments/a/scale",
    "/apis/apps/v1/namespaces/default/deployments",
    "/apis/batch/v1/namespaces/default/jobs",
    "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
    "/apis/policy/v1/namespaces/default/poddisruptionbudgets/a/status",
    "/apis/coordination.k8s.io/v1/namespaces/default/leases/a",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.test.io",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.test.io/status",
    "/apis/test.io/v1/namespaces/default/things",
    "/apis/test.io/v1/namespaces/default/things/a",
    "/apis/test.io/v1/namespaces/default/things/a/status",
    "/apis/test.io/v1/things",
    "/apis",
    "",
    "//",
];
const PARAMS: &[&str] = &[
    "limit",
    "continue",
    "labelSelector",
    "fieldSelector",
    "resourceVersion",
    "resourceVersionMatch",
    "watch",
    "dryRun",
    "fieldValidation",
    "propagationPolicy",
    "gracePeriodSeconds",
    "sendInitialEvents",
    "allowWatchBookmarks",
    "force",
];
const TYPES: &[&str] = &[
    "application/json",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
    "application/strategic-merge-patch+json",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![any::<i64>(), -2..3_i64].prop_map(Value::from),
        Just(Value::from(u64::MAX)),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(TEXTS).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(WORDS).prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A workload of any kind: two templates, so that there is something to roll, and counts as large as they get.
fn workload() -> impl Strategy<Value = Value> {
    let counts = || prop::sample::select(vec![json!(1), json!(u64::MAX), json!("50%")]);
    (prop::sample::select(vec!["i", "j"]), counts(), counts(), counts()).prop_map(
        |(image, surge, unavailable, count)| {
            let template =
                json!({"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": image}]}});
            json!({"metadata": {"name": "a"}, "spec": {"replicas": 2, "completions": 1,
            "selector": {"matchLabels": {"app": "x"}}, "template": template,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}},
            "status": {"replicas": count, "readyReplicas": count, "succeeded": 0, "failed": count}})
        },
    )
}

/// Bodies that are right, so that there is something to damage.
fn good_body() -> impl Strategy<Value = Value> {
    let others = prop::sample::select(vec![
        json!({"metadata": {"name": "a", "finalizers": ["orphan"]}, "spec": {"containers": [{"name": "c", "image": "i"}]}}),
        json!({"metadata": {"name": "a"}, "target": {"name": "a"}, "deleteOptions": {}}),
        json!({"metadata": {"name": "x"}}),
        json!({"metadata": {"name": "things.test.io"}, "spec": {"group": "test.io", "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"}, "versions": [{"name": "v1", "served": true, "storage": true,
            "subresources": {"status": {}}, "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                "x-kubernetes-validations": [{"rule": "!has(self.a) || self.a == oldSelf.a"}]}}}}}]}}),
        json!({"apiVersion": "test.io/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"a": 1}}),
        json!([{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]),
    ]);
    prop_oneof![6 => others, 2 => workload()]
}

fn damage(at: &mut Value, way: &[prop::sample::Index], junk: Value) {
    let Some((step, rest)) = way.split_first() else {
        *at = junk;
        return;
    };
    match at {
        Value::Object(map) if !map.is_empty() => {
            let n = step.index(map.len());
            damage(map.values_mut().nth(n).unwrap(), rest, junk);
        }
        Value::Array(list) if !list.is_empty() => {
            let n = step.index(list.len());
            damage(&mut list[n], rest, junk);
        }
        _ => *at = junk,
    }
}

/// A good body with one part replaced by anything.
fn damaged_body() -> impl Strategy<Value = Value> {
    (good_body(), any_json(), prop::collection::vec(any::<prop::sample::Index>(), 0..5)).prop_map(
        |(mut body, junk, way)| {
            damage(&mut body, &way, junk);
            body
        },
    )
}

/// A request that fits: what the controllers work on is rarely made by chance.
fn workload_request() -> impl Strategy<Value = Request> {
    const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";
    const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
    const JOBS: &str = "/apis/batch/v1/namespaces/default/jobs";
    let kind = prop::sample::select(vec![SETS, DEPLOYMENTS, JOBS]);
    (0..4, kind, workload()).prop_map(|(act, path, body)| match act {
        0 => Request::post(path, body),
        1 => Request::put(format!("{path}/a"), body),
        2 => Request::merge_patch(format!("{path}/a/status"), body),
        _ => Request::delete("/api/v1/namespaces/default/pods"),
    })
}

fn any_request() -> impl Strategy<Value = Request> {
    prop_oneof![3 => random_request(), 1 => workload_request()]
}

fn random_request() -> impl Strategy<Value = Request> {
    let methods = prop::sample::select(vec![Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete]);
    let body = prop_oneof![good_body(), good_body(), damaged_body(), any_json()];
    let params = prop::collection::vec(
        (
            prop::sample::select(PARAMS),
            prop_oneof![
                prop::sample::select(TEXTS).prop_map(str::to_owned),
                prop::sample::select(vec!["true", "All", "Exact", "NotOlderThan", "Strict", "a in (b,", "x=1,y!=2"])
                    .prop_map(str::to_owned),
                any::<u64>().prop_map(|n| n.to_string()),
            ],
        ),
        0..2,
    );
    (methods, prop::sample::select(PATHS), prop::option::weighted(0.8, body), params, prop::sample::select(TYPES))
        .prop_map(|(method, path, body, params, content_type)| {
            let mut request = Request::new(method, path);
            request.body = body;
            request.content_type = content_type.to_owned();
            params.into_iter().fold(request, |r, (k, v)| r.with(k, v))
        })
}

/// So many requests between two looks of the controllers.
const CONTROLLED: usize = 5;

fn control(server: &mut Server, now: Timestamp) {
    collect_garbage(server, now);
    empty_namespaces(server, now);
    server.finalize_definitions(now);
    schedule(server, now);
    sync_deployments(server, now);
    sync_replica_sets(server, now);
    sync_stateful_sets(server, now);
    sync_jobs(server, now);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_requests_panics_and_refusals_write_nothing(
        requests in prop::collection::vec(any_request(), 1..40),
    ) {
        let mut server = Server::new(1, Options { history: 20, ..Options::default() });
        let mut watches = Vec::new();
        for (i, request) in requests.into_iter().enumerate() {
            let now = Timestamp::from_secs(i64::try_from(i).unwrap());
            let before = server.revision();
            // A delete with a body takes its options from there alone.
            let dry = request.param("dryRun").is_some() && (request.method != Method::Delete || request.body.is_none());
            let collection = request.method == Method::Delete;
            let response = server.handle(request, now);
            if let Body::Watch(id) = response.body {
                watches.push(id);
            }
            if (response.code >= 400 && !collection) || dry {
                prop_assert_eq!(server.revision(), before, "a refused or dry request wrote something");
            }
            for id in &watches {
                server.poll(*id);
            }
            if i % CONTROLLED == 0 {
                control(&mut server, now);
            }
        }
        for _ in 0..3 {
            control(&mut server, Timestamp::from_secs(1000));
        }
    }

    /// A watch from the beginning, applied to nothing, gives what a list shows.
    #[test]
    fn watches_and_lists_tell_the_same_story(requests in prop::collection::vec(any_request(), 1..60)) {
        let mut server = Server::new(1, Options::default());
        let path = "/api/v1/namespaces/default/configmaps";
        let watch = match server.handle(Request::get(path).with("watch", "true"), Timestamp::default()).body {
            Body::Watch(id) => id,
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        let mut seen = std::collections::BTreeMap::new();
        for (i, mut request) in requests.into_iter().enumerate() {
            if request.path.ends_with("pods/a") {
                request.path = format!("{path}/a");
            } else if request.path.ends_with("pods") {
                path.clone_into(&mut request.path);
            }
            server.handle(request, Timestamp::from_secs(i64::try_from(i).unwrap()));
            for event in server.poll(watch) {
                let name = event.object["metadata"]["name"].as_str().unwrap_or("").to_owned();
                match event.kind.as_str() {
                    "DELETED" => { seen.remove(&name); }
                    _ => { seen.insert(name, (*event.object).clone()); }
                }
            }
        }
        let list = server.objects("", "configmaps");
        prop_assert_eq!(seen.into_values().collect::<Vec<_>>(), list.iter().map(|o| (**o).clone()).collect::<Vec<_>>());
    }
}
