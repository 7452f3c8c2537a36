//! Reading a cluster over HTTP: pages, expiry, missing kinds, missing rights, servers that go away.
#![allow(clippy::unwrap_used)]

mod support;

use api::slim::{Kind, Time};
use cluster::{ConnectError, ConnectOptions, Listed, ORDER, Why, connect, list, read};
use serde_json::{Value, json};
use support::{Reply, Server, empty, page, status};

fn ip(name: &str) -> Value {
    json!({"metadata": {"name": name, "resourceVersion": "1"}, "spec": {"subnet": "s", "v4IpAddress": "10.0.0.2"}})
}

async fn listed(server: &Server, kind: Kind) -> (Listed, Vec<String>) {
    let names = std::cell::RefCell::new(Vec::new());
    let mut sink = |object: Value| names.borrow_mut().push(object["metadata"]["name"].as_str().unwrap().to_owned());
    let listed = list(&server.client().await, kind, &mut sink, &mut || names.borrow_mut().clear()).await;
    (listed, names.into_inner())
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let server = Server::start(|asked| match asked.query.contains("continue=next") {
        false => page(&[ip("a"), ip("b")], "next"),
        true => page(&[ip("c")], ""),
    })
    .await;
    let (listed, names) = listed(&server, Kind::Ip).await;
    assert_eq!(listed, Listed::Complete { objects: 3, restarted: false });
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(server.calls().len(), 2);
    assert!(server.calls()[0].starts_with("GET /apis/kubeovn.io/v1/ips?"), "{:?}", server.calls());
    assert!(server.calls()[0].contains("limit=500"));
}

#[tokio::test]
async fn a_list_that_expires_half_way_is_begun_again_once() {
    let expired = std::sync::atomic::AtomicBool::new(false);
    let server = Server::start(move |asked| match asked.query.contains("continue=next") {
        false => page(&[ip("a")], "next"),
        true if !expired.swap(true, std::sync::atomic::Ordering::SeqCst) => status(410, "Expired", "too old"),
        true => page(&[ip("b")], ""),
    })
    .await;
    let (listed, names) = listed(&server, Kind::Ip).await;
    assert_eq!(listed, Listed::Complete { objects: 2, restarted: true });
    assert_eq!(names, ["a", "b"], "what the expired list gave is forgotten, and nothing is there twice");
}

#[tokio::test]
async fn a_kind_that_the_server_lacks_is_complete_and_empty() {
    let server = Server::start(|_| status(404, "NotFound", "the server could not find the requested resource")).await;
    assert_eq!(listed(&server, Kind::VirtualMachine).await.0, Listed::Absent);
}

#[tokio::test]
async fn a_forbidden_kind_says_which_rule_is_missing() {
    let server = Server::start(|_| status(403, "Forbidden", "no")).await;
    let (listed, _) = listed(&server, Kind::Ip).await;
    let Listed::Stopped(why) = listed else { panic!("{listed:?}") };
    assert_eq!(
        why.to_string(),
        "listing ips is forbidden: allow it with verbs [get, list] on ips in apiGroup \"kubeovn.io\""
    );
}

#[tokio::test]
async fn a_server_that_goes_away_half_way_keeps_what_was_read() {
    let server = Server::start(|asked| match asked.query.contains("continue=next") {
        false => page(&[ip("a")], "next"),
        true => Reply::Cut,
    })
    .await;
    let (listed, names) = listed(&server, Kind::Ip).await;
    assert!(matches!(&listed, Listed::Stopped(Why::Failed { objects: 1, .. })), "{listed:?}");
    assert_eq!(names, ["a"]);
    assert_eq!(server.calls().len(), 5, "one page, and four tries of the next");
}

#[tokio::test]
async fn a_whole_cluster_is_read_records_before_holders_and_what_is_missing_is_said() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/apis/kubeovn.io/v1/ips" => page(&[ip("a")], ""),
        "/api/v1/pods" => status(403, "Forbidden", "no"),
        path if path.starts_with("/apis/kubevirt.io") => status(404, "NotFound", "no such resource"),
        _ => empty(),
    })
    .await;
    let live = read(&server.client().await, &mut |_| {}, || Time(1_800_000_000)).await;
    let (world, unreadable) = live.world(60);
    assert_eq!(world.ips.len(), 1);
    assert!(!world.coverage.is_complete(Kind::Pod));
    assert!(world.coverage.is_complete(Kind::VirtualMachine) && world.coverage.is_complete(Kind::Subnet));
    assert_eq!(unreadable.len(), 1);
    assert_eq!(unreadable[0].path, "pods");
    let position = |path: &str| server.calls().iter().position(|call| call.contains(path)).unwrap();
    assert!(position("/ips?") < position("/statefulsets?") && position("/statefulsets?") < position("/pods?"));
    assert_eq!(ORDER.iter().collect::<std::collections::BTreeSet<_>>().len(), Kind::ALL.len(), "every kind, once");
}

#[tokio::test]
async fn somebody_else_can_be_acted_as() {
    let server = Server::start(|_| empty()).await;
    let options = ConnectOptions {
        as_user: Some("jane".to_owned()),
        as_groups: vec!["net".to_owned(), "ops".to_owned()],
        ..ConnectOptions::default()
    };
    let client = server.client_as(options).await;
    list(&client, Kind::Ip, &mut |_| {}, &mut || {}).await;
    let asked = server.asked.lock().unwrap()[0].clone();
    assert_eq!(asked.header("impersonate-user"), Some("jane"));
    let groups: Vec<_> =
        asked.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("impersonate-group")).collect();
    assert_eq!(groups.len(), 2);
}

#[tokio::test]
async fn an_unknown_context_is_refused_with_those_that_there_are() {
    let server = Server::start(|_| empty()).await;
    let options = ConnectOptions {
        kubeconfig: Some(server.kubeconfig()),
        context: Some("prod".to_owned()),
        ..ConnectOptions::default()
    };
    let Err(error) = connect(&options).await else { panic!("connected") };
    assert!(matches!(error, ConnectError::NoContext { .. }));
    assert_eq!(error.to_string(), "the kubeconfig has no context `prod`; it has test");
}
