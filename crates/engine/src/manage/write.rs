//! A patch of an object: what follows for it from its claims, or for a claim from its holder.
//!
//! In: what a projection wants said. Out: [`Write`]. Guarantees: a patch names the life (UID) and the version that it was
//! decided on, so that of two controllers which decided differently one is told of the other; it carries nothing that is
//! not ours.

use super::claims::Claim;
use api::slim::{Kind, Meta, Str, Uid};
use serde_json::{Map, Value, json};

/// A merge patch of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; empty where the kind has none.
    pub namespace: Str,
    /// Its name.
    pub name: Str,
    /// The life of the object.
    pub uid: Uid,
    /// Its version when this was decided.
    pub version: Str,
    /// How it is written.
    pub form: Form,
    /// What is said beside that; the whole object where it is created.
    pub patch: Value,
}

/// How an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A merge patch.
    Patch,
    /// A merge patch of the subresource `status`.
    Status,
    /// It is made.
    Create,
}

impl Write {
    /// A patch of an object as it was seen.
    pub(super) fn new(kind: Kind, meta: &Meta, patch: Value) -> Self {
        let (namespace, name) = (meta.namespace.clone(), meta.name.clone());
        let (uid, version) = (meta.uid.clone(), meta.resource_version.clone());
        Self { kind, namespace, name, uid, version, form: Form::Patch, patch }
    }

    /// The same for its status.
    pub(super) fn of_status(kind: Kind, meta: &Meta, patch: Value) -> Self {
        Self { form: Form::Status, ..Self::new(kind, meta, patch) }
    }

    /// A new object.
    pub(super) fn create(kind: Kind, namespace: Str, name: Str, body: Value) -> Self {
        Self { kind, namespace, name, uid: Uid::None, version: Str::default(), form: Form::Create, patch: body }
    }

    /// A patch of a claim.
    pub(super) fn of_claim(claim: &Claim, patch: Value) -> Self {
        let (uid, version) = (claim.uid.clone(), claim.version.clone());
        let (namespace, name) = (Str::default(), claim.key.object_name().into());
        Self { kind: Kind::AddressClaim, namespace, name, uid, version, form: Form::Patch, patch }
    }

    /// The body of the request.
    pub(super) fn body(&self) -> Value {
        let mut body = self.patch.clone();
        if self.form == Form::Create {
            return body;
        }
        if let Some(body) = body.as_object_mut() {
            let meta = body.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
            if let Some(meta) = meta.as_object_mut() {
                meta.insert("uid".to_owned(), json!(self.uid.to_string()));
                meta.insert("resourceVersion".to_owned(), json!(self.version.as_str()));
            }
        }
        body
    }
}
