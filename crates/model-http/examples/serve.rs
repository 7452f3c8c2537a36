//! Serves a fresh model on loopback with a node and its controllers: `cargo run -p model-http --example serve -- 8001`.

use std::time::Duration;

use model::cluster::manage;
use model::{Options, Request, Server};
use model_http::{Model, serve, system_time};
use serde_json::json;
use tokio::net::TcpListener;

/// How often the controllers look; well below what a person or a client notices.
const PERIOD: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|p| p.parse().ok()).unwrap_or(8001_u16);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    eprintln!("serving http://{}", listener.local_addr()?);
    let model = Model::new(Server::new(1, Options { start: system_time(), ..Options::default() }), system_time);
    add_node(&model);
    let controlled = model.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(PERIOD).await;
            let now = controlled.now();
            controlled.with(|server| manage(server, now));
        }
    });
    serve(model, listener).await
}

fn add_node(model: &Model) {
    let node = json!({"metadata": {"name": "node1", "labels": {"kubernetes.io/hostname": "node1"}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    let answer = model.handle(Request::post("/api/v1/nodes", node));
    assert_eq!(answer.code, 201, "{}", answer.message());
}
