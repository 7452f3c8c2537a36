//! One call to the API server.
//!
//! In: a method, a path, a body. Out: the body of a good answer, or [`CallError`]. Guarantees: every attempt has a deadline;
//! reads are tried again a bounded number of times where that can help, writes never; the client's own retry is off, so
//! nothing is sent that was not asked for.

use crate::json::Status;
use engine::manage::{Call, Verb};
use http::{Method, Request, StatusCode, header};
use kube::client::Body;
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// How long to wait, and how often to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For one answer. A page of 500 large pods is about 10 MB: a minute is enough on a bad line.
    pub deadline: Duration,
    /// Of a read, the first one included.
    pub attempts: u32,
    /// Before the second attempt; doubles each time. A server that is restarted takes some seconds.
    pub pause: Duration,
    /// No pause is longer, whatever the server asks for.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            attempts: 5,
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(10),
        }
    }
}

/// A connection to a cluster.
#[derive(Clone)]
pub struct Cluster {
    client: kube::Client,
    patience: Patience,
    server: String,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("server", &self.server)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {doing}{}", tried(*attempts))]
pub struct CallError {
    /// What was to be done to which object, as a verb: `list pods`.
    pub doing: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed the last time.
    #[source]
    pub cause: Cause,
}

impl CallError {
    /// What was to be done, and why it failed, in one line.
    #[must_use]
    pub fn in_full(&self) -> String {
        format!("{self}: {}", self.cause)
    }
}

fn tried(attempts: u32) -> String {
    if attempts > 1 { format!(" (tried {attempts} times)") } else { String::new() }
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Deadline(Duration),
    /// No connection, or it broke.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// No credentials could be got: an exec plugin or a token file.
    #[error("no credentials: {0}")]
    Credentials(String),
    /// The server refused.
    #[error("the server answered {0}")]
    Refused(Box<Refusal>),
    /// The answer is none of a Kubernetes API server.
    #[error("the answer is not what an API server sends: {0}")]
    Nonsense(String),
}

/// An answer that refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub code: u16,
    /// `reason` of the answer; empty if it was no Kubernetes Status.
    pub reason: String,
    /// Its message.
    pub message: String,
    /// The object that it says it is about; empty if it does not.
    pub about: String,
    /// When the server asks to come back.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = if self.reason.is_empty() { "" } else { " " };
        write!(f, "{}{space}{}: {}", self.code, self.reason, self.message)
    }
}

impl Cause {
    /// What an answer that refuses says.
    pub(crate) fn of_answer(answer: &Answer) -> Self {
        match StatusCode::from_u16(answer.code) {
            Ok(status) => refused(status, answer.retry_after, &answer.body),
            Err(_) => Self::Nonsense(format!("{} is no HTTP status", answer.code)),
        }
    }

    /// HTTP status, if the server answered with one that refuses.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    /// Whether every other call may fail for the same reason: it is about the server or who asks, not about what.
    #[must_use]
    pub fn concerns_all(&self) -> bool {
        match self {
            Self::Deadline(_) | Self::Unreachable(_) | Self::Credentials(_) => true,
            Self::Refused(refusal) => refusal.code == 401,
            Self::Nonsense(_) => false,
        }
    }

    /// Whether the same read may do better a little later.
    fn may_pass(&self) -> bool {
        match self {
            Self::Deadline(_) | Self::Unreachable(_) => true,
            Self::Refused(refusal) => matches!(refusal.code, 429 | 500 | 502 | 503 | 504),
            Self::Credentials(_) | Self::Nonsense(_) => false,
        }
    }

    fn asked_pause(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }
}

/// A read that failed and is tried again after a pause.
#[derive(Debug)]
pub struct Retry<'a> {
    /// What was to be done.
    pub doing: &'a str,
    /// Why it failed.
    pub cause: &'a Cause,
    /// How long until the next attempt.
    pub pause: Duration,
}

impl fmt::Display for Retry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} yet: {}; again in {:.0?}", self.doing, self.cause, self.pause)
    }
}

impl Cluster {
    /// A connection over a client that exists. Its own retry must be off (`kube::Config::default_retry`).
    #[must_use]
    pub fn new(client: kube::Client, server: impl Into<String>, patience: Patience) -> Self {
        Self { client, patience, server: server.into() }
    }

    /// The server's address.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// How long it waits, and how often it tries.
    #[must_use]
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Reads a path, again where that can help.
    pub(crate) async fn read(
        &self,
        doing: &str,
        path: &str,
        mut on_retry: impl FnMut(Retry<'_>),
    ) -> Result<Vec<u8>, CallError> {
        let mut pause = self.patience.pause;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let cause = match self.attempt(Method::GET, path, Vec::new()).await {
                Ok(body) => return Ok(body),
                Err(cause) => cause,
            };
            if !cause.may_pass() || attempts >= self.patience.attempts {
                return Err(CallError { doing: doing.to_owned(), attempts, cause });
            }
            let wait = cause.asked_pause().unwrap_or(pause).min(self.patience.longest_pause);
            on_retry(Retry { doing, cause: &cause, pause: wait });
            tokio::time::sleep(wait).await;
            pause = pause.saturating_mul(2);
        }
    }

