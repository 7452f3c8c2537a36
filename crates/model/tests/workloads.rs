//! Scheduler, kubelet and workload controllers in stories. Page: docs/api-model/cluster.md.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "tests")]

mod common;
use common::*;
use model::Request;
use model::cluster::{
    Kubelet, WireEvent, collect_garbage, schedule, settle, sync_deployments, sync_jobs, sync_replica_sets,
    sync_stateful_sets,
};
use serde_json::{Value, json};

struct Cluster {
    bed: Bed,
    kubelets: Vec<Kubelet>,
    /// What the wire saw, as `node action pod`.
    wire: Vec<String>,
}

impl Cluster {
    fn new(nodes: usize) -> Self {
        let mut bed = Bed::new();
        let kubelets = (1..=nodes).map(|i| Kubelet::register(&mut bed.server, &format!("n{i}"), bed.now)).collect();
        Self { bed, kubelets, wire: Vec::new() }
    }

    /// Runs everything until nothing changes.
    fn settle(&mut self) {
        let now = self.bed.now;
        for _ in 0..1000 {
            let before = self.bed.server.revision();
            settle(
                &mut self.bed.server,
                now,
                &mut [
                    &mut sync_deployments,
                    &mut sync_replica_sets,
                    &mut sync_stateful_sets,
                    &mut sync_jobs,
                    &mut schedule,
                    &mut collect_garbage,
                ],
            );
            let acted = self.run_kubelets(usize::MAX);
            if !acted && self.bed.server.revision() == before {
                return;
            }
        }
        panic!("the cluster never came to rest");
    }

    /// At most `steps` actions on every node.
    fn run_kubelets(&mut self, steps: usize) -> bool {
        let (now, mut acted) = (self.bed.now, false);
        for kubelet in &mut self.kubelets {
            kubelet.observe(&self.bed.server);
            for _ in 0..steps {
                let Some(events) = kubelet.step(&mut self.bed.server, now) else { break };
                acted = true;
                self.wire.extend(events.iter().map(|e| match e {
                    WireEvent::Add(s) => format!("add {}", s.name),
                    WireEvent::Release(s) => format!("release {}", s.name),
                    WireEvent::LinkGone(s) => format!("gone {}", s.name),
                }));
            }
        }
        acted
    }

    fn pods(&mut self) -> Vec<Value> {
        self.bed.get(PODS)["items"].as_array().unwrap().clone()
    }

