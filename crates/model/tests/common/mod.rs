//! A server, a clock and short spellings.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "tests; each test file uses its part"
)]

use model::{Body, Event, Options, Request, Response, Server, Timestamp, WatchId};
use serde_json::{Value, json};

pub struct Bed {
    pub server: Server,
    pub now: Timestamp,
}

impl Bed {
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        Self { server: Server::new(1, options), now: Timestamp::from_secs(1_800_000_000) }
    }

    pub fn send(&mut self, request: Request) -> Response {
        self.now = Timestamp(self.now.0 + 1000);
        self.server.handle(request, self.now)
    }

    /// Sends and expects a code; shows the body otherwise.
    #[track_caller]
    pub fn expect(&mut self, code: u16, request: Request) -> Value {
        let shown = format!("{:?} {} {:?}", request.method, request.path, request.body);
        let response = self.send(request);
        assert_eq!(response.code, code, "{shown}: {:#}", response.value());
        response.value()
    }

    #[track_caller]
    pub fn get(&mut self, path: &str) -> Value {
        self.expect(200, Request::get(path))
    }

    /// Sends and expects a refusal: code, reason, message.
    #[track_caller]
    pub fn refused(&mut self, code: u16, reason: &str, message: &str, request: Request) -> Value {
        let value = self.expect(code, request);
        assert_eq!((&value["reason"], &value["message"]), (&json!(reason), &json!(message)), "{value:#}");
        value
    }

    #[track_caller]
    pub fn watch(&mut self, request: Request) -> WatchId {
        let response = self.send(request.with("watch", "true"));
        match response.body {
            Body::Watch(id) => id,
            other => panic!("no watch: {other:?}"),
        }
    }

    /// The events due, as `TYPE name@resourceVersion`-less short text.
    pub fn events(&mut self, id: WatchId) -> Vec<String> {
        self.server.poll(id).iter().map(show).collect()
    }
}

pub fn show(event: &Event) -> String {
    let name = event.object["metadata"]["name"].as_str().or(event.object["reason"].as_str()).unwrap_or("");
    format!("{} {name}", event.kind.as_str())
}

pub fn rv(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

pub fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}})
}

pub const MAPS: &str = "/api/v1/namespaces/default/configmaps";
pub const PODS: &str = "/api/v1/namespaces/default/pods";
pub const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
pub const THINGS: &str = "/apis/test.io/v1/namespaces/default/things";

pub fn pod(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {"containers": [{"name": "c", "image": "busybox"}]}})
}

/// A definition of `things.test.io` with status and the given schema of the whole object.
pub fn crd(schema: Value) -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.test.io"},
        "spec": {"group": "test.io", "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing", "shortNames": ["th"]},
            "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": schema}}]}})
}

pub fn open_schema() -> Value {
    json!({"type": "object", "properties": {
        "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}})
}

pub fn thing(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "test.io/v1", "kind": "Thing", "metadata": {"name": name}, "spec": spec})
}

/// A definition out of `config/crds`: what `crates/api` generates and clusters get.
pub fn shipped(file: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/crds").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_saphyr::from_str(&text).unwrap()
}
