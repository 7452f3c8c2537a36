//! The one client for both servers.
//!
//! In: requests. Out: code, warnings and body, whatever they are. Guarantees: no retries; every answer within a deadline.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use http_body_util::BodyExt;
use kube::client::Body;
use model::cluster::manage;
use model::{Options, Server};
use model_http::{Model, serve, system_time};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// Long enough for a busy machine; a server that needs more is stuck.
const DEADLINE: Duration = Duration::from_secs(60);

/// How often the simulated controllers look.
const PERIOD: Duration = Duration::from_millis(20);

/// A server to send stories to.
#[derive(Clone)]
pub struct Target {
    client: kube::Client,
    url: String,
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status code.
    pub code: u16,
    /// Texts of the `Warning` headers.
    pub warnings: Vec<String>,
    /// The body as JSON, or as a string where it is none; of a watch the list of its events.
    pub body: Value,
}

impl Target {
    /// A server behind this client.
    #[must_use]
    pub fn new(client: kube::Client) -> Self {
        Self { client, url: String::new() }
    }

    /// Where the model is served; empty for a server that was given by its client.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A fresh model behind HTTP on a free port, served by tasks of this runtime.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn model() -> Result<Self> {
        Ok(Self::serve().await?.1)
    }

    /// The same with the simulated controllers of kube-controller-manager.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn managed_model() -> Result<Self> {
        let (model, target) = Self::serve().await?;
        tokio::spawn(async move {
            loop {
                let now = model.now();
                model.with(|server| manage(server, now));
                tokio::time::sleep(PERIOD).await;
            }
        });
        Ok(target)
    }

    async fn serve() -> Result<(Model, Self)> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("bind a free port")?;
        let url = format!("http://{}", listener.local_addr()?);
        let options = Options { start: system_time(), ..Options::default() };
        let model = Model::new(Server::new(1, options), system_time);
        tokio::spawn(serve(model.clone(), listener));
        let mut config = kube::Config::new(url.parse()?);
        config.default_retry = false;
        Ok((model, Self { url, ..Self::new(kube::Client::try_from(config)?) }))
    }

    /// Sends one request. `until`: it is a watch, to be read up to the event of the object with that name.
    ///
    /// # Errors
    /// No answer, or not in time.
    pub async fn send(&self, request: http::Request<Vec<u8>>, until: Option<&str>) -> Result<Reply> {
        let shown = format!("{} {}", request.method(), request.uri());
        let answer = timeout(DEADLINE, self.answer(request, until)).await;
        answer.map_err(|_| anyhow!("no answer in {DEADLINE:?}")).and_then(|a| a).with_context(|| shown)
    }

    async fn answer(&self, request: http::Request<Vec<u8>>, until: Option<&str>) -> Result<Reply> {
        let response = self.client.send(request.map(Body::from)).await?;
        let code = response.status().as_u16();
        let headers = response.headers().get_all(http::header::WARNING).iter();
        let warnings = headers.filter_map(|v| v.to_str().ok()).map(unquote).collect();
        let body = match until {
            Some(until) if code == 200 => events(response.into_body(), until).await?,
            _ => {
                let bytes = response.into_body().collect().await.map_err(|e| anyhow!(e))?.to_bytes();
                parse(&bytes)
            }
        };
        Ok(Reply { code, warnings, body })
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").finish_non_exhaustive()
    }
}

/// `299 - "text"` without all but the text.
fn unquote(header: &str) -> String {
    let text = header.split_once('"').map_or(header, |(_, rest)| rest);
    text.strip_suffix('"').unwrap_or(text).replace("\\\"", "\"").replace("\\\\", "\\")
}

fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

/// Reads the lines of a watch.
async fn events(mut body: Body, until: &str) -> Result<Value> {
    let mut events = Vec::new();
    let mut buffer = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|e| anyhow!(e))?.into_data() else { continue };
        buffer.extend_from_slice(&data);
        while let Some(end) = buffer.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            let event = parse(&line);
            let last = event["object"]["metadata"]["name"] == until;
            events.push(event);
            if last {
                return Ok(Value::Array(events));
            }
        }
    }
    // An answer that is no watch need not end its line.
    if !buffer.is_empty() {
        events.push(parse(&buffer));
    }
    Ok(Value::Array(events))
}
