//! `count-mismatch` and `over-capacity`, each divergence that Kube-OVN's counting has.

use super::duplicates::readdressed;
use crate::common::example::example;
use crate::common::objects::*;
use crate::common::{Cluster, finding, not_judged};
use api::slim::Kind;
use serde_json::json;

/// A pod on the network `dual` with these addresses.
fn on_dual(cluster: Cluster, name: &str, address: &str) -> Cluster {
    cluster.with(pod("default", name).but(networks("default/dual")).but(nic("dual.default", "", address))).with(ip(
        "default",
        name,
        "dual.default",
        "dual",
        address,
    ))
}

fn reporting(using: i64, available: i64) -> Cluster {
    example().patched("Subnet ext", json!({"status": {"v4usingIPs": using, "v4availableIPs": available}}))
}

#[test]
fn more_than_any_object_explains_is_likely_and_less_is_proven() {
    // Absence of objects against presence of objects.
    let report = reporting(12, 230).finds(&["warning likely count-mismatch:ext/v4 @ Subnet ext"]);
    let count = finding(&report, "count-mismatch:ext/v4");
    assert!(count.message.contains("v4usingIPs 12, really 8"), "{}", count.message);
    assert!(count.message.contains("4 that no object explains"), "{}", count.message);
    reporting(5, 237).finds(&["warning proven count-mismatch:ext/v4 @ Subnet ext"]);
    reporting(-3, 245).finds(&["warning proven count-mismatch:ext/v4 @ Subnet ext"]);
}

#[test]
fn a_wrong_number_of_free_addresses_is_a_mismatch_by_itself() {
    reporting(8, 200).finds(&["warning proven count-mismatch:ext/v4 @ Subnet ext"]);
}

#[test]
fn a_counter_that_is_absent_is_not_judged() {
    example().patched("Subnet ext", json!({"status": {"v4usingIPs": null}})).finds(&[]);
    example()
        .patched("Subnet ext", json!({"status": {"v4availableIPs": null, "v4usingIPs": 9}}))
        .finds(&["warning likely count-mismatch:ext/v4 @ Subnet ext"]);
}

#[test]
fn counts_need_every_kind_that_is_counted() {
    for kind in [Kind::Ip, Kind::Vip, Kind::IptablesEip, Kind::OvnEip] {
        let report = reporting(12, 230).partial(&[kind]).finds(&[]);
        let expected = format!("count-mismatch: {} (8)", kind.name());
        assert!(not_judged(&report).contains(&expected), "{:?}", not_judged(&report));
    }
}

#[test]
fn more_than_is_usable_is_over_capacity_whatever_was_read() {
    let over =
        |cluster: Cluster| cluster.patched("Subnet ext", json!({"status": {"v4usingIPs": 300, "v4availableIPs": 0}}));
    over(example()).finds(&[
        "error proven over-capacity:ext/v4 @ Subnet ext",
        "warning likely count-mismatch:ext/v4 @ Subnet ext",
    ]);
    over(example()).partial(&[Kind::Ip]).finds(&["error proven over-capacity:ext/v4 @ Subnet ext"]);
}

#[test]
fn one_number_for_both_families_is_information() {
    // A pod that asked for one family.
    on_dual(example(), "d2", "10.60.0.6").recounted().finds(&["info proven count-mismatch:dual/v6 @ Subnet dual"]);
    on_dual(example(), "d2", "fd00:60::6").recounted().finds(&["info proven count-mismatch:dual/v4 @ Subnet dual"]);
}

#[test]
fn one_number_for_both_families_can_exceed_the_smaller_one() {
    let small = subnet("small", "10.61.0.0/29,fd00:61::/64", "10.61.0.1,fd00:61::1", "small.default");
    let mut cluster = example().with_all([small, nad("default", "small", "eth6")]);
    for n in 2..10 {
        let (name, address) = (format!("s{n}"), format!("fd00:61::{n}"));
        cluster = cluster
            .with(pod("default", &name).but(networks("small")).but(nic("small.default", "", &address)))
            .with(ip("default", &name, "small.default", "small", &address));
    }
    cluster.clone().recounted().finds(&[
        "info proven over-capacity:small/v4 @ Subnet small",
        "info proven count-mismatch:small/v4 @ Subnet small",
    ]);
    // While the records are not all known it may be that, and may be worse.
    cluster.recounted().partial(&[Kind::OvnEip]).finds(&["error possible over-capacity:small/v4 @ Subnet small"]);
}

