//! An address, and on one layer 2 a MAC, has one owner at every moment: after each write the oracle looks.

use crate::cast::*;
use crate::common::sampled as sweep;
use serde_json::json;
use sim::Act;

/// U01.
#[test]
fn u01_gateways_and_eips_that_come_and_go_share_no_address_and_each_is_counted_once() {
    let made = || vec![gateway("gw", &["ext"]), eip("e", "172.17.0.5"), program("172.17.0.5")];
    let one_by_one = vec![delete(PODS, &pod_of("gw")), delete(EIPS, "e"), delete(GATEWAYS, "gw")];
    let at_once = vec![Act::Together(one_by_one.clone())];
    let rounds = all([made(), one_by_one, made(), at_once]);
    assert_empty(&sweep("u01, rounds", rounds.clone()));
    let eips = (1..=6).map(|number| eip(&format!("e{number}"), "")).collect();
    let end = sweep("u01", all([rounds, eips]));
    assert_eq!((end.claims.len(), counts(&end, "ext")), (5, &json!([5, 0, 0, 0])));
    assert!(end.told["IptablesEIP e6 "].contains("no IPv4 address is free"), "{:?}", end.told);
}

/// U02.
#[test]
fn u02_an_address_of_any_kind_of_holder_is_held_after_a_restart_and_nobody_else_gets_it() {
    let holders =
        vec![pod("p"), gateway("gw", &["ext"]), vip("v", "ext", ""), eip("e", ""), reserve("r", "172.17.0.6")];
    let before = sweep("u02, before", holders.clone());
    let end = sweep("u02", all([holders, restart(), crowd(1), vec![eip("late", "")]]));
    assert_eq!((served(&end), end.claims.len(), end.addresses.get("late")), (0, 5, None));
    assert_eq!(ranges(&end, "ext"), ranges(&before, "ext"));
}

/// U03.
#[test]
fn u03_a_pod_that_is_deleted_before_it_is_told_what_was_claimed_for_it_leaves_nothing() {
    for writes in 0..8 {
        let round = |number: usize| {
            let name = format!("p{number}");
            let both = pod_with(&name, "node1", json!({NETWORKS: "macvlan,other"}));
            vec![Act::Stop(writes), both, delete(PODS, &name), Act::Start]
        };
        let other = vec![subnet("other", "10.9.0.0/29", "other.default")];
        assert_empty(&sweep("u03", all([other, round(1), round(2)])));
    }
}

/// U04.
#[test]
fn u04_who_asks_for_the_address_of_a_pod_that_went_during_an_outage_waits_until_it_is_off_the_wire() {
    let cut_off = vec![fixed("a", "172.17.0.4"), Act::CutOff("node1".to_owned())];
    let acts = all([cut_off, outage(vec![force("a")]), vec![pod_with("b", "node2", at("172.17.0.4"))]]);
    let waits = sweep("u04, still on the wire", acts.clone());
    assert_eq!(waits.pods["b"].0, "Pending");
    assert!(told(&waits, "b").contains("172.17.0.4 is held by Pod default/a"), "{}", told(&waits, "b"));
    let end = sweep("u04", all([acts, vec![Act::Connect("node1".to_owned())]]));
    assert_eq!((end.pods["b"].0.as_str(), end.claims.len()), ("Running", 1));
}

/// U05.
#[test]
fn u05_the_address_that_is_kept_for_an_absent_ordinal_is_issued_to_nobody_whatever_its_record_lacks() {
    for kind in ["", "StatefulSet", "Whatever"] {
        let mut set = sim::stateful_set("db", 1);
        set["spec"]["template"]["spec"]["nodeSelector"] = json!({"is": "nowhere"});
        let kept = vec![kube_ovn_ip("db-0", "172.17.0.4", kind), Act::Create(SETS.to_owned(), set)];
        let end = sweep("u05", all([outage(kept), crowd(5)]));
        assert_eq!((served(&end), end.addresses.get("db-0")), (4, Some(&vec!["172.17.0.4".to_owned()])), "{kind:?}");
    }
}

/// U05, of a machine.
#[test]
fn u05_the_address_that_is_kept_for_a_stopped_machine_is_issued_to_nobody() {
    let stopped = vec![kube_ovn_ip("v", "172.17.0.4", "VirtualMachine"), vm("v", &["macvlan"])];
    let end = sweep("u05, a machine", all([outage(stopped), crowd(5)]));
    assert_eq!((served(&end), end.addresses.get("v")), (4, Some(&vec!["172.17.0.4".to_owned()])));
}

/// U06.
#[test]
fn u06_a_network_that_a_stopped_machine_loses_frees_that_address_and_no_other_of_it() {
    let nads = ["macvlan", "other"];
    let up = vec![
        subnet("other", "10.9.0.0/29", "other.default"),
        vm("v", &nads),
        instance("v", &nads),
        launch("v", "launcher", "node1", json!({NETWORKS: "macvlan,other"})),
    ];
    let acts = all([up, stop("v", "launcher"), vec![rewire("v", &["macvlan"])], crowd(5)]);
    let end = sweep("u06", acts);
    assert_eq!((end.addresses["v"].as_slice(), served(&end)), (&["172.17.0.2".to_owned()][..], 4));
    assert_eq!(counts(&end, "other"), &json!([0, 5, 0, 0]));
}

