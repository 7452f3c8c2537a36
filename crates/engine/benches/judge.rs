//! What each check costs, and how the whole grows with the cluster.
//!
//! In: clean clusters of 10 thousand, 100 thousand and (with `--long`) a million objects, made here. Out: a table of
//! milliseconds and nanoseconds per object for reading, indexing and each check, all in one run.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use api::slim::{Kind, read};
use engine::findings::{CHECKS, Evidence, out::Out};
use engine::world::{Builder, Settings};
use engine::{Context, World, judge};
use std::time::{Duration, Instant};

/// Half of the objects are pods, half IP objects; each pod has one NIC on one of a hundred Subnets.
fn cluster(objects: usize) -> World {
    let mut builder = Builder::default();
    let mut add = |kind: Kind, json: String| builder.add(read(kind, json.as_bytes()).unwrap());
    for subnet in 0..100 {
        add(
            Kind::Subnet,
            format!(
                r#"{{"metadata":{{"name":"s{subnet}"}},"spec":{{"cidrBlock":"10.{subnet}.0.0/16","gateway":"10.{subnet}.0.1",
                "excludeIps":["10.{subnet}.0.1"],"provider":"n{subnet}.default"}},"status":{{"v4usingIPs":0,"v4availableIPs":0}}}}"#
            ),
        );
    }
    for i in 0..objects / 2 {
        let (subnet, host) = (i % 100, i / 100 + 2);
        let addr = format!("10.{subnet}.{}.{}", host / 256, host % 256);
        let namespace = format!("ns-{}", i % 500);
        let pod = format!("web-{:x}-{i:07}", i % 4096);
        add(
            Kind::Pod,
            format!(
                r#"{{"metadata":{{"name":"{pod}","namespace":"{namespace}","uid":"00000000-0000-4000-8000-{i:012x}",
                "creationTimestamp":"2026-01-01T00:00:00Z","annotations":{{"k8s.v1.cni.cncf.io/networks":"default/n{subnet}",
                "n{subnet}.default.kubernetes.io/allocated":"true","n{subnet}.default.kubernetes.io/ip_address":"{addr}"}}}},
                "spec":{{"nodeName":"node-{}"}},"status":{{"phase":"Running"}}}}"#,
                i % 1000
            ),
        );
        add(
            Kind::Ip,
            format!(
                r#"{{"metadata":{{"name":"{pod}.{namespace}.n{subnet}.default","uid":"00000000-0000-4000-9000-{i:012x}",
                "creationTimestamp":"2026-01-01T00:00:00Z","finalizers":["kubeovn.io/kube-ovn-controller"],"labels":{{
                "ovn.kubernetes.io/subnet":"s{subnet}","ovn.kubernetes.io/ip_reserved":"false","s{subnet}":""}}}},
                "spec":{{"podName":"{pod}","namespace":"{namespace}","subnet":"s{subnet}","v4IpAddress":"{addr}"}}}}"#
            ),
        );
    }
    for kind in Kind::ALL {
        builder.coverage().complete(kind);
    }
    let started = Instant::now();
    let world = builder.build(Settings::default());
    line("build the world", started.elapsed(), objects);
    world
}

fn line(what: &str, time: Duration, objects: usize) {
    println!(
        "{objects:>9} objects  {:>9.1} ms  {:>7.0} ns/object  {what}",
        time.as_secs_f64() * 1e3,
        time.as_nanos() as f64 / objects as f64
    );
}

fn main() {
    let long = std::env::args().any(|arg| arg == "--long");
    for objects in [10_000, 100_000].into_iter().chain(long.then_some(1_000_000)) {
        let world = cluster(objects);
        let started = Instant::now();
        let context = Context::new(&world);
        line("index", started.elapsed(), objects);
        let started = Instant::now();
        let evidence = Evidence::new(&context);
        line("accounts", started.elapsed(), objects);
        let mut out = Out::default();
        for (name, check) in CHECKS {
            let started = Instant::now();
            check(&evidence, &mut out);
            line(name, started.elapsed(), objects);
        }
        let started = Instant::now();
        let report = judge(&world);
        line("judge, all in all", started.elapsed(), objects);
        let unexpected = report.findings.iter().filter(|f| !f.id.as_str().starts_with("count-mismatch")).count();
        assert_eq!(unexpected, 100, "one missing NetworkAttachmentDefinition per Subnet, and nothing else");
    }
}
