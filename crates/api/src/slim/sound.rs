//! A part of an object that is read as a whole, or not at all.
//!
//! In: JSON of one part. Out: [`Sound`]. Guarantees: null and absent are the empty part; where anything below it has a wrong type, none of
//! it is believed, and where and why is kept. For parts in which something missing means that it is not wanted any more: a network
//! that cannot be read must not look like one that a machine gave up.

use super::bad::{Bad, Malformed, Path};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;

/// One part of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sound<T> {
    /// All of it was read.
    Is(T),
    /// Something in it was not: where, seen from the part, and why.
    Bad(Malformed),
}

impl<T> Sound<T> {
    /// The part, where it was read.
    pub const fn get(&self) -> Option<&T> {
        match self {
            Self::Is(part) => Some(part),
            Self::Bad(_) => None,
        }
    }

    /// What could not be read.
    pub const fn bad(&self) -> Option<&Malformed> {
        match self {
            Self::Is(_) => None,
            Self::Bad(malformed) => Some(malformed),
        }
    }
}

impl<T: Default> Default for Sound<T> {
    fn default() -> Self {
        Self::Is(T::default())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Sound<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What follows in the same object can be read whatever is wrong here, once this part is known to be JSON.
        let value = Value::deserialize(deserializer)?;
        Ok(match serde_path_to_error::deserialize(&value) {
            Ok(part) => Self::Is(part),
            Err(error) => {
                let path = error.path().to_string();
                Self::Bad(Malformed { path, reason: error.inner().to_string() })
            }
        })
    }
}

impl<T: Bad> Bad for Sound<T> {
    fn collect_bad(&self, path: Path<'_>, out: &mut Vec<Malformed>) {
        match self {
            Self::Is(part) => part.collect_bad(path, out),
            Self::Bad(Malformed { path: below, reason }) => {
                let whole = if matches!(below.as_str(), "." | "?") { String::new() } else { format!(".{below}") };
                out.push(Malformed { path: format!("{path}{whole}"), reason: reason.clone() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::slim::{Kind, Object, VirtualMachine, read};

    fn machine(spec: &str) -> (VirtualMachine, Vec<String>) {
        let json = format!(r#"{{"spec":{spec},"metadata":{{"name":"v","namespace":"a"}}}}"#);
        let parsed = read(Kind::VirtualMachine, json.as_bytes()).unwrap();
        let Object::VirtualMachine(vm) = parsed.object else { panic!("another kind") };
        (std::sync::Arc::unwrap_or_clone(vm), parsed.malformed.into_iter().map(|bad| bad.path).collect())
    }

    #[test]
    fn a_part_with_something_of_a_wrong_type_is_not_read_and_says_where() {
        for (spec, at) in [
            (r#""none of your business""#, "spec"),
            (r#"{"template":7}"#, "spec.template"),
            (r#"{"template":{"spec":{"networks":"none"}}}"#, "spec.template.spec.networks"),
            (
                r#"{"template":{"spec":{"networks":[{"multus":{"networkName":"a"}},{"name":7}]}}}"#,
                "spec.template.spec.networks[1].name",
            ),
        ] {
            let (vm, bad) = machine(spec);
            assert!(vm.spec.get().is_none() && vm.spec.bad().is_some(), "{spec}");
            assert_eq!((vm.meta.name.as_str(), bad), ("v", vec![at.to_owned()]), "{spec}");
        }
    }

    #[test]
    fn a_part_that_is_absent_or_null_is_empty_and_sound() {
        for spec in ["null", "{}", r#"{"template":null}"#, r#"{"template":{"spec":{"networks":[]}}}"#] {
            let (vm, bad) = machine(spec);
            assert!(vm.spec.get().is_some_and(|spec| spec.template.spec.networks.is_empty()), "{spec}");
            assert!(bad.is_empty(), "{spec}: {bad:?}");
        }
    }
}
