//! Stories of networks annotations that cannot be read: what is held stays, nothing new is given, and the pod is told where.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, End, pod, stateful_set};

const PODS: &str = "/api/v1/namespaces/default/pods";
const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";
const VIPS: &str = "/apis/kubeovn.io/v1/vips";
const VMS: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachines";
const VMIS: &str = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances";
const NETWORKS: &str = "k8s.v1.cni.cncf.io/networks";

/// A comma too many.
const BAD: &str = r#"[{"name":"macvlan",}]"#;

fn set(replicas: u32) -> Act {
    Act::Create(SETS.to_owned(), stateful_set("web", replicas))
}

/// The template's networks are these.
fn template(networks: &str) -> Act {
    let annotations = json!({NETWORKS: networks});
    Act::Patch(format!("{SETS}/web"), json!({"spec": {"template": {"metadata": {"annotations": annotations}}}}))
}

fn create(name: &str, annotations: &Value) -> Act {
    Act::Create(PODS.to_owned(), pod(name, "node1", annotations))
}

/// A pod's networks are these.
fn networks(name: &str, text: &str) -> Act {
    Act::Patch(format!("{PODS}/{name}"), json!({"metadata": {"annotations": {NETWORKS: text}}}))
}

fn delete(name: &str) -> Act {
    Act::Delete(format!("{PODS}/{name}"), None)
}

/// Longer than any grace.
fn later() -> Vec<Act> {
    vec![Act::Pass(120), Act::Pass(120)]
}

/// The controllers stop and start.
fn restart() -> Vec<Act> {
    vec![Act::Stop(0), Act::Start]
}

/// As many pods as the Subnet has addresses: whatever is free, one of them has.
fn crowd() -> Vec<Act> {
    (1..=5).map(|number| Act::Create(PODS.to_owned(), pod(&format!("crowd{number}"), "node2", &json!({})))).collect()
}

/// What the Event of a pod says.
fn told<'a>(end: &'a End, pod: &str) -> &'a str {
    let event = end.events.iter().find(|event| event["involvedObject"]["name"] == pod);
    let event = event.unwrap_or_else(|| panic!("{pod} is told nothing"));
    assert_eq!((&event["reason"], &event["type"]), (&json!("AcquireAddressFailed"), &json!("Warning")));
    event["message"].as_str().unwrap()
}

/// Why a claim waits.
fn waits<'a>(end: &'a End, addr: &str) -> (&'a str, &'a str) {
    let conditions = end.claim_statuses[&format!("macvlan.default.{addr}")]["conditions"].as_array();
    let mut all = conditions.into_iter().flatten();
    let says = all.find(|says| says["type"] == "Waiting" && says["status"] == "True").expect("it says that it waits");
    (says["reason"].as_str().unwrap(), says["message"].as_str().unwrap())
}

#[test]
fn an_ordinal_whose_next_pod_cannot_be_read_keeps_its_address_for_the_one_after() {
    let broken = vec![set(2), template(BAD)];
    let end = sweep("a template that cannot be read", [broken.clone(), later(), restart(), crowd()].concat());
    assert_eq!((end.addresses["web-0"].len(), end.addresses["web-1"].as_slice()), (1, &["172.17.0.3".to_owned()][..]));
    assert_eq!(end.pods["web-1"].0, "Pending", "nothing new is given to it");
    let says = "k8s.v1.cni.cncf.io/networks: the annotation cannot be read: trailing comma at line 1 column 20";
    assert_eq!(told(&end, "web-1"), says);
    let (reason, message) = waits(&end, "172.17.0.3");
    assert_eq!(reason, "Unreadable");
    let object = "annotation k8s.v1.cni.cncf.io/networks of Pod default/web-1 cannot be read (trailing comma at line 1 column 20)";
    assert!(message.starts_with(object), "{message}");
    let mended = [broken, later(), vec![template("macvlan"), delete("web-1")]].concat();
    let end = sweep("a template that is mended", mended);
    assert_eq!((end.addresses["web-1"].as_slice(), end.answers), (&["172.17.0.3".to_owned()][..], 2));
    let conditions = end.claim_statuses["macvlan.default.172.17.0.3"]["conditions"].clone();
    assert_eq!((&conditions[0]["type"], &conditions[0]["status"]), (&json!("Waiting"), &json!("False")));
}

#[test]
fn an_ordinal_that_is_scaled_away_gives_its_address_back_whatever_its_template_says() {
    let scale = Act::Patch(format!("{SETS}/web"), json!({"spec": {"replicas": 0}}));
    let end = sweep("scaled away", [vec![set(1), template(BAD), scale], later()].concat());
    assert_eq!((end.claims.len(), end.ips.len(), end.answers), (0, 0, 0), "it has lost its title, which can be read");
}