    fn names(&mut self) -> Vec<String> {
        self.pods().iter().map(|p| p["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }
}

fn template() -> Value {
    json!({"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "busybox"}]}})
}

fn workload(kind: &str, replicas: u64) -> Value {
    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "w"},
        "spec": {"replicas": replicas, "serviceName": "w", "selector": {"matchLabels": {"app": "x"}}, "template": template()}})
}

const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const JOBS: &str = "/apis/batch/v1/namespaces/default/jobs";

fn stateful(replicas: u64) -> Cluster {
    let mut cluster = Cluster::new(2);
    cluster.bed.expect(201, Request::post(SETS, workload("StatefulSet", replicas)));
    cluster.settle();
    cluster
}

#[test]
fn pods_are_spread_run_and_ready() {
    let mut cluster = Cluster::new(2);
    for name in ["a", "b"] {
        cluster.bed.expect(201, Request::post(PODS, pod(name)));
    }
    cluster.settle();
    let pods = cluster.pods();
    assert_eq!(pods.iter().map(|p| p["spec"]["nodeName"].clone()).collect::<Vec<_>>(), ["n1", "n2"]);
    assert!(pods.iter().all(|p| p["status"]["phase"] == "Running"));
}

#[test]
fn a_pod_without_a_node_for_it_is_told_so() {
    let mut cluster = Cluster::new(1);
    let mut picky = pod("p");
    picky["spec"]["nodeSelector"] = json!({"disk": "ssd"});
    cluster.bed.expect(201, Request::post(PODS, picky));
    cluster.settle();
    let pod = &cluster.pods()[0];
    assert_eq!(pod["status"]["conditions"][0]["reason"], "Unschedulable");
    cluster.bed.expect(200, Request::merge_patch("/api/v1/nodes/n1", json!({"metadata": {"labels": {"disk": "ssd"}}})));
    cluster.settle();
    assert_eq!(cluster.pods()[0]["spec"]["nodeName"], "n1");
}

#[test]
fn a_deleted_pod_leaves_the_wire_in_order_and_the_api_last() {
    let mut cluster = Cluster::new(1);
    cluster.bed.expect(201, Request::post(PODS, pod("p")));
    cluster.settle();
    cluster.bed.expect(200, Request::delete(format!("{PODS}/p")));
    let mut seen = Vec::new();
    while cluster.run_kubelets(1) {
        let there = cluster.bed.send(Request::get(format!("{PODS}/p"))).code == 200;
        seen.push((cluster.wire.last().unwrap().clone(), there));
    }
    let at = |what: &str| seen.iter().position(|(w, _)| w == what).unwrap();
    assert!(at("release p") < at("gone p"), "{seen:?}");
    assert!(seen.iter().filter(|(w, _)| w == "release p").all(|(_, there)| *there), "{seen:?}");
    assert!(!seen.last().unwrap().1);
}

#[test]
fn a_force_deleted_pods_sandbox_outlives_its_object() {
    let mut cluster = Cluster::new(1);
    cluster.bed.expect(201, Request::post(PODS, pod("p")));
    cluster.settle();
    cluster.bed.expect(200, Request::delete(format!("{PODS}/p")).with("gracePeriodSeconds", "0"));
    cluster.bed.expect(404, Request::get(format!("{PODS}/p")));
    assert_eq!(cluster.kubelets[0].links().count(), 1);
    cluster.settle();
    assert_eq!(cluster.kubelets[0].links().count(), 0);
    assert_eq!(cluster.wire, ["add p", "release p", "gone p"]);
}

#[test]
fn an_add_may_start_after_the_pod_was_deleted() {
    let mut cluster = Cluster::new(1);
    cluster.bed.expect(201, Request::post(PODS, pod("p")));
    schedule(&mut cluster.bed.server, cluster.bed.now);
    cluster.kubelets[0].observe(&cluster.bed.server);
    cluster.bed.expect(200, Request::delete(format!("{PODS}/p")).with("gracePeriodSeconds", "0"));
    let events = cluster.kubelets[0].step(&mut cluster.bed.server, cluster.bed.now).unwrap();
    assert!(matches!(events.as_slice(), [WireEvent::Add(s)] if s.name == "p"), "{events:?}");
}

#[test]
fn a_node_that_is_cut_off_goes_on_running() {
    let mut cluster = stateful(1);
    let node = cluster.pods()[0]["spec"]["nodeName"].clone();
    let cut = usize::from(node == "n2");
    cluster.kubelets[cut].set_connected(false);
    // What the node lifecycle controller writes after a while.
    let lost = json!({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}});
    cluster.bed.expect(200, Request::merge_patch(format!("/api/v1/nodes/n{}/status", cut + 1), lost));
    cluster.bed.expect(200, Request::delete(format!("{PODS}/w-0")));
    cluster.settle();
    // Marked, not gone; no successor of that name.
    assert!(cluster.pods()[0]["metadata"].get("deletionTimestamp").is_some());
    assert_eq!(cluster.kubelets[cut].links().count(), 1);
    cluster.bed.expect(200, Request::delete(format!("{PODS}/w-0")).with("gracePeriodSeconds", "0"));
    cluster.settle();
    let links: usize = cluster.kubelets.iter().map(|k| k.links().filter(|l| l.name == "w-0").count()).sum();
    assert_eq!(links, 2, "two sandboxes of one name, one of them unknown to the API");
    cluster.kubelets[cut].set_connected(true);
    cluster.settle();
    assert_eq!(cluster.kubelets[cut].links().count(), 0);
    let links: usize = cluster.kubelets.iter().map(|k| k.links().count()).sum();
    assert_eq!(links, 1);
}

#[test]
fn a_crashed_kubelet_finds_its_sandboxes_again() {
    let mut cluster = stateful(1);
    cluster.kubelets.iter_mut().for_each(Kubelet::crash);
    cluster.bed.expect(200, Request::delete(format!("{PODS}/w-0")));
    cluster.settle();
    assert!(cluster.pods()[0]["metadata"].get("deletionTimestamp").is_some());
    let server = &cluster.bed.server;
    cluster.kubelets.iter_mut().for_each(|k| k.restart(server));
    cluster.settle();
    assert!(cluster.pods()[0]["metadata"].get("deletionTimestamp").is_none());
}

#[test]
fn a_lost_sandbox_is_replaced_for_the_same_pod() {
    let mut cluster = Cluster::new(1);
    cluster.bed.expect(201, Request::post(PODS, pod("p")));
    cluster.settle();
    let uid = cluster.pods()[0]["metadata"]["uid"].as_str().unwrap().to_owned();
    cluster.kubelets[0].lose_sandbox(&uid);
    cluster.settle();
    assert_eq!(cluster.wire, ["add p", "release p", "gone p", "add p"]);
    assert_eq!(cluster.pods()[0]["metadata"]["uid"], json!(uid));
}

#[test]
fn a_stateful_set_grows_in_order_and_shrinks_from_the_top() {
    let mut cluster = stateful(3);
    assert_eq!(cluster.names(), ["w-0", "w-1", "w-2"]);
    assert_eq!(cluster.wire, ["add w-0", "add w-1", "add w-2"]);
    cluster.bed.expect(200, Request::merge_patch(format!("{SETS}/w"), json!({"spec": {"replicas": 1}})));
    cluster.settle();
    assert_eq!(cluster.names(), ["w-0"]);
    let releases: Vec<_> = cluster.wire.iter().filter(|w| w.starts_with("release")).cloned().collect();
    assert_eq!(releases, ["release w-2", "release w-1"]);
}

#[test]
fn an_ordinal_comes_back_under_its_name_only_after_its_predecessor_is_gone() {
    let mut cluster = stateful(1);
    let before = cluster.pods()[0]["metadata"]["uid"].clone();
    cluster.bed.expect(200, Request::delete(format!("{PODS}/w-0")));
    sync_stateful_sets(&mut cluster.bed.server, cluster.bed.now);
    assert_eq!(cluster.pods()[0]["metadata"]["uid"], before);
    cluster.settle();
    let after = &cluster.pods()[0];
    assert_eq!(after["metadata"]["name"], "w-0");
    assert_ne!(after["metadata"]["uid"], before);
}

#[test]
fn ordinals_may_start_elsewhere() {
    let mut cluster = Cluster::new(1);
    let mut set = workload("StatefulSet", 2);
    set["spec"]["ordinals"] = json!({"start": 5});
    cluster.bed.expect(201, Request::post(SETS, set));
    cluster.settle();
    assert_eq!(cluster.names(), ["w-5", "w-6"]);
}

#[test]
fn a_new_template_rolls_from_the_top() {
    let mut cluster = stateful(2);
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "busybox:2"}]}}}});
    cluster.bed.expect(200, Request::merge_patch(format!("{SETS}/w"), image));
    cluster.settle();
    assert!(cluster.pods().iter().all(|p| p["spec"]["containers"][0]["image"] == "busybox:2"));
    let releases: Vec<_> = cluster.wire.iter().filter(|w| w.starts_with("release")).cloned().collect();
    assert_eq!(releases, ["release w-1", "release w-0"]);
}

