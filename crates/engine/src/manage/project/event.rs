//! Telling a pod why it gets no address.
//!
//! In: refusals. Out: reads and writes of Events. Guarantees: an Event is read before it is written, so that neither a restart
//! nor a second controller repeats it; it is best effort: what fails is not tried again; a pod that is served is told
//! nothing.

use crate::manage::command::{Action, ObjectId};
use crate::manage::engine::Engine;
use crate::manage::event::NewEvent;
use crate::manage::id::HolderId;
use crate::manage::input::Outcome;
use api::slim::Kind;
use std::collections::BTreeMap;

/// What was told last.
#[derive(Debug, Default)]
pub(in crate::manage) struct Told(BTreeMap<HolderId, Box<str>>);

impl Engine {
    /// Tells the pod of a holder what its NICs were refused, where that is news.
    pub(super) fn tell(&mut self, holder: &HolderId) {
        let pod = self.state.pod(holder).map(|pod| pod.meta.clone());
        let (Some(pod), Some(message)) = (pod, self.waiting.told_of(holder)) else {
            self.told.0.remove(holder);
            return;
        };
        if self.told.0.get(holder).is_some_and(|told| **told == message) {
            return;
        }
        let id = ObjectId { kind: Kind::Pod, namespace: pod.namespace.clone(), name: pod.name.clone() };
        if self.flight.is_busy(&id) {
            return self.flight.await_turn(id, holder.clone());
        }
        let event = NewEvent::of_pod(&pod, &message, self.now);
        self.told.0.insert(holder.clone(), message.into());
        self.send(Action::ReadEvent(Box::new(event)), holder);
    }

    /// What follows from reading an Event: it is made, counted up, or says so already.
    pub(in crate::manage) fn event_read(&mut self, event: &NewEvent, outcome: &Outcome, holder: &HolderId) {
        let event = Box::new(event.clone());
        match outcome {
            Outcome::Missing => self.send(Action::CreateEvent(event), holder),
            Outcome::Event(message, count) if *message != event.message => {
                self.send(Action::CountEvent { event, times: count.saturating_add(1) }, holder);
            }
            _ => {}
        }
    }
}
