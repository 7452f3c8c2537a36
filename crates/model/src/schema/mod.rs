//! Structural schemas of custom resources: pruning, defaults, validation, rules.
//!
//! In: `openAPIV3Schema` and objects. Out: pruned and defaulted objects, findings. Guarantees: messages and their order as
//! `apiextensions-apiserver` and `kube-openapi` produce them (where Go iterates over a map, ours go in key order);
//! unchanged parts of an object raise nothing on update (ratcheting).

mod default;
mod fit;
mod format;
mod lists;
mod node;
mod path;
mod prune;
pub(crate) mod structural;
mod validate;

pub(crate) use validate::correlate;

use serde_json::Value;

use crate::cel;
use crate::field::{FieldError, FieldErrorKind};

pub(crate) use node::{ListType, Node, Rule, Type};
pub(crate) use path::Path;

/// A schema ready for use.
#[derive(Debug)]
pub(crate) struct Schema {
    root: Node,
    has_rules: bool,
}

impl Schema {
    /// Reads `openAPIV3Schema`. Parts that cannot be read are left out; [`structural::check`] reports them.
    pub(crate) fn new(schema: &Value) -> Self {
        let root = Node::new(schema);
        let has_rules = root.any(&|n| !n.rules.is_empty());
        Self { root, has_rules }
    }

    /// Removes fields that the schema does not know; returns their paths, sorted.
    pub(crate) fn prune(&self, object: &mut Value) -> Vec<String> {
        prune::prune(object, &self.root)
    }

    /// Fills in defaults.
    pub(crate) fn default(&self, object: &mut Value) {
        default::apply(object, &self.root);
    }

    /// The strategy's `Validate`, after metadata.
    pub(crate) fn validate_create(&self, object: &Value, errors: &mut Vec<FieldError>) {
        validate::validate(&Path::Root, &self.root, object, None, errors);
        lists::check(&Path::Root, &self.root, object, errors);
        self.rules(object, None, errors);
    }

    /// The strategy's `ValidateUpdate`, after metadata. `status`: only the status was written.
    pub(crate) fn validate_update(&self, new: &Value, old: &Value, status: bool, errors: &mut Vec<FieldError>) {
        if status {
            if let (Some(node), Some(value)) = (self.root.properties.get("status"), new.get("status")) {
                validate::validate(&Path::Below("status"), node, value, old.get("status"), errors);
            }
        } else {
            validate::validate(&Path::Root, &self.root, new, Some(old), errors);
        }
        let mut before = Vec::new();
        lists::check(&Path::Root, &self.root, old, &mut before);
        if before.is_empty() {
            lists::check(&Path::Root, &self.root, new, errors);
        }
        self.rules(new, Some(old), errors);
    }

    /// `x-kubernetes-validations`, unless the object is too broken for them (`hasBlockingErr`). Where there are none, the
    /// server has no validator that could complain (`cel.NewValidator` answers nil).
    fn rules(&self, new: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
        if !self.has_rules {
            return;
        }
        let blocking = errors.iter().any(|e| {
            matches!(
                e.kind,
                FieldErrorKind::NotSupported
                    | FieldErrorKind::Required
                    | FieldErrorKind::TooLong
                    | FieldErrorKind::TooMany
                    | FieldErrorKind::TypeInvalid
            )
        });
        if blocking {
            let detail = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
            errors.push(FieldError::invalid("<nil>", Value::Null, detail));
        } else {
            cel::rules::check(&self.root, new, old, errors);
        }
    }
}
