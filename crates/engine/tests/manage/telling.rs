//! When a pod is told what it has.

use super::stage::{at, claim_of_set, claims, lists, miss, object, seen, set, subnet, tell};
use api::slim::{Kind, Object, Uid};
use engine::manage::{Action, Command, CommandId, Engine, Input, Outcome, Settings};
use serde_json::{Value, json};

/// The pod of the ordinal, which a hand told an address or nobody.
fn pod(version: &str, told: Option<&str>) -> Input {
    pod_with("macvlan", version, told)
}

fn pod_with(networks: &str, version: &str, told: Option<&str>) -> Input {
    let owner = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "set", "controller": true});
    let mut annotations = json!({"k8s.v1.cni.cncf.io/networks": networks});
    if let Some(told) = told {
        annotations["macvlan.default.kubernetes.io/allocated"] = "true".into();
        annotations["macvlan.default.kubernetes.io/ip_address"] = told.into();
    }
    let meta = json!({"name": "db-0", "namespace": "default", "uid": "p", "resourceVersion": version,
        "annotations": annotations, "ownerReferences": [owner]});
    Input::Seen(object(Kind::Pod, &json!({"metadata": meta, "spec": {"nodeName": "n1"}})))
}

/// The claim of a pod.
fn claim_of_pod(pod: &str, (wire, addr, subnet): (&str, &str, &str)) -> Input {
    let holder = json!({"kind": "Pod", "namespace": "default", "name": pod, "uid": pod, "nic": "net1"});
    let meta = json!({"name": format!("{wire}.{addr}"), "uid": addr});
    seen(Kind::AddressClaim, &meta, &json!({"wire": wire, "address": addr, "subnet": subnet, "holder": holder}))
}

/// The fresh read of the claim of an address.
fn read_of(commands: &[Command], addr: &str) -> CommandId {
    let is_it = |action: &Action| matches!(action, Action::ReadClaim(key) if key.addr.to_string() == addr);
    commands.iter().find(|command| is_it(&command.action)).expect("it is read").id
}

fn is_told(commands: &[Command]) -> bool {
    commands.iter().any(|command| matches!(command.action, Action::AnnotatePod { .. }))
}

#[test]
fn a_pod_is_told_its_ordinals_address_only_once_the_claim_names_it() {
    let mut engine = Engine::new(Settings::default());
    let claim = |version, user| claim_of_set(version, user, &json!([]));
    tell(&mut engine, [subnet(&json!({})), set(1), claim("3", None)].into_iter().chain(lists()));
    let asked = tell(&mut engine, [pod("5", None)]);
    let occupy =
        asked.iter().find(|command| matches!(command.action, Action::Occupy { .. })).expect("it is to have it");
    assert!(!is_told(&asked), "another controller may have let the address go: {asked:?}");
    let asked = tell(&mut engine, [claim("6", Some("p")), Input::Done(occupy.id, Outcome::Done(None))]);
    assert!(is_told(&asked), "{asked:?}");
}

#[test]
fn a_pod_is_not_told_one_address_while_another_is_asked_for_that_a_hand_told_it() {
    let mut engine = Engine::new(Settings::default());
    let adopted = subnet(&json!({"ipledger.dev/adopted": "2026-01-01T00:00:00Z"}));
    let claim = |version, user| claim_of_set(version, user, &json!([]));
    tell(&mut engine, [adopted, set(1), claim("3", None)].into_iter().chain(lists()));
    let asked = tell(&mut engine, [pod("5", None)]);
    let occupy = asked.iter().find(|command| matches!(command.action, Action::Occupy { .. })).unwrap();
    let asked = tell(&mut engine, [pod("6", Some("10.0.0.3"))]);
    let other = asked.iter().find(|command| matches!(command.action, Action::CreateClaim(_))).expect("it asks for it");
    let asked = tell(&mut engine, [claim("7", Some("p")), Input::Done(occupy.id, Outcome::Done(None))]);
    assert!(!is_told(&asked), "it may run with the other one by now: {asked:?}");
    tell(&mut engine, [Input::Done(other.id, Outcome::Refused("it is held".into()))]);
    let asked = engine.step(Input::Tick, at(60));
    assert!(!is_told(&asked), "another controller may have got it: {asked:?}");
    let read = read_of(&asked, "10.0.0.3");
    assert!(is_told(&tell(&mut engine, [Input::Done(read, Outcome::Missing)])), "it has the first one");
}

