//! Which of a definition's names are accepted.
//!
//! In: a definition and the other resources of its group. Out: `status.acceptedNames` and the conditions NamesAccepted and
//! Established. Guarantees: a name that another resource has is not accepted. Source:
//! `apiextensions-apiserver/pkg/controller/status/naming_controller.go`.

use serde_json::{Map, Value};

use super::{condition, names_of, set_condition, spec};
use crate::meta;
use crate::registry::{Registry, Resource};
use crate::time::Timestamp;

/// A name that could not be accepted: the reason and the message of the condition.
type Conflict = (&'static str, String);

/// `calculateNamesAndConditions`.
pub(super) fn accept(crd: &mut Value, registry: &Registry, now: Timestamp) {
    let (names, conflict) = accepted(crd, registry);
    meta::object_mut(crd, "status").insert("acceptedNames".to_owned(), Value::Object(names));
    let established = condition(crd, "Established").map(str::to_owned);
    match conflict {
        Some((reason, message)) => {
            set_condition(crd, "NamesAccepted", "False", reason, &message, now);
            if established.is_none() {
                set_condition(crd, "Established", "False", "NotAccepted", "not all names are accepted", now);
            }
        }
        None => {
            set_condition(crd, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now);
            if established.as_deref() != Some("True") {
                let message = "the initial names have been accepted";
                set_condition(crd, "Established", "False", "Installing", message, now);
            }
        }
    }
}

/// The names that the definition gets: those it asks for that are free, else those it had; and the last conflict.
fn accepted(crd: &Value, registry: &Registry) -> (Map<String, Value>, Option<Conflict>) {
    let (group, own) = (spec(crd, "group").as_str().unwrap_or(""), names_of(crd, "plural"));
    let requested = spec(crd, "names");
    let before = crd["status"].get("acceptedNames").cloned().unwrap_or(Value::Null);
    let others: Vec<&Resource> = registry.iter().filter(|r| r.group == group && r.plural != own).collect();
    let mut names = before.as_object().cloned().unwrap_or_default();
    let mut conflict = None;
    for (key, reason) in [
        ("plural", "PluralConflict"),
        ("singular", "SingularConflict"),
        ("shortNames", "ShortNamesConflict"),
        ("kind", "KindConflict"),
        ("listKind", "ListKindConflict"),
    ] {
        let wanted = requested.get(key).cloned().unwrap_or(Value::Null);
        let had = texts(before.get(key).unwrap_or(&Value::Null));
        let taken =
            texts(&wanted).into_iter().filter(|name| !had.contains(name) && is_used(key, name, &before, &others));
        let mut taken =
            taken.map(|name| format!("{} is already in use", crate::field::quote(name))).collect::<Vec<_>>();
        match taken.len() {
            0 if wanted.is_null() => drop(names.remove(key)),
            0 => drop(names.insert(key.to_owned(), wanted)),
            1 => conflict = taken.pop().map(|message| (reason, message)),
            _ => conflict = Some((reason, format!("[{}]", taken.join(", ")))),
        }
    }
    meta::keep(&mut names, requested.as_object(), "categories");
    (names, conflict)
}

/// A name, or several, as texts.
fn texts(names: &Value) -> Vec<&str> {
    match names {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

/// Whether a resource of the group has this name: another one, or this one itself in another place, so that what was
/// accepted as its singular is not free to be a short name of it later.
fn is_used(key: &str, name: &str, own: &Value, others: &[&Resource]) -> bool {
    let is_kind = matches!(key, "kind" | "listKind");
    let places: &[&str] = if is_kind { &["kind", "listKind"] } else { &["plural", "singular", "shortNames"] };
    let has = |place: &&str| own.get(place).is_some_and(|names| texts(names).contains(&name));
    places.iter().any(has)
        || others.iter().any(|r| {
            if is_kind {
                r.kind == name || r.list_kind == name
            } else {
                r.plural == name || r.singular == name || r.short.iter().any(|s| s == name)
            }
        })
}
