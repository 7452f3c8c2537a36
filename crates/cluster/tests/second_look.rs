//! The second look and the plan, on a cluster that changes between two looks.
#![allow(clippy::unwrap_used)] // A test program: its helpers may fail as its tests may.

mod support;

use api::slim::{Kind, Time};
use cluster::{DryRun, Outcome, apply, confirm, read};
use engine::repair::{Plan, plan};
use engine::{Certainty, Context};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use support::{Reply, Request, Server, no_such_resource, page_of, status};

const IP: &str = "/apis/kubeovn.io/v1/ips/p1.default.mv.default";
const POD: &str = "/api/v1/namespaces/default/pods/p1";

fn ip() -> Value {
    json!({"metadata": {"name": "p1.default.mv.default", "uid": "u-1", "resourceVersion": "7",
        "creationTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["kubeovn.io/kube-ovn-controller"]},
        "spec": {"podName": "p1", "namespace": "default", "subnet": "ext", "v4IpAddress": "172.17.0.9"}})
}

fn pod() -> Value {
    json!({"metadata": {"name": "p1", "namespace": "default", "uid": "p-1", "annotations": {
        "mv.default.kubernetes.io/allocated": "true", "mv.default.kubernetes.io/ip_address": "172.17.0.9"}},
        "status": {"phase": "Running"}})
}

fn subnet() -> Value {
    json!({"metadata": {"name": "ext"}, "spec": {"cidrBlock": "172.17.0.0/24", "gateway": "172.17.0.1", "provider": "mv.default",
        "excludeIps": ["172.17.0.1"]}})
}

fn nad() -> Value {
    json!({"metadata": {"name": "mv", "namespace": "default"}, "spec": {"config": "{\"type\":\"macvlan\",\"master\":\"eth1\"}"}})
}

/// A cluster whose pod list is empty; `single` answers reads by name and writes.
fn cluster(
    single: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |asked| match asked.path.as_str() {
        "/apis/kubeovn.io/v1/ips" => list(&[ip()]),
        "/apis/kubeovn.io/v1/subnets" => list(&[subnet()]),
        "/apis/k8s.cni.cncf.io/v1/network-attachment-definitions" => list(&[nad()]),
        path if path.contains("p1") => single(asked),
        _ => list(&[]),
    }
}

fn list(objects: &[Value]) -> Reply {
    page_of(objects, "", None)
}

fn not_found(asked: &Request) -> Reply {
    status(404, "NotFound", "not found", asked.path.rsplit('/').next().unwrap())
}

const NOW: fn() -> Time = || Time(1_800_000_000);

#[tokio::test]
async fn a_leak_that_is_still_there_is_proven() {
    let server =
        Server::start(cluster(|asked| if asked.path == IP { Reply::Json(200, ip()) } else { not_found(asked) })).await;
    let client = server.connect().await;
    let mut live = read(&client, &mut |_| {}, NOW).await;
    let confirmed = confirm(&client, &mut live, 60, &mut |_, _| {}).await;
    let ids: Vec<_> = confirmed.report.findings.iter().map(|f| (f.id.to_string(), f.certainty)).collect();
    assert_eq!(ids, [("leaked-ip:ips/p1.default.mv.default".to_owned(), Certainty::Proven)]);
    assert!(
        server.lines().iter().any(|call| call.ends_with(POD)),
        "the pod was asked for by name: {:?}",
        server.lines()
    );
}

#[tokio::test]
async fn a_leak_whose_pod_came_after_the_list_dissolves() {
    let server = Server::start(cluster(|asked| match asked.path.as_str() {
        IP => Reply::Json(200, ip()),
        POD => Reply::Json(200, pod()),
        _ => not_found(asked),
    }))
    .await;
    let client = server.connect().await;
    let mut live = read(&client, &mut |_| {}, NOW).await;
    let confirmed = confirm(&client, &mut live, 60, &mut |_, _| {}).await;
    assert!(confirmed.report.findings.is_empty(), "{:?}", confirmed.report.findings);
    assert_eq!(confirmed.dissolved, 1);
}

#[tokio::test]
async fn what_cannot_be_read_again_is_only_possible() {
    let server = Server::start(cluster(|asked| if asked.path == IP { Reply::Cut } else { not_found(asked) })).await;
    let client = server.connect().await;
    let mut live = read(&client, &mut |_| {}, NOW).await;
    let confirmed = confirm(&client, &mut live, 60, &mut |_, _| {}).await;
    assert_eq!(confirmed.report.findings[0].certainty, Certainty::Possible);
}

/// The plan for the cluster, and what becomes of it when the server then answers as given.
async fn applied(
    then: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    dry_run: DryRun,
) -> (Vec<Outcome>, Vec<Request>) {
    let phase = Arc::new(Mutex::new(0));
    let now = phase.clone();
    let single = move |asked: &Request| match (*now.lock().unwrap(), asked.path.as_str()) {
        (0, IP) => Reply::Json(200, ip()),
        (0, _) => not_found(asked),
        _ => then(asked),
    };
    let server = Server::start(cluster(single)).await;
    let client = server.connect().await;
    let mut live = read(&client, &mut |_| {}, NOW).await;
    let confirmed = confirm(&client, &mut live, 60, &mut |_, _| {}).await;
    let plan: Plan = plan(&Context::new(&confirmed.world), &confirmed.report);
    assert_eq!(plan.actions.len(), 1, "{plan:?}");
    *phase.lock().unwrap() = 1;
    server.forget_requests();
    let outcomes = apply(&client, &plan, dry_run, &mut |_, _| {}).await.outcomes;
    (outcomes, server.requests())
}

#[tokio::test]
async fn a_leak_is_deleted_with_preconditions_after_its_pod_was_looked_for_again() {
    let (outcomes, asked) = applied(released_after(2), DryRun::Off).await;
    assert_eq!(outcomes, [Outcome::Done]);
    let methods: Vec<_> = asked.iter().map(|a| (a.method.as_str(), a.path.as_str())).collect();
    assert_eq!(methods, [("GET", IP), ("GET", POD), ("DELETE", IP), ("GET", IP), ("GET", IP), ("GET", IP)]);
    assert_eq!(asked[2].json()["preconditions"], json!({"uid": "u-1", "resourceVersion": "7"}));
}

/// A server whose object is marked by its deletion, and gone when it was looked at so many times more.
fn released_after(looks: usize) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let left = Mutex::new(None);
    move |asked| {
        let mut left = left.lock().unwrap();
        match (asked.method.as_str(), asked.path.as_str(), *left) {
            ("DELETE", IP, _) => *left = Some(looks),
            ("GET", IP, Some(0)) => return not_found(asked),
            ("GET", IP, Some(more)) => *left = Some(more - 1),
            ("GET", IP, None) => {}
            _ => return not_found(asked),
        }
        let mut object = ip();
        if left.is_some() {
            object["metadata"]["deletionTimestamp"] = json!("2027-01-15T08:00:00Z");
        }
        Reply::Json(200, object)
    }
}

