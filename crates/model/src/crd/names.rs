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
        match clash(key, &wanted, &others) {
            Some(name) if before.get(key) != Some(&wanted) => {
                conflict = Some((reason, format!("{} is already in use", crate::field::quote(name))));
            }
            _ if wanted.is_null() => drop(names.remove(key)),
            _ => drop(names.insert(key.to_owned(), wanted)),
        }
    }
    meta::keep(&mut names, requested.as_object(), "categories");
    (names, conflict)
}

/// The first of these names that another resource of the group has.
fn clash<'a>(key: &str, wanted: &'a Value, others: &[&Resource]) -> Option<&'a str> {
    let names: Vec<&str> = match wanted {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    };
    let is_kind = matches!(key, "kind" | "listKind");
    names.into_iter().find(|name| {
        others.iter().any(|r| {
            if is_kind {
                r.kind == *name || r.list_kind == *name
            } else {
                r.plural == *name || r.singular == *name || r.short.iter().any(|s| s == name)
            }
        })
    })
}
