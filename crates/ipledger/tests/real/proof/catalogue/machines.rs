//! Stories of KubeVirt's virtual machines. KubeVirt is played by the story: it makes the instance and its launcher pods.

use super::shared::{Story, VMIS, VMS};
use crate::proof::network::pod;
use crate::proof::pods::wait_for_silence;
use crate::stage::SOON;
use crate::stage::managed::{NO_LEASE, PODS};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use testbed::{Fault, Look, Select, need};

fn networks(of: &[&str]) -> Value {
    of.iter().map(|name| json!({"name": name, "multus": {"networkName": format!("default/{name}")}})).collect()
}

fn machine(name: &str, of: &[&str]) -> Value {
    json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": name},
        "spec": {"template": {"metadata": {}, "spec": {"networks": networks(of)}}}})
}

/// Makes the instance and its launcher pod.
fn boot(story: &Story, name: &str, launcher: &str, of: &[&str]) {
    let instance = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": {"name": name},
        "spec": {"networks": networks(of)}});
    let uid = story.post(VMIS, &instance)["metadata"]["uid"].clone();
    let mut pod = pod(launcher, &of.join(","), &Value::Null);
    pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance",
        "name": name, "uid": uid, "controller": true}]);
    story.post(PODS, &pod);
}

fn shut_down(story: &Story, name: &str, launcher: &str) {
    story.delete(&format!("{VMIS}/{name}"));
    let _ = story.admin.delete(&format!("{PODS}/{launcher}?gracePeriodSeconds=0"));
}

#[test]
fn l07_a_machine_that_is_stopped_and_then_deleted_gives_back_both_addresses() {
    need!(Controllers);
    let mut story = Story::on(&[("l07a", "10.7.0.0/29"), ("l07b", "10.7.1.0/29")]);
    for is_down in [false, true] {
        story.post(VMS, &machine("l07", &["l07a", "l07b"]));
        boot(&story, "l07", "virt-launcher-l07", &["l07a", "l07b"]);
        story.wait_number_on("l07a", 1);
        story.wait_number_on("l07b", 1);
        shut_down(&story, "l07", "virt-launcher-l07");
        // Stopped, it keeps them.
        wait_for_silence(&story, Duration::from_secs(3));
        assert_eq!((story.claims_on("l07a").len(), story.claims_on("l07b").len()), (1, 1));
        if is_down {
            story.kill();
        }
        story.delete(&format!("{VMS}/l07"));
        if is_down {
            story.start();
        }
        story.wait_on("l07a", &[]);
        story.wait_on("l07b", &[]);
    }
    story.ends(&["l07a", "l07b"]);
}

#[test]
fn c04_a_machine_that_changes_a_network_between_two_boots_gives_that_one_back_and_no_other() {
    need!(Controllers);
    let story = Story::on(&[("c04", "10.14.0.0/29"), ("c04a", "10.14.1.0/29"), ("c04b", "10.14.2.0/29")]);
    story.post(VMS, &machine("c04", &["c04", "c04a"]));
    boot(&story, "c04", "virt-launcher-c04-1", &["c04", "c04a"]);
    let first = story.wait_number_on("c04", 1);
    story.wait_number_on("c04a", 1);
    shut_down(&story, "c04", "virt-launcher-c04-1");
    let swap = json!({"spec": {"template": {"spec": {"networks": networks(&["c04", "c04b"])}}}});
    story.admin.patch(&format!("{VMS}/c04"), &swap).unwrap();
    boot(&story, "c04", "virt-launcher-c04-2", &["c04", "c04b"]);
    story.wait_number_on("c04b", 1);
    story.wait_on("c04a", &[]);
    assert_eq!(story.claims_on("c04"), first, "the other NIC has what it had");
    shut_down(&story, "c04", "virt-launcher-c04-2");
    story.delete(&format!("{VMS}/c04"));
    story.ends(&["c04", "c04a", "c04b"]);
}

#[test]
fn g01_machines_that_run_lose_nothing_to_restarts_whatever_their_pods_are_called() {
    need!(Controllers);
    machines_stay("other-pod");
}

