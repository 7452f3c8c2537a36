//! One step: observe, serve what is wanted, release what is proven, write what is derived.
//!
//! In: [`Input`], the time. Out: [`Command`]s. Guarantees: level-triggered: only what the state says decides, not how it
//! came about; only holders that something changed for are looked at.

use super::agents::Agents;
use super::command::{Action, Command, CommandId};
use super::cooldown::Resting;
use super::flight::Flight;
use super::hearsay::Hearsay;
use super::id::HolderId;
use super::input::Input;
use super::namespaces::Namespaces;
use super::project::{Told, Waits, Written};
use super::state::{NEEDED, Settings, State};
use super::waiting::{Lack, Waiting};
use api::slim::{Kind, Str, Time};
use ledger::{Addr, Family};
use std::collections::{BTreeMap, BTreeSet};

/// The address manager, as a function over what it has seen.
#[derive(Debug)]
pub struct Engine {
    pub(super) settings: Settings,
    pub(super) now: Time,
    pub(super) state: State,
    pub(super) flight: Flight,
    /// What only answers have shown.
    pub(super) hearsay: Hearsay,
    pub(super) past_returned: bool,
    pub(super) waiting: Waiting,
    /// Records of running pods that were asked for and not settled, by wire.
    pub(super) records: BTreeMap<Str, BTreeSet<Addr>>,
    pub(super) listed: BTreeSet<Kind>,
    pub(super) agents_listed: bool,
    /// Whether it decides; else it stands by, and only observes.
    pub(super) leads: bool,
    pub(super) dirty: BTreeSet<HolderId>,
    /// Where addresses were freed: the first of those that lack one is looked at.
    pub(super) freed: BTreeSet<Lack>,
    /// How often a holder was looked at.
    pub(super) looks: u64,
    /// What was written of what is derived, so that it is not written too often.
    pub(super) written: Written,
    /// What pods and others were told last.
    pub(super) told: Told,
    /// Since when releases wait.
    pub(super) waits: Waits,
    /// Claims whose freed addresses rest.
    pub(super) resting: Resting,
    /// Who is looked at again when.
    pub(super) due: BTreeSet<(Time, HolderId)>,
    out: Vec<Command>,
}

impl Engine {
    /// An engine that has seen nothing.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let namespaces = Namespaces::new(settings.primary.default_subnet().cloned());
        Self {
            now: Time(0),
            state: State { bug: settings.bug, agents: Agents::new(settings.silence), namespaces, ..State::default() },
            settings,
            flight: Flight::default(),
            hearsay: Hearsay::default(),
            past_returned: false,
            waiting: Waiting::default(),
            records: BTreeMap::new(),
            listed: BTreeSet::new(),
            agents_listed: false,
            leads: true,
            dirty: BTreeSet::new(),
            freed: BTreeSet::new(),
            looks: 0,
            written: Written::default(),
            told: Told::default(),
            waits: Waits::default(),
            resting: Resting::default(),
            due: BTreeSet::new(),
            out: Vec::new(),
        }
    }

    /// Takes in one thing; what is to be done about it.
    pub fn step(&mut self, input: Input, now: Time) -> Vec<Command> {
        self.now = now;
        self.observe(input);
        self.look_at_rival();
        while let Some((due, holder)) = self.due.pop_first() {
            if due > now {
                self.due.insert((due, holder));
                break;
            }
            self.dirty.insert(holder);
        }
        if self.decides() {
            self.doubt_hearsay();
            self.settle();
        }
        self.state.read_pods.clear();
        std::mem::take(&mut self.out)
    }

    /// Whether every kind has been listed once. Before that nothing is chosen and nothing is released.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.agents_listed && self.state.rival.is_known() && NEEDED.iter().all(|kind| self.listed.contains(kind))
    }

    /// Whether it decides anything now.
    pub(super) fn decides(&self) -> bool {
        self.leads && self.is_ready()
    }

    /// When a step is due even if nothing happens.
    #[must_use]
    pub fn next_due(&self) -> Option<Time> {
        let looks = self.due.first().map(|(due, _)| *due);
        let looks = looks.into_iter().chain(self.state.rival.next_due());
        looks.chain(self.hearsay.next_due().filter(|_| self.decides())).min()
    }

    /// Whether an answer has shown that the storage was put back to an earlier time: what is known is worth nothing, and whoever runs this
    /// begins anew.
    #[must_use]
    pub const fn past_returned(&self) -> bool {
        self.past_returned
    }

    /// How many commands have no outcome yet.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.flight.len()
    }

    /// Takes note that a command is done, and decides nothing any more: the process ends.
    pub fn note_done(&mut self, id: CommandId) {
        self.flight.done(id);
    }

    /// How often a holder was looked at since the start: the work that was done.
    #[must_use]
    pub fn looks(&self) -> u64 {
        self.looks
    }

    /// Why a NIC of a holder has nothing, if it was refused.
    #[must_use]
    pub fn refusal(&self, nic: &super::id::NicId) -> Option<&str> {
        self.waiting.told(nic)
    }

    /// Every NIC that was refused, and why.
    pub fn refusals(&self) -> impl Iterator<Item = (&super::id::NicId, &str)> {
        self.waiting.all_told()
    }

    /// The counts of a Subnet's family: usable, using, available, excluded.
    #[must_use]
    pub fn counts(&self, subnet: &str, family: Family) -> Option<ledger::Counts> {
        self.state.books.book(subnet)?.counts(family)
    }

    /// Every address of a Subnet that is held, and by whom.
    pub fn held(&self, subnet: &str) -> impl Iterator<Item = (Addr, &super::id::NicId)> {
        self.state.books.book(subnet).into_iter().flat_map(ledger::SubnetBook::claims)
    }

    /// Sends a command, unless its object is busy: then whoever asks is looked at again once it is not. Who stands by sends nothing: all
    /// are looked at when it leads again.
    pub(super) fn send(&mut self, action: Action, holder: &HolderId) {
        if !self.leads {
            return;
        }
        self.out.extend(self.flight.send(action, holder));
    }
}
