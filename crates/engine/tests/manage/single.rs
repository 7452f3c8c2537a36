//! Single steps of the managing engine that a simulation reaches only by a rare order of events.

use super::stage::{NOW, lists, no_rival, tell};
use api::slim::{Kind, Object, Time, read};
use engine::manage::{Action, Command, Engine, Form, Input, NEEDED, Outcome, PrimaryNetwork, Settings, Wires};

/// When an agent that has not renewed its Lease counts as silent.
const LATER: Time = Time(NOW.0 + 40);

fn object(kind: Kind, json: &str) -> Object {
    read(kind, json.as_bytes()).unwrap().object
}

fn node() -> Object {
    object(Kind::Node, r#"{"metadata":{"name":"n1","uid":"n","resourceVersion":"9"}}"#)
}

/// An engine that has seen the claim of a pod which is gone, on a node that was not listed; what it asks for.
fn with_claim_on_a_missing_node() -> (Engine, Vec<Command>) {
    // Nothing is to be said of what waits.
    let mut engine = Engine::new(Settings { patience: 1000, ..Settings::default() });
    let claim = r#"{"metadata":{"name":"w.10.0.0.2","uid":"c","resourceVersion":"5"},
        "spec":{"wire":"w","address":"10.0.0.2","subnet":"s","holder":{"kind":"Pod","namespace":"d","name":"p","uid":"u","nic":"net1"}},
        "status":{"occupant":{"podUID":"u","node":"n1"}}}"#;
    engine.step(Input::Seen(object(Kind::AddressClaim, claim)), NOW);
    let asked = tell(&mut engine, lists());
    let is_of = |uid: &api::slim::Uid| uid.to_string() == "u";
    assert!(
        matches!(asked.as_slice(), [Command { action: Action::ReadPod { uid, .. }, .. }] if is_of(uid)),
        "{asked:?}"
    );
    let asked = engine.step(Input::Done(asked[0].id, Outcome::Missing), NOW);
    assert!(matches!(asked.as_slice(), [Command { action: Action::ReadAgent { .. }, .. }]), "{asked:?}");
    let asked = engine.step(Input::Done(asked[0].id, Outcome::Missing), NOW);
    assert!(asked.is_empty(), "it may have an agent that makes its Lease again: {asked:?}");
    let asked = engine.step(Input::Tick, LATER);
    let asked = engine.step(Input::Done(asked[0].id, Outcome::Missing), LATER);
    (engine, asked)
}

fn deletes(commands: &[Command]) -> usize {
    commands.iter().filter(|command| matches!(command.action, Action::DeleteClaim { .. })).count()
}

#[test]
fn a_node_that_a_fresh_read_does_not_find_gives_its_addresses_back() {
    let (mut engine, asked) = with_claim_on_a_missing_node();
    assert!(
        matches!(asked.as_slice(), [Command { action: Action::ReadNode { name, .. }, .. }] if name == "n1"),
        "{asked:?}"
    );
    assert_eq!(deletes(&engine.step(Input::Done(asked[0].id, Outcome::Missing), LATER)), 1);
}

#[test]
fn a_node_whose_agent_renews_its_lease_is_not_gone_whatever_the_api_server_says() {
    let (mut engine, asked) = with_claim_on_a_missing_node();
    let seen = Input::AgentSeen { node: "n1".into(), renewed: "2026-01-01T00:00:00.000000Z".into() };
    engine.step(seen, LATER);
    assert_eq!(deletes(&engine.step(Input::Done(asked[0].id, Outcome::Missing), LATER)), 0, "it renewed meanwhile");
    for (at, renewed) in [(50, "2026-01-01T00:00:50.000000Z"), (100, "2026-01-01T00:01:40.000000Z")] {
        let now = Time(LATER.0 + at);
        let asked = engine.step(Input::Tick, now);
        assert!(matches!(asked.as_slice(), [Command { action: Action::ReadAgent { .. }, .. }]), "{asked:?}");
        let asked = engine.step(Input::Done(asked[0].id, Outcome::Lease(renewed.into())), now);
        assert!(asked.is_empty(), "{asked:?}");
    }
}

