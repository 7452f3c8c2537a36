//! Stories of a cluster that Kube-OVN managed before.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, pod};

const PODS: &str = "/api/v1/namespaces/default/pods";
const IPS: &str = "/apis/kubeovn.io/v1/ips";
const SUBNETS: &str = "/apis/kubeovn.io/v1/subnets";
const POOLS: &str = "/apis/kubeovn.io/v1/ippools";

/// An IP object as Kube-OVN leaves it.
fn ip(name: &str, addr: &str) -> Act {
    let body = json!({
        "apiVersion": "kubeovn.io/v1", "kind": "IP",
        "metadata": {"name": format!("{name}.default.macvlan.default"),
            "finalizers": ["kubeovn.io/kube-ovn-controller"],
            "labels": {"ovn.kubernetes.io/subnet": "ext", "ovn.kubernetes.io/ip_reserved": "false", "ext": ""}},
        "spec": {"podName": name, "namespace": "default", "subnet": "ext", "ipAddress": addr, "v4IpAddress": addr},
    });
    Act::Create(IPS.to_owned(), body)
}

fn allocated(addr: &str) -> Value {
    json!({"macvlan.default.kubernetes.io/allocated": "true", "macvlan.default.kubernetes.io/ip_address": addr})
}

fn create(name: &str, annotations: &Value) -> Act {
    Act::Create(PODS.to_owned(), pod(name, "node1", annotations))
}

fn delete(name: &str) -> Act {
    Act::Delete(format!("{PODS}/{name}"), None)
}

/// A pool of another Namespace, whose addresses no pod of this one can ask for.
fn theirs() -> Act {
    let spec = json!({"subnet": "ext", "ips": ["172.17.0.4..172.17.0.5"], "namespaces": ["other"]});
    let body = json!({"apiVersion": "kubeovn.io/v1", "kind": "IPPool", "metadata": {"name": "theirs"}, "spec": spec});
    Act::Create(POOLS.to_owned(), body)
}

#[test]
fn a_pod_of_kube_ovn_keeps_its_address_and_gives_it_back_with_its_ip_object() {
    let acts = vec![ip("p", "172.17.0.5"), create("p", &allocated("172.17.0.5"))];
    let kept = sweep("kept", acts.clone());
    assert_eq!(kept.addresses["p"], ["172.17.0.5"]);
    assert_eq!((kept.pods["p"].0.as_str(), kept.ips.len()), ("Running", 1));
    let gone = sweep("gone", [acts, vec![delete("p")]].concat());
    assert_eq!((gone.claims.len(), gone.ips.len()), (0, 0), "in spite of Kube-OVN's finalizer");
}

#[test]
fn an_ip_object_that_somebody_deletes_under_its_pod_goes_and_comes_back() {
    let acts = vec![
        ip("p", "172.17.0.5"),
        create("p", &allocated("172.17.0.5")),
        Act::Delete(format!("{IPS}/p.default.macvlan.default"), None),
    ];
    let end = sweep("deleted", acts);
    assert_eq!((end.ips.len(), end.addresses["p"].as_slice()), (1, &["172.17.0.5".to_owned()][..]));
}

#[test]
fn an_ordinal_has_the_address_that_kube_ovn_kept_for_it_although_it_has_no_pod_yet() {
    let kept = |name: &str, addr: &str| {
        let Act::Create(path, mut body) = ip(name, addr) else { unreachable!() };
        body["spec"]["podType"] = "StatefulSet".into();
        Act::Create(path, body)
    };
    let sets = "/apis/apps/v1/namespaces/default/statefulsets".to_owned();
    let acts = vec![
        kept("web-0", "172.17.0.5"),
        kept("web-1", "172.17.0.2"),
        Act::Create(sets, sim::stateful_set("web", 2)),
        create("other", &json!({})),
    ];
    let end = sweep("ordinals", acts);
    assert_eq!(
        (&end.addresses["web-0"][..], &end.addresses["web-1"][..]),
        (&["172.17.0.5".to_owned()][..], &["172.17.0.2".to_owned()][..])
    );
    assert_eq!(end.ips.len(), 3);
}

#[test]
fn the_annotation_of_a_pod_is_a_record_only_if_the_pod_is_older_than_the_adoption() {
    let young = sweep("younger", vec![theirs(), create("p", &allocated("172.17.0.4"))]);
    assert_eq!(young.claims.len(), 0, "it asks for an address that is not for it");
    let later = json!({"metadata": {"annotations": {"ipledger.dev/adopted": "2030-01-01T00:00:00Z"}}});
    let acts = vec![theirs(), Act::Patch(format!("{SUBNETS}/ext"), later), create("p", &allocated("172.17.0.4"))];
    let old = sweep("older", acts);
    assert_eq!(old.addresses["p"], ["172.17.0.4"]);
}
