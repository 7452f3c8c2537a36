//! What controllers are put through.

use serde_json::{Value, json};

use super::{Act, Story};
use crate::step::Step;

const SETS: &str = "/apis/apps/v1/namespaces/<ns>/statefulsets";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/<ns>/deployments";
const REPLICA_SETS: &str = "/apis/apps/v1/namespaces/<ns>/replicasets";
const JOBS: &str = "/apis/batch/v1/namespaces/<ns>/jobs";
const PODS: &str = "/api/v1/namespaces/<ns>/pods";
const MAPS: &str = "/api/v1/namespaces/<ns>/configmaps";

fn send(step: Step) -> Act {
    Act::Send(Box::new(step))
}

fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "a"}}, "spec": {"terminationGracePeriodSeconds": 0,
        "containers": [{"name": "c", "image": image}]}})
}

fn stateful_set(change: fn(&mut Value)) -> Act {
    let mut set = json!({"metadata": {"name": "web"}, "spec": {"replicas": 2, "serviceName": "web",
        "selector": {"matchLabels": {"app": "a"}}, "template": template("x:1")}});
    change(&mut set["spec"]);
    send(Step::post(SETS, set))
}

fn replica_set(replicas: u8) -> Act {
    let spec = json!({"replicas": replicas, "selector": {"matchLabels": {"app": "a"}}, "template": template("x:1")});
    send(Step::post(REPLICA_SETS, json!({"metadata": {"name": "rs"}, "spec": spec})))
}

fn deployment(change: fn(&mut Value)) -> Act {
    let mut spec = json!({"replicas": 2, "selector": {"matchLabels": {"app": "a"}}, "template": template("x:1")});
    change(&mut spec);
    send(Step::post(DEPLOYMENTS, json!({"metadata": {"name": "dep"}, "spec": spec})))
}

fn job(change: fn(&mut Value)) -> Act {
    let mut spec = json!({"backoffLimit": 1, "template": template("x:1")});
    spec["template"]["spec"]["restartPolicy"] = json!("Never");
    change(&mut spec);
    send(Step::post(JOBS, json!({"metadata": {"name": "job"}, "spec": spec})))
}

fn merge(collection: &str, name: &str, patch: Value) -> Act {
    send(Step::merge(format!("{collection}/{name}"), patch))
}

fn delete(collection: &str, name: &str, policy: &str) -> Act {
    send(Step::delete(format!("{collection}/{name}")).with("propagationPolicy", policy))
}

/// Every pod runs and is ready.
const READY: Act = Act::EachPod("", |name| {
    let ready = json!({"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    Step::merge(format!("{PODS}/{name}/status"), json!({"status": {"phase": "Running", "conditions": [ready]}}))
});
const SUCCEED: Act = Act::EachPod("", |name| finish(name, "Succeeded"));
const FAIL: Act = Act::EachPod("", |name| finish(name, "Failed"));
/// Every pod gets a finalizer, so that its deletion takes until that is gone.
const HOLD: Act =
    Act::EachPod("", |name| Step::merge(format!("{PODS}/{name}"), json!({"metadata": {"finalizers": ["a.io/x"]}})));

fn finish(name: &str, phase: &str) -> Step {
    Step::merge(format!("{PODS}/{name}/status"), json!({"status": {"phase": phase}}))
}

fn free(pod: &str) -> Act {
    merge(PODS, pod, json!({"metadata": {"finalizers": null}}))
}

fn owned_map(policy: &'static str) -> Vec<Act> {
    let map = |name: &str| json!({"metadata": {"name": name}});
    let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "<uid owner>", "blockOwnerDeletion": true});
    let mut owned = map("owned");
    owned["metadata"]["ownerReferences"] = json!([owner]);
    let mut held = map("held");
    held["metadata"]["ownerReferences"] = owned["metadata"]["ownerReferences"].clone();
    held["metadata"]["finalizers"] = json!(["a.io/x"]);
    vec![
        send(Step::post(MAPS, map("owner")).save("owner")),
        send(Step::post(MAPS, owned)),
        send(Step::post(MAPS, held)),
        delete(MAPS, "owner", policy),
        Act::Settle,
        merge(MAPS, "held", json!({"metadata": {"finalizers": null}})),
        Act::Settle,
    ]
}

