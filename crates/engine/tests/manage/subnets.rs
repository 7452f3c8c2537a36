//! A Subnet that goes, and one that comes back: who is asked for then.

use super::stage::{NOW, at, claim_on_wire, gives_up, lists, object, set, tell};
use api::slim::Kind;
use engine::manage::{Action, Command, Engine, Input, Outcome, Settings};
use serde_json::{Value, json};

fn subnet(version: &str, deleted: Option<&str>) -> Input {
    let meta = json!({"name": "s", "uid": "s", "resourceVersion": version, "deletionTimestamp": deleted,
        "annotations": {"ipledger.dev/adopted": "2026-01-01T00:00:00Z"}, "finalizers": ["kubeovn.io/kube-ovn-controller"]});
    let spec = json!({"cidrBlock": "10.0.0.0/29", "gateway": "10.0.0.1", "provider": "macvlan.default"});
    Input::Seen(object(Kind::Subnet, &json!({"metadata": meta, "spec": spec})))
}

fn pod(name: &str, annotations: &Value) -> Input {
    let meta = json!({"name": name, "namespace": "default", "uid": name, "resourceVersion": "5",
        "creationTimestamp": "2026-06-01T00:00:00Z", "annotations": annotations});
    Input::Seen(object(Kind::Pod, &json!({"metadata": meta, "spec": {"nodeName": "n1"}})))
}

/// A pod that asks for any address.
fn free(name: &str) -> Input {
    pod(name, &json!({"k8s.v1.cni.cncf.io/networks": "macvlan"}))
}

/// The IP object of a name, which keeps the first address for it.
fn record(name: &str, kind: &str, uid: Option<&str>) -> Input {
    // Without the first of them it would be somebody's reservation.
    let mut labels = json!({"ovn.kubernetes.io/ip_reserved": "false"});
    if let Some(uid) = uid {
        labels["ipledger.dev/holder-uid"] = uid.into();
    }
    let meta = json!({"name": format!("{name}.default.macvlan.default"), "uid": "ip", "resourceVersion": "3", "labels": labels});
    let spec = json!({"podName": name, "namespace": "default", "subnet": "s", "podType": kind,
        "ipAddress": "10.0.0.2", "v4IpAddress": "10.0.0.2"});
    Input::Seen(object(Kind::Ip, &json!({"metadata": meta, "spec": spec})))
}

/// The addresses that are asked for, and for whom.
fn claims(asked: &[Command]) -> Vec<String> {
    let claim = |command: &Command| match &command.action {
        Action::CreateClaim(claim) => Some(format!("{} for {}", claim.key.addr, claim.title.name)),
        _ => None,
    };
    asked.iter().filter_map(claim).collect()
}

#[test]
fn a_pod_that_cannot_be_read_goes_on_with_its_record_when_its_subnet_comes_back() {
    let unreadable = json!({"k8s.v1.cni.cncf.io/networks": "[\"macvlan\",]",
        "macvlan.default.kubernetes.io/allocated": "true", "macvlan.default.kubernetes.io/ip_address": "10.0.0.2"});
    let its = record("unread", "", Some("unread"));
    let mut engine = Engine::new(Settings::default());
    let asked = tell(&mut engine, [pod("unread", &unreadable), its, free("other")].into_iter().chain(lists()));
    assert_eq!(claims(&asked), Vec::<String>::new(), "there is no Subnet");
    assert_eq!(claims(&tell(&mut engine, [subnet("1", None)]))[0], "10.0.0.2 for unread");
}

#[test]
fn an_ordinal_without_a_pod_goes_on_with_its_record_when_its_subnet_comes_back() {
    let networks = json!({"metadata": {"annotations": {"k8s.v1.cni.cncf.io/networks": "macvlan"}}});
    let set = json!({"metadata": {"name": "db", "namespace": "default", "uid": "set", "resourceVersion": "2"},
        "spec": {"replicas": 1, "template": networks}});
    let set = Input::Seen(object(Kind::StatefulSet, &set));
    let its = record("db-0", "StatefulSet", None);
    let mut engine = Engine::new(Settings::default());
    let asked = tell(&mut engine, [set, its, free("other")].into_iter().chain(lists()));
    assert_eq!(claims(&asked), Vec::<String>::new(), "there is no Subnet");
    assert_eq!(claims(&tell(&mut engine, [subnet("1", None)]))[0], "10.0.0.2 for db-0");
}

#[test]
fn what_was_asked_for_and_lost_is_not_asked_for_again_once_its_subnet_is_being_deleted() {
    for deleted in [None, Some("2027-01-15T07:59:59Z")] {
        let mut engine = Engine::new(Settings::default());
        let asked = tell(&mut engine, [subnet("1", None), free("p")].into_iter().chain(lists()));
        let create = asked.iter().find(|command| matches!(command.action, Action::CreateClaim(_))).unwrap();
        let asked = engine.step(Input::Done(create.id, Outcome::Unknown), NOW);
        let read = asked.iter().find(|command| matches!(command.action, Action::ReadClaim(_))).unwrap();
        assert_eq!(claims(&tell(&mut engine, [subnet("7", deleted)])), Vec::<String>::new());
        let asked = engine.step(Input::Done(read.id, Outcome::Missing), NOW);
        assert_eq!(claims(&asked).len(), usize::from(deleted.is_none()), "deleted: {deleted:?}");
    }
}

#[test]
fn an_ordinal_keeps_its_claim_while_its_subnet_is_away_whatever_the_wire_is_called() {
    for wire in ["macvlan.default", "rack"] {
        let mut engine = Engine::new(Settings::default());
        let mut asked =
            tell(&mut engine, [set(1), claim_on_wire(wire, "3", None, &json!([]))].into_iter().chain(lists()));
        for seconds in [15, 90, 180] {
            asked.extend(engine.step(Input::Tick, at(seconds)));
        }
        assert!(!gives_up(&asked), "{wire}: {asked:?}");
    }
}