#[test]
fn an_ip_object_without_an_address_counts_and_should_not() {
    // Not to be hidden behind the one number for both families.
    let cluster = on_dual(example(), "d2", "").recounted();
    cluster.finds(&[
        "warning proven count-mismatch:dual/v4 @ Subnet dual",
        "warning proven count-mismatch:dual/v6 @ Subnet dual",
    ]);
}

#[test]
fn attached_subnets_are_kube_ovns_own_way_of_counting() {
    example()
        .patched("IP p1.default", json!({"spec": {"attachSubnets": ["ext"]}}))
        .recounted()
        .finds(&["info proven count-mismatch:ext/v4 @ Subnet ext"]);
}

#[test]
fn excluded_addresses_are_counted_unevenly() {
    // An IP object on one is left out, a Vip is counted and taken off twice.
    example().with(vip("v", "ext", "172.17.0.205", "02:00:00:00:00:99")).recounted().finds(&[
        "info proven excluded-in-use:ext @ Subnet ext = 172.17.0.205",
        "info proven count-mismatch:ext/v4 @ Subnet ext",
    ]);
    // Used addresses are excluded later.
    example()
        .patched("Subnet ext", json!({"spec": {"excludeIps": ["172.17.0.1", "172.17.0.11..172.17.0.12"]}}))
        .recounted()
        .finds(&[
            "info proven excluded-in-use:ext @ Subnet ext = 172.17.0.11 172.17.0.12",
            "info proven count-mismatch:ext/v4 @ Subnet ext",
        ]);
}

#[test]
fn an_exclude_of_one_family_takes_the_object_out_of_both_counts() {
    let excludes = json!({"spec": {"excludeIps": ["10.60.0.1", "fd00:60::1", "fd00:60::100..fd00:60::1ff"]}});
    on_dual(example().patched("Subnet dual", excludes), "d2", "10.60.0.6,fd00:60::150").recounted().finds(&[
        "info proven excluded-in-use:dual @ Subnet dual = fd00:60::150",
        "info proven count-mismatch:dual/v4 @ Subnet dual",
        "info proven count-mismatch:dual/v6 @ Subnet dual",
    ]);
}

#[test]
fn an_eip_that_waits_for_its_gateway_is_in_flight() {
    // A label before there is an address.
    let waiting = waiting_eip("e", "gw1", "")
        .but(json!({"metadata": {"labels": {"ovn.kubernetes.io/subnet": "ovn-vpc-external-network"}}}));
    example()
        .with(waiting)
        .recounted()
        .finds(&["warning possible count-mismatch:ovn-vpc-external-network/v4 @ Subnet ovn-vpc-external-network"]);
}

#[test]
fn a_shrunken_subnet_still_counts_what_is_outside() {
    // The pool lies outside as well.
    let report = example().patched("Subnet ext", json!({"spec": {"cidrBlock": "172.17.0.0/26", "excludeIps": ["172.17.0.1"]}})).recounted().finds(&[
        "error proven outside-subnet:ips/p3.default.macvlan.default/172.17.0.100 @ IP p3.default.macvlan.default = 172.17.0.100",
        "error proven pool-outside-subnet:pool1 @ IPPool pool1 = 172.17.0.100-172.17.0.110",
        "warning proven count-mismatch:ext/v4 @ Subnet ext < outside-subnet:ips/p3.default.macvlan.default/172.17.0.100",
    ]);
    assert_eq!(finding(&report, "count-mismatch:ext/v4").message.matches("8, really 7").count(), 1);
}

