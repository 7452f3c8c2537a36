//! A small API server on a loopback port: it lists, gets and deletes the objects that it was given.
#![allow(clippy::needless_pass_by_value)] // Builders read best with values in place.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// What it knows, and what it was asked.
#[derive(Default)]
pub struct State {
    /// Objects by the path of one: `/api/v1/namespaces/net/pods/p`.
    pub objects: BTreeMap<String, Value>,
    /// Objects that no list shows and a GET does: they came after the list.
    pub late: BTreeMap<String, Value>,
    /// Resources that may not be listed.
    pub forbidden: Vec<&'static str>,
    /// `METHOD path?query`, with the user that was impersonated and the body.
    pub asked: Vec<(String, String, Value)>,
}

/// A server that serves until the test process ends.
pub struct Server {
    pub state: Arc<Mutex<State>>,
    folder: tempfile::TempDir,
}

impl Server {
    /// Serves the items of a List.
    pub fn start(list: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let list: Value = serde_json::from_str(list).expect("JSON");
        let items = list["items"].as_array().expect("a List").clone();
        let objects = items.into_iter().map(|item| (path_of(&item), versioned(item))).collect();
        let state = Arc::new(Mutex::new(State { objects, ..State::default() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        let folder = tempfile::tempdir().expect("a folder");
        let config = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\nclusters:\n- name: c\n  cluster: {{server: 'http://127.0.0.1:{port}'}}\n\
             contexts:\n- name: test\n  context: {{cluster: c, user: u}}\nusers:\n- name: u\n  user: {{token: t}}\n"
        );
        std::fs::write(folder.path().join("config"), config).expect("written");
        Self { state, folder }
    }

    /// A kubeconfig for it.
    pub fn kubeconfig(&self) -> String {
        self.path("config").to_str().expect("text").to_owned()
    }

    /// A path in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `METHOD path?query` of everything that it was asked.
    pub fn calls(&self) -> Vec<String> {
        self.state.lock().expect("no test panics in it").asked.iter().map(|(call, ..)| call.clone()).collect()
    }
}

fn versioned(mut item: Value) -> Value {
    if item["metadata"]["resourceVersion"].is_null() {
        item["metadata"]["resourceVersion"] = json!("7");
    }
    item
}

/// The path of an object.
pub fn path_of(item: &Value) -> String {
    let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let kind = api::slim::Kind::from_api(&text("apiVersion"), &text("kind")).expect("a kind of ours");
    let base = if kind.group().is_empty() { "/api/v1".to_owned() } else { format!("/apis/{}", kind.api_version()) };
    let name = item["metadata"]["name"].as_str().expect("a name");
    match item["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("{base}/namespaces/{namespace}/{}/{name}", kind.plural()),
        None => format!("{base}/{}/{name}", kind.plural()),
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut stream = BufReader::new(stream);
    while let Some((method, target, user, body)) = request(&mut stream) {
        let (code, answer) = answer(&method, &target, user, &body, state);
        let text = answer.to_string();
        let head =
            format!("HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", text.len());
        if stream.get_mut().write_all(format!("{head}{text}").as_bytes()).is_err() {
            return;
        }
    }
}

fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, String, String, Value)> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let (mut length, mut user) = (0, String::new());
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "impersonate-user" => user = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((method, target, user, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

fn answer(method: &str, target: &str, user: String, body: &Value, state: &Mutex<State>) -> (u16, Value) {
    let mut state = state.lock().expect("no test panics in it");
    state.asked.push((format!("{method} {target}"), user, body.clone()));
    let path = target.split('?').next().unwrap_or_default();
    let resource = path.rsplit('/').next().unwrap_or_default();
    if api::slim::Kind::from_resource(resource).is_some_and(|kind| kind.plural() == resource) {
        if state.forbidden.contains(&resource) {
            return status(403, "Forbidden", "not allowed");
        }
        let (base, plural) = path.rsplit_once('/').unwrap_or_default();
        let is_item = |of: &str| of.starts_with(base) && of.rsplit('/').nth(1) == Some(plural);
        let items: Vec<&Value> = state.objects.iter().filter(|(of, _)| is_item(of)).map(|(_, item)| item).collect();
        return (
            200,
            json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "9"}, "items": items}),
        );
    }
    let Some(found) = state.objects.get(path).or(state.late.get(path)).cloned() else {
        let (code, mut said) = status(404, "NotFound", "not found");
        // As the API server says which object it does not have.
        said["details"] = json!({"name": resource});
        return (code, said);
    };
    if method == "DELETE" {
        let preconditions = &body["preconditions"];
        let holds = preconditions["uid"] == found["metadata"]["uid"]
            && preconditions["resourceVersion"] == found["metadata"]["resourceVersion"];
        if !holds {
            return status(409, "Conflict", "preconditions failed");
        }
        // As the API server: it does not look at the query of a delete that has a body.
        if body["dryRun"] != json!(["All"]) {
            state.objects.remove(path);
        }
    }
    (200, found)
}

fn status(code: u16, reason: &str, message: &str) -> (u16, Value) {
    (
        code,
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code}),
    )
}
