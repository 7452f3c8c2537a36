//! Claims that are lost while a pod lives with their address, although its holder lost its title or is on its way out: they are made
//! again before anybody who asks for any address is served.

use super::stage::{at, claim_of_set, claims, lists, object, seen, set, subnet, tell};
use api::slim::Kind;
use engine::manage::{Action, Command, Engine, Input, Settings};
use serde_json::{Value, json};
use std::iter::once;

/// What a pod was told that has an address of its own.
fn told() -> Value {
    json!({"k8s.v1.cni.cncf.io/networks": "macvlan", "macvlan.default.kubernetes.io/allocated": "true",
        "macvlan.default.kubernetes.io/ip_address": "10.0.0.2"})
}

/// A pod that lives with the first address, is on its way out or not, and the IP object that says so.
fn living(name: &str, deleted: Option<&str>, owners: &Value, more: &Value) -> Vec<Input> {
    let mut annotations = told();
    annotations.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let pod = json!({"name": name, "namespace": "default", "uid": "p", "resourceVersion": "5", "deletionTimestamp": deleted,
        "creationTimestamp": "2026-06-01T00:00:00Z", "ownerReferences": owners, "annotations": annotations});
    // A machine's is called after the machine; and none but that of a pod of its own says which life it is of.
    let of = name.strip_prefix("virt-launcher-").unwrap_or(name);
    let mut labels = json!({"ovn.kubernetes.io/ip_reserved": "false"});
    if owners.as_array().unwrap().is_empty() {
        labels["ipledger.dev/holder-uid"] = "p".into();
    }
    let ip =
        json!({"name": format!("{of}.default.macvlan.default"), "uid": "ip", "resourceVersion": "3", "labels": labels});
    let said = json!({"podName": of, "namespace": "default", "subnet": "s", "ipAddress": "10.0.0.2", "v4IpAddress": "10.0.0.2"});
    vec![seen(Kind::Pod, &pod, &json!({"nodeName": "n1"})), seen(Kind::Ip, &ip, &said)]
}

fn owned_by(version: &str, kind: &str, name: &str) -> Value {
    json!([{"apiVersion": version, "kind": kind, "name": name, "uid": "owner", "controller": true}])
}

fn of_set() -> Value {
    owned_by("apps/v1", "StatefulSet", "db")
}

/// The claims that are asked for: address and holder. Beside what is told there is a pod that asks for any address, and it is seen first.
fn asked(told: Vec<Input>) -> Vec<String> {
    let other = json!({"name": "other", "namespace": "default", "uid": "other", "resourceVersion": "6",
        "creationTimestamp": "2026-05-01T00:00:00Z", "annotations": {"k8s.v1.cni.cncf.io/networks": "macvlan"}});
    let other = seen(Kind::Pod, &other, &json!({"nodeName": "n1"}));
    let adopted = subnet(&json!({"ipledger.dev/adopted": "2026-01-01T00:00:00Z"}));
    let mut engine = Engine::new(Settings::default());
    claims(&tell(&mut engine, [adopted, other].into_iter().chain(told).chain(lists())))
}

/// Some time ago.
const LEAVES: Option<&str> = Some("2027-01-15T07:59:59Z");

#[test]
fn an_ordinal_whose_set_is_gone_or_has_no_place_for_it() {
    let pod = || living("db-0", None, &of_set(), &json!({}));
    assert_eq!(asked(pod())[0], "10.0.0.2 for StatefulSet default/db-0");
    assert_eq!(asked(once(set(0)).chain(pod()).collect())[0], "10.0.0.2 for StatefulSet default/db-0");
}

#[test]
fn a_pod_and_an_ordinal_on_their_way_out() {
    assert_eq!(asked(living("p", LEAVES, &json!([]), &json!({})))[0], "10.0.0.2 for Pod default/p");
    let of_set = living("db-0", LEAVES, &of_set(), &json!({}));
    assert_eq!(asked(once(set(1)).chain(of_set).collect())[0], "10.0.0.2 for StatefulSet default/db-0");
}

#[test]
fn a_vip_on_its_way_out_whose_borrower_lives() {
    let meta =
        json!({"name": "v", "uid": "v", "resourceVersion": "2", "deletionTimestamp": LEAVES, "finalizers": ["x/y"]});
    let vip = json!({"metadata": meta, "spec": {"subnet": "s"}, "status": {"v4ip": "10.0.0.2"}});
    let borrower = living("p", None, &json!([]), &json!({"ovn.kubernetes.io/vip": "v"}));
    let told = once(Input::Seen(object(Kind::Vip, &vip))).chain(borrower).collect();
    assert_eq!(asked(told)[0], "10.0.0.2 for Vip v");
}

