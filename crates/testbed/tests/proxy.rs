//! Claims about the proxy: what a client sees of each fault, and what the API server saw.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use futures::io::{AsyncBufRead, AsyncBufReadExt};
use http::Request;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use testbed::{ControlPlane, Fault, Proxy, Select, User, need};

const SOON: Duration = Duration::from_secs(60);

/// One control plane for all tests of this file: each has its own proxy, client name and objects.
fn bed() -> &'static ControlPlane {
    static BED: OnceLock<ControlPlane> = OnceLock::new();
    BED.get_or_init(|| ControlPlane::start().unwrap())
}

/// A client behind a proxy of its own.
struct Client {
    name: &'static str,
    client: kube::Client,
    proxy: Proxy,
}

impl Client {
    fn new(name: &'static str) -> Self {
        let proxy = bed().proxy().unwrap();
        let client = bed().client_at(&User::admin(), name, &proxy.server()).unwrap();
        Self { name, client, proxy }
    }

    async fn create(&self, object: &str) -> Result<String, kube::Error> {
        let body = serde_json::json!({"metadata": {"name": object, "labels": {"by": self.name}}});
        let request = Request::post("/api/v1/namespaces/default/configmaps").header("content-type", "application/json");
        self.client.request_text(request.body(body.to_string().into_bytes()).unwrap()).await
    }

    async fn get(&self, path: &str) -> Result<String, kube::Error> {
        self.client.request_text(Request::get(path).body(Vec::new()).unwrap()).await
    }

