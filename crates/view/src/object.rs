//! Objects as every document of ours names them: kind, namespace, name, UID.
//!
//! In: an [`ObjRef`]. Out: the same, ready to be serialised, borrowed or owned. Guarantees: the four keys, in this order; no
//! namespace and no UID are empty text.

use engine::ObjRef;
use serde::Serialize;

/// An object's name, borrowed: for reports of a million objects.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct ObjectDoc<'r> {
    kind: &'static str,
    namespace: &'r str,
    name: &'r str,
    uid: &'r str,
}

impl<'r> From<&'r ObjRef> for ObjectDoc<'r> {
    fn from(object: &'r ObjRef) -> Self {
        Self { kind: object.kind.name(), namespace: &object.namespace, name: &object.name, uid: &object.uid }
    }
}

/// An object's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ObjectName {
    /// Kind.
    pub kind: &'static str,
    /// Namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// UID; empty where the object was not there to be read.
    pub uid: String,
}

impl ObjectName {
    /// `Pod default/web-0`.
    #[must_use]
    pub fn text(&self) -> String {
        if self.namespace.is_empty() {
            format!("{} {}", self.kind, self.name)
        } else {
            format!("{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}

impl From<&ObjRef> for ObjectName {
    fn from(object: &ObjRef) -> Self {
        Self {
            kind: object.kind.name(),
            namespace: object.namespace.to_string(),
            name: object.name.to_string(),
            uid: object.uid.clone(),
        }
    }
}
