//! Requests to the API server for tests and for the bed itself.
//!
//! In: a server, a user, a path. Out: kube clients, and plain requests that block until the answer is there. Everything
//! asynchronous runs on one runtime of the bed's own, so that these calls work in plain tests and inside tokio's alike.

use crate::control_plane::ControlPlane;
use crate::error::{Error, Result};
use crate::user::User;
use serde_json::Value;
use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::Runtime;

/// No request of the bed's own takes long, but a frozen server answers none.
const ANSWER_DEADLINE: Duration = Duration::from_secs(30);

/// The runtime of the bed's own tasks: clients and proxies.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).thread_name("testbed").enable_all();
        builder.build().expect("a process may start two threads")
    })
}

/// Waits for a future that runs on the bed's runtime. Unlike `block_on` it may be called from another runtime's thread.
pub(crate) fn block<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let (send, receive) = std::sync::mpsc::channel();
    runtime().spawn(async move { send.send(future.await) });
    receive.recv().expect("the bed's tasks do not panic")
}

/// Plain requests as one user, on connections that stay open: for a test that makes many. Each blocks until its answer is
/// there.
#[derive(Clone)]
pub struct Requests {
    client: kube::Client,
}

impl Requests {
    /// Nothing is sent yet.
    pub(crate) fn new(server: &str, authority: &[u8], user: &User) -> Result<Self> {
        Ok(Self { client: client(server, authority, user, "ipledger-testbed")? })
    }

    /// GETs a path of the API, as `/api/v1/nodes`.
    ///
    /// # Errors
    /// The answer is not 2xx, or no JSON.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.json("GET", path, None, "application/json")
    }

    /// POSTs an object.
    ///
    /// # Errors
    /// The answer is not 2xx, or no JSON.
    pub fn post(&self, path: &str, object: &Value) -> Result<Value> {
        self.json("POST", path, Some(object), "application/json")
    }

    /// PATCHes an object, by a merge patch.
    ///
    /// # Errors
    /// The answer is not 2xx, or no JSON.
    pub fn patch(&self, path: &str, patch: &Value) -> Result<Value> {
        self.json("PATCH", path, Some(patch), "application/merge-patch+json")
    }

    /// DELETEs an object.
    ///
    /// # Errors
    /// The answer is not 2xx, or no JSON.
    pub fn delete(&self, path: &str) -> Result<Value> {
        self.json("DELETE", path, None, "application/json")
    }

    fn json(&self, method: &str, path: &str, body: Option<&Value>, content_type: &str) -> Result<Value> {
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let text = self.send(method, path, body, content_type)?;
        serde_json::from_str(&text).map_err(|error| Error::Misuse(format!("{method} {path} gave no JSON: {error}")))
    }

    /// The body of the answer to a GET, as it came.
    ///
    /// # Errors
    /// The answer is not 2xx.
    pub fn get_text(&self, path: &str) -> Result<String> {
        self.send("GET", path, Vec::new(), "application/json")
    }

    /// One request. The answer's status is 2xx, or this is an error.
    fn send(&self, method: &str, path: &str, body: Vec<u8>, content_type: &str) -> Result<String> {
        let shown = format!("{method} {path}");
        let request = http::Request::builder().method(method).uri(path).header("content-type", content_type).body(body);
        let request = request.map_err(|error| Error::Misuse(format!("`{shown}` is no request: {error}")))?;
        let client = self.client.clone();
        let answer = block(async move { tokio::time::timeout(ANSWER_DEADLINE, client.request_text(request)).await });
        match answer {
            Ok(answer) => answer.map_err(|source| Error::Api { request: shown, source: Box::new(source) }),
            Err(_) => Err(Error::Deadline {
                what: format!("an answer to {shown}"),
                waited: ANSWER_DEADLINE,
                last_seen: "nothing".to_owned(),
            }),
        }
    }
}

impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requests").finish_non_exhaustive()
    }
}

/// A kube client for a server, without kube's own retries: a test counts what it sends.
pub(crate) fn client(server: &str, authority: &[u8], user: &User, agent: &str) -> Result<kube::Client> {
    let url = server.parse().map_err(|error| Error::Misuse(format!("{server} is no URL: {error}")))?;
    let agent = http::HeaderValue::from_str(agent).map_err(|_| Error::Misuse(format!("{agent:?} is no user agent")))?;
    let mut config = kube::Config::new(url);
    config.root_cert = Some(vec![authority.to_vec()]);
    config.auth_info.token = Some(user.token.clone().into());
    config.default_retry = false;
    config.headers.push((http::header::USER_AGENT, agent));
    // The client's worker is spawned on the runtime that is entered.
    let _entered = runtime().enter();
    let request = format!("make a client for {server}");
    kube::Client::try_from(config).map_err(|source| Error::Api { request, source: Box::new(source) })
}

impl ControlPlane {
    /// A kube client as a user, named by its user agent in the audit log and to the proxies. It runs on the bed's own
    /// runtime and may be used from any.
    ///
    /// # Errors
    /// The user agent is not one.
    pub fn client(&self, user: &User, user_agent: &str) -> Result<kube::Client> {
        self.client_at(user, user_agent, self.server())
    }

    /// The same at another address: that of a [`crate::Proxy`].
    ///
    /// # Errors
    /// The user agent is not one.
    pub fn client_at(&self, user: &User, user_agent: &str, server: &str) -> Result<kube::Client> {
        client(server, self.authority().der(), user, user_agent)
    }

    /// GETs a path of the API as administrator, as `/api/v1/nodes`.
    ///
    /// # Errors
    /// The answer is not 2xx, or no JSON.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.requests(&User::admin())?.get(path)
    }

    /// POSTs an object as administrator.
    ///
    /// # Errors
    /// The answer is not 2xx, or no JSON.
    pub fn post(&self, path: &str, object: &Value) -> Result<Value> {
        self.requests(&User::admin())?.post(path, object)
    }

    /// Plain requests as a user.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn requests(&self, user: &User) -> Result<Requests> {
        Requests::new(self.server(), self.authority().der(), user)
    }
}
