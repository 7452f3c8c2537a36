//! Stories of Subnets that are changed under their pods.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, pod, stateful_set};

const PODS: &str = "/api/v1/namespaces/default/pods";
const EXT: &str = "/apis/kubeovn.io/v1/subnets/ext";
const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";

fn create(name: &str, annotations: &Value) -> Act {
    Act::Create(PODS.to_owned(), pod(name, "node1", annotations))
}

fn delete(name: &str) -> Act {
    Act::Delete(format!("{PODS}/{name}"), None)
}

fn spec(patch: &Value) -> Act {
    Act::Patch(EXT.to_owned(), json!({"spec": patch}))
}

fn at(addr: &str) -> Value {
    json!({"macvlan.default.kubernetes.io/ip_address": addr})
}

#[test]
fn who_waits_is_served_when_the_subnet_grows_and_nobody_moves() {
    let mut acts: Vec<Act> = (1..=6).map(|number| create(&format!("p{number}"), &json!({}))).collect();
    acts.push(spec(&json!({"cidrBlock": "172.17.0.0/28"})));
    let end = sweep("grown", acts);
    assert_eq!(
        (end.addresses["p1"].as_slice(), end.addresses["p6"].as_slice()),
        (&["172.17.0.2".to_owned()][..], &["172.17.0.7".to_owned()][..])
    );
    assert_eq!(end.subnets["ext"]["counts"], json!([6, 7, 0, 0]));
}

#[test]
fn an_address_that_a_smaller_subnet_leaves_out_stays_with_its_pod_and_goes_with_it() {
    let acts = vec![
        create("far", &at("172.17.0.6")),
        create("near", &json!({})),
        spec(&json!({"cidrBlock": "172.17.0.0/30"})),
    ];
    let end = sweep("shrunk", acts.clone());
    assert_eq!((end.addresses["far"][0].as_str(), end.pods["far"].0.as_str()), ("172.17.0.6", "Running"));
    assert_eq!(end.subnets["ext"]["counts"], json!([1, 0, 0, 0]), "an address outside is no use of the Subnet");
    let gone = sweep("shrunk, and the pod gone", [acts, vec![delete("far")]].concat());
    assert_eq!((gone.claims.len(), gone.ips.len(), gone.answers), (1, 1, 1));
}

#[test]
fn an_address_that_is_excluded_later_counts_as_used_until_it_is_free_and_as_nothing_then() {
    let excluded = spec(&json!({"excludeIps": ["172.17.0.1", "172.17.0.2"]}));
    let acts = vec![create("p", &json!({})), excluded];
    let used = sweep("excluded in use", acts.clone());
    assert_eq!(used.subnets["ext"]["counts"], json!([1, 4, 0, 0]));
    let free = sweep("excluded and free", [acts, vec![delete("p"), create("q", &json!({}))]].concat());
    assert_eq!(free.addresses["q"], ["172.17.0.3"]);
    assert_eq!(free.subnets["ext"]["counts"], json!([1, 3, 0, 0]));
}

#[test]
fn a_subnet_with_claims_does_not_change_its_wire_and_says_so() {
    let moved = Act::Patch(EXT.to_owned(), json!({"metadata": {"annotations": {"ipledger.dev/wire": "other"}}}));
    let back = Act::Patch(EXT.to_owned(), json!({"metadata": {"annotations": {"ipledger.dev/wire": null}}}));
    let acts = vec![create("p", &json!({})), moved, create("q", &json!({}))];
    let refused = sweep("another wire", acts.clone());
    assert_eq!(
        (refused.claims.len(), refused.pods["p"].0.as_str(), refused.pods["q"].0.as_str()),
        (1, "Running", "Pending")
    );
    let told = refused.statuses["ext"]["conditions"].to_string();
    assert!(told.contains("it has claims on wire macvlan.default, and would be on other"), "{told}");
    let mended = sweep("the old wire again", [acts, vec![back]].concat());
    assert_eq!((mended.claims.len(), mended.pods["q"].0.as_str()), (2, "Running"));
}

#[test]
fn a_nic_that_a_set_has_no_more_is_given_back_when_its_pods_are_replaced() {
    let without = json!({"spec": {"template": {"metadata": {"annotations": {"k8s.v1.cni.cncf.io/networks": null}}}}});
    let acts = vec![
        Act::Create(SETS.to_owned(), stateful_set("db", 1)),
        Act::Patch(format!("{SETS}/db"), without),
        delete("db-0"),
    ];
    let end = sweep("detached", acts);
    assert_eq!((end.claims.len(), end.ips.len(), end.answers), (0, 0, 0), "{end:#?}");
}
