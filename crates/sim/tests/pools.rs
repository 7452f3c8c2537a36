//! Stories of IPPools: parts of a Subnet, for those who ask for them or for the pods of a Namespace.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, pod};

const PODS: &str = "/api/v1/namespaces/default/pods";
const POOLS: &str = "/apis/kubeovn.io/v1/ippools";

fn pool(name: &str, ips: &[&str], namespaces: &[&str]) -> Act {
    let spec = json!({"subnet": "ext", "ips": ips, "namespaces": namespaces});
    let body = json!({"apiVersion": "kubeovn.io/v1", "kind": "IPPool", "metadata": {"name": name}, "spec": spec});
    Act::Create(POOLS.to_owned(), body)
}

fn delete_pool(name: &str) -> Act {
    Act::Delete(format!("{POOLS}/{name}"), None)
}

fn create(name: &str, annotations: &Value) -> Act {
    Act::Create(PODS.to_owned(), pod(name, "node1", annotations))
}

fn plain(name: &str) -> Act {
    create(name, &json!({}))
}

fn from(name: &str, pool: &str) -> Act {
    create(name, &json!({"macvlan.default.kubernetes.io/ip_pool": pool}))
}

fn fixed(name: &str, addr: &str) -> Act {
    create(name, &json!({"macvlan.default.kubernetes.io/ip_address": addr}))
}

fn told(status: &Value, kind: &str) -> String {
    let conditions = status["conditions"].as_array().unwrap();
    let found = conditions.iter().find(|condition| condition["type"] == kind && condition["status"] == "False");
    found.map(|condition| condition["message"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
}

#[test]
fn a_pool_is_counted_before_use_in_use_and_after() {
    let before = sweep("before", vec![pool("blue", &["172.17.0.4..172.17.0.5"], &[])]);
    assert_eq!(before.pools["blue"]["counts"], json!([0, 2, 0, 0]));
    assert_eq!(before.pools["blue"]["conditions"], json!(["Ready=True"]));
    let used = sweep("in use", vec![pool("blue", &["172.17.0.4..172.17.0.5"], &[]), from("p", "blue"), plain("q")]);
    let status = &used.statuses["blue"];
    assert_eq!(
        (&status["v4UsingIPRange"], &status["v4AvailableIPRange"]),
        (&json!("172.17.0.4"), &json!("172.17.0.5"))
    );
    assert_eq!(used.statuses["ext"]["v4usingIPrange"], "172.17.0.2,172.17.0.4", "others leave the pool alone");
    let acts =
        vec![pool("blue", &["172.17.0.4..172.17.0.5"], &[]), from("p", "blue"), Act::Delete(format!("{PODS}/p"), None)];
    assert_eq!(sweep("after", acts).pools["blue"]["counts"], json!([0, 2, 0, 0]));
}

#[test]
fn whoever_asks_for_a_pool_waits_until_it_is_there() {
    let waits = sweep("no pool", vec![from("p", "blue")]);
    assert_eq!(waits.pods["p"].1, Vec::<String>::new());
    let served = sweep("pool comes", vec![from("p", "blue"), pool("blue", &["172.17.0.5"], &[])]);
    assert_eq!(served.pods["p"].0, "Running");
    assert_eq!(served.statuses["ext"]["v4usingIPrange"], "172.17.0.5");
}

#[test]
fn the_addresses_of_a_pool_that_is_deleted_can_be_taken_again() {
    let all = pool("blue", &["172.17.0.0/29"], &[]);
    let waits = sweep("all in a pool", vec![all.clone(), plain("p")]);
    assert_eq!(waits.pods["p"].1, Vec::<String>::new());
    let served = sweep("pool deleted", vec![all, plain("p"), delete_pool("blue")]);
    assert_eq!((served.pods["p"].0.as_str(), served.pools.len()), ("Running", 0));
}

#[test]
fn a_pool_of_another_namespace_gives_nothing_neither_by_name_nor_by_address() {
    let theirs = pool("theirs", &["172.17.0.4..172.17.0.5"], &["other"]);
    let end = sweep("theirs", vec![theirs.clone(), from("p", "theirs"), fixed("q", "172.17.0.5")]);
    assert_eq!((end.claims.len(), &end.pods["q"].1), (0, &Vec::new()));
    let freed = sweep(
        "theirs no more",
        vec![
            theirs,
            from("p", "theirs"),
            fixed("q", "172.17.0.5"),
            Act::Patch(format!("{POOLS}/theirs"), json!({"spec": {"namespaces": []}})),
        ],
    );
    assert_eq!((freed.pods["p"].0.as_str(), freed.pods["q"].0.as_str()), ("Running", "Running"));
}

#[test]
fn the_pods_of_a_bound_namespace_take_from_its_pools_one_after_the_other_and_from_nowhere_else() {
    let acts = vec![
        pool("first", &["172.17.0.5"], &["default"]),
        pool("second", &["172.17.0.3"], &["default"]),
        plain("p"),
        plain("q"),
        plain("r"),
    ];
    let end = sweep("bound", acts.clone());
    assert_eq!(end.statuses["first"]["v4UsingIPRange"], "172.17.0.5");
    assert_eq!(end.statuses["second"]["v4UsingIPRange"], "172.17.0.3");
    assert_eq!(end.pods["r"].1, Vec::<String>::new(), "although other addresses are free");
    let more = sweep(
        "bound, more",
        [acts, vec![delete_pool("second"), pool("third", &["172.17.0.6"], &["default"])]].concat(),
    );
    assert_eq!(more.pods["r"].0, "Running");
}

#[test]
fn of_two_pools_that_overlap_the_younger_is_refused_until_the_older_is_gone() {
    let acts = vec![pool("old", &["172.17.0.4"], &[]), pool("new", &["172.17.0.3..172.17.0.5"], &[])];
    let refused = sweep("overlap", acts.clone());
    assert_eq!(refused.pools["new"]["conditions"], json!(["Ready=False", "Error=True"]));
    assert_eq!(told(&refused.statuses["new"], "Ready"), "it would share 172.17.0.4 with pool old");
    let taken = sweep("no overlap any more", [acts, vec![delete_pool("old"), from("p", "new")]].concat());
    assert_eq!(taken.pools["new"]["conditions"], json!(["Ready=True"]));
    assert_eq!(taken.statuses["new"]["v4UsingIPRange"], "172.17.0.3");
}

#[test]
fn a_pool_of_a_subnet_that_is_not_there_says_so() {
    let spec = json!({"subnet": "nowhere", "ips": ["10.0.0.1"]});
    let body = json!({"apiVersion": "kubeovn.io/v1", "kind": "IPPool", "metadata": {"name": "lost"}, "spec": spec});
    let end = sweep("lost", vec![Act::Create(POOLS.to_owned(), body)]);
    assert_eq!(told(&end.statuses["lost"], "Ready"), "Subnet nowhere is not there");
}

#[test]
fn a_pool_with_a_finalizer_of_kube_ovn_can_be_deleted() {
    let finalizers = json!({"metadata": {"finalizers": ["kubeovn.io/kube-ovn-controller"]}});
    let acts =
        vec![pool("old", &["172.17.0.4"], &[]), Act::Patch(format!("{POOLS}/old"), finalizers), delete_pool("old")];
    assert_eq!(sweep("adopted", acts).pools.len(), 0);
}
