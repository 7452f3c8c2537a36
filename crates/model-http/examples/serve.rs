//! Serves a fresh model on loopback with its controllers: `cargo run -p model-http --example serve -- 8001`.

use std::time::Duration;

use model::cluster::{collect_garbage, empty_namespaces, settle};
use model::{Options, Server};
use model_http::{Model, serve, system_time};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|p| p.parse().ok()).unwrap_or(8001_u16);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    eprintln!("serving http://{}", listener.local_addr()?);
    let model = Model::new(Server::new(1, Options { start: system_time(), ..Options::default() }), system_time);
    let controlled = model.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = controlled.now();
            controlled.with(|server| {
                settle(
                    server,
                    now,
                    &mut [&mut collect_garbage, &mut empty_namespaces, &mut |s, now| s.finalize_definitions(now)],
                )
            });
        }
    });
    serve(model, listener).await
}