#[test]
fn pods_of_an_orphaned_stateful_set_are_adopted_by_its_successor() {
    let mut cluster = stateful(2);
    let before: Vec<_> = cluster.pods().iter().map(|p| p["metadata"]["uid"].clone()).collect();
    cluster.bed.expect(200, Request::delete(format!("{SETS}/w")).with("propagationPolicy", "Orphan"));
    cluster.settle();
    cluster.bed.expect(404, Request::get(format!("{SETS}/w")));
    assert_eq!(cluster.names(), ["w-0", "w-1"]);
    let made = cluster.bed.expect(201, Request::post(SETS, workload("StatefulSet", 2)));
    cluster.settle();
    let pods = cluster.pods();
    assert_eq!(pods.iter().map(|p| p["metadata"]["uid"].clone()).collect::<Vec<_>>(), before);
    assert!(pods.iter().all(|p| p["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]));
}

#[test]
fn a_deleted_stateful_set_takes_its_pods_with_it() {
    let mut cluster = stateful(2);
    cluster.bed.expect(200, Request::delete(format!("{SETS}/w")));
    cluster.settle();
    assert!(cluster.names().is_empty());
    assert!(cluster.kubelets.iter().all(|k| k.links().count() == 0));
}

#[test]
fn a_deployment_replaces_a_terminating_pod_before_it_is_gone() {
    let mut cluster = Cluster::new(1);
    cluster.bed.expect(201, Request::post(DEPLOYMENTS, workload("Deployment", 2)));
    cluster.settle();
    let names = cluster.names();
    assert_eq!(names.len(), 2);
    cluster.bed.expect(200, Request::delete(format!("{PODS}/{}", names[0])));
    sync_replica_sets(&mut cluster.bed.server, cluster.bed.now);
    assert_eq!(cluster.names().len(), 3);
    cluster.settle();
    assert_eq!(cluster.names().len(), 2);
}

#[test]
fn a_deployment_rolls_to_its_new_template_and_keeps_enough_ready() {
    let mut cluster = Cluster::new(2);
    cluster.bed.expect(201, Request::post(DEPLOYMENTS, workload("Deployment", 4)));
    cluster.settle();
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "busybox:2"}]}}}});
    cluster.bed.expect(200, Request::merge_patch(format!("{DEPLOYMENTS}/w"), image));
    cluster.settle();
    let pods = cluster.pods();
    assert_eq!(pods.len(), 4);
    assert!(pods.iter().all(|p| p["spec"]["containers"][0]["image"] == "busybox:2"));
    assert_eq!(cluster.bed.get(&format!("{DEPLOYMENTS}/w"))["status"]["updatedReplicas"], 4);
}