#[test]
fn a_pod_whose_annotation_is_spoilt_after_it_was_served_keeps_what_it_has_until_it_goes() {
    for bad in [BAD, "macvlan;other", "\"macvlan\""] {
        let spoilt = vec![create("p", &json!({})), networks("p", bad)];
        let end = sweep("spoilt", [spoilt.clone(), later(), restart(), crowd()].concat());
        assert_eq!((end.addresses["p"].as_slice(), end.ips.len()), (&["172.17.0.2".to_owned()][..], 5), "{bad}");
        assert!(told(&end, "p").starts_with("k8s.v1.cni.cncf.io/networks: the annotation cannot be read: "), "{bad}");
        assert_eq!(waits(&end, "172.17.0.2").0, "Unreadable");
        let end = sweep("spoilt, and deleted", [spoilt, vec![delete("p")]].concat());
        assert_eq!((end.claims.len(), end.ips.len(), end.answers), (0, 0, 0), "{bad}");
    }
}

#[test]
fn a_pod_that_cannot_be_read_is_given_nothing_and_served_as_soon_as_it_can() {
    let end = sweep("bad from the start", vec![create("p", &json!({NETWORKS: BAD}))]);
    assert_eq!((end.claims.len(), end.pods["p"].0.as_str()), (0, "Pending"));
    assert!(told(&end, "p").contains("cannot be read"));
    let end = sweep("bad, and mended", vec![create("p", &json!({NETWORKS: BAD})), networks("p", "macvlan")]);
    assert_eq!((end.claims.len(), end.pods["p"].0.as_str()), (1, "Running"));
}

#[test]
fn a_pod_that_borrows_a_vip_and_cannot_be_read_any_more_goes_on_with_it() {
    let vip = json!({"apiVersion": "kubeovn.io/v1", "kind": "Vip", "metadata": {"name": "v"},
        "spec": {"subnet": "ext", "namespace": "default"}});
    let borrows = json!({"ovn.kubernetes.io/vip": "v"});
    let acts = vec![Act::Create(VIPS.to_owned(), vip), create("p", &borrows), networks("p", BAD)];
    let end = sweep("a borrower", [acts, later(), restart()].concat());
    assert_eq!((end.claims.len(), end.ips.len(), end.pods["p"].0.as_str()), (1, 1, "Running"));
}

#[test]
fn a_machine_whose_launcher_cannot_be_read_keeps_its_address() {
    let wants = json!([{"name": "default", "pod": {}}, {"name": "net", "multus": {"networkName": "default/macvlan"}}]);
    let vm = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "vm", "namespace": "default"},
        "spec": {"template": {"metadata": {}, "spec": {"networks": wants}}}});
    let instance = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance",
        "metadata": {"name": "vm", "namespace": "default"}, "spec": {"networks": wants}});
    let launcher = |name: &str, networks: &str| {
        let pod = pod(name, "node1", &json!({NETWORKS: networks}));
        Act::CreateOwned(PODS.to_owned(), pod, format!("{VMIS}/vm"))
    };
    let start = || Act::Create(VMIS.to_owned(), instance.clone());
    let stop = |launcher: &str| vec![Act::Delete(format!("{VMIS}/vm"), None), delete(launcher)];
    let up = vec![Act::Create(VMS.to_owned(), vm), start(), launcher("launcher-a", "macvlan")];
    let again = vec![start(), launcher("launcher-b", BAD)];
    let end = sweep("a launcher", [up.clone(), stop("launcher-a"), again.clone(), later(), restart()].concat());
    assert_eq!((end.addresses["vm"].as_slice(), end.ips.len()), (&["172.17.0.2".to_owned()][..], 1));
    assert!(told(&end, "launcher-b").contains("cannot be read"));
    let mended = [up.clone(), stop("launcher-a"), again, vec![networks("launcher-b", "macvlan")]].concat();
    assert_eq!(sweep("a launcher, mended", mended).pods["launcher-b"].0, "Running");
    // The machine's own spec names a network that is none.
    let spoilt = json!([{"name": "net", "multus": {"networkName": "default/macvlan/x"}}]);
    let spoil = Act::Patch(format!("{VMS}/vm"), json!({"spec": {"template": {"spec": {"networks": spoilt}}}}));
    let end = sweep("a machine", [up, stop("launcher-a"), vec![spoil], later(), restart()].concat());
    assert_eq!(end.addresses["vm"], ["172.17.0.2"]);
}
