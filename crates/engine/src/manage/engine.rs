//! One step: observe, serve what is wanted, release what is proven, write what is derived.
//!
//! In: [`Input`], the time. Out: [`Command`]s. Guarantees: level-triggered: only what the state says decides, not how it
//! came about; only holders that something changed for are looked at.

use super::agents::Agents;
use super::bug::Bug;
use super::claims::{Claim, Slot};
use super::command::{Action, Command, CommandId, ObjectId};
use super::cooldown::Resting;
use super::fate::{Fate, Proof, Wait};
use super::flight::Flight;
use super::hearsay::Hearsay;
use super::holders::{self, Entitled, occupant};
use super::id::{HolderId, NicId};
use super::input::Input;
use super::namespaces::Namespaces;
use super::project::{Told, Waits, Written};
use super::state::{NEEDED, Settings, State};
use super::waiting::{Lack, Waiting};
use super::want::{Class, Want};
use api::slim::{Kind, Str, Time, Uid};
use ledger::{Addr, Family};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
    looks: u64,
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
        self.state.read_claims.clear();
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

    /// Looks at everybody for whom something changed, then at those that lack what was freed, one after the other in order
    /// of arrival, until the first of them still lacks it; then writes what follows from all of it.
    fn settle(&mut self) {
        self.settle_dirty();
        while let Some(lack) = self.freed.pop_first() {
            let Some(first) = self.waiting.first(&lack).cloned() else { continue };
            self.dirty.insert(first.clone());
            self.settle_dirty();
            if self.waiting.first(&lack) != Some(&first) {
                self.freed.insert(lack);
            }
        }
        self.project_accounts();
    }

    /// Looks at everybody for whom something changed, in the order of what they want, and among equals of their arrival.
    fn settle_dirty(&mut self) {
        while !self.dirty.is_empty() {
            let mut looks = self.look_at_dirty();
            looks.sort_by_key(|(_, entitled)| entitled.as_ref().and_then(|entitled| entitled.arrival));
            for (entitled, want) in self.in_order(&looks) {
                self.serve(entitled, want);
            }
            // Who uses the addresses of another is told why that one has none: once it is told.
            for entitled in looks.iter().filter_map(|(_, entitled)| entitled.as_ref()).filter(|e| e.may_grow) {
                entitled.wants.iter().for_each(|want| self.wait_for_lender(want));
            }
            for (holder, entitled) in &looks {
                if let Some(unread) = entitled.as_ref().and_then(|entitled| entitled.unread.as_ref()) {
                    self.tell_unread(holder, unread);
                }
                self.release(holder, entitled.as_ref());
                if let Some(entitled) = entitled {
                    self.migrate(entitled);
                    self.occupy(entitled);
                }
                self.project(holder, entitled.as_ref());
                if self.waiting.is_news(holder) {
                    self.dirty.extend(self.state.lending.users(holder).cloned());
                }
                // A fresh read counts for the look that it was made for.
                self.state.disowned.remove(holder);
            }
        }
    }

    /// Looks at everybody for whom something changed, and then at those whose addresses they use: what is on record for these comes before
    /// free choices, too.
    fn look_at_dirty(&mut self) -> Vec<(HolderId, Option<Entitled>)> {
        let mut looks = BTreeMap::new();
        while !self.dirty.is_empty() {
            let holders = std::mem::take(&mut self.dirty);
            looks.extend(holders.into_iter().map(|holder| self.look(holder)));
        }
        looks.into_iter().collect()
    }

    /// What is served, in that order: by class, of records first those that a pod was told, since it may run with them; among equals in order
    /// of arrival.
    fn in_order<'a>(&self, looks: &'a [(HolderId, Option<Entitled>)]) -> Vec<(&'a Entitled, &'a Want)> {
        let entitled = looks.iter().filter_map(|(_, entitled)| entitled.as_ref());
        let wants = entitled.flat_map(|of| of.wants.iter().map(move |want| (of, want)));
        let mut all: Vec<_> = wants.filter(|(of, want)| of.may_get(&self.state, want)).collect();
        let classes = self.classes();
        all.sort_by_key(|(_, want)| {
            let class = classes.iter().position(|class| *class == want.class);
            (class, want.record().is_some_and(|record| record != want.told))
        });
        all
    }

    /// In which order classes are served.
    fn classes(&self) -> [Class; 3] {
        let [record, named, free] = Class::ALL;
        if self.state.has(Bug::ChooseFirst) { [free, named, record] } else { Class::ALL }
    }

    /// What a holder is entitled to now.
    fn look(&mut self, holder: HolderId) -> (HolderId, Option<Entitled>) {
        self.looks += 1;
        self.waiting.forget(&holder);
        let entitled = holders::entitled(&self.state, &holder);
        match entitled {
            Some(_) => drop(self.state.absent.remove(&holder)),
            None => drop(self.state.absent.entry(holder.clone()).or_insert(self.now)),
        }
        self.lend(&holder, entitled.as_ref());
        (holder, entitled)
    }

    /// Looks at those whose addresses a holder uses, where it is not their occupant yet, or has become none. A machine or a gateway without an
    /// address asks for what its pod asks for, or was told.
    fn lend(&mut self, holder: &HolderId, entitled: Option<&Entitled>) {
        let lent = entitled.into_iter().flat_map(|entitled| &entitled.wants).filter_map(|want| want.lent.as_ref());
        let lenders: BTreeSet<HolderId> = lent.map(|lent| lent.nic.holder.clone()).collect();
        let is_on = |lender: &HolderId| {
            let mut claims = self.state.claims.of_holder(lender).filter_map(|(_, slot)| slot.standing()).peekable();
            let is_asking = lender.has_by_pod() && claims.peek().is_none();
            !is_asking && entitled.is_none_or(|entitled| claims.all(|claim| claim.has_user(&entitled.occupant.pod_uid)))
        };
        let waits = lenders.iter().filter(|lender| !is_on(lender)).cloned().collect::<Vec<_>>();
        self.dirty.extend(waits);
        self.dirty.extend(self.state.lending.set(holder, lenders));
    }

    /// Releases what a holder is no longer entitled to, where that is proven to be safe.
    fn release(&mut self, holder: &HolderId, entitled: Option<&Entitled>) {
        self.settle_asked(holder);
        let own = entitled.into_iter().flat_map(|of| of.wants.iter().map(move |want| (of, want)));
        let own = own.filter(|(of, want)| want.lent.is_none() && of.may_get(&self.state, want));
        let may_have: Vec<&NicId> = own.map(|(_, want)| &want.nic).collect();
        self.drop_plans(holder, |_, nic| !may_have.contains(&nic));
        let standing = self.state.claims.of_holder(holder).filter_map(|(_, slot)| slot.shared());
        let (kept, surplus): (Vec<Arc<Claim>>, Vec<Arc<Claim>>) =
            standing.cloned().partition(|claim| entitled.is_some_and(|e| self.is_kept(e, claim)));
        let is_settled = |claim: &&Arc<Claim>| entitled.is_some_and(|e| self.is_settled(e, claim));
        if entitled.is_some_and(|entitled| entitled.unread.is_some()) {
            kept.iter().for_each(|claim| self.claim_waits_unread(claim));
        } else {
            for claim in kept.iter().filter(is_settled).collect::<Vec<_>>() {
                self.claim_kept(claim);
            }
        }
        for claim in surplus {
            self.release_one(&claim, entitled.is_some());
        }
        if self.state.claims.of_holder(holder).next().is_none() {
            self.state.absent.remove(holder);
        }
    }

    /// Releases a claim that its holder, who is there or not, is no longer entitled to.
    fn release_one(&mut self, claim: &Claim, is_there: bool) {
        if self.rests(claim, None) {
            // What was asked for before it was freed may have been done since.
            self.remove_records(claim);
            return;
        }
        let free = is_there && self.state.has(Bug::FreeSurplus);
        match holders::fate(&self.state, claim, self.now, self.settings.grace) {
            _ if free => self.let_go(claim, Proof::LetGo),
            Fate::Keep => {}
            Fate::Release(proof) => self.let_go(claim, proof),
            Fate::Wait(wait) => {
                self.claim_waits(claim, &wait);
                self.wait(&claim.nic.holder, wait);
            }
        }
    }

    /// A claim that is kept while nobody can read what its holder asks for says that it waits for that; it rests no more.
    fn claim_waits_unread(&mut self, claim: &Claim) {
        if self.resting.holder(&claim.key).is_some() || claim.cooling_since().is_some() {
            return self.claim_kept(claim);
        }
        if let Some(unread) = holders::unread(&self.state, &claim.nic.holder) {
            self.claim_waits(claim, &Wait::Unreadable(unread.into()));
        }
    }

    /// Whether a claim that is kept waits and rests no more: its next user has it, or nobody uses it and it was freed before it was wanted
    /// again.
    fn is_settled(&self, entitled: &Entitled, claim: &Claim) -> bool {
        let is_back = entitled.occupant.pod_uid == Uid::None && claim.cooling_since().is_some();
        (entitled.occupant.is(&claim.occupant) || is_back) && !self.waits_for_target(claim)
    }

    /// Asks what became of what is asked for and not on its way: the object was busy then, or could not be read.
    fn settle_asked(&mut self, holder: &HolderId) {
        let asked = self.state.claims.of_holder(holder).filter(|(_, slot)| matches!(slot, Slot::Asked(_)));
        let idle = asked.filter(|(key, _)| !self.flight.is_busy(&ObjectId::claim(key)));
        for key in idle.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.send(Action::ReadClaim(key), holder);
        }
    }

    /// Gives the addresses of a holder to the pod that uses them now, once the one before has let go.
    fn occupy(&mut self, entitled: &Entitled) {
        if !entitled.may_grow || entitled.occupant.pod_uid == Uid::None {
            return;
        }
        let holder = &entitled.holder;
        let standing = self.state.claims.of_holder(holder).filter_map(|(_, slot)| slot.shared());
        let is_other = |claim: &&Arc<Claim>| {
            claim.target().is_none() && !claim.occupant.is(&entitled.occupant) && self.is_suited(entitled, claim)
        };
        let others = standing.filter(is_other);
        for claim in others.cloned().collect::<Vec<_>>() {
            match occupant::fate(&self.state, &claim) {
                Fate::Wait(wait) if !claim.is_unused() && !self.state.has(Bug::MoveOccupant) => {
                    self.claim_waits(&claim, &wait);
                    self.wait(holder, wait);
                }
                _ => {
                    // In one write with that: a claim that a pod uses never says that it rests.
                    let conditions = Some(self.said_when_kept(&claim)).filter(|said| **said != *claim.conditions());
                    let replaces = claim.programmed().is_some() && !claim.is_unused();
                    let (key, uid, version) = (claim.key.clone(), claim.uid.clone(), claim.version.clone());
                    let occupant = entitled.occupant.clone();
                    self.send(Action::Occupy { key, uid, version, occupant, replaces, conditions }, holder);
                }
            }
        }
    }

    /// Whether a claim is the one that its NIC keeps: of several in one family the one that the agent saw on the interface, else
    /// one that the present pod was not promised away, else the one that the pod was told, else one that suits it, else the oldest. One
    /// that no interface has, and that came late to a NIC with another address on record, is not kept even alone.
    pub(super) fn is_kept(&self, entitled: &Entitled, claim: &Claim) -> bool {
        let Some(want) = entitled.want(&claim.nic) else { return false };
        let is_left = !want.nic.holder.has_pods() && claim.is_idle() && self.is_beside_record(want, claim);
        let kept = self.kept(want, claim.key.addr.family());
        !is_left && kept.is_some_and(|kept| kept.key == claim.key)
    }

    /// Whether a claim is the one that its NIC keeps, and the next user of the NIC may have it.
    fn is_suited(&self, entitled: &Entitled, claim: &Claim) -> bool {
        let suits = |want: &Want| self.suits(want, claim) && entitled.may_use(want, claim.key.addr);
        self.is_kept(entitled, claim) && entitled.want(&claim.nic).is_some_and(suits)
    }

    /// Whether a NIC may go on with a claim. An ordinal or a machine moves with its next pod, if that asks for something else and
    /// neither uses the claim nor was told of it: it is kept until there is another one in its place. Nobody else moves, and no pod that runs.
    pub(super) fn suits(&self, want: &Want, claim: &Claim) -> bool {
        let moves = want.lent.is_none() && want.nic.holder.has_pods();
        let is_told = want.told.get(claim.key.addr.family()) == Some(claim.key.addr);
        let may_stay = match moves {
            true => {
                let is_asked = self.state.books.is_asked(want, &claim.key) && !self.runs_beside(want, claim);
                is_asked || self.uses(&want.nic.holder, claim)
            }
            false => {
                let lender = want.lent.as_ref().map(|lent| &lent.nic.holder);
                // What its machine keeps for it, it goes on with.
                let is_kept = || lender.is_some_and(|lender| lender.has_pods() && self.uses(lender, claim));
                !self.is_beside_record(want, claim) || is_kept()
            }
        };
        is_told || may_stay
    }

    /// Whether a claim came beside what a NIC has on record, and the claim of that is lost: who runs with what it was told goes on with that.
    /// So does a reservation whose pod was told something else than it says.
    fn is_beside_record(&self, want: &Want, claim: &Claim) -> bool {
        let recorded = want.record().and_then(|pair| claim.beside(pair));
        recorded.is_some_and(|key| self.state.claims.may_be_of(&key, &want.nic)) && !self.state.runs_with(want, claim)
    }

    /// Whether the pod of a holder was told what is on record, and runs with that, whoever has it by now, and a claim came beside it.
    fn runs_beside(&self, want: &Want, claim: &Claim) -> bool {
        let told = want.record().filter(|pair| *pair == want.told);
        told.and_then(|pair| claim.beside(pair)).is_some() && self.state.runs(&want.nic.holder)
    }

    /// Whether the present pod of a holder uses a claim.
    fn uses(&self, holder: &HolderId, claim: &Claim) -> bool {
        !claim.is_let_go() && self.user(holder).is_some_and(|user| claim.has_user(&user))
    }

    /// The present pod of a holder.
    fn user(&self, holder: &HolderId) -> Option<Uid> {
        let own = self.state.pod(holder).map(|pod| pod.meta.uid.clone());
        own.or_else(|| self.state.borrower(holder).map(|(_, occupant)| occupant.pod_uid))
    }

    /// The claim that a NIC keeps in a family. Who borrows goes on with none that it let go of: the lender may keep that one or another.
    pub(super) fn kept<'a>(&'a self, want: &'a Want, family: Family) -> Option<&'a Claim> {
        let standing = self.state.claims.of_nic(want.claimant()).filter_map(|(_, slot)| slot.standing());
        let is_user = |claim: &Claim| want.lent.as_ref().is_none_or(|lent| claim.may_use(&lent.to));
        let standing = standing.filter(|claim| claim.key.addr.family() == family && is_user(claim));
        let standing: Vec<&Claim> = standing.collect();
        if let [] | [_] = standing.as_slice() {
            return standing.first().copied();
        }
        let user = self.user(&want.claimant().holder);
        let told = |claim: &Claim| want.told.get(family) == Some(claim.key.addr);
        let is_forsworn = |claim: &Claim| claim.is_let_go() && user.as_ref() == Some(&claim.occupant.pod_uid);
        let key = |claim: &&Claim| {
            let rank = (!claim.in_use, is_forsworn(claim), !told(claim), !self.suits(want, claim));
            (rank, claim.created, claim.key.clone())
        };
        standing.into_iter().min_by_key(key)
    }

    pub(super) fn wait(&mut self, holder: &HolderId, wait: Wait) {
        let node = match wait {
            Wait::Grace(until) => {
                self.due.insert((until, holder.clone()));
                return;
            }
            Wait::Silence(node) => {
                self.wait_for_silence(node.clone(), holder);
                node
            }
            // Its word changes the claim, which is seen; and whoever mends an object changes it.
            Wait::Gateway(_) | Wait::Unreadable(_) => return,
            Wait::Owner { kind, namespace, name } => {
                return self.send(Action::ReadOwner { kind, namespace, name }, holder);
            }
            Wait::Agent(node) | Wait::NoAgent(node) | Wait::NoName(node) => node,
            Wait::Pod { namespace, name, uid, node } => {
                self.send(Action::ReadPod { namespace, name, uid }, holder);
                node
            }
            Wait::Node { node, pod } => {
                self.send(Action::ReadNode { name: node.clone(), pod }, holder);
                node
            }
        };
        self.state.at_node.entry(node).or_default().insert(holder.clone());
    }

    /// Asks once it is time whether the agent of a node is silent.
    fn wait_for_silence(&mut self, node: Str, holder: &HolderId) {
        match self.state.agents.until(&node).filter(|until| *until > self.now) {
            Some(until) => drop(self.due.insert((until, holder.clone()))),
            None => self.send(Action::ReadAgent { namespace: self.settings.agents.clone(), node }, holder),
        }
    }

    /// Takes an address back: first what was derived from the claim, then the claim.
    fn let_go(&mut self, claim: &Claim, proof: Proof) {
        if self.remove_records(claim) || claim.is_deleted() || self.rests(claim, Some(proof)) {
            return;
        }
        let (uid, version) = (claim.uid.clone(), claim.version.clone());
        let (key, title) = (claim.key.clone(), claim.title.clone());
        self.send(Action::DeleteClaim { key, title, uid, version, proof }, &claim.nic.holder);
    }
}