#[test]
fn terminating_ip_objects_are_counted_and_are_on_record() {
    example().patched("IP p1.default", deleted(FOUR_MINUTES_AGO)).recounted().finds(&[]);
}

#[test]
fn leaked_ip_objects_are_on_record_as_well() {
    // The count is right, the leak is what is wrong.
    let report = example().without("Pod default/p1").recounted().report();
    assert!(report.findings.iter().all(|finding| finding.code == engine::Code::LeakedIp));
}

#[test]
fn counts_beyond_2_to_the_53_come_back_rounded() {
    // 2^64 - 2 less the gateway and one pod, as a double and as text.
    for available in
        [json!(1.844_674_407_370_955_2e19), json!("18446744073709551616"), json!(18_446_744_073_709_551_612_u64)]
    {
        example().patched("Subnet dual", json!({"status": {"v6availableIPs": available}})).finds(&[]);
    }
    example()
        .patched("Subnet dual", json!({"status": {"v6availableIPs": 1_000_000}}))
        .finds(&["warning proven count-mismatch:dual/v6 @ Subnet dual"]);
}

#[test]
fn blocks_of_two_addresses_have_two_usable_ones() {
    for (cidr, gateway, address, far) in [
        ("10.62.0.0/31", "10.62.0.0", "10.62.0.1", "10.62.0.0/31"),
        ("fd00:62::/127", "fd00:62::", "fd00:62::1", "fd00:62::/127"),
    ] {
        let cluster = example()
            .with_all([subnet("p2p", cidr, gateway, "p2p.default"), nad("default", "p2p", "eth6")])
            .with(pod("default", "q").but(networks("p2p")).but(nic("p2p.default", "", address)))
            .with(ip("default", "q", "p2p.default", "p2p", address))
            .recounted();
        let report = cluster.finds(&[]);
        let line = report.subnets.iter().find(|subnet| subnet.name == "p2p").unwrap();
        let line = line.v4.as_ref().or(line.v6.as_ref()).unwrap();
        assert_eq!((line.cidr.to_string().as_str(), line.usable.to_string().as_str()), (far, "2"));
        assert!(line.available.is_empty());
    }
}

#[test]
fn the_health_check_vip_takes_an_address_like_any_other() {
    example()
        .with_all([vip("ext", "ext", "172.17.0.60", "02:00:00:00:00:60"), switch_lb_rule("slr", "10.96.0.99")])
        .recounted()
        .finds(&[]);
}

#[test]
fn a_vip_that_is_lent_is_counted_once() {
    // After a restart, when the allocator knows of it.
    readdressed(example(), "p2", "macvlan.default", "172.17.0.40")
        .patched(
            "Vip vip2",
            json!({"metadata": {"labels": {"ovn.kubernetes.io/ip_reserved": "p2.default.macvlan.default"}}}),
        )
        .recounted()
        .finds(&[]);
}

#[test]
fn an_object_in_flight_makes_a_difference_of_one_only_possible() {
    // The status was written before the Vip was made.
    let fresh = vip("v", "ext", "172.17.0.50", "02:00:00:00:00:99").but(created(JUST_NOW));
    example().with(fresh.clone()).finds(&[
        "warning possible count-mismatch:ext/v4 @ Subnet ext",
        "warning possible range-mismatch:ext/v4 @ Subnet ext = 172.17.0.50",
    ]);
    // A difference of ten is none of it.
    reporting(18, 224).with(fresh).report().findings.iter().filter(|f| f.code == engine::Code::CountMismatch).for_each(
        |f| {
            assert_eq!(f.certainty, engine::Certainty::Likely);
        },
    );
}

#[test]
fn a_subnet_that_allocates_macs_only_has_no_counts() {
    let macs = subnet("macs", "10.63.0.0/24", "", "ovn").but(
        json!({"spec": {"cidrBlock": null, "gateway": null, "excludeIps": [], "protocol": "Mac", "vlan": "vlan70"}}),
    );
    let report = example().with(macs).recounted().finds(&[]);
    let line = report.subnets.iter().find(|subnet| subnet.name == "macs").unwrap();
    assert!(line.v4.is_none() && line.v6.is_none());
}

