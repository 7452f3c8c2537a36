//! What lies under the controller fails.
//!
//! In: an API server that is killed, an etcd that is frozen, replies that are lost after the request was applied, requests that
//! never arrive, connections that are cut. Out: once it is over, every pod has one address, none is lost, the counts are the claims,
//! and a restart has nothing to write.

use super::network::{network, pod};
use super::pods::{delete_pods, make_pods, wait_for_silence, wait_served};
use crate::stage::SOON;
use crate::stage::managed::{Managed, NO_LEASE, PODS};
use crate::stage::nodes::Nodes;
use serde_json::Value;
use std::time::{Duration, Instant};
use testbed::{Fault, Look, Part, Select, User, need, wait};

/// Longer than any request may take here, shorter than the patience of a reader.
const FROZEN: Duration = Duration::from_secs(6);

fn scene() -> Managed {
    let managed = Managed::idle();
    managed.node("node1");
    managed.bed.apply(&network("ext", "172.17.0.0/24", "")).unwrap();
    managed
}

/// Asks until the server takes it, as people and Kubernetes' own parts do.
fn insist(managed: &Managed, what: &str, mut ask: impl FnMut() -> testbed::Result<Value>) {
    managed.wait(what, || match ask() {
        Ok(_) => Look::Done(()),
        // It was applied before, and the answer was lost.
        Err(error) if matches!(error.status_code(), Some(409 | 404)) => Look::Done(()),
        Err(error) => Look::NotYet(error.to_string()),
    });
}

fn pods(managed: &Managed, prefix: &str, many: usize) {
    for at in 0..many {
        let pod = pod(&format!("{prefix}{at}"), "ext", &Value::Null);
        insist(managed, "a pod to be made", || managed.admin.post(PODS, &pod));
    }
}

/// Nothing is left to do, for a new process neither.
fn settled(managed: &mut Managed) {
    wait_for_silence(managed, Duration::from_secs(3));
    managed.stop();
    let mark = managed.bed.audit().mark().unwrap();
    managed.go_with(&NO_LEASE);
    pods(managed, "probe", 1);
    managed.wait("the probe to be served", || {
        let probe = managed.admin.get(&format!("{PODS}/probe0"));
        let told = probe
            .as_ref()
            .is_ok_and(|pod| pod["metadata"]["annotations"].get("ext.default.kubernetes.io/ip_address").is_some());
        if told { Look::Done(()) } else { Look::NotYet(format!("{probe:?}")) }
    });
    wait_for_silence(managed, Duration::from_secs(2));
    let mut writes = managed.writes(mark);
    // The Subnet's count is written at once and again a second later where more came.
    writes.retain(|what, _| !what.contains("subnets"));
    let of_one = ["create addressclaims.ipledger.dev", "create ips.kubeovn.io", "patch pods"];
    assert_eq!(writes, of_one.map(|what| (what.to_owned(), 1)).into(), "what the one before did is not done again");
    managed.assert_audited();
}

#[test]
fn an_api_server_that_is_killed_and_an_etcd_that_hangs_cost_time_and_nothing_else() {
    need!(Controllers);
    let mut managed = scene();
    managed.go_with(&NO_LEASE);
    managed.wait_using(0);
    pods(&managed, "a", 20);
    managed.bed.kill9(Part::ApiServer).unwrap();
    managed.bed.restart(Part::ApiServer).unwrap();
    let begun = Instant::now();
    pods(&managed, "b", 20);
    wait_served(&managed, 40);
    eprintln!("served {:.1?} after the API server was back", begun.elapsed());
    // In the middle of calls again, releases among them.
    let nodes = Nodes::start(managed.bed.requests(&User::admin()).unwrap(), &["node1"]);
    delete_pods(&managed, "a", 0..20);
    managed.bed.kill9(Part::ApiServer).unwrap();
    managed.bed.restart(Part::ApiServer).unwrap();
    wait_served(&managed, 20);
    pods(&managed, "c", 20);
    delete_pods(&managed, "b", 0..20);
    managed.bed.freeze(Part::Etcd).unwrap();
    let frozen = Instant::now();
    wait("time to pass with a frozen etcd", FROZEN * 2, || {
        let passed = frozen.elapsed() >= FROZEN;
        Ok(if passed { Look::Done(()) } else { Look::NotYet("etcd is frozen".to_owned()) })
    })
    .unwrap();
    managed.bed.thaw(Part::Etcd).unwrap();
    let begun = Instant::now();
    wait_served(&managed, 20);
    eprintln!("served {:.1?} after etcd went on", begun.elapsed());
    settled(&mut managed);
    drop(nodes);
}

#[test]
fn replies_that_are_lost_after_the_request_was_applied_make_no_second_address() {
    need!(Controllers);
    let mut managed = scene();
    let proxy = managed.bed.proxy().unwrap();
    let controller = managed.another("controller", &proxy.server(), &NO_LEASE);
    managed.wait_using(0);
    let nodes = Nodes::start(managed.bed.requests(&User::admin()).unwrap(), &["node1"]);
    let lose = |verb: &str, resource: &str, times| {
        proxy.inject_times(Select::any().client("ipledger/").verb(verb).resource(resource), Fault::DropReply, times)
    };
    let mark = managed.bed.audit().mark().unwrap();
    let begun = Instant::now();
    let lost = [
        lose("create", "addressclaims.ipledger.dev", 10),
        lose("create", "ips.kubeovn.io", 10),
        lose("patch", "pods", 10),
        lose("patch", "subnets.kubeovn.io/status", 3),
    ];
    make_pods(&managed, "p", 0..30);
    wait_served(&managed, 30);
    lost.iter().for_each(|rule| rule.wait_hits(1, SOON).unwrap());
    let hits: Vec<usize> = lost.iter().map(testbed::Rule::hits).collect();
    eprintln!("30 pods in {:.1?} with lost replies {hits:?}: {:?}", begun.elapsed(), managed.writes(mark));
    let mark = managed.bed.audit().mark().unwrap();
    let gone = [lose("delete", "addressclaims.ipledger.dev", 5), lose("delete", "ips.kubeovn.io", 5)];
    let never = proxy.inject_times(Select::any().client("ipledger/").verb("delete"), Fault::Refuse, 5);
    delete_pods(&managed, "p", 0..30);
    make_pods(&managed, "q", 0..30);
    // Streams break too, in the middle of all this.
    proxy.cut(&Select::any().verb("watch"));
    wait_served(&managed, 30);
    gone.iter().for_each(|rule| rule.wait_hits(1, SOON).unwrap());
    never.wait_hits(1, SOON).unwrap();
    eprintln!("30 others in their place: {:?}", managed.writes(mark));
    drop((lost, gone, never));
    wait_for_silence(&managed, Duration::from_secs(3));
    controller.stop();
    managed.go_with(&NO_LEASE);
    settled(&mut managed);
    drop(nodes);
}
