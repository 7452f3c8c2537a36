//! Values: JSON as CEL sees it, and what is computed from it.
//!
//! Guarantees: strings and containers of the object are borrowed, never copied. A number that the schema calls `number` is
//! a double even without a fraction; a string of format `date-time` is a timestamp.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use crate::schema::{ListType, Node, Type};
use crate::time::Timestamp;

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Val<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Cow<'a, str>),
    Bytes(Vec<u8>),
    List(Vec<Val<'a>>),
    Map(Vec<(Val<'a>, Val<'a>)>),
    /// A list or object of the document.
    Json(&'a Value, Option<&'a Node>),
    Optional(Option<Box<Val<'a>>>),
    Time(Timestamp),
    /// Milliseconds.
    Duration(i64),
    Type(&'static str),
}

impl<'a> Val<'a> {
    /// A part of the document.
    pub(crate) fn json(value: &'a Value, node: Option<&'a Node>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::String(s) => match node {
                Some(n) if n.format == "date-time" || n.format == "datetime" => {
                    Timestamp::parse(s).map_or(Self::Text(Cow::Borrowed(s)), Self::Time)
                }
                _ => Self::Text(Cow::Borrowed(s)),
            },
            Value::Number(n) => match (n.as_i64(), node.and_then(|n| n.kind)) {
                (Some(i), Some(Type::Number)) => Self::Double(number(i)),
                (Some(i), _) => Self::Int(i),
                (None, _) => Self::Double(n.as_f64().unwrap_or(f64::NAN)),
            },
            Value::Array(_) | Value::Object(_) => Self::Json(value, node),
        }
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(Cow::Owned(text.into()))
    }

    /// The name of its type, as errors and `type()` show it.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Json(Value::Array(_), _) => "list",
            Self::Json(..) => "map",
            Self::Optional(_) => "optional_type",
            Self::Time(_) => "google.protobuf.Timestamp",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Type(_) => "type",
        }
    }

    /// The entries of a list.
    pub(crate) fn list(&self) -> Option<Vec<Self>> {
        match self {
            Self::List(list) => Some(list.clone()),
            Self::Json(Value::Array(list), node) => {
                let items = node.and_then(|n| n.items.as_deref());
                Some(list.iter().map(|v| Self::json(v, items)).collect())
            }
            _ => None,
        }
    }

    /// What a loop runs over: a list's entries, a map's keys.
    pub(crate) fn range(&self) -> Option<Vec<Self>> {
        match self {
            Self::Map(pairs) => Some(pairs.iter().map(|(k, _)| k.clone()).collect()),
            Self::Json(Value::Object(map), _) => Some(map.keys().map(|k| Self::Text(Cow::Borrowed(k))).collect()),
            _ => self.list(),
        }
    }

    /// How many entries or characters.
    pub(crate) fn size(&self) -> Option<i64> {
        let len = match self {
            Self::Text(s) => s.chars().count(),
            Self::Bytes(b) => b.len(),
            Self::List(l) => l.len(),
            Self::Map(m) => m.len(),
            Self::Json(Value::Array(l), _) => l.len(),
            Self::Json(Value::Object(m), _) => m.len(),
            _ => return None,
        };
        i64::try_from(len).ok()
    }

    /// A member of a map or object.
    pub(crate) fn get(&self, key: &Val<'_>) -> Option<Self> {
        match (self, key) {
            (Self::Map(pairs), key) => pairs.iter().find(|(k, _)| k.equals(key)).map(|(_, v)| v.clone()),
            (Self::Json(Value::Object(map), node), Val::Text(key)) => {
                map.get(key.as_ref()).map(|v| Self::json(v, node.and_then(|n| n.member(key))))
            }
            _ => None,
        }
    }

    /// A field by the name a rule writes; see [`unescape`].
    pub(crate) fn field(&self, name: &str) -> Option<Self> {
        self.get(&Val::Text(unescape(name)))
    }

    /// Equality across number types; lists of set or map type compare without order.
    pub(crate) fn equals(&self, other: &Val<'_>) -> bool {
        match (self, other) {
            (Val::Null, Val::Null) => true,
            (Val::Bool(a), Val::Bool(b)) => a == b,
            (Val::Text(a), Val::Text(b)) => a == b,
            (Val::Bytes(a), Val::Bytes(b)) => a == b,
            (Val::Time(a), Val::Time(b)) => a == b,
            (Val::Duration(a), Val::Duration(b)) => a == b,
            (Val::Type(a), Val::Type(b)) => a == b,
            (Val::Optional(a), Val::Optional(b)) => match (a, b) {
                (None, None) => true,
                (Some(a), Some(b)) => a.equals(b),
                _ => false,
            },
            (Val::Json(a, an), Val::Json(b, bn)) if a == b && an.is_some() == bn.is_some() => true,
            _ => match (self.number(), other.number()) {
                (Some(_), Some(_)) => self.compare(other) == Some(Ordering::Equal),
                (None, None) => {
                    let unordered = matches!(self, Val::Json(_, Some(n)) if is_unordered(n));
                    containers_equal(self, other, unordered)
                }
                _ => false,
            },
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Val::Int(n) => Some(number(*n)),
            #[expect(clippy::cast_precision_loss, reason = "only used to tell numbers from others and to order them")]
            Val::Uint(n) => Some(*n as f64),
            Val::Double(n) => Some(*n),
            _ => None,
        }
    }

    /// Order, where there is one.
    pub(crate) fn compare(&self, other: &Val<'_>) -> Option<Ordering> {
        match (self, other) {
            (Val::Int(a), Val::Int(b)) => Some(a.cmp(b)),
            (Val::Uint(a), Val::Uint(b)) => Some(a.cmp(b)),
            (Val::Int(a), Val::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Val::Uint(a), Val::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Val::Text(a), Val::Text(b)) => Some(a.cmp(b)),
            (Val::Bool(a), Val::Bool(b)) => Some(a.cmp(b)),
            (Val::Bytes(a), Val::Bytes(b)) => Some(a.cmp(b)),
            (Val::Time(a), Val::Time(b)) => Some(a.cmp(b)),
            (Val::Duration(a), Val::Duration(b)) => Some(a.cmp(b)),
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }
}

