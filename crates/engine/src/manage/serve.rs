//! Giving a NIC what it wants.
//!
//! In: a want, what its NIC has. Out: claims to be made, all that the NIC lacks or none; else a refusal that is told and
//! waited on. Guarantees: the address is on record before its claim is asked for; the second family is asked for once the
//! claim of the first stands; who waits for an answer asks for nothing else; a NIC that has an address keeps it and its Subnet; whoever has an
//! address on record gets that one or none.

use super::books::Denied;
use super::bug::Bug;
use super::claims::Slot;
use super::command::{Action, NewClaim};
use super::engine::Engine;
use super::holders::{self, Entitled, primary::is_primary, vip};
use super::id::{ClaimKey, GATEWAY, HolderId, NicId};
use super::waiting::Notice;
use super::want::{Ask, Class, Want};
use api::slim::Str;
use ledger::{AddrPair, Family, Grant, Refusal};
use std::sync::Arc;

impl Engine {
    /// Gives a NIC what it lacks.
    pub(super) fn serve(&mut self, entitled: &Entitled, want: &Want) {
        if want.lent.is_some() {
            return self.drop_plans_of(&want.nic);
        }
        let all: Vec<ClaimKey> = self.state.claims.of_nic(&want.nic).map(|(key, _)| key.clone()).collect();
        // Who has what it wants is refused nothing, whatever became of its Subnet.
        if !all.is_empty() && self.served(want).is_some() {
            self.wait_for_record(want, &all);
            return self.drop_plans_of(&want.nic);
        }
        // What was asked for may be its by now, also where its Subnet has no place for that any more: first the answer.
        if self.is_asking(want) {
            return;
        }
        // What the NIC had and wants no more goes once there is another one in its place.
        let has: Vec<ClaimKey> = all.iter().filter(|key| self.may_stay(want, key)).cloned().collect();
        let subnets = match has.first() {
            None => want.subnets.clone(),
            // What a NIC has decides its Subnet. Where that is gone there is nothing to add to it.
            Some(key) => self.state.books.containing(key).cloned().into_iter().collect(),
        };
        if want.class == Class::Free
            && !self.state.has(Bug::ChooseFirst)
            && has.is_empty()
            && self.waits_for_records(&subnets, want)
        {
            return;
        }
        let pair = self.pair(want, &has);
        let mut refusals = Vec::new();
        let namespace = &entitled.title.namespace;
        for (subnet, pool) in self.places(&subnets, want, namespace) {
            let held = self.held_mac(&subnet, want).map(Denied::Refused);
            let books = &mut self.state.books;
            match held.map_or_else(|| books.allocate((&subnet, pool.as_deref()), want, namespace, pair), Err) {
                Ok(grant) => {
                    self.record_again(&all);
                    return self.ask(entitled, want, &subnet, &grant);
                }
                Err(denied) => refusals.push((subnet, denied)),
            }
        }
        self.drop_plans_of(&want.nic);
        self.refuse(entitled, want, refusals);
    }

    /// Whoever goes on with another address while somebody else has what it has on record is looked at again once that is free.
    fn wait_for_record(&mut self, want: &Want, has: &[ClaimKey]) {
        let Some(record) = want.record() else { return };
        let standing = self.state.claims.of_nic(&want.nic).filter_map(|(_, slot)| slot.standing());
        let lost = standing.filter_map(|claim| claim.beside(record)).filter(|key| !has.contains(key));
        let lost: Vec<ClaimKey> = lost.collect();
        lost.into_iter().for_each(|key| self.waiting.for_address(key, &want.nic.holder));
    }

    /// What a NIC goes on with, of what it has.
    fn pair(&self, want: &Want, has: &[ClaimKey]) -> AddrPair {
        let mut pair = AddrPair::NONE;
        has.iter().for_each(|key| pair.set(key.addr.family(), Some(key.addr)));
        // Of several in one family, the one that stays.
        let kept = Family::BOTH.into_iter().filter_map(|family| self.kept(want, family));
        kept.filter(|claim| self.suits(want, claim)).for_each(|claim| {
            pair.set(claim.key.addr.family(), Some(claim.key.addr));
        });
        pair
    }

