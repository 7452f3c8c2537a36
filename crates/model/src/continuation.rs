//! Continue tokens: where the next page of a list begins.
//!
//! In: a page's end, or a token's text. Out: the token's text, or what it says. Guarantees: any text is read without a
//! panic; what does not look like a token of ours is refused in upstream's words. Source: `apiserver/pkg/storage/continue.go`;
//! beside its three fields ours holds how many objects are left, so that a page costs as much as it shows.

use std::fmt;

use serde_json::{Value, json};

use crate::base64;
use crate::reader::syntax_error;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// The key after the last one shown, without the list's prefix.
    pub(crate) start: String,
    /// The revision of the first page; `None`: go on with the present (an inconsistent list).
    pub(crate) revision: Option<u64>,
    /// How many objects there are from `start` on; counted anew where a token does not say it.
    pub(crate) left: Option<usize>,
}

impl Token {
    /// Reads a token.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let bytes = base64::decode(text)
            .map_err(|at| format!("continue key is not valid: illegal base64 data at input byte {at}"))?;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|e| format!("continue key is not valid: {}", syntax_error(&bytes, &e)))?;
        let version = value["v"].as_str().unwrap_or("");
        if version != "meta.k8s.io/v1" {
            return Err(format!("continue key is not valid: server does not recognize this encoded version {version}"));
        }
        let revision = match value["rv"].as_i64() {
            None | Some(0) => {
                let what = "incorrect encoded start resourceVersion (version meta.k8s.io/v1)";
                return Err(format!("continue key is not valid: {what}"));
            }
            Some(rv) => u64::try_from(rv).ok(),
        };
        let start = match value["start"].as_str() {
            None | Some("") => {
                return Err("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)".to_owned());
            }
            Some(start) if start.split('/').any(|p| matches!(p, "" | "." | "..")) => {
                return Err(format!("continue key is not valid: {start}"));
            }
            Some(start) => start.to_owned(),
        };
        let left = value["left"].as_u64().and_then(|left| usize::try_from(left).ok());
        Ok(Self { start, revision, left })
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rv = self.revision.map_or(json!(-1), |rv| json!(rv));
        let mut value = json!({"v": "meta.k8s.io/v1", "rv": rv, "start": self.start});
        if let Some(left) = self.left {
            value["left"] = json!(left);
        }
        f.write_str(&base64::encode(value.to_string().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continue_token_reads_back() {
        for token in [
            Token { start: "a\0".to_owned(), revision: Some(7), left: Some(3) },
            Token { start: "a\0".to_owned(), revision: None, left: None },
        ] {
            assert_eq!(Token::read(&token.to_string()), Ok(token));
        }
        for bad in ["", "!", "e30", &base64::encode(b"{\"v\":\"meta.k8s.io/v1\",\"rv\":1,\"start\":\"../x\"}")] {
            assert!(Token::read(bad).is_err(), "{bad}");
        }
    }
}
