//! An engine that stands by: what it asks for, and what it knows when it leads.

use super::stage::{NOW, at, lists, object, tell};
use api::slim::{Kind, Uid};
use engine::manage::{Action, Command, Engine, Input, Outcome, Settings};
use serde_json::json;

fn subnet() -> Input {
    let spec = json!({"cidrBlock": "10.0.0.0/24", "provider": "mv.d"});
    Input::Seen(object(
        Kind::Subnet,
        &json!({"metadata": {"name": "s", "uid": "s", "resourceVersion": "1"}, "spec": spec}),
    ))
}

fn pod(name: &str) -> Input {
    let meta = json!({"name": name, "namespace": "d", "uid": name, "resourceVersion": "2",
        "annotations": {"k8s.v1.cni.cncf.io/networks": "mv"}});
    Input::Seen(object(Kind::Pod, &json!({"metadata": meta, "spec": {"nodeName": "n1"}})))
}

fn vip(version: &str) -> Input {
    let meta = json!({"name": "v", "uid": "v", "resourceVersion": version});
    Input::Seen(object(Kind::Vip, &json!({"metadata": meta, "spec": {"subnet": "s"}})))
}

fn vip_gone() -> Input {
    Input::Gone { kind: Kind::Vip, namespace: "".into(), name: "v".into(), uid: Uid::parse("v") }
}

fn claim_of_vip() -> Input {
    let holder = json!({"kind": "Vip", "namespace": "", "name": "v", "nic": ""});
    let spec = json!({"wire": "mv.d", "address": "10.0.0.9", "subnet": "s", "holder": holder});
    let meta = json!({"name": "mv.d.10.0.0.9", "uid": "c", "resourceVersion": "5"});
    Input::Seen(object(Kind::AddressClaim, &json!({"metadata": meta, "spec": spec, "status": {}})))
}

fn creates(commands: &[Command]) -> Vec<&Command> {
    commands.iter().filter(|command| matches!(command.action, Action::CreateClaim(_))).collect()
}

#[test]
fn who_stands_by_asks_for_no_call_and_serves_everybody_once_it_leads() {
    let mut engine = Engine::new(Settings::default());
    engine.lead(false);
    let seen = vec![subnet(), pod("a"), pod("b"), vip("1")];
    let asked = tell(&mut engine, [seen, lists().collect(), vec![pod("late"), Input::Tick]].concat());
    assert!(engine.is_ready() && asked.is_empty(), "{asked:?}");
    assert!(engine.next_due().is_none_or(|due| due > NOW), "nothing is due for who does nothing");
    engine.lead(true);
    let asked = engine.step(Input::Tick, NOW);
    assert_eq!(creates(&asked).len(), 4, "{asked:?}");
}

#[test]
fn a_command_of_before_that_was_not_sent_is_settled_by_a_read_when_it_leads_again() {
    let mut engine = Engine::new(Settings::default());
    let asked = tell(&mut engine, [vec![subnet(), pod("a")], lists().collect()].concat());
    let create = creates(&asked)[0].id;
    engine.lead(false);
    assert_eq!(engine.step(Input::Done(create, Outcome::Unknown), at(1)), []);
    engine.lead(true);
    let asked = engine.step(Input::Tick, at(2));
    assert!(asked.iter().any(|command| matches!(command.action, Action::ReadClaim(_))), "{asked:?}");
    assert!(creates(&asked).is_empty(), "it may have been made: {asked:?}");
}

#[test]
fn an_owner_that_was_absent_before_counts_as_absent_anew() {
    let mut engine = Engine::new(Settings { grace: 60, ..Settings::default() });
    let asked =
        tell(&mut engine, [vec![subnet(), claim_of_vip(), vip("1")], lists().collect(), vec![vip_gone()]].concat());
    engine.lead(false);
    // An object that a command is on its way to is not read.
    tell(&mut engine, asked.into_iter().map(|command| Input::Done(command.id, Outcome::Missing)));
    // It was there meanwhile, and is gone again.
    engine.step(vip("7"), at(30));
    engine.step(vip_gone(), at(59));
    engine.lead(true);
    let is_read = |command: &Command| matches!(command.action, Action::ReadOwner { .. });
    assert!(!engine.step(Input::Tick, at(61)).iter().any(is_read), "it has been gone for two seconds");
    assert!(!engine.step(Input::Tick, at(120)).iter().any(is_read));
    assert!(engine.step(Input::Tick, at(121)).iter().any(is_read));
}

#[test]
fn a_fresh_read_of_before_is_no_proof_when_it_leads_again() {
    let mut engine = Engine::new(Settings { grace: 0, ..Settings::default() });
    let mut asked = tell(&mut engine, [vec![subnet(), claim_of_vip()], lists().collect()].concat());
    asked.retain(|command| matches!(command.action, Action::ReadOwner { .. }));
    let [read] = asked.as_slice() else { panic!("{asked:?}") };
    engine.lead(false);
    assert_eq!(engine.step(Input::Done(read.id, Outcome::Missing), at(1)), []);
    engine.lead(true);
    let asked = engine.step(Input::Tick, at(1000));
    assert!(!asked.iter().any(|command| matches!(command.action, Action::DeleteClaim { .. })), "{asked:?}");
    assert!(asked.iter().any(|command| matches!(command.action, Action::ReadOwner { .. })), "{asked:?}");
}
