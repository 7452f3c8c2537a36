//! What comes in and what goes out: the shape an HTTP front parses and prints.
//!
//! In: a method, a path, a query, a body. Out: a code and a body, or a watch to be polled. Guarantees: bodies share the
//! stored objects (`Arc`), so that a read or a list copies nothing.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value, json};

use crate::error::{ApiError, Outcome};
use crate::watch::WatchId;

/// HTTP methods the API knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// get, list, watch, discovery.
    Get,
    /// create.
    Post,
    /// update.
    Put,
    /// patch.
    Patch,
    /// delete, deletecollection.
    Delete,
}

/// A body that is no JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Why, in the words of [`crate::syntax_error`].
    pub why: String,
    /// The text.
    pub text: Vec<u8>,
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// Path, percent-decoded.
    pub path: String,
    /// Query parameters in order, percent-decoded.
    pub query: Vec<(String, String)>,
    /// `Content-Type` without parameters; matters for PATCH.
    pub content_type: String,
    /// `Accept`; matters for discovery.
    pub accept: String,
    /// The user, for records only: the model authorizes everything.
    pub user: String,
    /// `User-Agent`: names the field manager where the query does not.
    pub user_agent: String,
    /// The parsed body; `None` for an empty one.
    pub body: Option<Value>,
    /// Set instead of `body` where the text is no JSON.
    pub unreadable: Option<Unreadable>,
    /// Fields that occurred twice in the body's text, in the words of the strict reader (`duplicate field "spec.x"`). Only
    /// the reader of the text can know.
    pub duplicates: Vec<String>,
}

impl Request {
    /// A request without query and body.
    #[must_use]
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            content_type: String::new(),
            accept: String::new(),
            user: "admin".to_owned(),
            user_agent: String::new(),
            body: None,
            unreadable: None,
            duplicates: Vec::new(),
        }
    }

    /// GET `path`.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    /// POST `body` to `path`.
    #[must_use]
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::Post, path) }
    }

    /// PUT `body` to `path`.
    #[must_use]
    pub fn put(path: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::Put, path) }
    }

    /// PATCH `path` with a merge patch.
    #[must_use]
    pub fn merge_patch(path: impl Into<String>, body: Value) -> Self {
        Self {
            body: Some(body),
            content_type: "application/merge-patch+json".to_owned(),
            ..Self::new(Method::Patch, path)
        }
    }

    /// PATCH `path` with a JSON patch.
    #[must_use]
    pub fn json_patch(path: impl Into<String>, body: Value) -> Self {
        Self {
            body: Some(body),
            content_type: "application/json-patch+json".to_owned(),
            ..Self::new(Method::Patch, path)
        }
    }

    /// DELETE `path`.
    #[must_use]
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::Delete, path)
    }

    /// With one more query parameter.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.query.push((key.to_owned(), value.into()));
        self
    }

    /// With a body (`DeleteOptions`).
    #[must_use]
    pub fn with_body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The first value of a query parameter.
    #[must_use]
    pub fn param(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
}

/// A list answer, its items shared with the store.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// `apiVersion` of the list.
    pub api_version: String,
    /// `kind` of the list.
    pub kind: String,
    /// `metadata`: resourceVersion, continue, remainingItemCount.
    pub metadata: Map<String, Value>,
    /// The objects.
    pub items: Vec<Arc<Value>>,
    /// Items of built-in kinds carry neither `kind` nor `apiVersion` in a list.
    pub bare_items: bool,
}

/// A body of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// One JSON object.
    Object(Arc<Value>),
    /// A list.
    List(List),
    /// Plain text (`404 page not found`, `ok`).
    Text(String),
    /// A watch was opened: poll it.
    Watch(WatchId),
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// HTTP status code.
    pub code: u16,
    /// The body.
    pub body: Body,
    /// `Warning` headers.
    pub warnings: Vec<String>,
    /// Content type, where it is not plain JSON.
    pub content_type: Option<&'static str>,
}

impl Response {
    /// `code` with a stored object.
    #[must_use]
    pub fn object(code: u16, object: Arc<Value>) -> Self {
        Self { code, body: Body::Object(object), warnings: Vec::new(), content_type: None }
    }

