//! `range-mismatch` of Subnets: the ranges that a status lists beside the addresses on record.
//!
//! In: accounts. Out: at most one finding per Subnet and family. Guarantees: excluded addresses are taken out of both
//! sides; addresses that are listed as in use and that no object explains are named and counted as lost; addresses in use
//! that are listed as free are named, because they will be given out again.

use super::counts::{COUNTED, absence_of_records, half_read, prefix};
use super::out::{Out, count_of, name_addresses};
use crate::accounts::Accounts;
use crate::finding::{Certainty, Code, Finding, ObjRef};
use crate::judge::Context;
use crate::report::FamilyLine;
use crate::world::subnets::{SubnetId, SubnetOnWire};
use api::slim::{Kind, Malformed, SubnetStatus};
use ledger::{AddrRange, AddrSet, Family};

/// What a status lists, read.
struct Listed {
    using: Option<AddrSet>,
    available: Option<AddrSet>,
}

/// Compares every Subnet's ranges.
pub(super) fn check(
    context: &Context<'_>,
    accounts: &Accounts<'_>,
    lines: &[(SubnetId, Family, FamilyLine)],
    out: &mut Out,
) {
    let missing = context.missing(&COUNTED, "");
    let mut unjudged = 0;
    for (id, family, line) in lines {
        let subnet = context.subnets.get(*id);
        let listed = read(subnet, *family, out);
        let waiting = accounts.get(*id).waiting;
        let in_flight = accounts.get(*id).in_flight;
        let difference = Difference::new(subnet, *family, line, &listed);
        unjudged += usize::from(!missing.is_empty() && listed.using.is_some());
        let judged = if missing.is_empty() { difference } else { difference.of_what_is_there() };
        let judged = judged.explained_by_unreadable(accounts.get(*id).unreadable_in(*family));
        if judged.is_empty() {
            continue;
        }
        let moving = u128::from(in_flight) >= judged.size();
        let unsure = waiting > 0 || moving || half_read(context, subnet);
        out.push(judged.finding(context, subnet, *family, unsure));
    }
    if !missing.is_empty() && (unjudged > 0 || lines.is_empty()) {
        out.not_judged(Code::RangeMismatch, missing, unjudged);
    }
}