#[test]
fn a_node_that_came_back_while_it_was_looked_for_keeps_its_addresses() {
    let (mut engine, asked) = with_claim_on_a_missing_node();
    assert_eq!(deletes(&engine.step(Input::Seen(node()), LATER)), 0);
    assert_eq!(deletes(&engine.step(Input::Done(asked[0].id, Outcome::Missing), LATER)), 0);
}

#[test]
fn a_wire_that_is_not_listed_is_only_read() {
    let wires = Wires::These(["a.d".into()].into());
    let mut engine = Engine::new(Settings { wires, ..Settings::default() });
    let subnet = |name: &str, cidr: &str| {
        let json = format!(
            r#"{{"metadata":{{"name":"{name}","uid":"{name}","resourceVersion":"1","generation":1}},
            "spec":{{"cidrBlock":"{cidr}","gateway":"","provider":"{name}.d"}}}}"#
        );
        Input::Seen(object(Kind::Subnet, &json))
    };
    let pod = r#"{"metadata":{"name":"p","namespace":"d","uid":"p","resourceVersion":"2","creationTimestamp":"2026-01-01T00:00:00Z",
        "annotations":{"k8s.v1.cni.cncf.io/networks":"a,b"}},"spec":{"nodeName":"n1"}}"#;
    let mut commands = Vec::new();
    for input in [subnet("a", "10.0.0.0/24"), subnet("b", "10.0.1.0/24"), Input::Seen(object(Kind::Pod, pod))] {
        commands.extend(engine.step(input, NOW));
    }
    commands.extend(tell(&mut engine, lists()));
    let about: Vec<String> = commands.iter().map(|command| command.action.call().path).collect();
    let claims: Vec<&str> = commands
        .iter()
        .filter_map(|command| match &command.action {
            Action::CreateClaim(claim) => Some(claim.key.wire.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(claims, ["a.d"], "{about:?}");
    assert!(about.iter().any(|path| path.contains("/subnets/a")), "{about:?}");
    assert!(!about.iter().any(|path| path.contains("/subnets/b")), "{about:?}");
}

/// What an engine that serves the primary network writes of a Subnet and of the Namespace that is bound to it, by steps: each
/// write is answered, or refused where that is the story.
fn writes_of_a_bound_subnet(refuses_namespaces: bool) -> Vec<Vec<(Kind, Form)>> {
    let primary = PrimaryNetwork::Served { default_subnet: "ovn-default".into() };
    let mut engine = Engine::new(Settings { primary, ..Settings::default() });
    let mut objects: std::collections::BTreeMap<Kind, serde_json::Value> = [
        (Kind::Namespace, r#"{"metadata":{"name":"a","uid":"n","resourceVersion":"1"}}"#),
        (
            Kind::Subnet,
            r#"{"metadata":{"name":"s","uid":"s","resourceVersion":"1","generation":1},
            "spec":{"cidrBlock":"10.0.0.0/24","namespaces":["a"]}}"#,
        ),
    ]
    .into_iter()
    .map(|(kind, json)| (kind, serde_json::from_str(json).unwrap()))
    .collect();
    let mut inputs: Vec<Input> =
        objects.iter().map(|(kind, value)| Input::Seen(object(*kind, &value.to_string()))).collect();
    inputs.extend(lists());
    let (mut written, mut version) = (Vec::new(), 1);
    while !inputs.is_empty() {
        let mut together = Vec::new();
        for command in engine.step(inputs.remove(0), NOW) {
            let Action::Write(write) = &command.action else { panic!("{command:?}") };
            together.push((write.kind, write.form));
            let known = objects.get_mut(&write.kind).unwrap();
            if refuses_namespaces && write.kind == Kind::Namespace {
                inputs.push(Input::Done(command.id, Outcome::Refused("forbidden".into())));
                continue;
            }
            merge(known, &write.patch);
            version += 1;
            known["metadata"]["resourceVersion"] = version.to_string().into();
            inputs.push(Input::Done(command.id, Outcome::Done(Some(object(write.kind, &known.to_string())))));
        }
        written.extend(Some(together).filter(|together| !together.is_empty()));
    }
    written
}

fn merge(into: &mut serde_json::Value, patch: &serde_json::Value) {
    match patch.as_object() {
        Some(fields) => {
            if !into.is_object() {
                *into = serde_json::json!({});
            }
            fields.iter().for_each(|(key, value)| merge(&mut into[key.as_str()], value));
        }
        None => *into = patch.clone(),
    }
}

#[test]
fn a_namespace_is_told_of_a_completed_subnet_before_the_subnet_is_ready() {
    let order = [(Kind::Subnet, Form::Patch), (Kind::Namespace, Form::Patch), (Kind::Subnet, Form::Status)]
        .map(|write| vec![write]);
    assert_eq!(writes_of_a_bound_subnet(false), order);
    assert_eq!(writes_of_a_bound_subnet(true), order, "a Namespace that may not be written holds nobody up");
}

/// A Subnet, a node, and a pod on it that wants an address.
const SERVED: [(Kind, &str); 3] = [
    (
        Kind::Subnet,
        r#"{"metadata":{"name":"s","uid":"s","resourceVersion":"1"},
            "spec":{"cidrBlock":"10.0.0.0/24","gateway":"10.0.0.1","provider":"macvlan.default"}}"#,
    ),
    (Kind::Node, r#"{"metadata":{"name":"n1","uid":"n","resourceVersion":"2"}}"#),
    (
        Kind::Pod,
        r#"{"metadata":{"name":"p","namespace":"default","uid":"u","resourceVersion":"3",
            "annotations":{"k8s.v1.cni.cncf.io/networks":"macvlan"}},"spec":{"nodeName":"n1"}}"#,
    ),
];