    /// `code` with a fresh JSON value.
    #[must_use]
    pub fn json(code: u16, value: Value) -> Self {
        Self::object(code, Arc::new(value))
    }

    /// `code` with text.
    #[must_use]
    pub fn text(code: u16, text: &str) -> Self {
        Self { code, body: Body::Text(text.to_owned()), warnings: Vec::new(), content_type: None }
    }

    /// 200 or 201 with `Status: Success`.
    #[must_use]
    pub fn success(code: u16) -> Self {
        Self::json(
            code,
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": code}),
        )
    }

    /// 400, for a front that cannot read a request.
    #[must_use]
    pub fn bad_request(message: &str) -> Self {
        Self::from(ApiError::bad_request(message))
    }

    /// 415, for a front that has no reader for a content type.
    #[must_use]
    pub fn unsupported_media_type(accepted: &[&str]) -> Self {
        Self::from(ApiError::unsupported_media_type(accepted))
    }

    /// 413, for a front that reads no further.
    #[must_use]
    pub fn too_large(message: &str) -> Self {
        Self::from(ApiError::too_large(message))
    }

    /// The body as one JSON value (copies a list).
    #[must_use]
    pub fn value(&self) -> Value {
        match &self.body {
            Body::Object(object) => (**object).clone(),
            Body::Text(text) => Value::String(text.clone()),
            Body::Watch(_) => Value::Null,
            Body::List(list) => json!({
                "apiVersion": list.api_version, "kind": list.kind, "metadata": list.metadata,
                "items": list.items.iter().map(|item| bare(item, list.bare_items)).collect::<Vec<_>>(),
            }),
        }
    }

    /// The object, where the body is one.
    #[must_use]
    pub fn as_object(&self) -> Option<&Arc<Value>> {
        match &self.body {
            Body::Object(object) => Some(object),
            _ => None,
        }
    }

    /// `reason` of a Status body, else empty.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.as_object().and_then(|o| o.get("reason")).and_then(Value::as_str).unwrap_or("")
    }

    /// `message` of a Status body, else empty.
    #[must_use]
    pub fn message(&self) -> &str {
        self.as_object().and_then(|o| o.get("message")).and_then(Value::as_str).unwrap_or("")
    }
}

impl From<Box<ApiError>> for Response {
    fn from(mut error: Box<ApiError>) -> Self {
        let warnings = std::mem::take(&mut error.warnings);
        Self { warnings, ..Self::json(error.code, error.to_status()) }
    }
}

/// An outcome with warnings that were there before it; a refusal has them, too.
pub(crate) fn warned(outcome: Outcome<Response>, warnings: Vec<String>) -> Outcome<Response> {
    match outcome {
        Ok(mut response) => {
            response.warnings.splice(0..0, warnings);
            Ok(response)
        }
        Err(mut error) => {
            error.warnings.splice(0..0, warnings);
            Err(error)
        }
    }
}

fn bare(item: &Value, strip: bool) -> Value {
    let mut item = item.clone();
    if strip && let Some(map) = item.as_object_mut() {
        map.remove("kind");
        map.remove("apiVersion");
    }
    item
}

/// Prints the body as JSON without copying the objects.
impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(object) => object.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Watch(_) => serializer.serialize_none(),
            Self::List(list) => {
                let mut map = serializer.serialize_map(Some(4))?;
                map.serialize_entry("kind", &list.kind)?;
                map.serialize_entry("apiVersion", &list.api_version)?;
                map.serialize_entry("metadata", &list.metadata)?;
                map.serialize_entry("items", &Items(list))?;
                map.end()
            }
        }
    }
}

struct Items<'a>(&'a List);

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.items.len()))?;
        for item in &self.0.items {
            match item.as_object() {
                Some(map) if self.0.bare_items => seq.serialize_element(&Bare(map))?,
                _ => seq.serialize_element(&**item)?,
            }
        }
        seq.end()
    }
}

struct Bare<'a>(&'a Map<String, Value>);

impl Serialize for Bare<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().filter(|(key, _)| *key != "kind" && *key != "apiVersion"))
    }
}
