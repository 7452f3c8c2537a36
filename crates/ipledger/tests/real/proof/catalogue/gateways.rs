//! Stories of NAT gateways and EIPs: deleted while nobody looks, made again and again, moved.

use super::shared::Story;
use crate::proof::network::{eip, gateway};
use crate::stage::managed::{EIPS, GATEWAYS, PODS, SUBNETS};
use crate::stage::nodes::Nodes;
use serde_json::json;
use std::collections::BTreeSet;
use testbed::{Look, User, need};

/// Waits until the pod of a gateway is there, as another one than that.
fn wait_pod(story: &Story, gateway: &str, before: &str) -> String {
    story.wait(&format!("the next pod of {gateway}"), || {
        match story.admin.get(&format!("{PODS}/vpc-nat-gw-{gateway}-0")) {
            Ok(pod) if pod["metadata"]["uid"] != before => {
                Look::Done(pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned())
            }
            other => Look::NotYet(format!("{other:?}")),
        }
    })
}

#[test]
fn l01_gateways_that_went_while_the_controller_was_down_are_released_and_one_that_came_back_keeps_its_address() {
    need!(Controllers);
    let mut story = Story::on(&[("l01", "10.1.0.0/26")]);
    let nodes = Nodes::start(story.bed.requests(&User::admin()).unwrap(), &["node1", "node2"]);
    let names: Vec<String> = (0..20).map(|at| format!("l01-{at}")).collect();
    names.iter().for_each(|name| drop(story.post(GATEWAYS, &gateway(name, "l01"))));
    let before = story.wait_number_on("l01", 20);
    names.iter().for_each(|name| drop(wait_pod(&story, name, "")));
    story.kill();
    names.iter().for_each(|name| story.delete(&format!("{GATEWAYS}/{name}")));
    story.post(GATEWAYS, &gateway("l01-7", "l01"));
    story.start();
    let left = story.wait_number_on("l01", 1);
    assert!(
        left.iter().all(|(address, holder)| holder == "VpcNatGateway l01-7" && before[address] == *holder),
        "{left:?}"
    );
    story.wait_using_of("l01", 1);
    story.delete(&format!("{GATEWAYS}/l01-7"));
    story.wait_on("l01", &[]);
    story.wait_no_pods();
    drop(nodes);
    story.ends(&["l01"]);
}

#[test]
fn l02_an_eip_that_never_was_on_a_gateway_leaves_nothing() {
    need!(Controllers);
    let mut story = Story::on(&[("l02", "10.3.0.0/29")]);
    story.post(EIPS, &eip("l02-a", "l02-none", "l02"));
    story.wait_on("l02", &[("10.3.0.2", "IptablesEIP l02-a")]);
    story.delete(&format!("{EIPS}/l02-a"));
    story.wait_on("l02", &[]);
    // The same while nobody looks, and between two writes.
    story.post(EIPS, &eip("l02-b", "l02-none", "l02"));
    story.kill();
    let _ = story.admin.delete(&format!("{EIPS}/l02-b"));
    story.start_and_list();
    story.post(EIPS, &eip("l02-c", "l02-none", "l02"));
    let has = story.wait("only the third", || {
        let claims = story.claims_on("l02");
        let holders: BTreeSet<&str> = claims.values().map(String::as_str).collect();
        if holders == BTreeSet::from(["IptablesEIP l02-c"]) {
            Look::Done(claims.len())
        } else {
            Look::NotYet(format!("{claims:?}"))
        }
    });
    assert_eq!(has, 1);
    story.delete(&format!("{EIPS}/l02-c"));
    story.ends(&["l02"]);
}

#[test]
fn l05_a_gateway_whose_pod_is_made_twenty_times_has_one_address() {
    need!(Controllers);
    let story = Story::on(&[("l05", "10.5.0.0/28")]);
    let nodes = Nodes::start(story.bed.requests(&User::admin()).unwrap(), &["node1", "node2"]);
    story.post(GATEWAYS, &gateway("l05-gw", "l05"));
    let before = story.wait_number_on("l05", 1);
    let mut pod = wait_pod(&story, "l05-gw", "");
    for _ in 0..20 {
        let _ = story.admin.delete(&format!("{PODS}/vpc-nat-gw-l05-gw-0?gracePeriodSeconds=0"));
        pod = wait_pod(&story, "l05-gw", &pod);
        assert_eq!(story.claims_on("l05"), before);
    }
    story.wait_told("vpc-nat-gw-l05-gw-0", "l05", "10.5.0.2");
    story.wait_using_of("l05", 1);
    story.delete(&format!("{GATEWAYS}/l05-gw"));
    story.wait_on("l05", &[]);
    story.wait_no_pods();
    drop(nodes);
    story.ends(&["l05"]);
}

#[test]
fn c02_a_gateway_that_moves_to_another_subnet_leaves_the_old_one_free_to_go() {
    need!(Controllers);
    let mut story = Story::on(&[("c02a", "10.12.0.0/29"), ("c02b", "10.12.1.0/29")]);
    let nodes = Nodes::start(story.bed.requests(&User::admin()).unwrap(), &["node1", "node2"]);
    story.post(GATEWAYS, &gateway("c02-gw", "c02a"));
    story.wait_on("c02a", &[("10.12.0.2", "VpcNatGateway c02-gw")]);
    story.wait_told("vpc-nat-gw-c02-gw-0", "c02a", "10.12.0.2");
    let to = |subnet: &str| json!({"spec": {"externalSubnets": [subnet]}});
    story.admin.patch(&format!("{GATEWAYS}/c02-gw"), &to("c02b")).unwrap();
    story.wait_on("c02b", &[("10.12.1.2", "VpcNatGateway c02-gw")]);
    story.wait_on("c02a", &[]);
    story.wait_told("vpc-nat-gw-c02-gw-0", "c02b", "10.12.1.2");
    // And back while nobody looks.
    story.kill();
    story.admin.patch(&format!("{GATEWAYS}/c02-gw"), &to("c02a")).unwrap();
    story.start();
    story.wait_number_on("c02a", 1);
    story.wait_on("c02b", &[]);
    story.delete(&format!("{SUBNETS}/c02b"));
    story.wait_gone(&format!("{SUBNETS}/c02b"));
    story.delete(&format!("{GATEWAYS}/c02-gw"));
    story.wait_on("c02a", &[]);
    story.wait_no_pods();
    drop(nodes);
    story.ends(&["c02a"]);
}

#[test]
fn c02_a_gateway_that_moves_before_its_first_pod_is_bound_leaves_the_old_subnet_free_to_go() {
    need!(Controllers);
    let story = Story::on(&[("c02c", "10.12.2.0/29"), ("c02d", "10.12.3.0/29")]);
    story.post(GATEWAYS, &gateway("c02-gw", "c02c"));
    wait_pod(&story, "c02-gw", "");
    let moved = json!({"spec": {"externalSubnets": ["c02d"]}});
    story.admin.patch(&format!("{GATEWAYS}/c02-gw"), &moved).unwrap();
    story.wait_on("c02c", &[]);
    // Now the pod of the old template is bound, and its successor comes.
    let nodes = Nodes::start(story.bed.requests(&User::admin()).unwrap(), &["node1", "node2"]);
    story.wait_told("vpc-nat-gw-c02-gw-0", "c02d", "10.12.3.2");
    story.wait_on("c02c", &[]);
    story.delete(&format!("{GATEWAYS}/c02-gw"));
    story.wait_on("c02d", &[]);
    story.wait_no_pods();
    drop(nodes);
    story.ends(&["c02c", "c02d"]);
}
