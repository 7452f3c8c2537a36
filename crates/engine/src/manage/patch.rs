//! What is written to Subnets and IPPools: what their spec lacks, and their status.
//!
//! In: what a projection wants said. Out: bodies of merge patches. Guarantees: a patch names the life (UID) and the version
//! that it was decided on, since lists are replaced as a whole; it carries no field that is not ours.

use super::project::{Form, Tally};
use api::names::annotations;
use api::slim::{Condition, Field, Kind, Str, Time, Uid};
use serde_json::{Map, Value, json};

/// What a Subnet's metadata and spec lack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubnetPatch {
    /// Its name.
    pub name: Str,
    /// The life of the object.
    pub uid: Uid,
    /// Its version when this was decided.
    pub version: Str,
    /// All its finalizers as they should be.
    pub finalizers: Option<Vec<Str>>,
    /// The entries of `excludeIps` that were added here; empty where there are none any more.
    pub added: Option<String>,
    /// `spec.cidrBlock` without host bits.
    pub cidr: Option<String>,
    /// `spec.gateway`.
    pub gateway: Option<String>,
    /// All of `spec.excludeIps`.
    pub excludes: Option<Vec<String>>,
    /// `spec.protocol`.
    pub protocol: Option<&'static str>,
}

impl SubnetPatch {
    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.finalizers.is_none()
            && self.added.is_none()
            && self.cidr.is_none()
            && self.gateway.is_none()
            && self.excludes.is_none()
            && self.protocol.is_none()
    }

    /// Whether two patches say the same of one object, in whatever version it is.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        Self { version: Str::default(), ..self.clone() } == Self { version: Str::default(), ..other.clone() }
    }

    pub(super) fn body(&self) -> Value {
        let mut meta = json!({"uid": self.uid.to_string(), "resourceVersion": self.version.as_str()});
        if let Some(finalizers) = &self.finalizers {
            meta["finalizers"] = finalizers.iter().map(Str::as_str).collect();
        }
        if let Some(added) = &self.added {
            let value = if added.is_empty() { Value::Null } else { added.as_str().into() };
            meta["annotations"] = json!({annotations::ADDED_EXCLUDES: value});
        }
        let mut spec = Map::new();
        let mut put =
            |key: &str, value: Option<Value>| drop(value.and_then(|value| spec.insert(key.to_owned(), value)));
        put("cidrBlock", self.cidr.as_deref().map(Into::into));
        put("gateway", self.gateway.as_deref().map(Into::into));
        put("excludeIps", self.excludes.clone().map(Into::into));
        put("protocol", self.protocol.map(Into::into));
        if spec.is_empty() { json!({"metadata": meta}) } else { json!({"metadata": meta, "spec": spec}) }
    }
}

/// What the status of a Subnet or an IPPool should say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStatus {
    /// Which of the two.
    pub kind: Kind,
    /// Its name.
    pub name: Str,
    /// The life of the object.
    pub uid: Uid,
    /// Its version when this was decided: a list of conditions is replaced as a whole.
    pub version: Str,
    /// Counts and ranges; none where they are not known.
    pub tally: Option<Tally>,
    /// All conditions, those of others included.
    pub conditions: Vec<Condition>,
}

impl NewStatus {
    pub(super) fn body(&self) -> Value {
        let form = if self.kind == Kind::IpPool { Form::IpPool } else { Form::Subnet };
        let mut status = self.tally.as_ref().map(|tally| tally.fields(form)).unwrap_or_default();
        status.insert("conditions".to_owned(), self.conditions.iter().map(condition).collect());
        json!({
            "metadata": {"uid": self.uid.to_string(), "resourceVersion": self.version.as_str()},
            "status": status,
        })
    }
}

/// Which finalizers an object should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finalizers {
    /// Its kind, without a namespace.
    pub kind: Kind,
    /// Its name.
    pub name: Str,
    /// The life of the object.
    pub uid: Uid,
    /// Its version when this was decided.
    pub version: Str,
    /// All of them.
    pub finalizers: Vec<Str>,
}

impl Finalizers {
    pub(super) fn body(&self) -> Value {
        let finalizers: Value = self.finalizers.iter().map(Str::as_str).collect();
        let (uid, version) = (self.uid.to_string(), self.version.as_str());
        json!({"metadata": {"uid": uid, "resourceVersion": version, "finalizers": finalizers}})
    }
}

/// A condition in Kube-OVN's form.
fn condition(condition: &Condition) -> Value {
    let mut fields = Map::new();
    let mut text = |key: &str, value: &str| {
        if !value.is_empty() {
            fields.insert(key.to_owned(), value.into());
        }
    };
    text("type", &condition.type_);
    text("status", &condition.status);
    text("reason", &condition.reason);
    text("message", &condition.message);
    let time = |field: &Field<Time>| field.get().map(Time::to_string).unwrap_or_default();
    text("lastUpdateTime", &time(&condition.updated));
    text("lastTransitionTime", &time(&condition.changed));
    if condition.generation != 0 {
        fields.insert("observedGeneration".to_owned(), condition.generation.into());
    }
    fields.into()
}
