//! The controller on a real API server: a thousand pods at once, beside as many raw writes on the same server.
//!
//! In: the test bed's programs; without them it says so and ends. Out: time to the last claim, annotation and IP object, writes by
//! verb and resource from the audit log, latency from bound to claimed, then the same for their deletion; beside it the time that
//! the same writes take when this process makes them with as many connections. All in one run.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod stage;

use serde_json::{Value, json};
use stage::{CLAIMS, Controller, IPS, MAKERS, PODS_PATH, SOON, count, each, pod, seconds, wait_count};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use testbed::{ControlPlane, Look, User, wait};

/// Pods at once.
const PODS: usize = 1000;

/// The writes that the controller makes on the way up, made raw: of each pod a claim, an IP object, and a patch of the pod.
fn raw(bed: &ControlPlane) -> Duration {
    let name = |number: usize| format!("raw{number}");
    each(bed, PODS, |requests, number| {
        let spec = json!({"nodeName": "node1", "containers": [{"name": "c", "image": "none"}]});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name(number)}, "spec": spec});
        drop(requests.post(PODS_PATH, &pod).unwrap());
    });
    let begun = Instant::now();
    each(bed, PODS, |requests, number| {
        let address = format!("10.1.{}.{}", number / 250, number % 250);
        requests.post(CLAIMS, &raw_claim(&name(number), &address)).unwrap();
        requests.post(IPS, &raw_ip(&name(number), &address)).unwrap();
        let told = |what: &str| format!("macvlan.default.kubernetes.io/{what}");
        let annotations = json!({told("allocated"): "true", told("ip_address"): address, told("cidr"): "10.1.0.0/16",
            told("gateway"): "10.1.0.1", told("logical_switch"): "raw"});
        let patch = json!({"metadata": {"annotations": annotations}});
        requests.patch(&format!("{PODS_PATH}/{}", name(number)), &patch).unwrap();
    });
    let took = begun.elapsed();
    let requests = bed.requests(&User::admin()).unwrap();
    for path in [CLAIMS, IPS, &format!("{PODS_PATH}?gracePeriodSeconds=0")] {
        requests.delete(path).unwrap();
    }
    took
}

fn raw_claim(pod: &str, address: &str) -> Value {
    json!({
        "apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim", "metadata": {"name": format!("raw.default.{address}")},
        "spec": {"wire": "raw.default", "address": address, "subnet": "raw",
            "holder": {"kind": "Pod", "namespace": "default", "name": pod, "uid": "6f0c", "nic": "net1"}},
    })
}

fn raw_ip(pod: &str, address: &str) -> Value {
    json!({
        "apiVersion": "kubeovn.io/v1", "kind": "IP",
        "metadata": {"name": format!("{pod}.default.raw.default"), "labels": {"ovn.kubernetes.io/subnet": "raw"}},
        "spec": {"podName": pod, "namespace": "default", "subnet": "raw", "nodeName": "node1",
            "ipAddress": address, "v4IpAddress": address},
    })
}

fn main() {
    let Some(bed) = stage::set("10.16.0.0/16") else { return };
    println!("{PODS} bound pods with one attachment each, one API server, {MAKERS} connections that make them");
    println!("{:<44} {:.1} s", "the same writes made raw", raw(&bed).as_secs_f64());
    let controller = Controller::start(&bed);
    stage::wait_network(&bed);
    up(&bed);
    println!("{:<44} {} MB", "controller, peak memory", controller.peak());
    down(&bed);
    drop(controller);
    backlog(&bed);
}

/// The pods are there already, and the controller starts: nothing but its own writes takes time.
fn backlog(bed: &ControlPlane) {
    each(bed, PODS, |requests, number| drop(requests.post(PODS_PATH, &pod(number)).unwrap()));
    let begun = Instant::now();
    let controller = Controller::start(bed);
    wait("the first claim", SOON, || {
        Ok(if count(bed, CLAIMS) > 0 { Look::Done(()) } else { Look::NotYet("none".to_owned()) })
    })
    .unwrap();
    println!("{:<44} {}", "started with all pods bound: first claim", seconds(begun));
    served(bed, begun);
    println!("{:<44} {} MB", "controller, peak memory", controller.peak());
}

