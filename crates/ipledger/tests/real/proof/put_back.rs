//! An older backup of etcd is put back under a controller that runs.
//!
//! In: pods, a backup, more pods and releases, and the backup again. Out: the controller forgets what never was: claims, IP objects,
//! annotations and counts are those of the backup, who comes is served, who goes is released. What the nodes of a real cluster
//! still run then is not here: there are none.

use super::network::network;
use super::pods::{delete_pods, make_pods, wait_for_silence, wait_served};
use crate::stage::IPS;
use crate::stage::managed::{Managed, NO_LEASE};
use crate::stage::nodes::Nodes;
use serde_json::json;
use std::time::{Duration, Instant};
use testbed::{Look, Requests, User, need};

/// How the controller meets the other past.
#[derive(Clone, Copy, PartialEq)]
enum Meets {
    /// Its watches break, and their versions are in the future.
    Future,
    /// It hears nothing until as many writes were made as were undone: the versions that it knows are there again, and others.
    SameVersions,
}

/// The version of the whole storage.
fn version(api: &Requests) -> u64 {
    let list = api.get("/api/v1/nodes").unwrap();
    list["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

/// Writes until the storage has a later version than that.
fn write_until(managed: &Managed, api: &Requests, then: u64) {
    let mut turn = 0;
    managed.wait("as many versions as there were", || {
        for _ in 0..100 {
            turn += 1;
            let label = json!({"metadata": {"labels": {"turn": turn.to_string()}}});
            api.patch("/api/v1/nodes/node1", &label).unwrap();
        }
        let now = version(api);
        if now > then { Look::Done(()) } else { Look::NotYet(format!("{now} of {then}")) }
    });
}

fn put_back(lost: usize, meets: Meets) {
    let mut managed = Managed::idle();
    managed.node("node1");
    managed.bed.apply(&network("ext", "172.17.0.0/22", "")).unwrap();
    // Only its Lease shows that versions are of another past.
    let lease: &[&str] = if meets == Meets::SameVersions { &[] } else { &NO_LEASE };
    let controller = managed.another("controller", managed.bed.server(), lease);
    managed.wait_using(0);
    let api = managed.bed.requests(&User::admin()).unwrap();
    let nodes = Nodes::start(api.clone(), &["node1"]);
    make_pods(&managed, "old", 0..20);
    wait_served(&managed, 20);
    let (before, ips) = (managed.claims(), managed.items(IPS).len());
    let backup = managed.bed.back_up("claims").unwrap();
    make_pods(&managed, "lost", 0..lost);
    delete_pods(&managed, "old", 0..5);
    wait_served(&managed, 15 + lost);
    if meets == Meets::SameVersions {
        controller.freeze();
    }
    let then = version(&api);
    managed.bed.put_back(&backup).unwrap();
    let begun = Instant::now();
    if meets == Meets::SameVersions {
        write_until(&managed, &api, then);
        controller.thaw();
    }
    wait_served(&managed, 20);
    assert_eq!((managed.claims(), managed.items(IPS).len()), (before, ips), "those of the backup");
    eprintln!("as in the backup {:.1?} after it was put back", begun.elapsed());
    make_pods(&managed, "lost", 0..lost);
    wait_served(&managed, 20 + lost);
    eprintln!("{lost} more pods served {:.1?} after it was put back", begun.elapsed());
    wait_for_silence(&managed, Duration::from_secs(2));
    managed.assert_audited();
    delete_pods(&managed, "old", 0..20);
    delete_pods(&managed, "lost", 0..lost);
    wait_served(&managed, 0);
    managed.wait("no IP object", || {
        let left = managed.items(IPS).len();
        if left == 0 { Look::Done(()) } else { Look::NotYet(format!("{left}")) }
    });
    drop(nodes);
    managed.assert_audited();
    controller.stop();
}

#[test]
fn a_backup_that_is_put_back_is_the_truth_from_then_on() {
    need!(Controllers);
    put_back(20, Meets::Future);
}

#[test]
#[ignore = "long: a hundred pods"]
fn a_backup_from_before_a_hundred_pods_is_the_truth_from_then_on() {
    need!(Controllers);
    put_back(100, Meets::Future);
}

#[test]
fn a_backup_whose_versions_have_caught_up_is_the_truth_from_then_on() {
    need!(Controllers);
    put_back(20, Meets::SameVersions);
}
