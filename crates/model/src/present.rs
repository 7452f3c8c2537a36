//! Stored objects as a version shows them.
//!
//! In: a stored object. Out: the same object, shared where nothing has to change; else a copy with the asked `apiVersion`,
//! pruned and defaulted by the current schema when it was written under another one, or by a Scale that may set more than the schema has
//! (`customresource_handler.go`: the storage decoder prunes and defaults, too).

use std::sync::Arc;

use serde_json::Value;

use crate::registry::Resource;
use crate::store::Stored;

impl Resource {
    /// `stored` in `version`.
    pub(crate) fn present(&self, stored: &Stored, version: usize) -> Arc<Value> {
        if !self.custom || (version == self.storage_version && stored.epoch == self.epoch && !self.stores_more()) {
            return Arc::clone(&stored.object);
        }
        let mut object = (*stored.object).clone();
        self.convert(&mut object, version);
        if let Some(schema) = &self.version(version).schema {
            schema.prune(&mut object);
            schema.default(&mut object);
        }
        if object == *stored.object { Arc::clone(&stored.object) } else { Arc::new(object) }
    }

    /// An object that was just stored, in `version`.
    pub(crate) fn present_new(&self, object: &Arc<Value>, version: usize) -> Arc<Value> {
        self.present(&Stored { object: Arc::clone(object), rv: 0, epoch: self.epoch }, version)
    }

    /// Whether an object may be stored with fields that its schema lacks: those that a Scale sets.
    fn stores_more(&self) -> bool {
        self.versions.iter().any(|version| version.scale.as_ref().is_some_and(|scale| scale.outside))
    }

    /// Conversion strategy None: only `apiVersion` changes.
    pub(crate) fn convert(&self, object: &mut Value, version: usize) {
        if let Some(map) = object.as_object_mut() {
            map.insert("apiVersion".to_owned(), Value::String(self.api_version(version).to_owned()));
        }
    }
}
