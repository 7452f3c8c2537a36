//! Object metadata, cut down to what is decided on.
//!
//! In: `metadata` of any object. Out: [`Meta`]. Guarantees: identity, times, finalizers and owners are kept; of labels
//! and annotations only those that IPLedger or Kube-OVN act on, so that a pod of 8 KB becomes a few hundred bytes.

use super::field::{Str, nil};
use super::pairs::{Pairs, PairsVisitor};
use super::{Field, Time};
use crate::names;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use std::fmt;

/// Identity of one object's life, as the API server gave it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Uid {
    /// None is known.
    #[default]
    None,
    /// The usual: a UUID in lower case, as two numbers of eight bytes: UIDs are compared more often than anything else.
    Uuid(u64, u64),
    /// Anything else.
    Other(Box<str>),
}

impl Uid {
    /// Reads a UID; the same text comes out of `Display`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match (text, uuid(text.as_bytes())) {
            ("", _) => Self::None,
            (_, Some((high, low))) => Self::Uuid(high, low),
            _ => Self::Other(text.into()),
        }
    }
}

/// A UUID in the one spelling that Kubernetes uses, as two numbers in the order of the text.
fn uuid(text: &[u8]) -> Option<(u64, u64)> {
    if text.len() != 36 || [8, 13, 18, 23].iter().any(|&dash| text[dash] != b'-') {
        return None;
    }
    let mut digits = text.iter().filter(|&&c| c != b'-').map(|&c| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    });
    let mut half = || (0..16).try_fold(0, |number: u64, _| Some(number << 4 | u64::from(digits.next()??)));
    let halves = (half()?, half()?);
    digits.next().is_none().then_some(halves)
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Other(text) => f.write_str(text),
            Self::Uuid(high, low) => {
                let (time, version) = (high >> 32, high & 0xffff);
                let (middle, node) = (high >> 16 & 0xffff, low & 0xffff_ffff_ffff);
                write!(f, "{time:08x}-{middle:04x}-{version:04x}-{:04x}-{node:012x}", low >> 48)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Uid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UidVisitor;
        impl Visitor<'_> for UidVisitor {
            type Value = Uid;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a UID")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Uid, E> {
                Ok(Uid::parse(text))
            }
        }
        deserializer.deserialize_str(UidVisitor)
    }
}

/// An owner reference.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Owner {
    /// `apps/v1` and the like.
    #[serde(deserialize_with = "nil")]
    pub api_version: Str,
    /// Kind of the owner.
    #[serde(deserialize_with = "nil")]
    pub kind: Str,
    /// Name of the owner.
    #[serde(deserialize_with = "nil")]
    pub name: Str,
    /// UID of the owner.
    #[serde(deserialize_with = "nil")]
    pub uid: Uid,
}

impl Owner {
    /// Whether the owner is of this kind and API group.
    #[must_use]
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.api_version.split_once('/').map_or("", |(group, _)| group) == group
    }
}

/// What is kept of `metadata`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    /// Name.
    #[serde(deserialize_with = "nil")]
    pub name: Str,
    /// Namespace; empty for cluster-scoped objects.
    #[serde(deserialize_with = "nil")]
    pub namespace: Str,
    /// UID.
    #[serde(deserialize_with = "nil")]
    pub uid: Uid,
    /// The version of the object that was read.
    #[serde(deserialize_with = "nil")]
    pub resource_version: Str,
    /// Counts the changes of what is wanted, where the kind has a status of its own.
    #[serde(deserialize_with = "nil")]
    pub generation: u32,
    /// When it was created.
    #[serde(rename = "creationTimestamp")]
    pub created: Field<Time>,
    /// When it goes, or went, after its grace period; absent while nobody deleted it.
    #[serde(rename = "deletionTimestamp")]
    pub deleted: Field<Time>,
    /// Seconds between its deletion and that time: a Pod's, nought for nearly everything else.
    #[serde(rename = "deletionGracePeriodSeconds", deserialize_with = "nil")]
    pub deletion_grace: u32,
    /// Labels that somebody acts on: those of Kube-OVN, IPLedger and KubeVirt, and those without a value (an IP object
    /// carries its Subnet's name as such a label). Of a Namespace, all: Subnets select Namespaces by any of them.
    #[serde(deserialize_with = "labels")]
    pub labels: Pairs,
    /// Annotations that somebody acts on.
    #[serde(deserialize_with = "annotations")]
    pub annotations: Pairs,
    /// Finalizers.
    #[serde(deserialize_with = "nil")]
    pub finalizers: Box<[Str]>,
    /// Owners.
    #[serde(deserialize_with = "nil")]
    pub owner_references: Box<[Owner]>,
}

