//! Every claim has a holder that lives; what failed or was given up leaves nothing behind.

use crate::cast::*;
use crate::common::sampled as sweep;
use serde_json::json;
use sim::Act;

fn delete_gateways() -> Act {
    Act::Together((1..=3).map(|number| delete(GATEWAYS, &format!("g{number}"))).collect())
}

fn gateways() -> Vec<Act> {
    (1..=3).map(|number| gateway(&format!("g{number}"), &["ext"])).collect()
}

/// L01.
#[test]
fn l01_gateways_that_went_unseen_give_their_addresses_back() {
    assert_empty(&sweep("l01, during an outage", all([gateways(), outage(vec![delete_gateways()])])));
    let unseen = vec![Act::Deaf, delete_gateways(), Act::Relist];
    assert_empty(&sweep("l01, while the watches were broken", all([gateways(), unseen])));
    // A gateway is its name: one that is made again takes over what the one before had, and no more.
    let again = all([gateways(), outage(vec![delete_gateways(), gateway("g1", &["ext"])])]);
    let end = sweep("l01, one made again", again);
    assert_eq!(end.claims, [("g1".to_owned(), "0/ext".to_owned())]);
}

/// L02.
#[test]
fn l02_an_eip_that_never_became_ready_gives_its_address_back() {
    let waits = vec![eip("e", ""), Act::Pass(30), Act::Pass(30), Act::Pass(30)];
    assert_eq!(counts(&sweep("l02, waits", waits.clone()), "ext"), &json!([1, 4, 0, 0]));
    assert_empty(&sweep("l02", all([waits.clone(), vec![delete(EIPS, "e")]])));
    assert_empty(&sweep("l02, during an outage", all([waits, outage(vec![delete(EIPS, "e")])])));
}

/// L03.
#[test]
fn l03_an_object_whose_finalizer_was_taken_off_by_hand_gives_its_address_back_like_any_other() {
    let holders = vec![eip("e", ""), vip("v", "ext", ""), reserve("r", "172.17.0.6"), ovn_eip("o")];
    let objects = [(EIPS, "e".to_owned()), (VIPS, "v".to_owned()), (IPS, port("r")), (OVN_EIPS, "o".to_owned())];
    let finalizer = json!({"metadata": {"finalizers": [FINALIZER]}});
    let adopted = objects.iter().map(|(kind, name)| patch(kind, name, finalizer.clone())).collect();
    let made = all([holders, vec![held("OvnEip", "o", "macvlan.default", "172.17.0.5")], adopted]);
    let gone: Vec<Act> = objects.iter().flat_map(|(kind, name)| [strip(kind, name), delete(kind, name)]).collect();
    assert_eq!(sweep("l03, held", made.clone()).claims.len(), 4);
    assert_empty(&sweep("l03", all([made.clone(), gone.clone()])));
    assert_empty(&sweep("l03, during an outage", all([made, outage(gone)])));
}

/// L04.
#[test]
fn l04_pods_that_are_gone_before_their_deletion_is_looked_at_make_room_for_the_next_ones() {
    let pod = |name: &str| {
        let list = json!({"macvlan.default.kubernetes.io/ip_pool": "172.17.0.4,172.17.0.5,172.17.0.6"});
        pod_with(name, "node1", list)
    };
    let (old, new) = (["p1", "p2", "p3"], ["q1", "q2", "q3"]);
    let gone = old.map(|name| delete(PODS, name)).to_vec();
    let next = new.map(pod).to_vec();
    let end = sweep("l04", all([old.map(pod).to_vec(), outage(all([gone, next]))]));
    assert!(new.iter().all(|name| end.pods[*name].0 == "Running"), "{:?}", end.pods);
    assert_eq!(ranges(&end, "ext")[0], "172.17.0.4-172.17.0.6");
}

/// L05.
#[test]
fn l05_a_gateway_that_cannot_start_has_one_address_however_often_it_is_tried() {
    let full = vec![
        subnet("lan", "10.8.0.0/30", "lan.default"),
        pod_with("taker", "node1", json!({NETWORKS: "lan"})),
        gateway("gw", &["ext"]),
    ];
    let tries = all((0..3).map(|_| vec![Act::Pass(30), delete(PODS, &pod_of("gw")), Act::Pass(30)]));
    let end = sweep("l05", all([full, tries]));
    assert_eq!(end.claims, [("gw".to_owned(), "0/ext".to_owned()), ("taker".to_owned(), "net1".to_owned())]);
    assert_eq!(counts(&end, "ext"), &json!([1, 4, 0, 0]));
}

