//! Watches: what happened since a revision, in order, to those who ask.
//!
//! In: an open request and polls. Out: [`Event`]s. Guarantees: every event once, in the order of revisions; an object that
//! starts to match is ADDED, one that stops is DELETED with its old content and the new revision; a watch that fell
//! behind the kept history gets one ERROR of 410 and ends. A watch holds a position in the resource's history, so writes
//! cost nothing extra however many watches are open. Source: `apiserver/pkg/storage/cacher/{cacher,cache_watcher}.go`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::{ApiError, Outcome};
use crate::options::ListOptions;
use crate::read::{check_field_labels, prefix};
use crate::registry::{Resource, ResourceId};
use crate::request::{Body, Response};
use crate::selector::{FieldSelector, LabelSelector};
use crate::server::{Scope, Server};
use crate::store::{Change, Stored};

/// A watch's handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatchId(u64);

/// What an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The object is new to this watch.
    Added,
    /// The object changed.
    Modified,
    /// The object is gone, or matches no more.
    Deleted,
    /// Only a revision: everything up to it has been seen.
    Bookmark,
    /// A Status; the watch is over.
    Error,
}

impl EventKind {
    /// `type` in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
            Self::Bookmark => "BOOKMARK",
            Self::Error => "ERROR",
        }
    }
}

/// One event of a watch.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// To which object.
    pub object: Arc<Value>,
}

impl Event {
    /// As the line of a watch stream.
    #[must_use]
    pub fn to_value(&self) -> Value {
        json!({"type": self.kind.as_str(), "object": *self.object})
    }

    fn error(error: &ApiError) -> Self {
        Self { kind: EventKind::Error, object: Arc::new(error.to_status()) }
    }
}

/// What is still owed at the start of a watch.
#[derive(Debug, Clone)]
enum Opening {
    Nothing,
    /// The state of now as ADDED events, and a bookmark after them if true.
    State(bool),
    Error(Box<ApiError>),
}

/// An open watch.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    id: ResourceId,
    version: usize,
    prefix: String,
    labels: LabelSelector,
    fields: FieldSelector,
    bookmarks: bool,
    opening: Opening,
    /// Everything up to this revision has been delivered.
    seen: u64,
    over: bool,
}

impl Server {
    pub(crate) fn open_watch(&mut self, scope: Scope<'_>, options: ListOptions) -> Outcome<Response> {
        let resource = self.res(scope.id)?;
        check_field_labels(resource, scope.version, &options.fields)?;
        let from = options.version().map_err(ApiError::unrecognized)?.unwrap_or(0);
        let opening = self.opening(resource, &options, from);
        let watch = Watch {
            id: scope.id,
            version: scope.version,
            prefix: prefix(scope, &options.fields, resource),
            labels: options.labels,
            fields: options.fields,
            bookmarks: options.bookmarks,
            opening,
            seen: if from == 0 { self.revision } else { from },
            over: false,
        };
        let id = WatchId(self.next_watch);
        self.next_watch += 1;
        self.watches.insert(id, watch);
        Ok(Response { code: 200, body: Body::Watch(id), warnings: Vec::new(), content_type: None })
    }

    /// What a watch from this version begins with.
    fn opening(&self, resource: &Resource, options: &ListOptions, from: u64) -> Opening {
        let oldest = resource.store.horizon();
        match options.send_initial_events {
            Some(true) if from > self.revision => {
                Opening::Error(ApiError::too_large_resource_version(from, self.revision, 1))
            }
            Some(true) => Opening::State(options.bookmarks),
            _ if from > 0 && from < oldest => {
                Opening::Error(ApiError::expired(format!("too old resource version: {from} ({oldest})")))
            }
            _ => Opening::Nothing,
        }
    }

    /// All events that are due to a watch; empty when nothing happened, or when the watch is closed or unknown.
    pub fn poll(&mut self, id: WatchId) -> Vec<Event> {
        self.poll_at_most(id, usize::MAX)
    }