#[test]
fn a_pod_is_told_the_address_of_its_claim_whatever_the_wire_is_called_but_none_of_another_network() {
    let other = json!({"cidrBlock": "10.0.1.0/29", "gateway": "10.0.1.1", "provider": "other.default"});
    let other =
        seen(Kind::Subnet, &json!({"name": "t", "uid": "t", "annotations": {"ipledger.dev/wire": "hall"}}), &other);
    let pod = |networks: &str| {
        let meta = json!({"name": "p", "namespace": "default", "uid": "p", "resourceVersion": "5",
            "annotations": {"k8s.v1.cni.cncf.io/networks": networks}});
        seen(Kind::Pod, &meta, &json!({"nodeName": "n1"}))
    };
    let told = |networks: &str, had: [Input; 1]| {
        let mut engine = Engine::new(Settings::default());
        let subnets = [subnet(&json!({"ipledger.dev/wire": "rack"})), other.clone()];
        is_told(&tell(&mut engine, subnets.into_iter().chain(had).chain([pod(networks)]).chain(lists())))
    };
    let its = || [claim_of_pod("p", ("rack", "10.0.0.2", "s"))];
    assert!(told("macvlan", its()));
    assert!(told("[{", its()), "whatever it asks for, it has that");
    assert!(!told("macvlan", [claim_of_pod("p", ("hall", "10.0.1.2", "t"))]), "its NIC is on another network");
}

#[test]
fn an_ordinal_whose_subnet_is_gone_goes_on_with_what_its_pod_has_by_itself() {
    let spill = json!({"cidrBlock": "10.0.1.0/29", "gateway": "10.0.1.1", "provider": "macvlan.default"});
    let spill = seen(Kind::Subnet, &json!({"name": "t", "uid": "t"}), &spill);
    let its = claim_of_pod("p", ("macvlan.default", "10.0.1.2", "t"));
    for (is_there, tells) in [(false, true), (true, false)] {
        let mut engine = Engine::new(Settings::default());
        let ext = is_there.then(|| subnet(&json!({})));
        let world = [spill.clone(), set(1), claim_of_set("3", None, &json!([])), its.clone(), pod("5", None)];
        let asked = tell(&mut engine, ext.into_iter().chain(world).chain(lists()));
        assert_eq!(is_told(&asked), tells, "its own Subnet is there: {is_there}: {asked:?}");
    }
}

#[test]
fn who_goes_on_beside_its_record_gets_that_once_it_is_free() {
    let mut engine = Engine::new(Settings::default());
    let claim = claim_of_set("3", Some("p"), &json!([]));
    let others = claim_of_pod("q", ("macvlan.default", "10.0.0.3", "s"));
    let pod = pod_with("[{", "5", Some("10.0.0.3"));
    let world = [subnet(&json!({})), set(1), claim, others.clone(), pod];
    let asked = tell(&mut engine, world.into_iter().chain(lists()));
    assert_eq!(claims(&asked), Vec::<String>::new());
    let Input::Seen(others) = others else { unreachable!("it is an object") };
    tell(&mut engine, [Input::Done(read_of(&asked, "10.0.0.3"), Outcome::Done(Some(others)))]);
    let (name, uid) = ("macvlan.default.10.0.0.3".into(), Uid::parse("10.0.0.3"));
    let asked = tell(&mut engine, [Input::Gone { kind: Kind::AddressClaim, namespace: "".into(), name, uid }]);
    assert_eq!(claims(&asked), ["10.0.0.3 for StatefulSet default/db-0"]);
}

/// The pod that runs the machine `vm`.
fn launcher() -> Input {
    let owner = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "name": "vm", "uid": "vmi"});
    let meta = json!({"name": "launcher", "namespace": "default", "uid": "p", "resourceVersion": "5",
        "annotations": {"k8s.v1.cni.cncf.io/networks": "macvlan"}, "ownerReferences": [owner]});
    seen(Kind::Pod, &meta, &json!({"nodeName": "n1"}))
}

