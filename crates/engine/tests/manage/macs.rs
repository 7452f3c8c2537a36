//! A pod's MAC where two of its claims have it: one from before a StatefulSet took the pod over, or went without it.

use super::stage::{claims, lists, object, seen, set, subnet, tell};
use api::slim::Kind;
use engine::manage::{Engine, Input, Settings};
use serde_json::{Value, json};

const MAC: &str = "02:00:00:00:00:07";

/// A pod that asks for the MAC, with further annotations.
fn pod(name: &str, version: &str, owners: &Value, told: &Value) -> Input {
    let mut annotations =
        json!({"k8s.v1.cni.cncf.io/networks": "macvlan", "macvlan.default.kubernetes.io/mac_address": MAC});
    annotations.as_object_mut().unwrap().extend(told.as_object().cloned().unwrap_or_default());
    let meta = json!({"name": name, "namespace": "default", "uid": name, "resourceVersion": version,
        "annotations": annotations, "ownerReferences": owners});
    seen(Kind::Pod, &meta, &json!({"nodeName": "n1"}))
}

/// A claim that `db-0` uses, with the MAC.
fn claim(addr: &str, holder: &Value) -> Input {
    let meta = json!({"name": format!("macvlan.default.{addr}"), "uid": addr, "resourceVersion": "9"});
    let spec = json!({"wire": "macvlan.default", "address": addr, "subnet": "s", "mac": MAC, "holder": holder});
    let occupant = json!({"podUID": "db-0", "namespace": "default", "name": "db-0", "node": "n1"});
    Input::Seen(object(Kind::AddressClaim, &json!({"metadata": meta, "spec": spec, "status": {"occupant": occupant}})))
}

/// An engine with a pod that was told 10.0.0.2 and has a claim of 10.0.0.3 from before it was an ordinal, and what it asks for.
fn with_a_claim_from_before() -> (Engine, Vec<String>) {
    let mut engine = Engine::new(Settings::default());
    let owners =
        json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "set", "controller": true}]);
    let told = json!({"macvlan.default.kubernetes.io/allocated": "true",
        "macvlan.default.kubernetes.io/ip_address": "10.0.0.2"});
    let ip = json!({"podName": "db-0", "namespace": "default", "subnet": "s", "ipAddress": "10.0.0.2",
        "v4IpAddress": "10.0.0.2", "podType": "StatefulSet"});
    let labels = json!({"ipledger.dev/holder-kind": "StatefulSet", "ovn.kubernetes.io/ip_reserved": "false"});
    let meta = json!({"name": "db-0.default.macvlan.default", "uid": "ip", "resourceVersion": "3", "labels": labels});
    let before = json!({"kind": "Pod", "namespace": "default", "name": "db-0", "uid": "db-0", "nic": "net1"});
    let inputs = [
        subnet(&json!({})),
        set(1),
        pod("db-0", "5", &owners, &told),
        seen(Kind::Ip, &meta, &ip),
        claim("10.0.0.3", &before),
    ];
    let asked = tell(&mut engine, inputs.into_iter().chain(lists()));
    (engine, claims(&asked))
}

#[test]
fn a_pod_that_a_stateful_set_took_over_is_not_in_conflict_with_its_own_mac() {
    let (engine, asked) = with_a_claim_from_before();
    assert_eq!(asked, ["10.0.0.2 for StatefulSet default/db-0"]);
    assert_eq!(engine.refusals().count(), 0);
}

#[test]
fn the_mac_of_two_claims_of_a_pod_is_nobody_elses_once_one_of_them_is_gone() {
    let (mut engine, _) = with_a_claim_from_before();
    let now = json!({"kind": "StatefulSet", "namespace": "default", "name": "db-0", "nic": "net1"});
    let gone = Input::Gone {
        kind: Kind::AddressClaim,
        namespace: "".into(),
        name: "macvlan.default.10.0.0.3".into(),
        uid: api::slim::Uid::parse("10.0.0.3"),
    };
    let asked = tell(&mut engine, [claim("10.0.0.2", &now), gone, pod("other", "6", &json!([]), &json!({}))]);
    assert_eq!(claims(&asked), Vec::<String>::new());
    let refused: Vec<&str> = engine.refusals().map(|(_, why)| why).collect();
    let why = "AddressConflict: Subnet s: MAC 02:00:00:00:00:07 is held by StatefulSet default/db-0 (net1)";
    assert_eq!(refused, [why]);
}
