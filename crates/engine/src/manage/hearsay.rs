//! Objects that an answer has shown, and no watch yet.
//!
//! In: answers, what lists and watches show, the time. Out: what no watch has shown for a while. Guarantees: few at any time, since a
//! watch shows what was made within moments; but where that watch expires before, and the object goes too, no list will ever tell
//! that it is gone: whoever lists knows only what was listed or watched.

use super::command::ObjectId;
use api::slim::{Time, Uid};
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Hearsay {
    heard: BTreeMap<ObjectId, (Uid, Time)>,
    due: BTreeSet<(Time, ObjectId)>,
}

impl Hearsay {
    /// An answer has shown an object; from then on it is doubted, unless a watch shows it before.
    pub(super) fn heard(&mut self, id: ObjectId, uid: Uid, until: Time) {
        self.shown(&id);
        self.due.insert((until, id.clone()));
        self.heard.insert(id, (uid, until));
    }

    /// A list or a watch has shown it.
    pub(super) fn shown(&mut self, id: &ObjectId) {
        if let Some((_, until)) = self.heard.remove(id) {
            self.due.remove(&(until, id.clone()));
        }
    }

    /// A watch has shown that a life of it is gone: the next one may have been heard of already.
    pub(super) fn gone(&mut self, id: &ObjectId, uid: &Uid) {
        if self.heard.get(id).is_some_and(|(heard, _)| heard == uid) {
            self.shown(id);
        }
    }

    /// When the next of them is doubted.
    pub(super) fn next_due(&self) -> Option<Time> {
        self.due.first().map(|(until, _)| *until)
    }

    /// One that no watch has shown for too long.
    pub(super) fn doubted(&mut self, now: Time) -> Option<(ObjectId, Uid)> {
        let (until, id) = self.due.pop_first()?;
        if until > now {
            self.due.insert((until, id));
            return None;
        }
        let (uid, _) = self.heard.remove(&id)?;
        Some((id, uid))
    }
}