/// A claim of the machine, which its launcher uses.
fn claim_of_machine(addr: &str) -> Input {
    let meta = json!({"name": format!("macvlan.default.{addr}"), "uid": addr, "resourceVersion": "4"});
    let holder = json!({"kind": "VirtualMachine", "namespace": "default", "name": "vm", "nic": "macvlan.default"});
    let spec = json!({"wire": "macvlan.default", "address": addr, "subnet": "s", "holder": holder});
    let occupant = json!({"podUID": "p", "namespace": "default", "name": "launcher", "node": "n1"});
    let claim = json!({"metadata": meta, "spec": spec, "status": {"occupant": occupant}});
    Input::Seen(object(Kind::AddressClaim, &claim))
}

#[test]
fn a_launcher_pod_is_told_what_its_machine_has_as_soon_as_what_that_asked_for_beside_it_is_anothers() {
    let mut engine = Engine::new(Settings::default());
    let meta = json!({"name": "vm", "namespace": "default", "uid": "vm", "resourceVersion": "2"});
    let machine = seen(Kind::VirtualMachine, &meta, &json!({"template": {"metadata": {}, "spec": {}}}));
    let asked = tell(&mut engine, [subnet(&json!({})), machine, launcher()].into_iter().chain(lists()));
    assert_eq!(claims(&asked), ["10.0.0.2 for VirtualMachine default/vm"]);
    // Another controller was faster, for the machine and for somebody else.
    let asked = tell(&mut engine, [claim_of_machine("10.0.0.3")]);
    assert!(!is_told(&asked), "it may get the other one: {asked:?}");
    let asked = tell(&mut engine, [claim_of_pod("q", ("macvlan.default", "10.0.0.2", "s"))]);
    assert!(is_told(&asked), "{asked:?}");
}

#[test]
fn a_launcher_pod_whose_annotations_were_taken_is_told_what_is_on_record_for_its_machine() {
    // Two controllers claimed one each, and one of them told the pod, which may have started with that since.
    let labels = json!({"ovn.kubernetes.io/ip_reserved": "false", "ovn.kubernetes.io/subnet": "s", "s": "",
        "ipledger.dev/holder-kind": "VirtualMachine"});
    let meta = json!({"name": "vm.default.macvlan.default", "uid": "ip", "resourceVersion": "3", "labels": labels});
    let spec = json!({"podName": "vm", "namespace": "default", "podType": "VirtualMachine", "subnet": "s",
        "v4IpAddress": "10.0.0.3", "ipAddress": "10.0.0.3"});
    let claims = ["10.0.0.2", "10.0.0.3"].map(claim_of_machine);
    let world = [subnet(&json!({})), seen(Kind::Ip, &meta, &spec), launcher()].into_iter().chain(claims);
    let asked = tell(&mut Engine::new(Settings::default()), world.chain(lists()));
    let told = asked.iter().find(|command| matches!(command.action, Action::AnnotatePod { .. })).expect("it is told");
    let body = told.action.call().body.unwrap();
    assert_eq!(body["metadata"]["annotations"]["macvlan.default.kubernetes.io/ip_address"], "10.0.0.3");
}