/// An engine that made the claim of a pod, which no watch has shown yet.
fn with_a_claim_by_answer_alone() -> Engine {
    let mut engine = Engine::new(Settings::default());
    for (kind, json) in SERVED {
        engine.step(Input::Seen(object(kind, json)), NOW);
    }
    let commands = tell(&mut engine, lists());
    let create = commands.iter().find(|command| matches!(command.action, Action::CreateClaim(_))).unwrap();
    let mut body = create.action.call().body.unwrap();
    body["metadata"]["uid"] = "c".into();
    body["metadata"]["resourceVersion"] = "4".into();
    let outcome = create.action.outcome(201, &serde_json::to_vec(&body).unwrap());
    engine.step(Input::Done(create.id, outcome), NOW);
    engine
}

fn later(seconds: i64) -> Time {
    Time(NOW.0 + seconds)
}

#[test]
fn a_claim_that_no_watch_shows_is_read_after_a_while() {
    let mut engine = with_a_claim_by_answer_alone();
    let due = engine.next_due().unwrap();
    assert!(NOW < due && due <= later(60), "{due:?}");
    let commands = engine.step(Input::Tick, due);
    assert!(commands.iter().any(|command| matches!(command.action, Action::ReadClaim(_))), "{commands:?}");
}

#[test]
fn nothing_is_due_in_the_past_while_nothing_may_be_decided() {
    let mut engine = with_a_claim_by_answer_alone();
    engine.step(Input::Unlisted(Kind::AddressClaim), NOW);
    // Whoever steps the engine when it says would else do so without a pause until the definition is back.
    for seconds in [60, 120] {
        engine.step(Input::Tick, later(seconds));
        assert!(engine.next_due().is_none_or(|due| due > later(seconds)), "{:?}", engine.next_due());
    }
    let commands = engine.step(Input::Listed(Kind::AddressClaim), later(180));
    assert!(commands.iter().any(|command| matches!(command.action, Action::ReadClaim(_))), "{commands:?}");
}

