//! A claim that is lent, and the record of it for the pod that borrows.

use super::stage::{at, lists, miss, object, seen, subnet, tell};
use api::slim::{Kind, Object, Uid};
use engine::manage::{Action, Command, Engine, Input, Outcome, Settings};
use serde_json::{Value, json};

fn vip() -> Input {
    let meta = json!({"name": "v", "uid": "v", "resourceVersion": "2"});
    Input::Seen(object(Kind::Vip, &json!({"metadata": meta, "spec": {"subnet": "s"}, "status": {"v4ip": "10.0.0.2"}})))
}

fn borrower() -> Input {
    let annotations = json!({"k8s.v1.cni.cncf.io/networks": "macvlan", "ovn.kubernetes.io/vip": "v"});
    let meta =
        json!({"name": "p", "namespace": "default", "uid": "p", "resourceVersion": "3", "annotations": annotations});
    Input::Seen(object(Kind::Pod, &json!({"metadata": meta, "spec": {"nodeName": "n1"}})))
}

/// The claim of the Vip, which its borrower has let go or not.
fn claim(let_go: bool) -> Input {
    let occupant = json!({"podUID": "p", "namespace": "default", "name": "p", "node": "n1"});
    let mut status = json!({"occupant": occupant});
    if let_go {
        status["letGo"] = json!({"podUID": "p", "at": "2027-01-15T08:00:00Z"});
    }
    let version = if let_go { "6" } else { "5" };
    let meta = json!({"name": "macvlan.default.10.0.0.2", "uid": "c", "resourceVersion": version});
    let spec = json!({"wire": "macvlan.default", "address": "10.0.0.2", "subnet": "s", "holder": {"kind": "Vip", "name": "v"}});
    Input::Seen(object(Kind::AddressClaim, &json!({"metadata": meta, "spec": spec, "status": status})))
}

fn vip_gone() -> Input {
    Input::Gone { kind: Kind::Vip, namespace: "".into(), name: "v".into(), uid: Uid::parse("v") }
}

/// What of this there is among commands.
fn find(commands: &[Command], is_it: impl Fn(&Action) -> bool) -> Option<Command> {
    commands.iter().find(|command| is_it(&command.action)).cloned()
}

fn deletes_claim(commands: &[Command]) -> bool {
    find(commands, |action| matches!(action, Action::DeleteClaim { .. })).is_some()
}

/// What follows from an input later than the grace of the Vip, which no fresh read finds.
fn without_vip(engine: &mut Engine, input: Input) -> Vec<Command> {
    let asked = engine.step(input, at(60));
    match find(&asked, |action| matches!(action, Action::ReadOwner { .. })) {
        Some(read) => [asked, engine.step(Input::Done(read.id, Outcome::Missing), at(60))].concat(),
        None => asked,
    }
}

/// The object that a command makes, as the API server has it then: its node, its version.
fn made(command: &Command, (node, version): (&str, &str)) -> Object {
    let mut body: Value = command.action.call().body.unwrap();
    body["metadata"]["uid"] = "i".into();
    body["metadata"]["resourceVersion"] = version.into();
    body["spec"]["nodeName"] = node.into();
    object(Kind::Ip, &body)
}

/// All that was asked for but one is done.
fn answer_others(engine: &mut Engine, asked: &[Command], one: &Command) {
    for other in asked.iter().filter(|other| other.id != one.id) {
        tell(engine, [Input::Done(other.id, Outcome::Done(None))]);
    }
}

