//! Looking at everybody for whom something changed, and serving them.
//!
//! In: the state after what was observed. Out: wants served in their order, then what follows for each holder. Guarantees: lenders are looked at
//! before anybody is served; records come before names, and these before free choices; who lacks what was freed is served in order of
//! arrival.

use super::bug::Bug;
use super::engine::Engine;
use super::holders::{self, Entitled};
use super::id::{HolderId, NicId};
use super::want::{Class, Want};
use std::collections::{BTreeMap, BTreeSet};

impl Engine {
    /// Looks at everybody for whom something changed, then at those that lack what was freed, one after the other in order
    /// of arrival, until the first of them still lacks it; then writes what follows from all of it.
    pub(super) fn settle(&mut self) {
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
            let wants = looks.iter().filter_map(|(_, entitled)| entitled.as_ref()).flat_map(|entitled| &entitled.wants);
            wants.for_each(|want| self.wait_for_mac(want));
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
    /// address for a NIC asks for what its pod asks for, or was told.
    fn lend(&mut self, holder: &HolderId, entitled: Option<&Entitled>) {
        let lent = entitled.into_iter().flat_map(|entitled| &entitled.wants).filter_map(|want| want.lent.as_ref());
        let nics: Vec<&NicId> = lent.map(|lent| &lent.nic).collect();
        let lenders: BTreeSet<HolderId> = nics.iter().map(|nic| nic.holder.clone()).collect();
        let is_bare = |nic: &NicId| !self.state.claims.of_nic(nic).any(|(_, slot)| slot.standing().is_some());
        let is_on = |lender: &HolderId| {
            let mut claims = self.state.claims.of_holder(lender).filter_map(|(_, slot)| slot.standing());
            let is_asking = lender.has_by_pod() && nics.iter().any(|nic| nic.holder == *lender && is_bare(nic));
            !is_asking && entitled.is_none_or(|entitled| claims.all(|claim| claim.has_user(&entitled.occupant.pod_uid)))
        };
        let waits = lenders.iter().filter(|lender| !is_on(lender)).cloned().collect::<Vec<_>>();
        self.dirty.extend(waits);
        self.dirty.extend(self.state.lending.set(holder, lenders));
    }
}