    /// Knocks: fails where nobody answers, or nobody knows who asks. A refusal is an answer.
    ///
    /// # Errors
    /// The server is out of reach, or refuses the credentials.
    pub async fn knock(&self, on_retry: impl FnMut(Retry<'_>)) -> Result<(), CallError> {
        match self.read("reach the cluster", "/version", on_retry).await {
            Err(error) if error.cause.concerns_all() => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether a failure was one of the server as a whole: it does not answer the simplest question either, now.
    pub(crate) async fn is_out_of_reach(&self, cause: &Cause) -> bool {
        cause.concerns_all() && self.attempt(Method::GET, "/version", Vec::new()).await.is_err_and(|c| c.concerns_all())
    }

    /// Writes once. After [`Cause::Deadline`] or [`Cause::Unreachable`] nobody knows whether it was done: read and see.
    pub(crate) async fn write(
        &self,
        doing: &str,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, CallError> {
        let error = |cause| CallError { doing: doing.to_owned(), attempts: 1, cause };
        self.attempt(method, path, body).await.map_err(error)
    }

    async fn attempt(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Vec<u8>, Cause> {
        let deadline = self.patience.deadline;
        match tokio::time::timeout(deadline, self.exchange(method, path, body)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Cause::Deadline(deadline)),
        }
    }

    async fn exchange(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Vec<u8>, Cause> {
        let Answer { code, retry_after, body } = self.ask(method, path, body).await?;
        match StatusCode::from_u16(code) {
            Ok(status) if !status.is_success() => Err(refused(status, retry_after, &body)),
            _ => Ok(body),
        }
    }

    /// Makes a call that was decided elsewhere, once, and gives the answer as it is, refusals included.
    ///
    /// # Errors
    /// No answer: [`Cause::Deadline`], [`Cause::Unreachable`] (nobody knows then whether it was done), or
    /// [`Cause::Credentials`].
    pub async fn call(&self, call: Call) -> Result<Answer, Cause> {
        let method = match call.verb {
            Verb::Get => Method::GET,
            Verb::Create => Method::POST,
            Verb::Replace => Method::PUT,
            Verb::MergePatch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        };
        let body = call.body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let deadline = self.patience.deadline;
        match tokio::time::timeout(deadline, self.ask(method, &call.path, body)).await {
            Ok(answer) => answer,
            Err(_) => Err(Cause::Deadline(deadline)),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Answer, Cause> {
        let content = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let request = Request::builder().method(method).uri(path).header(header::ACCEPT, "application/json");
        let request = request.header(header::CONTENT_TYPE, content).body(Body::from(body));
        let request = request.map_err(|error| Cause::Nonsense(format!("{path} is no path of a URL: {error}")))?;
        let answer = self.client.send(request).await.map_err(|error| not_sent(&error))?;
        let code = answer.status().as_u16();
        let retry_after = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = answer.into_body().collect_bytes().await;
        let body: Vec<u8> =
            body.map_err(|error| Cause::Unreachable(format!("the answer broke off: {}", root(&error))))?.into();
        Ok(Answer { code, retry_after, body })
    }

    /// Opens a stream: the answer's body is still to come.
    pub(crate) async fn open(&self, path: &str) -> Result<Body, Cause> {
        let request = Request::builder().uri(path).header(header::ACCEPT, "application/json");
        let request = request.body(Body::empty());
        let request = request.map_err(|error| Cause::Nonsense(format!("{path} is no path of a URL: {error}")))?;
        let deadline = self.patience.deadline;
        let answer = tokio::time::timeout(deadline, self.client.send(request)).await;
        let answer = answer.map_err(|_| Cause::Deadline(deadline))?.map_err(|error| not_sent(&error))?;
        if answer.status().is_success() {
            return Ok(answer.into_body());
        }
        let (code, body) = (answer.status(), answer.into_body().collect_bytes().await);
        Err(refused(code, None, &body.map(Vec::from).unwrap_or_default()))
    }
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub code: u16,
    /// Seconds after which the server asks to come back.
    pub retry_after: Option<u64>,
    /// Body.
    pub body: Vec<u8>,
}

fn not_sent(error: &kube::Error) -> Cause {
    match error {
        kube::Error::Auth(_) => Cause::Credentials(root(error)),
        _ => Cause::Unreachable(root(error)),
    }
}

/// Why something failed, without the names of all layers that passed it on.
pub(crate) fn root(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The longest plain text of a refusal that is worth showing: a proxy may answer with a web page.
const SHOWN: usize = 200;

fn refused(status: StatusCode, retry_after: Option<u64>, body: &[u8]) -> Cause {
    let (reason, message, about) = match Status::read(body) {
        Some(said) => (said.reason, said.message, said.details.unwrap_or_default().name),
        None => (String::new(), plain_text(body), String::new()),
    };
    let message = if message.is_empty() { status.canonical_reason().unwrap_or("no text").to_owned() } else { message };
    let retry_after = retry_after.map(Duration::from_secs);
    Cause::Refused(Box::new(Refusal { code: status.as_u16(), reason, message, about, retry_after }))
}

fn plain_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.trim().chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
