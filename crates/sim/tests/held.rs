//! Stories of claims that somebody else made: for objects of another manager, and quarantines.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, pod};

const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";
const OVN_EIPS: &str = "/apis/kubeovn.io/v1/ovn-eips";
const PODS: &str = "/api/v1/namespaces/default/pods";

fn claim(kind: &str, status: &Value) -> Act {
    let claim = json!({"apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim",
        "metadata": {"name": "macvlan.default.172.17.0.4"},
        "spec": {"wire": "macvlan.default", "address": "172.17.0.4", "subnet": "ext",
            "holder": {"kind": kind, "name": "h"}}, "status": status});
    Act::Create(CLAIMS.to_owned(), claim)
}

/// Pods on every other address, and one more.
fn pods() -> Vec<Act> {
    (1..=5).map(|n| Act::Create(PODS.to_owned(), pod(&format!("p{n}"), "node1", &json!({})))).collect()
}

#[test]
fn an_address_that_is_held_for_an_ovn_eip_goes_when_that_is_gone() {
    let eip = json!({"apiVersion": "kubeovn.io/v1", "kind": "OvnEip", "metadata": {"name": "h"}, "spec": {}});
    let acts = vec![Act::Create(OVN_EIPS.to_owned(), eip), claim("OvnEip", &json!({}))];
    assert_eq!(sweep("held", acts.clone()).claims.len(), 1);
    let gone = [acts, vec![Act::Delete(format!("{OVN_EIPS}/h"), None)]].concat();
    assert_eq!(sweep("held no more", gone).claims.len(), 0);
}

#[test]
fn an_address_in_quarantine_is_given_out_when_its_time_is_over() {
    // A story begins at 2027-01-15T08:00:00Z and goes on for some minutes.
    let long = claim("Quarantine", &json!({"quarantine": {"until": "2027-01-16T08:00:00Z"}}));
    let kept = sweep("in quarantine", [vec![long], pods()].concat());
    assert_eq!((kept.claims.len(), kept.answers), (5, 4), "the fifth pod waits");
    let short = claim("Quarantine", &json!({"quarantine": {"until": "2027-01-15T08:00:30Z"}}));
    let over = sweep("after quarantine", [vec![short], pods()].concat());
    assert_eq!((over.claims.len(), over.answers), (5, 5));
}

#[test]
fn a_claim_of_an_unknown_kind_is_kept() {
    let kept = sweep("unknown", vec![claim("Fridge", &json!({}))]);
    assert_eq!(kept.claims.len(), 1);
}