/// Waits until every pod has everything.
fn served(bed: &ControlPlane, begun: Instant) {
    wait_count(bed, CLAIMS, PODS);
    println!("{:<44} {}", "last claim", seconds(begun));
    wait_count(bed, IPS, PODS);
    println!("{:<44} {}", "last IP object", seconds(begun));
    wait("all pods to be told", SOON, || {
        let pods = bed.get(PODS_PATH).unwrap();
        let told = |pod: &&Value| pod["metadata"]["annotations"]["macvlan.default.kubernetes.io/allocated"] == "true";
        let number = pods["items"].as_array().unwrap().iter().filter(told).count();
        Ok(if number == PODS { Look::Done(()) } else { Look::NotYet(number.to_string()) })
    })
    .unwrap();
    println!("{:<44} {}", "last annotation", seconds(begun));
}

/// All come at once.
fn up(bed: &ControlPlane) {
    let mark = bed.audit().mark().unwrap();
    let begun = Instant::now();
    each(bed, PODS, |requests, number| drop(requests.post(PODS_PATH, &pod(number)).unwrap()));
    println!("{:<44} {}", "the pods are made", seconds(begun));
    served(bed, begun);
    writes(bed, mark);
    latency(bed);
}

/// All go, and their agent speaks.
fn down(bed: &ControlPlane) {
    let mark = bed.audit().mark().unwrap();
    let begun = Instant::now();
    each(bed, PODS, |requests, number| {
        requests.delete(&format!("{PODS_PATH}/p{number}?gracePeriodSeconds=0")).unwrap();
    });
    println!("{:<44} {}", "the pods are deleted", seconds(begun));
    let claims = bed.get(CLAIMS).unwrap();
    let claims = claims["items"].as_array().unwrap();
    each(bed, claims.len(), |requests, number| {
        let claim = &claims[number];
        let word = json!({"status": {"letGo": {"podUID": claim["status"]["occupant"]["podUID"], "at": "2026-01-01T00:00:00Z"}}});
        requests.patch(&format!("{CLAIMS}/{}", claim["metadata"]["name"].as_str().unwrap()), &word).unwrap();
    });
    println!("{:<44} {}", "the agent's word is given", seconds(begun));
    wait_count(bed, CLAIMS, 0);
    wait_count(bed, IPS, 0);
    println!("{:<44} {}", "last claim and IP object gone", seconds(begun));
    writes(bed, mark);
}

fn writes(bed: &ControlPlane, mark: testbed::Mark) {
    let all: BTreeMap<String, usize> = bed.audit().writes(mark, "ipledger/").unwrap();
    let all: Vec<String> = all.iter().map(|(what, number)| format!("{what} {number}")).collect();
    println!("{:<44} {}", "writes", all.join(", "));
}

/// From a pod's creation to its claim's, as the API server dates them: whole seconds.
fn latency(bed: &ControlPlane) {
    let time = |object: &Value| object["metadata"]["creationTimestamp"].as_str().unwrap().to_owned();
    let pods = bed.get(PODS_PATH).unwrap();
    let made: BTreeMap<String, String> =
        pods["items"].as_array().unwrap().iter().map(|pod| (pod["metadata"]["uid"].to_string(), time(pod))).collect();
    let claims = bed.get(CLAIMS).unwrap();
    let seconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    let mut waits: Vec<i64> = claims["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|claim| seconds(&time(claim)) - seconds(&made[&claim["spec"]["holder"]["uid"].to_string()]))
        .collect();
    waits.sort_unstable();
    println!(
        "{:<44} {} s, {} s",
        "from bound to claimed, p50 and p99",
        waits[waits.len() / 2],
        waits[waits.len() * 99 / 100]
    );
}