/// U09.
#[test]
fn u09_a_subnet_that_grows_gives_out_what_is_new_and_nothing_that_is_in_use() {
    let on = |name: &str, pool: &str| {
        let mut annotations = json!({NETWORKS: "dual"});
        if !pool.is_empty() {
            annotations["dual.default.kubernetes.io/ip_pool"] = json!(pool);
        }
        pod_with(name, "node1", annotations)
    };
    let grow =
        |v4: u8, v6: u8| patch(SUBNETS, "dual", json!({"spec": {"cidrBlock": format!("10.9.0.0/{v4},fd00::/{v6}")}}));
    let acts = vec![
        subnet("dual", "10.9.0.0/30,fd00::/126", "dual.default"),
        on("p1", ""),
        on("p2", ""),
        grow(29, 125),
        pool("a", "dual", &["10.9.0.4", "fd00::4"], &[]),
        pool("b", "dual", &["10.9.0.5..10.9.0.6", "fd00::5..fd00::6"], &[]),
        on("p3", "a"),
        on("p4", "b"),
        grow(28, 124),
        on("p5", "b"),
        on("p6", ""),
    ];
    let end = sweep("u09", acts);
    assert!(end.pods.values().all(|(phase, _)| phase == "Running"), "{end:#?}");
    assert_eq!((end.claims.len(), counts(&end, "dual")), (12, &json!([6, 7, 6, 7])));
    assert_eq!(ranges(&end, "dual")[0], "10.9.0.2-10.9.0.7");
}

/// U10.
#[test]
fn u10_excluding_addresses_in_use_and_taking_that_back_makes_them_free_for_nobody() {
    let exclude = |list: &[&str]| vec![patch(SUBNETS, "ext", json!({"spec": {"excludeIps": list}}))];
    let held = vec![fixed("a", "172.17.0.2"), fixed("b", "172.17.0.3")];
    let excluded = all([held, exclude(&["172.17.0.1", "172.17.0.2", "172.17.0.3"]), restart(), crowd(3)]);
    let end = sweep("u10", all([excluded, exclude(&["172.17.0.1"]), restart(), vec![pod("late")]]));
    assert_eq!((end.addresses["a"][0].as_str(), end.addresses["b"][0].as_str()), ("172.17.0.2", "172.17.0.3"));
    assert_eq!((served(&end), end.pods["late"].0.as_str(), counts(&end, "ext")), (3, "Pending", &json!([5, 0, 0, 0])));
}

/// U11.
#[test]
fn u11_an_excluded_address_that_somebody_had_by_name_is_given_by_name_only_whatever_pools_do() {
    let acts = vec![
        patch(SUBNETS, "ext", json!({"spec": {"excludeIps": ["172.17.0.1", "172.17.0.6"]}})),
        fixed("p", "172.17.0.6"),
        delete(PODS, "p"),
        pool("blue", "ext", &["172.17.0.4"], &[]),
        patch(POOLS, "blue", json!({"spec": {"ips": ["172.17.0.4", "172.17.0.5"]}})),
    ];
    let full = all([acts, crowd(5)]);
    let pooled = sweep("u11, with a pool", full.clone());
    assert_eq!((served(&pooled), crowd_has(&pooled, "172.17.0.6")), (2, false));
    let end = sweep("u11", all([full, vec![delete(POOLS, "blue"), fixed("q", "172.17.0.6")]]));
    assert_eq!((served(&end), crowd_has(&end, "172.17.0.6"), end.pods["q"].0.as_str()), (4, false, "Running"));
}

/// U12.
#[test]
fn u12_an_ordinal_that_moves_in_one_family_keeps_its_address_of_the_other() {
    let asks = |pair: &str| json!({NETWORKS: "dual", "dual.default.kubernetes.io/ip_address": pair});
    let moved = json!({"spec": {"template": {"metadata": {"annotations": asks("10.9.0.4,fd00::3")}}}});
    let six = |number| {
        let annotations = json!({NETWORKS: "dual", "dual.default.kubernetes.io/ip_family": "ipv6"});
        pod_with(&format!("crowd{number}"), "node2", annotations)
    };
    let acts = vec![dual(), set_with("db", 1, &asks("10.9.0.3,fd00::3")), patch(SETS, "db", moved)];
    let end = sweep("u12", all([acts, (1..=5).map(six).collect()]));
    assert_eq!(end.addresses["db-0"], ["10.9.0.4", "fd00::3"]);
    assert_eq!((served(&end), crowd_has(&end, "fd00::3")), (4, false));
}

