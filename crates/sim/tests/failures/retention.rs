//! Who is entitled to keep an address has it whatever is started anew: the holder, its pod, its node, the controller.

use crate::cast::*;
use crate::common::sampled as sweep;
use serde_json::json;
use sim::{Act, End};

fn addr<'a>(end: &'a End, holder: &str) -> &'a str {
    match end.addresses.get(holder).map(Vec::as_slice) {
        Some([one]) => one,
        other => panic!("{holder} has {other:?}"),
    }
}

/// R01.
#[test]
fn r01_an_ordinal_keeps_its_address_when_its_pod_goes_before_it_is_told_and_loses_it_with_its_block() {
    let hasty = |writes: u64| vec![Act::Stop(writes), delete(PODS, "db-0"), Act::Start];
    for writes in 0..5 {
        let first = vec![Act::Stop(writes), set("db", 1), delete(PODS, "db-0"), Act::Start];
        let end = sweep("r01, before it is told", all([first, hasty(writes), hasty(writes + 1), hasty(writes + 2)]));
        assert_eq!((addr(&end, "db-0"), end.pods["db-0"].0.as_str()), ("172.17.0.2", "Running"));
    }
    let block = json!({"spec": {"cidrBlock": "172.17.0.8/29", "gateway": "172.17.0.9", "excludeIps": []}});
    let moved = vec![set("db", 1), patch(SUBNETS, "ext", block)];
    assert_eq!(addr(&sweep("r01, another block", moved.clone()), "db-0"), "172.17.0.2", "while its pod lives");
    let end = sweep("r01, the next pod", all([moved, vec![delete(PODS, "db-0")]]));
    assert_eq!((addr(&end, "db-0"), end.pods["db-0"].0.as_str()), ("172.17.0.10", "Running"));
}

/// R01, where the next pod comes before anybody knows that the last one is off the wire.
#[test]
fn r01_an_ordinal_whose_block_is_another_one_does_not_wait_for_what_it_had() {
    let block = json!({"spec": {"cidrBlock": "172.17.0.8/29", "gateway": "172.17.0.9", "excludeIps": []}});
    let cordoned = patch("/api/v1/nodes", "node1", json!({"spec": {"unschedulable": true}}));
    let cut_off = Act::CutOff("node1".to_owned());
    let moved = vec![set("db", 1), patch(SUBNETS, "ext", block), cut_off, cordoned, force("db-0")];
    let end = sweep("r01, before the word", moved.clone());
    assert_eq!(end.addresses["db-0"], ["172.17.0.10", "172.17.0.2"]);
    let end = sweep("r01, after it", all([moved, vec![Act::Connect("node1".to_owned())]]));
    assert_eq!((addr(&end, "db-0"), end.pods["db-0"].0.as_str()), ("172.17.0.10", "Running"));
}

/// R02.
#[test]
fn r02_an_ordinal_whose_pod_is_absent_during_an_outage_has_its_address_although_others_want_one() {
    let before = sweep("r02, before", vec![set("db", 3)]);
    let race = Act::Together(all([vec![force("db-1")], crowd(3)]));
    let end = sweep("r02", all([vec![set("db", 3)], outage(vec![race])]));
    for ordinal in ["db-0", "db-1", "db-2"] {
        assert_eq!(addr(&end, ordinal), addr(&before, ordinal));
    }
    assert_eq!((end.pods["db-1"].0.as_str(), served(&end)), ("Running", 2));
}

/// R03.
#[test]
fn r03_the_claim_and_the_record_of_a_stopped_machine_are_there_and_name_the_machine() {
    let stopped = all([start("v"), stop("v", "launcher-v-1"), restart(), vec![Act::Pass(300)]]);
    let end = sweep("r03, stopped", stopped.clone());
    assert_eq!(
        (end.claims.as_slice(), counts(&end, "ext")),
        (&[("v".to_owned(), "macvlan.default".to_owned())][..], &json!([1, 4, 0, 0]))
    );
    assert_eq!(end.ip_specs["v.default.macvlan.default"]["v4IpAddress"], "172.17.0.2");
    let again = vec![instance("v", &["macvlan"]), launch("v", "launcher-v-2", "node2", json!({}))];
    let end = sweep("r03", all([stopped, again]));
    assert_eq!((addr(&end, "v"), end.pods["launcher-v-2"].0.as_str()), ("172.17.0.2", "Running"));
}

/// R04.
#[test]
fn r04_a_machine_whose_launcher_failed_during_an_outage_has_the_same_address_and_mac_again() {
    let mac = json!({"macvlan.default.kubernetes.io/mac_address": "02:00:00:00:00:07"});
    let up = vec![vm("v", &["macvlan"]), instance("v", &["macvlan"]), launch("v", "one", "node1", mac.clone())];
    let failed = patch(PODS, "one/status", json!({"status": {"phase": "Failed"}}));
    let again = vec![Act::Pass(300), launch("v", "two", "node2", mac)];
    let end = sweep("r04", all([up, outage(vec![failed]), again]));
    assert_eq!((addr(&end, "v"), end.pods["two"].0.as_str()), ("172.17.0.2", "Running"));
    assert_eq!(end.annotations["two"]["macvlan.default.kubernetes.io/mac_address"], "02:00:00:00:00:07");
}