#[test]
fn a_job_runs_until_enough_have_succeeded_and_counts_each_once() {
    let mut cluster = Cluster::new(1);
    let mut job =
        json!({"metadata": {"name": "j"}, "spec": {"completions": 2, "parallelism": 1, "template": template()}});
    job["spec"]["template"]["spec"]["restartPolicy"] = json!("Never");
    cluster.bed.expect(201, Request::post(JOBS, job));
    for finished in 1..=2 {
        cluster.settle();
        let running: Vec<_> = cluster.pods().into_iter().filter(|p| p["status"]["phase"] == "Running").collect();
        assert_eq!(running.len(), 1);
        cluster.kubelets[0].exit(running[0]["metadata"]["uid"].as_str().unwrap(), true);
        cluster.settle();
        assert_eq!(cluster.bed.get(&format!("{JOBS}/j"))["status"]["succeeded"], finished);
    }
    let job = cluster.bed.get(&format!("{JOBS}/j"));
    assert_eq!(job["status"]["conditions"][0]["type"], "Complete");
    // Finished pods stay, without the finalizer and without a link.
    assert_eq!(cluster.names().len(), 2);
    assert!(cluster.pods().iter().all(|p| p["metadata"].get("finalizers").is_none()));
    assert_eq!(cluster.kubelets[0].links().count(), 0);
    // Deleted through batch/v1 without a policy, a Job orphans its pods.
    cluster.bed.expect(200, Request::delete(format!("{JOBS}/j")));
    cluster.settle();
    assert_eq!(cluster.names().len(), 2);
}

