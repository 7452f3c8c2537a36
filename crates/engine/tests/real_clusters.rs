//! Dumps of running Kube-OVN clusters: the audit says what is known to be true of each, and nothing else.

mod common;

use common::{finding, folder, ids, print};
use engine::{Report, judge};

/// What both dumps show: a duplicate made by reservations, what follows from it, and a gateway that left its NICs behind.
const SHARED: [&str; 5] = [
    "duplicate-address:mv2.default/192.168.102.9",
    "over-capacity:sub2/v4",
    "leaked-ip:ips/vpc-nat-gw-c6-0.kube-system",
    "leaked-ip:ips/vpc-nat-gw-c6-0.kube-system.ovn-vpc-external-network.kube-system",
    "count-mismatch:sub2/v4",
];

fn report(path: &str) -> Report {
    let report = judge(&folder(path));
    print(&report);
    report
}

#[test]
fn a_conflict_made_by_reservations_is_told_as_one_story() {
    let report = report("testdata/clusters/kube-ovn-reservations");
    assert_eq!(ids(&report), SHARED);
    let duplicate = finding(&report, SHARED[0]);
    assert!(duplicate.message.contains("22 holders, 2 of them alive"), "{}", duplicate.message);
    assert_eq!(duplicate.objects[0].to_string(), "Pod default/c2r");
    assert_eq!(duplicate.objects.len(), 23, "the pod, its IP object, the EIP and 20 reservations");
    for id in ["over-capacity:sub2/v4", "count-mismatch:sub2/v4"] {
        assert_eq!(finding(&report, id).follows, std::slice::from_ref(&duplicate.id));
    }
    let sub2 = report.subnets.iter().find(|line| line.name == "sub2").and_then(|line| line.v4.as_ref()).unwrap();
    let numbers =
        [sub2.usable, sub2.using.count(), sub2.available.count(), sub2.excluded.count()].map(|n| n.to_string());
    assert_eq!(numbers, ["14", "5", "8", "1"]);
}

#[test]
fn addresses_lost_in_the_allocators_memory_are_named_and_counted() {
    let report = report("testdata/clusters/kube-ovn-failed-eips");
    assert_eq!(ids(&report), [&SHARED[..], &["range-mismatch:sub3/v4"]].concat());
    let lost: Vec<String> = [2, 3, 4, 6, 7, 8].map(|host| format!("192.168.103.{host}")).to_vec();
    assert_eq!(finding(&report, "range-mismatch:sub3/v4").addresses, lost);
}