/// L06.
#[test]
fn l06_a_pod_of_which_one_nic_cannot_be_served_takes_nothing_along_when_it_goes() {
    let acts = vec![
        subnet("full", "10.8.0.0/30", "full.default"),
        pod_with("taker", "node1", json!({NETWORKS: "full"})),
        pod_with("p", "node1", json!({NETWORKS: "macvlan,full"})),
        Act::Pass(30),
        Act::Pass(30),
    ];
    let end = sweep("l06, one of two", acts.clone());
    assert_eq!(end.pods["p"], ("Pending".to_owned(), vec!["net1".to_owned()]));
    let end = sweep("l06", all([acts, vec![delete(PODS, "p")]]));
    assert_eq!(end.claims, [("taker".to_owned(), "net1".to_owned())]);
}

/// L07.
#[test]
fn l07_a_machine_that_is_stopped_and_then_deleted_gives_every_address_back() {
    let nads = ["macvlan", "other"];
    let stopped = vec![
        subnet("other", "10.9.0.0/29", "other.default"),
        vm("v", &nads),
        instance("v", &nads),
        launch("v", "launcher", "node1", json!({NETWORKS: "macvlan,other"})),
        Act::Together(stop("v", "launcher")),
        Act::Pass(120),
    ];
    assert_eq!(sweep("l07, stopped", stopped.clone()).claims.len(), 2);
    assert_empty(&sweep("l07", all([stopped.clone(), vec![delete(VMS, "v")]])));
    assert_empty(&sweep("l07, during an outage", all([stopped, outage(vec![delete(VMS, "v")])])));
}

/// L09.
#[test]
fn l09_an_attachment_is_given_back_however_its_network_is_written() {
    let json = json!([{"name": "macvlan", "interface": "eth7"}]).to_string();
    let forms = ["macvlan", "macvlan@eth7", "default/macvlan", "default/macvlan@eth7", &json];
    let round = |(number, form): (usize, &&str)| {
        let name = format!("p{number}");
        vec![pod_with(&name, "node1", json!({NETWORKS: form})), delete(PODS, &name)]
    };
    for (number, form) in forms.iter().enumerate() {
        let end = sweep("l09, one round", round((number, form)));
        assert_empty(&end);
        assert_eq!(counts(&end, "ext"), &json!([0, 5, 0, 0]), "{form}");
    }
    assert_empty(&sweep("l09", all(forms.iter().enumerate().map(round))));
}

/// L10.
#[test]
fn l10_who_is_refused_one_family_has_none_of_the_other() {
    let asks = |name: &str, pair: &str, family: &str| {
        let annotations = json!({NETWORKS: "dual", "dual.default.kubernetes.io/ip_address": pair,
            "dual.default.kubernetes.io/ip_family": family});
        pod_with(name, "node1", annotations)
    };
    let refused = vec![dual(), asks("taker", "fd00::4", "ipv6"), asks("p", "10.9.0.3,fd00::4", "")];
    let end = sweep("l10, refused", refused.clone());
    assert_eq!((end.pods["p"].1.len(), counts(&end, "dual")), (0, &json!([0, 5, 1, 4])));
    let end = sweep("l10", all([refused, vec![asks("q", "10.9.0.3", "ipv4"), delete(PODS, "p")]]));
    assert_eq!(end.pods["q"].0, "Running");
}

/// L11.
#[test]
fn l11_a_refused_mac_or_an_exhausted_family_costs_no_address_however_often_it_is_tried() {
    let mac = json!({"macvlan.default.kubernetes.io/mac_address": "02:00:00:00:00:07"});
    let two = vec![pod_with("a", "node1", mac.clone()), pod_with("p", "node1", mac)];
    let end = sweep("l11, a MAC in use", all([two, vec![Act::Pass(30); 20]]));
    assert_eq!((end.pods["p"].0.as_str(), counts(&end, "ext")), ("Pending", &json!([1, 4, 0, 0])));
    let six = |number| {
        let annotations = json!({NETWORKS: "dual", "dual.default.kubernetes.io/ip_family": "ipv6"});
        pod_with(&format!("crowd{number}"), "node2", annotations)
    };
    let both = vec![pod_with("p", "node1", json!({NETWORKS: "dual"}))];
    let end = sweep("l11, no IPv6 left", all([vec![dual()], (1..=5).map(six).collect(), both, vec![Act::Pass(30); 5]]));
    assert_eq!((end.pods["p"].0.as_str(), counts(&end, "dual")), ("Pending", &json!([0, 5, 5, 0])));
}

