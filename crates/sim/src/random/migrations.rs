//! Live migrations: KubeVirt is played here.
//!
//! In: which machine. Out: its migration, the target pod with the marks of it, and how it ends. Guarantees: as KubeVirt does it: one
//! migration of a machine at a time, which has its phase before its target pod is there; a source ends only once the target runs.

use super::machines::{VMIS, body, launched, launcher};
use super::people::{PODS, delete};
use super::step::Grace;
use crate::cluster::Cluster;
use crate::setup::define_migrations;
use crate::story::Act;
use model::Request;
use serde_json::{Value, json};

/// Where they are.
pub(super) const JOBS: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstancemigrations";

/// Its migration failed, if it has one.
pub(super) fn failed(vm: u8) -> Request {
    ended(vm, "Failed")
}

fn ended(vm: u8, phase: &str) -> Request {
    Request::merge_patch(format!("{JOBS}/m{vm}"), json!({"status": {"phase": phase}}))
}

/// Begins one of a machine that runs, if it does, and has no other.
pub(super) fn begin(cluster: &mut Cluster, vm: u8) {
    let is_over = |job: &Value| matches!(job["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    let job = object(cluster, "virtualmachineinstancemigrations", &format!("m{vm}"));
    let instance = object(cluster, "virtualmachineinstances", &format!("vm{vm}"));
    let (source, target) = if runs(cluster, vm, "node1") { ("node1", "node2") } else { ("node2", "node1") };
    let is_new = pod(cluster, vm, target).is_none() && runs(cluster, vm, source);
    let Some(instance) = instance.filter(|_| is_new && job.as_ref().is_none_or(is_over)) else { return };
    define_migrations(&mut cluster.server, cluster.now);
    cluster.server.handle(Request::delete(format!("{JOBS}/m{vm}")), cluster.now);
    let mut job = body("VirtualMachineInstanceMigration", vm, &json!({"vmiName": format!("vm{vm}")}));
    job["metadata"]["name"] = json!(format!("m{vm}"));
    job["status"] = json!({"phase": "Scheduling"});
    let job = cluster.server.handle(Request::post(JOBS, job), cluster.now).value();
    let mut pod = launched(vm, target, &instance);
    pod["metadata"]["annotations"]["kubevirt.io/migrationJobName"] = job["metadata"]["name"].clone();
    pod["metadata"]["labels"]["kubevirt.io/migrationJobUID"] = job["metadata"]["uid"].clone();
    cluster.server.handle(Request::post(PODS, pod), cluster.now);
}

/// Its target runs: the source ends.
pub(super) fn succeed(cluster: &mut Cluster, vm: u8) {
    let Some((source, target)) = ends(cluster, vm) else { return };
    if runs(cluster, vm, target) && runs(cluster, vm, source) {
        let target = json!({"status": {"migrationState": {"targetPod": launcher(vm, target)}}});
        cluster.server.handle(Request::merge_patch(format!("{VMIS}/vm{vm}"), target), cluster.now);
        cluster.server.handle(ended(vm, "Succeeded"), cluster.now);
        cluster.act(&Act::Exit(format!("{PODS}/{}", launcher(vm, source))));
    }
}

/// It comes to nothing: the target goes.
pub(super) fn fail(cluster: &mut Cluster, vm: u8, grace: Grace) {
    let Some((_, target)) = ends(cluster, vm) else { return };
    cluster.server.handle(failed(vm), cluster.now);
    cluster.server.handle(delete(format!("{PODS}/{}", launcher(vm, target)), grace), cluster.now);
}

/// The nodes of source and target, while its migration goes on.
fn ends(cluster: &Cluster, vm: u8) -> Option<(&'static str, &'static str)> {
    let job = object(cluster, "virtualmachineinstancemigrations", &format!("m{vm}"))?;
    let is_target = |node: &str| {
        let target = pod(cluster, vm, node);
        target.is_some_and(|pod| pod["metadata"]["labels"]["kubevirt.io/migrationJobUID"] == job["metadata"]["uid"])
    };
    let pair = [("node1", "node2"), ("node2", "node1")].into_iter().find(|(_, target)| is_target(target));
    pair.filter(|_| job["status"]["phase"] == "Scheduling")
}

fn runs(cluster: &Cluster, vm: u8, node: &str) -> bool {
    let is_up = |pod: &Value| pod["status"]["phase"] == "Running" && pod["metadata"]["deletionTimestamp"].is_null();
    pod(cluster, vm, node).is_some_and(|pod| is_up(&pod))
}

fn pod(cluster: &Cluster, vm: u8, node: &str) -> Option<Value> {
    Some(cluster.server.object("", "pods", "default", &launcher(vm, node))?.as_ref().clone())
}

fn object(cluster: &Cluster, plural: &str, name: &str) -> Option<Value> {
    Some(cluster.server.object("kubevirt.io", plural, "default", name)?.as_ref().clone())
}
