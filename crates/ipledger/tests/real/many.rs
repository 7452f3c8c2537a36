//! Claims about a cluster that is large.

use crate::stage::{SOON, file, ipledger};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use testbed::{ControlPlane, User, need};

const OBJECTS: usize = 20_000;

/// Requests at a time that make them.
const MAKERS: usize = 32;

/// As many reservations as there are objects: each is an address that somebody set aside, so nothing is wrong.
fn reserve(bed: &ControlPlane) {
    let next = AtomicUsize::new(0);
    let make = || {
        let client = bed.requests(&User::admin()).unwrap();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= OBJECTS {
                return;
            }
            let address = format!("10.9.{}.{}", (number + 10) >> 8, (number + 10) & 255);
            let ip = json!({
                "apiVersion": "kubeovn.io/v1", "kind": "IP",
                "metadata": {"name": format!("r{number}.ext"), "labels": {"ovn.kubernetes.io/ip_reserved": "true"}},
                "spec": {"subnet": "ext", "podName": format!("r{number}"), "v4IpAddress": address},
            });
            client.post("/apis/kubeovn.io/v1/ips", &ip).unwrap();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..MAKERS {
            scope.spawn(make);
        }
    });
}

#[test]
fn twenty_thousand_objects_are_read_in_pages() {
    need!(ControlPlane);
    let bed = ControlPlane::start().unwrap();
    bed.kubectl(&["create", "-k", file("config/crds").to_str().unwrap()]).unwrap();
    bed.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]).unwrap();
    bed.apply("apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: ext}\nspec: {protocol: IPv4, cidrBlock: 10.9.0.0/16}\n")
        .unwrap();
    let start = Instant::now();
    reserve(&bed);
    eprintln!("{OBJECTS} objects made in {:.1?}", start.elapsed());
    bed.wait_for("/apis/kubeovn.io/v1/ips?limit=1", "to hold them", SOON, |list| {
        list["metadata"]["remainingItemCount"] == OBJECTS - 1
    })
    .unwrap();
    let mark = bed.audit().mark().unwrap();
    let start = Instant::now();
    let said = ipledger(&bed, &User::admin(), &["audit", "-o", "json"]);
    eprintln!("read and judged in {:.1?}", start.elapsed());
    assert!(said.code < 2, "{} {}", said.code, said.err);
    let report: Value = said.json();
    assert_eq!(report["coverage"]["kinds"]["IP"], OBJECTS, "{}", report["coverage"]);
    let calls = bed.audit().calls(mark, "ipledger/").unwrap();
    let pages = calls.iter().filter(|call| call.verb == "list" && call.resource == "ips.kubeovn.io").count();
    assert_eq!(pages, OBJECTS / 500);
    // A second look reads what findings are about, and there are none about these.
    assert!(calls.iter().filter(|call| call.verb == "get").count() < 100, "{}", calls.len());
}
