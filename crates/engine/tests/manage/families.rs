//! NICs with two families: in which order their addresses are asked for, and what becomes of one whose partner is lost.

use super::stage::{NOW, lists, object, tell};
use api::slim::{Kind, Uid};
use engine::manage::{Action, ClaimKey, Command, CommandId, Engine, Input, Outcome, Settings};
use serde_json::{Value, json};

fn pod(name: &str, family: &str) -> Input {
    Input::Seen(object(
        Kind::Pod,
        &json!({
            "metadata": {"name": name, "namespace": "default", "uid": name, "resourceVersion": "3", "annotations": {
                "k8s.v1.cni.cncf.io/networks": "macvlan", "macvlan.default.kubernetes.io/ip_family": family}},
            "spec": {"nodeName": "n1"},
        }),
    ))
}

/// An engine with a Subnet in which one address of each family can be had.
fn engine() -> Engine {
    let mut engine = Engine::new(Settings::default());
    let spec = json!({"cidrBlock": "10.0.0.0/30,fd00::/126", "excludeIps": ["fd00::3"], "provider": "macvlan.default"});
    let subnet = json!({"metadata": {"name": "s", "uid": "s", "resourceVersion": "1"}, "spec": spec});
    engine.step(Input::Seen(object(Kind::Subnet, &subnet)), NOW);
    tell(&mut engine, lists());
    engine
}

/// The addresses that are asked for, and for whom.
fn asks(commands: &[Command]) -> Vec<(String, String)> {
    let ask = |command: &Command| match &command.action {
        Action::CreateClaim(claim) => Some((claim.title.name.to_string(), claim.key.addr.to_string())),
        _ => None,
    };
    commands.iter().filter_map(ask).collect()
}

fn ask(pod: &str, addr: &str) -> Vec<(String, String)> {
    vec![(pod.to_owned(), addr.to_owned())]
}

/// The claim that a command asks for, granted; as another pod has it, if one is given.
fn claim(command: &Command, other: Option<&str>) -> Value {
    let mut claim = command.action.call().body.unwrap();
    claim["metadata"]["uid"] = "c".into();
    claim["metadata"]["resourceVersion"] = "4".into();
    if let Some(other) = other {
        claim["spec"]["holder"]["name"] = other.into();
        claim["spec"]["holder"]["uid"] = other.into();
        claim["status"]["occupant"]["podUID"] = other.into();
    }
    claim
}

/// Answers the first create.
fn answer(engine: &mut Engine, commands: &[Command], other: Option<&str>) -> Vec<Command> {
    let create = commands.iter().find(|command| matches!(command.action, Action::CreateClaim(_))).unwrap();
    let body = claim(create, other).to_string();
    if other.is_none() {
        let outcome = create.action.outcome(201, body.as_bytes());
        return engine.step(Input::Done(create.id, outcome), NOW);
    }
    let read = engine.step(Input::Done(create.id, Outcome::Exists), NOW);
    let read = read.iter().find(|command| matches!(command.action, Action::ReadClaim(_))).unwrap();
    let outcome = read.action.outcome(200, body.as_bytes());
    engine.step(Input::Done(read.id, outcome), NOW)
}

#[test]
fn the_second_family_is_asked_for_once_the_claim_of_the_first_stands() {
    let mut engine = engine();
    let first = engine.step(pod("p", ""), NOW);
    assert_eq!(asks(&first), ask("p", "10.0.0.2"));
    let second = answer(&mut engine, &first, None);
    assert_eq!(asks(&second), ask("p", "fd00::2"));
    assert_eq!(asks(&answer(&mut engine, &second, None)), []);
}

#[test]
fn what_is_kept_for_the_second_family_is_given_to_nobody_else() {
    let mut engine = engine();
    let first = engine.step(pod("p", ""), NOW);
    assert_eq!(asks(&engine.step(pod("six", "ipv6"), NOW)), []);
    assert_eq!(asks(&answer(&mut engine, &first, None)), ask("p", "fd00::2"));
}

#[test]
fn who_loses_the_first_family_to_another_gives_the_second_one_back() {
    let mut engine = engine();
    let first = engine.step(pod("p", ""), NOW);
    engine.step(pod("six", "ipv6"), NOW);
    // Another controller gave the IPv4 address to a pod that this one has not heard of.
    assert_eq!(asks(&answer(&mut engine, &first, Some("q"))), ask("six", "fd00::2"));
}

#[test]
fn a_pod_that_goes_before_its_second_family_was_asked_for_gives_it_back() {
    let mut engine = engine();
    let first = engine.step(pod("p", ""), NOW);
    engine.step(pod("six", "ipv6"), NOW);
    let gone = Input::Gone { kind: Kind::Pod, namespace: "default".into(), name: "p".into(), uid: Uid::parse("p") };
    assert_eq!(asks(&engine.step(gone, NOW)), ask("six", "fd00::2"));
    // The claim of the first is there, and nobody asks for the second one on its behalf.
    assert_eq!(asks(&answer(&mut engine, &first, None)), []);
}