/// U13.
#[test]
fn u13_vips_and_ovn_eips_hold_their_addresses_of_both_families_through_a_restart() {
    let six = |at: u8| format!("fd01:0000:0000:0000:0000:0000:0000:000{at}");
    let acts = all([
        vec![dual(), subnet("six", "fd01::/125", "six.default")],
        vec![ovn_eip("o1"), held("OvnEip", "o1", "dual.default", "10.9.0.6")],
        vec![ovn_eip("o2"), held("OvnEip", "o2", "six.default", &six(6))],
        vec![vip("v1", "dual", ""), vip("v2", "dual", "10.9.0.5"), vip("v3", "six", "")],
    ]);
    let before = sweep("u13, before", acts.clone());
    let after = sweep("u13, after", all([acts.clone(), restart()]));
    for name in ["dual", "six"] {
        assert_eq!(after.statuses[name], before.statuses[name], "byte for byte");
    }
    let pod = |number| pod_with(&format!("crowd{number}"), "node2", json!({NETWORKS: "six"}));
    let end = sweep("u13", all([acts, restart(), (1..=4).map(pod).collect()]));
    assert_eq!((served(&end), counts(&end, "six")), (3, &json!([0, 0, 5, 0])));
}

/// U15.
#[test]
fn u15_a_mac_is_given_once_on_a_wire_whichever_of_its_subnets_the_pods_are_on() {
    let on = |name: &str, subnet: &str| {
        let annotations = json!({"macvlan.default.kubernetes.io/logical_switch": subnet,
            "macvlan.default.kubernetes.io/mac_address": "02:00:00:00:00:07"});
        pod_with(name, "node1", annotations)
    };
    let acts = vec![subnet("ext2", "10.7.0.0/29", "macvlan.default"), on("a", "ext"), on("b", "ext2")];
    let refused = sweep("u15, one MAC for two", acts.clone());
    assert_eq!((refused.claims.len(), refused.pods["b"].0.as_str()), (1, "Pending"));
    assert!(told(&refused, "b").contains("AddressConflict"), "{}", told(&refused, "b"));
    let end = sweep("u15", all([acts, vec![delete(PODS, "a")]]));
    assert_eq!((end.pods["b"].0.as_str(), end.addresses["b"][0].as_str()), ("Running", "10.7.0.2"));
}

/// U16.
#[test]
fn u16_the_mac_of_an_address_without_a_pod_is_as_much_in_use_as_that_of_a_pod() {
    let mac = "02:00:00:00:00:07";
    let spec = json!({"subnet": "ext", "namespace": "default", "macAddress": mac});
    let infrastructure = Act::Create(VIPS.to_owned(), kube_ovn("Vip", "v", spec));
    let same = pod_with("p", "node1", json!({"macvlan.default.kubernetes.io/mac_address": mac}));
    let end = sweep("u16, the Vip first", vec![infrastructure.clone(), same.clone()]);
    assert_eq!((end.claims.len(), end.pods["p"].0.as_str()), (1, "Pending"));
    assert!(told(&end, "p").contains("AddressConflict") && told(&end, "p").contains('v'), "{}", told(&end, "p"));
    let end = sweep("u16, the pod first", vec![same, infrastructure]);
    assert_eq!((end.claims.len(), end.pods["p"].0.as_str()), (1, "Running"));
    assert!(end.told["Vip v "].contains("AddressConflict"), "{:?}", end.told);
}

/// U17.
#[test]
fn u17_an_eip_without_its_finalizer_is_given_to_nobody_while_its_gateway_has_it() {
    let finalizer = json!({"metadata": {"finalizers": [FINALIZER]}});
    let used =
        vec![gateway("gw", &["ext"]), eip("e", "172.17.0.5"), program("172.17.0.5"), patch(EIPS, "e", finalizer)];
    let acts = all([used, outage(vec![strip(EIPS, "e"), delete(EIPS, "e")]), crowd(5)]);
    let held = sweep("u17, still translated", acts.clone());
    assert_eq!((served(&held), crowd_has(&held, "172.17.0.5")), (3, false));
    let end = sweep("u17", all([acts, vec![unprogram("172.17.0.5")]]));
    assert_eq!((served(&end), crowd_has(&end, "172.17.0.5")), (4, true));
}

/// U21.
#[test]
fn u21_a_machine_whose_wish_for_another_address_is_refused_has_the_one_that_it_had() {
    let mac = "02:00:00:00:00:07";
    let asks = |addr: &str| json!({"macvlan.default.kubernetes.io/ip_address": addr, "macvlan.default.kubernetes.io/mac_address": mac});
    let other = pod_with("p", "node1", asks("172.17.0.3"));
    let again = vec![instance("v", &["macvlan"]), launch("v", "launcher-v-2", "node2", asks("172.17.0.5"))];
    let end = sweep("u21", all([start("v"), vec![other], stop("v", "launcher-v-1"), again, crowd(5)]));
    assert_eq!((end.addresses["v"].as_slice(), served(&end)), (&["172.17.0.2".to_owned()][..], 3));
}
