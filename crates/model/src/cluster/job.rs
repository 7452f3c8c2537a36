//! Jobs: pods until enough have succeeded.
//!
//! In: Jobs and their pods. Out: creates and deletes of pods, status. Guarantees: a finished pod keeps the finalizer
//! `batch.kubernetes.io/job-tracking` until it is counted, so it is counted once; one that somebody else deletes has failed, one
//! that the Job itself has too many of has not; more failures than `backoffLimit` fail the Job and remove its running pods. Source: `kubernetes/pkg/controller/job/job_controller.go` (indexed Jobs, back-off
//! times, pod failure policies and deadlines are left out).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::claim::Claims;
use super::pods::{
    BURST, controller_uid, count, delete, deletion_rank, from_template, is_active, is_ready, owner, pod_path,
    set_status,
};
use super::{is_deleting, name, namespace, uid};
use crate::meta;
use crate::pod::{is_finished, phase};
use crate::request::Request;
use crate::server::Server;
use crate::time::Timestamp;

const TRACKING: &str = "batch.kubernetes.io/job-tracking";

/// One step over all Jobs.
pub fn sync_jobs(server: &mut Server, now: Timestamp) -> bool {
    let before = server.revision();
    for job in server.objects("batch", "jobs") {
        sync(server, &job, now);
    }
    free_orphans(server, now);
    server.revision() != before
}

/// Pods whose Job is gone wait for no count (`syncOrphanPod`).
fn free_orphans(server: &mut Server, now: Timestamp) {
    let jobs = server.objects("batch", "jobs");
    for pod in server.objects("", "pods") {
        let counted = jobs.iter().any(|job| uid(job) == controller_uid(&pod));
        if is_tracked(&pod) && !counted {
            stop_tracking(server, &pod, now);
        }
    }
}

fn stop_tracking(server: &mut Server, pod: &Value, now: Timestamp) {
    let rest: Vec<&str> = meta::finalizers(pod).into_iter().filter(|f| *f != TRACKING).collect();
    let patch = json!({"metadata": {"uid": uid(pod), "finalizers": rest}});
    server.handle(Request::merge_patch(pod_path(namespace(pod), name(pod)), patch), now);
}

fn is_done(job: &Value) -> bool {
    let conditions = job["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|c| (c["type"] == "Complete" || c["type"] == "Failed") && c["status"] == "True")
}

fn sync(server: &mut Server, job: &Value, now: Timestamp) {
    let reference = owner("batch/v1", "Job", job);
    let pods = Claims::Pods.of(server, job, &reference, &|_| true, now);
    let mut active: Vec<&Arc<Value>> = pods.iter().filter(|p| is_active(p)).collect();
    let (succeeded, mut failed) = tally(job, &pods);
    let outcome = if is_done(job) { None } else { outcome(job, succeeded, failed, active.is_empty()) };
    if outcome == Some("Failed") {
        // What still runs has failed with it.
        failed = failed.saturating_add(active.iter().filter(|p| is_tracked(p)).count() as u64);
    }
    let running = if is_done(job) || outcome.is_some() {
        active.iter().for_each(|p| remove(server, p, now));
        0
    } else if is_deleting(job) {
        // What becomes of its pods, the garbage collector decides.
        active.len() as u64
    } else {
        scale(server, job, &reference, &mut active, succeeded, now)
    };
    let ready = active.iter().filter(|p| is_ready(p)).count();
    let mut status = json!({"active": running, "succeeded": succeeded, "failed": failed, "ready": ready});
    if let Some(kind) = outcome {
        status["conditions"] = json!([{"type": kind, "status": "True", "lastTransitionTime": now.to_string()}]);
    }
    let path = format!("/apis/batch/v1/namespaces/{}/jobs/{}", namespace(job), name(job));
    set_status(server, &path, job, &status, now);
    // Counted in the status first, then released: a step that is lost in between counts twice rather than never.
    let free = |pod: &&Arc<Value>| is_tracked(pod) && (is_finished(pod) || is_deleting(pod) || is_deleting(job));
    for pod in pods.iter().filter(free) {
        stop_tracking(server, pod, now);
    }
}

/// How many have succeeded and failed, those included that have ended since the last count.
fn tally(job: &Value, pods: &[Arc<Value>]) -> (u64, u64) {
    let counted = |key: &str| job["status"].get(key).and_then(Value::as_u64).unwrap_or(0);
    let (mut succeeded, mut failed) = (counted("succeeded"), counted("failed"));
    for pod in pods.iter().filter(|p| is_tracked(p) && (is_finished(p) || is_deleting(p))) {
        let count: &mut u64 = if phase(pod) == "Succeeded" { &mut succeeded } else { &mut failed };
        *count = count.saturating_add(1);
    }
    (succeeded, failed)
}

fn completions(job: &Value) -> Option<u64> {
    job["spec"].get("completions").and_then(Value::as_u64)
}

/// The condition that ends a Job, if it has come to that.
fn outcome(job: &Value, succeeded: u64, failed: u64, idle: bool) -> Option<&'static str> {
    let backoff = job["spec"]["backoffLimit"].as_u64().unwrap_or(6);
    let complete = match completions(job) {
        Some(n) => succeeded >= n,
        // A work queue is done when one has succeeded and none runs.
        None => succeeded > 0 && idle,
    };
    if failed > backoff { Some("Failed") } else { complete.then_some("Complete") }
}

/// Makes the pods that are missing, removes those that are too many, and says how many it wants.
fn scale(
    server: &mut Server,
    job: &Value,
    reference: &Value,
    active: &mut [&Arc<Value>],
    succeeded: u64,
    now: Timestamp,
) -> u64 {
    let parallelism = count(job, "parallelism", 1) as u64;
    let wanted = match completions(job) {
        Some(n) => parallelism.min(n.saturating_sub(succeeded)),
        // A work queue that has seen a success leaves what runs alone.
        None if succeeded > 0 => active.len() as u64,
        None => parallelism,
    };
    for _ in ((active.len() as u64)..wanted).take(BURST) {
        create(server, job, reference, now);
    }
    let surplus = active.len().saturating_sub(usize::try_from(wanted).unwrap_or(usize::MAX));
    active.sort_by_key(|p| deletion_rank(p));
    active.iter().take(surplus).for_each(|p| remove(server, p, now));
    wanted
}

fn is_tracked(pod: &Value) -> bool {
    meta::finalizers(pod).contains(&TRACKING)
}

/// Deletes a pod that is one too many: it does not count (`deleteJobPods`).
fn remove(server: &mut Server, pod: &Value, now: Timestamp) {
    if is_tracked(pod) {
        stop_tracking(server, pod, now);
    }
    delete(server, pod, now);
}

fn create(server: &mut Server, job: &Value, reference: &Value, now: Timestamp) {
    let metadata = Map::from_iter([
        ("generateName".to_owned(), json!(format!("{}-", name(job)))),
        ("finalizers".to_owned(), json!([TRACKING])),
    ]);
    let pod = from_template(&job["spec"]["template"], reference.clone(), metadata);
    server.handle(Request::post(pod_path(namespace(job), ""), pod), now);
}
