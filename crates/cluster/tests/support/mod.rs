//! A small HTTP server on 127.0.0.1 that answers as a test says.
//!
//! In: a function from request to [`Reply`]. Out: the server's address, and every request that came. Guarantees: real
//! sockets, so that a connection can break where a test wants it; it ends with the test's runtime.

#![allow(dead_code, unreachable_pub)] // Each test program has this as a module, and uses its own part.

use cluster::{Cluster, ConnectOptions, Event, Intake, Listing, Patience, connect};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    /// Names in lower case; a header that came twice has two values.
    pub headers: BTreeMap<String, Vec<String>>,
    pub body: Vec<u8>,
}

impl Request {
    /// Method, path and query.
    pub fn line(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{} {}{mark}{}", self.method, self.path, self.query)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

/// What to do about a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answer it.
    Json(u16, Value),
    /// Answer it in plain text, as the API server does for resources that do not exist.
    Text(u16, String),
    /// Answer it with a header more.
    Header(u16, &'static str, &'static str),
    /// Close the connection without a word.
    Cut,
    /// Promise this answer, send half of it, and close the connection.
    Half(Value),
    /// Say nothing and keep the connection.
    Silence,
    /// Close all connections and take no more.
    Vanish,
}

/// The server.
pub struct Server {
    url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub async fn start(answer: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (gone, _) = watch::channel(false);
        let shared = Shared { answer: Arc::new(Mutex::new(answer)), requests: Arc::clone(&requests), gone };
        tokio::spawn(accept(listener, shared));
        Self { url, requests }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no test panicked with it").clone()
    }

    pub fn forget_requests(&self) {
        self.requests.lock().expect("no test panicked with it").clear();
    }

    pub fn lines(&self) -> Vec<String> {
        self.requests().iter().map(Request::line).collect()
    }

    /// A kubeconfig that leads here.
    pub fn kubeconfig(&self) -> tempfile::NamedTempFile {
        kubeconfig(&self.url)
    }

    /// A connection that waits for nothing.
    pub async fn connect(&self) -> Cluster {
        self.connect_with(ConnectOptions::default()).await
    }

    pub async fn connect_with(&self, options: ConnectOptions) -> Cluster {
        let file = self.kubeconfig();
        let kubeconfig = Some(file.path().to_owned());
        connect(&ConnectOptions { kubeconfig, patience: no_pauses(), ..options }).await.expect("a good kubeconfig")
    }
}

pub fn kubeconfig(url: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": "secret"}}],
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}, {"name": "other", "context": {"cluster": "c", "user": "u"}}],
    });
    std::fs::write(file.path(), config.to_string()).expect("a file that can be written");
    file
}

/// All attempts, none of the waiting.
pub fn no_pauses() -> Patience {
    Patience { deadline: Duration::from_secs(20), attempts: 3, pause: Duration::ZERO, longest_pause: Duration::ZERO }
}

struct Shared<F> {
    answer: Arc<Mutex<F>>,
    requests: Arc<Mutex<Vec<Request>>>,
    gone: watch::Sender<bool>,
}

impl<F> Clone for Shared<F> {
    fn clone(&self) -> Self {
        Self { answer: Arc::clone(&self.answer), requests: Arc::clone(&self.requests), gone: self.gone.clone() }
    }
}

async fn accept<F: FnMut(&Request) -> Reply + Send + 'static>(listener: TcpListener, shared: Shared<F>) {
    let mut gone = shared.gone.subscribe();
    loop {
        tokio::select! {
            _ = gone.wait_for(|gone| *gone) => return,
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { return };
                tokio::spawn(converse(stream, shared.clone()));
            }
        }
    }
}