#[test]
fn an_exclude_in_another_spelling_is_counted_and_taken_off() {
    // Kube-OVN compares single addresses as text. The block is small: of 2^64 addresses nobody could count one off.
    let excluding = |entry: &str| {
        let excludes = json!({"spec": {"cidrBlock": "10.60.0.0/24,fd00:60::/112", "excludeIps": ["10.60.0.1", "fd00:60::1", entry]}});
        on_dual(example().patched("Subnet dual", excludes), "d2", "10.60.0.6,fd00:60::6").recounted()
    };
    for entry in ["fd00:60:0::6", "FD00:60::6"] {
        excluding(entry).finds(&[
            "info proven excluded-in-use:dual @ Subnet dual = fd00:60::6",
            "info proven count-mismatch:dual/v6 @ Subnet dual",
        ]);
    }
    // A range is compared by its ends.
    for entry in ["fd00:60::6", "fd00:60:0::6..fd00:60:0::6"] {
        excluding(entry).finds(&[
            "info proven excluded-in-use:dual @ Subnet dual = fd00:60::6",
            "info proven count-mismatch:dual/v4 @ Subnet dual",
            "info proven count-mismatch:dual/v6 @ Subnet dual",
        ]);
    }
}

#[test]
fn a_gateway_within_a_range_is_an_exclude_like_any_other() {
    // The gateway is known only where it stands by itself.
    example()
        .patched(
            "Subnet ext",
            json!({"spec": {"excludeIps": ["172.17.0.1..172.17.0.9", "172.17.0.200..172.17.0.210"]}}),
        )
        .recounted()
        .finds(&[]);
}

#[test]
fn excludes_that_overlap_may_be_taken_off_twice() {
    // Kube-OVN adds up the entries, and merges them pair by pair.
    let excludes =
        json!({"spec": {"excludeIps": ["172.17.0.1", "172.17.0.200..172.17.0.210", "172.17.0.205..172.17.0.215"]}});
    let cluster = example().patched("Subnet ext", excludes).recounted();
    cluster.clone().finds(&[]);
    let available = cluster.get("Subnet ext")["status"]["v4availableIPs"].as_i64().unwrap();
    let reporting =
        |available: i64| cluster.clone().patched("Subnet ext", json!({"status": {"v4availableIPs": available}}));
    reporting(available - 6).finds(&["info proven count-mismatch:ext/v4 @ Subnet ext"]);
    reporting(available - 7).finds(&["warning proven count-mismatch:ext/v4 @ Subnet ext"]);
    reporting(available + 1).finds(&["warning proven count-mismatch:ext/v4 @ Subnet ext"]);
}

#[test]
fn a_difference_follows_from_the_leaks_that_make_it_and_from_no_other() {
    let leaks = |cluster: Cluster| {
        cluster.with_all([
            ip("default", "gone1", "macvlan.default", "ext", "172.17.0.50"),
            ip("default", "gone2", "macvlan.default", "ext", "172.17.0.11"),
            ip("default", "gone3", "macvlan.default", "ext", ""),
        ])
    };
    let report = leaks(example()).recounted().report();
    let count = finding(&report, "count-mismatch:ext/v4");
    // Of gone1 there is one record of one address: Kube-OVN and the objects agree about it.
    assert_eq!(
        count.follows.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "duplicate-address:macvlan.default/172.17.0.11",
            "leaked-ip:ips/gone2.default.macvlan.default",
            "leaked-ip:ips/gone3.default.macvlan.default",
        ]
    );
    // A Subnet that reads as more than full follows from all that fill it.
    let over = leaks(example()).patched("Subnet ext", json!({"status": {"v4usingIPs": 300, "v4availableIPs": 0}}));
    let follows = finding(&over.report(), "over-capacity:ext/v4").follows.clone();
    assert_eq!(follows.len(), 4, "{follows:?}");
}

