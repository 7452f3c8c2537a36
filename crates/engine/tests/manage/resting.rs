//! Addresses that rest, and another controller that ends the rest.

use super::stage::{at, claim_of_set, lists, object, set, subnet, tell};
use api::slim::{Kind, Uid};
use engine::manage::{Action, Command, Engine, Input, Outcome, Settings};
use serde_json::{Value, json};

/// The claim of an ordinal: it rests, or the next pod has it.
fn claim(version: &str, user: Option<&str>) -> Input {
    let is_resting = if user.is_some() { "False" } else { "True" };
    let condition = json!({"type": "CoolingDown", "status": is_resting, "reason": "Cooldown", "message": "",
        "lastTransitionTime": "2027-01-15T08:00:00Z"});
    claim_of_set(version, user, &json!([condition]))
}

#[test]
fn an_address_that_another_controller_gave_to_the_next_pod_does_not_rest() {
    let mut engine = Engine::new(Settings::default());
    let cluster = [subnet(&json!({"ipledger.dev/cooldown": "1h"})), set(0), claim("3", None)];
    let asked = tell(&mut engine, cluster.into_iter().chain(lists()));
    tell(&mut engine, asked.iter().map(|command| Input::Done(command.id, Outcome::Done(None))));
    // The other one knows already that the set was scaled up, and this one does not.
    let asked = engine.step(claim("4", Some("p")), at(60));
    let says = asked.iter().find_map(|command| match &command.action {
        Action::Write(write) if write.kind == Kind::AddressClaim => Some(command.action.call().body),
        _ => None,
    });
    assert_eq!(says, None, "of an address in use nobody says that it rests");
}

/// The claim of the Vip `v`, which the pod `p` uses or nobody.
fn claim_of_vip(version: &str, is_used: bool) -> Value {
    let occupant = is_used.then(|| json!({"podUID": "p", "namespace": "default", "name": "p", "node": "n1"}));
    let meta = json!({"name": "macvlan.default.10.0.0.2", "uid": "c", "resourceVersion": version});
    let holder = json!({"kind": "Vip", "name": "v", "nic": ""});
    let spec = json!({"wire": "macvlan.default", "address": "10.0.0.2", "subnet": "s", "holder": holder});
    json!({"metadata": meta, "spec": spec, "status": {"occupant": occupant}})
}

/// The pod `p`, which asks for it.
fn borrower() -> Input {
    let annotations = json!({"k8s.v1.cni.cncf.io/networks": "macvlan", "ovn.kubernetes.io/vip": "v"});
    let meta =
        json!({"name": "p", "namespace": "default", "uid": "p", "resourceVersion": "6", "annotations": annotations});
    Input::Seen(object(Kind::Pod, &json!({"metadata": meta, "spec": {"nodeName": "n1"}})))
}

fn asked_first(asked: &[Command], is_it: impl Fn(&Action) -> bool) -> &Command {
    asked.iter().find(|command| is_it(&command.action)).unwrap_or_else(|| panic!("{asked:?}"))
}

#[test]
fn an_address_that_was_freed_while_it_went_to_its_next_user_does_not_rest() {
    let vip = json!({"metadata": {"name": "v", "uid": "v", "resourceVersion": "2"}, "spec": {"subnet": "s", "v4ip": "10.0.0.2"}});
    let cluster = [
        subnet(&json!({"ipledger.dev/cooldown": "1h"})),
        Input::Seen(object(Kind::Vip, &vip)),
        Input::Seen(object(Kind::AddressClaim, &claim_of_vip("3", false))),
        borrower(),
    ];
    let mut engine = Engine::new(Settings::default());
    let asked = tell(&mut engine, cluster.into_iter().chain(lists()));
    let occupy = asked_first(&asked, |action| matches!(action, Action::Occupy { .. }));
    let gone = Input::Gone { kind: Kind::Vip, namespace: "".into(), name: "v".into(), uid: Uid::parse("v") };
    let others = asked.iter().filter(|command| command.id != occupy.id);
    let answers = others.map(|command| Input::Done(command.id, Outcome::Done(None)));
    tell(&mut engine, answers.chain([gone]));
    let read = engine.step(Input::Tick, at(100));
    let read = asked_first(&read, |action| matches!(action, Action::ReadOwner { .. }));
    engine.step(Input::Done(read.id, Outcome::Missing), at(100));
    let used = object(Kind::AddressClaim, &claim_of_vip("7", true));
    let asked = engine.step(Input::Done(occupy.id, Outcome::Done(Some(used))), at(101));
    let create = asked_first(&asked, |action| matches!(action, Action::CreateIp(_)));
    let mut ip = create.action.call().body.unwrap();
    ip["metadata"]["uid"] = "ip".into();
    ip["metadata"]["resourceVersion"] = "8".into();
    let asked = engine.step(Input::Done(create.id, Outcome::Done(Some(object(Kind::Ip, &ip)))), at(102));
    let deletes = asked.iter().filter(|command| matches!(command.action, Action::DeleteIp { .. }));
    assert_eq!(deletes.count(), 0, "what the pod uses stays on record: {asked:?}");
}
