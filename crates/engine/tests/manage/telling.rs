//! When a pod is told what it has.

use super::stage::{claim_of_set, lists, object, set, subnet, tell};
use api::slim::Kind;
use engine::manage::{Action, Command, Engine, Input, Outcome, Settings};
use serde_json::json;

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
    let claim = |version, user| claim_of_set(version, user, &json!([]));
    tell(&mut engine, [subnet(&json!({})), set(1), claim("3", None)].into_iter().chain(lists()));
    let asked = tell(&mut engine, [pod()]);
    let occupy =
        asked.iter().find(|command| matches!(command.action, Action::Occupy { .. })).expect("it is to have it");
    assert!(!is_told(&asked), "another controller may have let the address go: {asked:?}");
    let asked = tell(&mut engine, [claim("6", Some("p")), Input::Done(occupy.id, Outcome::Done(None))]);
    assert!(is_told(&asked), "{asked:?}");
}
