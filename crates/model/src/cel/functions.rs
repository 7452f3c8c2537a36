//! Functions and methods.
//!
//! Sources: cel-spec standard definitions; cel-go `ext/strings.go`, `ext/sets.go`; `apiserver/pkg/cel/library/{lists,
//! regex}.go`; optional types.

use regex::Regex;

use super::value::Val;
use crate::time::Timestamp;

/// Every function and method name, for the check when a rule is created.
pub(super) const NAMES: &[&str] = &[
    "size",
    "string",
    "int",
    "uint",
    "double",
    "bool",
    "bytes",
    "type",
    "dyn",
    "duration",
    "timestamp",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "charAt",
    "indexOf",
    "lastIndexOf",
    "lowerAscii",
    "upperAscii",
    "replace",
    "split",
    "substring",
    "trim",
    "join",
    "reverse",
    "find",
    "findAll",
    "isSorted",
    "sum",
    "min",
    "max",
    "hasValue",
    "value",
    "orValue",
    "or",
    "of",
    "ofNonZeroValue",
    "none",
    "optMap",
    "getFullYear",
    "getSeconds",
    "getMinutes",
    "getHours",
    "getMilliseconds",
    "distinct",
    "flatten",
    "slice",
    "sort",
];

/// Calls `name`.
pub(super) fn call<'a>(name: &str, target: Option<&Val<'a>>, args: &[Val<'a>]) -> Result<Val<'a>, String> {
    let shown = || {
        let types: Vec<&str> = target.into_iter().chain(args).map(Val::type_name).collect();
        format!("no such overload: {name}({})", types.join(", "))
    };
    let found = match target {
        None => function(name, args)?,
        Some(Val::Optional(inner)) => optional(name, inner.as_deref(), args)?,
        Some(target) => match target {
            Val::Text(text) => text_method(name, text, args)?,
            Val::Type("optional") => match (name, args) {
                ("of", [value]) => Some(Val::Optional(Some(Box::new(value.clone())))),
                ("none", []) => Some(Val::Optional(None)),
                _ => None,
            },
            Val::Duration(ms) => duration_method(name, *ms),
            other => other.list().map(|list| list_method(name, &list, args)).transpose()?.flatten(),
        },
    };
    match (found, target, args) {
        (Some(found), ..) => Ok(found),
        (None, Some(target), []) if name == "size" => target.size().map(Val::Int).ok_or_else(shown),
        _ => Err(shown()),
    }
}

/// Types that stand as values, and the namespace of optionals.
pub(super) fn type_named(name: &str) -> Option<Val<'static>> {
    let known = ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "optional"];
    known.into_iter().find(|n| *n == name).map(Val::Type)
}

/// As an error message shows it.
pub(super) fn show(value: &Val<'_>) -> String {
    match value {
        Val::Text(s) => s.to_string(),
        Val::Int(n) => n.to_string(),
        Val::Uint(n) => n.to_string(),
        Val::Double(n) => n.to_string(),
        Val::Bool(b) => b.to_string(),
        Val::Time(t) => t.to_string(),
        other => other.type_name().to_owned(),
    }
}

fn function<'a>(name: &str, args: &[Val<'a>]) -> Result<Option<Val<'a>>, String> {
    let [arg] = args else {
        return match (name, args) {
            ("matches", [Val::Text(text), Val::Text(pattern)]) => Ok(Some(Val::Bool(regex(pattern)?.is_match(text)))),
            _ => Ok(None),
        };
    };
    Ok(match (name, arg) {
        ("size", _) => arg.size().map(Val::Int),
        ("dyn", _) => Some(arg.clone()),
        ("type", _) => Some(Val::Type(arg.type_name())),
        ("string", _) => to_text(arg)?,
        ("int", _) => to_int(arg)?.map(Val::Int),
        ("uint", _) => to_uint(arg)?.map(Val::Uint),
        ("double", _) => to_double(arg)?.map(Val::Double),
        ("bool", _) => to_bool(arg)?.map(Val::Bool),
        ("bytes", Val::Text(s)) => Some(Val::Bytes(s.as_bytes().to_vec())),
        ("timestamp", Val::Text(s)) => {
            Some(Val::Time(Timestamp::parse(s).ok_or_else(|| format!("invalid timestamp: {s}"))?))
        }
        ("timestamp", Val::Time(t)) => Some(Val::Time(*t)),
        ("duration", Val::Text(s)) => {
            Some(Val::Duration(crate::time::duration(s).ok_or_else(|| format!("invalid duration: {s}"))?))
        }
        ("duration", Val::Duration(d)) => Some(Val::Duration(*d)),
        _ => None,
    })
}

fn to_text<'a>(arg: &Val<'a>) -> Result<Option<Val<'a>>, String> {
    Ok(match arg {
        Val::Text(_) | Val::Int(_) | Val::Uint(_) | Val::Double(_) | Val::Bool(_) | Val::Time(_) => {
            Some(Val::text(show(arg)))
        }
        Val::Duration(ms) => Some(Val::text(format!("{}s", ms / 1000))),
        Val::Bytes(bytes) => Some(Val::text(String::from_utf8(bytes.clone()).map_err(|_| "invalid UTF-8 in bytes")?)),
        _ => None,
    })
}

