//! From the bytes of one object to a slim object, keeping what can be kept.
//!
//! In: JSON bytes and the kind. Out: [`Parsed`] or [`Unreadable`]. Guarantees: the fast path is one typed pass; only an
//! object with a field of the wrong type takes the slow one, which drops that field, says so, and reads the rest.

use super::bad::{Bad, Malformed, Path};
use super::{Kind, Meta, Pairs, objects::*};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use std::sync::Arc;

/// How many fields of the wrong type one object may have before it counts as unreadable: each costs a pass.
const MAX_DROPPED_FIELDS: usize = 32;

/// An object that was read, and its fields that were not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The object.
    pub object: Object,
    /// Its unreadable fields; nearly always none.
    pub malformed: Vec<Malformed>,
}

/// An object of which not even the name can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} cannot be read: {reason}")]
pub struct Unreadable {
    /// What it was taken for.
    pub kind: Kind,
    /// `namespace/name` or `name`, where that could be read.
    pub name: Option<String>,
    /// Why.
    pub reason: String,
}

macro_rules! objects {
    ($($kind:ident($ty:ident)),* $(,)?) => {
        /// A slim object of any kind.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs)] // Each holds the kind of its name.
        pub enum Object { $($kind(Arc<$ty>),)* }

        impl Object {
            /// Its metadata.
            #[must_use]
            pub fn meta(&self) -> &Meta {
                match self { $(Self::$kind(object) => &object.meta,)* }
            }

            /// Its kind.
            #[must_use]
            pub fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)* }
            }
        }

        /// Reads one object.
        ///
        /// # Errors
        /// Not JSON, not an object, no name, or wrong in more than 32 fields.
        pub fn read(kind: Kind, json: &[u8]) -> Result<Parsed, Unreadable> {
            let mut parsed = match kind { $(Kind::$kind => typed::<$ty>(kind, json).map(|(object, malformed)| Parsed {
                object: Object::$kind(Arc::new(object)),
                malformed,
            }),)* }?;
            if let Object::Namespace(namespace) = &mut parsed.object {
                Arc::make_mut(namespace).meta.labels = all_labels(json).unwrap_or_default();
            }
            Ok(parsed)
        }
    };
}

/// Reads a claim; none where it cannot be read.
#[must_use]
pub fn read_claim(json: &[u8]) -> Option<AddressClaim> {
    match read(Kind::AddressClaim, json).ok()?.object {
        Object::AddressClaim(claim) => Some(Arc::unwrap_or_clone(claim)),
        _ => None,
    }
}

objects! {
    Subnet(Subnet), Ip(Ip), IpPool(IpPool), Vip(Vip), Vpc(Vpc), VpcNatGateway(VpcNatGateway),
    IptablesEip(IptablesEip), IptablesFipRule(IptablesFipRule), IptablesDnatRule(IptablesDnatRule),
    IptablesSnatRule(IptablesSnatRule), OvnEip(OvnEip), OvnFip(OvnRule), OvnSnatRule(OvnRule), OvnDnatRule(OvnRule),
    Vlan(Vlan), ProviderNetwork(ProviderNetwork), QosPolicy(QosPolicy), SwitchLbRule(SwitchLbRule),
    AddressClaim(AddressClaim), Pod(Pod), Node(Node), Namespace(Namespace), StatefulSet(StatefulSet),
    Deployment(Controller), ReplicaSet(Controller), DaemonSet(Controller), Job(Controller),
    NetworkAttachmentDefinition(Nad), VirtualMachine(VirtualMachine), VirtualMachineInstance(VirtualMachineInstance),
    VirtualMachineInstanceMigration(VirtualMachineInstanceMigration),
}

/// A kind with metadata: all of them.
pub trait HasMeta {
    /// Its metadata.
    fn meta(&self) -> &Meta;
}

