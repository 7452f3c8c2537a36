//! Stories of KubeVirt's virtual machines. KubeVirt is played by the story: it makes the instance and its launcher pods.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::json;
use sim::{Act, pod};

const PODS: &str = "/api/v1/namespaces/default/pods";
const VMS: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachines";
const VMIS: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances";

fn networks() -> serde_json::Value {
    json!([{"name": "default", "pod": {}}, {"name": "net", "multus": {"networkName": "default/macvlan"}}])
}

fn vm() -> Act {
    let vm = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "vm", "namespace": "default"},
        "spec": {"template": {"metadata": {}, "spec": {"networks": networks()}}}});
    Act::Create(VMS.to_owned(), vm)
}

fn instance() -> Act {
    let vmi = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance",
        "metadata": {"name": "vm", "namespace": "default"}, "spec": {"networks": networks()}});
    Act::Create(VMIS.to_owned(), vmi)
}

fn launcher(name: &str, node: &str) -> Act {
    Act::CreateOwned(PODS.to_owned(), pod(name, node, &json!({})), format!("{VMIS}/vm"))
}

fn stop(launcher: &str) -> Vec<Act> {
    vec![Act::Delete(format!("{VMIS}/vm"), None), Act::Delete(format!("{PODS}/{launcher}"), None)]
}

fn started() -> Vec<Act> {
    vec![vm(), instance(), launcher("virt-launcher-vm-a", "node1")]
}

#[test]
fn a_machine_that_never_ran_has_no_address() {
    assert_eq!(sweep("never started", vec![vm()]).claims.len(), 0);
}

#[test]
fn a_machine_has_its_address_under_its_own_name() {
    let end = sweep("started", started());
    assert_eq!(end.claims, [("vm".to_owned(), "macvlan.default".to_owned())]);
    assert_eq!(end.ips, ["vm.default.macvlan.default"]);
    assert_eq!(end.pods["virt-launcher-vm-a"].0, "Running");
}

#[test]
fn a_machine_keeps_its_address_while_it_is_stopped_and_when_it_starts_elsewhere() {
    let stopped = [started(), stop("virt-launcher-vm-a")].concat();
    let end = sweep("stopped", stopped.clone());
    assert_eq!((end.claims.len(), end.ips.len(), end.answers), (1, 1, 0));
    let again = [stopped, vec![instance(), launcher("virt-launcher-vm-b", "node2")]].concat();
    let end = sweep("started again", again);
    assert_eq!(end.addresses["vm"], ["172.17.0.2"]);
    assert_eq!((end.claims.len(), end.pods["virt-launcher-vm-b"].0.as_str()), (1, "Running"));
}

#[test]
fn a_machine_that_is_deleted_gives_everything_back() {
    let delete = Act::Delete(format!("{VMS}/vm"), None);
    let end = sweep("deleted", [started(), vec![delete], stop("virt-launcher-vm-a")].concat());
    assert_eq!((end.claims.len(), end.ips.len(), end.answers), (0, 0, 0));
}

#[test]
fn the_next_launcher_waits_until_the_one_before_is_off_the_wire() {
    let acts = [
        started(),
        vec![
            Act::CutOff("node1".to_owned()),
            Act::Delete(format!("{PODS}/virt-launcher-vm-a"), Some(0)),
            launcher("virt-launcher-vm-b", "node2"),
        ],
    ]
    .concat();
    let waits = sweep("cut off", acts.clone());
    assert_eq!((waits.claims.len(), waits.answers), (1, 1));
    let end = sweep("and back", [acts, vec![Act::Connect("node1".to_owned())]].concat());
    assert_eq!(end.pods["virt-launcher-vm-b"].0, "Running");
}

#[test]
fn an_instance_without_a_machine_is_one_as_long_as_it_lives() {
    let up = vec![instance(), launcher("virt-launcher-vm-a", "node1")];
    assert_eq!(sweep("an instance", up.clone()).claims, [("vm".to_owned(), "macvlan.default".to_owned())]);
    let end = sweep("an instance, ended", [up, stop("virt-launcher-vm-a")].concat());
    assert_eq!((end.claims.len(), end.ips.len()), (0, 0));
}
