//! NAT rules by their EIP: which of them hold, and which is in the way of which.
//!
//! In: rules as they are seen and go. Out: lookups; whoever is judged otherwise by a change is looked at. Guarantees: of rules
//! that cannot both hold the older one does, by the time it was made, then by its name, so that the outcome does not depend
//! on the order in which they are seen; a rule that is being deleted, or cannot be read, is in nobody's way. A lookup and a change that
//! concerns nobody else cost the logarithm of their number.

use super::engine::Engine;
use super::holders::eip;
use super::id::HolderId;
use super::multi::Multi;
use super::rule::{Protocol, Rule, RuleId, Sharing, Takes};
use api::slim::{Kind, Meta, Object, Str, Time};
use ledger::{Addr, Cidr};
use std::collections::{BTreeMap, BTreeSet};

/// A rule among others: the older one comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    created: Option<Time>,
    name: Str,
    kind: Kind,
}

impl Place {
    fn of((kind, name): &RuleId, meta: &Meta) -> Self {
        Self { created: meta.created.get().copied(), name: name.clone(), kind: *kind }
    }

    fn id(&self) -> RuleId {
        (self.kind, self.name.clone())
    }
}

/// What of an EIP several rules may be after.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// All that comes in: its FIPs.
    Address(Str),
    /// Any port: its DNATs.
    AnyPort(Str),
    Port(Str, Protocol, u16),
    /// Any network: its SNATs.
    AnyCidr(Str),
    Cidr(Str, Cidr),
}

/// A rule as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    eip: Str,
    place: Place,
    /// None of one that is in nobody's way.
    takes: Option<Takes>,
}

impl Known {
    fn keys(&self) -> Vec<Key> {
        let eip = || self.eip.clone();
        match &self.takes {
            None => Vec::new(),
            Some(Takes::Address) => vec![Key::Address(eip())],
            Some(Takes::Port(protocol, port, _)) => vec![Key::AnyPort(eip()), Key::Port(eip(), *protocol, *port)],
            Some(Takes::Cidr(cidr)) => vec![Key::AnyCidr(eip()), Key::Cidr(eip(), *cidr)],
        }
    }
}

/// An EIP as its rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Front {
    /// It is not there.
    Absent,
    /// Another manager has it.
    Foreign,
    /// It has no IPv4 address; whether it is being deleted.
    Bare { is_deleted: bool },
    /// It has these addresses, at this gateway.
    Open { v4: Addr, v6: Option<Addr>, gateway: Str },
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Rules {
    by_name: BTreeMap<RuleId, Known>,
    /// All that name an EIP, whatever is wrong with them.
    by_eip: Multi<Str, RuleId>,
    /// Those that can be in somebody's way.
    taken: Multi<Key, Place>,
    /// EIPs with rules, as these were looked at with last.
    pub(super) fronts: BTreeMap<Str, Front>,
}

impl Rules {
    /// All rules.
    pub(super) fn all(&self) -> impl Iterator<Item = &RuleId> {
        self.by_name.keys()
    }

    /// The rules that name an EIP.
    pub(super) fn of_eip(&self, eip: &Str) -> impl Iterator<Item = &RuleId> {
        self.by_eip.of(eip)
    }

    /// Whether a rule names an EIP.
    pub(super) fn name(&self, eip: &Str) -> bool {
        self.by_eip.has(eip)
    }

    /// The kinds of the rules that an EIP is used by, as its status lists them.
    pub(super) fn kinds(&self, eip: &Str) -> String {
        let first = self.first_in(eip);
        let is_first = |kind| first.is_some_and(|place| place.kind == kind);
        let kinds = [
            ("dnat", is_first(Kind::IptablesDnatRule)),
            ("fip", is_first(Kind::IptablesFipRule)),
            ("snat", self.taken.has(&Key::AnyCidr(eip.clone()))),
        ];
        let used = kinds.into_iter().filter(|(_, is_used)| *is_used).map(|(name, _)| name);
        used.collect::<Vec<_>>().join(",")
    }

    /// What of its EIP a rule cannot have, and which rule has it.
    pub(super) fn in_the_way(&self, id: &RuleId) -> Option<(String, RuleId)> {
        let known = self.by_name.get(id)?;
        let eip = &known.eip;
        let other = |place: &Place, what: String| (*place != known.place).then(|| (what, place.id()));
        match known.takes.as_ref()? {
            Takes::Address => other(self.first_in(eip)?, format!("EIP {eip}")),
            Takes::Port(protocol, port, sharing) => {
                let whole = self.first_in(eip).filter(|place| place.kind == Kind::IptablesFipRule);
                if let Some(fip) = whole {
                    return other(fip, format!("EIP {eip}"));
                }
                let first = self.first(&Key::Port(eip.clone(), *protocol, *port))?;
                let shared = *sharing == Sharing::Share && self.shares(first);
                if shared { None } else { other(first, format!("{}/{port} of EIP {eip}", protocol.name())) }
            }
            Takes::Cidr(cidr) => other(self.first(&Key::Cidr(eip.clone(), *cidr))?, format!("{cidr} behind EIP {eip}")),
        }
    }

