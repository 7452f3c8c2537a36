//! Which harm is done to which requests.
//!
//! In: rules that a test adds and lifts while requests pass. Out: for each request the first rule that fits and is not used
//! up. A rule counts what it did, and a test can wait for that, so that no test guesses when a fault has happened.

use super::request::Info;
use crate::error::Result;
use crate::wait::{Look, wait};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Which requests. Everything that is not said fits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Select {
    client: Option<String>,
    verb: Option<String>,
    resource: Option<String>,
    name: Option<String>,
}

/// The harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request reaches the API server this much later.
    Delay(Duration),
    /// The request reaches the API server when the rule is lifted.
    Hold,
    /// The connection is closed; the API server never sees the request.
    Refuse,
    /// The API server does what is asked and answers; the connection is closed in place of the answer.
    DropReply,
    /// As many bytes of the answer's body come through, then the connection is closed.
    CutReply {
        /// How many.
        after: usize,
    },
    /// This HTTP status is the answer; the API server never sees the request.
    Answer(u16),
    /// Of a watch that runs or begins: events wait until the rule is lifted. None is lost and their order stays.
    HoldEvents,
}

impl Select {
    /// All requests.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// Of clients whose user agent begins so.
    #[must_use]
    pub fn client(self, user_agent: &str) -> Self {
        Self { client: Some(user_agent.to_owned()), ..self }
    }

    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`.
    #[must_use]
    pub fn verb(self, verb: &str) -> Self {
        Self { verb: Some(verb.to_owned()), ..self }
    }

    /// `<resource>[.<group>][/<subresource>]`, as the audit log has it: `ips.kubeovn.io`, `pods/status`.
    #[must_use]
    pub fn resource(self, resource: &str) -> Self {
        Self { resource: Some(resource.to_owned()), ..self }
    }

    /// The name in the path. A create has none there.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    pub(crate) fn fits(&self, info: &Info) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        self.client.as_deref().is_none_or(|client| info.client.starts_with(client))
            && same(&self.verb, &info.verb)
            && same(&self.resource, &info.resource)
            && same(&self.name, &info.name)
    }
}

/// A rule that a test has added. It is lifted when this is dropped.
#[derive(Debug)]
#[must_use = "the rule is lifted when this value is dropped"]
pub struct Rule {
    entry: Arc<Entry>,
    table: Arc<Table>,
}

impl Rule {
    /// How many requests (of [`Fault::HoldEvents`]: events) it was applied to.
    #[must_use]
    pub fn hits(&self) -> usize {
        *self.entry.hits.borrow()
    }

    /// Waits until it was applied so many times.
    ///
    /// # Errors
    /// [`crate::Error::Deadline`] if that does not come.
    pub fn wait_hits(&self, hits: usize, deadline: Duration) -> Result<()> {
        wait(&format!("{:?} to be applied {hits} times to {:?}", self.entry.fault, self.entry.select), deadline, || {
            Ok(if self.hits() >= hits { Look::Done(()) } else { Look::NotYet(format!("{} times", self.hits())) })
        })
    }

    /// Ends it. What it held goes on.
    pub fn lift(self) {}
}

impl Drop for Rule {
    fn drop(&mut self) {
        self.table.entries().retain(|entry| !Arc::ptr_eq(entry, &self.entry));
        self.entry.lifted.send_replace(true);
    }
}

/// A rule as requests see it.
#[derive(Debug)]
pub(crate) struct Entry {
    select: Select,
    pub(crate) fault: Fault,
    limit: usize,
    hits: watch::Sender<usize>,
    lifted: watch::Sender<bool>,
}

impl Entry {
    /// Returns when the rule is lifted.
    pub(crate) async fn lifted(&self) {
        // It fails only if the sender is gone, and this holds it.
        let _ = self.lifted.subscribe().wait_for(|lifted| *lifted).await;
    }

    /// Counts one more. False if it is used up.
    fn hit(&self) -> bool {
        self.hits.send_if_modified(|hits| {
            let left = *hits < self.limit;
            *hits += usize::from(left);
            left
        })
    }
}

/// The rules of one proxy, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Table(Mutex<Vec<Arc<Entry>>>);

impl Table {
    pub(crate) fn add(self: &Arc<Self>, select: Select, fault: Fault, limit: usize) -> Rule {
        let (hits, lifted) = (watch::Sender::new(0), watch::Sender::new(false));
        let entry = Arc::new(Entry { select, fault, limit, hits, lifted });
        self.entries().push(Arc::clone(&entry));
        Rule { entry, table: Arc::clone(self) }
    }

    /// The rule for a request that comes in.
    pub(crate) fn for_request(&self, info: &Info) -> Option<Arc<Entry>> {
        self.first(info, |fault| fault != Fault::HoldEvents)
    }

    /// The rule for an event of a watch.
    pub(crate) fn for_event(&self, info: &Info) -> Option<Arc<Entry>> {
        if info.verb == "watch" { self.first(info, |fault| fault == Fault::HoldEvents) } else { None }
    }

    fn first(&self, info: &Info, kind: impl Fn(Fault) -> bool) -> Option<Arc<Entry>> {
        self.entries().iter().find(|e| kind(e.fault) && e.select.fits(info) && e.hit()).map(Arc::clone)
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Entry>>> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(verb: &str, resource: &str, client: &str) -> Info {
        Info { verb: verb.into(), resource: resource.into(), client: client.into(), ..Info::default() }
    }

    #[test]
    fn a_rule_fits_by_everything_that_it_names_and_ends_after_its_number() {
        let table = Arc::new(Table::default());
        let rule = table.add(Select::any().verb("create").client("agent"), Fault::Refuse, 2);
        assert!(table.for_request(&info("get", "pods", "agent/1")).is_none());
        assert!(table.for_request(&info("create", "pods", "kubectl")).is_none());
        assert!(table.for_request(&info("create", "pods", "agent/1")).is_some());
        assert!(table.for_request(&info("create", "ips.kubeovn.io", "agent/1")).is_some());
        assert!(table.for_request(&info("create", "pods", "agent/1")).is_none());
        assert_eq!(rule.hits(), 2);
    }

    #[test]
    fn a_lifted_rule_does_nothing_more() {
        let table = Arc::new(Table::default());
        table.add(Select::any(), Fault::Refuse, usize::MAX).lift();
        assert!(table.for_request(&info("get", "pods", "agent")).is_none());
    }

    #[test]
    fn events_are_held_only_by_the_rule_that_says_so() {
        let table = Arc::new(Table::default());
        let _refuse = table.add(Select::any(), Fault::Refuse, usize::MAX);
        assert!(table.for_event(&info("watch", "pods", "agent")).is_none());
        let _hold = table.add(Select::any(), Fault::HoldEvents, usize::MAX);
        assert!(table.for_event(&info("watch", "pods", "agent")).is_some());
        assert!(table.for_event(&info("list", "pods", "agent")).is_none());
    }
}
