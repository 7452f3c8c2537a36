//! The example is clean, and its numbers add up.

use crate::common::example::example;
use crate::common::not_judged;
use ledger::Count;

#[test]
fn the_clean_cluster_has_no_findings() {
    let report = example().finds(&[]);
    assert!(report.not_judged.is_empty(), "{:?}", not_judged(&report));
    assert!(report.coverage.not_supplied.is_empty());
}

#[test]
fn using_available_and_excluded_make_up_the_usable_addresses() {
    let report = example().report();
    let mut seen = Vec::new();
    for subnet in &report.subnets {
        for line in [&subnet.v4, &subnet.v6].into_iter().flatten() {
            let parts = [&line.using, &line.available, &line.excluded].map(|set| set.count().as_u128().unwrap());
            assert_eq!(Some(parts.iter().sum()), line.usable.as_u128(), "{}", subnet.name);
            assert!(line.using.intersection(&line.available).is_empty());
            assert!(line.using.intersection(&line.excluded).is_empty());
            assert!(line.available.intersection(&line.excluded).is_empty());
            seen.push(format!("{} {} {} {}", subnet.name, subnet.wire, line.using.count(), line.excluded.count()));
        }
    }
    assert_eq!(
        seen,
        [
            "dual dual.default 1 1",
            "dual dual.default 1 1",
            "ext macvlan.default 8 12",
            "external pn1-70 1 1",
            "join ovn-cluster.ovn 2 1",
            "lan1 vpc1.ovn 1 1",
            "ovn-default ovn-cluster.ovn 9 1",
            "ovn-vpc-external-network ovn-vpc-external-network.kube-system 3 1",
        ]
    );
    assert_eq!(report.subnets[0].v6.as_ref().unwrap().usable, Count::from(u64::MAX - 1));
}

#[test]
fn a_status_that_says_nothing_is_not_judged() {
    // Absent is not nought: a Subnet that its controller has not looked at yet.
    let cluster = example().patched("Subnet ext", serde_json::json!({"status": null}));
    let report = cluster.finds(&[]);
    let line = report.subnets.iter().find(|subnet| subnet.name == "ext").and_then(|subnet| subnet.v4.as_ref()).unwrap();
    assert_eq!((line.reported_using, line.reported_available), (None, None));
}
