//! What the API server was asked, by its own audit log.
//!
//! In: the log that kube-apiserver writes, one JSON event per line. Out: the finished calls in order, each with verb,
//! resource, user and user agent, so that tests count writes. Guarantees: a call that had its answer before [`Audit::calls`]
//! was called is in the list. Only kube-apiserver writes the file.

use crate::error::{Error, Result};
use crate::wait::{Look, wait};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a call that was received may take until the log has its end.
const SETTLE_DEADLINE: Duration = Duration::from_secs(10);

/// All requests, without bodies, at the stages that say "received" and "answered". Health checks are of no interest.
pub(crate) const POLICY: &str = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n\
    - {level: None, nonResourceURLs: [\"/healthz*\", \"/readyz*\", \"/livez*\"]}\n- {level: Metadata}\n";

/// One call that the API server has answered, or a watch that it has begun to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`; of other paths, the HTTP method.
    pub verb: String,
    /// `<resource>[.<group>][/<subresource>]`, as `ips.kubeovn.io` or `pods/status`; of other paths, the path.
    pub resource: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// The object's name where the request named one.
    pub name: String,
    /// As the API server knows the user.
    pub user: String,
    /// As the client called itself.
    pub user_agent: String,
    /// The HTTP status.
    pub code: u16,
}

impl Call {
    /// Whether the call was meant to change something.
    #[must_use]
    pub fn is_write(&self) -> bool {
        matches!(self.verb.as_str(), "create" | "update" | "patch" | "delete" | "deletecollection")
    }
}

/// The audit log of one API server.
#[derive(Debug, Clone)]
pub struct Audit {
    path: PathBuf,
    /// How many events servers wrote that were killed since: what has no end among them will get none.
    closed: usize,
}

/// A place in the log: what was there before it is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(usize);

impl Audit {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), closed: 0 }
    }

    /// Tells that the server was killed. Its last line may be cut off: the next server's first must not continue it.
    pub(crate) fn server_died(&mut self) -> Result<()> {
        let mut file = match OpenOptions::new().append(true).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(Error::file("open", &self.path)(source)),
        };
        file.write_all(b"\n").map_err(Error::file("write", &self.path))?;
        self.closed = self.read()?.len();
        Ok(())
    }

    /// The end of the log as it is now.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn mark(&self) -> Result<Mark> {
        self.settled(Mark(0)).map(|events| Mark(events.len()))
    }

    /// All calls of clients with this user agent (its beginning) since the mark. The API server's calls to itself carry
    /// its own user agent.
    ///
    /// # Errors
    /// The log cannot be read, or a request got no end in it within ten seconds.
    pub fn calls(&self, since: Mark, user_agent: &str) -> Result<Vec<Call>> {
        let events = self.settled(since)?;
        let ends = events.into_iter().skip(since.0).filter(Event::is_end).map(Event::into_call);
        Ok(ends.filter(|call| call.user_agent.starts_with(user_agent)).collect())
    }

    /// How many of these calls were writes, per verb and resource: the shape that tests compare.
    ///
    /// # Errors
    /// As [`Audit::calls`].
    pub fn writes(&self, since: Mark, user_agent: &str) -> Result<BTreeMap<String, usize>> {
        let mut counts = BTreeMap::new();
        for call in self.calls(since, user_agent)?.iter().filter(|call| call.is_write()) {
            *counts.entry(format!("{} {}", call.verb, call.resource)).or_insert(0) += 1;
        }
        Ok(counts)
    }

    /// Reads until every request that was received has its end in the log. kube-apiserver writes "received" before it does
    /// anything, but the end a moment after the client has the answer.
    fn settled(&self, since: Mark) -> Result<Vec<Event>> {
        wait("the audit log to settle", SETTLE_DEADLINE, || {
            let events = self.read()?;
            let mut open = BTreeMap::new();
            for event in events.iter().skip(since.0.max(self.closed)) {
                match event.stage {
                    Stage::RequestReceived => drop(open.insert(&event.audit_id, event)),
                    _ => drop(open.remove(&event.audit_id)),
                }
            }
            let open = open.into_values().next();
            let open = open.map(|open| format!("{} {} by {} has no end", open.verb, open.uri, open.user_agent));
            Ok(open.map_or_else(|| Look::Done(events), Look::NotYet))
        })
    }

    fn read(&self) -> Result<Vec<Event>> {
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::file("read", &self.path)(source)),
        };
        // A line without its end is being written, or was when the server was killed; the next look sees it whole, if ever.
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }
}

/// The part of an audit event that is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "auditID")]
    audit_id: String,
    stage: Stage,
    #[serde(default)]
    verb: String,
    #[serde(default, rename = "requestURI")]
    uri: String,
    #[serde(default)]
    user: EventUser,
    #[serde(default)]
    user_agent: String,
    object_ref: Option<ObjectRef>,
    response_status: Option<Status>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Stage {
    RequestReceived,
    ResponseStarted,
    ResponseComplete,
    Panic,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct EventUser {
    #[serde(default)]
    username: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct ObjectRef {
    resource: String,
    subresource: String,
    api_group: String,
    namespace: String,
    name: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Status {
    #[serde(default)]
    code: u16,
}

impl Event {
    /// A watch counts once, when it begins: its end may be minutes away.
    fn is_end(&self) -> bool {
        match self.stage {
            Stage::RequestReceived => false,
            Stage::ResponseStarted => self.verb == "watch",
            Stage::ResponseComplete | Stage::Panic => self.verb != "watch" || self.failed(),
        }
    }

    fn failed(&self) -> bool {
        self.response_status.as_ref().is_some_and(|status| status.code >= 400)
    }

    fn into_call(self) -> Call {
        let object = self.object_ref.unwrap_or_default();
        let resource = match (object.resource.as_str(), object.api_group.as_str()) {
            ("", _) => self.uri,
            (resource, "") => resource.to_owned(),
            (resource, group) => format!("{resource}.{group}"),
        };
        let resource =
            if object.subresource.is_empty() { resource } else { format!("{resource}/{}", object.subresource) };
        Call {
            verb: self.verb,
            resource,
            namespace: object.namespace,
            name: object.name,
            user: self.user.username,
            user_agent: self.user_agent,
            code: self.response_status.map_or(0, |status| status.code),
        }
    }
}
