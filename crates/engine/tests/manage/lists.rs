//! What a list says that a watch has not: what went meanwhile.

use super::stage::{lists, object, subnet, tell};
use api::slim::{Kind, Uid};
use engine::manage::{Action, Command, Engine, Input, Settings};
use serde_json::json;

/// A pod that asks for a NIC on the Subnet, and for this address if any.
fn pod(name: &str, addr: &str) -> Input {
    let annotations =
        json!({"k8s.v1.cni.cncf.io/networks": "macvlan", "macvlan.default.kubernetes.io/ip_address": addr});
    let meta =
        json!({"name": name, "namespace": "default", "uid": name, "resourceVersion": "3", "annotations": annotations});
    Input::Seen(object(Kind::Pod, &json!({"metadata": meta, "spec": {"nodeName": "n1"}})))
}

/// The claim that it has.
fn claim(pod: &str, addr: &str) -> Input {
    let meta = json!({"name": format!("macvlan.default.{addr}"), "uid": addr, "resourceVersion": "4"});
    let holder = json!({"kind": "Pod", "namespace": "default", "name": pod, "uid": pod, "nic": "net1"});
    let spec = json!({"wire": "macvlan.default", "address": addr, "subnet": "s", "holder": holder});
    let status = json!({"occupant": {"podUID": pod, "namespace": "default", "name": pod, "node": "n1"}});
    Input::Seen(object(Kind::AddressClaim, &json!({"metadata": meta, "spec": spec, "status": status})))
}

/// An engine that knows two pods and their claims.
fn engine() -> Engine {
    let mut engine = Engine::new(Settings::default());
    let pods = [pod("p", ""), pod("q", ""), claim("p", "10.0.0.2"), claim("q", "10.0.0.3")];
    tell(&mut engine, [subnet(&json!({}))].into_iter().chain(pods).chain(lists()));
    engine
}

fn lacking(kind: Kind, uids: &[&str]) -> Input {
    Input::Lacking(kind, uids.iter().map(|uid| Uid::parse(uid)).collect())
}

#[test]
fn of_the_pods_that_were_known_those_are_gone_that_a_new_list_lacks() {
    let mut engine = engine();
    tell(&mut engine, [pod("far", "10.0.1.1"), pod("away", "10.0.1.2")]);
    let refused = |engine: &Engine| engine.refusals().map(|(nic, _)| nic.holder.to_string()).collect::<Vec<_>>();
    assert_eq!(refused(&engine), ["Pod away", "Pod far"]);
    tell(&mut engine, [lacking(Kind::Pod, &["away", "never heard of"])]);
    assert_eq!(refused(&engine), ["Pod far"]);
}

#[test]
fn a_claim_that_a_new_list_lacks_is_made_again_for_the_pod_that_was_told_so() {
    let mut engine = engine();
    let asked = tell(&mut engine, [lacking(Kind::AddressClaim, &["10.0.0.3"])]);
    let is_made = |command: &Command| matches!(&command.action, Action::CreateClaim(claim) if claim.title.name == "q");
    assert!(asked.iter().any(is_made), "{asked:?}");
}
