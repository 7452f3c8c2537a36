//! Two controllers that decide at once, or one whose requests had no answer: what is said, told and asked for again.

use super::stage::{NOW, at, claims, lists, object, seen, subnet, tell};
use api::slim::Kind;
use engine::manage::{Action, Command, Engine, Input, Outcome, Settings};
use serde_json::{Value, json};

/// A pod with one NIC on the wire.
fn pod(name: &str, version: &str, told: Option<&str>) -> Input {
    let mut annotations = json!({"k8s.v1.cni.cncf.io/networks": "macvlan"});
    if let Some(addr) = told {
        annotations["macvlan.default.kubernetes.io/allocated"] = "true".into();
        annotations["macvlan.default.kubernetes.io/ip_address"] = addr.into();
    }
    let meta = json!({"name": name, "namespace": "default", "uid": name, "resourceVersion": version,
        "creationTimestamp": "2026-06-01T00:00:00Z", "annotations": annotations});
    seen(Kind::Pod, &meta, &json!({"nodeName": "n1"}))
}

/// The reservation for the pod `q`, which says an address or none yet.
fn reservation(version: &str, said: Option<&str>) -> Value {
    let mut meta = json!({"name": "q.default.macvlan.default", "uid": "ip", "resourceVersion": version});
    let mut spec = json!({"podName": "q", "namespace": "default", "subnet": "s"});
    if let Some(addr) = said {
        meta["labels"] = json!({"ovn.kubernetes.io/ip_reserved": "true", "ovn.kubernetes.io/subnet": "s", "s": ""});
        spec["v4IpAddress"] = addr.into();
        spec["ipAddress"] = addr.into();
    }
    json!({"metadata": meta, "spec": spec})
}

/// A claim of that reservation.
fn claim(addr: &str, version: &str, user: Option<&str>) -> Value {
    let meta = json!({"name": format!("macvlan.default.{addr}"), "uid": addr, "resourceVersion": version,
        "creationTimestamp": "2026-06-02T00:00:00Z", "labels": {"ipledger.dev/holder-uid": "ip"}});
    let spec = json!({"wire": "macvlan.default", "address": addr, "subnet": "s",
        "holder": {"kind": "Reservation", "name": "q.default.macvlan.default"}});
    let occupant = user.map(|uid| json!({"podUID": uid, "namespace": "default", "name": "q", "node": "n1"}));
    json!({"metadata": meta, "spec": spec, "status": {"occupant": occupant}})
}

fn of(kind: Kind, json: &Value) -> Input {
    Input::Seen(object(kind, json))
}

fn find(commands: &[Command], is_it: impl Fn(&Action) -> bool) -> Option<&Command> {
    commands.iter().find(|command| is_it(&command.action))
}

/// What a pod is told.
fn told(commands: &[Command]) -> Option<String> {
    find(commands, |action| matches!(action, Action::AnnotatePod { .. })).map(|command| {
        let body = command.action.call().body.unwrap();
        body["metadata"]["annotations"]["macvlan.default.kubernetes.io/ip_address"].as_str().unwrap().to_owned()
    })
}

#[test]
fn a_pod_is_told_what_its_reservation_says_and_not_what_another_controller_claimed_for_that() {
    let mut engine = Engine::new(Settings::default());
    let claims = [claim("10.0.0.2", "5", None), claim("10.0.0.3", "6", Some("q"))];
    let claims = claims.map(|claim| of(Kind::AddressClaim, &claim));
    let world = [subnet(&json!({})), of(Kind::Ip, &reservation("3", None)), pod("q", "4", None)];
    let commands = tell(&mut engine, world.into_iter().chain(claims).chain(lists()));
    let write = find(&commands, |action| matches!(action, Action::Write(write) if write.kind == Kind::Ip)).unwrap();
    assert_eq!(write.action.call().body.unwrap()["spec"]["ipAddress"], "10.0.0.2");
    assert_eq!(told(&commands), None, "two controllers may each fill the reservation in");

    let said = object(Kind::Ip, &reservation("7", Some("10.0.0.2")));
    let commands = [commands.clone(), tell(&mut engine, [Input::Done(write.id, Outcome::Done(Some(said)))])].concat();
    assert_eq!(told(&commands), None);
    let occupy = find(&commands, |action| matches!(action, Action::Occupy { .. })).expect("it is for that pod");
    let taken = object(Kind::AddressClaim, &claim("10.0.0.2", "8", Some("q")));
    let commands = tell(&mut engine, [Input::Done(occupy.id, Outcome::Done(Some(taken)))]);
    assert_eq!(told(&commands).as_deref(), Some("10.0.0.2"));
}

#[test]
fn of_a_claim_that_is_deleted_and_held_nothing_more_is_read() {
    for (deleted, reads) in [(false, true), (true, false)] {
        let mut held = claim("10.0.0.2", "5", None);
        if deleted {
            held["metadata"]["deletionTimestamp"] = "2026-06-03T00:00:00Z".into();
            held["metadata"]["finalizers"] = json!(["example.com/hold"]);
        }
        let mut engine = Engine::new(Settings::default());
        tell(&mut engine, [subnet(&json!({})), of(Kind::AddressClaim, &held)].into_iter().chain(lists()));
        let commands = engine.step(Input::Tick, at(60));
        let read = find(&commands, |action| matches!(action, Action::ReadOwner { .. }));
        assert_eq!(read.is_some(), reads, "{commands:?}");
    }
}

