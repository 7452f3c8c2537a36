//! Single steps of the managing engine that a simulation reaches only by a rare order of events.
#![allow(clippy::unwrap_used)]

use api::slim::{Kind, Object, Time, read};
use engine::manage::{Action, Command, Engine, Input, NEEDED, Outcome, Settings};

const NOW: Time = Time(1_800_000_000);

fn object(kind: Kind, json: &str) -> Object {
    read(kind, json.as_bytes()).unwrap().object
}

fn node() -> Object {
    object(Kind::Node, r#"{"metadata":{"name":"n1","uid":"n","resourceVersion":"9"}}"#)
}

/// An engine that has seen the claim of a pod which is gone, on a node that was not listed; what it asks for.
fn with_claim_on_a_missing_node() -> (Engine, Vec<Command>) {
    let mut engine = Engine::new(Settings::default());
    let claim = r#"{"metadata":{"name":"w.10.0.0.2","uid":"c","resourceVersion":"5"},
        "spec":{"wire":"w","address":"10.0.0.2","subnet":"s","holder":{"kind":"Pod","namespace":"d","name":"p","uid":"u","nic":"net1"}},
        "status":{"occupant":{"podUID":"u","node":"n1"}}}"#;
    engine.step(Input::Seen(object(Kind::AddressClaim, claim)), NOW);
    for kind in NEEDED {
        engine.step(Input::Listed(kind), NOW);
    }
    let asked = engine.step(Input::AgentsListed, NOW);
    (engine, asked)
}

fn deletes(commands: &[Command]) -> usize {
    commands.iter().filter(|command| matches!(command.action, Action::DeleteClaim { .. })).count()
}

#[test]
fn a_node_that_a_fresh_read_does_not_find_gives_its_addresses_back() {
    let (mut engine, asked) = with_claim_on_a_missing_node();
    assert!(matches!(asked.as_slice(), [Command { action: Action::ReadNode(name), .. }] if name == "n1"), "{asked:?}");
    assert_eq!(deletes(&engine.step(Input::Done(asked[0].id, Outcome::Missing), NOW)), 1);
}

#[test]
fn a_node_that_came_back_while_it_was_looked_for_keeps_its_addresses() {
    let (mut engine, asked) = with_claim_on_a_missing_node();
    assert_eq!(deletes(&engine.step(Input::Seen(node()), NOW)), 0);
    assert_eq!(deletes(&engine.step(Input::Done(asked[0].id, Outcome::Missing), NOW)), 0);
}