    /// Whether a NIC may go on with what it has; what it asked for it may have by now.
    fn may_stay(&self, want: &Want, key: &ClaimKey) -> bool {
        match self.state.claims.get(key) {
            Some(Slot::Standing(claim)) => self.is_on_its_network(want, claim) && self.suits(want, claim),
            Some(Slot::Planned(_)) => self.state.books.is_asked(want, key),
            Some(Slot::Asked(_)) | None => true,
        }
    }

    /// What a NIC has beside what it keeps is given back by the book, and stays claimed until its pod has let go.
    fn record_again(&mut self, has: &[ClaimKey]) {
        for key in has {
            if let Some(slot) = self.state.claims.get(key) {
                self.state.books.record(key, slot);
            }
        }
    }

    /// Where a want may be served, in the order in which it is tried: Subnets, each with the pool to take from.
    fn places(&self, subnets: &[Str], want: &Want, namespace: &str) -> Vec<(Str, Option<Str>)> {
        let pools = &self.state.books.pools;
        match &want.ask {
            Ask::Any => {
                let bound = subnets.iter().flat_map(|subnet| {
                    pools.of_namespace(namespace, subnet).map(|pool| (subnet.clone(), Some(pool.clone())))
                });
                let bound: Vec<_> = bound.collect();
                // The pods of a Namespace with pools take from these and from nowhere else.
                if bound.is_empty() { subnets.iter().map(|subnet| (subnet.clone(), None)).collect() } else { bound }
            }
            Ask::Pool(pool) => {
                // A pool is of one Subnet. One that is not there yet may be of any.
                let of = pools.subnet(pool);
                let of_pool = |subnet: &&Str| of.is_none_or(|of| of == *subnet);
                // One of another Subnet is refused by each, and waited for.
                let is_any = subnets.iter().any(|subnet| of_pool(&subnet));
                let places = subnets.iter().filter(|subnet| !is_any || of_pool(subnet));
                places.map(|subnet| (subnet.clone(), Some(pool.clone()))).collect()
            }
            Ask::This(_) | Ask::OneOf(_) | Ask::Unreadable(_) => {
                subnets.iter().map(|subnet| (subnet.clone(), None)).collect()
            }
        }
    }

    /// Tells a NIC that uses the addresses of another holder what it waits for, if it does. Whoever the lender's claims are
    /// seen for is looked at again, and so is whoever waits for a lender that is told something else.
    pub(super) fn wait_for_lender(&mut self, want: &Want) {
        let Some(lender) = want.lent.as_ref().map(|lent| &lent.nic) else { return };
        if self.served(want).is_some() {
            return;
        }
        let standing = self.state.claims.of_nic(lender).filter_map(|(_, slot)| slot.standing());
        let mut others = standing.filter(|claim| !claim.is_unused() && !self.may_join(want, claim));
        let why = match (others.next(), self.waiting.told(lender)) {
            (Some(claim), _) => format!("{} of {} is in use by another pod", claim.key.addr, lender.holder),
            (None, Some(why)) => format!("{} has no address: {why}", lender.holder),
            (None, None) if self.is_lender_gone(&lender.holder) => format!("{} is not there", lender.holder),
            // It is about to have one, or to give it: nothing to tell.
            (None, None) => return,
        };
        self.waiting.tell(&want.nic, why);
    }

    /// Whether a lender is a Vip that is gone, or a place of a gateway that is gone or has fewer by now, and its claims too. The owner of a machine's
    /// pod may just not have been seen yet.
    fn is_lender_gone(&self, lender: &HolderId) -> bool {
        let is_gone = || !self.state.claims.has_any(lender) && holders::entitled(&self.state, lender).is_none();
        vip::is_gone(&self.state, lender) || lender.is_of(&[GATEWAY]) && is_gone()
    }

