//! A small API server on a loopback port: it answers by a function and keeps what it was asked.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // Each test file uses its share.

use cluster::{Client, ConnectOptions, connect};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Asked {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// An answer: status and body, or a connection that is cut.
pub enum Reply {
    Json(u16, Value),
    Cut,
}

type Answer = dyn Fn(&Asked) -> Reply + Send + Sync;

/// A server that runs until it is dropped.
pub struct Server {
    pub asked: Arc<Mutex<Vec<Asked>>>,
    port: u16,
    task: tokio::task::JoinHandle<()>,
    folder: tempfile::TempDir,
}

impl Server {
    /// Starts a server on a free port.
    pub async fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer): (_, Arc<Answer>) = (asked.clone(), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, log.clone(), answer.clone()));
            }
        });
        Self { asked, port, task, folder: tempfile::tempdir().unwrap() }
    }

    /// A kubeconfig for it.
    pub fn kubeconfig(&self) -> std::path::PathBuf {
        let path = self.folder.path().join("config");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\nclusters:\n- name: c\n  cluster: {{server: 'http://127.0.0.1:{}'}}\n\
             contexts:\n- name: test\n  context: {{cluster: c, user: u}}\nusers:\n- name: u\n  user: {{token: t}}\n",
            self.port
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A client of it.
    pub async fn client(&self) -> Client {
        self.client_as(ConnectOptions::default()).await
    }

    /// A client of it with options.
    pub async fn client_as(&self, options: ConnectOptions) -> Client {
        connect(&ConnectOptions { kubeconfig: Some(self.kubeconfig()), ..options }).await.unwrap()
    }

    /// What it was asked: `GET /path?query`.
    pub fn calls(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .map(|a| format!("{} {}{}{}", a.method, a.path, if a.query.is_empty() { "" } else { "?" }, a.query))
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, log: Arc<Mutex<Vec<Asked>>>, answer: Arc<Answer>) {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = request(&mut stream).await {
        log.lock().unwrap().push(asked.clone());
        let Reply::Json(code, body) = answer(&asked) else { return };
        let body = body.to_string();
        let head =
            format!("HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        if stream.get_mut().write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    if stream.read_line(&mut line).await.ok()? == 0 {
        return None;
    }
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').map_or((target.as_str(), ""), |(path, query)| (path, query));
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Some(Asked { method, path: path.to_owned(), query: query.to_owned(), headers, body })
}

/// A Kubernetes Status.
pub fn status(code: u16, reason: &str, message: &str) -> Reply {
    Reply::Json(
        code,
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code}),
    )
}

/// An empty list.
pub fn empty() -> Reply {
    page(&[], "")
}

/// A page of a list.
pub fn page(items: &[Value], token: &str) -> Reply {
    Reply::Json(
        200,
        json!({"kind": "List", "apiVersion": "v1", "metadata": {"continue": token, "resourceVersion": "9"}, "items": items}),
    )
}
