//! Which of a definition's names are accepted.
//!
//! In: a definition and the other resources of its group. Out: `status.acceptedNames` and the conditions NamesAccepted and
//! Established. Guarantees: a name that another resource has is not accepted. Source:
//! `apiextensions-apiserver/pkg/controller/status/naming_controller.go`.

use serde_json::Value;

use super::{condition, names_of, set_condition, spec};
use crate::meta;
use crate::registry::{Registry, Resource};
use crate::time::Timestamp;

/// `calculateNamesAndConditions`.
pub(super) fn accept(crd: &mut Value, registry: &Registry, now: Timestamp) {
    let group = spec(crd, "group").as_str().unwrap_or("").to_owned();
    let requested = spec(crd, "names").clone();
    let accepted = crd["status"].get("acceptedNames").cloned().unwrap_or(Value::Null);
    let own = names_of(crd, "plural").to_owned();
    let others: Vec<&Resource> = registry.iter().filter(|r| r.group == group && r.plural != own).collect();
    let taken =
        |name: &str| others.iter().any(|r| r.plural == name || r.singular == name || r.short.iter().any(|s| s == name));
    let taken_kind = |name: &str| others.iter().any(|r| r.kind == name || r.list_kind == name);
    let mut names = accepted.as_object().cloned().unwrap_or_default();
    let mut conflict: Option<(&str, String)> = None;
    for (key, reason) in [
        ("plural", "PluralConflict"),
        ("singular", "SingularConflict"),
        ("shortNames", "ShortNamesConflict"),
        ("kind", "KindConflict"),
        ("listKind", "ListKindConflict"),
    ] {
        let wanted = requested.get(key).cloned().unwrap_or(Value::Null);
        let list: Vec<&str> = match &wanted {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            other => other.as_str().into_iter().collect(),
        };
        let is_kind = matches!(key, "kind" | "listKind");
        let clash = list.iter().find(|n| if is_kind { taken_kind(n) } else { taken(n) });
        match clash {
            Some(name) if accepted.get(key) != Some(&wanted) => {
                conflict = Some((reason, format!("{} is already in use", crate::field::quote(name))));
            }
            _ if wanted.is_null() => {
                names.remove(key);
            }
            _ => {
                names.insert(key.to_owned(), wanted);
            }
        }
    }
    meta::keep(&mut names, requested.as_object(), "categories");
    meta::object_mut(crd, "status").insert("acceptedNames".to_owned(), Value::Object(names));
    match conflict {
        Some((reason, message)) => {
            set_condition(crd, "NamesAccepted", "False", reason, &message, now);
            if condition(crd, "Established").is_none() {
                set_condition(crd, "Established", "False", "NotAccepted", "not all names are accepted", now);
            }
        }
        None => {
            set_condition(crd, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now);
            if condition(crd, "Established") != Some("True") {
                let message = "the initial names have been accepted";
                set_condition(crd, "Established", "False", "Installing", message, now);
            }
        }
    }
}
