//! Stories of StatefulSets, each with every fault at every write.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::json;
use sim::{Act, stateful_set};

const PODS: &str = "/api/v1/namespaces/default/pods";
const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";

fn create(replicas: u32) -> Act {
    Act::Create(SETS.to_owned(), stateful_set("web", replicas))
}

fn scale(replicas: u32) -> Act {
    Act::Patch(format!("{SETS}/web"), json!({"spec": {"replicas": replicas}}))
}

fn delete_set(propagation: &str) -> Act {
    Act::DeleteWith(format!("{SETS}/web"), json!({"propagationPolicy": propagation}))
}

#[test]
fn an_ordinal_keeps_its_address_when_its_pod_is_replaced() {
    let end = sweep("replaced", vec![create(2), Act::Delete(format!("{PODS}/web-0"), None)]);
    assert_eq!(end.claims.len(), 2);
    assert_eq!(end.pods["web-0"], ("Running".to_owned(), vec!["net1".to_owned()]), "its claim names the new pod");
    assert_eq!((end.ips.len(), end.answers), (2, 2));
}

#[test]
fn an_ordinal_that_is_scaled_away_gives_its_address_back_and_the_others_keep_theirs() {
    let end = sweep("scaled down", vec![create(3), scale(1)]);
    assert_eq!((end.claims, end.answers), (vec![("web-0".to_owned(), "net1".to_owned())], 1));
}

#[test]
fn a_set_that_is_deleted_gives_everything_back_after_the_grace() {
    let end = sweep("deleted", vec![create(2), delete_set("Background")]);
    assert_eq!((end.claims.len(), end.ips.len(), end.answers), (0, 0, 0));
}

#[test]
fn the_pods_of_a_set_that_was_deleted_as_an_orphan_keep_their_addresses_and_the_new_set_takes_them_over() {
    let end = sweep("orphans", vec![create(2), delete_set("Orphan"), create(2)]);
    assert_eq!((end.claims.len(), end.answers), (2, 2));
}

#[test]
fn the_next_pod_of_an_ordinal_waits_until_the_one_before_is_off_the_wire() {
    let acts = vec![create(1), Act::CutOff("node1".to_owned()), Act::Delete(format!("{PODS}/web-0"), Some(0))];
    let waits = sweep("cut off", acts.clone());
    assert_eq!((waits.claims.len(), waits.answers), (1, 1));
    let served = sweep("cut off and back", [acts, vec![Act::Connect("node1".to_owned())]].concat());
    assert_eq!(served.pods["web-0"].0, "Running");
}
