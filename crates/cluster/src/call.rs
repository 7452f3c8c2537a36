//! One call to the API server, with a deadline and a closed set of outcomes.
//!
//! In: a request. Out: [`Answer`] or [`CallError`]. Guarantees: "there is none" is an answer and no error; what the server
//! said is told apart from not having heard it; nothing is retried here.

use api::slim::Kind;
use kube::core::Request;
use kube::core::params::GetParams;
use kube::{Client, Error};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// Longer than the API server lets a request run by default (60 s).
const DEADLINE: Duration = Duration::from_secs(70);

/// What reading one object gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The object.
    Found(Value),
    /// There is no object of that name, or no such kind on this server.
    Gone,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No object, or no such resource.
    #[error("the server has no {0}")]
    NotFound(String),
    /// Not allowed.
    #[error("the server forbids to {verb} {what}")]
    Forbidden {
        /// What was tried: get, list, delete, patch.
        verb: &'static str,
        /// Of what.
        what: String,
    },
    /// Preconditions failed, or the object was changed meanwhile.
    #[error("{0} was changed meanwhile")]
    Conflict(String),
    /// The list cannot be continued: the server has forgotten the version that it began with.
    #[error("the list of {0} expired while it was read")]
    Expired(String),
    /// The server refused for another reason.
    #[error("the server refuses to {verb} {what}: {message}")]
    Refused {
        /// What was tried.
        verb: &'static str,
        /// Of what.
        what: String,
        /// What the server says.
        message: String,
        /// HTTP status.
        code: u16,
    },
    /// Nobody answered, or not in time; it is not known whether the call took effect.
    #[error("no answer to {verb} {what}")]
    Unanswered {
        /// What was tried.
        verb: &'static str,
        /// Of what.
        what: String,
        /// What went wrong on the way.
        #[source]
        source: Option<Box<Error>>,
    },
}

impl CallError {
    /// Whether another try may succeed.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Self::NotFound(_) | Self::Forbidden { .. } | Self::Conflict(_) | Self::Expired(_) => false,
            Self::Refused { code, .. } => *code == 429 || *code >= 500,
            Self::Unanswered { .. } => true,
        }
    }
}

/// The URL path of a kind's objects, all namespaces or one.
pub(crate) fn path(kind: Kind, namespace: &str) -> String {
    let base = match kind.group() {
        "" => format!("/api/{}", kind.version()),
        group => format!("/apis/{group}/{}", kind.version()),
    };
    match namespace {
        "" => format!("{base}/{}", kind.plural()),
        namespace => format!("{base}/namespaces/{namespace}/{}", kind.plural()),
    }
}

/// Sends a request.
pub(crate) async fn send<T: DeserializeOwned>(
    client: &Client,
    verb: &'static str,
    what: &str,
    request: http::Request<Vec<u8>>,
) -> Result<T, CallError> {
    let unanswered = |source| CallError::Unanswered { verb, what: what.to_owned(), source };
    match tokio::time::timeout(DEADLINE, client.request::<T>(request)).await {
        Err(_) => Err(unanswered(None)),
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Error::Api(status))) => Err(match status.code {
            404 => CallError::NotFound(what.to_owned()),
            401 | 403 => CallError::Forbidden { verb, what: what.to_owned() },
            409 => CallError::Conflict(what.to_owned()),
            410 => CallError::Expired(what.to_owned()),
            code => CallError::Refused { verb, what: what.to_owned(), message: status.message.clone(), code },
        }),
        Ok(Err(error)) => Err(unanswered(Some(Box::new(error)))),
    }
}

/// Reads one object, fresh from the server.
///
/// # Errors
/// Anything but an object or a definite "there is none".
pub async fn get(client: &Client, kind: Kind, namespace: &str, name: &str) -> Result<Answer, CallError> {
    let what = format!("{kind} {name}");
    let request = Request::new(path(kind, namespace)).get(name, &GetParams::default());
    let request = request.map_err(|error| CallError::Refused {
        verb: "get",
        what: what.clone(),
        message: error.to_string(),
        code: 400,
    })?;
    match send(client, "get", &what, request).await {
        Ok(object) => Ok(Answer::Found(object)),
        Err(CallError::NotFound(_)) => Ok(Answer::Gone),
        Err(error) => Err(error),
    }
}
