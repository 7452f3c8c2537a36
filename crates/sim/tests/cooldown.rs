//! Stories of Subnets whose freed addresses rest.
#![allow(clippy::unwrap_used)]

mod common;

use common::{hand_overs, sweep};
use serde_json::{Value, json};
use sim::{Act, End, Fault, Story, pod, run, stateful_set};

const PODS: &str = "/api/v1/namespaces/default/pods";
const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";
const SUBNETS: &str = "/apis/kubeovn.io/v1/subnets";

fn rest(text: &str) -> Act {
    Act::Patch(format!("{SUBNETS}/ext"), json!({"metadata": {"annotations": {"ipledger.dev/cooldown": text}}}))
}

fn create(name: &str, annotations: &Value) -> Act {
    Act::Create(PODS.to_owned(), pod(name, "node1", annotations))
}

fn delete(collection: &str, name: &str) -> Act {
    Act::Delete(format!("{collection}/{name}"), None)
}

/// All five addresses, given out; the one of `p1` is freed, and somebody waits for any.
fn full(text: &str, more: Vec<Act>) -> Vec<Act> {
    let pods = (1..=5).map(|n| create(&format!("p{n}"), &json!({})));
    [rest(text)].into_iter().chain(pods).chain([delete(PODS, "p1"), create("late", &json!({}))]).chain(more).collect()
}

fn phase(end: &End, pod: &str) -> String {
    end.pods[pod].0.clone()
}

#[test]
fn a_freed_address_is_given_out_again_when_its_time_is_over_and_not_before() {
    let early = sweep("resting", full("1h", vec![Act::Pass(3000)]));
    assert_eq!((early.claims.len(), phase(&early, "late").as_str(), early.ips.len()), (5, "Pending", 4));
    let over = sweep("rested", full("1h", vec![Act::Pass(3599), Act::Pass(1)]));
    assert_eq!((over.claims.len(), phase(&over, "late").as_str(), over.ips.len()), (5, "Running", 5));
    let at_once = sweep("no rest", full("0", Vec::new()));
    assert_eq!(phase(&at_once, "late"), "Running");
}

#[test]
fn what_the_claim_says_survives_those_who_knew() {
    // Each restart lists anew, and what was known is what stands in the claims.
    let again = vec![Act::Pass(2000), Act::Stop(0), Act::Pass(500), Act::Start, Act::Pass(500)];
    let early = sweep("restarted, resting", full("1h", again.clone()));
    assert_eq!(phase(&early, "late"), "Pending");
    let over = sweep("restarted, rested", full("1h", [again, vec![Act::Pass(600)]].concat()));
    assert_eq!(phase(&over, "late"), "Running");
    let handed = hand_overs(&Story { name: "handed over", acts: full("1h", vec![Act::Pass(3599), Act::Pass(1)]) });
    assert_eq!(phase(&handed, "late"), "Running");
}

#[test]
fn whoever_asks_for_a_resting_address_by_name_gets_it_at_once() {
    let named = json!({"macvlan.default.kubernetes.io/ip_address": "172.17.0.2"});
    let acts =
        vec![rest("1h"), create("p", &json!({})), delete(PODS, "p"), create("q", &json!({})), create("named", &named)];
    let end = sweep("by name", acts);
    assert_eq!(
        (end.addresses["q"].as_slice(), end.addresses["named"].as_slice()),
        (&["172.17.0.3".to_owned()][..], &["172.17.0.2".to_owned()][..])
    );
}

#[test]
fn a_rest_that_is_made_shorter_is_over_at_once_where_it_is_over_by_then() {
    let end = sweep("shorter", full("1h", vec![Act::Pass(60), rest("1m")]));
    assert_eq!(phase(&end, "late"), "Running");
    let null = json!({"metadata": {"annotations": {"ipledger.dev/cooldown": null}}});
    let none = sweep("none any more", full("1h", vec![Act::Patch(format!("{SUBNETS}/ext"), null)]));
    assert_eq!(phase(&none, "late"), "Running");
}

#[test]
fn an_ordinal_that_comes_back_has_its_address_and_what_it_says_is_over() {
    let scale = |replicas: u32| Act::Patch(format!("{SETS}/web"), json!({"spec": {"replicas": replicas}}));
    let acts = vec![rest("1h"), Act::Create(SETS.to_owned(), stateful_set("web", 2)), scale(1), Act::Pass(300)];
    let down = run(&Story { name: "down", acts: acts.clone() }, Fault::None).unwrap();
    assert_eq!((down.claims.len(), down.answers), (2, 1));
    let up = sweep("up again", [acts, vec![scale(2)]].concat());
    assert_eq!((up.claims.len(), up.answers), (2, 2));
}

#[test]
fn what_an_ordinal_came_back_to_does_not_rest_once_its_set_is_gone() {
    let scale = |replicas: u32| Act::Patch(format!("{SETS}/web"), json!({"spec": {"replicas": replicas}}));
    let orphan = Act::DeleteWith(format!("{SETS}/web"), json!({"propagationPolicy": "Orphan"}));
    // The controller is down from some write on: before it gives the pod its old address, which rests then while the pod gets another one, or
    // after it has done that and said nothing else.
    for writes in 0..5 {
        let again = vec![Act::Stop(writes), scale(2), orphan.clone(), Act::Start];
        let down = vec![rest("1h"), Act::Create(SETS.to_owned(), stateful_set("web", 2)), scale(1), Act::Pass(300)];
        let end = run(&Story { name: "orphaned", acts: [down, again].concat() }, Fault::None).unwrap();
        let says = end.claim_statuses.values().flat_map(|status| status["conditions"].as_array().into_iter().flatten());
        let resting = says.filter(|says| says["type"] == "CoolingDown" && says["status"] == "True").count();
        assert_eq!((end.claims.len() - resting, end.ips.len(), end.answers), (2, 2, 2), "down after {writes} writes");
    }
}

#[test]
fn a_subnet_that_is_deleted_waits_for_nobodys_rest() {
    let acts = vec![rest("1h"), create("p", &json!({})), delete(PODS, "p"), delete(SUBNETS, "ext")];
    let end = sweep("deleted", acts);
    assert_eq!((end.claims.len(), end.leaving.len()), (0, 0));
}

#[test]
fn a_claim_says_since_when_it_rests_and_until_when() {
    let acts = vec![rest("1h"), create("p", &json!({})), delete(PODS, "p"), Act::Pass(100), create("q", &json!({}))];
    let end = sweep("says", acts);
    assert_eq!(end.addresses["q"], ["172.17.0.3"]);
    let claim = &end.claim_statuses["macvlan.default.172.17.0.2"];
    let condition = &claim["conditions"][0];
    assert_eq!((&condition["type"], &condition["status"]), (&json!("CoolingDown"), &json!("True")));
    let message = condition["message"].as_str().unwrap();
    assert!(message.contains("Subnet ext rest for 3600 s") && message.contains("2027-01-15T09:"), "{message}");
}
