//! Objects that an answer has shown, and no watch yet.
//!
//! In: answers to creates, what lists and watches show. Out: at the end of a list, what it did not show. Guarantees: few at any
//! time, since a watch shows what was made within moments; but where that watch expires before, and the object goes too, no
//! list will ever tell that it is gone: whoever lists knows only what was listed or watched.

use super::command::ObjectId;
use api::slim::{Kind, Uid};
use std::collections::BTreeMap;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Hearsay(BTreeMap<ObjectId, Uid>);

impl Hearsay {
    /// An answer has shown an object.
    pub(super) fn heard(&mut self, id: ObjectId, uid: Uid) {
        self.0.insert(id, uid);
    }

    /// A list or a watch has shown it, or that it is gone.
    pub(super) fn shown(&mut self, id: &ObjectId) {
        self.0.remove(id);
    }

    /// What no list and no watch has shown of a kind.
    pub(super) fn take(&mut self, kind: Kind) -> BTreeMap<ObjectId, Uid> {
        self.0.extract_if(.., |id, _| id.kind == kind).collect()
    }
}
