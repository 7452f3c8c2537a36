//! Who goes, or changes, gives back every NIC that is concerned, and no other.

use crate::cast::*;
use crate::common::sampled as sweep;
use serde_json::json;
use sim::{Act, Fault, Story, run};

fn other() -> Act {
    subnet("other", "10.9.0.0/29", "other.default")
}

/// C01.
#[test]
fn c01_a_pod_gives_back_every_nic_and_a_late_end_of_its_sandbox_takes_nothing_from_the_next_pod() {
    let on = |node: &str| {
        let annotations = json!({NETWORKS: "macvlan,other,third",
            "macvlan.default.kubernetes.io/ip_pool": "172.17.0.4,172.17.0.5"});
        pod_with("p", node, annotations)
    };
    let up = vec![other(), subnet("third", "10.7.0.0/29", "third.default"), on("node1")];
    let next = all([up, vec![delete(PODS, "p"), on("node1")]]);
    let end = sweep("c01, made again", next.clone());
    assert_eq!((end.claims.len(), end.addresses["p"][0].as_str(), end.answers), (3, "172.17.0.4", 3));
    let late = vec![Act::CutOff("node1".to_owned()), force("p"), on("node2"), Act::Connect("node1".to_owned())];
    let end = sweep("c01", all([next, late]));
    assert_eq!((end.claims.len(), end.addresses["p"][0].as_str(), end.answers), (3, "172.17.0.5", 3));
}

/// C02.
#[test]
fn c02_a_gateway_that_is_set_on_another_network_leaves_the_old_one_and_that_can_be_deleted() {
    let set = patch(GATEWAYS, "gw", json!({"spec": {"externalSubnets": ["other"]}}));
    let made = vec![other(), subnet("lan", "10.7.0.0/29", "lan.default"), gateway("gw", &["ext"])];
    for moved in [vec![set.clone()], outage(vec![set.clone()])] {
        let end = sweep("c02", all([made.clone(), moved, vec![delete(SUBNETS, "ext")]]));
        assert_eq!(end.claims, [("gw".to_owned(), "0/lan".to_owned()), ("gw".to_owned(), "0/other".to_owned())]);
        assert_eq!((end.subnets.contains_key("ext"), end.pods[&pod_of("gw")].0.as_str()), (false, "Running"));
    }
}

/// C02, where the move comes before the first pod is bound: that pod is of the old template, and has what its successor has not.
#[test]
fn c02_a_gateway_that_is_set_on_another_network_before_its_pod_is_bound_leaves_the_old_one_too() {
    let bind = |unschedulable: bool| {
        let body = json!({"spec": {"unschedulable": unschedulable}});
        ["node1", "node2"].map(|node| patch("/api/v1/nodes", node, body.clone())).to_vec()
    };
    let set = patch(GATEWAYS, "gw", json!({"spec": {"externalSubnets": ["other"]}}));
    let networks = vec![other(), subnet("lan", "10.7.0.0/29", "lan.default")];
    let made = all([networks, bind(true), vec![gateway("gw", &["ext"])]]);
    // The pod is bound after so many writes of the move.
    for writes in 0..5 {
        let acts = all([made.clone(), vec![Act::Stop(writes), set.clone()], bind(false), vec![Act::Start]]);
        let end = sweep("c02, before it is bound", acts.clone());
        assert_eq!(end.claims, [("gw".to_owned(), "0/lan".to_owned()), ("gw".to_owned(), "0/other".to_owned())]);
        assert_eq!((end.pods[&pod_of("gw")].0.as_str(), counts(&end, "ext")), ("Running", &json!([0, 5, 0, 0])));
        if writes == 2 {
            let end = sweep("c02, and the old network goes", all([acts.clone(), vec![delete(SUBNETS, "ext")]]));
            assert!(!end.subnets.contains_key("ext"));
            assert_empty(&sweep("c02, and the gateway goes", all([acts, vec![delete(GATEWAYS, "gw")]])));
        }
    }
}

