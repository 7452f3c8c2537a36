//! Stories of plain pods, each with every fault at every write.
#![allow(clippy::unwrap_used)]

mod common;

use common::{every_fault, sweep};
use serde_json::{Value, json};
use sim::{Act, Fault, Story, pod, run};

const PODS: &str = "/api/v1/namespaces/default/pods";

fn create(name: &str) -> Act {
    Act::Create(PODS.to_owned(), pod(name, "node1", &json!({})))
}

fn create_with(name: &str, node: &str, annotations: &Value) -> Act {
    Act::Create(PODS.to_owned(), pod(name, node, annotations))
}

fn delete(name: &str) -> Act {
    Act::Delete(format!("{PODS}/{name}"), None)
}

#[test]
fn a_pod_gets_an_address_runs_and_gives_it_back() {
    let up = sweep("one pod", vec![create("p1")]);
    assert_eq!(up.pods["p1"], ("Running".to_owned(), vec!["net1".to_owned()]));
    assert_eq!((up.ips, up.answers), (vec!["p1.default.macvlan.default".to_owned()], 1));
    assert_eq!(up.writes, 3, "one claim, one IP object, one annotation");
    assert_eq!(up.account_writes, 2 + 1, "the Subnet is completed and told, and told again");
    let down = sweep("one pod, deleted", vec![create("p1"), delete("p1")]);
    assert_eq!((down.claims.len(), down.ips.len(), down.answers), (0, 0, 0));
    assert_eq!(down.writes, 5, "on the way down one delete per IP object and claim");
}

#[test]
fn the_last_address_goes_to_the_next_pod_only_when_it_is_off_the_wire() {
    // Five usable addresses beside the gateway: the sixth pod waits for one of them.
    let mut acts: Vec<Act> = (1..=6).map(|n| create(&format!("p{n}"))).collect();
    acts.push(delete("p2"));
    let end = sweep("six pods, five addresses", acts);
    assert_eq!(end.pods["p6"].0, "Running");
    assert_eq!((end.claims.len(), end.answers), (5, 5));
}

#[test]
fn a_released_address_is_not_reissued_while_its_sandbox_may_live() {
    let mut acts: Vec<Act> = (1..=5).map(|n| create_with(&format!("p{n}"), "node1", &json!({}))).collect();
    acts.push(Act::CutOff("node1".to_owned()));
    // Force-deleted: gone from the API, and still running on a node that cannot be reached.
    acts.push(Act::Delete(format!("{PODS}/p1"), Some(0)));
    acts.push(create_with("q", "node2", &json!({})));
    let cut_off = sweep("a force-deleted pod on a node that is cut off", acts.clone());
    assert_eq!(cut_off.pods["q"].1, Vec::<String>::new(), "it waits");
    acts.push(Act::Connect("node1".to_owned()));
    let connected = sweep("the node is back", acts);
    assert_eq!(connected.pods["q"].0, "Running");
}

#[test]
fn the_addresses_of_a_node_that_is_out_of_service_are_free_once_its_pods_are_deleted() {
    let mut acts: Vec<Act> = (1..=5).map(|n| create_with(&format!("p{n}"), "node1", &json!({}))).collect();
    acts.push(Act::PowerOff("node1".to_owned()));
    acts.push(Act::Delete(format!("{PODS}/p1"), Some(0)));
    acts.push(create_with("q", "node2", &json!({})));
    let off = sweep("a node without power", acts.clone());
    assert_eq!(off.pods["q"].1, Vec::<String>::new(), "nobody says that it has none");
    let taint = json!({"spec": {"taints": [{"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}]}});
    acts.push(Act::Patch("/api/v1/nodes/node1".to_owned(), taint));
    let tainted = sweep("a node out of service", acts);
    assert_eq!(tainted.pods["q"].0, "Running");
    assert_eq!(tainted.claims.len(), 5, "the pods that are still there keep theirs");
}

#[test]
fn a_pod_of_the_same_name_gets_an_address_of_its_own() {
    let acts = vec![
        create("p"),
        Act::CutOff("node1".to_owned()),
        Act::Delete(format!("{PODS}/p"), Some(0)),
        create_with("p", "node2", &json!({})),
        Act::Connect("node1".to_owned()),
    ];
    let end = sweep("same name", acts);
    assert_eq!((end.claims.len(), end.ips.len(), end.answers), (1, 1, 1));
}

#[test]
fn a_finished_pod_gives_its_address_back_although_it_is_still_there() {
    let acts = vec![create("job"), Act::Exit(format!("{PODS}/job"))];
    let end = sweep("finished", acts);
    assert_eq!(end.pods["job"], ("Succeeded".to_owned(), Vec::new()));
}

#[test]
fn who_asks_for_an_address_that_another_has_waits_for_it_and_is_served_when_it_is_free() {
    let fixed = json!({"macvlan.default.kubernetes.io/ip_address": "172.17.0.4"});
    let acts = vec![create_with("first", "node1", &fixed), create_with("second", "node2", &fixed)];
    let waits = sweep("one address for two", acts.clone());
    assert_eq!((waits.claims.len(), waits.pods["second"].0.as_str()), (1, "Pending"));
    let served = sweep("one address for two, one after the other", [acts, vec![delete("first")]].concat());
    assert_eq!(served.pods["second"].0, "Running");
}

#[test]
fn a_claim_that_was_deleted_by_hand_comes_back_before_anybody_else_gets_the_address() {
    let fixed = json!({"macvlan.default.kubernetes.io/ip_address": "172.17.0.4"});
    let claim = "/apis/ipledger.dev/v1alpha1/addressclaims/macvlan.default.172.17.0.4";
    let acts = vec![create_with("p", "node1", &fixed), Act::Delete(claim.to_owned(), None)];
    let end = sweep("healed", acts);
    assert_eq!((end.claims.len(), end.answers), (1, 1));
}

#[test]
#[ignore = "takes a minute: every fault at every write, with two controllers"]
fn two_controllers_come_to_the_same_end_whatever_fails() {
    for acts in [
        vec![create("p1"), delete("p1")],
        (1..=6).map(|n| create(&format!("p{n}"))).chain([delete("p2")]).collect(),
        vec![
            create("p"),
            Act::CutOff("node1".to_owned()),
            Act::Delete(format!("{PODS}/p"), Some(0)),
            create_with("p", "node2", &json!({})),
            Act::Connect("node1".to_owned()),
        ],
    ] {
        let story = Story { name: "two controllers", acts };
        let clean = run(&story, Fault::None).unwrap();
        every_fault(2, &story, &clean);
    }
}

#[test]
fn a_mac_that_is_asked_for_is_in_the_claim_and_the_annotation_and_not_in_the_ip_object() {
    let mac = json!({"macvlan.default.kubernetes.io/mac_address": "02:00:00:00:00:07"});
    let end = sweep("mac", vec![create_with("p", "node1", &mac)]);
    assert_eq!(end.annotations["p"]["macvlan.default.kubernetes.io/mac_address"], "02:00:00:00:00:07");
    assert_eq!(end.pods["p"].0, "Running");
    assert_eq!(end.ip_specs["p.default.macvlan.default"].get("macAddress"), None);
}