async fn converse<F: FnMut(&Request) -> Reply + Send + 'static>(mut stream: TcpStream, shared: Shared<F>) {
    let mut gone = shared.gone.subscribe();
    let mut buffer = Vec::new();
    loop {
        let request = tokio::select! {
            _ = gone.wait_for(|gone| *gone) => return,
            request = receive(&mut stream, &mut buffer) => request,
        };
        let Some(request) = request else { return };
        let reply = (shared.answer.lock().expect("answers do not panic"))(&request);
        shared.requests.lock().expect("no test panicked with it").push(request);
        let sent = match reply {
            Reply::Json(status, value) => send(&mut stream, status, "application/json", "", &value.to_string()).await,
            Reply::Text(status, text) => send(&mut stream, status, "text/plain", "", &text).await,
            Reply::Header(status, name, value) => {
                send(&mut stream, status, "text/plain", &format!("{name}: {value}\r\n"), "").await
            }
            Reply::Half(value) => {
                let text = value.to_string();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", text.len());
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(&text.as_bytes()[..text.len() / 2]).await;
                return;
            }
            Reply::Cut => return,
            Reply::Silence => std::future::pending().await,
            Reply::Vanish => {
                shared.gone.send_replace(true);
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Reads one request; none where the client closed the connection.
async fn receive(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Request> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let mut headers = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        headers.entry(name.to_ascii_lowercase()).or_default().push(value.trim().to_owned());
    }
    let length: usize = headers.get("content-length").map_or(0, |values| values[0].parse().expect("a length"));
    while buffer.len() < end + 4 + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = buffer[end + 4..end + 4 + length].to_vec();
    buffer.drain(..end + 4 + length);
    Some(Request { method, path, query, headers, body })
}

async fn send(stream: &mut TcpStream, status: u16, kind: &str, headers: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\n{headers}content-length: {length}\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await
}

/// A page of a list.
pub fn page(names: &[&str], next: &str, remaining: Option<u64>) -> Reply {
    let items: Vec<Value> = names.iter().map(|name| json!({"metadata": {"name": name}})).collect();
    page_of(&items, next, remaining)
}

/// A page of whole objects.
pub fn page_of(items: &[Value], next: &str, remaining: Option<u64>) -> Reply {
    let mut metadata = json!({"resourceVersion": "77"});
    if !next.is_empty() {
        metadata["continue"] = json!(next);
    }
    if let Some(remaining) = remaining {
        metadata["remainingItemCount"] = json!(remaining);
    }
    Reply::Json(200, json!({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items}))
}

/// A refusal as the API server writes it.
pub fn status(code: u16, reason: &str, message: &str, name: &str) -> Reply {
    let details = json!({"name": name});
    Reply::Json(
        code,
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message, "details": details}),
    )
}

/// What the API server says about a resource that it does not have.
pub fn no_such_resource() -> Reply {
    Reply::Text(404, "404 page not found\n".to_owned())
}

/// Keeps what is listed.
#[derive(Debug, Default)]
pub struct Kept {
    pub objects: Vec<String>,
    pub events: Vec<String>,
}

impl Intake for Kept {
    fn object(&mut self, kind: api::slim::Kind, json: &[u8]) {
        let value: Value = serde_json::from_slice(json).expect("an object is JSON");
        self.objects.push(format!("{kind} {}", value["metadata"]["name"].as_str().expect("a name")));
    }

    fn restart(&mut self, kind: api::slim::Kind) {
        self.objects.retain(|object| !object.starts_with(&format!("{kind} ")));
    }

    fn event(&mut self, event: Event<'_>) {
        self.events.push(match event {
            Event::Page { kind, objects, remaining } => format!("{kind}: {objects}, {remaining:?} to come"),
            Event::Begun { .. } => return,
            Event::Retry { retry, .. } => retry.to_string(),
            Event::Expired { kind, objects } => format!("{kind}: {objects} void"),
            Event::Done { kind, listing } => format!("{kind}: {}", how(listing)),
        });
    }
}

fn how(listing: &Listing) -> &'static str {
    match listing {
        Listing::Complete { .. } => "complete",
        Listing::Absent => "absent",
        Listing::Forbidden(_) => "forbidden",
        Listing::Failed { .. } => "failed",
        Listing::Skipped { .. } => "skipped",
    }
}
