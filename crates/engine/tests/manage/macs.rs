//! A MAC that two claims have: of one pod, one from before a StatefulSet took it over, or went without it; or of two pods, by two controllers that
//! granted it at once.

use super::stage::{claims, lists, object, seen, set, subnet, tell};
use api::slim::Kind;
use engine::manage::{Action, Command, Engine, Input, Outcome, Settings};
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

/// A claim of a pod's own with the MAC, made at a second.
fn claim_of(name: &str, addr: &str, second: u8) -> Input {
    let meta = json!({"name": format!("macvlan.default.{addr}"), "uid": addr, "resourceVersion": "9",
        "creationTimestamp": format!("2026-01-01T00:00:{second:02}Z")});
    let holder = json!({"kind": "Pod", "namespace": "default", "name": name, "uid": name, "nic": "net1"});
    let spec = json!({"wire": "macvlan.default", "address": addr, "subnet": "s", "mac": MAC, "holder": holder});
    let occupant = json!({"podUID": name, "namespace": "default", "name": name, "node": "n1"});
    Input::Seen(object(Kind::AddressClaim, &json!({"metadata": meta, "spec": spec, "status": {"occupant": occupant}})))
}

/// The pods that are told something.
fn told(asked: &[Command]) -> Vec<String> {
    let names = asked.iter().filter_map(|command| match &command.action {
        Action::AnnotatePod { name, .. } => Some(name.to_string()),
        _ => None,
    });
    names.collect()
}

/// Two pods that ask for the MAC, and a claim with it for each: that of `a` is the younger one. What `a` was told before.
fn with_a_claim_each(a_was_told: &Value) -> (Engine, Vec<Command>) {
    let mut engine = Engine::new(Settings::default());
    let inputs = [
        subnet(&json!({})),
        pod("a", "5", &json!([]), a_was_told),
        pod("b", "6", &json!([]), &json!({})),
        claim_of("a", "10.0.0.2", 8),
        claim_of("b", "10.0.0.3", 7),
    ];
    let asked = tell(&mut engine, inputs.into_iter().chain(lists()));
    (engine, asked)
}

#[test]
fn of_two_claims_with_one_mac_the_younger_one_loses_it_and_has_it_once_the_other_is_gone() {
    let (mut engine, asked) = with_a_claim_each(&json!({}));
    assert_eq!(told(&asked), ["b"]);
    let refused: Vec<(String, &str)> = engine.refusals().map(|(nic, why)| (nic.to_string(), why)).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].1, "AddressConflict: Subnet s: MAC 02:00:00:00:00:07 is held by Pod b (net1)");
    let read = asked.into_iter().find(|command| matches!(command.action, Action::ReadEvent(_))).unwrap();
    let create = tell(&mut engine, [Input::Done(read.id, Outcome::Missing)]).remove(0);
    tell(&mut engine, [Input::Done(create.id, Outcome::Done(None))]);
    let gone = Input::Gone {
        kind: Kind::AddressClaim,
        namespace: "".into(),
        name: "macvlan.default.10.0.0.3".into(),
        uid: api::slim::Uid::parse("10.0.0.3"),
    };
    let pod =
        Input::Gone { kind: Kind::Pod, namespace: "default".into(), name: "b".into(), uid: api::slim::Uid::parse("b") };
    let asked = tell(&mut engine, [pod, gone]);
    assert_eq!(told(&asked), ["a"]);
    assert_eq!(engine.refusals().count(), 0);
}

#[test]
fn a_pod_that_was_told_keeps_its_mac_and_who_was_not_loses_it() {
    let was_told = json!({"macvlan.default.kubernetes.io/allocated": "true",
        "macvlan.default.kubernetes.io/ip_address": "10.0.0.2"});
    let (mut engine, _) = with_a_claim_each(&was_told);
    let ip = json!({"podName": "a", "namespace": "default", "subnet": "s", "ipAddress": "10.0.0.2", "v4IpAddress": "10.0.0.2"});
    let labels = json!({"ipledger.dev/holder-uid": "a", "ovn.kubernetes.io/ip_reserved": "false"});
    let meta = json!({"name": "a.default.macvlan.default", "uid": "ip", "resourceVersion": "3", "labels": labels});
    tell(&mut engine, [seen(Kind::Ip, &meta, &ip), pod("b", "7", &json!([]), &json!({}))]);
    let refused: Vec<&str> = engine.refusals().map(|(_, why)| why).collect();
    assert_eq!(refused, ["AddressConflict: Subnet s: MAC 02:00:00:00:00:07 is held by Pod a (net1)"]);
}

#[test]
fn the_mac_of_a_claim_whose_subnet_is_gone_is_taken_until_the_claim_is_gone() {
    let mut engine = Engine::new(Settings::default());
    let told = json!({"macvlan.default.kubernetes.io/allocated": "true",
        "macvlan.default.kubernetes.io/ip_address": "10.0.0.2"});
    let inputs = [subnet(&json!({})), pod("a", "5", &json!([]), &told), claim_of("a", "10.0.0.2", 7)];
    tell(&mut engine, inputs.into_iter().chain(lists()));
    let spec = json!({"cidrBlock": "10.0.1.0/29", "gateway": "10.0.1.1", "provider": "macvlan.default"});
    let gone = |kind, name: &str, uid: &str| Input::Gone {
        kind,
        namespace: "".into(),
        name: name.into(),
        uid: api::slim::Uid::parse(uid),
    };
    let other = seen(Kind::Subnet, &json!({"name": "t", "uid": "t", "resourceVersion": "7"}), &spec);
    let asked = tell(&mut engine, [gone(Kind::Subnet, "s", "s"), other, pod("b", "8", &json!([]), &json!({}))]);
    assert_eq!(claims(&asked), Vec::<String>::new());
    let refused: Vec<&str> = engine.refusals().map(|(_, why)| why).collect();
    assert_eq!(refused, ["AddressConflict: Subnet t: MAC 02:00:00:00:00:07 is held by Pod a (net1)"]);
    let asked = tell(&mut engine, [gone(Kind::AddressClaim, "macvlan.default.10.0.0.2", "10.0.0.2")]);
    assert!(claims(&asked).contains(&"10.0.1.2 for Pod default/b".to_owned()), "{:?}", claims(&asked));
}
