//! Claims about `ipledger repair` on a live cluster.

use crate::stage::{Controller, Running, SOON, Said, Stage, ipledger, pod};
use std::path::{Path, PathBuf};
use testbed::{Fault, Mark, Select, User, need};

const P1: &str = "p1.net.mv.net";
const P2: &str = "p2.net.mv.net";

fn admin(stage: &Stage, arguments: &[&str]) -> Said {
    ipledger(stage.bed, &User::admin(), arguments)
}

/// Plans the release of both leaks into a file.
fn plan(stage: &Stage) -> PathBuf {
    let path = stage.path("plan.yaml");
    let said = admin(stage, &["repair", "plan", "--grace", "0"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains(P1) && said.out.contains(P2), "{said:?}");
    std::fs::write(&path, said.out).unwrap();
    path
}

fn apply(stage: &Stage, plan: &Path, more: &[&str]) -> Said {
    admin(stage, &[&["repair", "apply", plan.to_str().unwrap()], more].concat())
}

/// How often an IP object's deletion was asked for and taken, dry runs included, and with which answers.
fn deletions(stage: &Stage, since: Mark) -> Vec<(String, u16)> {
    let calls = stage.bed.audit().calls(since, "ipledger/").unwrap();
    assert!(calls.iter().all(|call| !call.is_write() || call.verb == "delete"), "{calls:#?}");
    calls.into_iter().filter(testbed::Call::is_write).map(|call| (call.name, call.code)).collect()
}

fn is_there(stage: &Stage, pod: &str) -> bool {
    match stage.ip_of(pod) {
        Ok(ip) => ip["metadata"]["deletionTimestamp"].is_null(),
        Err(error) if error.status_code() == Some(404) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_plan_is_carried_out_and_the_audit_afterwards_finds_none_of_it() {
    need!(ControlPlane);
    let stage = Stage::set();
    let _controller = Controller::start(stage.bed);
    let plan = plan(&stage);
    let unasked = apply(&stage, &plan, &[]);
    assert_eq!(unasked.code, 2, "without a terminal it does not ask, and does nothing: {unasked:?}");
    assert!(unasked.err.contains("add --yes"), "{unasked:?}");
    let mark = stage.bed.audit().mark().unwrap();
    let done = apply(&stage, &plan, &["--yes"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("done: 10.9.0.2 is available in Subnet ext again"), "{done:?}");
    assert!(done.out.contains("audited again: none of it is left"), "{done:?}");
    assert_eq!(deletions(&stage, mark), [(P1.to_owned(), 200), (P2.to_owned(), 200)]);
    assert!(!is_there(&stage, "p1") && !is_there(&stage, "p2") && is_there(&stage, "q"));
    let again = apply(&stage, &plan, &["--yes"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(again.out.matches("done already").count(), 2, "{again:?}");
}

#[test]
fn a_dry_run_asks_the_server_and_changes_nothing() {
    need!(ControlPlane);
    let stage = Stage::set();
    let plan = plan(&stage);
    let before = stage.ip_of("p1").unwrap();
    let mark = stage.bed.audit().mark().unwrap();
    let said = apply(&stage, &plan, &["--dry-run=server"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(said.out.matches("would be done: the server agrees").count(), 2, "{said:?}");
    assert_eq!(deletions(&stage, mark), [(P1.to_owned(), 200), (P2.to_owned(), 200)]);
    assert_eq!(stage.ip_of("p1").unwrap(), before);
}

#[test]
fn a_dry_run_without_the_right_to_delete_tells_so() {
    need!(ControlPlane);
    let stage = Stage::set();
    let plan = plan(&stage);
    let rules = serde_json::Value::Array(crate::stage::documented_rules(stage.bed));
    let reader = stage.bed.user_with_rights("reader", &rules).unwrap();
    let said = ipledger(stage.bed, &reader, &["repair", "apply", plan.to_str().unwrap(), "--dry-run=server"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("NOT done") && said.out.contains("403 Forbidden"), "{said:?}");
    assert!(is_there(&stage, "p1"));
}

#[test]
fn an_object_that_changed_since_the_plan_stops_it_before_any_write() {
    need!(ControlPlane);
    let stage = Stage::set();
    let plan = plan(&stage);
    stage.bed.kubectl(&["label", "ips.kubeovn.io", P1, "a-person=looked"]).unwrap();
    let mark = stage.bed.audit().mark().unwrap();
    let said = apply(&stage, &plan, &["--yes"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("was changed since it was judged"), "{said:?}");
    assert!(said.err.contains("1 later actions were not begun"), "{said:?}");
    assert_eq!(deletions(&stage, mark), []);
}

#[test]
fn an_object_that_changes_between_the_last_look_and_the_call_is_refused_by_the_server() {
    need!(ControlPlane);
    let stage = Stage::set();
    let plan = plan(&stage);
    let proxy = stage.bed.proxy().unwrap();
    let kubeconfig = stage.bed.kubeconfig_at(&User::admin(), &proxy.server()).unwrap();
    let held = proxy.inject_times(Select::any().verb("delete"), Fault::Hold, 1);
    let mark = stage.bed.audit().mark().unwrap();
    let running = Running::start(stage.bed, &kubeconfig, &["repair", "apply", plan.to_str().unwrap(), "--yes"]);
    held.wait_hits(1, SOON).unwrap();
    stage.bed.kubectl(&["label", "ips.kubeovn.io", P1, "a-person=looked"]).unwrap();
    held.lift();
    let said = running.end();
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("NOT done") && said.out.contains("409 Conflict"), "{said:?}");
    assert_eq!(deletions(&stage, mark), [(P1.to_owned(), 409)]);
    assert!(is_there(&stage, "p1") && is_there(&stage, "p2"));
}

#[test]
fn an_object_that_was_made_anew_is_not_the_one_that_was_judged() {
    need!(ControlPlane);
    let stage = Stage::set();
    let plan = plan(&stage);
    drop(stage);
    // Everything anew, under the same names.
    let stage = Stage::set();
    let said = apply(&stage, &plan, &["--yes"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("was made anew since it was judged"), "{said:?}");
    assert!(is_there(&stage, "p1"));
}

#[test]
fn a_pod_that_came_back_keeps_its_record() {
    need!(ControlPlane);
    let stage = Stage::set();
    let plan = plan(&stage);
    stage.bed.apply(&pod("p1", 2)).unwrap();
    let said = apply(&stage, &plan, &["--yes"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("NOT done: Pod net/p1 exists again"), "{said:?}");
    assert!(is_there(&stage, "p1"));
}

#[test]
fn a_run_that_is_killed_while_it_waits_for_a_release_is_finished_by_the_next() {
    need!(ControlPlane);
    let stage = Stage::set();
    let plan = plan(&stage);
    let kubeconfig = stage.bed.kubeconfig(&User::admin()).unwrap();
    let mark = stage.bed.audit().mark().unwrap();
    let running = Running::start(stage.bed, &kubeconfig, &["repair", "apply", plan.to_str().unwrap(), "--yes"]);
    let path = format!("{}/{P1}", crate::stage::IPS);
    stage
        .bed
        .wait_for(&path, "to be marked as deleted", SOON, |ip| ip["metadata"]["deletionTimestamp"].is_string())
        .unwrap();
    running.kill();
    assert!(is_there(&stage, "p2"), "nobody released the first, so the second was not begun");
    let _controller = Controller::start(stage.bed);
    let again = apply(&stage, &plan, &["--yes"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(again.out.matches("done already").count(), 1, "{again:?}");
    assert!(again.out.contains("done: 10.9.0.4 is available"), "{again:?}");
    assert_eq!(deletions(&stage, mark), [(P1.to_owned(), 200), (P2.to_owned(), 200)], "each once");
}

#[test]
fn a_call_whose_answer_is_lost_is_not_sent_again_and_the_next_run_sees_that_it_was_done() {
    need!(ControlPlane);
    let stage = Stage::set();
    let plan = plan(&stage);
    let _controller = Controller::start(stage.bed);
    let proxy = stage.bed.proxy().unwrap();
    let kubeconfig = stage.bed.kubeconfig_at(&User::admin(), &proxy.server()).unwrap();
    let lost = proxy.inject_times(Select::any().verb("delete").name(P1), Fault::DropReply, 1);
    let mark = stage.bed.audit().mark().unwrap();
    let arguments = ["repair", "apply", plan.to_str().unwrap(), "--yes"];
    let said = Running::start(stage.bed, &kubeconfig, &arguments).end();
    assert_eq!((said.code, lost.hits()), (1, 1), "{said:?}");
    assert!(said.out.contains("NOT done") && said.out.contains("cannot be reached"), "{said:?}");
    assert_eq!(deletions(&stage, mark), [(P1.to_owned(), 200)], "once, and nothing after it");
    let again = Running::start(stage.bed, &kubeconfig, &arguments).end();
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(again.out.matches("done already").count(), 1, "{again:?}");
}