    fn first(&self, key: &Key) -> Option<&Place> {
        self.taken.of(key).next()
    }

    /// The oldest of the rules for what comes in to an EIP: where that is a FIP, it has all of it, else no FIP has anything.
    fn first_in(&self, eip: &Str) -> Option<&Place> {
        let fip = self.first(&Key::Address(eip.clone()));
        let dnat = self.first(&Key::AnyPort(eip.clone()));
        fip.into_iter().chain(dnat).min()
    }

    fn shares(&self, place: &Place) -> bool {
        let known = self.by_name.get(&place.id());
        matches!(known.and_then(|known| known.takes.as_ref()), Some(Takes::Port(_, _, Sharing::Share)))
    }

    /// Takes over what is known of a rule; which rules may be judged otherwise by that, and for which EIPs something changed.
    fn put(&mut self, id: &RuleId, new: Option<Known>) -> (BTreeSet<RuleId>, BTreeSet<Str>) {
        let (mut judged, mut eips) = (BTreeSet::new(), BTreeSet::new());
        let old = self.by_name.get(id).cloned();
        if old == new {
            return (judged, eips);
        }
        if let Some(old) = &old {
            self.concerned(old, &mut judged);
            old.keys().iter().for_each(|key| self.taken.remove(key, &old.place));
            self.by_eip.remove(&old.eip, id);
            self.by_name.remove(id);
            eips.insert(old.eip.clone());
        }
        if let Some(new) = new {
            new.keys().into_iter().for_each(|key| self.taken.insert(key, new.place.clone()));
            self.by_eip.insert(new.eip.clone(), id.clone());
            eips.insert(new.eip.clone());
            self.by_name.insert(id.clone(), new.clone());
            self.concerned(&new, &mut judged);
        }
        (judged, eips)
    }

    /// The rules that are judged by one that is there: those for the same where it is the first of them, and nobody else.
    fn concerned(&self, rule: &Known, judged: &mut BTreeSet<RuleId>) {
        let eip = &rule.eip;
        if matches!(rule.takes, Some(Takes::Address | Takes::Port(..))) && self.first_in(eip) == Some(&rule.place) {
            judged.extend(self.taken.of(&Key::Address(eip.clone())).map(Place::id));
            // With it the DNATs have the EIP only if the next one is no FIP.
            let fip = self.first(&Key::Address(eip.clone()));
            let next = self.taken.of(&Key::AnyPort(eip.clone())).find(|place| **place != rule.place);
            if fip.is_some_and(|fip| next.is_some_and(|next| fip < next)) {
                judged.extend(self.taken.of(&Key::AnyPort(eip.clone())).map(Place::id));
            }
        }
        let same = rule.keys().into_iter().filter(|key| matches!(key, Key::Port(..) | Key::Cidr(..)));
        for key in same.filter(|key| self.first(key) == Some(&rule.place)) {
            judged.extend(self.taken.of(&key).map(Place::id));
        }
    }
}

/// A rule where a holder is expected: who is looked at again.
pub(super) fn holder((kind, name): &RuleId) -> HolderId {
    HolderId::named(kind.name(), "", name.clone())
}

impl Engine {
    /// A rule is seen.
    pub(super) fn rule_seen(&mut self, object: Object) {
        let id = (object.kind(), object.meta().name.clone());
        let known = Rule::of(&object).map(|rule| Known {
            eip: rule.eip().clone(),
            place: Place::of(&id, rule.meta),
            takes: rule.takes().ok().filter(|_| !rule.meta.is_deleted()),
        });
        self.state.world.put(object);
        self.rule_changed(&id, known);
    }

    /// A rule is gone.
    pub(super) fn rule_gone(&mut self, kind: Kind, name: &Str) {
        self.rule_changed(&(kind, name.clone()), None);
    }

    fn rule_changed(&mut self, id: &RuleId, known: Option<Known>) {
        let (judged, eips) = self.state.rules.put(id, known);
        self.dirty.extend(judged.iter().map(holder));
        self.dirty.extend(eips.iter().filter(|eip| !eip.is_empty()).map(|name| eip::holder(name)));
        self.dirty.insert(holder(id));
    }

    /// All rules are looked at: whether Kube-OVN has them may be another question now.
    pub(super) fn look_at_rules(&mut self) {
        self.dirty.extend(self.state.rules.all().map(holder));
    }
}
