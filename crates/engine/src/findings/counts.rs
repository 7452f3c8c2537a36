//! `over-capacity` and `count-mismatch` of Subnets: what the status says beside what there is.
//!
//! In: accounts. Out: at most one finding of each code per Subnet and family. Guarantees: both numbers are named, and the
//! terms between them add up; what Kube-OVN's rules explain in full (one number for both families, excluded addresses,
//! `attachSubnets`) is only information; what objects in flight could explain is only possible.

use super::out::{Out, absence, count_of, few};
use super::places::Places;
use crate::accounts::{Account, Accounts, FamilyAccount};
use crate::finding::{Certainty, Code, Finding, FindingId, ObjRef, Severity};
use crate::judge::Context;
use crate::record::Source;
use crate::report::FamilyLine;
use crate::world::Extent;
use crate::world::subnets::{SubnetId, SubnetOnWire};
use api::names;
use api::slim::{Counter, Kind};
use ledger::{AddrSet, Family};

/// The kinds whose objects Kube-OVN counts.
pub(super) const COUNTED: [Kind; 4] = [Kind::Ip, Kind::Vip, Kind::IptablesEip, Kind::OvnEip];

/// Compares every Subnet's counters.
pub(super) fn check(
    context: &Context<'_>,
    accounts: &Accounts<'_>,
    lines: &[(SubnetId, Family, FamilyLine)],
    out: &mut Out,
) {
    let missing = context.missing(&COUNTED, "");
    let mut unjudged = 0;
    let mut found = Vec::new();
    let causes = out.by_subnet(&[Code::LeakedIp, Code::MissingRecord, Code::OutsideSubnet]);
    for (id, family, line) in lines {
        let case = Case {
            context,
            subnet: context.subnets.get(*id),
            family: *family,
            line,
            account: accounts.get(*id),
            judged: missing.is_empty(),
            causes: causes.get(context.subnets.get(*id).name()).map_or(&[], Vec::as_slice),
        };
        found.extend(case.over_capacity(out));
        match missing.is_empty() {
            true => found.extend(case.count_mismatch(out)),
            false => unjudged += usize::from(line.reported_using.is_some() || line.reported_available.is_some()),
        }
    }
    found.into_iter().for_each(|finding| out.push(finding));
    if !missing.is_empty() && (unjudged > 0 || lines.is_empty()) {
        out.not_judged(Code::CountMismatch, missing, unjudged);
    }
}

/// How sure it is that nothing records an address of a Subnet: a pod of which no list was read may use one that no IP
/// object has, and so may a node.
#[must_use]
pub(super) fn absence_of_records(context: &Context<'_>, subnet: &SubnetOnWire<'_>) -> Certainty {
    let unread = |kind: Kind| *context.world.coverage.extent(kind) == Extent::Partial;
    let nodes = subnet.name() == names::JOIN_SUBNET && unread(Kind::Node);
    absence(context.world.settings.reading).possible_if(nodes || unread(Kind::Pod))
}

/// Whether a field of a Subnet that says which addresses there are to give cannot be read.
#[must_use]
pub(super) fn half_read(context: &Context<'_>, subnet: &SubnetOnWire<'_>) -> bool {
    const WHICH: [&str; 3] = ["spec.excludeIps", "spec.gateway", "spec.cidrBlock"];
    context.world.is_unreadable(Kind::Subnet, &subnet.object.meta, &WHICH)
}

/// One family of one Subnet.
struct Case<'a, 'w> {
    context: &'a Context<'w>,
    subnet: &'a SubnetOnWire<'w>,
    family: Family,
    line: &'a FamilyLine,
    account: &'a Account<'w>,
    judged: bool,
    /// Findings of this Subnet that a difference may follow from.
    causes: &'a [&'a Finding],
}

/// `v4` or `v6`, as in the names of status fields.
#[must_use]
pub(super) fn prefix(family: Family) -> &'static str {
    match family {
        Family::V4 => "v4",
        Family::V6 => "v6",
    }
}

/// The other family.
fn other(family: Family) -> Family {
    match family {
        Family::V4 => Family::V6,
        Family::V6 => Family::V4,
    }
}