/// One names an owner of another life, one its UID by another name, and one a kind that there is not.
fn misled_maps() -> Vec<Act> {
    let owned = |name: &str, owner: Value| json!({"metadata": {"name": name, "ownerReferences": [owner]}});
    let owner = |name: &str, uid: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid});
    let unknown = json!({"apiVersion": "nobody.io/v1", "kind": "Unknown", "name": "owner", "uid": "<uid owner>"});
    vec![
        send(Step::post(MAPS, json!({"metadata": {"name": "owner"}})).save("owner")),
        send(Step::post(MAPS, owned("of-another-life", owner("owner", "7d5a0b52-6d0c-4a52-9c6e-0d4f6f0f3a11")))),
        send(Step::post(MAPS, owned("of-another-name", owner("other", "<uid owner>")))),
        send(Step::post(MAPS, owned("of-an-unknown-kind", unknown))),
        Act::Settle,
    ]
}

/// All stories.
#[must_use]
pub fn all() -> Vec<Story> {
    [stateful_sets(), replicas(), jobs(), others()].into_iter().flatten().collect()
}

fn stateful_sets() -> Vec<Story> {
    vec![
        Story {
            name: "a stateful set starts its pods one after the other",
            acts: vec![stateful_set(|_| ()), Act::Settle, READY, Act::Settle, READY, Act::Settle],
        },
        Story {
            name: "a parallel stateful set starts all at once",
            acts: vec![stateful_set(|spec| spec["podManagementPolicy"] = json!("Parallel")), Act::Settle],
        },
        Story {
            name: "ordinals start where they are told to",
            acts: vec![
                stateful_set(|spec| {
                    spec["podManagementPolicy"] = json!("Parallel");
                    spec["ordinals"] = json!({"start": 5});
                }),
                Act::Settle,
                merge(SETS, "web", json!({"spec": {"ordinals": {"start": 4}}})),
                Act::Settle,
            ],
        },
        Story {
            name: "a stateful set shrinks from the top and grows again",
            acts: vec![
                stateful_set(|spec| {
                    spec["podManagementPolicy"] = json!("Parallel");
                    spec["replicas"] = json!(3);
                }),
                Act::Settle,
                READY,
                merge(SETS, "web", json!({"spec": {"replicas": 1}})),
                Act::Settle,
                merge(SETS, "web", json!({"spec": {"replicas": 2}})),
                Act::Settle,
                merge(SETS, "web", json!({"spec": {"replicas": 0}})),
                Act::Settle,
            ],
        },
        Story {
            name: "a deleted pod of a stateful set comes again under its name",
            acts: vec![
                stateful_set(|_| ()),
                Act::Settle,
                READY,
                Act::Settle,
                READY,
                send(Step::delete(format!("{PODS}/web-0"))),
                Act::Settle,
            ],
        },
        Story {
            name: "a pod that is slow to go keeps its successor waiting",
            acts: vec![
                stateful_set(|spec| spec["podManagementPolicy"] = json!("Parallel")),
                Act::Settle,
                HOLD,
                send(Step::delete(format!("{PODS}/web-0"))),
                Act::Settle,
                free("web-0"),
                Act::Settle,
            ],
        },
        Story {
            name: "a failed pod of a stateful set is made again",
            acts: vec![stateful_set(|_| ()), Act::Settle, FAIL, Act::Settle],
        },
        Story {
            name: "a finished pod of a stateful set is made again",
            acts: vec![stateful_set(|_| ()), Act::Settle, SUCCEED, Act::Settle],
        },
        Story {
            name: "a new template rolls from the top when pods are ready",
            acts: vec![
                stateful_set(|spec| spec["podManagementPolicy"] = json!("Parallel")),
                Act::Settle,
                READY,
                Act::Settle,
                merge(SETS, "web", json!({"spec": {"template": template("x:2")}})),
                Act::Settle,
                READY,
                Act::Settle,
                READY,
                Act::Settle,
            ],
        },
        Story {
            name: "a set that updates on delete leaves its pods alone",
            acts: vec![
                stateful_set(|spec| {
                    spec["podManagementPolicy"] = json!("Parallel");
                    spec["updateStrategy"] = json!({"type": "OnDelete"});
                }),
                Act::Settle,
                READY,
                merge(SETS, "web", json!({"spec": {"template": template("x:2")}})),
                Act::Settle,
                send(Step::delete(format!("{PODS}/web-1"))),
                Act::Settle,
            ],
        },
        Story {
            name: "orphans of a stateful set are adopted by its successor",
            acts: vec![
                stateful_set(|spec| spec["podManagementPolicy"] = json!("Parallel")),
                Act::Settle,
                delete(SETS, "web", "Orphan"),
                Act::Settle,
                stateful_set(|spec| {
                    spec["podManagementPolicy"] = json!("Parallel");
                    spec["replicas"] = json!(3);
                }),
                Act::Settle,
            ],
        },
        Story {
            name: "a deleted stateful set takes its pods with it",
            acts: vec![
                stateful_set(|spec| spec["podManagementPolicy"] = json!("Parallel")),
                Act::Settle,
                delete(SETS, "web", "Background"),
                Act::Settle,
            ],
        },
    ]
}

