//! A claim that is lent, and the record of it for the pod that borrows.

use super::stage::{at, lists, object, tell};
use api::slim::{Kind, Object, Uid};
use engine::manage::{Action, Command, Engine, Input, Outcome, Settings};
use serde_json::{Value, json};

fn subnet() -> Input {
    let spec = json!({"cidrBlock": "10.0.0.0/29", "gateway": "10.0.0.1", "provider": "macvlan.default"});
    let meta = json!({"name": "s", "uid": "s", "resourceVersion": "1"});
    Input::Seen(object(Kind::Subnet, &json!({"metadata": meta, "spec": spec})))
}

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

/// The object that a command makes, as the API server has it then.
fn made(command: &Command) -> Object {
    let mut body: Value = command.action.call().body.unwrap();
    body["metadata"]["uid"] = "i".into();
    body["metadata"]["resourceVersion"] = "7".into();
    object(Kind::Ip, &body)
}

#[test]
fn a_claim_outlives_the_record_of_it_that_is_on_its_way() {
    let mut engine = Engine::new(Settings::default());
    let asked = tell(&mut engine, [subnet(), vip(), claim(false), borrower()].into_iter().chain(lists()));
    let create = find(&asked, |action| matches!(action, Action::CreateIp(_))).expect("the pod's record is asked for");
    for other in asked.iter().filter(|other| other.id != create.id) {
        tell(&mut engine, [Input::Done(other.id, Outcome::Done(None))]);
    }
    // The API server has not answered that when the Vip and its borrower's sandbox are gone.
    tell(&mut engine, [claim(true), vip_gone()]);
    let asked = without_vip(&mut engine, Input::Tick);
    assert!(find(&asked, |action| matches!(action, Action::ReadOwner { .. })).is_some(), "{asked:?}");
    assert!(!deletes_claim(&asked), "its record would be left: {asked:?}");
    let asked = without_vip(&mut engine, Input::Done(create.id, Outcome::Done(Some(made(&create)))));
    let delete = find(&asked, |action| matches!(action, Action::DeleteIp { .. })).expect("the record goes first");
    assert!(!deletes_claim(&asked), "{asked:?}");
    assert!(deletes_claim(&without_vip(&mut engine, Input::Done(delete.id, Outcome::Done(None)))));
}