fn is_unordered(node: &Node) -> bool {
    matches!(node.list_type, Some(ListType::Set | ListType::Map(_)))
}

fn containers_equal(a: &Val<'_>, b: &Val<'_>, unordered: bool) -> bool {
    if let (Some(x), Some(y)) = (a.list(), b.list()) {
        return x.len() == y.len()
            && if unordered {
                x.iter().all(|v| y.iter().any(|w| v.equals(w))) && y.iter().all(|v| x.iter().any(|w| v.equals(w)))
            } else {
                x.iter().zip(&y).all(|(v, w)| v.equals(w))
            };
    }
    if a.list().is_some() || b.list().is_some() {
        return false;
    }
    match (a.range(), b.range()) {
        (Some(x), Some(y)) => {
            x.len() == y.len()
                && x.iter().all(|key| matches!((a.get(key), b.get(key)), (Some(v), Some(w)) if v.equals(&w)))
        }
        _ => false,
    }
}

#[expect(clippy::cast_precision_loss, reason = "CEL converts so, too")]
const fn number(n: i64) -> f64 {
    n as f64
}

/// The property that an identifier stands for: `__dot__`, `__dash__`, `__slash__`, `__underscores__`, and keywords in
/// double underscores.
pub(crate) fn unescape(name: &str) -> Cow<'_, str> {
    if !name.contains("__") {
        return Cow::Borrowed(name);
    }
    const KEYWORDS: [&str; 19] = [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
    ];
    if let Some(word) = name.strip_prefix("__").and_then(|n| n.strip_suffix("__"))
        && KEYWORDS.contains(&word)
    {
        return Cow::Owned(word.to_owned());
    }
    let mut out = String::new();
    let mut rest = name;
    while !rest.is_empty() {
        let pairs = [("__underscores__", "__"), ("__dot__", "."), ("__dash__", "-"), ("__slash__", "/")];
        if let Some((escape, text)) = pairs.iter().find(|(e, _)| rest.starts_with(e)) {
            out.push_str(text);
            rest = &rest[escape.len()..];
        } else if let Some(c) = rest.chars().next() {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Cow::Owned(out)
}