/// L12.
#[test]
fn l12_vips_that_go_together_with_their_subnet_leave_nothing_of_it() {
    let gone = || vec![Act::Together(vec![delete(VIPS, "a"), delete(VIPS, "b"), delete(SUBNETS, "ext")])];
    let made = vec![vip("a", "ext", ""), vip("b", "ext", "172.17.0.5")];
    for acts in [all([made.clone(), gone()]), all([made, outage(gone())])] {
        let end = sweep("l12", acts);
        assert_empty(&end);
        assert_eq!(end.subnets.len(), 0);
    }
}

/// L13.
#[test]
fn l13_a_gateway_gives_everything_back_without_its_workload_before_its_pod_ran_and_during_an_outage() {
    let workload = Act::DeleteWith(format!("{SETS}/vpc-nat-gw-gw"), json!({"propagationPolicy": "Orphan"}));
    let gone = delete(GATEWAYS, "gw");
    assert_empty(&sweep("l13, its workload orphaned", vec![gateway("gw", &["ext"]), workload, gone.clone()]));
    let nodes = "/api/v1/nodes";
    let cordon = |node| patch(nodes, node, json!({"spec": {"unschedulable": true}}));
    let early = vec![cordon("node1"), cordon("node2"), gateway("gw", &["ext"])];
    assert_eq!(sweep("l13, its pod is bound to no node", early.clone()).claims.len(), 1);
    assert_empty(&sweep("l13, before its pod ran", all([early, vec![gone.clone()]])));
    assert_empty(&sweep("l13, during an outage", all([vec![gateway("gw", &["ext"])], outage(vec![gone])])));
}

/// L14.
#[test]
fn l14_a_pod_that_goes_between_the_first_list_and_what_follows_from_it_is_given_nothing_again() {
    let pods = |range: std::ops::RangeInclusive<u8>| range.map(|number| format!("p{number}"));
    let made = pods(1..=5).map(|name| pod(&name)).collect();
    let starts = |gone: &dyn Fn(&str) -> Act| {
        let gone = pods(1..=3).map(|name| gone(&name)).collect();
        vec![Act::Stop(0), Act::Together(all([vec![Act::Start], gone]))]
    };
    for (how, gone) in [("forced", &force as &dyn Fn(&str) -> Act), ("deleted", &|name| delete(PODS, name))] {
        let end = sweep("l14", all([Vec::clone(&made), starts(gone)]));
        assert_eq!((end.claims.len(), end.ips.len(), end.answers), (2, 2, 2), "{how}");
    }
}

/// L15.
#[test]
fn l15_a_machine_and_its_launcher_leave_nothing_whichever_goes_first() {
    let launcher_first = vec![delete(PODS, "launcher-v-1"), delete(VMIS, "v"), delete(VMS, "v")];
    let machine_first = vec![delete(VMS, "v"), delete(VMIS, "v"), delete(PODS, "launcher-v-1")];
    let end = sweep("l15", all([start("v"), launcher_first, start("v"), machine_first]));
    assert_empty(&end);
    assert_eq!(counts(&end, "ext"), &json!([0, 5, 0, 0]));
}

/// L16.
#[test]
fn l16_the_address_that_a_machine_had_before_it_moved_is_free() {
    let launched = |vm: &str, launcher: &str, addr: &str| {
        vec![instance(vm, &["macvlan"]), launch(vm, launcher, "node1", at(addr))]
    };
    let acts = all([
        vec![vm("v", &["macvlan"])],
        launched("v", "v1", "172.17.0.4"),
        stop("v", "v1"),
        launched("v", "v2", "172.17.0.5"),
        vec![vm("w", &["macvlan"])],
        launched("w", "w1", "172.17.0.4"),
    ]);
    let end = sweep("l16", acts);
    assert_eq!((end.addresses["v"].as_slice(), end.pods["w1"].0.as_str()), (&["172.17.0.5".to_owned()][..], "Running"));
}
