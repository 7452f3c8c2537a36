//! Pods: what may change, grace, binding, eviction; workloads' own rules.

use serde_json::{Value, json};

use crate::step::{Step, Story};

const PODS: &str = "/api/v1/namespaces/<ns>/pods";

fn pod(name: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "busybox"}]}})
}

fn bound(name: &str) -> Value {
    let mut pod = pod(name);
    pod["spec"]["nodeName"] = json!("n1");
    pod
}

pub(super) fn stories() -> Vec<Story> {
    let p = format!("{PODS}/p");
    vec![
        Story {
            name: "a new pod is pending",
            steps: vec![
                Step::post(PODS, pod("p")),
                Step::get(&p),
                Step::post(PODS, json!({"metadata": {"name": "q"}, "spec": {"containers": []}})),
                Step::post(PODS, json!({"metadata": {"name": "q"}, "spec": {"containers": [{"name": "c"}]}})),
                Step::post(PODS, json!({"metadata": {"name": "q"}, "spec": {"containers": [{"image": "x"}]}})),
                Step::merge(&p, json!({"metadata": {"labels": {"x": "1"}, "annotations": {"y": "2"}}})),
                Step::get(PODS).with("fieldSelector", "spec.nodeName="),
                Step::get(PODS).with("fieldSelector", "status.phase=Pending"),
            ],
        },
        Story {
            name: "a bound pod is deleted in two steps",
            steps: vec![
                Step::post(PODS, bound("p")).save("p"),
                Step::merge(
                    format!("{p}/status"),
                    json!({"status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]}}),
                ),
                Step::delete(&p),
                Step::delete(&p),
                Step::delete(&p).with("gracePeriodSeconds", "40"),
                Step::delete(&p).with("gracePeriodSeconds", "5"),
                Step::delete(&p).with_body(json!({"gracePeriodSeconds": 0, "preconditions": {"uid": "other"}})),
                Step::delete(&p).with_body(json!({"gracePeriodSeconds": 0, "preconditions": {"uid": "<uid p>"}})),
                Step::get(&p),
                Step::watch(PODS, "end").with("resourceVersion", "<rv p>").with("timeoutSeconds", "1"),
            ],
        },
        Story {
            name: "unbound and finished pods go at once",
            steps: vec![
                Step::post(PODS, pod("p")),
                Step::delete(&p),
                Step::get(&p),
                Step::post(PODS, bound("q")),
                Step::merge(format!("{PODS}/q/status"), json!({"status": {"phase": "Succeeded"}})),
                Step::delete(format!("{PODS}/q")),
                Step::get(format!("{PODS}/q")),
                Step::post(
                    PODS,
                    json!({"metadata": {"name": "r", "finalizers": ["a.io/x"]}, "spec": {"nodeName": "n1", "terminationGracePeriodSeconds": 7, "containers": [{"name": "c", "image": "x:1"}]}}),
                ),
                Step::delete(format!("{PODS}/r")).with("gracePeriodSeconds", "0"),
                Step::merge(format!("{PODS}/r"), json!({"metadata": {"finalizers": null}})),
                Step::get(format!("{PODS}/r")),
            ],
        },
        Story {
            name: "a pod is bound once",
            steps: vec![
                Step::post(PODS, pod("p")).save("p"),
                Step::post(
                    format!("{p}/binding"),
                    json!({"metadata": {"name": "p"}, "target": {"kind": "Node", "name": ""}}),
                ),
                Step::post(
                    format!("{p}/binding"),
                    json!({"metadata": {"name": "p", "uid": "other"}, "target": {"kind": "Node", "name": "n1"}}),
                ),
                Step::post(
                    format!("{p}/binding"),
                    json!({"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n1"}}),
                ),
                Step::post(
                    format!("{p}/binding"),
                    json!({"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n2"}}),
                ),
                Step::post(
                    format!("{PODS}/none/binding"),
                    json!({"metadata": {"name": "none"}, "target": {"kind": "Node", "name": "n2"}}),
                ),
                Step::get(&p),
            ],
        },
        Story {
            name: "a spec of a pod hardly changes",
            steps: vec![
                Step::post(PODS, pod("p")),
                Step::json_patch(
                    &p,
                    json!([{"op": "replace", "path": "/spec/containers/0/image", "value": "other:1"}]),
                ),
                Step::merge(&p, json!({"spec": {"activeDeadlineSeconds": 10}})),
                Step::merge(&p, json!({"spec": {"nodeName": "n1"}})),
                Step::merge(&p, json!({"status": {"phase": "Running"}})),
                Step::merge(
                    format!("{p}/status"),
                    json!({"spec": {"nodeName": "n1"}, "status": {"phase": "Running"}, "metadata": {"labels": {"x": "1"}}}),
                ),
            ],
        },
        Story {
            name: "eviction asks the budget",
            steps: vec![
                Step::post(
                    PODS,
                    json!({"metadata": {"name": "p", "labels": {"app": "a"}}, "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "x:1"}]}}),
                ),
                Step::merge(
                    format!("{p}/status"),
                    json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}),
                ),
                Step::post(
                    "/apis/policy/v1/namespaces/<ns>/poddisruptionbudgets",
                    json!({"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "a"}}}}),
                ),
                Step::post(
                    format!("{p}/eviction"),
                    json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}),
                ),
                Step::merge(
                    "/apis/policy/v1/namespaces/<ns>/poddisruptionbudgets/b/status",
                    json!({"status": {"observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1}}),
                ),
                Step::post(
                    format!("{p}/eviction"),
                    json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}),
                ),
                Step::merge(
                    "/apis/policy/v1/namespaces/<ns>/poddisruptionbudgets/b/status",
                    json!({"status": {"disruptionsAllowed": 1}}),
                ),
                Step::post(
                    format!("{p}/eviction"),
                    json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}),
                ),
                Step::get(&p),
                Step::post(
                    format!("{PODS}/none/eviction"),
                    json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "none"}}),
                ),
            ],
        },
        Story {
            name: "workloads are checked and scaled",
            steps: vec![
                Step::post("/apis/apps/v1/namespaces/<ns>/statefulsets", set("s", "a")),
                Step::post("/apis/apps/v1/namespaces/<ns>/statefulsets", set("t", "b")),
                Step::merge("/apis/apps/v1/namespaces/<ns>/statefulsets/s", json!({"spec": {"serviceName": "other"}})),
                Step::merge("/apis/apps/v1/namespaces/<ns>/statefulsets/s", json!({"spec": {"replicas": 3}})),
                Step::merge("/apis/apps/v1/namespaces/<ns>/statefulsets/s", json!({"spec": {"replicas": -1}})),
                Step::get("/apis/apps/v1/namespaces/<ns>/statefulsets/s/scale"),
                Step::merge("/apis/apps/v1/namespaces/<ns>/statefulsets/s/scale", json!({"spec": {"replicas": 5}})),
                Step::get("/apis/apps/v1/namespaces/<ns>/statefulsets/s"),
                Step::delete("/apis/apps/v1/namespaces/<ns>/statefulsets/s").with("propagationPolicy", "Orphan"),
            ],
        },
    ]
}

fn set(name: &str, label: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {"replicas": 2, "serviceName": "x", "selector": {"matchLabels": {"app": "a"}},
        "template": {"metadata": {"labels": {"app": label}}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}}}})
}