#[test]
fn a_pod_of_a_job_that_somebody_deletes_has_failed_and_one_too_many_has_not() {
    let mut cluster = Cluster::new(1);
    let mut job = json!({"metadata": {"name": "j"}, "spec": {"parallelism": 3, "template": template()}});
    job["spec"]["template"]["spec"]["restartPolicy"] = json!("Never");
    cluster.bed.expect(201, Request::post(JOBS, job));
    cluster.settle();
    let path = format!("{JOBS}/j");
    cluster.bed.expect(200, Request::merge_patch(&path, json!({"spec": {"parallelism": 2}})));
    cluster.settle();
    assert_eq!((cluster.names().len(), &cluster.bed.get(&path)["status"]["failed"]), (2, &json!(0)));
    let name = cluster.names()[0].clone();
    cluster.bed.expect(200, Request::delete(format!("{PODS}/{name}")));
    cluster.settle();
    let status = cluster.bed.get(&path)["status"].clone();
    assert_eq!((&status["active"], &status["failed"]), (&json!(2), &json!(1)), "{status}");
    assert!(!cluster.names().contains(&name));
}

#[test]
fn a_job_that_is_deleted_without_its_pods_leaves_them_running() {
    let mut cluster = Cluster::new(1);
    let mut job = json!({"metadata": {"name": "j"}, "spec": {"parallelism": 2, "template": template()}});
    job["spec"]["template"]["spec"]["restartPolicy"] = json!("Never");
    cluster.bed.expect(201, Request::post(JOBS, job));
    cluster.settle();
    let before = cluster.names();
    let orphan = Request::delete(format!("{JOBS}/j")).with_body(json!({"propagationPolicy": "Orphan"}));
    cluster.bed.expect(200, orphan);
    // The Job's controller sees it before the garbage collector has let the pods go.
    let now = cluster.bed.now;
    sync_jobs(&mut cluster.bed.server, now);
    cluster.settle();
    assert_eq!(cluster.names(), before);
    assert!(cluster.pods().iter().all(|pod| pod["metadata"].get("ownerReferences").is_none()));
    assert!(cluster.pods().iter().all(|pod| pod["metadata"].get("finalizers").is_none()));
}

#[test]
fn counts_as_large_as_a_number_gets_are_only_large_counts() {
    let mut cluster = Cluster::new(1);
    let mut deployment = workload("Deployment", 1);
    deployment["spec"]["strategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": u64::MAX, "maxUnavailable": u64::MAX}});
    cluster.bed.expect(201, Request::post(DEPLOYMENTS, deployment));
    cluster.settle();
    let change = json!({"spec": {"template": {"metadata": {"annotations": {"a": "1"}}}}});
    cluster.bed.expect(200, Request::merge_patch(format!("{DEPLOYMENTS}/w"), change));
    cluster.settle();
    assert_eq!(cluster.names().len(), 1);

    let mut job = json!({"metadata": {"name": "j"}, "spec": {"template": template()}});
    job["spec"]["template"]["spec"]["restartPolicy"] = json!("Never");
    cluster.bed.expect(201, Request::post(JOBS, job));
    cluster.settle();
    let status = json!({"status": {"succeeded": u64::MAX, "failed": u64::MAX}});
    cluster.bed.expect(200, Request::merge_patch(format!("{JOBS}/j/status"), status));
    let mine = cluster.pods().into_iter().find(|p| p["metadata"]["name"].as_str().unwrap().starts_with("j-")).unwrap();
    cluster.kubelets[0].exit(mine["metadata"]["uid"].as_str().unwrap(), false);
    cluster.settle();
    assert_eq!(cluster.bed.get(&format!("{JOBS}/j"))["status"]["failed"], json!(u64::MAX));
}

#[test]
fn a_job_that_fails_too_often_fails() {
    let mut cluster = Cluster::new(1);
    let mut job = json!({"metadata": {"name": "j"}, "spec": {"backoffLimit": 0, "template": template()}});
    job["spec"]["template"]["spec"]["restartPolicy"] = json!("Never");
    cluster.bed.expect(201, Request::post(JOBS, job));
    cluster.settle();
    let uid = cluster.pods()[0]["metadata"]["uid"].as_str().unwrap().to_owned();
    cluster.kubelets[0].exit(&uid, false);
    cluster.settle();
    assert_eq!(cluster.bed.get(&format!("{JOBS}/j"))["status"]["conditions"][0]["type"], "Failed");
}