/// Text as a number.
fn parse<N: std::str::FromStr>(text: &str, to: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("type conversion error from 'string' to '{to}': {text}"))
}

fn to_int(arg: &Val<'_>) -> Result<Option<i64>, String> {
    Ok(match arg {
        Val::Int(n) => Some(*n),
        Val::Uint(n) => Some(i64::try_from(*n).map_err(|_| "integer overflow")?),
        #[expect(clippy::cast_possible_truncation, reason = "checked to be in range; CEL cuts the fraction")]
        Val::Double(n) if n.abs() < 9.2e18 => Some(*n as i64),
        Val::Double(_) => return Err("integer overflow".to_owned()),
        Val::Text(s) => Some(parse(s, "int")?),
        Val::Time(t) => Some(t.secs()),
        _ => None,
    })
}

fn to_uint(arg: &Val<'_>) -> Result<Option<u64>, String> {
    Ok(match arg {
        Val::Uint(n) => Some(*n),
        Val::Int(n) => Some(u64::try_from(*n).map_err(|_| "unsigned integer overflow")?),
        Val::Text(s) => Some(parse(s, "uint")?),
        _ => None,
    })
}

fn to_double(arg: &Val<'_>) -> Result<Option<f64>, String> {
    Ok(match arg {
        Val::Double(n) => Some(*n),
        #[expect(clippy::cast_precision_loss, reason = "CEL converts so, too")]
        Val::Int(n) => Some(*n as f64),
        Val::Text(s) => Some(parse(s, "double")?),
        _ => None,
    })
}

fn to_bool(arg: &Val<'_>) -> Result<Option<bool>, String> {
    Ok(match arg {
        Val::Bool(b) => Some(*b),
        Val::Text(s) => match s.as_ref() {
            "true" | "True" | "TRUE" | "t" | "1" => Some(true),
            "false" | "False" | "FALSE" | "f" | "0" => Some(false),
            _ => return Err(format!("type conversion error from 'string' to 'bool': {s}")),
        },
        _ => None,
    })
}

fn duration_method<'a>(name: &str, ms: i64) -> Option<Val<'a>> {
    Some(Val::Int(match name {
        "getHours" => ms / 3_600_000,
        "getMinutes" => ms / 60_000,
        "getSeconds" => ms / 1000,
        "getMilliseconds" => ms % 1000,
        _ => return None,
    }))
}

fn optional<'a>(name: &str, inner: Option<&Val<'a>>, args: &[Val<'a>]) -> Result<Option<Val<'a>>, String> {
    Ok(match (name, args) {
        ("hasValue", []) => Some(Val::Bool(inner.is_some())),
        ("value", []) => Some(inner.cloned().ok_or("optional.none() dereference")?),
        ("orValue", [other]) => Some(inner.cloned().unwrap_or_else(|| other.clone())),
        ("or", [other]) => Some(inner.map_or_else(|| other.clone(), |v| Val::Optional(Some(Box::new(v.clone()))))),
        _ => None,
    })
}

fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|e| format!("error parsing regexp: {e}"))
}

fn text_method<'a>(name: &str, text: &str, args: &[Val<'a>]) -> Result<Option<Val<'a>>, String> {
    let index = |n: i64| -> Result<usize, String> {
        let chars = text.chars().count();
        usize::try_from(n).ok().filter(|n| *n <= chars).ok_or_else(|| format!("index out of range: {n}"))
    };
    let sub = |from: usize, to: usize| -> String { text.chars().skip(from).take(to.saturating_sub(from)).collect() };
    let position = |byte: Option<usize>| -> Val<'a> {
        Val::Int(byte.map_or(-1, |b| i64::try_from(text[..b].chars().count()).unwrap_or(-1)))
    };
    Ok(Some(match (name, args) {
        ("contains", [Val::Text(x)]) => Val::Bool(text.contains(x.as_ref())),
        ("startsWith", [Val::Text(x)]) => Val::Bool(text.starts_with(x.as_ref())),
        ("endsWith", [Val::Text(x)]) => Val::Bool(text.ends_with(x.as_ref())),
        ("matches", [Val::Text(x)]) => Val::Bool(regex(x)?.is_match(text)),
        ("find", [Val::Text(x)]) => Val::text(regex(x)?.find(text).map_or("", |m| m.as_str())),
        ("findAll", [Val::Text(x)]) => Val::List(regex(x)?.find_iter(text).map(|m| Val::text(m.as_str())).collect()),
        ("lowerAscii", []) => Val::text(text.to_ascii_lowercase()),
        ("upperAscii", []) => Val::text(text.to_ascii_uppercase()),
        ("trim", []) => Val::text(text.trim()),
        ("reverse", []) => Val::text(text.chars().rev().collect::<String>()),
        ("charAt", [Val::Int(n)]) => {
            let at = index(*n)?;
            Val::text(sub(at, at + 1))
        }
        ("indexOf", [Val::Text(x)]) => position(text.find(x.as_ref())),
        ("lastIndexOf", [Val::Text(x)]) => position(text.rfind(x.as_ref())),
        ("replace", [Val::Text(x), Val::Text(y)]) => Val::text(text.replace(x.as_ref(), y)),
        ("replace", [Val::Text(x), Val::Text(y), Val::Int(n)]) => match usize::try_from(*n) {
            Ok(n) => Val::text(text.replacen(x.as_ref(), y, n)),
            Err(_) => Val::text(text.replace(x.as_ref(), y)),
        },
        ("split", [Val::Text(x)]) => Val::List(split(text, x, -1)),
        ("split", [Val::Text(x), Val::Int(n)]) => Val::List(split(text, x, *n)),
        ("substring", [Val::Int(from)]) => Val::text(sub(index(*from)?, usize::MAX)),
        ("substring", [Val::Int(from), Val::Int(to)]) => {
            let (from, to) = (index(*from)?, index(*to)?);
            if from > to {
                return Err(format!("invalid substring range. start: {from}, end: {to}"));
            }
            Val::text(sub(from, to))
        }
        _ => return Ok(None),
    }))
}

