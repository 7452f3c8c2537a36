//! After any crash, missed event or failure the end is what the objects say, without a hand.

use crate::cast::*;
use crate::common::sampled as sweep;
use serde_json::json;
use sim::{Act, Fault, Story, run};

/// V01.
#[test]
fn v01_objects_of_every_kind_that_are_on_their_way_out_at_the_start_are_brought_to_their_end() {
    let made = vec![
        pod("p"),
        set("db", 1),
        eip("e", ""),
        vip("v", "ext", ""),
        reserve("r", "172.17.0.6"),
        subnet("other", "10.9.0.0/29", "other.default"),
        gateway("gw", &["other"]),
        pool("blue", "other", &["10.9.0.5"], &[]),
    ];
    let objects = [
        (PODS, "p".to_owned()),
        (SETS, "db".to_owned()),
        (EIPS, "e".to_owned()),
        (VIPS, "v".to_owned()),
        (IPS, port("r")),
        (POOLS, "blue".to_owned()),
        (GATEWAYS, "gw".to_owned()),
        (SUBNETS, "other".to_owned()),
    ];
    let finalizer = json!({"metadata": {"finalizers": [FINALIZER]}});
    let held: Vec<Act> = objects[2..].iter().map(|(kind, name)| patch(kind, name, finalizer.clone())).collect();
    let gone = objects.iter().map(|(kind, name)| delete(kind, name)).collect();
    let end = sweep("v01", all([made, held, outage(gone)]));
    assert_empty(&end);
    assert_eq!((end.leaving.as_slice(), end.subnets.len(), end.pools.len()), (&[][..], 1, 0));
}

/// V02.
#[test]
fn v02_pods_that_were_made_while_no_controller_ran_are_served_by_the_next_one() {
    let end =
        sweep("v02", all([outage(vec![pod("a"), pod("b")]), vec![Act::Stop(1), pod("c"), Act::Stop(0), Act::Start]]));
    assert!(end.pods.len() == 3 && end.pods.values().all(|(phase, _)| phase == "Running"), "{:?}", end.pods);
}

/// V03.
#[test]
fn v03_addresses_are_given_out_while_no_node_can_be_reached() {
    let nodes = ["node1", "node2"];
    let cut_off = nodes.map(|node| Act::CutOff(node.to_owned())).to_vec();
    let connect = nodes.map(|node| Act::Connect(node.to_owned())).to_vec();
    let given = all([cut_off, vec![pod("p"), vip("v", "ext", ""), gateway("gw", &["ext"])]]);
    assert_eq!(sweep("v03, nodes out of reach", given.clone()).claims.len(), 3);
    let end = sweep("v03", all([given, connect]));
    assert_eq!((end.pods["p"].0.as_str(), end.claims.len()), ("Running", 3));
}

/// V06.
#[test]
fn v06_a_gateway_and_an_eip_of_both_families_come_up_from_every_step_between() {
    let spec = json!({"externalSubnet": "dual", "natGwDp": "gw"});
    let eip = Act::Create(EIPS.to_owned(), kube_ovn("IptablesEIP", "e", spec));
    let end = sweep("v06", all([vec![dual(), gateway("gw", &["dual"]), eip], restart()]));
    assert_eq!((end.claims.len(), counts(&end, "dual")), (4, &json!([2, 3, 2, 3])));
    assert_eq!(end.pods[&pod_of("gw")].0, "Running");
}

/// V07.
#[test]
fn v07_what_others_write_on_a_pod_stays_and_each_nic_is_served_once() {
    let theirs = |key: &str| patch(PODS, "p", json!({"metadata": {"annotations": {key: "theirs"}}}));
    let both = pod_with("p", "node1", json!({NETWORKS: "macvlan,other"}));
    let other = subnet("other", "10.9.0.0/29", "other.default");
    for writes in 0..6 {
        let at_once = Act::Together(vec![both.clone(), theirs("a")]);
        let acts =
            vec![other.clone(), Act::Stop(writes), at_once, theirs("b"), Act::Together(vec![Act::Start, theirs("c")])];
        let end = sweep("v07", acts);
        let said = |key: &str| end.annotations["p"][key].as_str();
        assert!(["a", "b", "c"].iter().all(|key| said(key) == Some("theirs")), "{:?}", end.annotations);
        assert_eq!((end.claims.len(), end.pods["p"].0.as_str()), (2, "Running"));
        assert!(
            ["macvlan", "other"].iter().all(|net| said(&format!("{net}.default.kubernetes.io/ip_address")).is_some())
        );
    }
}

/// V08.
#[test]
fn v08_twenty_restarts_with_nothing_changed_write_nothing() {
    let up = vec![gateway("gw", &["ext"]), eip("e", "172.17.0.5"), program("172.17.0.5")];
    let once = sweep("v08, once", all([up.clone(), restart()]));
    let story = Story { name: "v08", acts: all([up, all((0..20).map(|_| restart()))]) };
    let end = run(&story, Fault::None).unwrap();
    assert_eq!(end.all_writes(), once.all_writes());
    assert!(end.is_like(&once), "{end:#?}");
}

/// V09.
#[test]
fn v09_a_start_among_objects_that_nobody_has_completed_yet_serves_whom_it_can_and_stumbles_over_none() {
    let unbound = |number: u8| {
        let mut pod = sim::pod(&format!("pending{number}"), "", &json!({}));
        pod["spec"].as_object_mut().unwrap().remove("nodeName");
        pod["spec"]["nodeSelector"] = json!({"is": "nowhere"});
        Act::Create(PODS.to_owned(), pod)
    };
    let empty = |kind: &str, name: &str| kube_ovn(kind, name, json!({}));
    let machine = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "m", "namespace": "default"}});
    let raw = vec![
        Act::Create(SUBNETS.to_owned(), empty("Subnet", "raw")),
        Act::Create(VIPS.to_owned(), empty("Vip", "raw")),
        Act::Create(EIPS.to_owned(), empty("IptablesEIP", "raw")),
        Act::Create(GATEWAYS.to_owned(), empty("VpcNatGateway", "raw")),
        Act::Create(IPS.to_owned(), empty("IP", "raw")),
        Act::Create(VMS.to_owned(), machine),
        pod_with("none", "node1", json!({NETWORKS: ""})),
        pod_with("bad", "node1", json!({NETWORKS: "[{"})),
    ];
    let end = sweep("v09", all([outage(all([(1..=5).map(unbound).collect(), raw])), vec![pod("p")]]));
    assert_eq!((end.pods["p"].0.as_str(), end.claims.len()), ("Running", 1));
}