#[test]
fn a_launcher_pod_that_runs_with_what_is_on_record_is_not_given_what_its_machine_was_given_beside_it() {
    // A hand deleted the claim of what it runs with, and somebody else has that for a while.
    let world = |phase: &str| {
        let owner =
            json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "name": "vm", "uid": "vmi"});
        let annotations = json!({"k8s.v1.cni.cncf.io/networks": "macvlan", "macvlan.default.kubernetes.io/allocated": "true",
            "macvlan.default.kubernetes.io/ip_address": "10.0.0.3"});
        let meta = json!({"name": "launcher", "namespace": "default", "uid": "p", "resourceVersion": "5",
            "annotations": annotations, "ownerReferences": [owner]});
        let pod = json!({"metadata": meta, "spec": {"nodeName": "n1"}, "status": {"phase": phase}});
        let labels = json!({"ovn.kubernetes.io/ip_reserved": "false", "ovn.kubernetes.io/subnet": "s", "s": "",
            "ipledger.dev/holder-kind": "VirtualMachine"});
        let meta = json!({"name": "vm.default.macvlan.default", "uid": "ip", "resourceVersion": "3", "labels": labels});
        let ip = json!({"podName": "vm", "namespace": "default", "podType": "VirtualMachine", "subnet": "s",
            "v4IpAddress": "10.0.0.3", "ipAddress": "10.0.0.3"});
        let holder = json!({"kind": "VirtualMachine", "namespace": "default", "name": "vm", "nic": "macvlan.default"});
        let spec = json!({"wire": "macvlan.default", "address": "10.0.0.2", "subnet": "s", "holder": holder});
        let beside = json!({"name": "macvlan.default.10.0.0.2", "uid": "beside", "resourceVersion": "4"});
        let others = claim_of_pod("q", ("macvlan.default", "10.0.0.3", "s"));
        let pod = Input::Seen(object(Kind::Pod, &pod));
        [subnet(&json!({})), seen(Kind::Ip, &meta, &ip), seen(Kind::AddressClaim, &beside, &spec), others, pod]
    };
    for (phase, moves) in [("Pending", true), ("Running", false)] {
        let asked = tell(&mut Engine::new(Settings::default()), world(phase).into_iter().chain(lists()));
        let has_it = asked.iter().any(|command| matches!(command.action, Action::Occupy { .. }));
        assert_eq!(has_it, moves, "{phase}: {asked:?}");
    }
}

/// The claim of the ordinal, which a pod uses that nobody has seen.
fn claim_of_old(version: u32, conditions: &Value) -> Object {
    match claim_of_set(&version.to_string(), Some("old"), conditions) {
        Input::Seen(object) => object,
        other => unreachable!("{other:?} is no object"),
    }
}

/// A minute after its next pod came, which cannot be read.
fn waiting() -> (Engine, Vec<Command>) {
    let mut engine = Engine::new(Settings::default());
    let world =
        [subnet(&json!({})), set(1), Input::Seen(claim_of_old(3, &json!([]))), pod_with("[{", "5", Some("10.0.0.2"))];
    let commands = tell(&mut engine, world.into_iter().chain(lists()));
    miss(&mut engine, commands, 0);
    let commands = engine.step(Input::Tick, at(60));
    (engine, commands)
}

/// What is written to the claim.
fn said(commands: &[Command]) -> Option<(CommandId, Value)> {
    commands.iter().find_map(|command| match &command.action {
        Action::Write(write) if write.kind == Kind::AddressClaim => {
            Some((command.id, write.patch["status"]["conditions"].clone()))
        }
        _ => None,
    })
}

#[test]
fn a_claim_that_waits_for_an_agent_and_for_a_pod_that_cannot_be_read_says_one_of_these() {
    let (mut engine, mut commands) = waiting();
    let mut reasons = Vec::new();
    while let Some((id, conditions)) = said(&commands).filter(|_| reasons.len() < 5) {
        reasons.push(conditions[0]["reason"].clone());
        let now = claim_of_old(10, &conditions);
        commands = engine.step(Input::Done(id, Outcome::Done(Some(now))), at(60));
    }
    assert_eq!(reasons, ["AgentAlive"]);
}

#[test]
fn a_controller_that_another_one_contradicts_says_again_that_a_claim_waits_only_after_a_while() {
    let (mut engine, commands) = waiting();
    let (id, _) = said(&commands).expect("it waits");
    let denied = json!([{"type": "Waiting", "status": "False", "reason": "Kept", "message": "",
        "lastTransitionTime": at(60).to_string()}]);
    let commands = engine.step(Input::Done(id, Outcome::Done(Some(claim_of_old(9, &denied)))), at(60));
    assert_eq!(said(&commands), None);
    assert!(said(&engine.step(Input::Tick, at(60 + Settings::default().patience))).is_some());
}
