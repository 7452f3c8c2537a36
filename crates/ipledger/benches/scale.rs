//! The controller where there is much already: its memory, its start, its rest, and what a start without any news writes.
//!
//! In: the test bed's programs; without them it says so and ends. `-- --long`: a hundred thousand pods besides ten thousand.
//! Out, for each number of bound pods with one attachment: time until all have their claim, IP object and annotation; memory
//! and processor time of a controller that has nothing to do; time to read its long lists and no more; writes of a restart without news; time from the start of the
//! process until it is ready, and until a pod that comes meanwhile has its claim.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

mod stage;

use serde_json::Value;
use stage::{CLAIMS, Controller, IPS, PODS_PATH, count, each, pod, seconds};
use std::time::{Duration, Instant};
use testbed::{ControlPlane, Look, User, wait};

/// Much longer than two busy cores need for a hundred thousand pods.
const LATE: Duration = Duration::from_secs(3600);
/// How long a controller without work is looked at.
const REST: Duration = Duration::from_secs(20);
/// Pods in a page.
const PAGE: usize = 2000;

fn main() {
    let long = std::env::args().any(|argument| argument == "--long");
    for pods in [10_000].into_iter().chain(long.then_some(100_000)) {
        let Some(bed) = stage::set("10.16.0.0/12") else { return };
        println!("{pods} bound pods with one attachment each");
        fill(&bed, pods);
        raw(&bed);
        unchanged(&bed);
        first(&bed, pods);
    }
}

fn line(what: &str, value: impl std::fmt::Display) {
    println!("  {what:<60} {value}");
}

/// Makes the pods, and has them served.
fn fill(bed: &ControlPlane, pods: usize) {
    let begun = Instant::now();
    each(bed, pods, |requests, number| {
        drop(requests.post(PODS_PATH, &pod(number)).unwrap());
        if number % 5000 == 0 {
            eprintln!("  pod {number} of {pods} is made, {}", seconds(begun));
        }
    });
    line("the pods are made", seconds(begun));
    let begun = Instant::now();
    let controller = Controller::start(bed);
    wait_many(bed, CLAIMS, pods, begun);
    wait_many(bed, IPS, pods, begun);
    wait("all pods to be told", LATE, || {
        let told = told(bed);
        eprintln!("  {told} of {pods} pods are told, {}", seconds(begun));
        Ok(if told == pods { Look::Done(()) } else { Look::NotYet(told.to_string()) })
    })
    .unwrap();
    line("a controller starts: all have claim, IP object, annotation", seconds(begun));
    line("its peak memory", format!("{} MB", controller.peak()));
}

fn wait_many(bed: &ControlPlane, path: &str, wanted: usize, begun: Instant) {
    let mut shown = Instant::now();
    wait(&format!("{wanted} of {path}"), LATE, || {
        let seen = count(bed, path);
        if shown.elapsed() > Duration::from_secs(5) {
            shown = Instant::now();
            eprintln!("  {seen} of {wanted} of {path}, {}", seconds(begun));
        }
        Ok(if seen >= wanted as u64 { Look::Done(()) } else { Look::NotYet(seen.to_string()) })
    })
    .unwrap();
}

/// How many pods are told their address.
fn told(bed: &ControlPlane) -> usize {
    let mut next = String::new();
    let mut told = 0;
    loop {
        let page = bed.get(&format!("{PODS_PATH}?limit={PAGE}&continue={next}")).unwrap();
        let is_told =
            |pod: &&Value| pod["metadata"]["annotations"]["macvlan.default.kubernetes.io/allocated"] == "true";
        told += page["items"].as_array().unwrap().iter().filter(is_told).count();
        match page["metadata"]["continue"].as_str() {
            Some(token) if !token.is_empty() => next = token.to_owned(),
            _ => return told,
        }
    }
}

/// The lists without which no controller starts, read as a controller reads them, and dropped: what the API server alone takes.
fn raw(bed: &ControlPlane) {
    let begun = Instant::now();
    let bytes: usize = std::thread::scope(|scope| {
        let lists = [CLAIMS, IPS, "/api/v1/pods"].map(|path| scope.spawn(move || read_all(bed, path)));
        lists.into_iter().map(|list| list.join().unwrap()).sum()
    });
    line("its three long lists, read raw", format!("{}, {} MB", seconds(begun), bytes / 1_000_000));
}

/// Reads a collection page by page; its bytes.
fn read_all(bed: &ControlPlane, path: &str) -> usize {
    let requests = bed.requests(&User::admin()).unwrap();
    let (mut next, mut bytes) = (String::new(), 0);
    loop {
        let page = requests.get_text(&format!("{path}?limit={}&continue={next}", cluster::PAGE)).unwrap();
        bytes += page.len();
        // The list's own metadata stand before its items.
        let (metadata, _) = page.split_once("\"items\":").unwrap();
        let Some((_, token)) = metadata.split_once("\"continue\":\"") else { return bytes };
        next = token.split_once('"').unwrap().0.to_owned();
    }
}

/// A start without news, and what the controller takes while nothing happens.
fn unchanged(bed: &ControlPlane) {
    let mark = bed.audit().mark().unwrap();
    let begun = Instant::now();
    let controller = Controller::start(bed);
    controller.wait_ready();
    line("a restart: ready", seconds(begun));
    std::thread::sleep(REST);
    let before = controller.cpu();
    std::thread::sleep(REST);
    let used = controller.cpu().saturating_sub(before).as_secs_f64() / REST.as_secs_f64();
    line("processor at rest", format!("{:.2} % of one", used * 100.0));
    line("memory, and its peak", format!("{} MB, {} MB", controller.memory(), controller.peak()));
    let writes = bed.audit().writes(mark, "ipledger/").unwrap();
    line("writes of a restart without news", format!("{writes:?}"));
}

/// A pod comes while the controller starts.
fn first(bed: &ControlPlane, pods: usize) {
    let begun = Instant::now();
    let controller = Controller::start(bed);
    each(bed, 1, |requests, _| drop(requests.post(PODS_PATH, &pod(pods)).unwrap()));
    controller.wait_ready();
    line("a start with one pod more: ready", seconds(begun));
    wait("one claim more", LATE, || {
        let seen = count(bed, CLAIMS);
        Ok(if seen > pods as u64 { Look::Done(()) } else { Look::NotYet(seen.to_string()) })
    })
    .unwrap();
    line("from the start of the process to its first allocation", seconds(begun));
}