/// The range texts of a status.
fn texts(status: &SubnetStatus, family: Family) -> [(&'static str, Option<&str>); 2] {
    match family {
        Family::V4 => [
            ("v4usingIPrange", status.v4_using_range.as_deref()),
            ("v4availableIPrange", status.v4_available_range.as_deref()),
        ],
        Family::V6 => [
            ("v6usingIPrange", status.v6_using_range.as_deref()),
            ("v6availableIPrange", status.v6_available_range.as_deref()),
        ],
    }
}

fn read(subnet: &SubnetOnWire<'_>, family: Family, out: &mut Out) -> Listed {
    let mut sets =
        texts(&subnet.object.status, family).into_iter().map(|(field, text)| {
            match AddrSet::parse_range_text(family, text?) {
                Ok(set) => Some(set),
                Err(error) => {
                    let malformed = Malformed { path: format!("status.{field}"), reason: error.to_string() };
                    super::malformed_object::push(&ObjRef::of(Kind::Subnet, subnet.object), &malformed, out);
                    None
                }
            }
        });
    Listed { using: sets.next().flatten(), available: sets.next().flatten() }
}

/// Where the lists and the records differ, excluded addresses aside.
struct Difference {
    /// Listed as in use, explained by no object.
    lost: AddrSet,
    /// In use, and not listed as such.
    unlisted: AddrSet,
    /// In use, and listed as free.
    exposed: AddrSet,
    /// Free, and not listed as free; the lost ones aside.
    hidden: AddrSet,
}

impl Difference {
    fn new(subnet: &SubnetOnWire<'_>, family: Family, line: &FamilyLine, listed: &Listed) -> Self {
        let mut excluded = AddrSet::new(family);
        let gateway = line.gateway.and_then(|gateway| AddrRange::new(gateway, gateway).ok());
        for range in subnet.excludes(family).chain(gateway) {
            excluded.insert_range(range);
        }
        let none = AddrSet::new(family);
        let using = line.using.difference(&excluded);
        let (mut lost, mut unlisted, mut exposed, mut hidden) = (none.clone(), none.clone(), none.clone(), none);
        if let Some(listed) = &listed.using {
            let listed = listed.difference(&excluded);
            lost = listed.difference(&using);
            unlisted = using.difference(&listed);
        }
        if let Some(listed) = &listed.available {
            let listed = listed.difference(&excluded);
            exposed = listed.intersection(&using);
            hidden = line.available.difference(&listed).difference(&lost);
        }
        Self { lost, unlisted, exposed, hidden }
    }

    /// The part that does not rest on the absence of objects: one that was not read may use what looks free or lost.
    fn of_what_is_there(self) -> Self {
        let none = AddrSet::new(self.lost.family());
        Self { lost: none.clone(), hidden: none, ..self }
    }

    /// Without the lost addresses, where as many are held by objects on which they cannot be read.
    fn explained_by_unreadable(self, held: u64) -> Self {
        let number = |set: &AddrSet| set.count().as_u128().unwrap_or(u128::MAX);
        if number(&self.lost).saturating_add(number(&self.hidden)) > u128::from(held) {
            return self;
        }
        self.of_what_is_there()
    }

    fn is_empty(&self) -> bool {
        [&self.lost, &self.unlisted, &self.exposed, &self.hidden].into_iter().all(AddrSet::is_empty)
    }

    fn size(&self) -> u128 {
        let all = self.lost.union(&self.unlisted).union(&self.exposed).union(&self.hidden);
        all.count().as_u128().unwrap_or(u128::MAX)
    }

    fn finding(&self, context: &Context<'_>, subnet: &SubnetOnWire<'_>, family: Family, in_flight: bool) -> Finding {
        let says = |set: &AddrSet, what: &str| {
            (!set.is_empty())
                .then(|| format!("{} {what} ({})", count_of(&set.count(), "address", "addresses"), shown(set)))
        };
        let unlisted = self.unlisted.difference(&self.exposed);
        let parts = [
            says(&self.lost, "lost: listed as in use, explained by no object"),
            says(&self.exposed, "in use and listed as free"),
            says(&unlisted, "in use and not listed as such"),
            says(&self.hidden, "free and not listed as free"),
        ];
        let message = format!(
            "{} ranges of the status: {}",
            prefix(family),
            parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
        );
        let (why, fix) = self.advice();
        let presence = !unlisted.is_empty() || !self.exposed.is_empty();
        let certainty = if presence { Certainty::Proven } else { absence_of_records(context, subnet) };
        let addresses = self.lost.union(&self.exposed).union(&unlisted).union(&self.hidden);
        let subject = format!("{}/{}", subnet.name(), prefix(family));
        let object = ObjRef::of(Kind::Subnet, subnet.object);
        let mut finding = Finding::new(Code::RangeMismatch, &subject, certainty.possible_if(in_flight), vec![object])
            .on(Some(subnet.name()), Some(context.subnets.wire_name(subnet.wire)))
            .says(message, why, fix);
        finding.addresses = name_addresses(&addresses);
        finding
    }

    fn advice(&self) -> (&'static str, &'static str) {
        if !self.exposed.is_empty() {
            (
                "the ranges come from the allocator's memory: it takes these addresses for free and will give them to a second \
                 holder",
                "exclude the addresses (`excludeIps` of the Subnet) until their holders are gone; an excluded address is never \
                 picked, and stays with who has it",
            )
        } else if !self.lost.is_empty() {
            (
                "the ranges come from the allocator's memory: it gives the lost addresses to nobody, and no object is left by \
                 which they could be released",
                "plan a change of the Subnet's excludeIps, which rebuilds its free list from what is registered; only a restart \
                 of kube-ovn-controller forgets them for certain. Audit first: a restart also deletes reservations whose pods \
                 do not exist and frees every address whose record it cannot rebuild",
            )
        } else {
            (
                "the lists and the objects disagree; the allocator decides by the lists",
                "look again in a minute; if it stays, change something harmless in the Subnet, such as an annotation, so that its \
                 status is written anew",
            )
        }
    }
}

/// The ranges of a set, the first few.
fn shown(set: &AddrSet) -> String {
    let ranges = set.ranges().map(|range| match range.first() == range.last() {
        true => range.first().to_string(),
        false => format!("{}-{}", range.first(), range.last()),
    });
    super::out::few(ranges, 4)
}