    /// Tells a pod that nobody can read which networks it asks for: of the annotation, since no NIC of it is refused anything.
    pub(super) fn tell_unread(&mut self, holder: &HolderId, (annotation, reason): &(&'static str, String)) {
        if self.state.pod(holder).is_some() {
            let place = NicId::new(holder.clone(), (*annotation).into());
            self.waiting.tell(&place, format!("the annotation cannot be read: {reason}"));
        }
    }

    /// Whether records are pending on a wire that a free choice would choose from.
    fn waits_for_records(&mut self, subnets: &[Str], want: &Want) -> bool {
        let wires: Vec<Str> = subnets.iter().filter_map(|subnet| self.state.books.wire(subnet)).cloned().collect();
        let pending: Vec<&Str> = wires.iter().filter(|wire| self.records.contains_key(*wire)).collect();
        pending.iter().for_each(|wire| self.waiting.for_wire(wire, &want.nic.holder));
        !pending.is_empty()
    }

    /// Asks for the claim that a NIC lacks, of two for the one in the first family: the other one is kept for it meanwhile.
    ///
    /// Asked for at once, two NICs that want the last address of each family, by two controllers or by one and what the one
    /// before it asked for, may get one half each and wait for each other for ever.
    fn ask(&mut self, entitled: &Entitled, want: &Want, subnet: &Str, granted: &Grant) {
        let Some(wire) = self.state.books.wire(subnet).cloned() else { return };
        let mut waits = false;
        for addr in granted.addrs.iter() {
            let key = ClaimKey { wire: wire.clone(), addr };
            match self.state.claims.get(&key) {
                Some(Slot::Standing(_)) => continue,
                Some(Slot::Asked(_)) => waits = true,
                Some(Slot::Planned(_)) if waits => {}
                Some(Slot::Planned(_)) | None => {
                    let user = entitled.may_use(want, addr).then(|| entitled.occupant.clone());
                    let claim = NewClaim {
                        key: key.clone(),
                        subnet: subnet.clone(),
                        nic: want.nic.clone(),
                        title: entitled.title.clone(),
                        life: self.state.life_of(&want.nic.holder),
                        mac: granted.mac.or(want.mac.named()),
                        programmed: entitled.programmed.clone(),
                        occupant: user.unwrap_or_default(),
                    };
                    self.ask_or_plan(want, claim, waits);
                    waits = true;
                }
            }
        }
        let is_granted = |key: &ClaimKey| granted.addrs.get(key.addr.family()) == Some(key.addr);
        self.drop_plans(&want.nic.holder, |key, nic| *nic == want.nic && !is_granted(key));
    }

    /// Asks for a claim, or keeps its address for it.
    fn ask_or_plan(&mut self, want: &Want, claim: NewClaim, waits: bool) {
        let key = claim.key.clone();
        if want.class == Class::Record {
            self.records.entry(key.wire.clone()).or_default().insert(key.addr);
        }
        let claim = Arc::new(claim);
        if waits {
            self.state.claims.put(key, Slot::Planned(claim));
        } else {
            self.state.claims.put(key, Slot::Asked(Arc::clone(&claim)));
            self.send(Action::CreateClaim(claim), &want.nic.holder);
        }
    }

    /// Gives back what was only kept for a NIC.
    fn drop_plans_of(&mut self, nic: &NicId) {
        self.drop_plans(&nic.holder, |_, of| of == nic);
    }

    /// Gives back what was only kept for a holder, of what is chosen.
    pub(super) fn drop_plans(&mut self, holder: &HolderId, of: impl Fn(&ClaimKey, &NicId) -> bool) {
        let planned = self.state.claims.of_holder(holder).filter(|(_, slot)| matches!(slot, Slot::Planned(_)));
        let planned = planned.filter(|(key, slot)| of(key, slot.nic())).map(|(key, _)| key.clone());
        planned.collect::<Vec<_>>().iter().for_each(|key| self.claim_gone(key));
    }

    /// Tells why a NIC gets nothing, and waits for what would change that.
    fn refuse(&mut self, entitled: &Entitled, want: &Want, refusals: Vec<(Str, Denied)>) {
        let holder = &want.nic.holder;
        let mut told = Vec::new();
        for (subnet, denied) in refusals {
            match &denied {
                Denied::Closed(why) => told.push(format!("NoAvailableAddress: Subnet {subnet}: {why}")),
                Denied::Refused(refusal) => told.push(self.in_full(&subnet, refusal)),
            }
            self.queue(&subnet, &denied, entitled);
            let Some(wire) = self.state.books.wire(&subnet).cloned() else { continue };
            for addr in named(&want.ask) {
                let key = ClaimKey { wire: wire.clone(), addr };
                self.asked_by_name(&key);
                self.waiting.for_address(key, holder);
            }
        }
        if told.is_empty() {
            told.push("NoSubnet: no Subnet serves it".to_owned());
        }
        if is_primary(&want.annotations.0) {
            self.waiting.for_notice(Notice::Namespace(entitled.title.namespace.clone()), holder);
        }
        // A pod is looked at for its networks; a machine waits by the template of its pod.
        self.waiting.for_notice(Notice::Provider(want.annotations.0.clone()), holder);
        self.waiting.for_notice(Notice::Port(want.port.clone()), holder);
        if let Ask::Pool(pool) = &want.ask {
            self.waiting.for_notice(Notice::Pool(pool.clone()), holder);
        }
        // While another manager gives the primary network's addresses out, each pod has them from there.
        if !is_primary(&want.annotations.0) || !self.state.rival.has_primary() {
            self.waiting.tell(&want.nic, told.join("; "));
        }
    }

    /// Puts whoever was refused where it is found once there is what it lacks.
    fn queue(&mut self, subnet: &Str, denied: &Denied, entitled: &Entitled) {
        let mut lacks = Vec::new();
        let is_all = match denied {
            Denied::Closed(_) => false,
            Denied::Refused(refusal) => lacking(refusal, &mut lacks),
        };
        for (family, pool) in lacks {
            self.waiting.for_free((subnet.clone(), family, pool), entitled.arrival, &entitled.holder);
        }
        if !is_all {
            self.waiting.for_subnet(subnet, &entitled.holder);
        }
    }

    /// A refusal, after the word that Kube-OVN's users look for, and their programs.
    pub(super) fn in_full(&self, subnet: &Str, refusal: &Refusal<HolderId, Str>) -> String {
        format!("{}: Subnet {subnet}: {}", refusal.kube_ovn_word(), self.in_words(subnet, refusal))
    }

    /// A refusal with the holder in the words that people use.
    fn in_words(&self, subnet: &Str, refusal: &Refusal<HolderId, Str>) -> String {
        match refusal {
            Refusal::Held { addr, by } => {
                let title = self.title(subnet, *addr).unwrap_or_else(|| by.holder.to_string());
                let nic = if by.name.is_empty() { String::new() } else { format!(" ({})", by.name) };
                format!("{addr} is held by {title}{nic}")
            }
            Refusal::WrongFamily { asked, addr: None } => {
                format!("requested ip family {asked} does not match subnet {subnet} protocol {}", asked.other())
            }
            Refusal::NoneOf(refusals) if !refusals.is_empty() => {
                let each: Vec<String> = refusals.iter().map(|refusal| self.in_words(subnet, refusal)).collect();
                format!("none of {} candidates can be had: {}", each.len(), each.join("; "))
            }
            other => other.to_string(),
        }
    }

    /// Who holds an address of a Subnet, in the words that people use.
    pub(super) fn title(&self, subnet: &str, addr: ledger::Addr) -> Option<String> {
        let wire = self.state.books.wire(subnet).cloned()?;
        Some(self.state.claims.get(&ClaimKey { wire, addr })?.title().to_string())
    }
}

/// What is free nowhere; whether that is all that a refusal says.
fn lacking(refusal: &Refusal<HolderId, Str>, lacks: &mut Vec<(Family, Option<Str>)>) -> bool {
    match refusal {
        Refusal::Exhausted { family, pool } => {
            lacks.push((*family, pool.as_deref().map(Str::from)));
            true
        }
        Refusal::NoneOf(refusals) => {
            let mut others = refusals.len();
            refusals.iter().for_each(|refusal| others -= usize::from(lacking(refusal, lacks)));
            others == 0
        }
        _ => false,
    }
}

/// The addresses that a want asks for by name.
fn named(ask: &Ask) -> Vec<ledger::Addr> {
    match ask {
        Ask::This(pair) => pair.iter().collect(),
        Ask::OneOf(pairs) => pairs.iter().flat_map(AddrPair::iter).collect(),
        Ask::Any | Ask::Pool(_) | Ask::Unreadable(_) => Vec::new(),
    }
}