#[test]
fn what_had_no_answer_is_not_asked_for_again_where_a_pod_has_it_on_record() {
    let adopted = subnet(&json!({"ipledger.dev/adopted": "2026-07-01T00:00:00Z"}));
    let mut engine = Engine::new(Settings::default());
    let commands = tell(&mut engine, [adopted, pod("new", "4", None)].into_iter().chain(lists()));
    assert_eq!(claims(&commands), ["10.0.0.2 for Pod default/new"]);
    let create = find(&commands, |action| matches!(action, Action::CreateClaim(_))).unwrap();
    let commands = engine.step(Input::Done(create.id, Outcome::Unknown), NOW);
    let read = find(&commands, |action| matches!(action, Action::ReadClaim(_))).unwrap().id;
    // Only now is it seen that another pod lives with it: its claim was lost.
    let commands = engine.step(pod("old", "5", Some("10.0.0.2")), NOW);
    assert_eq!(claims(&commands), [""; 0]);
    let commands = engine.step(Input::Done(read, Outcome::Missing), NOW);
    assert_eq!(claims(&commands), ["10.0.0.2 for Pod default/old"], "free choices wait for records");
}

#[test]
fn a_pod_that_another_controller_told_something_is_told_nothing_else_while_it_may_have_that() {
    let claim = |addr: &str, version: &str, user: &str| {
        let meta = json!({"name": format!("macvlan.default.{addr}"), "uid": version, "resourceVersion": version});
        let holder = json!({"kind": "Pod", "namespace": "default", "name": "q", "uid": user, "nic": "net1"});
        let spec = json!({"wire": "macvlan.default", "address": addr, "subnet": "s", "holder": holder});
        let occupant = json!({"podUID": user, "namespace": "default", "name": "q", "node": "n1"});
        object(Kind::AddressClaim, &json!({"metadata": meta, "spec": spec, "status": {"occupant": occupant}}))
    };
    let (own, former) = (claim("10.0.0.2", "2", "q"), claim("10.0.0.3", "3", "former"));
    // Whichever answer comes first: a pod that is read is told nothing meanwhile.
    for (now, is_told, first) in [
        (former.clone(), Some("10.0.0.2"), 0),
        (former.clone(), Some("10.0.0.2"), 1),
        (claim("10.0.0.3", "9", "q"), None, 0),
        (claim("10.0.0.3", "9", "q"), None, 1),
    ] {
        let mut engine = Engine::new(Settings::default());
        let claims = [own.clone(), former.clone()].map(Input::Seen);
        let Input::Seen(there) = pod("q", "4", Some("10.0.0.3")) else { unreachable!("it is an object") };
        let world = [subnet(&json!({})), Input::Seen(there.clone())];
        let commands = tell(&mut engine, world.into_iter().chain(claims).chain(lists()));
        assert_eq!(told(&commands), None, "the watch of claims may be behind: {commands:?}");
        let id = |is_it: fn(&Action) -> bool| find(&commands, is_it).expect("it is read").id;
        let reads = [
            id(|action| matches!(action, Action::ReadPod { .. })),
            id(|action| matches!(action, Action::ReadClaim(_))),
        ];
        let mut answers = [(reads[0], there), (reads[1], now)];
        answers.rotate_left(first);
        let answers = answers.map(|(id, object)| Input::Done(id, Outcome::Done(Some(object))));
        let commands = tell(&mut engine, answers);
        assert_eq!(told(&commands).as_deref(), is_told, "{commands:?}");
    }
}

#[test]
fn of_each_family_what_a_pod_was_told_is_read_once() {
    let claim = |addr: &str, pod: &str| {
        let name = api::schema::claim_name("macvlan.default", addr.parse().unwrap());
        let holder = json!({"kind": "Pod", "namespace": "default", "name": pod, "uid": pod, "nic": "net1"});
        let spec = json!({"wire": "macvlan.default", "address": addr, "subnet": "s", "holder": holder});
        let occupant = json!({"podUID": pod, "namespace": "default", "name": pod, "node": "n1"});
        let meta = json!({"name": name, "uid": addr, "resourceVersion": "3"});
        object(Kind::AddressClaim, &json!({"metadata": meta, "spec": spec, "status": {"occupant": occupant}}))
    };
    let block = json!({"cidrBlock": "10.0.0.0/29,fd00::/125", "provider": "macvlan.default", "protocol": "Dual"});
    let subnet = seen(Kind::Subnet, &json!({"name": "s", "uid": "s", "resourceVersion": "1"}), &block);
    let others = [claim("10.0.0.3", "r"), claim("fd00::3", "r")];
    let claims = [claim("10.0.0.2", "q"), claim("fd00::2", "q")].into_iter().chain(others.clone()).map(Input::Seen);
    let world = [subnet, pod("q", "4", Some("10.0.0.3,fd00::3")), pod("r", "5", Some("10.0.0.3,fd00::3"))];
    let mut engine = Engine::new(Settings::default());
    let mut commands = tell(&mut engine, world.into_iter().chain(claims).chain(lists()));
    for (addr, is_last) in [("10.0.0.3", false), ("fd00::3", true)] {
        assert_eq!(told(&commands), None);
        let is_it = |action: &Action| matches!(action, Action::ReadClaim(key) if key.addr.to_string() == addr);
        let id = find(&commands, is_it).unwrap_or_else(|| panic!("{addr} is read: {commands:?}")).id;
        let answer = Outcome::Done(Some(others[usize::from(is_last)].clone()));
        let next = engine.step(Input::Done(id, answer), NOW);
        assert!(find(&next, |action| matches!(action, Action::ReadClaim(_))).is_none(), "{next:?}");
        commands.extend(next);
    }
    assert_eq!(told(&commands).as_deref(), Some("10.0.0.2,fd00::2"));
}