#[test]
fn a_record_is_changed_and_removed_only_as_it_was_known() {
    let mut engine = Engine::new(Settings::default());
    let asked = tell(&mut engine, [subnet(&json!({})), vip(), claim(false), borrower()].into_iter().chain(lists()));
    let create = find(&asked, |action| matches!(action, Action::CreateIp(_))).expect("the pod's record is asked for");
    answer_others(&mut engine, &asked, &create);
    let ip = made(&create, ("n2", "7"));
    let asked = tell(&mut engine, [Input::Done(create.id, Outcome::Done(Some(ip)))]);
    let update = find(&asked, |action| matches!(action, Action::UpdateIp { .. })).expect("it says another node");
    let body = update.action.call().body.unwrap();
    assert_eq!((&body["metadata"]["uid"], &body["metadata"]["resourceVersion"]), (&json!("i"), &json!("7")));
    let ip = made(&create, ("n1", "8"));
    tell(&mut engine, [Input::Done(update.id, Outcome::Done(None)), Input::Seen(ip), claim(true), vip_gone()]);
    let asked = without_vip(&mut engine, Input::Tick);
    let delete = find(&asked, |action| matches!(action, Action::DeleteIp { .. })).expect("the record goes first");
    assert_eq!(
        delete.action.call().body.unwrap()["preconditions"],
        json!({"uid": "i", "resourceVersion": "8"}),
        "it may be the next pod's by now"
    );
}

#[test]
fn a_claim_outlives_the_record_of_it_that_is_on_its_way() {
    let mut engine = Engine::new(Settings::default());
    let asked = tell(&mut engine, [subnet(&json!({})), vip(), claim(false), borrower()].into_iter().chain(lists()));
    let create = find(&asked, |action| matches!(action, Action::CreateIp(_))).expect("the pod's record is asked for");
    answer_others(&mut engine, &asked, &create);
    // The API server has not answered that when the Vip and its borrower's sandbox are gone.
    tell(&mut engine, [claim(true), vip_gone()]);
    let asked = without_vip(&mut engine, Input::Tick);
    assert!(find(&asked, |action| matches!(action, Action::ReadOwner { .. })).is_some(), "{asked:?}");
    assert!(!deletes_claim(&asked), "its record would be left: {asked:?}");
    let asked = without_vip(&mut engine, Input::Done(create.id, Outcome::Done(Some(made(&create, ("n1", "7"))))));
    let delete = find(&asked, |action| matches!(action, Action::DeleteIp { .. })).expect("the record goes first");
    assert!(!deletes_claim(&asked), "{asked:?}");
    assert!(deletes_claim(&without_vip(&mut engine, Input::Done(delete.id, Outcome::Done(None)))));
}

#[test]
fn the_record_of_a_nic_does_not_stay_because_its_pod_has_that_address_as_an_eip() {
    let owner = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "set", "controller": true});
    let meta =
        json!({"name": "db-0", "namespace": "default", "uid": "p", "resourceVersion": "5", "ownerReferences": [owner]});
    let pod = seen(Kind::Pod, &meta, &json!({"nodeName": "n1"}));
    let labels = json!({"ovn.kubernetes.io/ip_reserved": "false", "ipledger.dev/holder-kind": "StatefulSet"});
    let meta = json!({"name": "db-0.default.macvlan.default", "uid": "ip", "resourceVersion": "3", "labels": labels});
    let spec = json!({"podName": "db-0", "namespace": "default", "subnet": "s", "ipAddress": "10.0.0.2", "v4IpAddress": "10.0.0.2"});
    for (holder, goes) in [("IptablesEIP", true), ("Vip", false)] {
        let mut claim = json!({"metadata": {"name": "macvlan.default.10.0.0.2", "uid": "c", "resourceVersion": "4"}});
        let holder = json!({"kind": holder, "name": "e"});
        claim["spec"] = json!({"wire": "macvlan.default", "address": "10.0.0.2", "subnet": "s", "holder": holder});
        claim["status"]["occupant"] = json!({"podUID": "p", "namespace": "default", "name": "db-0", "node": "n1"});
        let claim = Input::Seen(object(Kind::AddressClaim, &claim));
        let world = [subnet(&json!({})), claim, seen(Kind::Ip, &meta, &spec), pod.clone()];
        let mut engine = Engine::new(Settings::default());
        let asked = tell(&mut engine, world.into_iter().chain(lists()));
        let asked = miss(&mut engine, asked, 0);
        let removed = find(&asked, |action| matches!(action, Action::DeleteIp { .. }));
        assert_eq!(removed.is_some(), goes, "{holder}: {asked:?}");
    }
}