    /// At most `limit` events (initial state and errors come whole), so that a driver can hold the others back.
    pub fn poll_at_most(&mut self, id: WatchId, limit: usize) -> Vec<Event> {
        let Some(watch) = self.watches.get_mut(&id) else { return Vec::new() };
        let Some(resource) = self.registry.get(watch.id) else {
            watch.over = true;
            return Vec::new();
        };
        if watch.over {
            return Vec::new();
        }
        match std::mem::replace(&mut watch.opening, Opening::Nothing) {
            Opening::Nothing => {}
            Opening::Error(error) => {
                watch.over = true;
                return vec![Event::error(&error)];
            }
            Opening::State(bookmark) => {
                watch.seen = self.revision;
                let mut events = watch.state(resource);
                if bookmark {
                    events.push(watch.bookmark(resource, true));
                }
                return events;
            }
        }
        if watch.seen < resource.store.horizon() {
            watch.over = true;
            let oldest = resource.store.horizon();
            return vec![Event::error(&ApiError::expired(format!(
                "too old resource version: {} ({oldest})",
                watch.seen
            )))];
        }
        watch.catch_up(resource, self.revision, limit)
    }

    /// A bookmark with the present revision, if the watch asked for bookmarks and has seen everything.
    pub fn bookmark(&mut self, id: WatchId) -> Option<Event> {
        let watch = self.watches.get_mut(&id)?;
        let resource = self.registry.get(watch.id)?;
        let waits = watch.over || !matches!(watch.opening, Opening::Nothing);
        if !watch.bookmarks || waits || resource.store.since(watch.seen).next().is_some() {
            return None;
        }
        watch.seen = watch.seen.max(self.revision);
        Some(watch.bookmark(resource, false))
    }

    /// Whether the watch has ended: after an ERROR event, or because its resource is gone.
    #[must_use]
    pub fn is_over(&self, id: WatchId) -> bool {
        self.watches.get(&id).is_none_or(|w| w.over || self.registry.get(w.id).is_none())
    }

    /// Ends all watches of a resource, as if their connections were closed.
    pub(crate) fn end_watches(&mut self, id: ResourceId) {
        self.watches.values_mut().filter(|watch| watch.id == id).for_each(|watch| watch.over = true);
    }

    /// Forgets a watch.
    pub fn close(&mut self, id: WatchId) {
        self.watches.remove(&id);
    }
}

impl Watch {
    fn matches(&self, key: &str, stored: &Stored) -> bool {
        key.starts_with(&self.prefix) && self.labels.matches(&stored.object) && self.fields.matches(&stored.object)
    }

    fn state(&self, resource: &Resource) -> Vec<Event> {
        let objects = resource.store.range(&self.prefix, "").filter(|(key, stored)| self.matches(key, stored));
        objects
            .map(|(_, stored)| Event { kind: EventKind::Added, object: resource.present(stored, self.version) })
            .collect()
    }

    fn catch_up(&mut self, resource: &Resource, revision: u64, limit: usize) -> Vec<Event> {
        let mut events = Vec::new();
        for change in resource.store.since(self.seen) {
            if events.len() >= limit {
                return events;
            }
            self.seen = change.rv;
            events.extend(self.event(resource, change));
        }
        // A version from the future stays the starting point until it has come.
        self.seen = self.seen.max(revision);
        events
    }

    fn event(&self, resource: &Resource, change: &Change) -> Option<Event> {
        let before = change.old.as_ref().is_some_and(|old| self.matches(&change.key, old));
        let now = !change.deleted && self.matches(&change.key, &change.new);
        let kind = match (before, now) {
            (false, false) => return None,
            (false, true) => EventKind::Added,
            (true, true) => EventKind::Modified,
            (true, false) => EventKind::Deleted,
        };
        let object = match (&change.old, kind) {
            // It left the selection: the old content with the new revision.
            (Some(old), EventKind::Deleted) if !change.deleted => {
                let mut last = (*resource.present(old, self.version)).clone();
                crate::meta::meta_mut(&mut last).insert("resourceVersion".to_owned(), json!(change.rv.to_string()));
                Arc::new(last)
            }
            _ => resource.present(&change.new, self.version),
        };
        Some(Event { kind, object })
    }

    fn bookmark(&self, resource: &Resource, initial: bool) -> Event {
        let mut metadata = json!({"resourceVersion": self.seen.to_string()});
        if initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = json!({
            "kind": resource.kind, "apiVersion": resource.api_version(self.version), "metadata": metadata,
        });
        Event { kind: EventKind::Bookmark, object: Arc::new(object) }
    }
}