#[test]
fn a_pod_whose_vip_was_made_again_with_another_address() {
    let meta = json!({"name": "v", "uid": "v2", "resourceVersion": "2"});
    let vip = json!({"metadata": meta, "spec": {"subnet": "s", "v4ip": "10.0.0.4"}});
    let borrower = living("p", None, &json!([]), &json!({"ovn.kubernetes.io/vip": "v"}));
    let told = once(Input::Seen(object(Kind::Vip, &vip))).chain(borrower).collect();
    assert_eq!(asked(told)[0], "10.0.0.2 for Pod default/p");
}

#[test]
fn a_machine_on_its_way_out_whose_launcher_lives_or_leaves() {
    for deleted in [None, LEAVES] {
        let launcher = living(
            "virt-launcher-vm",
            deleted,
            &owned_by("kubevirt.io/v1", "VirtualMachineInstance", "vm"),
            &json!({}),
        );
        let meta = json!({"name": "vm", "namespace": "default", "uid": "vm", "resourceVersion": "2",
            "deletionTimestamp": LEAVES, "finalizers": ["x/y"]});
        let vm = Input::Seen(object(Kind::VirtualMachine, &json!({"metadata": meta, "spec": {"template": {}}})));
        assert_eq!(asked(once(vm).chain(launcher).collect())[0], "10.0.0.2 for VirtualMachine default/vm");
    }
}

#[test]
fn an_ordinal_whose_gateway_is_gone_or_on_its_way_out_or_has_no_place_for_it() {
    let meta = json!({"name": "gw", "uid": "gw", "resourceVersion": "2"});
    let leaves =
        json!({"name": "gw", "uid": "gw", "resourceVersion": "2", "deletionTimestamp": LEAVES, "finalizers": ["x/y"]});
    let spec = |replicas: u8| json!({"vpc": "v", "namespace": "default", "subnet": "lan", "externalSubnets": ["s"], "replicas": replicas});
    let gateways =
        [None, Some(json!({"metadata": leaves, "spec": spec(2)})), Some(json!({"metadata": meta, "spec": spec(1)}))];
    for gateway in gateways {
        let owner = owned_by("apps/v1", "StatefulSet", "vpc-nat-gw-gw");
        let pod = living("vpc-nat-gw-gw-1", None, &owner, &json!({"ovn.kubernetes.io/vpc_nat_gw": "gw"}));
        let gateway = gateway.map(|gateway| Input::Seen(object(Kind::VpcNatGateway, &gateway)));
        assert_eq!(asked(gateway.into_iter().chain(pod).collect())[0], "10.0.0.2 for VpcNatGateway gw");
    }
}

#[test]
fn not_for_a_pod_that_has_ended_or_was_never_told() {
    let mut ended = living("db-0", None, &of_set(), &json!({}));
    let Input::Seen(api::slim::Object::Pod(pod)) = &ended[0] else { panic!("the pod is first") };
    let mut pod = (**pod).clone();
    pod.status.phase = api::slim::Phase::Succeeded;
    ended[0] = Input::Seen(api::slim::Object::Pod(pod.into()));
    let untold = json!({"macvlan.default.kubernetes.io/ip_address": ""});
    for told in [ended, living("db-0", None, &of_set(), &untold)] {
        assert!(asked(told).iter().all(|claim| claim.ends_with("Pod default/other")));
    }
}

#[test]
fn what_is_claimed_again_waits_for_the_word_of_its_pod() {
    let adopted = subnet(&json!({"ipledger.dev/adopted": "2026-01-01T00:00:00Z"}));
    let mut engine = Engine::new(Settings::default());
    let pod = living("db-0", None, &of_set(), &json!({}));
    tell(&mut engine, once(adopted).chain(pod).chain(lists()));
    let claimed = engine.step(claim_of_set("9", Some("p"), &json!([])), at(1));
    let later = engine.step(Input::Tick, at(600));
    let writes =
        |commands: &[Command]| commands.iter().any(|command| matches!(command.action, Action::DeleteClaim { .. }));
    assert!(claims(&claimed).is_empty() && claims(&later).is_empty());
    assert!(!writes(&claimed) && !writes(&later));
}
