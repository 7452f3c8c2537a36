//! Stories of what pods ask for: families, several NICs of one network, several Subnets of one, Multus' own words.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, pod, stateful_set};

const PODS: &str = "/api/v1/namespaces/default/pods";
const SUBNETS: &str = "/apis/kubeovn.io/v1/subnets";
const NETWORKS: &str = "k8s.v1.cni.cncf.io/networks";

fn subnet(name: &str, spec: &Value) -> Act {
    let body = json!({"apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": {"name": name}, "spec": spec});
    Act::Create(SUBNETS.to_owned(), body)
}

fn create(name: &str, annotations: &Value) -> Act {
    Act::Create(PODS.to_owned(), pod(name, "node1", annotations))
}

fn dual() -> Act {
    subnet("dual", &json!({"cidrBlock": "10.9.0.0/29,fd00::/125", "provider": "dual.default"}))
}

#[test]
fn a_nic_on_a_dual_stack_subnet_has_both_families_or_the_one_it_asks_for() {
    let both = create("both", &json!({NETWORKS: "dual"}));
    let six = create("six", &json!({NETWORKS: "dual", "dual.default.kubernetes.io/ip_family": "ipv6"}));
    let end = sweep("families", vec![dual(), both, six]);
    let mut of_both = end.addresses["both"].clone();
    of_both.sort();
    assert_eq!(
        (of_both, &end.addresses["six"]),
        (vec!["10.9.0.2".to_owned(), "fd00::2".to_owned()], &vec!["fd00::3".to_owned()])
    );
    assert_eq!(end.answers, 3);
}

#[test]
fn a_pod_with_two_nics_of_one_network_has_an_address_on_each() {
    let acts = vec![create("p", &json!({NETWORKS: "macvlan@a,macvlan@b"}))];
    let up = sweep("twice", acts.clone());
    assert_eq!((up.pods["p"].0.as_str(), up.claims.len(), up.ips.len(), up.answers), ("Running", 2, 2, 2), "{up:#?}");
    let down = sweep("twice, deleted", [acts, vec![Act::Delete(format!("{PODS}/p"), None)]].concat());
    assert_eq!((down.claims.len(), down.ips.len(), down.answers), (0, 0, 0));
}

#[test]
fn a_network_with_two_subnets_fills_the_first_and_goes_on_in_the_second() {
    let mut acts = vec![subnet("ext2", &json!({"cidrBlock": "10.7.0.0/29", "provider": "macvlan.default"}))];
    acts.extend((1..=6).map(|number| create(&format!("p{number}"), &json!({}))));
    let end = sweep("spill-over", acts);
    let first = (1..=5).all(|number| end.addresses[&format!("p{number}")][0].starts_with("172.17.0."));
    assert!(first && end.addresses["p6"] == ["10.7.0.2"], "{:?}", end.addresses);
}

#[test]
fn what_multus_asks_for_is_given_with_or_without_a_prefix_length() {
    let networks =
        json!([{"name": "macvlan", "namespace": "default", "ips": ["172.17.0.5/29"], "mac": "02:00:00:00:00:05"}]);
    let end = sweep("multus", vec![create("p", &json!({NETWORKS: networks.to_string()}))]);
    assert_eq!(end.addresses["p"], ["172.17.0.5"]);
    assert_eq!(end.annotations["p"]["macvlan.default.kubernetes.io/mac_address"], "02:00:00:00:00:05");
}

#[test]
fn an_ordinal_has_the_entry_of_the_list_that_is_its_own() {
    let mut set = stateful_set("db", 3);
    set["spec"]["template"]["metadata"]["annotations"]["macvlan.default.kubernetes.io/ip_pool"] =
        "172.17.0.6,172.17.0.3".into();
    let end = sweep("index", vec![Act::Create("/apis/apps/v1/namespaces/default/statefulsets".to_owned(), set)]);
    assert_eq!(
        (&end.addresses["db-0"], &end.addresses["db-1"]),
        (&vec!["172.17.0.6".to_owned()], &vec!["172.17.0.3".to_owned()])
    );
    assert!(!end.addresses.contains_key("db-2"), "there is no third entry");
}

#[test]
fn a_pod_waits_for_the_subnet_that_it_names_and_takes_no_other() {
    let named = json!({"macvlan.default.kubernetes.io/logical_switch": "later"});
    let later = subnet("later", &json!({"cidrBlock": "10.7.0.0/29", "provider": "macvlan.default"}));
    let end = sweep("a Subnet that is not there", vec![create("p", &named)]);
    assert_eq!((end.claims.len(), end.pods["p"].0.as_str()), (0, "Pending"));
    let event = end.events.iter().find(|event| event["involvedObject"]["name"] == "p").unwrap();
    assert!(event["message"].as_str().unwrap().contains("Subnet later"), "{event}");
    let end = sweep("and is there", vec![create("p", &named), later.clone()]);
    assert_eq!((end.addresses["p"].as_slice(), end.pods["p"].0.as_str()), (&["10.7.0.2".to_owned()][..], "Running"));
    let gone = Act::Delete(format!("{SUBNETS}/later"), None);
    let acts = vec![later, create("p", &named), gone, Act::Pass(120), Act::Stop(0), Act::Start];
    let end = sweep("and goes again", acts);
    assert_eq!((end.addresses["p"].as_slice(), end.pods["p"].0.as_str()), (&["10.7.0.2".to_owned()][..], "Running"));
}