impl Meta {
    /// The label's value, where the label is there.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key)
    }

    /// The annotation's value, where it is there.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key)
    }

    /// Whether somebody deleted it: it stays until its grace period is over and its finalizers are gone.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        !self.deleted.is_absent()
    }

    /// When somebody deleted it.
    #[must_use]
    pub fn deleted_at(&self) -> Option<Time> {
        self.deleted.get().map(|time| Time(time.0.saturating_sub(i64::from(self.deletion_grace))))
    }

    /// The owner of that API group and kind.
    #[must_use]
    pub fn owner(&self, group: &str, kind: &str) -> Option<&Owner> {
        self.owner_references.iter().find(|owner| owner.is(group, kind))
    }

    /// Whether Kube-OVN's controller holds it by a finalizer.
    #[must_use]
    pub fn has_kubeovn_finalizer(&self) -> bool {
        self.finalizers.iter().any(|finalizer| names::is_kubeovn_finalizer(finalizer))
    }
}

/// Whether a label is one that somebody acts on.
fn keep_label(key: &str, value: &str) -> bool {
    value.is_empty()
        || key.starts_with("ovn.kubernetes.io/")
        || key.starts_with("ipledger.dev/")
        || key.contains("kubevirt.io/")
}

/// Whether an annotation is one that somebody acts on: Kube-OVN's for pods, nodes and namespaces, Multus' and KubeVirt's.
#[must_use]
pub fn is_read_annotation(key: &str) -> bool {
    let Some((prefix, name)) = key.split_once('/') else { return false };
    match prefix {
        "ipledger.dev" => true,
        "ovn.kubernetes.io" if matches!(name, "vip" | "vpc_nat_gw" | "virtualmachine" | "vpc_eip") => true,
        // What Namespaces are told of their Subnets.
        "ovn.kubernetes.io" if matches!(name, "cidr" | "exclude_ips") => true,
        "k8s.v1.cni.cncf.io" => name == "networks",
        "v1.multus-cni.io" => name == "default-network",
        "kubevirt.io" => name == "migrationJobName",
        "kubernetes.io" => name == "config.hash",
        _ => prefix.ends_with(".kubernetes.io") && keep_provider_annotation(name),
    }
}

/// Whether `<provider>.kubernetes.io/<name>` is about addresses.
fn keep_provider_annotation(name: &str) -> bool {
    let name = name.split_once('.').map_or(name, |(name, _)| name);
    matches!(name, "allocated" | "ip_address" | "mac_address" | "ip_family" | "ip_pool" | "logical_switch")
}

fn labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
    deserializer.deserialize_any(PairsVisitor { keep: keep_label, by_key: |_| true })
}

fn annotations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
    deserializer.deserialize_any(PairsVisitor { keep: |_, _| true, by_key: is_read_annotation })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_prints_as_it_was_read() {
        for text in ["6597dee3-cf1d-4a84-b48a-443cf942157f", "6597DEE3-cf1d-4a84-b48a-443cf942157f", "short", ""] {
            assert_eq!(Uid::parse(text).to_string(), text);
        }
    }

    #[test]
    fn only_what_is_acted_on_is_kept() {
        let meta: Meta = serde_json::from_str(
            r#"{"name":"p","labels":{"app":"web","sub2":"","ovn.kubernetes.io/subnet":"sub2"},
            "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","mv2.default.kubernetes.io/ip_address":"10.0.0.2",
            "mv2.default.kubernetes.io/ip_address.net1":"10.0.0.3","ovn.kubernetes.io/vip":"v"},"managedFields":[{}],
            "finalizers":null,"ownerReferences":null}"#,
        )
        .unwrap();
        assert_eq!(meta.labels.iter().count(), 2);
        assert_eq!(meta.annotation("mv2.default.kubernetes.io/ip_address"), Some("10.0.0.2"));
        assert_eq!(meta.annotations.iter().count(), 3);
        assert_eq!(meta.annotations.with_prefix("mv2.default.kubernetes.io/ip_address").count(), 2);
    }
}
