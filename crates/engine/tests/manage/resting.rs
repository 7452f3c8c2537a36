//! Addresses that rest, and another controller that ends the rest.

use super::stage::{at, lists, object, tell};
use api::slim::Kind;
use engine::manage::{Action, Engine, Input, Outcome, Settings};
use serde_json::json;

/// Freed addresses rest for an hour.
fn subnet() -> Input {
    let spec = json!({"cidrBlock": "10.0.0.0/29", "gateway": "10.0.0.1", "provider": "macvlan.default"});
    let annotations = json!({"ipledger.dev/cooldown": "1h"});
    let meta = json!({"name": "s", "uid": "s", "resourceVersion": "1", "annotations": annotations});
    Input::Seen(object(Kind::Subnet, &json!({"metadata": meta, "spec": spec})))
}

/// A set that was scaled to nothing.
fn set() -> Input {
    let annotations = json!({"k8s.v1.cni.cncf.io/networks": "macvlan"});
    let spec = json!({"replicas": 0, "template": {"metadata": {"annotations": annotations}}});
    let meta = json!({"name": "db", "namespace": "default", "uid": "set", "resourceVersion": "2"});
    Input::Seen(object(Kind::StatefulSet, &json!({"metadata": meta, "spec": spec})))
}

/// The claim of its ordinal: it rests, or the next pod has it.
fn claim(version: &str, user: Option<&str>) -> Input {
    let is_resting = if user.is_some() { "False" } else { "True" };
    let condition = json!({"type": "CoolingDown", "status": is_resting, "reason": "Cooldown", "message": "",
        "lastTransitionTime": "2027-01-15T08:00:00Z"});
    let occupant = user.map(|uid| json!({"podUID": uid, "namespace": "default", "name": "db-0", "node": "n1"}));
    let meta = json!({"name": "macvlan.default.10.0.0.2", "uid": "c", "resourceVersion": version});
    let holder = json!({"kind": "StatefulSet", "namespace": "default", "name": "db-0", "nic": "net1"});
    let spec = json!({"wire": "macvlan.default", "address": "10.0.0.2", "subnet": "s", "holder": holder});
    let status = json!({"occupant": occupant, "conditions": [condition]});
    Input::Seen(object(Kind::AddressClaim, &json!({"metadata": meta, "spec": spec, "status": status})))
}

#[test]
fn an_address_that_another_controller_gave_to_the_next_pod_does_not_rest() {
    let mut engine = Engine::new(Settings::default());
    let asked = tell(&mut engine, [subnet(), set(), claim("3", None)].into_iter().chain(lists()));
    tell(&mut engine, asked.iter().map(|command| Input::Done(command.id, Outcome::Done(None))));
    // The other one knows already that the set was scaled up, and this one does not.
    let asked = engine.step(claim("4", Some("p")), at(60));
    let says = asked.iter().find_map(|command| match &command.action {
        Action::Write(write) if write.kind == Kind::AddressClaim => Some(command.action.call().body),
        _ => None,
    });
    assert_eq!(says, None, "of an address in use nobody says that it rests");
}