macro_rules! has_meta {
    ($($ty:ident),*) => {$(impl HasMeta for $ty { fn meta(&self) -> &Meta { &self.meta } })*};
}
has_meta!(
    Subnet,
    Ip,
    IpPool,
    Vip,
    Vpc,
    VpcNatGateway,
    IptablesEip,
    IptablesFipRule,
    IptablesDnatRule,
    IptablesSnatRule,
    OvnEip,
    OvnRule,
    Vlan,
    ProviderNetwork,
    QosPolicy,
    SwitchLbRule,
    AddressClaim,
    Pod,
    Node,
    Namespace,
    StatefulSet,
    Controller,
    Nad,
    VirtualMachine,
    VirtualMachineInstance,
    VirtualMachineInstanceMigration
);

/// All labels of an object, not only those that somebody acts on; none where they cannot be read.
fn all_labels(json: &[u8]) -> Option<Pairs> {
    #[derive(Default, serde::Deserialize)]
    struct Labels {
        #[serde(default)]
        labels: Option<Pairs>,
    }
    #[derive(serde::Deserialize)]
    struct Labelled {
        metadata: Labels,
    }
    super::json::quick::<Labelled>(json).or_else(|| serde_json::from_slice(json).ok())?.metadata.labels
}

fn typed<T: DeserializeOwned + Bad + HasMeta>(kind: Kind, json: &[u8]) -> Result<(T, Vec<Malformed>), Unreadable> {
    let typed = super::json::quick::<T>(json).or_else(|| serde_json::from_slice(json).ok());
    let (object, mut malformed) = match typed {
        Some(object) => (object, Vec::new()),
        None => field_by_field(kind, json)?,
    };
    if object.meta().name.is_empty() {
        let reason = malformed.into_iter().find(|m| m.path == "metadata.name" || m.path == "metadata");
        let reason =
            reason.map_or_else(|| "it has no metadata.name".to_owned(), |m| format!("{}: {}", m.path, m.reason));
        return Err(Unreadable { kind, name: None, reason });
    }
    object.collect_bad(Path::Root, &mut malformed);
    Ok((object, malformed))
}

/// The slow path: drops one field of a wrong type after the other.
fn field_by_field<T: DeserializeOwned>(kind: Kind, json: &[u8]) -> Result<(T, Vec<Malformed>), Unreadable> {
    let unreadable = |name, reason| Unreadable { kind, name, reason };
    let mut value: Value = serde_json::from_slice(json).map_err(|error| unreadable(None, error.to_string()))?;
    if !value.is_object() {
        return Err(unreadable(None, format!("expected an object, found {}", type_name(&value))));
    }
    let mut malformed = Vec::new();
    while malformed.len() < MAX_DROPPED_FIELDS {
        match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(object) => return Ok((object, malformed)),
            Err(error) => {
                let reason = error.inner().to_string();
                match drop_field(&mut value, error.path()) {
                    Some(path) => malformed.push(Malformed { path, reason }),
                    None => return Err(unreadable(name_in(&value), reason)),
                }
            }
        }
    }
    Err(unreadable(name_in(&value), format!("more than {MAX_DROPPED_FIELDS} fields have a wrong type")))
}

/// Takes out the deepest part of `path` that is there, and says which that was: an item leaves its list, a field becomes
/// null.
fn drop_field(value: &mut Value, path: &serde_path_to_error::Path) -> Option<String> {
    let mut place = value;
    let mut text = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Map { key } if place.get(key).is_some_and(|v| !v.is_null()) => {
                text = if text.is_empty() { key.clone() } else { format!("{text}.{key}") };
                place = place.get_mut(key)?;
            }
            Segment::Seq { index } => {
                let items = place.as_array_mut()?;
                text = format!("{text}[{index}]");
                if !items.get(*index)?.is_object() {
                    items.remove(*index);
                    return Some(text);
                }
                place = items.get_mut(*index)?;
            }
            _ => break,
        }
    }
    if text.is_empty() || place.is_null() {
        return None;
    }
    *place = Value::Null;
    Some(text)
}

