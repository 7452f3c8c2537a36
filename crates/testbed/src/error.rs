//! Why the bed could not do what it was asked to.
//!
//! In: the failures of processes, files, requests and waits. Out: one message that names the operation and the object, what
//! was seen last, and what to do next. A message never repeats its source.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// What every fallible call of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the bed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The binaries are not there.
    #[error("{0}")]
    Missing(#[from] crate::assets::Missing),
    /// Something that only root may do.
    #[error("{what} needs root: run the test as root, or leave it out")]
    NeedsRoot {
        /// The operation.
        what: &'static str,
    },
    /// A file or folder.
    #[error("cannot {operation} {}", path.display())]
    File {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program that could not be started.
    #[error("cannot start `{program}`: is it installed?")]
    Start {
        /// The command line, or its beginning.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program that ended with a failure.
    #[error("`{program}` failed ({status}): {said}")]
    Failed {
        /// The command line.
        program: String,
        /// Its exit code or signal.
        status: std::process::ExitStatus,
        /// What it printed as its error.
        said: String,
    },
    /// A condition that did not come true.
    #[error("waited {waited:.1?} for {what}, last seen: {last_seen}")]
    Deadline {
        /// The condition.
        what: String,
        /// For how long.
        waited: Duration,
        /// What the last look saw.
        last_seen: String,
    },
    /// A process of the bed that ended by itself.
    #[error("{name} ended by itself ({status}); the end of {}:\n{tail}", log.display())]
    Died {
        /// Which one.
        name: String,
        /// Its exit code or signal.
        status: std::process::ExitStatus,
        /// Where its output is.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// A request to the API server.
    #[error("{request}")]
    Api {
        /// Verb and path.
        request: String,
        /// What the client said.
        source: Box<kube::Error>,
    },
    /// Certificates and keys.
    #[error("cannot make {what}")]
    Certificate {
        /// Which one.
        what: String,
        /// What the library said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A call that does not fit the state of the bed.
    #[error("{0}")]
    Misuse(String),
}

impl Error {
    /// For `map_err` on file operations.
    pub(crate) fn file(operation: &'static str, path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::File { operation, path: path.as_ref().to_path_buf(), source }
    }
}

impl Error {
    /// The HTTP status with which the API server refused a request.
    #[must_use]
    pub fn status_code(&self) -> Option<u16> {
        match self {
            Self::Api { source, .. } => match source.as_ref() {
                kube::Error::Api(status) => Some(status.code),
                _ => None,
            },
            _ => None,
        }
    }
}