fn split<'a>(text: &str, separator: &str, limit: i64) -> Vec<Val<'a>> {
    if separator.is_empty() {
        return text.chars().map(|c| Val::text(c.to_string())).collect();
    }
    match usize::try_from(limit) {
        Ok(n) => text.splitn(n, separator).map(Val::text).collect(),
        Err(_) => text.split(separator).map(Val::text).collect(),
    }
}

fn list_method<'a>(name: &str, list: &[Val<'a>], args: &[Val<'a>]) -> Result<Option<Val<'a>>, String> {
    let position = |i: Option<usize>| Val::Int(i.and_then(|i| i64::try_from(i).ok()).unwrap_or(-1));
    let extreme =
        |want: std::cmp::Ordering| list.iter().cloned().reduce(|a, b| if b.compare(&a) == Some(want) { b } else { a });
    Ok(Some(match (name, args) {
        ("join", []) => Val::text(list.iter().map(show).collect::<String>()),
        ("join", [Val::Text(x)]) => Val::text(list.iter().map(show).collect::<Vec<_>>().join(x)),
        ("isSorted", []) => {
            Val::Bool(list.windows(2).all(|w| w[0].compare(&w[1]).is_some_and(std::cmp::Ordering::is_le)))
        }
        ("min", []) => extreme(std::cmp::Ordering::Less).ok_or("min called on empty list")?,
        ("max", []) => extreme(std::cmp::Ordering::Greater).ok_or("max called on empty list")?,
        ("sum", []) => {
            let mut total = Val::Int(0);
            for (i, value) in list.iter().enumerate() {
                total = match (&total, value) {
                    _ if i == 0 => value.clone(),
                    (Val::Int(a), Val::Int(b)) => Val::Int(a.checked_add(*b).ok_or("integer overflow")?),
                    (Val::Double(a), Val::Double(b)) => Val::Double(a + b),
                    _ => return Ok(None),
                };
            }
            total
        }
        ("indexOf", [x]) => position(list.iter().position(|v| v.equals(x))),
        ("lastIndexOf", [x]) => position(list.iter().rposition(|v| v.equals(x))),
        ("reverse", []) => Val::List(list.iter().rev().cloned().collect()),
        ("distinct", []) => {
            let mut out: Vec<Val<'a>> = Vec::new();
            for value in list {
                if !out.iter().any(|v| v.equals(value)) {
                    out.push(value.clone());
                }
            }
            Val::List(out)
        }
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_converts_converts_and_the_rest_says_why_not() {
        for (name, arg, expected) in [
            ("int", Val::text("12"), Ok("12")),
            ("int", Val::Double(-1.9), Ok("-1")),
            ("int", Val::Uint(u64::MAX), Err("integer overflow")),
            ("int", Val::text("x"), Err("type conversion error from 'string' to 'int': x")),
            ("uint", Val::Int(7), Ok("7")),
            ("uint", Val::Int(-1), Err("unsigned integer overflow")),
            ("double", Val::Int(2), Ok("2")),
            ("double", Val::text("x"), Err("type conversion error from 'string' to 'double': x")),
            ("bool", Val::text("t"), Ok("true")),
            ("bool", Val::text("x"), Err("type conversion error from 'string' to 'bool': x")),
            ("bool", Val::Int(1), Err("no such overload: bool(int)")),
            ("string", Val::Duration(2000), Ok("2s")),
            ("string", Val::Bytes(b"a".to_vec()), Ok("a")),
            ("duration", Val::Int(1), Err("no such overload: duration(int)")),
        ] {
            let found = call(name, None, &[arg]).map(|value| show(&value));
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{name}");
        }
    }
}
