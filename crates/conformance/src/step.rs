//! Stories as data: what is sent, in which order.
//!
//! Paths, parameters and bodies may hold placeholders, filled in from earlier answers of the same story: `<ns>` is the
//! story's namespace, `<uid a>`, `<rv a>` and `<continue a>` are those of the answer to the step that was saved as `a`.

use serde_json::Value;

/// One sequence of requests with a name.
#[derive(Debug, Clone)]
pub struct Story {
    /// A sentence: what the story shows. Also its golden file.
    pub name: &'static str,
    /// The requests.
    pub steps: Vec<Step>,
}

/// The body of a request.
#[derive(Debug, Clone)]
pub enum Body {
    /// None.
    None,
    /// This.
    Json(Value),
    /// The body of the answer saved as this, changed.
    Edited(&'static str, fn(&mut Value)),
}

/// One request.
#[derive(Debug, Clone)]
pub struct Step {
    /// HTTP method.
    pub method: &'static str,
    /// Path, with placeholders.
    pub path: String,
    /// Parameters, with placeholders.
    pub query: Vec<(&'static str, String)>,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// `Accept`.
    pub accept: &'static str,
    /// Body, with placeholders.
    pub body: Body,
    /// The name under which later steps know the answer.
    pub saved: Option<&'static str>,
    /// Of the answer only the code is compared; why stands in docs/api-model/differences.md.
    pub code_only: bool,
    /// A watch is read up to the event of the object with this name, or to its end.
    pub until: Option<&'static str>,
}

impl Step {
    fn new(method: &'static str, path: impl Into<String>, body: Body) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            content_type: "application/json",
            accept: "application/json",
            body,
            saved: None,
            code_only: false,
            until: None,
        }
    }

    /// GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path, Body::None)
    }

    /// POST.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new("POST", path, Body::Json(body))
    }

    /// PUT of a body.
    pub fn put(path: impl Into<String>, body: Value) -> Self {
        Self::new("PUT", path, Body::Json(body))
    }

    /// PUT of what an earlier step answered, changed.
    pub fn put_edited(path: impl Into<String>, saved: &'static str, edit: fn(&mut Value)) -> Self {
        Self::new("PUT", path, Body::Edited(saved, edit))
    }

    /// PATCH with a merge patch.
    pub fn merge(path: impl Into<String>, body: Value) -> Self {
        Self { content_type: "application/merge-patch+json", ..Self::new("PATCH", path, Body::Json(body)) }
    }

    /// PATCH with a JSON patch.
    pub fn json_patch(path: impl Into<String>, body: Value) -> Self {
        Self { content_type: "application/json-patch+json", ..Self::new("PATCH", path, Body::Json(body)) }
    }

    /// PATCH with an applied configuration.
    pub fn apply(path: impl Into<String>, body: Value) -> Self {
        let step = Self { content_type: "application/apply-patch+yaml", ..Self::new("PATCH", path, Body::Json(body)) };
        step.with("fieldManager", "conformance")
    }

    /// DELETE.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path, Body::None)
    }

    /// Watch, read up to the event of an object with this name, or to the end that `timeoutSeconds` sets.
    pub fn watch(path: impl Into<String>, until: &'static str) -> Self {
        let step = Self::get(path).with("watch", "true").with("timeoutSeconds", "5");
        Self { until: Some(until), ..step }
    }

    /// With this parameter.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.retain(|(there, _)| *there != key);
        self.query.push((key, value.into()));
        self
    }

    /// With a body (DeleteOptions).
    #[must_use]
    pub fn with_body(self, body: Value) -> Self {
        Self { body: Body::Json(body), ..self }
    }

    /// With another content type.
    #[must_use]
    pub fn as_type(self, content_type: &'static str) -> Self {
        Self { content_type, ..self }
    }

    /// With another `Accept`.
    #[must_use]
    pub fn accept(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    /// Only the code of the answer is compared.
    #[must_use]
    pub fn code_only(self) -> Self {
        Self { code_only: true, ..self }
    }

    /// Later steps may name the answer.
    #[must_use]
    pub fn save(self, name: &'static str) -> Self {
        Self { saved: Some(name), ..self }
    }

    /// The request in one line, placeholders as they are.
    #[must_use]
    pub fn title(&self) -> String {
        let mut text = format!("{} {}", self.method, self.path);
        for (i, (key, value)) in self.query.iter().enumerate() {
            text.push_str(if i == 0 { "?" } else { "&" });
            text.push_str(key);
            text.push('=');
            text.push_str(value);
        }
        text
    }
}
