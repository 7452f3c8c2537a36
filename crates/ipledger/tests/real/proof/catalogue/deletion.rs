//! Stories of deletion: in any order, of objects that are being deleted when the controller starts, of one family.

use super::shared::Story;
use crate::proof::network::{eip, gateway, network, pod};
use crate::stage::IPS;
use crate::stage::managed::{EIPS, GATEWAYS, PODS, SUBNETS};
use serde_json::{Value, json};
use testbed::{Look, need};

const ATTACHMENTS: &str = "/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions";
const VPCS: &str = "/apis/kubeovn.io/v1/vpcs";
const FINALIZERS: &str = "kubeovn.io/kube-ovn-controller";

#[test]
fn v01_what_is_being_deleted_when_the_controller_starts_is_finished() {
    need!(Controllers);
    let mut story = Story::on(&[("v01", "10.31.0.0/28")]);
    let finalizers = json!({"metadata": {"finalizers": [FINALIZERS]}});
    story.post(GATEWAYS, &gateway("v01-gw", "v01"));
    story.post(EIPS, &eip("v01-e", "v01-gw", "v01"));
    story.pod("v01-p", "v01");
    let ip = format!("{IPS}/v01-p.default.v01.default");
    story.wait_number_on("v01", 3);
    story.wait("the IP object", || {
        story.admin.get(&ip).map_or_else(|error| Look::NotYet(error.to_string()), Look::Done)
    });
    story.kill();
    // As Kube-OVN leaves them.
    let objects = [format!("{GATEWAYS}/v01-gw"), format!("{EIPS}/v01-e"), ip];
    for object in &objects {
        story.admin.patch(object, &finalizers).unwrap();
        story.delete(object);
    }
    story.remove_pod("v01-p");
    story.delete(&format!("{SUBNETS}/v01"));
    story.start();
    objects.iter().for_each(|object| story.wait_gone(object));
    story.wait_gone(&format!("{SUBNETS}/v01"));
    assert!(story.claims_on("v01").is_empty());
    story.delete(&format!("{ATTACHMENTS}/v01"));
    story.ends(&[]);
}

#[test]
fn x01_an_eip_its_gateway_its_subnet_and_its_attachment_go_in_any_order() {
    need!(Controllers);
    let story = Story::on(&[]);
    let paths = |at: usize| {
        [
            format!("{EIPS}/x01-e{at}"),
            format!("{GATEWAYS}/x01-gw{at}"),
            format!("{SUBNETS}/x01-{at}"),
            format!("{ATTACHMENTS}/x01-{at}"),
        ]
    };
    let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1], [1, 2, 3, 0], [3, 1, 0, 2]];
    for at in 0..orders.len() {
        let subnet = format!("x01-{at}");
        story.bed.apply(&network(&subnet, &format!("10.32.{at}.0/29"), "")).unwrap();
        // Its pod is never bound to a node.
        story.post(GATEWAYS, &gateway(&format!("x01-gw{at}"), &subnet));
        story.post(EIPS, &eip(&format!("x01-e{at}"), &format!("x01-gw{at}"), &subnet));
    }
    (0..orders.len()).for_each(|at| drop(story.wait_number_on(&format!("x01-{at}"), 2)));
    for (at, order) in orders.iter().enumerate() {
        order.iter().for_each(|&part| story.delete(&paths(at)[part]));
    }
    (0..orders.len()).for_each(|at| paths(at).iter().for_each(|path| story.wait_gone(path)));
    story.wait_no_pods();
    assert!(story.claims().is_empty());
    story.ends(&[]);
}

#[test]
fn x03_a_vpc_that_goes_before_its_subnet_and_its_pod_keeps_nothing_from_going() {
    need!(Controllers);
    let story = Story::on(&[]);
    let vpc = json!({"apiVersion": "kubeovn.io/v1", "kind": "Vpc", "metadata": {"name": "x03"}, "spec": {}});
    story.post(VPCS, &vpc);
    story.bed.apply(&network("x03", "10.33.0.0/29", ", vpc: x03")).unwrap();
    story.pod("x03-p", "x03");
    let mut gw = gateway("x03-gw", "x03");
    gw["spec"]["vpc"] = json!("x03");
    story.post(GATEWAYS, &gw);
    story.wait_number_on("x03", 2);
    story.delete(&format!("{VPCS}/x03"));
    story.wait_gone(&format!("{VPCS}/x03"));
    story.delete(&format!("{GATEWAYS}/x03-gw"));
    let left = story.wait_number_on("x03", 1);
    assert!(left.values().all(|holder| holder == "Pod x03-p"), "{left:?}");
    story.remove_pod("x03-p");
    story.ends(&["x03"]);
}

#[test]
fn x04_addresses_of_ipv6_alone_go_like_others() {
    need!(Controllers);
    let story = Story::on(&[("x04", "fd00:34::/120")]);
    let mut first = eip("x04-e", "x04-gw", "x04");
    first["spec"]["v6ip"] = json!("fd00:34::9");
    story.post(EIPS, &first);
    story.post(PODS, &pod("x04-p", "x04", &Value::Null));
    let claims = story.wait_number_on("x04", 2);
    assert_eq!(claims["fd00:0034:0000:0000:0000:0000:0000:0009"], "IptablesEIP x04-e");
    story.delete(&format!("{EIPS}/x04-e"));
    let left = story.wait_number_on("x04", 1);
    assert!(left.values().all(|holder| holder == "Pod x04-p"), "{left:?}");
    story.wait_gone(&format!("{EIPS}/x04-e"));
    story.remove_pod("x04-p");
    story.ends(&["x04"]);
}