    /// The names of this client's objects as the API server has them.
    fn stored(&self) -> Vec<String> {
        let list = bed().get(&format!("/api/v1/namespaces/default/configmaps?labelSelector=by={}", self.name)).unwrap();
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn without_a_rule_everything_passes_and_the_token_says_who_it_is() {
    need!(ControlPlane);
    let client = Client::new("plain");
    client.create("plain-1").await.unwrap();
    assert_eq!(client.stored(), ["plain-1"]);
    let kubeconfig = bed().kubeconfig_at(&User::nobody(), &client.proxy.server()).unwrap();
    let refused = bed().kubectl(&["--kubeconfig", kubeconfig.to_str().unwrap(), "get", "pods"]).unwrap_err();
    assert!(refused.to_string().contains(r#"User "nobody" cannot list"#), "{refused}");
}

#[tokio::test]
async fn a_dropped_reply_leaves_the_object_stored_and_the_client_without_an_answer() {
    need!(ControlPlane);
    let client = Client::new("dropped");
    let select = Select::any().client("dropped").verb("create").resource("configmaps");
    let rule = client.proxy.inject_times(select, Fault::DropReply, 1);
    let error = client.create("dropped-1").await.unwrap_err();
    assert!(!matches!(error, kube::Error::Api(_)), "{error}");
    assert_eq!(rule.hits(), 1);
    assert_eq!(client.stored(), ["dropped-1"]);
    // The rule is used up: the same request gets its answer, which teaches the client what happened.
    let error = client.create("dropped-1").await.unwrap_err();
    assert!(matches!(&error, kube::Error::Api(status) if status.is_already_exists()), "{error}");
}

#[tokio::test]
async fn a_refused_request_never_reaches_the_server() {
    need!(ControlPlane);
    let client = Client::new("refused");
    let mark = bed().audit().mark().unwrap();
    let rule = client.proxy.inject(Select::any().verb("create"), Fault::Refuse);
    client.create("refused-1").await.unwrap_err();
    assert!(client.stored().is_empty());
    assert!(bed().audit().writes(mark, "refused").unwrap().is_empty());
    rule.lift();
    client.create("refused-1").await.unwrap();
    assert_eq!(client.stored(), ["refused-1"]);
}

#[tokio::test]
async fn an_answer_of_the_proxy_looks_like_one_of_the_server() {
    need!(ControlPlane);
    let client = Client::new("answered");
    let _rule = client.proxy.inject(Select::any().verb("create"), Fault::Answer(429));
    let error = client.create("answered-1").await.unwrap_err();
    assert!(matches!(&error, kube::Error::Api(status) if status.code == 429), "{error}");
    assert!(client.stored().is_empty());
}

#[tokio::test]
async fn a_delayed_request_comes_late_and_others_do_not() {
    need!(ControlPlane);
    let client = Client::new("delayed");
    let delay = Duration::from_millis(1500);
    let _rule = client.proxy.inject(Select::any().verb("create"), Fault::Delay(delay));
    let start = Instant::now();
    client.get("/version").await.unwrap();
    assert!(start.elapsed() < delay, "{:?}", start.elapsed());
    let start = Instant::now();
    client.create("delayed-1").await.unwrap();
    assert!(start.elapsed() >= delay, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_held_request_is_applied_when_its_rule_is_lifted() {
    need!(ControlPlane);
    let client = Client::new("held");
    let rule = client.proxy.inject(Select::any().verb("create"), Fault::Hold);
    let creating = client.create("held-1");
    let releasing = async {
        wait_hit(&rule).await;
        assert!(client.stored().is_empty());
        drop(rule);
    };
    let (created, ()) = tokio::join!(creating, releasing);
    created.unwrap();
    assert_eq!(client.stored(), ["held-1"]);
}

#[tokio::test]
async fn an_answer_that_is_cut_in_the_middle_is_an_error_for_the_client() {
    need!(ControlPlane);
    let client = Client::new("cut");
    let whole = client.get("/openapi/v2").await.unwrap().len();
    assert!(whole > 100_000, "{whole}");
    let _rule = client.proxy.inject_times(Select::any().resource("/openapi/v2"), Fault::CutReply { after: 50_000 }, 1);
    client.get("/openapi/v2").await.unwrap_err();
    client.get("/openapi/v2").await.unwrap();
}

#[tokio::test]
async fn events_of_one_client_are_held_back_in_order_and_none_is_lost() {
    need!(ControlPlane);
    let (slow, quick) = (Client::new("slow"), Client::new("quick"));
    let path = "/api/v1/namespaces/default/configmaps?watch=true&labelSelector=by=slow&resourceVersion=";
    let version = bed().get("/api/v1/namespaces/default/configmaps").unwrap()["metadata"]["resourceVersion"].clone();
    let path = format!("{path}{}", version.as_str().unwrap());
    let watch = |client: &Client| {
        let client = client.client.clone();
        let request = Request::get(&path).body(Vec::new()).unwrap();
        async move { Box::pin(client.request_stream(request).await.unwrap()) }
    };
    let mut slow_events = watch(&slow).await;
    let mut quick_events = watch(&quick).await;
    slow.create("slow-1").await.unwrap();
    assert_eq!(event(&mut slow_events).await, "ADDED slow-1");
    let rule = slow.proxy.inject(Select::any().verb("watch").resource("configmaps"), Fault::HoldEvents);
    for number in 2..5 {
        slow.create(&format!("slow-{number}")).await.unwrap();
    }
    for number in 1..5 {
        assert_eq!(event(&mut quick_events).await, format!("ADDED slow-{number}"));
    }
    wait_hit(&rule).await;
    let early = tokio::time::timeout(Duration::from_millis(500), event(&mut slow_events)).await;
    assert!(early.is_err(), "{early:?} was not held back");
    rule.lift();
    for number in 2..5 {
        assert_eq!(event(&mut slow_events).await, format!("ADDED slow-{number}"));
    }
    assert_eq!(slow.proxy.cut(&Select::any().verb("watch")), 1);
    let mut line = String::new();
    let ended = tokio::time::timeout(SOON, slow_events.read_line(&mut line)).await.unwrap();
    assert!(!matches!(ended, Ok(n) if n > 0), "{line}");
}

#[tokio::test]
async fn a_server_that_is_down_is_there_again_at_the_same_address() {
    need!(ControlPlane);
    let mut client = Client::new("down");
    client.create("down-1").await.unwrap();
    client.proxy.go_down();
    client.create("down-2").await.unwrap_err();
    client.proxy.come_up().unwrap();
    client.create("down-3").await.unwrap();
    assert_eq!(client.stored(), ["down-1", "down-3"]);
}

#[tokio::test]
async fn a_request_for_an_upgrade_is_refused_with_a_reason() {
    need!(ControlPlane);
    let client = Client::new("upgrade");
    let request = Request::get("/api/v1/namespaces/default/pods/x/exec").header("connection", "upgrade");
    let request = request.header("upgrade", "websocket").body(Vec::new()).unwrap();
    let error = client.client.request_text(request).await.unwrap_err();
    assert!(error.to_string().contains("does not upgrade"), "{error}");
}

/// Waits for a rule's first hit without stopping the tasks that are to cause it.
async fn wait_hit(rule: &testbed::Rule) {
    let start = Instant::now();
    while rule.hits() == 0 {
        assert!(start.elapsed() < SOON, "the rule was never applied");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The next event of a watch: its type and the name of its object.
async fn event(events: &mut (impl AsyncBufRead + Unpin)) -> String {
    let mut line = String::new();
    events.read_line(&mut line).await.unwrap();
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    let name = event["object"]["metadata"]["name"].as_str().unwrap();
    format!("{} {name}", event["type"].as_str().unwrap())
}
