//! When a pod is told what it has.

use super::stage::{lists, object, tell};
use api::slim::Kind;
use engine::manage::{Action, Command, Engine, Input, Outcome, Settings};
use serde_json::json;

fn subnet() -> Input {
    let spec = json!({"cidrBlock": "10.0.0.0/29", "gateway": "10.0.0.1", "provider": "macvlan.default"});
    let meta = json!({"name": "s", "uid": "s", "resourceVersion": "1"});
    Input::Seen(object(Kind::Subnet, &json!({"metadata": meta, "spec": spec})))
}

fn set() -> Input {
    let annotations = json!({"k8s.v1.cni.cncf.io/networks": "macvlan"});
    let spec = json!({"replicas": 1, "template": {"metadata": {"annotations": annotations}}});
    let meta = json!({"name": "db", "namespace": "default", "uid": "set", "resourceVersion": "2"});
    Input::Seen(object(Kind::StatefulSet, &json!({"metadata": meta, "spec": spec})))
}

/// The claim of the ordinal, which no pod uses, or its next one does.
fn claim(user: Option<&str>) -> Input {
    let occupant = user.map(|uid| json!({"podUID": uid, "namespace": "default", "name": "db-0", "node": "n1"}));
    let version = if user.is_some() { "6" } else { "3" };
    let meta = json!({"name": "macvlan.default.10.0.0.2", "uid": "c", "resourceVersion": version});
    let holder = json!({"kind": "StatefulSet", "namespace": "default", "name": "db-0", "nic": "net1"});
    let spec = json!({"wire": "macvlan.default", "address": "10.0.0.2", "subnet": "s", "holder": holder});
    Input::Seen(object(Kind::AddressClaim, &json!({"metadata": meta, "spec": spec, "status": {"occupant": occupant}})))
}

fn pod() -> Input {
    let owner = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "set", "controller": true});
    let annotations = json!({"k8s.v1.cni.cncf.io/networks": "macvlan"});
    let meta = json!({"name": "db-0", "namespace": "default", "uid": "p", "resourceVersion": "5",
        "annotations": annotations, "ownerReferences": [owner]});
    Input::Seen(object(Kind::Pod, &json!({"metadata": meta, "spec": {"nodeName": "n1"}})))
}

fn is_told(commands: &[Command]) -> bool {
    commands.iter().any(|command| matches!(command.action, Action::AnnotatePod { .. }))
}

#[test]
fn a_pod_is_told_its_ordinals_address_only_once_the_claim_names_it() {
    let mut engine = Engine::new(Settings::default());
    tell(&mut engine, [subnet(), set(), claim(None)].into_iter().chain(lists()));
    let asked = tell(&mut engine, [pod()]);
    let occupy =
        asked.iter().find(|command| matches!(command.action, Action::Occupy { .. })).expect("it is to have it");
    assert!(!is_told(&asked), "another controller may have let the address go: {asked:?}");
    let asked = tell(&mut engine, [claim(Some("p")), Input::Done(occupy.id, Outcome::Done(None))]);
    assert!(is_told(&asked), "{asked:?}");
}