/// R06.
#[test]
fn r06_ordinals_are_counted_from_where_their_set_starts() {
    let mut from_five = sim::stateful_set("db", 3);
    from_five["spec"]["ordinals"] = json!({"start": 5});
    let up = vec![Act::Create(SETS.to_owned(), from_five)];
    let before = sweep("r06, before", up.clone());
    let replaced = all([up, outage(vec![delete(PODS, "db-6")]), vec![Act::Pass(300)]]);
    let end = sweep("r06, replaced", replaced.clone());
    assert_eq!((&end.addresses, end.claims.len()), (&before.addresses, 3));
    let end = sweep("r06", all([replaced, vec![scale("db", 1)]]));
    assert_eq!(end.claims, [("db-5".to_owned(), "net1".to_owned())]);
}

/// R08.
#[test]
fn r08_a_vip_that_a_machine_borrows_goes_from_one_launcher_to_the_next() {
    let borrows = |launcher: &str, node: &str| launch("m", launcher, node, json!({"ovn.kubernetes.io/vip": "v"}));
    let up = vec![
        vip("v", "ext", "172.17.0.5"),
        vm("m", &["macvlan"]),
        instance("m", &["macvlan"]),
        borrows("one", "node1"),
    ];
    let end = sweep("r08, first", up.clone());
    assert_eq!((end.claims.len(), end.answers, end.pods["one"].0.as_str()), (1, 1, "Running"), "{end:#?}");
    let again = vec![instance("m", &["macvlan"]), borrows("two", "node2")];
    let end = sweep("r08, again", all([up.clone(), stop("m", "one"), again]));
    assert_eq!((addr(&end, "v"), end.answers, end.pods["two"].0.as_str()), ("172.17.0.5", 1, "Running"));
    let end = sweep("r08, moved", all([up.clone(), vec![borrows("two", "node2"), delete(PODS, "one")]]));
    assert_eq!((addr(&end, "v"), end.answers, end.pods["two"].0.as_str()), ("172.17.0.5", 1, "Running"));
    let moves = vec![migrate("j", "m"), target_with("m", "two", "node2", "j", &json!({"ovn.kubernetes.io/vip": "v"}))];
    let end = sweep("r08, live", all([up.clone(), moves.clone()]));
    assert_eq!((end.claims.len(), end.pods["one"].0.as_str(), end.pods["two"].0.as_str()), (1, "Running", "Running"));
    let end = sweep("r08, migrated", all([up, moves, vec![phase("j", "Succeeded"), exit("one")]]));
    assert_eq!((addr(&end, "v"), end.claims.len(), end.pods["two"].0.as_str()), ("172.17.0.5", 1, "Running"));
}

/// R09.
#[test]
fn r09_the_next_pod_of_an_ordinal_with_two_fixed_nics_waits_for_the_one_before_and_is_refused_nothing() {
    let asks = json!({NETWORKS: "macvlan,other", "macvlan.default.kubernetes.io/ip_address": "172.17.0.4",
        "other.default.kubernetes.io/ip_address": "10.9.0.4"});
    let up = vec![subnet("other", "10.9.0.0/29", "other.default"), set_with("db", 1, &asks)];
    let lingers = all([up, vec![Act::CutOff("node1".to_owned()), force("db-0")]]);
    let waits = sweep("r09, the old sandbox lingers", lingers.clone());
    assert_eq!((waits.pods["db-0"].0.as_str(), waits.answers, waits.events.len()), ("Pending", 2, 0));
    let end = sweep("r09", all([lingers, vec![Act::Connect("node1".to_owned())]]));
    assert_eq!((end.pods["db-0"].0.as_str(), end.claims.len(), end.answers), ("Running", 2, 2));
}

/// R09, the other half.
#[test]
fn r09_a_machine_that_migrates_is_in_its_own_way_for_a_while_and_conflicts_with_nobody() {
    let mac = json!({"macvlan.default.kubernetes.io/mac_address": "02:00:00:00:00:07"});
    let up = vec![vm("v", &["macvlan"]), instance("v", &["macvlan"]), launch("v", "one", "node1", mac.clone())];
    let both = all([up, vec![launch("v", "two", "node2", mac)]]);
    let waits = sweep("r09, source and target", both.clone());
    assert_eq!(waits.claims.len(), 1);
    assert!(told(&waits, "two").contains("172.17.0.2 of VirtualMachine default/v is in use by another pod"));
    let end = sweep("r09, migrated", all([both, vec![delete(PODS, "one")]]));
    assert_eq!((addr(&end, "v"), end.pods["two"].0.as_str()), ("172.17.0.2", "Running"));
}

/// R09, the rest: KubeVirt ends the source once the target runs.
#[test]
fn r09_the_target_of_a_live_migration_runs_while_its_source_does() {
    let both = all([start("v"), vec![migrate("j", "v"), target("v", "two", "node2", "j")]]);
    let end = sweep("r09, live", both.clone());
    assert_eq!((end.pods["launcher-v-1"].0.as_str(), end.pods["two"].0.as_str()), ("Running", "Running"));
    assert_eq!((addr(&end, "v"), end.ips.len(), counts(&end, "ext")), ("172.17.0.2", 1, &json!([1, 4, 0, 0])));
    assert_eq!(end.annotations["two"]["macvlan.default.kubernetes.io/ip_address"], "172.17.0.2");
    let end = sweep("r09, over", all([both, vec![phase("j", "Succeeded"), exit("launcher-v-1")]]));
    assert_eq!((addr(&end, "v"), end.pods["two"].0.as_str(), end.answers), ("172.17.0.2", "Running", 1));
    assert_eq!(end.ip_specs["v.default.macvlan.default"]["nodeName"], "node2");
}
