//! Finding the fields of an object that were there and could not be read.
//!
//! In: a slim object. Out: a list of [`Malformed`] with JSON paths. Guarantees: every [`Field`] of every kind is looked
//! at, because the structs and this walk are declared in one place.

use super::field::Str;
use super::{Counter, Field, Meta, Newest, Pairs, Phase, PodType, RestartPolicy, Uid};
use std::fmt::Display;
use std::str::FromStr;

/// A field that cannot be read; the rest of its object is used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Malformed {
    /// Where: `spec.v4IpAddress`, `spec.excludeIps[2]`.
    pub path: String,
    /// Why, with the text that stands there.
    pub reason: String,
}

/// Where in an object one is: rendered only when something is wrong there, since every field of every object is visited.
#[derive(Debug, Clone, Copy)]
pub enum Path<'a> {
    /// The object itself.
    Root,
    /// A field of what the parent holds.
    Field(&'a Path<'a>, &'static str),
    /// An item of the list that the parent holds.
    Index(&'a Path<'a>, usize),
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Something that may hold unreadable fields.
pub trait Bad {
    /// Appends every unreadable field at or below `path`.
    fn collect_bad(&self, path: Path<'_>, out: &mut Vec<Malformed>);
}

impl<T: FromStr<Err: Display>> Bad for Field<T> {
    fn collect_bad(&self, path: Path<'_>, out: &mut Vec<Malformed>) {
        if let Self::Bad(text) = self {
            let reason = match text.trim().parse::<T>() {
                // Most errors show the text themselves.
                Err(error) => match error.to_string() {
                    said if said.contains(text.trim()) => said,
                    said => format!("`{}`: {said}", excerpt(text)),
                },
                Ok(_) => format!("`{}` cannot be read", excerpt(text)),
            };
            out.push(Malformed { path: path.to_string(), reason });
        }
    }
}

/// At most 80 characters of a text, for messages.
fn excerpt(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text.to_owned(),
    }
}

impl Bad for Meta {
    fn collect_bad(&self, path: Path<'_>, out: &mut Vec<Malformed>) {
        self.created.collect_bad(Path::Field(&path, "creationTimestamp"), out);
        self.deleted.collect_bad(Path::Field(&path, "deletionTimestamp"), out);
    }
}

impl<T: Bad> Bad for Box<[T]> {
    fn collect_bad(&self, path: Path<'_>, out: &mut Vec<Malformed>) {
        for (i, item) in self.iter().enumerate() {
            item.collect_bad(Path::Index(&path, i), out);
        }
    }
}

impl<T: Bad> Bad for Option<T> {
    fn collect_bad(&self, path: Path<'_>, out: &mut Vec<Malformed>) {
        if let Some(value) = self {
            value.collect_bad(path, out);
        }
    }
}

/// Types whose values are sound once they are there.
macro_rules! never_bad {
    ($($ty:ty),*) => {$(impl Bad for $ty { fn collect_bad(&self, _: Path<'_>, _: &mut Vec<Malformed>) {} })*};
}
never_bad!(Str, bool, i64, Counter, Newest, Uid, Pairs, Box<str>, serde_json::Value, Phase, RestartPolicy, PodType);
