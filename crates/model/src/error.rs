//! Refusals: what the API server answers when it does not do what was asked.
//!
//! In: which rule refused which object. Out: [`ApiError`], printed as a `Status` of `meta/v1`. Guarantees: code, reason,
//! message and details as `k8s.io/apimachinery/pkg/api/errors/errors.go` makes them, since clients match on all four.

use serde_json::{Map, Value, json};

use crate::field::{FieldError, aggregate};

/// The outcome of a step that the API server may refuse. Boxed: the refusal is rare and large.
pub(crate) type Outcome<T> = Result<T, Box<ApiError>>;

/// One entry of `details.causes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// `reason` in JSON: `FieldValueInvalid` and the like.
    pub reason: String,
    /// What a person reads.
    pub message: String,
    /// The field, where there is one.
    pub field: String,
}

/// `details` of a Status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// API group; empty for core and where it does not apply.
    pub group: String,
    /// Mostly the plural resource name, for Invalid the kind.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// The object's UID (success of a delete).
    pub uid: String,
    /// More exact reasons.
    pub causes: Vec<Cause>,
    /// When to come again; 0 for unset.
    pub retry_after_seconds: u32,
}

/// A refusal with everything the client sees of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// HTTP status code.
    pub code: u16,
    /// `reason`: one CamelCase word, empty for unknown.
    pub reason: &'static str,
    /// `message`.
    pub message: String,
    /// `details`, absent where upstream leaves it out.
    pub details: Option<Details>,
    /// `metadata.continue`: given with "Expired" so that a client may go on with an inconsistent list.
    pub continue_token: Option<String>,
    /// What the request was warned about before it was refused.
    pub warnings: Vec<String>,
}

/// A resource and its group, printed `plural.group`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupResource<'a> {
    /// API group, empty for core.
    pub group: &'a str,
    /// Plural name.
    pub resource: &'a str,
}

impl std::fmt::Display for GroupResource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.group.is_empty() { f.write_str(self.resource) } else { write!(f, "{}.{}", self.resource, self.group) }
    }
}

impl ApiError {
    fn about(code: u16, reason: &'static str, gr: GroupResource<'_>, name: &str, message: String) -> Box<Self> {
        let details = Details {
            group: gr.group.to_owned(),
            kind: gr.resource.to_owned(),
            name: name.to_owned(),
            ..Details::default()
        };
        Box::new(Self { code, reason, message, details: Some(details), continue_token: None, warnings: Vec::new() })
    }