#[test]
fn g01_a_pod_that_has_the_name_of_a_machine_takes_nothing_from_it() {
    need!(Controllers);
    machines_stay("g01");
}

/// A machine, a bare instance, a pod of this name, and three restarts.
fn machines_stay(other: &str) {
    let mut story = Story::on(&[("g01", "10.61.0.0/28")]);
    story.post(VMS, &machine("g01", &["g01"]));
    boot(&story, "g01", "virt-launcher-g01-x", &["g01"]);
    // An instance without a machine.
    boot(&story, "g01-bare", "virt-launcher-g01-bare-x", &["g01"]);
    story.pod(other, "g01");
    let before = story.wait_number_on("g01", 3);
    let mark = story.bed.audit().mark().unwrap();
    for _ in 0..3 {
        story.kill();
        story.start_and_list();
        wait_for_silence(&story, Duration::from_secs(3));
        assert_eq!(story.claims_on("g01"), before);
    }
    let writes = story.writes(mark);
    assert!(writes.keys().all(|what| !what.starts_with("delete")), "{writes:?}");
    shut_down(&story, "g01", "virt-launcher-g01-x");
    shut_down(&story, "g01-bare", "virt-launcher-g01-bare-x");
    story.remove_pod(other);
    story.delete(&format!("{VMS}/g01"));
    story.ends(&["g01"]);
}

/// Two machines on `g02` that are stopped, so that nothing but themselves holds their addresses.
fn stopped_machines(story: &Story) -> BTreeMap<String, String> {
    for at in ["a", "b"] {
        story.post(VMS, &machine(&format!("g02-{at}"), &["g02"]));
        boot(story, &format!("g02-{at}"), &format!("virt-launcher-g02-{at}"), &["g02"]);
    }
    let before = story.wait_number_on("g02", 2);
    for at in ["a", "b"] {
        shut_down(story, &format!("g02-{at}"), &format!("virt-launcher-g02-{at}"));
    }
    story.agents_speak();
    before
}

#[test]
fn g02_machines_that_cannot_be_listed_lose_nothing() {
    need!(Controllers);
    let mut story = Story::on(&[("g02", "10.62.0.0/28")]);
    let before = stopped_machines(&story);
    story.kill();
    let proxy = story.bed.proxy().unwrap();
    let refused = proxy.inject(Select::any().verb("list").resource("virtualmachines.kubevirt.io"), Fault::Answer(500));
    let blind = story.another("blind", &proxy.server(), &NO_LEASE);
    let mark = story.bed.audit().mark().unwrap();
    refused.wait_hits(3, SOON).unwrap();
    story.agents_speak();
    assert_eq!(story.claims_on("g02"), before, "what cannot be listed is not absent");
    assert_eq!(story.writes(mark), [].into(), "nothing is decided before everything was listed");
    refused.lift();
    story.wait("it to manage", || match story.log_of("blind") {
        log if log.contains("every kind has been listed") => Look::Done(()),
        log => Look::NotYet(log),
    });
    wait_for_silence(&story, Duration::from_secs(3));
    assert_eq!(story.claims_on("g02"), before);
    blind.stop();
    story.start();
    ["a", "b"].into_iter().for_each(|at| story.delete(&format!("{VMS}/g02-{at}")));
    story.ends(&["g02"]);
}

#[test]
fn g02_a_machine_whose_networks_cannot_be_read_loses_nothing() {
    need!(Controllers);
    let story = Story::on(&[("g02", "10.62.0.0/28")]);
    let before = stopped_machines(&story);
    let malformed =
        json!({"spec": {"template": {"spec": {"networks": [{"name": 7, "multus": {"networkName": ["?"]}}]}}}});
    story.admin.patch(&format!("{VMS}/g02-b"), &malformed).unwrap();
    story.agents_speak();
    // Longer than the grace.
    wait_for_silence(&story, Duration::from_secs(4));
    assert_eq!(story.claims_on("g02"), before, "what cannot be read is not absent");
    ["a", "b"].into_iter().for_each(|at| story.delete(&format!("{VMS}/g02-{at}")));
    story.ends(&["g02"]);
}
