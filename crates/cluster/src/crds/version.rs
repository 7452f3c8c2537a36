//! The version of an API server.
//!
//! In: what `/version` answers. Out: major and minor number. Guarantees: the suffixes of providers (`25+`, `v1.27.3-gke.100`)
//! are read as they are meant.

use crate::call::{CallError, Cluster, Retry};
use crate::json;
use serde::Deserialize;
use std::fmt;

/// Major and minor number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerVersion {
    /// 1.
    pub major: u32,
    /// The number that releases count.
    pub minor: u32,
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Why the version is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// The server could not be asked.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It answered something else.
    #[error("the server's version is not one: expected numbers, found major {major:?} and minor {minor:?}")]
    NotAVersion {
        /// As the server said it.
        major: String,
        /// As the server said it.
        minor: String,
    },
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    major: String,
    #[serde(default)]
    minor: String,
}

impl ServerVersion {
    fn read(major: &str, minor: &str) -> Result<Self, VersionError> {
        let number = |text: &str| {
            let digits = text.find(|c: char| !c.is_ascii_digit()).map_or(text, |end| &text[..end]);
            digits.parse().map_err(|_| VersionError::NotAVersion { major: major.to_owned(), minor: minor.to_owned() })
        };
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

impl Cluster {
    /// The version of the server.
    ///
    /// # Errors
    /// The server cannot be asked, or gives no version.
    pub async fn server_version(&self, on_retry: impl FnMut(Retry<'_>)) -> Result<ServerVersion, VersionError> {
        let doing = "ask the server for its version";
        let body = self.read(doing, "/version", on_retry).await?;
        let answer: Answer = json::parse(doing, &body)?;
        ServerVersion::read(&answer.major, &answer.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_providers_are_read() {
        let read = |major, minor| ServerVersion::read(major, minor);
        assert_eq!(read("1", "25"), Ok(ServerVersion { major: 1, minor: 25 }));
        assert_eq!(read("1", "27+"), Ok(ServerVersion { major: 1, minor: 27 }));
        assert!(read("1", "").is_err());
        assert!(read("1", "9").unwrap() < read("1", "25").unwrap());
    }
}
