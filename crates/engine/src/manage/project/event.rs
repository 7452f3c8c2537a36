//! Telling a pod, a reservation or a NAT gateway why it gets no address.
//!
//! In: refusals. Out: reads and writes of Events. Guarantees: an Event is read before it is written, so that neither a restart
//! nor a second controller repeats it; all that is told about one object is in one Event, the ordinals of a gateway together; it is
//! best effort: what fails is not tried again; who is served is told nothing. Vips and EIPs say it of themselves, by a condition.

use crate::manage::command::{Action, ObjectId};
use crate::manage::engine::Engine;
use crate::manage::event::NewEvent;
use crate::manage::holders::{Entitled, gateway};
use crate::manage::id::{GATEWAY, HolderId, RESERVATION};
use crate::manage::input::Outcome;
use api::slim::{Kind, Meta, VpcNatGateway};
use std::collections::BTreeMap;

/// What was told last.
#[derive(Debug, Default)]
pub(in crate::manage) struct Told(BTreeMap<HolderId, Box<str>>);

impl Engine {
    /// Tells the object of a holder what its NICs were refused, where that is news.
    pub(super) fn tell(&mut self, holder: &HolderId, entitled: Option<&Entitled>) {
        let holder = &self.spokesman(holder);
        let (Some(message), Some((kind, meta))) = (self.message(holder, entitled), self.object_of(holder)) else {
            self.told.0.remove(holder);
            return;
        };
        if self.told.0.get(holder).is_some_and(|told| **told == message) {
            return;
        }
        let event = NewEvent::new(kind, meta, &message, self.now);
        let id = ObjectId { kind, namespace: meta.namespace.clone(), name: meta.name.clone() };
        if self.flight.is_busy(&id) {
            return self.flight.await_turn(id, holder.clone());
        }
        self.told.0.insert(holder.clone(), message.into());
        self.send(Action::ReadEvent(Box::new(event)), holder);
    }

    /// Who is told: of a gateway its first ordinal, for all of them.
    fn spokesman(&self, holder: &HolderId) -> HolderId {
        self.gateway_of(holder).map_or_else(|| holder.clone(), |of| gateway::holder(&of.meta.name, 0))
    }

    /// The gateway that a holder is an ordinal of.
    fn gateway_of(&self, holder: &HolderId) -> Option<&VpcNatGateway> {
        let of = holder.name().filter(|of| of.kind == GATEWAY)?;
        self.state.world.gateways.named(gateway::split(&of.name)?.0)
    }

    /// The object that is told what a holder was refused.
    fn object_of(&self, holder: &HolderId) -> Option<(Kind, &Meta)> {
        if let Some(gateway) = self.gateway_of(holder) {
            return Some((Kind::VpcNatGateway, &gateway.meta));
        }
        match holder.name().filter(|of| of.kind == RESERVATION) {
            Some(of) => self.state.world.ips.named(&of.name).map(|ip| (Kind::Ip, &ip.meta)),
            None => self.state.pod(holder).map(|pod| (Kind::Pod, &pod.meta)),
        }
    }

    /// What is to be told.
    fn message(&self, holder: &HolderId, entitled: Option<&Entitled>) -> Option<String> {
        let mut all: Vec<String> = match self.gateway_of(holder) {
            Some(of) => {
                let ordinals = gateway::ordinals(of).map(|ordinal| gateway::holder(&of.meta.name, ordinal));
                ordinals.filter_map(|ordinal| self.waiting.told_of(&ordinal)).collect()
            }
            None => self.waiting.told_of(holder).into_iter().collect(),
        };
        all.extend(self.unbound(holder, entitled));
        (!all.is_empty()).then(|| all.join("; "))
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
