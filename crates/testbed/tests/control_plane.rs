//! Claims about control planes: etcd and kube-apiserver, their users, their audit log, their faults.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use serde_json::json;
use std::time::{Duration, Instant};
use testbed::{ControlPlane, Error, Part, User, need};

const SOON: Duration = Duration::from_secs(60);

#[test]
fn two_control_planes_side_by_side_do_not_meet() {
    need!(ControlPlane);
    let start = Instant::now();
    let [one, other] = std::thread::scope(|scope| {
        let start = || scope.spawn(|| ControlPlane::start().unwrap());
        [start(), start()].map(|thread| thread.join().unwrap())
    });
    eprintln!("two control planes were ready after {:.1?}", start.elapsed());
    one.kubectl(&["create", "configmap", "mine"]).unwrap();
    other.kubectl(&["get", "configmap", "kube-root-ca.crt"]).unwrap_err();
    let names = other.kubectl(&["get", "configmap", "-o", "name"]).unwrap();
    assert!(!names.contains("mine"), "{names}");
    assert_ne!(one.server(), other.server());
    // A client of the one does not even trust the other.
    let stranger = one.kubeconfig_at(&User::admin(), other.server()).unwrap();
    let refused = one.kubectl(&["--kubeconfig", stranger.to_str().unwrap(), "get", "nodes"]).unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
    let logs = [&one, &other].map(|bed| bed.run().folder().join("audit.log"));
    assert!(logs.iter().all(|log| log.exists()));
    drop((one, other));
    assert!(logs.iter().all(|log| !log.exists()));
}

#[test]
fn users_have_the_rights_they_were_given_and_no_others() {
    need!(ControlPlane);
    let bed = ControlPlane::start().unwrap();
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]);
    let auditor = bed.user_with_rights("auditor", &rules).unwrap();
    bed.kubectl_as(&auditor, &["get", "pods", "--all-namespaces"]).unwrap();
    for (user, arguments) in [
        (&auditor, ["delete", "pod", "any"].as_slice()),
        (&auditor, ["get", "secrets"].as_slice()),
        (&User::nobody(), ["get", "pods"].as_slice()),
    ] {
        let refused = bed.kubectl_as(user, arguments).unwrap_err().to_string();
        assert!(refused.contains("Forbidden"), "{} {arguments:?}: {refused}", user.name);
        assert!(refused.contains(&user.name), "{refused}");
    }
}

/// A small object, for its writes to be counted.
fn story(value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: story}}\ndata: {{a: '{value}'}}\n")
}

#[test]
fn the_audit_log_counts_the_writes_of_one_client() {
    need!(ControlPlane);
    let bed = ControlPlane::start().unwrap();
    bed.kubectl(&["create", "configmap", "before"]).unwrap();
    let mark = bed.audit().mark().unwrap();
    bed.apply(&story("1")).unwrap();
    bed.apply(&story("1")).unwrap();
    bed.apply(&story("2")).unwrap();
    bed.get("/api/v1/namespaces/default/configmaps/story").unwrap();
    bed.kubectl(&["delete", "configmap", "story"]).unwrap();
    let writes = bed.audit().writes(mark, "kubectl").unwrap();
    let expected = [("create configmaps", 1), ("delete configmaps", 1), ("patch configmaps", 1)];
    assert_eq!(writes, expected.map(|(what, count)| (what.to_owned(), count)).into());
    assert!(bed.audit().writes(mark, "ipledger-testbed").unwrap().is_empty());
    let reads = bed.audit().calls(mark, "ipledger-testbed").unwrap();
    assert_eq!(reads.len(), 1, "{reads:?}");
    let read = &reads[0];
    assert_eq!((read.verb.as_str(), read.resource.as_str(), read.name.as_str()), ("get", "configmaps", "story"));
    assert_eq!((read.user.as_str(), read.code), ("admin", 200));
}

#[test]
fn every_process_can_be_killed_and_started_again() {
    need!(Controllers);
    let mut bed = ControlPlane::builder().controllers().start().unwrap();
    for (number, part) in
        [Part::Etcd, Part::ApiServer, Part::ControllerManager, Part::Scheduler].into_iter().enumerate()
    {
        let before = bed.process(part).unwrap().id();
        let start = Instant::now();
        bed.kill9(part).unwrap();
        assert_eq!(bed.process(part).unwrap().id(), None, "{part:?}");
        bed.restart(part).unwrap();
        eprintln!("{part:?}: killed, started and ready again in {:.1?}", start.elapsed());
        assert_ne!(bed.process(part).unwrap().id(), before, "{part:?}");
        // What was written before is still there, and the whole works: the controller makes pods of a Deployment.
        let names = bed.kubectl(&["get", "deployments", "-o", "name"]).unwrap();
        assert_eq!(names.lines().count(), number, "{names}");
        let name = format!("after-{number}");
        bed.kubectl(&["create", "deployment", &name, "--image", testbed::IMAGE]).unwrap();
        let path = format!("/api/v1/namespaces/default/pods?labelSelector=app={name}");
        bed.wait_for(&path, "to have a pod", SOON, |list| list["items"].as_array().is_some_and(|all| all.len() == 1))
            .unwrap();
    }
    let running = bed.restart(Part::Etcd).unwrap_err();
    assert!(matches!(running, Error::Misuse(_)), "{running}");
}

#[test]
fn the_audit_log_goes_on_after_its_server_was_killed() {
    need!(ControlPlane);
    let mut bed = ControlPlane::start().unwrap();
    bed.kill9(Part::ApiServer).unwrap();
    bed.restart(Part::ApiServer).unwrap();
    let mark = bed.audit().mark().unwrap();
    bed.kubectl(&["create", "configmap", "one"]).unwrap();
    assert_eq!(bed.audit().writes(mark, "kubectl").unwrap()["create configmaps"], 1);
}

#[test]
fn a_frozen_server_keeps_its_clients_waiting_and_a_thawed_one_answers() {
    need!(ControlPlane);
    let bed = ControlPlane::start().unwrap();
    bed.freeze(Part::Etcd).unwrap();
    let refused = bed.kubectl(&["create", "configmap", "one", "--request-timeout", "2s"]).unwrap_err();
    bed.thaw(Part::Etcd).unwrap();
    assert!(refused.to_string().to_lowercase().contains("time"), "{refused}");
    bed.kubectl(&["create", "configmap", "two"]).unwrap();
}

#[test]
fn a_wait_that_fails_shows_the_object_as_it_was_last() {
    need!(ControlPlane);
    let bed = ControlPlane::start().unwrap();
    let path = "/api/v1/namespaces/default";
    let error = bed.wait_for(path, "to be red", Duration::from_millis(300), |_| false).unwrap_err();
    assert!(error.to_string().contains(r#"last seen: {"phase":"Active"}"#), "{error}");
    let error = bed.wait_for("/api/v1/nodes/none", "to be", Duration::from_millis(300), |_| true).unwrap_err();
    assert!(error.to_string().contains("not found"), "{error}");
}