fn replicas() -> Vec<Story> {
    vec![
        Story {
            name: "a replica set keeps the number of its pods",
            acts: vec![
                replica_set(2),
                Act::Settle,
                FAIL,
                Act::Settle,
                merge(REPLICA_SETS, "rs", json!({"spec": {"replicas": 1}})),
                Act::Settle,
            ],
        },
        Story {
            name: "a replica set does not wait for pods that are slow to go",
            acts: vec![replica_set(2), Act::Settle, HOLD, send(Step::delete(PODS)), Act::Settle],
        },
        Story {
            name: "a replica set adopts and lets go by labels",
            acts: vec![
                send(Step::post(
                    PODS,
                    json!({"metadata": {"name": "stray", "labels": {"app": "a"}}, "spec": template("x:1")["spec"]}),
                )),
                replica_set(2),
                Act::Settle,
                merge(PODS, "stray", json!({"metadata": {"labels": {"app": "b"}}})),
                Act::Settle,
            ],
        },
        Story {
            name: "a deployment rolls within its surge",
            acts: vec![
                deployment(|_| ()),
                Act::Settle,
                READY,
                Act::Settle,
                merge(DEPLOYMENTS, "dep", json!({"spec": {"template": template("x:2")}})),
                Act::Settle,
                READY,
                Act::Settle,
                READY,
                Act::Settle,
            ],
        },
        Story {
            name: "a recreating deployment stops first",
            acts: vec![
                deployment(|spec| spec["strategy"] = json!({"type": "Recreate"})),
                Act::Settle,
                READY,
                HOLD,
                merge(DEPLOYMENTS, "dep", json!({"spec": {"template": template("x:2")}})),
                Act::Settle,
            ],
        },
        Story {
            name: "a deployment is scaled and deleted",
            acts: vec![
                deployment(|_| ()),
                Act::Settle,
                merge(DEPLOYMENTS, "dep", json!({"spec": {"replicas": 1}})),
                Act::Settle,
                delete(DEPLOYMENTS, "dep", "Foreground"),
                Act::Settle,
            ],
        },
        Story {
            name: "a deployment takes over what the one before it left",
            acts: vec![
                deployment(|_| ()),
                Act::Settle,
                delete(DEPLOYMENTS, "dep", "Orphan"),
                Act::Settle,
                deployment(|spec| spec["replicas"] = json!(3)),
                Act::Settle,
            ],
        },
        Story {
            name: "a deployment lets go what its selector does not select any more",
            acts: vec![
                deployment(|_| ()),
                Act::Settle,
                Act::EachPod("", |pod| {
                    let set = pod.rsplit_once('-').map_or(pod, |(set, _)| set);
                    Step::merge(format!("{REPLICA_SETS}/{set}"), json!({"metadata": {"labels": {"app": "b"}}}))
                }),
                Act::Settle,
            ],
        },
    ]
}

fn jobs() -> Vec<Story> {
    vec![
        Story { name: "a job runs to its completion", acts: vec![job(|_| ()), Act::Settle, SUCCEED, Act::Settle] },
        Story {
            name: "a job runs as many as it may at once",
            acts: vec![
                job(|spec| {
                    spec["completions"] = json!(3);
                    spec["parallelism"] = json!(2);
                }),
                Act::Settle,
                SUCCEED,
                Act::Settle,
                SUCCEED,
                Act::Settle,
            ],
        },
        Story {
            name: "a deleted job takes its pods with it",
            acts: vec![job(|_| ()), Act::Settle, delete(JOBS, "job", "Background"), Act::Settle],
        },
    ]
}

fn others() -> Vec<Story> {
    let mut held = json!({"metadata": {"name": "held", "finalizers": ["a.io/x"]}});
    held["data"] = json!({"a": "1"});
    vec![
        Story { name: "dependents go after their owner", acts: owned_map("Background") },
        Story { name: "dependents go before their owner", acts: owned_map("Foreground") },
        Story { name: "dependents stay without their owner", acts: owned_map("Orphan") },
        Story { name: "dependents of an owner that is not the one they name", acts: misled_maps() },
        Story {
            name: "a namespace ends when all in it has ended",
            acts: vec![
                stateful_set(|spec| spec["podManagementPolicy"] = json!("Parallel")),
                send(Step::post(MAPS, held)),
                Act::Settle,
                send(Step::delete("/api/v1/namespaces/<ns>")),
                Act::Settle,
                merge(MAPS, "held", json!({"metadata": {"finalizers": null}})),
                Act::Settle,
            ],
        },
    ]
}
