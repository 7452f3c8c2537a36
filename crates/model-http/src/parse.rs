//! From an HTTP request to a model request.
//!
//! In: the parts of an HTTP request and its body. Out: a [`Request`], or the answer that refuses it. Guarantees: bounded
//! bodies; JSON with the paths of fields that occur twice; YAML where the content type says so.

use std::fmt;

use hyper::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use hyper::http::request::Parts;
use model::{Method, Request, Response, Unreadable, syntax_error};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// kube-apiserver's `MaxRequestBodyBytes`.
pub(crate) const MAX_BODY: usize = 3 * 1024 * 1024;

/// Builds the request.
pub(crate) fn request(parts: &Parts, body: &[u8]) -> Result<Request, Box<Response>> {
    let method = match parts.method.as_str() {
        "GET" | "HEAD" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => return Err(Box::new(Response::text(405, "method not allowed\n"))),
    };
    let header = |name| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
    let content_type = header(CONTENT_TYPE).split(';').next().unwrap_or("").trim().to_owned();
    let mut request = Request::new(method, decode(parts.uri.path(), false));
    request.query = query(parts.uri.query().unwrap_or(""));
    header(ACCEPT).clone_into(&mut request.accept);
    header(USER_AGENT).clone_into(&mut request.user_agent);
    if !body.is_empty() {
        // Of other types nothing is read; the model knows whether that matters.
        let yaml = content_type.ends_with("yaml");
        let json = content_type.is_empty() || content_type.ends_with("json");
        let outcome = if yaml || json { read(body, yaml) } else { Err(content_type.clone()) };
        match outcome {
            Ok((value, duplicates)) => (request.body, request.duplicates) = (Some(value), duplicates),
            Err(why) => request.unreadable = Some(Unreadable { why, text: body.to_vec() }),
        }
    }
    request.content_type = content_type;
    Ok(request)
}

/// A body as JSON with what occurs twice in it, or why it cannot be read, in the words of kube-apiserver.
fn read(body: &[u8], yaml: bool) -> Result<(Value, Vec<String>), String> {
    let mut duplicates = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let seed = Unique { path: String::new(), duplicates: &mut duplicates };
    match seed.deserialize(&mut deserializer).and_then(|v| deserializer.end().map(|()| v)) {
        Ok(value) => Ok((value, duplicates.iter().map(|path| format!("duplicate field \"{path}\"")).collect())),
        // Clients send JSON under a YAML content type; what is no JSON may still be YAML.
        Err(_) if yaml => read_yaml(body),
        Err(e) => Err(syntax_error(body, &e)),
    }
}

/// YAML; of keys that occur twice in one map the last counts, and the first of them is told.
fn read_yaml(body: &[u8]) -> Result<(Value, Vec<String>), String> {
    let text = std::str::from_utf8(body).map_err(|e| format!("yaml: {e}"))?;
    let strict = match serde_saphyr::from_str(text) {
        Ok(value) => return Ok((value, Vec::new())),
        Err(error) => error,
    };
    let lenient = serde_saphyr::options! { duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins };
    let value = serde_saphyr::from_str_with_options(text, lenient).map_err(|e| format!("yaml: {e}"))?;
    let line = strict.location().map_or(0, |location| location.line());
    let key = match strict.without_snippet() {
        serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. } => key.as_str(),
        _ => "",
    };
    Ok((value, vec![format!("yaml: unmarshal errors:\n  line {line}: key \"{key}\" already set in map")]))
}

/// `a=b&c=d`, decoded.
fn query(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key, true), decode(value, true))
        })
        .collect()
}

/// Percent-decoding; bytes that are no UTF-8 afterwards are replaced.
fn decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high * 16 + low);
                at += 2;
            }
            (b'+', ..) if plus_is_space => out.push(b' '),
            (byte, ..) => out.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Reads any JSON and notes the fields that occur twice; the last one counts, as in Go.
struct Unique<'a> {
    path: String,
    duplicates: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Number::from_f64(v).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::String(v))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        loop {
            let path = format!("{}[{}]", self.path, out.len());
            match list.next_element_seed(Unique { path, duplicates: &mut *self.duplicates })? {
                Some(value) => out.push(value),
                None => return Ok(Value::Array(out)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let path = if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            let value = map.next_value_seed(Unique { path: path.clone(), duplicates: &mut *self.duplicates })?;
            if out.insert(key, value).is_some() {
                self.duplicates.push(path);
            }
        }
        Ok(Value::Object(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_that_occur_twice_are_noted_with_their_path() {
        let text = br#"{"a": 1, "l": [{"x": 1, "x": 2}], "a": 3}"#;
        let (value, duplicates) = read(text, false).unwrap();
        assert_eq!(value, json!({"a": 3, "l": [{"x": 2}]}));
        assert_eq!(duplicates, ["duplicate field \"l[0].x\"", "duplicate field \"a\""]);
    }

    #[test]
    fn yaml_is_read_where_it_is_announced() {
        assert_eq!(read(b"a: 1\nl: [x]\n", true).unwrap().0, json!({"a": 1, "l": ["x"]}));
        assert!(read(b"a: 1\n", false).is_err());
        let (value, duplicates) = read(b"a: 1\nb:\n  c: 1\n  c: 2\n", true).unwrap();
        assert_eq!(value, json!({"a": 1, "b": {"c": 2}}));
        assert_eq!(duplicates, ["yaml: unmarshal errors:\n  line 4: key \"c\" already set in map"]);
        assert!(read(&[b'['; 100_000], false).is_err());
    }

    #[test]
    fn paths_and_queries_are_decoded() {
        assert_eq!(query("a=b%3Dc+d&e"), [("a".into(), "b=c d".into()), ("e".into(), String::new())]);
        assert_eq!(decode("/x%2Fy%zz+", false), "/x/y%zz+");
    }
}
