//! What a list says about itself: its kind and whether it goes on elsewhere.
//!
//! In: values of the keys `apiVersion`, `kind`, `metadata` and `items`, by their place in a buffer or as text. Out: what
//! they say. Guarantees: while a document may still be a single object, nothing is copied.

use serde::Deserialize;

/// The keys of a document that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    ApiVersion,
    Kind,
    Metadata,
    Items,
    Other,
}

impl Key {
    /// The key in these quotes.
    pub(crate) fn of(quoted: &[u8]) -> Self {
        match quoted {
            b"\"apiVersion\"" => Self::ApiVersion,
            b"\"kind\"" => Self::Kind,
            b"\"metadata\"" => Self::Metadata,
            b"\"items\"" => Self::Items,
            _ => Self::Other,
        }
    }
}

/// The value of a key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Value {
    #[default]
    Absent,
    /// From here to there in the buffer.
    At(usize, usize),
    Text(Box<[u8]>),
    /// There was one, larger than a header may be.
    TooLarge,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Header {
    api_version: Value,
    kind: Value,
    metadata: Value,
    /// Something else than a list under `items`.
    items: Value,
}

impl Header {
    fn field(&mut self, key: Key) -> Option<&mut Value> {
        match key {
            Key::ApiVersion => Some(&mut self.api_version),
            Key::Kind => Some(&mut self.kind),
            Key::Metadata => Some(&mut self.metadata),
            Key::Items => Some(&mut self.items),
            Key::Other => None,
        }
    }

    fn fields(&mut self) -> [&mut Value; 4] {
        [&mut self.api_version, &mut self.kind, &mut self.metadata, &mut self.items]
    }

    pub(super) fn set(&mut self, key: Key, start: usize, end: usize) {
        if let Some(field) = self.field(key) {
            *field = Value::At(start, end);
        }
    }

    pub(super) fn too_large(&mut self, key: Key) {
        if let Some(field) = self.field(key) {
            *field = Value::TooLarge;
        }
    }

    /// The buffer now begins `by` bytes later.
    pub(super) fn cut(&mut self, by: usize) {
        for field in self.fields() {
            if let Value::At(start, end) = field {
                (*start, *end) = (start.saturating_sub(by), end.saturating_sub(by));
            }
        }
    }

    /// Copies what lies in the buffer.
    pub(super) fn detach(&mut self, buffer: &[u8]) {
        for field in self.fields() {
            if let Value::At(start, end) = *field {
                let text = buffer.get(start..end).unwrap_or_default();
                *field =
                    if text.len() > crate::limits::MAX_HEADER { Value::TooLarge } else { Value::Text(text.into()) };
            }
        }
    }

    /// Whether the kind, as far as it is known, is that of a list.
    pub(super) fn may_be_list(&self, buffer: &[u8]) -> bool {
        matches!(self.kind, Value::Absent) || self.is_list(buffer)
    }

    pub(super) fn is_list(&self, buffer: &[u8]) -> bool {
        match &self.kind {
            Value::At(start, end) => buffer.get(*start..*end).is_some_and(|kind| kind.ends_with(b"List\"")),
            Value::Text(kind) => kind.ends_with(b"List\""),
            Value::Absent | Value::TooLarge => false,
        }
    }

    /// The list's `apiVersion`, once it was said.
    pub(crate) fn api_version(&self) -> Option<String> {
        string(&self.api_version)
    }

    /// The list's `kind`, once it was said.
    pub(crate) fn kind(&self) -> Option<String> {
        string(&self.kind)
    }

    /// Whether there is more of the list elsewhere, or may be: `metadata` that cannot be read says nothing of that.
    pub(crate) fn continued(&self) -> bool {
        #[derive(Deserialize)]
        struct Metadata {
            #[serde(default, rename = "continue")]
            next: Option<String>,
        }
        match &self.metadata {
            Value::Absent => false,
            Value::Text(text) => match serde_json::from_slice::<Option<Metadata>>(text) {
                Ok(metadata) => metadata.and_then(|metadata| metadata.next).is_some_and(|next| !next.is_empty()),
                Err(_) => true,
            },
            Value::At(..) | Value::TooLarge => true,
        }
    }

    /// A header that is there and cannot be read: nothing can be concluded from its list.
    pub(crate) fn unreadable() -> Self {
        Self { metadata: Value::TooLarge, items: Value::TooLarge, ..Self::default() }
    }

    /// The header in a JSON object.
    pub(crate) fn from_json(json: &[u8]) -> Self {
        let map = match serde_json::from_slice::<Option<serde_json::Map<_, serde_json::Value>>>(json) {
            Ok(map) => map.unwrap_or_default(),
            Err(_) => return Self::unreadable(),
        };
        let text = |key: &str| map.get(key).map_or(Value::Absent, |value| Value::Text(value.to_string().as_bytes().into()));
        Self { api_version: text("apiVersion"), kind: text("kind"), metadata: text("metadata"), items: text("items") }
    }

    /// What is wrong with the list itself.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        match (&self.items, &self.metadata) {
            (Value::Absent, Value::TooLarge) => Some("the list's `metadata` is larger than 64 KiB"),
            (Value::TooLarge, Value::TooLarge) => Some("what the list says about itself cannot be read"),
            (Value::Absent, _) => None,
            (Value::Text(text), _) if **text == *b"null" || **text == *b"[]" => None,
            _ => Some("`items` is no list"),
        }
    }
}

fn string(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => serde_json::from_slice(text).ok(),
        _ => None,
    }
}