    fn plain(code: u16, reason: &'static str, message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            code,
            reason,
            message: message.into(),
            details: None,
            continue_token: None,
            warnings: Vec::new(),
        })
    }

    /// 404: there is no such object.
    #[must_use]
    pub(crate) fn not_found(gr: GroupResource<'_>, name: &str) -> Box<Self> {
        Self::about(404, "NotFound", gr, name, format!("{gr} {} not found", crate::field::quote(name)))
    }

    /// 404: there is no such path among the built-in resources.
    #[must_use]
    pub(crate) fn no_resource() -> Box<Self> {
        let mut error = Self::plain(404, "NotFound", "the server could not find the requested resource");
        error.details = Some(Details::default());
        error
    }

    /// 409: the name is taken.
    #[must_use]
    pub(crate) fn already_exists(gr: GroupResource<'_>, name: &str) -> Box<Self> {
        Self::about(409, "AlreadyExists", gr, name, format!("{gr} {} already exists", crate::field::quote(name)))
    }

    /// 409: every name that was generated is taken.
    #[must_use]
    pub(crate) fn generate_name_conflict(gr: GroupResource<'_>, name: &str) -> Box<Self> {
        let mut error = Self::already_exists(gr, name);
        error.message += ", the server was not able to generate a unique name for the object";
        if let Some(details) = &mut error.details {
            details.retry_after_seconds = 1;
        }
        error
    }

    /// 409: a precondition does not hold.
    #[must_use]
    pub(crate) fn conflict(gr: GroupResource<'_>, name: &str, why: &str) -> Box<Self> {
        let message = format!("Operation cannot be fulfilled on {gr} {}: {why}", crate::field::quote(name));
        Self::about(409, "Conflict", gr, name, message)
    }

    /// 409 with the text of a lost optimistic lock.
    #[must_use]
    pub(crate) fn modified(gr: GroupResource<'_>, name: &str) -> Box<Self> {
        Self::conflict(
            gr,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// 403: a policy of the server refuses.
    #[must_use]
    pub(crate) fn forbidden(gr: GroupResource<'_>, name: &str, why: &str) -> Box<Self> {
        let message = if name.is_empty() {
            format!("{gr} is forbidden: {why}")
        } else {
            format!("{gr} {} is forbidden: {why}", crate::field::quote(name))
        };
        Self::about(403, "Forbidden", gr, name, message)
    }

    /// 422: validation found something. `kind` is the kind, not the resource.
    #[must_use]
    pub(crate) fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Box<Self> {
        let subject = GroupResource { group, resource: kind };
        let message = format!("{subject} {} is invalid: {}", crate::field::quote(name), aggregate(errors));
        let mut error = Self::about(422, "Invalid", subject, name, message);
        if let Some(details) = &mut error.details {
            details.causes = errors
                .iter()
                .map(|e| Cause { reason: e.kind.cause().to_owned(), message: e.body(), field: e.field.clone() })
                .collect();
        }
        error
    }

    /// 400: the request itself is malformed.
    #[must_use]
    pub(crate) fn bad_request(message: impl Into<String>) -> Box<Self> {
        Self::plain(400, "BadRequest", message)
    }

    /// 405 of a resource that knows the path and not the verb.
    #[must_use]
    pub(crate) fn method_not_supported(gr: GroupResource<'_>, action: &str) -> Box<Self> {
        let message =
            format!("{action} is not supported on resources of kind {}", crate::field::quote(&gr.to_string()));
        Self::about(405, "MethodNotAllowed", gr, "", message)
    }

    /// 405 of a built-in path that has no such method.
    #[must_use]
    pub(crate) fn method_not_allowed() -> Box<Self> {
        let mut error =
            Self::plain(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
        error.details = Some(Details::default());
        error
    }

    /// 415: no reader for this content type.
    #[must_use]
    pub(crate) fn unsupported_media_type(accepted: &[&str]) -> Box<Self> {
        Self::plain(
            415,
            "UnsupportedMediaType",
            format!(
                "the body of the request was in an unknown format - accepted media types include: {}",
                accepted.join(", ")
            ),
        )
    }

    /// 410: history before the asked version is gone.
    #[must_use]
    pub(crate) fn expired(message: impl Into<String>) -> Box<Self> {
        Self::plain(410, "Expired", message)
    }

    /// 422 of a JSON patch that does not apply. `NewGenericServerResponse` drops the patch library's words for 422.
    #[must_use]
    pub(crate) fn unprocessable() -> Box<Self> {
        let mut error = Self::plain(422, "Invalid", "the server rejected our request due to an error in our request");
        error.details = Some(Details::default());
        error
    }

    /// 413: too much.
    #[must_use]
    pub(crate) fn too_large(message: &str) -> Box<Self> {
        Self::plain(413, "RequestEntityTooLarge", format!("Request entity too large: {message}"))
    }

    /// 429: come again (evictions that a budget forbids).
    #[must_use]
    pub(crate) fn too_many_requests(message: &str, causes: Vec<Cause>, retry_after_seconds: u32) -> Box<Self> {
        let mut error = Self::plain(429, "TooManyRequests", message);
        error.details = Some(Details { causes, retry_after_seconds, ..Details::default() });
        error
    }

    /// 504: a version from the future was asked for.
    #[must_use]
    pub(crate) fn too_large_resource_version(asked: u64, current: u64, retry: u32) -> Box<Self> {
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        let mut error = Self::plain(504, "Timeout", message);
        let cause = Cause {
            reason: "ResourceVersionTooLarge".to_owned(),
            message: "Too large resource version".to_owned(),
            field: String::new(),
        };
        error.details = Some(Details { causes: vec![cause], retry_after_seconds: retry, ..Details::default() });
        error
    }

    /// 500 of an error that has no status of its own: only its words.
    #[must_use]
    pub(crate) fn unrecognized(message: impl Into<String>) -> Box<Self> {
        Self::plain(500, "", message)
    }

    /// 415 of a built-in path: its router refuses before any handler.
    #[must_use]
    pub(crate) fn unrouted_media_type() -> Box<Self> {
        let mut error = Self::plain(415, "UnsupportedMediaType", "415: Unsupported Media Type");
        error.details = Some(Details::default());
        error
    }

    /// 500.
    #[must_use]
    pub(crate) fn internal(message: &str) -> Box<Self> {
        let mut error = Self::plain(500, "InternalError", format!("Internal error occurred: {message}"));
        let cause = Cause { reason: String::new(), message: message.to_owned(), field: String::new() };
        error.details = Some(Details { causes: vec![cause], ..Details::default() });
        error
    }

    /// The body of the answer.
    #[must_use]
    pub(crate) fn to_status(&self) -> Value {
        let mut metadata = Map::new();
        if let Some(token) = &self.continue_token {
            metadata.insert("continue".to_owned(), json!(token));
        }
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if let Some(map) = status.as_object_mut() {
            if !self.reason.is_empty() {
                map.insert("reason".to_owned(), json!(self.reason));
            }
            if let Some(details) = &self.details {
                map.insert("details".to_owned(), details.to_value());
            }
        }
        status
    }
}

impl Details {
    /// As JSON, empty fields left out.
    #[must_use]
    pub(crate) fn to_value(&self) -> Value {
        let mut map = Map::new();
        for (key, text) in [("name", &self.name), ("group", &self.group), ("kind", &self.kind), ("uid", &self.uid)] {
            if !text.is_empty() {
                map.insert(key.to_owned(), json!(text));
            }
        }
        if !self.causes.is_empty() {
            map.insert("causes".to_owned(), self.causes.iter().map(Cause::to_value).collect());
        }
        if self.retry_after_seconds > 0 {
            map.insert("retryAfterSeconds".to_owned(), json!(self.retry_after_seconds));
        }
        Value::Object(map)
    }
}

impl Cause {
    fn to_value(&self) -> Value {
        let mut map = Map::new();
        for (key, text) in [("reason", &self.reason), ("message", &self.message), ("field", &self.field)] {
            if !text.is_empty() {
                map.insert(key.to_owned(), json!(text));
            }
        }
        Value::Object(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PODS: GroupResource<'_> = GroupResource { group: "", resource: "pods" };

    #[test]
    fn a_status_has_the_fields_clients_match_on() {
        assert_eq!(
            ApiError::not_found(PODS, "a").to_status(),
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                   "message": "pods \"a\" not found", "reason": "NotFound",
                   "details": {"name": "a", "kind": "pods"}, "code": 404})
        );
    }

    #[test]
    fn invalid_names_the_kind_and_lists_the_causes() {
        let error = ApiError::invalid("g.io", "Thing", "t", &[FieldError::required("spec", "")]);
        assert_eq!(error.message, "Thing.g.io \"t\" is invalid: spec: Required value");
        assert_eq!(
            error.to_status()["details"],
            json!({"name": "t", "group": "g.io", "kind": "Thing",
                   "causes": [{"reason": "FieldValueRequired", "message": "Required value", "field": "spec"}]})
        );
    }
}
