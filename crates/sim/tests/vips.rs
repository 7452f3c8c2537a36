//! Stories of Vips: addresses without a pod, and lent to one.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, pod, stateful_set};

const PODS: &str = "/api/v1/namespaces/default/pods";
const VIPS: &str = "/apis/kubeovn.io/v1/vips";

fn vip(name: &str, spec: &Value) -> Act {
    let mut all = json!({"subnet": "ext", "namespace": "default"});
    all.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    let vip = json!({"apiVersion": "kubeovn.io/v1", "kind": "Vip", "metadata": {"name": name}, "spec": all});
    Act::Create(VIPS.to_owned(), vip)
}

fn remove(name: &str) -> Act {
    Act::Delete(format!("{VIPS}/{name}"), None)
}

fn borrow(name: &str, node: &str) -> Act {
    Act::Create(PODS.to_owned(), pod(name, node, &json!({"ovn.kubernetes.io/vip": "v"})))
}

fn delete(name: &str) -> Act {
    Act::Delete(format!("{PODS}/{name}"), None)
}

#[test]
fn a_vip_has_an_address_while_it_is_there() {
    let up = sweep("a vip", vec![vip("v", &json!({}))]);
    assert_eq!((up.claims.len(), up.writes), (1, 2), "one claim, one patch");
    let down = sweep("a vip, deleted", vec![vip("v", &json!({})), remove("v")]);
    assert_eq!(down.claims.len(), 0);
}

#[test]
fn a_pod_borrows_a_vip_and_the_next_one_gets_it_after_that() {
    let acts = vec![vip("v", &json!({"v4ip": "172.17.0.5"})), borrow("p", "node1")];
    let lent = sweep("lent", acts.clone());
    assert_eq!((lent.claims.len(), lent.ips.len(), lent.pods["p"].0.as_str()), (1, 1, "Running"));
    assert_eq!(lent.addresses["v"], ["172.17.0.5"]);
    let acts = [acts, vec![borrow("q", "node2")]].concat();
    let waits = sweep("lent to one of two", acts.clone());
    assert_eq!((waits.claims.len(), waits.pods["q"].0.as_str()), (1, "Pending"));
    let next = sweep("lent to the next", [acts.clone(), vec![delete("p")]].concat());
    assert_eq!((next.claims.len(), next.ips.len(), next.pods["q"].0.as_str()), (1, 1, "Running"));
    let free = sweep("given back", [acts, vec![delete("p"), delete("q")]].concat());
    assert_eq!((free.claims.len(), free.ips.len(), free.answers), (1, 0, 0), "the Vip keeps it");
}

#[test]
fn a_vip_that_is_deleted_while_it_is_lent_stays_until_its_borrower_is_gone() {
    let acts = vec![vip("v", &json!({})), borrow("p", "node1"), remove("v")];
    let kept = sweep("deleted while lent", acts.clone());
    assert_eq!((kept.claims.len(), kept.answers), (1, 1));
    let gone = sweep("and given back", [acts, vec![delete("p")]].concat());
    assert_eq!((gone.claims.len(), gone.ips.len(), gone.answers), (0, 0, 0));
}

#[test]
fn a_pod_that_is_there_before_its_vip_waits_for_it() {
    let acts = vec![borrow("p", "node1")];
    let waits = sweep("before its vip", acts.clone());
    assert_eq!((waits.claims.len(), waits.pods["p"].0.as_str()), (0, "Pending"));
    let served = sweep("served by its vip", [acts, vec![vip("v", &json!({}))]].concat());
    assert_eq!((served.claims.len(), served.pods["p"].0.as_str()), (1, "Running"));
}

#[test]
fn an_ordinal_borrows_a_vip_across_its_pods() {
    let mut set = stateful_set("web", 1);
    set["spec"]["template"]["metadata"]["annotations"]["ovn.kubernetes.io/vip"] = json!("v");
    let sets = "/apis/apps/v1/namespaces/default/statefulsets";
    let acts = vec![vip("v", &json!({})), Act::Create(sets.to_owned(), set), delete("web-0")];
    let lent = sweep("an ordinal", acts.clone());
    assert_eq!((lent.claims.len(), lent.ips.len(), lent.pods["web-0"].0.as_str()), (1, 1, "Running"));
    let scaled = Act::Patch(format!("{sets}/web"), json!({"spec": {"replicas": 0}}));
    let given_back = sweep("an ordinal, scaled away", [acts, vec![scaled]].concat());
    assert_eq!((given_back.claims.len(), given_back.ips.len()), (1, 0));
}

#[test]
fn what_a_vip_was_given_does_not_change_with_its_spec() {
    let change = Act::Patch(format!("{VIPS}/v"), json!({"spec": {"v4ip": "172.17.0.6"}}));
    let end = sweep("changed", vec![vip("v", &json!({"v4ip": "172.17.0.5"})), change]);
    assert_eq!(end.addresses["v"], ["172.17.0.5"]);
}

#[test]
fn a_vip_that_asks_for_an_address_in_use_is_told_whose_it_is_and_gets_it_when_it_is_free() {
    let fixed = json!({"macvlan.default.kubernetes.io/ip_address": "172.17.0.5"});
    let acts = vec![Act::Create(PODS.to_owned(), pod("p", "node1", &fixed)), vip("v", &json!({"v4ip": "172.17.0.5"}))];
    let refused = sweep("in use", acts.clone());
    assert!(refused.told["Vip v "].contains("held by Pod default/p"), "{:?}", refused.told);
    let served = sweep("free", [acts, vec![delete("p")]].concat());
    assert_eq!(served.addresses["v"], ["172.17.0.5"]);
}

#[test]
fn a_vip_that_kube_ovn_holds_by_its_finalizer_can_be_deleted() {
    let adopted = json!({"apiVersion": "kubeovn.io/v1", "kind": "Vip",
        "metadata": {"name": "v", "finalizers": ["kubeovn.io/kube-ovn-controller"]},
        "spec": {"subnet": "ext", "v4ip": "172.17.0.5"}, "status": {"v4ip": "172.17.0.5", "mac": "02:00:00:00:00:01"}});
    let end = sweep("adopted", vec![Act::Create(VIPS.to_owned(), adopted), remove("v")]);
    assert_eq!(end.claims.len(), 0);
}