#[test]
fn a_claim_that_the_server_refuses_is_asked_for_again_after_a_while_and_not_at_once() {
    let mut engine = Engine::new(Settings::default());
    for (kind, json) in SERVED {
        engine.step(Input::Seen(object(kind, json)), NOW);
    }
    let mut commands = tell(&mut engine, lists());
    let mut creates = 0;
    // Whoever has no right to create claims, or meets a policy, would else ask without end.
    for _ in 0..10 {
        let create = commands.into_iter().find(|command| matches!(command.action, Action::CreateClaim(_)));
        let Some(create) = create else { break };
        creates += 1;
        commands = engine.step(Input::Done(create.id, Outcome::Refused("forbidden".into())), NOW);
        assert!(engine.refusals().any(|(_, why)| why == "forbidden"), "its NIC is told");
    }
    assert_eq!(creates, 1);
    let commands = engine.step(Input::Tick, engine.next_due().unwrap());
    assert!(commands.iter().any(|command| matches!(command.action, Action::CreateClaim(_))), "{commands:?}");
}

#[test]
fn a_gateway_whose_claim_is_lost_asks_for_what_its_pod_was_told_as_soon_as_an_ip_object_says_so_too() {
    let mut engine = Engine::new(Settings::default());
    let meta = |name: &str| serde_json::json!({"name": name, "uid": name, "resourceVersion": "1"});
    let mut subnet =
        serde_json::json!({"metadata": meta("mv"), "spec": {"cidrBlock": "10.0.0.0/24", "provider": "mv.d"}});
    // It gives nothing out any more, but what is in use is claimed again.
    subnet["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:00Z".into();
    subnet["metadata"]["annotations"] = serde_json::json!({"ipledger.dev/adopted": "2020-01-01T00:00:00Z"});
    let spec = serde_json::json!({"namespace": "d", "vpc": "v", "subnet": "lan", "externalSubnets": ["mv"]});
    let mut pod = serde_json::json!({"metadata": meta("vpc-nat-gw-gw-0"), "spec": {"nodeName": "n1"}});
    pod["metadata"]["namespace"] = "d".into();
    pod["metadata"]["creationTimestamp"] = "2027-01-15T07:00:00Z".into();
    pod["metadata"]["annotations"] = serde_json::json!({"ovn.kubernetes.io/vpc_nat_gw": "gw", "k8s.v1.cni.cncf.io/networks": "d/mv",
        "mv.d.kubernetes.io/allocated": "true", "mv.d.kubernetes.io/ip_address": "10.0.0.3"});
    let gateway = serde_json::json!({"metadata": meta("gw"), "spec": spec});
    for (kind, json) in [(Kind::Subnet, &subnet), (Kind::VpcNatGateway, &gateway), (Kind::Pod, &pod)] {
        engine.step(Input::Seen(object(kind, &json.to_string())), NOW);
    }
    tell(&mut engine, no_rival());
    NEEDED.into_iter().for_each(|kind| drop(engine.step(Input::Listed(kind), NOW)));
    let asks = |commands: &[Command]| {
        let claims = commands.iter().filter_map(|command| match &command.action {
            Action::CreateClaim(claim) => Some((claim.key.addr.to_string(), claim.title.kind.to_string())),
            _ => None,
        });
        claims.collect::<Vec<_>>()
    };
    assert_eq!(asks(&engine.step(Input::AgentsListed, NOW)), [], "an annotation alone is no record");
    let ip = serde_json::json!({"metadata": meta("vpc-nat-gw-gw-0.d.mv.d"), "spec": {"podName": "vpc-nat-gw-gw-0",
        "namespace": "d", "subnet": "mv", "ipAddress": "10.0.0.3", "v4IpAddress": "10.0.0.3", "podType": "StatefulSet"}});
    let commands = engine.step(Input::Seen(object(Kind::Ip, &ip.to_string())), NOW);
    assert_eq!(asks(&commands), [("10.0.0.3".to_owned(), "VpcNatGateway".to_owned())], "{commands:?}");
}