fn name_in(value: &Value) -> Option<String> {
    let meta = value.get("metadata")?;
    let name = meta.get("name")?.as_str()?;
    Some(match meta.get("namespace").and_then(Value::as_str) {
        Some(namespace) if !namespace.is_empty() => format!("{namespace}/{name}"),
        _ => name.to_owned(),
    })
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slim::Field;
    use proptest::prelude::*;

    fn ip(json: &str) -> (Ip, Vec<Malformed>) {
        match read(Kind::Ip, json.as_bytes()) {
            Ok(Parsed { object: Object::Ip(ip), malformed }) => (Arc::unwrap_or_clone(ip), malformed),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn absent_null_and_empty_read_alike() {
        let absent = ip(r#"{"metadata":{"name":"a"},"spec":{}}"#);
        let null = ip(
            r#"{"metadata":{"name":"a","labels":null,"finalizers":null},"spec":{"subnet":null,"attachSubnets":null,"v4IpAddress":null}}"#,
        );
        let empty = ip(
            r#"{"metadata":{"name":"a","labels":{},"finalizers":[]},"spec":{"subnet":"","attachSubnets":[],"v4IpAddress":""}}"#,
        );
        let no_spec = ip(r#"{"metadata":{"name":"a"},"spec":null}"#);
        assert_eq!(absent, null);
        assert_eq!(absent, empty);
        assert_eq!(absent, no_spec);
        assert!(absent.1.is_empty());
    }

    #[test]
    fn an_address_that_cannot_be_read_is_kept_and_named() {
        let (ip, malformed) = ip(r#"{"metadata":{"name":"a"},"spec":{"v4IpAddress":"10.0.0.256","subnet":"s"}}"#);
        assert_eq!(ip.spec.v4, Field::Bad(Box::new("10.0.0.256".into())));
        assert_eq!(ip.spec.subnet, "s");
        assert_eq!(malformed.len(), 1);
        assert_eq!(malformed[0].path, "spec.v4IpAddress");
        assert!(malformed[0].reason.contains("10.0.0.256"), "{}", malformed[0].reason);
    }

    #[test]
    fn a_field_of_the_wrong_type_costs_only_itself() {
        let (ip, malformed) = ip(
            r#"{"metadata":{"name":"a","labels":["x"]},"spec":{"subnet":{"name":"s"},"v4IpAddress":"10.0.0.2","attachSubnets":["t",3]}}"#,
        );
        assert_eq!(ip.spec.v4.get().map(ToString::to_string), Some("10.0.0.2".to_owned()));
        let paths: Vec<&str> = malformed.iter().map(|m| m.path.as_str()).collect();
        assert_eq!(paths.len(), 3, "{malformed:?}");
        assert!(paths.contains(&"metadata.labels") && paths.contains(&"spec.subnet"), "{paths:?}");
    }

    #[test]
    fn an_object_without_a_name_is_unreadable() {
        for json in
            ["{}", "[]", "3", r#"{"metadata":{"name":""}}"#, r#"{"metadata":3}"#, r#"{"metadata":{"name":7}}"#, "{"]
        {
            assert!(read(Kind::Pod, json.as_bytes()).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes: Vec<u8>, kind in 0..Kind::ALL.len()) {
            let _ = read(Kind::ALL[kind], &bytes);
        }

        #[test]
        fn no_values_make_a_reader_panic(spec in json_value(), status in json_value(), kind in 0..Kind::ALL.len()) {
            let object = serde_json::json!({"metadata": {"name": "x"}, "spec": {"v4ip": spec.clone(), "config": spec.clone(),
                "ips": spec.clone(), "excludeIps": spec, "networks": status.clone()}, "status": status});
            let _ = read(Kind::ALL[kind], object.to_string().as_bytes());
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("(v4ip|ip|conditions|state|[a-z]{1,5})", inner, 0..4)
                    .prop_map(|map| Value::from(map.into_iter().collect::<serde_json::Map<_, _>>())),
            ]
        })
    }
}