/// C04.
#[test]
fn c04_a_machine_that_is_plugged_into_another_network_has_that_and_what_it_kept() {
    let launched = |name: &str, node: &str, nads: &str| launch("v", name, node, json!({NETWORKS: nads}));
    let (old, new) = (["macvlan", "a"], ["macvlan", "b"]);
    let up = vec![
        subnet("a", "10.9.0.0/29", "a.default"),
        subnet("b", "10.7.0.0/29", "b.default"),
        vm("v", &old),
        instance("v", &old),
        launched("one", "node1", "macvlan,a"),
    ];
    let swap = rewire("v", &new);
    let stopped =
        all([stop("v", "one"), vec![swap.clone(), instance("v", &new), launched("two", "node2", "macvlan,b")]]);
    let migrated = vec![swap.clone(), launched("two", "node2", "macvlan,b"), delete(PODS, "one")];
    let at_once = vec![Act::Together(vec![swap, launched("two", "node2", "macvlan,b")]), delete(PODS, "one")];
    for acts in [stopped, migrated, at_once] {
        let end = sweep("c04", all([up.clone(), acts]));
        assert_eq!(
            end.claims,
            [("v".to_owned(), "b.default".to_owned()), ("v".to_owned(), "macvlan.default".to_owned())]
        );
        assert_eq!((end.addresses["v"][1].as_str(), end.pods["two"].0.as_str()), ("172.17.0.2", "Running"));
    }
}

/// C06.
#[test]
fn c06_a_machine_that_moves_to_another_subnet_of_its_network_is_counted_there_only() {
    let on = |subnet: &str| json!({"macvlan.default.kubernetes.io/logical_switch": subnet});
    let nads = ["macvlan"];
    let up = vec![
        subnet("ext2", "10.7.0.0/29", "macvlan.default"),
        vm("v", &nads),
        instance("v", &nads),
        launch("v", "one", "node1", on("ext")),
    ];
    let moved = vec![instance("v", &nads), launch("v", "two", "node1", on("ext2"))];
    let end = sweep("c06", all([up, stop("v", "one"), moved]));
    assert_eq!((counts(&end, "ext"), counts(&end, "ext2")), (&json!([0, 5, 0, 0]), &json!([1, 4, 0, 0])));
    assert_eq!(end.pods["two"].0, "Running");
}

/// C07.
#[test]
fn c07_a_stateful_set_that_moves_to_another_subnet_of_its_network_leaves_the_old_one() {
    let on = |subnet: &str| json!({"macvlan.default.kubernetes.io/logical_switch": subnet});
    let moved = json!({"spec": {"template": {"metadata": {"annotations": on("ext2")}}}});
    let acts =
        vec![subnet("ext2", "10.7.0.0/29", "macvlan.default"), set_with("db", 2, &on("ext")), patch(SETS, "db", moved)];
    let end = sweep("c07", acts);
    assert_eq!((counts(&end, "ext"), counts(&end, "ext2")), (&json!([0, 5, 0, 0]), &json!([2, 3, 0, 0])));
    assert!(end.pods.values().all(|(phase, _)| phase == "Running"), "{:?}", end.pods);
}

/// C08.
#[test]
fn c08_a_pod_with_sixteen_nics_and_its_subnet_go_together_at_whatever_moment() {
    let nics: Vec<String> = (1..=16).map(|number| format!("wide@n{number}")).collect();
    let acts = |writes: u64| {
        let pod = pod_with("p", "node1", json!({NETWORKS: nics.join(",")}));
        let gone = Act::Together(vec![delete(PODS, "p"), delete(SUBNETS, "wide")]);
        vec![subnet("wide", "10.7.0.0/27", "wide.default"), Act::Stop(writes), pod, gone, Act::Start]
    };
    // Sixteen claims, as many IP objects, the annotations, the status.
    for writes in 0..=34 {
        let end = run(&Story { name: "c08", acts: acts(writes) }, Fault::None).unwrap();
        assert_empty(&end);
        assert_eq!((end.subnets.len(), end.leaving.as_slice()), (1, &[][..]), "after {writes} writes");
    }
    assert_empty(&sweep("c08, after some claims", acts(8)));
    assert_empty(&sweep("c08, after some IP objects", acts(24)));
}

/// C09.
#[test]
fn c09_what_is_said_late_about_the_sandbox_of_a_former_pod_does_not_concern_the_pod_that_is_there() {
    let kept = set_with("db", 1, &json!({"macvlan.default.kubernetes.io/ip_pool": "172.17.0.4"}));
    let word = json!({"status": {"letGo": {"podUID": "a-former-pod", "at": "2027-01-15T08:00:00Z"}}});
    let again = vec![patch(CLAIMS, &claim("172.17.0.4"), word); 3];
    let end = sweep("c09", all([vec![kept, delete(PODS, "db-0")], again, crowd(5)]));
    assert_eq!(
        (end.addresses["db-0"].as_slice(), end.pods["db-0"].0.as_str()),
        (&["172.17.0.4".to_owned()][..], "Running")
    );
    assert_eq!((served(&end), end.answers), (4, 5));
}