#[test]
fn one_that_waits_for_ipv4_alone_does_not_hold_an_ipv6_address_meanwhile() {
    let mut engine = engine();
    let four = engine.step(pod("four", "ipv4"), NOW);
    assert_eq!(asks(&four), ask("four", "10.0.0.2"));
    assert_eq!(asks(&engine.step(pod("both", ""), NOW)), []);
    assert_eq!(asks(&engine.step(pod("six", "ipv6"), NOW)), ask("six", "fd00::2"));
}

/// The claim of one family that the reservation before the present one had.
fn former(addr: &str) -> Value {
    let name = match addr.parse() {
        Ok(addr) => ClaimKey { wire: "macvlan.default".into(), addr }.object_name(),
        Err(_) => panic!("{addr} is no address"),
    };
    let holder = json!({"kind": "Reservation", "name": "q.default.macvlan.default"});
    json!({"metadata": {"name": name, "uid": addr, "resourceVersion": "5", "creationTimestamp": "2026-06-01T00:00:00Z"},
        "spec": {"wire": "macvlan.default", "address": addr, "subnet": "s", "holder": holder}})
}

/// An engine with a reservation that was made after these claims of the one before it, and what it asks for.
fn made_again(former: &[Value]) -> (Engine, Vec<Command>) {
    let mut engine = engine();
    let seen = former.iter().map(|claim| Input::Seen(object(Kind::AddressClaim, claim)));
    tell(&mut engine, seen);
    let meta = json!({"name": "q.default.macvlan.default", "uid": "ip", "resourceVersion": "6",
        "creationTimestamp": "2026-06-02T00:00:00Z"});
    let spec = json!({"podName": "q", "namespace": "default", "subnet": "s"});
    let ip = object(Kind::Ip, &json!({"metadata": meta, "spec": spec}));
    let asked = tell(&mut engine, [Input::Seen(ip)]);
    (engine, asked)
}

/// The claims that are written to, by name, and the labels that they get.
fn taken_over(asked: &[Command]) -> Vec<(CommandId, String, Value)> {
    let write = |command: &Command| match &command.action {
        Action::Write(write) if write.kind == Kind::AddressClaim => {
            Some((command.id, write.name.to_string(), write.patch["metadata"]["labels"].clone()))
        }
        _ => None,
    };
    asked.iter().filter_map(write).collect()
}

/// What is said in IP objects.
fn said(asked: &[Command]) -> Vec<String> {
    let bodies = asked.iter().map(|command| command.action.call()).filter(|call| call.path.contains("/ips/"));
    bodies.filter_map(|call| Some(call.body?["spec"]["ipAddress"].as_str()?.to_owned())).collect()
}

#[test]
fn a_reservation_that_is_made_again_says_what_the_one_before_had_once_each_claim_is_written_to() {
    let former = ["10.0.0.2", "fd00::2"].map(former);
    let (mut engine, asked) = made_again(&former);
    let mine = json!({"ipledger.dev/holder-uid": "ip"});
    let writes = taken_over(&asked);
    let names = former.each_ref().map(|claim| claim["metadata"]["name"].as_str().unwrap());
    assert_eq!(writes.iter().map(|(_, name, _)| name.as_str()).collect::<Vec<_>>(), names);
    assert!(writes.iter().all(|(.., labels)| *labels == mine), "{writes:?}");
    assert_eq!(said(&asked), [""; 0]);
    let mut last = Vec::new();
    for (claim, (id, ..)) in former.iter().zip(&writes) {
        assert_eq!(said(&last), [""; 0], "one of two is written to");
        let mut claim = claim.clone();
        claim["metadata"]["labels"] = mine.clone();
        claim["metadata"]["resourceVersion"] = json!("7");
        let written = Outcome::Done(Some(object(Kind::AddressClaim, &claim)));
        last = engine.step(Input::Done(*id, written), NOW);
    }
    assert_eq!(said(&last), ["10.0.0.2,fd00::2"]);
    assert_eq!(taken_over(&last), []);
}

#[test]
fn a_reservation_that_is_made_again_does_not_say_what_another_controller_has_released() {
    let (mut engine, asked) = made_again(&[former("10.0.0.2"), former("fd00::2")]);
    let (id, ..) = taken_over(&asked)[0];
    let asked = engine.step(Input::Done(id, Outcome::Missing), NOW);
    let read = asked.iter().find(|command| matches!(command.action, Action::ReadClaim(_))).unwrap();
    let asked = engine.step(Input::Done(read.id, Outcome::Missing), NOW);
    assert_eq!(said(&asked), [""; 0], "{asked:?}");
    assert!(asked.iter().any(|command| matches!(command.action, Action::CreateClaim(_))), "{asked:?}");
}
