//! What a Subnet says of itself follows from the claims, and from nothing else.

use crate::cast::*;
use crate::common::sampled as sweep;
use serde_json::json;
use sim::Act;

/// A01.
#[test]
fn a01_used_available_and_excluded_addresses_make_up_the_subnet_whoever_comes_and_goes() {
    let eip = |name: &str| {
        let spec = json!({"externalSubnet": "wide", "natGwDp": "g1"});
        Act::Create(EIPS.to_owned(), kube_ovn("IptablesEIP", name, spec))
    };
    let spec = json!({"cidrBlock": "10.7.0.0/27", "provider": "wide.default", "excludeIps": ["10.7.0.10..10.7.0.20"]});
    let up = vec![subnet_with("wide", spec), gateway("g1", &["wide"]), gateway("g2", &["wide"]), eip("x"), eip("y")];
    let full = sweep("a01, four of them", up.clone());
    // Thirty usable ones, without the gateway and eleven more.
    assert_eq!(counts(&full, "wide"), &json!([4, 14, 0, 0]));
    assert_eq!(ranges(&full, "wide")[0], "10.7.0.2-10.7.0.5");
    let end = sweep("a01", all([up, vec![delete(GATEWAYS, "g2"), delete(EIPS, "y")]]));
    assert_eq!(counts(&end, "wide"), &json!([2, 16, 0, 0]));
    assert_eq!(ranges(&end, "wide")[..2], ["10.7.0.2,10.7.0.4", "10.7.0.3,10.7.0.5-10.7.0.9,10.7.0.21-10.7.0.30"]);
}

/// A02.
#[test]
fn a02_the_first_eip_of_a_subnet_is_in_its_count_and_in_its_range() {
    let end = sweep("a02", all([vec![eip("e", "172.17.0.5")], restart()]));
    assert_eq!(counts(&end, "ext"), &json!([1, 4, 0, 0]));
    assert_eq!(ranges(&end, "ext")[..2], ["172.17.0.5", "172.17.0.2-172.17.0.4,172.17.0.6"]);
}

/// A03.
#[test]
fn a03_an_ovn_eip_that_goes_without_a_finalizer_leaves_the_counts_as_they_were() {
    let before = sweep("a03, before", Vec::new());
    let made = vec![ovn_eip("o"), held("OvnEip", "o", "macvlan.default", "172.17.0.4")];
    assert_eq!(ranges(&sweep("a03, held", made.clone()), "ext")[0], "172.17.0.4");
    let end = sweep("a03", all([made, vec![delete(OVN_EIPS, "o")]]));
    assert_eq!((counts(&end, "ext"), ranges(&end, "ext")), (counts(&before, "ext"), ranges(&before, "ext")));
}

/// A04.
#[test]
fn a04_a_status_is_right_whatever_was_between_the_end_of_a_record_and_the_release_of_its_address() {
    let gone = Act::Together(vec![delete(IPS, &port("a")), delete(PODS, "a")]);
    let end = sweep("a04", vec![fixed("a", "172.17.0.4"), fixed("b", "172.17.0.5"), gone]);
    assert_eq!((counts(&end, "ext"), ranges(&end, "ext")[0]), (&json!([1, 4, 0, 0]), &json!("172.17.0.5")));
}

/// A06.
#[test]
fn a06_a_machine_and_its_record_that_are_deleted_by_force_are_counted_no_more() {
    let record = "v.default.macvlan.default";
    let forced = |path: String| Act::Delete(path, Some(0));
    let gone = vec![
        patch(IPS, record, json!({"metadata": {"finalizers": [FINALIZER]}})),
        strip(IPS, record),
        forced(format!("{IPS}/{record}")),
        forced(format!("{VMIS}/v")),
        force("launcher-v-1"),
        forced(format!("{VMS}/v")),
    ];
    for acts in [gone.clone(), outage(gone)] {
        let end = sweep("a06", all([start("v"), acts]));
        assert_empty(&end);
        assert_eq!(counts(&end, "ext"), &json!([0, 5, 0, 0]));
    }
}

/// A07.
#[test]
fn a07_as_many_are_served_as_the_status_says_are_available_and_no_more() {
    let excluded = vec![patch(SUBNETS, "ext", json!({"spec": {"excludeIps": ["172.17.0.1", "172.17.0.3"]}}))];
    let said = sweep("a07, before", excluded.clone());
    assert_eq!(counts(&said, "ext"), &json!([0, 4, 0, 0]));
    let end = sweep("a07", all([excluded.clone(), crowd(5)]));
    assert_eq!((served(&end), counts(&end, "ext")), (4, &json!([4, 0, 0, 0])));
    // One that may still be used is not available, whatever became of its pod.
    let unknown = vec![Act::CutOff("node2".to_owned()), force("crowd1"), pod("late")];
    let end = sweep("a07, one unknown", all([excluded, crowd(4), unknown]));
    assert_eq!((end.pods["late"].0.as_str(), counts(&end, "ext")), ("Pending", &json!([4, 0, 0, 0])));
}

/// A09.
#[test]
fn a09_a_pool_and_its_subnet_count_the_same_addresses_through_every_change_of_either() {
    let from = |name: &str| pod_with(name, "node1", json!({"macvlan.default.kubernetes.io/ip_pool": "blue"}));
    let spec = |body: serde_json::Value| patch(SUBNETS, "ext", json!({"spec": body}));
    let acts = vec![
        pool("blue", "ext", &["172.17.0.4..172.17.0.5"], &[]),
        from("a"),
        pod("b"),
        spec(json!({"excludeIps": ["172.17.0.1", "172.17.0.5"]})),
        spec(json!({"cidrBlock": "172.17.0.0/28"})),
    ];
    let end = sweep("a09, with a pool", acts.clone());
    assert_eq!(end.pools["blue"]["counts"], json!([1, 0, 0, 0]));
    assert_eq!((counts(&end, "ext"), ranges(&end, "ext")[0]), (&json!([2, 10, 0, 0]), &json!("172.17.0.2,172.17.0.4")));
    let wider = patch(POOLS, "blue", json!({"spec": {"ips": ["172.17.0.4..172.17.0.7"]}}));
    let end = sweep("a09, a wider pool", all([acts.clone(), vec![wider, from("c")]]));
    assert_eq!(end.pools["blue"]["counts"], json!([2, 1, 0, 0]));
    let end = sweep("a09, without it", all([acts, vec![delete(POOLS, "blue"), pod("c")]]));
    assert_eq!((counts(&end, "ext"), ranges(&end, "ext")[0]), (&json!([3, 9, 0, 0]), &json!("172.17.0.2-172.17.0.4")));
}

/// A11.
#[test]
fn a11_a_record_without_a_pod_keeps_nobody_from_starting_and_serving_the_others() {
    let end = sweep("a11", all([outage(vec![kube_ovn_ip("ghost", "172.17.0.4", "")]), vec![pod("p")]]));
    assert_eq!((end.pods["p"].0.as_str(), end.addresses["p"].as_slice()), ("Running", &["172.17.0.2".to_owned()][..]));
}
