//! From flags and kubeconfigs to requests, and what is said where that fails.

#![allow(clippy::unwrap_used)] // A test program: its helpers may fail as its tests may.

mod support;

use api::slim::Kind;
use cluster::{ConnectError, ConnectOptions, connect};
use std::path::PathBuf;
use support::{Kept, Server, page};

#[tokio::test]
async fn a_request_carries_the_token_and_who_to_act_as() {
    let server = Server::start(|_| page(&[], "", None)).await;
    let options = ConnectOptions {
        as_user: Some("system:serviceaccount:ops:auditor".into()),
        as_groups: vec!["auditors".into(), "readers".into()],
        ..Default::default()
    };
    server.connect_with(options).await.list(Kind::Node, &mut Kept::default()).await;
    let headers = server.requests().remove(0).headers;
    assert_eq!(headers["authorization"], ["Bearer secret"]);
    assert_eq!(headers["impersonate-user"], ["system:serviceaccount:ops:auditor"]);
    assert_eq!(headers["impersonate-group"], ["auditors", "readers"]);
    assert_eq!(headers["accept"], ["application/json"]);
}

#[tokio::test]
async fn nobody_is_acted_for_unless_asked() {
    let server = Server::start(|_| page(&[], "", None)).await;
    server.connect().await.list(Kind::Node, &mut Kept::default()).await;
    let headers = server.requests().remove(0).headers;
    assert!(!headers.keys().any(|name| name.starts_with("impersonate")));
}

async fn failure(options: ConnectOptions) -> ConnectError {
    connect(&options).await.expect_err("it cannot connect")
}

#[tokio::test]
async fn a_group_without_a_user_is_refused_as_kubectl_does() {
    let error = failure(ConnectOptions { as_groups: vec!["g".into()], ..Default::default() }).await;
    assert_eq!(error.to_string(), "--as-group needs --as: a group is acted for together with a user");
}

#[tokio::test]
async fn a_context_that_does_not_exist_names_those_that_do() {
    let file = support::kubeconfig("http://127.0.0.1:1");
    let kubeconfig = Some(file.path().to_owned());
    let error = failure(ConnectOptions { kubeconfig, context: Some("prod".into()), ..Default::default() }).await;
    assert_eq!(error.to_string(), r#"the kubeconfig has no context "prod"; it has: "test", "other""#);
}

#[tokio::test]
async fn another_context_can_be_chosen() {
    let server = Server::start(|_| page(&[], "", None)).await;
    let cluster = server.connect_with(ConnectOptions { context: Some("other".into()), ..Default::default() }).await;
    assert!(cluster.list(Kind::Node, &mut Kept::default()).await.is_complete());
}

#[tokio::test]
async fn a_kubeconfig_that_is_named_must_exist_and_be_one() {
    let missing = PathBuf::from("/nonexistent/kubeconfig");
    let error = failure(ConnectOptions { kubeconfig: Some(missing), ..Default::default() }).await;
    assert_eq!(error.to_string(), "cannot read the kubeconfig /nonexistent/kubeconfig");

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "clusters: {").unwrap();
    let error = failure(ConnectOptions { kubeconfig: Some(file.path().to_owned()), ..Default::default() }).await;
    assert!(matches!(error, ConnectError::Kubeconfig { .. }), "{error}");
}

#[tokio::test]
async fn a_kubeconfig_without_a_current_context_says_so() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        "apiVersion: v1\nkind: Config\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n",
    )
    .unwrap();
    let error = failure(ConnectOptions { kubeconfig: Some(file.path().to_owned()), ..Default::default() }).await;
    assert_eq!(error.to_string(), r#"the kubeconfig has no current context: choose one with --context; it has: "a""#);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let file = support::kubeconfig("http://127.0.0.1:1");
    let kubeconfig = Some(file.path().to_owned());
    let options = ConnectOptions { kubeconfig, patience: support::no_pauses(), ..Default::default() };
    let cluster = connect(&options).await.unwrap();
    assert_eq!(cluster.server(), "http://127.0.0.1:1/");
    let error = cluster.server_version(|_| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot ask the server for its version (tried 3 times)");
}
