//! The same classes of failures elsewhere: whereabouts (W), Spiderpool (P), Calico (K), Cilium (Y).

use crate::cast::*;
use crate::common::{every_fault, sampled as sweep};
use serde_json::json;
use sim::{Act, Fault, Story, run, run_with};

fn out_of_service() -> Act {
    let taint = json!({"spec": {"taints": [{"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}]}});
    patch("/api/v1/nodes", "node1", taint)
}

/// W01.
#[test]
fn w01_controllers_that_know_nothing_of_each_other_give_no_address_twice() {
    let story = Story { name: "w01", acts: vec![Act::Together(crowd(6))] };
    let clean = run(&story, Fault::None).unwrap();
    assert_eq!((served(&clean), clean.claims.len()), (5, 5));
    every_fault(2, &story, &clean);
    let many = run_with(6, &story, Fault::None).unwrap();
    assert!(many.is_like(&clean), "{many:#?}");
}

/// W02.
#[test]
fn w02_nobody_has_an_address_whose_claim_was_never_written() {
    let story = Story { name: "w02", acts: vec![pod("p")] };
    let clean = run(&story, Fault::None).unwrap();
    for write in 1..=clean.all_writes() {
        for fault in [Fault::Lose(write), Fault::DropReply(write), Fault::Late(write)] {
            let end = run(&story, fault).unwrap();
            assert!(end.is_like(&clean), "{fault:?}: {end:#?}");
            assert_eq!((end.claims.len(), end.answers), (1, 1), "{fault:?}");
        }
    }
}

/// W04.
#[test]
fn w04_of_two_pods_of_one_name_the_one_that_is_gone_loses_its_address() {
    let acts = vec![
        fixed("p", "172.17.0.2"),
        Act::PowerOff("node1".to_owned()),
        force("p"),
        pod_with("p", "node2", at("172.17.0.3")),
        Act::Pass(120),
    ];
    let both = sweep("w04, before the verdict", acts.clone());
    assert_eq!(
        (both.addresses["p"].as_slice(), both.answers),
        (&["172.17.0.2".to_owned(), "172.17.0.3".to_owned()][..], 1)
    );
    let end = sweep("w04", all([acts, vec![out_of_service()]]));
    assert_eq!(
        (end.addresses["p"].as_slice(), end.pods["p"].0.as_str(), end.answers),
        (&["172.17.0.3".to_owned()][..], "Running", 1)
    );
}

/// W04, of a StatefulSet: the ordinal has one address, and it goes with the ordinal.
#[test]
fn w04_an_ordinal_whose_node_is_gone_has_its_address_on_another_node() {
    let nodes = vec![out_of_service()];
    let up = vec![set("db", 1), Act::PowerOff("node1".to_owned()), force("db-0")];
    let end = sweep("w04, an ordinal", all([up, nodes, vec![Act::Pass(120)]]));
    assert_eq!((end.addresses["db-0"].as_slice(), end.claims.len()), (&["172.17.0.2".to_owned()][..], 1));
}

/// W06.
#[test]
fn w06_a_node_that_comes_back_takes_nothing_from_those_who_got_the_addresses_of_its_pods() {
    let lost: Vec<Act> = (1..=5).map(|number| pod(&format!("p{number}"))).collect();
    let dead = all([
        lost,
        vec![Act::PowerOff("node1".to_owned())],
        (1..=5).map(|number| force(&format!("p{number}"))).collect(),
    ]);
    let waits = sweep("w06, nobody knows", all([dead.clone(), crowd(2)]));
    assert_eq!(served(&waits), 0);
    let fenced = all([dead, crowd(2), vec![out_of_service()]]);
    let moved = sweep("w06, fenced", fenced.clone());
    assert_eq!((served(&moved), moved.claims.len()), (2, 2));
    let back = patch("/api/v1/nodes", "node1", json!({"spec": {"taints": null}}));
    let end = sweep("w06", all([fenced, vec![back, Act::PowerOn("node1".to_owned()), pod("new")]]));
    assert_eq!((served(&end), end.pods["new"].0.as_str(), end.claims.len()), (2, "Running", 3));
}

/// W07.
#[test]
fn w07_an_ipv6_address_is_kept_however_its_claim_is_named() {
    let on = |name: &str, network: &str| pod_with(name, "node1", json!({NETWORKS: network}));
    let acts = vec![
        subnet("six", "fd00:25:0:0:9::/125", "six.default"),
        subnet("odd", "fd00:26::/125", "o-d.d--d.default"),
        on("p", "six"),
        Act::Pass(120),
    ];
    let end = sweep("w07", all([acts, vec![Act::Pass(120); 2], restart()]));
    assert_eq!(
        (end.addresses["p"].as_slice(), end.pods["p"].0.as_str()),
        (&["fd00:25::9:0:0:2".to_owned()][..], "Running")
    );
}

/// P01.
#[test]
fn p01_a_pod_that_is_made_again_and_again_under_one_name_shares_no_address_with_its_former_self_or_others() {
    let round = |number: usize| {
        let next = format!("other{number}");
        vec![Act::Together(vec![force("p"), pod(&next)]), pod("p"), delete(PODS, &next)]
    };
    let end = sweep("p01", all([vec![pod("p")], all((0..3).map(round)), vec![pod("last")]]));
    assert_eq!((end.claims.len(), end.ips.len(), end.answers), (2, 2, 2));
    assert!(end.pods.values().all(|(phase, _)| phase == "Running"), "{:?}", end.pods);
}

/// P02.
#[test]
fn p02_as_many_pods_as_there_are_addresses_all_start_whatever_was_half_done() {
    for writes in 0..6 {
        let mut pods = crowd(5);
        pods.insert(3, Act::Stop(writes));
        pods.push(Act::Start);
        let end = sweep("p02", pods);
        assert_eq!((served(&end), counts(&end, "ext")), (5, &json!([5, 0, 0, 0])), "{writes}");
    }
}

/// P03.
#[test]
fn p03_the_pods_of_a_set_are_replaced_on_a_full_network_and_each_ordinal_has_its_address() {
    let up = all([vec![set("db", 2)], crowd(4)]);
    let before = sweep("p03, full", up.clone());
    let roll = json!({"spec": {"template": {"metadata": {"annotations": {"rolled": "once"}}}}});
    let end = sweep("p03", all([up, vec![patch(SETS, "db", roll), Act::Pass(120)]]));
    assert_eq!((served(&end), &end.addresses), (3, &before.addresses));
    assert!(["db-0", "db-1"].iter().all(|pod| end.pods[*pod].0 == "Running"), "{:?}", end.pods);
}

/// K02.
#[test]
fn k02_the_address_of_a_node_is_given_to_nobody_and_a_late_release_does_not_concern_the_next_holder() {
    let node = held("Node", "node1", "macvlan.default", "172.17.0.2");
    let end = sweep("k02, a node's", all([vec![node, Act::Pass(120)], crowd(5)]));
    assert_eq!((served(&end), end.addresses["node1"].as_slice()), (4, &["172.17.0.2".to_owned()][..]));
    // Every write comes late once, the release of the first claim among them.
    let acts = vec![fixed("a", "172.17.0.4"), delete(PODS, "a"), fixed("b", "172.17.0.4"), Act::Pass(120)];
    let end = sweep("k02, a late release", acts);
    assert_eq!((end.claims.len(), end.pods["b"].0.as_str(), end.answers), (1, "Running", 1));
}

/// K05.
#[test]
fn k05_a_pod_that_goes_while_its_families_are_claimed_leaves_neither() {
    for writes in 0..6 {
        let both = pod_with("p", "node1", json!({NETWORKS: "dual"}));
        let end = sweep("k05", vec![dual(), Act::Stop(writes), both, delete(PODS, "p"), Act::Start]);
        assert_empty(&end);
        assert_eq!(counts(&end, "dual"), &json!([0, 5, 0, 5]), "{writes}");
    }
}

/// K07.
#[test]
fn k07_what_went_while_nothing_was_heard_is_taken_for_gone_by_the_next_lists() {
    let made = all([
        vec![pod("p"), set("db", 1), eip("e", ""), vip("v", "ext", ""), reserve("r", "172.17.0.6")],
        vec![subnet("other", "10.9.0.0/29", "other.default"), pool("blue", "other", &["10.9.0.5"], &[])],
        vec![gateway("gw", &["other"])],
    ]);
    let gone = vec![
        delete(PODS, "p"),
        delete(SETS, "db"),
        delete(EIPS, "e"),
        delete(VIPS, "v"),
        delete(IPS, &port("r")),
        delete(POOLS, "blue"),
        delete(GATEWAYS, "gw"),
    ];
    // One of each name is there again: what was known is another life.
    let again = vec![Act::Deaf, Act::Together(gone.clone()), Act::Pass(5), vip("v", "ext", "172.17.0.6"), Act::Relist];
    let end = sweep("k07, one made again", all([made.clone(), again]));
    assert_eq!((end.claims.len(), end.leaving.as_slice()), (1, &[][..]), "{:?}", end.claims);
    let end = sweep("k07", all([made, vec![Act::Deaf, Act::Together(gone), Act::Relist]]));
    assert_empty(&end);
    assert_eq!((end.pools.len(), end.leaving.as_slice()), (0, &[][..]));
}

/// K08.
#[test]
fn k08_an_address_that_was_just_freed_is_given_by_name_at_once_and_otherwise_last() {
    let freed = vec![pod("a"), delete(PODS, "a")];
    let any = run(&Story { name: "k08", acts: all([freed.clone(), vec![pod("b")]]) }, Fault::None).unwrap();
    assert_eq!(any.addresses["b"], ["172.17.0.3"], "another one is free");
    let named = sweep("k08, by name", all([freed.clone(), vec![fixed("b", "172.17.0.2")]]));
    assert_eq!(named.pods["b"].0, "Running");
    let full = sweep("k08, the last one", all([freed, crowd(5)]));
    assert_eq!(served(&full), 5);
}

/// Y01.
#[test]
fn y01_addresses_in_use_outlive_the_subnet_and_the_pool_that_they_are_of() {
    let from = |name: &str| pod_with(name, "node1", json!({"macvlan.default.kubernetes.io/ip_pool": "blue"}));
    let blue = || pool("blue", "ext", &["172.17.0.4..172.17.0.5"], &[]);
    let ext = subnet("ext", "172.17.0.0/29", "macvlan.default");
    let up = vec![blue(), from("a"), pod("b")];
    let torn = vec![delete(POOLS, "blue"), Act::Together(vec![delete(SUBNETS, "ext"), strip(SUBNETS, "ext")])];
    let made_again = vec![ext, blue(), from("c"), from("d")];
    for acts in [all([torn.clone(), made_again.clone()]), outage(all([torn, made_again]))] {
        let end = sweep("y01", all([up.clone(), acts, crowd(3)]));
        assert_eq!((end.addresses["a"][0].as_str(), end.addresses["b"][0].as_str()), ("172.17.0.4", "172.17.0.2"));
        assert_eq!((end.pods["c"].0.as_str(), end.pods["d"].0.as_str(), served(&end)), ("Running", "Pending", 2));
        assert_eq!(counts(&end, "ext"), &json!([5, 0, 0, 0]));
    }
}

/// Y01, of who has no pod now.
#[test]
fn y01_the_address_of_a_stopped_machine_outlives_its_subnet() {
    let torn = Act::Together(vec![delete(SUBNETS, "ext"), strip(SUBNETS, "ext")]);
    let again = subnet("ext", "172.17.0.0/29", "macvlan.default");
    let end = sweep("y01, a machine", all([start("v"), stop("v", "launcher-v-1"), vec![torn, again], crowd(5)]));
    assert_eq!((end.addresses["v"].as_slice(), served(&end)), (&["172.17.0.2".to_owned()][..], 4));
}

/// Y02.
#[test]
fn y02_a_new_leader_among_pods_that_come_gives_nothing_that_the_one_before_gave() {
    let acts = vec![
        Act::Stop(2),
        Act::Together(crowd(3)),
        Act::Together(all([vec![Act::Start], vec![pod("a"), pod("b"), pod("c")]])),
    ];
    let end = sweep("y02", acts);
    let running = end.pods.values().filter(|(phase, _)| phase == "Running").count();
    assert_eq!((running, end.claims.len(), end.answers), (5, 5, 5));
}