#[test]
fn an_eip_under_the_label_of_another_subnet_is_counted_there() {
    let moved = json!({"metadata": {"labels": {"ovn.kubernetes.io/subnet": "ext"}}});
    example().patched("IptablesEIP eip1", moved).recounted().patched("Subnet ext", json!({"status": {"v4usingIPrange": null, "v4availableIPrange": null}}))
        .patched("Subnet ovn-vpc-external-network", json!({"status": {"v4usingIPrange": null, "v4availableIPrange": null}})).finds(&[
        "info proven label-drift:iptables-eips/eip1 @ IptablesEIP eip1",
        "warning proven count-mismatch:ext/v4 @ Subnet ext < label-drift:iptables-eips/eip1",
        "warning proven count-mismatch:ovn-vpc-external-network/v4 @ Subnet ovn-vpc-external-network < label-drift:iptables-eips/eip1",
    ]);
}

#[test]
fn what_hangs_in_its_deletion_is_not_in_flight() {
    // Kube-OVN counts an IP object until its finalizer is gone.
    let stuck = |at: &str| {
        let status = json!({"status": {"v4usingIPs": 7, "v4availableIPs": 235}});
        example().patched("IP vm2.default.macvlan.default", deleted(at)).patched("Subnet ext", status)
    };
    stuck(FOUR_MINUTES_AGO).finds(&["warning possible count-mismatch:ext/v4 @ Subnet ext"]);
    stuck(AN_HOUR_AGO).finds(&[
        "warning likely stuck-terminating:ips/vm2.default.macvlan.default @ IP vm2.default.macvlan.default = 172.17.0.31",
        "warning proven count-mismatch:ext/v4 @ Subnet ext",
    ]);
}

#[test]
fn a_status_from_before_what_is_in_flight_is_only_possibly_wrong_beside_what_the_rules_explain() {
    // One address is excluded and left out of the count; the status does not know of the new Vip yet.
    let before = readdressed(example(), "p2", "macvlan.default", "172.17.0.205").recounted();
    let fresh = vip("v", "ext", "172.17.0.50", "02:00:00:00:00:99").but(created(JUST_NOW));
    before.clone().with(fresh.clone()).finds(&[
        "info proven excluded-in-use:ext @ Subnet ext = 172.17.0.205",
        "warning possible count-mismatch:ext/v4 @ Subnet ext",
        "warning possible range-mismatch:ext/v4 @ Subnet ext = 172.17.0.50",
    ]);
    // What is recorded twice is no matter of time.
    let reserved = |name: &str| reservation("default", name, "macvlan.default", "ext", "172.17.0.11");
    let twice = before.with_all([reserved("r1"), reserved("r2"), reserved("r3")]).recounted().with(fresh);
    assert_eq!(finding(&twice.report(), "count-mismatch:ext/v4").certainty, engine::Certainty::Proven);
}

#[test]
fn large_counters_in_flight_are_compared_rounded() {
    on_dual(example(), "d2", "10.60.0.6,fd00:60::6")
        .patched("Pod default/d2", created(JUST_NOW))
        .patched("IP d2.default.dual.default", created(JUST_NOW))
        .report()
        .findings
        .iter()
        .for_each(|finding| assert_eq!(finding.certainty, engine::Certainty::Possible, "{}", finding.id));
}

#[test]
fn a_pod_that_finished_just_now_is_in_flight_after_its_record_is_gone() {
    let released = |at: &str| {
        example()
            .patched("Pod default/p1", finished("Succeeded", "Never", at))
            .without_all(&["IP p1.default", "IP p1.default.macvlan.default"])
    };
    for (at, certainty) in [(JUST_NOW, engine::Certainty::Possible), (AN_HOUR_AGO, engine::Certainty::Likely)] {
        let report = released(at).report();
        assert_eq!(report.findings.len(), 4, "counts and ranges of both Subnets");
        report.findings.iter().for_each(|finding| assert_eq!(finding.certainty, certainty, "{} {at}", finding.id));
    }
}