impl<'w> Case<'_, 'w> {
    fn family_account(&self) -> &FamilyAccount<'_> {
        self.account.family(self.family)
    }

    fn subject(&self) -> String {
        format!("{}/{}", self.subnet.name(), prefix(self.family))
    }

    fn using(&self) -> u128 {
        self.line.using.count().as_u128().unwrap_or(u128::MAX)
    }

    fn available(&self) -> u128 {
        self.line.available.count().as_u128().unwrap_or(u128::MAX)
    }

    /// The least and the most that Kube-OVN's formula gives for the free addresses: the usable ones less the excluded less
    /// its own count, never below nought. It adds up the entries of excludeIps, of which some may overlap, and knows the
    /// gateway only as one of them.
    fn kubeovn_available(&self) -> (u128, u128) {
        let mut usable = AddrSet::new(self.family);
        usable.insert_range(self.line.cidr.usable());
        let (mut all, mut sum) = (AddrSet::new(self.family), 0_u128);
        let number = |set: &AddrSet| set.count().as_u128().unwrap_or(u128::MAX);
        for range in self.subnet.excludes(self.family) {
            let mut entry = AddrSet::new(self.family);
            entry.insert_range(range);
            sum = sum.saturating_add(number(&entry.intersection(&usable)));
            all.insert_range(range);
        }
        let free = |excluded: u128| {
            let usable = self.line.usable.as_u128().unwrap_or(u128::MAX);
            usable.saturating_sub(excluded).saturating_sub(u128::from(self.account.counted))
        };
        (free(sum), free(number(&all.intersection(&usable))))
    }

    /// Whether the status says what Kube-OVN's formula gives, and only rules that hold on a sound cluster lie between that
    /// and the truth.
    fn is_explained(&self) -> bool {
        let account = self.family_account();
        let (least, most) = self.kubeovn_available();
        // An object whose address cannot be read is counted, and the address that it holds may be another one's.
        let (held, unmatched) = (self.account.unreadable_in(self.family), self.account.unmatched(self.family));
        let between = |counter: Counter| counter.value().is_some_and(|value| (least..=most).contains(&value));
        self.line.reported_using.is_none_or(|counter| counter.says(u128::from(self.account.counted)))
            && self.line.reported_available.is_none_or(|counter| counter.says(most) || between(counter))
            && account.surplus.is_empty()
            && account.uncounted.len() as u64 <= held
            && unmatched.saturating_sub(self.account.explained_unmatched(self.family)) <= held
    }

    /// Whether addresses that are held and cannot be read make up for the difference: what cannot be read is not absent.
    fn is_unreadable(&self) -> bool {
        let held = u128::from(self.account.unreadable_in(self.family));
        let within = |counter: Option<Counter>, least: u128, most: u128| {
            counter.is_none_or(|counter| counter.value().is_some_and(|value| (least..=most).contains(&value)))
        };
        let (using, available) = (self.using(), self.available());
        let around = |counter, value: u128| within(counter, value.saturating_sub(held), value.saturating_add(held));
        held > 0 && around(self.line.reported_using, using) && around(self.line.reported_available, available)
    }

    fn over_capacity(&self, out: &Out) -> Option<Finding> {
        let reported = self.line.reported_using?;
        let usable = self.line.usable.as_u128().unwrap_or(u128::MAX);
        let beyond = reported.value().is_some_and(|value| value > usable && !reported.says(usable));
        if !beyond {
            return None;
        }
        let name = prefix(self.family);
        // One number stands for both families: while the records are not all known, it may be the other one's.
        let room = self.subnet.cidr(other(self.family)).and_then(|cidr| cidr.usable().count().as_u128());
        let could_be_other =
            !self.judged && room.is_some_and(|room| reported.value().is_some_and(|value| value <= room));
        let mut finding = self
            .finding(Code::OverCapacity, Certainty::Proven.possible_if(could_be_other))
            .says(
                format!("{name}usingIPs {reported} of {usable} usable{}", self.story()),
                "Kube-OVN chooses Subnets, refuses gateways' changes and lets Subnets go by this number: it reads the Subnet as full \
                 and can neither allocate from it nor delete it",
                "mend what this follows from; the number is recomputed at the next change of an address in the Subnet",
            );
        if self.judged && self.is_explained() {
            finding.severity = Severity::Info;
        }
        finding.follows = self.follows(out, true);
        Some(finding)
    }

    fn count_mismatch(&self, out: &Out) -> Option<Finding> {
        let wrong = |counter: Option<Counter>, value: u128| counter.is_some_and(|counter| !counter.says(value));
        let wrong_using = wrong(self.line.reported_using, self.using());
        let wrong_available = wrong(self.line.reported_available, self.available());
        if (!wrong_using && !wrong_available) || self.is_unreadable() {
            return None;
        }
        let explained = self.is_explained();
        // A status that has caught up with every object is not in flight; one that misses a moving pod is.
        let moving = self.family_account().uncounted.iter().all(|(_, source)| self.context.is_moving(source));
        let in_flight = self.is_stale()
            || (self.within_flight(self.line.reported_using, self.using(), self.using())
                && self.within_flight(self.line.reported_available, self.available(), self.available())
                && (!self.says_formula() || (moving && self.family_account().surplus.is_empty())));
        // More than all the objects that Kube-OVN counts is concluded from the absence of others.
        let explained_most = self.using().max(u128::from(self.account.counted));
        let more = self.line.reported_using.and_then(Counter::value).is_some_and(|value| value > explained_most);
        let certainty = if more && !self.says_formula() {
            absence_of_records(self.context, self.subnet)
        } else {
            Certainty::Proven
        };
        let mut said = Vec::new();
        for (wrong, field, counter, value) in [
            (wrong_using, "usingIPs", self.line.reported_using, self.using()),
            (wrong_available, "availableIPs", self.line.reported_available, self.available()),
        ] {
            if let Some(counter) = counter.filter(|_| wrong) {
                said.push(format!("{}{field} {counter}, really {value}", prefix(self.family)));
            }
        }
        let why = if explained {
            "Kube-OVN's own way of counting explains it in full: one number for both families, and IP objects on excluded \
             addresses left out"
        } else {
            "pods are sent to other Subnets, and Subnets are kept or let go, by this number"
        };
        let fix = if explained {
            "nothing"
        } else {
            "mend what this follows from; the number is recomputed at the next change in the Subnet"
        };
        let mut finding = self
            .finding(
                Code::CountMismatch,
                certainty.possible_if(!explained && (in_flight || self.follows_possible(out) || self.is_half_read())),
            )
            .says(format!("{}{}", said.join("; "), self.story()), why, fix);
        if explained {
            finding.severity = Severity::Info;
        }
        finding.follows = self.follows(out, false);
        Some(finding)
    }

    /// Whether a field that says which addresses there are to give cannot be read.
    fn is_half_read(&self) -> bool {
        half_read(self.context, self.subnet)
    }

    /// Whether it follows from a duplicate that is only possible.
    fn follows_possible(&self, out: &Out) -> bool {
        let wire = self.context.subnets.wire_name(self.subnet.wire);
        let surplus = self.family_account().surplus.iter();
        surplus
            .map(|(addr, _)| FindingId::new(Code::DuplicateAddress, &format!("{wire}/{addr}")))
            .any(|id| out.get(&id).is_some_and(|duplicate| duplicate.certainty == Certainty::Possible))
    }

    fn says_formula(&self) -> bool {
        self.line.reported_using.is_some_and(|counter| counter.says(u128::from(self.account.counted)))
    }

    /// Whether the status is Kube-OVN's own number from before the objects in flight, and its rules explain the rest.
    fn is_stale(&self) -> bool {
        let account = self.family_account();
        let (least, most) = self.kubeovn_available();
        let counted = u128::from(self.account.counted);
        let unexplained =
            self.account.unmatched(self.family).saturating_sub(self.account.explained_unmatched(self.family));
        account.surplus.is_empty()
            && account.uncounted.iter().all(|(_, source)| self.context.is_moving(source))
            && unexplained <= self.account.in_flight
            && !self.says_formula()
            && self.within_flight(self.line.reported_using, counted, counted)
            && self.within_flight(self.line.reported_available, least, most)
    }

    /// Whether objects in flight could explain the difference to a number, or to any of a range.
    fn within_flight(&self, counter: Option<Counter>, least: u128, most: u128) -> bool {
        let moving = u128::from(self.account.in_flight);
        let (least, most) = (least.saturating_sub(moving), most.saturating_add(moving));
        counter.is_none_or(|counter| {
            let within = counter.value().is_some_and(|value| (least..=most).contains(&value));
            // Large counters come back rounded.
            within || counter.says(least) || counter.says(most)
        })
    }

    /// The terms between the true number and the reported one.
    fn story(&self) -> String {
        let account = self.family_account();
        let distinct = count_of(&account.using.len(), "distinct address", "distinct addresses");
        let of_what = if self.judged { "" } else { " among the records that were read, which may not be all" };
        let mut terms = vec![format!(": {distinct}{of_what}")];
        let surplus = account.surplus_records();
        if surplus > 0 {
            terms.push(self.surplus_story(surplus));
        }
        if !account.left_out.is_empty() {
            terms.push(format!("{} excluded and left out of Kube-OVN's count", account.left_out.len()));
        }
        if !account.uncounted.is_empty() {
            let (addr, source) = &account.uncounted[0];
            terms.push(format!("{} not counted by Kube-OVN ({addr} of {})", account.uncounted.len(), source.object()));
        }
        let (unmatched, explained) =
            (self.account.unmatched(self.family), self.account.explained_unmatched(self.family));
        if explained > 0 {
            terms.push(format!("{explained} counted without an address of this family (one number stands for both)"));
        }
        if unmatched > explained {
            terms.push(format!("{} counted without a usable address here", unmatched - explained));
        }
        if let Some(rest) = self.rest() {
            terms.push(rest);
        }
        terms.join("; ")
    }

    fn surplus_story(&self, surplus: u64) -> String {
        let account = self.family_account();
        let twice = account.surplus.iter().all(|(_, sources)| sources.len() == 2);
        let (addr, sources) = &account.surplus[0];
        let example = few(sources.iter().map(Source::object), 2);
        let because = if twice && account.surplus.iter().all(|(_, sources)| self.is_gateway_and_eip(sources)) {
            " because a gateway's NIC and an EIP have one address, and Kube-OVN counts objects"
        } else {
            " because Kube-OVN counts objects and not addresses"
        };
        if twice {
            format!(
                "{surplus} recorded twice ({example}{}){because}",
                if account.surplus.len() > 1 { ", ..." } else { "" }
            )
        } else {
            let on = if account.surplus.len() == 1 {
                addr.to_string()
            } else {
                count_of(&account.surplus.len(), "address", "addresses")
            };
            format!("{surplus} records more than addresses, on {on} ({example}){because}")
        }
    }

    /// What is left between the reported number and Kube-OVN's formula over the objects given.
    fn rest(&self) -> Option<String> {
        let reported = self.line.reported_using?.value()?;
        let formula = u128::from(self.account.counted);
        if !self.judged
            || reported == formula
            || self.line.reported_using?.says(formula)
            || self.line.reported_using?.says(self.using())
        {
            return None;
        }
        Some(if reported > formula {
            format!("{} that no object explains", reported - formula)
        } else {
            format!("{} fewer than the objects that Kube-OVN counts", formula - reported)
        })
    }

    /// Whether these are the NIC of a gateway, that is there or was, and an EIP.
    fn is_gateway_and_eip(&self, sources: &[Source<'w>]) -> bool {
        let is_gateways = |source: &Source<'w>| match source {
            Source::Ip(ip) => match self.context.world.pods.get(&ip.spec.namespace, &ip.spec.pod_name) {
                Some(pod) => self.context.gateways.of_pod(pod).is_some(),
                None => self.context.gateways.of_name(&ip.spec.pod_name).is_some(),
            },
            _ => false,
        };
        sources.iter().any(is_gateways) && sources.iter().any(|source| matches!(source, Source::Eip(_)))
    }

    fn finding(&self, code: Code, certainty: Certainty) -> Finding {
        let mut objects = vec![ObjRef::of(Kind::Subnet, self.subnet.object)];
        let surplus = &self.family_account().surplus;
        objects.extend(surplus.iter().flat_map(|(_, sources)| sources.iter().map(Source::object)));
        Finding::new(code, &self.subject(), certainty, objects)
            .on(Some(self.subnet.name()), Some(self.context.subnets.wire_name(self.subnet.wire)))
            .at(surplus.iter().map(|(addr, _)| *addr))
    }

    /// The findings that the difference follows from. Where the number itself is too high, every leak takes part in it.
    fn follows(&self, out: &Out, every_leak: bool) -> Vec<FindingId> {
        let wire = self.context.subnets.wire_name(self.subnet.wire);
        let account = self.family_account();
        let addressed = account.surplus.iter().flat_map(|(addr, _)| {
            let subject = format!("{wire}/{addr}");
            [FindingId::new(Code::DuplicateAddress, &subject), FindingId::new(Code::DoubleRecord, &subject)]
        });
        let uncounted = account.uncounted.iter().map(|(_, source)| source.object());
        let labels = uncounted
            .chain(self.account.strangers.iter().cloned())
            .map(|object| FindingId::new(Code::LabelDrift, &format!("{}/{}", object.kind.plural(), object.path())));
        let mut causes: Vec<FindingId> = addressed.chain(labels).filter(|id| out.has(id)).collect();
        if self.causes.is_empty() {
            return causes;
        }
        let mut places = Places::of(account);
        // Kube-OVN counts an object for both families: one that is outside by one of them counts in the other as well.
        if self.account.unmatched(self.family) > self.account.explained_unmatched(self.family) {
            places.apart.extend(&self.account.family(other(self.family)).apart);
        }
        let is_cause = |cause: &&&Finding| match cause.code {
            Code::MissingRecord => places.any_in(cause, &places.uncounted),
            Code::OutsideSubnet => places.any_in(cause, &places.apart),
            _ => every_leak || places.differs(cause),
        };
        causes.extend(self.causes.iter().filter(is_cause).map(|cause| cause.id.clone()));
        causes.sort();
        causes.dedup();
        causes
    }
}