#[tokio::test]
async fn a_deletion_that_nobody_finishes_is_not_done() {
    let (outcomes, asked) = applied(released_after(usize::MAX), DryRun::Off).await;
    let [Outcome::Stopped(why)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert!(why.contains("still there") && why.contains("it waits for kubeovn.io/kube-ovn-controller"), "{why}");
    assert_eq!(asked.iter().filter(|a| a.method == "DELETE").count(), 1);
}

#[tokio::test]
async fn an_object_that_is_being_deleted_is_waited_for_and_not_deleted_again() {
    let going = released_after(1);
    let earlier = Request {
        method: "DELETE".to_owned(),
        path: IP.to_owned(),
        query: String::new(),
        headers: BTreeMap::new(),
        body: Vec::new(),
    };
    going(&earlier);
    let (outcomes, asked) = applied(going, DryRun::Off).await;
    assert_eq!(outcomes, [Outcome::Already]);
    assert!(asked.iter().all(|a| a.method == "GET"), "{asked:?}");
}

#[tokio::test]
async fn a_pod_that_came_back_stops_the_plan_before_any_write() {
    let then = |asked: &Request| if asked.path == IP { Reply::Json(200, ip()) } else { Reply::Json(200, pod()) };
    let (outcomes, asked) = applied(then, DryRun::Off).await;
    assert!(matches!(&outcomes[..], [Outcome::Stopped(why)] if why.contains("exists again")), "{outcomes:?}");
    assert!(asked.iter().all(|a| a.method == "GET"));
}

#[tokio::test]
async fn an_object_that_changed_meanwhile_stops_the_plan() {
    let then = |asked: &Request| {
        let mut changed = ip();
        changed["metadata"]["resourceVersion"] = json!("8");
        if asked.path == IP { Reply::Json(200, changed) } else { not_found(asked) }
    };
    let (outcomes, asked) = applied(then, DryRun::Off).await;
    assert!(matches!(&outcomes[..], [Outcome::Stopped(why)] if why.contains("was changed")), "{outcomes:?}");
    assert!(asked.iter().all(|a| a.method == "GET"));
}

#[tokio::test]
async fn a_plan_that_was_carried_out_already_changes_nothing() {
    let (outcomes, asked) = applied(not_found, DryRun::Off).await;
    assert_eq!(outcomes, [Outcome::Already]);
    assert_eq!(asked.len(), 1);
}

#[tokio::test]
async fn a_guard_that_cannot_be_read_stops_the_plan() {
    let then =
        |asked: &Request| if asked.path == IP { Reply::Json(200, ip()) } else { status(403, "Forbidden", "no", "") };
    let (outcomes, asked) = applied(then, DryRun::Off).await;
    assert!(matches!(&outcomes[..], [Outcome::Stopped(why)] if why.contains("403 Forbidden")), "{outcomes:?}");
    assert!(asked.iter().all(|a| a.method == "GET"));
}

#[tokio::test]
async fn a_dry_run_is_the_servers_own() {
    let then = |asked: &Request| if asked.path == IP { Reply::Json(200, ip()) } else { not_found(asked) };
    let (outcomes, asked) = applied(then, DryRun::Server).await;
    assert_eq!(outcomes, [Outcome::Done]);
    let delete = asked.iter().find(|a| a.method == "DELETE").unwrap();
    assert_eq!(delete.json()["dryRun"], json!(["All"]), "where a delete has a body, its query is not looked at");
}

#[tokio::test]
async fn a_whole_cluster_is_read_and_what_is_missing_is_said() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/apis/kubeovn.io/v1/ips" => list(&[ip()]),
        "/api/v1/pods" => status(403, "Forbidden", "no", ""),
        path if path.starts_with("/apis/kubevirt.io") => no_such_resource(),
        _ => list(&[]),
    })
    .await;
    let mut told = Vec::new();
    let live = read(&server.connect().await, &mut |progress| told.push((progress.kind, progress.objects)), NOW).await;
    let (world, unreadable) = live.world(60);
    assert_eq!(world.ips.len(), 1);
    assert!(!world.coverage.is_complete(Kind::Pod));
    assert!(world.coverage.is_complete(Kind::VirtualMachine) && world.coverage.is_complete(Kind::Subnet));
    assert_eq!(unreadable.len(), 1);
    assert_eq!(unreadable[0].path, "pods");
    assert_eq!(
        unreadable[0].reason,
        r#"it may not be listed: a ClusterRole with this rule would allow it: - {apiGroups: [""], resources: ["pods"], verbs: ["get", "list"]}"#
    );
    assert_eq!(told.last(), Some(&(Kind::Node, 1)), "the count is of all kinds");
}

#[tokio::test]
async fn what_an_expired_list_gave_is_not_in_the_world() {
    let mut begun = false;
    let server = Server::start(move |asked| match (asked.path.as_str(), asked.query.contains("continue")) {
        ("/apis/kubeovn.io/v1/ips", false) if begun => list(&[]),
        ("/apis/kubeovn.io/v1/ips", false) => {
            begun = true;
            page_of(&[ip()], "t", None)
        }
        ("/apis/kubeovn.io/v1/ips", true) => status(410, "Expired", "too old", ""),
        _ => list(&[]),
    })
    .await;
    let live = read(&server.connect().await, &mut |_| {}, NOW).await;
    assert_eq!(live.world(60).0.ips.len(), 0);
}
